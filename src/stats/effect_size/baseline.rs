//! Baseline equivalence: were the groups alike before anything happened?

use super::size::EffectSize;

/// What a baseline difference allows (WWC 5.0).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Baseline {
    /// |g| ≤ 0.05: equivalent as it is.
    Satisfied,
    /// 0.05 < |g| ≤ 0.25: acceptable only when the analysis adjusts for this measure.
    NeedsAdjustment,
    /// |g| > 0.25: not equivalent, whatever the adjustment.
    Failed,
}

/// Judges a baseline difference in standard deviations.
///
/// ```
/// use throughline_stats::effect_size::{baseline_equivalence, Baseline};
/// assert_eq!(baseline_equivalence(-0.04), Baseline::Satisfied);
/// assert_eq!(baseline_equivalence(0.12), Baseline::NeedsAdjustment);
/// assert_eq!(baseline_equivalence(f64::NAN), Baseline::Failed);
/// ```
#[must_use]
pub fn baseline_equivalence(g: f64) -> Baseline {
    let size = g.abs();
    if size <= 0.05 {
        Baseline::Satisfied
    } else if size <= 0.25 {
        Baseline::NeedsAdjustment
    } else {
        Baseline::Failed
    }
}

impl EffectSize {
    /// This difference read as a baseline difference.
    #[must_use]
    pub fn as_baseline(&self) -> Baseline {
        baseline_equivalence(self.g)
    }
}
