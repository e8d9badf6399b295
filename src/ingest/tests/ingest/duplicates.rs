//! Of rows of one key in several files that of the last file by name counts; rows of one file are in `conflicts`.

use std::fs;

use crate::kit::{ATTENDANCE, HEADER, Project, TITLES, column};

#[test]
fn keys_too_many_for_a_bitmap_are_exact_too() {
    let project = Project::new(
        "vendor = \"x\"\ntable = \"discipline_incident\"\n[columns]\nincident_id = { from = \"i\" }\n\
         student_id = { from = \"s\" }\nbehavior = { from = \"b\" }\ndate = { from = \"d\", format = \"%Y-%m-%d\" }\n",
    );
    let mut text = String::from("i,s,b,d\n");
    for row in 0..3000 {
        text.push_str(&format!("{row},{},fight,2024-10-01\n", row * 7));
    }
    text.push_str("17,119,later,2024-10-02\n17,120,other,2024-10-02\n");
    project.write("a.csv", text);
    let ingested = project.ingest().expect("an ingest");
    let count = &ingested.counts[0];
    assert_eq!(
        (count.conflict, count.unsettled, count.duplicate),
        (1, 1, 0)
    );
    let rows = project.rows(&ingested, "discipline_incident");
    assert!(!column(&rows, "source_line").contains(&"19".to_owned()));
    assert_eq!(rows.len(), 3001);
}

fn corrected(order: &[&str]) -> (Project, Vec<(String, u64, u64)>) {
    let project = Project::new(ATTENDANCE);
    for name in order {
        let rows = match *name {
            "2024-09.csv" => "1,09/02/2024,,P,\n1,09/03/2024,,P,\n2,09/02/2024,,P,\n",
            "2024-09_corrected.csv" => {
                "1,09/03/2024,,UA,\n3,09/03/2024,,bad,\n2,09/02/2024,,bad,\n"
            }
            _ => "1,10/01/2024,,P,\n",
        };
        project.write(name, format!("{HEADER}\n{rows}"));
        project.ingest().expect("an ingest");
    }
    let ingested = project.ingest().expect("an ingest");
    assert!(!ingested.changed);
    let counts = ingested
        .counts
        .iter()
        .map(|count| (count.file.clone(), count.kept, count.duplicate))
        .collect();
    (project, counts)
}

#[test]
fn a_later_file_supersedes_whatever_the_order_of_arrival() {
    let names = ["2024-09.csv", "2024-09_corrected.csv", "2024-10.csv"];
    let (project, counts) = corrected(&names);
    assert_eq!(
        counts,
        [
            ("exports/2024-09.csv".to_owned(), 2, 1),
            ("exports/2024-09_corrected.csv".to_owned(), 1, 0),
            ("exports/2024-10.csv".to_owned(), 1, 0),
        ]
    );
    let ingested = project.ingest().expect("an ingest");
    let rows = project.rows(&ingested, "attendance_event");
    assert_eq!(
        column(&rows, "category"),
        ["present", "present", "unexcused_absence", "present"]
    );
    for order in [
        [names[2], names[1], names[0]],
        [names[1], names[0], names[2]],
    ] {
        let (other, same) = corrected(&order);
        assert_eq!(same, counts);
        let ingested = other.ingest().expect("an ingest");
        let keep = ["date", "category", "source_file", "source_line"];
        let plain = |project: &Project, ingested: &_| -> Vec<Vec<String>> {
            let rows = project.rows(ingested, "attendance_event");
            keep.iter().map(|name| column(&rows, name)).collect()
        };
        let again = project.ingest().expect("an ingest");
        assert_eq!(plain(&other, &ingested), plain(&project, &again));
    }
}

#[test]
fn a_correction_taken_back_brings_the_row_back() {
    let (project, _) = corrected(&["2024-09.csv", "2024-09_corrected.csv"]);
    fs::remove_file(project.file("2024-09_corrected.csv")).expect("gone");
    let ingested = project.ingest().expect("an ingest");
    assert!(ingested.changed);
    assert_eq!(ingested.counts.len(), 1);
    assert_eq!(ingested.counts[0].kept, 3);
    assert_eq!(project.rows(&ingested, "attendance_event").len(), 3);
}

#[test]
fn tables_without_a_date_are_compared_throughout() {
    let project = Project::new(TITLES);
    project.write("2023.csv", "id,name,vendor\nA,old,x\nB,stays,x\n");
    project.write("2024.csv", "id,name,vendor\nA,new,y\n");
    let ingested = project.ingest().expect("an ingest");
    let rows = project.rows(&ingested, "tool");
    assert_eq!(column(&rows, "name"), ["stays", "new"]);
}

/// Categories that stand after files of these rows, with their schools.
fn standing(files: &[&str]) -> Vec<(String, String)> {
    let project = Project::new(ATTENDANCE);
    for (number, rows) in files.iter().enumerate() {
        project.write(&format!("{number}.csv"), format!("{HEADER}\n{rows}"));
    }
    let ingested = project.ingest().expect("an ingest");
    assert!(ingested.counts.iter().all(|count| count.balances()));
    let rows = project.rows(&ingested, "attendance_event");
    let schools = column(&rows, "school_id");
    schools.into_iter().zip(column(&rows, "category")).collect()
}

fn pairs(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    let owned = |(school, category): &(&str, &str)| ((*school).to_owned(), (*category).to_owned());
    pairs.iter().map(owned).collect()
}

#[test]
fn a_correction_may_be_of_the_school() {
    let first = "1,09/02/2024,A,UA,\n2,09/02/2024,A,P,\n";
    // The later export of both schools has the student's day at B.
    assert_eq!(
        standing(&[first, "1,09/02/2024,B,P,\n2,09/02/2024,A,T,\n"]),
        pairs(&[("B", "present"), ("A", "tardy")])
    );
    // An export of school B alone says nothing of A.
    assert_eq!(
        standing(&[first, "1,09/02/2024,B,P,\n3,09/02/2024,B,T,\n"]),
        pairs(&[
            ("A", "unexcused_absence"),
            ("A", "present"),
            ("B", "present"),
            ("B", "tardy")
        ])
    );
    // Of a student of two schools the day at B is corrected, and that at A stands.
    let both = "1,09/02/2024,A,UA,\n1,09/02/2024,B,UA,\n2,09/02/2024,A,P,\n";
    assert_eq!(
        standing(&[both, "1,09/02/2024,B,P,\n2,09/02/2024,A,T,\n"]),
        pairs(&[("A", "unexcused_absence"), ("B", "present"), ("A", "tardy")])
    );
}
