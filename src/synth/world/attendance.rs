//! Which days a student was there. Both export styles print the same draws.

use super::World;
use super::conduct::Incident;
use super::outcomes::Outcome;
use crate::days::DAYS;
use crate::rng::{Purpose, Rng};

/// What the attendance clerk enters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mark {
    Present,
    Excused,
    Unexcused,
    Suspended,
    Tardy,
    LeftEarly,
}

/// Calls `each` with spell, day and mark of every instructional day the student was enrolled, in order.
pub(crate) fn days(
    world: &World,
    t: usize,
    seat: usize,
    outcome: &Outcome,
    incidents: &[Incident],
    mut each: impl FnMut(usize, usize, Mark),
) {
    let pupil = &world.pupils[seat];
    let calendar = &world.calendar[t];
    let mut rng = Rng::keyed(world.spec.seed, Purpose::Day, pupil.index, t as u64);
    // One draw a day decides everything: thresholds on a 32-bit scale.
    let scale = f64::from(u32::MAX);
    let absent = (outcome.absent * scale) as u32;
    let unexcused_share = (0.18 + 2.0 * outcome.absent).min(0.85);
    let unexcused = (unexcused_share * scale) as u32;
    let tardy = absent + ((0.003 + 0.12 * outcome.absent) * scale) as u32;
    let early = tardy + (0.0012 * scale) as u32;
    let mut drawn = 0;
    for (index, spell) in pupil.spells.iter().enumerate() {
        while drawn < spell.begin {
            rng.next();
            drawn += 1;
        }
        while drawn <= spell.end.min(DAYS - 1) {
            let draw = rng.next();
            let day = drawn;
            drawn += 1;
            if calendar.closed(spell.school, day) {
                continue;
            }
            let (first, second) = (draw as u32, (draw >> 32) as u32);
            let suspended = incidents
                .iter()
                .any(|incident| incident.suspends.contains(&day));
            let mark = if suspended {
                Mark::Suspended
            } else if first >= early {
                Mark::Present
            } else if first >= tardy {
                Mark::LeftEarly
            } else if first >= absent {
                Mark::Tardy
            } else if second < unexcused {
                Mark::Unexcused
            } else {
                Mark::Excused
            };
            each(index, day, mark);
        }
    }
}
