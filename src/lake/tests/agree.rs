//! Programs that lose people, and school years that are told by the wrong end: small enough to count by hand.

use std::fmt::Write as _;
use std::path::Path;

use throughline_model::check::{Check, Rule, Severity};
use throughline_model::part::FileCount;
use throughline_model::progress::Silent;
use throughline_model::quality::{Checkup, State};
use throughline_model::{Part, tables};

use super::scratch::{file, named_part, part, pipeline};
use crate::{Asked, Lake, LakeOptions};

fn checked(folder: &Path, parts: &[Part], table: &str, rule: Rule, at_most: f64) -> Checkup {
    let lake = Lake::open(folder, LakeOptions::default()).expect("a lake");
    let mut pipeline = pipeline(Vec::new(), Vec::new());
    pipeline.checks = vec![Check {
        table: tables::find(table).expect("a table"),
        rule,
        at_most,
        severity: Severity::Warn,
        declared: true,
    }];
    let count = |part: &Part| FileCount {
        source: part.source.clone(),
        file: file(
            &part.table,
            &part.path.file_stem().expect("a name").to_string_lossy(),
        ),
        table: part.table.clone(),
        hash: String::new(),
        read: part.rows,
        kept: part.rows,
        rejected: 0,
        duplicate: 0,
        conflict: 0,
        unsettled: 0,
        passed: 0,
        not_tested: 0,
        conflicts: Vec::new(),
    };
    let counts: Vec<FileCount> = parts.iter().map(count).collect();
    let asked = Asked {
        pipeline: &pipeline,
        parts,
        counts: &counts,
        release: None,
        today: "2024-08-20".parse().expect("a date"),
    };
    let checked = lake.check(&asked, &Silent).expect("checked");
    checked.checks.into_iter().next().expect("a check")
}

fn lines(header: &str, rows: impl Iterator<Item = String>) -> String {
    rows.fold(header.to_owned(), |mut text, row| {
        write!(text, "\n{row}").expect("text");
        text
    })
}

/// Sixty staff; all of them took the large program and twenty the small one, of whom three are nobody; of one tool's two hundred
/// awards one is.
fn trained(folder: &Path, small_lost: usize) -> Vec<Part> {
    let staff = lines(
        "staff_id,school_year,school_id,role",
        (0..60).map(|n| format!("t{n},2024,A,teacher")),
    );
    let large = (0..60).map(|n| format!("t{n},staff,L1,2023-10-02,completed,2"));
    let small = (0..20).map(|n| {
        let who = if n < small_lost { "x" } else { "t" };
        format!("{who}{n},staff,S1,2023-10-03,completed,2")
    });
    // Twice the same person is one person.
    let again = std::iter::once("x0,staff,L1,2023-10-04,completed,2".to_owned());
    vec![
        part(folder, "staff", &staff),
        part(
            folder,
            "pd_activity",
            "activity_id,title,program,mode\nL1,Large,large,online\nS1,Small,small,online\n",
        ),
        part(
            folder,
            "pd_participation",
            &lines(
                "person_id,person_type,activity_id,date,status,hours",
                large.chain(small).chain(again),
            ),
        ),
    ]
}

#[test]
fn a_program_that_loses_people_fails_by_itself_and_one_person_is_nobody_s_fault() {
    let linked = || Rule::Linked {
        column: "person_id",
        of_program: 0.05,
    };
    let folder = tempfile::tempdir().expect("a folder");
    let parts = trained(folder.path(), 3);
    let found = checked(folder.path(), &parts, "pd_participation", linked(), 0.2);
    // 4 of 81 rows are 4.9 % of the table, and 3 of 20 people are 15 % of the program.
    assert_eq!((found.state, found.broken), (State::Failed, 4));
    assert_eq!(
        found.found,
        "3 of 20 people of program `small` lead to nobody"
    );
    let folder = tempfile::tempdir().expect("a folder");
    let parts = trained(folder.path(), 1);
    let found = checked(folder.path(), &parts, "pd_participation", linked(), 0.2);
    assert_eq!((found.state, found.found.as_str()), (State::Passed, ""));
    let off = Rule::Linked {
        column: "person_id",
        of_program: 1.0,
    };
    let folder = tempfile::tempdir().expect("a folder");
    let parts = trained(folder.path(), 3);
    let found = checked(folder.path(), &parts, "pd_participation", off, 0.2);
    assert_eq!(found.state, State::Passed);
}

const AGREES: Rule = Rule::Agrees {
    column: "school_year",
};

/// Twelve students in grade 4 in 2024 and 5 in 2025, two of them retained, as enrollment has it; and as a student file has it that
/// calls each year `by` less.
fn enrolled(folder: &Path, listed: &[(&str, i32, i32)]) -> Vec<Part> {
    let grade = |student: usize, year: i32| if student < 2 { 4 } else { year - 2020 };
    let spells = [2024, 2025].into_iter().flat_map(|year| {
        (0..12).map(move |n| {
            let grade = grade(n, year);
            format!("s{n},A,{grade},{}-08-20,{year}-05-30", year - 1)
        })
    });
    let mut parts = vec![part(
        folder,
        "student_school",
        &lines(
            "student_id,school_id,grade_level,entry_date,exit_date",
            spells,
        ),
    )];
    for (name, year, by) in listed {
        let rows = (0..12).map(|n| format!("s{n},{},{}", year - by, grade(n, *year)));
        let text = lines("student_id,school_year,grade_level", rows);
        parts.push(named_part(folder, "student", name, &text));
    }
    parts
}

