//! Rows of one file with the same key: copies are dropped, conflicts are settled by rule or by content, and both are counted.

use std::collections::BTreeSet;

use proptest::prelude::*;
use throughline_ingest::IngestError;
use throughline_model::part::{FileCount, RowConflict};

use crate::kit::{ATTENDANCE, HEADER, Project, TITLES, column};

/// Test results of one day, with all that a rule can go by.
const SCORES: &str = r#"
vendor = "x"
table = "assessment_result"
[columns]
student_id = { from = "id" }
assessment = { value = "a" }
subject = { value = "math" }
date = { from = "date", format = "%Y-%m-%d" }
grade_level = { from = "tested" }
enrolled_grade_level = { from = "enrolled" }
scale_score = { from = "score" }
standard_error = { from = "se" }
performance_level = { from = "level" }
test_status = { from = "status" }
"#;

const SCORE_HEADER: &str = "id,date,tested,enrolled,score,se,level,status";

fn scored(rule: &str, rows: &str) -> (Project, FileCount) {
    let project = Project::new(&format!("{rule}\n{SCORES}"));
    project.write("a.csv", format!("{SCORE_HEADER}\n{rows}"));
    let count = project.count();
    (project, count)
}

fn lines(project: &Project, table: &str) -> Vec<String> {
    let ingested = project.ingest().expect("an ingest");
    column(&project.rows(&ingested, table), "source_line")
}

/// Three results of one test: 500 (error 3), 380 (error 9, rushed), 520 (error unknown).
const THREE: &str =
    "1,2024-04-15,,,500,3,,valid\n1,2024-04-15,,,380,9,,rushed\n1,2024-04-15,,,520,,,valid\n";

#[test]
fn each_rule_keeps_the_row_it_is_for() {
    let three = (3, 1, 0, 2);
    for (rule, kept, counts, unsettled) in [
        ("conflicts = \"first\"", "2", three, 0),
        ("conflicts = \"last\"", "4", three, 0),
        ("conflicts = \"smallest:scale_score\"", "3", three, 0),
        ("conflicts = \"largest:scale_score\"", "4", three, 0),
        // An error that is not there is not the smallest.
        ("conflicts = \"smallest:standard_error\"", "2", three, 0),
        ("conflicts = [\"prefer:rushed\"]", "3", three, 0),
        (
            "conflicts = [\"prefer:valid\", \"smallest:scale_score\"]",
            "2",
            three,
            0,
        ),
        (
            "conflicts = [\"prefer:valid\", \"largest:standard_error\"]",
            "2",
            three,
            0,
        ),
        // Two valid ones are left: of those the one with more cells filled stands, and it is told that nothing decides.
        ("conflicts = \"prefer:valid\"", "2", three, 1),
        // Lines 2 and 4 are alike in all but their numbers and add up; what is left of the file's last line is in line 2.
        ("conflicts = [\"sum\", \"last\"]", "2", (2, 1, 0, 1), 0),
        ("", "2", three, 2),
    ] {
        let (project, count) = scored(rule, THREE);
        assert_eq!(
            (count.read, count.kept, count.duplicate, count.conflict),
            counts,
            "{rule}"
        );
        assert_eq!(count.unsettled, unsettled, "{rule}");
        assert_eq!(lines(&project, "assessment_result"), [kept], "{rule}");
        assert_eq!(count.conflicts.len(), 1, "{rule}");
        assert_eq!(count.conflicts[0].settled, unsettled == 0, "{rule}");
    }
}

#[test]
fn the_test_of_the_enrolled_grade_can_be_preferred() {
    let rule = "key = [\"student_id\", \"assessment\", \"subject\", \"date\"]\nconflicts = \"prefer:grade_level=enrolled_grade_level\"";
    let rows = "1,2024-04-16,1,3,455,,,\n1,2024-04-16,3,3,400,,,\n2,2024-04-16,2,3,300,,,\n2,2024-04-16,1,3,310,,,\n";
    let (project, count) = scored(rule, rows);
    // Neither test of student 2 is of grade 3: nothing decides, and what stands is the first by content.
    assert_eq!((count.kept, count.conflict, count.unsettled), (2, 2, 1));
    assert_eq!(lines(&project, "assessment_result"), ["3", "5"]);
    // Without the mapping's key they are four results: the grade of the test belongs to the key.
    let (_, count) = scored("", rows);
    assert_eq!((count.kept, count.conflict), (4, 0));
}

