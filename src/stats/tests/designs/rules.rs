//! Sensitivity, effect sizes and power against published numbers and the packages named at each.
//!
//! Closed forms: tolerance 1e-10 relative where the package prints every digit (what remains is the accuracy of the t distribution), and
//! the printed precision where a paper does.

use crate::support::{json, numbers};
use serde_json::Value;
use throughline_stats::effect_size::*;
use throughline_stats::power::{
    ClusterLevel, Design, Test, detectable_effect, power, units_needed,
};
use throughline_stats::sensitivity::*;

const TOLERANCE: f64 = 1e-10;

fn close(found: f64, expected: f64) {
    assert!(
        (found - expected).abs() <= TOLERANCE * expected.abs(),
        "{found} against {expected}"
    );
}

fn number(value: &Value, key: &str) -> f64 {
    value[key].as_f64().unwrap_or(f64::NAN)
}

/// PySensemakr 0.0.8 on simulated regressions (`reference/rules/reference.py`).
#[test]
fn sensitivity_agrees_with_pysensemakr() {
    for case in json("rules/rules.expected.json")["sensitivity"]
        .as_array()
        .unwrap()
    {
        let (estimate, se, df) = (
            number(case, "estimate"),
            number(case, "se"),
            number(case, "df"),
        );
        let r = robustness(number(case, "t"), df, 1.0, 0.05).unwrap();
        close(r.value, number(case, "value"));
        close(r.value_significance, number(case, "value_significance"));
        close(r.partial_r2, number(case, "partial_r2"));
        let half = robustness(number(case, "t"), df, 0.5, 0.05).unwrap();
        close(half.value, number(case, "half"));
        close(half.value_significance, number(case, "half_significance"));
        let covariate = numbers(&case["covariate"]);
        let covariate = Confounder {
            r2_treatment: covariate[0],
            r2_outcome: covariate[1],
        };
        for bound in case["bounds"].as_array().unwrap() {
            let k = number(bound, "k");
            let b = benchmark_bound(estimate, se, df, covariate, k, 0.95).unwrap();
            close(b.confounder.r2_treatment, number(bound, "r2_treatment"));
            close(b.confounder.r2_outcome, number(bound, "r2_outcome"));
            close(b.adjusted.estimate, number(bound, "estimate"));
            close(b.adjusted.se, number(bound, "se"));
        }
    }
}

/// The formulas over scipy's distributions.
#[test]
fn rosenbaum_bounds_agree_with_scipy() {
    let file = json("rules/rules.expected.json");
    let check = |found: &PairSummary, expected: &Value| {
        for (b, row) in found.bounds.iter().zip(expected.as_array().unwrap()) {
            let row = numbers(row);
            assert_eq!(b.gamma, row[0]);
            close(b.lower, row[1]);
            close(b.upper, row[2]);
        }
    };
    for case in file["rosenbaum"].as_array().unwrap() {
        let differences = numbers(&case["differences"]);
        let found = signed_rank_bounds(&differences, &[1.0, 1.5, 2.0, 3.0]).unwrap();
        check(&found, &case["bounds"]);
    }
    for case in file["mcnemar"].as_array().unwrap() {
        let count = |key: &str| case[key].as_u64().unwrap() as usize;
        let found = mcnemar_bounds(
            count("treated_only"),
            count("control_only"),
            &[1.0, 1.3, 2.0],
        )
        .unwrap();
        check(&found, &case["bounds"]);
    }
}

