//! CR2 with weights, as clubSandwich has it for weighted least squares.
//!
//! Its working model is that errors are alike and independent, and weights say what to average over, not how precise a row
//! is. Residuals then have variance `(I − H)(I − H)'` with the skew hat matrix `H = U M U'W` of all columns `U` (regressors and
//! dummies), and `A_j` is the symmetric root of the inverse of its block (Pustejovsky and Tipton 2018, equation 6 with Φ = I):
//!
//! `B_j = I − U_j M U_j'W_j − W_j U_j M U_j' + U_j Ω U_j'`, `Ω = M U'W²U M`.
//!
//! `B_j − I` has at most twice the rank of `U_j`, so the root is taken on an orthonormal basis of `U_j` and `W_j U_j`. Unlike in the
//! unweighted case, effects nested in the clusters do not cancel: their levels are columns of their own cluster, and
//! everything about them stays inside it.

use faer::Mat;
use rayon::prelude::*;

use super::reduced::{ZERO, dummies, singular};
use super::scores::{Solved, meat};
use super::variance::{Variance, sandwich};
use crate::absorbed::Absorbed;
use crate::error::StatsError;
use crate::linalg::{COLLINEAR, dot, eigen_symmetric, independent, inverse_spd, multiply, times};
use crate::sample::Dense;

/// An eigenvalue of `B_j` that counts as zero: the direction is fitted perfectly and leaves.
const FITTED: f64 = 1e-11;

/// Columns that are the same for all clusters: regressors net of the effects, dummies of effects that cross the clusters.
struct Columns<'a> {
    values: Vec<&'a [f64]>,
    weights: &'a [f64],
    /// `(U'WU)⁻¹`.
    bread: Mat<f64>,
    /// `M U'W²U M`.
    omega: Mat<f64>,
}

/// What a cluster contributes.
struct Part {
    scores: Vec<f64>,
    /// For each contrast.
    moments: Vec<Moment>,
}

/// A cluster's part of `P_ij = δ_ij d_j − a_i'M b_j − b_i'M a_j + a_i'Ω a_j`.
struct Moment {
    /// `P_jj`.
    own: f64,
    /// Global columns of `a_j = U_j'q_j` and `b_j = U_j'W_j q_j`, and what nested levels add to `Ω a_j`, one after another.
    outer: Vec<f64>,
}

/// CR2 with Satterthwaite degrees of freedom for each reported coefficient, for weighted rows.
pub(crate) fn weighted(
    data: &Absorbed,
    fit: &Solved,
    clusters: &Dense,
    contrasts: &Mat<f64>,
    weights: &[f64],
) -> Result<Variance, StatsError> {
    let p = fit.x.len();
    let dummies = dummies(data, clusters)?;
    let mut values: Vec<&[f64]> = fit
        .x
        .iter()
        .map(|&x| &data.variables[x].values[..])
        .collect();
    values.extend(dummies.iter().map(|d| &d[..]));
    let columns = Columns::new(values, weights, p)?;
    let vectors: Vec<Vec<f64>> = (0..p)
        .map(|c| {
            let c: Vec<f64> = (0..p).map(|j| contrasts[(c, j)]).collect();
            times(fit.bread.as_ref(), &c)
        })
        .collect();
    let nested: Vec<&Dense> = data
        .sample
        .effects
        .iter()
        .filter(|e| e.nested_in(clusters))
        .collect();
    let residuals = fit.residuals(data);
    let (start, order) = clusters.grouped();
    let parts: Vec<Option<Part>> = (0..clusters.levels)
        .into_par_iter()
        .map(|g| {
            let rows = &order[start[g] as usize..start[g + 1] as usize];
            columns.part(rows, &nested, &residuals, &vectors)
        })
        .collect();
    let mut scores = Vec::with_capacity(clusters.levels * p);
    let k = columns.values.len();
    let mut degrees: Vec<Satterthwaite> = (0..p).map(|_| Satterthwaite::new(k)).collect();
    for part in parts {
        let part = part.ok_or_else(singular)?;
        scores.extend(part.scores);
        for (d, moment) in degrees.iter_mut().zip(&part.moments) {
            d.add(&columns, moment);
        }
    }
    Ok(Variance {
        matrix: sandwich(&fit.bread, &meat(&scores, p), 1.0),
        df: degrees.iter().map(|d| d.degrees(&columns)).collect(),
        label: format!(
            "CR2 clustered by {}, Satterthwaite degrees of freedom",
            clusters.name
        ),
        notes: Vec::new(),
    })
}

