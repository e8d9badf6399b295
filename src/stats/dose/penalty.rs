//! Penalised least squares: the fit for a penalty, the criteria that choose it, and the variance of what comes out.

use std::cell::Cell;

use super::penalised::Smoothing;
use crate::Absorbed;
use crate::error::StatsError;
use crate::linalg::{cholesky, dot, inverse_spd, times};
use faer::Mat;
use rayon::prelude::*;

pub(super) fn singular() -> StatsError {
    StatsError::NotEstimable {
        place: "the curve".into(),
        reason: "it is implied by covariates or effects; use bins",
    }
}

/// Penalised least squares on columns free of the effects.
pub(super) struct Problem {
    pub(super) gram: Mat<f64>,
    pub(super) moment: Vec<f64>,
    pub(super) total: f64,
    pub(super) penalty: Mat<f64>,
    pub(super) splines: usize,
    /// Rows less everything that is not penalised.
    pub(super) left: f64,
}

pub(super) struct Solution {
    pub(super) slopes: Vec<f64>,
    pub(super) inverse: Mat<f64>,
    pub(super) square: f64,
    pub(super) penalised: f64,
    pub(super) effective: f64,
    pub(super) log_determinant: f64,
}

pub(super) fn weighted(data: &Absorbed, v: &[f64]) -> Vec<f64> {
    match data.weights() {
        Some(w) => v.iter().zip(w).map(|(v, w)| v * w).collect(),
        None => v.to_vec(),
    }
}

impl Problem {
    pub(super) fn new(
        data: &Absorbed,
        used: &[&[f64]],
        y: &[f64],
        splines: usize,
        left: f64,
    ) -> Self {
        let k = used.len();
        let heavy: Vec<Vec<f64>> = used.par_iter().map(|c| weighted(data, c)).collect();
        let gram = Mat::from_fn(k, k, |i, j| dot(&heavy[i.min(j)], used[i.max(j)]));
        let moment = heavy.iter().map(|c| dot(c, y)).collect();
        let mut penalty = Mat::zeros(k, k);
        // Second differences of (0, a₁, …): the left-out spline counts as zero.
        for d in 0..splines - 1 {
            let row: Vec<(usize, f64)> = [(d, 1.0), (d + 1, -2.0), (d + 2, 1.0)]
                .into_iter()
                .filter(|(j, _)| *j > 0)
                .map(|(j, v)| (j - 1, v))
                .collect();
            for &(i, a) in &row {
                for &(j, b) in &row {
                    penalty[(i, j)] += a * b;
                }
            }
        }
        Self {
            gram,
            moment,
            total: dot(&weighted(data, y), y),
            penalty,
            splines,
            left,
        }
    }

    pub(super) fn at(&self, penalty: f64) -> Option<Solution> {
        let k = self.moment.len();
        let h = Mat::from_fn(k, k, |i, j| {
            self.gram[(i, j)] + penalty * self.penalty[(i, j)]
        });
        let inverse = inverse_spd(h.as_ref())?;
        let lower = cholesky(&h)?;
        let slopes = times(inverse.as_ref(), &self.moment);
        let form = |m: &Mat<f64>| dot(&times(m.as_ref(), &slopes), &slopes);
        let square = self.total - 2.0 * dot(&slopes, &self.moment) + form(&self.gram);
        let effective = (0..k)
            .map(|i| {
                (0..k)
                    .map(|j| inverse[(i, j)] * self.gram[(j, i)])
                    .sum::<f64>()
            })
            .sum();
        Some(Solution {
            square,
            penalised: square + penalty * form(&self.penalty),
            effective,
            log_determinant: 2.0 * (0..k).map(|j| lower[(j, j)].ln()).sum::<f64>(),
            slopes,
            inverse,
        })
    }

    pub(super) fn criterion(&self, log_penalty: f64, smoothing: Smoothing) -> f64 {
        let penalty = log_penalty.exp();
        let Some(s) = self.at(penalty) else {
            return f64::INFINITY;
        };
        match smoothing {
            // `left` is without the straight line and the covariates, `effective` with them.
            Smoothing::Gcv => {
                let fixed = self.moment.len() - self.splines;
                s.square.ln() - 2.0 * (self.left - (s.effective - 1.0 - fixed as f64)).ln()
            }
            Smoothing::Reml => {
                self.left * s.penalised.ln() + s.log_determinant
                    - (self.splines - 1) as f64 * log_penalty
            }
        }
    }

    /// The penalty of the smallest criterion: a grid, then golden section around its best point.
    pub(super) fn choose(&self, smoothing: Smoothing) -> Result<Chosen, StatsError> {
        let trace = |m: &Mat<f64>| (0..self.splines).map(|j| m[(j, j)]).sum::<f64>();
        let middle = (trace(&self.gram) / trace(&self.penalty)).ln();
        let grid: Vec<f64> = (-40..=60).map(|i| middle + 0.4 * f64::from(i)).collect();
        let values: Vec<f64> = grid.iter().map(|l| self.criterion(*l, smoothing)).collect();
        let best = (0..grid.len())
            .min_by(|&a, &b| values[a].total_cmp(&values[b]))
            .unwrap_or(0);
        if !values[best].is_finite() {
            return Err(singular());
        }
        let tried = Cell::new(grid.len());
        let f = |l: f64| {
            tried.set(tried.get() + 1);
            self.criterion(l, smoothing)
        };
        let (l, _) = crate::kit::optimise::golden(f, grid[best] - 0.4, grid[best] + 0.4, 1e-7);
        Ok(Chosen {
            penalty: l.exp(),
            tried: tried.get(),
            inside: best > 0 && best + 1 < grid.len(),
        })
    }

    /// Sandwich plus the penalty's share.
    pub(super) fn covariance(
        &self,
        fit: &Solution,
        used: &[&[f64]],
        y: &[f64],
        data: &Absorbed,
        cluster: Option<(&[u32], usize)>,
    ) -> Sandwich {
        let k = used.len();
        let mut residual = y.to_vec();
        for (c, b) in used.iter().zip(&fit.slopes) {
            residual.iter_mut().zip(*c).for_each(|(e, c)| *e -= b * c);
        }
        let e = weighted(data, &residual);
        let groups = cluster.map_or(y.len(), |c| c.1);
        let mut scores = vec![0.0; groups * k];
        for (j, c) in used.iter().enumerate() {
            for (i, (c, e)) in c.iter().zip(&e).enumerate() {
                let g = cluster.map_or(i, |(codes, _)| codes[i] as usize);
                scores[g * k + j] += c * e;
            }
        }
        let mut meat = Mat::<f64>::zeros(k, k);
        for s in scores.chunks_exact(k) {
            for i in 0..k {
                for j in 0..k {
                    meat[(i, j)] += s[i] * s[j];
                }
            }
        }
        let inverse = &fit.inverse;
        Sandwich {
            sampling: inverse * meat * inverse,
            hidden: inverse - inverse * &self.gram * inverse,
        }
    }
}

/// The penalty of the smallest criterion.
pub(super) struct Chosen {
    pub(super) penalty: f64,
    pub(super) tried: usize,
    /// Not at an end of the range searched.
    pub(super) inside: bool,
}

/// Variance from the sample (without small-sample factor), and what the penalty hides over σ².
pub(super) struct Sandwich {
    pub(super) sampling: Mat<f64>,
    pub(super) hidden: Mat<f64>,
}
