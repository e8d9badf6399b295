//! What counts for nobody, what actions take, and that no order of rows changes a number.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::Value;
use throughline_model::Part;
use throughline_model::definition::{Compared, Definition};
use throughline_model::progress::Silent;

use super::cases::tables;
use super::school::{ask, rows};
use crate::tests::scratch::{measures, outcome, part, pipeline};
use crate::{Lake, LakeOptions, ReleaseInfo};

#[test]
fn what_counts_for_nobody_is_told_with_its_reason() {
    let folder = tempfile::tempdir().expect("a folder");
    let attended = "SELECT reason, school_year, source_file, rows, absences FROM attendance_outside ORDER BY 1, 2";
    let acted = "SELECT reason, table_name, rows, days FROM discipline_outside ORDER BY 1, 2";
    let answers = ask(folder.path(), &tables(), &[attended, acted]);
    let found: Vec<(&str, i64, i64, i64)> = rows(&answers[0])
        .iter()
        .map(|row| {
            assert_eq!(row["source_file"], "attendance_event.csv");
            (
                row["reason"].as_str().expect("a reason"),
                row["school_year"].as_i64().expect("a year"),
                row["rows"].as_i64().expect("rows"),
                row["absences"].as_i64().expect("rows"),
            )
        })
        .collect();
    let wanted = [
        // `left` on 18 and 19 September, `moved` on 3 October at A, `every_2` from 18 September to 27 October (29 rows, 2 of them absences).
        ("after_exit", 2024, 32, 5),
        // `two_years` on 9 September.
        ("after_exit", 2025, 1, 1),
        // `came` on 29 September, `no_show_late` on 6 September; the row of `no_show_day` names B, where nobody came.
        ("before_entry", 2024, 3, 3),
        // `gap` on 20 September.
        ("between_spells", 2024, 1, 1),
        // `holiday` three times, `every_1` on 9 October.
        ("no_school_day", 2024, 4, 4),
        // `no_show_word`.
        ("not_enrolled", 2024, 1, 1),
    ];
    assert_eq!(found, wanted);
    let acted: Vec<(&str, &str, i64, f64)> = rows(&answers[1])
        .iter()
        .map(|row| {
            (
                row["reason"].as_str().expect("a reason"),
                row["table_name"].as_str().expect("a table"),
                row["rows"].as_i64().expect("rows"),
                row["days"].as_f64().expect("days"),
            )
        })
        .collect();
    let wanted = [
        // The incident of `left` on 20 September.
        ("after_exit", "discipline_incident", 1, 0.0),
        ("before_entry", "discipline_action", 1, 3.0),
        ("before_entry", "discipline_incident", 1, 0.0),
        // `left`: 180 less 13, 14 and 15 September; `gap`: 180 less two days in September and 19 in October; `free_1`: 10 less 25, 26 and 27 October.
        (
            "beyond_membership",
            "discipline_action",
            3,
            177.0 + 159.0 + 7.0,
        ),
        // The half day of `plain` on the second day of a suspension.
        ("counted_twice", "discipline_action", 1, 0.5),
    ];
    assert_eq!(acted, wanted);
}

