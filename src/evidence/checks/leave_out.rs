//! Does the finding rest on one school? Each school is left out in turn. The nuisance slopes and effects stay as they
//! were with all schools, so that one pass is enough: with `d̃` and `ỹ` what is left of dose and outcome,
//! the estimate without school s is `Σ₋ₛ d̃ỹ / Σ₋ₛ d̃²` (Frisch–Waugh–Lovell). Only the share of the estimate
//! that stays is told: the estimate itself, printed with and without a school, would give that school away.

use throughline_model::panel::NO_CODE;

use super::{Tried, Weight};
use crate::words::percent;

const NAME: &str = "each school left out in turn";
/// A finding that loses more than half of itself with one school is that school's.
const LEAST_LEFT: f64 = 0.5;

/// `dose` and `outcome` residuals and the `school` of each row used.
pub(crate) fn leave_out(dose: &[f64], outcome: &[f64], school: &[u32]) -> Tried {
    let size = school.iter().filter(|s| **s != NO_CODE).max();
    let mut sums = vec![(0.0, 0.0); size.map_or(0, |m| *m as usize + 1)];
    for ((d, y), s) in dose.iter().zip(outcome).zip(school) {
        if let Some((dy, dd)) = sums.get_mut(*s as usize) {
            *dy += d * y;
            *dd += d * d;
        }
    }
    let (dy, dd) = sums
        .iter()
        .fold((0.0, 0.0), |(a, b), (dy, dd)| (a + dy, b + dd));
    let schools: Vec<_> = sums.into_iter().filter(|(_, d)| *d > 0.0).collect();
    if schools.len() < 3 {
        return Tried::not_run(NAME, "too few schools have any difference in dose");
    }
    let all = dy / dd;
    let left = schools
        .iter()
        .map(|(y, d)| {
            if dd - d > 1e-12 * dd {
                (dy - y) / (dd - d) / all
            } else {
                0.0
            }
        })
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
        let school = [0, 0, 1, 1, 2, 2, 3, 3];
        let dose = [-1.0, 1.0, -1.0, 1.0, -1.0, 1.0, -1.0, 1.0];
        let spread: Vec<f64> = dose.iter().map(|d| 0.2 * d).collect();
        assert_eq!(
            leave_out(&dose, &spread, &school).check.outcome,
            CheckOutcome::Passed
        );
        let mut carried = vec![0.0; 8];
        carried[0] = -1.0;
        carried[1] = 1.0;
        assert_eq!(
            leave_out(&dose, &carried, &school).check.outcome,
            CheckOutcome::Failed
        );
    }

    #[test]
    fn two_schools_are_too_few_to_tell() {
        let tried = leave_out(&[-1.0, 1.0, 1.0], &[0.1, 0.2, 0.3], &[0, 0, 1]);
        assert_eq!(tried.check.outcome, CheckOutcome::NotRun);
    }
}
