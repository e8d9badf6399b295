//! Randomisation inference: how often would this assignment mechanism have produced a difference so large if treatment did nothing?
//!
//! Treatment labels are permuted at the level at which they were assigned (individuals, clusters) and within the blocks in which they were
//! assigned; the statistic is the difference in (cluster) means over its standard error, which keeps the test valid for the weak null of no
//! average effect as well (Wu and Ding 2021). p = (1 + #{|t*| ≥ |t|})/(1 + B) over B draws; when the assignments are few enough they are all
//! listed and p is exact. Wrong when treatment was not assigned at random within the stated blocks.
//!
//! ```
//! use throughline_stats::randomisation::{randomisation_test, Assignment, RandomisationOptions};
//! let y = [3.1, 2.9, 3.5, 3.3, 1.0, 1.2, 0.8, 1.1];
//! let treated = [true, true, true, true, false, false, false, false];
//! let r = randomisation_test(&y, &treated, &Assignment::default(), &RandomisationOptions::default())?;
//! assert!(r.exact && (r.p - 2.0 / 70.0).abs() < 1e-12);
//! # Ok::<(), throughline_stats::StatsError>(())
//! ```

use crate::error::StatsError;
use crate::kit::check::{finite, same_length};
use crate::kit::codes::compact;
use crate::kit::rng::Stream;
use rayon::prelude::*;

/// How treatment was assigned.
#[derive(Debug, Clone, Copy, Default)]
pub struct Assignment<'a> {
    /// Units assigned together; `None` when individuals were.
    pub cluster: Option<&'a [u32]>,
    /// Blocks within which assignment was made; `None` for a single lottery.
    pub block: Option<&'a [u32]>,
}

/// Options of [`randomisation_test`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RandomisationOptions {
    /// Draws when assignments are too many to list.
    pub draws: usize,
    /// List all assignments when there are at most this many.
    pub list_up_to: u64,
    /// Seed; draw i uses the stream (seed, i).
    pub seed: u64,
}

impl Default for RandomisationOptions {
    fn default() -> Self {
        Self {
            draws: 9_999,
            list_up_to: 20_000,
            seed: 20_260_801,
        }
    }
}

/// A randomisation test.
#[derive(Debug, Clone, PartialEq)]
pub struct Randomisation {
    /// Difference in means of assigned units, blocks weighted by their size.
    pub difference: f64,
    /// Its studentised value.
    pub statistic: f64,
    /// Two-sided p-value.
    pub p: f64,
    /// Assignments used (the observed one included when listed).
    pub assignments: u64,
    /// Whether every assignment was listed.
    pub exact: bool,
    /// Units that were assigned (clusters or individuals).
    pub units: usize,
    /// Blocks; blocks with only one kind are dropped.
    pub blocks: usize,
    /// Units in dropped blocks.
    pub dropped: usize,
}

#[derive(Clone)]
struct Block {
    /// Cluster means or individual outcomes.
    values: Vec<f64>,
    treated: Vec<bool>,
}

/// Difference and its Neyman variance, blocks weighted by their number of units.
fn studentised(blocks: &[Block], labels: &[Vec<bool>]) -> (f64, f64) {
    let total: f64 = blocks.iter().map(|b| b.values.len() as f64).sum();
    let (mut difference, mut variance) = (0.0, 0.0);
    for (block, treated) in blocks.iter().zip(labels) {
        let share = block.values.len() as f64 / total;
        let mut side = [(0.0, 0.0, 0.0); 2];
        for (v, t) in block.values.iter().zip(treated) {
            let s = &mut side[usize::from(*t)];
            s.0 += 1.0;
            s.1 += v;
            s.2 += v * v;
        }
        difference += share * (side[1].1 / side[1].0 - side[0].1 / side[0].0);
        for (n, sum, squares) in side {
            // A side with a single unit has no variance of its own: its share is left to the other blocks.
            if n > 1.0 {
                variance += share * share * ((squares - sum * sum / n) / (n - 1.0)).max(0.0) / n;
            }
        }
    }
    (difference, variance)
}

fn size(difference: f64, variance: f64) -> f64 {
    if variance > 0.0 {
        (difference / variance.sqrt()).abs()
    } else {
        f64::INFINITY * difference.abs()
    }
}

fn choose(n: u64, k: u64) -> u64 {
    (0..k)
        .try_fold(1u64, |c, i| c.checked_mul(n - i).map(|v| v / (i + 1)))
        .unwrap_or(u64::MAX)
}