#[test]
fn copies_are_told_from_conflicts() {
    // Three copies of other rows, and a retest with another score.
    let rows = "1,2024-04-15,,,500,,,\n1,2024-04-15,,,380,,,\n2,2024-04-15,,,504,,,\n2,2024-04-15,,,504,,,\n\
                3,2024-04-15,,,508,,,\n3,2024-04-15,,, 508 ,,,\n3,2024-04-15,,,508.0,,,\n1,2024-04-15,,,380,,,\n";
    let (_, count) = scored("conflicts = \"largest:scale_score\"", rows);
    assert_eq!(
        (
            count.read,
            count.kept,
            count.duplicate,
            count.conflict,
            count.unsettled
        ),
        (8, 3, 3, 2, 0)
    );
    let told = RowConflict {
        kept: Some(2),
        dropped: vec![3],
        settled: true,
    };
    assert_eq!(count.conflicts, [told]);
}

#[test]
fn the_first_conflicts_are_told_by_line() {
    let mut rows = String::new();
    for student in 0..8 {
        for score in 0..7 {
            rows.push_str(&format!("{student},2024-04-15,,,{},,,\n", 100 + score));
        }
    }
    let (_, count) = scored("", &rows);
    assert_eq!((count.kept, count.conflict, count.unsettled), (8, 48, 48));
    let told = |kept: u64| RowConflict {
        kept: Some(kept),
        dropped: (kept - 6..kept - 1).collect(),
        settled: false,
    };
    assert_eq!(count.conflicts, [8, 15, 22, 29, 36].map(told));
}

#[test]
fn an_absence_stands_before_a_tardy_before_presence_in_any_order() {
    let rows = [
        "1,09/02/2024,A,P,",
        "1,09/02/2024,A,UA,",
        "1,09/02/2024,A,T,5",
        "1,09/02/2024,B,P,",
        "2,09/02/2024,A,T,5",
        "2,09/02/2024,A,T,20",
        "2,09/02/2024,A,P,",
    ];
    for turn in 0..rows.len() {
        let mut turned = rows;
        turned.rotate_left(turn);
        let project = Project::new(ATTENDANCE);
        project.write("a.csv", format!("{HEADER}\n{}\n", turned.join("\n")));
        let count = project.count();
        assert_eq!(
            (count.read, count.kept, count.conflict, count.unsettled),
            (7, 3, 4, 0)
        );
        let ingested = project.ingest().expect("an ingest");
        let rows = project.rows(&ingested, "attendance_event");
        let kept: BTreeSet<(String, String)> = column(&rows, "category")
            .into_iter()
            .zip(column(&rows, "minutes"))
            .collect();
        let expected = [
            ("present", "null"),
            ("tardy", "20.0"),
            ("unexcused_absence", "null"),
        ];
        let expected =
            expected.map(|(category, minutes)| (category.to_owned(), minutes.to_owned()));
        assert_eq!(kept, BTreeSet::from(expected));
    }
}

#[test]
fn a_no_show_of_the_first_day_takes_no_year() {
    let spells = "vendor = \"x\"\ntable = \"student_school\"\n[columns]\nstudent_id = { from = \"id\" }\nschool_id = { value = \"A\" }\n\
        entry_date = { from = \"in\", format = \"%Y-%m-%d\" }\nexit_date = { from = \"out\", format = \"%Y-%m-%d\" }\nno_show = { from = \"ns\" }\n";
    // Came back the same day and is still there; left late after all; a no-show that nobody ended.
    let rows = [
        "1,2024-08-14,2024-08-14,",
        "1,2024-08-14,,",
        "2,2024-08-14,2024-08-14,",
        "2,2024-08-14,2025-06-05,",
        "3,2024-08-14,,Y",
        "3,2024-08-14,2025-01-10,N",
    ];
    for turn in 0..rows.len() {
        let mut turned = rows;
        turned.rotate_left(turn);
        let project = Project::new(spells);
        project.write("a.csv", format!("id,in,out,ns\n{}\n", turned.join("\n")));
        let count = project.count();
        assert_eq!((count.kept, count.conflict, count.unsettled), (3, 3, 0));
        let ingested = project.ingest().expect("an ingest");
        let mut ends = column(&project.rows(&ingested, "student_school"), "exit_date");
        ends.sort();
        assert_eq!(ends, ["2025-01-10", "2025-06-05", "null"]);
    }
}

