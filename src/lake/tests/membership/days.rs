//! Enrolled and absent days of every case, and which school they belong to.

use super::cases::tables;
use super::school::{ask, rows, years};

/// Case, school year, enrolled and absent days.
const WANTED: [(&str, i32, Option<i64>, Option<i64>); 64] = [
    ("plain", 2024, Some(39), Some(2)),
    ("nested_same", 2024, Some(39), Some(2)),
    ("nested_other", 2024, Some(39), Some(3)),
    ("nested_twice", 2024, Some(34), Some(1)),
    ("one_entry", 2024, Some(39), Some(0)),
    ("no_show_day", 2024, Some(38), Some(0)),
    ("no_show_open", 2024, Some(39), Some(0)),
    ("no_show_late", 2024, Some(29), Some(1)),
    ("no_show_word", 2024, None, None),
    ("eligible", 2024, Some(10), Some(0)),
    ("backwards", 2024, Some(29), Some(0)),
    ("one_day", 2024, Some(1), Some(0)),
    ("same_day_inclusive", 2024, None, None),
    ("same_day_exclusive", 2024, None, None),
    ("open_moves", 2024, Some(39), Some(2)),
    ("open_inner", 2024, Some(39), Some(0)),
    ("transfer_day", 2024, Some(39), Some(1)),
    ("overlap", 2024, Some(39), Some(0)),
    ("gap", 2024, Some(29), Some(1)),
    ("left", 2024, Some(10), Some(1)),
    ("came", 2024, Some(19), Some(1)),
    ("moved", 2024, Some(39), Some(2)),
    ("dual", 2024, Some(39), Some(2)),
    ("promoted", 2024, Some(39), Some(0)),
    ("uncounted", 2024, Some(39), Some(1)),
    ("two_years", 2024, Some(39), Some(0)),
    ("two_years", 2025, Some(5), Some(1)),
    ("carried", 2024, Some(19), Some(1)),
    ("carried", 2025, Some(40), Some(1)),
    ("not_listed", 2024, Some(19), Some(0)),
    ("not_listed", 2025, None, None),
    ("frozen", 2024, Some(39), Some(0)),
    ("frozen", 2025, Some(40), Some(0)),
    ("stale", 2025, Some(20), Some(0)),
    ("yearly", 2024, Some(39), Some(0)),
    ("yearly", 2025, Some(40), Some(0)),
    ("early_bird", 2024, None, None),
    ("early_bird", 2025, Some(40), Some(0)),
    ("summer", 2024, None, None),
    ("holiday", 2024, Some(39), Some(0)),
    ("two_rows", 2024, Some(39), Some(1)),
    ("two_kinds", 2024, Some(39), Some(2)),
    ("both", 2024, Some(39), Some(0)),
    ("elsewhere", 2024, Some(39), Some(2)),
    ("every_1", 2024, Some(36), Some(2)),
    ("every_2", 2024, Some(10), Some(1)),
    ("every_3", 2024, None, None),
    ("styles", 2024, Some(39), Some(2)),
    ("field_1", 2024, Some(39), Some(1)),
    ("field_2", 2024, Some(39), Some(0)),
    ("field_3", 2024, Some(39), Some(1)),
    ("said", 2024, Some(39), Some(1)),
    ("free_1", 2024, Some(39), Some(1)),
    ("free_2", 2024, Some(39), Some(0)),
    ("seventh", 2024, Some(39), Some(0)),
    ("full", 2024, Some(39), Some(2)),
    ("part_time", 2024, Some(39), Some(2)),
    ("drops", 2024, Some(39), Some(2)),
    ("stuck", 2024, Some(39), Some(0)),
    ("unstuck", 2024, Some(39), Some(0)),
    ("official_1", 2024, Some(39), Some(1)),
    ("official_2", 2024, Some(39), Some(1)),
    ("nobody", 2024, None, None),
    ("nobody", 2025, None, None),
];

#[test]
fn days_are_counted_on_membership_days() {
    let folder = tempfile::tempdir().expect("a folder");
    let sql = "SELECT student_id, school_year, enrolled_days, absent_days FROM attendance_year";
    let answers = ask(folder.path(), &tables(), &[sql]);
    let found = years(&answers[0]);
    for (case, year, enrolled, absent) in WANTED {
        let found = found.get(&(case.to_owned(), i64::from(year)));
        let found = found.copied().unwrap_or_default();
        assert_eq!(found, (enrolled, absent), "{case} in {year}");
    }
}

/// `nested_other` is a member of B in the first week of October, `transfer_day` from 2 October on, and so on: the days of both schools add up.
/// E exports every day and holds no row of `nested_twice`, so nothing is known of the days there.
#[test]
fn a_day_belongs_to_one_school() {
    let folder = tempfile::tempdir().expect("a folder");
    let sql = "SELECT student_id, school_id, enrolled_days, absent_days, late_days FROM attendance_school \
               WHERE school_year = 2024 AND enrolled_days IS NOT NULL \
               AND student_id IN ('nested_other', 'nested_twice', 'transfer_day', 'overlap', 'open_inner', 'dual', 'styles') ORDER BY 1, 2";
    let homes = "SELECT student_id, school_id, calendar_days, schools, grade_level FROM student_year \
                 WHERE school_year = 2024 AND student_id IN ('nested_other', 'transfer_day', 'promoted', 'dual') ORDER BY 1";
    let kinds = "SELECT unexcused_days, suspended_days, late_days FROM attendance_year WHERE student_id = 'two_kinds' AND school_year = 2024";
    let answers = ask(folder.path(), &tables(), &[sql, homes, kinds]);
    let found: Vec<(&str, &str, i64, i64)> = rows(&answers[0])
        .iter()
        .map(|row| {
            (
                row["student_id"].as_str().expect("an ID"),
                row["school_id"].as_str().expect("an ID"),
                row["enrolled_days"].as_i64().expect("days"),
                row["absent_days"].as_i64().expect("days"),
            )
        })
        .collect();
    let wanted = [
        ("dual", "A", 39, 2),
        ("nested_other", "A", 34, 1),
        ("nested_other", "B", 5, 2),
        ("nested_twice", "A", 19, 0),
        ("nested_twice", "B", 15, 1),
        ("open_inner", "A", 34, 0),
        ("open_inner", "B", 5, 0),
        ("overlap", "A", 20, 0),
        ("overlap", "B", 19, 0),
        ("styles", "A", 20, 1),
        ("styles", "E", 19, 1),
        ("transfer_day", "A", 20, 0),
        ("transfer_day", "B", 19, 1),
    ];
    assert_eq!(found, wanted);
    let homes: Vec<(&str, i64, i64, &str)> = rows(&answers[1])
        .iter()
        .map(|row| {
            (
                row["school_id"].as_str().expect("an ID"),
                row["calendar_days"].as_i64().expect("days"),
                row["schools"].as_i64().expect("schools"),
                row["grade_level"].as_str().expect("a grade"),
            )
        })
        .collect();
    assert_eq!(
        homes,
        [
            ("A", 39, 1, "4"),
            ("A", 39, 2, "4"),
            ("A", 39, 1, "4"),
            ("A", 39, 2, "4"),
        ]
    );
    let kinds = &rows(&answers[2])[0];
    assert_eq!(
        (
            &kinds["unexcused_days"],
            &kinds["suspended_days"],
            &kinds["late_days"]
        ),
        (&1.into(), &1.into(), &0.into())
    );
}
