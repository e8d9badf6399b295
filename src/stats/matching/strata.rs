//! Strata in which treated and comparison rows meet: exact values, coarsened values, or slices of the score.
//!
//! Within a stratum with T treated and C comparison rows, treated rows weigh 1 and comparison rows T/C (ATT); strata with only one kind
//! are dropped. Coarsened exact matching (Iacus, King and Porro 2012) bounds imbalance by the width of its bins, before any model.

use super::score::check_groups;
use super::weighting::{Matched, rescale_comparison};
use crate::error::StatsError;
use crate::kit::check::{finite, same_length};

fn from_labels(
    treated: &[bool],
    labels: &[Option<u32>],
    method: &'static str,
) -> Result<Matched, StatsError> {
    let size = labels.iter().flatten().max().map_or(0, |m| *m as usize + 1);
    let mut counts = vec![(0.0, 0.0); size];
    for (t, label) in treated.iter().zip(labels) {
        if let Some(s) = label {
            let c = &mut counts[*s as usize];
            if *t { c.0 += 1.0 } else { c.1 += 1.0 }
        }
    }
    let mut weights = vec![0.0; treated.len()];
    let mut stratum = vec![None; treated.len()];
    for i in 0..treated.len() {
        if let Some(s) = labels[i] {
            let (t, c) = counts[s as usize];
            if t > 0.0 && c > 0.0 {
                weights[i] = if treated[i] { 1.0 } else { t / c };
                stratum[i] = Some(s);
            }
        }
    }
    rescale_comparison(treated, &mut weights);
    Matched::new(treated, weights, stratum, method)
}

/// Dense labels of equal rows, numbered in the order of their values.
fn label_rows(keys: &[Vec<u64>]) -> Vec<Option<u32>> {
    let mut distinct: Vec<&Vec<u64>> = keys.iter().collect();
    distinct.sort_unstable();
    distinct.dedup();
    keys.iter()
        .map(|k| distinct.binary_search(&k).ok().map(|i| i as u32))
        .collect()
}

fn check(treated: &[bool], covariates: &[(&str, &[f64])]) -> Result<(), StatsError> {
    check_groups(treated)?;
    for (name, c) in covariates {
        same_length(name, c.len(), treated.len())?;
        finite(name, c)?;
    }
    Ok(())
}

/// Strata of rows equal in every covariate.
///
/// # Errors
/// Unequal lengths, non-finite values, an empty group, or no stratum with both kinds.
pub fn exact(treated: &[bool], covariates: &[(&str, &[f64])]) -> Result<Matched, StatsError> {
    check(treated, covariates)?;
    let keys: Vec<Vec<u64>> = (0..treated.len())
        .map(|i| {
            covariates
                .iter()
                .map(|(_, c)| (c[i] + 0.0).to_bits())
                .collect()
        })
        .collect();
    from_labels(treated, &label_rows(&keys), "exact matching")
}

/// Sturges' number of bins for n rows, ⌈log₂ n + 1⌉: the default of coarsened exact matching.
#[must_use]
pub fn sturges(n: usize) -> usize {
    ((n as f64).log2() + 1.0).ceil() as usize
}

/// Coarsened exact matching (Iacus, King and Porro 2012): strata of rows equal after each covariate is cut into `bins` equal widths between its extremes; `None` keeps a covariate exact
/// (categories, indicators).
///
/// # Errors
/// As [`exact`], or zero bins.
///
/// Within a stratum with T treated and C comparison rows, treated rows weigh 1 and comparison rows T/C; strata with only one kind are dropped.
/// Imbalance is bounded by the width of the bins, before any model.
///
/// ```
/// use throughline_stats::matching::coarsened;
/// let treated = [true, false, true, false, false];
/// let prior = [0.10, 0.15, 0.80, 0.90, 0.50];
/// let group = [1.0, 1.0, 0.0, 0.0, 1.0];
/// let fit = coarsened(&treated, &[("prior", &prior, Some(4)), ("group", &group, None)])?;
/// assert_eq!((fit.treated, fit.comparison, fit.comparison_dropped), (2, 2, 1));
/// # Ok::<(), throughline_stats::StatsError>(())
/// ```
pub fn coarsened(
    treated: &[bool],
    covariates: &[(&str, &[f64], Option<usize>)],
) -> Result<Matched, StatsError> {
    let plain: Vec<(&str, &[f64])> = covariates.iter().map(|(name, c, _)| (*name, *c)).collect();
    check(treated, &plain)?;
    let mut cut: Vec<Vec<u64>> = Vec::with_capacity(covariates.len());
    for (_, c, bins) in covariates {
        match bins {
            None => cut.push(c.iter().map(|v| (v + 0.0).to_bits()).collect()),
            Some(0) => return Err(StatsError::option("bins", "must be 1 or more")),
            Some(bins) => {
                let (low, high) = c
                    .iter()
                    .fold((f64::INFINITY, f64::NEG_INFINITY), |(l, h), v| {
                        (l.min(*v), h.max(*v))
                    });
                let edges: Vec<f64> = (0..=*bins)
                    .map(|b| low + (high - low) * b as f64 / *bins as f64)
                    .collect();
                // A value on an edge belongs to the bin above it, the largest to the last bin.
                cut.push(
                    c.iter()
                        .map(|v| (edges.partition_point(|e| e <= v).clamp(1, *bins)) as u64)
                        .collect(),
                );
            }
        }
    }
    let keys: Vec<Vec<u64>> = (0..treated.len())
        .map(|i| cut.iter().map(|c| c[i]).collect())
        .collect();
    from_labels(treated, &label_rows(&keys), "coarsened exact matching")
}

/// Strata from cutting the score at quantiles of the treated rows' scores (R type 7), for the effect on the treated.
///
/// # Errors
/// Unequal lengths, non-finite values, an empty group, or fewer than two strata asked for.
///
/// ```
/// use throughline_stats::matching::subclassify;
/// let treated = [true, false, true, false, true, false, true, false];
/// let score = [0.2, 0.25, 0.4, 0.3, 0.6, 0.65, 0.8, 0.7];
/// let fit = subclassify(&treated, &score, 2)?;
/// assert_eq!((fit.treated, fit.comparison), (4, 4));
/// # Ok::<(), throughline_stats::StatsError>(())
/// ```
pub fn subclassify(treated: &[bool], score: &[f64], strata: usize) -> Result<Matched, StatsError> {
    check(treated, &[("score", score)])?;
    if strata < 2 {
        return Err(StatsError::option("strata", "needs at least two"));
    }
    let mut own: Vec<f64> = (0..score.len())
        .filter(|&i| treated[i])
        .map(|i| score[i])
        .collect();
    own.sort_by(f64::total_cmp);
    let cuts: Vec<f64> = (1..strata)
        .map(|s| {
            let at = (own.len() - 1) as f64 * s as f64 / strata as f64;
            let low = at.floor() as usize;
            own[low] + (at - low as f64) * (own[(low + 1).min(own.len() - 1)] - own[low])
        })
        .collect();
    let labels: Vec<Option<u32>> = score
        .iter()
        .map(|p| Some(cuts.partition_point(|c| c <= p) as u32))
        .collect();
    from_labels(treated, &labels, "subclassification")
}
