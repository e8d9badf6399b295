//! Panel econometrics on plain slices: high-dimensional fixed effects and honest standard errors.
//!
//! The crate takes columns of numbers and returns numbers with the evidence for them. It does no I/O, prints
//! nothing, and knows nothing of where the data come from.
//!
//! # The shared path
//! Estimates that share a sample and its fixed effects share the work: [`absorb`] chooses the rows and removes the
//! effects from all columns together; [`Absorbed::ols`] and [`Absorbed::ols_many`] then cost small algebra. The
//! one-shot [`ols`] is the same path for a single regression.
//!
//! # Conventions
//! Small-sample factors, nesting rule, singletons and degrees of freedom follow R's fixest (see [`Ssc`]). Every fit
//! says how many rows it used and dropped and why, its clusters, its variance convention by name, and whether each
//! iteration converged. What cannot be estimated is a [`StatsError`] that says what to do.
//!
//! Results are the same at any number of threads: parallel parts are collected in order and summed in order.

mod absorbed;
mod design;
pub mod dist;
mod error;
mod fe;
pub mod formula;
pub mod glm;
pub mod iv;
mod linalg;
pub mod multiplicity;
pub mod ols;
mod sample;

pub use absorbed::{Absorbed, INTERCEPT, absorb};
pub use design::{Column, Design, Effect};
pub use error::StatsError;
pub use ols::{
    ClusterFactor, Coefficient, CountLevels, Dropped, Fit, FitOptions, Levels, RomanoWolf, Spec,
    Ssc, Vcov, Wald, WildOptions, WildTest, WildWeights, ols,
};

// --- designs, matching, effect sizes and the rest (kept together below this line) ---
// Designs and rules
pub mod did;
pub mod effect_size;
pub mod interval;
mod kit;
pub mod matching;
pub mod power;
pub mod sensitivity;
