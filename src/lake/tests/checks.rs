//! What is found out about rows before they are committed: every rule, people who lead to nobody and why, IDs that two people share.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::sync::OnceLock;

use throughline_model::check::{Behind, Check, Rule, Severity};
use throughline_model::part::FileCount;
use throughline_model::progress::Silent;
use throughline_model::quality::{Checked, ConflictKind, Reason, State};
use throughline_model::{Part, tables};

use super::scratch::{file, named_part, part, pipeline};
use crate::{Asked, Lake, LakeOptions, ReleaseInfo};

const STUDENTS: &str = "student_id,school_year,grade_level
s1,2024,4
s2,2024,4
s3,2024,5
s1,2025,5
";
/// Nobody is in two rows of one system but `v3`, whom two students have; `s1` has two IDs of `map`; `v4` is given on.
const IDENTITIES: &str = "student_id,id_system,system_student_id,begin_date,end_date
s1,map,v1,,
s1,map,v2,,
s2,map,v3,,
s3,map,v3,,
s2,map,v4,2023-08-01,2024-01-31
s3,map,v4,2024-02-01,
";
const CALENDAR: &str = "school_id,date,is_instructional
A,2023-09-05,yes
A,2024-06-01,yes
";
/// Five that lead to somebody, then: nobody's ID, `v4` before anybody had it, two people's ID, a student of another year.
const RESULTS: &str = "student_id,assessment,subject,date,scale_score,percentile
v1,map,math,2024-05-10,200,50
v2,map,math,2024-04-10,150,
s3,map,math,2024-05-10,220,120
v4,map,math,2023-10-01,999,10
v4,map,math,2024-03-01,999,10
zz,map,math,2024-05-11,999,10
v4,map,math,2023-07-15,999,10
v3,map,reading,2024-05-10,999,10
s2,map,math,2024-09-10,100,10
";
const SCHOOLS: &str = "school_id,school_year
A,2024
";
const SECTIONS: &str = "section_id,school_year,school_id,subject
M1,2024,A,math
M2,2024,B,math
M1,2025,A,math
";
const TOOLS: &str = "tool_id,name,vendor
t1,One,x
t2,Two,y
t3,Three,x
";

fn parts(folder: &Path) -> Vec<Part> {
    // A second source of awards holds one of the first again; the same table of one source would not be asked.
    let mut again = named_part(
        folder,
        "credential_award",
        "two",
        "person_id,person_type,credential_id,framework,issued_date\nt1,staff,C,F,2024-01-01\nt3,staff,C,F,2024-01-01\n",
    );
    again.source = "second".to_owned();
    vec![
        part(folder, "student", STUDENTS),
        part(folder, "student_identity", IDENTITIES),
        part(folder, "calendar_day", CALENDAR),
        part(folder, "assessment_result", RESULTS),
        part(folder, "school", SCHOOLS),
        part(folder, "section", SECTIONS),
        part(folder, "tool", TOOLS),
        part(
            folder,
            "credential_award",
            "person_id,person_type,credential_id,framework,issued_date\nt1,staff,C,F,2024-01-01\nt2,staff,C,F,2024-01-01\n",
        ),
        again,
        part(
            folder,
            "support_ticket",
            "ticket_id,opened_date\nk1,2024-06-30\n",
        ),
        part(
            folder,
            "attendance_event",
            "student_id,date,school_id,category\ns1,2023-09-05,A,present\ns1,2023-10-05,A,present\ns2,2023-09-05,B,tardy\n",
        ),
    ]
}

fn rule(table: &str, rule: Rule) -> Check {
    Check {
        table: tables::find(table).expect("a table"),
        rule,
        at_most: 0.0,
        severity: Severity::Warn,
        declared: true,
    }
}

fn rules() -> Vec<Check> {
    let percentile = |from: &str, to: &str| Rule::Range {
        column: "percentile",
        from: Some(from.to_owned()),
        to: Some(to.to_owned()),
    };
    let late = Rule::Range {
        column: "date",
        from: None,
        to: Some("2024-05-10".to_owned()),
    };
    let school = tables::find("school").expect("a table");
    vec![
        rule(
            "assessment_result",
            Rule::Required {
                column: "percentile",
            },
        ),
        rule("assessment_result", percentile("0", "100")),
        rule("assessment_result", late),
        Check {
            at_most: 0.5,
            ..rule(
                "assessment_result",
                Rule::Linked {
                    column: "student_id",
                    of_program: 1.0,
                },
            )
        },
        rule(
            "tool",
            Rule::Accepted {
                column: "vendor",
                values: vec!["x".to_owned(), "it's".to_owned()],
            },
        ),
        rule(
            "tool",
            Rule::Unique {
                columns: vec!["vendor"],
            },
        ),
        rule(
            "credential_award",
            Rule::Unique {
                columns: vec!["person_id", "credential_id", "issued_date"],
            },
        ),
        rule(
            "section",
            Rule::Refers {
                column: "school_id",
                to: school,
                key: "school_id",
            },
        ),
        rule(
            "assessment_result",
            Rule::Fresh {
                column: "date",
                days: 50,
                behind: Behind::Release,
            },
        ),
        rule(
            "support_ticket",
            Rule::Fresh {
                column: "opened_date",
                days: 50,
                behind: Behind::Today,
            },
        ),
        rule(
            "tool",
            Rule::Rows {
                fewer: Some(0.2),
                more: Some(0.2),
            },
        ),
        rule(
            "device",
            Rule::Required {
                column: "device_id",
            },
        ),
        Check {
            at_most: 0.2,
            ..rule(
                "attendance_event",
                Rule::Linked {
                    column: "student_id",
                    of_program: 1.0,
                },
            )
        },
    ]
}

