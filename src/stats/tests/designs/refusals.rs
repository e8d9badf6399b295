//! What cannot be estimated is refused with the error that names it, by every estimator of a design.

use throughline_stats::StatsError;
use throughline_stats::did::*;
use throughline_stats::dose::{DoseOptions, bins, natural_spline};
use throughline_stats::effect_size::*;
use throughline_stats::empirical_bayes::{Heterogeneity, shrink, shrink_group_means};
use throughline_stats::growth::{growth_percentiles, quantile_regression};
use throughline_stats::honest::{Coefficients, MagnitudeOptions, relative_magnitudes, smoothness};
use throughline_stats::matching::*;
use throughline_stats::power::{
    ClusterLevel, Design, Test, detectable_effect, power, units_needed,
};
use throughline_stats::randomisation::{Assignment, RandomisationOptions, randomisation_test};
use throughline_stats::sensitivity::*;

const NAN: f64 = f64::NAN;

/// Asserts the variant and that the message says more than what went wrong: a rule, a hint or a way out.
macro_rules! refused {
    ($result:expr, $pattern:pat) => {{
        let result = $result;
        assert!(
            matches!(&result, Err($pattern)),
            "{} gave {result:?}",
            stringify!($result)
        );
        if let Err(error) = result {
            let text = error.to_string();
            let helps = ["; ", ": ", "(", " must ", "need", "use "];
            assert!(helps.iter().any(|h| text.contains(h)), "{text}");
        }
    }};
}

/// Twelve units, four periods; a third starts in period 3, a third in 4.
struct Panel {
    unit: Vec<u32>,
    time: Vec<i32>,
    first: Vec<Option<i32>>,
    y: Vec<f64>,
    x: Vec<f64>,
}

impl Panel {
    fn new() -> Self {
        let mut p = Self {
            unit: vec![],
            time: vec![],
            first: vec![],
            y: vec![],
            x: vec![],
        };
        for unit in 0..12_u32 {
            for time in 1..=4 {
                p.unit.push(unit);
                p.time.push(time);
                p.first.push([None, Some(3), Some(4)][unit as usize % 3]);
                p.y.push(f64::from((unit * 13 + time as u32 * 7) % 11));
                p.x.push(f64::from((unit * 5) % 7));
            }
        }
        p
    }

    fn with<'a>(&'a self, y: &'a [f64]) -> StaggeredPanel<'a> {
        StaggeredPanel::new(&self.unit, &self.time, &self.first, y)
    }
}

fn staggered(panel: &StaggeredPanel<'_>) -> Result<GroupTime, StatsError> {
    group_time(panel, &GroupTimeOptions::default())
}

