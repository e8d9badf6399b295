//! How often intervals and tests without a reference package are right, by simulation with known truth.
//!
//! ```text
//! cargo test --release -p throughline-stats -- --ignored coverage_ --nocapture
//! ```
//! prints the table of `COVERAGE.md`. Seeded; the bounds asserted are what 1,000 simulations of a method at its nominal level stay within.

use crate::support::{Normal, say, share};
use throughline_stats::did::{
    Aggregation, BandOptions, GroupTimeOptions, StaggeredPanel, group_time,
};
use throughline_stats::dist::normal_quantile;
use throughline_stats::dose::{PenalisedOptions, penalised_spline};
use throughline_stats::empirical_bayes::{Heterogeneity, shrink};
use throughline_stats::honest::{Coefficients, MagnitudeOptions, relative_magnitudes, smoothness};
use throughline_stats::randomisation::{Assignment, RandomisationOptions, randomisation_test};
use throughline_stats::{Column, Design, Effect};

/// A staggered panel whose effect is 0.1 a period since the start, with errors that last, in groups of `size` units.
struct Staggered {
    unit: Vec<u32>,
    time: Vec<i32>,
    first: Vec<Option<i32>>,
    cluster: Vec<u32>,
    outcome: Vec<f64>,
}

fn staggered(seed: u64, groups: u32, size: u32) -> Staggered {
    let mut r = Normal::new(seed);
    let mut s = Staggered {
        unit: vec![],
        time: vec![],
        first: vec![],
        cluster: vec![],
        outcome: vec![],
    };
    for group in 0..groups {
        let start = [None, Some(3), Some(4), None, Some(5)][group as usize % 5];
        let mut shared = 0.0;
        let shocks: Vec<f64> = (0..6)
            .map(|_| {
                shared = 0.5 * shared + 0.4 * r.draw();
                shared
            })
            .collect();
        for member in 0..size {
            let level = r.draw();
            let mut lasting = 0.0;
            for time in 1..=6 {
                lasting = 0.5 * lasting + r.draw();
                let effect = start.map_or(0.0, |g: i32| 0.1 * f64::from((time - g + 1).max(0)));
                s.unit.push(group * size + member);
                s.time.push(time);
                s.first.push(start);
                s.cluster.push(group);
                let common = if size > 1 {
                    shocks[time as usize - 1]
                } else {
                    0.0
                };
                s.outcome
                    .push(level + 0.3 * f64::from(time) + effect + common + lasting);
            }
        }
    }
    s
}

fn event_study_band(seed: u64, groups: u32, size: u32) -> (bool, bool) {
    let s = staggered(seed, groups, size);
    let mut panel = StaggeredPanel::new(&s.unit, &s.time, &s.first, &s.outcome);
    if size > 1 {
        panel = panel.with_cluster(&s.cluster);
    }
    let event = group_time(&panel, &GroupTimeOptions::default())
        .and_then(|g| g.aggregate(Aggregation::Event))
        .expect("event study");
    let options = BandOptions {
        seed,
        ..BandOptions::default()
    };
    let band = event.uniform_band(&options).expect("band");
    let truth = |at: i32| 0.1 * f64::from((at + 1).max(0));
    let within = |lower: f64, upper: f64, at: i32| lower <= truth(at) && truth(at) <= upper;
    let joint = event
        .effects
        .iter()
        .zip(band.lower.iter().zip(&band.upper))
        .all(|(e, (l, u))| within(*l, *u, e.at));
    let pointwise = event
        .effects
        .iter()
        .all(|e| within(e.effect.lower, e.effect.upper, e.at));
    (joint, pointwise)
}

#[test]
#[ignore = "simulation, minutes"]
fn coverage_of_uniform_bands() {
    for (name, groups, size, at_least) in [
        ("200 units", 200, 1, 0.925),
        ("60 clusters of 4 units", 60, 4, 0.90),
        ("25 clusters of 10 units", 25, 10, 0.80),
    ] {
        let band = share(1000, |s| event_study_band(s, groups, size).0);
        let pointwise = share(1000, |s| event_study_band(s, groups, size).1);
        say(
            &format!("event study, uniform 95 % band, {name}: covers all 7 effects"),
            band,
        );
        say(
            &format!("the same with pointwise 95 % intervals, {name}"),
            pointwise,
        );
        assert!(band > at_least && band < 0.98, "{name}: {band}");
        assert!(pointwise < band, "{name}: {pointwise} against {band}");
    }
}

