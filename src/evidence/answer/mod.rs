//! From one job to its answers. `job` splits a job into samples and comparisons; a `question` is what shares rows, effects and
//! clusters, so that its outcomes and programs share one absorption of the effects and each estimate is then small algebra;
//! `estimates` takes those, `tried` runs the checks that need the shared model, `curves` draws outcomes by size of dose. What
//! comes out is a [`Answer`]: one exposure × outcome × subgroup, before the run's comparisons are counted.
//!
//! Nothing here judges: verdict and grade are made of all answers of a run together.

mod alternatives;
mod any;
mod counted;
mod curves;
mod estimates;
mod gap;
mod job;
mod question;
mod reply;
mod together;
mod tried;

pub(crate) use job::{answer, placebo};
pub(crate) use reply::{Answer, Answered};
