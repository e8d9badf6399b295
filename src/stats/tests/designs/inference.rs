//! Shrinkage, adjusted p-values, randomisation tests and growth percentiles against metafor, `p.adjust`, scipy and quantreg
//! (scripts in `reference/inference` and `reference/growth`).
//!
//! Tolerance 1e-9 relative for what is solved by iteration in both (τ², quantiles), equality for counts and percentiles.

use crate::support::{Worst, csv, json, numbers};
use throughline_stats::effect_size::{Arm, exact_correction, hedges_g, small_sample_correction};
use throughline_stats::empirical_bayes::{Heterogeneity, shrink};
use throughline_stats::growth::{growth_percentiles, quantile_regression};
use throughline_stats::multiplicity as multi;
use throughline_stats::power::{Design, Test, power};
use throughline_stats::randomisation::{Assignment, RandomisationOptions, randomisation_test};

const TOLERANCE: f64 = 1e-9;

#[test]
fn shrinkage_agrees_with_metafor() {
    let file = json("inference/r.expected.json");
    let (effects, errors) = (numbers(&file["effects"]), numbers(&file["errors"]));
    let mut worst = Worst::default();
    for expected in file["shrinkage"].as_array().unwrap() {
        let name = expected["method"].as_str().unwrap();
        let method = match name {
            "PM" => Heterogeneity::PauleMandel,
            "DL" => Heterogeneity::DerSimonianLaird,
            // With the variance given, mean and predictions must be those of any method that found it.
            _ => Heterogeneity::Known(expected["variance"].as_f64().unwrap()),
        };
        let fit = shrink(&effects, &errors, method, 0.95).unwrap();
        let mut see = |found: f64, key: &str| {
            worst.see(found, expected[key].as_f64().unwrap(), 1e-6, || {
                format!("{name} {key}")
            });
        };
        see(fit.variance, "variance");
        see(fit.mean.estimate, "mean");
        see(fit.mean.se, "mean_se");
        see(fit.q, "q");
        see(fit.q_p, "q_p");
        if name == "DL" {
            see(100.0 * fit.i2, "i2");
        }
        let (blup, blup_se) = (numbers(&expected["blup"]), numbers(&expected["blup_se"]));
        for ((found, b), se) in fit.effects.iter().zip(blup).zip(blup_se) {
            worst.see(found.shrunk.estimate, b, 1e-3, || format!("{name} blup"));
            worst.see(found.shrunk.se, se, 1e-3, || format!("{name} blup se"));
        }
    }
    worst.at_most(TOLERANCE);
    let none = &file["none"];
    let effects = numbers(&none["effects"]);
    let errors = vec![none["error"].as_f64().unwrap(); effects.len()];
    let fit = shrink(&effects, &errors, Heterogeneity::PauleMandel, 0.95).unwrap();
    assert_eq!(Some(fit.variance), none["variance"].as_f64());
}

#[test]
fn adjusted_p_values_agree_with_p_adjust() {
    let file = json("inference/r.expected.json");
    let p = numbers(&file["p"]);
    let mut worst = Worst::default();
    for expected in file["adjusted"].as_array().unwrap() {
        let name = expected["method"].as_str().unwrap();
        let found = match name {
            "bonferroni" => multi::bonferroni(&p),
            "holm" => multi::holm(&p),
            "hochberg" => multi::hochberg(&p),
            "BH" => multi::benjamini_hochberg(&p),
            _ => multi::benjamini_yekutieli(&p),
        };
        for (a, b) in found.iter().zip(numbers(&expected["p"])) {
            worst.see(*a, b, 1e-12, || name.to_owned());
        }
    }
    worst.at_most(1e-14);
}

