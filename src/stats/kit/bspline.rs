//! Cubic B-splines and sample quantiles, as R's `splines::bs` and `quantile(type = 7)`.

/// Quantile of sorted values (R type 7).
pub(crate) fn quantile(sorted: &[f64], p: f64) -> f64 {
    let at = (sorted.len() - 1) as f64 * p;
    let low = at.floor() as usize;
    let high = (low + 1).min(sorted.len() - 1);
    sorted[low] + (at - low as f64) * (sorted[high] - sorted[low])
}

/// All cubic B-spline functions at x for interior knots and a boundary: interior + 4 values that add to one.
/// Outside the boundary the value at the boundary is used.
pub(crate) fn cubic(x: f64, interior: &[f64], boundary: (f64, f64)) -> Vec<f64> {
    let x = x.clamp(boundary.0, boundary.1);
    let mut knots = vec![boundary.0; 4];
    knots.extend_from_slice(interior);
    knots.extend_from_slice(&[boundary.1; 4]);
    let n = interior.len() + 4;
    // The span that holds x; the last one is closed on the right.
    let span = (3..n).rev().find(|&i| x >= knots[i]).unwrap_or(3);
    let mut value = [1.0, 0.0, 0.0, 0.0];
    for degree in 1..=3 {
        let mut carried = 0.0;
        for r in 0..degree {
            let (left, right) = (knots[span + 1 + r - degree], knots[span + 1 + r]);
            let part = if right > left {
                value[r] / (right - left)
            } else {
                0.0
            };
            value[r] = carried + (right - x) * part;
            carried = (x - left) * part;
        }
        value[degree] = carried;
    }
    let mut all = vec![0.0; n];
    for (d, v) in value.iter().enumerate() {
        all[span - 3 + d] = *v;
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    // scipy.interpolate.BSpline.design_matrix, knots 0,0,0,0,1,2.5,4,4,4,4.
    #[test]
    fn agrees_with_scipy() {
        let close = |a: &[f64], b: &[f64]| {
            assert!(
                a.iter().zip(b).all(|(x, y)| (x - y).abs() < 1e-12),
                "{a:?} against {b:?}"
            )
        };
        close(&cubic(0.7, &[1.0, 2.5], (0.0, 4.0)), &SCIPY_07);
        close(&cubic(3.1, &[1.0, 2.5], (0.0, 4.0)), &SCIPY_31);
        close(
            &cubic(4.0, &[1.0, 2.5], (0.0, 4.0)),
            &[0.0, 0.0, 0.0, 0.0, 0.0, 1.0],
        );
    }

    const SCIPY_07: [f64; 6] = [
        0.02700000000000001,
        0.57708,
        0.36161999999999994,
        0.0343,
        0.0,
        0.0,
    ];
    const SCIPY_31: [f64; 6] = [
        0.0,
        0.0,
        0.04049999999999998,
        0.3374999999999999,
        0.5579999999999999,
        0.06400000000000002,
    ];
}
