//! From conditional quantiles to percentiles.

use super::quantile::{Problem, QuantileFit};
use crate::error::StatsError;
use crate::kit::bspline::{cubic, quantile};
use crate::kit::check::{finite, same_length};
use rayon::prelude::*;

/// Quantiles fitted together from one start; fixed, so that the result does not depend on the number of threads.
const CHUNK: usize = 25;

/// A growth model and the percentiles of the people it was fitted on.
#[derive(Debug, Clone, PartialEq)]
pub struct Growth {
    /// Growth percentile of each row, 1 to 99.
    pub percentiles: Vec<u8>,
    /// The hundred fits, τ ascending.
    pub fits: Vec<QuantileFit>,
    /// Interior knots of the prior score.
    pub knots: Vec<f64>,
    /// Boundary knots.
    pub boundary: (f64, f64),
    /// Rows used.
    pub n: usize,
    /// Vertices visited over all quantiles.
    pub iterations: usize,
}

/// Knots of the prior score. Models that publish theirs give percentiles that can be compared across samples.
#[derive(Debug, Clone, PartialEq)]
pub struct Knots {
    /// Interior knots, ascending.
    pub interior: Vec<f64>,
    /// Boundary knots.
    pub boundary: (f64, f64),
}

fn design(prior: f64, knots: &[f64], boundary: (f64, f64)) -> Vec<f64> {
    // An intercept and all but the first B-spline, as `bs(intercept = FALSE)`.
    let mut row = cubic(prior, knots, boundary);
    row[0] = 1.0;
    row
}

fn percentile(row: &[f64], fits: &[QuantileFit], score: f64) -> u8 {
    // A quantile interpolates some rows: a cut that equals the score but for rounding is not below it.
    let cut = score - 1e-9 * (1.0 + score.abs());
    let below = fits
        .iter()
        .filter(|f| {
            f.coefficients
                .iter()
                .zip(row)
                .map(|(a, b)| a * b)
                .sum::<f64>()
                < cut
        })
        .count();
    below.clamp(1, 99) as u8
}

/// Growth percentiles of `current` scores given `prior` ones; knots at the prior's .2/.4/.6/.8 quantiles and its range ± 10 % unless given.
///
/// Counting the cuts below a score is the same whether or not they are sorted first, so crossing quantiles need no repair here.
///
/// # Errors
/// Unequal lengths, non-finite scores, scores without variance, or fewer than a hundred rows.
pub fn growth_percentiles(
    prior: &[f64],
    current: &[f64],
    knots: Option<&Knots>,
) -> Result<Growth, StatsError> {
    let n = prior.len();
    same_length("current", current.len(), n)?;
    finite("prior", prior)?;
    finite("current", current)?;
    if n < 100 {
        return Err(StatsError::TooFewObservations { n, parameters: 100 });
    }
    let mut sorted = prior.to_vec();
    sorted.sort_by(f64::total_cmp);
    let (low, high) = (sorted[0], sorted[n - 1]);
    if low == high {
        return Err(StatsError::Constant {
            name: "prior".into(),
        });
    }
    let Knots { interior, boundary } = knots.cloned().unwrap_or_else(|| {
        let mut interior: Vec<f64> = [0.2, 0.4, 0.6, 0.8]
            .iter()
            .map(|p| quantile(&sorted, *p))
            .collect();
        interior.dedup();
        Knots {
            interior,
            boundary: (low - 0.1 * (high - low), high + 0.1 * (high - low)),
        }
    });
    let ordered = interior.windows(2).all(|w| w[0] < w[1])
        && interior.iter().all(|k| *k > boundary.0 && *k < boundary.1);
    if !ordered || boundary.0 > low || boundary.1 < high {
        return Err(StatsError::option(
            "knots",
            "must ascend inside a boundary that holds every prior score",
        ));
    }
    let knots = interior;
    let rows: Vec<Vec<f64>> = prior.iter().map(|x| design(*x, &knots, boundary)).collect();
    let columns: Vec<Vec<f64>> = (0..rows[0].len())
        .map(|j| rows.iter().map(|r| r[j]).collect())
        .collect();
    let views: Vec<&[f64]> = columns.iter().map(Vec::as_slice).collect();
    let problem = Problem::new(&views, current)?;
    let start = problem.first_basis()?;
    let taus: Vec<f64> = (1..=100).map(|k| (f64::from(k) - 0.5) / 100.0).collect();
    let chunks: Vec<Result<Vec<QuantileFit>, StatsError>> = taus
        .par_chunks(CHUNK)
        .map(|chunk| {
            let mut basis = start.clone();
            chunk
                .iter()
                .map(|tau| problem.descend(*tau, &mut basis))
                .collect()
        })
        .collect();
    let mut fits = Vec::with_capacity(100);
    for chunk in chunks {
        fits.extend(chunk?);
    }
    let percentiles = rows
        .iter()
        .zip(current)
        .map(|(r, s)| percentile(r, &fits, *s))
        .collect();
    let iterations = fits.iter().map(|f| f.iterations).sum();
    Ok(Growth {
        percentiles,
        fits,
        knots,
        boundary,
        n,
        iterations,
    })
}

impl Growth {
    /// Percentile of somebody the model was not fitted on; priors beyond the boundary count as the boundary.
    #[must_use]
    pub fn percentile(&self, prior: f64, current: f64) -> u8 {
        percentile(
            &design(prior, &self.knots, self.boundary),
            &self.fits,
            current,
        )
    }
}
