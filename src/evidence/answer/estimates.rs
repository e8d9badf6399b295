//! The estimates of a question, exposure by exposure and outcome by outcome, beside the plain correlation.

use super::question::{Question, Shared};
use super::reply::{Answer, Answered};
use crate::association::{Comparison, Model, Naive, judged};
use crate::counts::changing;
use crate::frame::{Column, ReadyOutcome};

impl Question<'_> {
    /// Estimates and the checks that need the model, exposure by exposure and outcome by outcome.
    pub(super) fn estimates(&self, model: &Model<'_>, answered: &mut Answered) {
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

    pub(super) fn blank(&self, exposure: usize, outcome: &ReadyOutcome, shared: &Shared) -> Answer {
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
            estimator: self.estimator("not estimated", outcome),
            designs: Vec::new(),
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
