//! What the district's own panel could find: participation is drawn anew many times, so that its true effect is zero; effects of known
//! size are planted on the new doses; and the design is asked whether it sees them.
//!
//! Within each school, every teacher is given the doses that another teacher of the school had, year by year (a program of whole
//! schools: every school another school's). So who took part is chance, and everything else stays as it is: how many took part,
//! how much, when and together with what; who was absent from which test; how alike the students of a teacher are. In a
//! year in which the other did not teach, nothing was taken. Least squares is linear: an effect planted on the dose moves the
//! estimate by exactly its size and leaves its error, so one fit a draw serves every size. What is planted moves this
//! year's outcome and not next year's prior.
//!
//! Nothing here looks at how outcomes went with who really took part, so it may be asked before a plan is fixed.

use serde::Serialize;
use throughline_model::panel::NO_CODE;
use throughline_model::pipeline::{Pipeline, Subgroup};
use throughline_model::{Panel, progress::Progress};
use throughline_stats::Column as Numbers;
use throughline_stats::dist::t_quantile;

use crate::association::{Comparison, Model, judged};
use crate::counts::changing;
use crate::error::EvidenceError;
use crate::finding::{Estimate, Named};
use crate::frame::{Column, Frame, ReadyExposure, ReadyOutcome};
use crate::plan::{Job, plan};
use crate::sample::{Sample, covariates, samples};
use crate::verdict::minimum_detectable;

/// What is planted and how often.
#[derive(Clone, Debug, PartialEq)]
pub struct PowerOptions {
    /// Effects in SD per `per` of dose.
    pub sizes: Vec<f64>,
    /// How often participation is drawn anew.
    pub draws: usize,
    /// Of the draws.
    pub seed: u64,
}

impl Default for PowerOptions {
    fn default() -> Self {
        Self {
            sizes: vec![0.02, 0.05, 0.08, 0.12, 0.20],
            draws: 100,
            seed: 1,
        }
    }
}

/// What the panel could find of one program on one outcome, all students.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PowerRow {
    /// The study that asks.
    pub study: String,
    /// The training or tool.
    pub exposure: Named,
    /// What should get better.
    pub outcome: Named,
    /// Effects are per this much dose …
    pub per: f64,
    /// … of this unit.
    pub dose_unit: String,
    /// The smallest difference that matters, in SD.
    pub smallest_difference: f64,
    /// Whoever doses are given to: `teacher` or `school`.
    pub cluster: &'static str,
    /// How many of them have a dose that changed; `None` where they are too few to be named.
    pub changing: Option<u64>,
    /// Draws that gave an estimate.
    pub draws: usize,
    /// Share of draws in which something was found although nothing was planted (5 % by design).
    pub false_positives: Option<f64>,
    /// Share of draws in which what was planted was found, by size.
    pub power: Vec<Found>,
    /// The effect that is found in four draws of five, in SD; the mean over draws of what each one's error says.
    pub detectable: Option<f64>,
}

/// Power at one size.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Found {
    /// Planted, in SD per `per` of dose.
    pub size: f64,
    /// Share of draws (0–1) whose 95 % interval lay above zero.
    pub share: f64,
}

/// Plants effects in the panels and asks every study's panel association whether it sees them.
///
/// The same panels, options and pipeline give the same answer at any number of threads.
///
/// # Errors
/// A panel that does not fit the pipeline.
pub fn power(
    pipeline: &Pipeline,
    panels: &[Panel],
    options: &PowerOptions,
    progress: &dyn Progress,
) -> Result<Vec<PowerRow>, EvidenceError> {
    let frames = panels
        .iter()
        .map(|panel| Frame::new(pipeline, panel))
        .collect::<Result<Vec<_>, _>>()?;
    let jobs = plan(pipeline, &frames)?;
    let jobs: Vec<Job<'_>> = jobs
        .into_iter()
        .filter(|job| *job.students() == Subgroup::All)
        .collect();
    progress.stage("plant effects", Some((jobs.len() * options.draws) as u64));
    let mut rows = Vec::new();
    for job in &jobs {
        let frame = &frames[job.frame];
        for sample in samples(frame, job.asks, job.students(), &job.outcomes) {
            for comparison in [Comparison::WithinTeacher, Comparison::WithinSchool] {
                let trial = Trial::new(pipeline, frame, job, &sample, comparison);
                rows.extend(trial.rows(options));
            }
        }
        progress.advance(options.draws as u64);
    }
    rows.sort_by_key(|row| place(pipeline, row));
    Ok(rows)
}

