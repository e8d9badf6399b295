//! Smoothness: violations that bend by at most M per period (Δ^SD), with the shortest interval of fixed length.
//!
//! The estimator subtracts a weighted mean of pre-treatment slopes. Writing c for the running sums of its weights, its worst-case bias is
//! M (constant + Σ|c|) and its variance quadratic in c; the half length is sd · cv(bias/sd), cv(t) the 1 − α quantile of |N(t, 1)|. The best
//! trade-off lies on the frontier traced by min Σ|c| + λ · variance, a lasso solved by coordinate descent; λ is found by search.

use super::coefficients::{Coefficients, HonestInterval};
use crate::dist::normal_cdf;
use crate::error::StatsError;
use crate::kit::check::inside;
use crate::kit::dense::{cholesky, cholesky_solve};
use crate::kit::optimise::{bisect, golden};

/// 1 − α quantile of |N(t, 1)|.
fn folded_quantile(t: f64, alpha: f64) -> f64 {
    bisect(
        |x| normal_cdf(x - t) - normal_cdf(-x - t) - (1.0 - alpha),
        0.0,
        t + 40.0,
    )
}

/// Variance = c'Qc + 2q'c + r over the free running sums c.
struct Frontier {
    k: usize,
    quadratic: Vec<f64>,
    linear: Vec<f64>,
    constant: f64,
    /// Worst-case bias per unit of M apart from the free sums.
    bias: f64,
    /// Estimate = intercept + loading'c.
    intercept: f64,
    loading: Vec<f64>,
}

impl Frontier {
    fn new(study: &Coefficients) -> Self {
        let (pre, post) = (study.pre, study.post);
        let total = |weights: &[f64]| {
            weights
                .iter()
                .enumerate()
                .map(|(j, w)| (j + 1) as f64 * w)
                .sum::<f64>()
        };
        let target = total(&study.target);
        let spread: f64 = (1..=post)
            .map(|s| total(&study.target[post - s..]).abs())
            .sum();
        let k = pre - 1;
        // Column j of the map from (free sums, fixed last sum) to pre-period weights: l = D(D c), D first differences.
        let weights_of = |c: &[f64]| -> Vec<f64> {
            let step = |v: &[f64]| -> Vec<f64> {
                (0..v.len())
                    .map(|i| v[i] - if i > 0 { v[i - 1] } else { 0.0 })
                    .collect()
            };
            step(&step(c))
        };
        let vector = |j: Option<usize>| -> Vec<f64> {
            let mut c = vec![0.0; pre];
            match j {
                Some(j) => c[j] = 1.0,
                None => c[pre - 1] = target,
            }
            let mut full = weights_of(&c);
            full.extend(
                study
                    .target
                    .iter()
                    .map(|w| if j.is_none() { *w } else { 0.0 }),
            );
            full
        };
        let columns: Vec<Vec<f64>> = (0..k).map(|j| vector(Some(j))).collect();
        let fixed = vector(None);
        let product = |a: &[f64], b: &[f64]| crate::kit::dense::bilinear(a, &study.covariance, b);
        let value = |a: &[f64]| {
            a.iter()
                .zip(&study.estimates)
                .map(|(w, b)| w * b)
                .sum::<f64>()
        };
        let mut quadratic = vec![0.0; k * k];
        for i in 0..k {
            for j in 0..k {
                quadratic[i * k + j] = product(&columns[i], &columns[j]);
            }
        }
        Self {
            k,
            quadratic,
            linear: columns.iter().map(|c| product(c, &fixed)).collect(),
            constant: product(&fixed, &fixed),
            bias: spread - target + target.abs(),
            intercept: value(&fixed),
            loading: columns.iter().map(|c| value(c)).collect(),
        }
    }

    fn variance(&self, c: &[f64]) -> f64 {
        let mut v = self.constant;
        for i in 0..self.k {
            v += 2.0 * self.linear[i] * c[i];
            for j in 0..self.k {
                v += c[i] * self.quadratic[i * self.k + j] * c[j];
            }
        }
        v
    }

