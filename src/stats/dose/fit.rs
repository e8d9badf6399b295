//! Least squares with robust errors on a handful of columns.

use crate::error::StatsError;
use crate::kit::check::{finite, same_length, varies, weights as check_weights};
use crate::kit::codes::compact;
use crate::kit::dense::{mat_mul, weighted_least_squares};

/// What goes beside the dose.
#[derive(Debug, Clone, Copy)]
pub struct DoseOptions<'a> {
    /// Covariates, without an intercept.
    pub covariates: &'a [&'a [f64]],
    /// Cluster of each row; `None` for HC1.
    pub cluster: Option<&'a [u32]>,
    /// Weights.
    pub weights: Option<&'a [f64]>,
    /// Confidence level.
    pub level: f64,
}

impl Default for DoseOptions<'_> {
    fn default() -> Self {
        Self {
            covariates: &[],
            cluster: None,
            weights: None,
            level: 0.95,
        }
    }
}

/// Coefficients with their robust covariance.
pub(crate) struct RobustFit {
    pub(crate) beta: Vec<f64>,
    /// Row-major.
    pub(crate) covariance: Vec<f64>,
    /// n − K, or G − 1.
    pub(crate) df: f64,
    pub(crate) clusters: Option<usize>,
    pub(crate) vcov: &'static str,
}

/// Regresses on an intercept, `dose_columns` and the covariates, in this order. CR1: (n − 1)/(n − K) · G/(G − 1).
pub(crate) fn robust(
    outcome: &[f64],
    dose_columns: Vec<Vec<f64>>,
    options: &DoseOptions<'_>,
) -> Result<RobustFit, StatsError> {
    let n = outcome.len();
    finite("outcome", outcome)?;
    varies("outcome", outcome.iter().copied())?;
    crate::kit::check::inside("level", options.level, 0.0, 1.0)?;
    let mut columns = vec![vec![1.0; n]];
    for c in dose_columns {
        same_length("dose", c.len(), n)?;
        columns.push(c);
    }
    for (k, c) in options.covariates.iter().enumerate() {
        let name = format!("covariate {k}");
        same_length(&name, c.len(), n)?;
        finite(&name, c)?;
        columns.push(c.to_vec());
    }
    if let Some(w) = options.weights {
        check_weights(w, n)?;
    }
    let k = columns.len();
    if n <= k {
        return Err(StatsError::TooFewObservations { n, parameters: k });
    }
    let (beta, bread) =
        weighted_least_squares(&columns, outcome, options.weights).map_err(|j| {
            StatsError::AllCollinear {
                names: format!("column {j} (an empty bin, or a covariate implied by the others)"),
            }
        })?;
    let (codes, groups) = match options.cluster {
        Some(c) => {
            same_length("cluster", c.len(), n)?;
            let (codes, labels) = compact(c);
            (codes, labels.len())
        }
        None => ((0..n as u32).collect(), n),
    };
    if options.cluster.is_some() && groups < 2 {
        return Err(StatsError::TooFewClusters {
            name: "cluster".into(),
            found: groups,
        });
    }
    let mut scores = vec![0.0; groups * k];
    for i in 0..n {
        let fitted: f64 = columns.iter().zip(&beta).map(|(c, b)| c[i] * b).sum();
        let e = options.weights.map_or(1.0, |w| w[i]) * (outcome[i] - fitted);
        for (j, c) in columns.iter().enumerate() {
            scores[codes[i] as usize * k + j] += e * c[i];
        }
    }
    let mut meat = vec![0.0; k * k];
    for s in scores.chunks_exact(k) {
        for a in 0..k {
            for b in 0..k {
                meat[a * k + b] += s[a] * s[b];
            }
        }
    }
    let (size, g, p) = (n as f64, groups as f64, k as f64);
    let factor = if options.cluster.is_some() {
        (size - 1.0) / (size - p) * g / (g - 1.0)
    } else {
        size / (size - p)
    };
    let covariance = mat_mul(&mat_mul(&bread, &meat, k, k, k), &bread, k, k, k)
        .into_iter()
        .map(|v| v * factor)
        .collect();
    let df = if options.cluster.is_some() {
        g - 1.0
    } else {
        size - p
    };
    Ok(RobustFit {
        beta,
        covariance,
        df,
        clusters: options.cluster.map(|_| groups),
        vcov: match options.cluster {
            Some(_) => "CR1 clustered",
            None => "heteroskedasticity-robust HC1",
        },
    })
}