/// Study, exposure and outcome in the order of the pipeline file.
fn place(pipeline: &Pipeline, row: &PowerRow) -> [Option<usize>; 3] {
    [
        pipeline.studies.iter().position(|s| s.id == row.study),
        pipeline
            .exposures
            .iter()
            .position(|e| e.id == row.exposure.id),
        pipeline
            .outcomes
            .iter()
            .position(|o| o.id == row.outcome.id),
    ]
}

/// Questions that share rows, effects and draws.
struct Trial<'t> {
    pipeline: &'t Pipeline,
    frame: &'t Frame<'t>,
    job: &'t Job<'t>,
    sample: &'t Sample,
    comparison: Comparison,
    outcomes: Vec<&'t ReadyOutcome<'t>>,
    /// Drawn anew.
    asked: Vec<(usize, &'t ReadyExposure<'t>)>,
    /// Stand beside as they are.
    beside: Vec<&'t Column<'t>>,
}

impl<'t> Trial<'t> {
    fn new(
        pipeline: &'t Pipeline,
        frame: &'t Frame<'t>,
        job: &'t Job<'t>,
        sample: &'t Sample,
        comparison: Comparison,
    ) -> Self {
        let all = job.asks.exposures.iter();
        let all = all.filter_map(|index| Some((*index, frame.exposure(*index)?)));
        let (asked, others): (Vec<_>, Vec<_>) =
            all.partition(|(_, ready)| Comparison::of(ready.level) == comparison);
        let beside = match comparison {
            Comparison::WithinTeacher => Vec::new(),
            Comparison::WithinSchool => others.iter().map(|(_, ready)| &ready.d).collect(),
        };
        let outcomes = sample.outcomes.iter().filter_map(|o| frame.outcome(*o));
        Self {
            pipeline,
            frame,
            job,
            sample,
            comparison,
            outcomes: outcomes.filter(|o| o.sd > 0.0).collect(),
            asked,
            beside,
        }
    }

    fn rows(&self, options: &PowerOptions) -> Vec<PowerRow> {
        let drawn = self.draws(options);
        let mut rows = Vec::new();
        for (at, (exposure, ready)) in self.asked.iter().enumerate() {
            for (o, outcome) in self.outcomes.iter().enumerate() {
                let estimates: Vec<Estimate> = drawn
                    .iter()
                    .filter_map(|draw| draw[at * self.outcomes.len() + o])
                    .collect();
                rows.push(self.row(*exposure, ready, outcome, &estimates, options));
            }
        }
        rows
    }

    fn row(
        &self,
        exposure: usize,
        ready: &ReadyExposure,
        outcome: &ReadyOutcome,
        estimates: &[Estimate],
        options: &PowerOptions,
    ) -> PowerRow {
        let (exposure, outcome) = (
            &self.pipeline.exposures[exposure],
            &self.pipeline.outcomes[outcome.index],
        );
        let panel = self.frame.panel;
        let rows = masked(&self.sample.mask);
        let (codes, floor) = match self.comparison {
            Comparison::WithinTeacher => (&panel.teacher, self.pipeline.privacy.min_teachers),
            Comparison::WithinSchool => (&panel.school, self.pipeline.privacy.min_schools),
        };
        let changing = changing(codes, &rows, &ready.d.values());
        let share = |hit: &dyn Fn(&Estimate) -> bool| {
            estimates.iter().filter(|e| hit(e)).count() as f64 / estimates.len() as f64
        };
        let reach = |e: &Estimate| t_quantile(0.975, e.df) * e.se;
        let some = !estimates.is_empty();
        PowerRow {
            study: self.job.asks.id.clone(),
            exposure: Named {
                id: exposure.id.clone(),
                label: exposure.label.clone(),
            },
            outcome: Named {
                id: outcome.id.clone(),
                label: outcome.label.clone(),
            },
            per: exposure.per,
            dose_unit: exposure.unit.clone(),
            smallest_difference: outcome.smallest_difference,
            cluster: self.comparison.cluster(),
            changing: (changing == 0 || changing >= u64::from(floor)).then_some(changing),
            draws: estimates.len(),
            false_positives: some.then(|| share(&|e| e.estimate.abs() > reach(e))),
            power: if some {
                let found = |size: &f64| Found {
                    size: *size,
                    share: share(&|e| e.estimate + size > reach(e)),
                };
                options.sizes.iter().map(found).collect()
            } else {
                Vec::new()
            },
            detectable: some.then(|| {
                let sum: f64 = estimates.iter().map(minimum_detectable).sum();
                sum / estimates.len() as f64
            }),
        }
    }

