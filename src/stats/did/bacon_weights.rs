//! What the two-way fixed-effects estimate is an average of.
//!
//! On a balanced panel the coefficient of "treated" with unit and period effects is a weighted mean of all two-group comparisons: treated
//! against never treated, earlier against later, and, the ones to fear, later against *earlier, already treated*. Their weights say how
//! much of the estimate rests on forbidden comparisons. Print a two-way estimate only with this table beside it.
//!
//! Reference: Goodman-Bacon (2021), *Journal of Econometrics* 225; R `bacondecomp`.

use super::panel::{NEVER, PanelSample, StaggeredPanel, widen};
use crate::error::StatsError;

/// Kind of a two-group comparison.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BaconKind {
    /// A cohort against the never treated.
    TreatedVsNever,
    /// A cohort against a later one, before that one starts.
    EarlierVsLater,
    /// A cohort against an earlier one, already treated: forbidden when effects change over time.
    LaterVsEarlier,
}

/// One comparison.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct BaconComparison {
    /// Kind.
    pub kind: BaconKind,
    /// Cohort whose change in treatment is used.
    pub treated: i32,
    /// Cohort it is compared with; `None` for the never treated.
    pub control: Option<i32>,
    /// Difference in differences.
    pub estimate: f64,
    /// Share in the two-way estimate.
    pub weight: f64,
}

/// The decomposition.
#[derive(Debug, Clone, PartialEq)]
pub struct Bacon {
    /// Comparisons: all against never treated, then pairs of cohorts.
    pub comparisons: Vec<BaconComparison>,
    /// Two-way estimate: Σ weight × estimate.
    pub two_way: f64,
    /// Share of the weight on already treated controls.
    pub forbidden: f64,
    /// What was used and dropped.
    pub sample: PanelSample,
}

