//! From a design to the rows that count: mask, zero weights, recursive singletons, dense codes.
//!
//! A row alone in a level of an effect is fitted perfectly and says nothing about any slope; once it
//! is gone another row may be alone, so the search repeats until none is. Everything after this
//! module sees only kept rows and codes `0..levels` numbered by first appearance.

use std::collections::HashMap;
use std::sync::{Arc, OnceLock};

use rayon::prelude::*;

use crate::design::{Design, Effect};
use crate::error::StatsError;
use crate::fe::{Cells, Shares};

/// A categorical variable on the kept rows, with codes `0..levels`.
#[derive(Debug, Clone)]
pub(crate) struct Dense {
    pub(crate) name: String,
    /// Shared between an effect and a cluster variable that are the same.
    pub(crate) codes: Arc<Vec<u32>>,
    pub(crate) levels: usize,
}

/// Which of the rows given are kept.
#[derive(Debug, Clone)]
pub(crate) struct Rows {
    given: usize,
    kept: usize,
    /// One mark for each row given; `None` when all are kept.
    mask: Option<Vec<bool>>,
    /// Their numbers, once somebody has asked for them.
    numbers: OnceLock<Vec<u32>>,
}

impl Rows {
    fn new(given: usize, mask: Option<Vec<bool>>) -> Self {
        let kept = |mask: &Vec<bool>| mask.iter().filter(|m| **m).count();
        Self {
            given,
            kept: mask.as_ref().map_or(given, kept),
            mask: mask.filter(|mask| mask.contains(&false)),
            numbers: OnceLock::new(),
        }
    }

    /// How many are kept.
    pub(crate) fn len(&self) -> usize {
        self.kept
    }

    /// Original numbers of the kept rows, ascending.
    pub(crate) fn numbers(&self) -> &[u32] {
        self.numbers.get_or_init(|| {
            let all = 0..self.given as u32;
            match &self.mask {
                None => all.collect(),
                Some(mask) => all.filter(|&i| mask[i as usize]).collect(),
            }
        })
    }

    /// The same without those marked, which has one mark for each row kept.
    fn without(&self, drop: &[bool]) -> Self {
        let mask = match &self.mask {
            None => drop.iter().map(|d| !d).collect(),
            Some(mask) => {
                let mut drop = drop.iter();
                let stays = |kept: &bool| *kept && drop.next().is_some_and(|d| !d);
                mask.iter().map(stays).collect()
            }
        };
        Self::new(self.given, Some(mask))
    }

    /// The kept values of a column.
    fn pick(&self, values: &[f64]) -> Vec<f64> {
        let Some(mask) = &self.mask else {
            return values.to_vec();
        };
        // Every value is written, and overwritten by the next unless it is kept: no branch to guess.
        let mut out = vec![0.0; self.kept + 1];
        let mut at = 0;
        for (v, &kept) in values.iter().zip(mask) {
            out[at] = *v;
            at += usize::from(kept);
        }
        out.truncate(self.kept);
        out
    }
}

/// The rows that count, and why the others do not.
#[derive(Debug, Clone)]
pub(crate) struct Sample {
    pub(crate) rows: Rows,
    pub(crate) outside: usize,
    pub(crate) zero_weight: usize,
    pub(crate) singletons: usize,
    pub(crate) weights: Option<Vec<f64>>,
    pub(crate) effects: Vec<Dense>,
    /// An effect of which rows have several levels.
    pub(crate) shared: Option<Shares>,
    pub(crate) clusters: Vec<Dense>,
    /// Whether effect `e` is nested in cluster `c`: `nested[e][c]`.
    pub(crate) nested: Vec<Vec<bool>>,
}

/// Nesting of every effect in every cluster variable.
fn nesting(effects: &[Dense], clusters: &[Dense]) -> Vec<Vec<bool>> {
    effects
        .par_iter()
        .map(|e| clusters.iter().map(|c| e.nested_in(c)).collect())
        .collect()
}