    /// One list a draw: exposure by exposure, outcome by outcome, the estimate where nothing is planted.
    fn draws(&self, options: &PowerOptions) -> Vec<Vec<Option<Estimate>>> {
        if self.asked.is_empty() || self.outcomes.is_empty() {
            return Vec::new();
        }
        let mask = &self.sample.mask;
        let known = covariates(self.frame.panel, self.job.asks, mask);
        let mut others: Vec<&Column> = Vec::new();
        for outcome in &self.outcomes {
            others.push(&outcome.y);
            others.extend(&outcome.priors);
        }
        let model = Model::new(
            self.frame,
            mask,
            self.comparison,
            &self.beside,
            &known,
            &others,
        );
        // What cannot be estimated at all is a row without draws.
        let Ok(mut model) = model else {
            return Vec::new();
        };
        let places = Places::new(self.frame.panel, mask, self.comparison);
        let base = model.absorbed.names().len();
        let names: Vec<&str> = self.beside.iter().map(|c| c.name.as_str()).collect();
        let mut drawn = Vec::with_capacity(options.draws);
        let own: Vec<Vec<f64>> = self.asked.iter().map(|(_, r)| r.d.values()).collect();
        for draw in 0..options.draws {
            let donors = places.donors(&mut Dice::new(options.seed, draw as u64));
            let doses: Vec<Vec<f64>> = own.iter().map(|own| places.dealt(own, &donors)).collect();
            let columns: Vec<Numbers<'_>> = self
                .asked
                .iter()
                .zip(&doses)
                .map(|((_, ready), values)| Numbers {
                    name: &ready.d.name,
                    values,
                })
                .collect();
            if model.absorbed.push(&columns).is_err() {
                continue;
            }
            model.doses = names
                .iter()
                .copied()
                .chain(self.asked.iter().map(|(_, ready)| ready.d.name.as_str()))
                .collect();
            drawn.push(self.estimates(&model));
            model.absorbed.truncate(base);
        }
        drawn
    }

    fn estimates(&self, model: &Model<'_>) -> Vec<Option<Estimate>> {
        let fits: Vec<_> = self
            .outcomes
            .iter()
            .map(|outcome| model.fit(&outcome.y.name, &model.doses, &outcome.priors))
            .collect();
        let mut estimates = Vec::new();
        for (_, ready) in &self.asked {
            let name = ready.d.name.as_str();
            let effective = model.effective_clusters(name, &model.doses);
            for fit in &fits {
                let fit = fit.as_ref().ok();
                estimates.push(fit.zip(effective).and_then(|(fit, effective)| {
                    judged(fit, name, Some(effective)).filter(|e| e.se > 0.0)
                }));
            }
        }
        estimates
    }
}

fn masked(mask: &[bool]) -> Vec<u32> {
    let used = mask.iter().enumerate().filter(|(_, used)| **used);
    used.map(|(row, _)| row as u32).collect()
}

/// Who may be given whose doses, and where they stand.
struct Places {
    /// Rows of the panel.
    len: usize,
    /// Years of the panel, and its first.
    years: (usize, i32),
    /// Rows of each teacher (or school) and year, `unit × years + year`.
    rows: Vec<Vec<u32>>,
    /// Teachers of one school; all schools together.
    strata: Vec<Vec<u32>>,
}

