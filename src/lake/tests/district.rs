//! Two schools, two school years of eleven days (the first a holiday), five students and four teachers. School A exports
//! only exceptions, school B a row for every day. Every number the tests expect was computed by hand from the lines below.

use std::path::Path;
use std::sync::OnceLock;

use throughline_model::panel::{NO_CODE, Panel};
use throughline_model::pipeline::{Pipeline, Window};
use throughline_model::progress::Silent;
use throughline_model::{Part, SchoolYear};

use super::scratch::{exposure, outcome, part, pipeline};
use crate::{Lake, LakeOptions, Measured, ReleaseInfo};

/// The days of the first school year; the second has the same dates a year later.
const DAYS: [&str; 11] = [
    "09-04", "09-05", "09-06", "09-07", "09-08", "09-11", "09-12", "09-13", "09-14", "09-15",
    "09-18",
];

/// The parts of the district. `id` gives people their pseudonyms.
pub(super) fn parts(lake: &Path, id: impl Fn(&str) -> String) -> Vec<Part> {
    let write = |table: &str, text: String| {
        let people = text
            .split('@')
            .enumerate()
            .fold(String::new(), |done, (index, piece)| {
                if index == 0 {
                    return piece.to_owned();
                }
                let end = piece
                    .find(|c: char| !c.is_ascii_alphanumeric())
                    .unwrap_or(piece.len());
                done + &id(&piece[..end]) + &piece[end..]
            });
        part(lake, table, &people)
    };
    let calendar: String = ["A", "B"]
        .iter()
        .flat_map(|school| {
            ["2023", "2024"].iter().flat_map(move |year| {
                DAYS.iter().enumerate().map(move |(index, day)| {
                    let open = if index == 0 { "no" } else { "yes" };
                    format!("{school},{year}-{day},{open}\n")
                })
            })
        })
        .collect();
    vec![
        write("calendar_day", format!("school_id,date,is_instructional\n{calendar}")),
        write("student", STUDENTS.to_owned()),
        write("student_identity", IDENTITIES.to_owned()),
        write("student_school", ENROLLMENT.to_owned()),
        write("staff", STAFF.to_owned()),
        write("staff_identity", "staff_id,id_system,system_staff_id\n@t1,pd,@login1\n".to_owned()),
        write("section", SECTIONS.to_owned()),
        write("student_section", ROSTERS.to_owned()),
        write("staff_section", ASSIGNMENTS.to_owned()),
        write("attendance_event", format!("{EXCEPTIONS}{}", every_day())),
        write("discipline_incident", INCIDENTS.to_owned()),
        write("discipline_action", ACTIONS.to_owned()),
        write("assessment_result", RESULTS.to_owned()),
        write("course_mark", MARKS.to_owned()),
        write("pd_activity", "activity_id,title,program,mode,hours\np1,Reading,READ,online,4\nq1,Other,OTHER,online,50\n".to_owned()),
        write("pd_participation", TRAINING.to_owned()),
        write("lottery_entry", DRAWS.to_owned()),
        write("credential_award", AWARDS.to_owned()),
        write("tool_usage", USAGE.to_owned()),
    ]
}

const STUDENTS: &str = "student_id,school_year,grade_level,gender,english_learner
@s1,2024,4,female,yes
@s2,2024,4,male,no
@s3,2024,4,male,
@s4,2024,4,,no
@s1,2025,5,female,no
@s2,2025,5,male,no
@s3,2025,5,male,no
";

/// The test vendor's IDs; `v9` is claimed by two students and so belongs to neither.
const IDENTITIES: &str = "student_id,id_system,system_student_id
@s1,map,@v1
@s2,map,@v9
@s3,map,@v9
";

/// `s2` moves from A to B in the middle of 2023-24; `s3` has one open spell that the student file carries into 2024-25.
const ENROLLMENT: &str = "student_id,school_id,entry_date,exit_date
@s1,A,2023-08-20,2024-06-30
@s2,A,2023-08-20,
@s2,B,2023-09-12,2024-06-30
@s3,B,2023-08-20,
@s4,B,2023-08-20,2024-06-30
@s1,A,2024-08-20,2025-06-30
@s2,B,2024-08-20,2025-06-30
";

const STAFF: &str = "staff_id,school_year,school_id,role,hire_date
@t1,2024,A,teacher,2015-08-01
@t2,2024,A,teacher,
@t3,2024,B,teacher,2023-09-11
@t4,2024,B,teacher,
@t1,2025,B,teacher,2015-08-01
@t2,2025,A,teacher,
";

const SECTIONS: &str = "section_id,school_year,school_id,subject
M1,2024,A,math
M2,2024,B,math
H1,2024,B,homeroom
R1,2024,B,reading
M1,2025,A,math
";

