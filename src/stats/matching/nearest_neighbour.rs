//! Nearest neighbours, greedily.
//!
//! Treated rows choose in turn (largest score first, so that those hardest to match choose early); ties on either side go to the lower
//! row number. On a one-dimensional score the search keeps the still available values in order, so a match costs a logarithm, not a scan.

use super::score::check_groups;
use super::weighting::{Matched, rescale_comparison};
use crate::error::StatsError;
use crate::kit::check::{finite, inside, same_length};
use crate::kit::dense::{mat_vec, spd_inverse};
use std::collections::BTreeMap;

/// What closeness means.
#[derive(Debug, Clone, Copy)]
pub enum Distance<'a> {
    /// |difference| of one score per row, such as a propensity or its log odds.
    Score(&'a [f64]),
    /// Mahalanobis distance of covariates by their pooled within-group covariance.
    Mahalanobis(&'a [(&'a str, &'a [f64])]),
}

/// The largest distance allowed.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Caliper {
    /// In units of the distance.
    Absolute(f64),
    /// In standard deviations of the score over all rows (scores only).
    StandardDeviations(f64),
}

/// Who chooses first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Order {
    /// Largest score first (scores only; Mahalanobis falls back to row order).
    #[default]
    LargestFirst,
    /// Row order.
    Rows,
}

/// Options of [`nearest`].
#[derive(Debug, Clone, Copy)]
pub struct NearestOptions<'a> {
    /// Comparison rows per treated row.
    pub ratio: usize,
    /// A comparison row may serve more than once.
    pub replacement: bool,
    /// Largest distance allowed.
    pub caliper: Option<Caliper>,
    /// Who chooses first.
    pub order: Order,
    /// Pairs must agree on this label.
    pub within: Option<&'a [u32]>,
}

impl Default for NearestOptions<'_> {
    fn default() -> Self {
        Self {
            ratio: 1,
            replacement: false,
            caliper: None,
            order: Order::LargestFirst,
            within: None,
        }
    }
}

/// Ordered bits of a finite float, so that scores can be map keys.
fn key(x: f64) -> u64 {
    let bits = (x + 0.0).to_bits();
    if bits >> 63 == 0 {
        bits | 1 << 63
    } else {
        !bits
    }
}

/// Still available comparison rows of one stratum, by score then row.
type Shelf = BTreeMap<(u64, usize), f64>;

/// Nearest available row to `score`: smallest distance, then lowest row.
fn closest(shelf: &Shelf, score: f64) -> Option<(usize, f64)> {
    let at = key(score);
    let right = shelf.range((at, 0)..).next();
    // The lowest row among those that share the nearest smaller score.
    let left = shelf
        .range(..(at, 0))
        .next_back()
        .and_then(|((k, _), _)| shelf.range((*k, 0)..).next());
    let measure = |hit: Option<(&(u64, usize), &f64)>| {
        hit.map(|((_, row), value)| (*row, (value - score).abs()))
    };
    match (measure(left), measure(right)) {
        (Some(l), Some(r)) => Some(if l.1 < r.1 || (l.1 == r.1 && l.0 < r.0) {
            l
        } else {
            r
        }),
        (l, r) => l.or(r),
    }
}

/// Matches each treated row to its nearest comparison rows, greedily.
///
/// Treated rows choose in turn (largest score first, so that those hardest to match choose early); ties on either side go to the lower row
/// number. Wrong without looking at [`super::balance`] afterwards: near in score is not near in every covariate.
///
/// Weights: treated 1; a comparison row the sum over its pairs of 1/(matches of that treated row), scaled to add to the number of comparison
/// rows in use. The stratum of a row is its treated row's position in the order of matching (without replacement).
///
/// # Errors
/// Unequal lengths, non-finite values, an empty group, a ratio of zero, a caliper ≤ 0, singular covariates, or no pair at all.
pub fn nearest(
    treated: &[bool],
    distance: Distance<'_>,
    options: &NearestOptions<'_>,
) -> Result<Matched, StatsError> {
    let n = treated.len();
    check_groups(treated)?;
    if options.ratio == 0 {
        return Err(StatsError::option("ratio", "must be 1 or more"));
    }
    if let Some(w) = options.within {
        same_length("within", w.len(), n)?;
    }
    let mut order: Vec<usize> = (0..n).filter(|&i| treated[i]).collect();
    let label = |i: usize| options.within.map_or(0, |w| w[i]);
    let matches: Vec<(usize, usize, f64)> = match distance {
        Distance::Score(score) => {
            same_length("score", score.len(), n)?;
            finite("score", score)?;
            let limit = limit(options.caliper, Some(score))?;
            if options.order == Order::LargestFirst {
                order.sort_by(|&a, &b| score[b].total_cmp(&score[a]).then(a.cmp(&b)));
            }
            let mut shelves: BTreeMap<u32, Shelf> = BTreeMap::new();
            for i in (0..n).filter(|&i| !treated[i]) {
                shelves
                    .entry(label(i))
                    .or_default()
                    .insert((key(score[i]), i), score[i]);
            }
            by_score(score, &order, &mut shelves, &label, limit, options)
        }
        Distance::Mahalanobis(covariates) => {
            let limit = limit(options.caliper, None)?;
            by_mahalanobis(treated, covariates, &order, &label, limit, options)?
        }
    };
    gather(treated, &matches, options)
}

