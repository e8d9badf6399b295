//! Entropy balancing: the weights nearest to equal that give comparison rows exactly the treated rows' means (Hainmueller 2012).
//!
//! Minimises Σ w log(w/q) subject to Σ w = 1 and Σ w x = x̄_T. The solution is w ∝ q e^{−xλ}, and λ minimises the convex dual
//! log Σ q e^{−(x − x̄_T)λ}: Newton's method with a halving line search, to 1e-12 in every moment (in standard deviations). Balance squares and
//! cross products by passing them as covariates.

use super::score::check_groups;
use super::weighting::Matched;
use crate::error::StatsError;
use crate::kit::check::{finite, same_length, weights as check_weights};
use crate::kit::dense::{cholesky, cholesky_solve};

/// Options of [`entropy_balance`].
#[derive(Debug, Clone, Copy)]
pub struct EntropyOptions<'a> {
    /// Sampling weights of all rows.
    pub base: Option<&'a [f64]>,
    /// Largest imbalance left, in standard deviations.
    pub tolerance: f64,
    /// Newton steps allowed.
    pub iterations: usize,
}

impl Default for EntropyOptions<'_> {
    fn default() -> Self {
        Self {
            base: None,
            tolerance: 1e-12,
            iterations: 200,
        }
    }
}

/// Entropy-balancing weights.
#[derive(Debug, Clone, PartialEq)]
pub struct Entropy {
    /// The weights with their counts and effective sizes.
    pub matched: Matched,
    /// Largest |imbalance| left, in standard deviations.
    pub imbalance: f64,
    /// Newton steps taken.
    pub iterations: usize,
}

/// Entropy balancing: the weights nearest to equal that give comparison rows exactly the treated rows' means (Hainmueller 2012,
/// *Political Analysis* 20).
///
/// Minimises Σ w log(w/q) subject to Σ w = 1 and Σ w x = x̄_T, by Newton's method on the dual, to 1e-12 in every moment (in standard
/// deviations). Balance squares and cross products by passing them as covariates. Wrong when a few comparison rows carry all the weight: look
/// at the effective sample size.
///
/// # Errors
/// Unequal lengths, non-finite values, an empty group, a covariate that is constant or collinear among comparison rows, or treated means
/// outside what comparison rows can reach ([`StatsError::NotConverged`]: drop a covariate or widen the comparison group).
///
/// ```
/// use throughline_stats::matching::{EntropyOptions, entropy_balance};
/// let treated = [true, true, false, false, false, false];
/// let prior = [0.6, 0.8, 0.1, 0.5, 0.7, 0.9];
/// let fit = entropy_balance(&treated, &[("prior", &prior)], &EntropyOptions::default())?;
/// let (mut sum, mut total) = (0.0, 0.0);
/// for i in 2..6 {
///     sum += fit.matched.weights[i] * prior[i];
///     total += fit.matched.weights[i];
/// }
/// assert!((sum / total - 0.7).abs() < 1e-12);
/// # Ok::<(), throughline_stats::StatsError>(())
/// ```
pub fn entropy_balance(
    treated: &[bool],
    covariates: &[(&str, &[f64])],
    options: &EntropyOptions<'_>,
) -> Result<Entropy, StatsError> {
    let n = treated.len();
    check_groups(treated)?;
    if let Some(w) = options.base {
        check_weights(w, n)?;
    }
    let base = |i: usize| options.base.map_or(1.0, |w| w[i]);
    let controls: Vec<usize> = (0..n).filter(|&i| !treated[i] && base(i) > 0.0).collect();
    let mut columns = Vec::with_capacity(covariates.len());
    for (name, c) in covariates {
        same_length(name, c.len(), n)?;
        finite(name, c)?;
        let (mut sum, mut total) = (0.0, 0.0);
        for i in (0..n).filter(|&i| treated[i]) {
            sum += base(i) * c[i];
            total += base(i);
        }
        let target = sum / total;
        let mean = controls.iter().map(|&i| c[i]).sum::<f64>() / controls.len() as f64;
        let sd = (controls.iter().map(|&i| (c[i] - mean).powi(2)).sum::<f64>()
            / controls.len() as f64)
            .sqrt();
        if sd <= 1e-12 * mean.abs() {
            return Err(StatsError::Constant {
                name: (*name).to_owned(),
            });
        }
        columns.push(
            controls
                .iter()
                .map(|&i| (c[i] - target) / sd)
                .collect::<Vec<f64>>(),
        );
    }
    let q: Vec<f64> = controls.iter().map(|&i| base(i)).collect();
    let (w, imbalance, iterations) = solve(&columns, &q, covariates, options)?;
    let mut weights: Vec<f64> = (0..n)
        .map(|i| if treated[i] { base(i) } else { 0.0 })
        .collect();
    for (&i, v) in controls.iter().zip(&w) {
        weights[i] = v * controls.len() as f64;
    }
    Ok(Entropy {
        matched: Matched::new(treated, weights, vec![None; n], "entropy balancing")?,
        imbalance,
        iterations,
    })
}