impl<'a> Columns<'a> {
    /// Keeps independent columns; the first `p` are orthogonal to the others in the weighted sense.
    fn new(mut values: Vec<&'a [f64]>, weights: &'a [f64], p: usize) -> Result<Self, StatsError> {
        let gram = |values: &[&[f64]], weights: &[f64], apart: bool| -> Mat<f64> {
            let rows: Vec<Vec<f64>> = (0..values.len())
                .into_par_iter()
                .map(|i| {
                    let left: Vec<f64> =
                        values[i].iter().zip(weights).map(|(v, w)| v * w).collect();
                    (0..=i)
                        .map(|j| {
                            if apart && (i < p) != (j < p) {
                                0.0
                            } else {
                                dot(&left, values[j])
                            }
                        })
                        .collect()
                })
                .collect();
            Mat::from_fn(values.len(), values.len(), |i, j| rows[i.max(j)][i.min(j)])
        };
        let whole = gram(&values, weights, true);
        let keep = independent(whole.as_ref(), COLLINEAR);
        if keep[..p].contains(&false) {
            return Err(singular());
        }
        let kept: Vec<usize> = (0..keep.len()).filter(|&j| keep[j]).collect();
        let whole = Mat::from_fn(kept.len(), kept.len(), |i, j| whole[(kept[i], kept[j])]);
        values = kept.iter().map(|&j| values[j]).collect();
        let bread = inverse_spd(whole.as_ref()).ok_or_else(singular)?;
        let squared: Vec<f64> = weights.iter().map(|w| w * w).collect();
        let middle = gram(&values, &squared, false);
        let omega = multiply(
            multiply(bread.as_ref(), middle.as_ref()).as_ref(),
            bread.as_ref(),
        );
        Ok(Self {
            values,
            weights,
            bread,
            omega,
        })
    }

    fn part(
        &self,
        rows: &[u32],
        nested: &[&Dense],
        residuals: &[f64],
        vectors: &[Vec<f64>],
    ) -> Option<Part> {
        let pick = |c: &[f64]| -> Vec<f64> { rows.iter().map(|&r| c[r as usize]).collect() };
        let w = pick(self.weights);
        let weigh = |c: &[f64]| -> Vec<f64> { c.iter().zip(&w).map(|(v, w)| v * w).collect() };
        let p = vectors.len();
        // Columns that are not zero in this cluster, the regressors always, then the nested levels.
        let mut own: Vec<Vec<f64>> = Vec::new();
        let mut active = Vec::new();
        for (j, column) in self.values.iter().enumerate() {
            if j < p || rows.iter().any(|&r| column[r as usize].abs() > ZERO) {
                active.push(j);
                own.push(pick(column));
            }
        }
        let global = active.len();
        own.extend(indicators(rows, nested, &w));
        let t = own.len();
        let heavy: Vec<Vec<f64>> = own.iter().map(|c| weigh(c)).collect();
        let nu = t - global;
        let local = Mat::from_fn(nu, nu, |i, j| dot(&heavy[global + i], &own[global + j]));
        let local = if nu == 0 {
            local
        } else {
            inverse_spd(local.as_ref())?
        };
        // U'W²U between all columns here; nested levels occur nowhere else.
        let s = Mat::from_fn(t, t, |i, j| {
            if i < global && j < global {
                0.0
            } else {
                dot(&heavy[i], &heavy[j])
            }
        });
        // Ω between nested levels and every global column, and among nested levels.
        let k = self.values.len();
        let across = {
            let half = Mat::from_fn(nu, k, |l, b| {
                (0..global)
                    .map(|a| s[(global + l, a)] * self.bread[(active[a], b)])
                    .sum::<f64>()
            });
            multiply(local.as_ref(), half.as_ref())
        };
        let among = {
            let inner = Mat::from_fn(nu, nu, |i, j| s[(global + i, global + j)]);
            multiply(
                multiply(local.as_ref(), inner.as_ref()).as_ref(),
                local.as_ref(),
            )
        };
        let bread = Mat::from_fn(t, t, |i, j| match (i < global, j < global) {
            (true, true) => self.bread[(active[i], active[j])],
            (false, false) => local[(i - global, j - global)],
            _ => 0.0,
        });
        let omega = Mat::from_fn(t, t, |i, j| match (i < global, j < global) {
            (true, true) => self.omega[(active[i], active[j])],
            (false, false) => among[(i - global, j - global)],
            (true, false) => across[(j - global, active[i])],
            (false, true) => across[(i - global, active[j])],
        });
        let root = Root::new(&own, &heavy, &bread, &omega)?;
        let adjusted = weigh(&root.apply(&pick(residuals)));
        let scores = own[..p].iter().map(|x| dot(x, &adjusted)).collect();
        let moments = vectors
            .iter()
            .map(|v| {
                let mut moved = vec![0.0; rows.len()];
                for (x, v) in heavy[..p].iter().zip(v) {
                    moved.iter_mut().zip(x).for_each(|(m, x)| *m += v * x);
                }
                let q = root.apply(&moved);
                let a: Vec<f64> = own.iter().map(|u| dot(u, &q)).collect();
                let b: Vec<f64> = heavy.iter().map(|u| dot(u, &q)).collect();
                let p_own = dot(&q, &q) - 2.0 * dot(&a, &times(bread.as_ref(), &b))
                    + dot(&a, &times(omega.as_ref(), &a));
                let mut outer = vec![0.0; 3 * k];
                for (i, &j) in active.iter().enumerate() {
                    outer[j] = a[i];
                    outer[k + j] = b[i];
                }
                for b in 0..k {
                    outer[2 * k + b] = (0..nu).map(|l| across[(l, b)] * a[global + l]).sum();
                }
                Moment { own: p_own, outer }
            })
            .collect();
        Some(Part { scores, moments })
    }
}

