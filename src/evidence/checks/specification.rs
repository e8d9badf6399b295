//! How many of the other ways to ask agree? The specification curve over what was declared and not searched for: a finding that
//! depends on one choice among several that could have been made as well says more about the choice.
//!
//! Serious: it takes the word *helped* and no more, since a specification can also be wrong for reasons of its own.

use super::{Tried, Weight};
use crate::finding::Estimate;
use crate::words::sd;

pub(super) const NAME: &str = "other specifications";
/// Four in five must point the same way …
const SAME_WAY: f64 = 0.8;
/// … and half must lie inside the 95 % interval.
const INSIDE: f64 = 0.5;
/// Fewer than this are no curve.
const LEAST: usize = 3;

/// `None` where the finding is no difference, so that there is nothing to depend on a choice.
pub(crate) fn specification(found: &Estimate, others: &[(&'static str, f64)]) -> Option<Tried> {
    if found.lower <= 0.0 && found.upper >= 0.0 {
        return None;
    }
    if others.len() < LEAST {
        let reason = format!("fewer than {LEAST} other specifications could be estimated");
        return Some(Tried::not_run(NAME, reason));
    }
    let count = |keep: &dyn Fn(f64) -> bool| others.iter().filter(|(_, e)| keep(*e)).count();
    let same = count(&|e| e * found.estimate > 0.0);
    let inside = count(&|e| found.lower <= e && e <= found.upper);
    let all = others.len() as f64;
    let list: Vec<String> = others
        .iter()
        .map(|(name, estimate)| format!("{name} {}", sd(*estimate)))
        .collect();
    let reason = format!(
        "of {} other specifications {same} point the same way and {inside} lie inside the interval (four in five and half needed): {} SD",
        others.len(),
        list.join(", "),
    );
    let passed = same as f64 >= SAME_WAY * all && inside as f64 >= INSIDE * all;
    Some(Tried::judged(NAME, passed, Weight::Serious, reason))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found() -> Estimate {
        Estimate {
            estimate: 0.1,
            se: 0.02,
            lower: 0.06,
            upper: 0.14,
            p: 1e-6,
            df: 200.0,
        }
    }

    #[test]
    fn agreement_passes_and_one_lucky_choice_does_not() {
        let judge = |others: &[f64]| {
            let others: Vec<_> = others.iter().map(|e| ("so", *e)).collect();
            specification(&found(), &others).expect("a difference")
        };
        assert!(!judge(&[0.09, 0.12, 0.07, 0.2, 0.11]).failed());
        assert!(judge(&[0.01, 0.02, 0.01, 0.12, 0.03]).failed());
        assert!(judge(&[0.10, 0.11, 0.12, -0.01, -0.02]).failed());
        let few = judge(&[0.1]);
        assert_eq!(few.check.outcome, crate::finding::CheckOutcome::NotRun);
    }

    #[test]
    fn no_difference_depends_on_no_choice() {
        let none = Estimate {
            lower: -0.01,
            ..found()
        };
        assert!(specification(&none, &[("so", 0.1); 5]).is_none());
    }
}
