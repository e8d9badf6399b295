//! Group-time effects on a table of units, as this engine uses them: one universal base year, so that the years before are
//! cumulative; small-sample errors throughout; a joint test of the years before (by F, as χ² rejects too often with few
//! units) with the drift it would find; and intervals that allow the years after to drift as the years before did.

use throughline_stats::StatsError;
use throughline_stats::did::{
    Aggregate, Aggregation, BandOptions, BasePeriod, ControlGroup, GroupTime, GroupTimeOptions,
    Method, StaggeredPanel, group_time, pretrend,
};
use throughline_stats::dist::{f_upper, normal_quantile, t_quantile};
use throughline_stats::honest::{Coefficients, MagnitudeOptions, relative_magnitudes};

use super::spread::Spread;
use crate::finding::{Estimate, EventPoint, HonestInterval};

/// How many times the largest violation before the beginning the years after may hold.
const MAGNITUDES: [f64; 3] = [0.5, 1.0, 2.0];

/// The level of the test of the years before: low, so that a run of many findings condemns few by chance.
pub(crate) const LEVEL: f64 = 0.01;

/// Units over periods.
#[derive(Clone, Default)]
pub(crate) struct Series {
    pub(crate) periods: Vec<i32>,
    pub(crate) start: Vec<Option<i32>>,
    /// By unit, then period.
    pub(crate) outcome: Vec<Vec<f64>>,
    /// By covariate, unit, period.
    pub(crate) covariates: Vec<Vec<Vec<f64>>>,
    pub(crate) weight: Vec<f64>,
    /// Cluster of each unit above itself.
    pub(crate) cluster: Option<Vec<u32>>,
}

/// What the years before say.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Before {
    pub(crate) p: f64,
    /// The largest difference from the year before the beginning.
    pub(crate) largest: f64,
    /// The steady difference a year.
    pub(crate) drift: f64,
    /// The drift that would be found four times in five.
    pub(crate) detectable: f64,
}

/// An estimated table.
pub(crate) struct Event {
    /// Mean over all years from the beginning on, by weight of the units.
    pub(crate) overall: Estimate,
    pub(crate) points: Vec<EventPoint>,
    pub(crate) before: Result<Before, String>,
    pub(crate) honest: Vec<HonestInterval>,
    /// Whether covariates were used (doubly robust).
    pub(crate) doubly_robust: bool,
}

impl Series {
    /// The same units in an order of their own, so that the order of a panel's rows cannot reach a draw.
    fn in_order(&self) -> Self {
        let mut order: Vec<usize> = (0..self.start.len()).collect();
        let outcome = |i: usize| self.outcome[i].iter();
        order.sort_by(|&a, &b| {
            let started = self.start[a].cmp(&self.start[b]);
            let differs = outcome(a).zip(outcome(b)).map(|(x, y)| x.total_cmp(y));
            started.then(
                differs
                    .into_iter()
                    .find(|o| o.is_ne())
                    .unwrap_or(std::cmp::Ordering::Equal),
            )
        });
        fn pick<T: Clone>(from: &[T], order: &[usize]) -> Vec<T> {
            order.iter().map(|i| from[*i].clone()).collect()
        }
        Self {
            periods: self.periods.clone(),
            start: pick(&self.start, &order),
            outcome: pick(&self.outcome, &order),
            covariates: self.covariates.iter().map(|c| pick(c, &order)).collect(),
            weight: pick(&self.weight, &order),
            cluster: self.cluster.as_ref().map(|c| dense(&pick(c, &order))),
        }
    }

    fn spread(&self) -> Spread {
        let mut starts: Vec<Option<i32>> = self.start.clone();
        starts.sort_unstable();
        starts.dedup();
        Spread {
            cohort: self
                .start
                .iter()
                .map(|s| starts.binary_search(s).unwrap_or(0) as u32)
                .collect(),
            weight: self.weight.clone(),
            cluster: self.cluster.clone(),
            begun: self.start.iter().map(Option::is_some).collect(),
        }
    }

    fn fit(&self, control: ControlGroup, covariates: bool) -> Result<GroupTime, StatsError> {
        let (units, years) = (self.start.len(), self.periods.len());
        let long = |value: &dyn Fn(usize, usize) -> f64| -> Vec<f64> {
            (0..units * years)
                .map(|i| value(i / years, i % years))
                .collect()
        };
        let unit: Vec<u32> = (0..units * years).map(|i| (i / years) as u32).collect();
        let time: Vec<i32> = (0..units * years)
            .map(|i| self.periods[i % years])
            .collect();
        let first: Vec<Option<i32>> = unit.iter().map(|u| self.start[*u as usize]).collect();
        let outcome = long(&|u, t| self.outcome[u][t]);
        let weight = long(&|u, _| self.weight[u]);
        let columns: Vec<Vec<f64>> = self
            .covariates
            .iter()
            .filter(|_| covariates)
            .map(|c| long(&|u, t| c[u][t]))
            .collect();
        let columns: Vec<&[f64]> = columns.iter().map(Vec::as_slice).collect();
        let mut panel = StaggeredPanel::new(&unit, &time, &first, &outcome)
            .with_weights(&weight)
            .with_covariates(&columns);
        let cluster: Option<Vec<u32>> = self
            .cluster
            .as_ref()
            .map(|of| unit.iter().map(|u| of[*u as usize]).collect());
        if let Some(cluster) = &cluster {
            panel = panel.with_cluster(cluster);
        }
        let options = GroupTimeOptions {
            method: Method::DoublyRobust,
            control,
            base_period: BasePeriod::Universal,
            anticipation: 0,
        };
        group_time(&panel, &options)
    }

