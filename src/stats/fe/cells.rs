//! The normal equations of the effects alone, kept as tables of cells.
//!
//! For effects with dummies `D₀ … D_k` and weights `W`, the matrix `D'WD` has the levels' weight sums on
//! its diagonal and, off it, the weight in each pair of levels that meets in some row. The effect with
//! most levels (`D₀`) is eliminated; what remains is its Schur complement, applied through the same
//! tables without being formed.

use crate::sample::Dense;

/// A sparse table between the levels of one effect and the levels of later ones.
#[derive(Debug, Default)]
pub(crate) struct Table {
    pub(crate) start: Vec<u32>,
    pub(crate) index: Vec<u32>,
    pub(crate) value: Vec<f64>,
}

/// Weight sums of levels and of pairs of levels.
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
    /// Eliminated levels × remaining levels.
    pub(crate) table: Table,
    /// Remaining levels × later remaining levels.
    pub(crate) pairs: Table,
    /// One over the diagonal of the Schur complement; zero where it vanishes.
    pub(crate) jacobi: Vec<f64>,
    /// For each of `rest`, the cell of `table` each row falls in; kept only for reweighting.
    slots: Option<Slots>,
}

#[derive(Debug)]
struct Slots {
    table: Vec<Vec<u32>>,
    pairs: Vec<Vec<u32>>,
}

impl Cells {
    /// Builds the tables. `reweighable` keeps what [`Cells::reweigh`] needs.
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
        let n = effects[first].codes.len();
        let weight = |r: usize| weights.map_or(1.0, |w| w[r]);
        let others: Vec<(usize, usize)> =
            rest.iter().copied().zip(offset.iter().copied()).collect();
        let build_table = || {
            let mut keep = reweighable.then(|| vec![vec![0u32; n]; others.len()]);
            let t = tabulate(effects, first, &others, &weight, keep.as_deref_mut());
            (t, keep)
        };
        let build_pairs = || {
            let mut joined = Table {
                start: vec![0],
                ..Table::default()
            };
            let mut kept = Vec::new();
            for (k, &(e, _)) in others.iter().enumerate() {
                let later = &others[k + 1..];
                if later.is_empty() {
                    let end = *joined.start.last().unwrap_or(&0);
                    joined
                        .start
                        .extend(std::iter::repeat_n(end, effects[e].levels));
                    continue;
                }
                let base = joined.value.len() as u32;
                // Three effects have one such table: it is taken as it is.
                let mut keep = reweighable.then(|| vec![vec![0u32; n]; later.len()]);
                let t = tabulate(effects, e, later, &weight, keep.as_deref_mut());
                joined.start.extend(t.start[1..].iter().map(|s| s + base));
                if base == 0 {
                    (joined.index, joined.value) = (t.index, t.value);
                } else {
                    joined.index.extend(t.index);
                    joined.value.extend(t.value);
                }
                for mut slot in keep.into_iter().flatten() {
                    slot.iter_mut().for_each(|s| *s += base);
                    kept.push(slot);
                }
            }
            (joined, kept)
        };
        let ((table, table_slots), (pairs, pair_slots)) = rayon::join(build_table, build_pairs);
        let mut cells = Self {
            first,
            rest,
            offset,
            size,
            inverse: Vec::new(),
            diagonal: Vec::new(),
            table,
            pairs,
            jacobi: Vec::new(),
            slots: table_slots.map(|table| Slots {
                table,
                pairs: pair_slots,
            }),
        };
        cells.sums(effects, weights);
        cells
    }

    /// Memory of the tables.
    pub(crate) fn bytes(&self) -> usize {
        let entries = self.table.index.len() + self.pairs.index.len();
        entries * (size_of::<u32>() + size_of::<f64>())
    }

    /// Replaces the weights, keeping the pattern of cells.
    pub(crate) fn reweigh(&mut self, effects: &[Dense], weights: &[f64]) {
        if let Some(slots) = &self.slots {
            self.table.value.fill(0.0);
            for slot in &slots.table {
                for (&s, &w) in slot.iter().zip(weights) {
                    self.table.value[s as usize] += w;
                }
            }
            self.pairs.value.fill(0.0);
            for slot in &slots.pairs {
                for (&s, &w) in slot.iter().zip(weights) {
                    self.pairs.value[s as usize] += w;
                }
            }
        }
        self.sums(effects, Some(weights));
    }

    /// Level sums and the diagonal of the Schur complement, from effects and tables.
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
        self.inverse = sum(&effects[self.first]).iter().map(|s| 1.0 / s).collect();
        self.diagonal.clear();
        for &e in &self.rest {
            self.diagonal.extend(sum(&effects[e]));
        }
        let mut schur = self.diagonal.clone();
        for (g, &inv) in self.inverse.iter().enumerate() {
            let range = self.table.start[g] as usize..self.table.start[g + 1] as usize;
            for (&j, &v) in self.table.index[range.clone()]
                .iter()
                .zip(&self.table.value[range])
            {
                schur[j as usize] -= v * v * inv;
            }
        }
        self.jacobi = schur
            .iter()
            .zip(&self.diagonal)
            .map(|(&s, &d)| if s > 1e-11 * d { 1.0 / s } else { 0.0 })
            .collect();
    }
}

/// Counts the cells between the levels of `e` and the levels of `others`, in rows of `e`.
fn tabulate(
    effects: &[Dense],
    e: usize,
    others: &[(usize, usize)],
    weight: &(impl Fn(usize) -> f64 + Sync),
    mut keep: Option<&mut [Vec<u32>]>,
) -> Table {
    if others.is_empty() {
        return Table {
            start: vec![0; effects[e].levels + 1],
            ..Table::default()
        };
    }
    let (group, order) = effects[e].grouped();
    let mut seen: Vec<Vec<(u32, u32)>> = others
        .iter()
        .map(|&(f, _)| vec![(u32::MAX, 0); effects[f].levels])
        .collect();
    // As many cells as there can be: what stays unused is never touched, and given back below.
    let most = others
        .iter()
        .map(|&(f, _)| order.len().min(effects[e].levels * effects[f].levels))
        .sum();
    let mut table = Table {
        start: Vec::with_capacity(effects[e].levels + 1),
        index: Vec::with_capacity(most),
        value: Vec::with_capacity(most),
    };
    table.start.push(0);
    for g in 0..effects[e].levels {
        let rows = &order[group[g] as usize..group[g + 1] as usize];
        for (k, &(f, offset)) in others.iter().enumerate() {
            let codes = &effects[f].codes;
            for &r in rows {
                let c = codes[r as usize];
                let mark = &mut seen[k][c as usize];
                if mark.0 != g as u32 {
                    *mark = (g as u32, table.index.len() as u32);
                    table.index.push(offset as u32 + c);
                    table.value.push(0.0);
                }
                table.value[mark.1 as usize] += weight(r as usize);
                if let Some(keep) = keep.as_deref_mut() {
                    keep[k][r as usize] = mark.1;
                }
            }
        }
        table.start.push(table.index.len() as u32);
    }
    table.index.shrink_to_fit();
    table.value.shrink_to_fit();
    table
}
