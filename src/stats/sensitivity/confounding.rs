//! Robustness values and bounds from observed covariates, for a linear regression coefficient.
//!
//! With f = |t|/√df the partial Cohen's f of treatment, a confounder that explains a share RV of the residual variance of both treatment and
//! outcome is just strong enough to remove a share q of the estimate: RV_q = ½(√(f_q⁴ + 4 f_q²) − f_q²), f_q = q f.
//!
//! Reference: Cinelli and Hazlett (2020), *JRSS B* 82; R package `sensemakr` 0.1.6. Clustered designs: the formulas hold for the
//! homoskedastic standard error; with a clustered one they are an approximation on the t scale, which callers must say.

use crate::dist::t_quantile;
use crate::error::StatsError;
use crate::interval::Estimate;
use crate::kit::check::{finite_option, inside};

/// Partial R² of a regressor from its t statistic: t²/(t² + df).
#[must_use]
pub fn partial_r2(t: f64, df: f64) -> f64 {
    t * t / (t * t + df)
}

/// How strong a confounder must be.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Robustness {
    /// Partial R² of treatment with the outcome: a confounder that explains all the remaining outcome must explain at least this share of
    /// the residual treatment to bring the estimate to zero.
    pub partial_r2: f64,
    /// Robustness value: bias of a share `q` of the estimate.
    pub value: f64,
    /// Robustness value for the test: the interval would reach the reduced estimate.
    pub value_significance: f64,
    /// Share of the estimate to be removed.
    pub q: f64,
    /// Test size of `value_significance`.
    pub alpha: f64,
    /// Residual degrees of freedom used.
    pub df: f64,
}

fn from_f(f: f64) -> f64 {
    0.5 * ((f.powi(4) + 4.0 * f * f).sqrt() - f * f)
}

/// Robustness value of a regression coefficient with t statistic `t` on `df` residual degrees of freedom.
///
/// # Errors
/// Non-finite `t`, `df` ≤ 1, `q` ≤ 0 or `alpha` outside (0, 1).
///
/// ```
/// use throughline_stats::sensitivity::robustness;
/// // Cinelli and Hazlett (2020), Table 1: Darfur.
/// let r = robustness(4.18444998480822, 783.0, 1.0, 0.05)?;
/// assert!((r.value - 0.138776).abs() < 1e-6 && (r.value_significance - 0.076258).abs() < 1e-6);
/// # Ok::<(), throughline_stats::StatsError>(())
/// ```
pub fn robustness(t: f64, df: f64, q: f64, alpha: f64) -> Result<Robustness, StatsError> {
    finite_option("t", t)?;
    inside("df", df, 1.0, f64::INFINITY)?;
    inside("q", q, 0.0, f64::INFINITY)?;
    inside("alpha", alpha, 0.0, 1.0)?;
    let f = q * t.abs() / df.sqrt();
    let critical = t_quantile(1.0 - 0.5 * alpha, df - 1.0) / (df - 1.0).sqrt();
    let excess = f - critical;
    let value_significance = if excess <= 0.0 {
        0.0
    } else if f > 1.0 / critical {
        // The confounder's own pull on the standard error binds first (sensemakr, "extreme" case).
        (f * f - critical * critical) / (1.0 + f * f)
    } else {
        from_f(excess)
    };
    Ok(Robustness {
        partial_r2: partial_r2(t, df),
        value: from_f(f),
        value_significance,
        q,
        alpha,
        df,
    })
}

/// A hypothetical confounder.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Confounder {
    /// Share of the residual variance of treatment it explains.
    pub r2_treatment: f64,
    /// Share of the residual variance of the outcome it explains, given treatment.
    pub r2_outcome: f64,
}

