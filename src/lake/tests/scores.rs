//! Which tests count, whoever asks for scores.

use super::scratch::{measures, part};
use crate::{Lake, LakeOptions, ReleaseInfo};

const RESULTS: &str = "student_id,assessment,subject,date,grade_level,enrolled_grade_level,scale_score,is_growth_measure,test_status
growth,map,math,2024-04-10,,,210,yes,
growth,map,math,2024-04-24,,,170,no,
fall,map,math,2023-09-10,,,201,no,
fall,map,math,2024-04-10,,,211,yes,
alone,map,math,2024-04-10,,,190,no,
calm,iready,math,2024-04-15,5,,500,,valid
calm,iready,math,2024-05-15,5,,380,,rushed
hasty,iready,math,2024-04-15,5,,390,,rushed
v1,iready,math,2024-04-16,5,,391,,rushed
two,iready,math,2024-04-15,5,,510,,valid
grade,dibels,reading,2024-04-16,3,3,400,,
grade,dibels,reading,2024-04-17,1,3,455,,
below,dibels,reading,2024-04-16,1,3,450,,
worst,dibels,reading,2024-04-16,3,3,100,,rushed
worst,dibels,reading,2024-04-17,1,3,440,,
none,sbac,math,2024-05-01,,,2500,,invalid
none,sbac,math,2024-05-02,,,2600,,practice
";

#[test]
fn a_worse_test_counts_only_where_there_is_no_better_one() {
    let folder = tempfile::tempdir().expect("a folder");
    let options = LakeOptions {
        threads: 2,
        memory: None,
    };
    let lake = Lake::open(folder.path(), options).expect("a lake");
    let parts = [
        part(
            folder.path(),
            "student_identity",
            "student_id,id_system,system_student_id\ntwo,map,v1\n",
        ),
        part(folder.path(), "assessment_result", RESULTS),
    ];
    let lock = lake.lock().expect("the lock");
    let release = lake
        .commit(&lock, &parts, ReleaseInfo::default())
        .expect("a release");
    let sql = "SELECT concat(student_id, ' ', CAST(CAST(scale_score AS INT) AS VARCHAR)) AS kept \
               FROM assessment_result ORDER BY 1";
    let result = lake.query(&release, &measures(), sql).expect("planned");
    #[derive(serde::Deserialize)]
    struct Row {
        kept: String,
    }
    let rows: Vec<Row> = serde_json::from_str(&result.json().expect("run")).expect("rows");
    let kept: Vec<&str> = rows.iter().map(|row| row.kept.as_str()).collect();
    let wanted = [
        "alone 190",
        "below 450",
        "calm 500",
        "fall 201",
        "fall 211",
        "grade 400",
        "growth 210",
        "hasty 390",
        "two 510",
        "worst 440",
    ];
    assert_eq!(kept, wanted);
}
