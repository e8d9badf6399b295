//! Least squares on absorbed columns, and how sure one may be of it.
//!
//! *Question*: how much does the outcome differ, on average, per unit of a regressor, among rows that share the
//! effects and the other regressors? *Wrong when* the regressor moves with something left out; no
//! standard error repairs that.
//!
//! `β = (X'WX)⁻¹ X'Wy` on columns without their effects; variances are sandwiches `M (Σ s s') M` around
//! `M = (X'WX)⁻¹` with the small-sample factors of [`Ssc`]. References: fixest (Bergé 2018) for conventions;
//! Cameron, Gelbach and Miller (2011) for multi-way; Pustejovsky and Tipton (2018) for CR2; MacKinnon, Nielsen and
//! Webb (2023) for the jackknife and the wild bootstrap.

mod cluster_sums;
mod draws;
mod estimate;
mod groups;
mod leverage;
mod options;
mod order;
mod parameters;
mod reduced;
mod result;
mod scores;
mod variance;
mod weighted;
mod wild;

pub(crate) use estimate::Model;
pub use estimate::{Spec, ols};
pub use groups::{Groups, Influence};
pub use options::{ClusterFactor, CountLevels, FitOptions, Ssc, Vcov, WildWeights};
pub use result::{Coefficient, Dropped, Fit, Levels, Wald};
pub(crate) use scores::Solved;
pub(crate) use variance::chosen_clusters;
pub use wild::{RomanoWolf, WildOptions, WildTest};
