//! How often the methods without a reference package are right, by simulation with known truth.
//!
//! Run with `cargo test -p throughline-stats --test core -- --ignored coverage`; seeded, about a minute. The bounds are
//! what 1,000 simulations of a method at its nominal level stay within.

use rayon::prelude::*;
use throughline_stats::{
    Absorbed, Column, Design, Effect, FitOptions, Spec, Vcov, WildOptions, WildWeights, absorb,
};

const SIMULATIONS: u64 = 1000;
const CLUSTERS: usize = 12;
const OUTCOMES: usize = 6;

struct Normal(u64);

impl Normal {
    fn uniform(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) >> 11) as f64 / (1u64 << 53) as f64
    }

    fn draw(&mut self) -> f64 {
        let (u, v) = (self.uniform().max(1e-300), self.uniform());
        (-2.0 * u.ln()).sqrt() * (2.0 * std::f64::consts::PI * v).cos()
    }
}

/// Six outcomes that share cluster shocks; the exposure varies between clusters and does nothing.
fn simulate(seed: u64) -> Absorbed {
    let mut r = Normal(seed.wrapping_mul(0x2545_f491_4f6c_dd1d));
    let mut g = Vec::new();
    let mut x = Vec::new();
    let mut y = vec![Vec::new(); OUTCOMES];
    for cluster in 0..CLUSTERS as u32 {
        let exposure = r.draw();
        let shared = r.draw();
        let own: Vec<f64> = (0..OUTCOMES)
            .map(|_| 0.8 * shared + 0.6 * r.draw())
            .collect();
        for _ in 0..10 + 5 * cluster {
            g.push(cluster);
            x.push(exposure + 0.5 * r.draw());
            for (y, own) in y.iter_mut().zip(&own) {
                y.push(0.4 * own + r.draw());
            }
        }
    }
    let names: Vec<String> = (0..OUTCOMES).map(|k| format!("y{k}")).collect();
    let mut columns = vec![Column {
        name: "x",
        values: &x,
    }];
    columns.extend(
        names
            .iter()
            .zip(&y)
            .map(|(name, values)| Column { name, values }),
    );
    let design = Design {
        clusters: vec![Effect {
            name: "g",
            codes: &g,
        }],
        ..Design::default()
    };
    absorb(&design, &columns).expect("absorbed")
}

fn share(found: impl Fn(&Absorbed) -> bool + Sync) -> f64 {
    let count = (0..SIMULATIONS)
        .into_par_iter()
        .filter(|&s| found(&simulate(s + 1)))
        .count();
    count as f64 / SIMULATIONS as f64
}

fn options() -> WildOptions {
    WildOptions {
        draws: 499,
        seed: 11,
        weights: WildWeights::Rademacher,
        impose_null: true,
        level: 0.95,
    }
}

#[test]
#[ignore = "a simulation of a minute; see the module"]
fn coverage_of_romano_wolf() {
    let any = share(|data| {
        let names: Vec<String> = (0..OUTCOMES).map(|k| format!("y{k}")).collect();
        let family: Vec<(Spec<'_>, &str)> = names
            .iter()
            .map(|y| {
                let spec = Spec {
                    outcome: y,
                    regressors: vec!["x"],
                };
                (spec, "x")
            })
            .collect();
        data.romano_wolf(&family, "g", &options())
            .expect("tests")
            .iter()
            .any(|t| t.adjusted <= 0.05)
    });
    assert!((0.02..0.075).contains(&any), "any false positive in {any}");
}

#[test]
#[ignore = "a simulation of a minute; see the module"]
fn coverage_of_the_wild_bootstrap_and_of_cr2() {
    let wild = share(|data| {
        let t = data
            .wild_bootstrap("y0", &["x"], "x", "g", &options())
            .expect("test");
        t.lower <= 0.0 && 0.0 <= t.upper
    });
    assert!((0.93..0.97).contains(&wild), "wild interval covers {wild}");
    let by = |vcov| {
        share(|data| {
            let fit = data.ols("y0", &["x"], &FitOptions::new(vcov)).expect("fit");
            let c = fit.coefficient("x").expect("x");
            c.lower <= 0.0 && 0.0 <= c.upper
        })
    };
    let cr2 = by(Vcov::Cr2);
    assert!((0.93..0.98).contains(&cr2), "CR2 interval covers {cr2}");
    // The reason the others exist: CR1 with 12 unequal clusters covers too little.
    let cr1 = by(Vcov::Crv1);
    assert!(cr1 < cr2, "CR1 covers {cr1}, CR2 {cr2}");
}
