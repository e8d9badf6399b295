//! Refusals of instruments, counts, choices, the bootstrap and families of tests.

use throughline_stats::glm::{Family, GlmOptions, glm, logit, negative_binomial, poisson};
use throughline_stats::iv::iv;
use throughline_stats::{
    Absorbed, Column, Design, Effect, FitOptions, Spec, StatsError, Vcov, WildOptions, WildWeights,
    absorb, ols,
};

const Y: [f64; 8] = [1.0, 2.0, 1.5, 3.0, 2.5, 4.0, 3.5, 5.0];
const X: [f64; 8] = [0.0, 1.0, 2.0, 3.0, 4.0, 5.5, 6.0, 7.0];
const Z: [f64; 8] = [1.0, 0.0, 1.0, 1.0, 0.0, 1.0, 0.0, 0.0];
const COUNT: [f64; 8] = [0.0, 2.0, 1.0, 3.0, 0.0, 4.0, 1.0, 5.0];
/// Counts with more spread than Poisson's.
const SPREAD: [f64; 8] = [0.0, 9.0, 0.0, 1.0, 12.0, 0.0, 3.0, 0.0];
const YES: [f64; 8] = [0.0, 1.0, 0.0, 1.0, 0.0, 1.0, 1.0, 0.0];
const G: [u32; 8] = [0, 0, 1, 1, 2, 2, 3, 3];
const ONE: [u32; 8] = [5; 8];

fn column<'a>(name: &'a str, values: &'a [f64]) -> Column<'a> {
    Column { name, values }
}

fn clustered<'a>(codes: &'a [u32]) -> Design<'a> {
    Design {
        clusters: vec![Effect { name: "g", codes }],
        ..Design::default()
    }
}

fn within<'a>(codes: &'a [u32]) -> Design<'a> {
    Design {
        effects: vec![Effect { name: "g", codes }],
        ..Design::default()
    }
}

#[test]
fn instruments() {
    let options = FitOptions::new(Vcov::Hc1);
    let plain = Design::default();
    let run = |design: &Design<'_>, y: &[f64], x: &[f64], z: &[f64], options: &FitOptions| {
        iv(
            design,
            &column("y", y),
            &[],
            &[column("x", x)],
            &[column("z", z)],
            options,
        )
        .map(|f| f.fit.n)
    };
    assert_eq!(run(&plain, &Y, &X, &Z, &options), Ok(8));
    let mut hole = Z;
    hole[6] = f64::NAN;
    assert_eq!(
        run(&plain, &Y, &X, &hole, &options),
        Err(StatsError::NonFinite {
            name: "z".into(),
            row: 6
        })
    );
    assert!(matches!(
        run(&plain, &[2.0; 8], &X, &Z, &options),
        Err(StatsError::ZeroVariance { .. })
    ));
    let crv1 = FitOptions::new(Vcov::Crv1);
    assert!(matches!(
        run(&clustered(&ONE), &Y, &X, &Z, &crv1),
        Err(StatsError::TooFewClusters { found: 1, .. })
    ));
    for vcov in [Vcov::Hc2, Vcov::Hc3, Vcov::Cr2, Vcov::Crv3] {
        assert!(matches!(
            run(&clustered(&G), &Y, &X, &Z, &FitOptions::new(vcov)),
            Err(StatsError::Unsupported { .. })
        ));
    }
    // An instrument without variation of its own identifies nothing.
    let level = G.map(f64::from);
    assert!(run(&within(&G), &Y, &X, &level, &options).is_err());
    assert!(run(&plain, &Y, &X, &[1.0; 8], &options).is_err());
    // Two endogenous regressors, one instrument.
    let two = iv(
        &plain,
        &column("y", &Y),
        &[],
        &[column("x", &X), column("c", &COUNT)],
        &[column("z", &Z)],
        &options,
    );
    assert!(
        matches!(two, Err(StatsError::Unsupported { .. })),
        "{two:?}"
    );
    // The same column on both sides.
    let same = iv(
        &plain,
        &column("y", &Y),
        &[],
        &[column("x", &X)],
        &[column("x", &X)],
        &options,
    );
    assert!(matches!(same, Err(StatsError::DuplicateName { .. })));
}

