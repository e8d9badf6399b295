//! How outcomes differ by size of dose, for everyone: bins, which hide nothing, and a smooth curve with its bands. Both take
//! the place of the dose in the shared model, beside the other programs and with everything it adjusts for.

use throughline_model::pipeline::Design;

use super::question::Question;
use super::reply::{Answer, Answered};
use crate::association::Model;
use crate::dose::Sizes;
use crate::finding::{DesignResult, Detail};
use crate::frame::Column;
use crate::spline::Spline;
use crate::words::number;

impl Question<'_> {
    pub(super) fn curves(
        &self,
        model: &mut Model<'_>,
        answers: &mut [Answer],
        answered: &mut Answered,
    ) {
        if !self.everyone() {
            return;
        }
        for place in 0..self.asked.len() {
            self.bins(model, place, answered);
            if self.allows(Design::DoseResponse) {
                self.smooth(model, place, answers);
            }
        }
    }

    fn bins(&self, model: &mut Model<'_>, place: usize, answered: &mut Answered) {
        let (index, ready) = self.asked[place];
        let Some(bins) = &ready.bins else {
            return;
        };
        let columns = bins.columns(ready.native);
        let before = model.columns();
        if model.push(&columns.iter().collect::<Vec<_>>()).is_err() {
            return;
        }
        let sizes = Sizes::new(
            &self.pipeline.exposures[index],
            &ready.d.name,
            (bins, &columns),
            model,
            self.frame.panel,
            ready.native,
        );
        for outcome in self.outcomes {
            let named = &self.pipeline.outcomes[outcome.index];
            // A curve that cannot be estimated is not drawn; the finding beside it says why.
            if let Ok(curve) = sizes.curve(model, outcome, named) {
                answered.curves.push((index, outcome.index, curve));
            }
        }
        model.forget(before);
    }

    fn smooth(&self, model: &mut Model<'_>, place: usize, answers: &mut [Answer]) {
        let (index, ready) = self.asked[place];
        let spline = match Spline::choose(&ready.d.name, ready.native, model.absorbed.rows()) {
            Ok(spline) => spline,
            // Yes or no has no curve, and nobody misses one.
            Err(None) => return,
            Err(Some(reason)) => {
                for o in 0..self.outcomes.len() {
                    let answer = &mut answers[self.at(place, o)];
                    let result = self.dose_response(answer, &reason, Detail::None);
                    answer.designs.push(result);
                }
                return;
            }
        };
        let columns: Vec<Column<'_>> = spline.columns(ready.native);
        let before = model.columns();
        let pushed = model.push(&columns.iter().collect::<Vec<_>>());
        for (o, outcome) in self.outcomes.iter().enumerate() {
            let better = self.pipeline.outcomes[outcome.index].higher_is_better;
            let curve = match &pushed {
                Ok(()) => spline.curve(model, ready, outcome, better),
                Err(error) => Err(error.to_string()),
            };
            let answer = &mut answers[self.at(place, o)];
            let result = match curve {
                Err(reason) => self.dose_response(answer, &reason, Detail::None),
                Ok(curve) => {
                    let last = curve.points.last().copied();
                    let mut result = self.dose_response(answer, "", Detail::Curve(curve));
                    if let Some(last) = last {
                        let unit = &self.pipeline.exposures[index].unit;
                        result.contrast = format!("{} {unit} against none", number(last.dose, 0));
                        result.estimate = Some(last.effect);
                        result.not_run = None;
                    }
                    result
                }
            };
            answer.designs.push(result);
        }
        if pushed.is_ok() {
            model.forget(before);
        }
    }

    fn dose_response(&self, answer: &Answer, reason: &str, detail: Detail) -> DesignResult {
        DesignResult {
            design: Design::DoseResponse,
            contrast: "along the dose".to_owned(),
            estimate: None,
            not_run: Some(reason.to_owned()),
            n: answer.n.clone(),
            checks: Vec::new(),
            estimator: format!(
                "{}, the dose as a natural cubic spline with knots at quantiles of the doses above zero; uniform band by the largest |t|",
                answer.estimator
            ),
            detail,
        }
    }
}
