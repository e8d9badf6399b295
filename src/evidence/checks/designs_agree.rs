//! Do other designs say the same? They differ in whom they compare and by how much noise, so they need not agree on the size; but one that
//! surely points the other way, by a difference that matters, says that something else is at work. Designs with too few, or that
//! failed a decisive check of their own, are not asked.

use throughline_model::pipeline::Design;

use super::{Tried, Weight};
use crate::finding::Estimate;
use crate::words::sd;

const NAME: &str = "other designs agree";

pub(crate) fn designs_agree(
    main: &Estimate,
    others: &[(Design, Estimate)],
    smallest: f64,
) -> Tried {
    if others.is_empty() {
        return Tried::not_run(NAME, "no other design gives an estimate that can be asked");
    }
    let against = |other: &Estimate| {
        let sign = main.estimate.signum();
        let (near, far) = match sign > 0.0 {
            true => (other.upper, main.lower),
            false => (-other.lower, -main.upper),
        };
        near < 0.0 && near < far && other.estimate.abs() >= smallest
    };
    let passed = !others.iter().any(|(_, other)| against(other));
    let said: Vec<String> = others
        .iter()
        .map(|(design, other)| {
            format!(
                "{} {} SD ({} to {})",
                design.id().replace('_', " "),
                sd(other.estimate),
                sd(other.lower),
                sd(other.upper)
            )
        })
        .collect();
    let reason = format!(
        "per the same dose {}; a failure needs one that surely points the other way by {} SD or more",
        said.join(", "),
        sd(smallest),
    );
    Tried::judged(NAME, passed, Weight::Serious, reason)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::CheckOutcome;

    fn interval(lower: f64, upper: f64) -> Estimate {
        Estimate {
            estimate: (lower + upper) / 2.0,
            se: (upper - lower) / 4.0,
            lower,
            upper,
            p: 0.5,
            df: 50.0,
        }
    }

    #[test]
    fn only_a_design_that_surely_points_the_other_way_disagrees() {
        let outcome = |main: Estimate, other: Estimate| {
            let others = [(Design::MatchedComparison, other)];
            designs_agree(&main, &others, 0.05).check.outcome
        };
        let main = interval(0.05, 0.15);
        let passed = CheckOutcome::Passed;
        assert_eq!(outcome(main, interval(-0.20, -0.04)), CheckOutcome::Failed);
        assert_eq!(outcome(main, interval(-0.20, 0.02)), passed);
        // Surely there and surely small.
        assert_eq!(outcome(main, interval(-0.03, -0.01)), passed);
        assert_eq!(outcome(main, interval(0.30, 0.50)), passed);
        let negative = interval(-0.15, -0.05);
        assert_eq!(
            outcome(negative, interval(0.04, 0.20)),
            CheckOutcome::Failed
        );
    }
}