    /// Minimises Σ|c| + λ · variance by coordinate descent from `c`.
    fn trade(&self, lambda: f64, mut c: Vec<f64>) -> Vec<f64> {
        for _ in 0..20_000 {
            let mut moved = 0.0_f64;
            for j in 0..self.k {
                let q = self.quadratic[j * self.k + j];
                let rest: f64 = (0..self.k)
                    .filter(|&i| i != j)
                    .map(|i| self.quadratic[j * self.k + i] * c[i])
                    .sum::<f64>()
                    + self.linear[j];
                let threshold = 1.0 / (2.0 * lambda);
                let next = if rest > threshold {
                    -(rest - threshold) / q
                } else if rest < -threshold {
                    -(rest + threshold) / q
                } else {
                    0.0
                };
                moved = moved.max((next - c[j]).abs());
                c[j] = next;
            }
            if moved < 1e-13 {
                break;
            }
        }
        c
    }

    fn least_variance(&self) -> Vec<f64> {
        let mut c: Vec<f64> = self.linear.iter().map(|v| -v).collect();
        if let Ok(l) = cholesky(&self.quadratic, self.k) {
            cholesky_solve(&l, self.k, &mut c);
        }
        c
    }

    fn half_length(&self, c: &[f64], m: f64, alpha: f64) -> f64 {
        let sd = self.variance(c).sqrt();
        let bias = m * (self.bias + c.iter().map(|v| v.abs()).sum::<f64>());
        sd * folded_quantile(bias / sd, alpha)
    }
}

/// Interval for the quantity of interest while the violation's slope changes by at most `bound` (M) per period.
///
/// # Errors
/// M negative or `alpha` outside (0, 0.5).
pub fn smoothness(
    study: &Coefficients,
    bound: f64,
    alpha: f64,
) -> Result<HonestInterval, StatsError> {
    inside("alpha", alpha, 0.0, 0.5)?;
    if !(bound.is_finite() && bound >= 0.0) {
        return Err(StatsError::option("bound", "must be zero or more"));
    }
    let frontier = Frontier::new(study);
    let widest = frontier.least_variance();
    let mut best = (frontier.half_length(&widest, bound, alpha), widest.clone());
    if bound > 0.0 && frontier.k > 0 {
        // Below the first λ every sum is zero: least bias.
        let strongest = frontier
            .linear
            .iter()
            .fold(0.0_f64, |m, v| m.max(v.abs()))
            .max(1e-300);
        let start = (1.0 / (2.0 * strongest)).ln();
        let solve = |log: f64| frontier.trade(log.exp(), widest.clone());
        let length = |log: f64| frontier.half_length(&solve(log), bound, alpha);
        let steps = 60;
        let at = |i: usize| start + 18.0 * i as f64 / steps as f64;
        let lengths: Vec<f64> = (0..=steps).map(|i| length(at(i))).collect();
        let least = (0..=steps)
            .min_by(|&i, &j| lengths[i].total_cmp(&lengths[j]))
            .unwrap_or(0);
        let (log, value) = golden(
            length,
            at(least.saturating_sub(1)),
            at((least + 1).min(steps)),
            1e-10,
        );
        for (v, l) in [(value, log), (lengths[least], at(least))] {
            if v < best.0 {
                best = (v, solve(l));
            }
        }
    }
    let estimate = frontier.intercept
        + frontier
            .loading
            .iter()
            .zip(&best.1)
            .map(|(a, b)| a * b)
            .sum::<f64>();
    Ok(HonestInterval {
        lower: estimate - best.0,
        upper: estimate + best.0,
        bound,
        alpha,
        method: "Delta-SD, FLCI",
        open: false,
    })
}

/// Largest M (to one thousandth of `most`) at which the interval still excludes zero; `None` when it does not even at M = 0.
///
/// # Errors
/// As [`smoothness`].
pub fn breakdown_smoothness(
    study: &Coefficients,
    most: f64,
    alpha: f64,
) -> Result<Option<f64>, StatsError> {
    inside("most", most, 0.0, f64::INFINITY)?;
    breakdown(most, most / 1000.0, |m| smoothness(study, m, alpha))
}

/// Largest bound whose interval excludes zero, by bisection.
pub(crate) fn breakdown(
    most: f64,
    precision: f64,
    interval: impl Fn(f64) -> Result<HonestInterval, StatsError>,
) -> Result<Option<f64>, StatsError> {
    if !interval(0.0)?.excludes_zero() {
        return Ok(None);
    }
    if interval(most)?.excludes_zero() {
        return Ok(Some(most));
    }
    let (mut low, mut high) = (0.0, most);
    while high - low > precision {
        let middle = 0.5 * (low + high);
        if interval(middle)?.excludes_zero() {
            low = middle
        } else {
            high = middle
        }
    }
    Ok(Some(low))
}
