//! Several columns that may hold a person's ID: the one that the district knows best is taken, and said.

use std::fs;
use std::time::Duration;

use throughline_ingest::{IngestError, Options};

use crate::kit::{Project, column, while_growing};

const ROSTER: &str = r#"
vendor = "Any"
table = "student"
[columns]
student_id = { from = "Number" }
school_year = { from = "Year" }
grade_level = { from = "Grade" }
"#;

const STATE_IDS: &str = r#"
vendor = "Any"
table = "student_identity"
[columns]
student_id = { from = "Number" }
id_system = { value = "state" }
system_student_id = { from = "State", id_system = "state" }
"#;

const SCORES: &str = r#"
vendor = "Any"
table = "assessment_result"
[columns]
student_id = { from = "LocalID", or = [{ from = "StateID", id_system = "state" }], known_at_least = 0.7BELOW }
assessment = { value = "x" }
subject = { value = "math" }
date = { from = "Date", format = "iso" }
scale_score = { from = "Score" }
"#;

fn project(below: &str, scores: &str) -> Project {
    let mut project = Project::new(ROSTER);
    project.sources[0].pattern = "roster*.csv".to_owned();
    project.source("ids", "ids*.csv", STATE_IDS);
    project.source("scores", "scores*.csv", &SCORES.replace("BELOW", below));
    project.write(
        "roster.csv",
        "Number,Year,Grade\n1,2024,5\n2,2024,5\n3,2024,5\n4,2024,5\n",
    );
    project.write("ids.csv", "Number,State\n1,S1\n2,S2\n3,S3\n4,S4\n");
    project.write("scores.csv", scores);
    project
}

/// One local number of four is known, three state numbers are.
const MOSTLY_STATE: &str = "LocalID,StateID,Date,Score
1,S1,2024-04-01,200
A2,S2,2024-04-01,201
A3,S3,2024-04-01,202
A4,,2024-04-01,203
";

#[test]
fn the_column_that_the_district_knows_best_is_taken() {
    let project = project("", MOSTLY_STATE);
    let ingested = project.ingest().expect("an ingest");
    let [choice] = ingested.choices.as_slice() else {
        panic!("{:?}", ingested.choices)
    };
    let rates: Vec<(&str, u64)> = choice
        .candidates
        .iter()
        .map(|candidate| (candidate.header.as_str(), candidate.known))
        .collect();
    assert_eq!(rates, [("LocalID", 1), ("StateID", 3)]);
    assert_eq!((choice.chosen, choice.records), (1, 4));
    assert!(choice.is_enough());
    assert_eq!(
        choice.told(),
        "source `scores`: `student_id` is taken from `StateID`; known IDs in 4 records: \
         `LocalID` (IDs of `sis`) 25.0 %, `StateID` (IDs of `state`) 75.0 %"
    );
    // The pseudonyms are those of the state's IDs, and the row without one is a reject.
    let state = column(
        &project.rows(&ingested, "student_identity"),
        "system_student_id",
    );
    let scores = column(&project.rows(&ingested, "assessment_result"), "student_id");
    assert_eq!(scores, state[..3]);
    assert_eq!(ingested.counts[2].rejected, 1);
}

#[test]
fn another_choice_makes_the_rows_again() {
    let project = project("", MOSTLY_STATE);
    let first = project.ingest().expect("an ingest");
    project.write(
        "scores.csv",
        "LocalID,StateID,Date,Score\n1,S1,2024-04-01,200\n2,,2024-04-01,201\n3,,2024-04-01,202\n",
    );
    let second = project.ingest().expect("an ingest");
    assert_eq!(second.choices[0].chosen, 0);
    let roster = column(&project.rows(&second, "student"), "student_id");
    let scores = column(&project.rows(&second, "assessment_result"), "student_id");
    assert_eq!(scores, roster[..3]);
    assert_ne!(first.inputs, second.inputs);
}

#[test]
fn columns_that_hardly_match_are_refused_or_warned_about() {
    let strangers = "LocalID,StateID,Date,Score\n1,Z1,2024-04-01,200\nA2,Z2,2024-04-01,201\n";
    let refused = project("", strangers).ingest();
    let Err(IngestError::Headers(problems)) = refused else {
        panic!("{refused:?}")
    };
    assert!(problems[0].message.contains("50.0 %"), "{}", problems[0]);
    assert!(problems[0].hints[0].contains("at least 70 %"));
    let warned = project(", below = \"warn\"", strangers)
        .ingest()
        .expect("an ingest");
    let told = warned
        .warnings
        .iter()
        .any(|warning| warning.message.contains("50.0 %"));
    assert!(told, "{:?}", warned.warnings);
    // No cell of the export is told.
    assert!(
        warned
            .warnings
            .iter()
            .all(|warning| !warning.to_string().contains("Z1"))
    );
}

/// How long a run waits before it looks at a new file again.
const PATIENCE: Duration = Duration::from_millis(200);

#[test]
fn a_crosswalk_that_is_being_written_changes_no_choice() {
    let project = project("", MOSTLY_STATE);
    let first = project.ingest().expect("an ingest");
    let options = Options {
        known: first.counts.clone(),
        patience: PATIENCE,
        ..Options::default()
    };
    // What is there of it so far knows nobody: by that, the local numbers would be the better ones, and far too few.
    fs::write(project.file("ids.csv"), "Number,State\n").expect("a file");
    let during = while_growing(&project, "ids.csv", "9,S9", || {
        project.ingest_with(&options)
    })
    .expect("an ingest");
    assert_eq!(during.choices, first.choices);
    assert_eq!(during.parts, first.parts);
    assert_eq!(during.inputs, first.inputs);
    // When it is whole it is believed: nobody is in it but somebody else.
    project.age("ids.csv", 60);
    let refused = project.ingest();
    assert!(
        matches!(refused, Err(IngestError::Headers(_))),
        "{refused:?}"
    );
}

#[test]
fn a_file_that_is_being_written_is_not_asked() {
    let project = project("", MOSTLY_STATE);
    let options = Options {
        patience: PATIENCE,
        ..Options::default()
    };
    // Its rows would turn the choice round: local numbers that are all known.
    fs::write(project.file("scores_2.csv"), "LocalID,StateID,Date,Score\n").expect("a file");
    let line = "2,,2024-04-02,205";
    let during = while_growing(&project, "scores_2.csv", line, || {
        project.ingest_with(&options)
    })
    .expect("an ingest");
    assert_eq!(
        (during.choices[0].chosen, during.choices[0].records),
        (1, 4)
    );
}

#[test]
fn the_first_night_waits_for_the_file_that_tells_who_is_known() {
    let mut project = project("", MOSTLY_STATE);
    project.sources[1].optional = true;
    fs::remove_file(project.file("ids.csv")).expect("gone");
    let options = Options {
        patience: PATIENCE,
        ..Options::default()
    };
    let refused = while_growing(&project, "ids.csv", "9,S9", || {
        project.ingest_with(&options)
    });
    assert!(
        matches!(&refused, Err(IngestError::Changed { file }) if file == "exports/ids.csv"),
        "{refused:?}"
    );
}
