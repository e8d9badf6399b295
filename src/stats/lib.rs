//! Panel econometrics on plain slices: high-dimensional fixed effects and honest standard errors.
//!
//! The crate takes columns of numbers and returns numbers with the evidence for them. It does no I/O, prints
//! nothing, and knows nothing of where the data come from.
//!
//! # Which estimator answers which question
//! | question | estimator |
//! |---|---|
//! | how does an outcome differ with a regressor, among rows alike in many groups? | [`ols()`], [`Absorbed::ols_many`] |
//! | the same for counts, or for yes and no | [`glm::poisson`], [`glm::logit`], [`glm::negative_binomial`] |
//! | what did taking part do, when only the offer was random? | [`iv::iv`] |
//! | what did a program do that started in different periods? | [`did::group_time`]; [`did::sun_abraham`], [`did::imputation`] to compare |
//! | what is a two-way estimate made of? | [`did::bacon`] |
//! | would wrong trends undo it? | [`did::pretrend`], [`honest`] |
//! | who is a fair comparison, when treatment was chosen? | [`matching`] |
//! | more of it, more effect? | [`dose`] |
//! | which of many noisy effects stand out? | [`empirical_bayes::shrink`] |
//! | where does a score fall among those with the same start? | [`growth::growth_percentiles`] |
//! | how sure, with errors alike inside clusters? | [`Vcov::Crv1`]; with few clusters [`Vcov::Cr2`], [`Absorbed::wild_bootstrap`] |
//! | how sure, when treatment was drawn by lot? | [`randomisation::randomisation_test`] |
//! | how sure, after asking many questions? | [`multiplicity`], [`Absorbed::romano_wolf`] |
//! | how strong would something unmeasured have to be? | [`sensitivity`] |
//! | is it much? does the design allow the claim? | [`effect_size`] |
//! | what could a study of this size find? | [`power`] |
//! | the same from a text such as `y ~ x + w \| group` | [`formula`] |
//!
//! None of them turns an association into a cause: each module says when its answer is wrong.
//!
//! # The shared path
//! Estimates that share a sample and its fixed effects share the work: [`absorb`] chooses the rows and removes the
//! effects from all columns together; [`Absorbed::ols`] and [`Absorbed::ols_many`] then cost small algebra. The
//! one-shot [`ols()`] is the same path for a single regression.
//!
//! ```
//! use throughline_stats::{absorb, Column, Design, Effect, FitOptions, Spec, Vcov};
//! // Two exposures and two outcomes of four units in three years.
//! let unit = [0, 0, 0, 1, 1, 1, 2, 2, 2, 3, 3, 3];
//! let year = [0, 1, 2, 0, 1, 2, 0, 1, 2, 0, 1, 2];
//! let hours = [0.0, 2.0, 4.0, 1.0, 1.0, 6.0, 0.0, 3.0, 3.0, 2.0, 2.0, 5.0];
//! let tool = [1.0, 0.0, 2.0, 3.0, 1.0, 0.0, 1.0, 2.0, 2.0, 0.0, 3.0, 1.0];
//! let score = [0.1, 0.4, 0.9, 0.3, 0.2, 1.4, 0.0, 0.5, 0.8, 0.4, 0.3, 1.2];
//! let absent = [5.0, 4.0, 4.0, 6.0, 6.0, 3.0, 5.0, 5.0, 4.0, 6.0, 7.0, 5.0];
//! let columns = [
//!     Column { name: "score", values: &score },
//!     Column { name: "absent", values: &absent },
//!     Column { name: "hours", values: &hours },
//!     Column { name: "tool", values: &tool },
//! ];
//! let design = Design {
//!     effects: vec![Effect { name: "unit", codes: &unit }, Effect { name: "year", codes: &year }],
//!     clusters: vec![Effect { name: "unit", codes: &unit }],
//!     ..Design::default()
//! };
//! let absorbed = absorb(&design, &columns)?;
//! let specs: Vec<Spec> = ["score", "absent"]
//!     .into_iter()
//!     .flat_map(|y| ["hours", "tool"].map(|x| Spec { outcome: y, regressors: vec![x] }))
//!     .collect();
//! for fit in absorbed.ols_many(&specs, &FitOptions::new(Vcov::Crv1)) {
//!     let fit = fit?;
//!     assert_eq!((fit.n, fit.clusters[0].levels), (12, 4));
//! }
//! # Ok::<(), throughline_stats::StatsError>(())
//! ```
//!
//! # Conventions
//! Small-sample factors, nesting rule, singletons and degrees of freedom follow R's fixest (see [`Ssc`]). Every fit
//! says how many rows it used and dropped and why, its clusters, its variance convention by name, and whether each
//! iteration converged. What cannot be estimated is a [`StatsError`] that says what to do.
//!
//! Results are the same at any number of threads: parallel parts are collected in order and summed in order.
//!
//! Every estimator is tested against a reference package (`tests/reference/README.md` says which, and to how many digits) or, where
//! there is none, by simulation (`COVERAGE.md`).

mod absorbed;
mod design;
pub mod dist;
mod error;
mod extend;
mod fe;
pub mod formula;
pub mod glm;
pub mod iv;
mod linalg;
pub mod multiplicity;
pub mod ols;
mod sample;

pub use absorbed::{Absorbed, INTERCEPT, absorb};
pub use design::{Column, Design, Effect, Shared};
pub use error::StatsError;
pub use ols::{
    ClusterFactor, Coefficient, CountLevels, Dropped, Fit, FitOptions, Groups, Influence, Levels,
    RomanoWolf, Spec, Ssc, Vcov, Wald, WildOptions, WildTest, WildWeights, ols,
};

// --- designs, matching, effect sizes and the rest (kept together below this line) ---
// Designs and rules
pub mod did;
pub mod dose;
pub mod effect_size;
pub mod empirical_bayes;
pub mod growth;
pub mod honest;
pub mod interval;
mod kit;
pub mod matching;
pub mod mixed;
pub mod power;
pub mod randomisation;
pub mod sensitivity;
