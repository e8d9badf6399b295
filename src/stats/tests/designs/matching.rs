//! Matching and weighting against statsmodels, scipy and the rules written out in Python.
//!
//! Tolerance 1e-9: everything is closed form except the propensity score and the entropy weights, which both sides solve to rounding.
//! Pairs and counts must be equal.

use crate::support::{Worst, csv, json, numbers};
use proptest::prelude::*;
use throughline_stats::StatsError;
use throughline_stats::matching::*;

const TOLERANCE: f64 = 1e-9;

struct People {
    treated: Vec<bool>,
    columns: std::collections::HashMap<String, Vec<f64>>,
}

impl People {
    fn read() -> Self {
        let columns = csv("matching/people.csv");
        Self {
            treated: columns["t"].iter().map(|v| *v == 1.0).collect(),
            columns,
        }
    }

    fn covariates(&self) -> Vec<(&str, &[f64])> {
        ["x1", "x2", "b"]
            .iter()
            .map(|n| (*n, self.columns[*n].as_slice()))
            .collect()
    }
}

fn compare(
    worst: &mut Worst,
    people: &People,
    matched: &Matched,
    expected: &serde_json::Value,
    place: &str,
) {
    let estimate = |v| {
        weighted_difference(
            &people.columns["y"],
            &people.treated,
            &matched.weights,
            v,
            0.95,
        )
        .unwrap()
        .effect
    };
    let mut see = |found: f64, key: &str| {
        if let Some(e) = expected[key].as_f64() {
            worst.see(found, e, 1e-3, || format!("{place} {key}"));
        }
    };
    see(estimate(WeightedVariance::Hc1).estimate, "estimate");
    see(estimate(WeightedVariance::Hc1).se, "HC1");
    see(estimate(WeightedVariance::Hc3).se, "HC3");
    see(estimate(WeightedVariance::Cr1(&matched.stratum)).se, "CR1");
    see(matched.treated_effective, "ess_treated");
    see(matched.comparison_effective, "ess_comparison");
    see(matched.total_distance, "total_distance");
    see(matched.treated as f64, "treated");
    see(matched.comparison as f64, "comparison");
}

#[test]
fn every_method_agrees_with_its_reference() {
    let people = People::read();
    let expected = json("matching/matching.expected.json");
    let mut worst = Worst::default();
    let score = propensity(&people.treated, &people.covariates(), None).unwrap();
    for (found, e) in score.coefficients.iter().chain(&score.score).zip(
        numbers(&expected["propensity"]["coefficients"])
            .into_iter()
            .chain(numbers(&expected["propensity"]["score"])),
    ) {
        worst.see(*found, e, 1e-3, || "propensity".into());
    }
    for (name, estimand) in [
        ("ipw_att", Estimand::Treated),
        ("ipw_ate", Estimand::Everyone),
    ] {
        compare(
            &mut worst,
            &people,
            &inverse_propensity(&people.treated, &score.score, estimand).unwrap(),
            &expected[name],
            name,
        );
    }
    let entropy = entropy_balance(
        &people.treated,
        &people.covariates(),
        &EntropyOptions::default(),
    )
    .unwrap();
    compare(
        &mut worst,
        &people,
        &entropy.matched,
        &expected["entropy"],
        "entropy",
    );
    let comparison = entropy
        .matched
        .weights
        .iter()
        .zip(&people.treated)
        .filter(|(_, t)| !**t)
        .map(|(w, _)| *w);
    for (w, e) in comparison.zip(numbers(&expected["entropy"]["weights"])) {
        worst.see(w, e, 1e-3, || "entropy weight".into());
    }
    let caliper = Some(Caliper::StandardDeviations(0.2));
    for (name, options) in [
        ("nearest", NearestOptions::default()),
        (
            "nearest_caliper",
            NearestOptions {
                caliper,
                ..Default::default()
            },
        ),
        (
            "nearest_replacement",
            NearestOptions {
                replacement: true,
                ..Default::default()
            },
        ),
        (
            "nearest_two",
            NearestOptions {
                ratio: 2,
                ..Default::default()
            },
        ),
    ] {
        let matched = nearest(&people.treated, Distance::Score(&score.score), &options).unwrap();
        let pairs: Vec<Vec<f64>> = expected[name]["pairs"]
            .as_array()
            .unwrap()
            .iter()
            .map(numbers)
            .collect();
        assert_eq!(
            matched
                .pairs
                .iter()
                .map(|(i, j)| vec![*i as f64, *j as f64])
                .collect::<Vec<_>>(),
            pairs,
            "{name}"
        );
        compare(&mut worst, &people, &matched, &expected[name], name);
        if name == "nearest_caliper" {
            let table = balance(
                &people.treated,
                &people.covariates(),
                Some(&matched.weights),
                Estimand::Treated,
            )
            .unwrap();
            for (row, e) in table
                .rows
                .iter()
                .zip(expected["balance"].as_array().unwrap())
            {
                let mut see = |found: f64, key: &str| {
                    worst.see(found, e[key].as_f64().unwrap(), 1e-3, || {
                        format!("{} {key}", row.name)
                    })
                };
                see(row.difference, "difference");
                see(row.unadjusted_difference, "unadjusted");
                see(row.ecdf_mean, "ecdf_mean");
                see(row.ecdf_max, "ecdf_max");
                if let Some(ratio) = row.variance_ratio {
                    see(ratio, "variance_ratio");
                }
            }
        }
    }
    let bins = Some(sturges(people.treated.len()));
    let cut = [
        ("x1", people.columns["x1"].as_slice(), bins),
        ("x2", people.columns["x2"].as_slice(), bins),
        ("b", people.columns["b"].as_slice(), None),
    ];
    compare(
        &mut worst,
        &people,
        &coarsened(&people.treated, &cut).unwrap(),
        &expected["coarsened"],
        "coarsened",
    );
    compare(
        &mut worst,
        &people,
        &subclassify(&people.treated, &score.score, 5).unwrap(),
        &expected["subclass"],
        "subclass",
    );
    worst.at_most(TOLERANCE);
}