/// PowerUp!'s formulas over scipy's t and noncentral t.
#[test]
fn power_agrees_with_scipy() {
    for case in json("rules/rules.expected.json")["power"]
        .as_array()
        .unwrap()
    {
        let get = |key: &str| number(&case["sizes"], key);
        let (covariates, share) = (get("covariates") as usize, get("share"));
        let design = match case["kind"].as_str().unwrap() {
            "individual" => Design::Individual {
                n: get("n"),
                share,
                covariates,
                r2: get("r2"),
            },
            "blocked" => Design::BlockedRandom {
                blocks: get("blocks"),
                n: get("n"),
                share,
                covariates,
                r2: get("r2"),
                icc: get("icc"),
                effect_variation: get("effect_variation"),
                r2_effect: 0.0,
            },
            "clusters" => Design::Cluster2 {
                clusters: get("clusters"),
                n: get("n"),
                share,
                covariates,
                r2: get("r2"),
                level: ClusterLevel {
                    icc: get("icc"),
                    r2: get("r2_top"),
                },
            },
            _ => Design::Cluster3 {
                top: get("top"),
                middle: get("middle"),
                n: get("n"),
                share: 0.5,
                covariates: 0,
                r2: 0.0,
                middle_level: ClusterLevel {
                    icc: get("icc"),
                    r2: 0.0,
                },
                top_level: ClusterLevel {
                    icc: get("icc_top"),
                    r2: 0.0,
                },
            },
        };
        let found = detectable_effect(&design, Test::default()).unwrap();
        close(found.df, number(case, "df"));
        close(found.effect, number(case, "mde"));
        for (effect, expected) in case["power"].as_object().unwrap() {
            let p = power(&design, effect.parse().unwrap(), Test::default()).unwrap();
            close(p.power, expected.as_f64().unwrap());
        }
    }
}

/// R `sensemakr` 0.1.6 on the published Darfur regression (Cinelli and Hazlett 2020, Table 1).
#[test]
fn robustness_and_adjustment_agree_with_sensemakr() {
    let (estimate, se, df) = (0.0973158192849556, 0.023256537809811, 783.0);
    let r = robustness(4.18444998480822, df, 1.0, 0.05).unwrap();
    close(r.value, 0.138776353893588);
    close(r.value_significance, 0.076257965544857);
    close(r.partial_r2, 0.0218730933411096);
    let a = adjust(
        estimate,
        se,
        df,
        Confounder {
            r2_treatment: 0.1,
            r2_outcome: 0.1,
        },
        0.95,
    )
    .unwrap();
    close(a.estimate, 0.0287188879190208);
    close(a.se, 0.0232714029681264);
    // A confounder exactly as strong as the robustness value leaves nothing.
    let gone = adjust(
        estimate,
        se,
        df,
        Confounder {
            r2_treatment: r.value,
            r2_outcome: r.value,
        },
        0.95,
    )
    .unwrap();
    assert!(gone.estimate.abs() < 1e-12);
    // One time "female" (its partial R²: 0.0091643/(1 + 0.0091643) with treatment).
    let female = Confounder {
        r2_treatment: 0.00916428667504857 / 1.009_164_286_675_048_6,
        r2_outcome: 0.10903362743462,
    };
    let b = benchmark_bound(estimate, se, df, female, 1.0, 0.95).unwrap();
    close(b.confounder.r2_treatment, 0.00916428667504857);
    assert!(b.adjusted.estimate < estimate && b.adjusted.estimate > 0.07);
    assert!(
        benchmark_bound(
            estimate,
            se,
            df,
            Confounder {
                r2_treatment: 0.6,
                r2_outcome: 0.1
            },
            1.0,
            0.95
        )
        .is_err()
    );
}

/// VanderWeele and Ding (2017).
#[test]
fn e_values_are_the_published_ones() {
    let e = e_value(0.8, 0.71, 0.91).unwrap();
    assert!((e.point - 1.81).abs() < 5e-3 && (e.limit - 1.43).abs() < 5e-3);
    assert_eq!(e_value(1.2, 0.9, 1.6).unwrap().limit, 1.0);
    let up = e_value(2.0, 1.5, 3.0).unwrap();
    let down = e_value(0.5, 1.0 / 3.0, 1.0 / 1.5).unwrap();
    close(up.point, down.point);
    close(up.limit, down.limit);
}

