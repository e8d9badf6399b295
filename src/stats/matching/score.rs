//! The propensity score: the chance of treatment given what was measured.

use crate::error::StatsError;
use crate::kit::check::{finite, same_length, weights as check_weights};
use crate::kit::logit::{LogitFailure, fit};

/// A fitted propensity score.
#[derive(Debug, Clone, PartialEq)]
pub struct Propensity {
    /// Fitted probability of each row.
    pub score: Vec<f64>,
    /// Fitted log odds of each row.
    pub log_odds: Vec<f64>,
    /// Coefficients: intercept, then one per covariate.
    pub coefficients: Vec<f64>,
    /// Newton steps.
    pub iterations: usize,
    /// Largest fitted probability: near 1 means treated rows without counterparts.
    pub largest: f64,
}

pub(crate) fn check_groups(treated: &[bool]) -> Result<(usize, usize), StatsError> {
    let n = treated.iter().filter(|t| **t).count();
    if n == 0 {
        return Err(StatsError::EmptyGroup {
            group: "treated rows".into(),
            hint: "check how treatment is coded",
        });
    }
    if n == treated.len() {
        return Err(StatsError::EmptyGroup {
            group: "comparison rows".into(),
            hint: "check how treatment is coded",
        });
    }
    Ok((n, treated.len() - n))
}

/// The propensity score, the chance of treatment given what was measured: a logit of treatment on covariates (an intercept is added).
/// Wrong when what decided treatment was not measured (Rosenbaum and Rubin 1983, *Biometrika* 70).
///
/// # Errors
/// Unequal lengths, non-finite values, an empty group, a constant or collinear covariate, or perfect separation.
///
/// ```
/// use throughline_stats::matching::propensity;
/// let treated = [true, false, true, false, true, false, true, false];
/// let prior = [0.9, 0.1, 0.4, 0.5, 0.8, 0.2, 0.3, 0.6];
/// let fit = propensity(&treated, &[("prior", &prior)], None)?;
/// assert!(fit.coefficients[1] > 0.0 && fit.score[0] > fit.score[1]);
/// # Ok::<(), throughline_stats::StatsError>(())
/// ```
pub fn propensity(
    treated: &[bool],
    covariates: &[(&str, &[f64])],
    weights: Option<&[f64]>,
) -> Result<Propensity, StatsError> {
    let n = treated.len();
    check_groups(treated)?;
    if let Some(w) = weights {
        check_weights(w, n)?;
    }
    // Standardised columns keep the Newton steps well conditioned; the coefficients are brought back afterwards.
    let mut columns = vec![vec![1.0; n]];
    let mut scale = Vec::new();
    for (name, column) in covariates {
        same_length(name, column.len(), n)?;
        finite(name, column)?;
        let mean = column.iter().sum::<f64>() / n as f64;
        let sd = (column.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / n as f64).sqrt();
        if sd <= 1e-12 * mean.abs() {
            return Err(StatsError::Constant {
                name: (*name).to_owned(),
            });
        }
        columns.push(column.iter().map(|v| (v - mean) / sd).collect());
        scale.push((mean, sd));
    }
    let logit = fit(&columns, treated, weights).map_err(|failure| match failure {
        LogitFailure::Collinear(k) => StatsError::AllCollinear {
            names: covariates
                .get(k.wrapping_sub(1))
                .map_or("intercept", |c| c.0)
                .to_owned(),
        },
        LogitFailure::Separated => StatsError::Separation {
            outcome: "treatment".into(),
            detail: "the covariates tell treated from comparison rows perfectly".into(),
        },
    })?;
    let mut coefficients = logit.beta.clone();
    for (b, (mean, sd)) in coefficients.clone()[1..].iter().zip(&scale) {
        coefficients[0] -= b * mean / sd;
    }
    for (b, (_, sd)) in coefficients[1..].iter_mut().zip(&scale) {
        *b /= sd;
    }
    let log_odds = (0..n)
        .map(|i| columns.iter().zip(&logit.beta).map(|(c, b)| c[i] * b).sum())
        .collect();
    let largest = logit.fitted.iter().copied().fold(0.0, f64::max);
    Ok(Propensity {
        score: logit.fitted,
        log_odds,
        coefficients,
        iterations: logit.iterations,
        largest,
    })
}
