//! Sums over clusters, and over the cells of clusters and effects: all that a wild bootstrap needs of the rows.

use crate::absorbed::Absorbed;
use crate::linalg::{inverse_spd, times};
use crate::sample::Dense;

use super::scores::Solved;

/// Cluster sums that are linear in the residuals of one regression.
pub(crate) struct Linear {
    /// Scores of all regressors, `G × p`.
    pub(crate) scores: Vec<f64>,
    /// Sums of residuals in the cells of [`Tables`].
    pub(crate) cells: Vec<f64>,
    /// Sum of squares of the residuals.
    pub(crate) square: f64,
}

/// Cells between clusters and the levels of effects not nested in them.
pub(crate) struct Tables {
    pub(crate) effects: Vec<Crossing>,
}

/// The cells of one effect, grouped by cluster.
pub(crate) struct Crossing {
    /// Position of the effect among the sample's.
    pub(crate) effect: usize,
    /// Position of its first cell among those of all crossing effects.
    pub(crate) first: usize,
    /// Cells of cluster `g`: `start[g]..start[g + 1]`.
    pub(crate) start: Vec<u32>,
    /// Level of each cell.
    pub(crate) level: Vec<u32>,
    cell_of_row: Vec<u32>,
}

impl Tables {
    pub(crate) fn build(data: &Absorbed, groups: &Dense, crossing: &[usize]) -> Self {
        let mut first = 0;
        let mut effects = Vec::with_capacity(crossing.len());
        if crossing.is_empty() {
            return Self { effects };
        }
        let (group, order) = groups.grouped();
        for &e in crossing {
            let codes = &data.sample.effects[e].codes;
            let mut seen = vec![(u32::MAX, 0u32); data.sample.effects[e].levels];
            let mut out = Crossing {
                effect: e,
                first,
                start: vec![0],
                level: Vec::new(),
                cell_of_row: vec![0; codes.len()],
            };
            for g in 0..groups.levels {
                for &r in &order[group[g] as usize..group[g + 1] as usize] {
                    let c = codes[r as usize];
                    let mark = &mut seen[c as usize];
                    if mark.0 != g as u32 {
                        *mark = (g as u32, out.level.len() as u32);
                        out.level.push(c);
                    }
                    out.cell_of_row[r as usize] = mark.1;
                }
                out.start.push(out.level.len() as u32);
            }
            first += out.level.len();
            effects.push(out);
        }
        Self { effects }
    }

    /// Weighted sums of a row vector in every cell, effect after effect.
    pub(crate) fn sums(&self, data: &Absorbed, values: &[f64]) -> Vec<f64> {
        let weights = data.sample.weights.as_deref();
        let mut out = Vec::new();
        for e in &self.effects {
            let mut sum = vec![0.0; e.level.len()];
            for (i, (&c, v)) in e.cell_of_row.iter().zip(values).enumerate() {
                sum[c as usize] += weights.map_or(1.0, |w| w[i]) * v;
            }
            out.extend(sum);
        }
        out
    }
}

/// Cluster sums of the residuals of variable `target` on the regressors numbered `on`.
pub(crate) fn linear(
    data: &Absorbed,
    fit: &Solved,
    groups: &Dense,
    tables: &Tables,
    target: usize,
    on: &[usize],
) -> Linear {
    let columns: Vec<usize> = on.iter().map(|&j| fit.x[j]).collect();
    let gram = data.gram_of(&columns);
    let products: Vec<f64> = columns.iter().map(|&c| data.product(c, target)).collect();
    let slopes = match inverse_spd(gram.as_ref()) {
        Some(inverse) if !columns.is_empty() => times(inverse.as_ref(), &products),
        _ => Vec::new(),
    };
    let mut e = data.variables[target].values.clone();
    for (&c, b) in columns.iter().zip(&slopes) {
        for (e, v) in e.iter_mut().zip(&data.variables[c].values) {
            *e -= b * v;
        }
    }
    let weights = data.sample.weights.as_deref();
    Linear {
        scores: fit.scores_from_rows(data, groups, &e),
        cells: tables.sums(data, &e),
        square: e
            .iter()
            .enumerate()
            .map(|(i, e)| weights.map_or(1.0, |w| w[i]) * e * e)
            .sum(),
    }
}