    /// With covariates where every comparison can be made with them, without otherwise.
    fn effects(&self, control: ControlGroup) -> Result<(GroupTime, bool), StatsError> {
        if !self.covariates.is_empty()
            && let Ok(found) = self.fit(control, true)
            && found.not_estimated.is_empty()
        {
            return Ok((found, true));
        }
        // What is left without an estimate has no control unit.
        Ok((self.fit(control, false)?.without_missing(), false))
    }

    /// The average effect alone.
    pub(crate) fn overall(&self, control: ControlGroup) -> Result<Estimate, StatsError> {
        let series = self.in_order();
        let (effects, _) = series.effects(control)?;
        let simple = effects.aggregate(Aggregation::Simple)?;
        Ok(series
            .spread()
            .estimate(simple.overall.estimate, simple.overall_influence()))
    }

    /// Everything; robust intervals where they are asked for and there is a difference to try.
    pub(crate) fn event(&self, control: ControlGroup, honest: bool) -> Result<Event, StatsError> {
        let series = self.in_order();
        let (effects, doubly_robust) = series.effects(control)?;
        let simple = effects.aggregate(Aggregation::Simple)?;
        let event = effects.aggregate(Aggregation::Event)?;
        let spread = series.spread();
        let years = Years::new(&event, &series, &spread);
        let overall = spread.estimate(simple.overall.estimate, simple.overall_influence());
        // Only a difference can be a drift.
        let honest = honest && (overall.lower > 0.0 || overall.upper < 0.0);
        Ok(Event {
            overall,
            points: years.points(&event),
            before: years.before(&event, &spread),
            honest: match honest {
                true => years.honest(&series.since(&effects)),
                false => Vec::new(),
            },
            doubly_robust,
        })
    }

    /// Weight of the units seen in a year relative to their beginning.
    fn behind(&self, relative_year: i32) -> f64 {
        let units = self.start.iter().zip(&self.weight);
        units
            .filter(|(start, _)| {
                start.is_some_and(|start| self.periods.contains(&(start + relative_year)))
            })
            .map(|(_, weight)| weight)
            .sum()
    }

    /// How much each year since the beginning weighs in the average, first year first.
    fn since(&self, effects: &GroupTime) -> Vec<f64> {
        let mut weights: Vec<f64> = Vec::new();
        for effect in &effects.effects {
            let Ok(since) = usize::try_from(effect.time - effect.group) else {
                continue;
            };
            let units = self.start.iter().zip(&self.weight);
            let cohort: f64 = units
                .filter(|(start, _)| **start == Some(effect.group))
                .map(|(_, weight)| weight)
                .sum();
            weights.resize(weights.len().max(since + 1), 0.0);
            weights[since] += cohort;
        }
        let total: f64 = weights.iter().sum();
        weights.into_iter().map(|w| w / total).collect()
    }
}

/// Effects by year relative to the beginning, the reference left out, with corrected errors.
struct Years {
    at: Vec<i32>,
    estimates: Vec<Estimate>,
    covariance: Vec<f64>,
    /// Place among the effects.
    place: Vec<usize>,
    /// Weight of the units behind each.
    behind: Vec<f64>,
}

impl Years {
    fn new(event: &Aggregate, series: &Series, spread: &Spread) -> Self {
        let kept: Vec<usize> = (0..event.effects.len())
            .filter(|k| !event.effects[*k].reference && event.effects[*k].effect.se > 0.0)
            .collect();
        let columns: Vec<&[f64]> = kept
            .iter()
            .map(|k| event.influence()[*k].as_slice())
            .collect();
        Self {
            at: kept.iter().map(|k| event.effects[*k].at).collect(),
            estimates: kept
                .iter()
                .zip(&columns)
                .map(|(k, column)| spread.estimate(event.effects[*k].effect.estimate, column))
                .collect(),
            covariance: spread.covariance(&columns),
            behind: kept
                .iter()
                .map(|k| series.behind(event.effects[*k].at))
                .collect(),
            place: kept,
        }
    }

