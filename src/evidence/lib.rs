//! Studies: plan, estimates, checks, verdicts.
