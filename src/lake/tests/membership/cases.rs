//! One district: a student a case, a school a style of attendance export. Schools A and B export exceptions only, E every day; F exports
//! exceptions and field trips; the source of G declares its style; N has no calendar; P, Q, R and S export exceptions of periods.

use std::collections::BTreeSet;

use super::school::{YEAR, attendance, calendar, every_day, open_days, periods};

/// Schools with a calendar; `N` has none.
const SCHOOLS: [&str; 9] = ["A", "B", "E", "F", "G", "P", "Q", "R", "S"];

const SPELLS: &str =
    "student_id,school_id,grade_level,entry_date,exit_date,exit_reason,no_show,exit_exclusive
plain,A,4,2023-09-04,2023-10-27,,,
nested_same,A,4,2023-09-04,2023-10-27,,,
nested_same,A,4,2023-09-11,2023-09-15,,,
nested_other,A,4,2023-09-04,2023-10-27,,,
nested_other,B,4,2023-10-02,2023-10-06,placement ended,,
nested_twice,A,4,2023-09-04,2023-10-27,,,
nested_twice,B,4,2023-09-11,2023-10-06,,,
nested_twice,E,4,2023-09-18,2023-09-22,,,
one_entry,A,4,2023-09-04,2023-10-27,,,
one_entry,A,4,2023-09-04,2023-09-06,entered twice,,
no_show_day,B,4,2023-09-04,2023-09-04,No-Show,,
no_show_day,A,4,2023-09-05,2023-10-27,,,
no_show_open,B,4,2023-09-05,,,yes,
no_show_open,A,4,2023-09-04,2023-10-27,,,
no_show_late,B,4,2023-09-05,2023-09-15,NS,,
no_show_late,A,4,2023-09-18,2023-10-27,,,
no_show_word,A,4,2023-09-04,2023-09-15,W9: Never attended,,
eligible,A,4,2023-09-04,2023-09-15,Not enrolled: eligible to return,,
backwards,A,4,2023-09-11,2023-09-08,,,
backwards,A,4,2023-09-18,2023-10-27,,,
one_day,A,4,2023-09-04,2023-09-04,,,yes
same_day_inclusive,A,4,2023-09-04,2023-09-04,,,
same_day_exclusive,A,4,2023-09-04,2023-09-03,,,yes
open_moves,A,4,2023-09-04,,,,
open_moves,B,4,2023-10-02,,,,
open_inner,A,4,2023-09-04,,,,
open_inner,B,4,2023-10-02,2023-10-06,,,
transfer_day,A,4,2023-09-04,2023-10-02,,,
transfer_day,B,4,2023-10-02,2023-10-27,,,
overlap,A,4,2023-09-04,2023-10-06,,,
overlap,B,4,2023-10-02,2023-10-27,,,
gap,A,4,2023-09-04,2023-09-15,,,
gap,A,4,2023-10-02,2023-10-27,,,
left,A,4,2023-09-04,2023-09-15,,,
came,A,4,2023-10-02,2023-10-27,,,
moved,A,4,2023-09-04,2023-09-29,,,
moved,B,4,2023-10-02,2023-10-27,,,
dual,A,4,2023-09-04,2023-10-27,,,
dual,B,4,2023-09-04,2023-10-27,,,
promoted,A,4,2023-09-04,2023-09-29,,,
promoted,A,5,2023-10-02,2023-10-27,,,
uncounted,A,4,2023-09-04,2023-10-27,,,
uncounted,N,4,2023-10-02,2023-10-06,,,
two_years,A,4,2023-09-04,2024-09-06,,,
carried,A,4,2023-10-02,,,,
not_listed,A,4,2023-10-02,,,,
frozen,A,4,2023-09-04,,,,
frozen,B,5,2024-09-30,2024-10-04,,,
stale,A,4,2023-09-04,,,,
stale,A,5,2024-09-02,2024-09-27,,,
yearly,A,4,2023-09-04,,,,
yearly,A,5,2024-09-02,,,,
early_bird,A,5,2024-06-20,,,,
summer,A,4,2024-06-10,2024-06-28,,,
holiday,A,4,2023-09-04,2023-10-27,,,
two_rows,A,4,2023-09-04,2023-10-27,,,
two_kinds,A,4,2023-09-04,2023-10-27,,,
both,A,4,2023-09-04,2023-10-27,,,
elsewhere,A,4,2023-09-04,2023-10-27,,,
every_1,E,4,2023-09-04,2023-10-27,,,
every_2,E,4,2023-09-04,2023-09-15,,,
every_3,E,4,2023-09-04,2023-10-27,,,
styles,A,4,2023-09-04,2023-09-29,,,
styles,E,4,2023-10-02,2023-10-27,,,
field_1,F,4,2023-09-04,2023-10-27,,,
field_2,F,4,2023-09-04,2023-10-27,,,
field_3,F,4,2023-09-04,2023-10-27,,,
said,G,4,2023-09-04,2023-10-27,,,
free_1,N,4,2023-09-04,2023-10-27,,,
free_2,N,4,2023-09-04,2023-10-27,,,
seventh,P,9,2023-09-04,2023-10-27,,,
full,P,9,2023-09-04,2023-10-27,,,
part_time,Q,12,2023-09-04,2023-10-27,,,
drops,Q,12,2023-09-04,2023-10-27,,,
stuck,R,9,2023-09-04,2023-10-27,,,
unstuck,R,9,2023-09-04,2023-10-27,,,
official_1,S,9,2023-09-04,2023-10-27,,,
official_2,S,9,2023-09-04,2023-10-27,,,
";