impl Places {
    fn new(panel: &Panel, mask: &[bool], comparison: Comparison) -> Self {
        let units = match comparison {
            Comparison::WithinTeacher => &panel.teacher,
            Comparison::WithinSchool => &panel.school,
        };
        let first = panel.school_year.iter().copied().min().unwrap_or(0);
        let last = panel.school_year.iter().copied().max().unwrap_or(0);
        let years = (last - first + 1).unsigned_abs() as usize;
        let mut rows = vec![Vec::new(); units.labels.len() * years];
        let mut homes = vec![vec![0_u32; panel.school.labels.len()]; units.labels.len()];
        for row in masked(mask) {
            let at = row as usize;
            let (unit, school) = (units.codes[at], panel.school.codes[at]);
            if unit == NO_CODE || school == NO_CODE {
                continue;
            }
            let year = (panel.school_year[at] - first).unsigned_abs() as usize;
            rows[unit as usize * years + year].push(row);
            homes[unit as usize][school as usize] += 1;
        }
        let mut strata = vec![Vec::new(); panel.school.labels.len().max(1)];
        for (unit, schools) in homes.iter().enumerate() {
            let Some(most) = schools.iter().max().filter(|most| **most > 0) else {
                continue;
            };
            // The school of most rows, the first of equals.
            let home = schools.iter().position(|n| n == most).unwrap_or(0);
            let stratum = match comparison {
                Comparison::WithinTeacher => home,
                Comparison::WithinSchool => 0,
            };
            strata[stratum].push(unit as u32);
        }
        Self {
            len: panel.len(),
            years: (years, first),
            rows,
            strata,
        }
    }

    /// Who is given whose doses: pairs of receiver and donor.
    fn donors(&self, dice: &mut Dice) -> Vec<(u32, u32)> {
        let mut pairs = Vec::new();
        for stratum in &self.strata {
            let mut donors = stratum.clone();
            for last in (1..donors.len()).rev() {
                donors.swap(last, dice.below(last + 1));
            }
            pairs.extend(stratum.iter().copied().zip(donors));
        }
        pairs
    }

    /// The doses as they would be: students of the receiver have, in order, what students of the donor had that year.
    fn dealt(&self, dose: &[f64], donors: &[(u32, u32)]) -> Vec<f64> {
        let mut dealt = vec![0.0; self.len];
        for (receiver, donor) in donors {
            for year in 0..self.years.0 {
                let given = &self.rows[*donor as usize * self.years.0 + year];
                let taken = &self.rows[*receiver as usize * self.years.0 + year];
                for (place, row) in taken.iter().enumerate() {
                    let from = given.get(place % given.len().max(1));
                    dealt[*row as usize] = from.map_or(0.0, |from| dose[*from as usize]);
                }
            }
        }
        dealt
    }
}

/// SplitMix64 (Steele, Lea and Flood 2014), seeded by run and draw.
struct Dice(u64);

impl Dice {
    fn new(seed: u64, draw: u64) -> Self {
        let mut dice = Self(seed ^ draw.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        dice.0 = dice.next();
        dice
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// Below `n`; the bias of a remainder is one in 2⁶⁴/n.
    fn below(&mut self, n: usize) -> usize {
        (self.next() % n as u64) as usize
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use throughline_model::panel::Codes;

    fn codes(codes: &[u32], labels: usize) -> Codes {
        Codes {
            codes: codes.to_vec(),
            labels: (0..labels).map(|i| i.to_string()).collect(),
        }
    }

    #[test]
    fn doses_change_hands_within_a_school_and_year_and_nothing_is_lost() {
        // Two schools, two teachers each, two years, one student a row.
        let panel = Panel {
            school_year: vec![2024, 2025, 2024, 2025, 2024, 2025, 2024, 2025],
            teacher: codes(&[0, 0, 1, 1, 2, 2, 3, 3], 4),
            school: codes(&[0, 0, 0, 0, 1, 1, 1, 1], 2),
            ..Panel::default()
        };
        let dose = [0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0];
        let places = Places::new(&panel, &[true; 8], Comparison::WithinTeacher);
        let mut moved = false;
        for draw in 0..20 {
            let donors = places.donors(&mut Dice::new(1, draw));
            let dealt = places.dealt(&dose, &donors);
            moved |= dealt != dose;
            for (school, year) in [(0, 0), (0, 1), (1, 0), (1, 1)] {
                let at = |teacher: usize| school * 4 + teacher * 2 + year;
                let mut before = [dose[at(0)], dose[at(1)]];
                let mut after = [dealt[at(0)], dealt[at(1)]];
                before.sort_by(f64::total_cmp);
                after.sort_by(f64::total_cmp);
                assert_eq!(before, after);
            }
        }
        assert!(moved);
    }

    #[test]
    fn a_draw_depends_on_its_number_alone() {
        let rolls = |draw| {
            let mut dice = Dice::new(7, draw);
            [dice.below(1000), dice.below(1000), dice.below(1000)]
        };
        assert_eq!(rolls(3), rolls(3));
        assert_ne!(rolls(3), rolls(4));
    }
}
