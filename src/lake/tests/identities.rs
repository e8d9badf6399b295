//! Whose ID it was on which day: an ID that a second person gets later, one that two people have at once, one without dates.

use throughline_model::measure::Role;

use super::scratch::{measures, part};
use crate::{Lake, LakeOptions, ReleaseInfo};

/// `reused` is given on without a word about its end, `returned` too and comes free later, `shared` overlaps for a month, `both`
/// has no dates at all, `plain` neither.
const CLAIMS: &str = "student_id,id_system,system_student_id,begin_date,end_date
s1,map,reused,2023-08-01,
s2,map,reused,2024-08-01,
s1,map,returned,,
s2,map,returned,2021-07-01,2023-06-30
s3,map,shared,2023-08-01,2024-03-31
s4,map,shared,2024-03-01,
s3,map,both,,
s4,map,both,,
s5,map,plain,,
";

const CALENDAR: &str = "school_id,date,is_instructional
A,2023-09-05,yes
A,2024-06-01,yes
A,2024-09-05,yes
A,2025-06-01,yes
";

fn rows(sql: &str) -> Vec<String> {
    let folder = tempfile::tempdir().expect("a folder");
    let lake = Lake::open(folder.path(), LakeOptions::default()).expect("a lake");
    let lock = lake.lock().expect("the lock");
    let parts = [
        part(folder.path(), "student_identity", CLAIMS),
        part(folder.path(), "calendar_day", CALENDAR),
    ];
    let release = lake
        .commit(&lock, &parts, ReleaseInfo::default())
        .expect("a release");
    let views: Vec<_> = measures()
        .into_iter()
        .filter(|measure| measure.role == Role::View)
        .collect();
    let text = lake
        .query(&release, &views, sql)
        .expect("planned")
        .table(100)
        .expect("run")
        .text;
    text.lines()
        .filter(|line| line.starts_with('|'))
        .skip(1)
        .map(|line| {
            let cells = line.trim_matches('|').split('|');
            cells.map(str::trim).collect::<Vec<_>>().join(" ")
        })
        .collect()
}

#[test]
fn an_id_belongs_to_whom_the_crosswalk_says_on_that_day() {
    let found = rows(
        "WITH asked AS (
           SELECT 'reused' AS id, DATE '2023-07-31' AS day UNION ALL SELECT 'reused', DATE '2024-07-31'
           UNION ALL SELECT 'reused', DATE '2024-08-01' UNION ALL SELECT 'returned', DATE '2020-01-01'
           UNION ALL SELECT 'returned', DATE '2022-01-01' UNION ALL SELECT 'returned', DATE '2024-01-01'
           UNION ALL SELECT 'shared', DATE '2024-02-29' UNION ALL SELECT 'shared', DATE '2024-03-15'
           UNION ALL SELECT 'shared', DATE '2024-04-01' UNION ALL SELECT 'both', DATE '2024-04-01'
           UNION ALL SELECT 'plain', DATE '2024-04-01')
         SELECT q.id, q.day, coalesce(a.student_id, 'nobody') AS who
         FROM asked q LEFT JOIN student_alias a
           ON a.system_student_id = q.id AND CAST(q.day AS INT) BETWEEN a.from_day AND a.to_day
         ORDER BY q.id, q.day",
    );
    assert_eq!(
        found,
        [
            "both 2024-04-01 nobody",
            "plain 2024-04-01 s5",
            "returned 2020-01-01 s1",
            "returned 2022-01-01 s2",
            "returned 2024-01-01 nobody",
            "reused 2023-07-31 nobody",
            "reused 2024-07-31 s1",
            "reused 2024-08-01 s2",
            "shared 2024-02-29 s3",
            "shared 2024-03-15 nobody",
            "shared 2024-04-01 s4",
        ]
    );
}

#[test]
fn an_id_of_two_people_in_one_year_is_nobodys_in_that_year() {
    let found = rows(
        "SELECT system_student_id AS id, school_year, student_id FROM student_alias_year ORDER BY 1, 2",
    );
    assert_eq!(
        found,
        [
            "plain 2024 s5",
            "plain 2025 s5",
            "reused 2024 s1",
            "reused 2025 s2",
            "shared 2025 s4",
        ]
    );
}