#[test]
fn staggered_designs() {
    let p = Panel::new();
    let good = p.with(&p.y);
    assert!(staggered(&good).is_ok());
    let mut bad = p.y.clone();
    bad[5] = f64::INFINITY;
    let everyone = |panel: &StaggeredPanel<'_>| -> Vec<Option<StatsError>> {
        vec![
            staggered(panel).err(),
            sun_abraham(panel).err(),
            imputation(panel, &ImputationOptions::default()).err(),
            bacon(panel).err(),
        ]
    };
    for error in everyone(&p.with(&bad)) {
        assert!(
            matches!(error, Some(StatsError::NonFinite { row: 5, .. })),
            "{error:?}"
        );
    }
    let flat = vec![2.0; p.y.len()];
    for error in everyone(&p.with(&flat)) {
        assert!(
            matches!(error, Some(StatsError::ZeroVariance { .. })),
            "{error:?}"
        );
    }
    for error in everyone(&p.with(&p.y[1..])) {
        assert!(
            matches!(error, Some(StatsError::Length { .. })),
            "{error:?}"
        );
    }
    let nobody = vec![None; p.y.len()];
    for error in everyone(&StaggeredPanel::new(&p.unit, &p.time, &nobody, &p.y)) {
        assert!(
            matches!(error, Some(StatsError::EmptyGroup { .. })),
            "{error:?}"
        );
    }
    for error in everyone(&StaggeredPanel::new(&[], &[], &[], &[])) {
        assert!(
            matches!(error, Some(StatsError::EmptySample { .. })),
            "{error:?}"
        );
    }
    let one = vec![4; p.y.len()];
    let clustered = good.with_cluster(&one);
    refused!(staggered(&clustered), StatsError::TooFewClusters { .. });
    refused!(sun_abraham(&clustered), StatsError::TooFewClusters { .. });
    refused!(
        imputation(&clustered, &ImputationOptions::default()),
        StatsError::TooFewClusters { .. }
    );
    let changing: Vec<u32> = (0..p.y.len() as u32).collect();
    refused!(
        staggered(&good.with_cluster(&changing)),
        StatsError::ChangesWithinUnit { .. }
    );
    let covariates: [&[f64]; 1] = [&p.x];
    let adjusted = good.with_covariates(&covariates);
    refused!(sun_abraham(&adjusted), StatsError::Unsupported { .. });
    refused!(
        imputation(&adjusted, &ImputationOptions::default()),
        StatsError::Unsupported { .. }
    );
    refused!(bacon(&adjusted), StatsError::Unsupported { .. });
    let constant: [&[f64]; 1] = [&flat];
    refused!(
        staggered(&good.with_covariates(&constant)),
        StatsError::Constant { .. }
    );
    let mut broken = p.x.clone();
    broken[9] = NAN;
    let broken: [&[f64]; 1] = [&broken];
    refused!(
        staggered(&good.with_covariates(&broken)),
        StatsError::NonFinite { row: 9, .. }
    );
    let mut negative = vec![1.0; p.y.len()];
    negative[3] = -1.0;
    refused!(
        staggered(&good.with_weights(&negative)),
        StatsError::InvalidWeight { row: 3 }
    );
    let all = vec![Some(3); p.y.len()];
    refused!(
        staggered(&StaggeredPanel::new(&p.unit, &p.time, &all, &p.y)),
        StatsError::EmptyGroup { .. }
    );
    refused!(
        sun_abraham(&StaggeredPanel::new(&p.unit, &p.time, &all, &p.y)),
        StatsError::EmptyGroup { .. }
    );
    let event = staggered(&good)
        .unwrap()
        .aggregate(Aggregation::Event)
        .unwrap();
    for options in [
        BandOptions {
            draws: 0,
            ..BandOptions::default()
        },
        BandOptions {
            level: 1.0,
            ..BandOptions::default()
        },
    ] {
        refused!(
            event.uniform_band(&options),
            StatsError::InvalidOption { .. }
        );
    }
}

#[test]
fn pretrends_and_honest_intervals() {
    let v = [0.01, 0.0, 0.0, 0.01];
    refused!(pretrend(&[], &[], &[], 0.05), StatsError::EmptyGroup { .. });
    refused!(
        pretrend(&[0.1, NAN], &v, &[1.0, 1.0], 0.05),
        StatsError::NonFinite { .. }
    );
    refused!(
        pretrend(&[0.1, 0.1], &v[..3], &[1.0, 1.0], 0.05),
        StatsError::Length { .. }
    );
    refused!(
        pretrend(&[0.1, 0.1], &[0.01; 4], &[1.0, 1.0], 0.05),
        StatsError::NotEstimable { .. }
    );
    refused!(
        pretrend(&[0.1, 0.1], &v, &[1.0, 1.0], 0.0),
        StatsError::InvalidOption { .. }
    );
    refused!(
        Coefficients::new(&[0.1, 0.2], &v, 0),
        StatsError::EmptyGroup { .. }
    );
    refused!(
        Coefficients::new(&[0.1, 0.2], &v, 2),
        StatsError::EmptyGroup { .. }
    );
    refused!(
        Coefficients::new(&[0.1, NAN], &v, 1),
        StatsError::NonFinite { .. }
    );
    refused!(
        Coefficients::new(&[0.1, 0.2], &[0.01; 4], 1),
        StatsError::NotEstimable { .. }
    );
    let study = Coefficients::new(&[0.1, 0.2], &v, 1).unwrap();
    refused!(
        smoothness(&study, -0.1, 0.05),
        StatsError::InvalidOption { .. }
    );
    refused!(
        smoothness(&study, 0.1, 0.9),
        StatsError::InvalidOption { .. }
    );
    refused!(
        study.clone().with_target(&[1.0, 1.0]),
        StatsError::Length { .. }
    );
    let options = MagnitudeOptions::default();
    refused!(
        relative_magnitudes(&study, 1.0, &options),
        StatsError::Unsupported { .. }
    );
    let long = Coefficients::new(&[0.1; 11], &identity(11), 2).unwrap();
    refused!(
        relative_magnitudes(&long, 1.0, &options),
        StatsError::Unsupported { .. }
    );
    let study = Coefficients::new(&[0.1, 0.2, 0.1], &identity(3), 2).unwrap();
    refused!(
        relative_magnitudes(&study, -1.0, &options),
        StatsError::InvalidOption { .. }
    );
}

