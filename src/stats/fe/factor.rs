//! An exact factor of the Schur complement, for when few levels are left and many right-hand sides ask for them.
//!
//! Iterating is cheaper for the handful of columns of an estimate, and keeps more digits where effects are nearly
//! collinear. A bootstrap with a thousand draws, or the leverage of every row, asks one system thousands of times: then
//! a dense Cholesky factor, built once, answers each at the price of one triangular sweep.

use faer::dyn_stack::{MemBuffer, MemStack};
use faer::linalg::cholesky::ldlt;
use faer::linalg::matmul::matmul;
use faer::linalg::triangular_solve::{
    solve_unit_lower_triangular_in_place, solve_unit_upper_triangular_in_place,
};
use faer::prelude::{Reborrow, ReborrowMut, default};
use faer::{Accum, Mat, MatMut, MatRef, Par};
use rayon::prelude::*;

use super::cells::Cells;

/// Levels beyond which a dense factor is not built (it takes a little more than 4 bytes × levels²).
pub(crate) const LARGEST: usize = 5000;

/// A pivot this small, on unit diagonal, belongs to a level that others determine.
const REDUNDANT: f64 = 1e-10;

/// The pivot such a level gets instead: its coefficient becomes zero.
const NEVER: f64 = 1e30;

/// Levels whose columns are held, and worked on, together.
const PANEL: usize = 128;

/// `L D L'` factor of the Schur complement scaled to unit diagonal; redundant levels are held at zero, which solves a
/// consistent system exactly.
#[derive(Debug)]
pub(crate) struct Factor {
    scale: Vec<f64>,
    /// `L` below the diagonal, `D` on it: [`PANEL`] columns at a time from their own diagonal down, which is little more than
    /// the triangle alone.
    panels: Vec<Mat<f64>>,
}

impl Factor {
    /// The factor, or `None` when the system is too large for a dense one.
    pub(crate) fn build(cells: &Cells) -> Option<Self> {
        let m = cells.size;
        if m > LARGEST {
            return None;
        }
        let scale: Vec<f64> = cells.jacobi.iter().map(|j| j.sqrt()).collect();
        let mut panels = schur(cells);
        for (scale, panel) in (0..m).step_by(PANEL).map(|j| &scale[j..]).zip(&mut panels) {
            for j in 0..panel.ncols() {
                for i in j..panel.nrows() {
                    panel[(i, j)] *= scale[i] * scale[j];
                }
                // A level that the eliminated effect explains alone has scale zero.
                panel[(j, j)] = if scale[j] > 0.0 { 1.0 } else { NEVER };
            }
        }
        let mut rest = &mut panels[..];
        while let Some((own, later)) = rest.split_first_mut() {
            let width = own.ncols();
            let (mut top, mut below) = own.as_mut().split_at_row_mut(width);
            diagonal_block(top.rb_mut())?;
            let top = top.as_ref();
            solve_unit_lower_triangular_in_place(top, below.rb_mut().transpose_mut(), Par::Seq);
            let times_d = below.rb().to_owned();
            for j in 0..width {
                let d = top[(j, j)].recip();
                below.rb_mut().col_mut(j).iter_mut().for_each(|v| *v *= d);
            }
            for (k, panel) in later.iter_mut().enumerate() {
                let from = k * PANEL;
                let left = times_d.as_ref().subrows(from, panel.nrows());
                let right = below.rb().subrows(from, panel.ncols());
                let right = right.transpose();
                matmul(panel.as_mut(), Accum::Add, left, right, -1.0, Par::Seq);
            }
            rest = later;
        }
        Some(Self { scale, panels })
    }

    /// Levels that others determine.
    pub(crate) fn redundant(&self) -> usize {
        let pivots = |panel: &Mat<f64>| {
            (0..panel.ncols())
                .filter(|&j| panel[(j, j)] >= NEVER)
                .count()
        };
        self.panels.iter().map(pivots).sum()
    }

    /// Replaces every column (of `size` numbers, one after another) by a solution of the system for it.
    pub(crate) fn solve(&self, columns: &mut [f64]) {
        let m = self.scale.len();
        if m == 0 {
            return;
        }
        let rescale = |columns: &mut [f64]| {
            for column in columns.chunks_mut(m) {
                for (v, s) in column.iter_mut().zip(&self.scale) {
                    *v *= s;
                }
            }
        };
        rescale(columns);
        let count = columns.len() / m;
        let mut x = MatMut::from_column_major_slice_mut(columns, m, count);
        for (k, panel) in self.panels.iter().enumerate() {
            let (top, below) = halves(panel);
            let x = x.rb_mut().subrows_mut(k * PANEL, panel.nrows());
            let (mut own, rest) = x.split_at_row_mut(panel.ncols());
            solve_unit_lower_triangular_in_place(top, own.rb_mut(), Par::Seq);
            matmul(rest, Accum::Add, below, own.rb(), -1.0, Par::Seq);
        }
        for (k, panel) in self.panels.iter().enumerate().rev() {
            let (top, below) = halves(panel);
            let x = x.rb_mut().subrows_mut(k * PANEL, panel.nrows());
            let (mut own, rest) = x.split_at_row_mut(panel.ncols());
            for column in own.rb_mut().col_iter_mut() {
                for (i, v) in column.iter_mut().enumerate() {
                    *v *= top[(i, i)].recip();
                }
            }
            let below = below.transpose();
            matmul(own.rb_mut(), Accum::Add, below, rest.rb(), -1.0, Par::Seq);
            solve_unit_upper_triangular_in_place(top.transpose(), own, Par::Seq);
        }
        rescale(columns);
    }
}

/// The square on a panel's diagonal, and what is below it.
fn halves(panel: &Mat<f64>) -> (MatRef<'_, f64>, MatRef<'_, f64>) {
    panel.as_ref().split_at_row(panel.ncols())
}

