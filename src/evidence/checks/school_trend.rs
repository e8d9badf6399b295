//! Was the school improving anyway? A program that reaches a whole school at once is compared with the school's own earlier
//! years, so a school that was rising before looks as if the program had lifted it. In drawn districts whose adopting schools
//! rose by 0.05 to 0.10 SD a year, a program that did nothing was called *helped* in 5 to 11 of 40 districts, and the later
//! dose noticed 2 of 240. Where adoption cannot be compared with trends before it, such a finding is no claim of *better*.

use super::{Tried, Weight};
use crate::association::Comparison;

const NAME: &str = "the schools' own trends";

/// `None` where the question does not arise: school × year effects take every school's trend out.
pub(crate) fn school_trend(comparison: Comparison) -> Option<Tried> {
    match comparison {
        Comparison::WithinTeacher => None,
        Comparison::WithinSchool => Some(Tried::judged(
            NAME,
            false,
            Weight::Open,
            "everyone in a school has the same dose, so this design cannot tell the program from schools that were improving anyway"
                .to_owned(),
        )),
    }
}
