//! Rosenbaum bounds for matched pairs: how p-values move when one of a pair may be Γ times as likely to be treated as the other.
//!
//! Under Γ the chance that the treated unit has the larger outcome of a pair lies between 1/(1 + Γ) and Γ/(1 + Γ). For Wilcoxon's signed
//! rank statistic the two extremes have mean p Σr and variance p(1 − p) Σr² (normal approximation, as R `rbounds::psens`); for
//! McNemar's test they are exact binomials. Pairs without a difference carry no information and are dropped.

use crate::dist::normal_cdf;
use crate::error::StatsError;
use crate::kit::check::{finite, inside};
use statrs::function::beta::beta_reg;

/// p-value bounds at one Γ, one-sided in the direction "treated higher".
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct GammaBound {
    /// Γ ≥ 1: odds of treatment within a pair.
    pub gamma: f64,
    /// Smallest possible p-value.
    pub lower: f64,
    /// Largest possible p-value: the finding stands while this is small.
    pub upper: f64,
}

/// What the pairs held.
#[derive(Debug, Clone, PartialEq)]
pub struct PairSummary {
    /// Bounds, one per Γ asked for.
    pub bounds: Vec<GammaBound>,
    /// Pairs used.
    pub pairs: usize,
    /// Pairs dropped because their outcomes are equal.
    pub tied: usize,
}

fn check_gammas(gammas: &[f64]) -> Result<(), StatsError> {
    for &g in gammas {
        if !(g.is_finite() && g >= 1.0) {
            return Err(StatsError::option("gamma", "must be 1 or more"));
        }
    }
    Ok(())
}

/// Mid-ranks of |difference|.
fn ranks(sizes: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..sizes.len()).collect();
    order.sort_by(|&a, &b| sizes[a].total_cmp(&sizes[b]));
    let mut out = vec![0.0; sizes.len()];
    let mut at = 0;
    while at < order.len() {
        let end = order[at..]
            .iter()
            .take_while(|&&i| sizes[i] == sizes[order[at]])
            .count()
            + at;
        let middle = 0.5 * (at + 1 + end) as f64;
        for &i in &order[at..end] {
            out[i] = middle;
        }
        at = end;
    }
    out
}

/// Bounds on the one-sided signed-rank p-value for treated-minus-control differences.
///
/// # Errors
/// Non-finite differences, no pair with a difference, or Γ below 1.
///
/// ```
/// use throughline_stats::sensitivity::signed_rank_bounds;
/// let s = signed_rank_bounds(&[3.0, 1.0, 4.0, 1.5, 5.0, -0.5, 2.0, 6.0, 2.5, 3.5], &[1.0, 2.0])?;
/// assert!(s.bounds[0].lower == s.bounds[0].upper && s.bounds[1].upper > s.bounds[0].upper);
/// # Ok::<(), throughline_stats::StatsError>(())
/// ```
pub fn signed_rank_bounds(differences: &[f64], gammas: &[f64]) -> Result<PairSummary, StatsError> {
    finite("differences", differences)?;
    check_gammas(gammas)?;
    let used: Vec<f64> = differences.iter().copied().filter(|d| *d != 0.0).collect();
    if used.is_empty() {
        return Err(StatsError::EmptySample {
            reason: "no pair has a difference".into(),
        });
    }
    let rank = ranks(&used.iter().map(|d| d.abs()).collect::<Vec<_>>());
    let statistic: f64 = used
        .iter()
        .zip(&rank)
        .filter(|(d, _)| **d > 0.0)
        .map(|(_, r)| r)
        .sum();
    let (sum, squares) = rank.iter().fold((0.0, 0.0), |(s, q), r| (s + r, q + r * r));
    let tail = |p: f64| normal_cdf(-(statistic - p * sum) / (p * (1.0 - p) * squares).sqrt());
    let bounds = gammas
        .iter()
        .map(|&gamma| GammaBound {
            gamma,
            lower: tail(1.0 / (1.0 + gamma)),
            upper: tail(gamma / (1.0 + gamma)),
        })
        .collect();
    Ok(PairSummary {
        bounds,
        pairs: used.len(),
        tied: differences.len() - used.len(),
    })
}

/// Bounds on the one-sided exact McNemar p-value: `treated_only` pairs where only the treated unit has the outcome, `control_only` the reverse.
///
/// # Errors
/// No discordant pair, or Γ below 1.
///
/// ```
/// let b = throughline_stats::sensitivity::mcnemar_bounds(9, 1, &[1.0])?;
/// assert!((b.bounds[0].upper - 11.0 / 1024.0).abs() < 1e-12);
/// # Ok::<(), throughline_stats::StatsError>(())
/// ```
pub fn mcnemar_bounds(
    treated_only: usize,
    control_only: usize,
    gammas: &[f64],
) -> Result<PairSummary, StatsError> {
    check_gammas(gammas)?;
    let n = treated_only + control_only;
    if n == 0 {
        return Err(StatsError::EmptySample {
            reason: "no pair is discordant".into(),
        });
    }
    // P(Binomial(n, p) ≥ x) = I_p(x, n − x + 1)
    let tail = |p: f64| {
        if treated_only == 0 {
            1.0
        } else {
            beta_reg(treated_only as f64, (control_only + 1) as f64, p)
        }
    };
    let bounds = gammas
        .iter()
        .map(|&gamma| GammaBound {
            gamma,
            lower: tail(1.0 / (1.0 + gamma)),
            upper: tail(gamma / (1.0 + gamma)),
        })
        .collect();
    Ok(PairSummary {
        bounds,
        pairs: n,
        tied: 0,
    })
}

/// Largest Γ (up to 1000) at which the signed-rank finding still has p ≤ `alpha`; 1 when it never had.
///
/// # Errors
/// As [`signed_rank_bounds`], or `alpha` outside (0, 1).
///
/// ```
/// use throughline_stats::sensitivity::{breakdown_gamma, signed_rank_bounds};
/// let differences = [3.0, 1.0, 4.0, 1.5, 5.0, -0.5, 2.0, 6.0, 2.5, 3.5];
/// let gamma = breakdown_gamma(&differences, 0.05)?;
/// let at = signed_rank_bounds(&differences, &[gamma, 1.1 * gamma])?;
/// assert!(at.bounds[0].upper <= 0.05 + 1e-9 && at.bounds[1].upper > 0.05);
/// # Ok::<(), throughline_stats::StatsError>(())
/// ```
pub fn breakdown_gamma(differences: &[f64], alpha: f64) -> Result<f64, StatsError> {
    inside("alpha", alpha, 0.0, 1.0)?;
    let upper = |g: f64| signed_rank_bounds(differences, &[g]).map(|s| s.bounds[0].upper);
    if upper(1.0)? >= alpha {
        return Ok(1.0);
    }
    let (mut low, mut high) = (1.0, 1000.0);
    if upper(high)? <= alpha {
        return Ok(high);
    }
    while high - low > 1e-10 * high {
        let middle = 0.5 * (low + high);
        if upper(middle)? <= alpha {
            low = middle
        } else {
            high = middle
        }
    }
    Ok(low)
}
