//! The imputation estimator: predict what would have happened, subtract.
//!
//! Unit and period effects are fitted on untreated observations only, y = α_i + λ_t; each treated observation's effect is y − α̂_i − λ̂_t, and
//! effects are averaged. Efficient when errors are homoskedastic and uncorrelated; uses every untreated period as its base, so a violation
//! far before treatment does more harm here than in [`super::group_time`].
//!
//! Standard errors are the conservative ones of the paper (equation 8): V = Σ_i (Σ_t v_it ε̃_it)², v the weight of each observation in the
//! estimate, ε̃ its residual, for treated observations around the mean effect of their cohort and period.
//!
//! Gardner's two-stage regression has the same estimates; its errors, which follow from both stages being moments of one system, are those
//! with `ε̃` taken around the average itself ([`ImputationErrors::TwoStage`]).
//!
//! References: Borusyak, Jaravel and Spiess (2024), *Review of Economic Studies* 91; R `didimputation`. Gardner (2022); Butts and Gardner
//! (2022), R `did2s`.

use super::panel::{NEVER, PanelSample, StaggeredPanel, Wide, widen};
use crate::error::StatsError;
use crate::interval::Estimate;
use crate::kit::dense::{cholesky, cholesky_solve};

/// Options of [`imputation`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ImputationOptions {
    /// Periods before the start that may already react and are not used as untreated.
    pub anticipation: u32,
    /// How far residuals of treated observations are from what.
    pub errors: ImputationErrors,
}

/// What a treated observation's effect is compared with to know its error.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ImputationErrors {
    /// The mean effect of its cohort in its period (Borusyak, Jaravel and Spiess): errors that are too large rather than too small when
    /// effects differ inside a cohort and period.
    #[default]
    Conservative,
    /// The average that is reported: the errors of the two-stage regression (Gardner 2022), whose estimates are the same. Effects that
    /// differ between cohorts and periods count as error.
    TwoStage,
}

/// Imputation estimates.
#[derive(Debug, Clone, PartialEq)]
pub struct Imputation {
    /// Mean effect over all treated observations that can be imputed.
    pub att: Estimate,
    /// By periods since the start.
    pub event: Vec<(i32, Estimate)>,
    /// Treated observations averaged.
    pub treated: usize,
    /// Treated observations in periods when nobody is untreated: nothing can be imputed there.
    pub dropped: usize,
    /// What was used and dropped.
    pub sample: PanelSample,
    /// Variance convention.
    pub convention: &'static str,
}

/// Solves for unit and period effects on the untreated observations of a balanced panel.
struct Untreated {
    /// Untreated periods of each unit are the first `free[i]`.
    free: Vec<usize>,
    factor: Vec<f64>,
    periods: usize,
}

impl Untreated {
    fn new(free: Vec<usize>, periods: usize) -> Result<Self, StatsError> {
        // Normal equations of the period effects with units eliminated; the first period effect is zero.
        let k = periods - 1;
        let mut a = vec![0.0; k * k];
        for &f in &free {
            for t in 1..f {
                a[(t - 1) * k + t - 1] += 1.0;
                for s in 1..f {
                    a[(t - 1) * k + s - 1] -= 1.0 / f as f64;
                }
            }
        }
        let factor = cholesky(&a, k).map_err(|_| StatsError::NotEstimable {
            place: "the imputation".into(),
            reason: "untreated observations do not connect all periods",
        })?;
        Ok(Self {
            free,
            factor,
            periods,
        })
    }

    /// Given right-hand sides per unit and period, the effects (α, λ) of the normal equations.
    fn solve(&self, unit: &[f64], period: &[f64]) -> (Vec<f64>, Vec<f64>) {
        let mut rhs = period[1..].to_vec();
        for (&f, u) in self.free.iter().zip(unit) {
            for t in 1..f {
                rhs[t - 1] -= u / f as f64;
            }
        }
        cholesky_solve(&self.factor, self.periods - 1, &mut rhs);
        let mut lambda = vec![0.0];
        lambda.extend(rhs);
        let alpha = self
            .free
            .iter()
            .zip(unit)
            .map(|(&f, u)| (u - lambda[..f].iter().sum::<f64>()) / f as f64)
            .collect();
        (alpha, lambda)
    }
}

