//! Wild cluster bootstrap of one coefficient, null imposed (WCR), with an interval by test inversion.
//!
//! With few clusters a clustered t statistic is not t distributed. The bootstrap asks how often a statistic as large
//! would arise if the coefficient were the null value and each cluster's residuals had kept
//! or flipped their sign together. Everything a draw needs is linear in the cluster weights, so a draw
//! works on cluster sums, never on rows; effects not nested in the clusters are removed anew in every draw
//! through the cells of `fe`. References: Cameron, Gelbach and Miller (2008); Webb (2023); Roodman et al. (2019).
//!
//! Tie rule: a draw counts when `|t*| ≥ |t|` up to rounding (weak inequality). Enumerated draws give `p = #/2^G`; random
//! draws give `p = (1 + #)/(1 + B)`, which cannot be zero.

use rayon::prelude::*;

use super::options::WildWeights;
use super::scores::Solved;
use crate::absorbed::{Absorbed, Variable};
use crate::error::StatsError;
use crate::fe::{Cells, Tolerance, solve};
use crate::linalg::{inverse_spd, packed, times};
use crate::sample::Dense;

/// Draws worked on abreast.
const LANES: usize = 8;

/// Options of a wild cluster bootstrap.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct WildOptions {
    /// Draws; all sign combinations are enumerated instead when there are no more than this.
    pub draws: usize,
    /// Seed; draw `i` depends on the seed and `i` only.
    pub seed: u64,
    /// Distribution of the cluster weights.
    pub weights: WildWeights,
    /// Confidence level of the interval.
    pub level: f64,
}

/// Result of a wild cluster bootstrap.
#[derive(Debug, Clone, PartialEq)]
pub struct WildTest {
    /// The clustered t statistic of the coefficient.
    pub statistic: f64,
    /// Two-sided p-value of the coefficient being zero.
    pub p: f64,
    /// Lower end of the set of null values not rejected.
    pub lower: f64,
    /// Upper end of that set.
    pub upper: f64,
    /// Draws used, and whether they were all there are.
    pub draws: usize,
    /// `Rademacher, enumerated`, `Rademacher` or `Webb`.
    pub scheme: String,
}

impl Absorbed {
    /// Wild cluster bootstrap of one regressor's coefficient being zero.
    ///
    /// `cluster` names one of the design's cluster variables.
    ///
    /// # Errors
    /// As [`Absorbed::ols`]; the intercept; a term that was dropped; fewer than two clusters; no draws.
    pub fn wild_bootstrap(
        &self,
        outcome: &str,
        regressors: &[&str],
        term: &str,
        cluster: &str,
        options: &WildOptions,
    ) -> Result<WildTest, StatsError> {
        let (fit, _) = self.solve(outcome, regressors)?;
        let unknown = |name: &str| StatsError::UnknownColumn {
            name: name.to_owned(),
        };
        let groups = self
            .sample
            .clusters
            .iter()
            .find(|c| c.name == cluster)
            .ok_or_else(|| unknown(cluster))?;
        let at = fit
            .x
            .iter()
            .position(|&x| self.variables[x].name == term)
            .ok_or_else(|| unknown(term))?;
        if term == crate::INTERCEPT {
            return Err(StatsError::unsupported(
                "a wild bootstrap of the intercept",
                "centre the regressors and test the outcome's mean instead",
            ));
        }
        bootstrap(self, &fit, groups, at, options)
    }
}

/// Cluster sums that are linear in the residuals of one restricted regression.
struct Linear {
    /// Scores of all regressors, `G × p`.
    scores: Vec<f64>,
    /// Sums of residuals in the levels of effects not nested in the clusters.
    levels: Vec<f64>,
    /// Sum of squares of the residuals.
    square: f64,
}

/// What a draw leaves: the coefficient and the quadratic form of its variance, as functions of the null.
#[derive(Clone, Copy)]
struct Draw {
    slope: [f64; 2],
    square: [f64; 3],
}

impl Draw {
    fn statistic(&self, null: f64) -> f64 {
        let top = self.slope[0] - null * self.slope[1];
        let var = self.square[0] - 2.0 * null * self.square[1] + null * null * self.square[2];
        if var > 0.0 {
            (top / var.sqrt()).abs()
        } else {
            f64::INFINITY
        }
    }
}

