//! Degrees of freedom of a coefficient's t test: how well its own variance is known.
//!
//! `df = 2v²/(g'Ag)` with `v` the coefficient's variance, `g` its gradient in the variance parameters `(θ, σ)` and `A` twice the
//! inverse of the second derivatives of the criterion in them (Giesbrecht and Burns 1985; R's lmerTest). With one group and many
//! levels a regressor of the group gets about as many as there are groups, one of the rows about as many as rows.

use super::optimise::{around, fourth_gradient, fourth_moves, second_order};
use super::profile::{Point, Profile};
use crate::linalg::eigen_symmetric;
use faer::Mat;

/// Relative step of the differences.
const STEP: f64 = 5e-3;

/// What a move of `θ` changes: variances of the coefficients over `σ²`, and the sum of squares.
struct Moved {
    variances: Vec<f64>,
    square: f64,
}

/// One number for each coefficient; NaN where the variances could not be moved.
pub(crate) fn degrees_of_freedom(profile: &Profile, theta: &[f64], point: &Point) -> Vec<f64> {
    degrees(profile, theta, point).unwrap_or_else(|| vec![f64::NAN; profile.p])
}

fn degrees(profile: &Profile, theta: &[f64], point: &Point) -> Option<Vec<f64>> {
    let (m, p) = (theta.len(), profile.p);
    let df = profile.residual_df();
    let sigma2 = point.square / df;
    let sigma = sigma2.sqrt();
    // The criterion with σ held: the part that depends on θ.
    let held = |t: &[f64]| {
        profile
            .at(t)
            .map_or(f64::NAN, |x| x.logs + x.square / sigma2)
    };
    let centre = point.logs + point.square / sigma2;
    let (_, near, _) = second_order(&held, theta, centre, STEP);
    let (_, far, _) = second_order(&held, theta, centre, 2.0 * STEP);
    let moved = |t: &[f64]| -> Option<Moved> {
        let x = profile.at(t)?;
        let (_, v) = x.fixed(profile)?;
        Some(Moved {
            variances: (0..p).map(|j| v[(j, j)]).collect(),
            square: x.square,
        })
    };
    let values: Vec<Moved> = around(&moved, theta, &fourth_moves(theta, STEP))
        .into_iter()
        .collect::<Option<_>>()?;
    let slope = |of: &dyn Fn(&Moved) -> f64| {
        let values: Vec<f64> = values.iter().map(of).collect();
        fourth_gradient(&values, theta, STEP)
    };
    let square = slope(&|v| v.square);
    let second = Mat::from_fn(m + 1, m + 1, |i, j| match (i < m, j < m) {
        (true, true) => (4.0 * near[(i, j)] - far[(i, j)]) / 3.0,
        (true, false) => -2.0 * square[i] / (sigma2 * sigma),
        (false, true) => -2.0 * square[j] / (sigma2 * sigma),
        (false, false) => 6.0 * point.square / (sigma2 * sigma2) - 2.0 * df / sigma2,
    });
    let (values_of, vectors) = eigen_symmetric(second.as_ref())?;
    let most = values_of.iter().fold(0.0_f64, |a, v| a.max(*v));
    let (_, own) = point.fixed(profile)?;
    let result = (0..p).map(|j| {
        let v = sigma2 * own[(j, j)];
        let mut gradient: Vec<f64> = slope(&|x| x.variances[j])
            .iter()
            .map(|g| g * sigma2)
            .collect();
        gradient.push(2.0 * v / sigma);
        let mut spread = 0.0;
        for (k, value) in values_of.iter().enumerate() {
            if *value > 1e-10 * most {
                let along: f64 = (0..=m).map(|i| vectors[(i, k)] * gradient[i]).sum();
                spread += 2.0 * along * along / value;
            }
        }
        2.0 * v * v / spread
    });
    Some(result.collect())
}
