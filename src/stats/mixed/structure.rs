//! The sparse matrix `Λ'Z'WZΛ + I`: its pattern once, its values for every `θ`, its Cholesky factor.
//!
//! `Z'WZ` is kept as small dense blocks, one for each pair of levels that share a row, because `Λ` acts on a level's effects together.
//! The factor is faer's, ordered by approximate minimum degree: blocks for one group, little fill for nested and crossed ones.

use super::design::Term;
use crate::error::StatsError;
use faer::dyn_stack::{MemBuffer, MemStack};
use faer::sparse::linalg::cholesky::supernodal::SupernodalLltRef;
use faer::sparse::linalg::cholesky::{
    LltRef, SymbolicCholesky, SymbolicCholeskyRaw, SymmetricOrdering, factorize_symbolic_cholesky,
};
use faer::sparse::{SparseColMatRef, SymbolicSparseColMatRef};
use faer::{Conj, MatMut, Par, Side, Spec};

/// Blocks between the levels of two terms (`rows` is the later one).
struct Pair {
    rows: usize,
    columns: usize,
    /// Row-major blocks, end to end.
    blocks: Vec<f64>,
    /// Where each entry goes among the values; `u32::MAX` above the diagonal.
    place: Vec<u32>,
}

/// `Z'WZ` and the pattern of its factor.
pub(crate) struct Structure {
    pub(crate) width: Vec<usize>,
    pub(crate) offset: Vec<usize>,
    pub(crate) levels: Vec<usize>,
    pub(crate) q: usize,
    pairs: Vec<Pair>,
    starts: Vec<usize>,
    rows: Vec<usize>,
    symbolic: SymbolicCholesky<usize>,
}

/// A factor of `Λ'Z'WZΛ + I`.
pub(crate) struct Factor<'s> {
    symbolic: &'s SymbolicCholesky<usize>,
    values: Vec<f64>,
}

const NOWHERE: u32 = u32::MAX;

impl Structure {
    pub(crate) fn new(terms: &[Term], weights: Option<&[f64]>) -> Result<Self, StatsError> {
        let width: Vec<usize> = terms.iter().map(Term::width).collect();
        let levels: Vec<usize> = terms.iter().map(|t| t.labels.len()).collect();
        let mut offset = Vec::new();
        let mut q = 0;
        for (w, l) in width.iter().zip(&levels) {
            offset.push(q);
            q += w * l;
        }
        let mut pairs = Vec::new();
        let mut places: Vec<(usize, usize, usize, usize)> = Vec::new();
        for columns in 0..terms.len() {
            for rows in columns..terms.len() {
                let (keys, blocks) = blocks(&terms[rows], &terms[columns], weights);
                let (kr, kc) = (width[rows], width[columns]);
                for (b, (lr, lc)) in keys.iter().enumerate() {
                    for i in 0..kr {
                        for j in 0..kc {
                            let row = offset[rows] + *lr as usize * kr + i;
                            let column = offset[columns] + *lc as usize * kc + j;
                            if row >= column {
                                places.push((column, row, pairs.len(), (b * kr + i) * kc + j));
                            }
                        }
                    }
                }
                pairs.push(Pair {
                    rows,
                    columns,
                    place: vec![NOWHERE; blocks.len()],
                    blocks,
                });
            }
        }
        places.sort_unstable();
        if places.len() >= NOWHERE as usize {
            return Err(StatsError::unsupported(
                "a mixed model with so many pairs of levels",
                "use fewer crossed groups",
            ));
        }
        let mut starts = vec![0; q + 1];
        let mut rows = Vec::with_capacity(places.len());
        for (at, &(column, row, pair, entry)) in places.iter().enumerate() {
            starts[column + 1] += 1;
            rows.push(row);
            pairs[pair].place[entry] = at as u32;
        }
        for c in 0..q {
            starts[c + 1] += starts[c];
        }
        let pattern = SymbolicSparseColMatRef::new_checked(q, q, &starts, None, &rows);
        let symbolic = factorize_symbolic_cholesky(
            pattern,
            Side::Lower,
            SymmetricOrdering::Amd,
            Default::default(),
        )
        .map_err(|_| {
            StatsError::unsupported(
                "a mixed model that does not fit in memory",
                "use fewer or coarser crossed groups",
            )
        })?;
        Ok(Self {
            width,
            offset,
            levels,
            q,
            pairs,
            starts,
            rows,
            symbolic,
        })
    }