#[test]
fn entropy_balance_meets_the_treated_means_or_says_it_cannot() {
    let people = People::read();
    let fit = entropy_balance(
        &people.treated,
        &people.covariates(),
        &EntropyOptions::default(),
    )
    .unwrap();
    assert!(fit.imbalance <= 1e-12);
    let table = balance(
        &people.treated,
        &people.covariates(),
        Some(&fit.matched.weights),
        Estimand::Treated,
    )
    .unwrap();
    assert!(table.largest < 1e-11, "{}", table.largest);
    // Treated far outside the comparison range.
    let far: Vec<f64> = people.columns["x1"]
        .iter()
        .zip(&people.treated)
        .map(|(x, t)| if *t { x + 100.0 } else { *x })
        .collect();
    let refused = entropy_balance(
        &people.treated,
        &[("far", &far)],
        &EntropyOptions::default(),
    );
    assert!(
        matches!(refused, Err(StatsError::NotConverged { .. })),
        "{refused:?}"
    );
}

#[test]
fn what_cannot_be_matched_is_refused_by_name() {
    let people = People::read();
    let x = people.columns["x1"].as_slice();
    assert!(matches!(
        propensity(&people.treated, &[("x", x), ("twice", x)], None),
        Err(StatsError::AllCollinear { .. })
    ));
    assert!(matches!(
        propensity(&vec![true; x.len()], &[("x", x)], None),
        Err(StatsError::EmptyGroup { .. })
    ));
    let tell: Vec<f64> = people
        .treated
        .iter()
        .map(|t| f64::from(u8::from(*t)))
        .collect();
    assert!(matches!(
        propensity(&people.treated, &[("tell", &tell)], None),
        Err(StatsError::Separation { .. })
    ));
    let tight = NearestOptions {
        caliper: Some(Caliper::Absolute(1e-12)),
        ..Default::default()
    };
    assert!(matches!(
        nearest(&people.treated, Distance::Score(x), &tight),
        Err(StatsError::NotEstimable { .. })
    ));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// A caliper holds for every pair; no comparison row serves twice; strata hold both kinds; counts add up.
    #[test]
    fn pairs_keep_their_promises(caliper in 0.001f64..0.5, ratio in 1usize..4, scores in prop::collection::vec(0u32..200, 40..120)) {
        let score: Vec<f64> = scores.iter().map(|s| f64::from(*s) / 200.0).collect();
        let treated: Vec<bool> = scores.iter().enumerate().map(|(i, s)| (i as u32 * 7 + s).is_multiple_of(3)).collect();
        let options = NearestOptions { ratio, caliper: Some(Caliper::Absolute(caliper)), ..Default::default() };
        if let Ok(m) = nearest(&treated, Distance::Score(&score), &options) {
            let mut used = std::collections::HashSet::new();
            for (i, j) in &m.pairs {
                prop_assert!(treated[*i] && !treated[*j] && (score[*i] - score[*j]).abs() <= caliper);
                prop_assert!(used.insert(*j));
                prop_assert_eq!(m.stratum[*i], m.stratum[*j]);
            }
            prop_assert_eq!(m.treated + m.comparison + m.treated_dropped + m.comparison_dropped, treated.len());
            let total: f64 = m.weights.iter().zip(&treated).filter(|(_, t)| !**t).map(|(w, _)| *w).sum();
            prop_assert!((total - m.comparison as f64).abs() < 1e-9);
        }
    }
}
