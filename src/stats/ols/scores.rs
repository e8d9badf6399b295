//! Sums of `w·x·e` over groups: what every clustered variance is made of.

use crate::absorbed::{Absorbed, ClusterGrams};
use crate::linalg::packed;
use crate::sample::Dense;

/// A fitted specification before its variance: positions of columns, slopes and bread.
#[derive(Debug)]
pub(crate) struct Solved {
    /// Position of the outcome among the variables.
    pub(crate) y: usize,
    /// Positions of the regressors kept.
    pub(crate) x: Vec<usize>,
    pub(crate) beta: Vec<f64>,
    /// `(X'WX)⁻¹`.
    pub(crate) bread: faer::Mat<f64>,
    pub(crate) rss: f64,
}

impl Solved {
    /// Residuals, one a row.
    pub(crate) fn residuals(&self, data: &Absorbed) -> Vec<f64> {
        let mut e = vec![0.0; data.n()];
        self.residuals_from(data, 0, &mut e);
        e
    }

    /// Residuals of the rows from `first` on, as many as `out` takes.
    pub(crate) fn residuals_from(&self, data: &Absorbed, first: usize, out: &mut [f64]) {
        let rows = first..first + out.len();
        out.copy_from_slice(&data.variables[self.y].values[rows.clone()]);
        for (&x, &b) in self.x.iter().zip(&self.beta) {
            for (e, v) in out.iter_mut().zip(&data.variables[x].values[rows.clone()]) {
                *e -= b * v;
            }
        }
    }

    /// Residuals of the rows named.
    pub(crate) fn residuals_of(&self, data: &Absorbed, rows: &[u32], out: &mut [f64]) {
        let outcome = &data.variables[self.y].values;
        for (e, &r) in out.iter_mut().zip(rows) {
            *e = outcome[r as usize];
        }
        for (&x, &b) in self.x.iter().zip(&self.beta) {
            let values = &data.variables[x].values;
            for (e, &r) in out.iter_mut().zip(rows) {
                *e -= b * values[r as usize];
            }
        }
    }

    /// Scores summed over clusters, `G × p` row by row, from cross products inside clusters.
    pub(crate) fn scores_from_grams(&self, data: &Absorbed, grams: &ClusterGrams) -> Vec<f64> {
        let k = data.variables.len();
        let p = self.x.len();
        let to_y: Vec<usize> = self.x.iter().map(|&x| packed(k, x, self.y)).collect();
        let between: Vec<usize> = self
            .x
            .iter()
            .flat_map(|&a| self.x.iter().map(move |&b| packed(k, a, b)))
            .collect();
        let mut out = Vec::with_capacity(grams.data.len() / grams.width * p);
        for g in grams.groups() {
            for j in 0..p {
                let mut s = g[to_y[j]];
                for (&at, &b) in between[j * p..(j + 1) * p].iter().zip(&self.beta) {
                    s -= g[at] * b;
                }
                out.push(s);
            }
        }
        out
    }

    /// Scores summed over the levels of any grouping, `G × p` row by row, from the rows.
    pub(crate) fn scores_from_rows(
        &self,
        data: &Absorbed,
        groups: &Dense,
        residuals: &[f64],
    ) -> Vec<f64> {
        let p = self.x.len();
        let weights = data.sample.weights.as_deref();
        let mut out = vec![0.0; groups.levels * p];
        for (j, &x) in self.x.iter().enumerate() {
            let values = &data.variables[x].values;
            for (i, &c) in groups.codes.iter().enumerate() {
                out[c as usize * p + j] += weights.map_or(1.0, |w| w[i]) * residuals[i] * values[i];
            }
        }
        out
    }
}

/// `Σ s s'` of scores stored row by row.
pub(crate) fn meat(scores: &[f64], p: usize) -> faer::Mat<f64> {
    let mut m = faer::Mat::<f64>::zeros(p, p);
    let mut sum = vec![0.0; p * (p + 1) / 2];
    for s in scores.chunks(p) {
        let mut at = 0;
        for i in 0..p {
            for j in i..p {
                sum[at] += s[i] * s[j];
                at += 1;
            }
        }
    }
    for i in 0..p {
        for j in i..p {
            m[(i, j)] = sum[packed(p, i, j)];
            m[(j, i)] = m[(i, j)];
        }
    }
    m
}
