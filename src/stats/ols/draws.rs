//! The draws of the wild cluster bootstrap, on sums over clusters and levels.
//!
//! With residuals `u` of a regression and cluster weights `v`, a draw's outcome is `v_g u`, its slopes are
//! `M Σ v_g X_g'u`, and its clustered scores follow from `X_g'X_g`. Only effects that are not nested in the clusters have to be
//! removed from `v_g u` anew. Regressors are already free of them, so this enters the scores alone, through sums over levels:
//! `Σ_l z_gl γ_l`, where `γ` solves the effects' normal equations for the draw's level sums. Those are linear in `v`
//! too; draws are laid side by side and answered together.

use super::cluster_sums::{Crossing, Linear};
use super::options::WildWeights;
use super::wild::WildOptions;
use crate::absorbed::Absorbed;
use crate::fe::{Cells, Factor, Tolerance, condense, conjugate, expand};
use crate::kit::rng::Stream;

/// Draws worked on abreast.
const LANES: usize = 16;

/// Groups of lanes whose level sums are solved for together.
const GROUPS: usize = 2;

/// Draws of one block.
pub(crate) const BLOCK: usize = LANES * GROUPS;

type Lanes = [f64; LANES];

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

/// All that draws share.
pub(crate) struct Job<'a> {
    pub(crate) data: &'a Absorbed,
    pub(crate) groups: usize,
    /// The clusters in the order in which they take their weights.
    pub(crate) order: &'a [u32],
    /// Row of the bread that belongs to the tested coefficient.
    pub(crate) m: &'a [f64],
    /// `M X_g'X_g m` of every cluster, `G × p`.
    pub(crate) h: &'a [f64],
    /// Residuals of the outcome and, when the null is imposed, of the tested regressor.
    pub(crate) parts: Vec<Linear>,
    /// The effects to be removed anew, if any.
    pub(crate) crossed: Option<Crossed<'a>>,
    pub(crate) options: &'a WildOptions,
    pub(crate) enumerate: bool,
}

/// Effects not nested in the clusters.
pub(crate) struct Crossed<'a> {
    pub(crate) cells: &'a Cells,
    pub(crate) effects: &'a [Crossing],
    /// A factor of the effects' normal equations; without one every draw is solved by iteration.
    pub(crate) factor: Option<Factor>,
    /// Sums of `X m` in the cells of `effects`.
    pub(crate) z: Vec<f64>,
}

