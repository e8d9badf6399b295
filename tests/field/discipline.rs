//! Incidents, and days of removal on days of membership.

use chrono::NaiveDate;
use serde_json::json;

use super::district::{District, Read, day, dmy, student};
use crate::project::Outcome;

/// The shipped measures, asked with their own defaults.
const REMOVED: &str = include_str!("../../pipelines/measures/exclusionary_days_rate.sql");
const INCIDENTS: &str = include_str!("../../pipelines/measures/incidents_rate.sql");

fn incident(number: &str, on: NaiveDate, behavior: &str, severity: &str) -> String {
    format!(
        "{number},{},{},0101,{behavior},{severity}",
        student(0),
        dmy(on)
    )
}

fn action(incident: &str, code: &str, on: NaiveDate, days: &str) -> String {
    format!("{incident},{},{code},{},{days}", student(0), dmy(on))
}

fn disciplined(district: District, incidents: Vec<String>, actions: Vec<String>) -> District {
    district
        .export(
            "incidents",
            "sis_discipline_incidents",
            "Incident_ID,Student_Number,Incident_Date,School_ID,Behavior,Severity",
            incidents,
        )
        .export(
            "actions",
            "sis_discipline_actions",
            "Incident_ID,Student_Number,Action_Code,Action_Date,Action_Days",
            actions,
        )
}

/// The value of a shipped measure for student 0, times `days`, in hundredths.
fn measured(read: &Read, measure: &str, days: i64, expected: i64) -> Outcome {
    let words = measure
        .lines()
        .filter(|line| !line.trim_start().starts_with("--"))
        .collect::<Vec<_>>()
        .join("\n")
        .replace("$min_days", "'45'")
        .replace("$severity", "'any'");
    let sql = format!(
        "SELECT CAST(round(m.value * {days}) AS INT) AS hundredths FROM ({words}) m \
         JOIN student p ON p.student_id = m.student_id WHERE p.source_line = 2"
    );
    read.gives(&sql, json!([{ "hundredths": expected }]))
}

#[test]
fn two_behaviors_are_one_incident_and_the_serious_one_stands() -> Outcome {
    let rows = vec![
        incident("1", day(30), "Fighting", "MAJ"),
        incident("1", day(30), "Language", "MIN"),
    ];
    let read = disciplined(
        District::new(),
        rows,
        vec![action("1", "CONF", day(31), "")],
    )
    .read()?;
    read.gives(
        "SELECT d.severity, count(*) AS n FROM discipline_incident d GROUP BY 1",
        json!([{ "severity": "major", "n": 1 }]),
    )
}

#[test]
fn a_suspension_under_two_incidents_is_served_once() -> Outcome {
    // A flat export repeats the one suspension of five days for each of its incidents: 5 of 180 days.
    let incidents = ["1", "2"].map(|number| incident(number, day(30), "Fighting", "MAJ"));
    let actions = ["1", "2"].map(|number| action(number, "OSS", day(31), "5"));
    let read = disciplined(District::new(), incidents.to_vec(), actions.to_vec()).read()?;
    measured(&read, REMOVED, 180, 500)
}

#[test]
fn days_of_removal_end_with_membership() -> Outcome {
    // Expelled for 180 days on day 50, gone after day 59: 10 of 60 days.
    let left = District::new().stays(0, &[("0101", day(0), day(59))]);
    let rows = vec![incident("1", day(49), "Weapons", "MAJ")];
    let read = disciplined(left, rows, vec![action("1", "EXP", day(50), "180")]).read()?;
    measured(&read, REMOVED, 60, 1000)
}

#[test]
fn days_of_removal_end_with_the_school_year() -> Outcome {
    // Ten days from the last but two: 3 of 180.
    let rows = vec![incident("1", day(176), "Fighting", "MAJ")];
    let read = disciplined(
        District::new(),
        rows,
        vec![action("1", "OSS", day(177), "10")],
    )
    .read()?;
    measured(&read, REMOVED, 180, 300)
}

#[test]
fn an_incident_after_the_student_left_counts_for_nobody() -> Outcome {
    let left = District::new().stays(0, &[("0101", day(0), day(59))]);
    let rows = vec![
        incident("1", day(40), "Fighting", "MAJ"),
        incident("2", day(140), "Fighting", "MAJ"),
    ];
    let read = disciplined(left, rows, vec![action("1", "CONF", day(41), "")]).read()?;
    measured(&read, INCIDENTS, 60, 100)
}
