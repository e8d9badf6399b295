//! Newton's method with differences for derivatives, for a smooth function of a few parameters that costs little to evaluate.
//!
//! `Λ` and `Λ` with the sign of a column turned give the same model, so the criterion is an even, smooth function around a variance of
//! zero and needs no bounds. A quasi-Newton or derivative-free search stops where the criterion is flat to rounding, which leaves
//! small variances right to four digits only; the last steps here use fourth-order differences, right to about eight.

use faer::Mat;
use rayon::prelude::*;

use crate::linalg::eigen_symmetric;

/// Where the search ended.
pub(crate) struct Minimum {
    pub(crate) at: Vec<f64>,
    pub(crate) iterations: usize,
    pub(crate) evaluations: usize,
    /// Half of this is what a further step would gain.
    pub(crate) decrement: f64,
    pub(crate) converged: bool,
}

/// Gain in the criterion below which the search is over.
const GAIN: f64 = 1e-7;

/// Step of differences in one parameter.
pub(crate) fn step(x: f64, relative: f64) -> f64 {
    relative * x.abs().max(0.1)
}

/// The function at the point moved along some coordinates, in order.
pub(crate) fn around<T: Send>(
    f: &(dyn Fn(&[f64]) -> T + Sync),
    at: &[f64],
    moves: &[Vec<(usize, f64)>],
) -> Vec<T> {
    moves
        .par_iter()
        .map(|change| {
            let mut x = at.to_vec();
            for &(i, by) in change {
                x[i] += by;
            }
            f(&x)
        })
        .collect()
}

/// Weights of the fourth-order difference at −2h, −h, h, 2h, over h.
pub(crate) const FOURTH: [(f64, f64); 4] = [
    (-2.0, 1.0 / 12.0),
    (-1.0, -8.0 / 12.0),
    (1.0, 8.0 / 12.0),
    (2.0, -1.0 / 12.0),
];

/// Points of fourth-order first differences, four for each coordinate.
pub(crate) fn fourth_moves(at: &[f64], relative: f64) -> Vec<Vec<(usize, f64)>> {
    (0..at.len())
        .flat_map(|i| {
            let h = step(at[i], relative);
            FOURTH.map(|(times, _)| vec![(i, times * h)])
        })
        .collect()
}

/// Gradient from the values at [`fourth_moves`].
pub(crate) fn fourth_gradient(values: &[f64], at: &[f64], relative: f64) -> Vec<f64> {
    values
        .chunks_exact(4)
        .zip(at)
        .map(|(v, x)| {
            let sum: f64 = v.iter().zip(FOURTH).map(|(v, (_, w))| v * w).sum();
            sum / step(*x, relative)
        })
        .collect()
}

/// Gradient and matrix of second derivatives, by central differences.
pub(crate) fn second_order(
    f: &(dyn Fn(&[f64]) -> f64 + Sync),
    at: &[f64],
    centre: f64,
    relative: f64,
) -> (Vec<f64>, Mat<f64>, usize) {
    let m = at.len();
    let h: Vec<f64> = at.iter().map(|x| step(*x, relative)).collect();
    let mut moves = Vec::new();
    for (i, &h) in h.iter().enumerate() {
        moves.push(vec![(i, h)]);
        moves.push(vec![(i, -h)]);
    }
    for i in 0..m {
        for j in 0..i {
            moves.push(vec![(i, h[i]), (j, h[j])]);
            moves.push(vec![(i, -h[i]), (j, -h[j])]);
        }
    }
    let v = around(f, at, &moves);
    let gradient = (0..m)
        .map(|i| (v[2 * i] - v[2 * i + 1]) / (2.0 * h[i]))
        .collect();
    let mut second = Mat::zeros(m, m);
    let mut next = 2 * m;
    for i in 0..m {
        second[(i, i)] = (v[2 * i] - 2.0 * centre + v[2 * i + 1]) / (h[i] * h[i]);
        for j in 0..i {
            let both = v[next] + v[next + 1];
            next += 2;
            let alone = v[2 * i] + v[2 * i + 1] + v[2 * j] + v[2 * j + 1];
            let value = (both - alone + 2.0 * centre) / (2.0 * h[i] * h[j]);
            second[(i, j)] = value;
            second[(j, i)] = value;
        }
    }
    (gradient, second, moves.len())
}

/// A step downhill, curvatures taken by their size.
struct Step {
    way: Vec<f64>,
    /// `g'|H|⁻¹g`.
    decrement: f64,
    /// The direction that bends down most, if one does.
    saddle: Option<Vec<f64>>,
}

