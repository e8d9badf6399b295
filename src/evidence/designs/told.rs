//! What one design tells, before it is known which one speaks.

use serde::{Deserialize, Serialize};
use throughline_model::pipeline::Design;

use crate::checks::{Tried, Weight};
use crate::finding::{Counts, DesignResult, Detail, Estimate};

/// What a design tells, with the weights of what was tried against it.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Told {
    /// Its checks are filled in by [`super::settle`].
    pub(crate) result: DesignResult,
    pub(crate) tried: Vec<Tried>,
    /// Mean dose (in the exposure's `per`) behind the contrast; 0 where there is no estimate.
    pub(crate) dose: f64,
    /// Teachers or schools that took part.
    pub(crate) changing: u64,
    /// What errors cluster by.
    #[serde(deserialize_with = "crate::kept::cluster")]
    pub(crate) cluster: crate::kept::Cluster,
}

impl Told {
    /// A design that gives no estimate, and why.
    pub(crate) fn not_run(design: Design, contrast: &str, why: impl Into<String>) -> Self {
        Self {
            result: DesignResult {
                design,
                contrast: contrast.to_owned(),
                estimate: None,
                not_run: Some(why.into()),
                n: Counts::default(),
                checks: Vec::new(),
                estimator: String::new(),
                detail: Detail::None,
            },
            tried: Vec::new(),
            dose: 0.0,
            changing: 0,
            cluster: "teacher",
        }
    }

    /// The estimate per `per` of dose: what it is for the contrast, spread evenly over the mean dose behind it.
    pub(crate) fn per_dose(&self) -> Option<Estimate> {
        let estimate = self.result.estimate?;
        let by = |x: f64| x / self.dose;
        (self.dose > 0.0).then(|| Estimate {
            estimate: by(estimate.estimate),
            se: by(estimate.se),
            lower: by(estimate.lower),
            upper: by(estimate.upper),
            ..estimate
        })
    }

    /// Whether a check of this weight failed.
    pub(crate) fn failed(&self, weight: Weight) -> bool {
        let mut tried = self.tried.iter();
        tried.any(|tried| tried.failed() && tried.weight == weight)
    }
}
