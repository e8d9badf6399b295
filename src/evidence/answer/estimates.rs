//! The estimates of a question, exposure by exposure and outcome by outcome, beside the plain correlation.

use rayon::prelude::*;

use throughline_model::pipeline::Design;

use super::question::{Question, Shared};
use super::reply::Answer;
use crate::association::{Comparison, Model, Naive, judged};
use crate::counts::changing;
use crate::finding::Estimate;
use crate::frame::{Column, Level, ReadyOutcome};

/// The plain correlations: by outcome, then by exposure asked.
pub(super) type Plain = Vec<Vec<Option<Estimate>>>;

impl Question<'_> {
    /// One answer an exposure and outcome ([`Question::at`]), with the checks that the shared model allows.
    pub(super) fn estimates(&self, model: &Model<'_>, naive: &Plain) -> Vec<Answer> {
        let rows = model.absorbed.rows();
        let singletons = self.masked_rows().len() - rows.len();
        let panel = self.frame.panel;
        let codes = match self.comparison {
            Comparison::WithinTeacher => &panel.teacher,
            Comparison::WithinSchool => &panel.school,
        };
        let shared: Vec<Shared> = self
            .asked
            .par_iter()
            .map(|(_, ready)| Shared {
                n: self.count(rows, ready, singletons),
                changing: changing(codes, rows, ready.native),
                effective: model.effective_clusters(&ready.d.name, &model.doses),
                effective_alone: model.effective_clusters(&ready.d.name, &[]),
            })
            .collect();
        let schools = self.schools(model);
        let by_outcome: Vec<Vec<Answer>> = self
            .outcomes
            .par_iter()
            .zip(naive)
            .map(|(outcome, naive)| self.of_outcome(model, &shared, &schools, outcome, naive))
            .collect();
        let mut columns: Vec<_> = by_outcome.into_iter().map(Vec::into_iter).collect();
        (0..self.asked.len())
            .flat_map(|_| {
                let row: Vec<Answer> = columns.iter_mut().filter_map(Iterator::next).collect();
                row
            })
            .collect()
    }

    fn of_outcome(
        &self,
        model: &Model<'_>,
        shared: &[Shared],
        schools: &super::tried::Schools,
        outcome: &ReadyOutcome<'_>,
        naive: &[Option<Estimate>],
    ) -> Vec<Answer> {
        let fit = model.fit(&outcome.y.name, &model.doses, &outcome.priors);
        let ceiling = self.ceiling(outcome, model.absorbed.rows());
        let mut answers: Vec<Answer> = self
            .asked
            .iter()
            .zip(shared)
            .zip(naive)
            .map(|(((index, ready), shared), naive)| {
                let mut answer = self.blank(*index, outcome, shared);
                answer.naive = *naive;
                let dose = ready.d.name.as_str();
                match &fit {
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
                        answer.estimator = self.estimator(&fit.vcov, model.removed(), outcome);
                        self.check(model, shared, outcome, &fit.vcov, &mut answer);
                        answer.tried.extend(ceiling.clone());
                    }
                }
                answer
            })
            .collect();
        self.check_differences(model, schools, outcome, &mut answers);
        answers
    }

    /// The plain correlations, before anything is removed.
    pub(super) fn naive(&self) -> Plain {
        let outcomes = self.outcomes.iter().map(|outcome| &outcome.y);
        let columns: Vec<&Column<'_>> = self
            .asked
            .iter()
            .map(|(_, ready)| &ready.d)
            .chain(outcomes)
            .collect();
        let naive = Naive::new(self.frame, &self.sample.mask, self.comparison, &columns).ok();
        let slope = |outcome: &ReadyOutcome<'_>, dose: &str| {
            naive.as_ref().and_then(|n| n.slope(&outcome.y.name, dose))
        };
        self.outcomes
            .par_iter()
            .map(|outcome| {
                let doses = self.asked.iter();
                doses
                    .map(|(_, ready)| slope(outcome, &ready.d.name))
                    .collect()
            })
            .collect()
    }

    pub(super) fn blank(
        &self,
        exposure: usize,
        outcome: &ReadyOutcome<'_>,
        shared: &Shared,
    ) -> Answer {
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
            shrunk: None,
            gap: None,
            failure: None,
            has_prior: !outcome.priors.is_empty(),
            n: shared.n.clone(),
            tried: Vec::new(),
            changing: shared.changing,
            cluster: self.comparison.cluster(),
            estimator: self.estimator("not estimated", self.comparison.effects(), outcome),
            level: self
                .frame
                .exposure(exposure)
                .map_or(Level::Teacher, |ready| ready.level),
            design: Design::PanelAssociation,
            told: Vec::new(),
            designs: Vec::new(),
        }
    }

    fn estimator(&self, vcov: &str, removed: &str, outcome: &ReadyOutcome<'_>) -> String {
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
            "least squares with {removed} removed, beside {others} other {} of the study; adjusted for {prior}{covariates}; errors {vcov}",
            if others == 1 { "program" } else { "programs" },
        )
    }
}
