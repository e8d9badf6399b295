//! Matched comparison, for pilots: students of teachers in their first school year with a program, beside students of teachers who never took
//! part, in the same schools, grades and years, made alike on what was known before.
//!
//! Rules, none of which looks at an effect:
//! - Participants' other years are in neither group. A teacher takes part from half the usual dose on (see `timeline`).
//! - Comparison students are weighted by entropy balancing to the participants' means of the prior outcome, its square, its mean among the teacher's
//!   students (students are not dealt to teachers at random) and the covariates, starting from the participants' shares of grade × year; where the covariates cannot be reached, on the prior outcome alone.
//! - The estimate is a weighted regression with school × year and grade × year effects on the same baseline, so that it is right when
//!   either the weights or the regression are. Errors cluster by teacher, as many degrees of freedom as the effective number of
//!   clusters less one.
//! - Nearest neighbours by propensity score, within grade × year, are the check.
//!
//! Only everyone is matched: a subgroup of a pilot is too thin.

use throughline_model::panel::NO_CODE;
use throughline_model::pipeline::{Design, Pipeline, Subgroup};
use throughline_stats::StatsError;
use throughline_stats::effect_size::{Attrition, AttritionBoundary, attrition};
use throughline_stats::matching::{
    Balance, Caliper, Distance, EntropyOptions, Estimand, NearestOptions, balance,
    effective_sample_size, entropy_balance, nearest, propensity,
};

use super::regression::{Groups, regress};
use super::timeline::began;
use super::told::Told;
use super::units::{Unit, Units};
use crate::checks;
use crate::counts::count;
use crate::finding::{self, BalanceRow, DesignResult, Detail, Dropped};
use crate::frame::{Column, Frame, Level, ReadyOutcome};
use crate::plan::Job;
use crate::sample::{Sample, covariates};
use crate::words::Floors;

const CONTRAST: &str = "students of teachers in their first year with it against students of teachers who never took part";

/// Teachers take part, so classes must be alike and not students alone.
const PEERS: &str = "mean outcome of the year before among the teacher's students";

/// A sample's teachers, shared by its questions.
pub(crate) struct Matching<'q> {
    pipeline: &'q Pipeline,
    frame: &'q Frame<'q>,
    job: &'q Job<'q>,
    units: Units,
    covariates: Vec<Column<'q>>,
}

/// Rows of both groups, in an order of their own.
struct Pool {
    rows: Vec<usize>,
    treated: Vec<bool>,
    /// Students with a known baseline in each group (participants, others), and with the outcome.
    baseline: [(usize, usize); 2],
    dropped: Vec<Dropped>,
}

impl<'q> Matching<'q> {
    pub(crate) fn new(
        pipeline: &'q Pipeline,
        frame: &'q Frame<'q>,
        job: &'q Job<'q>,
        sample: &Sample,
    ) -> Self {
        Self {
            pipeline,
            frame,
            job,
            units: Units::new(frame, &sample.mask, Unit::Teacher),
            covariates: covariates(frame.panel, job.asks, &sample.mask),
        }
    }

    /// What this design tells of one exposure and outcome.
    pub(crate) fn tell(&self, exposure: usize, outcome: usize) -> Told {
        let not_run = |why: &str| Told::not_run(Design::MatchedComparison, CONTRAST, why);
        let (Some(ready), Some(y)) = (self.frame.exposure(exposure), self.frame.outcome(outcome))
        else {
            return not_run("the panel does not have the dose");
        };
        if *self.job.students() != Subgroup::All {
            return not_run("only everyone is matched: a part of those who took part is too thin");
        }
        if ready.level == Level::School {
            return not_run(
                "whole schools take part: nobody in the same school and year could be compared",
            );
        }
        if y.sd <= 0.0 {
            return not_run("the outcome is the same for everyone");
        }
        let Some(prior) = y.priors.first() else {
            return not_run(
                "no outcome is known from the school year before, so nothing to match on",
            );
        };
        let dose = self.units.means(|row| ready.d.at(row));
        let Some(start) = began(&self.units, &dose) else {
            return not_run("nobody took part");
        };
        let pool = match self.pool(&start, y, prior) {
            Ok(pool) => pool,
            Err(why) => return not_run(why),
        };
        match self.compare(&pool, y, exposure) {
            Ok(told) => told,
            Err(why) => not_run(&why),
        }
    }