/// What the five measures say of every student and year, with `min_days` 1.
fn measured(folder: &Path, tables: &[(&'static str, String)]) -> Value {
    let known = measures();
    let names = [
        "attendance_rate",
        "chronic_absence",
        "unexcused_rate",
        "incidents_rate",
        "exclusionary_days_rate",
    ];
    let bound = names.map(|name| {
        let measure = known.iter().find(|known| known.name == name);
        let measure = measure.expect("a measure");
        let mut params: BTreeMap<String, String> = measure
            .params
            .iter()
            .filter_map(|(name, default)| Some((name.clone(), default.clone()?)))
            .collect();
        params.insert("min_days".to_owned(), "1".to_owned());
        let sql = crate::bind::bind(&measure.sql, &params).expect("bound");
        format!("SELECT '{name}' AS measure, student_id, school_year, value FROM ({sql}\n)")
    });
    let sql = format!("{} ORDER BY 1, 2, 3", bound.join(" UNION ALL "));
    ask(folder, tables, &[&sql]).remove(0)
}

fn value(measured: &Value, measure: &str, student: &str) -> f64 {
    let found = rows(measured).iter().find(|row| {
        row["measure"] == measure && row["student_id"] == student && row["school_year"] == 2024
    });
    found.expect("a row")["value"].as_f64().expect("a number")
}

/// A query that adds up the table's days adds up those that count; every action is still there, with its own days beside them.
#[test]
fn whoever_adds_up_days_of_actions_adds_up_those_that_count() {
    let folder = tempfile::tempdir().expect("a folder");
    let sql = "SELECT student_id, count(*) AS actions, sum(days) AS days, sum(days_given) AS given FROM discipline_action \
               WHERE student_id IN ('plain', 'left', 'came') GROUP BY student_id ORDER BY 1";
    let answers = ask(folder.path(), &tables(), &[sql]);
    let found: Vec<(&str, i64, f64, f64)> = rows(&answers[0])
        .iter()
        .map(|row| {
            (
                row["student_id"].as_str().expect("an ID"),
                row["actions"].as_i64().expect("a number"),
                row["days"].as_f64().expect("days"),
                row["given"].as_f64().expect("days"),
            )
        })
        .collect();
    // The nine days of detention of `plain` are no removal, and stay.
    let wanted = [
        ("came", 1, 0.0, 3.0),
        ("left", 1, 3.0, 180.0),
        ("plain", 5, 12.5, 13.0),
    ];
    assert_eq!(found, wanted);
}

#[test]
fn actions_take_days_of_membership_and_no_order_of_rows_changes_a_number() {
    let folder = tempfile::tempdir().expect("a folder");
    let straight = measured(folder.path(), &tables());
    let near = |measure: &str, student: &str, wanted: f64| {
        let found = value(&straight, measure, student);
        assert!(
            (found - wanted).abs() < 1e-9,
            "{measure} of {student}: {found}"
        );
    };
    // 5 and 6 September, of which the half day of another action is one; half of 8 September; the action of Saturday 7 October falls on Tuesday the 10th.
    near("exclusionary_days_rate", "plain", 100.0 * 3.5 / 39.0);
    near("exclusionary_days_rate", "left", 100.0 * 3.0 / 10.0);
    near("exclusionary_days_rate", "came", 0.0);
    near("exclusionary_days_rate", "gap", 100.0 * 21.0 / 29.0);
    near("exclusionary_days_rate", "free_1", 100.0 * 3.0 / 39.0);
    near("incidents_rate", "plain", 100.0 * 2.0 / 39.0);
    near("incidents_rate", "left", 0.0);
    near("chronic_absence", "left", 1.0);
    near("chronic_absence", "plain", 0.0);
    for seed in 1..3_u64 {
        let folder = tempfile::tempdir().expect("a folder");
        let mut shuffled = tables();
        for (_, text) in &mut shuffled {
            *text = shuffle(text, seed);
        }
        assert_eq!(measured(folder.path(), &shuffled), straight, "seed {seed}");
    }
}

/// The lines under the header in another order.
fn shuffle(text: &str, seed: u64) -> String {
    let (header, rest) = text.split_once('\n').expect("a header");
    let mut lines: Vec<&str> = rest.lines().collect();
    let mut state = seed;
    for last in (1..lines.len()).rev() {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        lines.swap(last, (state >> 33) as usize % (last + 1));
    }
    format!("{header}\n{}\n", lines.join("\n"))
}

/// The same, as a run tells it, with the first line of each file, and the students that a definition moves.
#[test]
fn a_run_tells_what_counts_for_nobody() {
    use throughline_model::membership::Reason;
    let folder = tempfile::tempdir().expect("a folder");
    let lake = Lake::open(folder.path(), LakeOptions::default()).expect("a lake");
    let parts: Vec<Part> = tables()
        .iter()
        .map(|(table, text)| part(folder.path(), table, text))
        .collect();
    let lock = lake.lock().expect("the lock");
    let release = lake
        .commit(&lock, &parts, ReleaseInfo::default())
        .expect("a release");
    let mut outcome = outcome("chronic_absence", None, &[("min_days", "1")]);
    outcome.kind = throughline_model::measure::NumberKind::Event;
    let mut stricter = outcome.params.clone();
    stricter.insert("min_days".to_owned(), "39".to_owned());
    let mut pipeline = pipeline(vec![outcome], Vec::new());
    pipeline.compared = vec![Compared {
        outcome: 0,
        chosen: None,
        beside: vec![Definition {
            measure: "chronic_absence".to_owned(),
            id: "whole".to_owned(),
            label: "Whole year".to_owned(),
            about: String::new(),
            source: String::new(),
            params: stricter,
        }],
    }];
    let measured = lake
        .measure(&release, &pipeline, &Silent)
        .expect("measured");
    let rows = |reason| -> u64 {
        let found = measured.outside.iter().filter(|one| {
            one.table == "attendance_event" && one.school_year == 2024 && one.reason == reason
        });
        found.map(|one| one.rows).sum()
    };
    let found = Reason::ALL.map(rows);
    assert_eq!(found, [1, 3, 32, 1, 4, 0, 0]);
    for one in &measured.outside {
        assert!(one.place.line > 1 && one.place.file.ends_with(".csv"));
    }
    // A exports exceptions and E every day; the source of G says how it does.
    let style = |school: &str| {
        let mut styles = measured.styles.iter();
        let found =
            styles.find(|one| one.school == school && one.school_year == 2024 && !one.by_period);
        found.map(|one| (one.every_day, one.declared))
    };
    assert_eq!(style("A"), Some((false, false)));
    assert_eq!(style("E"), Some((true, false)));
    assert!(style("G").is_some_and(|(_, declared)| declared));
    // `left` was enrolled for ten days and missed at least one: counted and absent by the first definition, not counted by the second.
    let patterns = &measured.beside[0].patterns;
    let students = |answers: [Option<bool>; 2]| -> u64 {
        let of = patterns.iter();
        of.filter(|one| one.school_year == 2024 && one.answers == answers)
            .map(|one| one.students)
            .sum()
    };
    assert!(students([Some(true), None]) > 0);
    assert_eq!(
        students([None, Some(true)]) + students([None, Some(false)]),
        0
    );
}