/// `s4` sits in a self-contained class; `s3` also in reading, which has no teacher.
const ROSTERS: &str = "student_id,section_id,begin_date,end_date
@s1,M1,2023-09-05,2023-09-14
@s2,M1,2023-09-05,2023-09-09
@s2,M2,2023-09-12,2023-09-16
@s3,M2,2023-09-05,2023-09-16
@s3,R1,2023-09-05,2023-09-16
@s4,H1,2023-09-05,
@s1,M1,2024-09-05,2024-09-14
@s1,XX,2024-09-05,2024-09-14
";

/// `M1` is co-taught, `M2` has nobody before 11 September, and the support of `H1` has no stated contribution.
const ASSIGNMENTS: &str = "staff_id,section_id,begin_date,end_date,contribution,staff_role
@t1,M1,2023-08-20,,0.6,lead
@t2,M1,2023-08-20,,0.4,co_teacher
@t3,M2,2023-09-11,2024-06-30,,lead
@t4,H1,2023-08-20,,,lead
@t1,H1,2023-08-20,,,support
@t1,M1,2024-08-20,2024-09-09,1,lead
@t2,M1,2024-08-20,,1,co_teacher
";

/// School A: only absences and tardies. In 2024-25 nobody of A has a row.
const EXCEPTIONS: &str = "student_id,date,period,school_id,category
@s1,2023-09-06,,A,unexcused_absence
@s1,2023-09-07,,A,excused_absence
@s1,2023-09-08,,A,tardy
@s2,2023-09-06,,A,unexcused_absence
@s2,2023-09-07,1,A,excused_absence
@s2,2023-09-07,2,A,excused_absence
@s2,2023-09-08,1,A,tardy
@s2,2023-09-08,2,A,tardy
@s2,2023-09-08,3,A,excused_absence
";

/// School B: every day. `s3` is absent on two of eight recorded days, `s4` on none of ten, `s2` on none of the five since coming from A.
fn every_day() -> String {
    let s3 = DAYS[3..].iter().enumerate().map(|(index, day)| {
        let category = ["excused_absence", "suspension_absence"]
            .get(index)
            .unwrap_or(&"present");
        format!("@s3,2023-{day},day,B,{category}\n")
    });
    let s4 = DAYS[1..]
        .iter()
        .map(|day| format!("@s4,2023-{day},day,B,present\n"));
    let s2 = DAYS[6..]
        .iter()
        .map(|day| format!("@s2,2023-{day},day,B,present\n"));
    s3.chain(s4).chain(s2).collect()
}

const INCIDENTS: &str = "incident_id,student_id,date,behavior,severity
i1,@s1,2023-09-06,fighting,major
i2,@s1,2023-09-07,other,minor
i3,@s4,2023-09-07,other,minor
";

const ACTIONS: &str = "incident_id,student_id,action,begin_date,days
i1,@s1,out_of_school_suspension,2023-09-07,2
i1,@s1,detention,2023-09-07,9
i2,@s1,in_school_suspension,2023-09-11,
i3,@s4,conference,2023-09-11,
";

/// Spring 2024: 200, 210, 220. Spring 2025: 205, 225, 230. The rest must not count: an earlier result of the same window, another
/// window, another subject, an ID that nobody or two students have.
const RESULTS: &str = "student_id,assessment,subject,date,scale_score
@v1,map,math,2024-05-10,200
@v1,map,math,2024-04-10,150
@v1,map,math,2023-09-10,100
@v1,map,reading,2024-05-10,999
@s2,map,math,2024-05-10,210
@s3,map,math,2024-05-10,220
@s1,map,math,2025-05-10,205
@s2,map,math,2025-05-10,225
@s3,map,math,2025-05-10,230
@v9,map,math,2024-05-11,999
@v8,map,math,2024-05-10,999
";

const MARKS: &str = "student_id,section_id,school_year,term,credits_attempted,credits_earned
@s1,M1,2024,S1,1,1
@s1,M1,2024,S2,1,0.5
@s2,M1,2024,S1,0,
@s3,M1,2024,S1,0.5,
";

/// Hours of `READ`: 10 for `t1` (two sessions, one under the PD system's login) in 2022-23, 4 (the catalog's) for `t3` in 2023-24.
const TRAINING: &str = "person_id,person_type,activity_id,date,status,hours
@login1,staff,p1,2022-10-01,completed,6
@t1,staff,p1,2022-11-01,attended,4
@t2,staff,p1,2022-10-01,withdrawn,99
@t2,staff,q1,2022-10-01,completed,50
@t3,staff,p1,2023-10-01,completed,
@s1,student,p1,2022-10-01,completed,77
";