/// Factors a square on the diagonal.
fn diagonal_block(a: MatMut<'_, f64>) -> Option<()> {
    let m = a.ncols();
    let scratch = ldlt::factor::cholesky_in_place_scratch::<f64>(m, Par::Seq, default());
    let positive = vec![1; m];
    // `L D L'` and not `L L'`: faer replaces small pivots correctly only in the former.
    ldlt::factor::cholesky_in_place(
        a,
        ldlt::factor::LdltRegularization {
            dynamic_regularization_signs: Some(&positive),
            dynamic_regularization_delta: NEVER,
            dynamic_regularization_epsilon: REDUNDANT,
        },
        Par::Seq,
        MemStack::new(&mut MemBuffer::new(scratch)),
        default(),
    )
    .ok()
    .map(|_| ())
}

impl Factor {
    /// A symmetric generalised inverse of the Schur complement, column after column.
    pub(crate) fn inverse(&self) -> Vec<f64> {
        let m = self.scale.len();
        const COLUMNS: usize = 64;
        let mut columns = vec![0.0; m * m];
        columns
            .par_chunks_mut((m * COLUMNS).max(1))
            .enumerate()
            .for_each(|(block, columns)| {
                for (j, column) in columns.chunks_mut(m).enumerate() {
                    column[block * COLUMNS + j] = 1.0;
                }
                self.solve(columns);
            });
        columns
    }
}

/// The lower triangle of the Schur complement, in panels.
fn schur(cells: &Cells) -> Vec<Mat<f64>> {
    let m = cells.size;
    let mut panels: Vec<Mat<f64>> = (0..m)
        .step_by(PANEL)
        .map(|from| Mat::zeros(m - from, PANEL.min(m - from)))
        .collect();
    for (i, d) in cells.diagonal.iter().enumerate() {
        panels[i / PANEL][(i % PANEL, i % PANEL)] = *d;
    }
    cells.each_pair(|i, j, v| {
        let (i, j) = (i.max(j), i.min(j));
        panels[j / PANEL][(i - j / PANEL * PANEL, j % PANEL)] += v;
    });
    let mut reader = cells.reader();
    for (g, inverse) in cells.inverse.iter().enumerate() {
        let (index, value) = reader.read(g);
        for (&j, &w) in index.iter().zip(value) {
            let scaled = w * inverse;
            let panel = &mut panels[j as usize / PANEL];
            let from = j as usize / PANEL * PANEL;
            for (&i, &v) in index.iter().zip(value) {
                if i >= j {
                    panel[(i as usize - from, j as usize - from)] -= v * scaled;
                }
            }
        }
    }
    panels
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fe::{Tolerance, condense, conjugate};
    use crate::kit::rng::Stream;
    use crate::sample::Dense;

    fn effect(stream: &mut Stream, n: usize, levels: usize) -> Dense {
        let codes: Vec<u32> = (0..n).map(|_| stream.below(levels) as u32).collect();
        Dense {
            name: String::new(),
            codes: codes.into(),
            levels,
        }
    }

    #[test]
    fn the_factor_and_the_iteration_fit_the_same_values() {
        fit_the_same_values([200, 40, 9, 4]);
    }

    #[test]
    fn so_they_do_where_the_factor_has_several_panels_and_rows_are_few() {
        fit_the_same_values([600, 2 * PANEL + 30, 9, 4]);
    }

    fn fit_the_same_values(levels: [usize; 4]) {
        let mut stream = Stream::new(3, 0);
        let n = 3000;
        let mut effects: Vec<Dense> = levels
            .iter()
            .map(|&levels| effect(&mut stream, n, levels))
            .collect();
        // A copy of an effect: every one of its levels is redundant.
        effects.push(effects[2].clone());
        let cells = Cells::build(&effects, None, false);
        let factor = Factor::build(&cells).unwrap();
        let y: Vec<f64> = (0..n).map(|_| stream.normal()).collect();
        let sum = |e: &Dense| {
            let mut s = vec![[0.0; 1]; e.levels];
            e.codes
                .iter()
                .zip(&y)
                .for_each(|(&c, y)| s[c as usize][0] += y);
            s
        };
        let first = sum(&effects[cells.first]);
        let mut rest: Vec<[f64; 1]> = cells.rest.iter().flat_map(|&e| sum(&effects[e])).collect();
        condense(&cells, &first, &mut rest);
        let mut exact: Vec<f64> = rest.iter().map(|r| r[0]).collect();
        factor.solve(&mut exact);
        let total = y.iter().map(|y| y * y).sum::<f64>();
        let tight = Tolerance {
            relative: 1e-14,
            ..Tolerance::default()
        };
        let iterated = conjugate(&cells, rest, &[total], &tight).0;
        // Coefficients may differ where levels are redundant; what they fit, net of the eliminated effect, may not.
        let fitted = |x: &dyn Fn(usize) -> f64| -> Vec<f64> {
            let row = |r: usize| -> f64 {
                cells
                    .rest
                    .iter()
                    .zip(&cells.offset)
                    .map(|(&e, &o)| x(o + effects[e].codes[r] as usize))
                    .sum()
            };
            let mut mean = vec![0.0; effects[cells.first].levels];
            for r in 0..n {
                let c = effects[cells.first].codes[r] as usize;
                mean[c] += row(r) * cells.inverse[c];
            }
            (0..n)
                .map(|r| row(r) - mean[effects[cells.first].codes[r] as usize])
                .collect()
        };
        let a = fitted(&|j| exact[j]);
        let b = fitted(&|j| iterated[j][0]);
        for (a, b) in a.iter().zip(&b) {
            assert!((a - b).abs() < 1e-11, "{a} {b}");
        }
    }
}
