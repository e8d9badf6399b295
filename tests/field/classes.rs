//! Who shares how many class days with whom.

use chrono::NaiveDate;
use serde_json::json;

use super::district::{District, Read, day, last, student, us};
use crate::project::Outcome;

/// Days from `from` to `to`, both counted.
fn days(from: NaiveDate, to: NaiveDate) -> i64 {
    (to - from).num_days() + 1
}

/// The class days of student 0 in math with each staff member, by line of the staff file.
fn shares(read: &Read, expected: &[(i64, i64)]) -> Outcome {
    let sql = "SELECT s.line, CAST(round(sum(x.days)) AS INT) AS days FROM student_staff x \
        JOIN student p ON p.student_id = x.student_id AND p.school_year = x.school_year \
        LEFT JOIN (SELECT DISTINCT staff_id, source_line AS line FROM staff) s ON s.staff_id = x.staff_id \
        WHERE p.source_line = 2 AND x.subject = 'math' AND x.taught_in = 'math' AND x.staff_id IS NOT NULL \
        GROUP BY 1 ORDER BY 1";
    let rows = expected
        .iter()
        .map(|(line, days)| json!({ "line": line, "days": days }));
    read.gives(sql, rows.collect())
}

#[test]
fn a_class_day_counts_once_however_many_rows_say_so() -> Outcome {
    // The second term again beside the whole year, and the whole year again from the fourth day on.
    let id = student(0);
    let again = [day(90), day(3)].map(|from| format!("{id},A-1,{},{}", us(from), us(last())));
    let read = District::new().classes().and("rosters", again).read()?;
    shares(&read, &[(2, days(day(0), last()))])
}

#[test]
fn a_class_left_before_it_began_is_no_class() -> Outcome {
    let never = format!("{},B-1,{},{}", student(0), us(day(10)), us(day(9)));
    let read = District::new().classes().and("rosters", [never]).read()?;
    shares(&read, &[(2, days(day(0), last()))])
}

#[test]
fn two_rows_of_one_teacher_are_one_share() -> Outcome {
    // Two co-teachers; one of them has two overlapping assignments: half each, not two thirds.
    let more = [
        format!("E1,A-1,{},{},100,L", day(1), last()),
        format!("E2,A-1,{},{},100,C", day(0), last()),
    ];
    let read = District::new().classes().and("assignments", more).read()?;
    // 271 days: 135.5 each, which the query rounds up.
    let half = (days(day(0), last()) + 1) / 2;
    shares(&read, &[(2, half), (3, half)])
}

#[test]
fn a_section_number_of_both_terms_is_taught_by_each_terms_teacher() -> Outcome {
    let read = District::new()
        .classes()
        .change("sections", |lines| {
            lines[0] = "A-1,2024,0101,M5,Math 5,MTH,S1".to_owned();
            lines.push("A-1,2024,0101,M5,Math 5,MTH,S2".to_owned());
        })
        .change("assignments", |lines| {
            lines[0] = format!("E1,A-1,{},{},100,L", day(0), day(89));
            lines.push(format!("E2,A-1,{},{},100,L", day(90), last()));
        })
        .read()?;
    let gap = days(day(89), day(90)) - 2;
    let whole = days(day(0), last()) - gap;
    let first = days(day(0), day(89));
    shares(&read, &[(2, first), (3, whole - first)])
}

#[test]
fn a_roster_that_names_the_first_day_out_is_declared() -> Outcome {
    let id = student(0);
    let read = District::new()
        .classes()
        .saying("rosters", "end = \"day_after\"")
        .change("rosters", |lines| {
            lines[0] = format!("{id},A-1,{},{}", us(day(0)), us(day(60)))
        })
        .read()?;
    shares(&read, &[(2, days(day(0), day(60)) - 1)])
}

#[test]
fn section_numbers_are_the_schools_own() -> Outcome {
    // Section 101 at both schools, with a teacher each.
    let read = District::new()
        .classes()
        .change("sections", |lines| lines.iter_mut().for_each(number))
        .change("rosters", |lines| lines.iter_mut().for_each(number))
        .change("assignments", |lines| lines.iter_mut().for_each(number))
        .read()?;
    shares(&read, &[(2, days(day(0), last()))])
}

fn number(line: &mut String) {
    *line = line.replace("A-1", "101").replace("B-1", "101");
}
