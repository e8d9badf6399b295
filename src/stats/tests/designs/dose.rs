//! Dose and response against statsmodels (clustered least squares) with patsy's natural spline on the same knots.
//!
//! Tolerance 1e-7 relative: two different bases of the same space, one of them on raw hours.

use crate::support::{Worst, codes, csv, json, numbers};
use throughline_stats::dose::*;
use throughline_stats::{Column, Design, Effect};

#[test]
fn bins_and_curve_agree_with_statsmodels() {
    let columns = csv("dose/hours.csv");
    let cluster = codes(&columns["g"]);
    let covariates: [&[f64]; 1] = [&columns["x"]];
    let options = DoseOptions {
        covariates: &covariates,
        cluster: Some(&cluster),
        ..Default::default()
    };
    let expected = json("dose/dose.expected.json");
    let mut worst = Worst::default();
    let table = bins(
        &columns["hours"],
        &[0.01, 8.0, 20.0],
        &columns["y"],
        &options,
    )
    .unwrap();
    for (row, (b, se)) in table.rows[1..].iter().zip(
        numbers(&expected["bins"]["estimate"])
            .into_iter()
            .zip(numbers(&expected["bins"]["se"])),
    ) {
        worst.see(row.effect.unwrap().estimate, b, 1e-3, || "bin".into());
        worst.see(row.effect.unwrap().se, se, 1e-3, || "bin se".into());
    }
    worst.see(
        table.any.f,
        expected["bins"]["f"].as_f64().unwrap(),
        1e-3,
        || "bin F".into(),
    );
    worst.see(
        table.any.p,
        expected["bins"]["p"].as_f64().unwrap(),
        1e-12,
        || "bin p".into(),
    );
    let spline = &expected["spline"];
    let curve = natural_spline(
        &columns["hours"],
        4,
        &columns["y"],
        0.0,
        &numbers(&spline["at"]),
        &options,
    )
    .unwrap();
    for (k, e) in curve.knots.iter().zip(numbers(&spline["knots"])) {
        worst.see(*k, e, 1e-3, || "knot".into());
    }
    for ((_, found), (b, se)) in curve.curve.iter().zip(
        numbers(&spline["estimate"])
            .into_iter()
            .zip(numbers(&spline["se"])),
    ) {
        worst.see(found.estimate, b, 1e-3, || "curve".into());
        worst.see(found.se, se, 1e-3, || "curve se".into());
    }
    worst.see(curve.any.f, spline["f"].as_f64().unwrap(), 1e-3, || {
        "curve F".into()
    });
    worst.at_most(1e-7);
    assert!(curve.any.p < 0.05 && curve.nonlinear.df1 == 2);
}

#[test]
fn a_straight_line_does_not_bend_and_an_empty_bin_is_named() {
    let columns = csv("dose/hours.csv");
    let line: Vec<f64> = columns["hours"]
        .iter()
        .zip(&columns["x"])
        .map(|(h, x)| 0.1 * h + x)
        .collect();
    let curve = natural_spline(
        &columns["hours"],
        4,
        &line,
        0.0,
        &[10.0],
        &DoseOptions::default(),
    )
    .unwrap();
    assert!(curve.any.p < 1e-6 && curve.nonlinear.p > 0.01);
    assert!(
        bins(
            &columns["hours"],
            &[0.01, 1e6],
            &line,
            &DoseOptions::default()
        )
        .is_err()
    );
}

/// Against mgcv (`reference/dose/penalised.R`): 1e-5, because the curve moves with the penalty and a search ends where its flat criterion
/// lets it.
#[test]
fn penalised_curves_agree_with_mgcv() {
    let columns = csv("dose/hours.csv");
    let cluster = codes(&columns["g"]);
    let level: Vec<u32> = cluster.iter().map(|g| g % 15).collect();
    let expected = json("dose/penalised.expected.json");
    let at = numbers(&expected["at"]);
    let mut worst = Worst::default();
    for (name, smoothing, absorbed) in [
        ("reml", Smoothing::Reml, false),
        ("gcv", Smoothing::Gcv, false),
        ("effects", Smoothing::Reml, true),
    ] {
        let fit = curve(
            &columns,
            &cluster,
            absorbed.then_some(&level[..]),
            &at,
            smoothing,
            1,
        );
        let e = &expected[name];
        worst.see(fit.effective_df, e["edf"].as_f64().unwrap(), 1e-3, || {
            format!("{name} edf")
        });
        worst.see(
            fit.residual_variance,
            e["sigma2"].as_f64().unwrap(),
            1e-3,
            || format!("{name} sigma2"),
        );
        for (k, point) in fit.curve.iter().enumerate() {
            worst.see(
                point.effect.estimate,
                numbers(&e["estimate"])[k],
                1e-3,
                || format!("{name} curve {k}"),
            );
            // Groups nested in the clusters leave the parameter count here; mgcv's hand-made factor keeps them.
            if !absorbed {
                worst.see(point.effect.se, numbers(&e["se"])[k], 1e-3, || {
                    format!("{name} se {k}")
                });
            }
        }
    }
    worst.at_most(1e-5);
}

