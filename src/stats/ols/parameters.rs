//! Counting parameters: the `K` of the small-sample factor.
//!
//! Slopes, plus the levels of every effect less one for each effect after the first. An effect nested
//! in a cluster variable is already allowed for by the clustering, so under the default rule it counts once.

use super::options::{CountLevels, Ssc};
use super::result::Levels;
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
pub(crate) fn count(slopes: usize, sample: &Sample, clusters: &[usize], ssc: &Ssc) -> Parameters {
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
        return Parameters {
            counted: slopes,
            all: slopes,
            effects,
        };
    }
    let levels: usize = effects.iter().map(|e| e.levels).sum();
    let redundant = if ssc.exact_levels && effects.len() == 2 {
        components(&sample.effects[0], &sample.effects[1])
    } else {
        effects.len() - 1
    };
    let all = slopes + levels - redundant;
    let counted = match ssc.count_levels {
        CountLevels::None => slopes,
        CountLevels::All => all,
        CountLevels::NonNested => {
            let nested: usize = effects
                .iter()
                .filter(|e| e.nested)
                .map(|e| e.levels - 1)
                .sum();
            all.saturating_sub(nested).max(slopes + 1)
        }
    };
    Parameters {
        counted,
        all,
        effects,
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