impl Sample {
    /// Selects rows by mask and weight, drops singletons, renumbers codes.
    pub(crate) fn select(design: &Design<'_>, n: usize) -> Result<Self, StatsError> {
        if u32::try_from(n).is_err() {
            return Err(StatsError::unsupported(
                "a sample of more than 4 billion rows",
                "split it",
            ));
        }
        let mut outside = 0;
        let mut zero_weight = 0;
        let mut mask = design.sample.map(<[bool]>::to_vec);
        if let Some(mask) = &mask {
            outside = mask.iter().filter(|m| !**m).count();
        }
        if let Some(w) = design.weights {
            let mask = mask.get_or_insert_with(|| vec![true; n]);
            for (i, (w, kept)) in w.iter().zip(mask).enumerate().filter(|(_, m)| *m.1) {
                if !(*w >= 0.0 && w.is_finite()) {
                    return Err(StatsError::InvalidWeight { row: i });
                }
                if *w == 0.0 {
                    zero_weight += 1;
                    *kept = false;
                }
            }
        }
        let mut rows = Rows::new(n, mask);
        let before = rows.len();
        let mut effects: Vec<Dense> = design
            .effects
            .par_iter()
            .map(|e| densify(e, &rows))
            .collect();
        if !design.keep_singletons && !effects.is_empty() {
            let alone = singletons(&effects, rows.len());
            if let Some(alone) = alone {
                rows = rows.without(&alone);
                effects = effects.into_par_iter().map(|e| e.without(&alone)).collect();
            }
        }
        let singletons = before - rows.len();
        if rows.len() == 0 {
            return Err(StatsError::EmptySample {
                reason: format!(
                    "{n} rows given, {outside} outside the sample, {zero_weight} of weight zero, {singletons} alone in a level of an effect"
                ),
            });
        }
        let clusters: Vec<Dense> = design
            .clusters
            .par_iter()
            .map(|c| {
                let known = design
                    .effects
                    .iter()
                    .position(|e| std::ptr::eq(e.codes, c.codes));
                match known {
                    Some(e) => Dense {
                        name: c.name.to_owned(),
                        ..effects[e].clone()
                    },
                    None => densify(c, &rows),
                }
            })
            .collect();
        let nested = nesting(&effects, &clusters);
        let weights = design.weights.map(|w| rows.pick(w));
        let shared = design
            .shared
            .as_ref()
            .map(|shared| Shares::of(shared, rows.numbers()))
            .transpose()?;
        Ok(Self {
            rows,
            outside,
            zero_weight,
            singletons,
            weights,
            effects,
            shared,
            clusters,
            nested,
        })
    }

    /// The sample without the marked rows, and without the singletons that leaves.
    ///
    /// `drop` has one entry for each kept row. Returns the rows kept as positions in `self`.
    pub(crate) fn without(&self, drop: &[bool], keep_singletons: bool) -> (Self, Vec<u32>) {
        let mut rows = self.rows.without(drop);
        let mut kept: Vec<u32> = (0..self.rows.len() as u32)
            .filter(|&i| !drop[i as usize])
            .collect();
        let shrunk = |e: &Dense| e.clone().without(drop);
        let mut effects: Vec<Dense> = self.effects.par_iter().map(shrunk).collect();
        let mut clusters: Vec<Dense> = self.clusters.par_iter().map(shrunk).collect();
        let mut singletons = self.singletons;
        let alone = if keep_singletons || effects.is_empty() {
            None
        } else {
            self::singletons(&effects, kept.len())
        };
        if let Some(alone) = alone {
            let before = kept.len();
            kept = keep(&kept, &alone);
            rows = rows.without(&alone);
            effects = effects.into_iter().map(|e| e.without(&alone)).collect();
            clusters = clusters.into_iter().map(|e| e.without(&alone)).collect();
            singletons += before - kept.len();
        }
        let pick = |v: &[f64]| kept.iter().map(|&i| v[i as usize]).collect();
        let sample = Self {
            rows,
            outside: self.outside,
            zero_weight: self.zero_weight,
            singletons,
            weights: self.weights.as_deref().map(pick),
            nested: nesting(&effects, &clusters),
            shared: self.shared.as_ref().map(|shared| shared.at(&kept)),
            effects,
            clusters,
        };
        (sample, kept)
    }

