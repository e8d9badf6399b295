//! E-values: the smallest risk ratio an unmeasured confounder must have with both treatment and outcome to explain an association.
//!
//! E = RR + √(RR(RR − 1)) for RR ≥ 1 (inverted below 1), and the same of the limit nearer to 1; a limit on the other side of 1 gives 1.
//! Other scales are brought to risk ratios first: a standardised difference d by RR = e^{0.91 d} with limits e^{0.91 d ± 1.78 se}, an odds
//! ratio of a common outcome by its square root.
//!
//! Reference: VanderWeele and Ding (2017), *Annals of Internal Medicine* 167; R package `EValue`.

use crate::error::StatsError;
use crate::kit::check::{finite_option, inside};

/// An E-value with what it was computed from.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct EValue {
    /// E-value of the point estimate.
    pub point: f64,
    /// E-value of the confidence limit nearer to no effect; 1 when the interval holds no effect.
    pub limit: f64,
    /// Risk ratio used.
    pub risk_ratio: f64,
    /// Lower limit used.
    pub lower: f64,
    /// Upper limit used.
    pub upper: f64,
}

/// How common the outcome of an odds ratio is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OddsRatio {
    /// Under about 15 % by the end of the study: the odds ratio is read as a risk ratio.
    RareOutcome,
    /// Otherwise: its square root approximates the risk ratio.
    CommonOutcome,
}

fn e_of(rr: f64) -> f64 {
    let rr = if rr < 1.0 { 1.0 / rr } else { rr };
    rr + (rr * (rr - 1.0)).sqrt()
}

/// E-value of a risk ratio and its interval.
///
/// # Errors
/// Non-positive values, or an estimate outside its interval.
///
/// ```
/// let e = throughline_stats::sensitivity::e_value(3.9, 1.8, 8.7)?;
/// assert!((e.point - 7.263).abs() < 1e-3 && (e.limit - 3.0).abs() < 1e-12);
/// # Ok::<(), throughline_stats::StatsError>(())
/// ```
pub fn e_value(risk_ratio: f64, lower: f64, upper: f64) -> Result<EValue, StatsError> {
    for (name, v) in [
        ("risk_ratio", risk_ratio),
        ("lower", lower),
        ("upper", upper),
    ] {
        inside(name, v, 0.0, f64::INFINITY)?;
    }
    if !(lower <= risk_ratio && risk_ratio <= upper) {
        return Err(StatsError::option(
            "risk_ratio",
            "must lie inside its interval",
        ));
    }
    let limit = if lower <= 1.0 && upper >= 1.0 {
        1.0
    } else {
        e_of(if risk_ratio > 1.0 { lower } else { upper })
    };
    Ok(EValue {
        point: e_of(risk_ratio),
        limit,
        risk_ratio,
        lower,
        upper,
    })
}

/// E-value of a standardised mean difference `d` with standard error `se`.
///
/// # Errors
/// Non-finite `d` or `se` ≤ 0.
///
/// ```
/// let e = throughline_stats::sensitivity::e_value_from_standardised_difference(0.2, 0.05)?;
/// assert!((e.risk_ratio - (0.91_f64 * 0.2).exp()).abs() < 1e-12 && e.limit > 1.0);
/// # Ok::<(), throughline_stats::StatsError>(())
/// ```
pub fn e_value_from_standardised_difference(d: f64, se: f64) -> Result<EValue, StatsError> {
    finite_option("d", d)?;
    inside("se", se, 0.0, f64::INFINITY)?;
    e_value(
        (0.91 * d).exp(),
        (0.91 * d - 1.78 * se).exp(),
        (0.91 * d + 1.78 * se).exp(),
    )
}

/// E-value of an odds ratio and its interval.
///
/// # Errors
/// As [`e_value`].
///
/// ```
/// use throughline_stats::sensitivity::{OddsRatio, e_value_from_odds_ratio};
/// let rare = e_value_from_odds_ratio(4.0, 2.0, 8.0, OddsRatio::RareOutcome)?;
/// let common = e_value_from_odds_ratio(4.0, 2.0, 8.0, OddsRatio::CommonOutcome)?;
/// assert!(common.point < rare.point);
/// # Ok::<(), throughline_stats::StatsError>(())
/// ```
pub fn e_value_from_odds_ratio(
    odds_ratio: f64,
    lower: f64,
    upper: f64,
    outcome: OddsRatio,
) -> Result<EValue, StatsError> {
    match outcome {
        OddsRatio::RareOutcome => e_value(odds_ratio, lower, upper),
        OddsRatio::CommonOutcome => e_value(odds_ratio.sqrt(), lower.sqrt(), upper.sqrt()),
    }
}
