//! Did training follow a dip (Ashenfelter 1978)? Who is sent to a program after a bad year does better in the next by itself, and a
//! teacher's few years cannot average that away: beside their own bad year any other looks good. The later dose (see
//! `later_dose`) shows it: students of those who were about to take the program did worse. Where they surely did not, nothing is said;
//! a failure needs p < 0.05 against the finding's own direction and a size that matters. That is less than the placebo asks for
//! before it condemns a finding: here only the claim of *better* is lost, which chance takes from one sound finding in forty.

use super::{Tried, Weight};
use crate::finding::Estimate;
use crate::words::{chance, sd};

const NAME: &str = "a dip before the training";
const LEVEL: f64 = 0.05;

/// `later`: what goes with the later dose, and its p-value after Holm, or why there is none.
pub(crate) fn dip(
    later: &Result<(Estimate, f64), String>,
    adjusted: &Estimate,
    smallest: f64,
) -> Tried {
    if adjusted.lower <= 0.0 && adjusted.upper >= 0.0 {
        return Tried::not_run(NAME, "there is no difference to try");
    }
    let before = match later {
        Ok((before, _)) => before,
        Err(why) => return Tried::not_run(NAME, why.clone()),
    };
    let against = before.estimate * adjusted.estimate < 0.0;
    let passed = !against || before.p >= LEVEL || before.estimate.abs() < smallest / 2.0;
    let reason = format!(
        "just before it was taken outcomes differed by {} SD ({}; a failure needs p below {LEVEL}, {} SD and the other direction)",
        sd(before.estimate),
        chance("p", before.p),
        sd(smallest / 2.0),
    );
    Tried::judged(NAME, passed, Weight::Open, reason)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn interval(estimate: f64, p: f64) -> Estimate {
        Estimate {
            estimate,
            se: 0.01,
            lower: estimate - 0.02,
            upper: estimate + 0.02,
            p,
            df: 60.0,
        }
    }

    #[test]
    fn only_a_sure_dip_against_the_finding_counts() {
        let failed = |before: f64, p: f64, found: f64| {
            dip(
                &Ok((interval(before, p), 1.0)),
                &interval(found, 0.01),
                0.05,
            )
            .failed()
        };
        assert!(failed(-0.05, 0.01, 0.1));
        assert!(!failed(0.05, 0.01, 0.1));
        assert!(!failed(-0.05, 0.20, 0.1));
        assert!(!failed(-0.01, 0.01, 0.1));
        assert!(failed(0.05, 0.01, -0.1));
        assert!(!failed(-0.05, 0.01, 0.01), "no difference to try");
    }
}
