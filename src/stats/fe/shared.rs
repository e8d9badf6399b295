//! An effect of which a row has several levels at once, each with a share: a pupil with two teachers.
//!
//! Where effects have one level a row, sums of levels meet in a table of cells and the largest effect can be eliminated. Shares
//! spoil that: levels of the same effect meet in a row, so nothing is diagonal. The normal equations `Z'WZ` of shares and plain effects
//! together are small and sparse instead, and are factored once (sparse Cholesky, approximate minimum degree).
//! Redundant directions are held by a ridge of 1e-10 of the diagonal, which iterative refinement takes out again to the last digits;
//! what is redundant moves nothing that a regression sees. Nearly redundant directions set the ridge: refinement shrinks them by
//! ridge / (ridge + eigenvalue) a step, so that a larger ridge needs hundreds of steps, and a smaller one leaves more rounding in the redundant ones.
//! Columns are solved a few at a time: a factor is larger than the processor's caches, and reading it is most of a solve. Only the shares' own part is subtracted here: the plain effects
//! are then removed exactly, as without shares.
//!
//! Reference: multiple membership models, Browne, Goldstein and Rasbash (2001), *Statistical Modelling* 1(2); for teachers, the
//! partial credit method of Hock and Isenberg (2012).

use std::collections::HashMap;

use faer::dyn_stack::{MemBuffer, MemStack};
use faer::sparse::linalg::cholesky::{
    LltRef, SymbolicCholesky, SymmetricOrdering, factorize_symbolic_cholesky,
};
use faer::sparse::{SparseColMatRef, SymbolicSparseColMatRef};
use faer::{Conj, MatMut, Par, Side, Spec};
use rayon::prelude::*;

use crate::design::Shared;
use crate::error::StatsError;
use crate::sample::Dense;

/// Share of its diagonal that is added to each level.
const RIDGE: f64 = 1e-10;
/// Refinement stops when the residual of the normal equations is this share of the column's own variation …
const RELATIVE: f64 = 1e-12;
/// … or, where rounding comes first, is below this and a step no longer halves it.
const ACCEPTED: f64 = 1e-8;
const MOST_STEPS: usize = 200;
/// Columns that are solved together; fixed, so that results do not depend on the number of threads.
const TOGETHER: usize = 8;

/// Levels and shares of the kept rows; levels are numbered `0..levels` by first appearance.
#[derive(Debug, Clone)]
pub(crate) struct Shares {
    pub(crate) name: String,
    start: Vec<u32>,
    level: Vec<u32>,
    share: Vec<f64>,
    pub(crate) levels: usize,
}

impl Shares {
    /// The shares of the rows with these numbers.
    pub(crate) fn of(shared: &Shared<'_>, rows: &[u32]) -> Result<Self, StatsError> {
        let mut kept = Self {
            name: shared.name.to_owned(),
            start: Vec::with_capacity(rows.len() + 1),
            level: Vec::new(),
            share: Vec::new(),
            levels: 0,
        };
        let mut numbers: HashMap<u32, u32> = HashMap::new();
        kept.start.push(0);
        for &row in rows {
            let range = shared.row(row as usize);
            for (&code, &share) in shared.codes[range.clone()]
                .iter()
                .zip(&shared.shares[range])
            {
                if !(share >= 0.0 && share.is_finite()) {
                    return Err(StatsError::InvalidWeight { row: row as usize });
                }
                if share > 0.0 {
                    let next = numbers.len() as u32;
                    kept.level.push(*numbers.entry(code).or_insert(next));
                    kept.share.push(share);
                }
            }
            kept.start.push(kept.level.len() as u32);
        }
        kept.levels = numbers.len();
        Ok(kept)
    }

    /// The shares of some of the rows, given as positions; levels keep their numbers.
    pub(crate) fn at(&self, rows: &[u32]) -> Self {
        let mut kept = Self {
            name: self.name.clone(),
            start: vec![0],
            level: Vec::new(),
            share: Vec::new(),
            levels: self.levels,
        };
        for &row in rows {
            let range = self.range(row as usize);
            kept.level.extend(&self.level[range.clone()]);
            kept.share.extend(&self.share[range]);
            kept.start.push(kept.level.len() as u32);
        }
        kept
    }

    fn range(&self, row: usize) -> std::ops::Range<usize> {
        self.start[row] as usize..self.start[row + 1] as usize
    }

    /// Levels that have the largest share of no row: they are no row's own, so no clustering by a row's own level allows for
    /// them.
    pub(crate) fn never_largest(&self) -> usize {
        let mut largest = vec![false; self.levels];
        for row in 0..self.start.len() - 1 {
            let range = self.range(row);
            let most = range.clone().reduce(|most, at| {
                if self.share[at] > self.share[most] {
                    at
                } else {
                    most
                }
            });
            if let Some(most) = most {
                largest[self.level[most] as usize] = true;
            }
        }
        largest.iter().filter(|largest| !**largest).count()
    }
}

