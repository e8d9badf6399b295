//! Does the finding rest on one school? Each school is left out in turn and all slopes are found anew from the rows that
//! stay (cross products of all less those of the school). Effects of teachers and of school × year leave with their
//! school, so for them this is exact; effects of grade × year, and of teachers who worked in two schools, keep the value
//! they had with all schools. In drawn districts of 12 schools the share told here lies within two percentage points of what
//! removing those effects again gives (`tests/planted.rs`).
//!
//! Only the share of the estimate that stays is told: the estimate itself, printed with and without a school, would give that
//! school away.

use super::{Tried, Weight};
use crate::words::percent;

pub(super) const NAME: &str = "each school left out in turn";
/// A finding that loses more than half of itself with one school is that school's.
const LEAST_LEFT: f64 = 0.5;

/// `without`: the estimate without each school, `None` where nothing is left of the dose; `exposed`: schools with any dose.
pub(crate) fn leave_out(all: f64, without: &[Option<f64>], exposed: u64) -> Tried {
    if exposed < 3 || without.len() < 3 {
        return Tried::not_run(NAME, "too few schools have any difference in dose");
    }
    let left = without
        .iter()
        .map(|estimate| estimate.map_or(0.0, |estimate| estimate / all))
        .fold(f64::INFINITY, f64::min);
    let reason = if left > 0.0 {
        format!(
            "whichever school is left out, at least {} of the difference stays ({} needed)",
            percent(left),
            percent(LEAST_LEFT)
        )
    } else {
        "without one of the schools the difference is gone or points the other way".to_owned()
    };
    Tried::judged(NAME, left >= LEAST_LEFT, Weight::Serious, reason)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::CheckOutcome;

    #[test]
    fn one_school_that_carries_the_finding_is_noticed() {
        let even = leave_out(0.2, &[Some(0.19), Some(0.22), Some(0.17)], 3);
        assert_eq!(even.check.outcome, CheckOutcome::Passed);
        assert!(even.check.reason.contains("85 %"), "{}", even.check.reason);
        let one = leave_out(0.2, &[Some(0.02), Some(0.22), Some(0.21)], 3);
        assert_eq!(one.check.outcome, CheckOutcome::Failed);
        let turned = leave_out(-0.2, &[Some(0.02), Some(-0.22), Some(-0.21)], 3);
        assert!(turned.check.reason.contains("points the other way"));
        let only = leave_out(0.2, &[None, Some(0.2), Some(0.2)], 3);
        assert_eq!(only.check.outcome, CheckOutcome::Failed);
    }

    #[test]
    fn two_schools_are_too_few_to_leave_one_out() {
        let tried = leave_out(0.2, &[Some(0.1), Some(0.3)], 2);
        assert_eq!(tried.check.outcome, CheckOutcome::NotRun);
    }
}
