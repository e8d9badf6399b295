//! CR2 and CR3: clustered variances that stay honest with few or unequal clusters.
//!
//! Both replace a cluster's residuals `e` by `(I − H_jj)^{−k} e`, with `k = ½` (CR2, unbiased when errors are
//! alike and independent) or `k = 1` (CR3, the leave-one-cluster-out jackknife). `H_jj` has as many rows as the cluster, but
//! its rank is at most the number of regressors, so the power is taken on a matrix of that width from
//! cross products alone. Where `1 − λ` vanishes the pseudo-inverse is taken.
//!
//! Effects nested in the clusters need no more than that. Other effects enter as dummies, which are
//! orthogonal to the absorbed regressors; this is exact and meant for few levels. Weights are taken as inverse
//! variances (the working model is homoskedastic after weighting).

use faer::Mat;

use super::options::FitOptions;
use super::parameters::Parameters;
use super::scores::{Solved, meat};
use super::variance::{Variance, parameter_factor, sandwich};
use crate::absorbed::{Absorbed, Variable};
use crate::error::StatsError;
use crate::fe::{Cells, Removal, Tolerance, remove};
use crate::linalg::{
    COLLINEAR, cholesky, dot, eigen_symmetric, independent, inverse_spd, packed, times,
};
use crate::sample::Dense;