    /// Who took part for the first time, and who never did beside them.
    fn pool(
        &self,
        start: &[Option<i32>],
        y: &ReadyOutcome<'_>,
        prior: &Column<'_>,
    ) -> Result<Pool, &'static str> {
        let frame = self.frame;
        let panel = frame.panel;
        // Teachers outside the sample are in neither group.
        let mut seen = vec![false; start.len()];
        for (unit, _) in &self.units.of {
            seen[*unit as usize] = true;
        }
        let group = |row: usize| -> Option<bool> {
            let code = panel.teacher.codes[row] as usize;
            if !seen.get(code).copied().unwrap_or(false) || !frame.placed(row) {
                return None;
            }
            match start[code] {
                None => Some(false),
                Some(first) if panel.school_year[row] == first => Some(true),
                Some(_) => None,
            }
        };
        let groups: Vec<(usize, bool)> = (0..panel.len())
            .filter(|row| prior.at(*row).is_finite())
            .filter_map(|row| Some((row, group(row)?)))
            .collect();
        let both = |codes: &[u32]| -> Vec<bool> {
            let size = codes.iter().filter(|c| **c != NO_CODE).max();
            let mut sides = vec![[false; 2]; size.map_or(0, |m| *m as usize + 1)];
            for (row, treated) in &groups {
                sides[codes[*row] as usize][usize::from(*treated)] = true;
            }
            sides.into_iter().map(|s| s[0] && s[1]).collect()
        };
        let (schools, grades) = (both(&frame.school_year), both(&frame.grade_year));
        let beside = |row: usize| {
            schools[frame.school_year[row] as usize] && grades[frame.grade_year[row] as usize]
        };
        let mut pool = Pool {
            rows: Vec::new(),
            treated: Vec::new(),
            baseline: [(0, 0); 2],
            dropped: Vec::new(),
        };
        let mut without = 0;
        let mut kept: Vec<(usize, bool)> = Vec::new();
        for (row, treated) in groups {
            if !beside(row) {
                without += u64::from(treated);
                continue;
            }
            let known = self.units.cell[row] != NO_CODE;
            let side = &mut pool.baseline[usize::from(!treated)];
            if known || y.y.at(row).is_nan() {
                side.0 += 1;
                side.1 += usize::from(known);
            }
            if known {
                kept.push((row, treated));
            }
        }
        // Ties between neighbours go to the first row: the order must not be the panel's.
        kept.sort_by(|(a, _), (b, _)| {
            let baseline = prior.at(*a).total_cmp(&prior.at(*b));
            baseline.then(y.y.at(*a).total_cmp(&y.y.at(*b)))
        });
        (pool.rows, pool.treated) = kept.into_iter().unzip();
        if !pool.treated.contains(&true) || !pool.treated.contains(&false) {
            return Err(
                "no school, grade and year has both: teachers in their first year with it, and teachers who never took part",
            );
        }
        if without > 0 {
            pool.dropped.push(Dropped {
                reason: "nobody who never took part in the same school, grade and year".to_owned(),
                rows: Some(without),
            });
        }
        Ok(pool)
    }

    fn compare(&self, pool: &Pool, y: &ReadyOutcome<'_>, exposure: usize) -> Result<Told, String> {
        let pick = |column: &Column<'_>| -> Vec<f64> {
            pool.rows.iter().map(|row| column.at(*row)).collect()
        };
        // The prior outcome and its square; the cube adds little and can be out of reach.
        let priors: Vec<(String, Vec<f64>)> = y
            .priors
            .iter()
            .take(2)
            .map(|column| (column.name.clone(), pick(column)))
            .collect();
        let classes = y.priors.first().map(|prior| {
            let means = self.units.means(|row| prior.at(row));
            let of = |row: &usize| means[self.units.cell[*row] as usize];
            (PEERS.to_owned(), pool.rows.iter().map(of).collect())
        });
        let known: Vec<(String, Vec<f64>)> = classes
            .into_iter()
            .chain(
                self.covariates
                    .iter()
                    .map(|column| (column.name.clone(), pick(column))),
            )
            .filter(|(_, values)| differs(values, &pool.treated))
            .collect();
        let all: Vec<(&str, &[f64])> = priors
            .iter()
            .chain(&known)
            .map(|(name, values)| (name.as_str(), values.as_slice()))
            .collect();
        let base = self.shares(pool);
        let Weighed {
            weights,
            columns,
            on_all,
        } = weigh(pool, &all, priors.len(), &base)?;
        let groups = Groups {
            frame: self.frame,
            rows: &pool.rows,
            treated: &pool.treated,
            outcome: &pick(&y.y),
            baseline: &columns,
            cluster: ("teacher", &self.frame.panel.teacher.codes),
        };
        let found = regress(&groups, &weights).map_err(|error| error.to_string())?;
        let neighbours = self
            .neighbours(pool, &columns)
            .and_then(|weights| regress(&groups, &weights).ok());
        let shown: Vec<(&str, &[f64])> = all
            .iter()
            .enumerate()
            .filter(|(i, _)| *i == 0 || *i >= priors.len())
            .map(|(_, column)| *column)
            .collect();
        let table = balance(&pool.treated, &shown, Some(&weights), Estimand::Treated)
            .map_err(|error| error.to_string())?;
        let rows = compared(&table);
        let others: Vec<f64> = pool
            .treated
            .iter()
            .zip(&weights)
            .filter(|(treated, _)| !**treated)
            .map(|(_, weight)| *weight)
            .collect();
        let lost = lost(pool);
        let smallest = self.pipeline.outcomes[y.index].smallest_difference;
        let floors = Floors::of(&self.pipeline.privacy);
        let panel = self.frame.panel;
        let mut status = vec![f64::NAN; panel.len()];
        for (row, treated) in pool.rows.iter().zip(&pool.treated) {
            status[*row] = f64::from(*treated);
        }
        let mut used: Vec<u32> = pool.rows.iter().map(|row| *row as u32).collect();
        used.sort_unstable();
        let n = count(panel, &used, &status, pool.dropped.clone());
        let share =
            |(all, known): (usize, usize)| (all > 0).then(|| 1.0 - known as f64 / all as f64);
        let tried = vec![
            checks::temporal(self.pipeline.exposures[exposure].window),
            checks::both_sides(
                [
                    (
                        n.exposed_teachers.unwrap_or(0),
                        "in their first year with it",
                    ),
                    (n.comparison_teachers.unwrap_or(0), "who never took part"),
                ],
                found.effective,
                floors,
            ),
            checks::clusters(found.clusters, "teacher", &found.errors, floors),
            checks::equivalence(&rows),
            checks::lost(lost.as_ref()),
            checks::neighbours(
                &found.estimate,
                neighbours.as_ref().map(|n| &n.estimate),
                smallest,
            ),
        ];
        let dose = |(row, treated): (&usize, &bool)| match treated {
            true => self.frame.exposure(exposure).map_or(0.0, |e| e.d.at(*row)),
            false => 0.0,
        };
        let doses: f64 = pool.rows.iter().zip(&pool.treated).map(dose).sum();
        let participants = pool.treated.iter().filter(|t| **t).count();
        Ok(Told {
            tried,
            dose: doses / participants as f64,
            changing: n.exposed_teachers.unwrap_or(0),
            cluster: "teacher",
            result: DesignResult {
                design: Design::MatchedComparison,
                contrast: CONTRAST.to_owned(),
                estimate: Some(found.estimate),
                not_run: None,
                checks: Vec::new(),
                estimator: format!(
                    "weighted least squares with school × year and grade × year effects on the baseline; comparison students weighted by entropy balancing on {}; errors {}",
                    match on_all {
                        true =>
                            "the outcome of the school year before, its square, its mean among the teacher's students and covariates",
                        false =>
                            "the outcome of the school year before and its square, as covariates are out of reach",
                    },
                    found.errors
                ),
                detail: Detail::Balance(finding::Balance {
                    rows,
                    effective_comparison: effective_sample_size(&others),
                    attrition_exposed: share(pool.baseline[0]),
                    attrition_comparison: share(pool.baseline[1]),
                }),
                n,
            },
        })
    }

    /// One for participants; for others, what gives them the participants' shares of grade × year.
    fn shares(&self, pool: &Pool) -> Vec<f64> {
        let codes = &self.frame.grade_year;
        let size = pool.rows.iter().map(|row| codes[*row] as usize + 1).max();
        let mut sides = vec![[0.0f64; 2]; size.unwrap_or(0)];
        for (row, treated) in pool.rows.iter().zip(&pool.treated) {
            sides[codes[*row] as usize][usize::from(*treated)] += 1.0;
        }
        let weight = |(row, treated): (&usize, &bool)| match treated {
            true => 1.0,
            false => {
                let [others, participants] = sides[codes[*row] as usize];
                participants / others
            }
        };
        pool.rows.iter().zip(&pool.treated).map(weight).collect()
    }

    fn neighbours(&self, pool: &Pool, baseline: &[(&str, &[f64])]) -> Option<Vec<f64>> {
        let score = propensity(&pool.treated, baseline, None).ok()?;
        let within: Vec<u32> = pool
            .rows
            .iter()
            .map(|row| self.frame.grade_year[*row])
            .collect();
        let options = NearestOptions {
            caliper: Some(Caliper::StandardDeviations(0.2)),
            within: Some(&within),
            ..NearestOptions::default()
        };
        let pairs = nearest(&pool.treated, Distance::Score(&score.log_odds), &options).ok()?;
        Some(pairs.weights)
    }
}

