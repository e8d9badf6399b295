//! Iteratively reweighted least squares with effects.
//!
//! Columns stay demeaned from one iteration to the next: removing the effects under new weights from columns already
//! free of them under the old weights gives the same result and starts near it.
//!
//! Means and steps are told from the predictor where they are needed, not kept: an exponential costs less than a column of memory.

use rayon::prelude::*;

use super::family::Law;
use crate::absorbed::gram;
use crate::error::StatsError;
use crate::fe::{Cells, Tolerance, remove};
use crate::linalg::{inverse_spd, packed, times};
use crate::sample::Sample;

/// Rows in a block of parallel elementwise work.
const BLOCK: usize = 16_384;

/// What is fitted, on the sample's rows.
pub(crate) struct Problem<'a> {
    pub(crate) sample: &'a Sample,
    pub(crate) law: Law,
    pub(crate) name: &'a str,
    pub(crate) y: &'a [f64],
    pub(crate) offset: Option<&'a [f64]>,
    pub(crate) max_iterations: usize,
    /// Stop as soon as rows run away while the deviance has settled, so that separation can be looked for.
    pub(crate) watch: bool,
}

/// The last weighted regression.
pub(crate) struct Converged {
    pub(crate) x: Vec<Vec<f64>>,
    pub(crate) z: Vec<f64>,
    pub(crate) weights: Vec<f64>,
    pub(crate) beta: Vec<f64>,
    pub(crate) eta: Vec<f64>,
    pub(crate) iterations: usize,
    /// Rows whose predictor still runs away although the deviance is stable.
    pub(crate) running: Vec<bool>,
    /// Whether the last step is itself the proof that those rows are separated.
    pub(crate) proven: bool,
}

/// Fits the law to independent columns `x` (an intercept, if any, among them).
pub(crate) fn irls(
    problem: &Problem<'_>,
    mut x: Vec<Vec<f64>>,
    start: Option<Vec<f64>>,
) -> Result<Converged, StatsError> {
    let Problem { sample, law, y, .. } = *problem;
    let n = y.len();
    let p = x.len();
    let prior = sample.weights.as_deref();
    let weight = |i: usize| prior.map_or(1.0, |w| w[i]);
    let total: f64 = prior.map_or(n as f64, |w| w.iter().sum());
    let average = (0..n).map(|i| weight(i) * y[i]).sum::<f64>() / total;
    let mut cells =
        (!sample.effects.is_empty()).then(|| Cells::build(&sample.effects, prior, true));
    let offset = |i: usize| problem.offset.map_or(0.0, |o| o[i]);
    // A start given is near the end.
    let mut change = if start.is_some() { 1e-4 } else { 1.0_f64 };
    let mut eta: Vec<f64> = match start {
        Some(start) => start,
        None => y.iter().map(|&v| law.start(v, average)).collect(),
    };
    let mut beta = vec![0.0; p];
    let mut weights = vec![0.0; n];
    let mut z = vec![0.0; n];
    let mut deviance = f64::INFINITY;
    // Steps taken since the deviance stood still.
    let mut tight = 0;
    for iteration in 1..=problem.max_iterations {
        weights
            .par_chunks_mut(BLOCK)
            .zip(z.par_chunks_mut(BLOCK))
            .enumerate()
            .for_each(|(b, (weights, residual))| {
                for (k, (w, r)) in weights.iter_mut().zip(residual).enumerate() {
                    let i = b * BLOCK + k;
                    let (own, step) = law.working(y[i], law.mean(eta[i]));
                    (*w, *r) = (own * weight(i), step);
                }
            });
        let floor = 1e-14 * weights.iter().sum::<f64>() / n as f64;
        weights.iter_mut().for_each(|w| *w = w.max(floor));
        // The part of the predictor inside the effects will be removed anyway: leave it out from the start.
        if cells.is_some() && iteration > 1 {
            for (x, b) in x.iter().zip(&beta) {
                z.iter_mut().zip(x).for_each(|(z, x)| *z += b * x);
            }
        } else {
            for i in 0..n {
                z[i] += eta[i] - offset(i);
            }
        }
        if let Some(cells) = &mut cells {
            cells.reweigh(&sample.effects, &weights);
            let mut columns = std::mem::take(&mut x);
            columns.push(std::mem::take(&mut z));
            let totals: Vec<f64> = columns
                .par_iter()
                .map(|c| c.iter().zip(&weights).map(|(v, w)| w * v * v).sum())
                .collect();
            let relative = if tight > 0 || change < 1e-6 {
                1e-10
            } else {
                (1e-2 * change).clamp(1e-8, 1e-4)
            };
            let tolerance = Tolerance {
                relative,
                ..Tolerance::default()
            };
            let done = remove(
                cells,
                &sample.effects,
                Some(&weights),
                &mut columns,
                &totals,
                &tolerance,
            );
            if done.iter().any(|r| !r.converged) {
                return Err(StatsError::NotConverged {
                    what: "removing the effects from a reweighted column".to_owned(),
                    iterations: done.iter().map(|r| r.iterations).max().unwrap_or(0),
                });
            }
            z = columns.pop().unwrap_or_default();
            x = columns;
        }
        let mut all: Vec<&[f64]> = x.iter().map(|c| &c[..]).collect();
        all.push(&z);
        let products = gram(&all, Some(&weights));
        let k = p + 1;
        let xx = faer::Mat::from_fn(p, p, |i, j| products[packed(k, i, j)]);
        let bread = inverse_spd(xx.as_ref()).ok_or_else(|| StatsError::Separation {
            outcome: problem.name.to_owned(),
            detail: "the weighted regressors became collinear".to_owned(),
        })?;
        let xz: Vec<f64> = (0..p).map(|j| products[packed(k, j, p)]).collect();
        let mut next_beta = times(bread.as_ref(), &xz);
        // One refinement: weights that differ by many orders of magnitude cost the inverse its digits.
        let left: Vec<f64> = xz
            .iter()
            .zip(times(xx.as_ref(), &next_beta))
            .map(|(a, b)| a - b)
            .collect();
        for (b, more) in next_beta.iter_mut().zip(times(bread.as_ref(), &left)) {
            *b += more;
        }
        let mut step = Step {
            problem,
            x: &x,
            z: &z,
            beta: &next_beta,
            share: 1.0,
        };
        let deviance_after = |step: &Step<'_>| {
            total_of(n, |i| {
                let mean = law.mean(eta[i] + step.of(i, eta[i]));
                weight(i) * law.deviance(y[i], mean)
            })
        };
        let mut next_deviance = deviance_after(&step);
        let mut halvings = 0;
        while worse(next_deviance, deviance) && iteration > 1 && halvings < 20 {
            halvings += 1;
            step.share *= 0.5;
            next_deviance = deviance_after(&step);
        }
        if !next_deviance.is_finite() {
            return Err(StatsError::NotConverged {
                what: "the likelihood".to_owned(),
                iterations: iteration,
            });
        }
        change = ((deviance - next_deviance).abs() / (0.1 + next_deviance.abs())).min(1.0);
        let moves = |i: usize| step.of(i, eta[i]);
        let moving = |by: f64| -> Vec<bool> { (0..n).map(|i| moves(i).abs() > by).collect() };
        let watching = problem.watch && change < 1e-5;
        let gone = (watching && law == Law::Poisson)
            .then(|| separated(y, moves))
            .flatten();
        let proven = gone.is_some();
        let running = if proven {
            gone
        } else if tight > 0 && (tight > 5 || settled(&weights, moves)) {
            Some(moving(0.05))
        } else if watching && change < 1e-8 {
            Some(moving(0.5)).filter(|m| m.contains(&true))
        } else {
            None
        };
        eta.par_chunks_mut(BLOCK).enumerate().for_each(|(b, eta)| {
            for (k, eta) in eta.iter_mut().enumerate() {
                *eta += step.of(b * BLOCK + k, *eta);
            }
        });
        let share = step.share;
        for (b, next) in beta.iter_mut().zip(next_beta) {
            *b += share * (next - *b);
        }
        deviance = next_deviance;
        if let Some(running) = running {
            return Ok(Converged {
                x,
                z,
                weights,
                beta,
                eta,
                iterations: iteration,
                running,
                proven,
            });
        }
        if tight > 0 || change < 1e-10 {
            tight += 1;
        }
    }
    Err(StatsError::NotConverged {
        what: format!("the likelihood of `{}`", problem.name),
        iterations: problem.max_iterations,
    })
}

