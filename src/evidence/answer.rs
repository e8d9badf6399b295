//! One job from rows to answers: sample, shared model, estimates, checks. Outcomes and programs that share rows share one
//! absorption of the effects; each estimate is then small algebra.

use throughline_model::pipeline::{Pipeline, Subgroup};
use throughline_stats::{FitOptions, StatsError, Vcov};

use crate::association::{Comparison, Model, Naive, judged};
use crate::checks::{self, Confounding, Tried};
use crate::counts::{changing, count};
use crate::dose::Sizes;
use crate::finding::{Counts, DoseCurve, Dropped, Estimate};
use crate::frame::{Column, Frame, ReadyExposure, ReadyOutcome};
use crate::plan::Job;
use crate::sample::{Sample, covariates, samples};
use crate::words::Floors;

/// One exposure × outcome × subgroup of a study, before the run's comparisons are counted.
pub(crate) struct Answer {
    pub(crate) study: usize,
    pub(crate) exposure: usize,
    pub(crate) outcome: usize,
    pub(crate) subgroup: usize,
    pub(crate) frame: usize,
    /// The outcome's standard deviation in its own unit.
    pub(crate) sd: f64,
    pub(crate) naive: Option<Estimate>,
    pub(crate) adjusted: Option<Estimate>,
    pub(crate) alone: Option<Estimate>,
    /// Why there is no adjusted estimate.
    pub(crate) failure: Option<String>,
    pub(crate) has_prior: bool,
    pub(crate) n: Counts,
    pub(crate) tried: Vec<Tried>,
    /// Teachers (or schools) whose dose changed.
    pub(crate) changing: u64,
    pub(crate) cluster: &'static str,
    pub(crate) estimator: String,
}

/// What one job gives.
#[derive(Default)]
pub(crate) struct Answered {
    pub(crate) answers: Vec<Answer>,
    /// Exposure and outcome by index, and their curve.
    pub(crate) curves: Vec<(usize, usize, DoseCurve)>,
}

