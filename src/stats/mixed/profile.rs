//! The profiled criterion: everything but `θ` solved for exactly.
//!
//! Outcome and regressors enter as `X = QR` and the residual of the outcome on `X`, so that sums of squares that nearly cancel are
//! small to begin with. Criterion as lme4's `Laplace()`: minus twice the log-likelihood, restricted by the fixed effects for REML.

use super::design::{Gathered, products};
use super::structure::Structure;
use crate::error::StatsError;
use crate::linalg::{cholesky, dot, inverse_spd, times};
use faer::Mat;

/// The model with everything that does not depend on `θ`.
pub(crate) struct Profile {
    pub(crate) structure: Structure,
    pub(crate) n: usize,
    pub(crate) p: usize,
    pub(crate) reml: bool,
    /// `Z'W[Q e]`, column-major.
    crossed: Vec<f64>,
    /// `[Q e]'W[Q e]`.
    gram: Mat<f64>,
    /// `R⁻¹`.
    pub(crate) back: Mat<f64>,
    /// `Q'Wy`.
    pub(crate) start: Vec<f64>,
    log_r: f64,
    log_weights: f64,
}

/// The model at one `θ`.
pub(crate) struct Point {
    /// Minus twice the profiled log-likelihood.
    pub(crate) criterion: f64,
    /// Penalised residual sum of squares.
    pub(crate) square: f64,
    /// Log-determinants: of `Λ'Z'WZΛ + I`, and with REML of the fixed part.
    pub(crate) logs: f64,
    /// Cross products of `[Q e]` net of the random part.
    pub(crate) inner: Mat<f64>,
    /// `(Λ'Z'WZΛ + I)⁻¹ Λ'Z'W[Q e]`, column-major.
    pub(crate) solved: Vec<f64>,
}

impl Profile {
    pub(crate) fn new(model: &Gathered, reml: bool) -> Result<Self, StatsError> {
        let (n, p) = (model.outcome.len(), model.columns.len());
        let weights = model.weights.as_deref();
        let structure = Structure::new(&model.terms, weights)?;
        let lower = cholesky(&products(&model.columns, &model.weights)).ok_or_else(|| {
            StatsError::AllCollinear {
                names: model.names.join(", "),
            }
        })?;
        let mut q: Vec<Vec<f64>> = Vec::with_capacity(p + 1);
        for (j, column) in model.columns.iter().enumerate() {
            let mut v = column.clone();
            for (i, earlier) in q.iter().enumerate() {
                let r = lower[(j, i)];
                v.iter_mut().zip(earlier).for_each(|(v, e)| *v -= r * e);
            }
            v.iter_mut().for_each(|v| *v /= lower[(j, j)]);
            q.push(v);
        }
        let weighted = |v: &[f64]| -> Vec<f64> {
            match weights {
                Some(w) => v.iter().zip(w).map(|(v, w)| v * w).collect(),
                None => v.to_vec(),
            }
        };
        let wy = weighted(&model.outcome);
        let start: Vec<f64> = q.iter().map(|c| dot(c, &wy)).collect();
        let mut e = model.outcome.clone();
        for (c, g) in q.iter().zip(&start) {
            e.iter_mut().zip(c).for_each(|(e, c)| *e -= g * c);
        }
        let total = dot(&wy, &model.outcome);
        if dot(&weighted(&e), &e) <= 1e-14 * total {
            return Err(StatsError::PerfectFit {
                outcome: "the outcome".into(),
            });
        }
        q.push(e);
        let gram = products(&q, &model.weights);
        let mut crossed = vec![0.0; structure.q * (p + 1)];
        for (column, out) in q.iter().zip(crossed.chunks_exact_mut(structure.q)) {
            let column = weighted(column);
            for (t, term) in model.terms.iter().enumerate() {
                let k = term.width();
                for (j, z) in term.columns.iter().enumerate() {
                    for ((level, z), c) in term.level.iter().zip(z).zip(&column) {
                        out[structure.offset[t] + *level as usize * k + j] += z * c;
                    }
                }
            }
        }
        let mut back = Mat::zeros(p, p);
        for j in 0..p {
            back[(j, j)] = 1.0 / lower[(j, j)];
            for i in (0..j).rev() {
                let s: f64 = (i + 1..=j).map(|m| lower[(m, i)] * back[(m, j)]).sum();
                back[(i, j)] = -s / lower[(i, i)];
            }
        }
        Ok(Self {
            structure,
            n,
            p,
            reml,
            crossed,
            gram,
            back,
            start,
            log_r: 2.0 * (0..p).map(|j| lower[(j, j)].ln()).sum::<f64>(),
            log_weights: weights.map_or(0.0, |w| w.iter().map(|w| w.ln()).sum()),
        })
    }

