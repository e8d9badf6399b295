//! Which of several tests counts.

use chrono::NaiveDate;
use serde_json::json;

use super::district::{District, Read, STUDENTS, student, us};
use crate::project::Outcome;

const NWEA: &str = "TermName,StudentID,Subject,Course,GrowthMeasureYN,TestType,TestName,TestStartDate,TestRITScore,TestStandardError,TestPercentile";
const IREADY: &str = "Student ID,Student Grade,Academic Year,Completion Date,Rush Flag,Overall Scale Score,Overall Relative Placement,Percentile,Norming Window";

fn april(on: u32) -> String {
    us(NaiveDate::from_ymd_opt(2024, 4, on).unwrap_or_default())
}

/// A row of NWEA's comprehensive data file.
fn nwea(n: usize, on: u32, course: &str, score: usize, growth: &str, error: &str) -> String {
    let subject = if course == "Math K-12" {
        "Mathematics"
    } else {
        "Language Arts"
    };
    let (id, on) = (student(n), april(on));
    format!(
        "Spring 2023-2024,{id},{subject},{course},{growth},Survey With Goals,Growth,{on},{score},{error},50"
    )
}

fn iready(n: usize, on: u32, score: usize, rush: &str) -> String {
    format!(
        "{},5,2023-2024,{},{rush},{score},On Grade,50,Spring",
        student(n),
        april(on)
    )
}

/// The last score of student 0, as a measure of a district's own would take it.
fn last_score(read: &Read, subject: &str, score: f64) -> Outcome {
    let sql = format!(
        "SELECT last_value(r.scale_score ORDER BY r.date, r.source_line) AS score FROM assessment_result r \
         JOIN student p ON p.student_id = r.student_id WHERE p.source_line = 2 AND r.subject = '{subject}'"
    );
    read.gives(&sql, json!([{ "score": score }]))
}

fn map_growth(rows: Vec<String>) -> Result<Read, Box<dyn std::error::Error>> {
    let others = (1..STUDENTS).map(|n| nwea(n, 16, "Math K-12", 200 + n, "TRUE", "3.0"));
    let rows = rows.into_iter().chain(others).collect();
    District::new()
        .export("map", "nwea_map_growth", NWEA, rows)
        .read()
}

#[test]
fn a_growth_measure_stands_before_a_rapid_retest() -> Outcome {
    // On the same day, and two days later.
    for on in [16, 18] {
        let rows = vec![
            nwea(0, 16, "Math K-12", 210, "TRUE", "3.0"),
            nwea(0, on, "Math K-12", 170, "FALSE", "6.2"),
        ];
        last_score(&map_growth(rows)?, "math", 210.0)?;
    }
    Ok(())
}

#[test]
fn of_two_growth_measures_the_more_exact_one_stands() -> Outcome {
    let rows = vec![
        nwea(0, 16, "Math K-12", 210, "TRUE", "3.0"),
        nwea(0, 16, "Math K-12", 222, "TRUE", "5.5"),
    ];
    last_score(&map_growth(rows)?, "math", 210.0)
}

#[test]
fn language_usage_is_not_reading() -> Outcome {
    // Both courses have the subject `Language Arts`.
    let rows = vec![
        nwea(0, 16, "Reading", 210, "TRUE", "3.2"),
        nwea(0, 16, "Language Usage", 195, "TRUE", "2.9"),
    ];
    last_score(&map_growth(rows)?, "reading", 210.0)
}

#[test]
fn a_rushed_diagnostic_gives_way() -> Outcome {
    let others = (1..STUDENTS).map(|n| iready(n, 16, 460 + n, ""));
    let rows = [iready(0, 16, 500, ""), iready(0, 18, 380, "Red")];
    let read = District::new()
        .export(
            "iready",
            "iready_diagnostic_math",
            IREADY,
            rows.into_iter().chain(others).collect(),
        )
        .read()?;
    last_score(&read, "math", 500.0)
}