/// Next arrangement in lexicographic order of a list of flags; `false` when it wraps to the first.
fn next_arrangement(flags: &mut [bool]) -> bool {
    let Some(i) = (1..flags.len()).rev().find(|&i| !flags[i - 1] && flags[i]) else {
        flags.reverse();
        return false;
    };
    let j = (i..flags.len()).rev().find(|&j| flags[j]).unwrap_or(i);
    flags.swap(i - 1, j);
    flags[i..].reverse();
    true
}

/// Tests that treatment did nothing, by re-assigning it as it was assigned.
///
/// # Errors
/// Unequal lengths, non-finite outcomes, treatment or block changing within a cluster, no block with both kinds, fewer than two units of
/// each kind, an outcome without variance, fewer than 99 draws.
///
/// Reference: Fisher (1935); Wu and Ding (2021), *JASA* 116; Phipson and Smyth (2010) for the 1 + .
pub fn randomisation_test(
    outcome: &[f64],
    treated: &[bool],
    assignment: &Assignment<'_>,
    options: &RandomisationOptions,
) -> Result<Randomisation, StatsError> {
    let n = outcome.len();
    same_length("treated", treated.len(), n)?;
    finite("outcome", outcome)?;
    if options.draws < 99 {
        return Err(StatsError::option("draws", "needs at least 99"));
    }
    let (blocks, units, dropped) = assigned_units(outcome, treated, assignment)?;
    let observed: Vec<Vec<bool>> = blocks.iter().map(|b| b.treated.clone()).collect();
    let (difference, variance) = studentised(&blocks, &observed);
    let all: Vec<f64> = blocks
        .iter()
        .flat_map(|b| b.values.iter().copied())
        .collect();
    if all.iter().all(|v| *v == all[0]) {
        return Err(StatsError::ZeroVariance {
            name: "outcome".into(),
        });
    }
    let reference = size(difference, variance) * (1.0 - 1e-10);
    let count = blocks.iter().fold(1u64, |c, b| {
        let k = b.treated.iter().filter(|t| **t).count() as u64;
        c.saturating_mul(choose(b.treated.len() as u64, k))
    });
    let exact = count <= options.list_up_to;
    let (hits, used) = if exact {
        (listed(&blocks, reference), count)
    } else {
        (
            drawn(sorted(&blocks), reference, options),
            options.draws as u64,
        )
    };
    let p = if exact {
        hits as f64 / used as f64
    } else {
        (1.0 + hits as f64) / (1.0 + used as f64)
    };
    let statistic = if variance > 0.0 {
        difference / variance.sqrt()
    } else {
        f64::INFINITY * difference.signum()
    };
    Ok(Randomisation {
        difference,
        statistic,
        p,
        assignments: used,
        exact,
        units,
        blocks: blocks.len(),
        dropped,
    })
}

fn listed(blocks: &[Block], reference: f64) -> u64 {
    let mut labels: Vec<Vec<bool>> = blocks
        .iter()
        .map(|b| {
            let mut flags = b.treated.clone();
            flags.sort_unstable();
            flags
        })
        .collect();
    let mut hits = 0;
    loop {
        let (d, v) = studentised(blocks, &labels);
        hits += u64::from(size(d, v) >= reference);
        // An odometer over the blocks.
        if !labels.iter_mut().any(|flags| next_arrangement(flags)) {
            return hits;
        }
    }
}

/// The same blocks in an order of their values alone, so that a draw does not depend on the order of rows or the names of units
/// and blocks.
fn sorted(blocks: &[Block]) -> Vec<Block> {
    let mut blocks = blocks.to_vec();
    for block in &mut blocks {
        block.values.sort_unstable_by(f64::total_cmp);
        // Only how many are treated matters from here on.
        block.treated.sort_unstable();
    }
    blocks.sort_by(|a, b| {
        let values = || a.values.iter().zip(&b.values).map(|(a, b)| a.total_cmp(b));
        let sizes = (a.values.len(), &a.treated).cmp(&(b.values.len(), &b.treated));
        sizes.then_with(|| {
            values()
                .find(|o| o.is_ne())
                .unwrap_or(std::cmp::Ordering::Equal)
        })
    });
    blocks
}

fn drawn(blocks: Vec<Block>, reference: f64, options: &RandomisationOptions) -> u64 {
    (0..options.draws)
        .into_par_iter()
        .map(|i| {
            let mut stream = Stream::new(options.seed, i as u64);
            let labels: Vec<Vec<bool>> = blocks
                .iter()
                .map(|b| {
                    let mut flags = b.treated.clone();
                    stream.shuffle(&mut flags);
                    flags
                })
                .collect();
            let (d, v) = studentised(&blocks, &labels);
            u64::from(size(d, v) >= reference)
        })
        .sum()
}