/// Rosenbaum (2002), section 4.3.3: blood lead of 33 exposed children and their matched controls; R `rbounds` 2.2 prints four decimals.
#[test]
fn signed_rank_bounds_are_the_published_ones() {
    let exposed = [
        38, 23, 41, 18, 37, 36, 23, 62, 31, 34, 24, 14, 21, 17, 16, 20, 15, 10, 45, 39, 22, 35, 49,
        48, 44, 35, 43, 39, 34, 13, 73, 25, 27,
    ];
    let control = [
        16, 18, 18, 24, 19, 11, 10, 15, 16, 18, 18, 13, 19, 10, 16, 16, 24, 13, 9, 14, 21, 19, 7,
        18, 19, 12, 11, 22, 25, 16, 13, 11, 13,
    ];
    let differences: Vec<f64> = exposed
        .iter()
        .zip(control)
        .map(|(a, b)| f64::from(a - b))
        .collect();
    let found = signed_rank_bounds(&differences, &[2.0, 3.0, 4.0, 5.0]).unwrap();
    let upper: Vec<f64> = found
        .bounds
        .iter()
        .map(|b| (b.upper * 1e4).round() / 1e4)
        .collect();
    assert_eq!(upper, [0.0018, 0.0131, 0.0367, 0.0694]);
    assert_eq!((found.pairs, found.tied), (32, 1));
    let gamma = breakdown_gamma(&differences, 0.05).unwrap();
    let at = signed_rank_bounds(&differences, &[gamma]).unwrap().bounds[0].upper;
    assert!((at - 0.05).abs() < 1e-9, "{at}");
}

#[test]
fn mcnemar_without_bias_is_the_sign_test() {
    let b = mcnemar_bounds(9, 1, &[1.0, 2.0]).unwrap();
    close(b.bounds[0].upper, 11.0 / 1024.0);
    close(b.bounds[0].upper, b.bounds[0].lower);
    assert!(b.bounds[1].upper > b.bounds[0].upper && b.bounds[1].lower < b.bounds[0].lower);
}

/// R `metafor` 3.8 and `VIVECampbell` (WWC equation E.21).
#[test]
fn effect_sizes_agree_with_the_packages() {
    let e = hedges_g(
        Arm {
            mean: 103.0,
            sd: 5.5,
            n: 50,
        },
        Arm {
            mean: 100.0,
            sd: 4.5,
            n: 50,
        },
    )
    .unwrap();
    close(e.g, 0.592441580258019);
    close(e.se * e.se, 0.0411434791610714);
    close(exact_correction(98.0), 0.99232408742056);
    close(e.improvement_index, 22.3222535145498);
    close(cox_g(0.5, 100, 0.4, 100).unwrap().g, 0.244804432585705);
    let c = clustered_g(0.25, 1000.0, 25.0, 0.2).unwrap();
    close(c.df, 516.153768122068);
    close(c.g, 0.248433002002579);
    let (t, _, p) = clustered_t(3.0, 1000.0, 25.0, 0.2).unwrap();
    close(t, 1.23967646319426);
    close(p, 0.215658409885959);
    // Without clustering the clustered form is nearly the plain one.
    assert!(
        (clustered_g(0.25, 1000.0, 25.0, 0.0).unwrap().g - 0.25 * small_sample_correction(1000.0))
            .abs()
            < 1e-5
    );
}

