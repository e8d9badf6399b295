//! What must hold whatever the data: order of rows, names of groups, units, weights, threads.

use proptest::prelude::*;
use throughline_stats::{
    Column, Design, Effect, Fit, FitOptions, Spec, StatsError, Vcov, WildOptions, WildWeights,
    absorb, ols,
};

/// Rounding of sums taken in another order, with the conditioning of random designs.
const ROUNDING: f64 = 1e-8;

#[derive(Debug, Clone)]
struct Data {
    y: Vec<f64>,
    x: Vec<f64>,
    z: Vec<f64>,
    w: Vec<f64>,
    a: Vec<u32>,
    b: Vec<u32>,
    g: Vec<u32>,
}

impl Data {
    fn rows(&self, order: &[usize]) -> Self {
        fn pick<T: Copy>(v: &[T], order: &[usize]) -> Vec<T> {
            order.iter().map(|&i| v[i]).collect()
        }
        Self {
            y: pick(&self.y, order),
            x: pick(&self.x, order),
            z: pick(&self.z, order),
            w: pick(&self.w, order),
            a: pick(&self.a, order),
            b: pick(&self.b, order),
            g: pick(&self.g, order),
        }
    }

    fn fit(&self, weighted: bool, vcov: Vcov) -> Result<Fit, StatsError> {
        let effect = |name, codes| Effect { name, codes };
        let design = Design {
            weights: weighted.then_some(&self.w[..]),
            effects: vec![effect("a", &self.a[..]), effect("b", &self.b[..])],
            clusters: vec![effect("g", &self.g[..])],
            ..Design::default()
        };
        let column = |name, values| Column { name, values };
        ols(
            &design,
            &column("y", &self.y[..]),
            &[column("x", &self.x[..]), column("z", &self.z[..])],
            &FitOptions::new(vcov),
        )
    }
}

fn data() -> impl Strategy<Value = Data> {
    (30usize..120).prop_flat_map(|n| {
        let number = || prop::collection::vec(-3.0f64..3.0, n);
        let code = |k: u32| prop::collection::vec(0..k, n);
        (
            number(),
            number(),
            number(),
            prop::collection::vec(prop::sample::select(vec![1.0, 2.0, 3.0]), n),
            code(6),
            code(4),
            code(8),
        )
            .prop_map(|(y, x, z, w, a, b, g)| Data {
                y,
                x,
                z,
                w,
                a,
                b,
                g,
            })
    })
}