#[test]
fn standardised_differences_and_power_agree_with_metafor_and_pwr() {
    let file = json("inference/r.expected.json");
    let mut worst = Worst::default();
    for e in file["sizes"].as_array().unwrap() {
        let get = |key: &str| e[key].as_f64().unwrap();
        let arm = |i: u8| Arm {
            mean: get(&format!("m{i}")),
            sd: get(&format!("s{i}")),
            n: get(&format!("n{i}")) as usize,
        };
        let found = hedges_g(arm(1), arm(2)).unwrap();
        let n = get("n1") + get("n2");
        worst.see(found.d, get("d"), 1e-6, || "d".into());
        worst.see(found.g, small_sample_correction(n) * get("d"), 1e-6, || {
            "g".into()
        });
        let exact = exact_correction(n - 2.0) * found.d;
        worst.see(exact, get("exact_g"), 1e-6, || "exact g".into());
    }
    for e in file["power"].as_array().unwrap() {
        let get = |key: &str| e[key].as_f64().unwrap();
        let design = Design::Individual {
            n: get("n"),
            share: 0.5,
            covariates: 0,
            r2: 0.0,
        };
        let test = Test {
            alpha: get("alpha"),
            ..Test::default()
        };
        let found = power(&design, get("d"), test).unwrap().power;
        worst.see(found, get("power"), 1e-6, || format!("power {e}"));
    }
    worst.at_most(TOLERANCE);
}

#[test]
fn randomisation_tests_agree_with_every_assignment_listed() {
    for case in json("inference/assignments.expected.json")
        .as_array()
        .unwrap()
    {
        let codes = |key: &str| -> Option<Vec<u32>> {
            case[key]
                .as_array()
                .map(|a| a.iter().map(|v| v.as_u64().unwrap() as u32).collect())
        };
        let treated: Vec<bool> = codes("treated").unwrap().iter().map(|t| *t == 1).collect();
        let (cluster, block) = (codes("cluster"), codes("block"));
        let assignment = Assignment {
            cluster: cluster.as_deref(),
            block: block.as_deref(),
        };
        let found = randomisation_test(
            &numbers(&case["outcome"]),
            &treated,
            &assignment,
            &RandomisationOptions::default(),
        )
        .unwrap();
        assert!(found.exact);
        assert_eq!(Some(found.assignments), case["assignments"].as_u64());
        let mut worst = Worst::default();
        worst.see(found.p, case["p"].as_f64().unwrap(), 1e-12, || {
            case["name"].to_string()
        });
        let statistic = case["statistic"].as_f64().unwrap();
        worst.see(found.statistic.abs(), statistic, 1e-3, || {
            "statistic".into()
        });
        if let Some(difference) = case["difference"].as_f64() {
            worst.see(found.difference, difference, 1e-3, || "difference".into());
        }
        worst.at_most(1e-12);
    }
}

#[test]
fn growth_percentiles_agree_with_quantreg() {
    let columns = csv("growth/scores.csv");
    let expected = json("growth/growth.expected.json");
    let fit = growth_percentiles(&columns["prior"], &columns["current"], None).unwrap();
    let mut worst = Worst::default();
    for (found, e) in fit.knots.iter().zip(numbers(&expected["knots"])) {
        worst.see(*found, e, 1.0, || "knot".into());
    }
    let boundary = numbers(&expected["boundary"]);
    worst.see(fit.boundary.0, boundary[0], 1.0, || "boundary".into());
    worst.see(fit.boundary.1, boundary[1], 1.0, || "boundary".into());
    let coefficients = expected["coefficients"].as_array().unwrap();
    for ((found, objective), row) in fit
        .fits
        .iter()
        .zip(numbers(&expected["objective"]))
        .zip(coefficients)
    {
        worst.see(found.objective, objective, 1.0, || {
            format!("objective at {}", found.tau)
        });
        for (a, b) in found.coefficients.iter().zip(numbers(row)) {
            worst.see(*a, b, 1.0, || format!("coefficient at {}", found.tau));
        }
    }
    worst.at_most(TOLERANCE);
    let percentiles: Vec<f64> = fit.percentiles.iter().map(|p| f64::from(*p)).collect();
    assert_eq!(percentiles, numbers(&expected["percentiles"]));
    let ones = vec![1.0; fit.n];
    for e in expected["plain"].as_array().unwrap() {
        let x = [&ones[..], &columns["prior"], &columns["hours"]];
        let found =
            quantile_regression(&x, &columns["current"], e["tau"].as_f64().unwrap()).unwrap();
        let mut worst = Worst::default();
        for (a, b) in found.coefficients.iter().zip(numbers(&e["coefficients"])) {
            worst.see(*a, b, 1e-3, || "coefficient".into());
        }
        worst.see(
            found.objective,
            e["objective"].as_f64().unwrap(),
            1.0,
            || "objective".into(),
        );
        worst.at_most(TOLERANCE);
    }
}