/// Dummies of effects not nested in the clusters that are still worth carrying explicitly.
const MOST_DUMMIES: usize = 400;

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
    let width = p + dummies.len();
    // Cross products inside clusters of [regressors, dummies, outcome].
    let mut columns: Vec<&Variable> = fit.x.iter().map(|&x| &data.variables[x]).collect();
    columns.extend(&dummies);
    columns.push(&data.variables[fit.y]);
    let grams = data.grams_of(clusters, &columns);
    let k = width + 1;
    let mut total = vec![0.0; grams.width];
    for g in grams.groups() {
        for (t, v) in total.iter_mut().zip(g) {
            *t += v;
        }
    }
    let whole = Mat::from_fn(width, width, |i, j| {
        // Regressors are orthogonal to every dummy; say so exactly.
        if (i < p) == (j < p) {
            total[packed(k, i, j)]
        } else {
            0.0
        }
    });
    let singular = || {
        StatsError::unsupported(
            "this design's leverage",
            "its cross products are numerically singular; drop near-collinear regressors",
        )
    };
    let bread = inverse_spd(whole.as_ref()).ok_or_else(singular)?;
    let root = cholesky(&bread).ok_or_else(singular)?;
    let root_columns: Vec<Vec<f64>> = (0..width)
        .map(|j| (j..width).map(|i| root[(i, j)]).collect())
        .collect();
    let vectors: Vec<Vec<f64>> = (0..p)
        .map(|c| {
            let c: Vec<f64> = (0..p).map(|j| contrasts[(c, j)]).collect();
            let mut v = times(fit.bread.as_ref(), &c);
            v.resize(width, 0.0);
            v
        })
        .collect();
    let mut scores = Vec::with_capacity(clusters.levels * p);
    let mut diagonal = vec![Vec::with_capacity(clusters.levels); p];
    let mut cross = vec![Vec::with_capacity(clusters.levels); p];
    for g in grams.groups() {
        let own = Mat::from_fn(width, width, |i, j| g[packed(k, i, j)]);
        let adjust = adjustment(&own, &root, power).ok_or_else(singular)?;
        let mut s: Vec<f64> = (0..width).map(|i| g[packed(k, i, width)]).collect();
        for (j, b) in fit.beta.iter().enumerate() {
            for (i, s) in s.iter_mut().enumerate() {
                *s -= own[(i, j)] * b;
            }
        }
        // X'A e = s + X'X (C E f E' C') s.
        let extra = times(own.as_ref(), &times(adjust.as_ref(), &s));
        scores.extend((0..p).map(|j| s[j] + extra[j]));
        if power == Power::Half {
            for (c, v) in vectors.iter().enumerate() {
                let moved = times(adjust.as_ref(), &times(own.as_ref(), v));
                let q: Vec<f64> = v.iter().zip(&moved).map(|(a, b)| a + b).collect();
                let u = times(own.as_ref(), &q);
                diagonal[c].push(q.iter().zip(&u).map(|(a, b)| a * b).sum::<f64>());
                // The root is lower triangular: its column `j` starts at row `j`.
                let lower = root_columns
                    .iter()
                    .enumerate()
                    .map(|(j, root)| dot(root, &u[j..]));
                cross[c].push(lower.collect::<Vec<f64>>());
            }
        }
    }
    let meat = meat(&scores, p);
    Ok(match power {
        Power::Half => Variance {
            matrix: sandwich(&fit.bread, &meat, 1.0),
            df: (0..p)
                .map(|c| satterthwaite(&diagonal[c], &cross[c], width))
                .collect(),
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

/// `C E f(λ) E' C'` where `C C' = M` and `E λ E'` decomposes `C' X_j'X_j C`.
fn adjustment(own: &Mat<f64>, root: &Mat<f64>, power: Power) -> Option<Mat<f64>> {
    let inner = root.transpose() * own * root;
    let (values, vectors) = eigen_symmetric(inner.as_ref())?;
    let p = values.len();
    let turned = root * &vectors;
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
    Some(&scaled * turned.transpose())
}

/// `(tr P)² / tr(P²)` for `P = diag(d) − L L'` with the rows of `L` given.
fn satterthwaite(d: &[f64], rows: &[Vec<f64>], width: usize) -> f64 {
    // Upper triangle of L'L, row by row.
    let mut inner = vec![0.0; width * width];
    let mut trace = 0.0;
    let mut squares = 0.0;
    for (d, row) in d.iter().zip(rows) {
        let own: f64 = row.iter().map(|v| v * v).sum();
        trace += d - own;
        squares += d * d - 2.0 * d * own;
        for (i, &left) in row.iter().enumerate() {
            let upper = &mut inner[i * width + i..(i + 1) * width];
            for (sum, &right) in upper.iter_mut().zip(&row[i..]) {
                *sum += left * right;
            }
        }
    }
    for i in 0..width {
        let (own, above) = (
            inner[i * width + i],
            &inner[i * width + i + 1..(i + 1) * width],
        );
        squares += own * own + 2.0 * above.iter().map(|v| v * v).sum::<f64>();
    }
    trace * trace / squares
}

/// Dummies of the effects not nested in the clusters, net of the nested ones, independent of each other.
fn dummies(data: &Absorbed, clusters: &Dense) -> Result<Vec<Variable>, StatsError> {
    let (nested, crossing): (Vec<&Dense>, Vec<&Dense>) = data
        .sample
        .effects
        .iter()
        .partition(|e| e.nested_in(clusters));
    let levels: usize = crossing.iter().map(|e| e.levels).sum();
    if levels == 0 {
        return Ok(Vec::new());
    }
    if levels > MOST_DUMMIES {
        return Err(StatsError::unsupported(
            format!(
                "CR2 or CR3 with {levels} levels of effects that are not nested in `{}`",
                clusters.name
            ),
            "use CR1 or the wild bootstrap, or cluster at a level that holds the effects",
        ));
    }
    let n = data.n();
    let weights = data.sample.weights.as_deref();
    let mut values: Vec<Vec<f64>> = Vec::with_capacity(levels);
    for e in &crossing {
        for l in 0..e.levels as u32 {
            values.push(
                e.codes
                    .iter()
                    .map(|&c| f64::from(u8::from(c == l)))
                    .collect(),
            );
        }
    }
    let totals: Vec<f64> = values
        .iter()
        .map(|v| match weights {
            Some(w) => crate::linalg::dot(v, w),
            None => v.iter().sum(),
        })
        .collect();
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
    let weighted = |i: usize, j: usize| -> f64 {
        let pairs = values[i].iter().zip(&values[j]);
        match weights {
            Some(w) => pairs.zip(w).map(|((a, b), w)| a * b * w).sum(),
            None => pairs.map(|(a, b)| a * b).sum(),
        }
    };
    let count = values.len();
    let mut gram = Mat::<f64>::zeros(count, count);
    for i in 0..count {
        for j in 0..=i {
            gram[(i, j)] = weighted(i, j);
            gram[(j, i)] = gram[(i, j)];
        }
        if gram[(i, i)] < COLLINEAR * totals[i] {
            gram[(i, i)] = 0.0;
        }
    }
    let keep = independent(gram.as_ref(), COLLINEAR);
    debug_assert!(values.iter().all(|v| v.len() == n));
    Ok(values
        .into_iter()
        .zip(totals)
        .zip(keep)
        .filter(|(_, keep)| *keep)
        .map(|((values, total), _)| Variable {
            name: String::new(),
            values,
            mean: 0.0,
            total,
            removal: Removal::default(),
        })
        .collect())
}