fn same(a: &Fit, b: &Fit, factor: f64, tolerance: f64) -> Result<(), TestCaseError> {
    prop_assert_eq!(a.coefficients.len(), b.coefficients.len());
    for (a, b) in a.coefficients.iter().zip(&b.coefficients) {
        let scale = a.se.max(1e-3);
        prop_assert!(
            (a.estimate - factor * b.estimate).abs() <= tolerance * scale * factor.abs().max(1.0),
            "{} against {}",
            a.estimate,
            b.estimate
        );
        prop_assert!(
            (a.se - factor.abs() * b.se).abs() <= tolerance * scale * factor.abs().max(1.0)
        );
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn order_of_rows_does_not_matter(d in data(), seed in any::<u64>()) {
        let mut order: Vec<usize> = (0..d.y.len()).collect();
        order.sort_by_key(|&i| (i as u64 + 1).wrapping_mul(seed | 1).rotate_left(17));
        if let (Ok(one), Ok(two)) = (d.fit(true, Vcov::Crv1), d.rows(&order).fit(true, Vcov::Crv1)) {
            same(&one, &two, 1.0, ROUNDING)?;
            prop_assert_eq!(one.n, two.n);
        }
    }

    /// Codes are renumbered by first appearance, so even the last bit is the same.
    #[test]
    fn names_of_groups_do_not_matter(d in data(), add in 0u32..1000, times in prop::sample::select(vec![1u32, 7, 4001])) {
        let mut other = d.clone();
        for codes in [&mut other.a, &mut other.b, &mut other.g] {
            codes.iter_mut().for_each(|c| *c = (9 - *c) * times + add);
        }
        // NaN fields are unequal to themselves: compare the text.
        prop_assert_eq!(
            format!("{:?}", d.fit(false, Vcov::Crv1)),
            format!("{:?}", other.fit(false, Vcov::Crv1))
        );
    }

    #[test]
    fn a_weight_of_two_is_the_row_twice(d in data()) {
        let twice: Vec<usize> = (0..d.y.len())
            .flat_map(|i| std::iter::repeat_n(i, d.w[i] as usize))
            .collect();
        // Keep singletons so that both sides hold the same rows, and no factor that counts rows.
        let fit = |d: &Data, weighted: bool| {
            let effect = |name, codes| Effect { name, codes };
            let design = Design {
                weights: weighted.then_some(&d.w[..]),
                effects: vec![effect("a", &d.a[..])],
                clusters: vec![effect("g", &d.g[..])],
                keep_singletons: true,
                ..Design::default()
            };
            let mut options = FitOptions::new(Vcov::Crv1);
            options.ssc.adjust_parameters = false;
            ols(
                &design,
                &Column { name: "y", values: &d.y },
                &[Column { name: "x", values: &d.x }],
                &options,
            )
        };
        if let (Ok(one), Ok(two)) = (fit(&d, true), fit(&d.rows(&twice), false)) {
            same(&one, &two, 1.0, ROUNDING)?;
        }
    }

    #[test]
    fn units_scale_as_they_must(d in data(), scale in 1e-3f64..1e3, shift in -50.0f64..50.0) {
        let mut other = d.clone();
        other.x.iter_mut().for_each(|v| *v = *v / scale + shift);
        if let (Ok(one), Ok(two)) = (d.fit(false, Vcov::Crv1), other.fit(false, Vcov::Crv1)) {
            let (one, two) = (&one.coefficients[0], &two.coefficients[0]);
            let tolerance = 1e-6 * one.se.max(1e-3);
            prop_assert!((one.estimate - two.estimate / scale).abs() < tolerance);
            prop_assert!((one.se - two.se / scale).abs() < tolerance);
        }
    }

    #[test]
    fn a_row_alone_in_its_level_changes_nothing(d in data(), y in -100.0f64..100.0) {
        let mut other = d.clone();
        other.y.push(y);
        other.x.push(-y);
        other.z.push(1.0);
        other.w.push(1.0);
        other.a.push(77);
        other.b.push(d.b[0]);
        other.g.push(d.g[0]);
        if let (Ok(one), Ok(two)) = (d.fit(false, Vcov::Crv1), other.fit(false, Vcov::Crv1)) {
            prop_assert_eq!(one.coefficients, two.coefficients);
            prop_assert_eq!(one.dropped.singletons + 1, two.dropped.singletons);
        }
    }

    /// What is absorbed equals what is spelled out as dummies.
    #[test]
    fn absorbing_equals_dummies(d in data()) {
        let dummies: Vec<Vec<f64>> = (1..6)
            .map(|l| d.a.iter().map(|&c| f64::from(u8::from(c == l))).collect())
            .collect();
        let names = ["a1", "a2", "a3", "a4", "a5"];
        let mut x = vec![Column { name: "x", values: &d.x }];
        x.extend(names.iter().zip(&dummies).map(|(name, values)| Column { name, values }));
        let y = Column { name: "y", values: &d.y };
        let clusters = vec![Effect { name: "g", codes: &d.g }];
        let spelled = Design { clusters: clusters.clone(), ..Design::default() };
        let absorbed = Design {
            effects: vec![Effect { name: "a", codes: &d.a }],
            clusters,
            keep_singletons: true,
            ..Design::default()
        };
        for vcov in [Vcov::Iid, Vcov::Hc1, Vcov::Hc2, Vcov::Hc3, Vcov::Crv1, Vcov::Cr2] {
            let options = FitOptions::new(vcov);
            if let (Ok(one), Ok(two)) = (ols(&spelled, &y, &x, &options), ols(&absorbed, &y, &x[..1], &options)) {
                let (one, two) = (&one.coefficients[1], &two.coefficients[0]);
                prop_assert!((one.estimate - two.estimate).abs() < ROUNDING);
                prop_assert!((one.se - two.se).abs() < ROUNDING, "{vcov:?} {} {}", one.se, two.se);
                prop_assert!((one.df / two.df - 1.0).abs() < 1e-6, "{vcov:?} {} {}", one.df, two.df);
            }
        }
    }
}

/// A panel large enough for several blocks and chunks.
fn panel() -> (Vec<Vec<f64>>, Vec<Vec<u32>>) {
    let n = 40_000;
    let mut state = 12_345u64;
    let mut next = move || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as f64 / f64::from(1u32 << 31)
    };
    let codes: Vec<Vec<u32>> = [900.0, 120.0, 12.0]
        .iter()
        .map(|k| (0..n).map(|_| (next() * k) as u32).collect())
        .collect();
    let columns = (0..12)
        .map(|j| {
            (0..n)
                .map(|i| next() + 0.01 * f64::from(codes[0][i] % 17) + 0.1 * f64::from(j))
                .collect()
        })
        .collect();
    (columns, codes)
}

