//! Sun and Abraham's interaction-weighted event study.
//!
//! The saturated regression of the outcome on cohort × relative-period indicators (the period before treatment and the never treated left out)
//! with unit and period effects. On a balanced panel its coefficients are differences in differences against the never treated, and its
//! clustered sandwich is the sum of squared influences times (n − 1)/(n − K) · G/(G − 1), K = indicators + periods (unit effects nested in the
//! cluster do not count): R `fixest::sunab`. Weights over cohorts are their sizes, taken as fixed. It equals Callaway and Sant'Anna with
//! never-treated controls, a universal base period and no covariates, except for the small-sample factor and the fixed weights.

use super::group_time_effects::{group_time, standard_error};
use super::options::{BasePeriod, ControlGroup, GroupTimeOptions, Method};
use super::panel::{PanelSample, StaggeredPanel};
use crate::error::StatsError;
use crate::interval::Estimate;

/// The effect on one cohort at one distance from its start.
#[derive(Debug, Clone, PartialEq)]
pub struct CohortTimeEffect {
    /// Cohort.
    pub group: i32,
    /// Period.
    pub time: i32,
    /// Effect.
    pub effect: Estimate,
}

/// An interaction-weighted event study.
#[derive(Debug, Clone, PartialEq)]
pub struct SunAbraham {
    /// Weighted mean over all effects from the start on.
    pub att: Estimate,
    /// By periods since the start (the reference period left out).
    pub event: Vec<(i32, Estimate)>,
    /// By cohort, from the start on.
    pub cohort: Vec<(i32, Estimate)>,
    /// The saturated coefficients.
    pub coefficients: Vec<CohortTimeEffect>,
    /// What was used and dropped.
    pub sample: PanelSample,
    /// Parameters counted in the small-sample factor.
    pub parameters: usize,
    /// Variance convention.
    pub convention: &'static str,
}

/// The interaction-weighted event study (Sun and Abraham).
///
/// The saturated regression of the outcome on cohort × relative-period indicators, the period before treatment and the never treated left
/// out, with unit and period effects; its coefficients averaged over cohorts by their sizes, taken as fixed. CR1 errors with K = indicators +
/// periods (R `fixest::sunab`). It equals [`super::group_time`] with never-treated controls, a universal base period and no covariates,
/// except for the small-sample factor and the fixed weights. Wrong when cohorts with different trends before treatment are compared, or when
/// outcomes react before the start.
///
/// # Errors
/// As [`super::group_time`]; covariates or weights ([`StatsError::Unsupported`]: use [`super::group_time`]); no never-treated unit.
///
/// Reference: Sun and Abraham (2021), *Journal of Econometrics* 225; R `fixest` 0.12.
///
/// ```
/// use throughline_stats::did::{StaggeredPanel, sun_abraham};
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
/// let fit = sun_abraham(&panel)?;
/// assert!((fit.att.estimate - 1.0).abs() < 0.05);
/// # Ok::<(), throughline_stats::StatsError>(())
/// ```
pub fn sun_abraham(panel: &StaggeredPanel<'_>) -> Result<SunAbraham, StatsError> {
    if !panel.covariates.is_empty() || panel.weights.is_some() {
        return Err(StatsError::unsupported(
            "the interaction-weighted estimator with covariates or weights",
            "use `group_time`",
        ));
    }
    let options = GroupTimeOptions {
        method: Method::Regression,
        control: ControlGroup::NeverTreated,
        base_period: BasePeriod::Universal,
        anticipation: 0,
    };
    let fit = group_time(panel, &options)?;
    let live: Vec<usize> = (0..fit.effects.len())
        .filter(|&k| !fit.effects[k].reference)
        .collect();
    let parameters = live.len() + fit.sample.periods.len();
    let (n, g) = (fit.sample.rows as f64, fit.sample.clusters as f64);
    if n <= parameters as f64 {
        return Err(StatsError::TooFewObservations {
            n: fit.sample.rows,
            parameters,
        });
    }
    let factor = ((n - 1.0) / (n - parameters as f64) * g / (g - 1.0)).sqrt();
    let summarise = |cells: &[usize]| {
        let (value, psi) = fit.mean(cells, false);
        let se = standard_error(&psi, fit.cluster.as_deref(), fit.sample.clusters) * factor;
        Estimate::student(value, se, g - 1.0, 0.95)
    };
    let post: Vec<usize> = live
        .iter()
        .copied()
        .filter(|&k| fit.effects[k].time >= fit.effects[k].group)
        .collect();
    if post.is_empty() {
        return Err(StatsError::EmptyGroup {
            group: "effects after the start".into(),
            hint: "the panel must go on after some cohort starts",
        });
    }
    let part = |label: &dyn Fn(usize) -> i32, cells: &[usize]| -> Vec<(i32, Estimate)> {
        let mut labels: Vec<i32> = cells.iter().map(|&k| label(k)).collect();
        labels.sort_unstable();
        labels.dedup();
        labels
            .into_iter()
            .map(|l| {
                (
                    l,
                    summarise(
                        &cells
                            .iter()
                            .copied()
                            .filter(|&k| label(k) == l)
                            .collect::<Vec<_>>(),
                    ),
                )
            })
            .collect()
    };
    Ok(SunAbraham {
        att: summarise(&post),
        event: part(&|k| fit.effects[k].time - fit.effects[k].group, &live),
        cohort: part(&|k| fit.effects[k].group, &post),
        coefficients: live
            .iter()
            .map(|&k| CohortTimeEffect {
                group: fit.effects[k].group,
                time: fit.effects[k].time,
                effect: summarise(&[k]),
            })
            .collect(),
        parameters,
        convention: "CR1 (n-1)/(n-K) G/(G-1), K = indicators + periods; cohort weights fixed",
        sample: fit.sample.clone(),
    })
}
