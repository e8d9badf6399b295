//! Training and tool together: does the tool go with more where teachers were trained? For each declared pair the model
//! gains two columns: whether the second was taken at all, and the dose of the first where it was. The slope of the first is
//! then what it goes with where nobody was trained, the slope of the product what training adds.

use throughline_model::pipeline::Design;
use throughline_stats::Fit;

use super::question::Question;
use super::reply::Answer;
use crate::association::{Model, judged, with_df};
use crate::checks;
use crate::counts::count;
use crate::finding::{DesignResult, Detail, Estimate, Joint, Named};
use crate::frame::{Column, ReadyExposure};
use crate::words::{Floors, dose};

impl Question<'_> {
    pub(super) fn together(&self, model: &mut Model<'_>, answers: &mut [Answer]) {
        if !self.allows(Design::TrainingWithTool) {
            return;
        }
        for &(first, second) in &self.job.asks.pairs {
            let place = self.asked.iter().position(|(index, _)| *index == first);
            if let (Some(place), Some(partner)) = (place, self.frame.exposure(second)) {
                self.pair(model, answers, place, (second, partner));
            }
        }
    }

    fn pair(
        &self,
        model: &mut Model<'_>,
        answers: &mut [Answer],
        place: usize,
        (second, partner): (usize, &ReadyExposure<'_>),
    ) {
        let (first, ready) = self.asked[place];
        let (exposure, training) = (
            &self.pipeline.exposures[first],
            &self.pipeline.exposures[second],
        );
        let with = partner.native;
        let trained = |d: f64| f64::from(d > 0.0);
        let any = Column::of(format!("any {}", training.id), with, trained);
        let product = Column::new(
            format!("{} with {}", exposure.id, training.id),
            with.len(),
            |row| ready.d.at(row) * trained(with[row]),
        );
        let before = model.columns();
        let pushed = model.push(&[&any, &product]);
        let mut regressors = model.doses.clone();
        regressors.extend([any.name.as_str(), product.name.as_str()]);
        let effective = model.effective_clusters(&product.name, &regressors);
        // Who used the tool: with training (exposed) and without (the comparison). Others only steady the rest of the model.
        let rows: Vec<u32> = model
            .absorbed
            .rows()
            .iter()
            .copied()
            .filter(|row| ready.native[*row as usize] > 0.0)
            .collect();
        let n = count(self.frame.panel, &rows, with, Vec::new());
        let floors = Floors::of(&self.pipeline.privacy);
        let changing = crate::counts::changing(&self.frame.panel.teacher, &rows, with);
        for (o, outcome) in self.outcomes.iter().enumerate() {
            let fit = match &pushed {
                Ok(()) => model.fit(&outcome.y.name, &regressors, &outcome.priors),
                Err(error) => Err(error.clone()),
            };
            let joint = fit.as_ref().ok().and_then(|fit| {
                let named = Named {
                    id: training.id.clone(),
                    label: training.label.clone(),
                };
                joint(fit, &ready.d.name, &product.name, effective, named)
            });
            let not_run = match (&joint, &fit) {
                (Some(_), _) => None,
                (None, Err(error)) => Some(error.to_string()),
                (None, Ok(_)) => {
                    Some("too few used the tool both with and without the training".to_owned())
                }
            };
            let answer = &mut answers[self.at(place, o)];
            answer.designs.push(DesignResult {
                design: Design::TrainingWithTool,
                contrast: format!(
                    "{} of {}, with {} against without",
                    dose(exposure),
                    exposure.label,
                    training.label
                ),
                estimate: joint.as_ref().map(|joint| joint.difference),
                not_run,
                n: n.clone(),
                checks: effective
                    .map(|e| checks::overlap(changing, e, self.comparison.cluster(), floors).check)
                    .into_iter()
                    .collect(),
                estimator: format!(
                    "{}, with an indicator of {} and its product with the dose",
                    answer.estimator, training.label
                ),
                detail: joint.map_or(Detail::None, Detail::Joint),
            });
        }
        if pushed.is_ok() {
            model.forget(before);
        }
    }
}

fn joint(
    fit: &Fit,
    alone: &str,
    product: &str,
    effective: Option<f64>,
    with: Named,
) -> Option<Joint> {
    let difference = judged(fit, product, Some(effective?))?;
    let without = judged(fit, alone, effective)?;
    let at = |term: &str| fit.coefficients.iter().position(|c| c.term == term);
    let (a, b, p) = (at(alone)?, at(product)?, fit.coefficients.len());
    let covariance = |i: usize, j: usize| fit.covariance[i * p + j];
    let variance = covariance(a, a) + covariance(b, b) + 2.0 * covariance(a, b);
    Some(Joint {
        with,
        without,
        together: sum(&without, &difference, variance.max(0.0).sqrt()),
        difference,
    })
}

fn sum(one: &Estimate, other: &Estimate, se: f64) -> Estimate {
    with_df(one.estimate + other.estimate, se, one.df.min(other.df))
}
