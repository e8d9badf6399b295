//! Teachers take several programs. How far does the estimate move when the study's other programs are left out? The joint
//! estimate is the one that is reported; a large distance says that the programs are hard to tell apart.

use super::{Tried, Weight};
use crate::finding::Estimate;
use crate::words::sd;

const NAME: &str = "other programs at the same time";

/// `others`: programs in the joint model beside this one.
pub(crate) fn concurrent(
    joint: &Estimate,
    alone: Option<&Estimate>,
    others: usize,
    smallest: f64,
) -> Tried {
    if others == 0 {
        return Tried::not_run(NAME, "the study has no other program");
    }
    let Some(alone) = alone else {
        return Tried::not_run(NAME, "the program could not be estimated alone");
    };
    let distance = (joint.estimate - alone.estimate).abs();
    // Movement inside the noise is no evidence of entanglement, however small what matters is.
    let allowed = (smallest / 2.0).max(joint.se);
    let reason = format!(
        "alone {}, beside {others} other {} {} SD: a distance of {} ({} allowed)",
        sd(alone.estimate),
        if others == 1 { "program" } else { "programs" },
        sd(joint.estimate),
        sd(distance),
        sd(allowed),
    );
    Tried::judged(NAME, distance <= allowed, Weight::Minor, reason)
}
