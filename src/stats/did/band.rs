//! Bands that cover every effect at once, by multiplier bootstrap.
//!
//! Pointwise 95 % intervals of twelve event times miss somewhere far more often than one time in twenty. The bootstrap multiplies each
//! cluster's influence by a random sign, keeps the largest |t| of each draw, and takes its quantile as critical value: `mboot` in
//! `did`, whose standard error is the interquartile range of the draws over that of the normal.

use super::group_time_effects::by_cluster;
use crate::dist::normal_quantile;
use crate::error::StatsError;
use crate::kit::check::inside;
use crate::kit::rng::Stream;
use rayon::prelude::*;

/// Law of the multipliers: mean zero, variance one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Multiplier {
    /// ±1 with equal probability (`did`).
    #[default]
    Rademacher,
    /// Mammen's two points, which also match the third moment.
    Mammen,
    /// Webb's six points, for fewer than about a dozen clusters.
    Webb,
}

impl Multiplier {
    fn draw(self, stream: &mut Stream) -> f64 {
        match self {
            Self::Rademacher => {
                if stream.bits() >> 63 == 0 {
                    1.0
                } else {
                    -1.0
                }
            }
            Self::Mammen => {
                let root = 5.0_f64.sqrt();
                if stream.uniform() < (root + 1.0) / (2.0 * root) {
                    0.5 * (1.0 - root)
                } else {
                    0.5 * (1.0 + root)
                }
            }
            Self::Webb => {
                let size = [0.5_f64, 1.0, 1.5][stream.below(3)].sqrt();
                if stream.bits() >> 63 == 0 {
                    size
                } else {
                    -size
                }
            }
        }
    }
}

/// Options of a uniform band.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct BandOptions {
    /// Joint coverage, such as 0.95.
    pub level: f64,
    /// Bootstrap draws.
    pub draws: usize,
    /// Seed; draw i uses the stream (seed, i).
    pub seed: u64,
    /// Multipliers.
    pub multiplier: Multiplier,
}

impl Default for BandOptions {
    fn default() -> Self {
        Self {
            level: 0.95,
            draws: 999,
            seed: 20_260_801,
            multiplier: Multiplier::Rademacher,
        }
    }
}

/// A simultaneous band.
#[derive(Debug, Clone, PartialEq)]
pub struct Band {
    /// Critical value of the largest |t|; never below the pointwise normal one.
    pub critical: f64,
    /// Bootstrap standard error of each effect (NaN where the effect has no variance).
    pub se: Vec<f64>,
    /// Lower limits.
    pub lower: Vec<f64>,
    /// Upper limits.
    pub upper: Vec<f64>,
    /// Draws used.
    pub draws: usize,
    /// Clusters resampled.
    pub clusters: usize,
    /// Seed used.
    pub seed: u64,
}

/// Smallest value with at least a share `p` of the draws at or below it (inverse of the empirical distribution, R type 1).
fn quantile(sorted: &[f64], p: f64) -> f64 {
    let at = (p * sorted.len() as f64).ceil() as usize;
    sorted[at.clamp(1, sorted.len()) - 1]
}

/// Clusters in the order of their influence, so that a draw does not depend on their names.
fn by_content(columns: &[Vec<f64>]) -> Vec<u32> {
    let mut order: Vec<u32> = (0..columns[0].len() as u32).collect();
    order.sort_by(|&a, &b| {
        let mut both = columns
            .iter()
            .map(|c| c[a as usize].total_cmp(&c[b as usize]));
        both.find(|o| o.is_ne())
            .unwrap_or(std::cmp::Ordering::Equal)
    });
    order
}

/// A band from estimates and influence columns.
pub(crate) fn uniform_band(
    estimates: &[f64],
    influence: &[Vec<f64>],
    cluster: Option<&[u32]>,
    clusters: usize,
    options: &BandOptions,
) -> Result<Band, StatsError> {
    inside("level", options.level, 0.0, 1.0)?;
    if options.draws < 50 {
        return Err(StatsError::option(
            "draws",
            "needs at least 50 bootstrap draws",
        ));
    }
    let units = influence.iter().map(Vec::len).max().unwrap_or(0);
    let live: Vec<usize> = (0..influence.len())
        .filter(|&k| influence[k].iter().any(|v| *v != 0.0))
        .collect();
    if live.is_empty() {
        return Err(StatsError::ZeroVariance {
            name: "the effects".into(),
        });
    }
    // Row-major: clusters × live effects, so one multiplier touches one contiguous row.
    let columns: Vec<Vec<f64>> = live
        .iter()
        .map(|&k| by_cluster(&influence[k], cluster, clusters))
        .collect();
    let rows = columns[0].len();
    let k = live.len();
    let mut flat = vec![0.0; rows * k];
    for (row, &i) in flat.chunks_exact_mut(k).zip(&by_content(&columns)) {
        for (v, c) in row.iter_mut().zip(&columns) {
            *v = c[i as usize];
        }
    }
    let draws: Vec<Vec<f64>> = (0..options.draws)
        .into_par_iter()
        .map(|b| {
            let mut stream = Stream::new(options.seed, b as u64);
            let mut total = vec![0.0; k];
            for row in flat.chunks_exact(k) {
                let m = options.multiplier.draw(&mut stream);
                for (t, v) in total.iter_mut().zip(row) {
                    *t += m * v;
                }
            }
            for t in &mut total {
                *t /= units as f64;
            }
            total
        })
        .collect();
    let spread = normal_quantile(0.75) - normal_quantile(0.25);
    let mut live_se = vec![0.0; k];
    for (j, se) in live_se.iter_mut().enumerate() {
        let mut column: Vec<f64> = draws.iter().map(|d| d[j]).collect();
        column.sort_by(f64::total_cmp);
        *se = (quantile(&column, 0.75) - quantile(&column, 0.25)) / spread;
    }
    let mut largest: Vec<f64> = draws
        .iter()
        .map(|d| {
            d.iter()
                .zip(&live_se)
                .map(|(v, s)| (v / s).abs())
                .fold(0.0, f64::max)
        })
        .collect();
    largest.sort_by(f64::total_cmp);
    let pointwise = normal_quantile(0.5 + 0.5 * options.level);
    let critical = quantile(&largest, options.level).max(pointwise);
    let mut se = vec![f64::NAN; influence.len()];
    for (&at, s) in live.iter().zip(&live_se) {
        se[at] = *s;
    }
    let limit = |sign: f64| {
        estimates
            .iter()
            .zip(&se)
            .map(|(e, s)| {
                if s.is_nan() {
                    *e
                } else {
                    e + sign * critical * s
                }
            })
            .collect()
    };
    Ok(Band {
        critical,
        lower: limit(-1.0),
        upper: limit(1.0),
        se,
        draws: options.draws,
        clusters: rows,
        seed: options.seed,
    })
}
