//! Does it matter whom those who began are compared with: those who never begin, or also those who have not begun yet?

use super::{Tried, Weight};
use crate::finding::Estimate;
use crate::words::sd;

const NAME: &str = "another comparison group";

pub(crate) fn controls(main: &Estimate, other: Option<&Estimate>, smallest: f64) -> Tried {
    let Some(other) = other else {
        return Tried::not_run(NAME, "there is no other group to compare with");
    };
    let distance = (main.estimate - other.estimate).abs();
    let allowed = (smallest / 2.0).max(main.se);
    let reason = format!(
        "with the other comparison group {} SD instead of {}: a distance of {} ({} allowed)",
        sd(other.estimate),
        sd(main.estimate),
        sd(distance),
        sd(allowed),
    );
    Tried::judged(NAME, distance <= allowed, Weight::Minor, reason)
}
