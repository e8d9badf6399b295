//! The data-quality page and its files: everything that was found is told, nothing that was not.

use std::collections::BTreeSet;
use std::fs;

use arrow::array::{Array, StringArray, UInt64Array};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use throughline_disclosure::{Provenance, Quality, Released, release_quality};
use throughline_model::check::Severity;
use throughline_model::membership::{Outside, Reason as Why, Style};
use throughline_model::panel::LinkRate;
use throughline_model::part::{FileCount, RowConflict};
use throughline_model::pipeline::Privacy;
use throughline_model::quality::{
    Aside, Checked, Checkup, Conflict, ConflictKind, Covered, FileLine, Fix, IdCandidate, IdChoice,
    Odd, Reason, Rejected, Sent, State, Unlinked,
};

use super::{assert_balanced, attribute, tags};

fn at(file: &str, line: u64) -> FileLine {
    FileLine {
        file: file.to_owned(),
        line,
    }
}

fn check(id: &str, severity: Severity, state: State, broken: u64) -> Checkup {
    Checkup {
        id: id.to_owned(),
        table: "section".to_owned(),
        rule: "refers".to_owned(),
        asks: "`school_id` is in table `school` <b>".to_owned(),
        severity,
        declared: true,
        rows: 200,
        broken,
        at_most: 0.01,
        state,
        found: String::new(),
        places: vec![at("exports/sections.csv", 12); usize::from(broken > 0)],
    }
}

/// A night on which everything that can be told is to be told.
pub(super) fn troubled() -> Quality {
    let fix = |owner: &str, task: &str, findings, rows| Fix {
        owner: owner.to_owned(),
        task: task.to_owned(),
        table: "staff_section".to_owned(),
        rows,
        findings,
        open: 3,
        places: vec![at("exports/a.csv", 4), at("exports/a.csv", 7)],
    };
    let covered = |school: &str, month, rows| Covered {
        table: "attendance_event".to_owned(),
        school: school.to_owned(),
        school_year: 2025,
        month: 12 * 2024 + month,
        rows: Some(rows),
    };
    let mut coverage = Vec::new();
    for school in ["0101", "0102", "0103", "0105"] {
        for month in 7..17 {
            if (school, month) != ("0102", 10) {
                coverage.push(covered(school, month, 900 + 10 * (month as u64)));
            }
        }
    }
    coverage.push(covered("0104", 8, 4));
    Quality {
        district: "Unit <Test> District".to_owned(),
        pipeline: "test".to_owned(),
        sent: vec![Sent {
            source: "sections".to_owned(),
            table: "section".to_owned(),
            owner: "registrar".to_owned(),
            expected: true,
            received: 2,
            new: 1,
            corrected: 1,
            late: 1,
            told: vec!["`exports/old.csv` is gone".to_owned()],
            read: 214,
            kept: 200,
            rejected: 7,
            duplicate: 3,
            conflict: 4,
            unsettled: 1,
            not_tested: 6,
        }],
        odd: vec![Odd {
            place: "exports/sections.csv".to_owned(),
            message: "`Room` is new".to_owned(),
            hints: vec!["add it to `ignore`".to_owned()],
        }],
        choices: vec![IdChoice {
            source: "scores".to_owned(),
            column: "student_id".to_owned(),
            candidates: vec![
                IdCandidate {
                    header: "LocalID".to_owned(),
                    id_system: "sis".to_owned(),
                    known: 20,
                },
                IdCandidate {
                    header: "StateID".to_owned(),
                    id_system: "state".to_owned(),
                    known: 95,
                },
            ],
            chosen: 1,
            records: 100,
            at_least: 0.8,
        }],
        links: vec![LinkRate {
            hop: "class day → teacher".to_owned(),
            linked: 990,
            total: 1000,
        }],
        checked: Checked {
            checks: vec![
                check(
                    "section.refers.school_id",
                    Severity::Warn,
                    State::Failed,
                    14,
                ),
                check("section.required.subject", Severity::Note, State::Passed, 0),
            ],
            unlinked: vec![Unlinked {
                table: "pd_participation".to_owned(),
                column: "person_id".to_owned(),
                person: "staff".to_owned(),
                source: "pd".to_owned(),
                reason: Reason::OutsideDates,
                rows: 12,
                places: vec![at("exports/pd.csv", 8)],
            }],
            conflicts: vec![Conflict {
                kind: ConflictKind::OneIdTwoPeople,
                person: "staff".to_owned(),
                id_system: "pd".to_owned(),
                cases: 2,
                places: vec![at("exports/ids.csv", 3), at("exports/ids.csv", 90)],
            }],
            rejects: vec![Rejected {
                source: "sections".to_owned(),
                column: Some("Subject".to_owned()),
                rule: "unknown-code".to_owned(),
                cells: 7,
                places: vec![at("exports/sections.csv", 5)],
                shapes: vec!["AAA-99".to_owned()],
            }],
            coverage,
            aside: vec![Aside {
                source: "sections".to_owned(),
                table: "pd_participation".to_owned(),
                column: "person_id".to_owned(),
                reason: Reason::OutsideDates,
                place: at("exports/pd.csv", 8),
            }],
        },
        disagreeing: vec![FileCount {
            source: "sections".to_owned(),
            file: "exports/sections.csv".to_owned(),
            table: "section".to_owned(),
            conflict: 4,
            unsettled: 1,
            conflicts: vec![RowConflict {
                kept: Some(47),
                dropped: vec![12],
                settled: false,
            }],
            ..FileCount::default()
        }],
        outside: [
            ("a.csv", Why::AfterExit, 40, 12.0),
            ("b.csv", Why::AfterExit, 2, 2.0),
        ]
        .map(|(file, reason, rows, days)| Outside {
            table: "attendance_event".to_owned(),
            place: at(file, 9),
            school_year: 2025,
            reason,
            rows,
            days,
        })
        .to_vec(),
        styles: [
            ("0101", 2024, 0.0612, 300),
            ("0101", 2025, 0.058, 300),
            ("0104", 2025, 0.5, 4),
        ]
        .map(|(school, school_year, rate, students)| Style {
            school: school.to_owned(),
            school_year,
            by_period: false,
            every_day: false,
            declared: false,
            rows_per_day: Some(rate),
            students,
        })
        .to_vec(),
        fixes: vec![
            fix("HR", "say who taught the classes", 40, 10),
            fix("vendor", "send the IDs of the district", 8, 900),
        ],
        findings: 40,
        provenance: Provenance {
            version: "0.1.0".to_owned(),
            ..Provenance::default()
        },
        ..Quality::default()
    }
}

