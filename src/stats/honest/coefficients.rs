//! The event study under examination, and the interval that comes back.

use crate::did::EventStudy;
use crate::error::StatsError;
use crate::kit::check::{finite, same_length};
use crate::kit::dense::{bilinear, cholesky};

/// Event-study coefficients around an omitted period just before treatment.
#[derive(Debug, Clone, PartialEq)]
pub struct Coefficients {
    pub(crate) estimates: Vec<f64>,
    pub(crate) covariance: Vec<f64>,
    pub(crate) pre: usize,
    pub(crate) post: usize,
    /// Weights of the post-treatment coefficients in the quantity of interest.
    pub(crate) target: Vec<f64>,
}

/// A confidence interval robust to a stated violation of parallel trends.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct HonestInterval {
    /// Lower limit.
    pub lower: f64,
    /// Upper limit.
    pub upper: f64,
    /// M̄ or M.
    pub bound: f64,
    /// 1 − confidence level.
    pub alpha: f64,
    /// "Delta-RM, C-LF" or "Delta-SD, FLCI".
    pub method: &'static str,
    /// The interval reached the edge of the range searched: at least this wide.
    pub open: bool,
}

impl HonestInterval {
    /// Whether zero lies outside.
    #[must_use]
    pub fn excludes_zero(&self) -> bool {
        self.lower > 0.0 || self.upper < 0.0
    }
}

impl Coefficients {
    /// Coefficients in time order, `pre` of them before the omitted period, with their row-major covariance. The quantity of interest is the
    /// first period after.
    ///
    /// # Errors
    /// No period before or after, unequal lengths, non-finite values or a singular covariance.
    pub fn new(estimates: &[f64], covariance: &[f64], pre: usize) -> Result<Self, StatsError> {
        let k = estimates.len();
        if pre == 0 || pre >= k {
            return Err(StatsError::EmptyGroup {
                group: "coefficients on one side of the treatment".into(),
                hint: "an event study needs one before and one after the omitted period",
            });
        }
        same_length("covariance", covariance.len(), k * k)?;
        finite("estimates", estimates)?;
        finite("covariance", covariance)?;
        cholesky(covariance, k).map_err(|_| StatsError::NotEstimable {
            place: "the robust interval".into(),
            reason: "the covariance of the coefficients is singular (more coefficients than clusters?)",
        })?;
        let mut target = vec![0.0; k - pre];
        target[0] = 1.0;
        Ok(Self {
            estimates: estimates.to_vec(),
            covariance: covariance.to_vec(),
            pre,
            post: k - pre,
            target,
        })
    }

    /// An event study from staggered adoption, its reference period left out.
    ///
    /// # Errors
    /// As [`Self::new`], or event times that do not run −k … −2, 0 … m without a gap.
    pub fn from_event_study(study: &EventStudy) -> Result<Self, StatsError> {
        let pre = study.at.iter().filter(|e| **e < -1).count();
        let wanted = (0..study.at.len()).map(|i| i as i32 - pre as i32 - i32::from(i < pre));
        if !study.at.iter().copied().eq(wanted) {
            return Err(StatsError::unsupported(
                "an event study with gaps or with anticipation",
                "periods must run evenly around an omitted period -1",
            ));
        }
        Self::new(&study.estimates, &study.covariance, pre)
    }

    /// The same study with another quantity of interest: a weighted sum of the coefficients after treatment.
    ///
    /// # Errors
    /// Wrong length, non-finite or all-zero weights.
    pub fn with_target(mut self, weights: &[f64]) -> Result<Self, StatsError> {
        same_length("target weights", weights.len(), self.post)?;
        finite("target weights", weights)?;
        if weights.iter().all(|w| *w == 0.0) {
            return Err(StatsError::Constant {
                name: "target weights".into(),
            });
        }
        self.target = weights.to_vec();
        Ok(self)
    }

    /// Estimate of the quantity of interest.
    #[must_use]
    pub fn estimate(&self) -> f64 {
        self.estimates[self.pre..]
            .iter()
            .zip(&self.target)
            .map(|(b, w)| b * w)
            .sum()
    }

    /// Its standard error.
    #[must_use]
    pub fn standard_error(&self) -> f64 {
        let mut weights = vec![0.0; self.pre];
        weights.extend(&self.target);
        bilinear(&weights, &self.covariance, &weights).sqrt()
    }
}
