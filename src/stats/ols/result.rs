//! What a fit says, and the evidence it carries.

use crate::dist::{f_upper, t_quantile, t_two_sided};
use crate::error::StatsError;
use crate::linalg::inverse_spd;
use faer::Mat;

/// One estimated coefficient.
#[derive(Debug, Clone, PartialEq)]
pub struct Coefficient {
    /// Name of the regressor.
    pub term: String,
    /// Point estimate.
    pub estimate: f64,
    /// Standard error, by the fit's variance convention.
    pub se: f64,
    /// `estimate / se`.
    pub statistic: f64,
    /// Two-sided p-value of the coefficient being zero.
    pub p: f64,
    /// Degrees of freedom of the t distribution used (infinite for a normal).
    pub df: f64,
    /// Lower end of the confidence interval.
    pub lower: f64,
    /// Upper end of the confidence interval.
    pub upper: f64,
}

/// Rows and columns that were left out, by reason.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Dropped {
    /// Rows outside the mask.
    pub outside_sample: usize,
    /// Rows of weight zero.
    pub zero_weight: usize,
    /// Rows alone in a level of an effect, counted recursively.
    pub singletons: usize,
    /// Rows whose outcome is fitted perfectly by an effect or a separating combination (count and binary models).
    pub separated: usize,
    /// Regressors without variation of their own, in the order given.
    pub collinear: Vec<String>,
}

/// A categorical variable of the fit and its number of levels in the sample.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Levels {
    /// Name of the effect or cluster variable.
    pub name: String,
    /// Levels present.
    pub levels: usize,
    /// For an effect: whether it is nested in a cluster variable and so left the parameter count.
    pub nested: bool,
}

/// A fitted model.
#[derive(Debug, Clone, PartialEq)]
pub struct Fit {
    /// Name of the outcome.
    pub outcome: String,
    /// Name of the estimator, such as `OLS`.
    pub estimator: String,
    /// Observations used.
    pub n: usize,
    /// What was left out and why.
    pub dropped: Dropped,
    /// Effects removed.
    pub effects: Vec<Levels>,
    /// Cluster variables of the variance.
    pub clusters: Vec<Levels>,
    /// The variance convention in words, such as `CR1 clustered by unit`.
    pub vcov: String,
    /// Remarks on how the numbers came about, such as a repaired variance.
    pub notes: Vec<String>,
    /// One entry for each regressor kept, in the order given.
    pub coefficients: Vec<Coefficient>,
    /// Covariance of the coefficients, row by row in their order.
    pub covariance: Vec<f64>,
    /// Parameters counted in the small-sample factor (`K`).
    pub parameters: usize,
    /// Degrees of freedom of the residuals, all levels counted.
    pub residual_df: f64,
    /// Share of the outcome's variance explained, effects included.
    pub r2: f64,
    /// Share of the variance left by the effects that the regressors explain.
    pub r2_within: f64,
    /// Weighted residual sum of squares over `n − K`, all levels counted.
    pub residual_variance: f64,
    /// Log-likelihood or, for least squares, NaN.
    pub log_likelihood: f64,
    /// Iterations used by the slowest step.
    pub iterations: usize,
    /// Whether every iteration met its tolerance.
    pub converged: bool,
    /// Confidence level of the intervals.
    pub level: f64,
}

impl Fit {
    /// The coefficient of a term, if it was kept.
    #[must_use]
    pub fn coefficient(&self, term: &str) -> Option<&Coefficient> {
        self.coefficients.iter().find(|c| c.term == term)
    }

    /// Wald test that the named terms are jointly zero: F statistic, its two degrees of freedom and p-value.
    ///
    /// # Errors
    /// A term that is not in the fit, or a covariance that is singular on these terms (more terms than clusters).
    ///
    /// ```
    /// use throughline_stats::{ols, Column, Design, FitOptions, Vcov};
    /// let y = [1.0, 3.0, 2.0, 5.0, 4.0, 6.0];
    /// let x = [0.0, 1.0, 2.0, 3.0, 4.0, 5.0];
    /// let fit = ols(&Design::default(), &Column { name: "y", values: &y }, &[Column { name: "x", values: &x }], &FitOptions::new(Vcov::Hc1))?;
    /// // Of one term, F is the square of t.
    /// let (test, t) = (fit.wald(&["x"])?, fit.coefficient("x").unwrap());
    /// assert!((test.statistic - t.statistic * t.statistic).abs() < 1e-9 && (test.p - t.p).abs() < 1e-9);
    /// # Ok::<(), throughline_stats::StatsError>(())
    /// ```
    pub fn wald(&self, terms: &[&str]) -> Result<Wald, StatsError> {
        let at = terms
            .iter()
            .map(|t| {
                self.coefficients
                    .iter()
                    .position(|c| c.term == *t)
                    .ok_or_else(|| StatsError::UnknownColumn {
                        name: (*t).to_owned(),
                    })
            })
            .collect::<Result<Vec<_>, _>>()?;
        let p = self.coefficients.len();
        let v = Mat::from_fn(at.len(), at.len(), |i, j| {
            self.covariance[at[i] * p + at[j]]
        });
        let inverse = inverse_spd(v.as_ref()).ok_or_else(|| {
            StatsError::unsupported(
                "a joint test with a singular covariance",
                "test fewer terms than there are clusters",
            )
        })?;
        let mut chi2 = 0.0;
        for (i, &a) in at.iter().enumerate() {
            for (j, &b) in at.iter().enumerate() {
                chi2 +=
                    self.coefficients[a].estimate * inverse[(i, j)] * self.coefficients[b].estimate;
            }
        }
        let df1 = at.len() as f64;
        let df2 = at
            .iter()
            .map(|&a| self.coefficients[a].df)
            .fold(f64::INFINITY, f64::min);
        let statistic = chi2 / df1;
        Ok(Wald {
            statistic,
            df1,
            df2,
            p: f_upper(statistic, df1, df2),
        })
    }
}

/// A joint test.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Wald {
    /// F statistic.
    pub statistic: f64,
    /// Number of restrictions.
    pub df1: f64,
    /// Denominator degrees of freedom.
    pub df2: f64,
    /// P-value.
    pub p: f64,
}

/// A table row from an estimate, its variance and its degrees of freedom.
pub(crate) fn coefficient(
    term: &str,
    estimate: f64,
    variance: f64,
    df: f64,
    level: f64,
) -> Coefficient {
    let se = variance.max(0.0).sqrt();
    let statistic = estimate / se;
    let half = t_quantile(0.5 + level / 2.0, df) * se;
    Coefficient {
        term: term.to_owned(),
        estimate,
        se,
        statistic,
        p: t_two_sided(statistic, df),
        df,
        lower: estimate - half,
        upper: estimate + half,
    }
}
