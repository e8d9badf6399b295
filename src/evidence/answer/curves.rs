//! How outcomes differ by size of dose, for everyone: bins, which hide nothing, and a smooth curve with its bands. Both take
//! the place of the dose in the shared model, beside the other programs and with everything it adjusts for.

use rayon::prelude::*;
use throughline_model::pipeline::Design;

use super::question::Question;
use super::reply::{Answer, Answered};
use crate::association::Model;
use crate::dose::Sizes;
use crate::finding::{Curve, DesignResult, Detail, DoseCurve};
use crate::frame::Column;
use crate::spline::Spline;
use crate::words::number;

/// Exposures whose columns are in the model at once: enough to keep all cores busy, few enough to take little memory.
const AT_ONCE: usize = 4;

/// One exposure's extra columns.
struct Drawn<'d> {
    place: usize,
    sizes: Vec<Column<'d>>,
    spline: Option<Result<Spline, String>>,
}

/// What they give, by outcome.
type Found = (Option<DoseCurve>, Option<DesignResult>);

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
        let places: Vec<usize> = (0..self.asked.len()).collect();
        for places in places.chunks(AT_ONCE) {
            let rows = model.absorbed.rows();
            let drawn: Vec<Drawn<'_>> = places.par_iter().map(|e| self.drawn(*e, rows)).collect();
            let bases: Vec<Column<'_>> = drawn
                .iter()
                .filter_map(|d| Some((d, d.spline.as_ref()?.as_ref().ok()?)))
                .flat_map(|(d, spline)| spline.columns(self.asked[d.place].1.native))
                .collect();
            let sizes = drawn.iter().flat_map(|d| &d.sizes);
            let columns: Vec<&Column<'_>> = sizes.chain(&bases).collect();
            let before = model.columns();
            // Columns that cannot be added draw nothing; the finding beside them says why.
            if model.push(&columns).is_err() {
                continue;
            }
            let shared: &Model<'_> = model;
            let found: Vec<Vec<Found>> = drawn
                .par_iter()
                .map(|drawn| self.along(shared, drawn, answers))
                .collect();
            model.forget(before);
            for (e, by_outcome) in places.iter().zip(found) {
                for (o, (curve, result)) in by_outcome.into_iter().enumerate() {
                    let answer = &mut answers[self.at(*e, o)];
                    answer.designs.extend(result);
                    let key = (answer.exposure, answer.outcome);
                    answered
                        .curves
                        .extend(curve.map(|curve| (key.0, key.1, curve)));
                }
            }
        }
    }

    fn drawn(&self, place: usize, rows: &[u32]) -> Drawn<'_> {
        let ready = self.asked[place].1;
        let bins = ready.bins.as_ref();
        // Yes or no has no curve, and nobody misses one.
        let spline = match Spline::choose(&ready.d.name, ready.native, rows) {
            _ if !self.allows(Design::DoseResponse) => None,
            Ok(spline) => Some(Ok(spline)),
            Err(reason) => reason.map(Err),
        };
        Drawn {
            place,
            sizes: bins.map_or(Vec::new(), |bins| bins.columns(ready.native)),
            spline,
        }
    }

    fn along(&self, model: &Model<'_>, drawn: &Drawn<'_>, answers: &[Answer]) -> Vec<Found> {
        let (index, ready) = self.asked[drawn.place];
        let exposure = &self.pipeline.exposures[index];
        let sizes = ready.bins.as_ref().map(|bins| {
            let bins = (bins, drawn.sizes.as_slice());
            let panel = self.frame.panel;
            Sizes::new(exposure, &ready.d.name, bins, model, panel, ready.native)
        });
        let effective = model.effective_clusters(&ready.d.name, &model.doses);
        self.outcomes
            .iter()
            .enumerate()
            .map(|(o, outcome)| {
                let named = &self.pipeline.outcomes[outcome.index];
                let curve = sizes
                    .as_ref()
                    .and_then(|sizes| sizes.curve(model, outcome, named).ok());
                let answer = &answers[self.at(drawn.place, o)];
                let result = drawn.spline.as_ref().map(|spline| {
                    let curve = match spline {
                        Err(reason) => Err(reason.clone()),
                        Ok(spline) => {
                            let better = named.higher_is_better;
                            spline.curve(model, ready, outcome, effective, better)
                        }
                    };
                    self.smooth(answer, &exposure.unit, curve)
                });
                (curve, result)
            })
            .collect()
    }

    fn smooth(&self, answer: &Answer, unit: &str, curve: Result<Curve, String>) -> DesignResult {
        let curve = match curve {
            Err(reason) => return self.dose_response(answer, &reason, Detail::None),
            Ok(curve) => curve,
        };
        let last = curve.points.last().copied();
        let mut result = self.dose_response(answer, "", Detail::Curve(curve));
        if let Some(last) = last {
            result.contrast = format!("{} {unit} against none", number(last.dose, 0));
            result.estimate = Some(last.effect);
            result.not_run = None;
        }
        result
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