/// A night on which there is nothing to say.
pub(super) fn spotless() -> Quality {
    Quality {
        district: "Unit Test District".to_owned(),
        ..Quality::default()
    }
}

pub(super) fn released(quality: Quality) -> Released<Quality> {
    let privacy = Privacy {
        key: "key".into(),
        create_key: false,
        min_students: 10,
        min_teachers: 5,
        min_schools: 3,
    };
    release_quality(quality, &privacy)
}

/// The page, `unlinked.csv`, and `checks.parquet`.
fn written(quality: Quality) -> (String, String, Vec<u8>) {
    let folder = tempfile::tempdir().expect("a folder");
    written_in(quality, folder.path())
}

fn written_in(quality: Quality, folder: &std::path::Path) -> (String, String, Vec<u8>) {
    let paths = crate::write_quality(&released(quality), folder).expect("written");
    assert!(paths[0].ends_with("quality.html"));
    let text = |name: &str| fs::read_to_string(folder.join(name)).expect("text");
    let parquet = fs::read(folder.join("checks.parquet")).expect("a file");
    (text("quality.html"), text("unlinked.csv"), parquet)
}

#[test]
fn the_page_tells_what_was_found_and_is_well_formed() {
    let (page, aside, _) = written(troubled());
    assert_balanced(&page);
    for told in [
        "1 of 2 checks of the data failed.",
        "The first thing to put right is with HR: say who taught the classes",
        "exports/a.csv:4, 7",
        "the crosswalk gives the ID to nobody on that day",
        "one ID, two people on the same day; rows with it are linked to neither",
        "exports/ids.csv:3, 90",
        "unknown-code",
        "“AAA-99”",
        "`exports/old.csv` is gone; 6 not tested",
        "`Room` is new.",
        "taken",
        "10 school months have no attendance rows though most schools have: 0104 in Aug 2024, 0104 in Oct 2024, 0102 in Nov 2024 and others",
        "14 of 200 rows break it (1.0% may)",
        "rows read equal rows kept, rejected, duplicate and in conflict. Rejected rows count nowhere",
        "1 had to give way though nothing says that the other is right",
        "rows 12 and 47",
        "after the student’s exit</td>",
        "a.csv (40 rows, first at line 9); b.csv (2 rows, first at line 9)",
        ">2023-24 to 2024-25</td>",
        ">0.06</td>",
        "<dt>in conflict, nothing decides</dt><dd>1</dd>",
        "<dt>in conflict, a rule decides</dt><dd>3</dd>",
        "<dt>Students not tested</dt><dd>6</dd>",
    ] {
        assert!(page.contains(told), "{told}");
    }
    // What people typed stays text, and a month of four rows is not told.
    assert!(!page.contains("<Test>") && !page.contains("table `school` <b>"));
    assert!(page.contains("few") && page.contains("withheld"));
    // Four students are too few for a rate.
    assert!(!page.contains(">0.50</td>"));
    assert_eq!(
        aside,
        "owner,source,table,column,reason,file,line\n\
         registrar,sections,pd_participation,person_id,outside-crosswalk-dates,exports/pd.csv,8\n"
    );
}

