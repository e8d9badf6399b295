//! Integration tests of the estimators: against reference packages, properties, errors.

mod cases;
mod coverage;
mod groups;
mod leverage;
mod models;
mod properties;
mod reference;
mod refusals;
mod refusals_models;
mod shared;
mod wild;
