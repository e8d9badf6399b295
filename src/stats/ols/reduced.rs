//! CR2 and CR3: clustered variances that stay honest with few or unequal clusters.
//!
//! Both replace a cluster's residuals `e` by `(I − H_jj)^{−k} e`, with `k = ½` (CR2, unbiased when errors are
//! alike and independent) or `k = 1` (CR3, the leave-one-cluster-out jackknife). `H_jj` has as many rows as the cluster, but
//! its rank is at most the number of regressors, so the power is taken on a matrix of that width from
//! cross products alone. Where `1 − λ` vanishes the pseudo-inverse is taken.
//!
//! Effects nested in the clusters need no more than that. Other effects enter as dummies, which are
//! orthogonal to the absorbed regressors; this is exact and meant for few levels. CR3 is the same whatever weights
//! mean; CR2 with weights is another matter (see `weighted`).

use faer::Mat;
use rayon::prelude::*;

use super::options::FitOptions;
use super::parameters::Parameters;
use super::scores::{Solved, meat};
use super::variance::{Variance, parameter_factor, sandwich};
use crate::absorbed::Absorbed;
use crate::error::StatsError;
use crate::fe::{Cells, Tolerance, remove};
use crate::linalg::{
    COLLINEAR, cholesky, dot, eigen_symmetric, independent, inverse_spd, multiply, times,
};
use crate::sample::Dense;

/// Dummies of effects not nested in the clusters that are still worth carrying explicitly.
const MOST_DUMMIES: usize = 400;

/// Rows times dummies that are still worth holding.
const MOST_CELLS: usize = 60_000_000;

/// A dummy's value that counts as nothing.
pub(super) const ZERO: f64 = 1e-12;

/// Which of the two corrections.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Power {
    /// CR2.
    Half,
    /// CR3.
    One,
}

/// CR2 (with Satterthwaite degrees of freedom for each reported coefficient) or CR3.
pub(crate) fn reduced(
    data: &Absorbed,
    fit: &Solved,
    options: &FitOptions,
    parameters: &Parameters,
    clusters: &Dense,
    contrasts: &Mat<f64>,
    power: Power,
) -> Result<Variance, StatsError> {
    let p = fit.x.len();
    let dummies = dummies(data, clusters)?;
    // Columns: regressors, dummies, outcome.
    let mut columns: Vec<&[f64]> = fit
        .x
        .iter()
        .map(|&x| &data.variables[x].values[..])
        .collect();
    columns.extend(dummies.iter().map(|d| &d[..]));
    columns.push(&data.variables[fit.y].values);
    let mut parts = inside(data, clusters, &columns, p);
    let whole = whole(&parts, columns.len() - 1, p);
    let keep = independent(whole.as_ref(), COLLINEAR);
    if keep[..p].contains(&false) {
        return Err(singular());
    }
    let kept: Vec<usize> = (0..keep.len()).filter(|&j| keep[j]).collect();
    for part in &mut parts {
        part.restrict(&keep);
    }
    let whole = Mat::from_fn(kept.len(), kept.len(), |i, j| whole[(kept[i], kept[j])]);
    let bread = inverse_spd(whole.as_ref()).ok_or_else(singular)?;
    let vectors: Vec<Vec<f64>> = (0..p)
        .map(|c| {
            let c: Vec<f64> = (0..p).map(|j| contrasts[(c, j)]).collect();
            times(fit.bread.as_ref(), &c)
        })
        .collect();
    let done: Vec<Option<Adjusted>> = parts
        .par_iter()
        .map(|part| part.adjust(&bread, &fit.beta, &vectors, power))
        .collect();
    let mut scores = Vec::with_capacity(clusters.levels * p);
    let mut trace: Vec<Satterthwaite> = (0..p).map(|_| Satterthwaite::new(kept.len())).collect();
    for (part, adjusted) in parts.iter().zip(done) {
        let adjusted = adjusted.ok_or_else(singular)?;
        scores.extend(adjusted.scores);
        for (t, (diagonal, own, u)) in trace.iter_mut().zip(&adjusted.moments) {
            t.add(*diagonal, *own, &part.active, u);
        }
    }
    let meat = meat(&scores, p);
    Ok(match power {
        Power::Half => Variance {
            matrix: sandwich(&fit.bread, &meat, 1.0),
            df: trace.iter().map(|t| t.degrees(&bread)).collect(),
            label: format!(
                "CR2 clustered by {}, Satterthwaite degrees of freedom",
                clusters.name
            ),
            notes: Vec::new(),
        },
        Power::One => {
            let g = clusters.levels as f64;
            let clusters_factor = if options.ssc.adjust_clusters {
                g / (g - 1.0)
            } else {
                1.0
            };
            let factor = parameter_factor(data.n(), parameters, options) * clusters_factor;
            Variance {
                matrix: sandwich(&fit.bread, &meat, factor),
                df: vec![g - 1.0],
                label: format!("CR3 (jackknife) clustered by {}", clusters.name),
                notes: Vec::new(),
            }
        }
    })
}

