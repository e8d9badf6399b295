//! Rows that some combination of regressors and effects fits perfectly.
//!
//! First the simple case: an effect's level whose outcomes are all zero (for logit: or all one). What is left of it shows while
//! the model is fitted (see `irls`); where that is not clear, for Poisson,
//! the iterative rectifier of Correia, Guimarães and Zylkin (2019): look for a combination of regressors and effects that is zero
//! wherever the outcome is positive and positive on some rows where it is zero; those rows
//! contribute nothing to the likelihood at its maximum and are dropped.

use super::family::Law;
use crate::absorbed::gram;
use crate::fe::{Cells, Tolerance, remove};
use crate::linalg::{independent, inverse_spd, packed, times};
use crate::sample::Sample;

/// Rows in levels whose outcome does not vary at the border of its range; `None` when there are none.
pub(crate) fn constant_levels(sample: &Sample, law: Law, y: &[f64]) -> Option<Vec<bool>> {
    let mut drop = vec![false; y.len()];
    let mut any = false;
    for e in &sample.effects {
        let mut not_zero = vec![false; e.levels];
        let mut not_one = vec![false; e.levels];
        for (&c, &v) in e.codes.iter().zip(y) {
            not_zero[c as usize] |= v != 0.0;
            not_one[c as usize] |= v != 1.0;
        }
        for (d, &c) in drop.iter_mut().zip(e.codes.iter()) {
            let bad = !not_zero[c as usize] || law == Law::Logit && !not_one[c as usize];
            *d |= bad;
            any |= bad;
        }
    }
    any.then_some(drop)
}

/// Rows of a Poisson model separated by regressors and effects together, found by the iterative rectifier.
pub(crate) fn rectify(sample: &Sample, y: &[f64], mut x: Vec<Vec<f64>>) -> Option<Vec<bool>> {
    // Weight of rows that must fit zero, and what counts as zero; rank is judged at rounding level because of the weight.
    const HEAVY: f64 = 1e8;
    const ZERO: f64 = 1e-3;
    const RANK: f64 = 1e-14;
    let n = y.len();
    let p = x.len();
    let weights: Vec<f64> = y
        .iter()
        .map(|v| if *v > 0.0 { HEAVY } else { 1.0 })
        .collect();
    let mut u: Vec<f64> = y.iter().map(|v| f64::from(u8::from(*v == 0.0))).collect();
    let sum = |v: &[f64]| -> f64 { v.iter().zip(&weights).map(|(v, w)| w * v * v).sum() };
    let cells =
        (!sample.effects.is_empty()).then(|| Cells::build(&sample.effects, Some(&weights), false));
    let tolerance = Tolerance::default();
    let demean = |columns: &mut [Vec<f64>]| {
        if let Some(cells) = &cells {
            let totals: Vec<f64> = columns.iter().map(|c| sum(c)).collect();
            remove(
                cells,
                &sample.effects,
                Some(&weights),
                columns,
                &totals,
                &tolerance,
            );
        }
    };
    demean(&mut x);
    for _ in 0..100 {
        let mut block = vec![u.clone()];
        demean(&mut block);
        let mut all: Vec<&[f64]> = x.iter().map(|c| &c[..]).collect();
        all.push(&block[0]);
        let products = gram(&all, Some(&weights));
        let k = p + 1;
        let xx = faer::Mat::from_fn(p, p, |i, j| products[packed(k, i, j)]);
        let keep: Vec<usize> = independent(xx.as_ref(), RANK)
            .into_iter()
            .enumerate()
            .filter(|(_, k)| *k)
            .map(|(j, _)| j)
            .collect();
        let xx = faer::Mat::from_fn(keep.len(), keep.len(), |i, j| {
            products[packed(k, keep[i], keep[j])]
        });
        let xu: Vec<f64> = keep.iter().map(|&j| products[packed(k, j, p)]).collect();
        let beta = times(inverse_spd(xx.as_ref())?.as_ref(), &xu);
        let mut fitted: Vec<f64> = u.clone();
        for i in 0..n {
            let mut left = block[0][i];
            for (&j, b) in keep.iter().zip(&beta) {
                left -= b * x[j][i];
            }
            fitted[i] -= left;
            if fitted[i].abs() < ZERO {
                fitted[i] = 0.0;
            }
        }
        let zeros = || (0..n).filter(|&i| y[i] == 0.0);
        if zeros().all(|i| fitted[i] >= 0.0) {
            if (0..n).any(|i| y[i] > 0.0 && fitted[i] != 0.0) {
                return None;
            }
            let drop: Vec<bool> = (0..n).map(|i| y[i] == 0.0 && fitted[i] > 0.0).collect();
            return drop.contains(&true).then_some(drop);
        }
        for i in zeros() {
            u[i] = fitted[i].max(0.0);
        }
    }
    None
}
