//! Dose and response against statsmodels (clustered least squares) with patsy's natural spline on the same knots.
//!
//! Tolerance 1e-7 relative: two different bases of the same space, one of them on raw hours.

use crate::support::{Worst, codes, csv, json, numbers};
use throughline_stats::dose::*;

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