    /// Degrees of freedom of the residual variance.
    pub(crate) fn residual_df(&self) -> f64 {
        (self.n - if self.reml { self.p } else { 0 }) as f64
    }

    /// Lower triangular matrices (row-major) of `θ`, which lists them column by column, as lme4 does.
    pub(crate) fn lambda(&self, theta: &[f64]) -> Vec<Vec<f64>> {
        let mut next = theta.iter();
        self.structure
            .width
            .iter()
            .map(|&k| {
                let mut l = vec![0.0; k * k];
                for j in 0..k {
                    for i in j..k {
                        l[i * k + j] = next.next().copied().unwrap_or(0.0);
                    }
                }
                l
            })
            .collect()
    }

    /// The identity for every term, where the search begins.
    pub(crate) fn first_theta(&self) -> Vec<f64> {
        let mut theta = Vec::new();
        for &k in &self.structure.width {
            for j in 0..k {
                theta.extend((j..k).map(|i| f64::from(u8::from(i == j))));
            }
        }
        theta
    }

    /// Solves for everything else; `None` where `θ` is so large that rounding decides.
    pub(crate) fn at(&self, theta: &[f64]) -> Option<Point> {
        let (p, q) = (self.p, self.structure.q);
        let lambda = self.lambda(theta);
        let factor = self.structure.factor(&lambda)?;
        let mut right = self.crossed.clone();
        self.structure.scale(&lambda, &mut right);
        let mut solved = right.clone();
        factor.solve(&mut solved);
        let mut inner = self.gram.clone();
        for i in 0..=p {
            for j in 0..=i {
                let v = dot(&right[i * q..(i + 1) * q], &solved[j * q..(j + 1) * q]);
                inner[(i, j)] -= v;
                if i != j {
                    inner[(j, i)] -= v;
                }
            }
        }
        let lower = cholesky(&inner)?;
        let square = lower[(p, p)] * lower[(p, p)];
        let fixed: f64 = 2.0 * (0..p).map(|j| lower[(j, j)].ln()).sum::<f64>() + self.log_r;
        let logs = factor.log_determinant() + if self.reml { fixed } else { 0.0 };
        let df = self.residual_df();
        let criterion =
            logs - self.log_weights + df * (1.0 + (2.0 * std::f64::consts::PI * square / df).ln());
        criterion.is_finite().then_some(Point {
            criterion,
            square,
            logs,
            inner,
            solved,
        })
    }

    /// Criterion alone; infinite where it cannot be computed.
    pub(crate) fn criterion(&self, theta: &[f64]) -> f64 {
        self.at(theta).map_or(f64::INFINITY, |p| p.criterion)
    }
}

impl Point {
    /// Change of `Q`'s coefficients from least squares, and the covariance of the coefficients over `σ²`.
    pub(crate) fn fixed(&self, profile: &Profile) -> Option<(Vec<f64>, Mat<f64>)> {
        let p = profile.p;
        let part = Mat::from_fn(p, p, |i, j| self.inner[(i, j)]);
        let inverse = inverse_spd(part.as_ref())?;
        let moment: Vec<f64> = (0..p).map(|i| self.inner[(i, p)]).collect();
        let change = times(inverse.as_ref(), &moment);
        let covariance = &profile.back * &inverse * profile.back.transpose();
        Some((change, covariance))
    }
}