/// Answers a job.
pub(crate) fn answer(pipeline: &Pipeline, frames: &[Frame<'_>], job: &Job<'_>) -> Answered {
    let frame = &frames[job.frame];
    let mut answered = Answered::default();
    for sample in samples(frame, job.asks, job.students(), &job.outcomes) {
        let (varying, constant): (Vec<&ReadyOutcome>, Vec<&ReadyOutcome>) = sample
            .outcomes
            .iter()
            .filter_map(|index| frame.outcome(*index))
            .partition(|outcome| outcome.sd > 0.0);
        for comparison in [Comparison::WithinTeacher, Comparison::WithinSchool] {
            let mut question = Question::new(pipeline, frame, job, &sample, comparison);
            if question.asked.is_empty() {
                continue;
            }
            question.outcomes = &constant;
            question.refuse("the outcome is the same for everyone", &mut answered);
            question.outcomes = &varying;
            question.answer(&mut answered);
        }
    }
    answered
}

/// The part of a job that shares rows, effects and clusters.
struct Question<'q> {
    pipeline: &'q Pipeline,
    frame: &'q Frame<'q>,
    job: &'q Job<'q>,
    sample: &'q Sample,
    comparison: Comparison,
    outcomes: &'q [&'q ReadyOutcome],
    /// Exposures that this comparison answers.
    asked: Vec<(usize, &'q ReadyExposure)>,
    /// Exposures that stand in the model.
    beside: Vec<(usize, &'q ReadyExposure)>,
}

/// What an exposure has in common for all outcomes of a sample.
struct Shared {
    n: Counts,
    changing: u64,
    /// Effective clusters in the joint model …
    effective: Option<f64>,
    /// … and with this program alone.
    effective_alone: Option<f64>,
}

impl<'q> Question<'q> {
    fn new(
        pipeline: &'q Pipeline,
        frame: &'q Frame<'q>,
        job: &'q Job<'q>,
        sample: &'q Sample,
        comparison: Comparison,
    ) -> Self {
        let all: Vec<(usize, &ReadyExposure)> = job
            .asks
            .exposures
            .iter()
            .filter_map(|index| Some((*index, frame.exposure(*index)?)))
            .collect();
        let asked: Vec<_> = all
            .iter()
            .copied()
            .filter(|(_, ready)| Comparison::of(ready.level) == comparison)
            .collect();
        let beside = match comparison {
            // What a whole school takes is gone with the school × year effects.
            Comparison::WithinTeacher => asked.clone(),
            Comparison::WithinSchool => all,
        };
        Self {
            pipeline,
            frame,
            job,
            sample,
            comparison,
            outcomes: &[],
            asked,
            beside,
        }
    }

    /// Answers every question with the reason there is no estimate.
    fn refuse(&self, reason: &str, answered: &mut Answered) {
        let rows = self.masked_rows();
        for (index, ready) in &self.asked {
            let shared = Shared {
                n: self.count(&rows, ready, 0),
                changing: 0,
                effective: None,
                effective_alone: None,
            };
            for outcome in self.outcomes {
                let mut answer = self.blank(*index, outcome, &shared);
                answer.failure = Some(reason.to_owned());
                answered.answers.push(answer);
            }
        }
    }

    fn answer(&self, answered: &mut Answered) {
        if self.outcomes.is_empty() {
            return;
        }
        if !self.sample.mask.contains(&true) {
            self.refuse("no student has outcome, teacher and doses known", answered);
            return;
        }
        let covariates = covariates(self.frame.panel, self.job.asks, &self.sample.mask);
        let doses: Vec<&Column> = self.beside.iter().map(|(_, ready)| &ready.d).collect();
        let sizes = self.sizes();
        let mut others: Vec<&Column> = sizes.iter().flat_map(|(_, sizes)| sizes).collect();
        for outcome in self.outcomes {
            others.push(&outcome.y);
            others.extend(&outcome.priors);
        }
        let mask = &self.sample.mask;
        let model = match Model::new(
            self.frame,
            mask,
            self.comparison,
            &doses,
            &covariates,
            &others,
        ) {
            Ok(model) => model,
            Err(error) => {
                self.refuse(&error.to_string(), answered);
                return;
            }
        };
        let first = answered.answers.len();
        self.estimates(&model, answered);
        self.curves(&model, &sizes, answered);
        drop(model);
        self.placebo(&covariates, &mut answered.answers[first..]);
    }

    /// Estimates and the checks that need the model, exposure by exposure and outcome by outcome.
    fn estimates(&self, model: &Model<'_>, answered: &mut Answered) {
        let naive = self.naive();
        let fits: Vec<_> = self
            .outcomes
            .iter()
            .map(|outcome| model.fit(&outcome.y.name, &model.doses, &outcome.priors))
            .collect();
        let rows = model.absorbed.rows();
        let singletons = self.masked_rows().len() - rows.len();
        for (index, ready) in &self.asked {
            let panel = self.frame.panel;
            let codes = match self.comparison {
                Comparison::WithinTeacher => &panel.teacher,
                Comparison::WithinSchool => &panel.school,
            };
            let shared = Shared {
                n: self.count(rows, ready, singletons),
                changing: changing(codes, rows, &ready.d.values),
                effective: model.effective_clusters(&ready.d.name, &model.doses),
                effective_alone: model.effective_clusters(&ready.d.name, &[]),
            };
            for (outcome, fit) in self.outcomes.iter().zip(&fits) {
                let mut answer = self.blank(*index, outcome, &shared);
                let dose = ready.d.name.as_str();
                answer.naive = naive
                    .as_ref()
                    .and_then(|naive| naive.slope(&outcome.y.name, dose));
                match fit {
                    Err(error) => answer.failure = Some(error.to_string()),
                    Ok(fit) => {
                        answer.adjusted = shared
                            .effective
                            .and_then(|effective| judged(fit, dose, Some(effective)));
                        if answer.adjusted.is_none() {
                            answer.failure = Some(format!(
                                "doses do not differ once {} and other programs are taken out",
                                self.comparison.effects()
                            ));
                        }
                        answer.estimator = self.estimator(&fit.vcov, outcome);
                        self.check(model, &shared, *index, outcome, &fit.vcov, &mut answer);
                    }
                }
                answered.answers.push(answer);
            }
        }
    }

    /// Fills in the estimate alone and tries all checks but the placebo.
    fn check(
        &self,
        model: &Model<'_>,
        shared: &Shared,
        index: usize,
        outcome: &ReadyOutcome,
        vcov: &str,
        answer: &mut Answer,
    ) {
        let exposure = &self.pipeline.exposures[index];
        let smallest = self.pipeline.outcomes[outcome.index].smallest_difference;
        let cluster = self.comparison.cluster();
        let floors = Floors::of(&self.pipeline.privacy);
        answer.tried = vec![
            checks::temporal(exposure.window),
            checks::linked(self.sample.linked),
            checks::used(self.sample.used),
            checks::clusters(model.clusters(), cluster, vcov, floors),
        ];
        answer.tried.extend(checks::school_trend(self.comparison));
        let (Some(adjusted), Some(effective)) = (answer.adjusted, shared.effective) else {
            return;
        };
        let dose = self.dose(index);
        answer.alone = model
            .fit(&outcome.y.name, &[dose], &outcome.priors)
            .ok()
            .and_then(|fit| judged(&fit, dose, shared.effective_alone));
        answer.tried.extend([
            checks::overlap(shared.changing, effective, cluster, floors),
            checks::concurrent(
                &adjusted,
                answer.alone.as_ref(),
                self.beside.len() - 1,
                smallest,
            ),
        ]);
        if adjusted.lower <= 0.0 && adjusted.upper >= 0.0 {
            return;
        }
        // Only a difference can be carried by one school, or explained away.
        answer.tried.extend(
            self.of_a_difference(model, dose, outcome)
                .unwrap_or_default(),
        );
    }

    fn of_a_difference(
        &self,
        model: &Model<'_>,
        dose: &str,
        outcome: &ReadyOutcome,
    ) -> Result<Vec<Tried>, StatsError> {
        let others: Vec<&str> = model.doses.iter().copied().filter(|d| *d != dose).collect();
        let others = model.with_adjustment(&others, &outcome.priors);
        let mut all = vec![dose];
        all.extend(&others);
        let data = &model.absorbed;
        let left = |name: &str| match others.is_empty() {
            true => Ok(data.column(name)?.to_vec()),
            false => data.residuals(name, &others),
        };
        let schools: Vec<u32> = data
            .rows()
            .iter()
            .map(|row| self.frame.panel.school.codes[*row as usize])
            .collect();
        let mut tried = vec![checks::leave_out(
            &left(dose)?,
            &left(&outcome.y.name)?,
            &schools,
        )];
        let classical = FitOptions::new(Vcov::Iid);
        let with_outcome = data.ols(&outcome.y.name, &all, &classical)?;
        let with_dose = data.ols(dose, &others, &classical).ok();
        let measured = model.with_adjustment(&[], &outcome.priors);
        tried.extend(
            Confounding::of(&with_outcome, with_dose.as_ref(), dose, &measured)
                .map(|found| checks::confounding(&found)),
        );
        Ok(tried)
    }

    /// Adds the placebo to answers that have an estimate.
    fn placebo(&self, covariates: &[Column], answers: &mut [Answer]) {
        let doses: Vec<(&Column, Option<&Column>)> = self
            .beside
            .iter()
            .map(|(_, ready)| (&ready.d, ready.lead.as_ref()))
            .collect();
        let outcomes: Vec<(&Column, &[Column])> = self
            .outcomes
            .iter()
            .map(|outcome| (&outcome.y, outcome.priors.as_slice()))
            .collect();
        let later = checks::later_estimates(
            self.frame,
            &self.sample.mask,
            self.comparison,
            &doses,
            covariates,
            &outcomes,
        );
        for answer in answers {
            let Some(adjusted) = answer.adjusted else {
                continue;
            };
            let outcome = self.outcomes.iter().position(|o| o.index == answer.outcome);
            let dose = self.beside.iter().position(|(i, _)| *i == answer.exposure);
            if let (Some(outcome), Some(dose)) = (outcome, dose) {
                let window = self.pipeline.exposures[answer.exposure].window;
                let smallest = self.pipeline.outcomes[answer.outcome].smallest_difference;
                let tried = checks::later_dose(&later[outcome][dose], &adjusted, window, smallest);
                answer.tried.insert(1, tried);
            }
        }
    }

    /// Dummies of dose sizes, for everyone only.
    fn sizes(&self) -> Vec<(usize, Vec<Column>)> {
        if *self.job.students() != Subgroup::All {
            return Vec::new();
        }
        self.asked
            .iter()
            .filter_map(|(index, ready)| {
                let bins = ready.bins.as_ref()?;
                Some((*index, bins.columns(self.native(*index)?)))
            })
            .collect()
    }

    fn curves<'m>(
        &'m self,
        model: &Model<'m>,
        sizes: &'m [(usize, Vec<Column>)],
        answered: &mut Answered,
    ) {
        for (index, columns) in sizes {
            let exposure = &self.pipeline.exposures[*index];
            let ready = self.frame.exposure(*index);
            let (Some(bins), Some(native)) =
                (ready.and_then(|r| r.bins.as_ref()), self.native(*index))
            else {
                continue;
            };
            let panel = self.frame.panel;
            let linear = self.dose(*index);
            let sizes = Sizes::new(exposure, linear, (bins, columns), model, panel, native);
            for outcome in self.outcomes {
                let named = &self.pipeline.outcomes[outcome.index];
                // A curve that cannot be estimated is not drawn; the finding beside it says why.
                if let Ok(curve) = sizes.curve(model, outcome, named) {
                    answered.curves.push((*index, outcome.index, curve));
                }
            }
        }
    }

    fn naive(&self) -> Option<Naive> {
        let outcomes = self.outcomes.iter().map(|outcome| &outcome.y);
        let columns: Vec<&Column> = self
            .asked
            .iter()
            .map(|(_, ready)| &ready.d)
            .chain(outcomes)
            .collect();
        Naive::new(self.frame, &self.sample.mask, self.comparison, &columns).ok()
    }

    fn dose(&self, index: usize) -> &'q str {
        self.frame
            .exposures
            .get(index)
            .and_then(Option::as_ref)
            .map_or("", |ready| ready.d.name.as_str())
    }

    /// The dose in its own unit.
    fn native(&self, index: usize) -> Option<&'q [f64]> {
        let id = &self.pipeline.exposures[index].id;
        Some(&self.frame.panel.exposure(id)?.values)
    }

    fn masked_rows(&self) -> Vec<u32> {
        let used = self
            .sample
            .mask
            .iter()
            .enumerate()
            .filter(|(_, used)| **used);
        used.map(|(row, _)| row as u32).collect()
    }

    fn count(&self, rows: &[u32], ready: &ReadyExposure, singletons: usize) -> Counts {
        let mut dropped = self.sample.dropped.clone();
        if singletons > 0 {
            dropped.push(Dropped {
                reason: "alone with a teacher, or in a school's or grade's year".to_owned(),
                rows: Some(singletons as u64),
            });
        }
        count(self.frame.panel, rows, &ready.d.values, dropped)
    }

    fn blank(&self, exposure: usize, outcome: &ReadyOutcome, shared: &Shared) -> Answer {
        Answer {
            study: self.job.study,
            exposure,
            outcome: outcome.index,
            subgroup: self.job.subgroup,
            frame: self.job.frame,
            sd: outcome.sd,
            naive: None,
            adjusted: None,
            alone: None,
            failure: None,
            has_prior: !outcome.priors.is_empty(),
            n: shared.n.clone(),
            tried: Vec::new(),
            changing: shared.changing,
            cluster: self.comparison.cluster(),
            estimator: self.estimator("not estimated", outcome),
        }
    }

    fn estimator(&self, vcov: &str, outcome: &ReadyOutcome) -> String {
        let prior = match outcome.priors.len() {
            0 => "no outcome from the school year before",
            1 => "the outcome of the school year before",
            _ => "a cubic in the outcome of the school year before",
        };
        let known = &self.job.asks.covariates;
        let covariates = if known.is_empty() {
            String::new()
        } else {
            format!(", {}", known.join(", "))
        };
        let others = self.beside.len().saturating_sub(1);
        format!(
            "least squares with {} removed, beside {others} other {} of the study; adjusted for {prior}{covariates}; errors {vcov}",
            self.comparison.effects(),
            if others == 1 { "program" } else { "programs" },
        )
    }
}