pub(crate) fn bootstrap(
    data: &Absorbed,
    fit: &Solved,
    groups: &Dense,
    at: usize,
    options: &WildOptions,
) -> Result<WildTest, StatsError> {
    let g = groups.levels;
    if g < 2 {
        return Err(StatsError::TooFewClusters {
            name: groups.name.clone(),
            found: g,
        });
    }
    if options.draws == 0 {
        return Err(StatsError::option("draws", "at least one"));
    }
    if !(options.level > 0.0 && options.level < 1.0) {
        return Err(StatsError::option(
            "level",
            "between 0 and 1, both excluded",
        ));
    }
    let enumerate =
        options.weights == WildWeights::Rademacher && g < 63 && 1usize << g <= options.draws;
    let draws = if enumerate {
        1usize << g
    } else {
        options.draws
    };
    let p = fit.x.len();
    let m: Vec<f64> = (0..p).map(|j| fit.bread[(at, j)]).collect();
    // h_g = M X_g'X_g m, and the residuals of outcome and tested regressor on the other regressors.
    let columns: Vec<&Variable> = fit.x.iter().map(|&x| &data.variables[x]).collect();
    let grams = data.grams_of(groups, &columns);
    let mut h = Vec::with_capacity(g * p);
    for own in grams.groups() {
        let moved: Vec<f64> = (0..p)
            .map(|i| (0..p).map(|j| own[packed(p, i, j)] * m[j]).sum())
            .collect();
        h.extend(times(fit.bread.as_ref(), &moved));
    }
    let crossing: Vec<usize> = (0..data.sample.effects.len())
        .filter(|&e| !data.sample.effects[e].nested_in(groups))
        .collect();
    let tables = Tables::build(data, groups, &crossing);
    let others: Vec<usize> = (0..p).filter(|&j| j != at).collect();
    let y = linear(data, fit, groups, &tables, fit.y, &others);
    let x = linear(data, fit, groups, &tables, fit.x[at], &others);
    let mut z = vec![0.0; data.n()];
    for (&col, &m) in fit.x.iter().zip(&m) {
        for (z, v) in z.iter_mut().zip(&data.variables[col].values) {
            *z += m * v;
        }
    }
    let z_levels = tables.sums(data, &z);
    let job = Job {
        data,
        groups: g,
        p,
        m: &m,
        h: &h,
        tables: &tables,
        z_levels: &z_levels,
        parts: [&y, &x],
        options,
        enumerate,
    };
    let results: Vec<Draw> = (0..draws.div_ceil(LANES))
        .into_par_iter()
        .map(|block| job.block(block))
        .collect::<Vec<_>>()
        .into_iter()
        .flatten()
        .take(draws)
        .collect();
    // The sample's own statistic, through unrestricted residuals.
    let own = linear(
        data,
        fit,
        groups,
        &tables,
        fit.y,
        &(0..p).collect::<Vec<_>>(),
    );
    let variance: f64 = own
        .scores
        .chunks(p)
        .map(|s| {
            let a: f64 = s.iter().zip(&m).map(|(s, m)| s * m).sum();
            a * a
        })
        .sum();
    let factor = groups_factor(data, groups, p);
    let (beta, root) = (fit.beta[at], variance.sqrt());
    let p_value = |null: f64| {
        let t = ((beta - null) / root).abs();
        let count = results
            .iter()
            .filter(|d| d.statistic(null) >= t * (1.0 - 1e-9))
            .count() as f64;
        if enumerate {
            count / draws as f64
        } else {
            (1.0 + count) / (1.0 + draws as f64)
        }
    };
    let alpha = 1.0 - options.level;
    let end = |side: f64| invert(&p_value, beta, side * root * factor.sqrt(), alpha);
    Ok(WildTest {
        statistic: beta / (root * factor.sqrt()),
        p: p_value(0.0),
        lower: end(-1.0),
        upper: end(1.0),
        draws,
        scheme: match (options.weights, enumerate) {
            (WildWeights::Rademacher, true) => format!("Rademacher, all {draws} sign combinations"),
            (WildWeights::Rademacher, false) => format!("Rademacher, {draws} draws"),
            (WildWeights::Webb, _) => format!("Webb, {draws} draws"),
        },
    })
}

/// The CR1 factor with default corrections, only to report the t statistic on its usual scale.
fn groups_factor(data: &Absorbed, groups: &Dense, p: usize) -> f64 {
    let options = super::FitOptions::new(super::Vcov::Crv1);
    let parameters = super::parameters::count(p, &data.sample, &[groups], &options.ssc);
    let g = groups.levels as f64;
    super::variance::parameter_factor(data.n(), &parameters, &options) * g / (g - 1.0)
}

/// The border of the set where `p(null) > alpha`, walking from the estimate in steps of `step`.
fn invert(p: &dyn Fn(f64) -> f64, from: f64, step: f64, alpha: f64) -> f64 {
    let mut inside = from;
    let mut outside = from + 2.0 * step;
    for _ in 0..60 {
        if p(outside) <= alpha {
            for _ in 0..60 {
                let mid = 0.5 * (inside + outside);
                if (outside - inside).abs() <= 1e-10 * step.abs() {
                    break;
                }
                if p(mid) > alpha {
                    inside = mid
                } else {
                    outside = mid
                }
            }
            return 0.5 * (inside + outside);
        }
        inside = outside;
        outside = from + (outside - from) * 1.6;
    }
    // Never rejected: with very few clusters no null value is implausible enough.
    f64::INFINITY.copysign(step)
}

/// Cells between clusters and the levels of effects not nested in them.
struct Tables {
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
    fn build(data: &Absorbed, groups: &Dense, crossing: &[usize]) -> Self {
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
    fn sums(&self, data: &Absorbed, values: &[f64]) -> Vec<f64> {
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
fn linear(
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

struct Job<'a> {
    data: &'a Absorbed,
    groups: usize,
    p: usize,
    m: &'a [f64],
    h: &'a [f64],
    tables: &'a Tables,
    z_levels: &'a [f64],
    parts: [&'a Linear; 2],
    options: &'a WildOptions,
    enumerate: bool,
}

impl Job<'_> {
    fn block(&self, block: usize) -> [Draw; LANES] {
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
            relative: 1e-9,
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
