//! Pairs of levels with the weight in which they meet.

use crate::sample::Dense;

/// A sparse table between the levels of one effect and the levels of later ones.
#[derive(Debug, Default)]
pub(crate) struct Table {
    start: Vec<u32>,
    index: Vec<u32>,
    value: Vec<f64>,
}

impl Table {
    /// The levels that level `g` meets, and the weights.
    pub(crate) fn of(&self, g: usize) -> (&[u32], &[f64]) {
        let range = self.start[g] as usize..self.start[g + 1] as usize;
        (&self.index[range.clone()], &self.value[range])
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.index.is_empty()
    }
}

/// All pairs of a design.
#[derive(Debug)]
pub(crate) struct Tables {
    /// Eliminated levels × remaining levels.
    pub(crate) table: Table,
    /// Remaining levels × later remaining levels.
    pub(crate) pairs: Table,
    /// The cell of `table`, and of `pairs`, each row falls in, effect by effect; kept only for reweighing.
    slots: Option<[Vec<Vec<u32>>; 2]>,
}

impl Tables {
    /// Adds up the rows; `others` are the remaining effects with the stacked number of their first level.
    pub(crate) fn build(
        effects: &[Dense],
        first: usize,
        others: &[(usize, usize)],
        weights: Option<&[f64]>,
        reweighable: bool,
    ) -> Self {
        let n = effects[first].codes.len();
        let weight = |r: usize| weights.map_or(1.0, |w| w[r]);
        let build_table = || {
            let mut keep = reweighable.then(|| vec![vec![0u32; n]; others.len()]);
            let t = tabulate(effects, first, others, &weight, keep.as_deref_mut());
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
        Self {
            table,
            pairs,
            slots: table_slots.map(|table| [table, pair_slots]),
        }
    }

    /// Memory of the cells.
    pub(crate) fn bytes(&self) -> usize {
        let entries = self.table.index.len() + self.pairs.index.len();
        entries * (size_of::<u32>() + size_of::<f64>())
    }

    /// Replaces the weights.
    pub(crate) fn reweigh(&mut self, weights: &[f64]) {
        let Some(slots) = &self.slots else { return };
        for (table, slots) in [&mut self.table, &mut self.pairs].into_iter().zip(slots) {
            table.value.fill(0.0);
            for slot in slots {
                for (&s, &w) in slot.iter().zip(weights) {
                    table.value[s as usize] += w;
                }
            }
        }
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
