//! Distribution functions behind every p-value and interval: normal, t, chi-square and F.
//!
//! They are thin wrappers over `statrs`, with two repairs. Upper tails are computed as tails, so a
//! p-value of 1e-200 is not rounded to zero; and above 100,000 degrees of freedom the t distribution
//! switches to Hill's normal expansion, where the incomplete beta function has lost its digits.
//! This module knows nothing about models.

use statrs::function::beta::beta_reg;
use statrs::function::erf::{erfc, erfc_inv};
use statrs::function::gamma::gamma_ur;

/// Above this many degrees of freedom the t distribution is taken from Hill's expansion.
const LARGE_DF: f64 = 1e5;

/// `P(Z ≤ z)` for a standard normal.
#[must_use]
pub fn normal_cdf(z: f64) -> f64 {
    0.5 * erfc(-z / std::f64::consts::SQRT_2)
}

/// Density of a standard normal at `z`.
#[must_use]
pub fn normal_pdf(z: f64) -> f64 {
    (-0.5 * z * z).exp() / (2.0 * std::f64::consts::PI).sqrt()
}

/// The `p` quantile of a standard normal, for `p` strictly between 0 and 1 (otherwise ±∞).
#[must_use]
pub fn normal_quantile(p: f64) -> f64 {
    if p <= 0.0 {
        return f64::NEG_INFINITY;
    }
    if p >= 1.0 {
        return f64::INFINITY;
    }
    let tail = p.min(1.0 - p);
    let mut z = std::f64::consts::SQRT_2 * erfc_inv(2.0 * tail);
    // Two Newton steps on the upper tail bring the last digits.
    for _ in 0..2 {
        let density = normal_pdf(z);
        if density > 0.0 {
            z += (normal_cdf(-z) - tail) / density;
        }
    }
    if p < 0.5 { -z } else { z }
}

/// `P(|T| > |t|)` for Student's t with `df` degrees of freedom (`df` may be fractional or infinite).
///
/// Above 100,000 degrees of freedom: Hill (1970), algorithm 395.
#[must_use]
pub fn t_two_sided(t: f64, df: f64) -> f64 {
    if t.is_nan() || df.is_nan() || df <= 0.0 {
        return f64::NAN;
    }
    if t.is_infinite() {
        return 0.0;
    }
    if df > LARGE_DF {
        return 2.0 * normal_cdf(-hill_z(t.abs(), df));
    }
    let x = df / (df + t * t);
    beta_reg(df / 2.0, 0.5, x)
}

/// The normal deviate with the same two-sided tail as `t` on `df` degrees of freedom.
fn hill_z(t: f64, df: f64) -> f64 {
    if df.is_infinite() {
        return t;
    }
    let a = df - 0.5;
    let b = 48.0 * a * a;
    let y = a * (t * t / df).ln_1p();
    let correction =
        ((((-0.4 * y - 3.3) * y - 24.0) * y - 85.5) / (0.8 * y * y + 100.0 + b) + y + 3.0) / b;
    (correction + 1.0) * y.sqrt()
}

/// `P(T ≤ t)` for Student's t.
#[must_use]
pub fn t_cdf(t: f64, df: f64) -> f64 {
    let tail = 0.5 * t_two_sided(t, df);
    if t > 0.0 { 1.0 - tail } else { tail }
}

/// The `p` quantile of Student's t with `df` degrees of freedom, for `p` strictly between 0 and 1.
///
/// Cornish–Fisher start, then safeguarded Newton on the tail until the step is at rounding level.
#[must_use]
pub fn t_quantile(p: f64, df: f64) -> f64 {
    if p.is_nan() || df.is_nan() || df <= 0.0 {
        return f64::NAN;
    }
    if p <= 0.0 {
        return f64::NEG_INFINITY;
    }
    if p >= 1.0 {
        return f64::INFINITY;
    }
    let z = normal_quantile(p);
    if df.is_infinite() || z == 0.0 {
        return z;
    }
    let two_tail = 2.0 * p.min(1.0 - p);
    let magnitude = if df > LARGE_DF {
        cornish_fisher(z.abs(), df)
    } else {
        quantile_by_bisection(two_tail, df)
    };
    if p < 0.5 { -magnitude } else { magnitude }
}

