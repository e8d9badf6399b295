//! The checks that need the shared model, and the placebo that needs one of its own.

use throughline_stats::{FitOptions, Groups, Influence, StatsError, Vcov};

use super::question::{Question, Shared};
use super::reply::Answer;
use crate::association::{Comparison, Model, judged};
use crate::checks::{self, Confounding, Leaving, Tried};
use crate::finding::Estimate;
use crate::frame::{Column, ReadyExposure, ReadyOutcome};
use crate::sample::{covariates, members};
use crate::words::Floors;

/// Cross products by school, and how many schools there are.
pub(super) struct Schools {
    groups: Option<Groups>,
    count: u32,
}

impl Question<'_> {
    /// Fills in the estimate alone and tries what every estimate must stand.
    pub(super) fn check(
        &self,
        model: &Model<'_>,
        shared: &Shared,
        outcome: &ReadyOutcome<'_>,
        vcov: &str,
        answer: &mut Answer,
    ) {
        let exposure = &self.pipeline.exposures[answer.exposure];
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
        let dose = self.dose(answer.exposure);
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
    }

    /// Cross products by school, for leaving schools out.
    pub(super) fn schools(&self, model: &Model<'_>) -> Schools {
        let codes = &self.frame.panel.school.codes;
        let mut dense = vec![u32::MAX; self.frame.panel.school.labels.len()];
        let mut count = 0;
        let rows: Vec<u32> = model
            .absorbed
            .rows()
            .iter()
            .map(|row| {
                let place = &mut dense[codes[*row as usize] as usize];
                if *place == u32::MAX {
                    *place = count;
                    count += 1;
                }
                *place
            })
            .collect();
        Schools {
            groups: model.absorbed.groups(&rows).ok(),
            count,
        }
    }

    /// Tries what only a difference must stand: one school or a few teachers may carry it, something unmeasured explain it.
    pub(super) fn check_differences(
        &self,
        model: &Model<'_>,
        schools: &Schools,
        outcome: &ReadyOutcome<'_>,
        answers: &mut [Answer],
    ) {
        for answer in answers.iter_mut() {
            if answer.adjusted.is_some_and(|e| !differs(e)) {
                answer.tried.extend(checks::nothing_to_try());
            }
        }
        if !answers.iter().any(|a| a.adjusted.is_some_and(differs)) {
            return;
        }
        let regressors = model.with_adjustment(&model.doses, &outcome.priors);
        let data = &model.absorbed;
        let y = outcome.y.name.as_str();
        let without: Vec<Vec<Option<f64>>> = (0..schools.count)
            .filter_map(|school| {
                let groups = schools.groups.as_ref()?;
                data.without(groups, &[school], y, &regressors).ok()
            })
            .collect();
        let cluster = self.comparison.cluster();
        let influence = data.influence(y, &regressors, cluster).ok();
        for answer in answers {
            let Some(adjusted) = answer.adjusted.filter(|e| differs(*e)) else {
                continue;
            };
            let dose = self.dose(answer.exposure);
            let Some(at) = regressors.iter().position(|name| *name == dose) else {
                continue;
            };
            let left: Vec<Option<f64>> = without.iter().map(|slopes| slopes[at]).collect();
            let exposed = answer.n.exposed_schools.unwrap_or(0);
            answer
                .tried
                .push(checks::leave_out(adjusted.estimate, &left, exposed));
            if let Some(influence) = &influence {
                let rest = self.without_outliers(model, influence, y, &regressors, dose, at);
                answer
                    .tried
                    .push(checks::outliers(adjusted.estimate, rest, cluster));
            }
            let tried = self.unmeasured(model, dose, outcome, &adjusted);
            answer.tried.extend(tried.unwrap_or_default());
        }
    }

    /// The slope once the clusters that pull hardest are left out.
    fn without_outliers(
        &self,
        model: &Model<'_>,
        influence: &Influence,
        y: &str,
        regressors: &[&str],
        dose: &str,
        at: usize,
    ) -> Option<f64> {
        let pulls = influence.of(dose)?;
        let (codes, levels) = model.absorbed.cluster(self.comparison.cluster())?;
        let mut order: Vec<usize> = (0..levels).collect();
        order.sort_by(|a, b| pulls[*b].abs().total_cmp(&pulls[*a].abs()).then(a.cmp(b)));
        let mut out = vec![false; levels];
        for cluster in order.iter().take(checks::hardest(levels)) {
            out[*cluster] = true;
        }
        let rows: Vec<u32> = codes
            .iter()
            .enumerate()
            .filter(|(_, code)| out[**code as usize])
            .map(|(row, _)| row as u32)
            .collect();
        model.absorbed.without_rows(&rows, y, regressors).ok()?[at]
    }

    fn unmeasured(
        &self,
        model: &Model<'_>,
        dose: &str,
        outcome: &ReadyOutcome<'_>,
        adjusted: &Estimate,
    ) -> Result<Option<Tried>, StatsError> {
        let others: Vec<&str> = model.doses.iter().copied().filter(|d| *d != dose).collect();
        let others = model.with_adjustment(&others, &outcome.priors);
        let mut all = vec![dose];
        all.extend(&others);
        let data = &model.absorbed;
        let classical = FitOptions::new(Vcov::Iid);
        let with_outcome = data.ols(&outcome.y.name, &all, &classical)?;
        let with_dose = data.ols(dose, &others, &classical).ok();
        let measured = model.with_adjustment(&[], &outcome.priors);
        let found = Confounding::of(&with_outcome, with_dose.as_ref(), dose, &measured);
        Ok(found.map(|found| checks::confounding(&found, adjusted)))
    }

    /// Who is missing, in all outcomes of the job: it depends on the students and the comparison only.
    pub(super) fn leaving(&self) -> Leaving {
        let panel = self.frame.panel;
        let members = members(panel, self.job.students());
        let outcomes = self.job.outcomes.iter();
        let outcomes: Vec<&Column<'_>> = outcomes
            .filter_map(|index| Some(&self.frame.outcome(*index)?.y))
            .collect();
        let doses: Vec<&Column<'_>> = self.beside.iter().map(|(_, ready)| &ready.d).collect();
        let covariates = covariates(panel, self.job.asks, &members);
        Leaving::of(
            self.frame,
            &members,
            self.comparison,
            &doses,
            &covariates,
            &outcomes,
        )
    }

    /// Whether the doses go with who is missing.
    pub(super) fn missing(&self, leaving: &Leaving, answers: &mut [Answer]) {
        for answer in answers.iter_mut().filter(|a| a.adjusted.is_some()) {
            let outcome = self.job.outcomes.iter().position(|o| *o == answer.outcome);
            let dose = self.beside.iter().position(|(i, _)| *i == answer.exposure);
            if let (Some(outcome), Some(dose)) = (outcome, dose) {
                answer.tried.push(leaving.judge(outcome, dose));
            }
        }
    }

    /// How many scores are the highest of their grade and year; only a test has a top.
    pub(super) fn ceiling(&self, outcome: &ReadyOutcome<'_>, rows: &[u32]) -> Option<Tried> {
        let named = &self.pipeline.outcomes[outcome.index];
        (named.domain == "achievement")
            .then(|| checks::ceiling(&outcome.y, &self.frame.grade_year, rows))
    }

    /// Where schools decide who takes part, tries answers that differ from zero by the path of those schools.
    pub(super) fn paths(&self, covariates: &[Column<'_>], answers: &mut [Answer]) {
        let differ = answers.iter().any(|a| a.adjusted.is_some_and(differs));
        if self.comparison == Comparison::WithinSchool || !differ {
            return;
        }
        let doses: Vec<&ReadyExposure<'_>> = self.beside.iter().map(|(_, ready)| *ready).collect();
        let mask = &self.sample.mask;
        let paths = checks::school_paths(self.frame, mask, &doses, covariates, self.outcomes);
        let Some(paths) = paths else {
            return;
        };
        let years = &self.frame.panel.school_year;
        let years = years.iter().max().zip(years.iter().min());
        let years = years.map_or(0, |(last, first)| last - first);
        for answer in answers {
            let Some(adjusted) = answer.adjusted.filter(|e| differs(*e)) else {
                continue;
            };
            let outcome = self.outcomes.iter().position(|o| o.index == answer.outcome);
            let dose = self.beside.iter().position(|(i, _)| *i == answer.exposure);
            let path = outcome.zip(dose).and_then(|(o, d)| paths[o][d]);
            let smallest = self.pipeline.outcomes[answer.outcome].smallest_difference;
            let tried = path.map(|path| checks::school_path(&path, &adjusted, years, smallest));
            answer.tried.extend(tried);
        }
    }

    /// Adds the placebo to this question's answers that have an estimate, as their second check.
    pub(super) fn placebo(&self, answers: &mut [Answer]) {
        let own = |answer: &Answer| {
            answer.adjusted.is_some()
                && self
                    .asked
                    .iter()
                    .any(|(index, _)| *index == answer.exposure)
                && self.outcomes.iter().any(|o| o.index == answer.outcome)
        };
        if !answers.iter().any(own) {
            return;
        }
        let covariates = covariates(self.frame.panel, self.job.asks, &self.sample.mask);
        let doses: Vec<(&Column<'_>, Option<&Column<'_>>)> = self
            .beside
            .iter()
            .map(|(_, ready)| (&ready.d, ready.lead.as_ref()))
            .collect();
        let outcomes: Vec<(&Column<'_>, &[Column<'_>])> = self
            .outcomes
            .iter()
            .map(|outcome| (&outcome.y, outcome.priors.as_slice()))
            .collect();
        let later = checks::later_estimates(
            self.frame,
            &self.sample.mask,
            self.comparison,
            &doses,
            &covariates,
            &outcomes,
        );
        for answer in answers.iter_mut().filter(|answer| own(answer)) {
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
                let dip = checks::dip(&later[outcome][dose], &adjusted, smallest);
                answer.tried.insert(2, dip);
            }
        }
    }
}

/// Whether an interval leaves out zero.
fn differs(estimate: Estimate) -> bool {
    estimate.lower > 0.0 || estimate.upper < 0.0
}
