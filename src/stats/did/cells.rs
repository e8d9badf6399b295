//! Which comparison each cohort × period cell makes: its base period, its controls, and which cells may share their fits.
//!
//! Follows `did` 2.5 (`plan_cell` in csdid): cells from `anticipation` periods before the start on are measured from the last period
//! before that; earlier ones from the period just before (varying) or from the same base (universal).

use super::options::{BasePeriod, ControlGroup, GroupTimeOptions};
use super::panel::{NEVER, Wide};

/// One cohort × period cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Cell {
    /// Cohort.
    pub(crate) group: i32,
    /// Index of the period.
    pub(crate) at: usize,
    /// Index of the base period.
    pub(crate) base: usize,
    /// The cell is its own base (universal base period): zero by construction.
    pub(crate) reference: bool,
}

/// What decides the units, covariates and weights of a cell: cells with the same key share a propensity score and a Gram matrix.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Key {
    /// Cohort.
    pub(crate) group: i32,
    /// Controls start after this period; `NEVER − 1` keeps the never treated only.
    pub(crate) controls_after: i32,
    /// Period the covariates come from.
    pub(crate) covariates_at: usize,
    /// Period the weights come from.
    pub(crate) weights_at: usize,
}

/// Every cell of the panel, cohort by cohort.
pub(crate) fn plan(
    wide: &Wide,
    cohorts: &[i32],
    periods: &[i32],
    options: &GroupTimeOptions,
) -> Vec<(Key, Cell)> {
    let lead = i64::from(options.anticipation);
    let mut cells = Vec::new();
    for &group in cohorts {
        let before = periods
            .iter()
            .take_while(|&&t| i64::from(t) + lead < i64::from(group))
            .count();
        if before == 0 {
            continue;
        }
        let first = usize::from(options.base_period == BasePeriod::Varying);
        for at in first..periods.len() {
            let reacting = i64::from(group) - lead <= i64::from(periods[at]);
            let base = if reacting || options.base_period == BasePeriod::Universal {
                before - 1
            } else {
                at - 1
            };
            let cell = Cell {
                group,
                at,
                base,
                reference: base == at,
            };
            let later = i64::from(periods[at.max(base)]);
            let controls_after = match options.control {
                ControlGroup::NeverTreated => NEVER - 1,
                ControlGroup::NotYetTreated => (later + lead).min(i64::from(NEVER - 1)) as i32,
            };
            let earlier = at.min(base);
            let moving = wide.covariates.iter().any(|c| c.len() > 1);
            let key = Key {
                group,
                controls_after,
                covariates_at: if moving { earlier } else { 0 },
                weights_at: if wide.weights.len() > 1 { earlier } else { 0 },
            };
            cells.push((key, cell));
        }
    }
    cells
}
