//! ATT(g, t): the average effect in period t on the cohort that started in g.

use super::cells::{Cell, Key, plan};
use super::influence::Influence;
use super::options::{BasePeriod, ControlGroup, GroupTimeOptions};
use super::panel::{NEVER, PanelSample, StaggeredPanel, Wide, widen};
use super::two_by_two::Comparison;
use crate::error::StatsError;
use crate::interval::Estimate;
use rayon::prelude::*;

/// The effect on one cohort in one period.
#[derive(Debug, Clone, PartialEq)]
pub struct GroupTimeEffect {
    /// Cohort: the period in which its units start.
    pub group: i32,
    /// Period of the effect.
    pub time: i32,
    /// Period it is measured from.
    pub base: i32,
    /// True when `time` is the base period itself: zero by construction, not estimated.
    pub reference: bool,
    /// Effect with a pointwise normal interval at 95 %.
    pub effect: Estimate,
}

/// Why a cell has no estimate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WhyNot {
    /// No treated unit carries weight.
    NoTreated,
    /// No control unit carries weight.
    NoControls,
    /// Fitted propensities reach 1: treated units have no counterparts.
    NoOverlap,
    /// Covariates are collinear among these units.
    Singular,
}

impl WhyNot {
    /// The reason in words.
    #[must_use]
    pub fn reason(self) -> &'static str {
        match self {
            Self::NoTreated => "no treated unit carries weight",
            Self::NoControls => "no comparison unit is left",
            Self::NoOverlap => {
                "treated units have no counterparts (fitted propensities reach 1); use fewer covariates"
            }
            Self::Singular => "the covariates are collinear among these units; leave one out",
        }
    }
}

/// A cell that could not be estimated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NotEstimated {
    /// Cohort.
    pub group: i32,
    /// Period.
    pub time: i32,
    /// Why.
    pub why: WhyNot,
}

/// All group-time effects of a panel with their joint influence function.
#[derive(Debug, Clone)]
pub struct GroupTime {
    /// Effects, by cohort, then by period.
    pub effects: Vec<GroupTimeEffect>,
    /// Cells without an estimate. [`GroupTime::aggregate`] refuses to average over them silently.
    pub not_estimated: Vec<NotEstimated>,
    /// What was used and what was dropped.
    pub sample: PanelSample,
    /// Options used.
    pub options: GroupTimeOptions,
    /// Convention of the standard errors, by name.
    pub convention: &'static str,
    /// One for each of `effects`; empty for a reference cell.
    pub(crate) influence: Vec<Influence>,
    pub(crate) start: Vec<i32>,
    pub(crate) weight: Vec<f64>,
    pub(crate) cluster: Option<Vec<u32>>,
}

/// Effect and influence, or why there is none.
type Fitted = Result<(f64, Influence), WhyNot>;

/// Estimates every ATT(g, t) of a staggered design.
///
/// With ΔY the change from the base period to t, the effect compares cohort g with units that have not started (never, or not yet by
/// t), by the chosen [`super::Method`]. Standard errors come from the influence function ψ summed within clusters:
/// V = n⁻² Σ_c (Σ_{i∈c} ψᵢ)², as `did` and csdid with `bstrap = FALSE`. The panel is balanced first; units treated in the first period are
/// dropped. When there is no never-treated unit, not-yet-treated controls use the last cohort as the comparison and the
/// periods before it starts, as `did`.
///
/// # Errors
/// Unequal lengths, non-finite values, duplicate unit × period, treatment or cluster changing within a unit, no treated or no
/// control units, fewer than two periods or clusters. A cell that cannot be estimated is not an error: see [`GroupTime::not_estimated`].
///
/// Reference: Callaway and Sant'Anna (2021), *Journal of Econometrics* 225; R package `did` 2.5.
pub fn group_time(
    panel: &StaggeredPanel<'_>,
    options: &GroupTimeOptions,
) -> Result<GroupTime, StatsError> {
    // On a worker thread from the start: what laying out leaves behind of memory is used again by the comparisons.
    rayon::scope(|_| every_cell(panel, options))
}

fn every_cell(
    panel: &StaggeredPanel<'_>,
    options: &GroupTimeOptions,
) -> Result<GroupTime, StatsError> {
    let mut wide = widen(panel, options.anticipation)?;
    let (cohorts, last_period) = comparison_rule(&mut wide, options)?;
    let periods = &wide.periods[..last_period];
    let cells = plan(&wide, &cohorts, periods, options);
    if cells.is_empty() {
        return Err(StatsError::EmptyGroup {
            group: "cohort × period cells".into(),
            hint: "the panel needs a period before and one after some start",
        });
    }
    let mut keys: Vec<Key> = cells
        .iter()
        .filter(|(_, c)| !c.reference)
        .map(|(k, _)| *k)
        .collect();
    keys.sort_unstable();
    keys.dedup();

    let fits: Vec<Vec<(usize, Fitted)>> = keys
        .par_iter()
        .map(|key| {
            let mine = cells
                .iter()
                .enumerate()
                .filter(|(_, (k, c))| k == key && !c.reference);
            match Comparison::new(&wide, *key, options.method) {
                Err(why) => mine.map(|(i, _)| (i, Err(why))).collect(),
                Ok(comparison) => mine
                    .map(|(i, (_, cell))| (i, Ok(estimate(&wide, &comparison, cell))))
                    .collect(),
            }
        })
        .collect();
    let mut by_cell: Vec<Option<Fitted>> = cells.iter().map(|_| None).collect();
    for (i, fit) in fits.into_iter().flatten() {
        by_cell[i] = Some(fit);
    }
    Ok(collect(
        wide,
        &cells,
        by_cell,
        options,
        &cohorts,
        last_period,
    ))
}