/// The effect on treated observations by imputing their untreated outcomes (Borusyak, Jaravel and Spiess).
///
/// Unit and period effects y = α_i + λ_t are fitted on untreated observations only; each treated observation's effect is y − α̂_i − λ̂_t, and
/// effects are averaged. Efficient when errors are homoskedastic and uncorrelated. Wrong when trends differed long before treatment: every
/// untreated period serves as base, so a violation far back does more harm than in [`super::group_time`]. Standard errors are the paper's
/// conservative ones (equation 8), V = Σ_i (Σ_t v_it ε̃_it)², residuals of treated observations taken around the mean effect of their cohort and
/// period.
///
/// # Errors
/// As [`super::group_time`] for the data; covariates or weights; no treated observation in a period when someone is untreated.
///
/// Reference: Borusyak, Jaravel and Spiess (2024), *Review of Economic Studies* 91; R `didimputation`.
///
/// ```
/// use throughline_stats::did::{ImputationErrors, ImputationOptions, StaggeredPanel, imputation};
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
/// let fit = imputation(&panel, &ImputationOptions::default())?;
/// assert!((fit.att.estimate - 1.0).abs() < 0.05 && fit.treated == 6);
/// let options = ImputationOptions { errors: ImputationErrors::TwoStage, ..Default::default() };
/// assert_eq!(imputation(&panel, &options)?.att.estimate, fit.att.estimate);
/// # Ok::<(), throughline_stats::StatsError>(())
/// ```
pub fn imputation(
    panel: &StaggeredPanel<'_>,
    options: &ImputationOptions,
) -> Result<Imputation, StatsError> {
    if !panel.covariates.is_empty() || panel.weights.is_some() {
        return Err(StatsError::unsupported(
            "imputation with covariates or weights",
            "use `group_time`",
        ));
    }
    let wide = widen(panel, options.anticipation)?;
    let lead = i64::from(options.anticipation);
    let untreated = |g: i32| {
        wide.periods
            .iter()
            .take_while(|&&t| g == NEVER || i64::from(t) < i64::from(g) - lead)
            .count()
    };
    let free: Vec<usize> = wide.start.iter().map(|&g| untreated(g)).collect();
    // Later periods without anyone untreated carry no information on λ.
    let periods = free.iter().copied().max().unwrap_or(0);
    if periods < 2 {
        return Err(StatsError::TooFewObservations {
            n: periods,
            parameters: 2,
        });
    }
    let model = Untreated::new(free, periods)?;
    let n = wide.start.len();
    let unit_sum: Vec<f64> = (0..n)
        .map(|i| (0..model.free[i]).map(|t| wide.outcome[t][i]).sum())
        .collect();
    let period_sum: Vec<f64> = (0..periods)
        .map(|t| {
            (0..n)
                .filter(|&i| t < model.free[i])
                .map(|i| wide.outcome[t][i])
                .sum()
        })
        .collect();
    let (alpha, lambda) = model.solve(&unit_sum, &period_sum);
    let residual = |i: usize, t: usize| wide.outcome[t][i] - alpha[i] - lambda[t];

    // Treated observations from the start on, by unit and period.
    let mut cells: Vec<(usize, usize)> = Vec::new();
    let mut dropped = 0;
    for i in 0..n {
        for t in 0..wide.periods.len() {
            if wide.start[i] != NEVER && wide.periods[t] >= wide.start[i] {
                if t < periods {
                    cells.push((i, t))
                } else {
                    dropped += 1
                }
            }
        }
    }
    if cells.is_empty() {
        return Err(StatsError::EmptyGroup {
            group: "treated observations beside untreated ones".into(),
            hint: "a later or never treated group is needed",
        });
    }
    let horizon = |i: usize, t: usize| wide.periods[t] - wide.start[i];
    let mut horizons: Vec<i32> = cells.iter().map(|&(i, t)| horizon(i, t)).collect();
    horizons.sort_unstable();
    horizons.dedup();
    let summarise =
        |chosen: &[(usize, usize)]| target(&wide, &model, &residual, chosen, options.errors);
    let event = horizons
        .iter()
        .map(|&h| {
            (
                h,
                summarise(
                    &cells
                        .iter()
                        .copied()
                        .filter(|&(i, t)| horizon(i, t) == h)
                        .collect::<Vec<_>>(),
                ),
            )
        })
        .collect();
    Ok(Imputation {
        att: summarise(&cells),
        event,
        treated: cells.len(),
        dropped,
        sample: wide.sample.clone(),
        convention: match options.errors {
            ImputationErrors::Conservative => {
                "Borusyak-Jaravel-Spiess conservative, by cluster; effects centred by cohort and period"
            }
            ImputationErrors::TwoStage => "two-stage (Gardner), by cluster",
        },
    })
}

/// Mean effect over chosen treated observations with its standard error.
fn target(
    wide: &Wide,
    model: &Untreated,
    residual: &dyn Fn(usize, usize) -> f64,
    chosen: &[(usize, usize)],
    errors: ImputationErrors,
) -> Estimate {
    let n = wide.start.len();
    let w = 1.0 / chosen.len() as f64;
    let estimate = chosen.iter().map(|&(i, t)| w * residual(i, t)).sum::<f64>();
    let (mut unit, mut period) = (vec![0.0; n], vec![0.0; model.periods]);
    for &(i, t) in chosen {
        unit[i] += w;
        period[t] += w;
    }
    let (alpha, lambda) = model.solve(&unit, &period);
    // Mean effect of each cohort in each period.
    let cohort = |i: usize| wide.cohorts.binary_search(&wide.start[i]).unwrap_or(0);
    let mut means = vec![(0.0, 0.0); wide.cohorts.len() * model.periods];
    for &(i, t) in chosen {
        let m = &mut means[cohort(i) * model.periods + t];
        m.0 += residual(i, t);
        m.1 += 1.0;
    }
    let mut sums = vec![0.0; n];
    for i in 0..n {
        for (t, l) in lambda[..model.free[i]].iter().enumerate() {
            sums[i] -= (alpha[i] + l) * residual(i, t);
        }
    }
    for &(i, t) in chosen {
        let (sum, count) = means[cohort(i) * model.periods + t];
        let centre = match errors {
            ImputationErrors::Conservative => sum / count,
            ImputationErrors::TwoStage => estimate,
        };
        sums[i] += w * (residual(i, t) - centre);
    }
    let by =
        super::group_time_effects::by_cluster(&sums, wide.cluster.as_deref(), wide.sample.clusters);
    Estimate::normal(estimate, by.iter().map(|s| s * s).sum::<f64>().sqrt(), 0.95)
}
