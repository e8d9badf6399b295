//! The small dense algebra of estimators: matrices as wide as the regressors, never as tall as the rows.
//!
//! A thin layer over `faer`, so that scaling, rank decisions and symmetry are treated in one place. A
//! Gram matrix is scaled to unit diagonal before it is factored: units of measurement must not decide
//! what is collinear.

use faer::{Mat, MatRef, Side};

/// A squared correlation this near one means no variation of its own.
pub(crate) const COLLINEAR: f64 = 1e-10;

/// Which columns of a Gram matrix are linearly independent, taking them in the order given.
///
/// A column is kept when the part not explained by those kept before it exceeds `tolerance` of its own
/// sum of squares.
pub(crate) fn independent(gram: MatRef<'_, f64>, tolerance: f64) -> Vec<bool> {
    let p = gram.nrows();
    let scale: Vec<f64> = (0..p).map(|j| gram[(j, j)].max(0.0).sqrt()).collect();
    let mut kept: Vec<usize> = Vec::with_capacity(p);
    let mut factor: Vec<Vec<f64>> = Vec::with_capacity(p);
    let mut keep = vec![false; p];
    for j in 0..p {
        if scale[j] == 0.0 || !scale[j].is_finite() {
            continue;
        }
        let mut row = Vec::with_capacity(kept.len() + 1);
        let mut left = 1.0;
        for (a, &k) in kept.iter().enumerate() {
            let mut v = gram[(j, k)] / (scale[j] * scale[k]);
            for (x, y) in row.iter().zip(&factor[a]) {
                v -= x * y;
            }
            let v = v / factor[a][a];
            left -= v * v;
            row.push(v);
        }
        if left > tolerance {
            row.push(left.sqrt());
            factor.push(row);
            kept.push(j);
            keep[j] = true;
        }
    }
    keep
}

/// The inverse of a symmetric positive definite matrix, through its scaled Cholesky factor.
/// `None` when it is not positive definite.
pub(crate) fn inverse_spd(a: MatRef<'_, f64>) -> Option<Mat<f64>> {
    let p = a.nrows();
    let scale: Vec<f64> = (0..p).map(|j| 1.0 / a[(j, j)].sqrt()).collect();
    if scale.iter().any(|s| !s.is_finite()) {
        return None;
    }
    let l = cholesky(&Mat::from_fn(p, p, |i, j| a[(i, j)] * scale[i] * scale[j]))?;
    // Columns of L⁻¹, then (L⁻¹)'L⁻¹.
    let mut inv = Mat::<f64>::zeros(p, p);
    for j in 0..p {
        inv[(j, j)] = 1.0 / l[(j, j)];
        for i in j + 1..p {
            let mut v = 0.0;
            for k in j..i {
                v -= l[(i, k)] * inv[(k, j)];
            }
            inv[(i, j)] = v / l[(i, i)];
        }
    }
    Some(Mat::from_fn(p, p, |i, j| {
        let mut v = 0.0;
        for k in i.max(j)..p {
            v += inv[(k, i)] * inv[(k, j)];
        }
        v * scale[i] * scale[j]
    }))
}

/// The lower Cholesky factor, or `None` when a pivot is not positive.
pub(crate) fn cholesky(a: &Mat<f64>) -> Option<Mat<f64>> {
    let p = a.nrows();
    let mut l = Mat::<f64>::zeros(p, p);
    for j in 0..p {
        let mut d = a[(j, j)];
        for k in 0..j {
            d -= l[(j, k)] * l[(j, k)];
        }
        if !(d > 0.0 && d.is_finite()) {
            return None;
        }
        let d = d.sqrt();
        l[(j, j)] = d;
        for i in j + 1..p {
            let mut v = a[(i, j)];
            for k in 0..j {
                v -= l[(i, k)] * l[(j, k)];
            }
            l[(i, j)] = v / d;
        }
    }
    Some(l)
}

/// Widest matrix decomposed by rotations; a library call costs more than that below it.
const SMALL: usize = 24;

/// Eigenvalues and eigenvectors (columns) of a symmetric matrix, in no particular order.
pub(crate) fn eigen_symmetric(a: MatRef<'_, f64>) -> Option<(Vec<f64>, Mat<f64>)> {
    if a.nrows() <= SMALL {
        return Some(rotations(a));
    }
    let e = a.self_adjoint_eigen(Side::Lower).ok()?;
    let s = e.S().column_vector();
    Some(((0..a.nrows()).map(|i| s[i]).collect(), e.U().to_owned()))
}