#[test]
fn counts_and_choices() {
    let plain = Design::default();
    let iid = FitOptions::new(Vcov::Iid);
    let crv1 = FitOptions::new(Vcov::Crv1);
    let x = [column("x", &X)];
    let mut hole = COUNT;
    hole[1] = f64::INFINITY;
    let bad = column("y", &hole);
    for result in [
        poisson(&plain, &bad, &x, &iid),
        logit(&plain, &bad, &x, &iid),
        negative_binomial(&plain, &bad, &x, &iid).map(|n| n.fit),
    ] {
        assert!(
            matches!(result, Err(StatsError::NonFinite { row: 1, .. })),
            "{result:?}"
        );
    }
    let count = column("y", &COUNT);
    let yes = column("y", &YES);
    for result in [
        poisson(&clustered(&ONE), &count, &x, &crv1),
        logit(&clustered(&ONE), &yes, &x, &crv1),
        negative_binomial(&clustered(&ONE), &column("y", &SPREAD), &x, &crv1).map(|n| n.fit),
    ] {
        assert!(
            matches!(result, Err(StatsError::TooFewClusters { found: 1, .. })),
            "{result:?}"
        );
    }
    for vcov in [Vcov::Hc2, Vcov::Hc3, Vcov::Cr2, Vcov::Crv3] {
        let options = FitOptions::new(vcov);
        for result in [
            poisson(&clustered(&G), &count, &x, &options),
            logit(&clustered(&G), &yes, &x, &options),
        ] {
            assert!(
                matches!(result, Err(StatsError::Unsupported { .. })),
                "{result:?}"
            );
        }
    }
    // Nobody, or everybody.
    for constant in [[0.0; 8], [1.0; 8]] {
        let y = column("y", &constant);
        for result in [
            logit(&plain, &y, &x, &iid),
            logit(&within(&G), &y, &x, &iid),
        ] {
            assert!(
                matches!(
                    result,
                    Err(StatsError::Separation { .. }
                        | StatsError::ZeroVariance { .. }
                        | StatsError::EmptySample { .. })
                ),
                "{result:?}"
            );
        }
    }
    let zero = column("y", &[0.0; 8]);
    for result in [
        poisson(&plain, &zero, &x, &iid),
        poisson(&within(&G), &zero, &x, &iid),
        negative_binomial(&plain, &zero, &x, &iid).map(|n| n.fit),
    ] {
        assert!(
            matches!(
                result,
                Err(StatsError::Separation { .. }
                    | StatsError::ZeroVariance { .. }
                    | StatsError::EmptySample { .. })
            ),
            "{result:?}"
        );
    }
    assert!(matches!(
        logit(&plain, &count, &x, &iid),
        Err(StatsError::OutOfRange { .. })
    ));
    // Counts more even than Poisson's have no finite theta.
    let even = [2.0, 3.0, 2.0, 3.0, 2.0, 3.0, 2.0, 3.0];
    assert!(matches!(
        negative_binomial(&plain, &column("y", &even), &x, &iid),
        Err(StatsError::Unsupported { .. })
    ));
    let short = GlmOptions {
        offset: Some(&X[..4]),
        ..GlmOptions::new(Family::Poisson)
    };
    assert!(matches!(
        glm(&plain, &count, &x, &short, &iid),
        Err(StatsError::Length { .. })
    ));
}

fn sample(codes: &[u32]) -> Absorbed {
    absorb(&clustered(codes), &[column("y", &Y), column("x", &X)]).expect("absorbed")
}

