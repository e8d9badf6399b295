//! Did enough begin, and enough not? With a handful on one side no standard error can be trusted (MacKinnon and Webb 2018).

use super::{LEAST_CLUSTERS, Tried, Weight};
use crate::words::{Floors, number};

const NAME: &str = "enough that began, and enough that did not";

pub(crate) fn began(begun: usize, never: usize, unit: &str, floors: Floors) -> Tried {
    let reason = format!(
        "{} began after the first school year and {} did not; all were seen in every year ({} of each needed)",
        floors.people(begun as u64, unit),
        floors.people(never as u64, unit),
        number(LEAST_CLUSTERS, 0),
    );
    let least = begun.min(never) as f64;
    Tried::judged(NAME, least >= LEAST_CLUSTERS, Weight::Thin, reason)
}
