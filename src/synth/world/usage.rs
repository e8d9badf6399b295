//! Tools: which schools pay for them, which classes use them, and how long each student did.

use super::World;
use super::classes::{Classes, NONE};
use crate::program::TOOLS;
use crate::rng::{Purpose, Rng, logistic};

/// First and last grade whose classes use tools.
const GRADES: std::ops::RangeInclusive<usize> = 2..=8;
const WEEKS: usize = 34;

/// Index of the first school year in which `school` has a licence for `tool`; may lie beyond the last.
pub(crate) fn licensed_from(world: &World, school: usize, tool: usize) -> usize {
    let mut rng = Rng::keyed(
        world.spec.seed,
        Purpose::Usage,
        school as u64,
        1_000 + tool as u64,
    );
    rng.below(world.spec.years as usize + 2).saturating_sub(1)
}

/// Day and minutes of every session of a student with a tool in year `t`, in order.
pub(crate) fn sessions(
    world: &World,
    t: usize,
    classes: &Classes,
    seat: usize,
    tool: usize,
) -> Vec<(usize, u32)> {
    let pupil = &world.pupils[seat];
    let about = &TOOLS[tool];
    if world.spec.plant.is_some() || !GRADES.contains(&pupil.grade) {
        return Vec::new();
    }
    let mut found = Vec::new();
    for (spell, seats) in pupil.spells.iter().zip(&classes.seats[seat]) {
        let Some(section) = seats
            .iter()
            .filter(|section| **section != NONE)
            .map(|section| *section as usize)
            .find(|section| classes.sections[*section].subject == about.subject)
        else {
            continue;
        };
        if !class_uses(world, t, classes, section, tool) {
            continue;
        }
        let context = (t * 4 + tool) as u64;
        let mut rng = Rng::keyed(
            world.spec.seed,
            Purpose::Usage,
            pupil.index,
            10_000 + context,
        );
        let habit = libm::exp(0.3 * rng.normal());
        for week in 1..WEEKS {
            let uses = rng.chance(0.42);
            let day = week * 5 + rng.below(5);
            let minutes = (22.0 * habit * rng.between(0.7, 1.3)).clamp(3.0, 120.0);
            let enrolled = (spell.begin..=spell.end).contains(&day);
            if uses && enrolled && !world.calendar[t].closed(spell.school, day) {
                found.push((day, minutes as u32));
            }
        }
    }
    found
}

fn class_uses(world: &World, t: usize, classes: &Classes, section: usize, tool: usize) -> bool {
    let class = &classes.sections[section];
    let about = &TOOLS[tool];
    let lead = &world.staff[class.team[0].staff];
    let odds = about.log_odds + about.selection * world.spec.selection * lead.quality;
    let context = 20_000 + (t * 4 + tool) as u64;
    let mut rng = Rng::keyed(world.spec.seed, Purpose::Usage, section as u64, context);
    licensed_from(world, class.school, tool) <= t && rng.chance(logistic(odds))
}