fn downhill(gradient: &[f64], second: &Mat<f64>) -> Option<Step> {
    let (values, vectors) = eigen_symmetric(second.as_ref())?;
    let most = values.iter().fold(0.0_f64, |a, v| a.max(v.abs()));
    let m = gradient.len();
    let mut out = vec![0.0; m];
    let mut decrement = 0.0;
    for (k, value) in values.iter().enumerate() {
        let along: f64 = (0..m).map(|i| vectors[(i, k)] * gradient[i]).sum();
        let curvature = value.abs().max(1e-8 * most);
        decrement += along * along / curvature;
        for (i, o) in out.iter_mut().enumerate() {
            *o -= vectors[(i, k)] * along / curvature;
        }
    }
    let lowest = (0..m).min_by(|&a, &b| values[a].total_cmp(&values[b]))?;
    let saddle =
        (values[lowest] < -1e-6 * most).then(|| (0..m).map(|i| vectors[(i, lowest)]).collect());
    out.iter().all(|v| v.is_finite()).then_some(Step {
        way: out,
        decrement,
        saddle,
    })
}

/// Minimises `f` from `start`. `None` when `f` cannot be computed around a point of the way.
pub(crate) fn minimise(
    f: &(dyn Fn(&[f64]) -> f64 + Sync),
    start: Vec<f64>,
    most: usize,
) -> Option<Minimum> {
    let mut at = start;
    let mut value = f(&at);
    let mut evaluations = 1;
    let mut iterations = 0;
    let mut second = Mat::zeros(0, 0);
    let mut found = false;
    while iterations < most {
        iterations += 1;
        let (gradient, curvature, used) = second_order(f, &at, value, 1e-3);
        evaluations += used;
        let Step {
            mut way,
            decrement,
            saddle,
        } = downhill(&gradient, &curvature)?;
        second = curvature;
        if decrement <= GAIN {
            // By symmetry the slope is zero wherever a variance is, even if more of it would be better.
            let Some(saddle) = saddle else {
                found = true;
                break;
            };
            at.iter_mut().zip(&saddle).for_each(|(x, s)| *x += 0.3 * s);
            value = f(&at);
            evaluations += 1;
            continue;
        }
        // Far from the minimum the criterion is no parabola: less than doubling, and not straight to zero.
        let size = 0.7 * at.iter().fold(1.0_f64, |a, v| a.max(v.abs()));
        let length = way.iter().fold(0.0_f64, |a, v| a.max(v.abs()));
        if length > size {
            way.iter_mut().for_each(|w| *w *= size / length);
        }
        let slope: f64 = way.iter().zip(&gradient).map(|(w, g)| w * g).sum();
        let mut share = 1.0;
        let mut moved = false;
        for _ in 0..40 {
            let next: Vec<f64> = at.iter().zip(&way).map(|(x, w)| x + share * w).collect();
            let there = f(&next);
            evaluations += 1;
            if there <= value + 1e-4 * share * slope {
                (at, value, moved) = (next, there, true);
                break;
            }
            share *= 0.5;
        }
        if !moved {
            found = decrement <= 1e-4;
            break;
        }
    }
    // Rounding of the criterion decides no more steps; its slope still does.
    let mut decrement = f64::INFINITY;
    for round in 0..3 {
        let values = around(f, &at, &fourth_moves(&at, 1e-3));
        evaluations += values.len();
        let gradient = fourth_gradient(&values, &at, 1e-3);
        let last = downhill(&gradient, &second)?;
        decrement = last.decrement;
        if round == 2 || decrement > 1e-3 {
            break;
        }
        at.iter_mut().zip(&last.way).for_each(|(x, w)| *x += w);
    }
    Some(Minimum {
        at,
        iterations,
        evaluations,
        decrement,
        converged: found && decrement <= GAIN,
    })
}

#[cfg(test)]
mod tests {
    use super::minimise;

    #[test]
    fn leaves_the_point_where_symmetry_hides_the_slope() {
        let f = |x: &[f64]| (x[0] * x[0] - 0.25).powi(2) + x[1] * x[1];
        let found = minimise(&f, vec![0.0, 1.0], 100).unwrap();
        assert!((found.at[0].abs() - 0.5).abs() < 1e-8, "{:?}", found.at);
    }

    #[test]
    fn finds_a_flat_minimum_to_eight_digits() {
        // Around 47,000 rounding is 7e-12, and so hides a move of 1e-7 in either direction.
        let f = |x: &[f64]| {
            47_000.0 + 800.0 * (x[0] - 0.3).powi(2) + 2_000.0 * (x[1] * x[1] - 0.01).powi(2)
        };
        let found = minimise(&f, vec![1.0, 1.0], 100).unwrap();
        assert!(found.converged, "{}", found.decrement);
        assert!((found.at[0] - 0.3).abs() < 1e-8, "{:?}", found.at);
        assert!((found.at[1] - 0.1).abs() < 1e-8, "{:?}", found.at);
    }
}
