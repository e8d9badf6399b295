//! Effect sizes and tests when whole groups were assigned (Hedges 2007; WWC 5.0, appendix E).
//!
//! Members of one cluster resemble each other: the standard deviation between individuals is a little too small a yardstick (√γ), the
//! correction has fewer effective degrees of freedom (h), and a t statistic that ignored the clusters is too large.

use super::size::improvement_index;
use crate::dist::t_two_sided;
use crate::error::StatsError;
use crate::kit::check::{finite_option, inside};

/// A clustered effect size.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ClusteredEffect {
    /// g = ω √γ d.
    pub g: f64,
    /// ω = 1 − 3/(4h − 1).
    pub omega: f64,
    /// γ = 1 − 2(n − 1)ρ/(N − 2).
    pub gamma: f64,
    /// Effective degrees of freedom h.
    pub df: f64,
    /// Improvement index in percentile points.
    pub improvement_index: f64,
}

fn check(total: f64, per_cluster: f64, icc: f64) -> Result<(), StatsError> {
    inside("individuals", total, 3.0, f64::INFINITY)?;
    if !(per_cluster >= 1.0 && per_cluster < total) {
        return Err(StatsError::option(
            "individuals per cluster",
            "must be at least 1 and fewer than all individuals",
        ));
    }
    if (0.0..1.0).contains(&icc) {
        Ok(())
    } else {
        Err(StatsError::option(
            "intraclass correlation",
            "must lie between 0 and 1",
        ))
    }
}

/// h = \[(N − 2) − 2(n − 1)ρ\]² / \[(N − 2)(1 − ρ)² + n(N − 2n)ρ² + 2(N − 2n)ρ(1 − ρ)\] for N individuals, n per cluster, intraclass correlation ρ.
///
/// # Errors
/// Sizes or correlation out of range.
pub fn cluster_degrees_of_freedom(
    total: f64,
    per_cluster: f64,
    icc: f64,
) -> Result<f64, StatsError> {
    check(total, per_cluster, icc)?;
    let (big, n, rho) = (total, per_cluster, icc);
    let top = (big - 2.0 - 2.0 * (n - 1.0) * rho).powi(2);
    let bottom = (big - 2.0) * (1.0 - rho).powi(2)
        + n * (big - 2.0 * n) * rho * rho
        + 2.0 * (big - 2.0 * n) * rho * (1.0 - rho);
    Ok(top / bottom)
}

/// g for an individual-level standardised difference `d` from a clustered design. WWC's default ρ is 0.20 for achievement, 0.10 otherwise.
///
/// # Errors
/// Sizes or correlation out of range, or clusters so large that γ is not positive.
///
/// ```
/// let e = throughline_stats::effect_size::clustered_g(0.25, 1000.0, 25.0, 0.20)?;
/// assert!((e.g - 0.248433).abs() < 1e-6);
/// # Ok::<(), throughline_stats::StatsError>(())
/// ```
pub fn clustered_g(
    d: f64,
    total: f64,
    per_cluster: f64,
    icc: f64,
) -> Result<ClusteredEffect, StatsError> {
    finite_option("d", d)?;
    let df = cluster_degrees_of_freedom(total, per_cluster, icc)?;
    let gamma = 1.0 - 2.0 * (per_cluster - 1.0) * icc / (total - 2.0);
    if gamma <= 0.0 {
        return Err(StatsError::option(
            "individuals per cluster",
            "leave no variance between individuals; there are too few clusters",
        ));
    }
    let omega = 1.0 - 3.0 / (4.0 * df - 1.0);
    let g = omega * gamma.sqrt() * d;
    Ok(ClusteredEffect {
        g,
        omega,
        gamma,
        df,
        improvement_index: improvement_index(g),
    })
}

/// Corrects a t statistic that ignored clusters: (t, h, p) with t' = t √(((N − 2) − 2(n − 1)ρ)/((N − 2)(1 + (n − 1)ρ))).
///
/// # Errors
/// Sizes or correlation out of range.
///
/// ```
/// let (t, df, p) = throughline_stats::effect_size::clustered_t(2.5, 400.0, 20.0, 0.2)?;
/// assert!(t < 2.5 && df < 398.0 && p > 0.05);
/// # Ok::<(), throughline_stats::StatsError>(())
/// ```
pub fn clustered_t(
    t: f64,
    total: f64,
    per_cluster: f64,
    icc: f64,
) -> Result<(f64, f64, f64), StatsError> {
    finite_option("t", t)?;
    let df = cluster_degrees_of_freedom(total, per_cluster, icc)?;
    let free = total - 2.0 - 2.0 * (per_cluster - 1.0) * icc;
    if free <= 0.0 {
        return Err(StatsError::option(
            "individuals per cluster",
            "leave no degrees of freedom; there are too few clusters",
        ));
    }
    let adjusted = t * (free / ((total - 2.0) * (1.0 + (per_cluster - 1.0) * icc))).sqrt();
    Ok((adjusted, df, t_two_sided(adjusted, df)))
}
