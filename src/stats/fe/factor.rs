//! A dense Cholesky factor of the Schur complement, for when many right-hand sides share few levels.
//!
//! As a preconditioner it ends the iteration in two or three steps. A small ridge on the diagonal keeps it
//! positive definite where effects are redundant; directions the ridge invents change no fitted value.

use super::cells::Cells;
use crate::linalg::dot;

/// Ridge as a share of the diagonal: large enough that rounding in redundant directions, magnified by its inverse, stays
/// below the tolerance; small enough that each step gains several digits.
const RIDGE: f64 = 1e-5;

/// Levels beyond which a dense factor is not considered.
const LARGEST: usize = 2500;

/// The lower factor, rows one after another (row `i` has `i + 1` entries).
#[derive(Debug)]
pub(crate) struct Factor {
    size: usize,
    rows: Vec<f64>,
}

impl Factor {
    /// Builds the factor when `columns` right-hand sides will repay it.
    pub(crate) fn worthwhile(cells: &Cells, columns: usize) -> Option<Self> {
        let m = cells.size;
        if m == 0 || m > LARGEST {
            return None;
        }
        let build = m * m * m / 6;
        let sweep = 2 * cells.table.value.len() + 2 * cells.pairs.value.len();
        // Forty sweeps is what the diagonal preconditioner takes on an ordinary panel.
        (build + columns * 2 * m * m < columns * 40 * sweep)
            .then(|| Self::build(cells))
            .flatten()
    }

    fn build(cells: &Cells) -> Option<Self> {
        let m = cells.size;
        let at = |i: usize, j: usize| i * (i + 1) / 2 + j;
        let mut a = vec![0.0; m * (m + 1) / 2];
        for i in 0..m {
            a[at(i, i)] = cells.diagonal[i] * (1.0 + RIDGE);
        }
        let pairs = &cells.pairs;
        for i in 0..m {
            for k in pairs.start[i] as usize..pairs.start[i + 1] as usize {
                let j = pairs.index[k] as usize;
                a[at(i.max(j), i.min(j))] += pairs.value[k];
            }
        }
        let t = &cells.table;
        for (g, inv) in cells.inverse.iter().enumerate() {
            let range = t.start[g] as usize..t.start[g + 1] as usize;
            let (index, value) = (&t.index[range.clone()], &t.value[range]);
            for (&i, &v) in index.iter().zip(value) {
                for (&j, &w) in index.iter().zip(value) {
                    if j <= i {
                        a[at(i as usize, j as usize)] -= v * w * inv;
                    }
                }
            }
        }
        for i in 0..m {
            let (above, own) = a.split_at_mut(at(i, 0));
            let own = &mut own[..=i];
            for j in 0..i {
                let row = &above[at(j, 0)..=at(j, j)];
                let v = own[j] - dot(&own[..j], &row[..j]);
                own[j] = v / row[j];
            }
            let left = own[i] - dot(&own[..i], &own[..i]);
            if left <= 0.0 || left.is_nan() {
                return None;
            }
            own[i] = left.sqrt();
        }
        Some(Self { size: m, rows: a })
    }

    /// `z = (L L')⁻¹ r`, all lanes at once.
    pub(crate) fn solve<const L: usize>(&self, r: &[[f64; L]], z: &mut [[f64; L]]) {
        z.copy_from_slice(r);
        let mut from = 0;
        for i in 0..self.size {
            let row = &self.rows[from..from + i + 1];
            let (done, rest) = z.split_at_mut(i);
            let own = &mut rest[0];
            for (v, d) in row.iter().zip(done.iter()) {
                for l in 0..L {
                    own[l] -= v * d[l];
                }
            }
            own.iter_mut().for_each(|o| *o /= row[i]);
            from += i + 1;
        }
        for i in (0..self.size).rev() {
            from -= i + 1;
            let row = &self.rows[from..from + i + 1];
            let (above, rest) = z.split_at_mut(i);
            let own = &mut rest[0];
            own.iter_mut().for_each(|o| *o /= row[i]);
            for (v, a) in row.iter().zip(above) {
                for l in 0..L {
                    a[l] -= v * own[l];
                }
            }
        }
    }
}