#[test]
fn a_no_show_that_only_its_reason_tells_takes_no_year_either() {
    let spells = "vendor = \"x\"\ntable = \"student_school\"\n[columns]\nstudent_id = { from = \"id\" }\nschool_id = { value = \"A\" }\n\
        entry_date = { from = \"in\", format = \"%Y-%m-%d\" }\nexit_date = { from = \"out\", format = \"%Y-%m-%d\" }\nexit_reason = { from = \"why\" }\n";
    // The row that was enrolled, beside one that is open, one that is as long and one that is longer, in either order.
    let real = "1,2023-08-14,2024-05-20,";
    for never in [
        "1,2023-08-14,,No show",
        "1,2023-08-14,2024-05-20,NS",
        "1,2023-08-14,2024-06-30,never attended",
    ] {
        for rows in [[real, never], [never, real]] {
            let project = Project::new(spells);
            project.write("a.csv", format!("id,in,out,why\n{}\n", rows.join("\n")));
            let ingested = project.ingest().expect("an ingest");
            let ends = column(&project.rows(&ingested, "student_school"), "exit_date");
            assert_eq!(ends, ["2024-05-20"], "{never}");
            let count = &ingested.counts[0];
            assert_eq!((count.kept, count.conflict, count.unsettled), (1, 1, 0));
        }
    }
}