/// Cohorts to estimate and how many periods to use; without never-treated units the last cohort becomes the comparison.
fn comparison_rule(
    wide: &mut Wide,
    options: &GroupTimeOptions,
) -> Result<(Vec<i32>, usize), StatsError> {
    let mut cohorts = wide.cohorts.clone();
    if wide.sample.never_treated > 0 {
        return Ok((cohorts, wide.periods.len()));
    }
    if options.control == ControlGroup::NeverTreated {
        return Err(StatsError::EmptyGroup {
            group: "never-treated units".into(),
            hint: "compare with not-yet-treated units instead",
        });
    }
    let last = cohorts.pop().unwrap_or(NEVER);
    let used = wide
        .periods
        .iter()
        .take_while(|&&t| i64::from(t) < i64::from(last) - i64::from(options.anticipation))
        .count();
    if cohorts.is_empty() || used < 2 {
        return Err(StatsError::EmptyGroup {
            group: "not-yet-treated units".into(),
            hint: "every unit starts at the same time, so there is nothing to compare with",
        });
    }
    wide.sample.periods.truncate(used);
    wide.sample.rows = wide.sample.units * used;
    Ok((cohorts, used))
}

fn estimate(wide: &Wide, comparison: &Comparison, cell: &Cell) -> (f64, Influence) {
    let whole = wide.start.len();
    let fit = comparison.effect(&wide.outcome[cell.at], &wide.outcome[cell.base], whole);
    let influence = Influence {
        units: comparison.index.clone(),
        values: fit.influence,
    };
    (fit.effect, influence)
}

fn collect(
    wide: Wide,
    cells: &[(Key, Cell)],
    by_cell: Vec<Option<Fitted>>,
    options: &GroupTimeOptions,
    cohorts: &[i32],
    last_period: usize,
) -> GroupTime {
    let mut effects = Vec::new();
    let mut influence = Vec::new();
    let mut not_estimated = Vec::new();
    let clusters = wide.sample.clusters;
    for ((_, cell), fit) in cells.iter().zip(by_cell) {
        let (group, time, base) = (cell.group, wide.periods[cell.at], wide.periods[cell.base]);
        match fit {
            None => {
                let effect = Estimate {
                    estimate: 0.0,
                    se: 0.0,
                    statistic: f64::NAN,
                    p: f64::NAN,
                    lower: 0.0,
                    upper: 0.0,
                    df: f64::INFINITY,
                    level: 0.95,
                };
                effects.push(GroupTimeEffect {
                    group,
                    time,
                    base,
                    reference: true,
                    effect,
                });
                influence.push(Influence::default());
            }
            Some(Err(why)) => not_estimated.push(NotEstimated { group, time, why }),
            Some(Ok((estimate, psi))) => {
                let whole = psi.whole(wide.start.len());
                let se = standard_error(&whole, wide.cluster.as_deref(), clusters);
                effects.push(GroupTimeEffect {
                    group,
                    time,
                    base,
                    reference: false,
                    effect: Estimate::normal(estimate, se, 0.95),
                });
                influence.push(psi);
            }
        }
    }
    let mut sample = wide.sample;
    sample.cohorts = cohorts.to_vec();
    sample.periods.truncate(last_period);
    let weight = wide.weights.into_iter().next().unwrap_or_default();
    GroupTime {
        effects,
        not_estimated,
        sample,
        options: *options,
        convention: if wide.cluster.is_some() {
            "influence function, summed by cluster"
        } else {
            "influence function, by unit"
        },
        influence,
        start: wide.start,
        weight,
        cluster: wide.cluster,
    }
}

/// Sums an influence column within clusters; without clusters each unit stands alone.
pub(crate) fn by_cluster(psi: &[f64], cluster: Option<&[u32]>, clusters: usize) -> Vec<f64> {
    let Some(codes) = cluster else {
        return psi.to_vec();
    };
    let mut sums = vec![0.0; clusters];
    for (&c, v) in codes.iter().zip(psi) {
        sums[c as usize] += v;
    }
    sums
}

/// √(n⁻² Σ_c (Σ ψ)²).
pub(crate) fn standard_error(psi: &[f64], cluster: Option<&[u32]>, clusters: usize) -> f64 {
    let sums = by_cluster(psi, cluster, clusters);
    crate::kit::dense::dot(&sums, &sums).sqrt() / psi.len() as f64
}

/// Covariance of several estimates from their influence columns (row-major).
pub(crate) fn covariance(columns: &[&[f64]], cluster: Option<&[u32]>, clusters: usize) -> Vec<f64> {
    let k = columns.len();
    let sums: Vec<Vec<f64>> = columns
        .iter()
        .map(|c| by_cluster(c, cluster, clusters))
        .collect();
    let n = columns.first().map_or(1.0, |c| c.len() as f64);
    let mut v = crate::kit::dense::gram(&sums, None);
    for x in &mut v {
        *x /= n * n;
    }
    debug_assert_eq!(v.len(), k * k);
    v
}

impl GroupTime {
    /// Whether pre-treatment cells are measured from one common base.
    pub(crate) fn universal(&self) -> bool {
        self.options.base_period == BasePeriod::Universal
    }
}
