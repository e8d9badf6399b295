//! Who taught whom where section numbers are unique only within a school or a term, where students and teachers belong to several
//! schools, and where rosters say one thing twice. School lasts from Monday 4 to Friday 29 September 2023, 26 days; every number was
//! worked out by hand.

use std::collections::BTreeMap;
use std::path::Path;

use throughline_model::check::{Check, Rule, Severity};
use throughline_model::progress::Silent;
use throughline_model::quality::State;
use throughline_model::{Part, tables};

use super::scratch::{measures, part, pipeline};
use crate::{Asked, Lake, LakeOptions, ReleaseInfo};

const CALENDAR: &str = "school_id,date,is_instructional
A,2023-09-04,yes
A,2023-09-29,yes
B,2023-09-04,yes
B,2023-09-29,yes
";
/// Section `101` is math at both schools.
const BOTH: &str = "section_id,school_year,school_id,subject,session_id
101,2024,A,math,
101,2024,B,math,
";
/// `t3` works at both schools.
const STAFF: &str = "staff_id,school_year,school_id,role
t1,2024,A,teacher
t2,2024,B,teacher
t3,2024,A,specialist
t3,2024,B,specialist
";
const ASSIGNED: &str = "staff_id,section_id,school_id,begin_date,end_date,contribution,staff_role
t1,101,,2023-08-01,,,lead
t2,101,,2023-08-01,,,lead
";
const ENROLLED: &str = "student_id,school_id,entry_date,exit_date,no_show
s1,A,2023-09-04,2023-09-29,
s2,B,2023-09-04,2023-09-29,
";

/// The parts of these tables, and of those above that they leave out.
fn parts(folder: &Path, tables: &[(&str, &str)]) -> Vec<Part> {
    let mut all: BTreeMap<&str, &str> = [
        ("calendar_day", CALENDAR),
        ("section", BOTH),
        ("staff", STAFF),
        ("staff_section", ASSIGNED),
        ("student_school", ENROLLED),
    ]
    .into();
    all.extend(tables.iter().copied());
    all.iter()
        .map(|(table, text)| part(folder, table, text))
        .collect()
}

/// The lines that the checks of IDs with several meanings name, by table.
fn checked(given: &[(&str, &str)]) -> Vec<(String, Vec<u64>)> {
    let folder = tempfile::tempdir().expect("a folder");
    let lake = Lake::open(folder.path(), LakeOptions::default()).expect("a lake");
    let parts = parts(folder.path(), given);
    let mut pipeline = pipeline(Vec::new(), Vec::new());
    let tables = [
        ("student_section", "section_id", "section"),
        ("staff_section", "section_id", "section"),
        ("course_mark", "section_id", "section"),
        ("discipline_action", "incident_id", "discipline_incident"),
    ];
    pipeline.checks = tables
        .iter()
        .map(|(table, column, to)| Check {
            table: tables::find(table).expect("a table"),
            rule: Rule::OneMeaning {
                column,
                to: tables::find(to).expect("a table"),
            },
            at_most: 0.0,
            severity: Severity::Warn,
            declared: true,
        })
        .collect();
    let asked = Asked {
        pipeline: &pipeline,
        parts: &parts,
        counts: &[],
        release: None,
        today: "2024-07-15".parse().expect("a day"),
    };
    let found = lake.check(&asked, &Silent).expect("checked");
    let ran = found
        .checks
        .into_iter()
        .filter(|check| check.state != State::NotRun);
    ran.map(|check| {
        let lines: Vec<u64> = check.places.iter().map(|place| place.line).collect();
        assert_eq!(check.broken, lines.len() as u64, "{check:?}");
        assert_eq!(check.state == State::Failed, !lines.is_empty(), "{check:?}");
        (check.table, lines)
    })
    .collect()
}

/// The rows of a query over a lake of these tables, as text.
fn asked(tables: &[(&str, &str)], sql: &str) -> Vec<String> {
    let folder = tempfile::tempdir().expect("a folder");
    let lake = Lake::open(folder.path(), LakeOptions::default()).expect("a lake");
    let lock = lake.lock().expect("the lock");
    let parts = parts(folder.path(), tables);
    let release = lake
        .commit(&lock, &parts, ReleaseInfo::default())
        .expect("a release");
    let rows = lake
        .query(&release, &measures(), sql)
        .expect("planned")
        .json()
        .expect("run");
    let rows: Vec<BTreeMap<String, serde_json::Value>> =
        serde_json::from_str(&rows).expect("rows of JSON");
    let cell = |value: &serde_json::Value| value.to_string().trim_matches('"').to_owned();
    rows.iter()
        .map(|row| row.values().map(cell).collect::<Vec<_>>().join(" "))
        .collect()
}

