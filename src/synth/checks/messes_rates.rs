//! Every mess occurs, as often as districts have it.

use std::collections::{BTreeMap, BTreeSet};

use super::messes::told;
use super::{district, small, table};
use crate::messes::{KINDS, rates};
use crate::{Messes, Spec};

/// Rows of a table whose name starts so, over all years.
fn count(files: &BTreeMap<String, Vec<u8>>, stem: &str) -> f64 {
    let of = files.iter().filter(|(name, _)| name.starts_with(stem));
    of.map(|(_, bytes)| table(bytes).1.len() as f64).sum()
}

#[test]
fn messes_are_as_common_as_districts_have_them() {
    let files = district(&Spec {
        students: 6_000,
        schools: 20,
        years: 3,
        messes: Messes::Usual,
        ..small()
    });
    let told = told(&files);
    let rows = |kind: &str| -> f64 {
        let of = told.iter().filter(|((_, name), _)| name == kind);
        of.map(|(_, rows)| *rows as f64).sum()
    };
    for (kind, _) in KINDS {
        assert!(rows(kind) >= 1.0, "no {kind}");
    }
    let students = 18_000.0;
    let sections = count(&files, "sis/sections_");
    let tests = count(&files, "assess/map_growth_");
    let state = count(&files, "assess/state_2");
    // Of what, how many, and how far from it by chance and by students to whom it cannot happen.
    for (kind, of, rate, least, most) in [
        ("no_show", students, rates::NO_SHOW, 0.75, 1.1),
        (
            "no_show_newcomer",
            // A row among the students, and an enrollment.
            2.0 * students,
            rates::NO_SHOW_NEWCOMER,
            1.0,
            1.0,
        ),
        ("void_spell", students, rates::VOID, 0.8, 1.2),
        ("nested_spell", students, rates::NESTED, 0.6, 1.1),
        ("second_school", students, rates::SECOND_SCHOOL, 0.5, 1.2),
        ("shared_entry", students, rates::SHARED_ENTRY, 0.6, 1.4),
        ("shared_section_number", sections, 1.0, 0.8, 1.0),
        ("retest", tests, rates::RETEST, 0.85, 1.15),
        (
            "absent_on_closed_day",
            students,
            rates::CLOSED_DAY,
            0.6,
            1.4,
        ),
        ("present_code", students, rates::PRESENT_CODES, 0.7, 1.1),
        // The state tells who was not tested: nearly everybody of a grade has a row.
        ("not_tested", state, 0.05, 0.7, 1.3),
    ] {
        let found = rows(kind) / (of * rate);
        assert!(
            (least..=most).contains(&found),
            "{kind}: {found} of what is usual"
        );
    }
    let absences = count(&files, "sis/attendance/attendance_");
    for (kind, of, least, most) in [
        ("absent_and_tardy", absences, 0.001, 0.02),
        ("copy", absences, 0.001, 0.02),
        ("absent_after_exit", students, 0.002, 0.05),
        ("absent_before_entry", students, 0.002, 0.05),
        ("absent_from_school_left", students, 0.002, 0.05),
        ("absent_from_school_never_attended", students, 0.002, 0.05),
        (
            "staff_at_two_schools",
            count(&files, "hr/staff_2"),
            0.005,
            0.05,
        ),
        ("email_case", count(&files, "pd/transcript_"), 0.03, 0.08),
        ("completion_row", count(&files, "pd/transcript_"), 0.01, 0.1),
        ("course_hours", count(&files, "pd/transcript_"), 0.02, 0.3),
        ("ceu", count(&files, "pd/transcript_"), 0.01, 0.15),
        (
            "sessions_of_one_day",
            count(&files, "pd/transcript_"),
            0.005,
            0.08,
        ),
        (
            "mark_stored_twice",
            count(&files, "sis/marks_"),
            0.005,
            0.015,
        ),
        ("use_in_two_rows", count(&files, "tools/usage_"), 0.01, 0.03),
        (
            "action_without_incident",
            count(&files, "sis/discipline_actions_"),
            0.015,
            0.05,
        ),
        (
            "action_beyond_exit",
            count(&files, "sis/discipline_actions_"),
            0.001,
            0.05,
        ),
    ] {
        let found = rows(kind) / of;
        assert!((least..=most).contains(&found), "{kind}: {found}");
    }
}

#[test]
fn what_is_told_is_what_is_found() {
    let files = district(&Spec {
        students: 2_000,
        messes: Messes::Usual,
        ..small()
    });
    let told = told(&files);
    let found = |stem: &str, holds: &dyn Fn(&[String]) -> bool| -> u64 {
        let of = files.iter().filter(|(name, _)| name.starts_with(stem));
        // A file's first row is there twice.
        let rows = of.flat_map(|(_, bytes)| table(bytes).1.into_iter().collect::<BTreeSet<_>>());
        rows.filter(|row| holds(row)).count() as u64
    };
    let rows = |kinds: &[&str], stem: &str| -> u64 {
        let of = told
            .iter()
            .filter(|((file, kind), _)| file.starts_with(stem) && kinds.contains(&kind.as_str()));
        of.map(|(_, rows)| rows).sum()
    };
    let spells = "sis/enrollment_";
    for (kinds, reason) in [
        (&["no_show", "no_show_newcomer"][..], "No show"),
        (&["void_spell"], "Entered in error"),
        (&["nested_spell"], "Program ended"),
        (&["second_school"], "Placement ended"),
        (&["shared_entry"], "Entered twice"),
    ] {
        assert_eq!(
            found(spells, &|row| row[5] == reason),
            rows(kinds, spells),
            "{reason}"
        );
    }
    let state = "assess/state_2";
    let codes = ["ABS", "MED", "REF"];
    let untested = found(state, &|row| {
        row[5].is_empty() && codes.contains(&row[7].as_str())
    });
    assert_eq!(untested, rows(&["not_tested"], state));
    let map = "assess/map_growth_";
    assert_eq!(found(map, &|row| row[8] == "FALSE"), rows(&["retest"], map));
    let actions = "sis/discipline_actions_";
    let beyond = found(actions, &|row| row[4] == "180");
    assert_eq!(beyond, rows(&["action_beyond_exit"], actions));
    let typed = found("pd/transcript_", &|row| row[0] != row[0].to_lowercase());
    assert_eq!(typed, rows(&["email_case"], "pd/transcript_"));
    let stored = found("sis/marks_", &|row| row[4] == "I");
    assert_eq!(stored, rows(&["mark_stored_twice"], "sis/marks_"));
    let trips = found("sis/attendance/attendance_2022", &|row| row[3] == "P");
    assert_eq!(
        trips,
        rows(&["present_code"], "sis/attendance/attendance_2022")
    );
    let by_class = found("sis/attendance/class_", &|_| true);
    assert_eq!(
        by_class,
        rows(&["class_attendance"], "sis/attendance/class_")
    );
    assert!(by_class > 0 && trips > 0 && stored > 0 && beyond > 0);
}
