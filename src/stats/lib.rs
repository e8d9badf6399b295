//! Panel econometrics on plain slices: high-dimensional fixed effects and honest standard errors.
