//! Planted truth for the matched comparison of a pilot.

use throughline_evidence::estimate;
use throughline_evidence::finding::{
    Balance, CheckOutcome, DesignResult, Detail, Finding, Verdict,
};
use throughline_model::Panel;
use throughline_model::pipeline::Design;
use throughline_model::progress::Silent;

use crate::district::{District, Program, Random, Uptake};
use crate::pipeline::pipeline;

const YEAR: i32 = 2025;

/// A pilot in the last school year: one teacher in four takes part, those of more able students more often, and their students gain
/// `effect`.
fn pilot(effect: f64, selection: f64, seed: u64) -> Panel {
    let district = District {
        schools: 16,
        teachers_each: 6,
        class: 16,
        programs: vec![Program {
            uptake: Uptake::Pilot(1),
            effect: 0.0,
        }],
        seed,
        ..District::default()
    };
    let mut panel = district.panel();
    let mut random = Random::new(seed ^ 0x9110);
    let teachers = panel.teacher.labels.len();
    let mut prior = vec![(0.0, 0.0); teachers];
    for row in 0..panel.len() {
        let (sum, n) = &mut prior[panel.teacher.codes[row] as usize];
        if panel.school_year[row] == YEAR {
            *sum += panel.outcomes[0].prior[row];
            *n += 1.0;
        }
    }
    let takes: Vec<bool> = prior
        .iter()
        .map(|(sum, n)| {
            let able = if *n > 0.0 { sum / n } else { 0.0 };
            let odds = (-1.1 + selection * able).exp();
            random.uniform() < odds / (1.0 + odds)
        })
        .collect();
    for row in 0..panel.len() {
        let part = panel.school_year[row] == YEAR && takes[panel.teacher.codes[row] as usize];
        panel.exposures[0].values[row] = if part { 10.0 } else { 0.0 };
        if part {
            panel.outcomes[0].values[row] += effect;
        }
        panel.leads[0].values[row] = f64::NAN;
    }
    panel
}

fn findings(panel: Panel) -> Vec<Finding> {
    let found = estimate(&pipeline(1), &[panel], &Silent).expect("a panel that fits");
    found.findings
}

fn matched(finding: &Finding) -> &DesignResult {
    let mut all = finding.designs.iter();
    all.find(|d| d.design == Design::MatchedComparison)
        .expect("asked for")
}

fn balance(told: &DesignResult) -> &Balance {
    match &told.detail {
        Detail::Balance(balance) => balance,
        other => panic!("{other:?} is no balance"),
    }
}

fn check(told: &DesignResult, name: &str) -> CheckOutcome {
    let found = told.checks.iter().find(|c| c.name.contains(name));
    found.expect("was tried").outcome
}

#[test]
fn a_pilot_of_more_able_students_is_made_comparable_and_the_truth_is_covered() {
    const DISTRICTS: u64 = 40;
    let (mut covered, mut apart) = (0, 0);
    for seed in 0..DISTRICTS {
        let all = findings(pilot(0.15, 3.0, 8000 + seed));
        let told = matched(&all[0]);
        let estimate = told.estimate.expect("both groups are there");
        let (sd, raw) = (all[0].adjusted, all[0].adjusted_raw);
        let truth = 0.15 * sd.expect("estimated").se / raw.expect("estimated").se;
        covered += u64::from(estimate.lower <= truth && truth <= estimate.upper);
        let rows = &balance(told).rows;
        apart += u64::from(rows[0].before > 0.05);
        assert!(rows[0].after.abs() < 1e-6, "{:?}", rows[0]);
        assert_eq!(check(told, "alike"), CheckOutcome::Passed);
    }
    // They differed before; 95 % of 40 is 38 ± 4.
    assert!(apart >= 30, "{apart} of 40 differed before");
    assert!(covered >= 34, "{covered} of 40 covered");
}

#[test]
fn those_who_never_took_part_are_weighed_and_counted() {
    let panel = pilot(0.15, 1.0, 8100);
    let all = findings(panel.clone());
    let told = matched(&all[0]);
    let shown = balance(told);
    let others = told.n.comparison_students.expect("known") as f64;
    assert!(shown.effective_comparison > 50.0 && shown.effective_comparison < others);
    assert_eq!(shown.attrition_exposed, Some(0.0));
    assert_eq!(check(told, "students lost"), CheckOutcome::Passed);
    assert_eq!(check(told, "another way"), CheckOutcome::Passed);
    // Only the pilot's year is compared, and no participant's student of another year.
    let in_year = panel.school_year.iter().filter(|y| **y == YEAR).count();
    assert!(told.n.student_years <= in_year as u64);
    assert_eq!(
        told.n.students,
        told.n.exposed_students.expect("known") + others as u64
    );
}

#[test]
fn students_who_left_one_group_are_counted() {
    let mut panel = pilot(0.0, 1.0, 8200);
    let mut random = Random::new(3);
    let mut gone = 0;
    for row in 0..panel.len() {
        if panel.exposures[0].values[row] > 0.0 && random.uniform() < 0.3 {
            panel.outcomes[0].values[row] = f64::NAN;
            gone += 1;
        }
    }
    assert!(gone > 30);
    let all = findings(panel);
    let told = matched(&all[0]);
    let lost = balance(told).attrition_exposed.expect("known");
    assert!((lost - 0.3).abs() < 0.1, "{lost}");
    assert_eq!(balance(told).attrition_comparison, Some(0.0));
    assert_eq!(check(told, "students lost"), CheckOutcome::Failed);
}

#[test]
fn five_teachers_are_too_few_for_any_design() {
    for seed in 8300..8310 {
        let district = District {
            programs: vec![Program {
                uptake: Uptake::Pilot(5),
                effect: 0.3,
            }],
            seed,
            ..District::default()
        };
        let all = findings(district.panel());
        let told = matched(&all[0]);
        if told.estimate.is_some() {
            assert_eq!(check(told, "enough who took part"), CheckOutcome::Failed);
        }
        assert_eq!(all[0].verdict, Verdict::CannotTellYet);
    }
}

#[test]
fn without_a_baseline_nobody_is_matched() {
    let mut panel = pilot(0.0, 1.0, 8400);
    panel.outcomes[0]
        .prior
        .iter_mut()
        .for_each(|p| *p = f64::NAN);
    let all = findings(panel);
    let why = matched(&all[0]).not_run.as_deref().expect("a reason");
    assert!(why.contains("nothing to match on"), "{why}");
}

#[test]
fn where_doses_do_not_differ_within_teachers_the_matched_comparison_speaks() {
    let mut panel = pilot(0.15, 1.0, 8500);
    for row in 0..panel.len() {
        if panel.school_year[row] != YEAR {
            panel.outcomes[0].values[row] = f64::NAN;
        }
    }
    let all = findings(panel);
    let first = &all[0];
    assert_eq!(first.design, Design::MatchedComparison);
    // Ten hours for everyone who took part, and a finding per ten hours.
    assert_eq!(first.adjusted, matched(first).estimate);
    let panel = first
        .designs
        .iter()
        .find(|d| d.design == Design::PanelAssociation)
        .expect("told beside it");
    assert_eq!(panel.estimate, None);
    assert!(panel.not_run.is_some());
    assert!(first.estimator.contains("entropy balancing"));
}
