//! From a long table to a balanced wide panel: one row of outcomes per period, one column per unit.
//!
//! Duplicates are refused, incomplete units and units with no period before treatment are dropped and counted. Units are ordered by
//! their code, so the order of the input rows cannot reach any later sum.

use crate::error::StatsError;
use crate::kit::check::{finite, same_length, varies, weights};
use crate::kit::codes::compact;

/// A long panel: slices of equal length, one entry per unit and period.
#[derive(Debug, Clone, Copy)]
pub struct StaggeredPanel<'a> {
    /// Unit of each row.
    pub unit: &'a [u32],
    /// Period of each row.
    pub time: &'a [i32],
    /// Period in which the row's unit starts; `None` for a unit that never does.
    pub first_treated: &'a [Option<i32>],
    /// Outcome.
    pub outcome: &'a [f64],
    /// Covariates, without an intercept; the value in the earlier of the two periods compared is used.
    pub covariates: &'a [&'a [f64]],
    /// Sampling weights; the weight in the earlier of the two periods compared is used.
    pub weights: Option<&'a [f64]>,
    /// Cluster of each row, constant within a unit; `None` clusters by unit.
    pub cluster: Option<&'a [u32]>,
}

impl<'a> StaggeredPanel<'a> {
    /// A panel without covariates, weights or clusters.
    pub fn new(
        unit: &'a [u32],
        time: &'a [i32],
        first_treated: &'a [Option<i32>],
        outcome: &'a [f64],
    ) -> Self {
        Self {
            unit,
            time,
            first_treated,
            outcome,
            covariates: &[],
            weights: None,
            cluster: None,
        }
    }

    /// The same panel with covariates.
    pub fn with_covariates(self, covariates: &'a [&'a [f64]]) -> Self {
        Self { covariates, ..self }
    }

    /// The same panel with sampling weights.
    pub fn with_weights(self, weights: &'a [f64]) -> Self {
        Self {
            weights: Some(weights),
            ..self
        }
    }

    /// The same panel clustered above the unit.
    pub fn with_cluster(self, cluster: &'a [u32]) -> Self {
        Self {
            cluster: Some(cluster),
            ..self
        }
    }
}

/// Units left out of the estimate, by reason.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct DroppedUnits {
    /// Not observed in every period.
    pub incomplete: usize,
    /// Treated from the first period on, or reacting to treatment by then.
    pub no_period_before: usize,
}

/// What the estimate was made from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PanelSample {
    /// Rows used.
    pub rows: usize,
    /// Units used.
    pub units: usize,
    /// Units used that never start inside the panel.
    pub never_treated: usize,
    /// Independent clusters behind the standard errors.
    pub clusters: usize,
    /// Periods, ascending.
    pub periods: Vec<i32>,
    /// Cohorts with at least one period before treatment, ascending.
    pub cohorts: Vec<i32>,
    /// Units dropped.
    pub dropped: DroppedUnits,
}

/// A balanced wide panel.
#[derive(Debug, Clone)]
pub(crate) struct Wide {
    /// Periods, ascending.
    pub(crate) periods: Vec<i32>,
    /// Start of each unit, `NEVER` when it never starts.
    pub(crate) start: Vec<i32>,
    /// Cohorts, ascending, without the never treated.
    pub(crate) cohorts: Vec<i32>,
    /// outcome\[t\]\[i\].
    pub(crate) outcome: Vec<Vec<f64>>,
    /// covariates\[k\]\[t\]\[i\]; a single t when the covariate is constant within units. Centred and scaled.
    pub(crate) covariates: Vec<Vec<Vec<f64>>>,
    /// weights\[t\]\[i\], empty without weights; a single t when constant within units.
    pub(crate) weights: Vec<Vec<f64>>,
    /// Dense cluster code of each unit; `None` when each unit is its own.
    pub(crate) cluster: Option<Vec<u32>>,
    /// What was kept and dropped.
    pub(crate) sample: PanelSample,
}

/// Start of a unit that never starts.
pub(crate) const NEVER: i32 = i32::MAX;

