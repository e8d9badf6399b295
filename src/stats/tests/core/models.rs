//! The properties of `properties`, for counts, choices and instruments: what must hold whatever the order of rows, the
//! names of groups, the units and the threads. On the simulated panel of the reference cases.

use std::path::Path;

use throughline_stats::glm::{logit, negative_binomial, poisson};
use throughline_stats::iv::iv;
use throughline_stats::{Column, Design, Effect, Fit, FitOptions, StatsError, Vcov};

use crate::cases::Table;

/// Rounding of sums in another order, through a few reweightings.
const ROUNDING: f64 = 1e-9;

#[derive(Debug, Clone, Copy, PartialEq)]
enum Model {
    Poisson,
    Logit,
    NegativeBinomial,
    Instruments,
}

const MODELS: [Model; 4] = [
    Model::Poisson,
    Model::Logit,
    Model::NegativeBinomial,
    Model::Instruments,
];

#[derive(Clone)]
struct Data {
    outcome: Vec<f64>,
    hours: Vec<f64>,
    prior: Vec<f64>,
    offered: Vec<f64>,
    weight: Vec<f64>,
    school: Vec<u32>,
    year: Vec<u32>,
    teacher: Vec<u32>,
}

impl Data {
    fn read(model: Model) -> Self {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/reference/core/panel.csv");
        let table = Table::read(&path);
        let codes = |name: &str| table.column(name).iter().map(|v| *v as u32).collect();
        let outcome = match model {
            Model::Poisson | Model::NegativeBinomial => "incidents",
            Model::Logit => "passed",
            Model::Instruments => "score",
        };
        let regressor = if model == Model::Instruments {
            "attends"
        } else {
            "hours"
        };
        let n = table.columns[0].len();
        Self {
            outcome: table.column(outcome).to_vec(),
            hours: table.column(regressor).to_vec(),
            prior: table.column("prior").to_vec(),
            offered: table.column("offered").to_vec(),
            weight: (0..n).map(|i| 1.0 + (i % 3) as f64).collect(),
            school: codes("school"),
            year: codes("year"),
            teacher: codes("teacher"),
        }
    }

    fn rows(&self, order: &[usize]) -> Self {
        fn pick<T: Copy>(v: &[T], order: &[usize]) -> Vec<T> {
            order.iter().map(|&i| v[i]).collect()
        }
        Self {
            outcome: pick(&self.outcome, order),
            hours: pick(&self.hours, order),
            prior: pick(&self.prior, order),
            offered: pick(&self.offered, order),
            weight: pick(&self.weight, order),
            school: pick(&self.school, order),
            year: pick(&self.year, order),
            teacher: pick(&self.teacher, order),
        }
    }

    fn fit(&self, model: Model, weighted: bool) -> Result<Fit, StatsError> {
        let effect = |name, codes| Effect { name, codes };
        let bare = model == Model::NegativeBinomial;
        let design = Design {
            weights: weighted.then_some(&self.weight[..]),
            effects: if bare {
                vec![]
            } else {
                vec![
                    effect("school", &self.school[..]),
                    effect("year", &self.year[..]),
                ]
            },
            clusters: if bare {
                vec![]
            } else {
                vec![effect("teacher", &self.teacher[..])]
            },
            ..Design::default()
        };
        let column = |name, values| Column { name, values };
        let y = column("y", &self.outcome[..]);
        let x = [
            column("hours", &self.hours[..]),
            column("prior", &self.prior[..]),
        ];
        let mut options = FitOptions::new(if bare { Vcov::Iid } else { Vcov::Crv1 });
        // The factor counts rows, so that a weight of two and two rows would differ.
        options.ssc.adjust_parameters = false;
        match model {
            Model::Poisson => poisson(&design, &y, &x, &options),
            Model::Logit => logit(&design, &y, &x, &options),
            Model::NegativeBinomial => negative_binomial(&design, &y, &x, &options).map(|n| n.fit),
            Model::Instruments => {
                let offered = column("offered", &self.offered[..]);
                iv(&design, &y, &x[1..], &x[..1], &[offered], &options).map(|i| i.fit)
            }
        }
    }
}

fn close(a: &Fit, b: &Fit, model: Model) {
    assert_eq!(a.coefficients.len(), b.coefficients.len());
    for (a, b) in a.coefficients.iter().zip(&b.coefficients) {
        assert!(
            (a.estimate - b.estimate).abs() <= ROUNDING * a.se
                && (a.se / b.se - 1.0).abs() <= ROUNDING,
            "{model:?} {}: {} ({}) against {} ({})",
            a.term,
            a.estimate,
            a.se,
            b.estimate,
            b.se
        );
    }
}

/// NaN fields are unequal to themselves: compare the text.
fn text(fit: &Fit) -> String {
    format!("{fit:?}")
}

#[test]
fn order_of_rows_does_not_matter() {
    for model in MODELS {
        let d = Data::read(model);
        let mut order: Vec<usize> = (0..d.outcome.len()).collect();
        order.sort_by_key(|&i| (i as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15));
        let (one, two) = (
            d.fit(model, true).unwrap(),
            d.rows(&order).fit(model, true).unwrap(),
        );
        close(&one, &two, model);
        assert_eq!((one.n, one.dropped), (two.n, two.dropped));
    }
}

