//! The attrition boundary: how unevenly two groups may lose members before an experiment is no longer one.
//!
//! Table II.1 of the WWC Standards Handbook 4.1 (kept in 5.0): the highest differential attrition, in percentage points, at each overall
//! attrition from 0 to 65 %, under cautious assumptions (leaving may depend on the program) and optimistic ones. Above 57 %
//! (cautious) or 65 % (optimistic) attrition is high whatever the difference. Between whole percents the smaller neighbour counts.

use crate::error::StatsError;

const CAUTIOUS: [f64; 58] = [
    5.7, 5.8, 5.9, 5.9, 6.0, 6.1, 6.2, 6.3, 6.3, 6.3, 6.3, 6.2, 6.2, 6.1, 6.0, 5.9, 5.9, 5.8, 5.7,
    5.5, 5.4, 5.3, 5.2, 5.1, 4.9, 4.8, 4.7, 4.5, 4.4, 4.3, 4.1, 4.0, 3.8, 3.6, 3.5, 3.3, 3.2, 3.1,
    2.9, 2.8, 2.6, 2.5, 2.3, 2.1, 2.0, 1.8, 1.6, 1.5, 1.3, 1.2, 1.0, 0.9, 0.7, 0.6, 0.4, 0.3, 0.2,
    0.0,
];

const OPTIMISTIC: [f64; 66] = [
    10.0, 10.1, 10.2, 10.3, 10.4, 10.5, 10.7, 10.8, 10.9, 10.9, 10.9, 10.9, 10.9, 10.8, 10.8, 10.7,
    10.6, 10.5, 10.3, 10.2, 10.0, 9.9, 9.7, 9.5, 9.4, 9.2, 9.0, 8.8, 8.6, 8.4, 8.2, 8.0, 7.8, 7.6,
    7.4, 7.2, 7.0, 6.7, 6.5, 6.3, 6.0, 5.8, 5.6, 5.3, 5.1, 4.9, 4.6, 4.4, 4.2, 3.9, 3.7, 3.5, 3.2,
    3.0, 2.8, 2.6, 2.3, 2.1, 1.9, 1.6, 1.4, 1.1, 0.9, 0.7, 0.5, 0.3,
];

/// Which boundary applies; the protocol decides, not the data.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum AttritionBoundary {
    /// Leaving may well be related to the program.
    #[default]
    Cautious,
    /// Leaving is unlikely to be related to it.
    Optimistic,
}

/// Low or high attrition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AttritionVerdict {
    /// The expected bias is at most 0.05 standard deviations.
    Low,
    /// It may be larger: treat the study as a quasi-experiment and show baseline equivalence.
    High,
}

/// Attrition of a study with its verdict.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Attrition {
    /// Share of all assigned who have no outcome.
    pub overall: f64,
    /// |share lost among treated − share lost among control|.
    pub differential: f64,
    /// Highest differential allowed at this overall rate, as a share; `None` beyond the table.
    pub allowed: Option<f64>,
    /// Verdict.
    pub verdict: AttritionVerdict,
    /// Boundary used.
    pub boundary: AttritionBoundary,
}

/// Judges attrition from the numbers assigned and analysed in each group.
///
/// # Errors
/// A group with nobody assigned, or more analysed than assigned.
///
/// ```
/// use throughline_stats::effect_size::{attrition, AttritionBoundary, AttritionVerdict};
/// let a = attrition((200, 180), (200, 160), AttritionBoundary::Cautious)?;
/// assert_eq!(a.verdict, AttritionVerdict::High); // 15 % overall allows 5.9 points; 10 were lost
/// # Ok::<(), throughline_stats::StatsError>(())
/// ```
pub fn attrition(
    treated: (usize, usize),
    control: (usize, usize),
    boundary: AttritionBoundary,
) -> Result<Attrition, StatsError> {
    for (assigned, analysed) in [treated, control] {
        if assigned == 0 || analysed > assigned {
            return Err(StatsError::option(
                "assigned and analysed",
                "each group needs someone assigned and no more analysed than assigned",
            ));
        }
    }
    let lost =
        |(assigned, analysed): (usize, usize)| (assigned - analysed) as f64 / assigned as f64;
    let all = (treated.0 + control.0, treated.1 + control.1);
    let overall = lost(all);
    let differential = (lost(treated) - lost(control)).abs();
    let table: &[f64] = match boundary {
        AttritionBoundary::Cautious => &CAUTIOUS,
        AttritionBoundary::Optimistic => &OPTIMISTIC,
    };
    let percent = overall * 100.0;
    let near = |x: f64| table.get(x as usize).copied();
    // Rounding noise in a whole percent must not move to the next row.
    let allowed = match (
        near((percent + 1e-9).floor()),
        near((percent - 1e-9).ceil().max(0.0)),
    ) {
        (Some(a), Some(b)) => Some(a.min(b) / 100.0),
        _ => None,
    };
    let verdict = if allowed.is_some_and(|limit| differential <= limit + 1e-12) {
        AttritionVerdict::Low
    } else {
        AttritionVerdict::High
    };
    Ok(Attrition {
        overall,
        differential,
        allowed,
        verdict,
        boundary,
    })
}