    /// Tables of the effects, if there are any.
    pub(crate) fn cells(&self) -> Option<Cells> {
        (!self.effects.is_empty())
            .then(|| Cells::build(&self.effects, self.weights.as_deref(), false))
    }

    /// The kept values of one original column, or the first non-finite row.
    pub(crate) fn gather(&self, name: &str, values: &[f64]) -> Result<Vec<f64>, StatsError> {
        let kept = self.rows.pick(values);
        // `v·0` is zero for every finite number and NaN otherwise, and its sum vectorises.
        if zeros(&kept).is_nan() {
            let at = kept.iter().position(|v| !v.is_finite()).unwrap_or(0);
            return Err(StatsError::NonFinite {
                name: name.to_owned(),
                row: self.rows.numbers()[at] as usize,
            });
        }
        Ok(kept)
    }
}

impl Dense {
    /// The same variable on the rows not marked, renumbered so that no level is empty; in place, unless the codes are shared.
    pub(crate) fn without(mut self, drop: &[bool]) -> Self {
        let mut new = vec![u32::MAX; self.levels];
        let mut levels = 0;
        let codes = Arc::make_mut(&mut self.codes);
        let mut kept = 0;
        for row in (0..codes.len()).filter(|&row| !drop[row]) {
            let slot = &mut new[codes[row] as usize];
            if *slot == u32::MAX {
                *slot = levels;
                levels += 1;
            }
            codes[kept] = *slot;
            kept += 1;
        }
        codes.truncate(kept);
        codes.shrink_to_fit();
        self.levels = levels as usize;
        self
    }

    /// Whether every level of `self` lies inside one level of `outer`.
    pub(crate) fn nested_in(&self, outer: &Self) -> bool {
        let mut home = vec![u32::MAX; self.levels];
        Arc::ptr_eq(&self.codes, &outer.codes)
            || self.codes.iter().zip(outer.codes.iter()).all(|(&c, &o)| {
                let slot = &mut home[c as usize];
                if *slot == u32::MAX {
                    *slot = o;
                }
                *slot == o
            })
    }

    /// The crossing of several variables: one level for each combination that occurs.
    pub(crate) fn cross(parts: &[&Self]) -> Self {
        let mut current: Vec<u32> = parts[0].codes.to_vec();
        let mut levels = parts[0].levels;
        for part in &parts[1..] {
            let mut seen: HashMap<(u32, u32), u32> = HashMap::new();
            for (c, &other) in current.iter_mut().zip(part.codes.iter()) {
                let next = seen.len() as u32;
                *c = *seen.entry((*c, other)).or_insert(next);
            }
            levels = seen.len();
        }
        Self {
            name: parts
                .iter()
                .map(|p| p.name.as_str())
                .collect::<Vec<_>>()
                .join("^"),
            codes: Arc::new(current),
            levels,
        }
    }

    /// Where each level's rows begin when rows are grouped by level, and where the last level's end.
    pub(crate) fn starts(&self) -> Vec<u32> {
        let mut start = vec![0u32; self.levels + 1];
        for &c in self.codes.iter() {
            start[c as usize + 1] += 1;
        }
        for g in 0..self.levels {
            start[g + 1] += start[g];
        }
        start
    }

    /// Rows grouped by level: `order[start[g]..start[g + 1]]` are the rows of level `g`, ascending.
    pub(crate) fn grouped(&self) -> (Vec<u32>, Vec<u32>) {
        let start = self.starts();
        let mut next = start.clone();
        let mut order = vec![0u32; self.codes.len()];
        for (i, &c) in self.codes.iter().enumerate() {
            let slot = &mut next[c as usize];
            order[*slot as usize] = i as u32;
            *slot += 1;
        }
        (start, order)
    }
}

