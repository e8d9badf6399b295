//! The three sweeps of the solver over rows that were not added up in tables.
//!
//! The number of remaining effects, and whether rows have weights, are fixed while a sweep is compiled: its loops are then
//! as short as the design.

use super::cells::ByRow;

/// What is done with the rows of one eliminated level.
pub(super) trait Sweep {
    /// `rows` are the remaining levels of each row, `weight` the row's weight.
    fn level<const W: usize>(&mut self, g: usize, rows: &[[u32; W]], weight: impl Fn(usize) -> f64);
}

/// Runs a sweep over rows with `width` remaining levels each.
pub(super) fn by_width(width: usize, rows: &ByRow, sweep: &mut impl Sweep) {
    match width {
        0 => {}
        1 => of::<1>(rows, sweep),
        2 => of::<2>(rows, sweep),
        3 => of::<3>(rows, sweep),
        _ => of::<4>(rows, sweep),
    }
}

fn of<const W: usize>(rows: &ByRow, sweep: &mut impl Sweep) {
    let (index, _) = rows.index.as_chunks::<W>();
    for (g, range) in rows.start.windows(2).enumerate() {
        let range = range[0] as usize..range[1] as usize;
        let own = &index[range.clone()];
        if rows.weight.is_empty() {
            sweep.level(g, own, |_| 1.0);
        } else {
            let weight = &rows.weight[range];
            sweep.level(g, own, |i| weight[i]);
        }
    }
}

/// Sums of the remaining levels, net of the eliminated effect.
pub(super) struct Condense<'a, const L: usize, F> {
    /// The eliminated level's mean.
    pub(super) scaled: F,
    pub(super) out: &'a mut [[f64; L]],
}

impl<const L: usize, F: Fn(usize) -> [f64; L]> Sweep for Condense<'_, L, F> {
    fn level<const W: usize>(
        &mut self,
        g: usize,
        rows: &[[u32; W]],
        weight: impl Fn(usize) -> f64,
    ) {
        let scaled = (self.scaled)(g);
        for (i, row) in rows.iter().enumerate() {
            let w = weight(i);
            for &j in row {
                let out = &mut self.out[j as usize];
                for l in 0..L {
                    out[l] -= w * scaled[l];
                }
            }
        }
    }
}

/// The eliminated levels' sums, net of the remaining ones.
pub(super) struct Forward<'a, const L: usize> {
    pub(super) x: &'a [[f64; L]],
    pub(super) first: &'a mut [[f64; L]],
}

impl<const L: usize> Sweep for Forward<'_, L> {
    fn level<const W: usize>(
        &mut self,
        g: usize,
        rows: &[[u32; W]],
        weight: impl Fn(usize) -> f64,
    ) {
        let first = &mut self.first[g];
        for (i, row) in rows.iter().enumerate() {
            let w = weight(i);
            for &j in row {
                let x = &self.x[j as usize];
                for l in 0..L {
                    first[l] -= w * x[l];
                }
            }
        }
    }
}

/// The Schur complement: what a row's levels sum to, less the mean in its eliminated level, back to its levels.
pub(super) struct Apply<'a, const L: usize> {
    pub(super) inverse: &'a [f64],
    pub(super) p: &'a [[f64; L]],
    pub(super) q: &'a mut [[f64; L]],
}

impl<const L: usize> Apply<'_, L> {
    fn fitted<const W: usize>(&self, row: &[u32; W]) -> [f64; L] {
        let mut sum = [0.0; L];
        for &j in row {
            let p = &self.p[j as usize];
            for l in 0..L {
                sum[l] += p[l];
            }
        }
        sum
    }
}

impl<const L: usize> Sweep for Apply<'_, L> {
    fn level<const W: usize>(
        &mut self,
        g: usize,
        rows: &[[u32; W]],
        weight: impl Fn(usize) -> f64,
    ) {
        let mut mean = [0.0; L];
        for (i, row) in rows.iter().enumerate() {
            let (w, fitted) = (weight(i), self.fitted(row));
            for l in 0..L {
                mean[l] += w * fitted[l];
            }
        }
        for m in &mut mean {
            *m *= self.inverse[g];
        }
        for (i, row) in rows.iter().enumerate() {
            let (w, fitted) = (weight(i), self.fitted(row));
            for &j in row {
                let q = &mut self.q[j as usize];
                for l in 0..L {
                    q[l] += w * (fitted[l] - mean[l]);
                }
            }
        }
    }
}