/// A penalised curve of 300 rows in `groups` clusters (one a row without): whether the band holds the truth everywhere, and the share of
/// doses at which the interval does.
fn dose_curve(seed: u64, groups: Option<u32>, truth: fn(f64) -> f64) -> (bool, f64) {
    let mut r = Normal::new(seed);
    let n = 300_u32;
    let cluster: Vec<u32> = (0..n).map(|i| i % groups.unwrap_or(n)).collect();
    let shocks: Vec<f64> = (0..n).map(|_| r.draw()).collect();
    let mut dose: Vec<f64> = (0..n).map(|_| 20.0 * r.uniform()).collect();
    (dose[0], dose[1]) = (0.0, 20.0);
    let shared = if groups.is_some() { 0.5 } else { 0.0 };
    let y: Vec<f64> = dose
        .iter()
        .zip(&cluster)
        .map(|(d, c)| truth(*d) + shared * shocks[*c as usize] + r.draw())
        .collect();
    let column = |name, values| Column { name, values };
    let design = Design {
        clusters: groups
            .iter()
            .map(|_| Effect {
                name: "g",
                codes: &cluster,
            })
            .collect(),
        ..Design::default()
    };
    let at: Vec<f64> = (1..=40).map(|i| 0.5 * f64::from(i)).collect();
    let options = PenalisedOptions {
        draws: 499,
        seed,
        ..Default::default()
    };
    let (y, dose) = (column("y", &y[..]), column("dose", &dose[..]));
    let fit = penalised_spline(&design, &y, &dose, &[], 0.0, &at, &options).expect("curve");
    let right = |dose: f64| truth(dose) - truth(0.0);
    let band = fit
        .curve
        .iter()
        .all(|p| (p.lower..=p.upper).contains(&right(p.dose)));
    let held = fit
        .curve
        .iter()
        .filter(|p| (p.effect.lower..=p.effect.upper).contains(&right(p.dose)))
        .count();
    (band, held as f64 / fit.curve.len() as f64)
}