/// `student subject teacher days`, with `-` for a class without a teacher. JSON orders columns by name.
fn taught(tables: &[(&str, &str)]) -> Vec<String> {
    asked(
        tables,
        "SELECT student_id AS a, subject AS b, coalesce(staff_id, '-') AS c, CAST(round(days, 3) AS DOUBLE) AS d \
         FROM class_staff ORDER BY 1, 2, 3",
    )
}

/// A roster without schools, of these lines.
fn roster(lines: &str) -> String {
    format!("student_id,section_id,school_id,begin_date,end_date\n{lines}")
}

#[test]
fn a_number_of_two_schools_is_the_class_of_the_students_and_the_teachers_school() {
    let rows = roster("s1,101,,2023-09-04,\ns2,101,,2023-09-04,2023-09-08\n");
    let found = taught(&[("student_section", &rows)]);
    assert_eq!(found, ["s1 math t1 26.0", "s2 math t2 5.0"]);
}

#[test]
fn a_student_who_moves_goes_from_class_to_class() {
    let enrolled = "student_id,school_id,entry_date,exit_date,no_show
s1,A,2023-09-04,2023-09-15,
s1,B,2023-09-15,2023-09-29,
s2,A,2023-09-04,,
s2,B,2023-09-18,,
";
    // `s1` leaves A and enters B on one day; `s2` has open enrollments.
    let rows = roster(
        "s1,101,,2023-09-04,2023-09-15\ns1,101,,2023-09-15,2023-09-29\n\
         s2,101,,2023-09-04,2023-09-17\ns2,101,,2023-09-18,\n",
    );
    let found = taught(&[("student_school", enrolled), ("student_section", &rows)]);
    assert_eq!(
        found,
        [
            "s1 math t1 12.0",
            "s1 math t2 15.0",
            "s2 math t1 14.0",
            "s2 math t2 12.0"
        ]
    );
}

#[test]
fn a_roster_from_before_the_enrollment_is_the_class_of_the_first_school() {
    let enrolled = "student_id,school_id,entry_date,exit_date,no_show
s1,A,2023-09-06,2023-09-20,
s1,B,2023-09-21,2023-09-29,
s2,A,2023-09-04,2023-09-04,yes
s2,B,2023-09-05,2023-09-29,
";
    let rows = roster("s1,101,,2023-09-04,2023-09-20\ns2,101,,2023-09-04,\n");
    let found = taught(&[("student_school", enrolled), ("student_section", &rows)]);
    assert_eq!(found, ["s1 math t1 15.0", "s2 math t2 25.0"]);
}

#[test]
fn days_after_the_last_enrollment_are_no_class_days() {
    let enrolled = "student_id,school_id,entry_date,exit_date,no_show
s1,A,2023-09-04,2023-09-13,
s1,A,2023-09-25,2023-09-29,
";
    // No file tells an enrollment of `s2`.
    let rows = roster("s1,101,A,2023-09-04,\ns2,101,A,2023-09-04,\n");
    let found = taught(&[("student_school", enrolled), ("student_section", &rows)]);
    assert_eq!(found, ["s1 math t1 15.0", "s2 math t1 26.0"]);
}

#[test]
fn a_row_that_stays_open_after_a_move_ends_with_the_move() {
    let enrolled = "student_id,school_id,entry_date,exit_date,no_show
s1,A,2023-09-04,2023-09-15,
s1,B,2023-09-16,2023-09-29,
s2,C,2023-09-11,2023-09-29,
";
    // `s2` is in a class at A and was never enrolled there.
    let rows = roster("s1,101,A,2023-09-04,\ns1,101,B,2023-09-16,\ns2,101,A,2023-09-04,\n");
    let found = taught(&[("student_school", enrolled), ("student_section", &rows)]);
    assert_eq!(
        found,
        ["s1 math t1 12.0", "s1 math t2 14.0", "s2 math t1 19.0"]
    );
}

