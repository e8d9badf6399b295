//! Were the groups alike before? The What Works Clearinghouse's bounds on the standardised difference in the outcome of the year before,
//! after weighting: up to 0.05 as it is, up to 0.25 with adjustment (which every comparison here has), above that not credible.

use throughline_stats::effect_size::{Baseline, baseline_equivalence};

use super::{Tried, Weight};
use crate::finding::BalanceRow;
use crate::words::sd;

const NAME: &str = "alike on the outcome of the year before";

/// `rows`: the prior outcome first.
pub(crate) fn equivalence(rows: &[BalanceRow]) -> Tried {
    let Some(row) = rows.first() else {
        return Tried::not_run(NAME, "no outcome is known from the school year before");
    };
    let found = baseline_equivalence(row.after);
    let bound = match found {
        Baseline::Satisfied => "at most 0.05: alike as they are",
        Baseline::NeedsAdjustment => "between 0.05 and 0.25: alike once adjusted for, as here",
        Baseline::Failed => "above 0.25: not alike, whatever is adjusted for",
    };
    let reason = format!(
        "the groups differ by {} SD, {} SD before weighting ({bound})",
        sd(row.after),
        sd(row.before),
    );
    Tried::judged(NAME, found != Baseline::Failed, Weight::Decisive, reason)
}
