//! A fitted curve read off: intervals at single doses, and a band from the largest |t| of draws of the whole curve.

use super::band::largest_draws;
use super::knots::Knots;
use super::penalised::{PenalisedOptions, PenalisedPoint};
use super::penalty::singular;
use crate::error::StatsError;
use crate::interval::Estimate;
use crate::linalg::{dot, eigen_symmetric, times};
use faer::Mat;

/// Doses at which the curve is searched for its largest |t|.
const GRID: usize = 100;

/// A fitted curve that can be read off.
pub(super) struct Told<'a> {
    pub(super) knots: &'a Knots,
    pub(super) slopes: &'a [f64],
    pub(super) covariance: Mat<f64>,
    pub(super) reference: f64,
    pub(super) df: f64,
    pub(super) options: &'a PenalisedOptions,
}

/// Points, critical value, and the largest |t| with its p-value.
pub(super) struct Drawn {
    pub(super) points: Vec<PenalisedPoint>,
    pub(super) critical: f64,
    pub(super) largest: (f64, f64),
}

impl Told<'_> {
    pub(super) fn estimate(&self, dose: f64) -> (Estimate, Vec<f64>) {
        let mut contrast = self.knots.contrast(dose, self.reference);
        contrast.resize(self.slopes.len(), 0.0);
        let variance = dot(&times(self.covariance.as_ref(), &contrast), &contrast);
        let value = dot(&contrast, self.slopes);
        let se = variance.max(0.0).sqrt();
        (
            Estimate::student(value, se, self.df, self.options.level),
            contrast,
        )
    }

    pub(super) fn curve(&self, at: &[f64]) -> Result<Drawn, StatsError> {
        let (values, vectors) = eigen_symmetric(self.covariance.as_ref()).ok_or_else(singular)?;
        let k = values.len();
        let range = self.knots.most - self.knots.least;
        let grid = (0..=GRID).map(|i| self.knots.least + range * i as f64 / GRID as f64);
        let told: Vec<(Estimate, Vec<f64>)> = grid
            .chain(at.iter().copied())
            .map(|x| self.estimate(x))
            .collect();
        let most = told.iter().fold(0.0_f64, |a, (e, _)| a.max(e.se));
        // Nothing can be said at the reference itself.
        let live: Vec<&(Estimate, Vec<f64>)> =
            told.iter().filter(|(e, _)| e.se > 1e-6 * most).collect();
        let observed = live
            .iter()
            .fold(0.0_f64, |a, (e, _)| a.max(e.statistic.abs()));
        let rows: Vec<Vec<f64>> = live
            .iter()
            .map(|(e, c)| {
                let along = |j: usize| (0..k).map(|i| vectors[(i, j)] * c[i]).sum::<f64>();
                (0..k)
                    .map(|j| along(j) * values[j].max(0.0).sqrt() / e.se)
                    .collect()
            })
            .collect();
        let largest = largest_draws(&rows, self.df, self.options.draws as u64, self.options.seed);
        let above = largest.iter().filter(|l| **l >= observed).count() as f64;
        let p = (1.0 + above) / (1.0 + largest.len() as f64);
        let place = (self.options.level * (largest.len() + 1) as f64).ceil() as usize;
        let critical = largest[place.clamp(1, largest.len()) - 1];
        let points = at
            .iter()
            .map(|&x| {
                let (effect, _) = self.estimate(x);
                let half = critical * effect.se;
                PenalisedPoint {
                    dose: x,
                    effect,
                    lower: effect.estimate - half,
                    upper: effect.estimate + half,
                }
            })
            .collect();
        Ok(Drawn {
            points,
            critical,
            largest: (observed, p),
        })
    }
}
