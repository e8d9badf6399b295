//! One person, one pseudonym: addresses in any case, IDs that a script or a spreadsheet has damaged, and what is said where a repair is
//! missing.

use throughline_ingest::{IngestError, Suspect, causes};
use throughline_model::Mapping;
use throughline_model::repair::Repair;

use crate::kit::{Project, column};

const STAFF: &str = r#"
vendor = "Any"
table = "staff"
id_system = "ID"
[columns]
staff_id = { from = "Number" }
school_year = { value = "2024" }
role = { value = "teacher" }
"#;

const AWARDS: &str = r#"
vendor = "Any"
table = "credential_award"
id_system = "ID"
[columns]
person_id = { from = "Who"REPAIR }
person_type = { value = "staff" }
credential_id = { value = "B1" }
framework = { value = "f" }
issued_date = { from = "Day", format = "iso" }
"#;

fn project(staff: &[&str], awards: &[&str], repair: &str) -> Project {
    let mut project = Project::new(STAFF);
    project.sources[0].pattern = "staff.csv".to_owned();
    let repair = match repair {
        "" => String::new(),
        words => format!(", repair = {words}"),
    };
    project.source("awards", "awards.csv", &AWARDS.replace("REPAIR", &repair));
    let lines = |header: &str, rows: Vec<String>| format!("{header}\n{}\n", rows.join("\n"));
    let staff = staff.iter().map(|id| format!("\"{id}\"")).collect();
    project.write("staff.csv", lines("Number", staff));
    let awards = awards.iter().map(|id| format!("\"{id}\",2024-01-02"));
    project.write("awards.csv", lines("Who,Day", awards.collect()));
    project
}

/// Which of the staff each award belongs to, by place.
fn holders(project: &Project) -> Vec<Option<usize>> {
    let ingested = project.ingest().expect("an ingest");
    let staff = column(&project.rows(&ingested, "staff"), "staff_id");
    let awards = column(&project.rows(&ingested, "credential_award"), "person_id");
    let place = |id: &String| staff.iter().position(|known| known == id);
    awards.iter().map(place).collect()
}

#[test]
fn an_address_is_the_same_person_s_in_any_case() {
    let project = project(
        &["Ann@District.example", "ben@district.example", "JDoe"],
        &[
            "ann@district.example",
            "mailto:BEN@district.example",
            "Ann B <ANN@DISTRICT.EXAMPLE>",
            "jdoe",
        ],
        "",
    );
    // The award that was told twice, in two writings of one address, counts once. A login is no address: `JDoe` and `jdoe` can be two
    // people.
    assert_eq!(holders(&project), [Some(0), Some(1), None]);
}

#[test]
fn declared_repairs_make_ids_known() {
    let staff = ["0020001", "0020002", "0100000"];
    let damaged = ["20001.0", "20002.0", "100000.0"];
    let project_of = |repair| project(&staff, &damaged, repair);
    assert_eq!(holders(&project_of("")), [None, None, None]);
    assert_eq!(
        holders(&project_of("[\"strip_decimal\", \"pad_zeros:7\"]")),
        [Some(0), Some(1), Some(2)]
    );
    // R writes 100000 so, and the numbers beside it in full.
    let round = project(
        &staff,
        &["100001", "1e+05"],
        "[\"expand_exponent\", \"pad_zeros:7\"]",
    );
    assert_eq!(holders(&round), [None, Some(2)]);
    // A spreadsheet that has rounded them has lost them.
    let mut rounded = project(&staff, &["2.00E+04", "2.0E+04"], "\"expand_exponent\"");
    rounded.sources[1].max_rejected = 1.0;
    assert_eq!(holders(&rounded), []);
}

#[test]
fn a_repair_never_makes_one_person_of_two() {
    let project = project(&["0042"], &["42", "0042"], "\"pad_zeros:4\"");
    let error = project.ingest().expect_err("refused");
    let told = error.to_string();
    assert!(matches!(error, IngestError::Headers(_)), "{told}");
    assert!(
        told.contains("the repair of `Who` makes one ID of IDs that the file writes differently (1 of 2; the first look like `99` and `9999`)"),
        "{told}"
    );
    assert!(!told.contains("42"), "{told}");
}

#[test]
fn why_people_are_nobody_is_told_without_telling_who() {
    let ids: Vec<String> = (20001..20029).map(|n| format!("00{n}")).collect();
    let staff: Vec<&str> = ids.iter().map(String::as_str).collect();
    let damaged: Vec<String> = (20001..20029).map(|n| format!("{n}.0")).collect();
    let awards: Vec<&str> = damaged.iter().map(String::as_str).collect();
    let project = project(&staff, &awards, "");
    let suspect = Suspect {
        source: "awards".to_owned(),
        column: "person_id".to_owned(),
        refers: None,
    };
    let found = causes(&project.pipeline(), std::slice::from_ref(&suspect)).expect("causes");
    let told: Vec<&str> = found.iter().map(|cause| cause.told.as_str()).collect();
    assert_eq!(
        told,
        [
            "`Who` of source `awards`: all 28 IDs that nobody has end in `.0`: they were written as numbers; repaired, 28 of 28 are \
          known: declare `ids = { person_id = { repair = [\"strip_decimal\", \"pad_zeros:7\"] } }` of source `awards`"
        ]
    );
    assert!(!told[0].contains("2000"));
}

#[test]
fn what_a_source_declares_makes_its_rows_again() {
    let mut project = project(&["20001"], &["20001.0"], "");
    assert_eq!(holders(&project), [None]);
    // The pipeline's source says it, and the mapping's text stays as it is.
    let mapping: &mut Mapping = &mut project.sources[1].mapping;
    mapping.columns[0].repair = vec![Repair::StripDecimal];
    assert_eq!(holders(&project), [Some(0)]);
}

#[test]
fn ids_of_schools_are_looked_at_in_the_same_way() {
    const SCHOOLS: &str = r#"
vendor = "Any"
table = "school"
[columns]
school_id = { from = "ID" }
school_year = { value = "2024" }
"#;
    let mut project = Project::new(&format!("{STAFF}school_id = {{ from = \"School\" }}\n"));
    project.sources[0].pattern = "staff.csv".to_owned();
    project.source("schools", "schools.csv", SCHOOLS);
    project.write("staff.csv", "Number,School\nE1,101\nE2,202\n");
    project.write("schools.csv", "ID\n0101\n0202\n");
    let suspect = Suspect {
        source: "export".to_owned(),
        column: "school_id".to_owned(),
        refers: Some(("school".to_owned(), "school_id".to_owned())),
    };
    let found = causes(&project.pipeline(), &[suspect]).expect("causes");
    let told: Vec<&str> = found.iter().map(|cause| cause.told.as_str()).collect();
    assert_eq!(
        told,
        [
            "`School` of source `export`: IDs have up to 3 digits where others have 4: leading zeros were lost; repaired, 2 of 2 are known: \
          declare `ids = { school_id = { repair = \"pad_zeros:4\" } }` of source `export`"
        ]
    );
}
