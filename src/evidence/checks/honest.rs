//! What if those who began were drifting? The interval is widened to hold if, after the beginning, paths part from year to year by as much as
//! they did at most before (Rambachan and Roth 2023, relative magnitudes, M = 1). Where whole schools begin, nothing else tells a program
//! from schools that were improving anyway, so that a failure leaves no claim of *better*; teachers are also compared within school × year.

use super::{Tried, Weight};
use crate::finding::{CheckOutcome, Estimate, HonestInterval};
use crate::words::sd;

const NAME: &str = "drift after as large as before";

pub(crate) fn honest(overall: &Estimate, intervals: &[HonestInterval], school: bool) -> Tried {
    if overall.lower <= 0.0 && overall.upper >= 0.0 {
        return Tried::not_run(NAME, "there is no difference to try");
    }
    // They stop at the first that holds zero.
    let Some(found) = intervals.iter().rfind(|interval| interval.m <= 1.0) else {
        let why = "fewer than three school years before the beginning, or a subgroup";
        return Tried::new(NAME, CheckOutcome::NotRun, Weight::Serious, why);
    };
    let weight = if school {
        Weight::Open
    } else {
        Weight::Serious
    };
    let passed = found.lower > 0.0 || found.upper < 0.0;
    let reason = format!(
        "if paths part after the beginning by {} as they did at most before, the interval is {} to {} SD",
        if found.m < 1.0 {
            "half as much"
        } else {
            "as much"
        },
        sd(found.lower),
        sd(found.upper),
    );
    Tried::judged(NAME, passed, weight, reason)
}
