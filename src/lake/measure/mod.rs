//! From a release to panels: runs every outcome and exposure of a pipeline in SQL and lays the results out as plain columns, one
//! row a student and school year.
//!
//! SQL does what touches many rows: resolving IDs, counting, weighting days, choosing the latest score. Every view and
//! measure is a relation that is computed once, and kept in the lake a school year at a time (see `by_year`). What is left per panel row (looking up a
//! teacher's dose in the right year and weighting it by the days shared) is plain arithmetic in a fixed order, so
//! that results do not depend on threads or on the pseudonym key. For the same reason SQL sums numbers as exact
//! decimals and never as floats.
//!
//! # When a dose counts
//! A *flow* measure gives a dose by the school year in which it happened (hours, minutes). A *state* measure also has a
//! column `as_of`: what held on the first instructional day of the school year (a credential). For an outcome of
//! year *t*:
//!
//! | window | flow | state |
//! |---|---|---|
//! | `prior_year` | the dose of *t* − 1 | the state of *t* − 1 |
//! | `same_year` | the dose of *t* | the state of *t* |
//! | `to_date` | all doses up to *t* − 1 (for `yes/no` measures: whether there was one) | the state of *t* |
//!
//! A dose is known in the school years for which the release holds any row of every table the measure names itself; there, nobody's
//! absence from the result means 0 (or, where the measure says `absent: unknown`, nothing: who did not apply neither won nor lost a draw). Outside them it is unknown (NaN). Outcomes are known in the same years.
//!
//! # Which school years count
//! Those of the pipeline's calendar that are over, or nearly: the last year with attendance is left out, and with it everything that
//! is about it or later, until its attendance has reached the calendar's `counts_from` (see `running`).

mod beside;
mod covariates;
mod dose;
mod grid;
mod job;
mod links;
mod names;
mod panel;
mod run;
mod running;
mod spine;
mod told;

pub use run::Measured;
pub(crate) use run::{Wanted, measure};