/// The parts, checked after three releases whose table `tool` had 4, 10 and 6 rows.
fn checked() -> &'static Checked {
    static CHECKED: OnceLock<Checked> = OnceLock::new();
    CHECKED.get_or_init(|| {
        let folder = tempfile::tempdir().expect("a folder");
        let lake = Lake::open(folder.path(), LakeOptions::default()).expect("a lake");
        let lock = lake.lock().expect("the lock");
        for rows in [4, 10, 6] {
            let lines: String = (0..rows).map(|tool| format!("t{tool},Tool,x\n")).collect();
            let name = format!("of{rows}");
            let text = format!("tool_id,name,vendor\n{lines}");
            let part = named_part(folder.path(), "tool", &name, &text);
            let about = ReleaseInfo {
                inputs: name,
                ..ReleaseInfo::default()
            };
            lake.commit(&lock, &[part], about).expect("a release");
        }
        check(&lake, &parts(folder.path()))
    })
}

fn check(lake: &Lake, parts: &[Part]) -> Checked {
    let mut pipeline = pipeline(Vec::new(), Vec::new());
    pipeline.checks = rules();
    let counts: Vec<FileCount> = parts
        .iter()
        .map(|part| FileCount {
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
        })
        .collect();
    let asked = Asked {
        pipeline: &pipeline,
        parts,
        counts: &counts,
        release: None,
        today: "2024-08-20".parse().expect("a date"),
    };
    lake.check(&asked, &Silent).expect("checked")
}

/// What checks keep, by file name.
fn kept(folder: &Path) -> BTreeSet<String> {
    let entries = fs::read_dir(folder.join("_checked/tiny")).expect("kept files");
    entries
        .map(|entry| {
            entry
                .expect("an entry")
                .file_name()
                .to_string_lossy()
                .into_owned()
        })
        .collect()
}

#[test]
fn a_year_that_did_not_change_is_not_looked_at_again() {
    let folder = tempfile::tempdir().expect("a folder");
    let lake = Lake::open(folder.path(), LakeOptions::default()).expect("a lake");
    let mut all = parts(folder.path());
    check(&lake, &all);
    let before = kept(folder.path());
    let more = "student_id,assessment,subject,date,scale_score,percentile\nzz,map,math,2024-10-10,100,10\n";
    all.push(named_part(folder.path(), "assessment_result", "more", more));
    let again = check(&lake, &all);
    let new: Vec<String> = kept(folder.path()).difference(&before).cloned().collect();
    let of = |what: &str| new.iter().any(|file| file.starts_with(what));
    assert!(
        of("ids_assessment_result_student_id_student-2025"),
        "{new:?}"
    );
    assert!(
        of("lost_assessment_result_student_id_student-2025"),
        "{new:?}"
    );
    assert!(!new.iter().any(|file| file.contains("-2024-")), "{new:?}");
    // What comes of it is what a lake without a past gives.
    fs::remove_dir_all(folder.path().join("_checked")).expect("removed");
    assert_eq!(again, check(&lake, &all));
}

#[test]
fn every_rule_counts_the_rows_that_break_it() {
    let found: Vec<(&str, State, u64, Vec<u64>)> = checked()
        .checks
        .iter()
        .map(|check| {
            let lines = check.places.iter().map(|place| place.line).collect();
            (check.id.as_str(), check.state, check.broken, lines)
        })
        .collect();
    use State::{Failed, NotRun, Passed};
    let wanted: Vec<(&str, State, u64, Vec<u64>)> = vec![
        ("assessment_result.required.percentile", Failed, 1, vec![3]),
        ("assessment_result.range.percentile", Failed, 1, vec![4]),
        ("assessment_result.range.date", Failed, 2, vec![7, 10]),
        (
            "assessment_result.linked.student_id",
            Passed,
            4,
            vec![7, 8, 9, 10],
        ),
        ("tool.accepted.vendor", Failed, 1, vec![3]),
        ("tool.unique.vendor", Failed, 1, vec![2, 4]),
        (
            "credential_award.unique.person_id.credential_id.issued_date",
            Failed,
            1,
            vec![2, 2],
        ),
        // `B` is no school, and `A` is none in 2025.
        ("section.refers.school_id", Failed, 2, vec![3, 4]),
        // The ticket of 30 June is the newest event of 2023-24, the score of 10 September that of 2024-25.
        ("assessment_result.fresh.date", Passed, 0, vec![]),
        ("support_ticket.fresh.opened_date", Failed, 0, vec![]),
        // Of 4, 6 and 10 rows the middle is 6; 3 is half of it.
        ("tool.rows", Failed, 0, vec![]),
        ("device.required.device_id", NotRun, 0, vec![]),
        ("attendance_event.linked.student_id", Passed, 0, vec![]),
    ];
    assert_eq!(found, wanted);
    let drift = &checked().checks[10];
    assert_eq!(drift.found, "3 rows now, 6 in the middle of the last 3");
    let stale = &checked().checks[9];
    assert_eq!(
        stale.found,
        "the newest is 2024-06-30, 51 days behind 2024-08-20"
    );
}