/// Tilted weights that add to one, and the log of the sum they were divided by.
fn tilt(columns: &[Vec<f64>], q: &[f64], lambda: &[f64]) -> (Vec<f64>, f64) {
    let mut eta = vec![0.0; q.len()];
    for (c, l) in columns.iter().zip(lambda) {
        for (e, x) in eta.iter_mut().zip(c) {
            *e -= l * x;
        }
    }
    let top = eta.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let mut w: Vec<f64> = eta
        .iter()
        .zip(q)
        .map(|(e, q)| q * (e - top).exp())
        .collect();
    let sum: f64 = w.iter().sum();
    for v in &mut w {
        *v /= sum;
    }
    (w, sum.ln() + top)
}

fn solve(
    columns: &[Vec<f64>],
    q: &[f64],
    covariates: &[(&str, &[f64])],
    options: &EntropyOptions<'_>,
) -> Result<(Vec<f64>, f64, usize), StatsError> {
    let k = columns.len();
    let mut lambda = vec![0.0; k];
    let (mut w, mut value) = tilt(columns, q, &lambda);
    for iteration in 0..=options.iterations {
        let gap: Vec<f64> = columns
            .iter()
            .map(|c| c.iter().zip(&w).map(|(x, v)| x * v).sum())
            .collect();
        let imbalance = gap.iter().fold(0.0_f64, |m, g| m.max(g.abs()));
        if imbalance <= options.tolerance {
            return Ok((w, imbalance, iteration));
        }
        let mut hessian = vec![0.0; k * k];
        for a in 0..k {
            for b in 0..=a {
                let s: f64 = columns[a]
                    .iter()
                    .zip(&columns[b])
                    .zip(&w)
                    .map(|((x, y), v)| v * (x - gap[a]) * (y - gap[b]))
                    .sum();
                hessian[a * k + b] = s;
                hessian[b * k + a] = s;
            }
        }
        let factor = match cholesky(&hessian, k) {
            Ok(l) => l,
            Err(j) if iteration == 0 => {
                return Err(StatsError::AllCollinear {
                    names: covariates[j].0.to_owned(),
                });
            }
            Err(_) => break,
        };
        let mut step = gap;
        cholesky_solve(&factor, k, &mut step);
        let mut scale = 1.0;
        loop {
            let trial: Vec<f64> = lambda
                .iter()
                .zip(&step)
                .map(|(l, s)| l + scale * s)
                .collect();
            let (tw, tv) = tilt(columns, q, &trial);
            if tv <= value + 1e-12 * value.abs() || scale < 1e-10 {
                (lambda, w, value) = (trial, tw, tv);
                break;
            }
            scale *= 0.5;
        }
        // Weights piled on a handful of rows: the treated means are out of reach.
        if lambda.iter().any(|l| l.abs() > 1e4) {
            break;
        }
    }
    let gap = columns
        .iter()
        .map(|c| c.iter().zip(&w).map(|(x, v)| x * v).sum::<f64>().abs())
        .fold(0.0, f64::max);
    if gap <= 1e3 * options.tolerance {
        return Ok((w, gap, options.iterations));
    }
    Err(StatsError::NotConverged {
        what: "entropy balancing (the treated means may be outside what comparison rows can reach)"
            .into(),
        iterations: options.iterations,
    })
}
