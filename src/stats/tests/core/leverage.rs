//! HC2 and HC3 with absorbed effects against the same regression with their dummies as columns.

use throughline_stats::{Column, Design, Effect, FitOptions, Vcov, ols};

/// Dummies and absorbed effects agree to this, relative.
const TOLERANCE: f64 = 1e-9;

fn random(state: &mut u64) -> f64 {
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    (*state >> 11) as f64 / (1u64 << 53) as f64
}

#[test]
fn absorbed_effects_have_the_leverage_of_their_dummies() {
    let mut s = 88_172_645_463_325_252;
    let n = 240;
    let mut code =
        |levels: f64| -> Vec<u32> { (0..n).map(|_| (random(&mut s) * levels) as u32).collect() };
    let effects = [code(12.0), code(7.0), code(4.0)];
    let mut column = |shift: &dyn Fn(usize) -> f64| -> Vec<f64> {
        (0..n).map(|i| random(&mut s) + shift(i)).collect()
    };
    let x = column(&|i| 0.2 * f64::from(effects[0][i] % 3));
    let z = column(&|_| 0.0);
    let y = column(&|i| 0.5 * x[i] * x[i] + f64::from(effects[1][i]));
    let weights = column(&|_| 0.5);
    for many in [2, 3] {
        for weighted in [false, true] {
            let weights = weighted.then_some(&weights[..]);
            let regressors = [
                Column {
                    name: "x",
                    values: &x,
                },
                Column {
                    name: "z",
                    values: &z,
                },
            ];
            let outcome = Column {
                name: "y",
                values: &y,
            };
            let absorbed = Design {
                effects: effects[..many]
                    .iter()
                    .zip(["a", "b", "c"])
                    .map(|(codes, name)| Effect { name, codes })
                    .collect(),
                weights,
                ..Design::default()
            };
            let dummies: Vec<(String, Vec<f64>)> = effects[..many]
                .iter()
                .enumerate()
                .flat_map(|(e, codes)| {
                    let last = *codes.iter().max().expect("a level");
                    (0..last).map(move |l| {
                        let own = codes.iter().map(|c| f64::from(u8::from(*c == l))).collect();
                        (format!("{e}:{l}"), own)
                    })
                })
                .collect();
            let mut all = regressors.to_vec();
            all.extend(dummies.iter().map(|(name, values)| Column { name, values }));
            let plain = Design {
                weights,
                ..Design::default()
            };
            for vcov in [Vcov::Hc2, Vcov::Hc3] {
                let options = FitOptions::new(vcov);
                let ours = ols(&absorbed, &outcome, &regressors, &options).expect("a fit");
                let long = ols(&plain, &outcome, &all, &options).expect("a fit");
                for name in ["x", "z"] {
                    let a = ours.coefficient(name).expect("a coefficient");
                    let b = long.coefficient(name).expect("a coefficient");
                    assert!(
                        (a.se / b.se - 1.0).abs() < TOLERANCE,
                        "{vcov:?} {many} {name}: {} {}",
                        a.se,
                        b.se
                    );
                    assert!((a.estimate - b.estimate).abs() < TOLERANCE);
                }
            }
        }
    }
}
