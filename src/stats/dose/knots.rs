//! Evenly spaced cubic B-splines over the doses of the data.

use crate::design::{Column, Design};
use crate::error::StatsError;

/// Evenly spaced knots, a thousandth of the range beyond it on either side.
pub(super) struct Knots {
    pub(super) least: f64,
    pub(super) most: f64,
    pub(super) low: f64,
    pub(super) width: f64,
    pub(super) basis: usize,
}

impl Knots {
    pub(super) fn new(
        design: &Design<'_>,
        dose: &Column<'_>,
        basis: usize,
    ) -> Result<Self, StatsError> {
        let inside = |r: usize| design.sample.is_none_or(|s| s.get(r) == Some(&true));
        let (mut least, mut most) = (f64::INFINITY, f64::NEG_INFINITY);
        for (row, v) in dose.values.iter().enumerate().filter(|(r, _)| inside(*r)) {
            if !v.is_finite() {
                return Err(StatsError::NonFinite {
                    name: dose.name.to_owned(),
                    row,
                });
            }
            least = least.min(*v);
            most = most.max(*v);
        }
        if least >= most {
            return Err(StatsError::Constant {
                name: dose.name.to_owned(),
            });
        }
        let more = 0.001 * (most - least);
        let width = (most - least + 2.0 * more) / (basis - 3) as f64;
        Ok(Self {
            least,
            most,
            low: least - more,
            width,
            basis,
        })
    }

    /// The four B-splines that are not zero at a dose, and the number of the first.
    pub(super) fn values(&self, dose: f64) -> (usize, [f64; 4]) {
        let u = ((dose - self.low) / self.width).clamp(0.0, (self.basis - 3) as f64);
        let first = (u.floor() as usize).min(self.basis - 4);
        let t = u - first as f64;
        let s = 1.0 - t;
        (
            first,
            [
                s * s * s / 6.0,
                (3.0 * t * t * t - 6.0 * t * t + 4.0) / 6.0,
                (3.0 * s * s * s - 6.0 * s * s + 4.0) / 6.0,
                t * t * t / 6.0,
            ],
        )
    }

    /// All B-splines but the first, at every row.
    pub(super) fn columns(&self, doses: &[f64]) -> Vec<Vec<f64>> {
        let mut out = vec![vec![0.0; doses.len()]; self.basis - 1];
        for (row, &d) in doses.iter().enumerate().filter(|(_, d)| d.is_finite()) {
            let (first, values) = self.values(d);
            for (j, v) in (first..).zip(values) {
                if j > 0 {
                    out[j - 1][row] = v;
                }
            }
        }
        out
    }

    /// Difference of the B-splines (but the first) between a dose and another.
    pub(super) fn contrast(&self, dose: f64, reference: f64) -> Vec<f64> {
        let mut out = vec![0.0; self.basis - 1];
        for (x, sign) in [(dose, 1.0), (reference, -1.0)] {
            let (first, values) = self.values(x);
            for (j, v) in (first..).zip(values) {
                if j > 0 {
                    out[j - 1] += sign * v;
                }
            }
        }
        out
    }
}
