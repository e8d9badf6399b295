//! Does the way of matching matter? Nearest neighbours by propensity score stand beside entropy balancing.

use super::{Tried, Weight};
use crate::finding::Estimate;
use crate::words::sd;

const NAME: &str = "another way of matching";

pub(crate) fn neighbours(main: &Estimate, other: Option<&Estimate>, smallest: f64) -> Tried {
    let Some(other) = other else {
        return Tried::not_run(NAME, "no nearest neighbours could be found");
    };
    let distance = (main.estimate - other.estimate).abs();
    // Pairs use fewer students, so their own noise is allowed for.
    let allowed = (smallest / 2.0).max(main.se).max(other.se);
    let reason = format!(
        "with nearest neighbours {} SD instead of {}: a distance of {} ({} allowed)",
        sd(other.estimate),
        sd(main.estimate),
        sd(distance),
        sd(allowed),
    );
    Tried::judged(NAME, distance <= allowed, Weight::Minor, reason)
}