#[test]
fn the_rows_own_school_comes_first() {
    let rows = roster("s1,101,B,2023-09-04,\ns2,101,C,2023-09-04,\n");
    let assigned = "staff_id,section_id,school_id,begin_date,end_date,contribution,staff_role
t1,101,B,2023-08-01,,,lead
t3,101,A,2023-08-01,,,lead
";
    let found = taught(&[("student_section", &rows), ("staff_section", assigned)]);
    assert_eq!(found, ["s1 math t1 26.0", "s2 math - 26.0"]);
}

#[test]
fn a_student_of_two_schools_at_once_has_no_known_teacher() {
    let enrolled = "student_id,school_id,entry_date,exit_date,no_show
s1,A,2023-09-04,2023-09-29,
s1,B,2023-09-04,2023-09-29,
s2,A,2023-09-04,,
s2,B,2023-09-04,,
s3,C,2023-09-04,,
";
    let rows = roster("s1,101,,2023-09-04,\ns2,101,,2023-09-04,\ns3,101,,2023-09-04,\n");
    let tables = [
        ("student_school", enrolled),
        ("student_section", rows.as_str()),
    ];
    let found = taught(&tables);
    assert_eq!(
        found,
        ["s1 math - 26.0", "s2 math - 26.0", "s3 math - 26.0"]
    );
    let told = asked(
        &tables,
        "SELECT source_line AS a FROM roster_school WHERE school_id IS NULL ORDER BY 1",
    );
    assert_eq!(told, ["2", "3", "4"]);
    let hops = asked(
        &tables,
        "SELECT position AS a, CAST(linked AS INT) AS b, CAST(total AS INT) AS c FROM link_count \
         WHERE position IN (5, 7) ORDER BY 1",
    );
    assert_eq!(hops, ["5 0 3", "7 0 78"]);
}

#[test]
fn a_teacher_of_two_schools_is_linked_to_neither_unless_the_row_says_which() {
    let rows = roster("s1,101,,2023-09-04,\ns2,101,,2023-09-04,\n");
    let assigned = "staff_id,section_id,school_id,begin_date,end_date,contribution,staff_role
t1,101,,2023-08-01,,0.5,lead
t3,101,,2023-08-01,,0.5,co_teacher
t3,101,B,2023-08-02,,0.25,co_teacher
";
    let tables = [
        ("student_section", rows.as_str()),
        ("staff_section", assigned),
    ];
    let found = taught(&tables);
    assert_eq!(
        found,
        [
            "s1 math - 13.0",
            "s1 math t1 13.0",
            "s2 math - 19.5",
            "s2 math t3 6.5"
        ]
    );
    let told = asked(
        &tables,
        "SELECT source_line AS a FROM section_assignment WHERE school_id IS NULL",
    );
    assert_eq!(told, ["3"]);
}

#[test]
fn two_rows_of_one_teacher_are_one_teacher() {
    let rows = roster("s1,101,,2023-09-04,\n");
    let assigned = "staff_id,section_id,school_id,begin_date,end_date,contribution,staff_role
t1,101,,2023-08-01,2023-09-13,,lead
t1,101,,2023-09-04,,,lead
t3,101,A,2023-08-01,,,co_teacher
";
    let found = taught(&[("student_section", &rows), ("staff_section", assigned)]);
    assert_eq!(found, ["s1 math t1 13.0", "s1 math t3 13.0"]);
}

#[test]
fn a_class_that_every_term_lists_is_one_class() {
    let sections = "section_id,school_year,school_id,subject,session_id
101,2024,A,math,S1
101,2024,A,math,S2
";
    let rows = roster("s1,101,,2023-09-04,\n");
    let found = taught(&[
        ("section", sections),
        ("student_section", &rows),
        (
            "staff_section",
            "staff_id,section_id,begin_date\nt1,101,2023-09-04\n",
        ),
    ]);
    assert_eq!(found, ["s1 math t1 26.0"]);
}

const TERMS: &str = "session_id,school_year,begin_date,end_date
S1,2024,2023-09-04,2023-09-15
S2,2024,2023-09-16,2023-09-29
";
const BY_TERM: &str = "section_id,school_year,school_id,subject,session_id
101,2024,A,math,S1
101,2024,A,science,S2
";