#[test]
#[ignore = "simulation, minutes"]
fn coverage_of_dose_curves() {
    const RUNS: u64 = 500;
    let bent = |d: f64| (d / 6.0).sin();
    let flat = |d: f64| 0.3 * (1.0 - (-d / 5.0).exp());
    /// What it is, clusters, the true curve, and the share below which something is wrong.
    type Case = (&'static str, Option<u32>, fn(f64) -> f64, f64);
    let cases: [Case; 4] = [
        ("bent curve, 300 rows", None, bent, 0.90),
        // Too weak a bend to see: the penalty takes it for a straight line, and the limits do not know.
        ("gains that fade, 300 rows", None, flat, 0.30),
        ("bent curve, 60 clusters of 5", Some(60), bent, 0.88),
        ("bent curve, 15 clusters of 20", Some(15), bent, 0.80),
    ];
    for (name, groups, truth, at_least) in cases {
        let held: Vec<(bool, f64)> = (1..=RUNS).map(|s| dose_curve(s, groups, truth)).collect();
        let band = held.iter().filter(|h| h.0).count() as f64 / RUNS as f64;
        let inside = held.iter().map(|h| h.1).sum::<f64>() / RUNS as f64;
        say(
            &format!("penalised spline, {name}: band covers everywhere"),
            band,
        );
        say(
            "its interval at one dose covers, on average along the curve",
            inside,
        );
        assert!(band > at_least && band < 0.99, "{name}: {band}");
        assert!(inside > at_least && inside < 0.99, "{name}: {inside}");
    }
}

#[test]
#[ignore = "simulation, minutes"]
fn coverage_of_randomisation_tests() {
    let test = |seed: u64, clusters: u32, treated_of_8: u32, unequal: bool| {
        let mut r = Normal::new(seed);
        let (mut y, mut t, mut c, mut b) = (vec![], vec![], vec![], vec![]);
        for cluster in 0..clusters {
            let treated = cluster % 8 < treated_of_8;
            // Unequal: no average effect, but treatment spreads outcomes.
            let spread = if unequal && treated { 3.0 } else { 1.0 };
            let level = spread * r.draw();
            for _ in 0..5 {
                y.push(level + 0.5 * r.draw());
                t.push(treated);
                c.push(cluster);
                b.push(cluster / 8);
            }
        }
        let assignment = Assignment {
            cluster: Some(&c),
            block: Some(&b),
        };
        let options = RandomisationOptions {
            draws: 999,
            list_up_to: 0,
            seed,
        };
        randomisation_test(&y, &t, &assignment, &options)
            .expect("test")
            .p
            <= 0.05
    };
    let sharp = share(2000, |s| test(s, 24, 4, false));
    say(
        "randomisation test at 5 %, 24 clusters in 3 blocks, no effect on anyone: rejects",
        sharp,
    );
    assert!((0.04..=0.06).contains(&sharp), "{sharp}");
    let weak = share(2000, |s| test(s, 40, 2, true));
    say(
        "the same, 40 clusters, a quarter treated, no average effect but three times the spread: rejects",
        weak,
    );
    assert!((0.03..0.10).contains(&weak), "{weak}");
}

/// Coefficients at −4, −3, −2, 0, 1 around the truth 0.2 plus a violation given by its value at each.
fn study(seed: u64, violation: [f64; 5]) -> Coefficients {
    let mut r = Normal::new(seed);
    let common = r.draw();
    let estimates: Vec<f64> = violation
        .iter()
        .enumerate()
        .map(|(k, v)| {
            let noise = 0.05 * (0.5_f64.sqrt() * common + 0.5_f64.sqrt() * r.draw());
            v + noise + if k >= 3 { 0.2 } else { 0.0 }
        })
        .collect();
    let covariance: Vec<f64> = (0..25)
        .map(|k| 0.0025 * if k % 6 == 0 { 1.0 } else { 0.5 })
        .collect();
    Coefficients::new(&estimates, &covariance, 3).expect("coefficients")
}

#[test]
#[ignore = "simulation, minutes"]
fn coverage_of_honest_intervals() {
    let linear = [-0.09, -0.06, -0.03, 0.03, 0.06];
    let plain = share(1000, |s| {
        let c = study(s, linear);
        (c.estimate() - 0.2).abs() <= normal_quantile(0.975) * c.standard_error()
    });
    say(
        "drift of 0.6 standard errors a period, usual 95 % interval: covers",
        plain,
    );
    let options = MagnitudeOptions {
        grid: 100,
        draws: 1000,
        ..MagnitudeOptions::default()
    };
    let relative = share(500, |s| {
        let i = relative_magnitudes(&study(s, linear), 1.0, &options).expect("interval");
        i.lower <= 0.2 && 0.2 <= i.upper
    });
    say(
        "the same drift, relative magnitudes with bound 1: covers",
        relative,
    );
    assert!(relative > 0.93 && relative > plain, "{relative}, {plain}");
    let smooth = share(1000, |s| {
        let i = smoothness(&study(s, linear), 0.0, 0.05).expect("interval");
        i.lower <= 0.2 && 0.2 <= i.upper
    });
    say("the same drift, smoothness with bound 0: covers", smooth);
    assert!((0.93..0.97).contains(&smooth), "{smooth}");
    let kinked = [-0.09, -0.06, -0.03, 0.07, 0.14];
    let bent = share(1000, |s| {
        let i = smoothness(&study(s, kinked), 0.04, 0.05).expect("interval");
        i.lower <= 0.2 && 0.2 <= i.upper
    });
    say(
        "a drift that bends by 0.04 at the start, smoothness with bound 0.04: covers",
        bent,
    );
    assert!(bent > 0.93, "{bent}");
}

#[test]
#[ignore = "simulation, minutes"]
fn coverage_of_shrunken_effects() {
    for k in [8_usize, 40] {
        // The share of true effects inside their intervals, over all effects of all simulations.
        let inside: Vec<f64> = (0..1000_u64)
            .map(|seed| {
                let mut r = Normal::new(seed + 1);
                let truth: Vec<f64> = (0..k).map(|_| 0.1 + 0.1 * r.draw()).collect();
                let errors: Vec<f64> = (0..k).map(|j| 0.05 + 0.01 * (j % 10) as f64).collect();
                let seen: Vec<f64> = truth
                    .iter()
                    .zip(&errors)
                    .map(|(t, s)| t + s * r.draw())
                    .collect();
                let fit = shrink(&seen, &errors, Heterogeneity::PauleMandel, 0.95).expect("fit");
                let hits = fit
                    .effects
                    .iter()
                    .zip(&truth)
                    .filter(|(e, t)| e.shrunk.lower <= **t && **t <= e.shrunk.upper);
                hits.count() as f64 / k as f64
            })
            .collect();
        let covered = inside.iter().sum::<f64>() / inside.len() as f64;
        say(
            &format!("empirical Bayes 95 % intervals of {k} effects: cover"),
            covered,
        );
        assert!((0.85..0.97).contains(&covered), "{covered}");
    }
}
