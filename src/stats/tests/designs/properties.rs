//! What must hold whatever the data, for matching, shrinkage, growth percentiles, randomisation tests and staggered designs: order of
//! rows, names of groups, units, weights, threads.

use crate::support::{csv, json, numbers};
use std::collections::HashMap;
use throughline_stats::did::*;
use throughline_stats::empirical_bayes::{Heterogeneity, shrink};
use throughline_stats::growth::growth_percentiles;
use throughline_stats::honest::{Coefficients, MagnitudeOptions, relative_magnitudes, smoothness};
use throughline_stats::matching::*;
use throughline_stats::randomisation::{Assignment, RandomisationOptions, randomisation_test};

/// An order of n rows without pattern.
fn shuffled(n: usize) -> Vec<usize> {
    let mut order: Vec<usize> = (0..n).collect();
    order.sort_by_key(|&i| (i as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15));
    order
}

fn pick<T: Copy>(values: &[T], order: &[usize]) -> Vec<T> {
    order.iter().map(|&i| values[i]).collect()
}

fn near(a: f64, b: f64, tolerance: f64) {
    assert!(
        (a - b).abs() <= tolerance * b.abs().max(1.0),
        "{a} against {b}"
    );
}

struct People {
    treated: Vec<bool>,
    columns: HashMap<String, Vec<f64>>,
}

const NAMES: [&str; 3] = ["x1", "x2", "b"];

impl People {
    fn read() -> Self {
        let columns = csv("matching/people.csv");
        Self {
            treated: columns["t"].iter().map(|v| *v == 1.0).collect(),
            columns,
        }
    }

    fn changed(&self, order: &[usize], scale: f64, shift: f64) -> Self {
        let columns = self
            .columns
            .iter()
            .map(|(name, values)| {
                let move_it = |v: f64| if name == "b" { v } else { scale * v + shift };
                let moved: Vec<f64> = values.iter().map(|v| move_it(*v)).collect();
                (name.clone(), pick(&moved, order))
            })
            .collect();
        Self {
            treated: pick(&self.treated, order),
            columns,
        }
    }

    fn covariates(&self) -> Vec<(&str, &[f64])> {
        NAMES
            .iter()
            .map(|n| (*n, self.columns[*n].as_slice()))
            .collect()
    }

    /// Weights of every method, by name.
    fn weights(&self) -> Vec<(&'static str, Vec<f64>)> {
        let x = self.covariates();
        let score = propensity(&self.treated, &x, None).unwrap().score;
        let bins: Vec<(&str, &[f64], Option<usize>)> = x
            .iter()
            .map(|(n, c)| (*n, *c, (*n != "b").then_some(5)))
            .collect();
        let options = NearestOptions::default();
        let by_score = nearest(&self.treated, Distance::Score(&score), &options).unwrap();
        let replaced = NearestOptions {
            replacement: true,
            ..NearestOptions::default()
        };
        let mahalanobis = nearest(&self.treated, Distance::Mahalanobis(&x), &replaced).unwrap();
        let entropy = entropy_balance(&self.treated, &x, &EntropyOptions::default()).unwrap();
        vec![
            ("nearest", by_score.weights),
            ("mahalanobis", mahalanobis.weights),
            ("entropy", entropy.matched.weights),
            (
                "coarsened",
                coarsened(&self.treated, &bins).unwrap().weights,
            ),
            (
                "subclasses",
                subclassify(&self.treated, &score, 5).unwrap().weights,
            ),
            (
                "ipw",
                inverse_propensity(&self.treated, &score, Estimand::Everyone)
                    .unwrap()
                    .weights,
            ),
        ]
    }
}

#[test]
fn matching_follows_its_rows_and_ignores_units() {
    let people = People::read();
    let order = shuffled(people.treated.len());
    let base = people.weights();
    let moved = people.changed(&order, 0.5, 10.0).weights();
    for ((name, one), (_, two)) in base.iter().zip(&moved) {
        for (a, b) in pick(one, &order).iter().zip(two) {
            assert!((a - b).abs() < 1e-8, "{name}: {a} against {b}");
        }
    }
}

