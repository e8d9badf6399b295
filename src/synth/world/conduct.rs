//! Incidents and what followed.

use std::ops::Range;

use super::World;
use super::outcomes::Outcome;
use crate::days::DAYS;
use crate::rng::{Purpose, Rng};

/// An incident of one student.
#[derive(Clone, Debug)]
pub(crate) struct Incident {
    /// Position of its day.
    pub(crate) day: usize,
    /// Which of the student's spells it fell in.
    pub(crate) spell: usize,
    /// Position in [`BEHAVIORS`].
    pub(crate) behavior: usize,
    pub(crate) major: bool,
    /// Position in [`ACTIONS`].
    pub(crate) action: usize,
    /// Days of the action.
    pub(crate) days: usize,
    /// Positions of the days of an out-of-school suspension; empty for other actions.
    pub(crate) suspends: Range<usize>,
}

/// What happened, as the vendor words it, with its share and the chance that it is major.
pub(crate) const BEHAVIORS: [(&str, f64, f64); 7] = [
    ("Disruption", 0.34, 0.05),
    ("Defiance, disrespect", 0.24, 0.1),
    ("Fighting", 0.12, 0.8),
    ("Harassment, bullying", 0.09, 0.5),
    ("Electronic device", 0.1, 0.02),
    ("Vandalism", 0.05, 0.5),
    ("Tobacco, vaping", 0.06, 0.7),
];

/// The vendor's action codes.
pub(crate) const ACTIONS: [&str; 5] = ["CONF", "DET", "ISS", "OSS", "EXP"];
const OUT_OF_SCHOOL: usize = 3;
pub(crate) const EXPULSION: usize = 4;

/// The incidents of a student's year, in order of day.
pub(crate) fn incidents(world: &World, t: usize, seat: usize, outcome: &Outcome) -> Vec<Incident> {
    let pupil = &world.pupils[seat];
    let mut rng = Rng::keyed(world.spec.seed, Purpose::Incident, pupil.index, t as u64);
    let enrolled: usize = pupil.spells.iter().map(|s| s.end + 1 - s.begin).sum();
    let count = rng.poisson(outcome.incidents * enrolled as f64 / DAYS as f64);
    let calendar = &world.calendar[t];
    let mut incidents: Vec<Incident> = (0..count)
        .map(|_| {
            let mut day = pupil.spells[0].begin + rng.below(enrolled);
            let mut spell = pupil
                .spells
                .iter()
                .rposition(|s| s.begin <= day)
                .unwrap_or(0);
            if calendar.closed(pupil.spells[spell].school, day) {
                day = pupil.spells[spell].begin;
            }
            spell = pupil
                .spells
                .iter()
                .rposition(|s| s.begin <= day)
                .unwrap_or(spell);
            let behavior = rng.pick(&BEHAVIORS.map(|(_, share, _)| share));
            let major = rng.chance(BEHAVIORS[behavior].2);
            let action = if major {
                rng.pick(&[0.05, 0.15, 0.35, 0.44, 0.01])
            } else {
                rng.pick(&[0.55, 0.37, 0.08])
            };
            let days = match action {
                2 => 1 + rng.below(2),
                3 => 1 + rng.below(4),
                4 => 30 + rng.below(30),
                _ => 0,
            };
            let suspends = if action == OUT_OF_SCHOOL {
                day + 1..(day + 1 + days).min(DAYS)
            } else {
                0..0
            };
            Incident {
                day,
                spell,
                behavior,
                major,
                action,
                days,
                suspends,
            }
        })
        .collect();
    incidents.sort_by_key(|incident| incident.day);
    incidents
}
