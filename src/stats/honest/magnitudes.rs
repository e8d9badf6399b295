//! Relative magnitudes: violations after treatment at most M̄ times the largest change before (Δ^RM).
//!
//! "The largest change before" is one of finitely many: for each period s and sign the restriction |δ_{t+1} − δ_t| ≤ ±M̄(δ_{s+1} − δ_s) is a
//! polyhedron, and the union of their confidence sets covers. Each is tested on a grid of values; the edges of the accepted set are
//! then found by bisection. Post-treatment moments only, κ = α/10, as `HonestDiD`'s default.

use super::coefficients::{Coefficients, HonestInterval};
use super::conditional::Hybrid;
use crate::error::StatsError;
use crate::kit::check::inside;
use crate::kit::dense::{cholesky, mat_mul};
use crate::kit::rng::Stream;
use rayon::prelude::*;

/// Options of [`relative_magnitudes`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct MagnitudeOptions {
    /// 1 − confidence level.
    pub alpha: f64,
    /// Values tested on a grid before the edges are refined.
    pub grid: usize,
    /// Draws behind the least-favourable critical value.
    pub draws: usize,
    /// Seed of those draws.
    pub seed: u64,
}

impl Default for MagnitudeOptions {
    fn default() -> Self {
        Self {
            alpha: 0.05,
            grid: 400,
            draws: 4_000,
            seed: 20_260_801,
        }
    }
}

/// Most post-treatment periods the vertex list is made for.
const MOST_POST: usize = 8;

struct Polyhedron {
    hybrid: Hybrid,
    /// Moments at the data.
    y: Vec<f64>,
    /// Loading of each moment on the quantity of interest.
    slope: Vec<f64>,
}

impl Polyhedron {
    fn accepts(&self, theta: f64) -> bool {
        let y: Vec<f64> = self
            .y
            .iter()
            .zip(&self.slope)
            .map(|(v, s)| v - s * theta)
            .collect();
        !self.hybrid.rejects(&y)
    }
}

/// Rows of A for one (s, sign): A δ ≤ 0, columns without the omitted period.
fn restriction(study: &Coefficients, bound: f64, s: usize, sign: f64) -> Vec<Vec<f64>> {
    let (pre, post) = (study.pre, study.post);
    let all = pre + post + 1;
    let mut rows = Vec::new();
    for direction in [1.0, -1.0] {
        for t in 0..pre + post {
            // With a single period after, the restrictions among earlier changes sharpen the test; with more they are not used.
            if t < pre && post > 1 {
                continue;
            }
            let mut row = vec![0.0; all];
            row[t] -= direction;
            row[t + 1] += direction;
            let factor = if t < pre { 1.0 } else { bound };
            row[s] += sign * factor;
            row[s + 1] -= sign * factor;
            row.remove(pre);
            if row.iter().any(|v| v.abs() > 1e-10) {
                rows.push(row);
            }
        }
    }
    rows
}

/// An invertible matrix whose first row is the target, and its inverse (row-major): θ first, nuisance after.
fn inverse_basis(target: &[f64]) -> Vec<f64> {
    let k = target.len();
    let at = (0..k)
        .max_by(|&i, &j| target[i].abs().total_cmp(&target[j].abs()))
        .unwrap_or(0);
    // Γ = [target; unit vectors except `at`]; its inverse in closed form.
    let mut inverse = vec![0.0; k * k];
    let others: Vec<usize> = (0..k).filter(|&i| i != at).collect();
    inverse[at * k] = 1.0 / target[at];
    for (column, &i) in others.iter().enumerate() {
        inverse[i * k + column + 1] = 1.0;
        inverse[at * k + column + 1] = -target[i] / target[at];
    }
    inverse
}

fn build(
    study: &Coefficients,
    bound: f64,
    s: usize,
    sign: f64,
    factor: &[f64],
    options: &MagnitudeOptions,
) -> Polyhedron {
    let (pre, post) = (study.pre, study.post);
    let k = pre + post;
    let rows = restriction(study, bound, s, sign);
    let m = rows.len();
    let flat: Vec<f64> = rows.iter().flatten().copied().collect();
    let loading = mat_mul(&flat, factor, m, k, k);
    let mut covariance = vec![0.0; m * m];
    for i in 0..m {
        for j in 0..m {
            covariance[i * m + j] = (0..k)
                .map(|c| loading[i * k + c] * loading[j * k + c])
                .sum();
        }
    }
    let post_part: Vec<f64> = rows.iter().flat_map(|r| r[pre..].to_vec()).collect();
    let turned = mat_mul(&post_part, &inverse_basis(&study.target), m, post, post);
    let x: Vec<Vec<f64>> = turned.chunks_exact(post).map(|r| r[1..].to_vec()).collect();
    let draws: Vec<Vec<f64>> = (0..options.draws)
        .map(|d| {
            let mut stream = Stream::new(options.seed, d as u64);
            let z: Vec<f64> = (0..k).map(|_| stream.normal()).collect();
            loading
                .chunks_exact(k)
                .map(|r| r.iter().zip(&z).map(|(a, b)| a * b).sum())
                .collect()
        })
        .collect();
    Polyhedron {
        hybrid: Hybrid::new(covariance, &x, &draws, options.alpha, options.alpha / 10.0),
        y: rows
            .iter()
            .map(|r| r.iter().zip(&study.estimates).map(|(a, b)| a * b).sum())
            .collect(),
        slope: turned.chunks_exact(post).map(|r| r[0]).collect(),
    }
}

