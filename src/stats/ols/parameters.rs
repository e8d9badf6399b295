//! Counting parameters: the `K` of the small-sample factor.
//!
//! Slopes, plus the levels of every effect less one for each effect after the first. An effect nested
//! in a cluster variable is already allowed for by the clustering, so under the default rule it counts once.

use super::options::{CountLevels, Ssc};
use super::result::Levels;
use crate::error::StatsError;
use crate::fe::{Cells, Factor, LARGEST};
use crate::sample::{Dense, Sample};

/// Parameter counts of one fit.
pub(crate) struct Parameters {
    /// For the factor of the variance.
    pub(crate) counted: usize,
    /// All slopes and levels.
    pub(crate) all: usize,
    pub(crate) effects: Vec<Levels>,
}

/// Counts parameters for `slopes` regressors (an intercept included) and the given clusters (positions among the sample's).
///
/// # Errors
/// The exact number of redundant levels is asked for, of three effects or more with too many levels to count them.
pub(crate) fn count(
    slopes: usize,
    sample: &Sample,
    clusters: &[usize],
    ssc: &Ssc,
) -> Result<Parameters, StatsError> {
    let effects: Vec<Levels> = sample
        .effects
        .iter()
        .zip(&sample.nested)
        .map(|(e, nested)| Levels {
            name: e.name.clone(),
            levels: e.levels,
            nested: clusters.iter().any(|&c| nested[c]),
        })
        .collect();
    if effects.is_empty() {
        return Ok(Parameters {
            counted: slopes,
            all: slopes,
            effects,
        });
    }
    let levels: usize = effects.iter().map(|e| e.levels).sum();
    let redundant = match (ssc.exact_levels, &sample.effects[..]) {
        (true, [a, b]) => components(a, b),
        (true, more) if more.len() > 2 => dependent(more)?,
        _ => effects.len() - 1,
    };
    // Of a shared effect, levels that are some row's own are allowed for by clusters of rows' own levels; others count in full.
    let (shared, not_own) = sample
        .shared
        .as_ref()
        .map_or((0, 0), |shared| (shared.levels - 1, shared.never_largest()));
    let all = slopes + levels - redundant + shared;
    let counted = match ssc.count_levels {
        CountLevels::None => slopes,
        CountLevels::All => all,
        CountLevels::NonNested => {
            let nested: usize = effects
                .iter()
                .filter(|e| e.nested)
                .map(|e| e.levels - 1)
                .sum();
            let own = match clusters.is_empty() {
                true => 0,
                false => shared.saturating_sub(not_own),
            };
            all.saturating_sub(nested + own).max(slopes + 1)
        }
    };
    Ok(Parameters {
        counted,
        all,
        effects,
    })
}

/// Levels of three effects or more that others determine: those without a pivot in the normal equations.
fn dependent(effects: &[Dense]) -> Result<usize, StatsError> {
    let cells = Cells::build(effects, None, false);
    match Factor::build(&cells) {
        Some(factor) => Ok(factor.redundant()),
        None => Err(StatsError::unsupported(
            format!(
                "the exact number of redundant levels among {} beside those of the largest effect",
                cells.size
            ),
            format!("it is counted up to {LARGEST}; leave `exact_levels` off"),
        )),
    }
}

/// Connected components of the graph that joins two levels whenever a row has both.
pub(crate) fn components(a: &Dense, b: &Dense) -> usize {
    let mut parent: Vec<u32> = (0..(a.levels + b.levels) as u32).collect();
    fn root(parent: &mut [u32], mut i: u32) -> u32 {
        while parent[i as usize] != i {
            parent[i as usize] = parent[parent[i as usize] as usize];
            i = parent[i as usize];
        }
        i
    }
    let mut left = parent.len();
    for (&x, &y) in a.codes.iter().zip(b.codes.iter()) {
        let (x, y) = (root(&mut parent, x), root(&mut parent, y + a.levels as u32));
        if x != y {
            parent[x as usize] = y;
            left -= 1;
        }
    }
    left
}

#[cfg(test)]
mod tests {
    use super::{Dense, dependent};

    #[test]
    fn levels_that_others_determine_are_counted() {
        let effect = |levels: usize, code: fn(u32) -> u32| Dense {
            name: String::new(),
            codes: (0..24).map(code).collect::<Vec<u32>>().into(),
            levels,
        };
        let crossed = || vec![effect(4, |i| i % 4), effect(3, |i| i / 8)];
        // Of two crossed effects one level; of a third that is coarser than the first, every level; of a copy, every level.
        let mut effects = crossed();
        effects.push(effect(2, |i| i % 4 / 2));
        assert_eq!(dependent(&effects).ok(), Some(3));
        effects.push(effect(3, |i| i / 8));
        assert_eq!(dependent(&effects).ok(), Some(6));
    }
}
