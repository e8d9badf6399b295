//! Minimum detectable effects, power and sample sizes.

use super::design::Design;
use crate::dist::t_quantile;
use crate::error::StatsError;
use crate::kit::check::{finite_option, inside};
use crate::kit::noncentral;

/// The test planned.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Test {
    /// Size.
    pub alpha: f64,
    /// Power wanted.
    pub power: f64,
    /// Two-sided.
    pub two_sided: bool,
}

impl Default for Test {
    fn default() -> Self {
        Self {
            alpha: 0.05,
            power: 0.8,
            two_sided: true,
        }
    }
}

impl Test {
    fn tail(self) -> f64 {
        if self.two_sided {
            0.5 * self.alpha
        } else {
            self.alpha
        }
    }

    fn check(self) -> Result<(), StatsError> {
        inside("alpha", self.alpha, 0.0, 1.0)?;
        inside("power", self.power, self.alpha, 1.0)
    }
}

/// The smallest effect a design is likely to find.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Detectable {
    /// Minimum detectable effect in standard deviations.
    pub effect: f64,
    /// Limits of the interval around an estimate of that size.
    pub lower: f64,
    /// Upper limit.
    pub upper: f64,
    /// Multiplier t_{1−α/2} + t_{power}.
    pub multiplier: f64,
    /// Standard error of the estimate.
    pub se: f64,
    /// Degrees of freedom.
    pub df: f64,
}

/// Power against one effect.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Power {
    /// Probability of a significant estimate (in either direction when two-sided).
    pub power: f64,
    /// Effect over standard error.
    pub noncentrality: f64,
    /// Degrees of freedom.
    pub df: f64,
}

/// Minimum detectable effect of a design.
///
/// # Errors
/// Design or test out of range.
///
/// ```
/// use throughline_stats::power::{detectable_effect, ClusterLevel, Design, Test};
/// let sites = Design::Cluster2 { clusters: 20.0, n: 15.0, share: 0.5, covariates: 0, r2: 0.0, level: ClusterLevel { icc: 0.17, r2: 0.0 } };
/// assert!((detectable_effect(&sites, Test::default())?.effect - 0.6290064).abs() < 1e-6);
/// # Ok::<(), throughline_stats::StatsError>(())
/// ```
pub fn detectable_effect(design: &Design, test: Test) -> Result<Detectable, StatsError> {
    test.check()?;
    let (se, df) = design.precision()?;
    let critical = t_quantile(1.0 - test.tail(), df);
    let multiplier = critical + t_quantile(test.power, df);
    let effect = multiplier * se;
    Ok(Detectable {
        effect,
        lower: effect - critical * se,
        upper: effect + critical * se,
        multiplier,
        se,
        df,
    })
}

/// Power of a design against a true `effect` in standard deviations (`test.power` is not used).
///
/// # Errors
/// Design or test out of range.
///
/// ```
/// use throughline_stats::power::{Design, Test, power};
/// let trial = Design::Individual { n: 200.0, share: 0.5, covariates: 0, r2: 0.0 };
/// assert!((power(&trial, 0.4, Test::default())?.power - 0.804).abs() < 1e-3);
/// # Ok::<(), throughline_stats::StatsError>(())
/// ```
pub fn power(design: &Design, effect: f64, test: Test) -> Result<Power, StatsError> {
    finite_option("effect", effect)?;
    test.check()?;
    let (se, df) = design.precision()?;
    let noncentrality = effect / se;
    let critical = t_quantile(1.0 - test.tail(), df);
    let above = 1.0 - noncentral::t_cdf(critical, df, noncentrality);
    let below = if test.two_sided {
        noncentral::t_cdf(-critical, df, noncentrality)
    } else {
        0.0
    };
    Ok(Power {
        power: (above + below).min(1.0),
        noncentrality,
        df,
    })
}

/// Fewest units (at the level that carries the degrees of freedom) whose minimum detectable effect is at most `effect`.
///
/// # Errors
/// Design or test out of range; an effect no number of units up to ten million can detect.
///
/// ```
/// use throughline_stats::power::{Design, Test, units_needed};
/// let trial = Design::Individual { n: 2.0, share: 0.5, covariates: 0, r2: 0.0 };
/// let n = units_needed(&trial, 0.4, Test::default())?;
/// assert!((196..=200).contains(&n));
/// # Ok::<(), throughline_stats::StatsError>(())
/// ```
pub fn units_needed(design: &Design, effect: f64, test: Test) -> Result<usize, StatsError> {
    inside("effect", effect, 0.0, f64::INFINITY)?;
    test.check()?;
    let enough = |units: usize| {
        detectable_effect(&design.with_units(units as f64), test).is_ok_and(|d| d.effect <= effect)
    };
    let mut high = 4;
    while !enough(high) {
        high *= 2;
        if high > 10_000_000 {
            // Report what is wrong with the design itself before blaming the effect.
            design.with_units(1e7).precision()?;
            return Err(StatsError::option(
                "effect",
                "is too small to be found with ten million units",
            ));
        }
    }
    let mut low = 1;
    while low < high {
        let middle = usize::midpoint(low, high);
        if enough(middle) {
            high = middle
        } else {
            low = middle + 1
        }
    }
    Ok(low)
}
