//! Are there enough clusters for clustered standard errors to mean what they say, or did a correction take over?

use super::{Tried, Weight};
use crate::association::FEW_CLUSTERS;
use crate::words::Floors;

const NAME: &str = "enough clusters for the standard error";

pub(crate) fn clusters(count: usize, cluster: &str, vcov: &str, floors: Floors) -> Tried {
    let people = floors.people(count as u64, cluster);
    if count >= FEW_CLUSTERS {
        let reason = format!("errors cluster by {cluster}: {people} ({FEW_CLUSTERS} needed)");
        return Tried::judged(NAME, true, Weight::Serious, reason);
    }
    let corrected = vcov.contains("CR2");
    let reason = if corrected {
        format!(
            "errors cluster by {cluster}: {people}, so CR2 with Satterthwaite's degrees of freedom is used"
        )
    } else {
        format!(
            "errors cluster by {cluster}: only {people}, and CR2 is not defined for this design ({vcov})"
        )
    };
    Tried::judged(NAME, corrected, Weight::Serious, reason)
}
