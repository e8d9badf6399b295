//! The normal equations of the effects alone, in the shortest form the data allow.
//!
//! For effects with dummies `D₀ … D_k` and weights `W`, the matrix `D'WD` has the levels' weight sums on
//! its diagonal and, off it, the weight in each pair of levels that meets in some row. The effect with
//! most levels (`D₀`) is eliminated; what remains is its Schur complement, applied without being formed.
//!
//! Where many rows share a pair of levels (teachers and grades), pairs are added up in tables once. Where few do (students and
//! classes, a handful of rows each), a table would be longer than the rows: then the rows themselves are kept, grouped by the
//! eliminated level, at four bytes for each remaining effect.

use super::tables::Tables;
use crate::sample::Dense;

/// Rows a level of the eliminated effect must have on average before pairs are tabulated.
const FEW: usize = 8;

/// Remaining effects beyond which pairs are tabulated whatever the rows.
const WIDEST: usize = 4;

/// Weight sums of levels and what is needed of pairs of levels.
#[derive(Debug)]
pub(crate) struct Cells {
    /// Which effect is eliminated (the one with most levels).
    pub(crate) first: usize,
    /// The other effects, in order.
    pub(crate) rest: Vec<usize>,
    /// Where each of `rest` starts in the stacked vector of remaining levels.
    pub(crate) offset: Vec<usize>,
    /// Number of remaining levels.
    pub(crate) size: usize,
    /// One over the weight sum of each level of the eliminated effect.
    pub(crate) inverse: Vec<f64>,
    /// Weight sums of the remaining levels, stacked.
    pub(crate) diagonal: Vec<f64>,
    /// One over the diagonal of the Schur complement; zero where it vanishes.
    pub(crate) jacobi: Vec<f64>,
    pub(crate) pattern: Pattern,
}

/// Where levels meet.
#[derive(Debug)]
pub(crate) enum Pattern {
    /// Pairs of levels with their weights.
    Tables(Tables),
    /// One row after another.
    Rows(ByRow),
}

/// Rows grouped by the eliminated level.
#[derive(Debug)]
pub(crate) struct ByRow {
    /// Rows of eliminated level `g`: `start[g]..start[g + 1]`.
    pub(crate) start: Vec<u32>,
    /// Each row's remaining levels (stacked numbers), one for each remaining effect.
    pub(crate) index: Vec<u32>,
    /// Their weights; empty when all are one.
    pub(crate) weight: Vec<f64>,
}

impl Cells {
    /// Builds the equations. `reweighable` keeps what [`Cells::reweigh`] needs.
    pub(crate) fn build(effects: &[Dense], weights: Option<&[f64]>, reweighable: bool) -> Self {
        let mut first = 0;
        for (e, effect) in effects.iter().enumerate() {
            if effect.levels > effects[first].levels {
                first = e;
            }
        }
        let rest: Vec<usize> = (0..effects.len()).filter(|&e| e != first).collect();
        let mut offset = Vec::with_capacity(rest.len());
        let mut size = 0;
        for &e in &rest {
            offset.push(size);
            size += effects[e].levels;
        }
        let others: Vec<(usize, usize)> =
            rest.iter().copied().zip(offset.iter().copied()).collect();
        let rows = effects[first].codes.len();
        let pattern = if rows < FEW * effects[first].levels && others.len() <= WIDEST {
            Pattern::Rows(ByRow::build(effects, first, &others, weights))
        } else {
            Pattern::Tables(Tables::build(effects, first, &others, weights, reweighable))
        };
        let mut cells = Self {
            first,
            rest,
            offset,
            size,
            inverse: Vec::new(),
            diagonal: Vec::new(),
            jacobi: Vec::new(),
            pattern,
        };
        cells.sums(effects, weights);
        cells
    }

    /// Memory of the pattern.
    pub(crate) fn bytes(&self) -> usize {
        match &self.pattern {
            Pattern::Tables(tables) => tables.bytes(),
            Pattern::Rows(rows) => {
                size_of_val(&rows.index[..])
                    + size_of_val(&rows.weight[..])
                    + size_of_val(&rows.start[..])
            }
        }
    }

    /// Replaces the weights, keeping the pattern.
    pub(crate) fn reweigh(&mut self, effects: &[Dense], weights: &[f64]) {
        match &mut self.pattern {
            Pattern::Tables(tables) => tables.reweigh(weights),
            Pattern::Rows(rows) => rows.reweigh(&effects[self.first], weights),
        }
        self.sums(effects, Some(weights));
    }