pub(super) fn singular() -> StatsError {
    StatsError::unsupported(
        "this design's leverage",
        "its cross products are numerically singular; drop near-collinear regressors",
    )
}

/// Cross products inside one cluster, of the columns that are not zero throughout it.
struct Inside {
    /// Which columns, ascending; the outcome is not among them.
    active: Vec<usize>,
    /// Their cross products.
    own: Mat<f64>,
    /// Their products with the outcome.
    y: Vec<f64>,
}

/// What a cluster contributes: scores, and for each contrast `q'q`, `u'Mu` and `u = X'q`.
struct Adjusted {
    scores: Vec<f64>,
    moments: Vec<(f64, f64, Vec<f64>)>,
}

/// Products inside every cluster; the first `p` columns are always there. A dummy touches few clusters, so most columns are skipped in most of them.
fn inside(data: &Absorbed, clusters: &Dense, columns: &[&[f64]], p: usize) -> Vec<Inside> {
    let (start, order) = clusters.grouped();
    let weights = data.sample.weights.as_deref();
    let last = columns.len() - 1;
    (0..clusters.levels)
        .into_par_iter()
        .map(|g| {
            let rows = &order[start[g] as usize..start[g + 1] as usize];
            let pick = |c: &[f64]| -> Vec<f64> { rows.iter().map(|&r| c[r as usize]).collect() };
            let active: Vec<usize> = (0..last)
                .filter(|&j| j < p || rows.iter().any(|&r| columns[j][r as usize].abs() > ZERO))
                .collect();
            let own: Vec<Vec<f64>> = active.iter().map(|&j| pick(columns[j])).collect();
            let weighted: Vec<Vec<f64>> = match weights {
                Some(w) => {
                    let w = pick(w);
                    own.iter()
                        .map(|c| c.iter().zip(&w).map(|(v, w)| v * w).collect())
                        .collect()
                }
                None => own.clone(),
            };
            let y = pick(columns[last]);
            let mut gram = Mat::<f64>::zeros(active.len(), active.len());
            for i in 0..active.len() {
                for j in 0..=i {
                    gram[(i, j)] = dot(&weighted[i], &own[j]);
                    gram[(j, i)] = gram[(i, j)];
                }
            }
            Inside {
                y: weighted.iter().map(|c| dot(c, &y)).collect(),
                own: gram,
                active,
            }
        })
        .collect()
}

/// The sum over clusters; the first `p` columns are orthogonal to the others, which is said exactly.
fn whole(parts: &[Inside], width: usize, p: usize) -> Mat<f64> {
    let mut total = Mat::<f64>::zeros(width, width);
    for part in parts {
        for (i, &a) in part.active.iter().enumerate() {
            for (j, &b) in part.active.iter().enumerate() {
                if (a < p) == (b < p) {
                    total[(a, b)] += part.own[(i, j)];
                }
            }
        }
    }
    total
}

impl Inside {
    /// Drops columns not kept and renumbers the others.
    fn restrict(&mut self, keep: &[bool]) {
        if keep.iter().all(|k| *k) {
            return;
        }
        let rank: Vec<usize> = keep
            .iter()
            .scan(0, |next, &k| {
                let own = *next;
                *next += usize::from(k);
                Some(own)
            })
            .collect();
        let at: Vec<usize> = (0..self.active.len())
            .filter(|&i| keep[self.active[i]])
            .collect();
        self.own = Mat::from_fn(at.len(), at.len(), |i, j| self.own[(at[i], at[j])]);
        self.y = at.iter().map(|&i| self.y[i]).collect();
        self.active = at.iter().map(|&i| rank[self.active[i]]).collect();
    }

    fn adjust(
        &self,
        bread: &Mat<f64>,
        beta: &[f64],
        vectors: &[Vec<f64>],
        power: Power,
    ) -> Option<Adjusted> {
        let (a, p) = (self.active.len(), beta.len());
        let local = Mat::from_fn(a, a, |i, j| bread[(self.active[i], self.active[j])]);
        let adjust = if a == 0 {
            Mat::zeros(0, 0)
        } else {
            adjustment(&self.own, &cholesky(&local)?, power)?
        };
        let spread = |v: &[f64]| -> Vec<f64> {
            self.active
                .iter()
                .map(|&j| if j < p { v[j] } else { 0.0 })
                .collect()
        };
        // X'A e = s + X'X (C E f E' C') s with s = X'e.
        let fitted = times(self.own.as_ref(), &spread(beta));
        let s: Vec<f64> = self.y.iter().zip(&fitted).map(|(y, f)| y - f).collect();
        let extra = times(self.own.as_ref(), &times(adjust.as_ref(), &s));
        let mut scores = vec![0.0; p];
        for (i, &j) in self.active.iter().enumerate().filter(|(_, j)| **j < p) {
            scores[j] = s[i] + extra[i];
        }
        let moments = if power == Power::One {
            Vec::new()
        } else {
            vectors
                .iter()
                .map(|v| {
                    let v = spread(v);
                    let moved = times(adjust.as_ref(), &times(self.own.as_ref(), &v));
                    let q: Vec<f64> = v.iter().zip(&moved).map(|(a, b)| a + b).collect();
                    let u = times(self.own.as_ref(), &q);
                    (dot(&q, &u), dot(&u, &times(local.as_ref(), &u)), u)
                })
                .collect()
        };
        Some(Adjusted { scores, moments })
    }
}