/// Independent indicators of the nested effects' levels among these rows.
fn indicators(rows: &[u32], nested: &[&Dense], w: &[f64]) -> Vec<Vec<f64>> {
    let mut all: Vec<Vec<f64>> = Vec::new();
    for e in nested {
        let mut levels: Vec<u32> = rows.iter().map(|&r| e.codes[r as usize]).collect();
        levels.sort_unstable();
        levels.dedup();
        for level in levels {
            let own = |&r: &u32| f64::from(u8::from(e.codes[r as usize] == level));
            all.push(rows.iter().map(own).collect());
        }
    }
    let gram = Mat::from_fn(all.len(), all.len(), |i, j| {
        (0..w.len())
            .map(|r| w[r] * all[i][r] * all[j][r])
            .sum::<f64>()
    });
    let keep = independent(gram.as_ref(), COLLINEAR);
    let mut keep = keep.into_iter();
    all.retain(|_| keep.next().unwrap_or(false));
    all
}

/// `B^(−½) = I + Q F Q'` with orthonormal columns `Q`.
struct Root {
    basis: Vec<Vec<f64>>,
    change: Mat<f64>,
}

impl Root {
    fn new(
        own: &[Vec<f64>],
        heavy: &[Vec<f64>],
        bread: &Mat<f64>,
        omega: &Mat<f64>,
    ) -> Option<Self> {
        let t = own.len();
        let span: Vec<&Vec<f64>> = own.iter().chain(heavy).collect();
        let basis = orthonormal(&span);
        let r = basis.len();
        // B − I = Z K Z' with Z = [U, WU] = Q R.
        let turn = Mat::from_fn(r, 2 * t, |i, j| dot(&basis[i], span[j]));
        let kernel = Mat::from_fn(2 * t, 2 * t, |i, j| match (i < t, j < t) {
            (true, true) => omega[(i, j)],
            (true, false) => -bread[(i, j - t)],
            (false, true) => -bread[(i - t, j)],
            (false, false) => 0.0,
        });
        let inner = multiply(
            multiply(turn.as_ref(), kernel.as_ref()).as_ref(),
            turn.transpose(),
        );
        let inner = Mat::from_fn(r, r, |i, j| 0.5 * (inner[(i, j)] + inner[(j, i)]));
        let (values, vectors) = eigen_symmetric(inner.as_ref())?;
        let f: Vec<f64> = values
            .iter()
            .map(|l| {
                if 1.0 + l > FITTED {
                    1.0 / (1.0 + l).sqrt() - 1.0
                } else {
                    -1.0
                }
            })
            .collect();
        let scaled = Mat::from_fn(r, r, |i, j| vectors[(i, j)] * f[j]);
        Some(Self {
            basis,
            change: multiply(scaled.as_ref(), vectors.transpose()),
        })
    }

