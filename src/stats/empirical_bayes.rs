//! Empirical-Bayes shrinkage: many noisy effects, told with how much of each is likely to be noise.
//!
//! The largest of a hundred estimates is mostly luck. If true effects vary around μ with variance τ² and estimate j has error variance s²_j,
//! the best guess is μ + B_j (estimate_j − μ), B_j = τ²/(τ² + s²_j), with variance B_j s²_j (plus what μ and τ² cost). With s²_j = σ²/Σw this
//! equals the mixed model's prediction. Wrong when effects come from two kinds of things (shrink each kind toward its own mean), or when
//! s²_j is itself very noisy (fewer than about ten observations behind each).
//!
//! τ² by Paule and Mandel's moment equation Σ (y − μ̂)²/(τ² + s²) = k − 1 (the REML solution for normal effects up to a degree-of-freedom
//! weight), or by DerSimonian and Laird; both truncated at zero.
//!
//! ```
//! use throughline_stats::empirical_bayes::{shrink, Heterogeneity};
//! let s = shrink(&[0.30, 0.05, -0.10, 0.12], &[0.10, 0.05, 0.12, 0.06], Heterogeneity::PauleMandel, 0.95)?;
//! assert!(s.effects[0].shrunk.estimate < 0.30 && s.effects[0].shrunk.estimate > s.mean.estimate);
//! # Ok::<(), throughline_stats::StatsError>(())
//! ```

use crate::dist::{chi2_upper, normal_cdf};
use crate::error::StatsError;
use crate::interval::Estimate;
use crate::kit::check::{finite, inside, same_length};

/// How the variance of the true effects is estimated.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub enum Heterogeneity {
    /// Paule and Mandel (1982), iterated to its fixed point.
    #[default]
    PauleMandel,
    /// DerSimonian and Laird (1986), one step.
    DerSimonianLaird,
    /// Known, for instance from a mixed model.
    Known(f64),
}

impl Heterogeneity {
    fn name(self) -> &'static str {
        match self {
            Self::PauleMandel => "Paule-Mandel",
            Self::DerSimonianLaird => "DerSimonian-Laird",
            Self::Known(_) => "known",
        }
    }
}

/// One effect before and after.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Shrunk {
    /// Share of the raw estimate kept: B = τ²/(τ² + s²).
    pub reliability: f64,
    /// Posterior mean with its standard error and interval.
    pub shrunk: Estimate,
    /// Position by posterior mean, 1 the largest; ties share the better position.
    pub rank: usize,
}

impl Shrunk {
    /// Posterior probability that the true effect exceeds `threshold`: the number a ranked list should be read by.
    #[must_use]
    pub fn probability_above(&self, threshold: f64) -> f64 {
        if self.shrunk.se == 0.0 {
            return f64::from(u8::from(self.shrunk.estimate > threshold));
        }
        normal_cdf((self.shrunk.estimate - threshold) / self.shrunk.se)
    }
}

/// Shrunken effects.
#[derive(Debug, Clone, PartialEq)]
pub struct Shrinkage {
    /// In the order given.
    pub effects: Vec<Shrunk>,
    /// Estimates used: all that were given, none is left out.
    pub n: usize,
    /// How τ² was found, by name.
    pub method: &'static str,
    /// The variance convention in words.
    pub vcov: &'static str,
    /// Confidence level of the intervals.
    pub level: f64,
    /// Precision-weighted mean μ.
    pub mean: Estimate,
    /// Variance of the true effects τ².
    pub variance: f64,
    /// Cochran's Q and its p-value against "all effects are equal".
    pub q: f64,
    /// p-value of Q.
    pub q_p: f64,
    /// I²: share of the observed variation that is not noise.
    pub i2: f64,
}

fn pooled(effects: &[f64], variances: &[f64], tau2: f64) -> (f64, f64) {
    let (mut sum, mut total) = (0.0, 0.0);
    for (y, v) in effects.iter().zip(variances) {
        let w = 1.0 / (v + tau2);
        sum += w * y;
        total += w;
    }
    (sum / total, 1.0 / total)
}

fn q_at(effects: &[f64], variances: &[f64], tau2: f64) -> f64 {
    let (mean, _) = pooled(effects, variances, tau2);
    effects
        .iter()
        .zip(variances)
        .map(|(y, v)| (y - mean).powi(2) / (v + tau2))
        .sum()
}

fn variance_between(effects: &[f64], variances: &[f64], method: Heterogeneity) -> f64 {
    let df = effects.len() as f64 - 1.0;
    match method {
        Heterogeneity::Known(tau2) => tau2,
        Heterogeneity::DerSimonianLaird => {
            let weights: Vec<f64> = variances.iter().map(|v| 1.0 / v).collect();
            let (sum, squares) = weights
                .iter()
                .fold((0.0, 0.0), |(s, q), w| (s + w, q + w * w));
            ((q_at(effects, variances, 0.0) - df) / (sum - squares / sum)).max(0.0)
        }
        Heterogeneity::PauleMandel => {
            if q_at(effects, variances, 0.0) <= df {
                return 0.0;
            }
            let first = variances.iter().copied().fold(0.0, f64::max);
            crate::kit::optimise::root_increasing(|t| df - q_at(effects, variances, t), 0.0, first)
        }
    }
}

