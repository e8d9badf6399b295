//! How much hidden bias a finding can bear.
//!
//! None of these say whether bias is there. They say how strong an unobserved cause of both treatment and outcome would have to be
//! to explain the finding away, in three currencies:
//!
//! - [`robustness`]: share of residual variance (Cinelli and Hazlett 2020), with [`benchmark_bound`] to compare it with a covariate
//!   that was observed;
//! - [`e_value`] and relatives: risk ratio (VanderWeele and Ding 2017);
//! - [`signed_rank_bounds`] and [`mcnemar_bounds`]: odds of treatment within matched pairs (Rosenbaum 2002).
//!
//! Wrong when the numbers fed in come from a design with other problems (reverse causation, selection on the outcome,
//! measurement error): these cover unmeasured confounding only.

mod confounding;
mod evalue;
mod rosenbaum;

pub use confounding::{
    BenchmarkBound, Confounder, Robustness, adjust, benchmark_bound, partial_r2, robustness,
};
pub use evalue::{
    EValue, OddsRatio, e_value, e_value_from_odds_ratio, e_value_from_standardised_difference,
};
pub use rosenbaum::{GammaBound, PairSummary, breakdown_gamma, mcnemar_bounds, signed_rank_bounds};
