//! Every outcome against values computed by hand from the lines in `district`.

use throughline_model::Panel;

use super::district::{near, panel, row};

const NAN: f64 = f64::NAN;

/// Checks an outcome of students and school years.
fn check(panel: &Panel, outcome: &str, wanted: &[(&str, i32, f64)]) {
    let found = panel.outcome(outcome).expect("an outcome");
    for (student, year, value) in wanted {
        let got = found.values[row(panel, student, *year)];
        assert!(
            near(got, *value),
            "{outcome} of {student} in {year}: {got} is not {value}"
        );
    }
}

#[test]
fn attendance_counts_both_styles_movers_and_periods() {
    let rates = [
        ("s1", 2024, 0.8),
        ("s2", 2024, 0.8),
        ("s3", 2024, 0.75),
        ("s4", 2024, 1.0),
    ];
    check(panel(None), "attendance_rate", &rates);
    let unexcused = [
        ("s1", 2024, 0.1),
        ("s2", 2024, 0.1),
        ("s3", 2024, 0.0),
        ("s4", 2024, 0.0),
    ];
    check(panel(None), "unexcused_rate", &unexcused);
    let chronic = [
        ("s1", 2024, 1.0),
        ("s2", 2024, 1.0),
        ("s3", 2024, 1.0),
        ("s4", 2024, 0.0),
    ];
    check(panel(None), "chronic_absence", &chronic);
}

#[test]
fn a_school_without_attendance_rows_has_unknown_attendance() {
    let unknown = [("s1", 2025, NAN), ("s2", 2025, NAN), ("s3", 2025, NAN)];
    check(panel(None), "attendance_rate", &unknown);
}

#[test]
fn discipline_is_per_hundred_enrolled_days_and_zero_only_where_known() {
    let incidents = [
        ("s1", 2024, 20.0),
        ("s2", 2024, 0.0),
        ("s4", 2024, 10.0),
        ("s1", 2025, NAN),
    ];
    check(panel(None), "incidents_rate", &incidents);
    let removed = [
        ("s1", 2024, 30.0),
        ("s2", 2024, 0.0),
        ("s4", 2024, 0.0),
        ("s1", 2025, NAN),
    ];
    check(panel(None), "exclusionary_days_rate", &removed);
}

#[test]
fn credits_are_a_share_of_those_attempted() {
    let credits = [
        ("s1", 2024, 0.75),
        ("s2", 2024, NAN),
        ("s3", 2024, 0.0),
        ("s4", 2024, NAN),
    ];
    check(panel(None), "credits_earned", &credits);
}

#[test]
fn scores_are_standardised_within_grade_and_year() {
    let sd = 175_f64.sqrt();
    let scores = [
        ("s1", 2024, -1.0),
        ("s2", 2024, 0.0),
        ("s3", 2024, 1.0),
        ("s4", 2024, NAN),
        ("s1", 2025, -15.0 / sd),
        ("s2", 2025, 5.0 / sd),
        ("s3", 2025, 10.0 / sd),
    ];
    check(panel(Some("math")), "standardised_score", &scores);
}

/// On 200, 210, 220 the later scores 205, 225, 230 have the slope 1.25 and the residuals −2.5, 5, −2.5.
#[test]
fn growth_is_the_residual_given_the_prior_score() {
    let sd = 175_f64.sqrt();
    let growth = [
        ("s1", 2024, NAN),
        ("s1", 2025, -2.5 / sd),
        ("s2", 2025, 5.0 / sd),
        ("s3", 2025, -2.5 / sd),
    ];
    check(panel(Some("math")), "score_growth", &growth);
}

#[test]
fn the_prior_outcome_is_the_same_students_last_year() {
    let panel = panel(Some("math"));
    let prior = &panel
        .outcome("standardised_score")
        .expect("an outcome")
        .prior;
    for (student, year, value) in [("s1", 2025, -1.0), ("s3", 2025, 1.0), ("s1", 2024, NAN)] {
        assert!(
            near(prior[row(panel, student, year)], value),
            "{student} {year}"
        );
    }
}

#[test]
fn a_panel_serves_the_outcomes_of_its_subject() {
    assert!(panel(None).outcome("standardised_score").is_none());
    assert!(panel(Some("math")).outcome("attendance_rate").is_none());
}

#[test]
fn rows_stand_by_year_school_grade_and_place_in_the_export() {
    let panel = panel(None);
    let rows = [
        ("s1", 2024),
        ("s2", 2024),
        ("s3", 2024),
        ("s4", 2024),
        ("s1", 2025),
        ("s2", 2025),
        ("s3", 2025),
    ];
    assert_eq!(panel.len(), rows.len());
    for (index, (student, year)) in rows.into_iter().enumerate() {
        assert_eq!(row(panel, student, year), index);
    }
    assert_eq!(panel.school.labels, ["A", "B"]);
    assert_eq!(panel.school.codes, [0, 0, 1, 1, 0, 1, 1]);
    assert_eq!(panel.grade.labels, ["4", "5"]);
}

#[test]
fn covariates_are_numbers_and_missing_ones_are_nan() {
    let panel = panel(None);
    for (name, wanted) in [
        ("english_learner", [1.0, 0.0, NAN, 0.0, 0.0, 0.0, 0.0]),
        ("gender=female", [1.0, 0.0, 0.0, NAN, 1.0, 0.0, 0.0]),
        ("gender=male", [0.0, 1.0, 1.0, NAN, 0.0, 1.0, 1.0]),
        ("homeless", [NAN; 7]),
    ] {
        let found = &panel.covariate(name).expect("a covariate").values;
        assert!(
            found.iter().zip(wanted).all(|(a, b)| near(*a, b)),
            "{name}: {found:?}"
        );
    }
    assert!(panel.covariate("gender=nonbinary").is_none(), "nobody is");
}
