//! From many group-time effects to the few a reader can use.
//!
//! Weights are cohort sizes (estimated, so their sampling error enters the influence function): with S = Σ p_k over the cells averaged
//! and θ their mean, each unit adds wᵢ Σ_{k: g_k = Gᵢ} (ATT_k − θ)/S to the influence of the mean (`wif` in `did`).

use super::band::{Band, BandOptions, uniform_band};
use super::group_time_effects::{GroupTime, covariance, standard_error};
use super::panel::NEVER;
use super::pretrends::{Pretrend, pretrend};
use crate::error::StatsError;
use crate::interval::Estimate;

/// How group-time effects are averaged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Aggregation {
    /// All effects from the start on, weighted by cohort size (early cohorts count more often).
    Simple,
    /// Mean effect of each cohort, then over cohorts by size: the usual headline.
    Group,
    /// By periods since the start; the overall is the plain mean over event times from 0 on.
    Event,
    /// By calendar period; the overall is the plain mean over periods.
    Calendar,
}

/// One averaged effect.
#[derive(Debug, Clone, PartialEq)]
pub struct AggregateEffect {
    /// Cohort, event time or calendar period, by aggregation.
    pub at: i32,
    /// Group-time cells averaged.
    pub cells: usize,
    /// Every cell averaged is its own base period: zero by construction.
    pub reference: bool,
    /// Effect with a pointwise normal interval at 95 %.
    pub effect: Estimate,
}

/// A cumulative event study: every effect measured from the same period before treatment, that period left out.
#[derive(Debug, Clone, PartialEq)]
pub struct EventStudy {
    /// Event times, ascending.
    pub at: Vec<i32>,
    /// Estimates.
    pub estimates: Vec<f64>,
    /// Their covariance, row-major.
    pub covariance: Vec<f64>,
}

/// Averaged effects with their joint influence function.
#[derive(Debug, Clone)]
pub struct Aggregate {
    /// The aggregation.
    pub kind: Aggregation,
    /// The single-number summary.
    pub overall: Estimate,
    /// The parts (empty for [`Aggregation::Simple`]).
    pub effects: Vec<AggregateEffect>,
    /// Independent clusters.
    pub clusters: usize,
    anticipation: u32,
    universal: bool,
    influence: Vec<Vec<f64>>,
    overall_influence: Vec<f64>,
    cluster: Option<Vec<u32>>,
}