    /// Factors `Λ'Z'WZΛ + I`; `lambda` holds one lower triangular matrix (row-major) for each term.
    pub(crate) fn factor(&self, lambda: &[Vec<f64>]) -> Option<Factor<'_>> {
        let mut values = vec![0.0; self.rows.len()];
        let mut half = Vec::new();
        for pair in &self.pairs {
            let (kr, kc) = (self.width[pair.rows], self.width[pair.columns]);
            let (left, right) = (&lambda[pair.rows], &lambda[pair.columns]);
            for (block, place) in pair
                .blocks
                .chunks_exact(kr * kc)
                .zip(pair.place.chunks_exact(kr * kc))
            {
                // left' block right, both triangular.
                half.clear();
                half.resize(kr * kc, 0.0);
                for i in 0..kr {
                    for j in 0..kc {
                        half[i * kc + j] =
                            (j..kc).map(|m| block[i * kc + m] * right[m * kc + j]).sum();
                    }
                }
                for i in 0..kr {
                    for j in 0..kc {
                        let at = place[i * kc + j];
                        if at != NOWHERE {
                            values[at as usize] =
                                (i..kr).map(|m| left[m * kr + i] * half[m * kc + j]).sum();
                        }
                    }
                }
            }
        }
        // The diagonal is the first entry of its column: rows ascend and all are below it.
        for c in 0..self.q {
            values[self.starts[c]] += 1.0;
        }
        let pattern =
            SymbolicSparseColMatRef::new_checked(self.q, self.q, &self.starts, None, &self.rows);
        let matrix = SparseColMatRef::new(pattern, &values);
        let mut factor = vec![0.0; self.symbolic.len_val()];
        let need = self
            .symbolic
            .factorize_numeric_llt_scratch::<f64>(Par::Seq, Spec::default());
        self.symbolic
            .factorize_numeric_llt(
                &mut factor,
                matrix,
                Side::Lower,
                Default::default(),
                Par::Seq,
                MemStack::new(&mut MemBuffer::new(need)),
                Spec::default(),
            )
            .ok()?;
        Some(Factor {
            symbolic: &self.symbolic,
            values: factor,
        })
    }

    /// `Λ'v` for every column of a `q`-row matrix, column-major and in place.
    pub(crate) fn scale(&self, lambda: &[Vec<f64>], columns: &mut [f64]) {
        self.each_level(lambda, columns, |l, k, v| {
            // Entry i of Λ'v needs the later entries only.
            for i in 0..k {
                v[i] = (i..k).map(|m| l[m * k + i] * v[m]).sum();
            }
        });
    }

    /// `Λu`, in place.
    pub(crate) fn spread(&self, lambda: &[Vec<f64>], columns: &mut [f64]) {
        self.each_level(lambda, columns, |l, k, v| {
            for i in (0..k).rev() {
                v[i] = (0..=i).map(|m| l[i * k + m] * v[m]).sum();
            }
        });
    }

    fn each_level(
        &self,
        lambda: &[Vec<f64>],
        columns: &mut [f64],
        apply: impl Fn(&[f64], usize, &mut [f64]),
    ) {
        for column in columns.chunks_exact_mut(self.q) {
            for (t, l) in lambda.iter().enumerate() {
                let k = self.width[t];
                let from = self.offset[t];
                for v in column[from..from + k * self.levels[t]].chunks_exact_mut(k) {
                    apply(l, k, v);
                }
            }
        }
    }
}

impl Factor<'_> {
    /// Logarithm of the determinant of the matrix.
    pub(crate) fn log_determinant(&self) -> f64 {
        let mut sum = 0.0;
        match self.symbolic.raw() {
            SymbolicCholeskyRaw::Simplicial(s) => {
                let starts = s.col_ptr();
                for &at in &starts[..starts.len() - 1] {
                    sum += self.values[at].ln();
                }
            }
            SymbolicCholeskyRaw::Supernodal(s) => {
                let l = SupernodalLltRef::new(s, &self.values);
                for node in 0..s.n_supernodes() {
                    let values = l.supernode(node).val();
                    for j in 0..values.ncols() {
                        sum += values[(j, j)].ln();
                    }
                }
            }
        }
        2.0 * sum
    }

    /// Solves for every column of a `q`-row matrix, column-major and in place.
    pub(crate) fn solve(&self, columns: &mut [f64]) {
        let q = self.symbolic.nrows();
        let count = columns.len() / q;
        let right = MatMut::from_column_major_slice_mut(columns, q, count);
        let need = self.symbolic.solve_in_place_scratch::<f64>(count, Par::Seq);
        LltRef::new(self.symbolic, &self.values).solve_in_place_with_conj(
            Conj::No,
            right,
            Par::Seq,
            MemStack::new(&mut MemBuffer::new(need)),
        );
    }
}

type Keyed = (Vec<(u32, u32)>, Vec<f64>);

/// Blocks of `Z_r' W Z_c`, one for each pair of levels that share a row, pairs ascending and rows summed in order.
fn blocks(rows: &Term, columns: &Term, weights: Option<&[f64]>) -> Keyed {
    let n = rows.level.len();
    let mut order: Vec<u32> = (0..n as u32).collect();
    let key = |r: u32| (rows.level[r as usize], columns.level[r as usize]);
    order.sort_by_key(|&r| (key(r), r));
    let (kr, kc) = (rows.width(), columns.width());
    let mut keys: Vec<(u32, u32)> = Vec::new();
    let mut blocks: Vec<f64> = Vec::new();
    for r in order {
        let k = key(r);
        let r = r as usize;
        if keys.last() != Some(&k) {
            keys.push(k);
            blocks.resize(blocks.len() + kr * kc, 0.0);
        }
        let w = weights.map_or(1.0, |w| w[r]);
        let start = blocks.len() - kr * kc;
        for i in 0..kr {
            let left = w * rows.columns[i][r];
            for j in 0..kc {
                blocks[start + i * kc + j] += left * columns.columns[j][r];
            }
        }
    }
    (keys, blocks)
}