/// Running sums for `(tr P)² / tr(P²)` with `P = diag(d) − U M U'`, the rows of `U` sparse.
struct Satterthwaite {
    trace: f64,
    squares: f64,
    /// `U'U`.
    inner: Mat<f64>,
}

impl Satterthwaite {
    fn new(width: usize) -> Self {
        Self {
            trace: 0.0,
            squares: 0.0,
            inner: Mat::zeros(width, width),
        }
    }

    fn add(&mut self, diagonal: f64, own: f64, active: &[usize], u: &[f64]) {
        self.trace += diagonal - own;
        self.squares += diagonal * (diagonal - 2.0 * own);
        for (&a, x) in active.iter().zip(u) {
            for (&b, y) in active.iter().zip(u) {
                self.inner[(a, b)] += x * y;
            }
        }
    }

    fn degrees(&self, bread: &Mat<f64>) -> f64 {
        let product = multiply(self.inner.as_ref(), bread.as_ref());
        let p = product.nrows();
        let mut squares = self.squares;
        for i in 0..p {
            for j in 0..p {
                squares += product[(i, j)] * product[(j, i)];
            }
        }
        self.trace * self.trace / squares
    }
}

/// `C E f(λ) E' C'` where `C C' = M` and `E λ E'` decomposes `C' X_j'X_j C`.
fn adjustment(own: &Mat<f64>, root: &Mat<f64>, power: Power) -> Option<Mat<f64>> {
    let inner = multiply(
        multiply(root.transpose(), own.as_ref()).as_ref(),
        root.as_ref(),
    );
    let (values, vectors) = eigen_symmetric(inner.as_ref())?;
    let p = values.len();
    let turned = multiply(root.as_ref(), vectors.as_ref());
    let f: Vec<f64> = values
        .iter()
        .map(|&l| {
            let left = 1.0 - l;
            if l < 1e-14 {
                0.0
            } else if left < 1e-8 {
                -1.0 / l
            } else if power == Power::One {
                1.0 / left
            } else {
                // ((1−λ)^{−½} − 1)/λ without cancellation.
                let r = left.sqrt();
                1.0 / (r * (1.0 + r))
            }
        })
        .collect();
    let scaled = Mat::from_fn(p, p, |i, j| turned[(i, j)] * f[j]);
    Some(multiply(scaled.as_ref(), turned.transpose()))
}

/// Dummies of the effects not nested in the clusters, net of the nested ones; some may depend on others.
pub(super) fn dummies(data: &Absorbed, clusters: &Dense) -> Result<Vec<Vec<f64>>, StatsError> {
    let (nested, crossing): (Vec<&Dense>, Vec<&Dense>) = data
        .sample
        .effects
        .iter()
        .partition(|e| e.nested_in(clusters));
    let levels: usize = crossing.iter().map(|e| e.levels).sum();
    if levels == 0 {
        return Ok(Vec::new());
    }
    if levels > MOST_DUMMIES || levels * data.n() > MOST_CELLS {
        return Err(StatsError::unsupported(
            format!(
                "CR2 or CR3 with {levels} levels of effects that are not nested in `{}`",
                clusters.name
            ),
            "use CR1 or the wild bootstrap, or cluster at a level that holds the effects",
        ));
    }
    let weights = data.sample.weights.as_deref();
    let mut values: Vec<Vec<f64>> = Vec::with_capacity(levels);
    let mut totals = Vec::with_capacity(levels);
    for e in &crossing {
        for l in 0..e.levels as u32 {
            let own: Vec<f64> = e
                .codes
                .iter()
                .map(|&c| f64::from(u8::from(c == l)))
                .collect();
            totals.push(match weights {
                Some(w) => dot(&own, w),
                None => own.iter().sum(),
            });
            values.push(own);
        }
    }
    if !nested.is_empty() {
        let nested: Vec<Dense> = nested.into_iter().cloned().collect();
        let cells = Cells::build(&nested, weights, false);
        remove(
            &cells,
            &nested,
            weights,
            &mut values,
            &totals,
            &Tolerance::default(),
        );
    }
    // A dummy that the nested effects explain leaves rounding only: make it exactly nothing.
    for (v, total) in values.iter_mut().zip(&totals) {
        if dot(v, v) < COLLINEAR * total {
            v.fill(0.0);
        }
    }
    Ok(values)
}
