//! The same question asked in other ways that could have been chosen as well: without the covariates, without last year's
//! outcome or with less of it, one program at a time, any dose against none, within the same student. None is searched for;
//! all are declared here, and the check `specification` counts how many agree.

use rayon::prelude::*;

use super::question::Question;
use super::reply::Answer;
use crate::association::Model;
use crate::checks;
use crate::frame::Column;

/// More rows than this, and student effects are left out: they cost more than all other specifications together.
const MOST_ROWS_WITH_STUDENTS: usize = 150_000;

/// By answer: what was asked otherwise, and the estimate (SD per `per`).
pub(super) type Alternatives = Vec<Vec<(&'static str, f64)>>;

/// What is asked otherwise, and the slope of each dose in the model.
type Asked = (&'static str, Vec<Option<f64>>);

impl Question<'_> {
    /// Specifications that need no other columns than the shared model's.
    pub(super) fn alternatives(&self, model: &Model<'_>, answers: &[Answer]) -> Alternatives {
        let mut found: Alternatives = answers
            .iter()
            .map(|answer| {
                let alone = answer.alone.filter(|_| self.beside.len() > 1);
                alone
                    .map(|alone| ("one program at a time", alone.estimate))
                    .into_iter()
                    .collect()
            })
            .collect();
        let by_outcome: Vec<Vec<Asked>> = self
            .outcomes
            .par_iter()
            .map(|outcome| {
                let priors: Vec<&str> = outcome.priors.iter().map(|p| p.name.as_str()).collect();
                let y = outcome.y.name.as_str();
                let with = |adjustment: &[&str]| slopes(model, y, adjustment);
                let mut asked = Vec::new();
                if !model.covariates.is_empty() {
                    asked.push(("without what is known of students", with(&priors)));
                }
                if !priors.is_empty() {
                    asked.push(("without last year's outcome", with(&model.covariates)));
                }
                if priors.len() > 1 {
                    let linear: Vec<&str> = std::iter::once(priors[0])
                        .chain(model.covariates.iter().copied())
                        .collect();
                    asked.push(("last year's outcome in a straight line", with(&linear)));
                }
                asked
            })
            .collect();
        for (outcome, asked) in by_outcome.into_iter().enumerate() {
            for (name, slopes) in asked {
                self.note(&mut found, outcome, name, &slopes);
            }
        }
        found
    }

    /// The same students in other years: effects of students take the place of last year's outcome. For everyone only.
    pub(super) fn within_student(
        &self,
        covariates: &[Column<'_>],
        alternatives: &mut Alternatives,
    ) {
        let rows = self.sample.mask.iter().filter(|used| **used).count();
        if !self.everyone() || rows > MOST_ROWS_WITH_STUDENTS {
            return;
        }
        let doses: Vec<&Column<'_>> = self.beside.iter().map(|(_, ready)| &ready.d).collect();
        let outcomes: Vec<&Column<'_>> = self.outcomes.iter().map(|outcome| &outcome.y).collect();
        let mask = &self.sample.mask;
        let model = Model::within_student(
            self.frame,
            mask,
            self.comparison,
            &doses,
            covariates,
            &outcomes,
        );
        let Ok(model) = model else {
            return;
        };
        for (place, outcome) in self.outcomes.iter().enumerate() {
            let slopes = slopes(&model, &outcome.y.name, &model.covariates);
            self.note(alternatives, place, "within the same student", &slopes);
        }
    }

    /// Judges answers that differ from zero by their alternatives.
    pub(super) fn specifications(&self, alternatives: &Alternatives, answers: &mut [Answer]) {
        for (answer, others) in answers.iter_mut().zip(alternatives) {
            if let Some(adjusted) = answer.adjusted {
                answer
                    .tried
                    .extend(checks::specification(&adjusted, others));
            }
        }
    }

    /// Notes the slopes of all doses in the model (in the order of `beside`).
    pub(super) fn note(
        &self,
        alternatives: &mut Alternatives,
        outcome: usize,
        name: &'static str,
        slopes: &[Option<f64>],
    ) {
        for (place, (index, _)) in self.asked.iter().enumerate() {
            let beside = self.beside.iter().position(|(i, _)| i == index);
            if let Some(slope) = beside.and_then(|b| slopes[b]) {
                alternatives[self.at(place, outcome)].push((name, slope));
            }
        }
    }
}

/// Slopes of all doses with some adjustment, without an error of any.
fn slopes(model: &Model<'_>, y: &str, adjustment: &[&str]) -> Vec<Option<f64>> {
    let regressors: Vec<&str> = model.doses.iter().chain(adjustment).copied().collect();
    let found = model.absorbed.without_rows(&[], y, &regressors);
    let mut found = found.unwrap_or_else(|_| vec![None; regressors.len()]);
    found.truncate(model.doses.len());
    found
}
