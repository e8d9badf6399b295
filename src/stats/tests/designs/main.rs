//! The designs against their reference packages, and the properties they must have.
//!
//! Data are simulated by the scripts in `tests/reference/`, which also wrote the expected values; see each module for its
//! tolerance and the reason for it.

mod comparisons;
mod coverage;
mod did;
mod dose;
mod honest;
mod inference;
mod matching;
mod mixed;
mod properties;
mod refusals;
mod rules;
mod support;
