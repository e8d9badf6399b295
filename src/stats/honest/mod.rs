//! How wrong may parallel trends be before the finding breaks? (Rambachan and Roth 2023)
//!
//! A pre-trend test asks whether a violation can be seen; this asks how large it would have to be. Two ways to say how large, each giving
//! an interval that stays valid while the violation is no larger:
//!
//! - [`relative_magnitudes`]: the change in the violation between two periods after treatment is at most M̄ times the largest such change
//!   before (Δ^RM, tested by the conditional least-favourable hybrid, "C-LF");
//! - [`smoothness`]: the violation is a straight line up to changes in slope of at most M per period (Δ^SD, fixed-length interval, "FLCI").
//!
//! [`breakdown_relative_magnitude`] and [`breakdown_smoothness`] give the largest violation at which the interval still excludes zero.
//!
//! Coefficients are cumulative: each measured from the *same* period, the last before treatment, which is left out (an event study with a
//! universal base period, [`crate::did::Aggregate::event_study`], or two-way coefficients with that period as reference). Periods must be
//! evenly spaced.
//!
//! Wrong when pre-treatment violations say nothing about later ones (another shock starts with the treatment), or with coefficients
//! measured period by period.
//!
//! Reference: Rambachan and Roth (2023), *Review of Economic Studies* 90; Andrews, Roth and Pakes (2023); R package `HonestDiD`.
//!
//! ```
//! use throughline_stats::honest::*;
//! let v = 0.0004;
//! let covariance = [v, 0.0, 0.0, 0.0, v, 0.0, 0.0, 0.0, v];
//! let study = Coefficients::new(&[0.01, -0.005, 0.15], &covariance, 2)?;
//! let flat = smoothness(&study, 0.0, 0.05)?;
//! let rough = smoothness(&study, 0.02, 0.05)?;
//! assert!(rough.upper - rough.lower > flat.upper - flat.lower);
//! # Ok::<(), throughline_stats::StatsError>(())
//! ```

mod coefficients;
mod conditional;
mod fixed_length;
mod magnitudes;

pub use coefficients::{Coefficients, HonestInterval};
pub use fixed_length::{breakdown_smoothness, smoothness};
pub use magnitudes::{MagnitudeOptions, breakdown_relative_magnitude, relative_magnitudes};