impl GroupTime {
    /// Averages the group-time effects.
    ///
    /// # Errors
    /// [`StatsError::NotEstimable`] when a cell the average needs has no estimate; see [`GroupTime::without_missing`].
    pub fn aggregate(&self, kind: Aggregation) -> Result<Aggregate, StatsError> {
        let needed = |group: i32, time: i32| kind == Aggregation::Event || time >= group;
        if let Some(cell) = self.not_estimated.iter().find(|c| needed(c.group, c.time)) {
            return Err(StatsError::NotEstimable {
                place: format!(
                    "the average over cohort {} in period {}",
                    cell.group, cell.time
                ),
                reason: cell.why.reason(),
            });
        }
        let post: Vec<usize> = (0..self.effects.len())
            .filter(|&k| self.effects[k].time >= self.effects[k].group)
            .collect();
        if post.is_empty() {
            return Err(StatsError::EmptyGroup {
                group: "effects after the start".into(),
                hint: "the panel must go on after some cohort starts",
            });
        }
        let mut parts: Vec<(i32, Vec<usize>, bool)> = Vec::new();
        let mut add = |at: i32, k: usize| match parts.iter_mut().find(|(a, _, _)| *a == at) {
            Some((_, cells, _)) => cells.push(k),
            None => parts.push((at, vec![k], kind != Aggregation::Group)),
        };
        match kind {
            Aggregation::Simple => {}
            Aggregation::Group => post.iter().for_each(|&k| add(self.effects[k].group, k)),
            Aggregation::Calendar => post.iter().for_each(|&k| add(self.effects[k].time, k)),
            Aggregation::Event => (0..self.effects.len())
                .for_each(|k| add(self.effects[k].time - self.effects[k].group, k)),
        }
        parts.sort_by_key(|(at, _, _)| *at);
        let means: Vec<(f64, Vec<f64>)> = parts
            .iter()
            .map(|(_, cells, estimated)| self.mean(cells, *estimated))
            .collect();
        let (overall, overall_influence) = match kind {
            Aggregation::Simple => self.mean(&post, true),
            Aggregation::Group => self.mean_of_groups(&parts, &means),
            Aggregation::Event | Aggregation::Calendar => plain_mean(
                parts
                    .iter()
                    .zip(&means)
                    .filter(|((at, _, _), _)| kind == Aggregation::Calendar || *at >= 0)
                    .map(|(_, m)| m),
            ),
        };
        let se = |psi: &[f64]| standard_error(psi, self.cluster.as_deref(), self.sample.clusters);
        let mut effects = Vec::with_capacity(parts.len());
        let mut influence = Vec::with_capacity(parts.len());
        for ((at, cells, _), (estimate, psi)) in parts.into_iter().zip(means) {
            let reference = cells.iter().all(|&k| self.effects[k].reference);
            effects.push(AggregateEffect {
                at,
                cells: cells.len(),
                reference,
                effect: Estimate::normal(estimate, se(&psi), 0.95),
            });
            influence.push(psi);
        }
        Ok(Aggregate {
            kind,
            overall: Estimate::normal(overall, se(&overall_influence), 0.95),
            effects,
            clusters: self.sample.clusters,
            anticipation: self.options.anticipation,
            universal: self.universal(),
            influence,
            overall_influence,
            cluster: self.cluster.clone(),
        })
    }

    /// The same effects with the cells that could not be estimated left out of every average (`na.rm = TRUE` in `did`).
    #[must_use]
    pub fn without_missing(mut self) -> Self {
        self.not_estimated.clear();
        self
    }

    /// Influence of every unit on one effect; empty for a reference cell.
    fn whole_influence(&self, k: usize) -> Vec<f64> {
        if self.effects[k].reference {
            return Vec::new();
        }
        self.influence[k].whole(self.start.len())
    }

    fn unit_weight(&self, i: usize) -> f64 {
        self.weight.get(i).copied().unwrap_or(1.0)
    }

    /// Share of a cohort among all units (weighted).
    fn share(&self, group: i32) -> f64 {
        let n = self.start.len();
        (0..n)
            .filter(|&i| self.start[i] == group)
            .map(|i| self.unit_weight(i))
            .sum::<f64>()
            / n as f64
    }

    /// Mean of cells by cohort size, with the influence of the estimated sizes when asked.
    pub(crate) fn mean(&self, cells: &[usize], estimated: bool) -> (f64, Vec<f64>) {
        let shares: Vec<f64> = cells
            .iter()
            .map(|&k| self.share(self.effects[k].group))
            .collect();
        let total: f64 = shares.iter().sum();
        let values: Vec<f64> = cells
            .iter()
            .map(|&k| self.effects[k].effect.estimate)
            .collect();
        let theta = shares
            .iter()
            .zip(&values)
            .map(|(p, a)| p / total * a)
            .sum::<f64>();
        let mut psi = vec![0.0; self.start.len()];
        for (&k, share) in cells.iter().zip(&shares) {
            self.influence[k].add_to(&mut psi, share / total);
        }
        if estimated {
            let groups: Vec<i32> = cells.iter().map(|&k| self.effects[k].group).collect();
            self.add_weight_influence(&mut psi, &groups, &values, theta, total);
        }
        (theta, psi)
    }