/// Weights, and the columns they were made with.
struct Weighed<'c> {
    weights: Vec<f64>,
    columns: Vec<(&'c str, &'c [f64])>,
    /// Whether covariates are among them.
    on_all: bool,
}

/// Entropy-balancing weights on everything that can be told apart, or on the first `least` columns alone.
fn weigh<'c>(
    pool: &Pool,
    all: &[(&'c str, &'c [f64])],
    least: usize,
    base: &[f64],
) -> Result<Weighed<'c>, String> {
    let options = EntropyOptions {
        base: Some(base),
        tolerance: 1e-9,
        iterations: 100,
    };
    let balanced = |columns: &[(&str, &[f64])]| {
        entropy_balance(&pool.treated, columns, &options).map(|found| found.matched.weights)
    };
    let mut columns = all.to_vec();
    loop {
        let name = match balanced(&columns) {
            Ok(weights) => {
                return Ok(Weighed {
                    weights,
                    columns,
                    on_all: true,
                });
            }
            Err(StatsError::AllCollinear { names }) => names,
            Err(_) => break,
        };
        // One that the others imply is balanced with them.
        match columns.iter().position(|(column, _)| *column == name) {
            Some(at) if at >= least => columns.remove(at),
            _ => break,
        };
    }
    columns.truncate(least);
    match balanced(&columns) {
        Ok(weights) => Ok(Weighed {
            weights,
            columns,
            on_all: false,
        }),
        Err(_) => Err(
            "nobody who never took part is like those who did on the outcome of the year before"
                .to_owned(),
        ),
    }
}

