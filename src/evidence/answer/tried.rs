//! The checks that need the shared model, and the placebo that needs one of its own.

use throughline_stats::{FitOptions, StatsError, Vcov};

use super::question::{Question, Shared};
use super::reply::Answer;
use crate::association::{Model, judged};
use crate::checks::{self, Confounding, Tried};
use crate::frame::{Column, ReadyOutcome};
use crate::words::Floors;

impl Question<'_> {
    /// Fills in the estimate alone and tries all checks but the placebo.
    pub(super) fn check(
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
    pub(super) fn placebo(&self, covariates: &[Column], answers: &mut [Answer]) {
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
}
