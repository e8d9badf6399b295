//! The draws of the wild cluster bootstrap, sixteen abreast, on sums over clusters.
//!
//! With residuals `u` of a restricted regression and cluster weights `v`, a draw's outcome is `v_g u`, its slopes are
//! `M Σ v_g X_g'u`, and its clustered scores follow from `X_g'X_g`. Both the residuals of the outcome and those of the tested
//! regressor are carried, so that any null value can be tested from the same draws.

use super::options::WildWeights;
use super::scores::Solved;
use super::wild::WildOptions;
use crate::absorbed::Absorbed;
use crate::fe::{Cells, Tolerance, solve};
use crate::linalg::{inverse_spd, times};
use crate::sample::Dense;

/// Draws worked on abreast.
pub(crate) const LANES: usize = 16;

/// Cluster sums that are linear in the residuals of one restricted regression.
pub(crate) struct Linear {
    /// Scores of all regressors, `G × p`.
    pub(crate) scores: Vec<f64>,
    /// Sums of residuals in the levels of effects not nested in the clusters.
    levels: Vec<f64>,
    /// Sum of squares of the residuals.
    square: f64,
}

/// What a draw leaves: the coefficient and the quadratic form of its variance, as functions of the null.
#[derive(Clone, Copy)]
pub(crate) struct Draw {
    slope: [f64; 2],
    square: [f64; 3],
}

impl Draw {
    pub(crate) fn statistic(&self, null: f64) -> f64 {
        let top = self.slope[0] - null * self.slope[1];
        let var = self.square[0] - 2.0 * null * self.square[1] + null * null * self.square[2];
        if var > 0.0 {
            (top / var.sqrt()).abs()
        } else {
            f64::INFINITY
        }
    }
}

/// Cells between clusters and the levels of effects not nested in them.
pub(crate) struct Tables {
    /// For each crossing effect: its number, cell of each row, and cells grouped by cluster.
    effects: Vec<Crossing>,
}

struct Crossing {
    effect: usize,
    first: usize,
    start: Vec<u32>,
    level: Vec<u32>,
    cell_of_row: Vec<u32>,
}

impl Tables {
    pub(crate) fn build(data: &Absorbed, groups: &Dense, crossing: &[usize]) -> Self {
        let mut first = 0;
        let effects = crossing
            .iter()
            .map(|&e| {
                let codes = &data.sample.effects[e].codes;
                let (group, order) = groups.grouped();
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
                out
            })
            .collect();
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
        levels: tables.sums(data, &e),
        square: e
            .iter()
            .enumerate()
            .map(|(i, e)| weights.map_or(1.0, |w| w[i]) * e * e)
            .sum(),
    }
}

pub(crate) struct Job<'a> {
    pub(crate) data: &'a Absorbed,
    pub(crate) groups: usize,
    pub(crate) p: usize,
    pub(crate) m: &'a [f64],
    pub(crate) h: &'a [f64],
    pub(crate) tables: &'a Tables,
    pub(crate) z_levels: &'a [f64],
    pub(crate) parts: [&'a Linear; 2],
    pub(crate) options: &'a WildOptions,
    pub(crate) enumerate: bool,
}

