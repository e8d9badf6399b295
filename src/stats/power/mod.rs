//! Power: what a study of a given size could find, before it is run or after it found nothing.
//!
//! Every design reduces to the standard error it will have for an effect in standard deviations (its formula is on [`Design`]) and its
//! degrees of freedom. From these: the minimum detectable effect (t_{1−α/2} + t_{power}) · se, the power against a stated effect (noncentral t),
//! and the number of units needed. Sizes are harmonic means when they vary; correlations and R² come from earlier years, never from the
//! comparison itself.
//!
//! Wrong when the correlations and R² put in are hopes; power computed from the estimate at hand says nothing its p-value does not.
//!
//! Reference: Dong and Maynard (2013), *Journal of Research on Educational Effectiveness* 6; R package `PowerUpR` 1.1.

mod calculate;
mod design;

pub use calculate::{Detectable, Power, Test, detectable_effect, power, units_needed};
pub use design::{ClusterLevel, Design};
