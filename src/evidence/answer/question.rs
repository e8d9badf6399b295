//! The part of a job that shares rows, effects and clusters, and the order in which it is worked through.

use throughline_model::pipeline::{Design, Pipeline, Subgroup};
use throughline_stats::StatsError;

use super::reply::Answered;
use crate::association::{Comparison, Model};
use crate::checks::Leaving;
use crate::counts::count;
use crate::finding::{Counts, Dropped};
use crate::frame::{Column, Frame, ReadyExposure, ReadyOutcome};
use crate::plan::Job;
use crate::sample::{Sample, covariates};

/// The part of a job that shares rows, effects and clusters.
pub(super) struct Question<'q> {
    pub(super) pipeline: &'q Pipeline,
    pub(super) frame: &'q Frame<'q>,
    pub(super) job: &'q Job<'q>,
    pub(super) sample: &'q Sample,
    pub(super) comparison: Comparison,
    pub(super) outcomes: &'q [&'q ReadyOutcome<'q>],
    /// Exposures that this comparison answers.
    pub(super) asked: Vec<(usize, &'q ReadyExposure<'q>)>,
    /// Exposures that stand in the model.
    pub(super) beside: Vec<(usize, &'q ReadyExposure<'q>)>,
}

/// What an exposure has in common for all outcomes of a sample.
pub(super) struct Shared {
    pub(super) n: Counts,
    pub(super) changing: u64,
    /// Effective clusters in the joint model …
    pub(super) effective: Option<f64>,
    /// … and with this program alone.
    pub(super) effective_alone: Option<f64>,
}

impl<'q> Question<'q> {
    pub(super) fn new(
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
    pub(super) fn refuse(&self, reason: &str, answered: &mut Answered) {
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

    pub(super) fn answer(&self, leaving: &Leaving, answered: &mut Answered) {
        if self.outcomes.is_empty() {
            return;
        }
        if !self.sample.mask.contains(&true) {
            self.refuse("no student has outcome, teacher and doses known", answered);
            return;
        }
        let naive = self.naive();
        let covariates = covariates(self.frame.panel, self.job.asks, &self.sample.mask);
        let mut model = match self.model(&covariates) {
            Ok(model) => model,
            Err(error) => {
                self.refuse(&error.to_string(), answered);
                return;
            }
        };
        let mut answers = self.estimates(&model, &naive);
        let mut alternatives = self.alternatives(&model, &answers);
        self.any_against_none(&mut model, &mut answers, &mut alternatives);
        self.together(&mut model, &mut answers);
        self.curves(&mut model, &mut answers, answered);
        let own = self.own_side(&model, &answers);
        drop(model);
        self.gaps(&own, &mut answers);
        self.paths(&covariates, &mut answers);
        self.within_student(&covariates, &mut alternatives);
        self.specifications(&alternatives, &mut answers);
        self.counted(&covariates, &mut answers);
        self.missing(leaving, &mut answers);
        answered.answers.extend(answers);
    }

    /// The shared model: doses, covariates, outcomes and their priors, without the comparison's effects.
    pub(super) fn model<'m>(
        &'m self,
        covariates: &'m [Column<'_>],
    ) -> Result<Model<'m>, StatsError> {
        let doses: Vec<&Column<'_>> = self.beside.iter().map(|(_, ready)| &ready.d).collect();
        let mut others: Vec<&Column<'_>> = Vec::new();
        for outcome in self.outcomes {
            others.push(&outcome.y);
            others.extend(&outcome.priors);
        }
        let mask = &self.sample.mask;
        Model::new(
            self.frame,
            mask,
            self.comparison,
            &doses,
            covariates,
            &others,
        )
    }

    /// Where the answer to an exposure (by its place among `asked`) and an outcome (by its place among `outcomes`) stands.
    pub(super) fn at(&self, exposure: usize, outcome: usize) -> usize {
        exposure * self.outcomes.len() + outcome
    }

    /// Whether the study may use a design.
    pub(super) fn allows(&self, design: Design) -> bool {
        self.job.asks.designs.contains(&design)
    }

    /// Whether it is about everyone: what takes long or is only drawn once is done for everyone alone.
    pub(super) fn everyone(&self) -> bool {
        *self.job.students() == Subgroup::All
    }

    pub(super) fn dose(&self, index: usize) -> &'q str {
        self.frame
            .exposures
            .get(index)
            .and_then(Option::as_ref)
            .map_or("", |ready| ready.d.name.as_str())
    }

    pub(super) fn masked_rows(&self) -> Vec<u32> {
        let used = self
            .sample
            .mask
            .iter()
            .enumerate()
            .filter(|(_, used)| **used);
        used.map(|(row, _)| row as u32).collect()
    }

    pub(super) fn count(&self, rows: &[u32], ready: &ReadyExposure, singletons: usize) -> Counts {
        let mut dropped = self.sample.dropped.clone();
        if singletons > 0 {
            dropped.push(Dropped {
                reason: "alone with a teacher, or in a school's or grade's year".to_owned(),
                rows: Some(singletons as u64),
            });
        }
        count(self.frame.panel, rows, ready.native, dropped)
    }
}
