//! What people do to exports on the way from a vendor to a folder: each is read as it was meant, or refused with a sentence that
//! says what to do, and no cell of it is printed.

use throughline_ingest::IngestError;

use crate::kit::{ATTENDANCE, HEADER, Project, column};

fn rows(count: usize) -> String {
    (0..count)
        .map(|row| format!("00{row:05},09/{:02}/2024,0101,UA,5\n", 1 + row % 28))
        .collect()
}

/// A project of one attendance export.
fn project(content: impl AsRef<[u8]>) -> Project {
    let project = Project::new(ATTENDANCE);
    project.write("a.csv", content);
    project
}

fn refused(project: &Project) -> String {
    project.ingest().expect_err("refused").to_string()
}

/// The same where next to no row may be rejected.
fn strictly_refused(project: &mut Project) -> String {
    project.sources[0].max_rejected = 0.01;
    refused(project)
}

#[test]
fn a_file_that_is_not_found_is_told_beside_what_is_there() {
    let mut project = Project::new(ATTENDANCE);
    project.sources[0].pattern = "attendance_*.csv".to_owned();
    assert!(refused(&project).contains("the folder is empty"));
    project.write("Attendance Report (1).csv", HEADER);
    let told = refused(&project);
    assert!(
        told.contains("the folder holds `Attendance Report (1).csv`"),
        "{told}"
    );
    std::fs::create_dir(project.file("attendance_1.csv")).expect("a folder");
    let told = refused(&project);
    assert!(told.contains("`attendance_1.csv` is a folder"), "{told}");
    project.sources[0].folder = project.file("nowhere");
    assert!(refused(&project).contains("there is no such folder"));
}

#[test]
fn lines_of_nothing_but_delimiters_are_empty_lines_in_every_format() {
    let text = format!("{HEADER}\n{}{}", rows(3), ",,,,\r\n,,\n\n".repeat(20));
    let wide: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
    for bytes in [text.into_bytes(), wide] {
        let count = project(bytes).count();
        assert_eq!((count.read, count.kept, count.rejected), (3, 3, 0));
    }
    // A quoted nothing is a cell, and so is a space.
    let count = {
        let mut project = project(format!("{HEADER}\n{}\"\",,,,\n ,,,,\n", rows(3)));
        project.sources[0].max_rejected = 1.0;
        project.count()
    };
    assert_eq!((count.read, count.rejected), (5, 2));
}

#[test]
fn tabs_in_place_of_commas_are_named_in_every_encoding() {
    let text = format!("{HEADER}\n{}", rows(3)).replace(',', "\t");
    let wide: Vec<u8> = format!("\u{feff}{text}")
        .encode_utf16()
        .flat_map(u16::to_le_bytes)
        .collect();
    for bytes in [text.into_bytes(), wide] {
        let told = refused(&project(bytes));
        assert!(told.contains("fields are separated by tabs"), "{told}");
        assert!(told.contains("`delimiter = \"\\t\"`"), "{told}");
    }
}

#[test]
fn a_web_page_and_a_pdf_are_called_what_they_are() {
    for (start, word) in [
        (
            "<!DOCTYPE html>\n<html><body>Sign in</body></html>\n",
            "web page",
        ),
        ("%PDF-1.7\n1 0 obj\n", "PDF"),
    ] {
        let told = refused(&project(start));
        assert!(told.contains(word) && !told.contains("Sign in"), "{told}");
    }
    let told = refused(&project("Sister,Day\n1,2\n"));
    assert!(
        told.contains("expected columns such as `Student_Number`, `Att_Date`, `School`"),
        "{told}"
    );
}

#[test]
fn ids_that_a_spreadsheet_has_rounded_are_rejected() {
    let mut project = project(format!(
        "{HEADER}\n{}1.00E+06,09/02/2024,0101,P,\n1E+06,09/03/2024,0101,P,\n",
        rows(3)
    ));
    let told = strictly_refused(&mut project);
    assert!(
        told.contains("rounded-id in column `Student_Number` (2 in all)")
            && told.contains("a spreadsheet has rounded the ID"),
        "{told}"
    );
    project.sources[0].max_rejected = 0.5;
    let count = project.count();
    assert_eq!((count.kept, count.rejected), (3, 2));
    // These are IDs.
    project.write(
        "b.csv",
        format!("{HEADER}\n1E06,09/02/2024,0101,P,\n12E+06,09/02/2024,0101,P,\n"),
    );
    let counts = project.ingest().expect("an ingest").counts;
    assert_eq!((counts[1].kept, counts[1].rejected), (2, 0));
}

#[test]
fn digits_that_are_kept_from_a_spreadsheet_are_those_digits() {
    let plain = project(format!("{HEADER}\n0042,09/02/2024,0101,P,\n"));
    let guarded = format!(
        "{HEADER}\n=\"0042\",09/03/2024,=\"0101\",P,\n\"=\"\"0042\"\"\",09/04/2024,0101,P,\n"
    );
    plain.write("b.csv", guarded);
    let ingested = plain.ingest().expect("an ingest");
    let rows = plain.rows(&ingested, "attendance_event");
    for name in ["student_id", "school_id"] {
        let mut ids = column(&rows, name);
        ids.dedup();
        assert_eq!((rows.len(), ids.len()), (3, 1), "{name}");
    }
}

#[test]
fn a_refusal_says_what_each_rule_means_and_what_the_mapping_expects() {
    let mut project = project(format!(
        "{HEADER}\n{}1,2024-09-02,0101,P,\n2,09/02/24,0101,P,\n3,09/02/2024,0101,Zq,\n4,09/02/2024,0101,P,\"1,020\"\n5,09/02/2024,0101,P,5,6\n",
        rows(3)
    ));
    let told = strictly_refused(&mut project);
    for line in [
        "a.csv:5: bad-date in column `Att_Date` (1 in all): no date as the mapping writes it, `%m/%d/%Y`; the first looks like `9999-99-99`",
        "a.csv:6: out-of-range in column `Att_Date`",
        "years of two digits are `%y`",
        "a.csv:7: unknown-code in column `Code` (1 in all): a word that the mapping does not list under `codes`, which has `P`, `T`, `UA`",
        "a.csv:8: bad-number in column `Minutes`",
        "a.csv:9: field-count (1 in all): more or fewer fields than the header has",
    ] {
        assert!(told.contains(line), "{line}\n{told}");
    }
    for cell in ["2024-09-02", "Zq", "1,020"] {
        assert!(!told.contains(cell), "{told}");
    }
}

#[test]
fn a_second_header_and_mark_in_the_middle_cost_one_row() {
    let mut project = project(format!(
        "\u{feff}{HEADER}\n{}\u{feff}{HEADER}\n{}",
        rows(9),
        rows(20).split_off(rows(9).len())
    ));
    project.sources[0].max_rejected = 0.1;
    let count = project.count();
    assert_eq!((count.read, count.kept, count.rejected), (21, 20, 1));
}

#[test]
fn a_header_twice_the_same_name_is_refused() {
    let told = refused(&project(format!(
        "{}\n{}",
        HEADER.replace("Minutes", "Att_Date"),
        rows(3)
    )));
    assert!(told.contains("`Att_Date` stands twice"), "{told}");
    assert!(matches!(
        project(format!("{}\n", HEADER.replace("Minutes", "Att_Date"))).ingest(),
        Err(IngestError::Headers(_))
    ));
}
