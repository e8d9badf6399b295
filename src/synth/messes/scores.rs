//! Second tests in a window.

use super::{Kind, rates};
use crate::days::DAYS;
use crate::world::World;

/// A rushed test beside the one that counts.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Retest {
    /// Position of its day: the same day, or a few days before or after.
    pub(crate) day: usize,
    /// Points below the test that counts.
    pub(crate) below: f64,
    /// What its standard error is more.
    pub(crate) error: f64,
    pub(crate) before: bool,
}

/// The rushed test beside a student's test on `day`, where there is one. `context` says which test.
pub(crate) fn retest(
    world: &World,
    t: usize,
    index: u64,
    context: usize,
    day: usize,
) -> Option<Retest> {
    let mut rng = world.mess(Kind::Retest, index, t, context);
    if !world.messy() || !rng.chance(rates::RETEST) {
        return None;
    }
    let before = rng.chance(0.5);
    let apart = if rng.chance(0.3) { 0 } else { 1 + rng.below(8) };
    Some(Retest {
        day: if before {
            day.saturating_sub(apart)
        } else {
            (day + apart).min(DAYS - 1)
        },
        below: 8.0 + (rng.unit() * 18.0).round(),
        error: 0.4 + rng.unit(),
        before,
    })
}