/// Absences and the like of schools that export exceptions only.
const EXCEPTIONS: &str = "plain,2023-09-05,,A,a
plain,2023-10-27,,A,x
nested_same,2023-09-12,,A,a
nested_same,2023-10-17,,A,a
nested_other,2023-10-03,,B,a
nested_other,2023-10-04,,A,a
nested_other,2023-10-16,,A,a
nested_twice,2023-09-12,,B,a
no_show_day,2023-09-04,,B,a
no_show_late,2023-09-06,,B,a
no_show_late,2023-09-20,,A,a
no_show_word,2023-09-05,,A,a
open_moves,2023-09-29,,A,a
open_moves,2023-10-03,,B,a
transfer_day,2023-10-02,,A,a
gap,2023-09-20,,A,a
gap,2023-10-03,,A,a
left,2023-09-14,,A,a
left,2023-09-18,,A,a
left,2023-09-19,,A,x
came,2023-09-29,,A,a
came,2023-10-02,,A,a
moved,2023-09-28,,A,a
moved,2023-10-03,,A,a
moved,2023-10-04,,B,a
dual,2023-09-05,,A,a
dual,2023-09-05,,B,p
dual,2023-09-06,,A,t
dual,2023-09-06,,B,x
uncounted,2023-10-03,,N,a
two_years,2024-09-05,,A,a
two_years,2024-09-09,,A,a
carried,2023-10-03,,A,a
carried,2024-09-03,,A,a
holiday,2023-10-09,,A,a
holiday,2023-09-09,,A,a
holiday,2023-07-20,,A,a
two_rows,2023-09-05,,A,t
two_rows,2023-09-05,day,A,a
two_kinds,2023-09-05,,A,x
two_kinds,2023-09-05,day,A,a
two_kinds,2023-09-06,,A,s
two_kinds,2023-09-06,day,A,x
both,2023-09-05,,A,t
both,2023-09-05,1,A,a
both,2023-09-05,2,A,a
both,2023-09-05,3,A,a
elsewhere,2023-09-05,,S99,a
elsewhere,2023-09-06,,B,a
styles,2023-09-05,,A,a
styles,2023-10-03,,E,a
field_1,2023-09-05,,F,p
field_1,2023-09-06,,F,p
field_1,2023-09-07,,F,p
field_1,2023-09-08,,F,a
field_2,2023-09-11,,F,p
field_2,2023-09-12,,F,p
field_2,2023-09-13,,F,p
field_3,2023-09-14,,F,p
field_3,2023-09-15,,F,p
field_3,2023-09-18,,F,a
";

/// Classes of the students of `Q`: `part_time` has two all year, `drops` has four until the end of September and two after it.
const ROSTERS: &str = "student_id,section_id,school_id,begin_date,end_date
part_time,Q1,Q,2023-09-04,2023-10-27
part_time,Q2,Q,2023-09-04,2023-10-27
drops,Q1,Q,2023-09-04,2023-10-27
drops,Q2,Q,2023-09-04,2023-10-27
drops,Q3,Q,2023-09-04,2023-09-29
drops,Q4,Q,2023-09-04,2023-09-29
";

