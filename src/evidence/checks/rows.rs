//! How much of the subgroup the estimate speaks for: rows without a linked teacher, and rows not used at all.

use super::{Tried, Weight};
use crate::words::percent;

/// Less than this linked, and the dose itself is in doubt.
const LEAST_LINKED: f64 = 0.8;
/// Less than this used, and those left out may differ.
const LEAST_USED: f64 = 0.7;

pub(crate) fn linked(share: f64) -> Tried {
    let reason = format!(
        "{} of teacher days link to a known teacher ({} needed)",
        percent(share),
        percent(LEAST_LINKED)
    );
    Tried::judged(
        "students linked to teachers",
        share >= LEAST_LINKED,
        Weight::Minor,
        reason,
    )
}

pub(crate) fn used(share: f64) -> Tried {
    let reason = format!(
        "{} of student × school years with a known outcome are used ({} needed), not counting years without any prior outcome",
        percent(share),
        percent(LEAST_USED)
    );
    Tried::judged(
        "students left out",
        share >= LEAST_USED,
        Weight::Minor,
        reason,
    )
}
