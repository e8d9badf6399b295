//! The part of a job that shares rows, effects and clusters, and the order in which it is worked through.

use throughline_model::pipeline::Pipeline;

use super::reply::Answered;
use crate::association::{Comparison, Model};
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
    pub(super) outcomes: &'q [&'q ReadyOutcome],
    /// Exposures that this comparison answers.
    pub(super) asked: Vec<(usize, &'q ReadyExposure)>,
    /// Exposures that stand in the model.
    pub(super) beside: Vec<(usize, &'q ReadyExposure)>,
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

    pub(super) fn answer(&self, answered: &mut Answered) {
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

    pub(super) fn dose(&self, index: usize) -> &'q str {
        self.frame
            .exposures
            .get(index)
            .and_then(Option::as_ref)
            .map_or("", |ready| ready.d.name.as_str())
    }

    /// The dose in its own unit.
    pub(super) fn native(&self, index: usize) -> Option<&'q [f64]> {
        let id = &self.pipeline.exposures[index].id;
        Some(&self.frame.panel.exposure(id)?.values)
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
        count(self.frame.panel, rows, &ready.d.values, dropped)
    }
}