/// What the two-way fixed-effects estimate of a balanced panel is an average of (Goodman-Bacon).
///
/// The coefficient of "treated" with unit and period effects is a weighted mean of all two-group comparisons: treated against never treated,
/// earlier against later, and, the ones to fear, later against *earlier, already treated*. Their weights say how much of the estimate rests
/// on forbidden comparisons. Print a two-way estimate only with this table beside it.
///
/// # Errors
/// As [`super::group_time`] for the data; covariates or weights; a single cohort without never-treated units.
///
/// Reference: Goodman-Bacon (2021), *Journal of Econometrics* 225; R `bacondecomp`.
///
/// ```
/// use throughline_stats::did::{StaggeredPanel, bacon};
/// // 8 units × 4 periods: two cohorts that start in periods 3 and 4 and gain 1, four units that never start.
/// let (mut unit, mut time, mut first, mut y) = (vec![], vec![], vec![], vec![]);
/// for i in 0..8_u32 {
///     let start = [None, Some(3), None, Some(4)][i as usize % 4];
///     for t in 1..=4 {
///         unit.push(i);
///         time.push(t);
///         first.push(start);
///         let wiggle = 0.01 * f64::from((i * 7 + t as u32 * 3) % 5);
///         let effect = if start.is_some_and(|s| t >= s) { 1.0 } else { 0.0 };
///         y.push(f64::from(i) + 0.5 * f64::from(t) + effect + wiggle);
///     }
/// }
/// let panel = StaggeredPanel::new(&unit, &time, &first, &y);
/// let fit = bacon(&panel)?;
/// assert_eq!(fit.comparisons.len(), 4); // two against never, one against the later, one against the earlier
/// assert!(fit.forbidden > 0.0 && fit.forbidden < 0.5);
/// # Ok::<(), throughline_stats::StatsError>(())
/// ```
pub fn bacon(panel: &StaggeredPanel<'_>) -> Result<Bacon, StatsError> {
    if !panel.covariates.is_empty() || panel.weights.is_some() {
        return Err(StatsError::unsupported(
            "the decomposition with covariates or weights",
            "leave them out",
        ));
    }
    let wide = widen(panel, 0)?;
    let periods = wide.periods.len();
    let all = wide.start.len() as f64;
    let mut groups: Vec<i32> = wide.cohorts.clone();
    if wide.sample.never_treated > 0 {
        groups.push(NEVER);
    }
    if groups.len() < 2 {
        return Err(StatsError::EmptyGroup {
            group: "second group to compare with".into(),
            hint: "never treated or differently timed units are needed",
        });
    }
    // Share of units, first treated period index and mean outcome per period of each group.
    let share: Vec<f64> = groups
        .iter()
        .map(|g| wide.start.iter().filter(|s| *s == g).count() as f64 / all)
        .collect();
    let begin: Vec<usize> = groups
        .iter()
        .map(|g| wide.periods.iter().take_while(|t| *t < g).count())
        .collect();
    let means: Vec<Vec<f64>> = groups
        .iter()
        .zip(&share)
        .map(|(g, s)| {
            (0..periods)
                .map(|t| {
                    wide.outcome[t]
                        .iter()
                        .zip(&wide.start)
                        .filter(|(_, u)| *u == g)
                        .map(|(y, _)| y)
                        .sum::<f64>()
                        / (s * all)
                })
                .collect()
        })
        .collect();
    let window = |g: usize, from: usize, to: usize| {
        means[g][from..to].iter().sum::<f64>() / (to - from) as f64
    };
    let treated_share = |g: usize| (periods - begin[g]) as f64 / periods as f64;
    let mut comparisons = Vec::new();
    let mut push = |kind, treated: usize, control: usize, estimate: f64, weight: f64| {
        comparisons.push(BaconComparison {
            kind,
            treated: groups[treated],
            control: (groups[control] != NEVER).then_some(groups[control]),
            estimate,
            weight,
        });
    };
    let cohorts = wide.cohorts.len();
    if groups.len() > cohorts {
        for k in 0..cohorts {
            let (b, d, u) = (begin[k], treated_share(k), cohorts);
            let n = share[k] + share[u];
            let weight = n * n * (share[k] / n) * (share[u] / n) * d * (1.0 - d);
            let estimate = (window(k, b, periods) - window(k, 0, b))
                - (window(u, b, periods) - window(u, 0, b));
            push(BaconKind::TreatedVsNever, k, u, estimate, weight);
        }
    }
    for k in 0..cohorts {
        for l in k + 1..cohorts {
            let (bk, bl, dk, dl) = (begin[k], begin[l], treated_share(k), treated_share(l));
            if bl <= bk {
                continue;
            }
            let n = share[k] + share[l];
            let mix = (share[k] / n) * (share[l] / n);
            let early =
                (window(k, bk, bl) - window(k, 0, bk)) - (window(l, bk, bl) - window(l, 0, bk));
            push(
                BaconKind::EarlierVsLater,
                k,
                l,
                early,
                (n * (1.0 - dl)).powi(2)
                    * mix
                    * ((dk - dl) / (1.0 - dl))
                    * ((1.0 - dk) / (1.0 - dl)),
            );
            let late = (window(l, bl, periods) - window(l, bk, bl))
                - (window(k, bl, periods) - window(k, bk, bl));
            push(
                BaconKind::LaterVsEarlier,
                l,
                k,
                late,
                (n * dk).powi(2) * mix * (dl / dk) * ((dk - dl) / dk),
            );
        }
    }
    let total: f64 = comparisons.iter().map(|c| c.weight).sum();
    for c in &mut comparisons {
        c.weight /= total;
    }
    Ok(Bacon {
        two_way: comparisons.iter().map(|c| c.weight * c.estimate).sum(),
        forbidden: comparisons
            .iter()
            .filter(|c| c.kind == BaconKind::LaterVsEarlier)
            .map(|c| c.weight)
            .sum(),
        sample: wide.sample,
        comparisons,
    })
}
