//! What a part holds: typed, pseudonymised rows that any reader of Parquet understands.

use std::fs::{self, File};

use arrow::datatypes::{DataType, TimeUnit};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use parquet::basic::LogicalType;
use parquet::file::reader::{FileReader as _, SerializedFileReader};
use throughline_ingest::Options;

use crate::kit::{ATTENDANCE, HEADER, Project, TITLES, column};

#[test]
fn rows_become_typed_and_pseudonymous() {
    let project = Project::new(ATTENDANCE);
    project.write(
        "a.csv",
        format!(
            "\u{feff}{}\r\n007,09/02/2024,0123,p,\r\n7,09/03/2024, 0123 ,UA,12.5\r\n007,01/06/2025,,T,0\r\n",
            HEADER.to_uppercase()
        ),
    );
    let ingested = project.ingest().expect("an ingest");
    let rows = project.rows(&ingested, "attendance_event");
    assert_eq!(
        column(&rows, "date"),
        ["2024-09-02", "2024-09-03", "2025-01-06"]
    );
    assert_eq!(column(&rows, "school_id"), ["0123", "0123", "null"]);
    assert_eq!(
        column(&rows, "category"),
        ["present", "unexcused_absence", "tardy"]
    );
    assert_eq!(column(&rows, "minutes"), ["null", "12.5", "0.0"]);
    assert_eq!(column(&rows, "period"), ["null", "null", "null"]);
    assert_eq!(column(&rows, "school_year"), ["2025", "2025", "2025"]);
    assert_eq!(column(&rows, "source_file"), ["exports/a.csv"; 3]);
    assert_eq!(column(&rows, "source_line"), ["2", "3", "4"]);
    assert_eq!(column(&rows, "loaded_at"), ["2023-11-14T21:13:20Z"; 3]);
    let ids = column(&rows, "student_id");
    assert_eq!(ids[0], ids[2]);
    assert_ne!(ids[0], ids[1], "007 is not 7");
    assert!(ids.iter().all(|id| id.len() == 12));
    assert!(ingested.warnings.is_empty(), "{:?}", ingested.warnings);
}

#[test]
fn a_part_holds_one_school_year() {
    let project = Project::new(ATTENDANCE);
    project.write(
        "a.csv",
        format!("{HEADER}\n1,06/30/2024,,P,\n1,07/01/2024,,P,\n2,05/01/2024,,P,\n"),
    );
    let ingested = project.ingest().expect("an ingest");
    let years: Vec<_> = ingested
        .parts
        .iter()
        .map(|part| (part.years, part.rows))
        .collect();
    assert_eq!(years, [(Some((2024, 2024)), 2), (Some((2025, 2025)), 1)]);
    let rows = project.rows(&ingested, "attendance_event");
    assert_eq!(column(&rows, "source_line"), ["2", "4", "3"]);
}

#[test]
fn readers_see_plain_types() {
    let project = Project::new(ATTENDANCE);
    project.write("a.csv", format!("{HEADER}\n1,09/02/2024,9,P,1\n"));
    let ingested = project.ingest().expect("an ingest");
    let path = project.lake().join(&ingested.parts[0].path);
    let builder = File::open(&path)
        .map_err(Into::into)
        .and_then(ParquetRecordBatchReaderBuilder::try_new)
        .expect("Parquet");
    let types: Vec<_> = builder
        .schema()
        .fields()
        .iter()
        .map(|field| (field.name().as_str(), field.data_type().clone()))
        .collect();
    let utc = DataType::Timestamp(TimeUnit::Millisecond, Some("UTC".into()));
    assert_eq!(
        types,
        [
            ("student_id", DataType::Utf8),
            ("date", DataType::Date32),
            ("period", DataType::Utf8),
            ("school_id", DataType::Utf8),
            ("category", DataType::Utf8),
            ("minutes", DataType::Float64),
            ("style", DataType::Utf8),
            ("school_year", DataType::Int32),
            ("source_file", DataType::Utf8),
            ("source_line", DataType::Int32),
            ("loaded_at", utc),
        ]
    );
    let reader = SerializedFileReader::new(File::open(&path).expect("a part")).expect("Parquet");
    let metadata = reader.metadata();
    assert_eq!(
        metadata
            .file_metadata()
            .schema_descr()
            .column(0)
            .logical_type_ref(),
        Some(&LogicalType::String)
    );
    let group = metadata.row_group(0);
    for index in [1, 7] {
        let statistics = group.column(index).statistics().expect("statistics");
        assert!(statistics.min_bytes_opt().is_some() && statistics.max_bytes_opt().is_some());
    }
}

#[test]
fn quoted_text_survives() {
    let project = Project::new(TITLES);
    project.write(
        "a.csv",
        "id,name,vendor\r\n1,\"Reading, \"\"fast\"\"\",\"two\nlines\"\r\n\r\n2,ünïcode – ✓,\r\n",
    );
    let ingested = project.ingest().expect("an ingest");
    let rows = project.rows(&ingested, "tool");
    assert_eq!(column(&rows, "name"), ["Reading, \"fast\"", "ünïcode – ✓"]);
    assert_eq!(column(&rows, "vendor"), ["two\nlines", "null"]);
    assert_eq!(column(&rows, "source_line"), ["2", "5"]);
    assert_eq!(column(&rows, "school_year"), ["null", "null"]);
    assert_eq!(ingested.parts[0].years, None);
}

/// Enough rows for several segments, batches and row groups, in a file of several megabytes.
fn large() -> String {
    let mut text = String::from("id,name,vendor\n");
    for row in 0..1_200_000_u64 {
        let scrambled = row.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 40;
        match scrambled % 50_000 {
            0 => text.push_str(&format!("{row},\"a\nb, \"\"{scrambled}\"\"\",v\n")),
            1 => text.push_str(&format!("{row},broken\n")),
            _ => text.push_str(&format!("{row},n{},v{}\n", scrambled % 1000, row / 400_000)),
        }
    }
    text
}

#[test]
fn bytes_do_not_depend_on_the_number_of_threads() {
    let text = large();
    let project = Project::new(TITLES);
    project.write("a.csv", &text);
    let mut seen = Vec::new();
    for jobs in [1, 3, 4] {
        let _ = fs::remove_dir_all(project.lake());
        let options = Options {
            jobs: Some(jobs),
            ..Options::default()
        };
        let ingested = project.ingest_with(&options).expect("an ingest");
        let bytes: Vec<_> = ingested
            .parts
            .iter()
            .map(|part| fs::read(project.lake().join(&part.path)).expect("a part"))
            .collect();
        seen.push((ingested, bytes));
    }
    assert!(seen[0] == seen[1] && seen[1] == seen[2]);

    let rows = project.rows(&seen[0].0, "tool");
    let mut expected = Vec::new();
    let mut reader = text.split_inclusive('\n').enumerate().skip(1).peekable();
    while let Some((line, first)) = reader.next() {
        if first.contains("\"a") {
            reader.next();
        }
        if !first.contains("broken") {
            expected.push((line as u64 + 1).to_string());
        }
    }
    assert_eq!(column(&rows, "source_line"), expected);
    let path = project.lake().join(&seen[0].0.parts[0].path);
    let reader = SerializedFileReader::new(File::open(path).expect("a part")).expect("Parquet");
    assert_eq!(reader.metadata().row_group(0).num_rows(), 1 << 20);
    assert_eq!(reader.metadata().num_row_groups(), 2);
}