    fn points(&self, event: &Aggregate) -> Vec<EventPoint> {
        let critical = event
            .uniform_band(&BandOptions::default())
            .map_or(f64::INFINITY, |band| band.critical);
        self.at
            .iter()
            .zip(&self.estimates)
            .map(|(at, effect)| {
                // The band's critical value is the normal one's; few units need a wider one.
                let wider = t_quantile(0.975, effect.df) / normal_quantile(0.975);
                let reach = critical * wider * effect.se;
                EventPoint {
                    relative_year: *at,
                    effect: *effect,
                    band_lower: effect.estimate - reach,
                    band_upper: effect.estimate + reach,
                }
            })
            .collect()
    }

    /// Two tests, each at half the level: of any difference (Hotelling's F), and of a steady drift, which one number of all units
    /// together tells with more power.
    fn before(&self, event: &Aggregate, spread: &Spread) -> Result<Before, String> {
        let early: Vec<usize> = (0..self.at.len()).filter(|i| self.at[*i] < -1).collect();
        if early.is_empty() {
            return Err("fewer than two school years before the beginning".to_owned());
        }
        let drift = self.drift(&early, event, spread);
        let joint = self.any_difference(&early).unwrap_or(1.0);
        let largest = early.iter().map(|i| self.estimates[*i].estimate.abs());
        Ok(Before {
            p: (2.0 * joint.min(drift.p)).min(1.0),
            largest: largest.fold(0.0, f64::max),
            drift: drift.estimate,
            detectable: (t_quantile(1.0 - LEVEL / 4.0, drift.df) + t_quantile(0.8, drift.df))
                * drift.se,
        })
    }

    /// p-value of the joint test; `None` with too few units for it.
    fn any_difference(&self, early: &[usize]) -> Option<f64> {
        let k = self.at.len();
        let covariance: Vec<f64> = early
            .iter()
            .flat_map(|a| early.iter().map(move |b| a * k + b))
            .map(|at| self.covariance[at])
            .collect();
        let estimates: Vec<f64> = early.iter().map(|i| self.estimates[*i].estimate).collect();
        let distance: Vec<f64> = early.iter().map(|i| f64::from(self.at[*i] + 1)).collect();
        let test = pretrend(&estimates, &covariance, &distance, LEVEL).ok()?;
        let df = early.iter().map(|i| self.estimates[*i].df);
        let df = df.fold(f64::INFINITY, f64::min);
        let (q, rest) = (test.df as f64, df - test.df as f64 + 1.0);
        (rest > 0.5).then(|| f_upper(test.statistic * rest / (df * q), q, rest))
    }

    /// The slope through the years before, each weighted by the units seen in it; zero in the reference year.
    fn drift(&self, early: &[usize], event: &Aggregate, spread: &Spread) -> Estimate {
        let weight = |i: usize| self.behind[i] * f64::from(self.at[i] + 1);
        let below: f64 = early
            .iter()
            .map(|i| weight(*i) * f64::from(self.at[*i] + 1))
            .sum();
        let mut column = vec![0.0; spread.cohort.len()];
        let mut slope = 0.0;
        for i in early {
            let share = weight(*i) / below;
            slope += share * self.estimates[*i].estimate;
            for (sum, psi) in column.iter_mut().zip(&event.influence()[self.place[*i]]) {
                *sum += share * psi;
            }
        }
        spread.estimate(slope, &column)
    }

    fn honest(&self, since: &[f64]) -> Vec<HonestInterval> {
        let before = self.at.iter().filter(|at| **at < -1).count();
        let df = self.estimates.iter().map(|e| e.df);
        let wider = t_quantile(0.975, df.fold(f64::INFINITY, f64::min)) / normal_quantile(0.975);
        let covariance: Vec<f64> = self.covariance.iter().map(|v| v * wider * wider).collect();
        let estimates: Vec<f64> = self.estimates.iter().map(|e| e.estimate).collect();
        let evenly = self.at.windows(2).all(|w| w[1] - w[0] == 1 || w == [-2, 0]);
        let study = Coefficients::new(&estimates, &covariance, before)
            .and_then(|study| study.with_target(since));
        let Some(study) = study.ok().filter(|_| evenly) else {
            return Vec::new();
        };
        let options = MagnitudeOptions {
            grid: 60,
            draws: 500,
            ..MagnitudeOptions::default()
        };
        let mut intervals = Vec::new();
        for m in MAGNITUDES {
            let Ok(found) = relative_magnitudes(&study, m, &options) else {
                break;
            };
            intervals.push(HonestInterval {
                m,
                lower: found.lower,
                upper: found.upper,
            });
            // Intervals only grow: what holds zero now holds it for every larger violation.
            if !found.excludes_zero() {
                break;
            }
        }
        intervals
    }
}

/// Codes from zero, in order of first appearance.
fn dense(codes: &[u32]) -> Vec<u32> {
    let mut seen: Vec<u32> = Vec::new();
    codes
        .iter()
        .map(|code| match seen.iter().position(|s| s == code) {
            Some(at) => at as u32,
            None => {
                seen.push(*code);
                seen.len() as u32 - 1
            }
        })
        .collect()
}
