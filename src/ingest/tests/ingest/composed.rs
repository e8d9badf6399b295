//! IDs put together from several columns, and columns of which the first that is not empty counts.

use throughline_ingest::IngestError;

use crate::kit::{Project, column};

const SECTIONS: &str = r#"
vendor = "x"
table = "section"
[columns]
section_id = { from = ["School_ID", "Term", "Section_ID"], nulls = ["n/a"] }
school_year = { value = "2024" }
school_id = { from = "School_ID" }
course_name = { from = "Title | Course" }
subject = { value = "math" }
"#;

fn read(project: &Project, name: &str) -> Vec<String> {
    let ingested = project.ingest().expect("an ingest");
    column(&project.rows(&ingested, "section"), name)
}

#[test]
fn section_numbers_of_two_schools_are_two_sections() {
    let project = Project::new(SECTIONS);
    project.write(
        "a.csv",
        "School_ID,Term,Section_ID,Title,Course\n0101,S1,101,Algebra,\n0202,S1,101,,Geometry\n0101,S2, 101 ,  ,\n0101,,101,x,y\n0101,n/a,102,x,y\n0101,S1,101,Algebra,zzz\n",
    );
    let count = project.count();
    // Without a term there is no such ID; the last row says what the first says.
    assert_eq!(
        (count.read, count.kept, count.rejected, count.duplicate),
        (6, 3, 2, 1)
    );
    assert_eq!(
        read(&project, "section_id"),
        ["0101·S1·101", "0202·S1·101", "0101·S2·101"]
    );
    assert_eq!(
        read(&project, "course_name"),
        ["Algebra", "Geometry", "null"]
    );
    assert_eq!(read(&project, "school_id"), ["0101", "0202", "0101"]);
    let rejects: Vec<(u32, String, String)> = project
        .rejects()
        .into_iter()
        .map(|(line, column, rule, _)| (line, column, rule))
        .collect();
    let told = |line| {
        (
            line,
            "School_ID · Term · Section_ID".to_owned(),
            "missing-required".to_owned(),
        )
    };
    assert_eq!(rejects, [told(5), told(6)]);
}

#[test]
fn parts_may_be_written_in_another_encoding() {
    let project = Project::new(SECTIONS);
    project.write(
        "a.csv",
        b"School_ID,Term,Section_ID,Title,Course\n\xc9cole,S1,101,,Alg\xe8bre\n\xc9cole,S2,\"=\"\"0042\"\"\",,x\n".as_slice(),
    );
    assert_eq!(
        read(&project, "section_id"),
        ["École·S1·101", "École·S2·0042"]
    );
    assert_eq!(read(&project, "course_name"), ["Algèbre", "x"]);
}

#[test]
fn every_part_must_be_in_the_header() {
    let project = Project::new(SECTIONS);
    project.write("a.csv", "School_ID,Section_ID,Title,Course\n0101,101,a,b\n");
    match project.ingest() {
        Err(IngestError::Headers(problems)) => {
            let told: Vec<String> = problems.iter().map(ToString::to_string).collect();
            assert!(told.join("\n").contains("`Term`"), "{told:?}");
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn one_of_the_alternatives_is_enough() {
    let project = Project::new(SECTIONS);
    project.write(
        "a.csv",
        "School_ID,Term,Section_ID,Course\n0101,S1,101,Algebra\n",
    );
    assert_eq!(read(&project, "course_name"), ["Algebra"]);
}

#[test]
fn names_in_a_list_are_those_of_other_years() {
    let mapping = SECTIONS.replace("\"Title | Course\"", "[\"Title\", \"Course\"]");
    let project = Project::new(&mapping);
    project.write(
        "a.csv",
        "School_ID,Term,Section_ID,Title,Course\n0101,S1,101,,Geometry\n",
    );
    // `Title` is there, so `Course` is another column.
    assert_eq!(read(&project, "course_name"), ["null"]);
}

#[test]
fn ids_of_xml_are_put_together_too() {
    let mapping = r#"
vendor = "x"
table = "section"
[dialect]
format = "xml"
records = "Section"
[columns]
section_id = { from = ["School.Id", "Number"] }
school_year = { from = "Year" }
school_id = { from = "School.Id" }
subject = { value = "math" }
"#;
    let project = Project::new(mapping);
    project.write(
        "a.csv",
        "<All><Section><School><Id>101</Id></School><Number>7</Number><Year>2024</Year></Section>\n\
         <Section><School><Id>202</Id></School><Number>7</Number><Year>2024</Year></Section>\n\
         <Section><School><Id>202</Id></School><Number>7</Number><Number>8</Number><Year>2024</Year></Section>\n\
         <Section><School><Id>202</Id></School><Year>2024</Year></Section></All>",
    );
    let count = project.count();
    assert_eq!((count.kept, count.rejected), (2, 2));
    assert_eq!(read(&project, "section_id"), ["101·7", "202·7"]);
    let rules: Vec<String> = project
        .rejects()
        .into_iter()
        .map(|(_, _, rule, _)| rule)
        .collect();
    assert_eq!(rules, ["not-single", "missing-required"]);
}

#[test]
fn looked_up_columns_can_be_parts() {
    let mapping = r#"
vendor = "x"
table = "section"
[lookup.school]
member = "schools.txt"
key = "id"
by = "school"
[columns]
section_id = { from = ["school.code | school", "number"] }
school_year = { value = "2024" }
school_id = { from = "school" }
subject = { value = "math" }
"#;
    let project = Project::new(mapping);
    project.write("schools.txt", "id,code\n1,0101\n");
    project.write("a.csv", "school,number\n1,7\n2,7\n");
    assert_eq!(read(&project, "section_id"), ["0101·7", "2·7"]);
}