#[test]
fn a_weight_of_two_is_the_person_twice() {
    let people = People::read();
    let n = people.treated.len();
    let weight: Vec<f64> = (0..n).map(|i| 1.0 + (i % 2) as f64).collect();
    let repeated: Vec<usize> = (0..n)
        .flat_map(|i| std::iter::repeat_n(i, weight[i] as usize))
        .collect();
    let twice = people.changed(&repeated, 1.0, 0.0);
    let one = propensity(&people.treated, &people.covariates(), Some(&weight)).unwrap();
    let two = propensity(&twice.treated, &twice.covariates(), None).unwrap();
    for (a, b) in one.coefficients.iter().zip(&two.coefficients) {
        near(*a, *b, 1e-10);
    }
    let options = EntropyOptions {
        base: Some(&weight),
        ..EntropyOptions::default()
    };
    let one = entropy_balance(&people.treated, &people.covariates(), &options).unwrap();
    let two = entropy_balance(
        &twice.treated,
        &twice.covariates(),
        &EntropyOptions::default(),
    );
    let two = two.unwrap();
    let mean = |p: &People, w: &[f64], base: &dyn Fn(usize) -> f64| {
        let rows = (0..p.treated.len()).filter(|&i| !p.treated[i]);
        let (mut sum, mut total) = (0.0, 0.0);
        for i in rows {
            sum += base(i) * w[i] * p.columns["y"][i];
            total += base(i) * w[i];
        }
        sum / total
    };
    near(
        mean(&people, &one.matched.weights, &|_| 1.0),
        mean(&twice, &two.matched.weights, &|_| 1.0),
        1e-9,
    );
}

#[test]
fn shrinkage_follows_its_effects_and_their_units() {
    let file = json("inference/r.expected.json");
    let (effects, errors) = (numbers(&file["effects"]), numbers(&file["errors"]));
    let order = shuffled(effects.len());
    let fit = |y: &[f64], s: &[f64]| shrink(y, s, Heterogeneity::PauleMandel, 0.95).unwrap();
    let base = fit(&effects, &errors);
    let moved = fit(&pick(&effects, &order), &pick(&errors, &order));
    for (a, b) in pick(&base.effects, &order).iter().zip(&moved.effects) {
        near(a.shrunk.estimate, b.shrunk.estimate, 1e-12);
        assert_eq!(a.rank, b.rank);
    }
    let scaled = fit(
        &effects.iter().map(|v| 15.0 * v + 100.0).collect::<Vec<_>>(),
        &errors.iter().map(|v| 15.0 * v).collect::<Vec<_>>(),
    );
    near(scaled.variance, 225.0 * base.variance, 1e-9);
    for (a, b) in base.effects.iter().zip(&scaled.effects) {
        near(b.shrunk.estimate, 15.0 * a.shrunk.estimate + 100.0, 1e-10);
        near(b.shrunk.se, 15.0 * a.shrunk.se, 1e-9);
    }
}

#[test]
fn growth_percentiles_follow_their_students_and_ignore_the_scale() {
    let columns = csv("growth/scores.csv");
    let (prior, current) = (&columns["prior"], &columns["current"]);
    let order = shuffled(prior.len());
    let base = growth_percentiles(prior, current, None).unwrap();
    let moved = growth_percentiles(&pick(prior, &order), &pick(current, &order), None).unwrap();
    assert_eq!(pick(&base.percentiles, &order), moved.percentiles);
    // Powers of two, so that the scores are exactly the same on the other scale.
    let scale = |v: &[f64]| v.iter().map(|x| 4.0 * x - 64.0).collect::<Vec<_>>();
    let scaled = growth_percentiles(&scale(prior), &scale(current), None).unwrap();
    assert_eq!(base.percentiles, scaled.percentiles);
    let pool = |threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads);
        let pool = pool.build().expect("pool");
        pool.install(|| growth_percentiles(prior, current, None).unwrap())
    };
    assert_eq!(base, pool(1));
    assert_eq!(base, pool(3));
}