#[test]
fn a_run_can_be_refused_over_a_conflict() {
    let project = Project::new(&format!("conflicts = \"error\"\n{TITLES}"));
    project.write("a.csv", "id,name,vendor\nA,one,x\nB,two,x\nB,two,x\n");
    assert_eq!(project.count().duplicate, 1, "copies are no conflict");
    project.write("b.csv", "id,name,vendor\nC,one,x\nC,other,x\nD,1,\nD,2,\n");
    match project.ingest() {
        Err(IngestError::Conflicting(told)) => {
            let told: Vec<String> = told.iter().map(ToString::to_string).collect();
            assert_eq!(told.len(), 2, "{told:?}");
            assert!(
                told[0].contains("b.csv:2") && told[0].contains("lines 2, 3"),
                "{told:?}"
            );
            assert!(!told[0].contains("other"), "{told:?}");
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_later_file_settles_a_conflict() {
    let project = Project::new(TITLES);
    project.write(
        "1.csv",
        "id,name,vendor\nA,one,x\nA,two,x\nA,two,x\nB,stays,x\n",
    );
    assert_eq!(project.count().conflict, 2);
    project.write("2.csv", "id,name,vendor\nA,right,x\n");
    let ingested = project.ingest().expect("an ingest");
    let counts: Vec<(u64, u64, u64)> = ingested
        .counts
        .iter()
        .map(|count| (count.kept, count.duplicate, count.conflict))
        .collect();
    assert_eq!(counts, [(1, 3, 0), (1, 0, 0)]);
    let rows = project.rows(&ingested, "tool");
    assert_eq!(column(&rows, "name"), ["stays", "right"]);
}

#[test]
fn numbers_of_rows_that_tell_themselves_apart_add_up() {
    let usage = r#"
vendor = "x"
table = "tool_usage"
apart = ["resource_id"]
conflicts = "sum"
[columns]
person_id = { from = "id" }
person_type = { value = "student" }
tool_id = { from = "tool" }
date = { from = "date", format = "%Y-%m-%d" }
minutes = { from = "minutes" }
activities = { value = "1" }
"#;
    let project = Project::new(usage);
    // Two resources of one name with the same minutes, one copy, one without minutes; another day alone.
    project.write(
        "a.csv",
        "id,resource_id,tool,date,minutes\n1,r1,Maths,2024-09-03,0.1\n1,r2,Maths,2024-09-03,0.1\n1,r3,Maths,2024-09-03,0.1\n\
         1,r1 ,Maths,2024-09-03,0.1\n1,r4,Maths,2024-09-03,\n1,r1,Maths,2024-09-04,7\n",
    );
    let count = project.count();
    assert_eq!(
        (
            count.read,
            count.kept,
            count.duplicate,
            count.conflict,
            count.passed
        ),
        (3, 2, 1, 0, 3)
    );
    let told = RowConflict {
        kept: None,
        dropped: vec![2, 3, 4, 6],
        settled: true,
    };
    assert_eq!(count.conflicts, [told]);
    let ingested = project.ingest().expect("an ingest");
    let rows = project.rows(&ingested, "tool_usage");
    assert_eq!(column(&rows, "minutes"), ["0.3", "7.0"]);
    assert_eq!(column(&rows, "activities"), ["4.0", "1.0"]);
    assert_eq!(column(&rows, "source_line"), ["2", "7"]);
    assert!(ingested.warnings.is_empty(), "{:?}", ingested.warnings);
}

#[test]
fn records_of_plain_csv_are_added_up_where_the_mapping_says_so() {
    let usage = "vendor = \"x\"\ntable = \"tool_usage\"\n[rows]\nsum = [\"minutes\"]\n[columns]\nperson_id = { from = \"id\" }\n\
        person_type = { value = \"student\" }\ntool_id = { value = \"t\" }\ndate = { from = \"date\", format = \"%Y-%m-%d\" }\nminutes = { from = \"minutes\" }\n";
    let project = Project::new(usage);
    project.write(
        "a.csv",
        "id,subject,date,minutes\n1,math,2024-09-03,0.2\n1,reading,2024-09-03,0.1\n1,math,2024-09-03,0.2\n2,math,2024-09-03,4\n",
    );
    let count = project.count();
    assert_eq!(
        (count.read, count.kept, count.conflict, count.passed),
        (2, 2, 0, 2)
    );
    let ingested = project.ingest().expect("an ingest");
    let rows = project.rows(&ingested, "tool_usage");
    assert_eq!(column(&rows, "minutes"), ["0.5", "4.0"]);
}

#[test]
fn a_sum_beyond_what_can_be_is_no_sum() {
    let usage = "vendor = \"x\"\ntable = \"tool_usage\"\nconflicts = \"sum\"\n[columns]\nperson_id = { from = \"id\" }\n\
        person_type = { value = \"student\" }\ntool_id = { value = \"t\" }\ndate = { from = \"date\", format = \"%Y-%m-%d\" }\nminutes = { from = \"minutes\" }\n";
    let project = Project::new(usage);
    project.write(
        "a.csv",
        "id,date,minutes\n1,2024-09-03,1000\n1,2024-09-03,900\n",
    );
    let count = project.count();
    assert_eq!((count.kept, count.conflict, count.unsettled), (1, 1, 1));
}

#[test]
fn what_tells_rows_apart_must_be_there_to_do_so() {
    let project = Project::new(&format!("apart = [\"serial\"]\n{TITLES}"));
    project.write("a.csv", "id,name,vendor\nA,one,x\nA,one,x\n");
    let ingested = project.ingest().expect("an ingest");
    assert_eq!(ingested.counts[0].duplicate, 1);
    let told: Vec<String> = ingested.warnings.iter().map(ToString::to_string).collect();
    assert!(
        told[0].contains("`serial` is missing, which tells rows apart"),
        "{told:?}"
    );
    project.write(
        "a.csv",
        "id,name,vendor,serial\nA,one,x,1\nA,one,x,2\nA,one,x,1\n",
    );
    let count = project.count();
    assert_eq!(
        (count.duplicate, count.conflict, count.unsettled),
        (1, 1, 1)
    );
}

#[test]
fn a_record_that_takes_a_row_back_leaves_its_own_file_alone() {
    let mapping = "vendor = \"x\"\ntable = \"tool\"\n[rows]\ndeleted = { status = [\"gone\"] }\n[columns]\ntool_id = { from = \"id\" }\n\
        name = { from = \"name\" }\nvendor = { from = \"vendor\" }\n";
    for rows in ["A,new,x,\nA,,,gone\n", "A,,,gone\nA,new,x,\n"] {
        let project = Project::new(mapping);
        project.write("1.csv", "id,name,vendor,status\nA,old,x,\nB,old,x,\n");
        project.write("2.csv", format!("id,name,vendor,status\n{rows}B,,,gone\n"));
        let ingested = project.ingest().expect("an ingest");
        let counts: Vec<(u64, u64)> = ingested
            .counts
            .iter()
            .map(|c| (c.kept, c.duplicate))
            .collect();
        assert_eq!(counts, [(0, 2), (1, 2)]);
        assert_eq!(column(&project.rows(&ingested, "tool"), "name"), ["new"]);
    }
}

#[test]
fn a_record_that_is_looked_up_does_not_depend_on_its_place() {
    let mapping = "vendor = \"x\"\ntable = \"tool\"\n[lookup.title]\nmember = \"titles.txt\"\nkey = \"id\"\nby = \"id\"\n[columns]\n\
        tool_id = { from = \"id\" }\nname = { from = \"title.name\" }\nvendor = { from = \"title.vendor\" }\n";
    let rows = ["A,one,", "A,two,x", "A,three,x", "A,,"];
    for turn in 0..rows.len() {
        let mut turned = rows;
        turned.rotate_left(turn);
        let project = Project::new(mapping);
        project.write(
            "titles.txt",
            format!("id,name,vendor\n{}\n", turned.join("\n")),
        );
        project.write("a.csv", "id\nA\n");
        let ingested = project.ingest().expect("an ingest");
        // Two records say both; of those the one that comes first by its text.
        assert_eq!(column(&project.rows(&ingested, "tool"), "name"), ["three"]);
    }
}

/// Students, dates and schools of which few combinations exist, so that keys stand again and conflict.
fn row() -> impl Strategy<Value = String> {
    (1..4_u8, 1..4_u8, 0..3_u8, 0..3_usize, 0..3_u8).prop_map(
        |(student, day, school, code, minutes)| {
            let minutes = if minutes == 0 {
                String::new()
            } else {
                minutes.to_string()
            };
            let school = if school == 0 {
                String::new()
            } else {
                school.to_string()
            };
            let code = ["P", "UA", "T"][code];
            format!("{student},09/0{day}/2024,{school},{code},{minutes}")
        },
    )
}

type Found = (Vec<Vec<String>>, [u64; 7]);

/// Every value that was kept, in order, and the counts.
fn found(mapping: &str, header: &str, rows: &[String], table: &str) -> Found {
    let project = Project::new(mapping);
    project.write("a.csv", format!("{header}\n{}\n", rows.join("\n")));
    let ingested = project.ingest().expect("an ingest");
    let count = &ingested.counts[0];
    assert!(count.balances());
    assert_eq!(
        count.read + count.passed,
        rows.len() as u64,
        "every record is read or passed"
    );
    let mut kept: Vec<Vec<String>> = project
        .rows(&ingested, table)
        .into_iter()
        .map(|row| {
            row.into_iter()
                // Pseudonyms differ from project to project; the IDs stand in another column here.
                .filter(|(name, _)| {
                    !["source_line", "person_id", "student_id"].contains(&name.as_str())
                })
                .map(|(name, value)| format!("{name}={value:?}"))
                .collect()
        })
        .collect();
    kept.sort();
    let counts = [
        count.read,
        count.kept,
        count.rejected,
        count.duplicate,
        count.conflict,
        count.unsettled,
        count.passed,
    ];
    (kept, counts)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn no_kept_value_depends_on_the_order_of_attendance(
        (rows, shuffled) in prop::collection::vec(row(), 1..40)
            .prop_flat_map(|rows| (Just(rows.clone()), Just(rows).prop_shuffle())),
        rule in prop::sample::select(vec!["", "conflicts = \"prefer:present\"", "conflicts = [\"sum\"]", "conflicts = \"smallest:minutes\""]),
    ) {
        let mapping = format!("{rule}\n{ATTENDANCE}");
        let one = found(&mapping, HEADER, &rows, "attendance_event");
        prop_assert_eq!(one, found(&mapping, HEADER, &shuffled, "attendance_event"));
    }

    #[test]
    fn no_kept_value_depends_on_the_order_of_sessions(
        (rows, shuffled) in prop::collection::vec((1..3_u8, 1..3_u8, prop::sample::select(vec!["Attended", "Completed"]), 0..40_u8), 1..30)
            .prop_map(|rows| rows.into_iter().map(|(who, day, status, tenths)| {
                let hours = if tenths == 0 { String::new() } else { format!("{}.{}", tenths / 10, tenths % 10) };
                format!("{who},A,2024-09-0{day},{status},{hours}")
            }).collect::<Vec<String>>())
            .prop_flat_map(|rows| (Just(rows.clone()), Just(rows).prop_shuffle())),
    ) {
        let one = found(crate::sessions::TRANSCRIPT, crate::sessions::HEADER, &rows, "pd_participation");
        prop_assert_eq!(one, found(crate::sessions::TRANSCRIPT, crate::sessions::HEADER, &shuffled, "pd_participation"));
    }
}
