//! Files: the same bytes every time, readable back, and nothing in them that is withheld.

use std::fs;
use std::io::Read;

use arrow::array::{Array, Float64Array, StringArray};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

use super::Written;
use crate::fixture;
use crate::table::WITHHELD;

#[test]
fn the_same_report_gives_the_same_bytes() {
    let [first, second] = [fixture::small(), fixture::small()].map(|report| Written::new(&report));
    assert_eq!(first.names(), second.names());
    for name in first.names() {
        let read =
            |written: &Written| fs::read(written.folder.path().join(&name)).expect("readable");
        assert!(read(&first) == read(&second), "{name}");
    }
}

#[test]
fn what_is_listed_is_what_is_written() {
    let written = Written::new(&fixture::small());
    let mut listed: Vec<String> = written
        .paths
        .iter()
        .map(|path| {
            let name = path.strip_prefix(written.folder.path()).expect("inside");
            name.to_string_lossy().replace('\\', "/")
        })
        .collect();
    listed.sort();
    let mut names = written.names();
    names.sort();
    assert_eq!(listed, names);
    assert!(written.paths[0].ends_with("report.html"));
}

#[test]
fn charts_of_an_earlier_run_go_and_other_files_stay() {
    let report = fixture::small();
    let written = Written::new(&report);
    let charts = written.folder.path().join("charts");
    fs::write(charts.join("forest-gone.svg"), "<svg/>").expect("written");
    fs::write(charts.join("note.txt"), "mine").expect("written");
    fs::write(written.folder.path().join("note.txt"), "mine").expect("written");
    crate::write(&report, written.folder.path()).expect("written again");
    let names = written.names();
    assert!(!names.contains(&"charts/forest-gone.svg".to_owned()));
    assert!(names.contains(&"charts/note.txt".to_owned()));
    assert!(names.contains(&"note.txt".to_owned()));
}

#[test]
fn a_folder_that_cannot_be_made_is_an_error_that_names_it() {
    let scratch = tempfile::tempdir().expect("a scratch folder");
    let file = scratch.path().join("reports");
    fs::write(&file, "in the way").expect("written");
    let error = crate::write(&fixture::empty(), &file).expect_err("a file is in the way");
    assert!(error.to_string().contains("reports"), "{error}");
}

/// Every text in the workbook, sheet by sheet.
fn workbook(written: &Written) -> String {
    let bytes = fs::read(written.folder.path().join("findings.xlsx")).expect("readable");
    let mut archive = zip::ZipArchive::new(std::io::Cursor::new(bytes)).expect("a zip archive");
    let mut all = String::new();
    for place in 0..archive.len() {
        let mut entry = archive.by_index(place).expect("an entry");
        entry.read_to_string(&mut all).expect("XML");
    }
    all
}

#[test]
fn the_workbook_has_its_sheets_and_a_fixed_date() {
    let all = workbook(&Written::new(&fixture::small()));
    for sheet in [
        "Summary", "Findings", "Checks", "Dose", "Coverage", "Sources", "Links", "Read me",
    ] {
        assert!(all.contains(&format!("<sheet name=\"{sheet}\"")), "{sheet}");
    }
    assert!(all.contains("2000-01-01T00:00:00Z"));
    assert!(all.contains("state=\"frozen\""));
    assert!(all.contains("#,##0"));
}

#[test]
fn parquet_reads_back_with_types_and_nulls() {
    let report = fixture::small();
    let written = Written::new(&report);
    let file = fs::File::open(written.folder.path().join("findings.parquet")).expect("readable");
    let reader = ParquetRecordBatchReaderBuilder::try_new(file)
        .expect("Parquet")
        .build()
        .expect("a reader");
    let batches: Vec<_> = reader.map(|batch| batch.expect("a batch")).collect();
    let [batch] = batches.as_slice() else {
        panic!("one batch");
    };
    assert_eq!(
        batch.num_rows(),
        report.findings.findings.len() + report.findings.withheld.len()
    );
    let text = |name: &str| {
        let column = batch.column_by_name(name).expect("the column is there");
        column
            .as_any()
            .downcast_ref::<StringArray>()
            .expect("text")
            .clone()
    };
    let adjusted = batch
        .column_by_name("adjusted_sd")
        .expect("the column is there");
    let adjusted = adjusted
        .as_any()
        .downcast_ref::<Float64Array>()
        .expect("numbers");
    let (ids, status) = (text("id"), text("status"));
    for row in 0..batch.num_rows() {
        let known = report
            .findings
            .findings
            .iter()
            .find(|finding| finding.id == ids.value(row));
        match known {
            Some(finding) => {
                let expected = finding.adjusted.expect("an estimate").estimate;
                assert_eq!(adjusted.value(row), expected);
                assert_eq!(status.value(row), "shown");
            }
            None => {
                assert!(adjusted.is_null(row));
                assert_eq!(status.value(row), WITHHELD);
            }
        }
    }
}

#[test]
fn what_is_withheld_is_said_and_its_numbers_are_nowhere() {
    let report = fixture::small();
    assert_eq!(report.findings.withheld.len(), 1);
    let written = Written::new(&report);
    let mut all = workbook(&written);
    assert!(all.contains(WITHHELD));
    for name in written.names() {
        if name.ends_with(".xlsx") || name.ends_with(".parquet") {
            continue;
        }
        let text = written.text(&name);
        if ["report.html", "findings.csv"].contains(&name.as_str()) {
            assert!(text.contains(WITHHELD), "{name}");
        }
        // The font is letters and digits in no order: any number may stand in it.
        let shown: String = text
            .split("base64,")
            .enumerate()
            .map(|(place, piece)| {
                if place == 0 {
                    piece
                } else {
                    piece.split_once(')').map_or("", |(_, rest)| rest)
                }
            })
            .collect();
        all.push_str(&shown);
    }
    let effect = format!("{:.3}", fixture::SECRET_EFFECT);
    assert!(!all.contains(&effect));
    let row = all
        .lines()
        .find(|line| line.starts_with("main.pilot.reading."))
        .expect("the CSV has the withheld finding");
    assert!(!row.contains(&format!(",{},", fixture::SECRET_STUDENTS)));
    // After what names the question there is no digit at all.
    let (_, numbers) = row.split_once(WITHHELD).expect("the row says so");
    assert!(
        !numbers.chars().any(|letter| letter.is_ascii_digit()),
        "{numbers}"
    );
}

#[test]
fn run_json_counts_and_holds_no_time() {
    let text = Written::new(&fixture::small()).text("run.json");
    let run: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    assert_eq!(run["counts"]["findings"], 11);
    assert_eq!(run["counts"]["withheld"], 1);
    assert_eq!(run["counts"]["rows_read"], 2 * 81_204);
    assert_eq!(run["verdicts"]["went_with_worse_outcomes"], 1);
    assert_eq!(run["provenance"]["inputs"], "4be1".repeat(16));
    for time in ["seconds", "duration", "started", "finished", "time\""] {
        assert!(!text.contains(time), "{time}");
    }
}
