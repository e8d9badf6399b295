//! Rows of one key that disagree and that nobody can settle: they are told, and the run does not end with 0.

use super::district::{District, STUDENTS, day, last, student, us};
use crate::project::Outcome;

fn told(district: District) -> Outcome {
    district.read()?.tells("disagree");
    Ok(())
}

#[test]
fn two_calendars_of_one_school_are_told() -> Outcome {
    let kindergarten = (0..12).map(|k| format!("0101,{},0", us(day(k))));
    told(District::new().and("calendar", kindergarten))
}

#[test]
fn a_student_of_two_schools_with_two_lunch_statuses_is_told() -> Outcome {
    let again = format!("{},2024,,,,05,F,W,F,N,N,N", student(0));
    told(District::new().and("students", [again]))
}

#[test]
fn a_section_of_two_subjects_refuses_the_data() -> Outcome {
    let science = "A-1,2024,0101,S5,Science 5,SCI,Y24".to_owned();
    told(District::new().classes().and("sections", [science]))
}

#[test]
fn marks_of_one_section_number_at_two_schools_are_told() -> Outcome {
    let marks = (0..STUDENTS).map(|n| format!("{},101,2024,S1,B,85,0.5,0.5", student(n)));
    let failed = format!("{},101,2024,S1,F,40,0.5,0", student(0));
    told(District::new().export(
        "marks",
        "sis_marks",
        "Student_Number,Section_ID,School_Year,Term,Grade,Percent,Credits_Attempted,Credits_Earned",
        marks.chain([failed]).collect(),
    ))
}

#[test]
fn a_term_with_other_dates_at_two_schools_is_told() -> Outcome {
    let term = |until| format!("S1,2024,Fall,S,{},{}", us(day(0)), us(day(until)));
    told(District::new().export(
        "terms",
        "sis_terms",
        "Term_ID,School_Year,Term_Name,Term_Type,First_Day,Last_Day",
        vec![term(89), term(80)],
    ))
}

#[test]
fn usage_that_no_rule_adds_up_is_told() -> Outcome {
    let use_of = |minutes: &str| format!("{},zearn,2023-10-02,{minutes},1", student(0));
    told(District::new().export(
        "usage",
        "tools_usage",
        "SIS_ID,App,Date,Minutes,Activities",
        vec![use_of("30"), use_of("20")],
    ))
}

#[test]
fn two_ends_of_one_program_are_told() -> Outcome {
    let part = |until| format!("{},SPED,{},{}", student(0), us(day(0)), us(until));
    told(District::new().export(
        "programs",
        "sis_programs",
        "Student_Number,Program_Code,Start_Date,End_Date",
        vec![part(day(90)), part(last())],
    ))
}
