//! Sessions of a course on one day add up, also where they are alike; what says which session it is, or that the course is completed, does not.

use throughline_model::part::RowConflict;

use crate::kit::{Project, column};

pub(crate) const TRANSCRIPT: &str = r#"
vendor = "x"
table = "pd_participation"
[columns]
person_id = { from = "who" }
person_type = { value = "staff" }
activity_id = { from = "course" }
date = { from = "date", format = "%Y-%m-%d" }
status = { from = "status", codes = { "Attended" = "attended", "Completed" = "completed" } }
hours = { from = "hours" }
"#;

pub(crate) const HEADER: &str = "who,course,date,status,hours";

#[test]
fn two_sessions_of_a_day_count_twice() {
    let project = Project::new(TRANSCRIPT);
    project.write(
        "a.csv",
        format!(
            "{HEADER}\n1,A,2024-09-03,Attended,3\n1,A,2024-09-03,Attended,3\n1,A,2024-09-03,Attended,1.5\n2,A,2024-09-03,Attended,3\n\
             3,A,2024-09-03,Attended,\n3,A,2024-09-03,Attended,\n1,A,2024-09-10,Attended,3\n"
        ),
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
        (4, 4, 0, 0, 3)
    );
    let told = |dropped: &[u64]| RowConflict {
        kept: None,
        dropped: dropped.to_vec(),
        settled: true,
    };
    assert_eq!(count.conflicts, [told(&[2, 3, 4]), told(&[6, 7])]);
    let ingested = project.ingest().expect("an ingest");
    let rows = project.rows(&ingested, "pd_participation");
    assert_eq!(column(&rows, "hours"), ["7.5", "3.0", "null", "3.0"]);
    assert_eq!(column(&rows, "source_line"), ["2", "5", "6", "8"]);
}

#[test]
fn completions_and_named_sessions_are_told_once() {
    let project = Project::new(&format!(
        "{}\nsession_id = {{ from = \"session\" }}\n",
        TRANSCRIPT.trim_end()
    ));
    project.write(
        "a.csv",
        format!(
            "{HEADER},session\n1,A,2024-09-03,Completed,12,\n1,A,2024-09-03,Completed,12,\n1,A,2024-09-03,Attended,3,S1\n\
             1,A,2024-09-03,Attended,3,S1\n1,A,2024-09-03,Attended,3,S2\n2,A,2024-09-03,Completed,12,\n2,A,2024-09-03,Completed,6,\n"
        ),
    );
    let count = project.count();
    assert_eq!(
        (
            count.read,
            count.kept,
            count.duplicate,
            count.conflict,
            count.unsettled
        ),
        (7, 4, 2, 1, 1)
    );
    let ingested = project.ingest().expect("an ingest");
    let rows = project.rows(&ingested, "pd_participation");
    assert_eq!(column(&rows, "hours"), ["12.0", "3.0", "3.0", "12.0"]);
}

#[test]
fn a_declared_rule_stands_in_place_of_the_sum() {
    let project = Project::new(&format!("conflicts = \"largest:hours\"\n{TRANSCRIPT}"));
    project.write(
        "a.csv",
        format!("{HEADER}\n1,A,2024-09-03,Attended,3\n1,A,2024-09-03,Attended,3\n1,A,2024-09-03,Attended,5\n"),
    );
    let count = project.count();
    assert_eq!((count.kept, count.conflict, count.duplicate), (1, 2, 0));
}