/// The normal equations of shares and plain effects, and a factor of them.
#[derive(Debug)]
pub(crate) struct Joint {
    /// Shared levels, then those of the plain effects.
    size: usize,
    offset: Vec<usize>,
    /// Lower triangle by column; the diagonal first in each.
    starts: Vec<usize>,
    rows: Vec<usize>,
    values: Vec<f64>,
    symbolic: SymbolicCholesky<usize>,
    factor: Vec<f64>,
}

impl Joint {
    pub(crate) fn build(
        shares: &Shares,
        effects: &[Dense],
        weights: Option<&[f64]>,
    ) -> Result<Self, StatsError> {
        let mut offset = Vec::with_capacity(effects.len());
        let mut size = shares.levels;
        for effect in effects {
            offset.push(size);
            size += effect.levels;
        }
        let (starts, rows, values) = normal_equations(shares, effects, &offset, size, weights);
        let too_large = |_| {
            StatsError::unsupported(
                "a shared effect whose normal equations do not fit in memory",
                "use fewer levels",
            )
        };
        let pattern = SymbolicSparseColMatRef::new_checked(size, size, &starts, None, &rows);
        let symbolic = factorize_symbolic_cholesky(
            pattern,
            Side::Lower,
            SymmetricOrdering::Amd,
            Default::default(),
        )
        .map_err(too_large)?;
        let mut held = values.clone();
        for column in 0..size {
            held[starts[column]] *= 1.0 + RIDGE;
        }
        let mut factor = vec![0.0; symbolic.len_val()];
        let need = symbolic.factorize_numeric_llt_scratch::<f64>(Par::Seq, Spec::default());
        symbolic
            .factorize_numeric_llt(
                &mut factor,
                SparseColMatRef::new(pattern, &held),
                Side::Lower,
                Default::default(),
                Par::Seq,
                MemStack::new(&mut MemBuffer::new(need)),
                Spec::default(),
            )
            .map_err(|_| {
                StatsError::unsupported(
                    "a shared effect whose normal equations are not positive",
                    "drop levels with next to no share",
                )
            })?;
        Ok(Self {
            size,
            offset,
            starts,
            rows,
            values,
            symbolic,
            factor,
        })
    }

    /// Subtracts the shares' part of the joint fit from every column; `totals` are the columns' weighted sums of squares. Gives
    /// back the steps each took, or `None` where it did not converge.
    pub(crate) fn subtract(
        &self,
        shares: &Shares,
        effects: &[Dense],
        weights: Option<&[f64]>,
        columns: &mut [Vec<f64>],
        totals: &[f64],
    ) -> Vec<Option<usize>> {
        columns
            .par_chunks_mut(TOGETHER)
            .zip(totals.par_chunks(TOGETHER))
            .flat_map_iter(|(columns, totals)| {
                let sums = columns
                    .iter()
                    .flat_map(|column| self.sums(shares, effects, weights, column))
                    .collect();
                let (solutions, steps) = self.solve(sums, totals);
                for (column, solution) in columns.iter_mut().zip(solutions.chunks(self.size)) {
                    for (row, value) in column.iter_mut().enumerate() {
                        for at in shares.range(row) {
                            *value -= shares.share[at] * solution[shares.level[at] as usize];
                        }
                    }
                }
                steps
            })
            .collect()
    }

    fn sums(
        &self,
        shares: &Shares,
        effects: &[Dense],
        weights: Option<&[f64]>,
        column: &[f64],
    ) -> Vec<f64> {
        let mut sums = vec![0.0; self.size];
        for (row, value) in column.iter().enumerate() {
            let value = value * weights.map_or(1.0, |w| w[row]);
            for at in shares.range(row) {
                sums[shares.level[at] as usize] += shares.share[at] * value;
            }
            for (effect, offset) in effects.iter().zip(&self.offset) {
                sums[offset + effect.codes[row] as usize] += value;
            }
        }
        sums
    }

