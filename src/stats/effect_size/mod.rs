//! Effect sizes on a common scale, and the What Works Clearinghouse rules that read them.
//!
//! A coefficient in points means nothing across tests: dividing by the standard deviation makes it comparable, and a handful of agreed
//! corrections (small samples, binary outcomes, clusters) keep the comparison fair. The rules on baseline equivalence and attrition decide what a
//! design may claim whatever its estimate.
//!
//! Wrong when the two groups' spreads differ much (which one is the yardstick?), or when the sample is not the population the scale was made for.
//!
//! Reference: What Works Clearinghouse, *Procedures and Standards Handbook*, version 5.0 (2022); attrition boundary: version 4.1, Table II.1,
//! unchanged in 5.0.

mod attrition;
mod baseline;
mod clustered;
mod size;

pub use attrition::{Attrition, AttritionBoundary, AttritionVerdict, attrition};
pub use baseline::{Baseline, baseline_equivalence};
pub use clustered::{ClusteredEffect, cluster_degrees_of_freedom, clustered_g, clustered_t};
pub use size::{
    Arm, EffectSize, cox_g, exact_correction, hedges_g, improvement_index, small_sample_correction,
    standardise,
};