#[test]
fn names_of_groups_do_not_matter() {
    for model in MODELS {
        let d = Data::read(model);
        let mut other = d.clone();
        for codes in [&mut other.school, &mut other.year, &mut other.teacher] {
            codes.iter_mut().for_each(|c| *c = (100 - *c) * 4001 + 7);
        }
        assert_eq!(
            text(&d.fit(model, false).unwrap()),
            text(&other.fit(model, false).unwrap())
        );
    }
}

#[test]
fn a_weight_of_two_is_the_row_twice() {
    for model in MODELS {
        let d = Data::read(model);
        let repeated: Vec<usize> = (0..d.outcome.len())
            .flat_map(|i| std::iter::repeat_n(i, d.weight[i] as usize))
            .collect();
        let (one, two) = (
            d.fit(model, true).unwrap(),
            d.rows(&repeated).fit(model, false).unwrap(),
        );
        close(&one, &two, model);
    }
}

#[test]
fn units_of_a_regressor_scale_its_coefficient_alone() {
    for model in MODELS {
        let d = Data::read(model);
        let mut other = d.clone();
        other.hours.iter_mut().for_each(|v| *v = *v / 60.0 + 5.0);
        let (one, two) = (
            d.fit(model, false).unwrap(),
            other.fit(model, false).unwrap(),
        );
        for (term, scale) in [("hours", 60.0), ("prior", 1.0)] {
            let (a, b) = (
                one.coefficient(term).unwrap(),
                two.coefficient(term).unwrap(),
            );
            let tolerance = 1e-8 * a.se;
            assert!(
                (a.estimate - b.estimate / scale).abs() < tolerance,
                "{model:?} {term}"
            );
            assert!((a.se - b.se / scale).abs() < tolerance, "{model:?} {term}");
        }
    }
}

#[test]
fn units_of_an_outcome_do_what_the_model_says() {
    // Twice the count: the same factors. No for yes: the opposite signs. Twice the score: twice the coefficients.
    for (model, change, scale) in [
        (Model::Poisson, (|v| 2.0 * v) as fn(f64) -> f64, 1.0),
        (Model::Logit, |v| 1.0 - v, -1.0),
        (Model::Instruments, |v| 2.0 * v - 7.0, 2.0),
    ] {
        let d = Data::read(model);
        let mut other = d.clone();
        other.outcome.iter_mut().for_each(|v| *v = change(*v));
        let (one, two) = (
            d.fit(model, false).unwrap(),
            other.fit(model, false).unwrap(),
        );
        for (a, b) in one.coefficients.iter().zip(&two.coefficients) {
            assert!(
                (scale * a.estimate - b.estimate).abs() < 1e-8 * b.se,
                "{model:?}: {} against {}",
                a.estimate,
                b.estimate
            );
            assert!(
                (f64::abs(scale) * a.se / b.se - 1.0).abs() < 1e-8,
                "{model:?}"
            );
        }
    }
}

#[test]
fn a_row_alone_in_its_level_changes_nothing() {
    for model in [Model::Poisson, Model::Logit, Model::Instruments] {
        let d = Data::read(model);
        let mut other = d.clone();
        other.outcome.push(1.0);
        other.hours.push(-3.0);
        other.prior.push(2.0);
        other.offered.push(1.0);
        other.weight.push(1.0);
        other.school.push(4_000);
        other.year.push(d.year[0]);
        other.teacher.push(d.teacher[0]);
        let (one, two) = (
            d.fit(model, false).unwrap(),
            other.fit(model, false).unwrap(),
        );
        assert_eq!(one.coefficients, two.coefficients, "{model:?}");
        let gone = |f: &Fit| f.dropped.singletons + f.dropped.separated;
        assert_eq!(gone(&one) + 1, gone(&two), "{model:?}");
    }
}

#[test]
fn units_of_an_instrument_do_not_matter() {
    let d = Data::read(Model::Instruments);
    let mut other = d.clone();
    other.offered.iter_mut().for_each(|v| *v = 30.0 - 8.0 * *v);
    close(
        &d.fit(Model::Instruments, true).unwrap(),
        &other.fit(Model::Instruments, true).unwrap(),
        Model::Instruments,
    );
}

#[test]
fn the_number_of_threads_does_not_matter() {
    for model in MODELS {
        // Enough rows for several blocks.
        let d = Data::read(model);
        let order: Vec<usize> = (0..30_000).map(|i| (i * 7) % d.outcome.len()).collect();
        let big = d.rows(&order);
        let run = |threads: usize| {
            let pool = rayon::ThreadPoolBuilder::new()
                .num_threads(threads)
                .build()
                .expect("pool");
            text(&pool.install(|| big.fit(model, true)).unwrap())
        };
        let one = run(1);
        assert_eq!(one, run(2), "{model:?}");
        assert_eq!(one, run(5), "{model:?}");
    }
}
