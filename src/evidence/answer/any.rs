//! Any dose against none, beside the dose itself: all programs of the study as yes or no in one model. It asks less of the
//! data than a straight line in hours, and is wrong where hours matter; the distance between the two is part of what
//! the specifications show.

use throughline_model::pipeline::Design;

use super::alternatives::Alternatives;
use super::question::Question;
use super::reply::Answer;
use crate::association::{Model, judged};
use crate::finding::{DesignResult, Detail};
use crate::frame::Column;

impl Question<'_> {
    pub(super) fn any_against_none(
        &self,
        model: &mut Model<'_>,
        answers: &mut [Answer],
        alternatives: &mut Alternatives,
    ) {
        let means: Vec<Option<f64>> = self
            .asked
            .iter()
            .map(|(_, ready)| mean_of_sizes(ready.native, model.absorbed.rows()))
            .collect();
        if means.iter().all(Option::is_none) {
            return;
        }
        let columns: Vec<Column<'_>> = self
            .beside
            .iter()
            .map(|(_, ready)| {
                let name = format!("any {}", ready.d.name);
                Column::of(name, ready.native, |d| f64::from(d > 0.0))
            })
            .collect();
        let before = model.columns();
        if model.push(&columns.iter().collect::<Vec<_>>()).is_err() {
            return;
        }
        let names: Vec<&str> = columns.iter().map(|column| column.name.as_str()).collect();
        let effective: Vec<Option<f64>> = names
            .iter()
            .map(|name| model.effective_clusters(name, &names))
            .collect();
        for (o, outcome) in self.outcomes.iter().enumerate() {
            let fit = model.fit(&outcome.y.name, &names, &outcome.priors);
            for (e, (index, _)) in self.asked.iter().enumerate() {
                let beside = self.beside.iter().position(|(i, _)| i == index);
                let (Some(mean), Some(beside)) = (means[e], beside) else {
                    continue;
                };
                let at = self.at(e, o);
                let estimate = fit
                    .as_ref()
                    .ok()
                    .and_then(|fit| judged(fit, names[beside], effective[beside]));
                let per = self.pipeline.exposures[*index].per;
                if let Some(estimate) = estimate {
                    let as_dose = estimate.estimate * per / mean;
                    alternatives[at].push(("any dose against none", as_dose));
                }
                if self.allows(Design::PanelAssociation) {
                    let answer = &mut answers[at];
                    answer.designs.push(DesignResult {
                        design: Design::PanelAssociation,
                        contrast: "any against none".to_owned(),
                        estimate,
                        not_run: estimate
                            .is_none()
                            .then(|| "taking part does not differ enough".to_owned()),
                        n: answer.n.clone(),
                        checks: Vec::new(),
                        estimator: format!("{}, every program as any or none", answer.estimator),
                        detail: Detail::None,
                    });
                }
            }
        }
        model.forget(before);
    }
}

/// The mean of the doses above zero, where they have more than one size; otherwise any dose says what the dose says.
fn mean_of_sizes(dose: &[f64], rows: &[u32]) -> Option<f64> {
    let own = || {
        rows.iter()
            .map(|row| dose[*row as usize])
            .filter(|d| *d > 0.0)
    };
    let first = own().next()?;
    let (sum, count, differ) = own().fold((0.0, 0u64, false), |(sum, count, differ), d| {
        (sum + d, count + 1, differ || (d - first).abs() > 1e-9)
    });
    differ.then(|| sum / count as f64)
}