/// Where each row goes in the wide layout.
struct Layout {
    unit: Vec<u32>,
    units: usize,
    period: Vec<u32>,
    periods: Vec<i32>,
}

impl Layout {
    fn spread(&self, values: &[f64], keep: &[usize]) -> Vec<Vec<f64>> {
        let mut wide = vec![vec![0.0; self.units]; self.periods.len()];
        for ((v, &u), &t) in values.iter().zip(&self.unit).zip(&self.period) {
            wide[t as usize][u as usize] = *v;
        }
        if keep.len() == self.units {
            return wide;
        }
        wide.iter()
            .map(|row| keep.iter().map(|&i| row[i]).collect())
            .collect()
    }
}

impl Layout {
    /// One row where the values do not change within any unit; else a row for each period.
    fn spread_or_collapse(&self, values: &[f64], keep: &[usize]) -> Vec<Vec<f64>> {
        let mut first = vec![f64::NAN; self.units];
        let constant = values.iter().zip(&self.unit).all(|(v, &u)| {
            let own = &mut first[u as usize];
            if own.is_nan() {
                *own = *v;
            }
            own.to_bits() == v.to_bits()
        });
        if !constant {
            return collapse_if_constant(self.spread(values, keep));
        }
        if keep.len() < self.units {
            first = keep.iter().map(|&i| first[i]).collect();
        }
        vec![first]
    }
}

/// A single row where all rows are the same.
fn collapse_if_constant(wide: Vec<Vec<f64>>) -> Vec<Vec<f64>> {
    let constant = wide.windows(2).all(|pair| {
        pair[0]
            .iter()
            .zip(&pair[1])
            .all(|(a, b)| a.to_bits() == b.to_bits())
    });
    if constant {
        wide.into_iter().take(1).collect()
    } else {
        wide
    }
}

fn standardise(mut wide: Vec<Vec<f64>>, name: usize) -> Result<Vec<Vec<f64>>, StatsError> {
    let n = wide.iter().map(Vec::len).sum::<usize>() as f64;
    let mean = wide.iter().map(|r| r.iter().sum::<f64>()).sum::<f64>() / n;
    let variance = wide
        .iter()
        .map(|r| r.iter().map(|v| (v - mean).powi(2)).sum::<f64>())
        .sum::<f64>()
        / n;
    if variance.sqrt() <= 1e-12 * mean.abs() {
        return Err(StatsError::Constant {
            name: format!("covariate {name}"),
        });
    }
    let scale = 1.0 / variance.sqrt();
    for row in &mut wide {
        for v in row {
            *v = (*v - mean) * scale;
        }
    }
    Ok(wide)
}

