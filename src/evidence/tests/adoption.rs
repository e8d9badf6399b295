//! Planted truth for staggered adoption. Bounds as in `planted`: about three standard errors of a share from its nominal value.

use throughline_evidence::estimate;
use throughline_evidence::finding::{CheckOutcome, DesignResult, Detail, EventStudy, Finding};
use throughline_model::pipeline::{Design, Subgroup};
use throughline_model::progress::Silent;

use crate::district::{District, Program, Uptake};
use crate::pipeline::pipeline;

fn findings(district: &District) -> Vec<Finding> {
    let pipeline = pipeline(district.programs.len());
    let found = estimate(&pipeline, &[district.panel()], &Silent).expect("a panel that fits");
    found.findings
}

fn adoption(finding: &Finding) -> &DesignResult {
    let mut all = finding.designs.iter();
    all.find(|d| d.design == Design::StaggeredAdoption)
        .expect("asked for")
}

fn study(told: &DesignResult) -> &EventStudy {
    match &told.detail {
        Detail::EventStudy(study) => study,
        other => panic!("{other:?} is no event study"),
    }
}

fn check(told: &DesignResult, name: &str) -> CheckOutcome {
    let found = told.checks.iter().find(|c| c.name.contains(name));
    found.expect("was tried").outcome
}

fn district(uptake: Uptake, effect: f64, seed: u64) -> District {
    District {
        programs: vec![Program { uptake, effect }],
        seed,
        ..District::default()
    }
}

/// The truth on the scale of a finding's estimate.
fn truth(effect: f64, finding: &Finding) -> f64 {
    let (in_sd, raw) = (finding.adjusted, finding.adjusted_raw);
    effect * in_sd.expect("estimated").se / raw.expect("estimated").se
}

#[test]
fn teachers_who_begin_and_stay_are_followed_and_the_truth_is_covered() {
    const DISTRICTS: u64 = 60;
    let (mut covered, mut condemned, mut found) = (0, 0, 0);
    for seed in 0..DISTRICTS {
        let all = findings(&district(Uptake::Stays(0.5), 0.15, 7000 + seed));
        let told = adoption(&all[0]);
        let estimate = told.estimate.expect("begun in several years");
        let truth = truth(0.15, &all[0]);
        covered += u64::from(estimate.lower <= truth && truth <= estimate.upper);
        condemned += u64::from(check(told, "same path") == CheckOutcome::Failed);
        found += u64::from(estimate.lower > 0.0);
    }
    // 57 ± 5; a false alarm in a hundred; and at 0.058 SD of error most are not found.
    assert!(covered >= 52, "{covered} of 60 covered");
    assert!(condemned <= 3, "{condemned} of 60 condemned");
    assert!(found >= 20, "{found} of 60 found");
}

#[test]
fn schools_are_followed_by_school_with_few_degrees_of_freedom() {
    const DISTRICTS: u64 = 60;
    let (mut covered, mut told_of) = (0, 0);
    for seed in 0..DISTRICTS {
        let district = District {
            schools: 24,
            teachers_each: 4,
            ..district(Uptake::Schools, 0.2, 7000 + seed)
        };
        let all = findings(&district);
        let Some(estimate) = adoption(&all[0]).estimate else {
            continue;
        };
        let truth = truth(0.2, &all[0]);
        assert!(estimate.df < 24.0);
        // It speaks, beside panel association.
        assert_eq!(all[0].design, Design::StaggeredAdoption);
        assert_eq!(all[0].adjusted, Some(estimate));
        let panel = |d: &DesignResult| d.design == Design::PanelAssociation;
        assert!(all[0].designs.iter().any(panel));
        told_of += 1;
        covered += u64::from(estimate.lower <= truth && truth <= estimate.upper);
    }
    assert!(told_of >= 55, "{told_of} of 60 estimated");
    // 95 % of 60 is 57 ± 5.
    assert!(told_of - covered <= 8, "{covered} of {told_of} covered");
}

#[test]
fn teachers_who_were_getting_better_anyway_are_noticed_where_there_are_enough() {
    let mut noticed = 0;
    for seed in 0..20 {
        let district = District {
            schools: 24,
            teachers_each: 16,
            ..district(Uptake::Rising(0.5, 0.1), 0.0, 7100 + seed)
        };
        let all = findings(&district);
        let told = adoption(&all[0]);
        noticed += u64::from(check(told, "same path") == CheckOutcome::Failed);
        let shown = study(told);
        assert!(shown.pre_trend_p.is_some());
        assert!(shown.pre_trend_detectable.expect("tested") < 0.1);
    }
    // What the test says it finds four times in five is less than what there is.
    assert!(noticed >= 14, "{noticed} of 20 noticed");
}

#[test]
fn an_event_study_shows_every_year_but_the_reference() {
    let all = findings(&district(Uptake::Stays(0.5), 0.3, 7300));
    let told = adoption(&all[0]);
    let shown = study(told);
    let years: Vec<i32> = shown.points.iter().map(|p| p.relative_year).collect();
    assert_eq!(years, [-4, -3, -2, 0, 1, 2, 3]);
    for point in &shown.points {
        assert!(point.band_lower < point.effect.lower && point.effect.upper < point.band_upper);
    }
    assert_eq!(shown.controls, "never treated");
    let others = shown.other_controls.expect("those not yet begun");
    let estimate = told.estimate.expect("estimated");
    assert!((others.estimate - estimate.estimate).abs() < estimate.se);
    // The study's name is taken literally: a subgroup has a study of its own, without robust intervals.
    let mut pipeline = pipeline(1);
    pipeline.studies[0].subgroups = vec![
        Subgroup::All,
        Subgroup::Flag("economically_disadvantaged".to_owned()),
    ];
    let panel = district(Uptake::Stays(0.5), 0.3, 7300).panel();
    let found = estimate_of(&pipeline, panel);
    assert!(study(adoption(&found[1])).honest.is_empty());
    assert_ne!(adoption(&found[1]).estimate, told.estimate);
}

fn estimate_of(
    pipeline: &throughline_model::Pipeline,
    panel: throughline_model::Panel,
) -> Vec<Finding> {
    let found = estimate(pipeline, &[panel], &Silent).expect("a panel that fits");
    found.findings
}

#[test]
fn what_cannot_be_followed_says_why() {
    let mut panel = district(Uptake::Stays(0.5), 0.0, 7400).panel();
    panel.exposures[0].values.iter_mut().for_each(|d| *d = 10.0);
    let found = estimate_of(&pipeline(1), panel.clone());
    let told = adoption(&found[0]);
    assert_eq!(told.estimate, None);
    let why = told.not_run.as_deref().expect("a reason");
    assert!(why.contains("began after the first"), "{why}");
    let mut pipeline = pipeline(1);
    pipeline.studies[0].designs = vec![Design::PanelAssociation];
    assert!(estimate_of(&pipeline, panel)[0].designs.is_empty());
}