#[test]
fn a_number_of_two_terms_is_the_class_of_the_day() {
    let rows = roster("s1,101,,2023-09-04,2023-09-15\ns2,101,,2023-09-11,\n");
    let tables = [
        ("section", BY_TERM),
        ("academic_session", TERMS),
        ("student_section", rows.as_str()),
        (
            "staff_section",
            "staff_id,section_id,begin_date,end_date\nt1,101,2023-09-01,2023-09-15\nt2,101,2023-09-16,\n",
        ),
    ];
    let found = taught(&tables);
    assert_eq!(
        found,
        ["s1 math t1 12.0", "s2 math t1 5.0", "s2 science t2 14.0"]
    );
}

#[test]
fn terms_without_dates_tell_nothing() {
    let rows = roster("s1,101,,2023-09-04,\n");
    let tables = [("section", BY_TERM), ("student_section", rows.as_str())];
    assert_eq!(taught(&tables), Vec::<String>::new());
    let told = asked(
        &tables,
        "SELECT source_line AS a FROM roster_school WHERE school_id IS NULL",
    );
    assert_eq!(told, ["2"]);
}

#[test]
fn a_day_in_class_counts_once_and_only_while_there_is_school() {
    // Rows that overlap, hold each other, follow each other, begin on one day, lie outside the year, end before they begin.
    let rows = roster(
        "s1,101,,2023-09-04,\ns1,101,,2023-09-11,\n\
         s2,101,,2023-09-04,2023-09-20\ns2,101,,2023-09-06,2023-09-08\ns2,101,,2023-09-18,2023-09-22\n\
         s3,101,,2023-09-04,2023-09-08\ns3,101,,2023-09-25,2023-09-29\n\
         s4,101,,2023-07-15,2024-06-30\n\
         s5,101,,2023-09-08,2023-09-07\ns5,101,,2023-10-02,\n",
    );
    let found = taught(&[
        (
            "section",
            "section_id,school_year,school_id,subject\n101,2024,A,math\n",
        ),
        ("student_section", &rows),
    ]);
    let one = ["t1", "t2"];
    let wanted: Vec<String> = [("s1", 26), ("s2", 19), ("s3", 10), ("s4", 26)]
        .iter()
        .flat_map(|(student, days)| {
            one.map(|teacher| format!("{student} math {teacher} {:?}", f64::from(*days) / 2.0))
        })
        .collect();
    assert_eq!(found, wanted);
}

#[test]
fn a_class_without_staff_is_a_class() {
    let rows = roster("s1,101,,2023-09-04,\n");
    let found = taught(&[
        ("student_section", &rows),
        (
            "staff_section",
            "staff_id,section_id,begin_date\nt2,101,2023-08-01\n",
        ),
    ]);
    assert_eq!(found, ["s1 math - 26.0"]);
}

#[test]
fn rows_of_which_nothing_says_the_class_are_told_by_line() {
    let rows = roster("s1,101,,2023-09-04,\ns2,101,C,2023-09-04,\n");
    let assigned = "staff_id,section_id,begin_date\nt1,101,2023-08-01\nt3,101,2023-08-01\n";
    let marks =
        "student_id,section_id,school_id,school_year,term\ns1,101,,2024,S1\ns2,101,B,2024,S1\n";
    let incidents = "incident_id,student_id,date,school_id,behavior
7,s1,2023-09-05,A,fighting
7,s1,2023-09-12,B,other
8,s1,2023-09-05,A,other
8,s2,2023-09-05,B,other
";
    let actions = "incident_id,student_id,action,begin_date
7,s1,detention,2023-09-13
8,s1,detention,2023-09-06
";
    let found = checked(&[
        ("student_section", &rows),
        ("staff_section", assigned),
        ("course_mark", marks),
        ("discipline_incident", incidents),
        ("discipline_action", actions),
    ]);
    let wanted = [
        ("student_section", vec![3]),
        ("staff_section", vec![3]),
        ("course_mark", vec![2]),
        ("discipline_action", vec![2]),
    ];
    assert_eq!(
        found,
        wanted.map(|(table, lines)| (table.to_owned(), lines))
    );
    let alone = "section_id,school_year,school_id,subject\n101,2024,A,math\n";
    let found = checked(&[("section", alone), ("student_section", &rows)]);
    let none: Vec<(String, Vec<u64>)> = ["student_section", "staff_section"]
        .map(|table| (table.to_owned(), Vec::new()))
        .into();
    assert_eq!(found, none);
}
