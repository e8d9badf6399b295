//! What nights bring, one after the other: files that come late, are corrected, taken away or not finished yet.

use std::fs;
use std::time::Duration;

use proptest::prelude::*;
use throughline_ingest::{IngestError, Ingested, Key, Options};
use throughline_model::part::Arrival::{Corrected, Deleted, Known, Missing, Received, Writing};
use throughline_model::part::{Arrival, FileCount};

use crate::kit::{ATTENDANCE, HEADER, Project, TITLES, column, while_growing};

fn attendance(rows: &[&str]) -> String {
    format!("{HEADER}\n{}\n", rows.join("\n"))
}

/// One more night, told beside what the last one held.
fn night(project: &Project, before: &[FileCount]) -> Ingested {
    let options = Options {
        known: before.to_vec(),
        ..Options::default()
    };
    project.ingest_with(&options).expect("an ingest")
}

fn told(ingested: &Ingested) -> Vec<(&str, Arrival, bool, u64)> {
    let statuses = ingested.statuses.iter();
    statuses
        .map(|s| {
            (
                s.file.trim_start_matches("exports/"),
                s.arrival,
                s.late,
                s.rows,
            )
        })
        .collect()
}

#[test]
fn a_night_says_what_came_changed_was_late_and_went() {
    let project = Project::new(ATTENDANCE);
    project.write("2024-09.csv", attendance(&["1,09/02/2024,,P,"]));
    project.write("2024-10.csv", attendance(&["1,10/02/2024,,P,"]));
    let first = night(&project, &[]);
    assert_eq!(
        told(&first),
        [
            ("2024-09.csv", Received, false, 1),
            ("2024-10.csv", Received, false, 1)
        ]
    );
    project.write(
        "2024-10.csv",
        attendance(&["1,10/02/2024,,T,", "1,10/03/2024,,P,"]),
    );
    project.write("2024-08.csv", attendance(&["1,08/02/2024,,P,"]));
    project.write("2024-11.csv", attendance(&["1,11/01/2024,,P,"]));
    let second = night(&project, &first.counts);
    assert_eq!(
        told(&second),
        [
            ("2024-08.csv", Received, true, 1),
            ("2024-09.csv", Known, false, 1),
            ("2024-10.csv", Corrected, false, 2),
            ("2024-11.csv", Received, false, 1)
        ]
    );
    fs::remove_file(project.file("2024-09.csv")).expect("gone");
    let third = night(&project, &second.counts);
    assert_eq!(told(&third)[3], ("2024-09.csv", Deleted, false, 1));
    let warning = third.warnings[0].to_string();
    assert!(
        warning.contains("2024-09.csv") && warning.contains("1 rows"),
        "{warning}"
    );
    assert_eq!(project.rows(&third, "attendance_event").len(), 4);
}

#[test]
fn a_source_that_lost_every_file_is_refused_even_if_it_is_optional() {
    let mut project = Project::new(ATTENDANCE);
    project.source("tools", "tools*.txt", TITLES);
    project.sources[1].optional = true;
    project.write("a.csv", attendance(&["1,09/02/2024,,P,"]));
    let none = night(&project, &[]);
    assert_eq!(told(&none)[1].1, Missing);
    project.write("tools.txt", "id,name,vendor\nA,a,x\n");
    let some = night(&project, &none.counts);
    fs::remove_file(project.file("tools.txt")).expect("gone");
    let options = Options {
        known: some.counts,
        ..Options::default()
    };
    let refused = project.ingest_with(&options).expect_err("refused");
    assert!(
        matches!(&refused, IngestError::Emptied { id, files: 1 } if id == "tools"),
        "{refused}"
    );
}

#[test]
fn a_rejected_row_says_nothing_about_the_days_of_a_file() {
    let project = Project::new(ATTENDANCE);
    // A year typed wrong, in a row that is rejected for its code; and one that is kept.
    let rejected = attendance(&["1,09/02/2024,,P,", "2,09/02/2029,,XX,"]);
    project.write("2024-09.csv", rejected);
    let first = night(&project, &[]);
    project.write("2024-10.csv", attendance(&["1,10/02/2024,,P,"]));
    let second = night(&project, &first.counts);
    assert_eq!(
        told(&second),
        [
            ("2024-09.csv", Known, false, 1),
            ("2024-10.csv", Received, false, 1)
        ]
    );
    let kept = attendance(&["1,10/02/2024,,P,", "2,09/02/2029,,P,"]);
    project.write("2024-10.csv", kept);
    project.write("2024-11.csv", attendance(&["1,11/01/2024,,P,"]));
    let third = night(&project, &second.counts);
    assert!(told(&third).contains(&("2024-11.csv", Received, true, 1)));
}

#[test]
fn a_name_that_says_unfinished_is_left() {
    let mut project = Project::new(ATTENDANCE);
    project.sources[0].pattern = "*".to_owned();
    project.write("a.csv", attendance(&["1,09/02/2024,,P,"]));
    project.write("b.csv.part", "half a he");
    project.write("~$a.csv", "\u{4}owner");
    let first = night(&project, &[]);
    assert_eq!(
        told(&first),
        [
            ("a.csv", Received, false, 1),
            ("b.csv.part", Writing, false, 0),
            ("~$a.csv", Writing, false, 0)
        ]
    );
    assert_eq!(first.warnings.len(), 2, "{:?}", first.warnings);
    // A transfer that replaces a file takes the old one away first.
    fs::remove_file(project.file("~$a.csv")).expect("gone");
    fs::rename(project.file("a.csv"), project.file("a.csv.tmp")).expect("renamed");
    let second = night(&project, &first.counts);
    assert_eq!(
        told(&second),
        [
            ("a.csv", Writing, false, 1),
            ("a.csv.tmp", Writing, false, 0),
            ("b.csv.part", Writing, false, 0)
        ]
    );
    assert_eq!(second.parts, first.parts);
    assert_eq!(second.inputs, first.inputs);
}