/// The estimate after a confounder of the given strength, in the direction that pulls it toward zero.
///
/// bias = se √df √(R²_Y R²_D/(1 − R²_D)); se' = se √((1 − R²_Y)/(1 − R²_D)) √(df/(df − 1)).
///
/// # Errors
/// Strengths outside \[0, 1) for treatment or \[0, 1\] for the outcome; `se` ≤ 0; `df` ≤ 1.
///
/// ```
/// use throughline_stats::sensitivity::{Confounder, adjust};
/// let confounder = Confounder { r2_treatment: 0.1, r2_outcome: 0.1 };
/// let left = adjust(0.0973, 0.0233, 783.0, confounder, 0.95)?;
/// assert!(left.estimate > 0.0 && left.lower < 0.0);
/// # Ok::<(), throughline_stats::StatsError>(())
/// ```
pub fn adjust(
    estimate: f64,
    se: f64,
    df: f64,
    confounder: Confounder,
    level: f64,
) -> Result<Estimate, StatsError> {
    finite_option("estimate", estimate)?;
    inside("se", se, 0.0, f64::INFINITY)?;
    inside("df", df, 1.0, f64::INFINITY)?;
    inside("level", level, 0.0, 1.0)?;
    let Confounder {
        r2_treatment: d,
        r2_outcome: y,
    } = confounder;
    if !((0.0..1.0).contains(&d) && (0.0..=1.0).contains(&y)) {
        return Err(StatsError::option(
            "confounder",
            "a partial R² must lie between 0 and 1 (below 1 for treatment)",
        ));
    }
    let bias = se * df.sqrt() * (y * d / (1.0 - d)).sqrt();
    let adjusted = estimate.signum() * (estimate.abs() - bias);
    let adjusted_se = se * ((1.0 - y) / (1.0 - d)).sqrt() * (df / (df - 1.0)).sqrt();
    Ok(Estimate::student(adjusted, adjusted_se, df, level))
}

/// A confounder as strong as k times an observed covariate.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct BenchmarkBound {
    /// Multiple of the covariate's strength.
    pub k: f64,
    /// The bound on the confounder's strength.
    pub confounder: Confounder,
    /// The estimate after it.
    pub adjusted: Estimate,
}

/// Bounds the damage of a confounder `k` times as strongly tied to treatment and outcome as an observed covariate.
///
/// `covariate` holds the covariate's partial R² with treatment and with the outcome given treatment ([`partial_r2`] of its t statistics in
/// the two regressions).
///
/// # Errors
/// The implied strength with treatment reaches 1 (no such confounder is possible), or the inputs of [`adjust`] are out of range.
///
/// ```
/// use throughline_stats::sensitivity::{Confounder, benchmark_bound, partial_r2};
/// // A covariate with t = -2.7 in the treatment's regression and -9.8 in the outcome's, on 783 degrees of freedom.
/// let female = Confounder { r2_treatment: partial_r2(-2.7, 783.0), r2_outcome: partial_r2(-9.8, 783.0) };
/// let bound = benchmark_bound(0.0973, 0.0233, 783.0, female, 1.0, 0.95)?;
/// assert!(bound.adjusted.estimate < 0.0973 && bound.adjusted.estimate > 0.0);
/// # Ok::<(), throughline_stats::StatsError>(())
/// ```
pub fn benchmark_bound(
    estimate: f64,
    se: f64,
    df: f64,
    covariate: Confounder,
    k: f64,
    level: f64,
) -> Result<BenchmarkBound, StatsError> {
    inside("k", k, 0.0, f64::INFINITY)?;
    let Confounder {
        r2_treatment: d,
        r2_outcome: y,
    } = covariate;
    if !((0.0..1.0).contains(&d) && (0.0..1.0).contains(&y)) {
        return Err(StatsError::option(
            "covariate",
            "a partial R² must lie between 0 and 1",
        ));
    }
    let impossible = || StatsError::NotEstimable {
        place: format!("a confounder {k} times as strong as the covariate"),
        reason: "it would explain more than all of the treatment; use a smaller multiple",
    };
    let r2_treatment = k * d / (1.0 - d);
    if r2_treatment >= 1.0 || k * d >= 1.0 {
        return Err(impossible());
    }
    let overlap = k * d * d / ((1.0 - k * d) * (1.0 - d));
    if overlap >= 1.0 {
        return Err(impossible());
    }
    let r2_outcome =
        (((k.sqrt() + overlap.sqrt()) / (1.0 - overlap).sqrt()).powi(2) * y / (1.0 - y)).min(1.0);
    let confounder = Confounder {
        r2_treatment,
        r2_outcome,
    };
    Ok(BenchmarkBound {
        k,
        confounder,
        adjusted: adjust(estimate, se, df, confounder, level)?,
    })
}