#[test]
fn a_row_that_leads_to_nobody_says_why() {
    let of = |reason| {
        let mut lines: Vec<u64> = checked()
            .aside
            .iter()
            .filter(|row| row.table == "assessment_result" && row.reason == reason)
            .map(|row| row.place.line)
            .collect();
        lines.sort_unstable();
        lines
    };
    assert_eq!(of(Reason::Unknown), [7]);
    assert_eq!(of(Reason::OutsideDates), [8]);
    assert_eq!(of(Reason::TwoPeople), [9]);
    assert_eq!(of(Reason::NotListed), [10]);
    let rows: u64 = checked()
        .unlinked
        .iter()
        .filter(|group| group.table == "assessment_result")
        .map(|group| group.rows)
        .sum();
    assert_eq!(rows, 4);
    assert!(
        checked()
            .unlinked
            .iter()
            .all(|group| group.table != "attendance_event")
    );
}

#[test]
fn a_file_whose_ids_lead_to_nobody_is_wrong_as_a_whole() {
    let folder = tempfile::tempdir().expect("a folder");
    let lake = Lake::open(folder.path(), LakeOptions::default()).expect("a lake");
    // The same days of the same students, in one file as they are and in one without leading zeros.
    let attendance = |name: &str, students: std::ops::Range<u32>, zeros: &str| {
        let days = 1..=20;
        let lines: String = students
            .flat_map(|student| days.clone().map(move |day| (student, day)))
            .map(|(student, day)| format!("{zeros}{student},2024-03-{day:02},present\n"))
            .collect();
        let text = format!("student_id,date,category\n{lines}");
        named_part(folder.path(), "attendance_event", name, &text)
    };
    let students: String = (1..10).map(|n| format!("00{n},2024,4\n")).collect();
    let mut parts = vec![
        part(
            folder.path(),
            "student",
            &format!("student_id,school_year,grade_level\n{students}"),
        ),
        attendance("good", 1..9, "00"),
    ];
    let id = "attendance_event.linked.student_id";
    let of = |parts: &[Part]| {
        let checked = check(&lake, parts);
        let found = checked.checks.into_iter().find(|check| check.id == id);
        found.expect("the check")
    };
    assert_eq!(of(&parts).state, State::Passed);
    parts.push(attendance("bare", 9..10, ""));
    let found = of(&parts);
    // An eighth of the table's rows would pass.
    assert_eq!((found.broken, found.rows), (20, 180));
    assert_eq!(found.state, State::Failed);
    assert_eq!(
        found.found,
        "most rows of `attendance_event_bare.csv` lead to nobody"
    );
    assert!(!found.places.is_empty());
    assert!(
        found
            .places
            .iter()
            .all(|place| place.file == "attendance_event_bare.csv")
    );
}

#[test]
fn what_crosswalks_do_not_tell_apart_is_counted_and_never_decided() {
    let found: Vec<(ConflictKind, u64, Vec<u64>)> = checked()
        .conflicts
        .iter()
        .map(|conflict| {
            let lines = conflict.places.iter().map(|place| place.line).collect();
            (conflict.kind, conflict.cases, lines)
        })
        .collect();
    // `s2` and `s3` had `v4` while `v3` was claimed for them as well: two active IDs each, beside `s1`.
    assert_eq!(
        found,
        [
            (ConflictKind::OneIdTwoPeople, 1, vec![4, 5]),
            (ConflictKind::OnePersonTwoIds, 3, vec![2, 3, 4, 5, 6, 7]),
            (ConflictKind::Reused, 1, vec![6, 7]),
        ]
    );
}

#[test]
fn rows_are_counted_by_school_and_month() {
    let found: Vec<(&str, i32, Option<u64>)> = checked()
        .coverage
        .iter()
        .map(|cell| (cell.school.as_str(), cell.month, cell.rows))
        .collect();
    let september = 12 * 2023 + 8;
    assert_eq!(
        found,
        [
            ("A", september, Some(1)),
            ("A", september + 1, Some(1)),
            ("B", september, Some(1)),
        ]
    );
}