    /// Level sums and the diagonal of the Schur complement.
    fn sums(&mut self, effects: &[Dense], weights: Option<&[f64]>) {
        let sum = |e: &Dense| {
            let mut s = vec![0.0; e.levels];
            match weights {
                Some(w) => e
                    .codes
                    .iter()
                    .zip(w)
                    .for_each(|(&c, &w)| s[c as usize] += w),
                None => e.codes.iter().for_each(|&c| s[c as usize] += 1.0),
            }
            s
        };
        self.inverse = sum(&effects[self.first]);
        self.inverse.iter_mut().for_each(|s| *s = s.recip());
        self.diagonal.clear();
        for &e in &self.rest {
            self.diagonal.extend(sum(&effects[e]));
        }
        let mut schur = self.diagonal.clone();
        let mut reader = self.reader();
        for (g, &inv) in self.inverse.iter().enumerate() {
            let (index, value) = reader.read(g);
            for (&j, &v) in index.iter().zip(value) {
                schur[j as usize] -= v * v * inv;
            }
        }
        for (s, &d) in schur.iter_mut().zip(&self.diagonal) {
            *s = if *s > 1e-11 * d { s.recip() } else { 0.0 };
        }
        self.jacobi = schur;
    }

    /// Reads which remaining levels an eliminated level meets, and with what weight.
    pub(crate) fn reader(&self) -> Reader<'_> {
        Reader {
            pattern: &self.pattern,
            width: self.rest.len(),
            sums: match &self.pattern {
                Pattern::Tables(_) => Vec::new(),
                Pattern::Rows(_) => vec![0.0; self.size],
            },
            index: Vec::new(),
            value: Vec::new(),
        }
    }

    /// Calls with each pair of remaining levels of different effects and a weight; a pair may come again, its weights add up.
    pub(crate) fn each_pair(&self, mut to: impl FnMut(usize, usize, f64)) {
        match &self.pattern {
            Pattern::Tables(tables) => {
                let pairs = &tables.pairs;
                for i in 0..self.size {
                    let (index, value) = pairs.of(i);
                    for (&j, &v) in index.iter().zip(value) {
                        to(i, j as usize, v);
                    }
                }
            }
            Pattern::Rows(rows) => {
                let width = self.rest.len();
                for (k, own) in rows.index.chunks_exact(width.max(1)).enumerate() {
                    let w = rows.weight.get(k).copied().unwrap_or(1.0);
                    for (a, &i) in own.iter().enumerate() {
                        for &j in &own[a + 1..] {
                            to(i as usize, j as usize, w);
                        }
                    }
                }
            }
        }
    }
}

/// See [`Cells::reader`].
pub(crate) struct Reader<'a> {
    pattern: &'a Pattern,
    width: usize,
    /// Zero between calls.
    sums: Vec<f64>,
    index: Vec<u32>,
    value: Vec<f64>,
}

impl Reader<'_> {
    /// Remaining levels that `g` meets, each once, and the weights.
    pub(crate) fn read(&mut self, g: usize) -> (&[u32], &[f64]) {
        let rows = match self.pattern {
            Pattern::Tables(tables) => return tables.table.of(g),
            Pattern::Rows(rows) => rows,
        };
        self.index.clear();
        self.value.clear();
        for row in rows.start[g] as usize..rows.start[g + 1] as usize {
            let w = rows.weight.get(row).copied().unwrap_or(1.0);
            for &j in &rows.index[row * self.width..(row + 1) * self.width] {
                let sum = &mut self.sums[j as usize];
                // Weights are above zero: a level not yet met has the sum zero.
                if *sum == 0.0 {
                    self.index.push(j);
                }
                *sum += w;
            }
        }
        for &j in &self.index {
            self.value.push(std::mem::take(&mut self.sums[j as usize]));
        }
        (&self.index, &self.value)
    }
}

impl ByRow {
    fn build(
        effects: &[Dense],
        first: usize,
        others: &[(usize, usize)],
        weights: Option<&[f64]>,
    ) -> Self {
        let start = effects[first].starts();
        let width = others.len();
        let own = &effects[first].codes;
        let mut index = vec![0; own.len() * width];
        let mut next = start.clone();
        for (row, &g) in own.iter().enumerate() {
            let at = &mut next[g as usize];
            let slots = &mut index[*at as usize * width..(*at as usize + 1) * width];
            for (slot, &(e, offset)) in slots.iter_mut().zip(others) {
                *slot = offset as u32 + effects[e].codes[row];
            }
            *at += 1;
        }
        let mut rows = Self {
            start,
            index,
            weight: Vec::new(),
        };
        if let Some(weights) = weights {
            rows.reweigh(&effects[first], weights);
        }
        rows
    }

    fn reweigh(&mut self, first: &Dense, weights: &[f64]) {
        self.weight.resize(weights.len(), 0.0);
        let mut next = self.start.clone();
        for (&g, &w) in first.codes.iter().zip(weights) {
            let slot = &mut next[g as usize];
            self.weight[*slot as usize] = w;
            *slot += 1;
        }
    }
}
