//! Hedges' g, Cox's index for binary outcomes, and the improvement index.

use crate::dist::normal_cdf;
use crate::error::StatsError;
use crate::kit::check::{finite_option, inside};
use statrs::function::gamma::ln_gamma;

/// Mean, standard deviation and size of one arm.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Arm {
    /// Mean of the outcome.
    pub mean: f64,
    /// Its unadjusted standard deviation.
    pub sd: f64,
    /// Number of individuals.
    pub n: usize,
}

/// A standardised effect.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct EffectSize {
    /// Before the small-sample correction.
    pub d: f64,
    /// After it: g = ω d.
    pub g: f64,
    /// ω = 1 − 3/(4N − 9).
    pub omega: f64,
    /// Standard error of g.
    pub se: f64,
    /// Standard deviation divided by (NaN for a binary outcome).
    pub sd: f64,
    /// Individuals in both arms.
    pub n: usize,
    /// Improvement index in percentile points.
    pub improvement_index: f64,
}

/// ω = 1 − 3/(4N − 9), the approximation WWC uses.
#[must_use]
pub fn small_sample_correction(n: f64) -> f64 {
    1.0 - 3.0 / (4.0 * n - 9.0)
}

/// Exact J(df) = Γ(df/2)/(√(df/2) Γ((df − 1)/2)), as metafor; kept for comparisons.
#[must_use]
pub fn exact_correction(df: f64) -> f64 {
    (ln_gamma(0.5 * df) - ln_gamma(0.5 * (df - 1.0)) - 0.5 * (0.5 * df).ln()).exp()
}

/// Percentile points an average member of the comparison group would gain: 100 Φ(g) − 50.
#[must_use]
pub fn improvement_index(g: f64) -> f64 {
    100.0 * normal_cdf(g) - 50.0
}

fn pooled(treated: Arm, control: Arm) -> Result<f64, StatsError> {
    for arm in [treated, control] {
        finite_option("mean", arm.mean)?;
        finite_option("sd", arm.sd)?;
        if arm.n < 2 || arm.sd < 0.0 {
            return Err(StatsError::option(
                "arm",
                "needs at least two individuals and a standard deviation of zero or more",
            ));
        }
    }
    let (a, b) = (treated.n as f64 - 1.0, control.n as f64 - 1.0);
    let variance = (a * treated.sd * treated.sd + b * control.sd * control.sd) / (a + b);
    if variance > 0.0 {
        Ok(variance.sqrt())
    } else {
        Err(StatsError::Constant {
            name: "outcome".into(),
        })
    }
}

/// Standard error of g from a raw comparison: √(ω²((n₁ + n₂)/(n₁n₂) + d²/(2(n₁ + n₂)))).
fn raw_se(d: f64, omega: f64, n1: f64, n2: f64) -> f64 {
    omega * ((n1 + n2) / (n1 * n2) + d * d / (2.0 * (n1 + n2))).sqrt()
}

/// Hedges' g of two arms: g = ω (ȳ_T − ȳ_C)/S_pooled.
///
/// # Errors
/// An arm with fewer than two individuals, non-finite values or no variance.
///
/// ```
/// use throughline_stats::effect_size::{hedges_g, Arm};
/// // Borenstein et al. (2009), chapter 4.
/// let e = hedges_g(Arm { mean: 103.0, sd: 5.5, n: 50 }, Arm { mean: 100.0, sd: 4.5, n: 50 })?;
/// assert!((e.d - 0.5970).abs() < 1e-4 && (e.g - 0.5924).abs() < 1e-4);
/// # Ok::<(), throughline_stats::StatsError>(())
/// ```
pub fn hedges_g(treated: Arm, control: Arm) -> Result<EffectSize, StatsError> {
    let sd = pooled(treated, control)?;
    let (n1, n2) = (treated.n as f64, control.n as f64);
    let d = (treated.mean - control.mean) / sd;
    let omega = small_sample_correction(n1 + n2);
    let g = omega * d;
    Ok(EffectSize {
        d,
        g,
        omega,
        se: raw_se(d, omega, n1, n2),
        sd,
        n: treated.n + control.n,
        improvement_index: improvement_index(g),
    })
}

/// Standardises an adjusted difference (a regression coefficient) by the unadjusted standard deviation `sd`; `se` is the coefficient's own.
///
/// # Errors
/// Non-finite values, `sd` or `se` ≤ 0, or fewer than four individuals.
///
/// ```
/// let e = throughline_stats::effect_size::standardise(4.0, 1.0, 20.0, 200)?;
/// assert!((e.d - 0.2).abs() < 1e-12 && e.g < e.d);
/// # Ok::<(), throughline_stats::StatsError>(())
/// ```
pub fn standardise(coefficient: f64, se: f64, sd: f64, n: usize) -> Result<EffectSize, StatsError> {
    finite_option("coefficient", coefficient)?;
    inside("se", se, 0.0, f64::INFINITY)?;
    inside("sd", sd, 0.0, f64::INFINITY)?;
    if n < 4 {
        return Err(StatsError::option("n", "needs at least four individuals"));
    }
    let omega = small_sample_correction(n as f64);
    let d = coefficient / sd;
    Ok(EffectSize {
        d,
        g: omega * d,
        omega,
        se: omega * se / sd,
        sd,
        n,
        improvement_index: improvement_index(omega * d),
    })
}

/// Cox's index for a binary outcome: g = ω · ln(odds ratio)/1.65, from the two proportions and arm sizes.
///
/// # Errors
/// A proportion at 0 or 1 (the odds ratio is infinite or zero), or an empty arm.
///
/// ```
/// let e = throughline_stats::effect_size::cox_g(0.5, 100, 0.4, 100)?;
/// assert!((e.g - 0.2448).abs() < 1e-4);
/// # Ok::<(), throughline_stats::StatsError>(())
/// ```
pub fn cox_g(
    treated: f64,
    treated_n: usize,
    control: f64,
    control_n: usize,
) -> Result<EffectSize, StatsError> {
    inside("treated proportion", treated, 0.0, 1.0)?;
    inside("control proportion", control, 0.0, 1.0)?;
    if treated_n == 0 || control_n == 0 || treated_n + control_n < 4 {
        return Err(StatsError::option(
            "n",
            "needs individuals in both arms, four or more in all",
        ));
    }
    let log_odds = |p: f64| (p / (1.0 - p)).ln();
    let d = (log_odds(treated) - log_odds(control)) / 1.65;
    let omega = small_sample_correction((treated_n + control_n) as f64);
    let information = |p: f64, n: usize| 1.0 / (n as f64 * p * (1.0 - p));
    let se =
        omega * (information(treated, treated_n) + information(control, control_n)).sqrt() / 1.65;
    let g = omega * d;
    Ok(EffectSize {
        d,
        g,
        omega,
        se,
        sd: f64::NAN,
        n: treated_n + control_n,
        improvement_index: improvement_index(g),
    })
}