#[test]
fn baseline_and_attrition_follow_the_handbook() {
    assert_eq!(baseline_equivalence(0.05), Baseline::Satisfied);
    assert_eq!(baseline_equivalence(-0.25), Baseline::NeedsAdjustment);
    assert_eq!(baseline_equivalence(0.2501), Baseline::Failed);
    let judge = |treated_left: usize, control_left: usize, boundary| {
        attrition((1000, treated_left), (1000, control_left), boundary).unwrap()
    };
    // Rows of the table: 10 % allows 6.3 or 10.9 points, 57 % 0.0 or 2.1, 58 % cautious nothing.
    for (left, limit, boundary) in [
        (900, 0.063, AttritionBoundary::Cautious),
        (900, 0.109, AttritionBoundary::Optimistic),
        (430, 0.0, AttritionBoundary::Cautious),
        (430, 0.021, AttritionBoundary::Optimistic),
    ] {
        let a = judge(left, left, boundary);
        assert!(
            (a.allowed.unwrap() - limit).abs() < 1e-12 && a.verdict == AttritionVerdict::Low,
            "{a:?}"
        );
    }
    assert_eq!(
        judge(420, 420, AttritionBoundary::Cautious).verdict,
        AttritionVerdict::High
    );
    assert_eq!(judge(420, 420, AttritionBoundary::Cautious).allowed, None);
    assert_eq!(
        judge(932, 868, AttritionBoundary::Cautious).verdict,
        AttritionVerdict::High
    );
    assert_eq!(
        judge(931, 869, AttritionBoundary::Cautious).verdict,
        AttritionVerdict::Low
    );
}

/// R `PowerUpR` 1.1.0.
#[test]
fn power_agrees_with_powerupr() {
    let test = Test::default();
    let schools = |clusters, n, covariates, r2, icc, r2_top| Design::Cluster2 {
        clusters,
        n,
        share: 0.5,
        covariates,
        r2,
        level: ClusterLevel { icc, r2: r2_top },
    };
    close(
        detectable_effect(&schools(20.0, 15.0, 0, 0.0, 0.17, 0.0), test)
            .unwrap()
            .effect,
        0.629006417691423,
    );
    let designed = schools(60.0, 25.0, 1, 0.5, 0.2, 0.6);
    let found = detectable_effect(&designed, test).unwrap();
    close(found.effect, 0.228035056663405);
    close(found.lower, 0.0678378199201242);
    close(found.upper, 0.388232293406685);
    close(
        power(&designed, 0.2, test).unwrap().power,
        0.690668763330601,
    );
    close(
        detectable_effect(
            &Design::Individual {
                n: 400.0,
                share: 0.5,
                covariates: 1,
                r2: 0.5,
            },
            test,
        )
        .unwrap()
        .effect,
        0.198589878226111,
    );
    let blocked = Design::BlockedRandom {
        blocks: 40.0,
        n: 30.0,
        share: 0.5,
        covariates: 0,
        r2: 0.5,
        icc: 0.15,
        effect_variation: 0.2,
        r2_effect: 0.0,
    };
    close(
        detectable_effect(&blocked, test).unwrap().effect,
        0.133760008071864,
    );
    let level = |icc| ClusterLevel { icc, r2: 0.0 };
    let three = Design::Cluster3 {
        top: 60.0,
        middle: 3.0,
        n: 15.0,
        share: 0.5,
        covariates: 0,
        r2: 0.0,
        middle_level: level(0.17),
        top_level: level(0.06),
    };
    close(
        detectable_effect(&three, test).unwrap().effect,
        0.269108370045608,
    );
}

#[test]
fn the_units_needed_are_the_fewest_that_do() {
    let design = Design::Cluster2 {
        clusters: 10.0,
        n: 25.0,
        share: 0.5,
        covariates: 1,
        r2: 0.5,
        level: ClusterLevel { icc: 0.2, r2: 0.6 },
    };
    let needed = units_needed(&design, 0.2, Test::default()).unwrap();
    let effect = |units: usize| {
        detectable_effect(&design.with_units(units as f64), Test::default())
            .unwrap()
            .effect
    };
    assert!(effect(needed) <= 0.2 && effect(needed - 1) > 0.2);
    // At the minimum detectable effect the power is what was asked for, to the error of Bloom's approximation.
    let p = power(
        &design.with_units(needed as f64),
        effect(needed),
        Test::default(),
    )
    .unwrap()
    .power;
    assert!((p - 0.8).abs() < 0.01, "{p}");
    assert!(units_needed(&design, 1e-9, Test::default()).is_err());
}
