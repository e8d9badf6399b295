//! Is there enough to compare? Only a teacher (or school) whose dose changed tells anything within itself, and a few large
//! changes can outweigh hundreds of small ones: the effective number counts both.

use super::{Tried, Weight};
use crate::words::{Floors, number};

/// Fewer effective clusters than this, and no standard error can be trusted (MacKinnon and Webb 2018 on few treated
/// clusters).
pub(crate) const LEAST_CLUSTERS: f64 = 10.0;

const NAME: &str = "enough teachers to compare";

pub(crate) fn overlap(changing: u64, effective: f64, cluster: &str, floors: Floors) -> Tried {
    let reason = format!(
        "the dose of {} changed from one year or student to another; their changes weigh as much as {} equal {cluster}s would ({} needed)",
        floors.people(changing, cluster),
        if effective < floors_of(floors, cluster) {
            "a few".to_owned()
        } else {
            number(effective, 0)
        },
        number(LEAST_CLUSTERS, 0),
    );
    Tried::judged(NAME, effective >= LEAST_CLUSTERS, Weight::Thin, reason)
}

fn floors_of(floors: Floors, cluster: &str) -> f64 {
    let floor = if cluster == "school" {
        floors.schools
    } else {
        floors.teachers
    };
    floor as f64
}