fn assigned_units(
    outcome: &[f64],
    treated: &[bool],
    assignment: &Assignment<'_>,
) -> Result<(Vec<Block>, usize, usize), StatsError> {
    let n = outcome.len();
    for (name, labels) in [("cluster", assignment.cluster), ("block", assignment.block)] {
        if let Some(l) = labels {
            same_length(name, l.len(), n)?;
        }
    }
    let block = assignment
        .block
        .map_or_else(|| vec![0; n], |b| compact(b).0);
    let (unit, count) = match assignment.cluster {
        Some(c) => {
            let (codes, labels) = compact(c);
            (codes, labels.len())
        }
        None => ((0..n as u32).collect(), n),
    };
    let mut seen: Vec<Option<(bool, u32, f64, f64)>> = vec![None; count];
    for row in 0..n {
        let slot = &mut seen[unit[row] as usize];
        match slot {
            Some((t, b, sum, size)) => {
                if *t != treated[row] {
                    return Err(StatsError::ChangesWithinUnit {
                        what: "treatment",
                        row,
                    });
                }
                if *b != block[row] {
                    return Err(StatsError::ChangesWithinUnit { what: "block", row });
                }
                *sum += outcome[row];
                *size += 1.0;
            }
            None => *slot = Some((treated[row], block[row], outcome[row], 1.0)),
        }
    }
    let size = block.iter().max().map_or(0, |b| *b as usize + 1);
    let mut blocks: Vec<Block> = (0..size)
        .map(|_| Block {
            values: Vec::new(),
            treated: Vec::new(),
        })
        .collect();
    for (t, b, sum, n) in seen.into_iter().flatten() {
        blocks[b as usize].values.push(sum / n);
        blocks[b as usize].treated.push(t);
    }
    let both = |b: &Block| b.treated.iter().any(|t| *t) && b.treated.iter().any(|t| !*t);
    let dropped = blocks
        .iter()
        .filter(|b| !both(b))
        .map(|b| b.values.len())
        .sum();
    blocks.retain(both);
    let treated_units: usize = blocks
        .iter()
        .flat_map(|b| &b.treated)
        .filter(|t| **t)
        .count();
    let units: usize = blocks.iter().map(|b| b.values.len()).sum();
    if treated_units < 2 || units - treated_units < 2 {
        return Err(StatsError::EmptyGroup {
            group: "two assigned units of each kind".into(),
            hint: "a randomisation test needs at least two treated and two comparison units in blocks that hold both",
        });
    }
    Ok((blocks, units, dropped))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn drawn_and_listed_p_values_agree() {
        let y: Vec<f64> = (0..14)
            .map(|i| f64::from(i * 37 % 11) + if i < 7 { 2.0 } else { 0.0 })
            .collect();
        let treated: Vec<bool> = (0..14).map(|i| i < 7).collect();
        let exact = randomisation_test(
            &y,
            &treated,
            &Assignment::default(),
            &RandomisationOptions::default(),
        )
        .unwrap();
        let drawn = randomisation_test(
            &y,
            &treated,
            &Assignment::default(),
            &RandomisationOptions {
                list_up_to: 1,
                ..Default::default()
            },
        )
        .unwrap();
        assert!(exact.exact && !drawn.exact && exact.assignments == 3_432);
        assert!((exact.p - drawn.p).abs() < 0.02, "{} {}", exact.p, drawn.p);
    }

    #[test]
    fn size_is_right_under_the_null() {
        // 300 seeded data sets of 16 clusters in 4 blocks with no effect: about 5 % are rejected.
        let mut rejected = 0;
        for set in 0..300 {
            let mut s = Stream::new(7, set);
            let (mut y, mut t, mut c, mut b) = (vec![], vec![], vec![], vec![]);
            for cluster in 0..16_u32 {
                let level = s.normal();
                for _ in 0..5 {
                    y.push(level + 0.5 * s.normal());
                    t.push(cluster % 2 == 0);
                    c.push(cluster);
                    b.push(cluster / 4);
                }
            }
            let a = Assignment {
                cluster: Some(&c),
                block: Some(&b),
            };
            rejected += u32::from(
                randomisation_test(&y, &t, &a, &RandomisationOptions::default())
                    .unwrap()
                    .p
                    <= 0.05,
            );
        }
        assert!((5..=27).contains(&rejected), "{rejected} of 300");
    }
}