fn identity(k: usize) -> Vec<f64> {
    (0..k * k)
        .map(|i| f64::from(u8::from(i % (k + 1) == 0)))
        .collect()
}

#[test]
fn matching() {
    let x = [1.0, 2.0, 3.5, 4.0, 2.5, 1.5, 3.0, 0.5];
    let y = [2.0, 3.0, 1.0, 4.0, 5.0, 2.5, 3.5, 1.5];
    let treated = [true, false, true, false, true, false, true, false];
    let (all, none) = ([true; 8], [false; 8]);
    let mut hole = x;
    hole[2] = NAN;
    let entropy = EntropyOptions::default();
    let plain = NearestOptions::default();
    for group in [&all, &none] {
        refused!(
            propensity(group, &[("x", &x)], None),
            StatsError::EmptyGroup { .. }
        );
        refused!(
            nearest(group, Distance::Score(&x), &plain),
            StatsError::EmptyGroup { .. }
        );
        refused!(
            entropy_balance(group, &[("x", &x)], &entropy),
            StatsError::EmptyGroup { .. }
        );
        refused!(exact(group, &[("x", &x)]), StatsError::EmptyGroup { .. });
        refused!(subclassify(group, &x, 2), StatsError::EmptyGroup { .. });
        refused!(
            weighted_difference(&y, group, &[1.0; 8], WeightedVariance::Hc1, 0.95),
            StatsError::EmptyGroup { .. }
        );
        refused!(
            balance(group, &[("x", &x)], None, Estimand::Treated),
            StatsError::EmptyGroup { .. }
        );
    }
    refused!(
        propensity(&treated, &[("x", &hole)], None),
        StatsError::NonFinite { row: 2, .. }
    );
    refused!(
        nearest(&treated, Distance::Score(&hole), &plain),
        StatsError::NonFinite { row: 2, .. }
    );
    refused!(
        nearest(&treated, Distance::Mahalanobis(&[("x", &hole)]), &plain),
        StatsError::NonFinite { row: 2, .. }
    );
    refused!(
        entropy_balance(&treated, &[("x", &hole)], &entropy),
        StatsError::NonFinite { row: 2, .. }
    );
    refused!(
        exact(&treated, &[("x", &hole)]),
        StatsError::NonFinite { row: 2, .. }
    );
    refused!(
        coarsened(&treated, &[("x", &hole, Some(3))]),
        StatsError::NonFinite { row: 2, .. }
    );
    refused!(
        balance(&treated, &[("x", &hole)], None, Estimand::Treated),
        StatsError::NonFinite { row: 2, .. }
    );
    refused!(
        weighted_difference(&hole, &treated, &[1.0; 8], WeightedVariance::Hc1, 0.95),
        StatsError::NonFinite { row: 2, .. }
    );
    refused!(
        propensity(&treated, &[("x", &[3.0; 8])], None),
        StatsError::Constant { .. }
    );
    refused!(
        entropy_balance(&treated, &[("x", &[3.0; 8])], &entropy),
        StatsError::Constant { .. }
    );
    refused!(
        nearest(&treated, Distance::Mahalanobis(&[("x", &[3.0; 8])]), &plain),
        StatsError::NotEstimable { .. }
            | StatsError::Constant { .. }
            | StatsError::AllCollinear { .. }
    );
    refused!(
        weighted_difference(&[3.0; 8], &treated, &[1.0; 8], WeightedVariance::Hc1, 0.95),
        StatsError::ZeroVariance { .. }
    );
    refused!(
        weighted_difference(
            &y,
            &treated,
            &[1.0; 8],
            WeightedVariance::Cr1(&[Some(1); 8]),
            0.95
        ),
        StatsError::TooFewClusters { .. }
    );
    refused!(
        weighted_difference(&y, &treated, &[0.0; 8], WeightedVariance::Hc1, 0.95),
        StatsError::EmptySample { .. }
    );
    refused!(
        exact(&treated, &[("x", &x)]),
        StatsError::NotEstimable { .. }
    );
    let ratio = NearestOptions { ratio: 0, ..plain };
    refused!(
        nearest(&treated, Distance::Score(&x), &ratio),
        StatsError::InvalidOption { .. }
    );
    let caliper = NearestOptions {
        caliper: Some(Caliper::StandardDeviations(0.2)),
        ..plain
    };
    refused!(
        nearest(&treated, Distance::Mahalanobis(&[("x", &x)]), &caliper),
        StatsError::Unsupported { .. } | StatsError::InvalidOption { .. }
    );
    refused!(
        inverse_propensity(&treated, &[1.5; 8], Estimand::Everyone),
        StatsError::OutOfRange { .. }
    );
    refused!(
        coarsened(&treated, &[("x", &x, Some(0))]),
        StatsError::InvalidOption { .. }
    );
    refused!(
        subclassify(&treated, &x, 1),
        StatsError::InvalidOption { .. }
    );
}

