//! Mixed models against lme4 and lmerTest (`reference/mixed/reference.R`), and what must hold whatever the data.
//!
//! Tolerances: 1e-5 relative for coefficients, standard errors, variances (covariances on the scale of a correlation, because one near
//! zero has no digits of its own) and degrees of freedom; 1e-9 for the criterion, which is flat at its minimum. lme4 was told to
//! search until nothing moves; where it stops by default its own optimisers differ in the fifth digit.

use crate::support::{Worst, codes, csv, json, numbers};
use std::collections::HashMap;
use throughline_stats::mixed::{MixedDesign, MixedFit, MixedOptions, RandomTerm, mixed};
use throughline_stats::{Column, StatsError};

type Data = HashMap<String, Vec<f64>>;

fn column<'a>(data: &'a Data, name: &'a str) -> Column<'a> {
    Column {
        name,
        values: &data[name],
    }
}

fn slope<'a>(data: &'a Data, codes: &'a [u32]) -> RandomTerm<'a> {
    RandomTerm {
        slopes: vec![column(data, "x")],
        ..RandomTerm::intercept("school", codes)
    }
}

fn data() -> Data {
    let mut data = csv("mixed/pupils.csv");
    let product = data["x"].iter().zip(&data["u"]).map(|(a, b)| a * b);
    let product: Vec<f64> = product.collect();
    data.insert("x:u".into(), product);
    data
}

