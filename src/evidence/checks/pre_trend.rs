//! Were those who began on another path before? All years before the beginning are tested together. A pass of a test that finds little
//! says little, so the reason prints what it would have found (Roth 2022); a failure needs p < 0.01 and a difference that
//! matters, so that a run of many findings condemns few by chance, and a large district none over a trifle.

use super::{Tried, Weight};
use crate::designs::{Before, LEVEL};
use crate::finding::CheckOutcome;
use crate::words::{chance, sd};

const NAME: &str = "the same path before it began";

pub(crate) fn pre_trend(before: &Result<Before, String>, smallest: f64) -> Tried {
    let before = match before {
        Ok(before) => before,
        // What could not be tried still weighs: the grade takes a mark for it.
        Err(why) => {
            return Tried::new(NAME, CheckOutcome::NotRun, Weight::Decisive, why.clone());
        }
    };
    let passed = before.p >= LEVEL || before.largest < smallest / 2.0;
    let reason = format!(
        "before the beginning paths part by up to {} SD, {} SD a year ({}; a failure needs p below {LEVEL} and {} SD); a drift of {} SD a year would be noticed four times in five",
        sd(before.largest),
        sd(before.drift),
        chance("p", before.p),
        sd(smallest / 2.0),
        sd(before.detectable),
    );
    Tried::judged(NAME, passed, Weight::Decisive, reason)
}
