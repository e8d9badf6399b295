//! Are there enough teachers in both groups of a comparison? With a handful on one side no standard error can be trusted.

use super::{LEAST_CLUSTERS, Tried, Weight};
use crate::words::{Floors, number};

const NAME: &str = "enough who took part, and enough who did not";

/// `sides`: who was counted, with words for what they are (`who lost the draw`).
pub(crate) fn both_sides(sides: [(u64, &str); 2], effective: f64, floors: Floors) -> Tried {
    let [(exposed, one), (comparison, other)] = sides;
    let enough = number(LEAST_CLUSTERS, 0);
    let reason = format!(
        "{} {one} and {} {other} ({enough} of each needed); they weigh as much as {} equal teachers would ({enough} needed)",
        floors.people(exposed, "teacher"),
        floors.people(comparison, "teacher"),
        if effective < floors.teachers as f64 {
            "a few".to_owned()
        } else {
            number(effective, 0)
        },
    );
    let least = (exposed.min(comparison) as f64).min(effective);
    Tried::judged(NAME, least >= LEAST_CLUSTERS, Weight::Thin, reason)
}