fn everything(columns: &[Vec<f64>], codes: &[Vec<u32>]) -> Vec<Fit> {
    let names: Vec<String> = (0..columns.len()).map(|j| format!("c{j}")).collect();
    let given: Vec<Column<'_>> = names
        .iter()
        .zip(columns)
        .map(|(name, values)| Column { name, values })
        .collect();
    let effect = |name, codes| Effect { name, codes };
    let design = Design {
        effects: vec![
            effect("a", &codes[0][..]),
            effect("b", &codes[1][..]),
            effect("c", &codes[2][..]),
        ],
        clusters: vec![effect("a", &codes[0][..])],
        ..Design::default()
    };
    let absorbed = absorb(&design, &given).expect("absorbed");
    let specs: Vec<Spec<'_>> = (1..12)
        .map(|j| Spec {
            outcome: &names[0],
            regressors: vec![&names[j]],
        })
        .collect();
    let mut fits: Vec<Fit> = absorbed
        .ols_many(&specs, &FitOptions::new(Vcov::Crv1))
        .into_iter()
        .map(|f| f.expect("fit"))
        .collect();
    let wild = Vcov::Wild {
        draws: 99,
        seed: 4,
        weights: WildWeights::Webb,
        impose_null: true,
    };
    fits.push(
        absorbed
            .ols("c0", &["c1"], &FitOptions::new(wild))
            .expect("wild"),
    );
    fits
}

/// NaN fields make fits unequal to themselves, so bits are compared through text.
fn text(fits: &[Fit]) -> String {
    format!("{fits:?}")
}

#[test]
fn the_number_of_threads_does_not_matter() {
    let (columns, codes) = panel();
    let run = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .build()
            .expect("pool");
        text(&pool.install(|| everything(&columns, &codes)))
    };
    let one = run(1);
    assert_eq!(one, run(2));
    assert_eq!(one, run(5));
}

/// Where no two rows share a crossing, White's variance is that of the crossing, but for the factors.
#[test]
fn a_crossing_of_single_rows_has_whites_variance() {
    // Rows and columns have their own levels in both, so that clustering by either matters.
    let shared = |i: i32| f64::from((i / 5) * (i / 5) + 3 * (i % 5 % 3));
    let y: Vec<f64> = (0..30).map(|i| f64::from(i * 7 % 11) + shared(i)).collect();
    let x: Vec<f64> = (0..30)
        .map(|i| f64::from(i * 5 % 13) + 0.3 * shared(i))
        .collect();
    let (row, column): (Vec<u32>, Vec<u32>) = (0..30).map(|i| (i / 5, i % 5)).unzip();
    let effect = |name, codes| Effect { name, codes };
    let design = Design {
        clusters: vec![effect("row", &row[..]), effect("column", &column[..])],
        ..Design::default()
    };
    let given = |name, values| Column { name, values };
    let (y, x) = (given("y", &y[..]), given("x", &x[..]));
    let se = |white_crossing, adjust| {
        let mut options = FitOptions::new(Vcov::Crv1);
        options.ssc.white_crossing = white_crossing;
        options.ssc.adjust_parameters = adjust;
        options.ssc.adjust_clusters = adjust;
        let fit = ols(&design, &y, &[x], &options).expect("fit");
        assert_eq!(fit.vcov.contains("White"), white_crossing);
        assert!(fit.notes.is_empty(), "{:?}", fit.notes);
        fit.coefficients[1].se
    };
    assert!((se(true, false) / se(false, false) - 1.0).abs() < 1e-12);
    assert!((se(true, true) / se(false, true) - 1.0).abs() > 1e-4);
}

#[test]
fn many_equal_one_at_a_time() {
    let (columns, codes) = panel();
    let many = everything(&columns, &codes);
    let effect = |name, codes| Effect { name, codes };
    let design = Design {
        effects: vec![
            effect("a", &codes[0][..]),
            effect("b", &codes[1][..]),
            effect("c", &codes[2][..]),
        ],
        clusters: vec![effect("a", &codes[0][..])],
        ..Design::default()
    };
    for j in [1, 7] {
        let x = Column {
            name: "x",
            values: &columns[j],
        };
        let y = Column {
            name: "y",
            values: &columns[0],
        };
        let one = ols(&design, &y, &[x], &FitOptions::new(Vcov::Crv1)).expect("fit");
        let (a, b) = (&one.coefficients[0], &many[j - 1].coefficients[0]);
        assert!((a.estimate / b.estimate - 1.0).abs() < 1e-9);
        assert!((a.se / b.se - 1.0).abs() < 1e-9);
    }
}

