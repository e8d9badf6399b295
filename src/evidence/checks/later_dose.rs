//! The placebo: training that came later must not go with this year's outcome. Where it does, teachers (or their results)
//! were already on the move: assigned after a bad year, or volunteering while improving.
//!
//! The later doses of all programs enter the same model beside the doses themselves. What "later" is depends on the
//! window. After a same-year dose comes the next school year's: it cannot have worked yet, and any association
//! speaks against the finding. After a prior-year or to-date dose comes what was taken during the outcome's own year, which
//! might work at once: an association in the direction of the finding then only takes the word *helped*; one against
//! it, the mark of a dip that training followed, is decisive.
//!
//! False alarms: a failure needs p < 0.01 after Holm over the study's programs, and a size that matters, so that a run
//! of many findings condemns few by chance, and a large district none over a trifle.

use throughline_model::pipeline::Window;
use throughline_stats::multiplicity::holm;

use super::{Tried, Weight};
use crate::association::{Comparison, Model, judged};
use crate::finding::{CheckOutcome, Estimate};
use crate::frame::{Column, Frame};
use crate::words::{chance, sd};

const NAME: &str = "training that came later";
const LEVEL: f64 = 0.01;

/// What went with later doses: one entry a dose of the model.
pub(crate) type Later = Vec<Result<(Estimate, f64), String>>;

/// Estimates all later doses at once for each outcome: for each outcome, for each dose of `doses`, the estimate and its p-value
/// after Holm, or why there is none.
pub(crate) fn later_estimates(
    frame: &Frame<'_>,
    mask: &[bool],
    comparison: Comparison,
    doses: &[(&Column<'_>, Option<&Column<'_>>)],
    covariates: &[Column<'_>],
    outcomes: &[(&Column<'_>, &[Column<'_>])],
) -> Vec<Later> {
    let all_fail = |reason: &str| -> Vec<Later> {
        let none = || Err(reason.to_owned());
        outcomes
            .iter()
            .map(|_| doses.iter().map(|_| none()).collect())
            .collect()
    };
    let leads: Vec<&Column<'_>> = doses.iter().filter_map(|(_, lead)| *lead).collect();
    if leads.is_empty() {
        return all_fail("no later dose is known");
    }
    let mask: Vec<bool> = mask
        .iter()
        .enumerate()
        .map(|(row, used)| *used && leads.iter().all(|lead| !lead.at(row).is_nan()))
        .collect();
    if !mask.contains(&true) {
        return all_fail("no school year has a known later dose");
    }
    let now: Vec<&Column<'_>> = doses.iter().map(|(dose, _)| *dose).collect();
    let mut others = leads.clone();
    for (outcome, priors) in outcomes {
        others.push(outcome);
        others.extend(priors.iter());
    }
    let model = match Model::new(frame, &mask, comparison, &now, covariates, &others) {
        Ok(model) => model,
        Err(error) => return all_fail(&error.to_string()),
    };
    let names: Vec<&str> = now
        .iter()
        .chain(&leads)
        .map(|column| column.name.as_str())
        .collect();
    let effective: Vec<Option<f64>> = doses
        .iter()
        .map(|(_, lead)| model.effective_clusters(&(*lead)?.name, &names))
        .collect();
    outcomes
        .iter()
        .map(|(outcome, priors)| one(&model, outcome, priors, doses, &names, &effective))
        .collect()
}

fn one(
    model: &Model<'_>,
    outcome: &Column<'_>,
    priors: &[Column<'_>],
    doses: &[(&Column<'_>, Option<&Column<'_>>)],
    names: &[&str],
    effective: &[Option<f64>],
) -> Later {
    let fit = match model.fit(&outcome.name, names, priors) {
        Ok(fit) => fit,
        Err(error) => return doses.iter().map(|_| Err(error.to_string())).collect(),
    };
    let estimates: Vec<Result<Estimate, String>> = doses
        .iter()
        .zip(effective)
        .map(|((_, lead), effective)| {
            let lead = lead.ok_or("no later dose is known")?;
            let enough = effective.is_some_and(|e| e >= super::LEAST_CLUSTERS);
            judged(&fit, &lead.name, *effective)
                .filter(|_| enough)
                .ok_or_else(|| "too few later doses differ".to_owned())
        })
        .collect();
    let p: Vec<f64> = estimates
        .iter()
        .map(|e| e.as_ref().map_or(f64::NAN, |e| e.p))
        .collect();
    estimates
        .into_iter()
        .zip(holm(&p))
        .map(|(estimate, p)| Ok((estimate?, p)))
        .collect()
}

/// Judges one later dose beside the finding's own estimate.
pub(crate) fn later_dose(
    later: &Result<(Estimate, f64), String>,
    adjusted: &Estimate,
    window: Window,
    smallest: f64,
) -> Tried {
    let (estimate, p) = match later {
        Ok(found) => found,
        // What could not be tried still weighs: the grade takes a mark for it.
        Err(reason) => {
            return Tried::new(NAME, CheckOutcome::NotRun, Weight::Decisive, reason.clone());
        }
    };
    let when = match window {
        Window::SameYear => "next school year",
        Window::PriorYear | Window::ToDate => "during the outcome's own school year",
    };
    let passed = *p >= LEVEL || estimate.estimate.abs() < smallest / 2.0;
    let against = estimate.estimate * adjusted.estimate < 0.0;
    let weight = if window == Window::SameYear || against {
        Weight::Decisive
    } else {
        Weight::Serious
    };
    let reason = format!(
        "doses taken {when} go with {} SD in this year's outcome ({} after Holm; a failure needs p below {LEVEL} and {} SD)",
        sd(estimate.estimate),
        chance("p", *p),
        sd(smallest / 2.0),
    );
    Tried::judged(NAME, passed, weight, reason)
}
