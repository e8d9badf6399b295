//! Queries a user types: what they may do, and what becomes of their results.

use std::path::Path;

use super::district::parts;
use super::scratch::measures;
use crate::bind::bind;
use crate::{Lake, LakeError, LakeOptions, Release, ReleaseInfo};

fn district(folder: &Path) -> (Lake, Release) {
    let lake = Lake::open(
        folder,
        LakeOptions {
            threads: 2,
            memory: Some(64 << 20),
        },
    )
    .expect("a lake");
    let lock = lake.lock().expect("the lock");
    let parts = parts(folder, str::to_owned);
    let release = lake
        .commit(&lock, &parts, ReleaseInfo::default())
        .expect("a release");
    (lake, release)
}

#[test]
fn a_query_reads_tables_and_views() {
    let folder = tempfile::tempdir().expect("a folder");
    let (lake, release) = district(folder.path());
    let sql = "SELECT y.student_id, y.enrolled_days FROM attendance_year y \
               JOIN student s ON s.student_id = y.student_id AND s.school_year = y.school_year \
               WHERE y.school_year = 2024 ORDER BY 1";
    let printed = lake
        .query(&release, &measures(), sql)
        .expect("planned")
        .table(3)
        .expect("run");
    assert_eq!((printed.rows, printed.more), (3, true));
    let wanted = "\
+------------+---------------+
| student_id | enrolled_days |
+------------+---------------+
| s1         | 10            |
| s2         | 10            |
| s3         | 8             |
+------------+---------------+";
    assert_eq!(printed.text, wanted);
    for (sql, word) in [
        ("SHOW TABLES", "pd_participation"),
        ("DESCRIBE school", "school_year"),
        ("EXPLAIN SELECT * FROM attendance_days", "attendance_event"),
    ] {
        let printed = lake
            .query(&release, &measures(), sql)
            .expect("planned")
            .table(200);
        assert!(printed.expect("run").text.contains(word), "{sql}");
    }
}

#[test]
fn results_can_be_written_and_read_again() {
    let folder = tempfile::tempdir().expect("a folder");
    let (lake, release) = district(folder.path());
    let query = |sql: &str| lake.query(&release, &measures(), sql).expect("planned");
    let sql = "SELECT school_id, date, is_instructional FROM calendar_day ORDER BY 1, 2 LIMIT 2";
    let csv = folder.path().join("days.csv");
    assert_eq!(query(sql).write_csv(&csv).expect("written"), 2);
    let text = std::fs::read_to_string(&csv).expect("a file");
    assert_eq!(
        text,
        "school_id,date,is_instructional\nA,2023-09-04,false\nA,2023-09-05,true\n"
    );
    let parquet = folder.path().join("days.parquet");
    assert_eq!(
        query("SELECT * FROM calendar_day")
            .write_parquet(&parquet)
            .expect("written"),
        44
    );
    let file = std::fs::File::open(&parquet).expect("a file");
    let reader = parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder::try_new(file)
        .expect("Parquet");
    assert_eq!(reader.metadata().file_metadata().num_rows(), 44);
    let empty = folder.path().join("empty.csv");
    assert_eq!(
        query("SELECT school_id FROM school")
            .write_csv(&empty)
            .expect("written"),
        0
    );
    assert_eq!(
        std::fs::read_to_string(&empty).expect("a file"),
        "school_id\n"
    );
}

#[test]
fn a_failing_query_leaves_no_file() {
    let folder = tempfile::tempdir().expect("a folder");
    let (lake, release) = district(folder.path());
    let csv = folder.path().join("out.csv");
    let sql = "SELECT CAST(school_id AS INT) FROM calendar_day";
    lake.query(&release, &measures(), sql)
        .expect("planned")
        .write_csv(&csv)
        .expect_err("`A` is no number");
    let left: Vec<_> = std::fs::read_dir(folder.path())
        .expect("a folder")
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .filter(|name| name.starts_with("out"))
        .collect();
    assert_eq!(left, Vec::<String>::new());
}

#[test]
fn what_does_not_read_is_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    let (lake, release) = district(folder.path());
    let copy = format!("COPY school TO '{}'", folder.path().join("x.csv").display());
    for sql in [
        "CREATE TABLE t AS SELECT 1",
        "CREATE EXTERNAL TABLE t STORED AS CSV LOCATION 'x.csv'",
        "CREATE VIEW v AS SELECT 1",
        "INSERT INTO school VALUES ('a')",
        "DELETE FROM school",
        "UPDATE school SET name = 'a'",
        "DROP TABLE school",
        "SET datafusion.execution.batch_size = 1",
        "SELECT 1; SELECT 2",
        "SELECT * FROM 'file.csv'",
        "SELECT * FROM nowhere",
        "SELEKT 1",
        "",
        copy.as_str(),
    ] {
        let refused = lake.query(&release, &measures(), sql).err();
        assert!(
            matches!(refused, Some(LakeError::BadQuery(_))),
            "{sql}: {refused:?}"
        );
    }
    assert!(!folder.path().join("x.csv").exists());
}

#[test]
fn parameters_are_bound_as_text_and_nothing_else() {
    let params = [("a", "O'Brien'; DROP TABLE school; --"), ("b", "$a")];
    let params = params
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .into();
    let sql = "SELECT '$a', $a -- not $a\nFROM \"$b\" WHERE x = $b";
    let bound = bind(sql, &params).expect("bound");
    assert_eq!(
        bound,
        "SELECT '$a', 'O''Brien''; DROP TABLE school; --' -- not $a\nFROM \"$b\" WHERE x = '$a'"
    );
    let missing = bind("SELECT $c", &params).expect_err("no value");
    assert!(missing.contains("$c"), "{missing}");
}
