//! Does the count model say the same as the linear one? Minor: two models of one mean may differ in shape, and where they point
//! apart the size of neither should be quoted.

use super::{Tried, Weight};
use crate::finding::Estimate;
use crate::words::sd;

const NAME: &str = "as the linear model says";

/// `None` where there is no linear estimate to compare with.
pub(crate) fn same_direction(linear: Option<&Estimate>, counted: &Estimate) -> Option<Tried> {
    let linear = linear?;
    let open = |e: &Estimate| e.lower <= 0.0 && e.upper >= 0.0;
    let passed = linear.estimate * counted.estimate > 0.0 || open(linear) || open(counted);
    let reason = format!(
        "the linear model says {} SD, the count model {} SD",
        sd(linear.estimate),
        sd(counted.estimate)
    );
    Some(Tried::judged(NAME, passed, Weight::Minor, reason))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::association::with_df;

    #[test]
    fn only_two_sure_opposites_disagree() {
        let sure = with_df(0.1, 0.02, 100.0);
        let against = with_df(-0.1, 0.02, 100.0);
        let unsure = with_df(-0.01, 0.02, 100.0);
        assert!(same_direction(Some(&sure), &against).is_some_and(|t| t.failed()));
        assert!(same_direction(Some(&sure), &unsure).is_some_and(|t| !t.failed()));
        assert!(same_direction(None, &sure).is_none());
    }
}