/// The step from one predictor to the next, row by row.
struct Step<'a> {
    problem: &'a Problem<'a>,
    x: &'a [Vec<f64>],
    /// The working outcome, net of the effects.
    z: &'a [f64],
    beta: &'a [f64],
    /// How much of the step is taken.
    share: f64,
}

impl Step<'_> {
    /// What the working outcome added to the predictor, less what the regression left over.
    fn of(&self, i: usize, eta: f64) -> f64 {
        let Problem { law, y, .. } = *self.problem;
        let left = self
            .x
            .iter()
            .zip(self.beta)
            .fold(self.z[i], |left, (x, b)| left - b * x[i]);
        self.share * (law.working(y[i], law.mean(eta)).1 - left)
    }
}

/// Whether the weighted mean square of a step is so small that its own error, which is its square, is below rounding.
///
/// The deviance alone cannot tell: it is flat at its minimum.
fn settled(weights: &[f64], step: impl Fn(usize) -> f64) -> bool {
    let square: f64 = weights
        .iter()
        .enumerate()
        .map(|(i, w)| w * step(i).powi(2))
        .sum();
    square <= 1e-12 * weights.iter().sum::<f64>()
}

/// Rows that the last step proves separated.
///
/// A step is a combination of regressors and effects. Where the likelihood has no maximum, steps settle on a direction that is −1 on
/// separated rows (their outcome is zero and their mean shrinks by `e` each time, for ever) and zero on all others,
/// which is the definition of separation.
fn separated(y: &[f64], step: impl Fn(usize) -> f64) -> Option<Vec<bool>> {
    const ZERO: f64 = 1e-3;
    let mut any = false;
    let mut gone = vec![false; y.len()];
    for (i, (gone, y)) in gone.iter_mut().zip(y).enumerate() {
        let step = step(i);
        if *y == 0.0 && (step + 1.0).abs() < 0.01 {
            (*gone, any) = (true, true);
        } else if step.abs() > ZERO {
            return None;
        }
    }
    any.then_some(gone)
}

/// Whether a deviance is more than rounding above the last, or not a number.
fn worse(next: f64, last: f64) -> bool {
    next.is_nan() || next > last * (1.0 + 1e-7) + 1e-9
}

/// A sum over rows, in fixed blocks added in order.
pub(crate) fn total_of(n: usize, f: impl Fn(usize) -> f64 + Sync) -> f64 {
    (0..n.div_ceil(BLOCK))
        .into_par_iter()
        .map(|b| (b * BLOCK..((b + 1) * BLOCK).min(n)).map(&f).sum::<f64>())
        .collect::<Vec<_>>()
        .iter()
        .sum()
}