fn curve(
    columns: &std::collections::HashMap<String, Vec<f64>>,
    cluster: &[u32],
    level: Option<&[u32]>,
    at: &[f64],
    smoothing: Smoothing,
    seed: u64,
) -> PenalisedCurve {
    let design = Design {
        clusters: vec![Effect {
            name: "g",
            codes: cluster,
        }],
        effects: level
            .iter()
            .map(|codes| Effect {
                name: "level",
                codes,
            })
            .collect(),
        ..Design::default()
    };
    let column = |name| Column {
        name,
        values: &columns[name],
    };
    let options = PenalisedOptions {
        basis: 12,
        smoothing,
        seed,
        ..Default::default()
    };
    penalised_spline(
        &design,
        &column("y"),
        &column("hours"),
        &[column("x")],
        0.0,
        at,
        &options,
    )
    .unwrap()
}

#[test]
fn the_band_is_wider_than_the_interval_and_the_same_for_the_same_seed() {
    let columns = csv("dose/hours.csv");
    let cluster = codes(&columns["g"]);
    let at = [0.0, 5.0, 20.0];
    let draw = |seed| curve(&columns, &cluster, None, &at, Smoothing::Reml, seed);
    let (a, b, c) = (draw(1), draw(1), draw(2));
    assert_eq!((a.critical, a.largest), (b.critical, b.largest));
    assert_eq!(a.curve[1..], b.curve[1..]);
    assert!(a.critical != c.critical && (a.critical - c.critical).abs() < 0.1);
    // At the reference itself the difference is nothing, exactly.
    assert_eq!((a.curve[0].effect.estimate, a.curve[0].lower), (0.0, 0.0));
    for point in &a.curve[1..] {
        assert!(point.lower < point.effect.lower && point.upper > point.effect.upper);
    }
    assert!(a.largest.1 < 0.01, "{:?}", a.largest);
    // What follows a straight line but for a hair is given one.
    let line: Vec<f64> = (0_usize..)
        .zip(columns["hours"].iter().zip(&columns["x"]))
        .map(|(i, (h, x))| 0.05 * h + x + (i * 7 % 11) as f64 / 500.0)
        .collect();
    let mut straight = columns.clone();
    straight.insert("y".into(), line);
    let fit = curve(&straight, &cluster, None, &at, Smoothing::Reml, 1);
    assert!(
        (fit.curve[2].effect.estimate - 1.0).abs() < 5e-3,
        "{:?}",
        fit.curve[2]
    );
    assert!(
        (fit.effective_df - 1.0).abs() < 0.01,
        "{}",
        fit.effective_df
    );
}

#[test]
fn the_band_covers_the_whole_curve_as_often_as_it_says() {
    // 100 simulated districts with a known bent curve; the share covered everywhere lies within chance (four sd) of 95 %.
    let mut state = 7_u64;
    let mut uniform = move || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        ((state >> 11) as f64 + 0.5) / (1_u64 << 53) as f64
    };
    let truth = |d: f64| (d / 6.0).sin();
    let at: Vec<f64> = (0..=40).map(|i| 0.5 * f64::from(i)).collect();
    let mut covered = 0;
    for seed in 0..100 {
        let dose: Vec<f64> = (0..250)
            .map(|i| {
                if i < 2 {
                    20.0 * f64::from(i)
                } else {
                    20.0 * uniform()
                }
            })
            .collect();
        let y: Vec<f64> = dose
            .iter()
            .map(|d| {
                truth(*d)
                    + (-2.0 * uniform().ln()).sqrt() * (std::f64::consts::TAU * uniform()).cos()
            })
            .collect();
        let fit = penalised_spline(
            &Design::default(),
            &Column {
                name: "y",
                values: &y,
            },
            &Column {
                name: "dose",
                values: &dose,
            },
            &[],
            0.0,
            &at,
            &PenalisedOptions {
                draws: 299,
                seed,
                ..Default::default()
            },
        )
        .unwrap();
        covered += u32::from(
            fit.curve
                .iter()
                .all(|p| (p.lower - 1e-9..=p.upper + 1e-9).contains(&truth(p.dose))),
        );
    }
    assert!((86..=100).contains(&covered), "{covered} of 100");
}

#[test]
fn a_curve_is_not_drawn_where_there_are_no_doses() {
    let columns = csv("dose/hours.csv");
    let column = |name| Column {
        name,
        values: &columns[name],
    };
    let run = |reference, at: &[f64]| {
        penalised_spline(
            &Design::default(),
            &column("y"),
            &column("hours"),
            &[],
            reference,
            at,
            &PenalisedOptions::default(),
        )
    };
    assert!(run(-1.0, &[5.0]).is_err() && run(0.0, &[1e4]).is_err());
    let flat = vec![3.0; columns["y"].len()];
    let flat = Column {
        name: "hours",
        values: &flat,
    };
    let refused = penalised_spline(
        &Design::default(),
        &column("y"),
        &flat,
        &[],
        3.0,
        &[3.0],
        &PenalisedOptions::default(),
    );
    assert!(refused.is_err());
}
