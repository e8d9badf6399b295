//! Workbooks give the rows of their sheet, with its dates, whatever stands around them.

use std::io::{Cursor, Read as _, Write as _};

use rust_xlsxwriter::{ExcelDateTime, Format, Workbook, Worksheet};
use throughline_ingest::IngestError;
use zip::write::SimpleFileOptions;
use zip::{ZipArchive, ZipWriter};

use crate::kit::{Project, column};

const MAPPING: &str = r#"
vendor = "PowerSchool"
table = "attendance_event"
[columns]
student_id = { from = "Student" }
date = { from = "Date", format = "%m/%d/%Y" }
school_id = { from = "School" }
category = { from = "Code", codes = { "P" = "present", "T" = "tardy" } }
minutes = { from = "Minutes" }
"#;

type Outcome = Result<(), Box<dyn std::error::Error>>;

/// The table with its header at `(top, left)`.
fn fill(sheet: &mut Worksheet, top: u32, left: u16) -> Outcome {
    let date = Format::new().set_num_format("m/d/yyyy");
    for (index, name) in (0..).zip(["Student", "Date", "School", "Code", "Minutes"]) {
        sheet.write(top, left + index, name)?;
    }
    let day = ExcelDateTime::from_ymd(2024, 9, 2)?;
    sheet.write(top + 1, left, 1_234_567_890_123_u64)?;
    sheet.write_with_format(top + 1, left + 1, day, &date)?;
    sheet.write(top + 1, left + 2, 12)?;
    sheet.write(top + 1, left + 3, "P")?;
    sheet.write(top + 1, left + 4, 1.5)?;
    sheet.write(top + 3, left, "007")?;
    sheet.write(top + 3, left + 1, "09/03/2024")?;
    sheet.write(top + 3, left + 3, "T")?;
    sheet.write(top + 4, left, "008")?;
    sheet.write(top + 4, left + 1, 45_537)?;
    sheet.write(top + 4, left + 3, "T")?;
    Ok(())
}

fn project(dialect: &str) -> Project {
    let mut project = Project::new(&MAPPING.replace("[columns]", &format!("{dialect}\n[columns]")));
    project.sources[0].pattern = "*".to_owned();
    project
}

#[test]
fn a_sheet_is_read_with_its_dates_and_gaps() -> Outcome {
    let mut book = Workbook::new();
    fill(book.add_worksheet(), 0, 0)?;
    let plain = book.save_to_buffer()?;
    let mut book = Workbook::new();
    book.add_worksheet().write(0, 0, "about")?;
    let sheet = book.add_worksheet().set_name("Daily")?;
    sheet.write(0, 0, "Attendance")?;
    sheet.write(20, 1, "printed")?;
    fill(sheet, 2, 1)?;
    let around = book.save_to_buffer()?;
    for (dialect, bytes, line) in [
        ("", &plain, 2),
        (
            "[dialect]\nsheet = \"daily\"\nrange = \"B3:F19\"",
            &around,
            4,
        ),
        ("[dialect]\nsheet = \"2\"\nrange = \"B3:F19\"", &around, 4),
    ] {
        let project = project(dialect);
        project.write("a.csv", bytes);
        let ingested = project.ingest()?;
        assert!(ingested.warnings.is_empty(), "{:?}", ingested.warnings);
        let count = &ingested.counts[0];
        assert_eq!(
            (count.read, count.kept, count.rejected),
            (3, 2, 1),
            "{dialect}"
        );
        let rows = project.rows(&ingested, "attendance_event");
        assert_eq!(column(&rows, "date"), ["2024-09-02", "2024-09-03"]);
        assert_eq!(column(&rows, "school_id"), ["12", "null"]);
        assert_eq!(column(&rows, "minutes"), ["1.5", "null"]);
        assert_eq!(
            column(&rows, "source_line"),
            [line.to_string(), (line + 2).to_string()]
        );
        let rejects = project.rejects();
        assert_eq!(
            (rejects[0].0, rejects[0].2.as_str()),
            (line + 3, "bad-date")
        );
    }
    Ok(())
}

#[test]
fn the_same_id_is_the_same_person_in_a_workbook_and_in_text() -> Outcome {
    let mut book = Workbook::new();
    fill(book.add_worksheet(), 0, 0)?;
    let project = project("");
    project.write("a.xlsx", book.save_to_buffer()?);
    project.write(
        "b.csv",
        "Student,Date,School,Code,Minutes\n1234567890123,09/05/2024,12,P,\n",
    );
    let rows = project.rows(&project.ingest()?, "attendance_event");
    let students = column(&rows, "student_id");
    assert_eq!(students[0], students[2]);
    Ok(())
}

