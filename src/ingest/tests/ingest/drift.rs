//! A header that is not yesterday's: what became of its columns is said, and no required field is filled with nothing.

use throughline_ingest::IngestError;

use crate::kit::{ATTENDANCE, HEADER, Project};

const ROWS: &str =
    "1001,01/09/2024,0101,UA,10\n1002,01/10/2024,0101,P,\n1003,01/11/2024,0101,T,5\n";

fn read(header: &str) -> (Result<u64, IngestError>, Vec<String>) {
    let project = Project::new(ATTENDANCE);
    project.write("attendance_1.csv", format!("{header}\n{ROWS}"));
    match project.ingest() {
        Ok(ingested) => {
            let warnings = ingested.warnings.iter().map(ToString::to_string).collect();
            (
                Ok(ingested.counts.iter().map(|count| count.kept).sum()),
                warnings,
            )
        }
        Err(error) => (Err(error), Vec::new()),
    }
}

#[test]
fn a_renamed_required_column_is_refused_with_the_line_to_change() {
    let (read, _) = read(&HEADER.replace("Att_Date", "Attendance_Date"));
    let message = read.unwrap_err().to_string();
    assert!(
        message.contains("`Att_Date` is probably `Attendance_Date` now"),
        "{message}"
    );
    assert!(
        message.contains("`date`, which must not be empty"),
        "{message}"
    );
    // What became of it is said once, and not beside a guess by name alone.
    assert_eq!(message.matches("error:").count(), 1, "{message}");
    let line = "date = { from = \"Att_Date | Attendance_Date\", format = \"%m/%d/%Y\" }";
    assert!(message.contains(line), "{message}");
}

#[test]
fn a_renamed_code_column_is_found_by_its_words() {
    let (read, _) = read(&HEADER.replace(",Code,", ",Absence_Code,"));
    let message = read.unwrap_err().to_string();
    assert!(
        message.contains("`Code` is probably `Absence_Code` now"),
        "{message}"
    );
}

#[test]
fn a_dropped_optional_column_warns() {
    let (read, warnings) = read(&HEADER.replace("Minutes", "Homeroom"));
    assert_eq!(read.unwrap(), 3);
    let said = warnings.join("\n");
    assert!(
        said.contains("dropped: `Minutes` is gone (`minutes` is left empty)"),
        "{said}"
    );
    assert!(said.contains("added: `Homeroom` is new"), "{said}");
    assert!(
        said.contains("ignore = [\"Last_Name\", \"Homeroom\"]"),
        "{said}"
    );
}

#[test]
fn a_dropped_required_column_is_refused() {
    let (read, _) = read(&HEADER.replace("Student_Number", "Zebra"));
    let message = read.unwrap_err().to_string();
    assert!(
        message.contains("`Student_Number` is gone (`student_id` must not be empty)"),
        "{message}"
    );
}

#[test]
fn a_new_column_warns_and_changes_nothing() {
    let project = Project::new(ATTENDANCE);
    let rows = ROWS.replace('\n', ",x\n");
    project.write("attendance_1.csv", format!("{HEADER},Homeroom\n{rows}"));
    let ingested = project.ingest().unwrap();
    assert_eq!(ingested.counts[0].kept, 3);
    let [warning] = ingested.warnings.as_slice() else {
        panic!("{:?}", ingested.warnings)
    };
    assert!(warning.message.contains("`Homeroom`"), "{warning}");
    assert_eq!(
        warning.hints,
        ["in `export.toml`: ignore = [\"Last_Name\", \"Homeroom\"]"]
    );
}

#[test]
fn what_holds_of_every_file_of_a_source_is_said_once() {
    let project = Project::new(ATTENDANCE);
    for month in ["01", "02", "03"] {
        let rows = ROWS
            .replace("01/", &format!("{month}/"))
            .replace('\n', ",x\n");
        project.write(
            &format!("attendance_{month}.csv"),
            format!("{HEADER},Homeroom\n{rows}"),
        );
    }
    let warnings = project.ingest().unwrap().warnings;
    let [warning] = warnings.as_slice() else {
        panic!("{warnings:?}")
    };
    let told = warning.to_string();
    assert!(told.contains("exports/attendance_01.csv:1:6"), "{told}");
    assert!(
        told.contains("holds of `exports/attendance_02.csv`, `exports/attendance_03.csv`"),
        "{told}"
    );
}

#[test]
fn a_shipped_mapping_says_how_it_is_changed() {
    let mut project = Project::new(ATTENDANCE);
    project.sources[0].mapping.shipped = true;
    project.write(
        "a.csv",
        format!("{}\n{ROWS}", HEADER.replace("Att_Date", "Day")),
    );
    let message = project.ingest().unwrap_err().to_string();
    assert!(
        message.contains("`throughline map --shipped export --out "),
        "{message}"
    );
}

#[test]
fn a_school_year_that_the_calendar_lacks_is_said() {
    let project = Project::new(ATTENDANCE);
    project.write("a.csv", format!("{HEADER}\n1,09/02/2030,10,P,\n"));
    let warnings = project.ingest().unwrap().warnings;
    assert!(
        warnings[0].message.contains("school year 2031"),
        "{warnings:?}"
    );
    assert!(
        warnings[0].hints[0].contains("`last_year = 2031`"),
        "{warnings:?}"
    );
    let project = Project::new(ATTENDANCE);
    project.write("a.csv", format!("{HEADER}\n1,06/02/2030,10,P,\n"));
    assert_eq!(project.ingest().unwrap().warnings, []);
    // A file of another time altogether.
    project.write("b.csv", format!("{HEADER}\n1,09/02/2018,10,P,\n"));
    let warnings = project.ingest().unwrap().warnings;
    assert!(
        warnings[0].hints[0].contains("`first_year = 2019`"),
        "{warnings:?}"
    );
}

#[test]
fn no_cell_is_quoted() {
    let (read, _) = read(&HEADER.replace("Att_Date", "Attendance_Date"));
    let message = read.unwrap_err().to_string();
    for cell in ["1001", "1002", "01/09/2024"] {
        assert!(!message.contains(cell), "{message}");
    }
}