    fn add_weight_influence(
        &self,
        psi: &mut [f64],
        groups: &[i32],
        values: &[f64],
        theta: f64,
        total: f64,
    ) {
        let mut tilt: Vec<(i32, f64)> = Vec::new();
        for (g, a) in groups.iter().zip(values) {
            let add = (a - theta) / total;
            match tilt.iter_mut().find(|(h, _)| h == g) {
                Some((_, t)) => *t += add,
                None => tilt.push((*g, add)),
            }
        }
        tilt.sort_by_key(|(g, _)| *g);
        if tilt.iter().all(|(_, t)| *t == 0.0) {
            return;
        }
        for (i, p) in psi.iter_mut().enumerate() {
            if self.start[i] != NEVER
                && let Ok(at) = tilt.binary_search_by_key(&self.start[i], |(g, _)| *g)
            {
                *p += self.unit_weight(i) * tilt[at].1;
            }
        }
    }

    /// Mean over cohorts of their own means, by cohort size.
    fn mean_of_groups(
        &self,
        parts: &[(i32, Vec<usize>, bool)],
        means: &[(f64, Vec<f64>)],
    ) -> (f64, Vec<f64>) {
        let groups: Vec<i32> = parts.iter().map(|(g, _, _)| *g).collect();
        let shares: Vec<f64> = groups.iter().map(|&g| self.share(g)).collect();
        let total: f64 = shares.iter().sum();
        let values: Vec<f64> = means.iter().map(|(a, _)| *a).collect();
        let theta = shares.iter().zip(&values).map(|(p, a)| p * a).sum::<f64>() / total;
        let mut psi = vec![0.0; self.start.len()];
        for (share, (_, column)) in shares.iter().zip(means) {
            for (p, v) in psi.iter_mut().zip(column) {
                *p += share / total * v;
            }
        }
        self.add_weight_influence(&mut psi, &groups, &values, theta, total);
        (theta, psi)
    }

    /// Joint test of the effects before treatment (and before any anticipation), cell by cell, as `did`'s Wald pre-test, with its power
    /// against a linear difference in trends. See [`super::pretrend`].
    ///
    /// # Errors
    /// No pre-treatment cell with a variance, or a singular covariance.
    pub fn pretrend(&self, alpha: f64) -> Result<Pretrend, StatsError> {
        let lead = i64::from(self.options.anticipation);
        let chosen: Vec<usize> = (0..self.effects.len())
            .filter(|&k| {
                let e = &self.effects[k];
                i64::from(e.group) - lead > i64::from(e.time) && e.effect.se > 0.0
            })
            .collect();
        let estimates: Vec<f64> = chosen
            .iter()
            .map(|&k| self.effects[k].effect.estimate)
            .collect();
        let whole: Vec<Vec<f64>> = chosen.iter().map(|&k| self.whole_influence(k)).collect();
        let columns: Vec<&[f64]> = whole.iter().map(Vec::as_slice).collect();
        let distance: Vec<f64> = chosen
            .iter()
            .map(|&k| f64::from(self.effects[k].time - self.effects[k].base))
            .collect();
        pretrend(
            &estimates,
            &covariance(&columns, self.cluster.as_deref(), self.sample.clusters),
            &distance,
            alpha,
        )
    }

    /// Bands that hold for every group-time effect at once.
    ///
    /// # Errors
    /// Options out of range, or no cell with a variance.
    pub fn uniform_band(&self, options: &BandOptions) -> Result<Band, StatsError> {
        let estimates: Vec<f64> = self.effects.iter().map(|e| e.effect.estimate).collect();
        let influence: Vec<Vec<f64>> = (0..self.effects.len())
            .map(|k| self.whole_influence(k))
            .collect();
        uniform_band(
            &estimates,
            &influence,
            self.cluster.as_deref(),
            self.sample.clusters,
            options,
        )
    }
}

fn plain_mean<'a>(means: impl Iterator<Item = &'a (f64, Vec<f64>)>) -> (f64, Vec<f64>) {
    let means: Vec<&(f64, Vec<f64>)> = means.collect();
    let w = 1.0 / means.len() as f64;
    let mut psi = vec![0.0; means.first().map_or(0, |m| m.1.len())];
    for m in &means {
        for (p, v) in psi.iter_mut().zip(&m.1) {
            *p += w * v;
        }
    }
    (means.iter().map(|m| m.0).sum::<f64>() * w, psi)
}