/// Whether a baseline measure differs among those who never took part: what does not cannot be weighed by.
fn differs(values: &[f64], treated: &[bool]) -> bool {
    let mut others = values.iter().zip(treated).filter(|(_, t)| !**t);
    let Some((first, _)) = others.next() else {
        return false;
    };
    others.any(|(v, _)| (v - first).abs() > 1e-9)
}

/// A balance table as it is printed. What is the same for everyone in a group has no spread to be measured in and is left out.
pub(crate) fn compared(table: &Balance) -> Vec<BalanceRow> {
    table
        .rows
        .iter()
        .filter(|row| row.unadjusted_difference.is_finite() && row.difference.is_finite())
        .map(|row| BalanceRow {
            label: label(&row.name),
            before: row.unadjusted_difference,
            after: row.difference,
        })
        .collect()
}

/// A baseline column for people.
fn label(name: &str) -> String {
    if name.starts_with("prior ") {
        return "outcome of the school year before".to_owned();
    }
    name.trim_start_matches("covariate ").replace('_', " ")
}

/// Students with a baseline and no outcome, judged by the Clearinghouse's cautious boundary.
fn lost(pool: &Pool) -> Option<Attrition> {
    let [participants, others] = pool.baseline;
    attrition(participants, others, AttritionBoundary::Cautious).ok()
}
