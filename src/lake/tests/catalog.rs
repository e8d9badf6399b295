//! Course numbers that a catalog uses again, worked out by hand.

use super::scratch::{measures, part};
use crate::{Lake, LakeOptions, ReleaseInfo};

/// `101` is reading, then safety; `102` was put off and is one course; `103` is two courses, and no date tells them apart.
const CATALOG: &str = "activity_id,title,program,mode,hours,begin_date
101,Reading,READ,online,4,2022-10-01
101,Safety,SAFE,online,2,2023-10-01
102,Counting,MATH,online,3,2022-10-01
102,Counting,MATH,online,5,2023-02-01
103,One,ONE,online,1,
103,Two,TWO,online,1,
";
const TAKEN: &str = "person_id,person_type,activity_id,date,status
t1,staff,101,2022-09-15,completed
t1,staff,101,2023-09-30,completed
t1,staff,101,2023-10-01,completed
t2,staff,101,2024-02-01,completed
t1,staff,102,2022-11-01,completed
t1,staff,999,2022-11-01,completed
";

fn rows(sql: &str) -> Vec<String> {
    let folder = tempfile::tempdir().expect("a folder");
    let lake = Lake::open(folder.path(), LakeOptions::default()).expect("a lake");
    let lock = lake.lock().expect("the lock");
    let parts = [
        part(folder.path(), "pd_activity", CATALOG),
        part(folder.path(), "pd_participation", TAKEN),
    ];
    let release = lake
        .commit(&lock, &parts, ReleaseInfo::default())
        .expect("a release");
    let csv = folder.path().join("rows.csv");
    lake.query(&release, &measures(), sql)
        .expect("planned")
        .write_csv(&csv)
        .expect("run");
    let text = std::fs::read_to_string(csv).expect("a file");
    text.lines().skip(1).map(str::to_owned).collect()
}

#[test]
fn a_number_that_is_used_again_is_the_course_of_the_day() {
    let found = rows(
        "SELECT p.person_id, p.date, p.activity_id, c.program, p.hours FROM pd_participation p \
         LEFT JOIN pd_activity c ON c.activity_id = p.activity_id ORDER BY 1, 2, 3",
    );
    assert_eq!(
        found,
        [
            "t1,2022-09-15,101·2022-10-01,READ,4.0",
            "t1,2022-11-01,102,MATH,5.0",
            "t1,2022-11-01,999,,0.0",
            "t1,2023-09-30,101·2022-10-01,READ,4.0",
            "t1,2023-10-01,101·2023-10-01,SAFE,2.0",
            "t2,2024-02-01,101·2023-10-01,SAFE,2.0",
        ]
    );
    let found = rows("SELECT catalog_id, count(*) FROM pd_activity GROUP BY 1 ORDER BY 1");
    assert_eq!(found, ["101,2", "102,1", "103,1"]);
}
