//! The balance table: how alike the groups are, before and after.
//!
//! Standardised differences divide by the treated standard deviation (ATT) or √ of the mean of both variances (ATE), *always from the
//! unweighted sample*, so that the yardstick does not move with the method; √(p(1 − p)) for a 0/1 covariate (MatchIt's convention).
//! Beyond means: the variance ratio, and the mean and largest gap between the two distribution functions.

use super::score::check_groups;
use super::weighting::Estimand;
use crate::error::StatsError;
use crate::kit::check::{finite, same_length, weights as check_weights};

/// One covariate.
#[derive(Debug, Clone, PartialEq)]
pub struct BalanceRow {
    /// Name.
    pub name: String,
    /// Weighted mean of treated rows.
    pub treated: f64,
    /// Weighted mean of comparison rows.
    pub comparison: f64,
    /// Standardised difference after weighting.
    pub difference: f64,
    /// Standardised difference before.
    pub unadjusted_difference: f64,
    /// Ratio of weighted variances, treated over comparison; `None` for a 0/1 covariate.
    pub variance_ratio: Option<f64>,
    /// Mean gap between the distribution functions.
    pub ecdf_mean: f64,
    /// Largest gap between the distribution functions.
    pub ecdf_max: f64,
}

/// Balance of all covariates.
#[derive(Debug, Clone, PartialEq)]
pub struct Balance {
    /// One row per covariate.
    pub rows: Vec<BalanceRow>,
    /// Largest |standardised difference| after weighting.
    pub largest: f64,
    /// Convention of the yardstick.
    pub estimand: Estimand,
}

/// (Σw)²/Σw²: the number of equally weighted rows that would be as precise.
#[must_use]
pub fn effective_sample_size(weights: &[f64]) -> f64 {
    let (sum, squares) = weights
        .iter()
        .fold((0.0, 0.0), |(s, q), w| (s + w, q + w * w));
    if squares > 0.0 {
        sum * sum / squares
    } else {
        0.0
    }
}

struct Side {
    values: Vec<f64>,
    weights: Vec<f64>,
}

impl Side {
    fn new(column: &[f64], treated: &[bool], group: bool, weights: Option<&[f64]>) -> Self {
        let rows = (0..column.len())
            .filter(|&i| treated[i] == group && weights.is_none_or(|w| w[i] > 0.0));
        let (values, weights) = rows
            .map(|i| (column[i], weights.map_or(1.0, |w| w[i])))
            .unzip();
        Self { values, weights }
    }

    fn mean(&self) -> f64 {
        let total: f64 = self.weights.iter().sum();
        self.values
            .iter()
            .zip(&self.weights)
            .map(|(v, w)| v * w)
            .sum::<f64>()
            / total
    }

    /// Unbiased for reliability weights: Σ w (x − x̄)² Σw/((Σw)² − Σw²).
    fn variance(&self) -> f64 {
        let mean = self.mean();
        let (sum, squares) = self
            .weights
            .iter()
            .fold((0.0, 0.0), |(s, q), w| (s + w, q + w * w));
        let total: f64 = self
            .values
            .iter()
            .zip(&self.weights)
            .map(|(v, w)| w * (v - mean).powi(2))
            .sum();
        total * sum / (sum * sum - squares)
    }
}

/// Mean and largest gap between two weighted distribution functions over the values of both groups.
fn ecdf_gap(a: &Side, b: &Side, grid: &[f64]) -> (f64, f64) {
    let cumulative = |side: &Side| -> Vec<f64> {
        let total: f64 = side.weights.iter().sum();
        let mut mass = vec![0.0; grid.len()];
        for (v, w) in side.values.iter().zip(&side.weights) {
            mass[grid.partition_point(|g| g < v)] += w / total;
        }
        let mut run = 0.0;
        mass.iter()
            .map(|m| {
                run += m;
                run
            })
            .collect()
    };
    let (fa, fb) = (cumulative(a), cumulative(b));
    let gaps: Vec<f64> = fa.iter().zip(&fb).map(|(x, y)| (x - y).abs()).collect();
    (
        gaps.iter().sum::<f64>() / gaps.len() as f64,
        gaps.iter().copied().fold(0.0, f64::max),
    )
}

/// Balance of covariates, unweighted (`None`) or after weighting.
///
/// # Errors
/// Unequal lengths, non-finite values, an empty group, or a covariate without variance in the group that is the yardstick.
pub fn balance(
    treated: &[bool],
    covariates: &[(&str, &[f64])],
    weights: Option<&[f64]>,
    estimand: Estimand,
) -> Result<Balance, StatsError> {
    let n = treated.len();
    check_groups(treated)?;
    if let Some(w) = weights {
        check_weights(w, n)?;
    }
    let mut rows = Vec::with_capacity(covariates.len());
    for (name, column) in covariates {
        same_length(name, column.len(), n)?;
        finite(name, column)?;
        let binary = column.iter().all(|v| *v == 0.0 || *v == 1.0);
        let (rt, rc) = (
            Side::new(column, treated, true, None),
            Side::new(column, treated, false, None),
        );
        let spread = |side: &Side| {
            if binary {
                side.mean() * (1.0 - side.mean())
            } else {
                side.variance()
            }
        };
        let yardstick = match estimand {
            Estimand::Treated => spread(&rt),
            Estimand::Everyone => 0.5 * (spread(&rt) + spread(&rc)),
        }
        .sqrt();
        let (t, c) = (
            Side::new(column, treated, true, weights),
            Side::new(column, treated, false, weights),
        );
        if t.values.is_empty() || c.values.is_empty() {
            return Err(StatsError::EmptySample {
                reason: "every weight of one group is zero".into(),
            });
        }
        let gap = t.mean() - c.mean();
        let raw = rt.mean() - rc.mean();
        // No spread and no gap is balance; no spread and a gap cannot be standardised.
        let over = |x: f64| {
            if yardstick > 0.0 {
                x / yardstick
            } else if x == 0.0 {
                0.0
            } else {
                f64::INFINITY * x.signum()
            }
        };
        let (ecdf_mean, ecdf_max) = if binary {
            (gap.abs(), gap.abs())
        } else {
            let mut grid = column.to_vec();
            grid.sort_by(f64::total_cmp);
            grid.dedup();
            ecdf_gap(&t, &c, &grid)
        };
        rows.push(BalanceRow {
            name: (*name).to_owned(),
            treated: t.mean(),
            comparison: c.mean(),
            difference: over(gap),
            unadjusted_difference: over(raw),
            variance_ratio: (!binary).then(|| t.variance() / c.variance()),
            ecdf_mean,
            ecdf_max,
        });
    }
    let largest = rows.iter().fold(0.0_f64, |m, r| m.max(r.difference.abs()));
    Ok(Balance {
        rows,
        largest,
        estimand,
    })
}