/// Interval for the quantity of interest while changes in the violation after treatment are at most `bound` (M̄) times the largest before.
///
/// # Errors
/// M̄ negative, options out of range, fewer than two periods before treatment, or more than eight after (the list of vertices would be too
/// long; ask about fewer periods).
///
/// ```
/// use throughline_stats::honest::{Coefficients, MagnitudeOptions, relative_magnitudes};
/// let v = 0.0004;
/// let covariance = [v, 0.0, 0.0, 0.0, v, 0.0, 0.0, 0.0, v];
/// let study = Coefficients::new(&[0.01, -0.005, 0.15], &covariance, 2)?;
/// let half = relative_magnitudes(&study, 0.5, &MagnitudeOptions::default())?;
/// let twice = relative_magnitudes(&study, 2.0, &MagnitudeOptions::default())?;
/// assert!(half.lower > 0.0 && twice.upper - twice.lower > half.upper - half.lower);
/// # Ok::<(), throughline_stats::StatsError>(())
/// ```
pub fn relative_magnitudes(
    study: &Coefficients,
    bound: f64,
    options: &MagnitudeOptions,
) -> Result<HonestInterval, StatsError> {
    inside("alpha", options.alpha, 0.0, 0.5)?;
    if !(bound.is_finite() && bound >= 0.0) {
        return Err(StatsError::option("bound", "must be zero or more"));
    }
    if options.grid < 20 || options.draws < 200 {
        return Err(StatsError::option(
            "grid and draws",
            "need at least 20 grid points and 200 draws",
        ));
    }
    if study.pre < 2 {
        return Err(StatsError::unsupported(
            "relative magnitudes with one coefficient before treatment",
            "use `smoothness`, or add an earlier period",
        ));
    }
    if study.post > MOST_POST {
        return Err(StatsError::unsupported(
            "relative magnitudes with more than eight periods after treatment",
            "keep the first eight",
        ));
    }
    let k = study.pre + study.post;
    let factor = cholesky(&study.covariance, k).map_err(|_| StatsError::NotEstimable {
        place: "the robust interval".into(),
        reason: "the covariance is singular",
    })?;
    // Every change before treatment, in both signs.
    let choices: Vec<(usize, f64)> = (0..study.pre).flat_map(|s| [(s, 1.0), (s, -1.0)]).collect();
    let polyhedra: Vec<Polyhedron> = choices
        .par_iter()
        .map(|&(s, sign)| build(study, bound, s, sign, &factor, options))
        .collect();
    let accepts = |theta: f64| polyhedra.iter().any(|p| p.accepts(theta));

    // The range HonestDiD searches.
    let mut steps: Vec<f64> = study.estimates[..study.pre].to_vec();
    steps.push(0.0);
    let largest = steps
        .windows(2)
        .map(|w| (w[1] - w[0]).abs())
        .fold(0.0, f64::max);
    let reach: f64 = study
        .target
        .iter()
        .enumerate()
        .map(|(i, w)| (i + 1) as f64 * w.abs())
        .sum();
    let half = bound * reach * largest + 20.0 * study.standard_error();
    let (centre, n) = (study.estimate(), options.grid);
    let theta = |i: usize| centre - half + 2.0 * half * i as f64 / (n - 1) as f64;
    let grid: Vec<bool> = (0..n).into_par_iter().map(|i| accepts(theta(i))).collect();
    let (Some(first), Some(last)) = (grid.iter().position(|a| *a), grid.iter().rposition(|a| *a))
    else {
        return Err(StatsError::NotEstimable {
            place: format!("the interval at M̄ = {bound}"),
            reason: "every value is rejected: the coefficients before treatment contradict the restriction",
        });
    };
    let refine = |mut inner: f64, mut outer: f64| {
        for _ in 0..30 {
            let middle = 0.5 * (inner + outer);
            if accepts(middle) {
                inner = middle
            } else {
                outer = middle
            }
        }
        inner
    };
    Ok(HonestInterval {
        lower: if first == 0 {
            theta(0)
        } else {
            refine(theta(first), theta(first - 1))
        },
        upper: if last == n - 1 {
            theta(n - 1)
        } else {
            refine(theta(last), theta(last + 1))
        },
        bound,
        alpha: options.alpha,
        method: "Delta-RM, C-LF",
        open: first == 0 || last == n - 1,
    })
}

/// Largest M̄ (to 0.01, up to `most`) at which the interval still excludes zero; `None` when it does not even at M̄ = 0.
///
/// # Errors
/// As [`relative_magnitudes`].
pub fn breakdown_relative_magnitude(
    study: &Coefficients,
    most: f64,
    options: &MagnitudeOptions,
) -> Result<Option<f64>, StatsError> {
    inside("most", most, 0.0, f64::INFINITY)?;
    super::fixed_length::breakdown(most, 0.01, |m| relative_magnitudes(study, m, options))
}