/// Abramowitz and Stegun 26.7.5, exact to rounding for large `df`.
fn cornish_fisher(z: f64, df: f64) -> f64 {
    let z2 = z * z;
    z * (1.0
        + (z2 + 1.0) / (4.0 * df)
        + ((5.0 * z2 + 16.0) * z2 + 3.0) / (96.0 * df * df)
        + (((3.0 * z2 + 19.0) * z2 + 17.0) * z2 - 15.0) / (384.0 * df * df * df))
}

/// Solves `t_two_sided(t) = two_tail` for `t > 0` by Newton kept inside a bracket.
fn quantile_by_bisection(two_tail: f64, df: f64) -> f64 {
    let mut low = 0.0_f64;
    let mut high = 1.0_f64;
    while t_two_sided(high, df) > two_tail && high < 1e300 {
        low = high;
        high *= 2.0;
    }
    let log_norm = statrs::function::gamma::ln_gamma((df + 1.0) / 2.0)
        - statrs::function::gamma::ln_gamma(df / 2.0)
        - 0.5 * (df * std::f64::consts::PI).ln();
    let mut t = 0.5 * (low + high);
    for _ in 0..200 {
        let excess = t_two_sided(t, df) - two_tail;
        if excess > 0.0 {
            low = t
        } else {
            high = t
        }
        let density = (log_norm - (df + 1.0) / 2.0 * (t * t / df).ln_1p()).exp();
        let mut next = t + excess / (2.0 * density);
        if !(next > low && next < high) {
            next = 0.5 * (low + high);
        }
        if (next - t).abs() <= 1e-15 * t.abs() {
            return next;
        }
        t = next;
    }
    t
}

/// `P(X > x)` for a chi-square with `df` degrees of freedom.
#[must_use]
pub fn chi2_upper(x: f64, df: f64) -> f64 {
    if x <= 0.0 {
        1.0
    } else {
        gamma_ur(df / 2.0, x / 2.0)
    }
}

/// `P(F > f)` for Fisher's F with `df1` and `df2` degrees of freedom (`df2` may be infinite).
#[must_use]
pub fn f_upper(f: f64, df1: f64, df2: f64) -> f64 {
    if f <= 0.0 {
        return 1.0;
    }
    if df2.is_infinite() {
        return chi2_upper(f * df1, df1);
    }
    beta_reg(df2 / 2.0, df1 / 2.0, df2 / (df2 + df1 * f))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Values of scipy 1.17 `stats.t.sf`, `stats.t.ppf`, `stats.norm.ppf`, `stats.f.sf`.
    #[test]
    fn agree_with_scipy() {
        let close =
            |a: f64, b: f64, tol: f64| assert!((a / b - 1.0).abs() < tol, "{a} against {b}");
        close(t_two_sided(2.0, 10.0), 0.073_388_034_770_740_35, 1e-10);
        close(t_quantile(0.975, 10.0), 2.228_138_851_986_273_5, 1e-10);
        close(t_quantile(0.975, 1.0), 12.706_204_736_174_698, 1e-10);
        close(t_quantile(0.975, 5e6), 1.959_964_458_994_412_7, 1e-10);
        close(normal_quantile(0.975), 1.959_963_984_540_054, 1e-10);
        close(t_two_sided(40.0, 79.0), 3.378_475_912_192_001_5e-54, 1e-10);
        close(t_two_sided(3.0, 2e5), 0.002_700_128_462_776_79, 1e-10);
        close(t_two_sided(3.0, 5e4), 0.002_701_125_791_954_041_4, 1e-10);
        close(f_upper(3.2, 4.0, 77.0), 0.017_411_977_651_924_14, 1e-10);
        close(chi2_upper(11.0, 3.0), 0.011_725_875_578_421_4, 1e-10);
    }

    #[test]
    fn the_two_ways_meet_at_the_border() {
        for t in [0.5, 1.96, 5.0, 12.0] {
            let below = t_two_sided(t, LARGE_DF);
            let above = t_two_sided(t, LARGE_DF * (1.0 + 1e-9));
            assert!(
                (below / above - 1.0).abs() < 1e-7,
                "{t}: {below} against {above}"
            );
        }
    }

    #[test]
    fn quantile_inverts_tail() {
        for df in [0.7, 2.0, 9.5, 330.0, 99_999.0, 1e5 + 1.0, 1e7] {
            for p in [0.6, 0.975, 0.9999] {
                let t = t_quantile(p, df);
                assert!((t_cdf(t, df) - p).abs() < 1e-9, "df {df}, p {p}");
            }
        }
    }
}
