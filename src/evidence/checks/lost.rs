//! Did one group lose more students than the other between baseline and outcome? Judged by the What Works Clearinghouse's cautious boundary.

use throughline_stats::effect_size::{Attrition, AttritionVerdict};

use super::{Tried, Weight};
use crate::words::{number, percent};

const NAME: &str = "students lost between baseline and outcome";

pub(crate) fn lost(found: Option<&Attrition>) -> Tried {
    let Some(found) = found else {
        return Tried::not_run(NAME, "nobody has a known baseline in one of the groups");
    };
    let allowed = found.allowed.map_or_else(
        || "no difference is small enough at that rate".to_owned(),
        |limit| format!("{} points allowed at that rate", number(100.0 * limit, 1)),
    );
    let reason = format!(
        "{} have no outcome, and the groups differ by {} percentage points ({allowed})",
        percent(found.overall),
        number(100.0 * found.differential, 1),
    );
    let low = found.verdict == AttritionVerdict::Low;
    Tried::judged(NAME, low, Weight::Minor, reason)
}
