//! Dense algebra for a few columns: Gram matrices, Cholesky solves and inverses, with a rank check that is free of scale.
//!
//! Matrices are row-major `Vec<f64>` of k × k. A pivot below 1e-11 of its own diagonal means the column is a combination of the
//! ones before it (R² above 1 − 1e-11): callers turn that into a typed error rather than a meaningless coefficient.

/// Relative size of a pivot below which a column counts as collinear.
const COLLINEAR: f64 = 1e-11;

/// Lower Cholesky factor of a symmetric positive-definite matrix, or the first column that depends on earlier ones.
pub(crate) fn cholesky(a: &[f64], k: usize) -> Result<Vec<f64>, usize> {
    let mut l = vec![0.0; k * k];
    for j in 0..k {
        let mut d = a[j * k + j];
        for m in 0..j {
            d -= l[j * k + m] * l[j * k + m];
        }
        if d.is_nan() || d <= COLLINEAR * a[j * k + j].abs() {
            return Err(j);
        }
        let root = d.sqrt();
        l[j * k + j] = root;
        for i in j + 1..k {
            let mut s = a[i * k + j];
            for m in 0..j {
                s -= l[i * k + m] * l[j * k + m];
            }
            l[i * k + j] = s / root;
        }
    }
    Ok(l)
}

/// Solves L z = b in place for a lower factor.
pub(crate) fn forward(l: &[f64], k: usize, b: &mut [f64]) {
    for i in 0..k {
        let mut s = b[i];
        for j in 0..i {
            s -= l[i * k + j] * b[j];
        }
        b[i] = s / l[i * k + i];
    }
}

/// Solves L Lᵀ x = b in place for a lower factor.
pub(crate) fn cholesky_solve(l: &[f64], k: usize, b: &mut [f64]) {
    forward(l, k, b);
    for i in (0..k).rev() {
        let mut s = b[i];
        for j in i + 1..k {
            s -= l[j * k + i] * b[j];
        }
        b[i] = s / l[i * k + i];
    }
}

/// Inverse of a symmetric positive-definite matrix, or the first dependent column.
pub(crate) fn spd_inverse(a: &[f64], k: usize) -> Result<Vec<f64>, usize> {
    let l = cholesky(a, k)?;
    let mut inverse = vec![0.0; k * k];
    let mut column = vec![0.0; k];
    for j in 0..k {
        column.fill(0.0);
        column[j] = 1.0;
        cholesky_solve(&l, k, &mut column);
        for i in 0..k {
            inverse[i * k + j] = column[i];
        }
    }
    for i in 0..k {
        for j in 0..i {
            let m = 0.5 * (inverse[i * k + j] + inverse[j * k + i]);
            inverse[i * k + j] = m;
            inverse[j * k + i] = m;
        }
    }
    Ok(inverse)
}

/// Σ w x xᵀ over rows, the design given by columns.
pub(crate) fn gram(columns: &[Vec<f64>], weight: Option<&[f64]>) -> Vec<f64> {
    let k = columns.len();
    let mut a = vec![0.0; k * k];
    for i in 0..k {
        for j in 0..=i {
            let s = match weight {
                Some(w) => dot3(&columns[i], &columns[j], w),
                None => dot(&columns[i], &columns[j]),
            };
            a[i * k + j] = s;
            a[j * k + i] = s;
        }
    }
    a
}

/// Σ a b, summed in four fixed lanes: the order never changes.
pub(crate) fn dot(a: &[f64], b: &[f64]) -> f64 {
    let mut lanes = [0.0; 4];
    let (mut ca, mut cb) = (a.chunks_exact(4), b.chunks_exact(4));
    for (x, y) in ca.by_ref().zip(cb.by_ref()) {
        for i in 0..4 {
            lanes[i] += x[i] * y[i];
        }
    }
    let tail: f64 = ca
        .remainder()
        .iter()
        .zip(cb.remainder())
        .map(|(x, y)| x * y)
        .sum();
    (lanes[0] + lanes[2]) + (lanes[1] + lanes[3]) + tail
}

