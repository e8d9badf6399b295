//! Leverage: how far a row's own outcome decides its fitted value, effects included.
//!
//! The hat matrix of dummies and regressors is the sum of the dummies' and that of the regressors net of them. The
//! dummies' part is the same for all rows with the same levels. With the largest effect eliminated, a row in its level `g` (weight sum
//! `n_g`, cells `c_g` with the remaining levels) whose remaining levels are marked by `e` has
//! `h = w (1/n_g + r'S⁻r)`, `r = e − c_g/n_g`, with `S` the Schur complement of `fe`.

use rayon::prelude::*;

use super::scores::Solved;
use crate::absorbed::Absorbed;
use crate::error::StatsError;
use crate::fe::{Cells, Factor, LARGEST, Reader};
use crate::sample::Sample;

/// Diagonal of the hat matrix, one value a row.
pub(crate) fn leverage(data: &Absorbed, fit: &Solved) -> Result<Vec<f64>, StatsError> {
    let n = data.n();
    let p = fit.x.len();
    let weights = data.sample.weights.as_deref();
    let mut h = match data.cells() {
        None => vec![0.0; n],
        Some(cells) => of_effects(cells, &data.sample)?,
    };
    let mut row = vec![0.0; p];
    for (i, h) in h.iter_mut().enumerate() {
        for (r, &x) in row.iter_mut().zip(&fit.x) {
            *r = data.variables[x].values[i];
        }
        let mut q = 0.0;
        for a in 0..p {
            for b in 0..p {
                q += row[a] * fit.bread[(a, b)] * row[b];
            }
        }
        *h += q * weights.map_or(1.0, |w| w[i]);
    }
    Ok(h)
}

/// The effects' own part.
fn of_effects(cells: &Cells, sample: &Sample) -> Result<Vec<f64>, StatsError> {
    let m = cells.size;
    let factor = Factor::build(cells).ok_or_else(|| {
        StatsError::unsupported(
            format!("HC2 or HC3 with {m} levels beside those of the largest effect"),
            format!(
                "use HC1 or clustered errors; the leverage is exact up to {LARGEST} such levels"
            ),
        )
    })?;
    let inverse = factor.inverse();
    let weights = sample.weights.as_deref();
    let (start, order) = sample.effects[cells.first].grouped();
    let levels: Vec<(&[u32], usize)> = cells
        .rest
        .iter()
        .zip(&cells.offset)
        .map(|(&e, &offset)| (&sample.effects[e].codes[..], offset))
        .collect();
    let of_level = |reader: &mut Reader<'_>, g: usize| -> Vec<f64> {
        let (index, value) = reader.read(g);
        let inv = cells.inverse[g];
        // S⁻c_g at the levels met in `g`, and c_g'S⁻c_g.
        let mut met: Vec<(u32, f64)> = index
            .iter()
            .map(|&j| {
                let column = &inverse[j as usize * m..(j as usize + 1) * m];
                let y = index
                    .iter()
                    .zip(value)
                    .map(|(&k, v)| v * column[k as usize])
                    .sum();
                (j, y)
            })
            .collect();
        let square: f64 = met.iter().zip(value).map(|((_, y), v)| y * v).sum();
        met.sort_unstable_by_key(|m| m.0);
        let mut own = vec![0usize; levels.len()];
        order[start[g] as usize..start[g + 1] as usize]
            .iter()
            .map(|&row| {
                let row = row as usize;
                for (own, (codes, offset)) in own.iter_mut().zip(&levels) {
                    *own = offset + codes[row] as usize;
                }
                let mut h = inv + square * inv * inv;
                for &a in &own {
                    let at = met.partition_point(|m| (m.0 as usize) < a);
                    h -= 2.0 * inv * met[at].1;
                    h += own.iter().map(|&b| inverse[a * m + b]).sum::<f64>();
                }
                h * weights.map_or(1.0, |w| w[row])
            })
            .collect()
    };
    let by_level: Vec<Vec<f64>> = (0..start.len() - 1)
        .into_par_iter()
        .map_init(|| cells.reader(), of_level)
        .collect();
    let mut h = vec![0.0; order.len()];
    for (&row, value) in order.iter().zip(by_level.into_iter().flatten()) {
        h[row as usize] = value;
    }
    Ok(h)
}