/// `t2` enters again after losing, which does not count; `t4` is in another draw, and nobody else in any.
const DRAWS: &str = "person_id,person_type,program,drawn_date,offered
@login1,staff,READ,2022-10-01,yes
@t2,staff,READ,2022-10-01,no
@t2,staff,READ,2023-10-01,yes
@t3,staff,READ,2023-10-01,no
@t4,staff,OTHER,2022-10-01,yes
@v1,student,READ,2022-10-01,yes
@s2,student,READ,2022-10-01,no
";

/// `t1` holds `C` in 2023-24 only; `t2` is given it on the first day of 2023-24, which is too late for that year.
const AWARDS: &str =
    "person_id,person_type,credential_id,framework,issued_date,expires_date,revoked_date
@t1,staff,C,F,2023-08-01,2024-06-01,
@t2,staff,C,F,2023-09-05,,
@t3,staff,C,F,2023-01-01,,2023-08-01
@t4,staff,D,F,2023-01-01,,
";

/// 4 September 2023 is a Monday: two weeks of `s1`, and one of `s3`.
const USAGE: &str = "person_id,person_type,tool_id,date,minutes
@v1,student,TL,2023-09-05,30
@s1,student,TL,2023-09-10,20.5
@s1,student,TL,2023-09-11,15
@s3,student,TL,2023-09-11,0.5
@s4,student,XX,2023-09-11,50
@t1,staff,TL,2023-09-11,50
";

/// Everything that comes with Throughline, with limits that let a tiny district through.
pub(super) fn everything() -> Pipeline {
    let days = ("min_days", "8");
    let map = [
        ("assessment", "map"),
        ("subject", "math"),
        ("min_cell", "3"),
    ];
    pipeline(
        vec![
            outcome("attendance_rate", None, &[days]),
            outcome("chronic_absence", None, &[days, ("threshold", "0.2")]),
            outcome("unexcused_rate", None, &[days]),
            outcome("incidents_rate", None, &[days]),
            outcome("exclusionary_days_rate", None, &[days]),
            outcome("credits_earned", None, &[]),
            outcome("standardised_score", Some("math"), &map),
            outcome("score_growth", Some("math"), &map),
        ],
        vec![
            exposure("pd_hours", Window::PriorYear, &[("program", "READ")]),
            exposure("pd_completed", Window::SameYear, &[("program", "READ")]),
            exposure("lottery_offer", Window::PriorYear, &[("program", "READ")]),
            exposure(
                "student_lottery_offer",
                Window::PriorYear,
                &[("program", "READ")],
            ),
            exposure("credential_held", Window::ToDate, &[("credential", "C")]),
            exposure("trainer_in_school", Window::ToDate, &[("credential", "C")]),
            exposure("tool_minutes", Window::SameYear, &[("tool", "TL")]),
            exposure("tool_active_weeks", Window::SameYear, &[("tool", "TL")]),
        ],
    )
}

pub(super) fn measure(threads: usize, id: impl Fn(&str) -> String) -> Measured {
    let folder = tempfile::tempdir().expect("a folder");
    let options = LakeOptions {
        threads,
        memory: None,
    };
    let lake = Lake::open(folder.path(), options).expect("a lake");
    let lock = lake.lock().expect("the lock");
    let parts = parts(folder.path(), id);
    let release = lake
        .commit(&lock, &parts, ReleaseInfo::default())
        .expect("a release");
    lake.measure(&release, &everything(), &Silent)
        .expect("measured")
}

/// The district, measured once.
pub(super) fn measured() -> &'static Measured {
    static MEASURED: OnceLock<Measured> = OnceLock::new();
    MEASURED.get_or_init(|| measure(2, str::to_owned))
}

/// The panel of all teachers (`None`) or of a subject's.
pub(super) fn panel(subject: Option<&str>) -> &'static Panel {
    let found = measured()
        .panels
        .iter()
        .find(|panel| panel.subject.as_deref() == subject);
    found.expect("a panel")
}

/// The row of a student and school year.
pub(super) fn row(panel: &Panel, student: &str, year: SchoolYear) -> usize {
    let is_it = |row: &usize| {
        panel.school_year[*row] == year
            && panel.student.labels[panel.student.codes[*row] as usize] == student
    };
    let mut rows = (0..panel.len()).filter(is_it);
    let row = rows.next().expect("a row");
    assert_eq!(rows.next(), None, "two rows for {student} {year}");
    row
}

pub(super) fn teacher(panel: &Panel, row: usize) -> Option<&str> {
    match panel.teacher.codes[row] {
        NO_CODE => None,
        code => Some(&panel.teacher.labels[code as usize]),
    }
}

/// Equal within rounding of a few operations; NaN equals NaN.
pub(super) fn near(found: f64, wanted: f64) -> bool {
    (found.is_nan() && wanted.is_nan()) || (found - wanted).abs() < 1e-9
}