/// Σ a b w, summed in four fixed lanes.
pub(crate) fn dot3(a: &[f64], b: &[f64], w: &[f64]) -> f64 {
    let mut lanes = [0.0; 4];
    let full = a.len() / 4 * 4;
    for ((x, y), z) in a
        .chunks_exact(4)
        .zip(b.chunks_exact(4))
        .zip(w.chunks_exact(4))
    {
        for i in 0..4 {
            lanes[i] += x[i] * y[i] * z[i];
        }
    }
    let mut tail = 0.0;
    for i in full..a.len() {
        tail += a[i] * b[i] * w[i];
    }
    (lanes[0] + lanes[2]) + (lanes[1] + lanes[3]) + tail
}

/// Row-major k × k matrix times vector.
pub(crate) fn mat_vec(a: &[f64], x: &[f64]) -> Vec<f64> {
    a.chunks_exact(x.len())
        .map(|row| row.iter().zip(x).map(|(r, v)| r * v).sum())
        .collect()
}

/// xᵀ A y for a row-major matrix.
pub(crate) fn bilinear(x: &[f64], a: &[f64], y: &[f64]) -> f64 {
    mat_vec(a, y).iter().zip(x).map(|(v, u)| v * u).sum()
}

/// Row-major product of an m × k and a k × n matrix.
pub(crate) fn mat_mul(a: &[f64], b: &[f64], m: usize, k: usize, n: usize) -> Vec<f64> {
    let mut c = vec![0.0; m * n];
    for i in 0..m {
        for p in 0..k {
            let v = a[i * k + p];
            for j in 0..n {
                c[i * n + j] += v * b[p * n + j];
            }
        }
    }
    c
}

/// Weighted least squares by normal equations: coefficients and (XᵀWX)⁻¹, or the first collinear column.
pub(crate) fn weighted_least_squares(
    columns: &[Vec<f64>],
    y: &[f64],
    weight: Option<&[f64]>,
) -> Result<(Vec<f64>, Vec<f64>), usize> {
    let k = columns.len();
    let a = gram(columns, weight);
    let l = cholesky(&a, k)?;
    let moment = |y: &[f64]| -> Vec<f64> {
        columns
            .iter()
            .map(|c| weight.map_or_else(|| dot(c, y), |w| dot3(c, y, w)))
            .collect()
    };
    let mut beta = moment(y);
    cholesky_solve(&l, k, &mut beta);
    // One step of iterative refinement on the residual recovers most of what the normal equations lose.
    let mut residual = y.to_vec();
    for (c, b) in columns.iter().zip(&beta) {
        for (r, x) in residual.iter_mut().zip(c) {
            *r -= b * x;
        }
    }
    let mut step = moment(&residual);
    cholesky_solve(&l, k, &mut step);
    for (b, s) in beta.iter_mut().zip(step) {
        *b += s;
    }
    Ok((beta, spd_inverse(&a, k)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn inverse_times_matrix_is_identity() {
        let a = [4.0, 1.0, 0.5, 1.0, 3.0, 0.2, 0.5, 0.2, 2.0];
        let inv = spd_inverse(&a, 3).unwrap();
        let id = mat_mul(&a, &inv, 3, 3, 3);
        for i in 0..3 {
            for j in 0..3 {
                assert!((id[i * 3 + j] - f64::from(i == j)).abs() < 1e-14);
            }
        }
    }

    #[test]
    fn a_dependent_column_is_named_whatever_its_scale() {
        let x = vec![1.0, 2.0, 3.0, 5.0];
        let one = vec![1.0; 4];
        let big: Vec<f64> = x.iter().map(|v| 1e7 * v + 3.0).collect();
        assert_eq!(cholesky(&gram(&[one, x, big], None), 3).unwrap_err(), 2);
    }

    #[test]
    fn dot_handles_every_tail_length() {
        for n in 0..11 {
            let a: Vec<f64> = (0..n).map(f64::from).collect();
            let expect: f64 = a.iter().map(|v| v * v).sum();
            assert_eq!(dot(&a, &a), expect);
            assert_eq!(dot3(&a, &a, &vec![1.0; a.len()]), expect);
        }
    }
}
