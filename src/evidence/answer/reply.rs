//! What a job gives back.

use serde::{Deserialize, Serialize};
use throughline_model::pipeline::Design;

use crate::checks::Tried;
use crate::designs::Told;
use crate::finding::{Counts, DesignResult, DoseCurve, Estimate};
use crate::frame::Level;

/// One exposure × outcome × subgroup of a study, before the run's comparisons are counted.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Answer {
    pub(crate) study: usize,
    pub(crate) exposure: usize,
    pub(crate) outcome: usize,
    pub(crate) subgroup: usize,
    pub(crate) frame: usize,
    /// The outcome's standard deviation in its own unit.
    pub(crate) sd: f64,
    pub(crate) naive: Option<Estimate>,
    pub(crate) adjusted: Option<Estimate>,
    pub(crate) alone: Option<Estimate>,
    /// As [`crate::finding::Finding::shrunk`].
    pub(crate) shrunk: Option<Estimate>,
    /// As [`crate::finding::Finding::gap`].
    pub(crate) gap: Option<Estimate>,
    /// Why there is no adjusted estimate.
    pub(crate) failure: Option<String>,
    pub(crate) has_prior: bool,
    pub(crate) n: Counts,
    pub(crate) tried: Vec<Tried>,
    /// Teachers (or schools) whose dose changed.
    pub(crate) changing: u64,
    #[serde(deserialize_with = "crate::kept::cluster")]
    pub(crate) cluster: crate::kept::Cluster,
    pub(crate) estimator: String,
    /// Who is given the dose.
    pub(crate) level: Level,
    /// The design that speaks.
    pub(crate) design: Design,
    /// What group comparisons tell, with the weights of their checks.
    pub(crate) told: Vec<Told>,
    /// What other designs say to the same question.
    pub(crate) designs: Vec<DesignResult>,
}

/// What one job gives.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Answered {
    pub(crate) answers: Vec<Answer>,
    /// Exposure and outcome by index, and their curve.
    pub(crate) curves: Vec<(usize, usize, DoseCurve)>,
}
