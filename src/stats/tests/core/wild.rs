//! The bootstrap's draws against the long way: every sign combination regressed row by row.
//!
//! Draws are computed from sums over clusters and levels; here each draw's outcome is built, its effects removed, and the
//! clustered t statistic taken by the ordinary route. The counts must be the same.

use throughline_stats::{
    Column, Design, Effect, Fit, FitOptions, Vcov, WildOptions, WildWeights, absorb, ols,
};

/// Eight clusters, two effects that cross them and the clusters themselves as an effect.
struct Panel {
    y: Vec<f64>,
    x: Vec<f64>,
    w: Vec<f64>,
    weights: Vec<f64>,
    cluster: Vec<u32>,
    a: Vec<u32>,
    b: Vec<u32>,
}

const CLUSTERS: u32 = 8;

fn panel() -> Panel {
    let mut state = 88_172_645_463_325_252_u64;
    let mut next = move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 11) as f64 / (1u64 << 53) as f64
    };
    let n = 160;
    let mut p = Panel {
        y: Vec::new(),
        x: Vec::new(),
        w: Vec::new(),
        weights: Vec::new(),
        cluster: Vec::new(),
        a: Vec::new(),
        b: Vec::new(),
    };
    for i in 0..n {
        let cluster = (next() * f64::from(CLUSTERS)) as u32;
        p.cluster.push(cluster);
        p.a.push((next() * 14.0) as u32);
        p.b.push(i % 5);
        p.x.push(next() + 0.3 * f64::from(cluster % 3));
        p.w.push(next());
        p.weights.push(0.5 + next());
        let own = f64::from(cluster) * 0.2;
        p.y.push(0.4 * p.x[i as usize] + own * next() + next());
    }
    p
}

impl Panel {
    fn design(&self, kinds: &[&str], weighted: bool) -> Design<'_> {
        let effect = |name: &&str| match *name {
            "a" => Effect {
                name: "a",
                codes: &self.a,
            },
            "b" => Effect {
                name: "b",
                codes: &self.b,
            },
            _ => self.clusters(),
        };
        Design {
            effects: kinds.iter().map(effect).collect(),
            clusters: vec![self.clusters()],
            weights: weighted.then_some(&self.weights[..]),
            ..Design::default()
        }
    }

    fn clusters(&self) -> Effect<'_> {
        Effect {
            name: "c",
            codes: &self.cluster,
        }
    }

    fn fit(&self, design: &Design<'_>, y: &[f64]) -> Fit {
        let column = |name, values| Column { name, values };
        ols(
            design,
            &column("y", y),
            &[column("x", &self.x), column("w", &self.w)],
            &FitOptions::new(Vcov::Crv1),
        )
        .expect("a fit")
    }

    /// The share of all sign combinations whose statistic is at least the sample's.
    fn long_way(&self, design: &Design<'_>, impose_null: bool) -> f64 {
        let given = [
            Column {
                name: "y",
                values: &self.y,
            },
            Column {
                name: "x",
                values: &self.x,
            },
            Column {
                name: "w",
                values: &self.w,
            },
        ];
        let absorbed = absorb(design, &given).expect("absorbed");
        let on: &[&str] = if impose_null { &["w"] } else { &["x", "w"] };
        let restricted = absorbed
            .ols("y", on, &FitOptions::new(Vcov::Iid))
            .expect("a fit");
        let mut u = absorbed.column("y").expect("y").to_vec();
        for c in restricted
            .coefficients
            .iter()
            .filter(|c| c.term != "(Intercept)")
        {
            for (u, v) in u
                .iter_mut()
                .zip(absorbed.column(&c.term).expect("a column"))
            {
                *u -= c.estimate * v;
            }
        }
        let t = self
            .fit(design, &self.y)
            .coefficient("x")
            .expect("x")
            .statistic
            .abs();
        let all = 1u32 << CLUSTERS;
        let count = (0..all)
            .filter(|draw| {
                // Fitted values of effects and other regressors change no statistic of `x`: leave them out.
                let y: Vec<f64> = u
                    .iter()
                    .zip(&self.cluster)
                    .map(|(u, c)| if draw >> c & 1 == 0 { *u } else { -u })
                    .collect();
                self.fit(design, &y)
                    .coefficient("x")
                    .expect("x")
                    .statistic
                    .abs()
                    >= t * (1.0 - 1e-9)
            })
            .count();
        count as f64 / f64::from(all)
    }
}

#[test]
fn the_draws_equal_the_long_way() {
    let panel = panel();
    let cases: [&[&str]; 6] = [
        &[],
        &["c"],
        &["a"],
        &["a", "b"],
        &["c", "a", "b"],
        &["c", "b"],
    ];
    for kinds in cases {
        for weighted in [false, true] {
            for impose_null in [true, false] {
                let design = panel.design(kinds, weighted);
                let given = [
                    Column {
                        name: "y",
                        values: &panel.y,
                    },
                    Column {
                        name: "x",
                        values: &panel.x,
                    },
                    Column {
                        name: "w",
                        values: &panel.w,
                    },
                ];
                let options = WildOptions {
                    draws: 999,
                    seed: 1,
                    weights: WildWeights::Rademacher,
                    impose_null,
                    level: 0.95,
                };
                let test = absorb(&design, &given)
                    .and_then(|a| a.wild_bootstrap("y", &["x", "w"], "x", "c", &options))
                    .expect("a test");
                let want = panel.long_way(&design, impose_null);
                assert_eq!(
                    test.p, want,
                    "{kinds:?}, weighted {weighted}, null imposed {impose_null}"
                );
                assert!(want > 0.0 || !impose_null);
            }
        }
    }
}

/// Without the null imposed the statistic of a draw does not depend on the null, so the interval lies evenly about the estimate.
#[test]
fn without_the_null_the_interval_is_symmetric() {
    let panel = panel();
    let design = panel.design(&["a", "b"], false);
    let given = [
        Column {
            name: "y",
            values: &panel.y,
        },
        Column {
            name: "x",
            values: &panel.x,
        },
    ];
    let options = WildOptions {
        draws: 999,
        seed: 1,
        weights: WildWeights::Webb,
        impose_null: false,
        level: 0.9,
    };
    let absorbed = absorb(&design, &given).expect("absorbed");
    let test = absorbed
        .wild_bootstrap("y", &["x"], "x", "c", &options)
        .expect("a test");
    let fit = absorbed
        .ols("y", &["x"], &FitOptions::new(Vcov::Crv1))
        .expect("a fit");
    let estimate = fit.coefficients[0].estimate;
    let (down, up) = (estimate - test.lower, test.upper - estimate);
    assert!(down > 0.0 && (down - up).abs() < 1e-8 * down, "{down} {up}");
}