#[test]
fn bootstrap_and_families() {
    let options = WildOptions {
        draws: 99,
        seed: 1,
        weights: WildWeights::Rademacher,
        level: 0.95,
        impose_null: true,
    };
    let wild = |data: &Absorbed, term: &str, cluster: &str, options: &WildOptions| {
        data.wild_bootstrap("y", &["x"], term, cluster, options)
            .map(|t| t.draws)
    };
    assert_eq!(wild(&sample(&G), "x", "g", &options), Ok(16));
    assert!(matches!(
        wild(&sample(&ONE), "x", "g", &options),
        Err(StatsError::TooFewClusters { found: 1, .. })
    ));
    assert!(matches!(
        wild(&sample(&G), "x", "h", &options),
        Err(StatsError::UnknownColumn { .. })
    ));
    assert!(matches!(
        wild(&sample(&G), "z", "g", &options),
        Err(StatsError::UnknownColumn { .. })
    ));
    for wrong in [
        WildOptions {
            draws: 0,
            ..options
        },
        WildOptions {
            level: 1.0,
            ..options
        },
    ] {
        assert!(matches!(
            wild(&sample(&G), "x", "g", &wrong),
            Err(StatsError::InvalidOption { .. })
        ));
    }
    let spec = |y| Spec {
        outcome: y,
        regressors: vec!["x"],
    };
    let data = sample(&G);
    assert!(data.romano_wolf(&[(spec("y"), "x")], "g", &options).is_ok());
    assert!(matches!(
        data.romano_wolf(&[(spec("nothing"), "x")], "g", &options),
        Err(StatsError::UnknownColumn { .. })
    ));
    assert!(matches!(
        sample(&ONE).romano_wolf(&[(spec("y"), "x")], "g", &options),
        Err(StatsError::TooFewClusters { .. })
    ));
}

#[test]
fn names_levels_and_empty_samples() {
    let options = FitOptions::new(Vcov::Iid);
    let (y, x) = (column("y", &Y), column("x", &X));
    let plain = Design::default();
    assert!(matches!(
        ols(&plain, &y, &[x, x], &options),
        Err(StatsError::DuplicateName { .. })
    ));
    for level in [0.0, 1.0, f64::NAN] {
        let options = FitOptions {
            level,
            ..FitOptions::new(Vcov::Iid)
        };
        assert!(matches!(
            ols(&plain, &y, &[x], &options),
            Err(StatsError::InvalidOption { .. })
        ));
    }
    let other = FitOptions {
        cluster_by: vec!["nothing".into()],
        ..FitOptions::new(Vcov::Crv1)
    };
    assert!(matches!(
        ols(&clustered(&G), &y, &[x], &other),
        Err(StatsError::UnknownColumn { .. })
    ));
    let nothing = column("y", &[]);
    assert!(matches!(
        ols(&plain, &nothing, &[column("x", &[])], &options),
        Err(StatsError::EmptySample { .. })
    ));
    let none = [false; 8];
    let outside = Design {
        sample: Some(&none),
        ..Design::default()
    };
    assert!(matches!(
        ols(&outside, &y, &[x], &options),
        Err(StatsError::EmptySample { .. })
    ));
    let zero = [0.0; 8];
    let weightless = Design {
        weights: Some(&zero),
        ..Design::default()
    };
    assert!(matches!(
        ols(&weightless, &y, &[x], &options),
        Err(StatsError::EmptySample { .. })
    ));
    // Five levels and three regressors on eight rows.
    let many = [0, 1, 2, 3, 4, 0, 1, 2];
    let full = Design {
        effects: vec![Effect {
            name: "g",
            codes: &many,
        }],
        keep_singletons: true,
        ..Design::default()
    };
    let crowded = [x, column("z", &Z), column("c", &COUNT)];
    let result = ols(&full, &y, &crowded, &options);
    assert!(
        matches!(
            result,
            Err(StatsError::TooFewObservations { .. } | StatsError::PerfectFit { .. })
        ),
        "{result:?}"
    );
}
