//! Counts and yes/no outcomes: Poisson and logit with fixed effects, negative binomial without.
//!
//! *Questions*: by what factor do expected counts ([`poisson`]) or odds ([`logit`]) differ per unit of a regressor, among rows
//! that share the effects? *Wrong when* the mean is misspecified; Poisson needs no Poisson variance if errors
//! are robust or clustered. Logit with many small groups is biased by its own effects (incidental parameters).
//!
//! Iteratively reweighted least squares on the absorber of the linear model, run until the deviance is
//! stable to 1e-10 and once more. Groups whose outcome is all zero (or, for logit, all one) carry no information and are
//! dropped; other separated rows of a Poisson model are found as in Correia, Guimarães and Zylkin (2019). Tests are normal and
//! small-sample factors those of [`crate::Ssc`], as in fixest.

mod family;
mod fit;
mod irls;
mod negative_binomial;
mod separation;

pub use family::Family;
pub use fit::{GlmOptions, glm, logit, poisson};
pub use negative_binomial::{NegativeBinomial, negative_binomial};
