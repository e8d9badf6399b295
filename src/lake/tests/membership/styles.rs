//! A second district: how exports record attendance, and what follows for days without a row.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use chrono::{Datelike, NaiveDate, Weekday};

use super::school::{
    Counted, YEAR, ask, attendance, calendar, every_day, open_days, periods, years,
};

/// The district as far as it is told.
#[derive(Default)]
struct District {
    spells: String,
    marks: String,
    wanted: BTreeMap<String, Counted>,
}

impl District {
    /// A student of `school` for the whole year, with attendance rows, and the enrolled and absent days that are right.
    fn student(&mut self, id: &str, school: &str, marks: &str, wanted: Counted) {
        self.spell(id, school, YEAR.0);
        self.marks += marks;
        self.wanted.insert(id.to_owned(), wanted);
    }

    fn spell(&mut self, id: &str, school: &str, entry: &str) {
        let end = YEAR.1;
        writeln!(self.spells, "{id},{school},4,{entry},{end}").expect("text");
    }

    fn tables(&self) -> Vec<(&'static str, String)> {
        let header = "student_id,school_id,grade_level,entry_date,exit_date";
        let ids: BTreeSet<&str> = self
            .spells
            .lines()
            .filter_map(|line| line.split(',').next())
            .collect();
        let students: String = ids.iter().map(|id| format!("{id},2024,4\n")).collect();
        let mut days = calendar(&["A", "B", "E", "H", "I", "J", "K", "L", "M", "O", "T"]);
        for day in open_days(YEAR.0, YEAR.1) {
            if matches!(day.weekday(), Weekday::Mon | Weekday::Wed | Weekday::Fri) {
                writeln!(days, "V,{day},yes").expect("text");
            }
        }
        vec![
            ("calendar_day", days),
            (
                "student",
                format!("student_id,school_year,grade_level\n{students}"),
            ),
            ("student_school", format!("{header}\n{}", self.spells)),
            ("attendance_event", attendance(&self.marks, &[])),
        ]
    }
}

fn known(enrolled: i64, absent: i64) -> Counted {
    (Some(enrolled), Some(absent))
}

/// Rows of periods 1 to 4 of every day of `days`; `missed` says which of them.
fn classes(student: &str, days: &[NaiveDate], missed: impl Fn(&str, u32) -> bool) -> String {
    let mut rows = String::new();
    for day in days.iter().map(NaiveDate::to_string) {
        for period in 1..=4 {
            let letter = if missed(&day, period) { 'a' } else { 'p' };
            writeln!(rows, "{student},{day},{period},L,{letter}").expect("text");
        }
    }
    rows
}