    /// Refines until nothing is left that matters: the coefficients of each column, and the steps it took where that came about.
    ///
    /// What a step still changes is measured in the fit, as the variation of its change: in redundant directions rounding moves
    /// the coefficients without end, and the fit not at all.
    fn solve(&self, sums: Vec<f64>, totals: &[f64]) -> (Vec<f64>, Vec<Option<usize>>) {
        let mut solutions = vec![0.0; sums.len()];
        let mut residuals = sums.clone();
        let mut steps: Vec<Option<usize>> = vec![None; totals.len()];
        let mut left = vec![f64::INFINITY; totals.len()];
        let mut open = vec![true; totals.len()];
        let mut fitted = vec![0.0; self.size];
        for step in 1..=MOST_STEPS {
            let mut changes = residuals.clone();
            self.factored(&mut changes);
            for (at, total) in totals.iter().enumerate() {
                if !open[at] {
                    continue;
                }
                let own = at * self.size..(at + 1) * self.size;
                let (solution, change) = (&mut solutions[own.clone()], &changes[own.clone()]);
                self.times(change, &mut fitted);
                let size: f64 = change.iter().zip(&fitted).map(|(c, f)| c * f).sum();
                let fine = size <= ACCEPTED * ACCEPTED * total;
                let done = size <= RELATIVE * RELATIVE * total || (fine && 4.0 * size > left[at]);
                if !done && size >= left[at] {
                    open[at] = false;
                    continue;
                }
                left[at] = size;
                for (s, c) in solution.iter_mut().zip(change) {
                    *s += c;
                }
                if done {
                    open[at] = false;
                    steps[at] = Some(step);
                    continue;
                }
                self.times(solution, &mut fitted);
                let residual = residuals[own.clone()].iter_mut();
                for ((left, sum), fitted) in residual.zip(&sums[own]).zip(&fitted) {
                    *left = sum - fitted;
                }
            }
            if !open.contains(&true) {
                break;
            }
        }
        (solutions, steps)
    }

    /// The normal equations times coefficients.
    fn times(&self, coefficients: &[f64], product: &mut [f64]) {
        product.fill(0.0);
        for column in 0..self.size {
            for at in self.starts[column]..self.starts[column + 1] {
                let (row, value) = (self.rows[at], self.values[at]);
                product[row] += value * coefficients[column];
                if row != column {
                    product[column] += value * coefficients[row];
                }
            }
        }
    }

    /// Solves for all columns at once, in place.
    fn factored(&self, columns: &mut [f64]) {
        let count = columns.len() / self.size;
        let right = MatMut::from_column_major_slice_mut(columns, self.size, count);
        let need = self.symbolic.solve_in_place_scratch::<f64>(count, Par::Seq);
        LltRef::new(&self.symbolic, &self.factor).solve_in_place_with_conj(
            Conj::No,
            right,
            Par::Seq,
            MemStack::new(&mut MemBuffer::new(need)),
        );
    }
}

/// The lower triangle of `Z'WZ` by column, the diagonal first in each: where columns start, rows and values.
fn normal_equations(
    shares: &Shares,
    effects: &[Dense],
    offset: &[usize],
    size: usize,
    weights: Option<&[f64]>,
) -> (Vec<usize>, Vec<usize>, Vec<f64>) {
    // The rows of Z: levels with their shares.
    let width = effects.len();
    let n = shares.start.len() - 1;
    let mut first = Vec::with_capacity(n + 1);
    let mut cells: Vec<(u32, f64)> = Vec::with_capacity(shares.level.len() + n * width);
    for row in 0..n {
        first.push(cells.len());
        let range = shares.range(row);
        let own = shares.level[range.clone()].iter().copied();
        cells.extend(own.zip(shares.share[range].iter().copied()));
        for (effect, offset) in effects.iter().zip(offset) {
            cells.push((*offset as u32 + effect.codes[row], 1.0));
        }
    }
    first.push(cells.len());
    // Which rows hold a level, and where in the row.
    let mut held = vec![0; size + 1];
    for (level, _) in &cells {
        held[*level as usize + 1] += 1;
    }
    for level in 0..size {
        held[level + 1] += held[level];
    }
    let mut next = held.clone();
    let mut holders = vec![(0_u32, 0.0); cells.len()];
    for row in 0..n {
        let weight = weights.map_or(1.0, |w| w[row]);
        for (level, share) in &cells[first[row]..first[row + 1]] {
            holders[next[*level as usize]] = (row as u32, weight * share);
            next[*level as usize] += 1;
        }
    }
    let (mut starts, mut rows, mut values) = (vec![0], Vec::new(), Vec::new());
    let mut sum = vec![0.0; size];
    let mut seen = vec![false; size];
    for level in 0..size {
        let begin = rows.len();
        for (row, weighted) in &holders[held[level]..held[level + 1]] {
            let row = *row as usize;
            for (other, share) in &cells[first[row]..first[row + 1]] {
                let other = *other as usize;
                if other < level {
                    continue;
                }
                if !seen[other] {
                    seen[other] = true;
                    rows.push(other);
                }
                sum[other] += weighted * share;
            }
        }
        rows[begin..].sort_unstable();
        for other in &rows[begin..] {
            values.push(sum[*other]);
            (sum[*other], seen[*other]) = (0.0, false);
        }
        starts.push(rows.len());
    }
    (starts, rows, values)
}