/// Cyclic Jacobi rotations: exact to rounding, small eigenvalues included.
fn rotations(a: MatRef<'_, f64>) -> (Vec<f64>, Mat<f64>) {
    let p = a.nrows();
    let mut m: Vec<f64> = (0..p * p).map(|k| a[(k / p, k % p)]).collect();
    let mut v = vec![0.0; p * p];
    (0..p).for_each(|i| v[i * p + i] = 1.0);
    for _ in 0..60 {
        let mut off = 0.0;
        for i in 0..p {
            for j in i + 1..p {
                let (x, y, z) = (m[i * p + i], m[j * p + j], m[i * p + j]);
                if z.abs() <= f64::EPSILON * 0.01 * (x.abs() * y.abs()).sqrt() || z == 0.0 {
                    continue;
                }
                off += 1.0;
                let theta = (y - x) / (2.0 * z);
                let t = theta.signum() / (theta.abs() + (theta * theta + 1.0).sqrt());
                let c = 1.0 / (t * t + 1.0).sqrt();
                let s = t * c;
                for k in 0..p {
                    let (a, b) = (m[k * p + i], m[k * p + j]);
                    (m[k * p + i], m[k * p + j]) = (c * a - s * b, s * a + c * b);
                }
                for k in 0..p {
                    let (a, b) = (m[i * p + k], m[j * p + k]);
                    (m[i * p + k], m[j * p + k]) = (c * a - s * b, s * a + c * b);
                    let (a, b) = (v[k * p + i], v[k * p + j]);
                    (v[k * p + i], v[k * p + j]) = (c * a - s * b, s * a + c * b);
                }
            }
        }
        if off == 0.0 {
            break;
        }
    }
    let values = (0..p).map(|i| m[i * p + i]).collect();
    (values, Mat::from_fn(p, p, |i, j| v[i * p + j]))
}

/// `a b` for small matrices.
pub(crate) fn multiply(a: MatRef<'_, f64>, b: MatRef<'_, f64>) -> Mat<f64> {
    if a.nrows() > SMALL {
        return a * b;
    }
    Mat::from_fn(a.nrows(), b.ncols(), |i, j| {
        (0..a.ncols()).map(|k| a[(i, k)] * b[(k, j)]).sum()
    })
}

/// `m v` for a small matrix.
pub(crate) fn times(m: MatRef<'_, f64>, v: &[f64]) -> Vec<f64> {
    (0..m.nrows())
        .map(|i| (0..m.ncols()).map(|j| m[(i, j)] * v[j]).sum())
        .collect()
}

/// `u' v`, with eight running sums so that it vectorises; the order of addition is fixed.
pub(crate) fn dot(u: &[f64], v: &[f64]) -> f64 {
    let mut acc = [0.0; 8];
    let (uc, vc) = (u.chunks_exact(8), v.chunks_exact(8));
    let tail: f64 = uc
        .remainder()
        .iter()
        .zip(vc.remainder())
        .map(|(a, b)| a * b)
        .sum();
    for (a, b) in uc.zip(vc) {
        for l in 0..8 {
            acc[l] += a[l] * b[l];
        }
    }
    ((acc[0] + acc[4]) + (acc[1] + acc[5])) + ((acc[2] + acc[6]) + (acc[3] + acc[7])) + tail
}

/// Position of `(i, j)` in the packed upper triangle of a symmetric `k × k` matrix.
pub(crate) fn packed(k: usize, i: usize, j: usize) -> usize {
    let (i, j) = if i <= j { (i, j) } else { (j, i) };
    i * (2 * k - i + 1) / 2 + (j - i)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn inverse_times_matrix_is_identity() {
        let a = Mat::from_fn(4, 4, |i, j| {
            let base = 1.0 / (1.0 + i as f64 + j as f64);
            base * 10f64.powi(i as i32 - 2) * 10f64.powi(j as i32 - 2)
        });
        let inv = inverse_spd(a.as_ref()).unwrap();
        let product = &a * &inv;
        for i in 0..4 {
            for j in 0..4 {
                let want = f64::from(u8::from(i == j));
                assert!((product[(i, j)] - want).abs() < 1e-7);
            }
        }
    }

    #[test]
    fn eigenvectors_rebuild_the_matrix() {
        for p in [1, 2, 5, 24, 30] {
            let a = Mat::from_fn(p, p, |i, j| {
                1.0 / (1.0 + (i * j) as f64) + f64::from(u8::from(i == j)) * i as f64
            });
            let (values, vectors) = eigen_symmetric(a.as_ref()).unwrap();
            for i in 0..p {
                for j in 0..p {
                    let back: f64 = (0..p)
                        .map(|k| vectors[(i, k)] * values[k] * vectors[(j, k)])
                        .sum();
                    assert!(
                        (back - a[(i, j)]).abs() < 1e-12 * (1.0 + p as f64),
                        "{p}: {i},{j}"
                    );
                }
            }
        }
    }

    #[test]
    fn later_copies_are_the_ones_dropped() {
        let x = [
            [1.0, 2.0, 3.0, 1.0],
            [2.0, 1.0, 3.0, 5.0],
            [0.0, 4.0, 4.0, 2.0],
        ];
        let gram = Mat::from_fn(4, 4, |i, j| x.iter().map(|r| r[i] * r[j]).sum());
        assert_eq!(
            independent(gram.as_ref(), COLLINEAR),
            [true, true, false, true]
        );
    }

    #[test]
    fn packed_positions_are_a_row_of_the_triangle() {
        let mut next = 0;
        for i in 0..5 {
            for j in i..5 {
                assert_eq!(packed(5, i, j), next);
                assert_eq!(packed(5, j, i), next);
                next += 1;
            }
        }
    }
}
