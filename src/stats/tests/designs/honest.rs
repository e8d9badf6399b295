//! Robust intervals against moderndid 0.2.0, a port of R `HonestDiD`.
//!
//! Fixed-length: 1e-5, the accuracy of the reference's own search (its conic solver stops early at M = 0). Relative magnitudes: one and a
//! half steps of the reference's grid, plus 2 % of the interval's length, because both sides simulate the first-stage critical value (1,000
//! and 4,000 draws). The published Medicaid intervals are met to 5e-4.

use crate::support::{csv, json, numbers};
use throughline_stats::did::{
    Aggregation, BasePeriod, GroupTimeOptions, StaggeredPanel, group_time,
};
use throughline_stats::honest::*;

fn studies() -> Vec<(Coefficients, serde_json::Value)> {
    json("honest/honest.expected.json")
        .as_array()
        .unwrap()
        .iter()
        .map(|e| {
            let covariance: Vec<f64> = e["covariance"]
                .as_array()
                .unwrap()
                .iter()
                .flat_map(numbers)
                .collect();
            let study = Coefficients::new(
                &numbers(&e["estimates"]),
                &covariance,
                e["pre"].as_u64().unwrap() as usize,
            )
            .unwrap();
            (
                study.with_target(&numbers(&e["target"])).unwrap(),
                e.clone(),
            )
        })
        .collect()
}

#[test]
fn fixed_length_intervals_agree() {
    for (study, expected) in studies() {
        for row in expected["sd"].as_array().unwrap() {
            let row = numbers(row);
            let found = smoothness(&study, row[0], 0.05).unwrap();
            assert!(
                (found.lower - row[1]).abs() < 1e-5 && (found.upper - row[2]).abs() < 1e-5,
                "{found:?} against {row:?}"
            );
        }
    }
}

#[test]
fn relative_magnitudes_agree() {
    for (study, expected) in studies() {
        for row in expected["rm"].as_array().unwrap() {
            let row = numbers(row);
            let found = relative_magnitudes(&study, row[0], &MagnitudeOptions::default()).unwrap();
            let slack = 1.5 * row[3] + 0.02 * (row[2] - row[1]);
            assert!(
                (found.lower - row[1]).abs() < slack && (found.upper - row[2]).abs() < slack,
                "{found:?} against {row:?}, slack {slack}"
            );
        }
    }
}

#[test]
fn a_larger_allowance_gives_a_wider_interval_and_a_breakdown_where_it_meets_zero() {
    let (study, _) = &studies()[0];
    let mut last = 0.0;
    for m in [0.0, 0.01, 0.02, 0.04, 0.08] {
        let i = smoothness(study, m, 0.05).unwrap();
        assert!(i.upper - i.lower > last);
        last = i.upper - i.lower;
    }
    if let Some(m) = breakdown_smoothness(study, 1.0, 0.05).unwrap() {
        assert!(smoothness(study, m, 0.05).unwrap().excludes_zero());
        assert!(!smoothness(study, m + 0.002, 0.05).unwrap().excludes_zero());
    }
}

#[test]
fn a_staggered_event_study_feeds_the_robust_interval() {
    let columns = csv("did/panel.csv");
    let unit: Vec<u32> = columns["unit"].iter().map(|v| *v as u32).collect();
    let time: Vec<i32> = columns["year"].iter().map(|v| *v as i32).collect();
    let first: Vec<Option<i32>> = columns["cohort"]
        .iter()
        .map(|v| (*v > 0.0).then_some(*v as i32))
        .collect();
    let panel = StaggeredPanel::new(&unit, &time, &first, &columns["y"]);
    let varying = group_time(&panel, &GroupTimeOptions::default())
        .unwrap()
        .aggregate(Aggregation::Event)
        .unwrap();
    assert!(varying.event_study().is_err());
    let options = GroupTimeOptions {
        base_period: BasePeriod::Universal,
        ..Default::default()
    };
    let event = group_time(&panel, &options)
        .unwrap()
        .aggregate(Aggregation::Event)
        .unwrap()
        .event_study()
        .unwrap();
    let study = Coefficients::from_event_study(&event).unwrap();
    let plain = study.estimate();
    let interval = relative_magnitudes(&study, 0.5, &MagnitudeOptions::default()).unwrap();
    assert!(interval.lower < plain && plain < interval.upper);
    assert!(smoothness(&study, 0.0, 0.05).is_ok());
}
