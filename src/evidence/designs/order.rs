//! Which design speaks for a finding. The order is the pipeline's ([`Design::ALL`]) with one rule on top, written down before anything is
//! estimated: a draw speaks wherever there was one; staggered adoption speaks where whole schools take part at once, as they can only be compared with other schools;
//! where teachers take part, panel association speaks, which compares teachers with themselves; a matched comparison speaks where
//! doses do not differ within teachers. All others are told beside it.
//!
//! A contrast of two groups is spread evenly over the mean dose behind it, so that every finding is per the same dose.

use throughline_model::pipeline::{Design, Pipeline};

use super::told::Told;
use crate::answer::Answer;
use crate::checks::{self, Tried, Weight};
use crate::finding::{DesignResult, Detail, Estimate};
use crate::frame::Level;

/// Lets one design speak and moves what the others told into the answer, strongest first.
pub(crate) fn settle(pipeline: &Pipeline, answer: &mut Answer) {
    let study = &pipeline.studies[answer.study];
    let exposure = &pipeline.exposures[answer.exposure];
    let smallest = pipeline.outcomes[answer.outcome].smallest_difference;
    let told = std::mem::take(&mut answer.told);
    let panel = match study.designs.contains(&Design::PanelAssociation) {
        true => answer.adjusted,
        false => None,
    };
    let speaks = speaker(answer.level, panel.is_some(), &told);
    let mut others: Vec<(Design, Estimate)> = told
        .iter()
        .filter(|told| Some(told.result.design) != speaks)
        .filter(|told| !told.failed(Weight::Thin) && !told.failed(Weight::Decisive))
        .filter_map(|told| Some((told.result.design, told.per_dose()?)))
        .collect();
    if let Some(told) = told.iter().find(|told| Some(told.result.design) == speaks) {
        others.extend(panel.map(|panel| (Design::PanelAssociation, panel)));
        if study.designs.contains(&Design::PanelAssociation) {
            let contrast = format!("{} {} more", exposure.per, exposure.unit);
            answer.designs.push(beside(answer, contrast));
        }
        answer.design = told.result.design;
        answer.adjusted = told.per_dose();
        (answer.alone, answer.gap, answer.failure) = (None, None, None);
        answer.n = told.result.n.clone();
        answer.tried = told.tried.clone();
        answer.changing = told.changing;
        answer.cluster = told.cluster;
        answer.estimator = told.result.estimator.clone();
    } else {
        if panel.is_none() && answer.adjusted.take().is_some() {
            answer.failure = Some("none of the study's designs gives an estimate".to_owned());
        }
        answer.tried.extend(before(&told));
    }
    if let Some(adjusted) = &answer.adjusted {
        let tried = checks::designs_agree(adjusted, &others, smallest);
        answer.tried.push(tried);
    }
    answer.designs.extend(told.into_iter().map(|told| {
        let mut result = told.result;
        result.checks = told.tried.into_iter().map(|tried| tried.check).collect();
        result
    }));
    answer.designs.sort_by_key(|result| result.design);
}

/// The group comparison that speaks; `None`: panel association does.
fn speaker(level: Level, panel: bool, told: &[Told]) -> Option<Design> {
    let order = match (level, panel) {
        (Level::School, _) => [Design::Randomised, Design::StaggeredAdoption].as_slice(),
        (_, true) => &[Design::Randomised],
        (_, false) => &[
            Design::Randomised,
            Design::MatchedComparison,
            Design::StaggeredAdoption,
        ],
    };
    order.iter().copied().find(|design| {
        let mut told = told.iter();
        told.any(|told| told.result.design == *design && told.per_dose().is_some())
    })
}

/// Where teachers were on another path before they began, comparing them with themselves is no better: the failure counts for the
/// panel's estimate too.
fn before(told: &[Told]) -> Option<Tried> {
    let staggered = told
        .iter()
        .find(|told| told.result.design == Design::StaggeredAdoption)?;
    let decisive = |tried: &&Tried| tried.failed() && tried.weight == Weight::Decisive;
    let found = staggered.tried.iter().find(decisive)?;
    (!staggered.failed(Weight::Thin)).then(|| found.clone())
}

/// Panel association beside a design that speaks.
fn beside(answer: &Answer, contrast: String) -> DesignResult {
    DesignResult {
        design: Design::PanelAssociation,
        contrast,
        estimate: answer.adjusted,
        not_run: answer.failure.clone(),
        n: answer.n.clone(),
        checks: answer.tried.iter().map(|t| t.check.clone()).collect(),
        estimator: answer.estimator.clone(),
        detail: Detail::None,
    }
}
