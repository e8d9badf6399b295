//! What is tried against an estimate. Each check looks at data, gives a pass, a fail or the reason it could not be run, and
//! carries how much a failure weighs: the table of `verdict` says what follows from each weight.

mod began;
mod both_sides;
mod ceiling;
mod clusters;
mod concurrent;
mod confounding;
mod controls;
mod designs_agree;
mod dip;
mod equivalence;
mod honest;
mod later_dose;
mod leave_out;
mod leaving;
mod lost;
mod negative_control;
mod neighbours;
mod outliers;
mod overlap;
mod pre_trend;
mod rows;
mod same_direction;
mod school_path;
mod school_trend;
mod specification;
mod temporal;

pub(crate) use began::began;
pub(crate) use both_sides::both_sides;
pub(crate) use ceiling::ceiling;
pub(crate) use clusters::clusters;
pub(crate) use concurrent::concurrent;
pub(crate) use confounding::{Confounding, confounding};
pub(crate) use controls::controls;
pub(crate) use designs_agree::designs_agree;
pub(crate) use dip::dip;
pub(crate) use equivalence::equivalence;
pub(crate) use honest::honest;
pub(crate) use later_dose::{later_dose, later_estimates};
pub(crate) use leave_out::leave_out;
pub(crate) use leaving::Leaving;
pub(crate) use lost::lost;
pub(crate) use negative_control::{Control, negative_control};
pub(crate) use neighbours::neighbours;
pub(crate) use outliers::{hardest, outliers};
pub(crate) use overlap::{LEAST_CLUSTERS, overlap};
pub(crate) use pre_trend::pre_trend;
pub(crate) use rows::{linked, used};
pub(crate) use same_direction::same_direction;
pub(crate) use school_path::{school_path, school_paths};
pub(crate) use school_trend::school_trend;
pub(crate) use specification::specification;
pub(crate) use temporal::temporal;

use serde::{Deserialize, Serialize};

use crate::finding::{Check, CheckOutcome};

/// What only a difference must stand, where there is none.
pub(crate) fn nothing_to_try() -> impl Iterator<Item = Tried> {
    let names = [
        leave_out::NAME,
        outliers::NAME,
        confounding::NAME,
        specification::NAME,
    ];
    names
        .into_iter()
        .map(|name| Tried::not_run(name, "there is no difference to try"))
}

/// What a failure takes from a finding.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) enum Weight {
    /// A mark.
    Minor,
    /// A mark, and the word *helped*.
    Serious,
    /// A mark, and every claim of *better*: something else that it could be is not ruled out.
    Open,
    /// All claims: there is too little to say anything.
    Thin,
    /// All credibility.
    Decisive,
}

/// A check that was tried, and what its failure would weigh.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Tried {
    pub(crate) check: Check,
    pub(crate) weight: Weight,
}

impl Tried {
    pub(crate) fn new(
        name: &str,
        outcome: CheckOutcome,
        weight: Weight,
        reason: impl Into<String>,
    ) -> Self {
        Self {
            check: Check {
                name: name.to_owned(),
                outcome,
                reason: reason.into(),
            },
            weight,
        }
    }

    pub(crate) fn judged(name: &str, passed: bool, weight: Weight, reason: String) -> Self {
        let outcome = if passed {
            CheckOutcome::Passed
        } else {
            CheckOutcome::Failed
        };
        Self::new(name, outcome, weight, reason)
    }

    pub(crate) fn not_run(name: &str, reason: impl Into<String>) -> Self {
        Self::new(name, CheckOutcome::NotRun, Weight::Minor, reason)
    }

    pub(crate) fn failed(&self) -> bool {
        self.check.outcome == CheckOutcome::Failed
    }
}
