//! Does the program seem to move what it cannot move? The study names outcomes that no program can plausibly reach; where one
//! goes with them all the same, the comparison carries something else, and nothing tells how much of that is in
//! the other estimates.
//!
//! Decisive, like training that came later: the same comparison is seen to find what is not there. So a failure needs p < 0.01
//! after Holm over the study's programs and the outcome's smallest difference that matters, halved.

use super::{Tried, Weight};
use crate::finding::Estimate;
use crate::words::{chance, sd};

const NAME: &str = "an outcome it cannot move";
const LEVEL: f64 = 0.01;

/// What went with one control outcome.
pub(crate) struct Control<'a> {
    pub(crate) label: &'a str,
    pub(crate) estimate: Estimate,
    /// After Holm over the study's programs.
    pub(crate) p: f64,
    /// The outcome's smallest difference that matters.
    pub(crate) smallest: f64,
}

/// `named`: how many such outcomes the study names.
pub(crate) fn negative_control(named: usize, found: &[Control<'_>]) -> Tried {
    if found.is_empty() {
        let why = match named {
            0 => "the study names no such outcome",
            _ => "the control outcome could not be estimated",
        };
        return Tried::not_run(NAME, why);
    }
    let passes = |c: &Control<'_>| c.p >= LEVEL || c.estimate.estimate.abs() < c.smallest / 2.0;
    let told: Vec<String> = found
        .iter()
        .map(|control| {
            format!(
                "{} SD in {} ({} after Holm; a failure needs p below {LEVEL} and {} SD)",
                sd(control.estimate.estimate),
                control.label,
                chance("p", control.p),
                sd(control.smallest / 2.0),
            )
        })
        .collect();
    let reason = format!("the dose goes with {}", told.join(", "));
    let passed = found.iter().all(passes);
    Tried::judged(NAME, passed, Weight::Decisive, reason)
}
