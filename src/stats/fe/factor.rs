//! An exact factor of the Schur complement, for when few levels are left and many right-hand sides ask for them.
//!
//! Iterating is cheaper for the handful of columns of an estimate, and keeps more digits where effects are nearly
//! collinear. A bootstrap with a thousand draws, or the leverage of every row, asks one system thousands of times: then
//! a dense Cholesky factor, built once, answers each at the price of one triangular sweep.

use faer::dyn_stack::{MemBuffer, MemStack};
use faer::linalg::cholesky::ldlt;
use faer::prelude::default;
use faer::{Mat, MatMut, Par};
use rayon::prelude::*;

use super::cells::Cells;

/// Levels beyond which a dense factor is not built (its matrix takes 8 bytes × levels²).
pub(crate) const LARGEST: usize = 5000;

/// A pivot this small, on unit diagonal, belongs to a level that others determine.
const REDUNDANT: f64 = 1e-10;

/// The pivot such a level gets instead: its coefficient becomes zero.
const NEVER: f64 = 1e30;

/// `L D L'` factor of the Schur complement scaled to unit diagonal; redundant levels are held at zero, which solves a
/// consistent system exactly.
#[derive(Debug)]
pub(crate) struct Factor {
    scale: Vec<f64>,
    /// `L` below the diagonal, `D` on it.
    lower: Mat<f64>,
}

impl Factor {
    /// The factor, or `None` when the system is too large for a dense one.
    pub(crate) fn build(cells: &Cells) -> Option<Self> {
        let m = cells.size;
        if m > LARGEST {
            return None;
        }
        let scale: Vec<f64> = cells.jacobi.iter().map(|j| j.sqrt()).collect();
        let mut a = schur(cells);
        for j in 0..m {
            for i in j..m {
                a[(i, j)] *= scale[i] * scale[j];
            }
            // A level that the eliminated effect explains alone has scale zero.
            a[(j, j)] = if scale[j] > 0.0 { 1.0 } else { NEVER };
        }
        // `L D L'` and not `L L'`: faer replaces small pivots correctly only in the former.
        let scratch = ldlt::factor::cholesky_in_place_scratch::<f64>(m, Par::Seq, default());
        let positive = vec![1; m];
        ldlt::factor::cholesky_in_place(
            a.as_mut(),
            ldlt::factor::LdltRegularization {
                dynamic_regularization_signs: Some(&positive),
                dynamic_regularization_delta: NEVER,
                dynamic_regularization_epsilon: REDUNDANT,
            },
            Par::Seq,
            MemStack::new(&mut MemBuffer::new(scratch)),
            default(),
        )
        .ok()?;
        Some(Self { scale, lower: a })
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
        let scratch = ldlt::solve::solve_in_place_scratch::<f64>(m, count, Par::Seq);
        ldlt::solve::solve_in_place(
            self.lower.as_ref(),
            self.lower.diagonal(),
            MatMut::from_column_major_slice_mut(columns, m, count),
            Par::Seq,
            MemStack::new(&mut MemBuffer::new(scratch)),
        );
        rescale(columns);
    }
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

/// The lower triangle of the Schur complement.
fn schur(cells: &Cells) -> Mat<f64> {
    let m = cells.size;
    let mut a = Mat::<f64>::zeros(m, m);
    for (i, d) in cells.diagonal.iter().enumerate() {
        a[(i, i)] = *d;
    }
    let pairs = &cells.pairs;
    for i in 0..m {
        let range = pairs.start[i] as usize..pairs.start[i + 1] as usize;
        for (&j, &v) in pairs.index[range.clone()].iter().zip(&pairs.value[range]) {
            let j = j as usize;
            a[(i.max(j), i.min(j))] += v;
        }
    }
    let t = &cells.table;
    for (g, inverse) in cells.inverse.iter().enumerate() {
        let range = t.start[g] as usize..t.start[g + 1] as usize;
        let (index, value) = (&t.index[range.clone()], &t.value[range]);
        for (&j, &w) in index.iter().zip(value) {
            let scaled = w * inverse;
            for (&i, &v) in index.iter().zip(value) {
                if i >= j {
                    a[(i as usize, j as usize)] -= v * scaled;
                }
            }
        }
    }
    a
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
        let mut stream = Stream::new(3, 0);
        let n = 3000;
        let mut effects: Vec<Dense> = [200, 40, 9, 4]
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
