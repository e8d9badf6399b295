//! Small tools shared by the design modules: dense algebra for a handful of columns, noncentral distributions, seeded
//! random streams and codes.
//!
//! Everything here works on matrices with a few to a few dozen columns, where a plain loop is faster and easier to read than a
//! call into a matrix library, and where the order of every sum is visible. It must not know what any column means,
//! and nothing here is public: results leave the crate through the estimators.

pub(crate) mod bspline;
pub(crate) mod check;
pub(crate) mod codes;
pub(crate) mod dense;
pub(crate) mod logit;
pub(crate) mod noncentral;
pub(crate) mod optimise;
pub(crate) mod rng;