fn district() -> District {
    let mut all = District::default();
    let days = open_days(YEAR.0, YEAR.1);
    // A placement from 2 October on at V, which is open on Mondays, Wednesdays and Fridays: on the other days the student is A's.
    all.student(
        "program",
        "A",
        "program,2023-10-03,,A,a\nprogram,2023-10-04,,V,a\n",
        known(39, 2),
    );
    all.spell("program", "V", "2023-10-02");
    // Of an export of every day only September came.
    let september = ("2023-09-04", "2023-09-29");
    all.student(
        "month_1",
        "H",
        &every_day("month_1", "H", september, &["2023-09-05"], &[]),
        known(20, 1),
    );
    all.student(
        "month_2",
        "H",
        &every_day("month_2", "H", september, &[], &[]),
        known(20, 0),
    );
    // Of an export of every day only two of six students came: nothing is known of the others.
    for id in ["some_1", "some_2"] {
        all.student(
            id,
            "I",
            &every_day(id, "I", YEAR, &["2023-09-05"], &[]),
            known(39, 1),
        );
    }
    for id in ["some_3", "some_4", "some_5", "some_6"] {
        all.student(id, "I", "", (None, None));
    }
    // A school of one student that exports exceptions, half of them field trips.
    let trips = "trips,2023-09-05,,J,p\ntrips,2023-09-20,,J,p\ntrips,2023-10-05,,J,a\ntrips,2023-10-24,,J,a\n";
    all.student("trips", "J", trips, known(39, 2));
    // Exceptions of a school where everybody is absent or tardy on three days of four.
    for id in ["often_1", "often_2", "often_3", "often_4", "often_5"] {
        let mut marks = String::new();
        for (place, day) in days.iter().enumerate() {
            match place % 4 {
                0 | 2 => writeln!(marks, "{id},{day},,K,a").expect("text"),
                1 => writeln!(marks, "{id},{day},,K,t").expect("text"),
                _ => {}
            }
        }
        all.student(id, "K", &marks, known(39, 20));
    }
    // Every period of every day: two of four missed on 5 September, one on the 6th.
    let missed = |day: &str, period: u32| match day {
        "2023-09-05" => period < 3,
        "2023-09-06" => period == 1,
        _ => false,
    };
    all.student(
        "classes_1",
        "L",
        &classes("classes_1", &days, missed),
        known(39, 1),
    );
    // The same school; of the last week nothing came.
    all.student(
        "classes_2",
        "L",
        &classes("classes_2", &days[..34], |_, _| false),
        known(34, 0),
    );
    // Every day, and exceptions of periods beside it: the whole day is the record, also where six periods were missed.
    let mut both = every_day("both_1", "M", YEAR, &["2023-09-05"], &[]);
    both += &periods("both_1", "M", "2023-09-05", &[1, 2, 3, 4, 5, 6]);
    both += &periods("both_1", "M", "2023-09-06", &[1, 2, 3, 4, 5, 6]);
    all.student("both_1", "M", &both, known(39, 1));
    all.student(
        "both_2",
        "M",
        &every_day("both_2", "M", YEAR, &[], &[]),
        known(39, 0),
    );
    // Classes at two schools: three of seven periods on 5 September, four on the 6th.
    let mut halves = periods("halves", "T", "2023-09-05", &[5, 6, 7]);
    halves += &periods("halves", "O", "2023-09-06", &[1, 2, 3, 4]);
    halves += &periods("halves", "O", "2023-09-07", &[1]);
    halves += &periods("halves", "T", "2023-09-07", &[5]);
    all.student("halves", "O", &halves, known(39, 1));
    all.spell("halves", "T", YEAR.0);
    let seven = periods("seven", "O", "2023-09-06", &[1, 2, 3, 4, 5, 6, 7]);
    all.student("seven", "O", &seven, known(39, 1));
    // Rows that name no school, of a school of exceptions and of one of every day.
    all.student("unnamed_1", "B", "unnamed_1,2023-09-05,,,a\n", known(39, 1));
    let missing = ["2023-10-25", "2023-10-26", "2023-10-27"];
    let marks = every_day("unnamed_2", "", YEAR, &["2023-09-05"], &missing);
    all.student("unnamed_2", "E", &marks, known(36, 1));
    all.student(
        "unnamed_3",
        "E",
        &every_day("unnamed_3", "", YEAR, &[], &[]),
        known(39, 0),
    );
    all
}

const YEARS: &str =
    "SELECT student_id, school_year, enrolled_days, absent_days FROM attendance_year";

#[test]
fn what_a_day_without_a_row_means_is_judged_by_school() {
    let folder = tempfile::tempdir().expect("a folder");
    let district = district();
    let answers = ask(folder.path(), &district.tables(), &[YEARS]);
    let found = years(&answers[0]);
    for (id, wanted) in &district.wanted {
        assert_eq!(found[&(id.clone(), 2024)], *wanted, "{id}");
    }
}

/// The attendance system numbers schools in its own way.
#[test]
fn schools_may_be_numbered_otherwise_in_attendance() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut district = district();
    let rename = |line: &str| {
        let cells: Vec<&str> = line.split(',').collect();
        let school = if cells[3].is_empty() { "" } else { "9" };
        format!(
            "{},{},{},{school}{},{}\n",
            cells[0], cells[1], cells[2], cells[3], cells[4]
        )
    };
    district.marks = district.marks.lines().map(rename).collect();
    let answers = ask(folder.path(), &district.tables(), &[YEARS]);
    let found = years(&answers[0]);
    for (id, wanted) in &district.wanted {
        assert_eq!(found[&(id.clone(), 2024)], *wanted, "{id}");
    }
}
