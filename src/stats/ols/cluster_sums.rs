//! Sums over clusters, and over the cells of clusters and effects: all that a wild bootstrap needs of the rows.
//!
//! Residuals of any of its regressions are combinations of the full regression's residuals and the regressors, so one pass over
//! these few columns serves them all. The full regression's residuals are never held: they are made a few rows at a time.

use rayon::prelude::*;

use super::scores::Solved;
use crate::absorbed::{Absorbed, ClusterGrams};
use crate::linalg::packed;
use crate::sample::Dense;

/// Rows whose residuals are made at a time.
const TILE: usize = 512;

/// Cluster sums that are linear in the residuals of one regression.
pub(crate) struct Linear {
    /// Scores of all regressors, `G × p`.
    pub(crate) scores: Vec<f64>,
    /// Sums of residuals in the cells of clusters and crossing effects.
    pub(crate) cells: Vec<f64>,
    /// Sum of squares of the residuals.
    pub(crate) square: f64,
}

/// The cells of clusters and the levels of one effect not nested in them, grouped by cluster.
pub(crate) struct Crossing {
    /// Position of the effect among the sample's.
    pub(crate) effect: usize,
    /// Position of its first cell among those of all crossing effects.
    pub(crate) first: usize,
    /// Cells of cluster `g`: `start[g]..start[g + 1]`.
    pub(crate) start: Vec<u32>,
    /// Level of each cell.
    pub(crate) level: Vec<u32>,
}

/// Sums of the residuals of a regression (column 0) and of its regressors (columns 1 to p).
pub(crate) struct Sums {
    columns: usize,
    grams: ClusterGrams,
    effects: Vec<Crossing>,
    /// Column by column, the sums in all cells.
    cells: Vec<Vec<f64>>,
}

impl Sums {
    /// One pass over residuals and regressors; `crossing` are the effects not nested in `groups`.
    pub(crate) fn new(data: &Absorbed, fit: &Solved, groups: &Dense, crossing: &[usize]) -> Self {
        let columns = fit.x.len() + 1;
        let grouped = groups.grouped();
        let grams = data.grams_from(&grouped, columns, |column, rows, to| match column {
            0 => fit.residuals_of(data, rows, to),
            _ => {
                let values = &data.variables[fit.x[column - 1]].values;
                for (t, &r) in to.iter_mut().zip(rows) {
                    *t = values[r as usize];
                }
            }
        });
        let mut sums = Self {
            columns,
            grams,
            effects: Vec::with_capacity(crossing.len()),
            cells: vec![Vec::new(); columns],
        };
        if !crossing.is_empty() {
            let mut cell_of_row = vec![0; data.n()];
            for &e in crossing {
                sums.cross(data, fit, e, &grouped, &mut cell_of_row);
            }
        }
        sums
    }

    fn cross(
        &mut self,
        data: &Absorbed,
        fit: &Solved,
        effect: usize,
        (group, order): &(Vec<u32>, Vec<u32>),
        cell_of_row: &mut [u32],
    ) {
        let codes = &data.sample.effects[effect].codes;
        let mut seen = vec![(u32::MAX, 0u32); data.sample.effects[effect].levels];
        let mut out = Crossing {
            effect,
            first: self.cells[0].len(),
            start: vec![0],
            level: Vec::new(),
        };
        for (g, range) in group.windows(2).enumerate() {
            for &r in &order[range[0] as usize..range[1] as usize] {
                let c = codes[r as usize];
                let mark = &mut seen[c as usize];
                if mark.0 != g as u32 {
                    *mark = (g as u32, out.level.len() as u32);
                    out.level.push(c);
                }
                cell_of_row[r as usize] = mark.1;
            }
            out.start.push(out.level.len() as u32);
        }
        let weights = data.sample.weights.as_deref();
        let cell_of_row = &*cell_of_row;
        self.cells
            .par_iter_mut()
            .enumerate()
            .for_each(|(column, cells)| {
                let from = cells.len();
                cells.reserve_exact(out.level.len());
                cells.resize(from + out.level.len(), 0.0);
                let own = &mut cells[from..];
                let mut add = |first: usize, values: &[f64]| {
                    for (i, (&c, v)) in cell_of_row[first..].iter().zip(values).enumerate() {
                        own[c as usize] += weights.map_or(1.0, |w| w[first + i]) * v;
                    }
                };
                if column > 0 {
                    add(0, &data.variables[fit.x[column - 1]].values);
                    return;
                }
                let mut tile = [0.0; TILE];
                for first in (0..data.n()).step_by(TILE) {
                    let tile = &mut tile[..TILE.min(data.n() - first)];
                    fit.residuals_from(data, first, tile);
                    add(first, tile);
                }
            });
        self.effects.push(out);
    }

    /// `X_g'X_g` of every cluster, packed with the residuals first (see [`Sums::at`]).
    pub(crate) fn groups(&self) -> std::slice::Chunks<'_, f64> {
        self.grams.groups()
    }

    /// Where the product of regressors `i` and `j` is.
    pub(crate) fn at(&self, i: usize, j: usize) -> usize {
        packed(self.columns, i + 1, j + 1)
    }

    /// The part of a combination of the residuals (first) and the regressors.
    pub(crate) fn combined(&self, coefficients: &[f64], square: f64) -> Linear {
        let p = self.columns - 1;
        let terms: Vec<(usize, f64)> = coefficients
            .iter()
            .copied()
            .enumerate()
            .filter(|(_, b)| *b != 0.0)
            .collect();
        let mut scores = Vec::with_capacity(self.grams.data.len() / self.grams.width * p);
        for own in self.groups() {
            for j in 1..=p {
                let part = |(k, b): &(usize, f64)| b * own[packed(self.columns, j, *k)];
                scores.push(terms.iter().map(part).sum());
            }
        }
        Linear {
            scores,
            cells: self.cells_of(coefficients),
            square,
        }
    }

    /// The cells of the crossing effects; all sums are let go.
    pub(crate) fn into_effects(self) -> Vec<Crossing> {
        self.effects
    }

    /// Sums of a combination in every cell.
    pub(crate) fn cells_of(&self, coefficients: &[f64]) -> Vec<f64> {
        let mut out = vec![0.0; self.cells[0].len()];
        for (cells, b) in self.cells.iter().zip(coefficients) {
            if *b != 0.0 {
                out.iter_mut().zip(cells).for_each(|(o, c)| *o += b * c);
            }
        }
        out
    }
}