#[test]
fn a_file_that_grows_is_left_and_its_old_version_stands() {
    for patience in [Duration::from_millis(200), Duration::ZERO] {
        let project = Project::new(ATTENDANCE);
        project.write("a.csv", attendance(&["1,09/02/2024,,P,"]));
        project.write("b.csv", attendance(&["1,10/02/2024,,P,"]));
        let first = night(&project, &[]);
        let options = Options {
            known: first.counts.clone(),
            patience,
            ..Options::default()
        };
        // Zero patience finds out only by reading: the file is another one after it was read.
        let long: Vec<String> = (0..40_000).map(|i| format!("{i},09/10/2024,,P,")).collect();
        let long: Vec<&str> = long.iter().map(String::as_str).collect();
        fs::write(project.file("b.csv"), attendance(&long)).expect("a file");
        fs::write(project.file("c.csv"), format!("{HEADER}\n")).expect("a file");
        project.write("d.csv", attendance(&["1,11/02/2024,,P,"]));
        let line = "9,09/09/2024,,P,";
        let during = while_growing(&project, "b.csv", line, || {
            while_growing(&project, "c.csv", line, || project.ingest_with(&options))
        })
        .expect("an ingest");
        assert_eq!(
            told(&during),
            [
                ("a.csv", Known, false, 1),
                ("b.csv", Writing, false, 1),
                ("d.csv", Received, false, 1),
                ("c.csv", Writing, false, 0)
            ],
            "{patience:?}"
        );
        assert_eq!(during.parts[..2], first.parts);
        let after = night(&project, &during.counts);
        assert_eq!(told(&after)[1].1, Corrected);
        assert_eq!(told(&after)[2].1, Received);
    }
}

/// A night's doing to the exports: which file, and which version of it (0: taken away).
type Doing = (usize, usize);

const NAMES: [&str; 5] = [
    "2024-08.csv",
    "2024-09.csv",
    "2024-09_b.csv",
    "2025-02.csv",
    "year.csv",
];

/// Version `version` of file `file`: overlapping days, so that files correct each other.
fn version(file: usize, version: usize) -> String {
    let rows: Vec<String> = (0..4 + version)
        .map(|row| {
            let day = 2 + (row * (file + 1)) % 9;
            let month = [8, 9, 9, 2, 9][file];
            let year = if month == 2 { 2025 } else { 2024 };
            let code = ["P", "UA", "T"][(row + version + file) % 3];
            format!(
                "{},{month:02}/{day:02}/{year},{},{code},",
                row % 3,
                file % 2
            )
        })
        .collect();
    let rows: Vec<&str> = rows.iter().map(String::as_str).collect();
    attendance(&rows)
}

fn apply(project: &Project, (file, number): Doing) {
    if number == 0 {
        let _ = fs::remove_file(project.file(NAMES[file]));
    } else {
        project.write(NAMES[file], version(file, number));
    }
}

fn bytes(project: &Project, ingested: &Ingested) -> Vec<Vec<u8>> {
    let read = |part: &throughline_model::Part| fs::read(project.lake().join(&part.path));
    let parts = ingested.parts.iter();
    parts.map(|part| read(part).expect("a part")).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn any_order_of_arrival_gives_the_same_parts(
        nights in prop::collection::vec(prop::collection::vec((0..NAMES.len(), 0..4_usize), 0..4), 1..6),
        lost in any::<bool>(),
    ) {
        let mut many = Project::new(ATTENDANCE);
        let mut one = Project::new(ATTENDANCE);
        let secret = many.folder.path().join("key");
        one.key = Key::load(&secret).expect("a key");
        many.key = Key::load(&secret).expect("a key");
        // Something is always there.
        apply(&many, (0, 1));
        let mut last = many.ingest().expect("an ingest");
        for (number, doings) in nights.iter().enumerate() {
            for doing in doings.iter().filter(|doing| doing.0 > 0) {
                apply(&many, *doing);
            }
            if lost && number == 1 {
                fs::remove_file(many.lake().join("_ingest/state.json")).expect("gone");
            }
            last = night(&many, &last.counts);
        }
        for name in NAMES {
            if let Ok(text) = fs::read(many.file(name)) {
                one.write(name, text);
            }
        }
        let whole = one.ingest().expect("an ingest");
        prop_assert_eq!(&last.inputs, &whole.inputs);
        prop_assert_eq!(&last.counts, &whole.counts);
        prop_assert_eq!(&last.parts, &whole.parts);
        prop_assert_eq!(bytes(&many, &last), bytes(&one, &whole));
        let rows = many.rows(&last, "attendance_event");
        let mut keys: Vec<_> = ["student_id", "date", "period", "school_id"].map(|name| column(&rows, name)).to_vec();
        let keys: std::collections::BTreeSet<_> = (0..rows.len())
            .map(|row| keys.iter_mut().map(|column| column[row].clone()).collect::<Vec<_>>())
            .collect();
        prop_assert_eq!(keys.len(), rows.len());
    }
}
