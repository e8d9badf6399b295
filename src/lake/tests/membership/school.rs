//! School days, attendance rows, and how a district is asked. Schools are in session from Monday to Friday for eight weeks: 2023-09-04 to 2023-10-27 but
//! for Monday 9 October (39 days), and 2024-09-02 to 2024-10-25 (40 days).

use std::collections::BTreeMap;
use std::path::Path;

use chrono::{Datelike, Days, NaiveDate, Weekday};
use serde_json::Value;
use throughline_model::Part;

use crate::tests::scratch::{measures, part};
use crate::{Lake, LakeOptions, ReleaseInfo};

/// The first and the last day of the first school year.
pub(super) const YEAR: (&str, &str) = ("2023-09-04", "2023-10-27");

/// Monday to Friday from `first`, eight weeks long.
fn weekdays(first: &str) -> impl Iterator<Item = NaiveDate> {
    let first: NaiveDate = first.parse().expect("a date");
    let days = (0..56).map(move |day| first + Days::new(day));
    days.filter(|day| !matches!(day.weekday(), Weekday::Sat | Weekday::Sun))
}

/// Days of school from `first` to `last`.
pub(super) fn open_days(first: &str, last: &str) -> Vec<NaiveDate> {
    let (first, last): (NaiveDate, NaiveDate) = (
        first.parse().expect("a date"),
        last.parse().expect("a date"),
    );
    let holiday = NaiveDate::from_ymd_opt(2023, 10, 9);
    weekdays("2023-09-04")
        .chain(weekdays("2024-09-02"))
        .filter(|day| Some(*day) != holiday && (first..=last).contains(day))
        .collect()
}

/// A calendar of `schools` on all weekdays of both years, but for the holiday.
pub(super) fn calendar(schools: &[&str]) -> String {
    let days: Vec<NaiveDate> = weekdays("2023-09-04")
        .chain(weekdays("2024-09-02"))
        .collect();
    let rows = schools.iter().flat_map(|school| {
        days.iter().map(move |day| {
            let open = if day.to_string() == "2023-10-09" {
                "no"
            } else {
                "yes"
            };
            format!("{school},{day},{open}\n")
        })
    });
    format!(
        "school_id,date,is_instructional\n{}",
        rows.collect::<String>()
    )
}

/// Rows of `student` at `school` on every day of school from `first` to `last`.
pub(super) fn every_day(
    student: &str,
    school: &str,
    (first, last): (&str, &str),
    absent: &[&str],
    missing: &[&str],
) -> String {
    let days = open_days(first, last)
        .into_iter()
        .map(|day| day.to_string());
    days.filter(|day| !missing.contains(&day.as_str()))
        .map(|day| {
            let word = if absent.contains(&day.as_str()) {
                'a'
            } else {
                'p'
            };
            format!("{student},{day},,{school},{word}\n")
        })
        .collect()
}

/// Rows of some periods of a day.
pub(super) fn periods(student: &str, school: &str, day: &str, missed: &[u32]) -> String {
    let rows = missed
        .iter()
        .map(|period| format!("{student},{day},{period},{school},a\n"));
    rows.collect()
}

/// An attendance row's last cell by its letter: `a` is an unexcused absence, `x` an excused one, `s` a suspension, `t` tardy, `p` presence.
fn category(letter: &str) -> &str {
    match letter {
        "a" => "unexcused_absence",
        "x" => "excused_absence",
        "s" => "suspension_absence",
        "t" => "tardy",
        _ => "present",
    }
}

/// Rows `student,date,period,school,letter` as a table; the source of the students in `declared` says that it holds exceptions.
pub(super) fn attendance(lines: &str, declared: &[&str]) -> String {
    let rows = lines.lines().map(|line| {
        let (rest, letter) = line.rsplit_once(',').expect("a category");
        let (student, _) = line.split_once(',').expect("a student");
        let style = if declared.contains(&student) {
            "exceptions"
        } else {
            ""
        };
        format!("{rest},{},{style}\n", category(letter))
    });
    format!(
        "student_id,date,period,school_id,category,style\n{}",
        rows.collect::<String>()
    )
}

/// Enrolled and absent days of a student and school year.
pub(super) type Counted = (Option<i64>, Option<i64>);

/// What `attendance_year` says of every student and school year.
pub(super) fn years(answer: &Value) -> BTreeMap<(String, i64), Counted> {
    rows(answer)
        .iter()
        .map(|row| {
            let key = (
                row["student_id"].as_str().expect("an ID").to_owned(),
                row["school_year"].as_i64().expect("a year"),
            );
            (
                key,
                (row["enrolled_days"].as_i64(), row["absent_days"].as_i64()),
            )
        })
        .collect()
}

/// What a query over the tables returns, as JSON.
pub(super) fn ask(
    folder: &Path,
    tables: &[(&'static str, String)],
    queries: &[&str],
) -> Vec<Value> {
    let options = LakeOptions {
        threads: 2,
        memory: None,
    };
    let lake = Lake::open(folder, options).expect("a lake");
    let lock = lake.lock().expect("the lock");
    let parts: Vec<Part> = tables
        .iter()
        .map(|(table, text)| part(folder, table, text))
        .collect();
    let release = lake
        .commit(&lock, &parts, ReleaseInfo::default())
        .expect("a release");
    let answers = queries.iter().map(|sql| {
        let answer = lake.query(&release, &measures(), sql).expect("planned");
        serde_json::from_str(&answer.json().expect("run")).expect("JSON")
    });
    answers.collect()
}

pub(super) fn rows(answer: &Value) -> &[Value] {
    answer.as_array().expect("rows")
}
