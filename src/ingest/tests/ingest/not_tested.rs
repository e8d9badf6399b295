//! Test records without a result: the student was not tested, or the test does not count.

use throughline_ingest::IngestError;

use crate::kit::{Project, column};

const SCORES: &str = r#"
vendor = "x"
table = "assessment_result"
[columns]
student_id = { from = "id" }
assessment = { value = "state" }
subject = { value = "math" }
date = { from = "date", format = "%Y-%m-%d" }
scale_score = { from = "score" }
performance_level = { from = "level" }
test_status = { from = "status", codes = { "INV" = "invalid", "PRA" = "practice", "OK" = "valid", "Red" = "rushed" } }
"#;

const HEADER: &str = "id,date,score,level,status";

#[test]
fn a_word_in_place_of_a_score_is_no_reject() {
    let project = Project::new(SCORES);
    project.write(
        "a.csv",
        format!(
            "{HEADER}\n1,2024-05-06,480,M,OK\n2,2024-05-06,,ABS,OK\n3,,MED,,\n4,2024-05-06,TRN,,\n5,2024-05-06,*,,\n6,2024-05-06,--,,\n\
             7,2024-05-06,N/A,,\n8,2024-05-06,Not tested,,\n9,2024-05-06,48O,,\n10,2024-05-06,\"1,480\",,\n11,05/06/2024,NT,,\n12,2024-05-06,481,,Red\n"
        ),
    );
    let count = project.count();
    // 48O and 1,480 have digits and are no numbers: they are mistakes.
    assert_eq!(
        (
            count.read,
            count.kept,
            count.rejected,
            count.not_tested,
            count.passed
        ),
        (4, 2, 2, 8, 8)
    );
    let rejects: Vec<(u32, String)> = project
        .rejects()
        .into_iter()
        .map(|(line, _, rule, _)| (line, rule))
        .collect();
    assert_eq!(
        rejects,
        [(10, "bad-number".to_owned()), (11, "bad-number".to_owned())]
    );
}

#[test]
fn invalid_and_practice_tests_never_land() {
    let project = Project::new(SCORES);
    project.write(
        "1.csv",
        format!("{HEADER}\n1,2024-05-06,480,M,OK\n2,2024-05-06,490,M,OK\n3,2024-05-06,500,M,OK\n4,2024-05-06,510,M,OK\n"),
    );
    let first = project.count();
    assert_eq!((first.kept, first.not_tested), (4, 0));
    // The first is declared invalid, without its score; the second has a practice test; the third was not tested again.
    project.write(
        "2.csv",
        format!("{HEADER}\n1,2024-05-06,,,INV\n2,2024-05-06,300,,PRA\n3,2024-05-06,,,\n4,2024-05-07,520,,INV\n5,,400,,INV\n"),
    );
    let ingested = project.ingest().expect("an ingest");
    let counts: Vec<(u64, u64, u64, u64)> = ingested
        .counts
        .iter()
        .map(|count| (count.read, count.kept, count.duplicate, count.not_tested))
        .collect();
    assert_eq!(counts, [(4, 3, 1, 0), (0, 0, 0, 5)]);
    let rows = project.rows(&ingested, "assessment_result");
    assert_eq!(column(&rows, "scale_score"), ["490.0", "500.0", "510.0"]);
}

#[test]
fn an_invalid_test_is_no_conflict() {
    let project = Project::new(SCORES);
    project.write(
        "a.csv",
        format!("{HEADER}\n1,2024-05-06,480,M,OK\n1,2024-05-06,170,M,INV\n1,2024-05-06,,ABS,\n"),
    );
    let count = project.count();
    assert_eq!(
        (count.read, count.kept, count.conflict, count.not_tested),
        (1, 1, 0, 2)
    );
}

#[test]
fn a_file_without_any_score_is_told() {
    let project = Project::new(SCORES);
    project.write(
        "a.csv",
        format!("{HEADER}\n1,2024-05-06,Ann,,\n2,2024-05-06,Bo,,\n"),
    );
    let ingested = project.ingest().expect("an ingest");
    let told: Vec<String> = ingested.warnings.iter().map(ToString::to_string).collect();
    assert!(
        told.iter()
            .any(|told| told.contains("no record of the file has a score in `score`")),
        "{told:?}"
    );
}

#[test]
fn a_refusal_says_what_would_help() {
    let mut project = Project::new(
        "vendor = \"x\"\ntable = \"tool_usage\"\n[columns]\nperson_id = { from = \"id\" }\nperson_type = { value = \"student\" }\n\
         tool_id = { from = \"tool\" }\ndate = { from = \"date\", format = \"%Y-%m-%d\" }\n",
    );
    project.sources[0].max_rejected = 0.1;
    project.write(
        "a.csv",
        "id,tool,date\n1,A,2024-09-03\n2,A,2024-09-03\n3,,2024-09-03\n",
    );
    let told = refused(&project);
    assert!(
        told.contains("`only = { \"tool\" = [\"*\"] }` under `[rows]`"),
        "{told}"
    );

    let mut project = Project::new(crate::kit::ATTENDANCE);
    project.sources[0].max_rejected = 0.1;
    project.write(
        "a.csv",
        format!(
            "{}\n1,09/02/2024,A,,\n1,09/03/2024,A,,\n1,09/04/2024,A,UA,\n",
            crate::kit::HEADER
        ),
    );
    let told = refused(&project);
    assert!(
        told.contains("`\"\" = \"present\"` under `codes`"),
        "{told}"
    );
}

fn refused(project: &Project) -> String {
    match project.ingest() {
        Err(IngestError::Refused(refusals)) => refusals
            .iter()
            .map(ToString::to_string)
            .collect::<Vec<_>>()
            .join("\n"),
        other => panic!("{other:?}"),
    }
}
