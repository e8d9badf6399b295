//! From a pipeline's questions and the lake's panels to findings that say how far they can be believed.
//!
//! The road: `frame` turns a panel into columns ready for estimators, once; `plan` lists which study asks what of which
//! panel and students; `sample` chooses rows and says why others were left out; `association` estimates, `designs` answer the same
//! question in other ways; `answer` runs one job; `checks` tries
//! each estimate; `verdict` and `grade` judge, from the interval and the checks, by rules that stand in one place each.
//! [`estimate`] reads as the table of contents.
//!
//! This crate knows no file, no SQL and no layout of a page. Nothing in it can be about one teacher or one student:
//! pseudonyms are only counted.

mod actions;
mod answer;
mod association;
mod checks;
mod class_years;
mod cost;
mod counts;
mod coverage;
mod designs;
mod discovery;
mod dose;
mod error;
mod estimate;
pub mod finding;
mod frame;
mod grade;
mod kept;
mod plan;
mod power;
pub mod registration;
mod sample;
mod size;
mod spline;
mod subgroups;
mod verdict;
pub mod wording;
mod words;

pub use actions::actions;
pub use error::EvidenceError;
pub use estimate::{estimate, estimate_again};
pub use kept::{Forgetful, Keep, decode, encode};
pub use power::{Found, PowerOptions, PowerRow, power};
pub use registration::{Asked, RULES, Stood, StudyPlan};
