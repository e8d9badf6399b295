//! Hours of training that add up: each line a person's record, and the hours worked out by hand. They are added up as districts'
//! own measures do it, over the tables' names.

use super::scratch::{measures, part};
use crate::{Lake, LakeOptions, ReleaseInfo};

/// `a` has 12 hours, `x` too and runs over the summer, `b` 6 hours, `u` no hours, `c` 1.2 CEUs.
const ACTIVITIES: &str = "activity_id,title,program,mode,hours,hours_unit,begin_date,end_date
a,A,P,online,12,,,
b,B,P,online,6,,,
u,U,P,online,,,,
c,C,P,online,1.2,ceu,,
x,X,P,online,12,,2024-05-01,2024-08-30
";

/// What a case is about, what is recorded, and the hours by school year.
type Case = (&'static str, &'static str, &'static [(i32, f64)]);

/// What is recorded (activity with its session, date, status, hours, unit, and the person's other ID where the record has that) and how many
/// hours it is, by school year.
const CASES: &[Case] = &[
    (
        "sessions without hours share the course's",
        "a 09-05 attended; a 09-12 attended; a 09-19 attended; a 09-26 attended",
        &[(2024, 12.0)],
    ),
    (
        "seven shares are the whole",
        "a 09-05 attended; a 09-12 attended; a 09-19 attended; a 09-26 attended; a 10-03 attended; a 10-10 attended; a 10-17 attended",
        &[(2024, 12.0)],
    ),
    (
        "a completion that totals the sessions",
        "a 09-05 attended 3; a 09-12 attended 3; a 09-19 attended 3; a 09-26 attended 3; a 10-02 completed 12",
        &[(2024, 12.0)],
    ),
    (
        "a completion alone",
        "a 09-26 completed 12",
        &[(2024, 12.0)],
    ),
    (
        "a completion that totals fewer sessions than the course has",
        "a 09-05 attended 3; a 09-12 attended 3; a 10-02 completed 6",
        &[(2024, 6.0)],
    ),
    (
        "a completion that says more than the sessions",
        "a 09-05 attended 3; a 09-12 attended 3; a 10-02 completed 12",
        &[(2024, 12.0)],
    ),
    (
        "a completion that says less than the sessions",
        "a 09-05 attended 3; a 09-12 attended 3; a 09-19 attended 3; a 09-26 attended 3; a 10-02 completed 10",
        &[(2024, 12.0)],
    ),
    (
        "the last session is marked as the completion",
        "a 09-05 attended 4.5; a 09-12 attended 4.5; a 10-02 completed 4.5",
        &[(2024, 13.5)],
    ),
    (
        "the second of two sessions is marked as the completion",
        "a 09-05 attended 4.5; a 10-02 completed 4.5",
        &[(2024, 9.0)],
    ),
    (
        "a course of one session, and its completion",
        "b 09-05 attended 6; b 10-02 completed 6",
        &[(2024, 6.0)],
    ),
    (
        "a session that is named, and the course as a whole",
        "a/1 09-05 attended 3.5; a 10-02 completed 3.5",
        &[(2024, 3.5)],
    ),
    (
        "named sessions, the last of which completes the course",
        "b/1 09-05 attended 3; b/2 09-05 attended 3; b/3 09-12 completed 7",
        &[(2024, 13.0)],
    ),
    (
        "sessions with hours, and a completion without",
        "a 09-05 attended 3; a 09-12 attended 3; a 10-02 completed",
        &[(2024, 12.0)],
    ),
    (
        "one session lacks its hours",
        "a 09-05 attended 3; a 09-12 attended",
        &[(2024, 12.0)],
    ),
    (
        "every row repeats the course's hours",
        "a 09-05 attended 12; a 09-12 attended 12; a 09-19 attended 12; a 10-02 completed 12",
        &[(2024, 12.0)],
    ),
    (
        "rows of one day that repeat the course's hours were added up",
        "a 09-05 attended 24",
        &[(2024, 12.0)],
    ),
    (
        "two sessions of one day were added up",
        "a 09-05 attended 6",
        &[(2024, 6.0)],
    ),
    (
        "training after a completion is more training",
        "b 09-05 completed 8; b 10-02 attended 4",
        &[(2024, 12.0)],
    ),
    (
        "clock hours and CEUs",
        "b 09-26 completed 6 clock_hours; b 09-26 completed 0.6 ceu",
        &[(2024, 6.0)],
    ),
    (
        "CEUs and clock hours",
        "b 09-26 completed 0.6 ceu; b 09-26 completed 6 clock_hours",
        &[(2024, 6.0)],
    ),
    ("CEUs alone", "b 09-26 completed 0.6 ceu", &[(2024, 6.0)]),
    (
        "a semester hour",
        "u 09-26 completed 1 degree_credit",
        &[(2024, 15.0)],
    ),
    ("CEUs of the catalog", "c 09-26 completed", &[(2024, 12.0)]),
    (
        "a row in the catalog's unit",
        "c 09-26 completed 0.9",
        &[(2024, 9.0)],
    ),
    (
        "sessions in clock hours, the total in CEUs",
        "a 09-05 attended 3 clock_hours; a 09-12 attended 3 clock_hours; a 10-02 completed 0.6 ceu",
        &[(2024, 6.0)],
    ),
    (
        "who did not take it has no hours",
        "a 09-05 withdrawn 99; a 09-12 no_show; a 09-19 enrolled 12",
        &[(2024, 0.0)],
    ),
    (
        "a course taken again in another year",
        "b 09-26 completed; b 2024-09-26 completed",
        &[(2024, 6.0), (2025, 6.0)],
    ),
    (
        "sessions again in another year",
        "a 09-05 attended; a 09-12 attended; a 2024-09-05 attended",
        &[(2024, 12.0), (2025, 12.0)],
    ),
    (
        "a course that runs over the summer",
        "x 2024-05-10 attended; x 2024-06-10 attended; x 2024-07-10 attended; x 2024-08-10 completed",
        &[(2024, 8.0), (2025, 4.0)],
    ),
    (
        "sessions in June, the completion in July",
        "a 2024-06-03 attended 6; a 2024-06-10 attended 6; a 2024-07-02 completed 12",
        &[(2024, 12.0), (2025, 0.0)],
    ),
    (
        "half of the sessions stand under another ID",
        "a 09-05 attended; a 09-12 attended; a 09-19 attended - other; a 09-26 attended - other",
        &[(2024, 12.0)],
    ),
    (
        "one session stands under both IDs",
        "a 09-05 attended 3; a 09-05 attended 3 clock_hours other",
        &[(2024, 3.0)],
    ),
    (
        "nobody knows the hours",
        "u 09-26 completed",
        &[(2024, 0.0)],
    ),
];

const SQL: &str = "SELECT coalesce(a.staff_id, p.person_id) AS staff_id, p.school_year, \
    CAST(sum(CAST(coalesce(p.hours, c.hours, 0.0) AS DECIMAL(12, 4))) AS DOUBLE) AS value \
    FROM pd_participation p JOIN pd_activity c ON c.activity_id = p.activity_id \
    LEFT JOIN staff_alias a ON a.system_staff_id = p.person_id AND CAST(p.date AS INT) BETWEEN a.from_day AND a.to_day \
    WHERE c.program = 'P' GROUP BY 1, 2 ORDER BY 1, 2";

/// The lines of a case: dates without a year are of autumn 2023.
fn lines(place: usize, records: &str) -> impl Iterator<Item = String> {
    records.split(';').map(move |record| {
        let mut words = record.split_whitespace();
        let mut next = || words.next().unwrap_or_default();
        let (activity, date, status, hours, unit) = (next(), next(), next(), next(), next());
        let date = match date.len() {
            5 => format!("2023-{date}"),
            _ => date.to_owned(),
        };
        let (hours, unit, id) = match (hours, unit) {
            ("-", "other") => ("", "", "other"),
            (hours, unit) => (hours, unit, next()),
        };
        let (activity, session) = activity.split_once('/').unwrap_or((activity, ""));
        format!("{id}p{place:02},staff,{activity},{session},{date},{status},{hours},{unit}")
    })
}

fn hours(reversed: bool) -> Vec<(String, i32, f64)> {
    let folder = tempfile::tempdir().expect("a folder");
    let options = LakeOptions {
        threads: 2,
        memory: None,
    };
    let lake = Lake::open(folder.path(), options).expect("a lake");
    let cases = CASES.iter().enumerate();
    let mut rows: Vec<String> = cases
        .flat_map(|(place, (_, records, _))| lines(place, records))
        .collect();
    let others = (0..CASES.len()).map(|place| format!("p{place:02},pd,otherp{place:02}\n"));
    if reversed {
        rows.reverse();
    }
    let header = "person_id,person_type,activity_id,session_id,date,status,hours,hours_unit\n";
    let parts = [
        part(folder.path(), "pd_activity", ACTIVITIES),
        part(
            folder.path(),
            "staff_identity",
            &format!(
                "staff_id,id_system,system_staff_id\n{}",
                others.collect::<String>()
            ),
        ),
        part(
            folder.path(),
            "pd_participation",
            &format!("{header}{}", rows.join("\n")),
        ),
    ];
    let lock = lake.lock().expect("the lock");
    let release = lake
        .commit(&lock, &parts, ReleaseInfo::default())
        .expect("a release");
    let result = lake.query(&release, &measures(), SQL).expect("planned");
    let rows = result.json().expect("run");
    #[derive(serde::Deserialize)]
    struct Row {
        staff_id: String,
        school_year: i32,
        value: f64,
    }
    let rows: Vec<Row> = serde_json::from_str(&rows).expect("rows");
    rows.into_iter()
        .map(|row| (row.staff_id, row.school_year, row.value))
        .collect()
}

#[test]
fn every_hour_counts_once() {
    let found = hours(false);
    let mut wrong = Vec::new();
    for (place, (name, _, wanted)) in CASES.iter().enumerate() {
        let person = format!("p{place:02}");
        let of_person: Vec<(i32, f64)> = found
            .iter()
            .filter(|(id, _, _)| *id == person)
            .map(|(_, year, value)| (*year, *value))
            .collect();
        if of_person != *wanted {
            wrong.push(format!("{name}: {of_person:?} is not {wanted:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_order_of_rows_says_nothing() {
    assert_eq!(hours(false), hours(true));
}
