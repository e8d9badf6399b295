//! Matching and weighting: making a comparison group that looks like the treated one *before* looking at outcomes.
//!
//! All methods end in the same thing, one weight per row ([`Matched`]), judged by the same table ([`balance`]) and used by the same estimate
//! ([`weighted_difference`]):
//!
//! - [`nearest`]: pairs by propensity score or any distance, greedy, with or without replacement, with a caliper;
//! - [`exact`], [`coarsened`], [`subclassify`]: strata in which treated and comparison rows meet;
//! - [`inverse_propensity`], [`entropy_balance`]: weights, the latter reproducing the treated means exactly.
//!
//! Wrong when something that drives both treatment and outcome was not measured: no table of measured covariates shows it, so read every
//! estimate with [`crate::sensitivity`]. Matching on last year's outcome invites regression to the mean when groups differ in level.
//!
//! Ties go to the lower row number. Where rows have no meaningful order, sort them by something meaningful first: with equal scores the
//! identity of a pair, and so the estimate, is otherwise arbitrary.
//!
//! ```
//! use throughline_stats::matching::*;
//! let treated = [true, true, true, false, false, false, false];
//! let prior = [0.2, 0.5, 0.9, 0.1, 0.25, 0.5, 1.0];
//! let pairs = nearest(&treated, Distance::Score(&prior), &NearestOptions { caliper: Some(Caliper::Absolute(0.2)), ..Default::default() })?;
//! assert_eq!(pairs.pairs.len(), 3);
//! let table = balance(&treated, &[("prior", &prior)], Some(&pairs.weights), Estimand::Treated)?;
//! assert!(table.rows[0].difference.abs() < table.rows[0].unadjusted_difference.abs());
//! # Ok::<(), throughline_stats::StatsError>(())
//! ```

mod balanced;
mod effect;
mod entropy;
mod nearest_neighbour;
mod score;
mod strata;
mod weighting;

pub use balanced::{Balance, BalanceRow, balance, effective_sample_size};
pub use effect::{WeightedDifference, WeightedVariance, weighted_difference};
pub use entropy::{Entropy, EntropyOptions, entropy_balance};
pub use nearest_neighbour::{Caliper, Distance, NearestOptions, Order, nearest};
pub use score::{Propensity, propensity};
pub use strata::{coarsened, exact, sturges, subclassify};
pub use weighting::{Estimand, Matched, inverse_propensity};