/// Sum of `v·0` with eight running sums; NaN unless all values are finite.
fn zeros(values: &[f64]) -> f64 {
    let mut acc = [0.0; 8];
    let chunks = values.chunks_exact(8);
    let tail: f64 = chunks.remainder().iter().map(|v| v * 0.0).sum();
    for c in chunks {
        for l in 0..8 {
            acc[l] += c[l] * 0.0;
        }
    }
    acc.iter().sum::<f64>() + tail
}

/// Renumbers the codes of the given rows by first appearance.
fn densify(effect: &Effect<'_>, rows: &Rows) -> Dense {
    let largest = effect.codes.iter().copied().max().unwrap_or(0) as usize;
    let mut levels = 0u32;
    let mut codes = vec![0u32; rows.len()];
    let mut visit = |place: &mut dyn FnMut(u32) -> u32| {
        let kept = |row: &usize| rows.mask.as_ref().is_none_or(|mask| mask[*row]);
        let given = (0..effect.codes.len()).filter(kept);
        for (slot, row) in codes.iter_mut().zip(given) {
            *slot = place(effect.codes[row]);
        }
    };
    if largest <= 8 * rows.len() + 65_536 {
        let mut new = vec![u32::MAX; largest + 1];
        visit(&mut |c| {
            let slot = &mut new[c as usize];
            if *slot == u32::MAX {
                *slot = levels;
                levels += 1;
            }
            *slot
        });
    } else {
        let mut new: HashMap<u32, u32> = HashMap::new();
        visit(&mut |c| {
            *new.entry(c).or_insert_with(|| {
                levels += 1;
                levels - 1
            })
        });
    }
    Dense {
        name: effect.name.to_owned(),
        codes: Arc::new(codes),
        levels: levels as usize,
    }
}

/// Marks rows that are alone in some level, repeating as removals make others alone.
///
/// Each level keeps the exclusive-or of its row numbers, so the last row of a level is known without
/// a search and the whole takes one pass and a work list.
fn singletons(effects: &[Dense], n: usize) -> Option<Vec<bool>> {
    let mut counts: Vec<Vec<u32>> = effects
        .par_iter()
        .map(|e| {
            let mut count = vec![0u32; e.levels];
            for &c in e.codes.iter() {
                count[c as usize] += 1;
            }
            count
        })
        .collect();
    if counts.iter().all(|c| !c.contains(&1)) {
        return None;
    }
    let mut last: Vec<Vec<u32>> = effects
        .par_iter()
        .map(|e| {
            let mut xor = vec![0u32; e.levels];
            for (i, &c) in e.codes.iter().enumerate() {
                xor[c as usize] ^= i as u32;
            }
            xor
        })
        .collect();
    let mut alone = vec![false; n];
    let mut work: Vec<u32> = Vec::new();
    for (count, xor) in counts.iter().zip(&last) {
        work.extend(
            count
                .iter()
                .zip(xor)
                .filter(|(k, _)| **k == 1)
                .map(|(_, x)| *x),
        );
    }
    while let Some(row) = work.pop() {
        if std::mem::replace(&mut alone[row as usize], true) {
            continue;
        }
        for ((e, count), xor) in effects.iter().zip(&mut counts).zip(&mut last) {
            let level = e.codes[row as usize] as usize;
            count[level] -= 1;
            xor[level] ^= row;
            if count[level] == 1 {
                work.push(xor[level]);
            }
        }
    }
    Some(alone)
}

fn keep(rows: &[u32], drop: &[bool]) -> Vec<u32> {
    rows.iter()
        .zip(drop)
        .filter(|(_, d)| !**d)
        .map(|(r, _)| *r)
        .collect()
}
