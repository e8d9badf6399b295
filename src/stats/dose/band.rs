//! A band that holds a whole curve at once.

use crate::error::StatsError;
use crate::kit::check::{finite, inside, same_length};
use crate::kit::dense::{bilinear, cholesky};
use crate::kit::rng::Stream;
use rayon::prelude::*;

/// Draws of the largest deviation. Their Monte Carlo error moves a 95 % multiplier by about 0.02.
const DRAWS: u64 = 10_000;

/// By how many standard errors a band must reach to hold every contrast at once with probability `level` (sup-t band;
/// Montiel Olea and Plagborg-Møller 2019): the quantile of the largest |t| among the contrasts.
///
/// `contrasts` are rows of weights on coefficients with this `covariance` (row-major), whose errors have `df` degrees of
/// freedom (infinite for a normal). Seeded: the same numbers give the same multiplier. Never less than the pointwise one
/// but for Monte Carlo error.
///
/// # Errors
/// No contrast, lengths that differ, non-finite numbers, a covariance that is not positive definite.
///
/// ```
/// use throughline_stats::dose::uniform_multiplier;
/// let one = uniform_multiplier(&[vec![1.0]], &[0.04], f64::INFINITY, 0.95)?;
/// assert!((one - 1.96).abs() < 0.05);
/// let two = uniform_multiplier(&[vec![1.0, 0.0], vec![0.0, 1.0]], &[0.04, 0.0, 0.0, 0.04], f64::INFINITY, 0.95)?;
/// // The larger of two independent normals: 1 − 0.95^½ = 2.53 % outside.
/// assert!((two - 2.236).abs() < 0.05);
/// # Ok::<(), throughline_stats::StatsError>(())
/// ```
pub fn uniform_multiplier(
    contrasts: &[Vec<f64>],
    covariance: &[f64],
    df: f64,
    level: f64,
) -> Result<f64, StatsError> {
    inside("level", level, 0.0, 1.0)?;
    inside("df", df, 0.0, f64::INFINITY)
        .or_else(|e| if df == f64::INFINITY { Ok(()) } else { Err(e) })?;
    finite("covariance", covariance)?;
    let Some(p) = contrasts.first().map(Vec::len) else {
        return Err(StatsError::option("contrasts", "need at least one"));
    };
    same_length("covariance", covariance.len(), p * p)?;
    let factor = cholesky(covariance, p)
        .map_err(|_| StatsError::option("covariance", "must be positive definite"))?;
    // Each contrast of a draw is a weighted sum of independent normals, divided by its own standard error.
    let mut weights = Vec::with_capacity(contrasts.len());
    for contrast in contrasts {
        same_length("contrast", contrast.len(), p)?;
        finite("contrast", contrast)?;
        let se = bilinear(contrast, covariance, contrast).max(0.0).sqrt();
        if se > 0.0 {
            let turned: Vec<f64> = (0..p)
                .map(|j| (j..p).map(|i| contrast[i] * factor[i * p + j]).sum::<f64>() / se)
                .collect();
            weights.push(turned);
        }
    }
    let largest = largest_draws(&weights, df, DRAWS, 0);
    Ok(largest[((level * DRAWS as f64) as usize).min(largest.len() - 1)])
}

/// The largest |t| of each draw, ascending; `weights` are contrasts of independent normals with variance one.
pub(super) fn largest_draws(weights: &[Vec<f64>], df: f64, draws: u64, seed: u64) -> Vec<f64> {
    let p = weights.first().map_or(0, Vec::len);
    let mut largest: Vec<f64> = (0..draws)
        .into_par_iter()
        .map(|draw| {
            let mut stream = Stream::new(seed, draw);
            let z: Vec<f64> = (0..p).map(|_| stream.normal()).collect();
            let most = weights
                .iter()
                .map(|w| w.iter().zip(&z).map(|(w, z)| w * z).sum::<f64>().abs())
                .fold(0.0, f64::max);
            most / spread(df, stream.normal())
        })
        .collect();
    largest.sort_by(f64::total_cmp);
    largest
}

/// `√(χ²/df)` from a standard normal, after Wilson and Hilferty (1931).
fn spread(df: f64, z: f64) -> f64 {
    if df == f64::INFINITY {
        return 1.0;
    }
    let v = 2.0 / (9.0 * df);
    (1.0 - v + z * v.sqrt()).max(0.01).powf(1.5)
}
