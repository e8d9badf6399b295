//! Columns in, columns with the effects removed out.
//!
//! Columns are taken in blocks of up to eight, blocks in parallel; a block reads its rows in tiles so
//! that every effect's pass over a tile finds it in cache. A column that loses almost all its
//! variation is removed a second time, which restores its digits.

use rayon::prelude::*;

use super::cells::Cells;
use super::solve::solve;
use crate::sample::Dense;

/// Rows worked on at a time.
const TILE: usize = 512;

/// When to stop iterating.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Tolerance {
    /// Residual of the normal equations relative to the column's own variation.
    pub(crate) relative: f64,
    /// Iterations allowed.
    pub(crate) max_iterations: usize,
}

impl Default for Tolerance {
    fn default() -> Self {
        Self {
            relative: 1e-11,
            max_iterations: 20_000,
        }
    }
}

impl Tolerance {
    /// The squared relative residual still called converged when rounding stops progress.
    pub(crate) fn acceptable(&self) -> f64 {
        1e-16
    }
}

/// How the removal of the effects from one column went.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Removal {
    /// Weighted sum of squares left.
    pub(crate) within: f64,
    pub(crate) iterations: usize,
    pub(crate) converged: bool,
}

impl Removal {
    /// No effects to remove.
    pub(crate) fn none(within: f64) -> Self {
        Self {
            within,
            iterations: 0,
            converged: true,
        }
    }
}

/// Removes the effects from every column, in place. `totals` are the columns' weighted sums of squares.
pub(crate) fn remove(
    cells: &Cells,
    effects: &[Dense],
    weights: Option<&[f64]>,
    columns: &mut [Vec<f64>],
    totals: &[f64],
    tolerance: &Tolerance,
) -> Vec<Removal> {
    let mut done = pass(cells, effects, weights, columns, totals, tolerance);
    // A column that lost almost everything kept few digits: remove again what its rounding left.
    let again: Vec<usize> = (0..columns.len())
        .filter(|&c| {
            effects.len() > 1
                && done[c].within < 1e-4 * totals[c]
                && done[c].within > 1e-16 * totals[c]
        })
        .collect();
    if !again.is_empty() {
        let mut block: Vec<Vec<f64>> = again
            .iter()
            .map(|&c| std::mem::take(&mut columns[c]))
            .collect();
        let left: Vec<f64> = again.iter().map(|&c| done[c].within).collect();
        let second = pass(cells, effects, weights, &mut block, &left, tolerance);
        for ((c, column), removal) in again.into_iter().zip(block).zip(second) {
            columns[c] = column;
            done[c] = Removal {
                iterations: done[c].iterations + removal.iterations,
                ..removal
            };
        }
    }
    done
}

fn pass(
    cells: &Cells,
    effects: &[Dense],
    weights: Option<&[f64]>,
    columns: &mut [Vec<f64>],
    totals: &[f64],
    tolerance: &Tolerance,
) -> Vec<Removal> {
    // Width follows the number of columns only, never the number of threads.
    let width = match columns.len() {
        0..=2 => 1,
        3..=4 => 2,
        5..=12 => 4,
        _ => 8,
    };
    let solver = Solver { cells, tolerance };
    let run = |(block, totals): (&mut [Vec<f64>], &[f64])| match width {
        1 => one::<1>(&solver, effects, weights, block, totals),
        2 => one::<2>(&solver, effects, weights, block, totals),
        4 => one::<4>(&solver, effects, weights, block, totals),
        _ => one::<8>(&solver, effects, weights, block, totals),
    };
    columns
        .par_chunks_mut(width)
        .zip(totals.par_chunks(width))
        .map(run)
        .collect::<Vec<_>>()
        .concat()
}

struct Solver<'a> {
    cells: &'a Cells,
    tolerance: &'a Tolerance,
}

fn one<const L: usize>(
    solver: &Solver<'_>,
    effects: &[Dense],
    weights: Option<&[f64]>,
    block: &mut [Vec<f64>],
    totals: &[f64],
) -> Vec<Removal> {
    let cells = solver.cells;
    let n = effects[0].codes.len();
    let width = block.len();
    let scale: [f64; L] = std::array::from_fn(|l| totals.get(l).copied().unwrap_or(0.0));
    // Sums of each level.
    let mut sums: Vec<Vec<[f64; L]>> = effects.iter().map(|e| vec![[0.0; L]; e.levels]).collect();
    let mut tile = [[0.0; L]; TILE];
    for from in (0..n).step_by(TILE) {
        let to = (from + TILE).min(n);
        let tile = &mut tile[..to - from];
        for (l, column) in block.iter().enumerate() {
            for (t, v) in tile.iter_mut().zip(&column[from..to]) {
                t[l] = *v;
            }
        }
        if let Some(w) = weights {
            for (t, w) in tile.iter_mut().zip(&w[from..to]) {
                for v in t {
                    *v *= w;
                }
            }
        }
        for (e, sum) in effects.iter().zip(&mut sums) {
            for (t, &c) in tile.iter().zip(&e.codes[from..to]) {
                let s = &mut sum[c as usize];
                for l in 0..L {
                    s[l] += t[l];
                }
            }
        }
    }
    let first = std::mem::take(&mut sums[cells.first]);
    let rest: Vec<[f64; L]> = cells
        .rest
        .iter()
        .flat_map(|&e| std::mem::take(&mut sums[e]))
        .collect();
    let solution = solve(cells, first, rest, &scale, solver.tolerance);
    // Subtract.
    let mut coefficients: Vec<&[[f64; L]]> = vec![&[]; effects.len()];
    coefficients[cells.first] = &solution.first;
    for (k, &e) in cells.rest.iter().enumerate() {
        coefficients[e] = &solution.rest[cells.offset[k]..cells.offset[k] + effects[e].levels];
    }
    let mut within = [0.0; L];
    for from in (0..n).step_by(TILE) {
        let to = (from + TILE).min(n);
        let tile = &mut tile[..to - from];
        tile.fill([0.0; L]);
        for (e, coefficient) in effects.iter().zip(&coefficients) {
            for (t, &c) in tile.iter_mut().zip(&e.codes[from..to]) {
                let a = &coefficient[c as usize];
                for l in 0..L {
                    t[l] += a[l];
                }
            }
        }
        for (l, column) in block.iter_mut().enumerate() {
            let column = &mut column[from..to];
            for (v, t) in column.iter_mut().zip(tile.iter()) {
                *v -= t[l];
            }
            within[l] += match weights {
                Some(w) => column
                    .iter()
                    .zip(&w[from..to])
                    .map(|(v, w)| w * v * v)
                    .sum::<f64>(),
                None => column.iter().map(|v| v * v).sum::<f64>(),
            };
        }
    }
    (0..width)
        .map(|l| Removal {
            within: within[l],
            iterations: solution.iterations[l],
            converged: solution.converged[l],
        })
        .collect()
}
