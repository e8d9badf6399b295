//! How far each unit moves an effect. A comparison reads a cohort and its controls only, so only their influence is held.

use std::sync::Arc;

/// Influence on one effect; zero for units not named.
#[derive(Debug, Clone, Default)]
pub(crate) struct Influence {
    /// Units, shared by the effects of one comparison.
    pub(crate) units: Arc<[u32]>,
    /// One value for each of them.
    pub(crate) values: Vec<f64>,
}

impl Influence {
    /// Adds `times` the influence to a column over all units.
    pub(crate) fn add_to(&self, column: &mut [f64], times: f64) {
        for (&i, v) in self.units.iter().zip(&self.values) {
            column[i as usize] += times * v;
        }
    }

    /// A column over all units.
    pub(crate) fn whole(&self, units: usize) -> Vec<f64> {
        let mut column = vec![0.0; units];
        self.add_to(&mut column, 1.0);
        column
    }
}