fn limit(caliper: Option<Caliper>, score: Option<&[f64]>) -> Result<f64, StatsError> {
    let value = match (caliper, score) {
        (None, _) => return Ok(f64::INFINITY),
        (Some(Caliper::Absolute(c)), _) => c,
        (Some(Caliper::StandardDeviations(c)), Some(score)) => {
            let n = score.len() as f64;
            let mean = score.iter().sum::<f64>() / n;
            c * (score.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / (n - 1.0)).sqrt()
        }
        (Some(Caliper::StandardDeviations(_)), None) => {
            return Err(StatsError::unsupported(
                "a caliper in standard deviations of a Mahalanobis distance",
                "give it in absolute units",
            ));
        }
    };
    inside("caliper", value, 0.0, f64::INFINITY)?;
    Ok(value)
}

fn by_score(
    score: &[f64],
    order: &[usize],
    shelves: &mut BTreeMap<u32, Shelf>,
    label: &dyn Fn(usize) -> u32,
    limit: f64,
    options: &NearestOptions<'_>,
) -> Vec<(usize, usize, f64)> {
    let mut found = Vec::new();
    // Every treated row chooses once before any chooses a second time, as MatchIt does.
    let rounds = if options.replacement {
        1
    } else {
        options.ratio
    };
    for _ in 0..rounds {
        for &i in order {
            let Some(shelf) = shelves.get_mut(&label(i)) else {
                continue;
            };
            let wanted = if options.replacement {
                options.ratio
            } else {
                1
            };
            let mut taken = Vec::new();
            for _ in 0..wanted {
                match closest(shelf, score[i]) {
                    Some((j, d)) if d <= limit => {
                        found.push((i, j, d));
                        shelf.remove(&(key(score[j]), j));
                        taken.push(j);
                    }
                    _ => break,
                }
            }
            if options.replacement {
                for j in taken {
                    shelf.insert((key(score[j]), j), score[j]);
                }
            }
        }
    }
    found
}

fn by_mahalanobis(
    treated: &[bool],
    covariates: &[(&str, &[f64])],
    order: &[usize],
    label: &dyn Fn(usize) -> u32,
    limit: f64,
    options: &NearestOptions<'_>,
) -> Result<Vec<(usize, usize, f64)>, StatsError> {
    let (n, k) = (treated.len(), covariates.len());
    for (name, c) in covariates {
        same_length(name, c.len(), n)?;
        finite(name, c)?;
    }
    let mean = |c: &[f64], group: bool| {
        let values: Vec<f64> = (0..n)
            .filter(|&i| treated[i] == group)
            .map(|i| c[i])
            .collect();
        values.iter().sum::<f64>() / values.len() as f64
    };
    let means: Vec<(f64, f64)> = covariates
        .iter()
        .map(|(_, c)| (mean(c, true), mean(c, false)))
        .collect();
    let centred =
        |a: usize, i: usize| covariates[a].1[i] - if treated[i] { means[a].0 } else { means[a].1 };
    let mut pooled = vec![0.0; k * k];
    for a in 0..k {
        for b in 0..=a {
            let s = (0..n).map(|i| centred(a, i) * centred(b, i)).sum::<f64>() / (n as f64 - 2.0);
            pooled[a * k + b] = s;
            pooled[b * k + a] = s;
        }
    }
    let inverse = spd_inverse(&pooled, k).map_err(|j| StatsError::AllCollinear {
        names: covariates[j].0.to_owned(),
    })?;
    let apart = |i: usize, j: usize| {
        let d: Vec<f64> = covariates.iter().map(|(_, c)| c[i] - c[j]).collect();
        mat_vec(&inverse, &d)
            .iter()
            .zip(&d)
            .map(|(a, b)| a * b)
            .sum::<f64>()
            .max(0.0)
            .sqrt()
    };
    let mut free: Vec<bool> = treated.iter().map(|t| !t).collect();
    let mut found = Vec::new();
    let rounds = if options.replacement {
        1
    } else {
        options.ratio
    };
    for _ in 0..rounds {
        for &i in order {
            let mut near: Vec<(f64, usize)> = (0..n)
                .filter(|&j| free[j] && label(j) == label(i))
                .map(|j| (apart(i, j), j))
                .filter(|(d, _)| *d <= limit)
                .collect();
            near.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
            for (d, j) in near.into_iter().take(if options.replacement {
                options.ratio
            } else {
                1
            }) {
                found.push((i, j, d));
                free[j] = options.replacement;
            }
        }
    }
    Ok(found)
}

fn gather(
    treated: &[bool],
    matches: &[(usize, usize, f64)],
    options: &NearestOptions<'_>,
) -> Result<Matched, StatsError> {
    let n = treated.len();
    let mut count = vec![0u32; n];
    for (i, _, _) in matches {
        count[*i] += 1;
    }
    let mut weights = vec![0.0; n];
    let mut stratum = vec![None; n];
    let mut next = 0;
    for (i, j, _) in matches {
        weights[*i] = 1.0;
        weights[*j] += 1.0 / f64::from(count[*i]);
        if !options.replacement {
            let s = *stratum[*i].get_or_insert_with(|| {
                next += 1;
                next - 1
            });
            stratum[*j] = Some(s);
        }
    }
    rescale_comparison(treated, &mut weights);
    let mut matched = Matched::new(treated, weights, stratum, "nearest neighbours")?;
    matched.pairs = matches.iter().map(|(i, j, _)| (*i, *j)).collect();
    matched.total_distance = matches.iter().map(|(_, _, d)| d).sum();
    Ok(matched)
}
