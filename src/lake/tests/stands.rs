//! Views that stand in the place of a table: who sees the view, and who sees the table.

use std::path::Path;

use arrow::datatypes::DataType;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use throughline_model::check::{Check, Rule, Severity};
use throughline_model::progress::Silent;
use throughline_model::{Measure, tables};

use super::scratch::{measures, part, pipeline};
use crate::{Asked, Lake, LakeError, LakeOptions, Release, ReleaseInfo};

const SCHOOLS: &str = "school_id,name,school_year\nA,Ash,2024\nB,Birch,2024\n";
const STANDS: &str =
    "SELECT school_id, upper(name) AS name, school_year FROM school WHERE school_id <> 'B'";

fn view(name: &str, sql: &str) -> Measure {
    Measure::parse(
        name,
        name,
        &format!("-- measure: {name}\n-- role: view\n{sql}"),
    )
    .expect("a view")
}

fn lake(folder: &Path) -> (Lake, Release) {
    let lake = Lake::open(
        folder,
        LakeOptions {
            threads: 2,
            memory: None,
        },
    )
    .expect("a lake");
    let lock = lake.lock().expect("the lock");
    let parts = [part(folder, "school", SCHOOLS)];
    let release = lake
        .commit(&lock, &parts, ReleaseInfo::default())
        .expect("a release");
    (lake, release)
}

fn json(lake: &Lake, release: &Release, views: &[Measure], sql: &str) -> String {
    let result = lake.query(release, views, sql).expect("planned");
    result.json().expect("run")
}

#[test]
fn every_other_query_sees_the_view_and_the_view_sees_the_table() {
    let folder = tempfile::tempdir().expect("a folder");
    let (lake, release) = lake(folder.path());
    let views = [
        view("named", "SELECT name FROM school"),
        view("school", STANDS),
    ];
    for sql in ["SELECT name FROM school", "SELECT name FROM named"] {
        assert_eq!(
            json(&lake, &release, &views, sql),
            r#"[{"name":"ASH"}]"#,
            "{sql}"
        );
    }
    assert_eq!(
        json(&lake, &release, &[], "SELECT count(*) AS n FROM school"),
        r#"[{"n":2}]"#
    );
}

#[test]
fn a_view_that_reads_itself_through_another_is_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    let (lake, release) = lake(folder.path());
    let views = [
        view("named", "SELECT name FROM school"),
        view("school", "SELECT name FROM named"),
    ];
    let refused = lake
        .query(&release, &views, "SELECT name FROM school")
        .err();
    assert!(
        matches!(&refused, Some(LakeError::BadMeasure { reason, .. }) if reason.contains("reads itself")),
        "{refused:?}"
    );
}

#[test]
fn checks_look_at_the_table() {
    let folder = tempfile::tempdir().expect("a folder");
    let (lake, release) = lake(folder.path());
    let mut pipeline = pipeline(Vec::new(), Vec::new());
    pipeline.measures.push(view("school", STANDS));
    pipeline.checks = vec![Check {
        table: tables::find("school").expect("a table"),
        rule: Rule::Accepted {
            column: "name",
            values: vec!["Ash".to_owned()],
        },
        at_most: 0.0,
        severity: Severity::Warn,
        declared: true,
    }];
    let asked = Asked {
        pipeline: &pipeline,
        parts: &release.parts,
        counts: &[],
        release: Some(&release.id),
        today: "2024-06-01".parse().expect("a date"),
    };
    let checked = lake.check(&asked, &Silent).expect("checked");
    let check = &checked.checks[0];
    assert_eq!((check.rows, check.broken), (2, 1));
    assert_eq!(check.places[0].line, 3);
}

/// What a column holds; text is text in either of Arrow's layouts.
fn kind(data_type: &DataType) -> DataType {
    match data_type {
        DataType::Utf8View => DataType::Utf8,
        other => other.clone(),
    }
}

/// Whoever reads a table reads the view: it must have all that the table has, under the same names.
#[test]
fn a_shipped_view_has_the_columns_of_the_table_whose_place_it_takes() {
    let folder = tempfile::tempdir().expect("a folder");
    let (lake, release) = lake(folder.path());
    let shipped = measures();
    let standing: Vec<&Measure> = shipped
        .iter()
        .filter(|measure| tables::find(&measure.name).is_some())
        .collect();
    assert!(!standing.is_empty());
    for view in standing {
        let columns = |views: &[Measure]| {
            let sql = format!("SELECT * FROM {}", view.name);
            let planned = lake.query(&release, views, &sql).expect("planned");
            let path = folder.path().join("rows.parquet");
            planned.write_parquet(&path).expect("written");
            let file = std::fs::File::open(&path).expect("a file");
            let reader = ParquetRecordBatchReaderBuilder::try_new(file).expect("Parquet");
            let fields = reader.schema().fields().iter();
            fields
                .map(|field| (field.name().clone(), kind(field.data_type())))
                .collect::<Vec<_>>()
        };
        let (table, seen) = (columns(&[]), columns(&shipped));
        for column in &table {
            assert!(
                seen.contains(column),
                "{}: {column:?} of {seen:?}",
                view.name
            );
        }
    }
}

/// A completion that totals two sessions, and one training in two units: two rows say what others say.
#[test]
fn rows_whose_hours_count_in_another_are_told() {
    let folder = tempfile::tempdir().expect("a folder");
    let trained = "person_id,person_type,activity_id,date,status,hours,hours_unit\n\
        t1,staff,a,2023-09-05,attended,3,\n\
        t1,staff,a,2023-09-12,attended,3,\n\
        t1,staff,a,2023-10-02,completed,6,\n\
        t2,staff,a,2023-10-02,completed,6,clock_hours\n\
        t2,staff,a,2023-10-02,completed,0.6,ceu\n";
    let parts = [part(folder.path(), "pd_participation", trained)];
    let options = LakeOptions {
        threads: 2,
        memory: None,
    };
    let lake = Lake::open(folder.path(), options).expect("a lake");
    let mut pipeline = pipeline(Vec::new(), Vec::new());
    pipeline.checks = vec![Check {
        table: tables::find("pd_participation").expect("a table"),
        rule: Rule::Once { column: "hours" },
        at_most: 0.0,
        severity: Severity::Note,
        declared: false,
    }];
    let asked = Asked {
        pipeline: &pipeline,
        parts: &parts,
        counts: &[],
        release: None,
        today: "2024-06-01".parse().expect("a date"),
    };
    let checked = lake.check(&asked, &Silent).expect("checked");
    let check = &checked.checks[0];
    assert_eq!((check.rows, check.broken), (5, 2));
    let lines: Vec<u64> = check.places.iter().map(|place| place.line).collect();
    assert_eq!(lines, [4, 6]);
}