/// Checks the panel and lays it out wide and balanced.
pub(crate) fn widen(panel: &StaggeredPanel<'_>, anticipation: u32) -> Result<Wide, StatsError> {
    let n = panel.unit.len();
    if n == 0 {
        return Err(StatsError::EmptySample {
            reason: "the panel has no rows".into(),
        });
    }
    same_length("time", panel.time.len(), n)?;
    same_length("first_treated", panel.first_treated.len(), n)?;
    same_length("outcome", panel.outcome.len(), n)?;
    finite("outcome", panel.outcome)?;
    varies("outcome", panel.outcome.iter().copied())?;
    for c in panel.covariates {
        same_length("covariate", c.len(), n)?;
        finite("covariate", c)?;
    }
    if let Some(w) = panel.weights {
        weights(w, n)?;
    }
    if let Some(c) = panel.cluster {
        same_length("cluster", c.len(), n)?;
    }

    let (unit, labels) = compact(panel.unit);
    let mut periods: Vec<i32> = Vec::new();
    let mut previous = None;
    for &t in panel.time {
        if previous != Some(t) {
            if let Err(at) = periods.binary_search(&t) {
                periods.insert(at, t);
            }
            previous = Some(t);
        }
    }
    if periods.len() < 2 {
        return Err(StatsError::TooFewObservations {
            n: periods.len(),
            parameters: 2,
        });
    }
    let period = panel
        .time
        .iter()
        .map(|t| periods.binary_search(t).unwrap_or(0) as u32)
        .collect();
    let layout = Layout {
        unit,
        units: labels.len(),
        period,
        periods,
    };
    let last = layout.periods[layout.periods.len() - 1];
    let first = layout.periods[0];
    let lead = i64::from(anticipation);

    // Start, cluster and completeness of each unit.
    let mut start = vec![None::<i32>; layout.units];
    let mut cluster = vec![None::<u32>; layout.units];
    let mut seen = vec![0u32; layout.units];
    let mut filled = vec![false; layout.units * layout.periods.len()];
    for row in 0..n {
        let u = layout.unit[row] as usize;
        let slot = u * layout.periods.len() + layout.period[row] as usize;
        if std::mem::replace(&mut filled[slot], true) {
            return Err(StatsError::DuplicateUnitTime { row });
        }
        seen[u] += 1;
        // A start after the panel ends (and after anticipation of it) is never seen.
        let g = panel.first_treated[row]
            .filter(|&g| i64::from(g) <= i64::from(last) + lead)
            .unwrap_or(NEVER);
        if start[u].is_some_and(|s| s != g) {
            return Err(StatsError::ChangesWithinUnit {
                what: "start of treatment",
                row,
            });
        }
        start[u] = Some(g);
        if let Some(c) = panel.cluster {
            if cluster[u].is_some_and(|s| s != c[row]) {
                return Err(StatsError::ChangesWithinUnit {
                    what: "cluster",
                    row,
                });
            }
            cluster[u] = Some(c[row]);
        }
    }
    drop(filled);
    let full = layout.periods.len() as u32;
    let mut dropped = DroppedUnits::default();
    let mut keep = Vec::with_capacity(layout.units);
    for u in 0..layout.units {
        let g = start[u].unwrap_or(NEVER);
        if i64::from(g) <= i64::from(first) + lead {
            dropped.no_period_before += 1;
        } else if seen[u] < full {
            dropped.incomplete += 1;
        } else {
            keep.push(u);
        }
    }
    if keep.is_empty() {
        return Err(StatsError::EmptySample {
            reason: "no unit is observed in every period with one before its treatment".into(),
        });
    }
    let start: Vec<i32> = keep.iter().map(|&u| start[u].unwrap_or(NEVER)).collect();
    let mut cohorts: Vec<i32> = start.iter().copied().filter(|&g| g != NEVER).collect();
    cohorts.sort_unstable();
    cohorts.dedup();
    if cohorts.is_empty() {
        return Err(StatsError::EmptyGroup {
            group: "treated units with a period before treatment".into(),
            hint: "check the start periods against the periods of the panel",
        });
    }
    let outcome = layout.spread(panel.outcome, &keep);
    let mut covariates = Vec::with_capacity(panel.covariates.len());
    for (k, c) in panel.covariates.iter().enumerate() {
        covariates.push(standardise(layout.spread_or_collapse(c, &keep), k)?);
    }
    let weights = panel
        .weights
        .map_or_else(Vec::new, |w| layout.spread_or_collapse(w, &keep));
    let cluster = panel.cluster.map(|_| {
        let labels: Vec<u32> = keep.iter().map(|&u| cluster[u].unwrap_or(0)).collect();
        compact(&labels)
    });
    let clusters = cluster
        .as_ref()
        .map_or(keep.len(), |(_, labels)| labels.len());
    if clusters < 2 {
        return Err(StatsError::TooFewClusters {
            name: "cluster".into(),
            found: clusters,
        });
    }
    let sample = PanelSample {
        rows: keep.len() * layout.periods.len(),
        units: keep.len(),
        never_treated: start.iter().filter(|&&g| g == NEVER).count(),
        clusters,
        periods: layout.periods.clone(),
        cohorts: cohorts.clone(),
        dropped,
    };
    Ok(Wide {
        periods: layout.periods,
        start,
        cohorts,
        outcome,
        covariates,
        weights,
        cluster: cluster.map(|(codes, _)| codes),
        sample,
    })
}