/// Drawn, not enumerated: which cluster a draw turns must not depend on where its rows stand or what it is called.
#[test]
fn drawn_bootstraps_ignore_order_and_names() {
    let (columns, codes) = panel();
    let n = columns[0].len();
    let p_values = |columns: &[Vec<f64>], codes: &[Vec<u32>], weights: WildWeights| {
        let effect = |name, k: usize| Effect {
            name,
            codes: &codes[k],
        };
        let given = [("y", 0), ("x", 1), ("z", 2)].map(|(name, k): (_, usize)| Column {
            name,
            values: &columns[k],
        });
        let design = Design {
            effects: vec![effect("a", 0), effect("b", 1)],
            clusters: vec![effect("c", 2)],
            ..Design::default()
        };
        let absorbed = absorb(&design, &given).expect("absorbed");
        let options = WildOptions {
            draws: 499,
            seed: 3,
            weights,
            impose_null: true,
            level: 0.95,
        };
        let test = absorbed
            .wild_bootstrap("y", &["x", "z"], "x", "c", &options)
            .expect("test");
        assert_eq!(test.draws, 499);
        let spec = |outcome| Spec {
            outcome,
            regressors: vec!["z"],
        };
        let family = [(spec("y"), "z"), (spec("x"), "z")];
        let stepped = absorbed
            .romano_wolf(&family, "c", &options)
            .expect("family");
        let mut all = vec![test.p, test.lower, test.upper];
        all.extend(stepped.iter().flat_map(|t| [t.p, t.adjusted]));
        all
    };
    let mut order: Vec<usize> = (0..n).collect();
    order.sort_by_key(|&i| (i as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15));
    let moved = columns
        .iter()
        .map(|c| order.iter().map(|&i| c[i]).collect());
    let renamed = codes
        .iter()
        .map(|c| order.iter().map(|&i| 10_000 - 7 * c[i]).collect());
    let (moved, renamed): (Vec<Vec<f64>>, Vec<Vec<u32>>) = (moved.collect(), renamed.collect());
    for weights in [WildWeights::Rademacher, WildWeights::Webb] {
        let one = p_values(&columns, &codes, weights);
        let two = p_values(&moved, &renamed, weights);
        assert_eq!(one[0], two[0], "p of the single test");
        for (a, b) in one.iter().zip(&two) {
            assert!((a - b).abs() <= 1e-8 * b.abs().max(1.0), "{a} against {b}");
        }
    }
}

#[test]
fn the_bootstrap_interval_holds_the_values_it_does_not_reject() {
    let (columns, codes) = panel();
    let n = 400;
    let small: Vec<u32> = codes[2][..n].to_vec();
    let design = Design {
        clusters: vec![Effect {
            name: "c",
            codes: &small,
        }],
        ..Design::default()
    };
    let given = [
        Column {
            name: "y",
            values: &columns[0][..n],
        },
        Column {
            name: "x",
            values: &columns[1][..n],
        },
    ];
    let absorbed = absorb(&design, &given).expect("absorbed");
    let options = WildOptions {
        draws: 5000,
        seed: 1,
        weights: WildWeights::Rademacher,
        impose_null: true,
        level: 0.9,
    };
    let test = absorbed
        .wild_bootstrap("y", &["x"], "x", "c", &options)
        .expect("test");
    assert_eq!(test.draws, 4096, "12 clusters have 4096 sign combinations");
    assert!(test.lower < test.upper);
    // Shift the outcome so that the null lies just inside or outside an end: the decision flips there.
    for (end, inside) in [(test.lower, 1.0), (test.upper, -1.0)] {
        for (step, rejected) in [(1e-4, false), (-1e-4, true)] {
            let null = end + inside * step * (test.upper - test.lower);
            let shifted: Vec<f64> = given[0]
                .values
                .iter()
                .zip(given[1].values)
                .map(|(y, x)| y - null * x)
                .collect();
            let again = absorb(
                &design,
                &[
                    Column {
                        name: "y",
                        values: &shifted,
                    },
                    given[1],
                ],
            )
            .expect("absorbed");
            let p = again
                .wild_bootstrap("y", &["x"], "x", "c", &options)
                .expect("test")
                .p;
            assert_eq!(p <= 0.1, rejected, "p {p} at {null}");
        }
    }
}
