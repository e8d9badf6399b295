//! Unsupported or meaningless requests end in a typed error that names the culprit, never in a number.

use throughline_stats::glm::{logit, negative_binomial, poisson};
use throughline_stats::{Column, Design, Effect, FitOptions, StatsError, Vcov, ols};

const Y: [f64; 8] = [1.0, 2.0, 1.5, 3.0, 2.5, 4.0, 3.5, 5.0];
const X: [f64; 8] = [0.0, 1.0, 2.0, 3.0, 4.0, 5.5, 6.0, 7.0];
const G: [u32; 8] = [0, 0, 1, 1, 2, 2, 3, 3];

fn fit(
    design: &Design<'_>,
    y: &[f64],
    x: &[f64],
    vcov: Vcov,
) -> Result<throughline_stats::Fit, StatsError> {
    ols(
        design,
        &Column {
            name: "y",
            values: y,
        },
        &[Column {
            name: "x",
            values: x,
        }],
        &FitOptions::new(vcov),
    )
}

#[test]
fn data_that_cannot_be_used() {
    let plain = Design::default();
    let mut bad = X;
    bad[3] = f64::NAN;
    assert_eq!(
        fit(&plain, &Y, &bad, Vcov::Iid),
        Err(StatsError::NonFinite {
            name: "x".into(),
            row: 3
        })
    );
    assert!(matches!(
        fit(&plain, &Y, &X[..5], Vcov::Iid),
        Err(StatsError::Length { .. })
    ));
    let weights = [1.0, 1.0, -1.0, 1.0, 1.0, 1.0, 1.0, 1.0];
    let weighted = Design {
        weights: Some(&weights),
        ..Design::default()
    };
    assert_eq!(
        fit(&weighted, &Y, &X, Vcov::Iid),
        Err(StatsError::InvalidWeight { row: 2 })
    );
    assert!(matches!(
        fit(&plain, &[2.0; 8], &X, Vcov::Iid),
        Err(StatsError::ZeroVariance { .. })
    ));
    assert!(matches!(
        fit(&plain, &X, &X.map(|v| 2.0 * v + 1.0), Vcov::Iid),
        Err(StatsError::PerfectFit { .. })
    ));
    let own: Vec<u32> = (0..8).collect();
    let alone = Design {
        effects: vec![Effect {
            name: "row",
            codes: &own,
        }],
        ..Design::default()
    };
    assert!(matches!(
        fit(&alone, &Y, &X, Vcov::Iid),
        Err(StatsError::EmptySample { .. })
    ));
}

#[test]
fn clusters_that_cannot_be_used() {
    let one = [5u32; 8];
    let single = Design {
        clusters: vec![Effect {
            name: "district",
            codes: &one,
        }],
        ..Design::default()
    };
    assert_eq!(
        fit(&single, &Y, &X, Vcov::Crv1),
        Err(StatsError::TooFewClusters {
            name: "district".into(),
            found: 1
        })
    );
    assert!(matches!(
        fit(&Design::default(), &Y, &X, Vcov::Crv1),
        Err(StatsError::Unsupported { .. })
    ));
    let two = Design {
        clusters: vec![
            Effect {
                name: "g",
                codes: &G,
            },
            Effect {
                name: "h",
                codes: &[0, 1, 0, 1, 0, 1, 0, 1],
            },
        ],
        ..Design::default()
    };
    assert!(matches!(
        fit(&two, &Y, &X, Vcov::Cr2),
        Err(StatsError::Unsupported { .. })
    ));
}

#[test]
fn collinear_columns_are_named() {
    let design = Design {
        effects: vec![Effect {
            name: "g",
            codes: &G,
        }],
        ..Design::default()
    };
    let level = G.map(f64::from);
    let copy = X.map(|v| 3.0 * v);
    let columns = [
        Column {
            name: "x",
            values: &X,
        },
        Column {
            name: "level",
            values: &level,
        },
        Column {
            name: "copy",
            values: &copy,
        },
    ];
    let y = Column {
        name: "y",
        values: &Y,
    };
    let fit = ols(&design, &y, &columns, &FitOptions::new(Vcov::Iid)).unwrap();
    assert_eq!(fit.dropped.collinear, ["level", "copy"]);
    assert_eq!(fit.coefficients.len(), 1);
    assert!(matches!(
        ols(&design, &y, &columns[1..2], &FitOptions::new(Vcov::Iid)),
        Err(StatsError::AllCollinear { .. })
    ));
}

#[test]
fn counts_and_choices_that_cannot_be_fitted() {
    let design = Design::default();
    let options = FitOptions::new(Vcov::Iid);
    let x = [Column {
        name: "x",
        values: &X,
    }];
    let negative = [0.0, 1.0, -1.0, 2.0, 1.0, 0.0, 3.0, 1.0];
    assert!(matches!(
        poisson(
            &design,
            &Column {
                name: "y",
                values: &negative
            },
            &x,
            &options
        ),
        Err(StatsError::OutOfRange { row: 2, .. })
    ));
    let split = X.map(|v| f64::from(u8::from(v > 3.5)));
    assert!(matches!(
        logit(
            &design,
            &Column {
                name: "y",
                values: &split
            },
            &x,
            &options
        ),
        Err(StatsError::Separation { .. })
    ));
    let effects = Design {
        effects: vec![Effect {
            name: "g",
            codes: &G,
        }],
        ..Design::default()
    };
    assert!(matches!(
        negative_binomial(
            &effects,
            &Column {
                name: "y",
                values: &Y
            },
            &x,
            &options
        ),
        Err(StatsError::Unsupported { .. })
    ));
    assert!(matches!(
        poisson(
            &design,
            &Column {
                name: "y",
                values: &Y
            },
            &x,
            &FitOptions::new(Vcov::Hc3)
        ),
        Err(StatsError::Unsupported { .. })
    ));
}

/// Rows whose count is zero wherever a regressor is positive are separated by it: dropped, and the rest estimated.
#[test]
fn separated_counts_are_dropped_and_counted() {
    let y = [1.0, 2.0, 1.0, 3.0, 2.0, 4.0, 0.0, 0.0];
    let flag = [0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 1.0, 2.0];
    let x = [
        Column {
            name: "x",
            values: &X,
        },
        Column {
            name: "flag",
            values: &flag,
        },
    ];
    let options = FitOptions::new(Vcov::Hc1);
    let all = poisson(
        &Design::default(),
        &Column {
            name: "y",
            values: &y,
        },
        &x,
        &options,
    )
    .unwrap();
    assert_eq!((all.n, all.dropped.separated), (6, 2));
    assert_eq!(all.dropped.collinear, ["flag"]);
    let kept = [true, true, true, true, true, true, false, false];
    let design = Design {
        sample: Some(&kept),
        ..Design::default()
    };
    let rest = poisson(
        &design,
        &Column {
            name: "y",
            values: &y,
        },
        &x[..1],
        &options,
    )
    .unwrap();
    let (a, b) = (
        all.coefficient("x").unwrap(),
        rest.coefficient("x").unwrap(),
    );
    assert!((a.estimate - b.estimate).abs() < 1e-9 && (a.se - b.se).abs() < 1e-9);
}
