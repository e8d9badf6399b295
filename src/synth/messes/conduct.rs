//! Discipline actions that name no incident, and actions with more days than there is membership left.

use super::{Kind, rates};
use crate::days::DAYS;
use crate::world::World;
use crate::world::conduct::Incident;
use crate::world::pupils::Pupil;

/// Days that an action is given where it outlasts the enrollment: a year of instruction.
pub(crate) const LONG: usize = 180;

/// Whether the `nth` incident's action is written without the incident's number. Two actions of a student that then could not be
/// told apart keep theirs.
pub(crate) fn stands_alone(
    world: &World,
    t: usize,
    pupil: &Pupil,
    log: &[Incident],
    nth: usize,
) -> bool {
    let action = &log[nth];
    let alike = |other: &&Incident| other.day == action.day && other.action == action.action;
    world.messy()
        && log.iter().filter(alike).count() == 1
        && world
            .mess(Kind::ActionAlone, pupil.index, t, nth)
            .chance(rates::ACTION_ALONE)
}

/// Whether an action lasts as long as the student's membership, or longer: then it lasts [`LONG`] days as well as any number.
pub(crate) fn outlasts(world: &World, pupil: &Pupil, action: &Incident) -> bool {
    let begin = (action.day + 1).min(DAYS - 1);
    let end = pupil.spells[pupil.spells.len() - 1].end;
    world.messy() && action.days > 0 && action.days >= (end + 1).saturating_sub(begin)
}

/// The day, as a position, from which a student who had left was expelled.
pub(crate) fn expelled_after(world: &World, t: usize, pupil: &Pupil) -> Option<usize> {
    let end = pupil.spells[pupil.spells.len() - 1].end;
    let mut rng = world.mess(Kind::ActionBeyond, pupil.index, t, 0);
    let left = world.messy() && end + 12 < DAYS;
    (left && rng.chance(rates::EXPELLED_AFTER)).then(|| end + 1 + rng.below(10))
}
