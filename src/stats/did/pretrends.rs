//! The test of trends before treatment, told together with what it could have found.
//!
//! W = β'V⁻¹β is χ² with as many degrees of freedom as there are pre-treatment coefficients when trends are parallel. Under a
//! linear difference in trends with slope s it is noncentral with λ = s² d'V⁻¹d, d the distance of each coefficient from its base: that
//! gives the power against any slope in closed form, and the slope the test finds half the time or four times in five. Passing a test that
//! would miss a slope large enough to explain the finding says nothing (Roth 2022, *AER: Insights* 4).

use crate::dist::chi2_upper;
use crate::error::StatsError;
use crate::kit::check::{finite, inside, same_length};
use crate::kit::dense::{cholesky, forward};
use crate::kit::noncentral;
use crate::kit::optimise::root_increasing;

/// Power of the test against a linear difference in trends.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TrendPower {
    /// d'V⁻¹d: noncentrality per squared unit of slope.
    information: f64,
    /// Degrees of freedom.
    df: f64,
    /// Critical value.
    critical: f64,
    /// Slope per period found half of the time.
    pub slope_at_half: f64,
    /// Slope per period found four times in five.
    pub slope_at_eighty: f64,
}

impl TrendPower {
    /// Probability that the test rejects when trends differ by `slope` per period.
    #[must_use]
    pub fn at(&self, slope: f64) -> f64 {
        noncentral::chi2_upper(self.critical, self.df, slope * slope * self.information)
    }
}

/// A joint test of pre-treatment effects.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Pretrend {
    /// Wald statistic.
    pub statistic: f64,
    /// Number of coefficients tested.
    pub df: usize,
    /// p-value of "all are zero", from χ².
    pub p: f64,
    /// Size of the test used for the power.
    pub alpha: f64,
    /// What the test could have found.
    pub power: TrendPower,
}

/// Tests that pre-treatment effects are jointly zero.
///
/// `covariance` is row-major; `distance` is each coefficient's distance in periods from its base period (1 for period-by-period changes,
/// t − base for cumulative ones), which defines the linear trend the power is stated for.
///
/// # Errors
/// No coefficient, unequal lengths, non-finite values or a singular covariance.
///
/// ```
/// let test = throughline_stats::did::pretrend(&[0.02, -0.01], &[0.0004, 0.0, 0.0, 0.0004], &[1.0, 1.0], 0.05)?;
/// assert!((test.statistic - 1.25).abs() < 1e-12 && test.p > 0.5);
/// // A drift of 0.02 a period would be found less than half the time: passing proves little.
/// assert!(test.power.at(0.02) < 0.5 && test.power.slope_at_half > 0.02);
/// # Ok::<(), throughline_stats::StatsError>(())
/// ```
pub fn pretrend(
    estimates: &[f64],
    covariance: &[f64],
    distance: &[f64],
    alpha: f64,
) -> Result<Pretrend, StatsError> {
    let k = estimates.len();
    inside("alpha", alpha, 0.0, 1.0)?;
    if k == 0 {
        return Err(StatsError::EmptyGroup {
            group: "pre-treatment effects with a variance".into(),
            hint: "the panel needs two periods before some start",
        });
    }
    same_length("covariance", covariance.len(), k * k)?;
    same_length("distance", distance.len(), k)?;
    finite("estimates", estimates)?;
    finite("covariance", covariance)?;
    finite("distance", distance)?;
    let l = cholesky(covariance, k).map_err(|_| StatsError::NotEstimable {
        place: "the pre-trend test".into(),
        reason: "the covariance of the pre-treatment effects is singular (more coefficients than clusters, or one implied by the others)",
    })?;
    let norm = |v: &[f64]| {
        let mut z = v.to_vec();
        forward(&l, k, &mut z);
        z.iter().map(|x| x * x).sum::<f64>()
    };
    let statistic = norm(estimates);
    let information = norm(distance);
    let df = k as f64;
    let critical = noncentral::chi2_quantile(1.0 - alpha, df);
    let slope_at = |power: f64| {
        (root_increasing(
            |lambda| noncentral::chi2_upper(critical, df, lambda) - power,
            0.0,
            1.0,
        ) / information)
            .sqrt()
    };
    Ok(Pretrend {
        statistic,
        df: k,
        p: chi2_upper(statistic, df),
        alpha,
        power: TrendPower {
            information,
            df,
            critical,
            slope_at_half: slope_at(0.5),
            slope_at_eighty: slope_at(0.8),
        },
    })
}