fn marks() -> String {
    let mut rows = EXCEPTIONS.to_owned();
    rows += &every_day(
        "every_1",
        "E",
        YEAR,
        &["2023-09-05", "2023-09-06"],
        &["2023-10-25", "2023-10-26", "2023-10-27"],
    );
    rows += &every_day(
        "every_2",
        "E",
        YEAR,
        &["2023-09-15", "2023-10-02", "2023-10-03"],
        &[],
    );
    rows += "every_1,2023-10-09,,E,a\n";
    rows += &every_day(
        "styles",
        "E",
        ("2023-10-02", "2023-10-27"),
        &[],
        &["2023-10-03"],
    );
    rows += &every_day("said", "G", YEAR, &["2023-09-05"], &[]);
    rows += &every_day("free_1", "N", YEAR, &["2023-09-05"], &[]);
    rows += &every_day("free_2", "N", YEAR, &[], &[]);
    let all = [1, 2, 3, 4, 5, 6, 7];
    for day in open_days("2023-09-04", "2023-09-29") {
        rows += &periods("seventh", "P", &day.to_string(), &[7]);
    }
    rows += &periods("full", "P", "2023-09-05", &all);
    rows += &periods("full", "P", "2023-09-06", &all[..4]);
    rows += &periods("full", "P", "2023-09-07", &all[..3]);
    rows += &periods("part_time", "Q", "2023-09-05", &[1]);
    rows += &periods("part_time", "Q", "2023-09-06", &[1, 2]);
    rows += &periods("drops", "Q", "2023-09-05", &[1]);
    rows += &periods("drops", "Q", "2023-09-06", &[3, 4]);
    rows += &periods("drops", "Q", "2023-10-03", &[1]);
    rows += &periods("stuck", "R", "2023-09-05", &[3]);
    rows += &periods("stuck", "R", "2023-09-06", &[3]);
    rows += &periods("official_1", "S", "2023-09-05", &[2]);
    rows += &periods("official_2", "S", "2023-09-06", &[2]);
    rows
}

/// Every case in 2023-24; in 2024-25 those of whom the cases say so.
fn students() -> String {
    let cases: BTreeSet<&str> = SPELLS
        .lines()
        .skip(1)
        .filter_map(|line| line.split(',').next())
        .chain(["nobody"])
        .collect();
    let first = cases.iter().map(|case| format!("{case},2024,4\n"));
    let second = [
        "carried",
        "frozen",
        "nobody",
        "stale",
        "two_years",
        "yearly",
    ];
    let second = second.iter().map(|case| format!("{case},2025,5\n"));
    format!(
        "student_id,school_year,grade_level\n{}",
        first.chain(second).collect::<String>()
    )
}

/// Incidents and actions of students whose attendance is tested above.
const INCIDENTS: &str = "incident_id,student_id,date,behavior
i1,plain,2023-09-05,fighting
i2,plain,2023-09-09,at a game on Saturday
i3,left,2023-09-20,fighting
i4,came,2023-09-20,fighting
";

const ACTIONS: &str = "action_id,incident_id,student_id,action,begin_date,days
a1,,plain,out_of_school_suspension,2023-09-05,2
a2,,plain,in_school_suspension,2023-09-06,0.5
a3,,plain,out_of_school_suspension,2023-09-08,0.5
a4,,plain,in_school_suspension,2023-10-07,1
a5,,plain,detention,2023-10-17,9
a6,,left,expulsion,2023-09-13,180
a7,,came,out_of_school_suspension,2023-09-13,3
a8,,gap,expulsion,2023-09-14,180
a9,,free_1,expulsion,2023-10-25,10
";

/// The tables, each as lines under a header.
pub(super) fn tables() -> Vec<(&'static str, String)> {
    vec![
        ("calendar_day", calendar(&SCHOOLS)),
        ("student", students()),
        ("student_school", SPELLS.to_owned()),
        ("student_section", ROSTERS.to_owned()),
        ("attendance_event", attendance(&marks(), &["said"])),
        ("discipline_incident", INCIDENTS.to_owned()),
        ("discipline_action", ACTIONS.to_owned()),
    ]
}
