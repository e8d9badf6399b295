//! Integration tests of the estimators: against reference packages, properties, errors.

mod cases;
mod reference;