    fn apply(&self, v: &[f64]) -> Vec<f64> {
        let inside: Vec<f64> = self.basis.iter().map(|q| dot(q, v)).collect();
        let mut out = v.to_vec();
        for (q, c) in self.basis.iter().zip(times(self.change.as_ref(), &inside)) {
            out.iter_mut().zip(q).for_each(|(o, q)| *o += c * q);
        }
        out
    }
}

/// An orthonormal basis of the columns' span (Gram–Schmidt, every column twice).
fn orthonormal(columns: &[&Vec<f64>]) -> Vec<Vec<f64>> {
    let mut basis: Vec<Vec<f64>> = Vec::new();
    for column in columns {
        let size = dot(column, column).sqrt();
        let mut v: Vec<f64> = (*column).clone();
        for _ in 0..2 {
            for q in &basis {
                let c = dot(q, &v);
                v.iter_mut().zip(q).for_each(|(v, q)| *v -= c * q);
            }
        }
        let left = dot(&v, &v).sqrt();
        if left > 1e-12 * size {
            // What is left of a nearly dependent column lost its digits: make it orthogonal once more at unit length.
            v.iter_mut().for_each(|v| *v /= left);
            for q in &basis {
                let c = dot(q, &v);
                v.iter_mut().zip(q).for_each(|(v, q)| *v -= c * q);
            }
            let left = dot(&v, &v).sqrt();
            v.iter_mut().for_each(|v| *v /= left);
            basis.push(v);
        }
    }
    basis
}

/// Running sums for `(tr P)² / tr(P²)`.
struct Satterthwaite {
    trace: f64,
    /// `Σ (P_jj² − L_jj²)` with `L` the part of `P` that global columns make.
    squares: f64,
    /// `Σ v_j v_j'` of the outer vectors.
    inner: Mat<f64>,
}

impl Satterthwaite {
    fn new(k: usize) -> Self {
        Self {
            trace: 0.0,
            squares: 0.0,
            inner: Mat::zeros(3 * k, 3 * k),
        }
    }

    fn add(&mut self, columns: &Columns<'_>, moment: &Moment) {
        let v = &moment.outer;
        let between = dot(v, &columns.kernel(v));
        self.trace += moment.own;
        self.squares += moment.own * moment.own - between * between;
        let at: Vec<usize> = (0..v.len()).filter(|&i| v[i] != 0.0).collect();
        for &j in &at {
            for &i in &at {
                self.inner[(i, j)] += v[i] * v[j];
            }
        }
    }

    fn degrees(&self, columns: &Columns<'_>) -> f64 {
        let size = self.inner.nrows();
        let mut product = Mat::<f64>::zeros(size, size);
        for j in 0..size {
            let column: Vec<f64> = (0..size).map(|i| self.inner[(i, j)]).collect();
            for (i, v) in columns.kernel(&column).into_iter().enumerate() {
                product[(i, j)] = v;
            }
        }
        let mut squares = self.squares;
        for i in 0..size {
            for j in 0..size {
                squares += product[(i, j)] * product[(j, i)];
            }
        }
        self.trace * self.trace / squares
    }
}

impl Columns<'_> {
    /// `[[Ω, −M, I], [−M, 0, 0], [I, 0, 0]] v`.
    fn kernel(&self, v: &[f64]) -> Vec<f64> {
        let k = self.values.len();
        let (a, b, c) = (&v[..k], &v[k..2 * k], &v[2 * k..]);
        let omega = times(self.omega.as_ref(), a);
        let moved = times(self.bread.as_ref(), b);
        let top = (0..k).map(|i| omega[i] - moved[i] + c[i]);
        let middle = times(self.bread.as_ref(), a);
        top.chain(middle.iter().map(|v| -v))
            .chain(a.iter().copied())
            .collect()
    }
}
