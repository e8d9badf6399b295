//! Every exposure, by window, through teachers and schools, against values computed by hand.

use super::district::{near, panel, row};

const NAN: f64 = f64::NAN;

/// Student, school year, dose, dose one year later.
type Wanted<'w> = (&'w str, i32, f64, f64);

fn check(exposure: &str, wanted: &[Wanted<'_>]) {
    let panel = panel(Some("math"));
    let dose = panel.exposure(exposure).expect("an exposure");
    let lead = panel
        .leads
        .iter()
        .find(|lead| lead.name == exposure)
        .expect("a lead");
    for (student, year, now, later) in wanted {
        let row = row(panel, student, *year);
        let found = (dose.values[row], lead.values[row]);
        assert!(
            near(found.0, *now) && near(found.1, *later),
            "{exposure} of {student} in {year}: {found:?} is not {now}, {later}"
        );
    }
}

#[test]
fn hours_of_the_year_before_are_weighted_by_days_shared() {
    check(
        "pd_hours",
        &[
            ("s1", 2024, 6.0, 0.0),
            ("s2", 2024, 3.0, 2.0),
            ("s3", 2024, 0.0, 4.0),
            ("s4", 2024, 0.0, 0.0),
            ("s1", 2025, 0.0, NAN),
            ("s2", 2025, NAN, NAN),
        ],
    );
}

#[test]
fn who_was_in_no_draw_is_unknown_and_only_the_first_draw_counts() {
    check(
        "lottery_offer",
        &[
            ("s1", 2024, 0.6, NAN),
            ("s2", 2024, NAN, NAN),
            ("s3", 2024, NAN, 0.0),
            ("s4", 2024, NAN, NAN),
        ],
    );
    check(
        "student_lottery_offer",
        &[
            ("s1", 2024, 1.0, NAN),
            ("s2", 2024, 0.0, NAN),
            ("s3", 2024, NAN, NAN),
        ],
    );
}

#[test]
fn completion_counts_in_its_own_year() {
    check(
        "pd_completed",
        &[
            ("s1", 2024, 0.0, NAN),
            ("s2", 2024, 0.5, NAN),
            ("s3", 2024, 1.0, NAN),
            ("s1", 2025, NAN, NAN),
        ],
    );
}

#[test]
fn a_credential_counts_from_the_first_day_after_it_was_issued() {
    check(
        "credential_held",
        &[
            ("s1", 2024, 0.6, 0.4),
            ("s2", 2024, 0.3, 0.2),
            ("s3", 2024, 0.0, 0.0),
            ("s1", 2025, 0.75, NAN),
        ],
    );
}

#[test]
fn a_trainer_reaches_everybody_in_the_school() {
    check(
        "trainer_in_school",
        &[
            ("s1", 2024, 1.0, 1.0),
            ("s2", 2024, 1.0, 1.0),
            ("s3", 2024, 0.0, 0.0),
            ("s2", 2025, 0.0, NAN),
        ],
    );
}

#[test]
fn tool_use_is_the_students_own() {
    check(
        "tool_minutes",
        &[
            ("s1", 2024, 65.5, NAN),
            ("s2", 2024, 0.0, NAN),
            ("s3", 2024, 0.5, NAN),
            ("s1", 2025, NAN, NAN),
        ],
    );
    check(
        "tool_active_weeks",
        &[
            ("s1", 2024, 2.0, NAN),
            ("s3", 2024, 0.0, NAN),
            ("s4", 2024, 0.0, NAN),
        ],
    );
}