#[test]
fn fixes_stand_in_the_order_of_what_they_help() {
    let (page, ..) = written(troubled());
    let place = |text: &str| page.find(text).expect("told");
    assert!(place(">HR: 1 thing<") < place(">Vendor: 1 thing<"));
}

#[test]
fn a_night_without_trouble_says_so() {
    let (page, aside, _) = written(spotless());
    assert_balanced(&page);
    assert!(page.contains("There is nothing to put right."));
    assert!(page.contains("nothing is lost, nothing counts twice"));
    assert!(!page.contains("in conflict,") && !page.contains("not tested"));
    assert!(!page.contains("id=\"months\"") && !page.contains("id=\"fixes\""));
    assert_eq!(aside.lines().count(), 1);
}

#[test]
fn that_nothing_is_lost_is_said_only_where_it_is_so() {
    let told = |rejected, conflict, unsettled| {
        let mut quality = spotless();
        quality.sent = vec![Sent {
            read: 20 + rejected + conflict,
            kept: 15,
            duplicate: 5,
            rejected,
            conflict,
            unsettled,
            ..Sent::default()
        }];
        written(quality).0
    };
    assert!(told(0, 0, 0).contains("nothing is lost"));
    for (rejected, conflict, unsettled) in [(1, 0, 0), (0, 2, 0), (0, 2, 2)] {
        let page = told(rejected, conflict, unsettled);
        assert!(!page.contains("nothing is lost"));
        assert_eq!(page.contains("had to give way"), unsettled > 0);
    }
}

#[test]
fn a_stopped_run_says_that_nothing_was_taken_in() {
    let mut quality = troubled();
    quality.refused = true;
    quality.checked.checks[0].severity = Severity::Error;
    let (page, ..) = written(quality);
    assert!(page.contains("This run was stopped"));
    assert!(page.contains("It stopped at section.refers.school_id."));
}

#[test]
fn links_lead_somewhere_and_ids_are_unique() {
    let (page, ..) = written(troubled());
    let all = tags(&page);
    let ids: Vec<&str> = all.iter().filter_map(|tag| attribute(tag, "id")).collect();
    let unique: BTreeSet<&str> = ids.iter().copied().collect();
    assert_eq!(ids.len(), unique.len());
    for target in all.iter().filter_map(|tag| attribute(tag, "href")) {
        let beside = ["report.html", "unlinked.csv"].contains(&target);
        assert!(
            beside
                || target
                    .strip_prefix('#')
                    .is_some_and(|id| unique.contains(id)),
            "{target}"
        );
    }
    assert!(!page.contains("<script"));
}

#[test]
fn checks_can_be_read_back_and_the_same_night_gives_the_same_bytes() {
    let folder = tempfile::tempdir().expect("a folder");
    assert_eq!(written_in(troubled(), folder.path()), written(troubled()));
    let file = fs::File::open(folder.path().join("checks.parquet")).expect("a file");
    let mut reader = ParquetRecordBatchReaderBuilder::try_new(file)
        .and_then(|builder| builder.build())
        .expect("Parquet");
    let batch = reader.next().expect("a batch").expect("rows");
    let text = |name: &str, row: usize| {
        let column = batch.column_by_name(name).expect("a column");
        let column = column.as_any().downcast_ref::<StringArray>().expect("text");
        column.value(row).to_owned()
    };
    let broken = batch.column_by_name("broken").expect("a column");
    let broken = broken
        .as_any()
        .downcast_ref::<UInt64Array>()
        .expect("counts");
    assert_eq!(batch.num_rows(), 2);
    assert_eq!(text("state", 0), "failed");
    assert_eq!(text("severity", 1), "note");
    assert_eq!((broken.value(0), broken.len()), (14, 2));
}
