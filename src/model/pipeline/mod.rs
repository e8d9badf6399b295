//! The pipeline file: what a district measures, from which exports, and what it publishes.
//!
//! `file` is what the user typed, every value with its place. `Pipeline` is what it means: names looked
//! up, dates checked, paths absolute and inside the project's roots. [`Pipeline::load`] reports every problem
//! of the file at once, or none.

mod file;
mod meaning;
mod paths;
mod resolve;
#[cfg(test)]
mod tests;

pub use meaning::{
    Design, District, Exposure, Lake, Outcome, Params, Pipeline, Privacy, Reports, Source, Study,
    Subgroup, Window,
};
pub use paths::{PathError, Roots};