/// Shrinks effects toward their precision-weighted mean.
///
/// # Errors
/// Fewer than two effects, unequal lengths, non-finite values, a standard error ≤ 0, a known variance below zero.
///
/// Reference: Morris (1983); Paule and Mandel (1982); R `metafor::rma(method = "PM")`.
pub fn shrink(
    effects: &[f64],
    errors: &[f64],
    method: Heterogeneity,
    level: f64,
) -> Result<Shrinkage, StatsError> {
    same_length("errors", errors.len(), effects.len())?;
    finite("effects", effects)?;
    finite("errors", errors)?;
    inside("level", level, 0.0, 1.0)?;
    if effects.len() < 2 {
        return Err(StatsError::TooFewObservations {
            n: effects.len(),
            parameters: 2,
        });
    }
    if let Some(row) = errors.iter().position(|e| *e <= 0.0) {
        return Err(StatsError::OutOfRange {
            name: "errors".into(),
            row,
            rule: "a standard error is above zero",
        });
    }
    if matches!(method, Heterogeneity::Known(t) if !(t.is_finite() && t >= 0.0)) {
        return Err(StatsError::option("variance", "must be zero or more"));
    }
    let variances: Vec<f64> = errors.iter().map(|e| e * e).collect();
    let tau2 = variance_between(effects, &variances, method);
    let (mean, mean_variance) = pooled(effects, &variances, tau2);
    let df = effects.len() as f64 - 1.0;
    let q = q_at(effects, &variances, 0.0);
    let posterior: Vec<(f64, Estimate)> = effects
        .iter()
        .zip(&variances)
        .map(|(y, v)| {
            let b = tau2 / (tau2 + v);
            // B s² is the noise left; (1 − B)² V(μ) what the mean costs.
            let variance = b * v + (1.0 - b).powi(2) * mean_variance;
            (
                b,
                Estimate::normal(mean + b * (y - mean), variance.sqrt(), level),
            )
        })
        .collect();
    let rank = |value: f64| 1 + posterior.iter().filter(|(_, e)| e.estimate > value).count();
    let shrunk = posterior
        .iter()
        .map(|&(reliability, e)| Shrunk {
            reliability,
            shrunk: e,
            rank: rank(e.estimate),
        })
        .collect();
    Ok(Shrinkage {
        effects: shrunk,
        n: effects.len(),
        method: method.name(),
        vcov: "posterior, errors as given, τ² taken as known",
        level,
        mean: Estimate::normal(mean, mean_variance.sqrt(), level),
        variance: tau2,
        q,
        q_p: chi2_upper(q, df),
        i2: ((q - df) / q).max(0.0),
    })
}

/// Shrinks group means of individual residuals by a one-way random-effects model: B_j = τ²/(τ² + σ²/Σw), as a mixed model's predictions.
///
/// `deviation` is each group's weighted mean minus the grand mean, `weight` its Σw. Returns (B, B × deviation) per group.
///
/// # Errors
/// Unequal lengths, non-finite values, weights or σ² ≤ 0, τ² < 0.
pub fn shrink_group_means(
    deviation: &[f64],
    weight: &[f64],
    tau2: f64,
    sigma2: f64,
) -> Result<Vec<(f64, f64)>, StatsError> {
    same_length("weight", weight.len(), deviation.len())?;
    finite("deviation", deviation)?;
    inside("sigma2", sigma2, 0.0, f64::INFINITY)?;
    if !(tau2.is_finite() && tau2 >= 0.0) {
        return Err(StatsError::option("tau2", "must be zero or more"));
    }
    if let Some(row) = weight.iter().position(|w| !(w.is_finite() && *w > 0.0)) {
        return Err(StatsError::InvalidWeight { row });
    }
    Ok(deviation
        .iter()
        .zip(weight)
        .map(|(d, w)| {
            let b = tau2 / (tau2 + sigma2 / w);
            (b, b * d)
        })
        .collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paule_mandel_solves_its_equation_and_noise_gives_zero() {
        let y = [0.5, 0.1, -0.3, 0.9, 0.2];
        let s = [0.1, 0.1, 0.15, 0.2, 0.1];
        let fit = shrink(&y, &s, Heterogeneity::PauleMandel, 0.95).unwrap();
        let v: Vec<f64> = s.iter().map(|e| e * e).collect();
        assert!((q_at(&y, &v, fit.variance) - 4.0).abs() < 1e-9);
        let same = shrink(
            &[0.1, 0.11, 0.09],
            &[0.1, 0.1, 0.1],
            Heterogeneity::PauleMandel,
            0.95,
        )
        .unwrap();
        assert_eq!(same.variance, 0.0);
        assert!(
            same.effects
                .iter()
                .all(|e| e.reliability == 0.0 && e.rank == 1)
        );
    }

    #[test]
    fn with_equal_errors_both_methods_agree() {
        let y = [0.5, 0.1, -0.3, 0.9, 0.2];
        let s = [0.1; 5];
        let a = shrink(&y, &s, Heterogeneity::PauleMandel, 0.95)
            .unwrap()
            .variance;
        let b = shrink(&y, &s, Heterogeneity::DerSimonianLaird, 0.95)
            .unwrap()
            .variance;
        assert!((a - b).abs() < 1e-12);
    }

    #[test]
    fn probability_above_the_mean_of_a_certain_effect() {
        let fit = shrink(&[1.0, 0.0], &[1e-6, 1e-6], Heterogeneity::Known(1.0), 0.95).unwrap();
        assert!(
            fit.effects[0].probability_above(0.9) > 0.999
                && fit.effects[1].probability_above(0.1) < 1e-3
        );
    }
}