impl Job<'_> {
    /// The draws numbered `block × BLOCK` and on.
    pub(crate) fn block(&self, block: usize) -> Vec<Draw> {
        let lanes = block * GROUPS..(block + 1) * GROUPS;
        let mut solutions = Vec::new();
        if let Some(crossed) = &self.crossed {
            solutions.reserve_exact(BLOCK * self.parts.len() * crossed.cells.size);
            for group in lanes.clone() {
                let v = self.weights(group);
                for part in &self.parts {
                    crossed.condensed(self.data, part, &v, &mut solutions);
                }
            }
            if let Some(factor) = &crossed.factor {
                factor.solve(&mut solutions);
            }
        }
        let own = solutions.len() / GROUPS;
        lanes
            .enumerate()
            .flat_map(|(i, group)| self.group(group, &solutions[i * own..(i + 1) * own]))
            .collect()
    }

    /// Sixteen draws, given the coefficients of the remaining levels.
    fn group(&self, group: usize, solutions: &[f64]) -> [Draw; LANES] {
        let v = self.weights(group);
        let mut slope = [[0.0; LANES]; 2];
        let mut square = [[0.0; LANES]; 3];
        // Scores of the outcome's part; those of the tested regressor's are used up as they are made.
        let mut outcome: Vec<Lanes> = Vec::new();
        let own = solutions.len() / self.parts.len();
        for (k, part) in self.parts.iter().enumerate() {
            let solution = &solutions[k * own..(k + 1) * own];
            slope[k] = self.scores(part, &v, solution, |g, b| {
                if k == 0 {
                    for l in 0..LANES {
                        square[0][l] += b[l] * b[l];
                    }
                    if self.parts.len() > 1 {
                        outcome.reserve_exact(if g == 0 { self.groups } else { 0 });
                        outcome.push(b);
                    }
                    return;
                }
                let a = &outcome[g];
                for l in 0..LANES {
                    square[1][l] += a[l] * b[l];
                    square[2][l] += b[l] * b[l];
                }
            });
        }
        std::array::from_fn(|l| Draw {
            slope: [slope[0][l], slope[1][l]],
            square: [square[0][l], square[1][l], square[2][l]],
        })
    }

    /// Hands on `m'` times the scores of every cluster, in order, and returns the slopes. Before the effects are removed, a
    /// score is `v_g m's_g − (M X_g'X_g m)'Σ v s`.
    fn scores(
        &self,
        part: &Linear,
        v: &[Lanes],
        solution: &[f64],
        mut to: impl FnMut(usize, Lanes),
    ) -> Lanes {
        let p = self.m.len();
        let mut sum = vec![[0.0; LANES]; p];
        for (s, v) in part.scores.chunks(p).zip(v) {
            for (sum, s) in sum.iter_mut().zip(s) {
                for l in 0..LANES {
                    sum[l] += s * v[l];
                }
            }
        }
        let removal = self
            .crossed
            .as_ref()
            .map(|crossed| crossed.removal(self.data, part, v, solution));
        for (g, (s, (v, h))) in part
            .scores
            .chunks(p)
            .zip(v.iter().zip(self.h.chunks(p)))
            .enumerate()
        {
            let mut out = [0.0; LANES];
            let own: f64 = s.iter().zip(self.m).map(|(s, m)| s * m).sum();
            for l in 0..LANES {
                out[l] = own * v[l];
            }
            for (h, sum) in h.iter().zip(&sum) {
                for l in 0..LANES {
                    out[l] -= h * sum[l];
                }
            }
            if let Some(removal) = &removal {
                removal.subtract(g, &mut out);
            }
            to(g, out);
        }
        std::array::from_fn(|l| sum.iter().zip(self.m).map(|(s, m)| s[l] * m).sum::<f64>())
    }

    /// Cluster weights of sixteen draws.
    fn weights(&self, group: usize) -> Vec<Lanes> {
        let mut out = vec![[0.0; LANES]; self.groups];
        let first = (group * LANES) as u64;
        let sign = |bit: u64| if bit & 1 == 0 { 1.0 } else { -1.0 };
        if self.enumerate {
            for (i, &g) in self.order.iter().enumerate() {
                out[g as usize] = std::array::from_fn(|l| sign((first + l as u64) >> i));
            }
            return out;
        }
        let mut streams: [Stream; LANES] =
            std::array::from_fn(|l| Stream::new(self.options.seed, first + l as u64));
        match self.options.weights {
            WildWeights::Rademacher => {
                for clusters in self.order.chunks(64) {
                    let bits = streams.each_mut().map(Stream::bits);
                    for (i, &g) in clusters.iter().enumerate() {
                        out[g as usize] = bits.map(|b| sign(b >> i));
                    }
                }
            }
            WildWeights::Webb => {
                for &g in self.order {
                    out[g as usize] = streams.each_mut().map(|stream| {
                        let point = stream.below(6);
                        let size = [0.5_f64, 1.0, 1.5][point % 3].sqrt();
                        if point < 3 { size } else { -size }
                    });
                }
            }
        }
        out
    }
}

