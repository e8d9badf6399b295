//! How strong the evidence is, whatever it says: five marks, and the reason for each that is lost.
//!
//! Under the Every Student Succeeds Act (20 USC 7801(21)(A)) tier 3 asks for a statistically significant positive effect from a
//! well-designed correlational study with statistical controls for selection bias. A district's own association can be a
//! *candidate* for that at most, and only where the verdict is *helped*. One mark is always lost here: nobody drew lots.

use crate::checks::{Tried, Weight};
use crate::finding::{CheckOutcome, Counts, Grade, Verdict};

/// ESSA's tiers 1 and 2 want a sample of this size; below it, no tier is comfortable.
const LARGE_STUDENTS: u64 = 350;
const LARGE_SCHOOLS: u64 = 2;
const MOST: u8 = 5;

pub(crate) fn grade(
    verdict: Verdict,
    estimated: bool,
    has_prior: bool,
    tried: &[Tried],
    n: &Counts,
) -> Grade {
    let mut lost: Vec<String> = Vec::new();
    if !estimated {
        return Grade {
            essa_candidate: None,
            marks: 0,
            lost: vec!["there is no estimate".to_owned()],
        };
    }
    lost.push(
        "an association in one district: nobody drew lots, and no matched group stands beside it"
            .to_owned(),
    );
    if !has_prior {
        lost.push("no outcome from the school year before to adjust for".to_owned());
    }
    if n.students < LARGE_STUDENTS || n.schools < LARGE_SCHOOLS {
        lost.push(format!(
            "fewer than {LARGE_STUDENTS} students or {LARGE_SCHOOLS} schools"
        ));
    }
    let decisive = tried
        .iter()
        .any(|tried| tried.failed() && tried.weight == Weight::Decisive);
    for tried in tried {
        match tried.check.outcome {
            CheckOutcome::Passed => {}
            CheckOutcome::Failed if tried.weight == Weight::Decisive => {
                lost.push(format!("failed: {} (takes every mark)", tried.check.name));
            }
            CheckOutcome::Failed => lost.push(format!("failed: {}", tried.check.name)),
            CheckOutcome::NotRun if tried.weight == Weight::Decisive => {
                lost.push(format!("could not be checked: {}", tried.check.name));
            }
            CheckOutcome::NotRun => {}
        }
    }
    if verdict == Verdict::CannotTellYet {
        lost.push("the interval is too wide, or rests on too few, to tell".to_owned());
    }
    let count = u8::try_from(lost.len()).unwrap_or(MOST).min(MOST);
    Grade {
        essa_candidate: (verdict == Verdict::Helped).then_some(3),
        marks: if decisive { 0 } else { MOST - count },
        lost,
    }
}