#[test]
fn dose_and_response() {
    let dose: Vec<f64> = (0..40).map(|i| f64::from(i % 10)).collect();
    let y: Vec<f64> = (0..40).map(|i| f64::from((i * 7) % 13)).collect();
    let mut hole = dose.clone();
    hole[4] = NAN;
    let options = DoseOptions::default();
    refused!(
        bins(&hole, &[1.0, 5.0], &y, &options),
        StatsError::NonFinite { row: 4, .. }
    );
    refused!(
        natural_spline(&hole, 3, &y, 0.0, &[1.0], &options),
        StatsError::NonFinite { row: 4, .. }
    );
    refused!(
        bins(&dose, &[1.0, 5.0], &[2.0; 40], &options),
        StatsError::ZeroVariance { .. }
    );
    refused!(
        natural_spline(&dose, 3, &[2.0; 40], 0.0, &[1.0], &options),
        StatsError::ZeroVariance { .. }
    );
    let one = [7; 40];
    let clustered = DoseOptions {
        cluster: Some(&one),
        ..DoseOptions::default()
    };
    refused!(
        bins(&dose, &[1.0, 5.0], &y, &clustered),
        StatsError::TooFewClusters { .. }
    );
    refused!(
        bins(&dose, &[5.0, 1.0], &y, &options),
        StatsError::InvalidOption { .. }
    );
    refused!(
        bins(&dose, &[], &y, &options),
        StatsError::InvalidOption { .. }
    );
    assert!(natural_spline(&[3.0; 40], 3, &y, 0.0, &[1.0], &options).is_err());
}

#[test]
fn shrinkage_growth_and_randomisation() {
    let method = Heterogeneity::PauleMandel;
    refused!(
        shrink(&[0.1], &[0.1], method, 0.95),
        StatsError::TooFewObservations { .. }
    );
    refused!(
        shrink(&[0.1, NAN], &[0.1, 0.1], method, 0.95),
        StatsError::NonFinite { row: 1, .. }
    );
    refused!(
        shrink(&[0.1, 0.2], &[0.1, 0.0], method, 0.95),
        StatsError::OutOfRange { row: 1, .. }
    );
    refused!(
        shrink(&[0.1, 0.2], &[0.1, 0.1], method, 1.5),
        StatsError::InvalidOption { .. }
    );
    refused!(
        shrink(&[0.1, 0.2], &[0.1, 0.1], Heterogeneity::Known(-1.0), 0.95),
        StatsError::InvalidOption { .. }
    );
    assert!(shrink_group_means(&[0.1, 0.2], &[1.0, 0.0], 1.0, 1.0).is_err());

    let prior: Vec<f64> = (0..120).map(f64::from).collect();
    let mut hole = prior.clone();
    hole[8] = NAN;
    refused!(
        growth_percentiles(&prior[..50], &prior[..50], None),
        StatsError::TooFewObservations { .. }
    );
    refused!(
        growth_percentiles(&hole, &prior, None),
        StatsError::NonFinite { row: 8, .. }
    );
    refused!(
        growth_percentiles(&prior, &hole, None),
        StatsError::NonFinite { row: 8, .. }
    );
    refused!(
        growth_percentiles(&vec![1.0; 120], &prior, None),
        StatsError::Constant { .. }
    );
    refused!(
        growth_percentiles(&prior, &vec![1.0; 120], None),
        StatsError::ZeroVariance { .. }
    );
    refused!(
        quantile_regression(&[&prior], &prior, 1.0),
        StatsError::InvalidOption { .. }
    );
    refused!(
        quantile_regression(&[&prior, &prior], &hole[9..], 0.5),
        StatsError::Length { .. }
    );
    let wavy: Vec<f64> = (0..120).map(|i| f64::from((i * 7) % 31)).collect();
    refused!(
        quantile_regression(&[&prior, &prior], &wavy, 0.5),
        StatsError::AllCollinear { .. }
    );

    let y = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0];
    let t = [true, true, true, false, false, false];
    let test = |y: &[f64], t: &[bool], a: &Assignment<'_>| {
        randomisation_test(y, t, a, &RandomisationOptions::default())
    };
    let plain = Assignment::default();
    refused!(test(&[2.0; 6], &t, &plain), StatsError::ZeroVariance { .. });
    refused!(
        test(&[1.0, 2.0, NAN, 1.0, 2.0, 3.0], &t, &plain),
        StatsError::NonFinite { row: 2, .. }
    );
    refused!(test(&y, &[true; 6], &plain), StatsError::EmptyGroup { .. });
    let together = Assignment {
        cluster: Some(&[0, 0, 1, 1, 2, 2]),
        block: None,
    };
    refused!(
        test(&y, &t, &together),
        StatsError::ChangesWithinUnit { row: 3, .. }
    );
    let few = RandomisationOptions {
        draws: 10,
        ..RandomisationOptions::default()
    };
    refused!(
        randomisation_test(&y, &t, &plain, &few),
        StatsError::InvalidOption { .. }
    );
}