/// Workbooks of Excel 97 (made by `fixtures/workbooks/make.py`), of both epochs.
#[test]
fn a_workbook_of_excel_97_is_read_with_its_dates_whatever_they_are_counted_from() -> Outcome {
    for epoch in [1900, 1904] {
        let fixture = format!(
            "{}/tests/fixtures/workbooks/attendance_{epoch}.xls",
            env!("CARGO_MANIFEST_DIR")
        );
        let project = project("");
        project.write("a.csv", std::fs::read(fixture)?);
        let ingested = project.ingest()?;
        assert!(ingested.warnings.is_empty(), "{:?}", ingested.warnings);
        let count = &ingested.counts[0];
        assert_eq!(
            (count.read, count.kept, count.rejected),
            (4, 3, 1),
            "{epoch}"
        );
        let rows = project.rows(&ingested, "attendance_event");
        assert_eq!(
            column(&rows, "date"),
            ["2024-09-02", "2024-09-03", "2024-09-04"],
            "{epoch}"
        );
        assert_eq!(column(&rows, "minutes"), ["1.5", "null", "null"]);
        assert_eq!(column(&rows, "source_line"), ["2", "3", "4"]);
    }
    Ok(())
}

/// The same `.xlsx` with its part `name` rewritten.
fn rewritten(
    book: &[u8],
    name: &str,
    edit: impl Fn(String) -> String,
) -> Result<Vec<u8>, Box<dyn std::error::Error>> {
    let mut archive = ZipArchive::new(Cursor::new(book))?;
    let mut out = ZipWriter::new(Cursor::new(Vec::new()));
    for index in 0..archive.len() {
        let mut part = archive.by_index(index)?;
        let part_name = part.name()?.into_owned();
        let mut content = Vec::new();
        part.read_to_end(&mut content)?;
        if part_name == name {
            content = edit(String::from_utf8(content)?).into_bytes();
        }
        out.start_file(part_name, SimpleFileOptions::default())?;
        out.write_all(&content)?;
    }
    Ok(out.finish()?.into_inner())
}

#[test]
fn a_workbook_that_counts_from_1904_gives_dates_four_years_later() -> Outcome {
    let mut book = Workbook::new();
    fill(book.add_worksheet(), 0, 0)?;
    let bytes = rewritten(&book.save_to_buffer()?, "xl/workbook.xml", |text| {
        let edited = text.replacen("<workbookPr ", "<workbookPr date1904=\"1\" ", 1);
        assert_ne!(edited, text);
        edited
    })?;
    let project = project("");
    project.write("a.xlsx", bytes);
    let rows = project.rows(&project.ingest()?, "attendance_event");
    // The serial number that is 2024-09-02 counted from 1900 is 1,462 days later counted from 1904; text stays.
    let mut dates = column(&rows, "date");
    dates.sort_unstable();
    assert_eq!(dates, ["2024-09-03", "2028-09-03"]);
    Ok(())
}

#[test]
fn several_sheets_are_reported_and_a_missing_one_refused() -> Outcome {
    let mut book = Workbook::new();
    fill(book.add_worksheet(), 0, 0)?;
    book.add_worksheet().write(0, 0, "more")?;
    let bytes = book.save_to_buffer()?;
    let found = project("");
    found.write("a.xlsx", &bytes);
    let warnings = found.ingest()?.warnings;
    assert!(
        warnings[0].to_string().contains("has 2 sheets"),
        "{warnings:?}"
    );
    let missing = project("[dialect]\nsheet = \"Monthly\"");
    missing.write("a.xlsx", &bytes);
    let Err(IngestError::Headers(problems)) = missing.ingest() else {
        return Err("the sheet is not there".into());
    };
    assert!(
        problems[0].to_string().contains("no sheet `Monthly`"),
        "{problems:?}"
    );
    let cut = project("");
    for length in [bytes.len() / 2, bytes.len() - 5, 100] {
        cut.write("a.xlsx", &bytes[..length]);
        assert!(
            matches!(cut.ingest(), Err(IngestError::Headers(_))),
            "{length}"
        );
    }
    Ok(())
}
