//! Stays at schools: void ones, nested ones, two with one entry date, exclusive ends.

use chrono::Duration;
use serde_json::json;

use super::district::{District, Read, day, last};
use crate::project::Outcome;

/// Where student `n` belongs, and days of membership.
fn belongs(read: &Read, n: usize, school: &str, days: i64) -> Outcome {
    let sql = format!(
        "SELECT y.school_id, y.calendar_days FROM student_year y JOIN student p ON p.student_id = y.student_id \
         AND p.school_year = y.school_year WHERE p.source_line = {}",
        n + 2
    );
    read.gives(
        &sql,
        json!([{ "school_id": school, "calendar_days": days }]),
    )
}

#[test]
fn stays_without_a_day_change_nothing() -> Outcome {
    // A no-show (left on the day of entry) at 0101 before the real stay at 0202; a stay that ends before it begins.
    let read = District::new()
        .stays(0, &[("0202", day(0), last()), ("0101", day(0), day(0))])
        .stays(1, &[("0202", day(0), last()), ("0101", day(60), day(59))])
        .read()?;
    belongs(&read, 0, "0202", 180)?;
    belongs(&read, 1, "0202", 180)
}

#[test]
fn a_stay_inside_another_one_ends_nothing() -> Outcome {
    let read = District::new()
        .stays(
            0,
            &[
                ("0101", day(0), last()),
                ("0101", day(10), day(30)),
                ("0101", day(20), day(100)),
            ],
        )
        .stays(
            1,
            &[
                ("0202", day(0), last()),
                ("0202", day(90), day(150)),
                ("0202", day(120), day(130)),
            ],
        )
        .read()?;
    belongs(&read, 0, "0101", 180)?;
    belongs(&read, 1, "0202", 180)
}

#[test]
fn of_two_stays_from_one_day_the_longest_stands() -> Outcome {
    // Three days and the whole year, at one school, in either order.
    let read = District::new()
        .stays(0, &[("0101", day(0), last()), ("0101", day(0), day(2))])
        .stays(1, &[("0202", day(0), day(2)), ("0202", day(0), last())])
        .read()?;
    belongs(&read, 0, "0101", 180)?;
    belongs(&read, 1, "0202", 180)
}

#[test]
fn an_exit_that_names_the_day_after_is_declared() -> Outcome {
    // Student 0: left before day 60. Student 1: a no-show at 0101, then the year at 0202.
    let after = last() + Duration::days(1);
    let read = District::new()
        .saying("enrollment", "end = \"day_after\"")
        .stays(0, &[("0101", day(0), day(60))])
        .stays(1, &[("0202", day(0), after), ("0101", day(0), day(0))])
        .read()?;
    belongs(&read, 0, "0101", 60)?;
    belongs(&read, 1, "0202", 180)
}

#[test]
fn a_move_on_one_day_counts_that_day_once() -> Outcome {
    let read = District::new()
        .stays(0, &[("0101", day(0), day(60)), ("0202", day(60), last())])
        .stays(
            1,
            &[
                ("0202", day(60), day(119)),
                ("0101", day(120), last()),
                ("0101", day(0), day(59)),
            ],
        )
        .read()?;
    belongs(&read, 0, "0202", 180)?;
    belongs(&read, 1, "0101", 180)
}