#[test]
fn randomisation_tests_ignore_units_names_and_threads() {
    let cases = json("inference/assignments.expected.json");
    let case = &cases[2];
    let codes = |key: &str| -> Vec<u32> { numbers(&case[key]).iter().map(|v| *v as u32).collect() };
    let outcome = numbers(&case["outcome"]);
    let treated: Vec<bool> = codes("treated").iter().map(|t| *t == 1).collect();
    let (cluster, block) = (codes("cluster"), codes("block"));
    let run = |y: &[f64], t: &[bool], c: &[u32], b: &[u32], options: &RandomisationOptions| {
        let assignment = Assignment {
            cluster: Some(c),
            block: Some(b),
        };
        randomisation_test(y, t, &assignment, options).unwrap()
    };
    let exact = RandomisationOptions::default();
    let drawn = RandomisationOptions {
        list_up_to: 0,
        draws: 499,
        ..exact
    };
    let base = run(&outcome, &treated, &cluster, &block, &exact);
    let order = shuffled(outcome.len());
    let moved = run(
        &pick(&outcome, &order),
        &pick(&treated, &order),
        &pick(&cluster, &order),
        &pick(&block, &order),
        &exact,
    );
    assert_eq!(base.p, moved.p);
    near(base.statistic, moved.statistic, 1e-12);
    let far: Vec<f64> = outcome.iter().map(|v| 40.0 - 8.0 * v).collect();
    let renamed: Vec<u32> = cluster.iter().map(|c| 900 - 7 * c).collect();
    let turned = run(&far, &treated, &renamed, &block, &exact);
    assert_eq!(base.p, turned.p);
    near(base.statistic, -turned.statistic, 1e-10);
    // Random draws see the values of units and blocks, not their places or names.
    let one = run(&outcome, &treated, &cluster, &block, &drawn);
    assert!(!one.exact && one.p < 1.0);
    let moved = run(
        &pick(&outcome, &order),
        &pick(&treated, &order),
        &pick(&cluster, &order),
        &pick(&block, &order),
        &drawn,
    );
    assert_eq!(one.p, moved.p);
    let blocks: Vec<u32> = block.iter().map(|b| 50 - 3 * b).collect();
    assert_eq!(one.p, run(&outcome, &treated, &renamed, &blocks, &drawn).p);
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(3)
        .build()
        .expect("pool");
    assert_eq!(
        one,
        pool.install(|| run(&outcome, &treated, &cluster, &block, &drawn))
    );
}

struct Long {
    unit: Vec<u32>,
    time: Vec<i32>,
    first: Vec<Option<i32>>,
    outcome: Vec<f64>,
    covariate: Vec<f64>,
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
            outcome: columns["y"].clone(),
            covariate: columns["x"].clone(),
        }
    }

    fn rows(&self, order: &[usize]) -> Self {
        Self {
            unit: pick(&self.unit, order),
            time: pick(&self.time, order),
            first: pick(&self.first, order),
            outcome: pick(&self.outcome, order),
            covariate: pick(&self.covariate, order),
        }
    }

    fn panel(&self) -> StaggeredPanel<'_> {
        StaggeredPanel::new(&self.unit, &self.time, &self.first, &self.outcome)
    }

    /// The overall effects of every estimator with their errors.
    fn overall(&self) -> Vec<(f64, f64)> {
        let covariates: [&[f64]; 1] = [&self.covariate];
        let mut out: Vec<(f64, f64)> = [
            Method::DoublyRobust,
            Method::Regression,
            Method::InversePropensity,
        ]
        .into_iter()
        .map(|method| {
            let options = GroupTimeOptions {
                method,
                ..GroupTimeOptions::default()
            };
            let panel = self.panel().with_covariates(&covariates);
            let fit = group_time(&panel, &options).unwrap();
            fit.aggregate(Aggregation::Group).unwrap().overall
        })
        .map(|e| (e.estimate, e.se))
        .collect();
        let sun = sun_abraham(&self.panel()).unwrap().att;
        let imputed = imputation(&self.panel(), &ImputationOptions::default()).unwrap();
        out.push((sun.estimate, sun.se));
        out.push((imputed.att.estimate, imputed.att.se));
        out.push((bacon(&self.panel()).unwrap().two_way, 0.0));
        out
    }
}

#[test]
fn staggered_estimators_ignore_order_names_and_the_calendar() {
    let data = Long::read();
    let base = data.overall();
    // The order of rows, to the last bit.
    assert_eq!(base, data.rows(&shuffled(data.unit.len())).overall());
    // Another first year, and other names in the same order, to the last bit.
    let moved = Long {
        unit: data.unit.iter().map(|u| 1000 + 3 * u).collect(),
        time: data.time.iter().map(|t| t - 2000).collect(),
        first: data.first.iter().map(|f| f.map(|g| g - 2000)).collect(),
        ..data.rows(&(0..data.unit.len()).collect::<Vec<_>>())
    };
    assert_eq!(base, moved.overall());
    // Names in another order: sums in another order.
    let renamed = Long {
        unit: data.unit.iter().map(|u| 5000 - u).collect(),
        ..data.rows(&(0..data.unit.len()).collect::<Vec<_>>())
    };
    for (a, b) in base.iter().zip(renamed.overall()) {
        near(a.0, b.0, 1e-11);
        near(a.1, b.1, 1e-11);
    }
}

