//! One weight per row, whatever the method, and the weights that come straight from a propensity score.

use super::balanced::effective_sample_size;
use super::score::check_groups;
use crate::error::StatsError;
use crate::kit::check::same_length;

/// Whose effect is estimated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Estimand {
    /// The effect on those who were treated (ATT).
    #[default]
    Treated,
    /// The effect on everyone (ATE).
    Everyone,
}

/// The outcome of matching or weighting.
#[derive(Debug, Clone, PartialEq)]
pub struct Matched {
    /// Weight of each row; zero when it has no counterpart. Comparison weights add to the number of comparison rows in use.
    pub weights: Vec<f64>,
    /// Stratum or pair of each row; `None` when dropped or when the method has no strata.
    pub stratum: Vec<Option<u32>>,
    /// Pairs (treated row, comparison row), in the order they were made; empty for methods without pairs.
    pub pairs: Vec<(usize, usize)>,
    /// Σ of the distances within pairs.
    pub total_distance: f64,
    /// Treated rows in use.
    pub treated: usize,
    /// Comparison rows in use.
    pub comparison: usize,
    /// Treated rows without a counterpart.
    pub treated_dropped: usize,
    /// Comparison rows not used.
    pub comparison_dropped: usize,
    /// (Σw)²/Σw² among treated rows.
    pub treated_effective: f64,
    /// (Σw)²/Σw² among comparison rows.
    pub comparison_effective: f64,
    /// Method, by name.
    pub method: &'static str,
}

impl Matched {
    /// Counts and effective sizes from weights.
    pub(crate) fn new(
        treated: &[bool],
        weights: Vec<f64>,
        stratum: Vec<Option<u32>>,
        method: &'static str,
    ) -> Result<Self, StatsError> {
        let of = |group: bool| -> Vec<f64> {
            treated
                .iter()
                .zip(&weights)
                .filter(|(t, w)| **t == group && **w > 0.0)
                .map(|(_, w)| *w)
                .collect()
        };
        let (t, c) = (of(true), of(false));
        if t.is_empty() || c.is_empty() {
            return Err(StatsError::NotEstimable {
                place: format!("the comparison by {method}"),
                reason: "no treated row has a counterpart; widen the caliper or the strata",
            });
        }
        let all = treated.iter().filter(|x| **x).count();
        Ok(Self {
            treated: t.len(),
            comparison: c.len(),
            treated_dropped: all - t.len(),
            comparison_dropped: treated.len() - all - c.len(),
            treated_effective: effective_sample_size(&t),
            comparison_effective: effective_sample_size(&c),
            weights,
            stratum,
            pairs: Vec::new(),
            total_distance: 0.0,
            method,
        })
    }
}

/// Scales comparison weights to add to the number of comparison rows in use.
pub(crate) fn rescale_comparison(treated: &[bool], weights: &mut [f64]) {
    let (mut sum, mut n) = (0.0, 0.0);
    for (t, w) in treated.iter().zip(weights.iter()) {
        if !t && *w > 0.0 {
            sum += w;
            n += 1.0;
        }
    }
    if sum > 0.0 {
        for (t, w) in treated.iter().zip(weights.iter_mut()) {
            if !t {
                *w *= n / sum;
            }
        }
    }
}

/// Inverse-propensity weights: ATT 1 and p/(1 − p); ATE 1/p and 1/(1 − p). Not trimmed: extreme weights show in the effective size.
///
/// # Errors
/// Unequal lengths, an empty group, or a score outside (0, 1).
///
/// ```
/// use throughline_stats::matching::{Estimand, inverse_propensity};
/// let treated = [true, true, false, false, false];
/// let score = [0.6, 0.5, 0.5, 0.25, 0.2];
/// let fit = inverse_propensity(&treated, &score, Estimand::Treated)?;
/// // Comparison rows in the ratio of their odds 1 : 1/3 : 1/4, scaled to add to three.
/// assert!((fit.weights[2] / fit.weights[3] - 3.0).abs() < 1e-12);
/// assert!(fit.comparison_effective < 3.0);
/// # Ok::<(), throughline_stats::StatsError>(())
/// ```
pub fn inverse_propensity(
    treated: &[bool],
    score: &[f64],
    estimand: Estimand,
) -> Result<Matched, StatsError> {
    same_length("score", score.len(), treated.len())?;
    check_groups(treated)?;
    if let Some(row) = score.iter().position(|p| !(*p > 0.0 && *p < 1.0)) {
        return Err(StatsError::OutOfRange {
            name: "score".into(),
            row,
            rule: "a propensity lies strictly between 0 and 1",
        });
    }
    let mut weights: Vec<f64> = treated
        .iter()
        .zip(score)
        .map(|(&t, &p)| match (estimand, t) {
            (Estimand::Treated, true) => 1.0,
            (Estimand::Treated, false) => p / (1.0 - p),
            (Estimand::Everyone, true) => 1.0 / p,
            (Estimand::Everyone, false) => 1.0 / (1.0 - p),
        })
        .collect();
    if estimand == Estimand::Treated {
        rescale_comparison(treated, &mut weights);
    }
    Matched::new(
        treated,
        weights,
        vec![None; treated.len()],
        "inverse propensity weighting",
    )
}
