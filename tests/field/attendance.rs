//! Days of attendance: what counts, and on which days.

use chrono::Duration;

use super::district::{District, day, holiday, last, school, student};
use crate::project::Outcome;

/// Class attendance of any vendor.
const PERIODS: &str = r#"
vendor = "Any"
table = "attendance_event"
[columns]
student_id = { from = "Student" }
date = { from = "Date", format = "%Y-%m-%d" }
period = { from = "Period" }
school_id = { from = "School" }
category = { from = "Code", codes = { "P" = "present", "EA" = "excused_absence", "UA" = "unexcused_absence", "T" = "tardy" } }
"#;

const PERIOD_HEADER: &str = "Student,Date,Period,School,Code";

fn period(n: usize, on: usize, period: &str, code: &str) -> String {
    format!("{},{},{period},{},{code}", student(n), day(on), school(n))
}

#[test]
fn absences_count_on_days_of_membership_only() -> Outcome {
    // Six on days of school, five on holidays, five in June.
    District::new()
        .marked(0, "UA", [5, 25, 45, 65, 85, 105].map(day))
        .marked(0, "UA", (0..5).map(holiday))
        .marked(0, "UA", (1..6).map(|n| last() + Duration::days(n + 7)))
        .read()?
        .attends(0, 180, 6)
}

#[test]
fn absences_before_entry_between_stays_and_after_exit_count_for_nobody() -> Outcome {
    // Here on days 20 to 69 and 130 to 159; absent on two days of each, and on ten days of each time away.
    let stays = [("0101", day(20), day(69)), ("0101", day(130), day(159))];
    District::new()
        .stays(0, &stays)
        .marked(0, "UA", [30, 40, 140, 150].map(day))
        .marked(0, "UA", (0..10).chain(90..100).chain(165..175).map(day))
        .read()?
        .attends(0, 80, 4)
}

#[test]
fn a_day_that_two_schools_report_counts_once() -> Outcome {
    // All year at 0101, and from day 5 to 175 at 0202 too; both write the same ten absences.
    let both = (0..10).map(|k| 10 + 9 * k);
    let elsewhere = both
        .clone()
        .map(|k| format!("{},{},0202,EA", day(k), student(0)));
    District::new()
        .stays(0, &[("0101", day(0), last()), ("0202", day(5), day(175))])
        .marked(0, "UA", both.map(day))
        .and("attendance", elsewhere.collect::<Vec<_>>())
        .read()?
        .attends(0, 180, 10)
}

#[test]
fn absent_stands_before_tardy_and_present_in_either_order() -> Outcome {
    let both = |n: usize, codes: [&'static str; 2]| {
        (0..20).flat_map(move |k| {
            codes.map(|code| format!("{},{},{},{code}", day(8 * k + 4), student(n), school(n)))
        })
    };
    let read = District::new()
        .and("attendance", both(0, ["UA", "P"]).collect::<Vec<_>>())
        .and("attendance", both(1, ["P", "UA"]).collect::<Vec<_>>())
        .read()?;
    read.attends(0, 180, 20)?;
    read.attends(1, 180, 20)
}

#[test]
fn of_seven_periods_four_missed_make_a_day_and_two_do_not() -> Outcome {
    // Exceptions only: ten days with four periods missed, twenty with two. Classmates miss whole days of seven.
    let four = (0..10).flat_map(|k| ["1", "2", "3", "4"].map(|p| period(0, 5 + 3 * k, p, "UA")));
    let two = (0..20).flat_map(|k| ["6", "7"].map(|p| period(0, 60 + 3 * k, p, "UA")));
    let seven = ["1", "2", "3", "4", "5", "6", "7"];
    let others = (2..28).flat_map(|n| seven.map(|p| period(n, 10 + 5 * n, p, "EA")));
    District::new()
        .mapping("periods", PERIODS)
        .export(
            "attendance",
            "periods",
            PERIOD_HEADER,
            four.chain(two).chain(others).collect(),
        )
        .read()?
        .attends(0, 180, 10)
}

#[test]
fn late_in_the_first_period_is_no_missed_day() -> Outcome {
    // Tardy in the daily export, absent in the first of seven periods in the class export, on 25 days.
    let late = (0..25).map(|k| 5 + 5 * k);
    let first = late.clone().map(|k| period(0, k, "1", "UA"));
    let seven = ["1", "2", "3", "4", "5", "6", "7"];
    let others = (2..28).flat_map(|n| seven.map(|p| period(n, 3 * n, p, "UA")));
    District::new()
        .mapping("periods", PERIODS)
        .marked(0, "T", late.map(day))
        .export(
            "class",
            "periods",
            PERIOD_HEADER,
            first.chain(others).collect(),
        )
        .read()?
        .attends(0, 180, 0)
}

#[test]
fn a_move_between_schools_of_two_styles_keeps_each_schools_days() -> Outcome {
    // 0101 writes every day, 0202 exceptions. The student is at 0101 for 90 days with five absences, then at 0202 with four.
    let mut every_day = Vec::new();
    for n in (0..28).step_by(2) {
        for k in 0..if n == 0 { 90 } else { 180 } {
            let absent = if n == 0 {
                [10, 20, 30, 40, 50].contains(&k)
            } else {
                k == 5 + n
            };
            let code = if absent { "UA" } else { "P" };
            every_day.push(format!("{},{},0101,{code}", day(k), student(n)));
        }
    }
    let exceptions = (1..28)
        .step_by(2)
        .flat_map(|n| [20 + n, 100 + n].map(|k| format!("{},{},0202,UA", day(k), student(n))));
    let later = [100, 110, 120, 130].map(|k| format!("{},{},0202,UA", day(k), student(0)));
    District::new()
        .stays(0, &[("0101", day(0), day(89)), ("0202", day(90), last())])
        .change("attendance", Vec::clear)
        .and("attendance", every_day)
        .and("attendance", exceptions.collect::<Vec<_>>())
        .and("attendance", later)
        .read()?
        .attends(0, 180, 9)
}

#[test]
fn a_declared_style_stands_against_what_the_rows_look_like() -> Outcome {
    // Presence is written for half of the year only; the source says that the export holds exceptions.
    let present = (0..28)
        .flat_map(|n| (90..175).map(move |k| format!("{},{},{},P", day(k), student(n), school(n))));
    District::new()
        .change("attendance", Vec::clear)
        .and("attendance", present.collect::<Vec<_>>())
        .marked(0, "UA", [5, 25, 45, 65].map(day))
        .saying("attendance", "style = \"exceptions\"")
        .read()?
        .attends(0, 180, 4)
}

#[test]
fn every_day_goes_on_after_the_student_left() -> Outcome {
    // The export writes every day; student 0 left on day 59 and stands as absent ever after.
    let rows = (0..28).flat_map(|n| {
        (0..180).map(move |k| {
            let gone = n == 0 && (k >= 60 || [10, 20, 30].contains(&k));
            let code = if gone || (n > 0 && k == 20 + n) {
                "UA"
            } else {
                "P"
            };
            format!("{},{},{},{code}", day(k), student(n), school(n))
        })
    });
    District::new()
        .stays(0, &[("0101", day(0), day(59))])
        .change("attendance", Vec::clear)
        .and("attendance", rows.collect::<Vec<_>>())
        .read()?
        .attends(0, 60, 3)
}