#[test]
fn rules_and_formulas() {
    let arm = |mean, sd, n| Arm { mean, sd, n };
    refused!(
        hedges_g(arm(NAN, 1.0, 10), arm(0.0, 1.0, 10)),
        StatsError::InvalidOption { .. }
    );
    refused!(
        hedges_g(arm(1.0, 0.0, 10), arm(0.0, 0.0, 10)),
        StatsError::Constant { .. }
    );
    refused!(
        hedges_g(arm(1.0, 1.0, 1), arm(0.0, 1.0, 10)),
        StatsError::InvalidOption { .. }
    );
    refused!(
        standardise(0.1, 0.0, 1.0, 10),
        StatsError::InvalidOption { .. }
    );
    refused!(cox_g(1.0, 10, 0.5, 10), StatsError::InvalidOption { .. });
    refused!(
        clustered_g(0.2, 100.0, 20.0, 1.0),
        StatsError::InvalidOption { .. }
    );
    refused!(
        clustered_t(2.0, 20.0, 20.0, 0.1),
        StatsError::InvalidOption { .. }
    );
    refused!(
        attrition((0, 0), (10, 5), AttritionBoundary::Cautious),
        StatsError::InvalidOption { .. }
    );

    refused!(
        robustness(NAN, 10.0, 1.0, 0.05),
        StatsError::InvalidOption { .. }
    );
    refused!(
        robustness(2.0, 1.0, 1.0, 0.05),
        StatsError::InvalidOption { .. }
    );
    let strong = Confounder {
        r2_treatment: 1.0,
        r2_outcome: 0.1,
    };
    refused!(
        adjust(0.1, 0.1, 100.0, strong, 0.95),
        StatsError::InvalidOption { .. }
    );
    refused!(e_value(2.0, 2.5, 3.0), StatsError::InvalidOption { .. });
    refused!(e_value(-1.0, 0.5, 3.0), StatsError::InvalidOption { .. });
    refused!(
        e_value_from_standardised_difference(0.2, 0.0),
        StatsError::InvalidOption { .. }
    );
    refused!(
        signed_rank_bounds(&[0.0, 0.0], &[1.0]),
        StatsError::EmptySample { .. }
    );
    refused!(
        signed_rank_bounds(&[1.0, NAN], &[1.0]),
        StatsError::NonFinite { row: 1, .. }
    );
    refused!(
        signed_rank_bounds(&[1.0, 2.0], &[0.5]),
        StatsError::InvalidOption { .. }
    );
    refused!(mcnemar_bounds(0, 0, &[1.0]), StatsError::EmptySample { .. });

    let design = Design::Cluster2 {
        clusters: 20.0,
        n: 20.0,
        share: 0.5,
        covariates: 0,
        r2: 0.0,
        level: ClusterLevel { icc: 0.1, r2: 0.0 },
    };
    let test = Test::default();
    assert!(power(&design, 0.2, test).is_ok());
    refused!(power(&design, NAN, test), StatsError::InvalidOption { .. });
    refused!(
        detectable_effect(&design, Test { alpha: 0.0, ..test }),
        StatsError::InvalidOption { .. }
    );
    refused!(
        detectable_effect(&design.with_units(2.0), test),
        StatsError::InvalidOption { .. } | StatsError::TooFewObservations { .. }
    );
    refused!(
        units_needed(&design, 0.0, test),
        StatsError::InvalidOption { .. }
    );
}