impl Crossed<'_> {
    /// Appends, lane by lane, the remaining levels' sums net of the eliminated effect; solved already when there is no factor.
    fn condensed(&self, data: &Absorbed, part: &Linear, v: &[Lanes], out: &mut Vec<f64>) {
        let cells = self.cells;
        let mut rest = vec![[0.0; LANES]; cells.size];
        for (k, &e) in cells.rest.iter().enumerate() {
            self.sums(e, part, v, &mut rest[cells.offset[k]..]);
        }
        if let Some(first) = self.eliminated(data, part, v) {
            condense(cells, &first, &mut rest);
        }
        if self.factor.is_none() {
            let tolerance = Tolerance {
                // Draws are compared, not reported: eight digits of t* decide a count as well as twelve.
                relative: 1e-8,
                ..Tolerance::default()
            };
            rest = conjugate(cells, rest, &[part.square; LANES], &tolerance).0;
        }
        for l in 0..LANES {
            out.extend(rest.iter().map(|r| r[l]));
        }
    }

    /// What the effects explain of the reweighted residuals, given the remaining levels' coefficients.
    fn removal(
        &self,
        data: &Absorbed,
        part: &Linear,
        v: &[Lanes],
        solution: &[f64],
    ) -> Removal<'_> {
        let cells = self.cells;
        let size = cells.size;
        let mut rest = vec![[0.0; LANES]; size];
        for l in 0..LANES {
            for (r, s) in rest.iter_mut().zip(&solution[l * size..]) {
                r[l] = *s;
            }
        }
        let first = self.eliminated(data, part, v).map(|mut first| {
            expand(cells, &rest, &mut first);
            first
        });
        Removal {
            crossed: self,
            first,
            rest,
        }
    }

    /// Sums of the eliminated effect's levels; `None` when it is nested in the clusters, where they are zero.
    fn eliminated(&self, data: &Absorbed, part: &Linear, v: &[Lanes]) -> Option<Vec<Lanes>> {
        let e = self.cells.first;
        self.effects.iter().find(|c| c.effect == e)?;
        let mut first = vec![[0.0; LANES]; data.sample.effects[e].levels];
        self.sums(e, part, v, &mut first);
        Some(first)
    }

    /// Adds the reweighted residuals' sums in the levels of effect `e`; nothing for an effect nested in the clusters.
    fn sums(&self, e: usize, part: &Linear, v: &[Lanes], out: &mut [Lanes]) {
        for c in self.effects.iter().filter(|c| c.effect == e) {
            let values = &part.cells[c.first..];
            for (g, v) in v.iter().enumerate() {
                let range = c.start[g] as usize..c.start[g + 1] as usize;
                for (&level, value) in c.level[range.clone()].iter().zip(&values[range]) {
                    let out = &mut out[level as usize];
                    for l in 0..LANES {
                        out[l] += value * v[l];
                    }
                }
            }
        }
    }
}

/// Coefficients of the effects in sixteen draws.
struct Removal<'a> {
    crossed: &'a Crossed<'a>,
    /// Those of the eliminated effect, unless it is nested in the clusters.
    first: Option<Vec<Lanes>>,
    rest: Vec<Lanes>,
}

impl Removal<'_> {
    /// Subtracts `Σ_l z_gl γ_l` over the levels of every effect from the score of cluster `g`.
    fn subtract(&self, g: usize, out: &mut Lanes) {
        let cells = self.crossed.cells;
        if let Some(first) = &self.first {
            self.of_effect(cells.first, first, g, out);
        }
        for (&e, &offset) in cells.rest.iter().zip(&cells.offset) {
            self.of_effect(e, &self.rest[offset..], g, out);
        }
    }

    fn of_effect(&self, e: usize, coefficients: &[Lanes], g: usize, out: &mut Lanes) {
        for c in self.crossed.effects.iter().filter(|c| c.effect == e) {
            let z = &self.crossed.z[c.first..];
            let range = c.start[g] as usize..c.start[g + 1] as usize;
            for (&level, z) in c.level[range.clone()].iter().zip(&z[range]) {
                let gamma = &coefficients[level as usize];
                for l in 0..LANES {
                    out[l] -= z * gamma[l];
                }
            }
        }
    }
}
