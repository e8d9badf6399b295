//! Student growth percentiles: where a score falls among those who started from the same place.
//!
//! A growth percentile of 70 says that 70 % of students with the same prior score did no better this year. Conditional quantiles of the
//! current score given a cubic B-spline of the prior are fitted at τ = .005, .015 … .995 ([`quantile_regression`]), sorted for each student so
//! that they cannot cross, and the cuts below the score are counted.
//!
//! A growth percentile compares students with students. It is not an effect of a teacher: measurement error in the prior score makes classes
//! that start low look as if they grew less. One model per grade, subject and year, decided by the caller.
//!
//! Reference: Betebenner (2009); R package `SGP` (`quantreg::rq` with `bs`, knots at the .2/.4/.6/.8 quantiles, boundaries the range ± 10 %).

mod percentile;
mod quantile;

pub use percentile::{Growth, Knots, growth_percentiles};
pub use quantile::{QuantileFit, quantile_regression};
