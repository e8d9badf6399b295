//! Growth percentiles: where a score falls among those who started from the same place.
//!
//! A growth percentile of 70 says that 70 % of those with the same prior score did no better this time. Conditional quantiles of the
//! current score given a cubic B-spline of the prior are fitted at τ = .005, .015 … .995 ([`quantile_regression`]), sorted for each one so
//! that they cannot cross, and the cuts below the score are counted.
//!
//! A growth percentile compares people with people. It is not an effect of whoever taught or treated them: measurement error in the prior score
//! makes groups that start low look as if they grew less. One model for each test and year, decided by the caller.
//!
//! Reference: Betebenner (2009); R package `SGP` (`quantreg::rq` with `bs`, knots at the .2/.4/.6/.8 quantiles, boundaries the range ± 10 %).
//!
//! ```
//! use throughline_stats::growth::growth_percentiles;
//! let prior: Vec<f64> = (0..200).map(|i| f64::from((i * 37) % 101)).collect();
//! let current: Vec<f64> = (0..200).map(|i| prior[i] + f64::from((i as u32 * 53) % 89)).collect();
//! let growth = growth_percentiles(&prior, &current, None)?;
//! assert!(growth.percentiles.iter().all(|p| (1..=99).contains(p)));
//! // Somebody with the same start and a higher score has a higher percentile.
//! assert!(growth.percentile(50.0, 130.0) > growth.percentile(50.0, 80.0));
//! # Ok::<(), throughline_stats::StatsError>(())
//! ```

mod percentile;
mod quantile;

pub use percentile::{Growth, Knots, growth_percentiles};
pub use quantile::{QuantileFit, quantile_regression};
