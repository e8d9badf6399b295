//! Do a few teachers (or schools) carry the finding? The one in a hundred clusters that pull hardest at the slope, in either
//! direction, are left out together and all slopes found anew. The pull of a cluster is its score times the bread: about
//! minus what leaving it out would do (Cook 1977, by cluster).
//!
//! Serious, like a school that carries the finding: a difference that one teacher in a hundred makes is not the program's.

use super::{Tried, Weight};
use crate::words::percent;

pub(super) const NAME: &str = "those that pull hardest left out";
const SHARE: f64 = 0.01;
/// As when a school is left out: more than half must stay.
const LEAST_LEFT: f64 = 0.5;

/// How many of so many clusters are left out: one in a hundred, and at least one.
pub(crate) fn hardest(clusters: usize) -> usize {
    ((clusters as f64 * SHARE).ceil() as usize).max(1)
}

/// `without`: the estimate once they are left out.
pub(crate) fn outliers(all: f64, without: Option<f64>, cluster: &str) -> Tried {
    let left = without.map_or(0.0, |without| without / all);
    let who = format!("without the one in a hundred {cluster}s that pull hardest");
    let reason = if left > 0.0 {
        format!(
            "{who}, {} of the difference stays ({} needed)",
            percent(left),
            percent(LEAST_LEFT)
        )
    } else {
        format!("{who}, the difference is gone or points the other way")
    };
    Tried::judged(NAME, left >= LEAST_LEFT, Weight::Serious, reason)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_in_a_hundred_and_at_least_one() {
        assert_eq!((hardest(12), hardest(100), hardest(101)), (1, 1, 2));
    }

    #[test]
    fn a_finding_of_a_few_fails() {
        assert!(!outliers(0.10, Some(0.09), "teacher").failed());
        assert!(outliers(0.10, Some(0.04), "teacher").failed());
        assert!(outliers(0.10, Some(-0.04), "teacher").failed());
        assert!(outliers(0.10, None, "teacher").failed());
    }
}