impl Aggregate {
    /// Covariance of the parts, row-major, in the order of `effects`.
    #[must_use]
    pub fn covariance(&self) -> Vec<f64> {
        let columns: Vec<&[f64]> = self.influence.iter().map(Vec::as_slice).collect();
        covariance(&columns, self.cluster.as_deref(), self.clusters)
    }

    /// Influence of each unit (in the order of unit codes) on each part, in the order of `effects`.
    #[must_use]
    pub fn influence(&self) -> &[Vec<f64>] {
        &self.influence
    }

    /// Influence of each unit (in the order of unit codes) on the overall summary: what a caller needs to combine it with another
    /// estimate from the same units.
    #[must_use]
    pub fn overall_influence(&self) -> &[f64] {
        &self.overall_influence
    }

    /// Event times, estimates and covariance without the reference period, as [`crate::honest`] wants them.
    ///
    /// # Errors
    /// Not an event-study aggregation, or not from a universal base period (the pre-period coefficients would not be cumulative).
    pub fn event_study(&self) -> Result<EventStudy, StatsError> {
        if self.kind != Aggregation::Event || !self.universal {
            return Err(StatsError::unsupported(
                "a cumulative event study from this aggregation",
                "aggregate by event time with `BasePeriod::Universal`",
            ));
        }
        let kept: Vec<usize> = (0..self.effects.len())
            .filter(|&k| !self.effects[k].reference)
            .collect();
        let columns: Vec<&[f64]> = kept.iter().map(|&k| self.influence[k].as_slice()).collect();
        Ok(EventStudy {
            at: kept.iter().map(|&k| self.effects[k].at).collect(),
            estimates: kept
                .iter()
                .map(|&k| self.effects[k].effect.estimate)
                .collect(),
            covariance: covariance(&columns, self.cluster.as_deref(), self.clusters),
        })
    }

    /// Joint test of the event times before treatment with its power; event-study aggregations only.
    ///
    /// # Errors
    /// Not an event study, no event time before treatment, or a singular covariance.
    pub fn pretrend(&self, alpha: f64) -> Result<Pretrend, StatsError> {
        if self.kind != Aggregation::Event {
            return Err(StatsError::unsupported(
                "a pre-trend test of this aggregation",
                "aggregate by event time",
            ));
        }
        let lead = self.anticipation as i32;
        let chosen: Vec<usize> = (0..self.effects.len())
            .filter(|&k| self.effects[k].at < -lead && self.effects[k].effect.se > 0.0)
            .collect();
        let estimates: Vec<f64> = chosen
            .iter()
            .map(|&k| self.effects[k].effect.estimate)
            .collect();
        let columns: Vec<&[f64]> = chosen
            .iter()
            .map(|&k| self.influence[k].as_slice())
            .collect();
        let base = -1 - lead;
        let distance: Vec<f64> = chosen
            .iter()
            .map(|&k| {
                if self.universal {
                    f64::from(self.effects[k].at - base)
                } else {
                    1.0
                }
            })
            .collect();
        pretrend(
            &estimates,
            &covariance(&columns, self.cluster.as_deref(), self.clusters),
            &distance,
            alpha,
        )
    }

    /// Bands that hold for every part at once, by multiplier bootstrap.
    ///
    /// Pointwise 95 % intervals of twelve event times miss somewhere far more often than one time in twenty. Each draw multiplies every
    /// cluster's influence by a random sign and keeps the largest |t|; the band's critical value is the quantile of these. Standard errors are
    /// the interquartile range of the draws over that of the normal, as `mboot` in R `did`. Too narrow with few clusters (see `COVERAGE.md`).
    ///
    /// # Errors
    /// Options out of range, or no part with a variance.
    pub fn uniform_band(&self, options: &BandOptions) -> Result<Band, StatsError> {
        let estimates: Vec<f64> = self.effects.iter().map(|e| e.effect.estimate).collect();
        uniform_band(
            &estimates,
            &self.influence,
            self.cluster.as_deref(),
            self.clusters,
            options,
        )
    }
}