impl Job<'_> {
    pub(crate) fn block(&self, block: usize) -> [Draw; LANES] {
        let p = self.p;
        let v = self.weights(block);
        let mut slope = [[0.0; LANES]; 2];
        let mut projected = [
            vec![[0.0; LANES]; self.groups],
            vec![[0.0; LANES]; self.groups],
        ];
        for (part, (slope, out)) in self.parts.iter().zip(slope.iter_mut().zip(&mut projected)) {
            // Σ v_g s_g
            let mut sum = vec![[0.0; LANES]; p];
            for (s, v) in part.scores.chunks(p).zip(&v) {
                for (sum, s) in sum.iter_mut().zip(s) {
                    for l in 0..LANES {
                        sum[l] += s * v[l];
                    }
                }
            }
            // m'score_g = v_g m's_g − (M X_g'X_g m)'Σ v s, and below the part of the effects.
            for ((out, s), (v, h)) in out
                .iter_mut()
                .zip(part.scores.chunks(p))
                .zip(v.iter().zip(self.h.chunks(p)))
            {
                let own: f64 = s.iter().zip(self.m).map(|(s, m)| s * m).sum();
                for l in 0..LANES {
                    out[l] = own * v[l];
                }
                for (h, sum) in h.iter().zip(&sum) {
                    for l in 0..LANES {
                        out[l] -= h * sum[l];
                    }
                }
            }
            for (l, s) in slope.iter_mut().enumerate() {
                *s = sum.iter().zip(self.m).map(|(s, m)| s[l] * m).sum();
            }
            if let Some(cells) = self
                .data
                .cells
                .as_ref()
                .filter(|_| !self.tables.effects.is_empty())
            {
                self.remove_levels(cells, part, &v, out);
            }
        }
        let mut square = [[0.0; LANES]; 3];
        for (a, b) in projected[0].iter().zip(&projected[1]) {
            for l in 0..LANES {
                square[0][l] += a[l] * a[l];
                square[1][l] += a[l] * b[l];
                square[2][l] += b[l] * b[l];
            }
        }
        std::array::from_fn(|l| Draw {
            slope: [slope[0][l], slope[1][l]],
            square: [square[0][l], square[1][l], square[2][l]],
        })
    }

    /// Removes from the projected scores what the effects explain of the reweighted residuals.
    fn remove_levels(
        &self,
        cells: &Cells,
        part: &Linear,
        v: &[[f64; LANES]],
        out: &mut [[f64; LANES]],
    ) {
        let effects = &self.data.sample.effects;
        let mut sums: Vec<Vec<[f64; LANES]>> = effects
            .iter()
            .map(|e| vec![[0.0; LANES]; e.levels])
            .collect();
        for c in &self.tables.effects {
            for (g, v) in v.iter().enumerate() {
                for cell in c.start[g] as usize..c.start[g + 1] as usize {
                    let value = part.levels[c.first + cell];
                    let s = &mut sums[c.effect][c.level[cell] as usize];
                    for l in 0..LANES {
                        s[l] += value * v[l];
                    }
                }
            }
        }
        let first = std::mem::take(&mut sums[cells.first]);
        let rest: Vec<[f64; LANES]> = cells
            .rest
            .iter()
            .flat_map(|&e| std::mem::take(&mut sums[e]))
            .collect();
        let tolerance = Tolerance {
            // Draws are compared, not reported: six digits of t* decide a count as well as twelve.
            relative: 1e-6,
            ..Tolerance::default()
        };
        let solution = solve(cells, first, rest, &[part.square; LANES], &tolerance);
        for c in &self.tables.effects {
            let coefficients: &[[f64; LANES]] = if c.effect == cells.first {
                &solution.first
            } else {
                let at = cells.rest.iter().position(|&e| e == c.effect).unwrap_or(0);
                &solution.rest[cells.offset[at]..]
            };
            for (g, out) in out.iter_mut().enumerate() {
                for cell in c.start[g] as usize..c.start[g + 1] as usize {
                    let z = self.z_levels[c.first + cell];
                    let gamma = &coefficients[c.level[cell] as usize];
                    for l in 0..LANES {
                        out[l] -= z * gamma[l];
                    }
                }
            }
        }
    }

    /// Cluster weights of the draws of one block, `G` lanes.
    fn weights(&self, block: usize) -> Vec<[f64; LANES]> {
        let mut out = vec![[0.0; LANES]; self.groups];
        for l in 0..LANES {
            let draw = (block * LANES + l) as u64;
            if self.enumerate {
                for (g, o) in out.iter_mut().enumerate() {
                    o[l] = if draw >> g & 1 == 0 { 1.0 } else { -1.0 };
                }
                continue;
            }
            let mut stream = Stream::new(self.options.seed, draw);
            match self.options.weights {
                WildWeights::Rademacher => {
                    let mut bits = 0;
                    for (g, o) in out.iter_mut().enumerate() {
                        if g % 64 == 0 {
                            bits = stream.next();
                        }
                        o[l] = if bits >> (g % 64) & 1 == 0 { 1.0 } else { -1.0 };
                    }
                }
                WildWeights::Webb => {
                    for o in &mut out {
                        let point = (u128::from(stream.next()) * 6) >> 64;
                        let size = [0.5_f64, 1.0, 1.5][(point % 3) as usize].sqrt();
                        o[l] = if point < 3 { size } else { -size };
                    }
                }
            }
        }
        out
    }
}

/// SplitMix64, seeded by run and draw.
struct Stream(u64);

impl Stream {
    fn new(seed: u64, draw: u64) -> Self {
        let mut s = Self(seed ^ 0x5851_f42d_4c95_7f2d);
        let mixed = s.next();
        Self(mixed ^ draw.wrapping_mul(0x9e37_79b9_7f4a_7c15))
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }
}
