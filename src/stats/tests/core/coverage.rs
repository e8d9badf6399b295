//! How often the methods without a reference package are right, by simulation with known truth.
//!
//! ```text
//! cargo test --release -p throughline-stats -- --ignored coverage_ --nocapture
//! ```
//! prints the table of `COVERAGE.md`. Seeded; the bounds asserted are what 1,000 simulations of a method at its nominal level stay within.

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

/// A line of the table of coverage.
#[expect(
    clippy::print_stdout,
    reason = "the table is what the simulation is run for"
)]
fn say(what: &str, share: f64) {
    println!("| {what} | {:.1} % |", 100.0 * share);
}

/// Six outcomes that share cluster shocks; the exposure varies between clusters and does nothing, except to the first
/// `real` outcomes.
fn simulate(seed: u64, real: usize) -> Absorbed {
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
            let dose = exposure + 0.5 * r.draw();
            x.push(dose);
            for (k, (y, own)) in y.iter_mut().zip(&own).enumerate() {
                y.push(0.4 * own + r.draw() + if k < real { 0.6 * dose } else { 0.0 });
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

fn share(real: usize, found: impl Fn(&Absorbed) -> bool + Sync) -> f64 {
    let count = (0..SIMULATIONS)
        .into_par_iter()
        .filter(|&s| found(&simulate(s + 1, real)))
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

/// Whether any of the outcomes that are not touched is called.
fn false_positive(data: &Absorbed, real: usize) -> bool {
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
    let tests = data.romano_wolf(&family, "g", &options()).expect("tests");
    tests[real..].iter().any(|t| t.adjusted <= 0.05)
}

#[test]
#[ignore = "simulation, minutes"]
fn coverage_of_romano_wolf() {
    for (real, what) in [(0, "none of 6 is real"), (3, "3 of 6 are real")] {
        let any = share(real, |data| false_positive(data, real));
        say(
            &format!("Romano–Wolf at 5 %, 12 unequal clusters, {what}: any false positive"),
            any,
        );
        assert!((0.02..0.075).contains(&any), "any false positive in {any}");
    }
    let plain = share(0, |data| {
        (0..OUTCOMES).any(|k| {
            let fit = data
                .ols(&format!("y{k}"), &["x"], &FitOptions::new(Vcov::Crv1))
                .expect("fit");
            fit.coefficient("x").expect("x").p <= 0.05
        })
    });
    say("the same, none real, six CR1 tests at 5 %", plain);
    assert!(plain > 0.1, "{plain}");
}

#[test]
#[ignore = "simulation, minutes"]
fn coverage_of_few_clusters() {
    let wild = share(0, |data| {
        let t = data
            .wild_bootstrap("y0", &["x"], "x", "g", &options())
            .expect("test");
        t.lower <= 0.0 && 0.0 <= t.upper
    });
    say(
        "12 unequal clusters, wild bootstrap 95 % interval: covers",
        wild,
    );
    assert!((0.93..0.97).contains(&wild), "wild interval covers {wild}");
    let by = |vcov, name: &str| {
        let covered = share(0, |data| {
            let fit = data.ols("y0", &["x"], &FitOptions::new(vcov)).expect("fit");
            let c = fit.coefficient("x").expect("x");
            c.lower <= 0.0 && 0.0 <= c.upper
        });
        say(
            &format!("12 unequal clusters, {name} 95 % interval: covers"),
            covered,
        );
        covered
    };
    let cr2 = by(Vcov::Cr2, "CR2 with Satterthwaite's degrees of freedom");
    assert!((0.93..0.98).contains(&cr2), "CR2 interval covers {cr2}");
    let cr3 = by(Vcov::Crv3, "CR3");
    assert!((0.93..0.99).contains(&cr3), "CR3 interval covers {cr3}");
    // The reason the others exist: CR1 with 12 unequal clusters covers too little.
    let cr1 = by(Vcov::Crv1, "CR1");
    assert!(cr1 < cr2, "CR1 covers {cr1}, CR2 {cr2}");
    let hc1 = by(Vcov::Hc1, "HC1 (clusters ignored)");
    assert!(hc1 < cr1, "HC1 covers {hc1}");
}
