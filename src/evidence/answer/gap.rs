//! Whether a gap narrowed: the subgroup's slope less that of all other students, from one model of both with effects and
//! slopes of their own. Such a model is the two regressions side by side; what binds them are the teachers who teach both,
//! so the variance of the difference is the sum of both less twice their covariance over shared clusters.

use throughline_model::pipeline::Subgroup;
use throughline_stats::Influence;

use super::question::Question;
use super::reply::Answer;
use crate::association::{Comparison, Model, with_df};
use crate::finding::Estimate;
use crate::frame::ReadyOutcome;
use crate::sample::{Sample, covariates, samples_of_others};

/// One regression's slopes of the asked doses, and the pull of each cluster (by the panel's code) on them.
pub(super) struct Side {
    estimates: Vec<Option<Estimate>>,
    /// By dose asked; empty where there is no slope.
    pulls: Vec<Vec<f64>>,
    factor: f64,
}

impl Question<'_> {
    /// The subgroup's own side, by outcome; empty where the group has no counterpart (everyone, a range of grades).
    pub(super) fn own_side(&self, model: &Model<'_>, answers: &[Answer]) -> Vec<Option<Side>> {
        if !matches!(self.job.students(), Subgroup::Flag(_)) {
            return Vec::new();
        }
        self.outcomes
            .iter()
            .enumerate()
            .map(|(o, outcome)| {
                let estimates = (0..self.asked.len()).map(|e| answers[self.at(e, o)].adjusted);
                self.side(model, outcome, estimates.collect())
            })
            .collect()
    }

    /// Compares with all other students.
    pub(super) fn gaps(&self, own: &[Option<Side>], answers: &mut [Answer]) {
        let Subgroup::Flag(flag) = self.job.students() else {
            return;
        };
        let outcomes: Vec<usize> = self.outcomes.iter().map(|outcome| outcome.index).collect();
        for sample in samples_of_others(self.frame, self.job.asks, flag, &outcomes) {
            self.gaps_on(&sample, own, answers);
        }
    }

    fn gaps_on(&self, sample: &Sample, own: &[Option<Side>], answers: &mut [Answer]) {
        let here: Vec<(usize, &ReadyOutcome<'_>)> = self
            .outcomes
            .iter()
            .enumerate()
            .filter(|(_, outcome)| sample.outcomes.contains(&outcome.index))
            .map(|(place, outcome)| (place, *outcome))
            .collect();
        let outcomes: Vec<&ReadyOutcome<'_>> = here.iter().map(|(_, outcome)| *outcome).collect();
        let mut question =
            Question::new(self.pipeline, self.frame, self.job, sample, self.comparison);
        question.outcomes = &outcomes;
        let covariates = covariates(self.frame.panel, self.job.asks, &sample.mask);
        let Ok(model) = question.model(&covariates) else {
            return;
        };
        let effective: Vec<Option<f64>> = question
            .asked
            .iter()
            .map(|(_, ready)| model.effective_clusters(&ready.d.name, &model.doses))
            .collect();
        for (place, outcome) in here {
            let Ok(fit) = model.fit(&outcome.y.name, &model.doses, &outcome.priors) else {
                continue;
            };
            let estimates = question
                .asked
                .iter()
                .zip(&effective)
                .map(|((_, ready), effective)| {
                    crate::association::judged(&fit, &ready.d.name, Some((*effective)?))
                })
                .collect();
            let (Some(Some(own)), Some(others)) =
                (own.get(place), question.side(&model, outcome, estimates))
            else {
                continue;
            };
            for e in 0..self.asked.len() {
                answers[self.at(e, place)].gap = difference(own, &others, e);
            }
        }
    }

    fn side(
        &self,
        model: &Model<'_>,
        outcome: &ReadyOutcome<'_>,
        estimates: Vec<Option<Estimate>>,
    ) -> Option<Side> {
        let cluster = self.comparison.cluster();
        let regressors = model.with_adjustment(&model.doses, &outcome.priors);
        let data = &model.absorbed;
        let found: Influence = data.influence(&outcome.y.name, &regressors, cluster).ok()?;
        let codes = match self.comparison {
            Comparison::WithinTeacher => &self.frame.panel.teacher,
            Comparison::WithinSchool => &self.frame.panel.school,
        };
        let (dense, levels) = data.cluster(cluster)?;
        let mut code_of = vec![0; levels];
        for (row, place) in data.rows().iter().zip(dense) {
            code_of[*place as usize] = codes.codes[*row as usize] as usize;
        }
        let pulls = self
            .asked
            .iter()
            .map(|(_, ready)| {
                let Some(own) = found.of(&ready.d.name) else {
                    return Vec::new();
                };
                let mut by_code = vec![0.0; codes.labels.len()];
                for (pull, code) in own.iter().zip(&code_of) {
                    by_code[*code] = *pull;
                }
                by_code
            })
            .collect();
        Some(Side {
            estimates,
            pulls,
            factor: found.factor * model.correction,
        })
    }
}

fn difference(own: &Side, others: &Side, dose: usize) -> Option<Estimate> {
    let (a, b) = (own.estimates[dose]?, others.estimates[dose]?);
    let shared: f64 = own.pulls[dose]
        .iter()
        .zip(&others.pulls[dose])
        .map(|(a, b)| a * b)
        .sum();
    let covariance = (own.factor * others.factor).sqrt() * shared;
    let variance = a.se * a.se + b.se * b.se - 2.0 * covariance;
    (variance > 0.0).then(|| with_df(a.estimate - b.estimate, variance.sqrt(), a.df.min(b.df)))
}