#[test]
fn students_whose_years_are_told_by_their_start_are_told_with_the_cure() {
    let folder = tempfile::tempdir().expect("a folder");
    let parts = enrolled(folder.path(), &[("a", 2024, 1), ("b", 2025, 1)]);
    let found = checked(folder.path(), &parts, "student", AGREES, 0.25);
    assert_eq!((found.state, found.broken), (State::Failed, 24));
    assert!(
        found.found.starts_with(
            "24 rows of `student_a.csv`, `student_b.csv` (2022-23 to 2023-24): their school years fit the grades of \
             enrollment and tests if they are one later (24 of 24 grades agree then, 2 of 12 as they are)"
        ),
        "{}",
        found.found
    );
    let folder = tempfile::tempdir().expect("a folder");
    let parts = enrolled(folder.path(), &[("a", 2024, 0), ("b", 2025, 0)]);
    let found = checked(folder.path(), &parts, "student", AGREES, 0.25);
    assert_eq!(
        (found.state, found.broken, found.found.as_str()),
        (State::Passed, 0, "")
    );
    // One file of two: 2025 is called 2024, beside the right 2024.
    let folder = tempfile::tempdir().expect("a folder");
    let parts = enrolled(folder.path(), &[("a", 2024, 0), ("b", 2025, 1)]);
    let found = checked(folder.path(), &parts, "student", AGREES, 0.25);
    assert_eq!((found.state, found.broken), (State::Failed, 12));
    assert!(
        found
            .found
            .starts_with("12 rows of `student_b.csv` (2023-24)"),
        "{}",
        found.found
    );
    // Years too late, as `year_is` declared without need makes them.
    let folder = tempfile::tempdir().expect("a folder");
    let parts = enrolled(folder.path(), &[("a", 2024, -1), ("b", 2025, -1)]);
    let found = checked(folder.path(), &parts, "student", AGREES, 0.25);
    assert!(
        found.found.contains("if they are one earlier"),
        "{}",
        found.found
    );
}

#[test]
fn a_file_made_after_roll_over_is_not_called_a_year_off() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut parts = enrolled(folder.path(), &[("a", 2024, 0)]);
    // The last year's rows already have next year's grade.
    let rows = (0..12).map(|n| format!("s{n},2025,{}", if n < 2 { 5 } else { 6 }));
    let text = lines("student_id,school_year,grade_level", rows);
    parts.push(named_part(folder.path(), "student", "b", &text));
    let found = checked(folder.path(), &parts, "student", AGREES, 0.25);
    assert_eq!((found.state, found.broken), (State::Failed, 12));
    assert_eq!(
        found.found,
        "12 rows of `student_b.csv` (2024-25): 12 of 12 grades are one higher than in enrollment and tests of the same school \
         year: was the file exported after roll-over?"
    );
}

#[test]
fn classes_are_held_against_the_dates_of_who_sits_in_them() {
    let sat = |folder: &Path| {
        let rows = [2024, 2025]
            .into_iter()
            .flat_map(|year| (0..6).map(move |n| format!("s1,M{n}-{year},A,{}-08-20", year - 1)));
        let text = lines("student_id,section_id,school_id,begin_date", rows);
        part(folder, "student_section", &text)
    };
    let classes = |folder: &Path, by: i32| {
        let rows = [2024, 2025]
            .into_iter()
            .flat_map(|year| (0..6).map(move |n| format!("M{n}-{year},{},A,math", year - by)));
        let text = lines("section_id,school_year,school_id,subject", rows);
        part(folder, "section", &text)
    };
    let folder = tempfile::tempdir().expect("a folder");
    let parts = [sat(folder.path()), classes(folder.path(), 1)];
    let found = checked(folder.path(), &parts, "section", AGREES, 0.25);
    assert_eq!((found.state, found.broken), (State::Failed, 12));
    assert!(
        found
            .found
            .contains("fit the dates of `student_section` if they are one later (100 %"),
        "{}",
        found.found
    );
    let folder = tempfile::tempdir().expect("a folder");
    let parts = [sat(folder.path()), classes(folder.path(), 0)];
    let found = checked(folder.path(), &parts, "section", AGREES, 0.25);
    assert_eq!(found.state, State::Passed);
}

#[test]
fn terms_say_their_year_twice() {
    let folder = tempfile::tempdir().expect("a folder");
    let text = "session_id,school_year,begin_date,end_date\nT1,2023,2023-08-20,2023-12-20\nT2,2023,2024-01-08,2024-05-30\n";
    let parts = [part(folder.path(), "academic_session", text)];
    let found = checked(folder.path(), &parts, "academic_session", AGREES, 0.25);
    assert_eq!((found.state, found.broken), (State::Failed, 2));
    assert!(
        found
            .found
            .starts_with("2 of 2 terms begin and end in the school year one later")
    );
}