#[test]
fn uniform_bands_ignore_order_and_names() {
    let band = |data: &Long| {
        let fit = group_time(&data.panel(), &GroupTimeOptions::default()).unwrap();
        let event = fit.aggregate(Aggregation::Event).unwrap();
        [
            event.uniform_band(&BandOptions::default()).unwrap(),
            fit.uniform_band(&BandOptions::default()).unwrap(),
        ]
        .map(|b| (b.critical, b.lower, b.upper))
    };
    let data = Long::read();
    let base = band(&data);
    let other = Long {
        unit: data.unit.iter().map(|u| (u * 37) % 1009).collect(),
        ..data.rows(&(0..data.unit.len()).collect::<Vec<_>>())
    };
    let other = band(&other.rows(&shuffled(data.unit.len())));
    for (a, b) in base.iter().zip(&other) {
        near(a.0, b.0, 1e-10);
        for (a, b) in a.1.iter().chain(&a.2).zip(b.1.iter().chain(&b.2)) {
            near(*a, *b, 1e-10);
        }
    }
}

#[test]
fn staggered_estimators_scale_with_their_outcome() {
    let data = Long::read();
    let scaled = Long {
        outcome: data.outcome.iter().map(|v| 12.0 * v + 300.0).collect(),
        covariate: data.covariate.iter().map(|v| 0.1 * v - 4.0).collect(),
        ..data.rows(&(0..data.unit.len()).collect::<Vec<_>>())
    };
    for (a, b) in data.overall().iter().zip(scaled.overall()) {
        near(12.0 * a.0, b.0, 1e-9);
        near(12.0 * a.1, b.1, 1e-9);
    }
}

#[test]
fn a_unit_seen_once_changes_nothing() {
    let data = Long::read();
    let mut more = data.rows(&(0..data.unit.len()).collect::<Vec<_>>());
    more.unit.push(9_999);
    more.time.push(data.time[0]);
    more.first.push(Some(2013));
    more.outcome.push(50.0);
    more.covariate.push(0.3);
    assert_eq!(data.overall(), more.overall());
}

#[test]
fn staggered_estimators_ignore_threads() {
    let data = Long::read();
    let run = |threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads);
        pool.build().expect("pool").install(|| {
            let band = group_time(&data.panel(), &GroupTimeOptions::default())
                .unwrap()
                .aggregate(Aggregation::Event)
                .unwrap()
                .uniform_band(&BandOptions::default())
                .unwrap();
            (data.overall(), band)
        })
    };
    let one = run(1);
    assert_eq!(one, run(2));
    assert_eq!(one, run(5));
}

#[test]
fn honest_intervals_scale_and_ignore_threads() {
    let study = &json("honest/honest.expected.json")[0];
    let estimates = numbers(&study["estimates"]);
    let covariance: Vec<f64> = study["covariance"]
        .as_array()
        .unwrap()
        .iter()
        .flat_map(numbers)
        .collect();
    let pre = study["pre"].as_u64().unwrap() as usize;
    let made = |scale: f64| {
        let e: Vec<f64> = estimates.iter().map(|v| scale * v).collect();
        let v: Vec<f64> = covariance.iter().map(|v| scale * scale * v).collect();
        Coefficients::new(&e, &v, pre).unwrap()
    };
    let options = MagnitudeOptions {
        grid: 60,
        draws: 500,
        ..MagnitudeOptions::default()
    };
    let one = relative_magnitudes(&made(1.0), 0.5, &options).unwrap();
    let ten = relative_magnitudes(&made(8.0), 0.5, &options).unwrap();
    near(8.0 * one.lower, ten.lower, 1e-6);
    near(8.0 * one.upper, ten.upper, 1e-6);
    let (one_s, ten_s) = (
        smoothness(&made(1.0), 0.01, 0.05).unwrap(),
        smoothness(&made(8.0), 0.08, 0.05).unwrap(),
    );
    near(8.0 * one_s.lower, ten_s.lower, 1e-6);
    near(8.0 * one_s.upper, ten_s.upper, 1e-6);
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(1)
        .build()
        .expect("pool");
    assert_eq!(
        one,
        pool.install(|| relative_magnitudes(&made(1.0), 0.5, &options).unwrap())
    );
}
