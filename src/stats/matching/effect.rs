//! The difference of weighted means with an honest standard error.
//!
//! The regression of the outcome on treatment with the matching weights. Errors come from the residuals: by row (HC1, HC3) or
//! summed within pairs and strata (CR1), which is right after matching without replacement. Weights are taken as given: for estimated
//! propensities this is conservative for the effect on the treated in most designs, not in all.

use super::score::check_groups;
use crate::error::StatsError;
use crate::interval::Estimate;
use crate::kit::check::{finite, inside, same_length, varies, weights as check_weights};
use std::collections::BTreeMap;

/// Variance of [`weighted_difference`].
#[derive(Debug, Clone, Copy)]
pub enum WeightedVariance<'a> {
    /// Heteroskedasticity-robust with n/(n − 2).
    Hc1,
    /// Leave-one-out residuals.
    Hc3,
    /// Summed within these labels (rows labelled `None` stand alone), with G/(G − 1) · (n − 1)/(n − 2).
    Cr1(&'a [Option<u32>]),
}

/// A difference of weighted means with what it rests on.
#[derive(Debug, Clone, PartialEq)]
pub struct WeightedDifference {
    /// The difference.
    pub effect: Estimate,
    /// Rows used.
    pub n: usize,
    /// Treated rows among them.
    pub treated: usize,
    /// Rows of weight zero, which were left out.
    pub zero_weight: usize,
    /// Clusters (pairs, strata, and rows that stand alone), when the errors are summed within them.
    pub clusters: Option<usize>,
    /// The variance convention in words.
    pub vcov: &'static str,
}

/// Weighted mean of the treated minus weighted mean of the comparison rows. t with n − 2 (HC) or G − 1 (CR1) degrees of freedom.
///
/// # Errors
/// Unequal lengths, non-finite outcomes or outcomes without variance, an empty group, no residual degrees of freedom, or fewer than two clusters.
///
/// ```
/// use throughline_stats::matching::{WeightedVariance, weighted_difference};
/// let treated = [true, true, false, false, false];
/// let (score, weight) = ([3.0, 5.0, 1.0, 2.0, 6.0], [1.0, 1.0, 2.0, 1.0, 0.0]);
/// let e = weighted_difference(&score, &treated, &weight, WeightedVariance::Hc1, 0.95)?;
/// assert!((e.effect.estimate - (4.0 - 4.0 / 3.0)).abs() < 1e-12);
/// assert_eq!((e.n, e.treated, e.zero_weight), (4, 2, 1));
/// # Ok::<(), throughline_stats::StatsError>(())
/// ```
pub fn weighted_difference(
    outcome: &[f64],
    treated: &[bool],
    weights: &[f64],
    variance: WeightedVariance<'_>,
    level: f64,
) -> Result<WeightedDifference, StatsError> {
    let n = treated.len();
    same_length("outcome", outcome.len(), n)?;
    finite("outcome", outcome)?;
    check_groups(treated)?;
    check_weights(weights, n)?;
    inside("level", level, 0.0, 1.0)?;
    let used: Vec<usize> = (0..n).filter(|&i| weights[i] > 0.0).collect();
    varies("outcome", used.iter().map(|&i| outcome[i]))?;
    let total = |group: bool| {
        used.iter()
            .filter(|&&i| treated[i] == group)
            .map(|&i| weights[i])
            .sum::<f64>()
    };
    let (wt, wc) = (total(true), total(false));
    if wt <= 0.0 || wc <= 0.0 || used.len() < 3 {
        return Err(StatsError::EmptySample {
            reason: "each group needs rows with positive weight, three in all".into(),
        });
    }
    let mean = |group: bool, w: f64| {
        used.iter()
            .filter(|&&i| treated[i] == group)
            .map(|&i| weights[i] * outcome[i])
            .sum::<f64>()
            / w
    };
    let (mt, mc) = (mean(true, wt), mean(false, wc));
    let influence = |i: usize, leave_out: bool| {
        let (w, m, sign) = if treated[i] {
            (wt, mt, 1.0)
        } else {
            (wc, mc, -1.0)
        };
        let share = weights[i] / w;
        let residual = (outcome[i] - m) / if leave_out { 1.0 - share } else { 1.0 };
        sign * share * residual
    };
    let size = used.len() as f64;
    let (square, df, clusters, vcov) = match variance {
        WeightedVariance::Hc1 => (
            used.iter()
                .map(|&i| influence(i, false).powi(2))
                .sum::<f64>()
                * size
                / (size - 2.0),
            size - 2.0,
            None,
            "heteroskedasticity-robust HC1",
        ),
        WeightedVariance::Hc3 => (
            used.iter()
                .map(|&i| influence(i, true).powi(2))
                .sum::<f64>(),
            size - 2.0,
            None,
            "HC3",
        ),
        WeightedVariance::Cr1(labels) => {
            same_length("labels", labels.len(), n)?;
            let mut sums: BTreeMap<u32, f64> = BTreeMap::new();
            let (mut alone, mut clusters) = (0.0, 0_usize);
            for &i in &used {
                match labels[i] {
                    Some(l) => *sums.entry(l).or_default() += influence(i, false),
                    None => {
                        alone += influence(i, false).powi(2);
                        clusters += 1;
                    }
                }
            }
            clusters += sums.len();
            if clusters < 2 {
                return Err(StatsError::TooFewClusters {
                    name: "labels".into(),
                    found: clusters,
                });
            }
            let square = alone + sums.values().map(|v| v * v).sum::<f64>();
            let g = clusters as f64;
            (
                square * g / (g - 1.0) * (size - 1.0) / (size - 2.0),
                g - 1.0,
                Some(clusters),
                "CR1 clustered by pair or stratum",
            )
        }
    };
    if square <= 0.0 || !square.is_finite() {
        return Err(StatsError::PerfectFit {
            outcome: "outcome".into(),
        });
    }
    Ok(WeightedDifference {
        effect: Estimate::student(mt - mc, square.sqrt(), df, level),
        n: used.len(),
        treated: used.iter().filter(|&&i| treated[i]).count(),
        zero_weight: n - used.len(),
        clusters,
        vcov,
    })
}