#[test]
fn seven_models_agree_with_lme4() {
    let data = data();
    let school = codes(&data["school"]);
    let (teacher, year) = (codes(&data["teacher"]), codes(&data["year"]));
    let by_school = RandomTerm::intercept("school", &school);
    let expected = json("mixed/mixed.expected.json");
    let cases: [(&str, &str, Vec<&str>, Vec<RandomTerm<'_>>); 7] = [
        ("intercept", "y", vec!["x", "u"], vec![by_school.clone()]),
        (
            "slope",
            "y",
            vec!["x", "u", "x:u"],
            vec![slope(&data, &school)],
        ),
        (
            "slope_ml",
            "y",
            vec!["x", "u", "x:u"],
            vec![slope(&data, &school)],
        ),
        (
            "uncorrelated",
            "y",
            vec!["x"],
            vec![RandomTerm {
                correlated: false,
                ..slope(&data, &school)
            }],
        ),
        (
            "weighted_slope",
            "y",
            vec!["x"],
            vec![slope(&data, &school)],
        ),
        (
            "nested_and_crossed",
            "y",
            vec!["x", "u"],
            vec![
                by_school.clone(),
                RandomTerm::intercept("teacher", &teacher),
                RandomTerm::intercept("year", &year),
            ],
        ),
        ("singular", "z", vec!["x"], vec![by_school]),
    ];
    let (mut worst, mut criterion) = (Worst::default(), Worst::default());
    for (name, outcome, fixed, random) in cases {
        let e = &expected[name];
        let design = MixedDesign {
            random,
            weights: (e["weighted"] == true).then_some(&data["w"][..]),
            ..MixedDesign::default()
        };
        let options = MixedOptions {
            maximum_likelihood: e["method"] == "ML",
            ..MixedOptions::default()
        };
        let fixed: Vec<Column<'_>> = fixed.into_iter().map(|f| column(&data, f)).collect();
        let fit = mixed(&design, &column(&data, outcome), &fixed, &options).unwrap();
        criterion.see(fit.criterion, e["criterion"].as_f64().unwrap(), 1.0, || {
            name.into()
        });
        assert_eq!(fit.singular, e["singular"] == true, "{name}");
        for (i, c) in fit.coefficients.iter().enumerate() {
            assert_eq!(e["term"][i].as_str(), Some(c.term.as_str()));
            for (what, found) in [("estimate", c.estimate), ("se", c.se), ("df", c.df)] {
                worst.see(found, numbers(&e[what])[i], 1e-3, || {
                    format!("{name} {} {what}", c.term)
                });
            }
            worst.see(c.p, numbers(&e["p"])[i], 1e-3, || {
                format!("{name} {} p", c.term)
            });
        }
        variances(name, &fit, e, &mut worst);
        modes(name, &fit, e, &mut worst);
    }
    worst.at_most(1e-5);
    criterion.at_most(1e-9);
}

fn variances(name: &str, fit: &MixedFit, e: &serde_json::Value, worst: &mut Worst) {
    let groups = e["group"].as_array().unwrap();
    for (i, expected) in numbers(&e["vcov"]).into_iter().enumerate() {
        // `||` gives `school` and `school.1`.
        let group = groups[i].as_str().unwrap().split('.').next().unwrap();
        let (term, with) = (e["var1"][i].as_str(), e["var2"][i].as_str());
        if group == "Residual" {
            worst.see(fit.residual_variance, expected, 1e-3, || {
                format!("{name} residual")
            });
            continue;
        }
        let found = |term: Option<&str>, with: Option<&str>| {
            let same = |r: &&throughline_stats::mixed::Covariation| {
                r.group == group && Some(r.term.as_str()) == term && r.with.as_deref() == with
            };
            fit.random.iter().find(same).unwrap().variance
        };
        let scale = match with {
            None => 1e-3,
            Some(_) => (found(term, None) * found(with, None)).sqrt(),
        };
        worst.see(found(term, with), expected, scale, || {
            format!("{name} {group} {term:?}")
        });
    }
}

fn modes(name: &str, fit: &MixedFit, e: &serde_json::Value, worst: &mut Worst) {
    for p in &fit.predicted {
        let m = &e["modes"][&p.group];
        let terms = match m["term"].as_array() {
            Some(many) => many.iter().map(|t| t.as_str().unwrap()).collect(),
            None => vec![m["term"].as_str().unwrap()],
        };
        let at = terms.iter().position(|t| *t == p.term).unwrap();
        let levels: Vec<u32> = codes(&numbers(&m["level"]));
        for (level, expected) in levels.iter().zip(numbers(&m["value"][at])) {
            let found = p.values[p.levels.binary_search(level).unwrap()];
            worst.see(found, expected, 0.1, || {
                format!("{name} {} {level}", p.group)
            });
        }
    }
}

fn by_school(data: &Data, school: &[u32]) -> Result<MixedFit, StatsError> {
    let design = MixedDesign {
        random: vec![slope(data, school)],
        ..MixedDesign::default()
    };
    mixed(
        &design,
        &column(data, "y"),
        &[column(data, "x")],
        &MixedOptions::default(),
    )
}

/// Slope, its error and the variances.
fn told(fit: &MixedFit) -> Vec<f64> {
    let x = fit.coefficients.last().unwrap();
    let random = fit.random.iter().map(|r| r.variance);
    [x.estimate, x.se, fit.residual_variance]
        .into_iter()
        .chain(random)
        .collect()
}

#[test]
fn order_of_rows_names_of_levels_and_units_change_nothing() {
    let data = data();
    let school = codes(&data["school"]);
    let plain = told(&by_school(&data, &school).unwrap());
    let mut worst = Worst::default();
    let mut compare = |found: Vec<f64>, factors: &[f64], what: &str| {
        for ((f, e), k) in found.iter().zip(&plain).zip(factors) {
            worst.see(*f, e * k, 1e-6, || what.into());
        }
    };
    let turned: Data = data
        .iter()
        .map(|(k, v)| (k.clone(), v.iter().rev().copied().collect()))
        .collect();
    let renamed: Vec<u32> = turned["school"].iter().map(|s| 7_000 - *s as u32).collect();
    compare(
        told(&by_school(&turned, &renamed).unwrap()),
        &[1.0; 6],
        "order",
    );
    let mut minutes = data.clone();
    minutes
        .get_mut("x")
        .unwrap()
        .iter_mut()
        .for_each(|x| *x *= 60.0);
    minutes
        .get_mut("y")
        .unwrap()
        .iter_mut()
        .for_each(|y| *y = 10.0 * *y + 4.0);
    let k = 100.0;
    compare(
        told(&by_school(&minutes, &school).unwrap()),
        &[1.0 / 6.0, 1.0 / 6.0, k, k, k / 3600.0, k / 60.0],
        "units",
    );
    worst.at_most(1e-7);
}

#[test]
fn a_row_of_weight_zero_is_no_row() {
    let data = data();
    let school = codes(&data["school"]);
    let mut weights = vec![1.0; school.len()];
    weights[3] = 0.0;
    let mask: Vec<bool> = weights.iter().map(|w| *w > 0.0).collect();
    let fit = |weights, sample| {
        let design = MixedDesign {
            sample,
            weights,
            random: vec![RandomTerm::intercept("school", &school)],
            ..MixedDesign::default()
        };
        mixed(&design, &column(&data, "y"), &[], &MixedOptions::default()).unwrap()
    };
    let (a, b) = (fit(Some(&weights[..]), None), fit(None, Some(&mask[..])));
    assert_eq!((a.dropped.zero_weight, b.dropped.outside_sample), (1, 1));
    assert_eq!((a.n, a.criterion), (b.n, b.criterion));
}

#[test]
fn what_cannot_be_estimated_is_refused_by_name() {
    let data = data();
    let n = data["y"].len();
    let school = codes(&data["school"]);
    let fit = |random: RandomTerm<'_>, outcome: &[f64], fixed: &[Column<'_>]| {
        let design = MixedDesign {
            random: vec![random],
            ..MixedDesign::default()
        };
        let outcome = Column {
            name: "y",
            values: outcome,
        };
        mixed(&design, &outcome, fixed, &MixedOptions::default())
    };
    let said = |e: Result<MixedFit, StatsError>| e.unwrap_err().to_string();
    let y = &data["y"][..];
    let one = vec![1; n];
    let own: Vec<u32> = (0..n as u32).collect();
    assert!(said(fit(RandomTerm::intercept("district", &one), y, &[])).contains("single level"));
    assert!(said(fit(RandomTerm::intercept("pupil", &own), y, &[])).contains("as many random"));
    let flat = vec![2.0; n];
    let term = || RandomTerm::intercept("school", &school);
    assert!(matches!(
        fit(term(), &flat, &[]),
        Err(StatsError::Constant { .. })
    ));
    let constant = RandomTerm {
        slopes: vec![Column {
            name: "two",
            values: &flat,
        }],
        ..term()
    };
    assert!(said(fit(constant, y, &[])).contains("`two`"));
    let mut broken = data["x"].clone();
    broken[5] = f64::NAN;
    let broken = Column {
        name: "x",
        values: &broken,
    };
    assert_eq!(
        fit(term(), y, &[broken]),
        Err(StatsError::NonFinite {
            name: "x".into(),
            row: 5
        })
    );
    let line: Vec<f64> = data["x"].iter().map(|x| 1.0 + 2.0 * x).collect();
    assert!(matches!(
        fit(term(), &line, &[column(&data, "x")]),
        Err(StatsError::PerfectFit { .. })
    ));
    // A copy is left out and named, as R does.
    let twice = Column {
        name: "again",
        values: &line,
    };
    let kept = fit(term(), y, &[column(&data, "x"), twice]).unwrap();
    assert_eq!(kept.dropped.collinear, ["again"]);
}
