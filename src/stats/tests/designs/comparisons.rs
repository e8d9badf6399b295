//! Sun–Abraham, imputation and Bacon against fereg 0.4.1 and diff-diff 3.13.0 (see `reference/did/comparisons.py`).
//!
//! Tolerance 1e-8 relative; estimates near zero on the scale of 1e-3. Achieved: 1e-10 (fereg's tolerance of its own fit).

use crate::support::{Worst, csv, json, numbers};
use serde_json::Value;
use std::collections::HashMap;
use throughline_stats::did::{
    BaconKind, ImputationOptions, StaggeredPanel, bacon, imputation, sun_abraham,
};
use throughline_stats::interval::Estimate;

const TOLERANCE: f64 = 1e-8;

struct Long {
    unit: Vec<u32>,
    time: Vec<i32>,
    first: Vec<Option<i32>>,
    columns: HashMap<String, Vec<f64>>,
}

impl Long {
    fn read() -> Self {
        let columns = csv("did/panel.csv");
        Self {
            unit: columns["unit"].iter().map(|v| *v as u32).collect(),
            time: columns["year"].iter().map(|v| *v as i32).collect(),
            first: columns["cohort"]
                .iter()
                .map(|v| (*v > 0.0).then_some(*v as i32))
                .collect(),
            columns,
        }
    }

    fn panel(&self) -> StaggeredPanel<'_> {
        StaggeredPanel::new(&self.unit, &self.time, &self.first, &self.columns["y"])
    }
}

fn see(worst: &mut Worst, found: &Estimate, expected: &[f64], place: &str) {
    worst.see(found.estimate, expected[0], 1e-3, || place.to_owned());
    worst.see(found.se, expected[1], 1e-3, || format!("{place} se"));
}

/// Rows of \[key, estimate, error\] against effects by the same key, in the same order.
fn table(worst: &mut Worst, found: &[(i32, Estimate)], expected: &Value, place: &str) {
    let rows: Vec<Vec<f64>> = expected
        .as_array()
        .expect("rows")
        .iter()
        .map(numbers)
        .collect();
    assert_eq!(found.len(), rows.len(), "{place}");
    for ((at, effect), row) in found.iter().zip(&rows) {
        assert_eq!(f64::from(*at), row[0], "{place}");
        see(worst, effect, &row[1..], place);
    }
}

#[test]
fn sun_abraham_agrees_with_the_saturated_regression() {
    let data = Long::read();
    let expected = &json("did/comparisons.expected.json")["sun_abraham"];
    let fit = sun_abraham(&data.panel()).unwrap();
    let mut worst = Worst::default();
    see(&mut worst, &fit.att, &numbers(&expected["att"]), "att");
    table(&mut worst, &fit.event, &expected["event"], "event");
    table(&mut worst, &fit.cohort, &expected["cohort"], "cohort");
    let rows = expected["coefficients"].as_array().unwrap();
    assert_eq!(fit.coefficients.len(), rows.len());
    for (found, row) in fit.coefficients.iter().zip(rows) {
        let row = numbers(row);
        assert_eq!(
            (f64::from(found.group), f64::from(found.time)),
            (row[0], row[1])
        );
        see(&mut worst, &found.effect, &row[2..], "coefficient");
    }
    worst.at_most(TOLERANCE);
}

#[test]
fn imputation_agrees_with_diff_diff() {
    let data = Long::read();
    let expected = &json("did/comparisons.expected.json")["imputation"];
    let fit = imputation(&data.panel(), &ImputationOptions::default()).unwrap();
    let mut worst = Worst::default();
    see(&mut worst, &fit.att, &numbers(&expected["att"]), "att");
    table(&mut worst, &fit.event, &expected["event"], "event");
    assert_eq!(Some(fit.treated as u64), expected["treated"].as_u64());
    worst.at_most(TOLERANCE);
}

#[test]
fn bacon_agrees_with_the_two_way_regression_it_takes_apart() {
    let data = Long::read();
    let expected = &json("did/comparisons.expected.json")["bacon"];
    let fit = bacon(&data.panel()).unwrap();
    let mut worst = Worst::default();
    let two_way = expected["two_way"].as_f64().unwrap();
    worst.see(fit.two_way, two_way, 1e-3, || "two-way".into());
    let rows = expected["comparisons"].as_array().unwrap();
    assert_eq!(fit.comparisons.len(), rows.len());
    let mut forbidden = 0.0;
    for row in rows {
        let row = numbers(row);
        let found = fit
            .comparisons
            .iter()
            .find(|c| f64::from(c.treated) == row[0] && c.control.map_or(0.0, f64::from) == row[1])
            .expect("the comparison");
        worst.see(found.estimate, row[2], 1e-3, || format!("{row:?}"));
        worst.see(found.weight, row[3], 1e-3, || format!("{row:?} weight"));
        if row[1] > 0.0 && row[1] < row[0] {
            assert_eq!(found.kind, BaconKind::LaterVsEarlier);
            forbidden += row[3];
        }
    }
    worst.see(fit.forbidden, forbidden, 1e-3, || "forbidden".into());
    worst.at_most(TOLERANCE);
}
