//! One estimate with everything needed to read it: standard error, test, interval and the degrees of freedom behind them.
//!
//! The design modules return this rather than bare numbers so that no caller has to remember whether an interval was normal or t.
//!
//! ```
//! use throughline_stats::interval::Estimate;
//! let e = Estimate::normal(0.10, 0.04, 0.95);
//! assert!((e.lower - 0.0216).abs() < 1e-4 && e.p < 0.05);
//! ```

use crate::dist::{t_quantile, t_two_sided};

/// A point estimate with its uncertainty.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Estimate {
    /// Point estimate.
    pub estimate: f64,
    /// Standard error.
    pub se: f64,
    /// estimate / se.
    pub statistic: f64,
    /// Two-sided p-value of "the true value is zero".
    pub p: f64,
    /// Lower limit of the interval.
    pub lower: f64,
    /// Upper limit of the interval.
    pub upper: f64,
    /// Degrees of freedom of the reference t distribution; infinite for the normal.
    pub df: f64,
    /// Confidence level of the interval, such as 0.95.
    pub level: f64,
}

impl Estimate {
    /// An estimate judged against Student's t.
    #[must_use]
    pub fn student(estimate: f64, se: f64, df: f64, level: f64) -> Self {
        let statistic = estimate / se;
        let half = t_quantile(0.5 + 0.5 * level, df) * se;
        Self {
            estimate,
            se,
            statistic,
            p: t_two_sided(statistic, df),
            lower: estimate - half,
            upper: estimate + half,
            df,
            level,
        }
    }

    /// An estimate judged against the normal distribution.
    #[must_use]
    pub fn normal(estimate: f64, se: f64, level: f64) -> Self {
        Self::student(estimate, se, f64::INFINITY, level)
    }
}
