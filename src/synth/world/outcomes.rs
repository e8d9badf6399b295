//! What a school year does to each student. A score is a lasting ability plus a part that growth moves: half of last
//! year's, this year's teachers and their training weighted by days and share of teaching, the school, tools, and luck.

use rayon::prelude::*;

use super::World;
use super::classes::{Classes, MATH, NONE, READING};
use super::usage;
use crate::days::{DAYS, YearDays};
use crate::program::{CREDENTIALS, Effects, TOOLS};
use crate::rng::{Purpose, Rng};

/// A student's year.
#[derive(Clone, Debug, Default)]
pub(crate) struct Outcome {
    /// True score at the end of last year and of this one: math, reading.
    pub(crate) before: [f64; 2],
    pub(crate) after: [f64; 2],
    /// Growth of this year beyond what last year's carries over.
    pub(crate) gain: [f64; 2],
    /// Chance to be absent on an instructional day.
    pub(crate) absent: f64,
    /// Expected incidents in a whole year.
    pub(crate) incidents: f64,
    /// Minutes of each tool.
    pub(crate) minutes: [f64; TOOLS.len()],
}

/// How much of growth carries over to the next year.
pub(crate) const CARRY: f64 = 0.5;
const LUCK: f64 = 0.43;
const CLASS_SHOCK: f64 = 0.04;

/// Effects of every staff member's training and credentials on year `t`.
pub(crate) fn in_force(world: &World, t: usize) -> Vec<Effects> {
    let days = &world.calendar[t];
    world
        .staff
        .par_iter()
        .map(|person| {
            let mut effects = Effects::default();
            for (program, hours) in world.programs.iter().zip(person.hours_before) {
                effects.add(&program.effects, hours / program.usual_hours);
            }
            for (credential, awarded) in CREDENTIALS.iter().zip(person.credentials) {
                if let Some(awarded) = awarded {
                    let held = held_share(days, awarded, credential.valid);
                    effects.add(&credential.effects, held);
                }
            }
            effects
        })
        .collect()
}

/// Share of the year's days on which a credential was held.
fn held_share(days: &YearDays, awarded: chrono::NaiveDate, valid: u64) -> f64 {
    let expires = super::training::expires(awarded, valid);
    let held = days
        .days
        .iter()
        .filter(|day| **day >= awarded && **day < expires)
        .count();
    held as f64 / DAYS as f64
}

/// The year of every student, in the order of [`World::pupils`].
pub(crate) fn of_year(world: &World, t: usize, classes: &Classes) -> Vec<Outcome> {
    let effects = in_force(world, t);
    let shocks: Vec<f64> = (0..classes.sections.len())
        .map(|section| {
            Rng::keyed(world.spec.seed, Purpose::Shock, section as u64, t as u64).normal()
                * CLASS_SHOCK
        })
        .collect();
    let spread = world.spec.nature.teacher_years;
    let teacher_years: Vec<f64> = (0..world.staff.len() as u64)
        .map(|staff| {
            let mut rng = Rng::keyed(world.spec.seed, Purpose::Shock, staff, 1_000_000 + t as u64);
            if spread > 0.0 {
                spread * rng.normal()
            } else {
                0.0
            }
        })
        .collect();
    (0..world.pupils.len())
        .into_par_iter()
        .map(|seat| of_student(world, t, classes, &effects, (&shocks, &teacher_years), seat))
        .collect()
}

fn of_student(
    world: &World,
    t: usize,
    classes: &Classes,
    effects: &[Effects],
    (shocks, teacher_years): (&[f64], &[f64]),
    seat: usize,
) -> Outcome {
    let pupil = &world.pupils[seat];
    let mut rng = Rng::keyed(world.spec.seed, Purpose::Growth, pupil.index, t as u64);
    let mut outcome = Outcome {
        before: [0, 1].map(|s| pupil.ability[s] + pupil.growth[s]),
        ..Outcome::default()
    };
    for (minutes, tool) in outcome.minutes.iter_mut().zip(0..) {
        *minutes = usage::sessions(world, t, classes, seat, tool)
            .iter()
            .map(|(_, minutes)| f64::from(*minutes))
            .sum();
    }
    let school = school_effects(world, t, seat);
    for subject in [MATH, READING] {
        let mut gain = school[subject] + rng.normal() * LUCK;
        for (section, staff, weight) in teachers(world, classes, seat, Some(subject)) {
            let effect = &effects[staff];
            let trained = if subject == MATH {
                effect.math
            } else {
                effect.reading
            };
            gain += weight
                * (world.staff[staff].skill[subject]
                    + trained
                    + shocks[section]
                    + teacher_years[staff]);
        }
        for (tool, minutes) in TOOLS.iter().zip(outcome.minutes) {
            let effect = [tool.effects.math, tool.effects.reading][subject];
            gain += effect * minutes / tool.usual_minutes;
        }
        outcome.gain[subject] = gain;
        outcome.after[subject] = pupil.ability[subject] + CARRY * pupil.growth[subject] + gain;
    }
    let (mut attends, mut behaves) = (0.0, 0.0);
    for (_, staff, weight) in teachers(world, classes, seat, None) {
        attends += weight * effects[staff].attendance;
        behaves += weight * effects[staff].incidents;
    }
    let age = if pupil.grade == 0 || pupil.grade >= 9 {
        0.2
    } else {
        0.0
    };
    let usual = 0.012 + libm::exp(-3.8 + pupil.absence + age + 0.25 * rng.normal());
    outcome.absent = (usual - attends).clamp(0.001, 0.6);
    let teens = 0.5 * (1.0 - ((pupil.grade as f64 - 8.0) / 5.0).powi(2)).max(-1.0);
    let usual = libm::exp(-2.5 + pupil.conduct + teens + 0.3 * rng.normal());
    outcome.incidents = (usual * (1.0 + behaves).max(0.0)).min(12.0);
    outcome
}

/// What a student's schools add to growth: their own effect and trend, and a certified trainer in the building.
fn school_effects(world: &World, t: usize, seat: usize) -> [f64; 2] {
    let spells = &world.pupils[seat].spells;
    let total: usize = spells.iter().map(|spell| spell.end + 1 - spell.begin).sum();
    let mut effects = [0.0; 2];
    for spell in spells {
        let weight = (spell.end + 1 - spell.begin) as f64 / total as f64;
        let school = &world.schools[spell.school];
        let own = school.effect + school.trend * t as f64;
        let trained = f64::from(u8::from(school.trainer.is_some_and(|from| from <= t)));
        effects[MATH] += weight * (own + trained * world.trainer.math);
        effects[READING] += weight * (own + trained * world.trainer.reading);
    }
    effects
}

/// A student's teachers of a subject (or of everything) as section, staff and weight: days shared times share of the
/// teaching, summing to 1.
pub(crate) fn teachers(
    world: &World,
    classes: &Classes,
    seat: usize,
    subject: Option<usize>,
) -> Vec<(usize, usize, f64)> {
    let mut found = Vec::with_capacity(8);
    for (spell, seats) in world.pupils[seat].spells.iter().zip(&classes.seats[seat]) {
        for section in seats.iter().filter(|section| **section != NONE) {
            let section = *section as usize;
            let class = &classes.sections[section];
            if subject.is_some_and(|subject| subject != class.subject) {
                continue;
            }
            for assignment in &class.team {
                let begin = spell.begin.max(assignment.begin);
                let end = spell.end.min(assignment.end);
                if begin <= end {
                    let weight = (end + 1 - begin) as f64 * assignment.share;
                    found.push((section, assignment.staff, weight));
                }
            }
        }
    }
    let total: f64 = found.iter().map(|(_, _, weight)| weight).sum();
    if total > 0.0 {
        for (_, _, weight) in &mut found {
            *weight /= total;
        }
    }
    found
}

/// For each staff member the summed gain of their students and the weight behind it, tested grades only: what the
/// district sees when it looks for a bad year.
pub(crate) fn seen_gains(
    world: &World,
    classes: &Classes,
    outcomes: &[Outcome],
) -> Vec<(f64, f64)> {
    let mut seen = vec![(0.0, 0.0); world.staff.len()];
    for (seat, outcome) in outcomes.iter().enumerate() {
        if !(1..=9).contains(&world.pupils[seat].grade) {
            continue;
        }
        for subject in [MATH, READING] {
            for (_, staff, weight) in teachers(world, classes, seat, Some(subject)) {
                seen[staff].0 += weight * outcome.gain[subject];
                seen[staff].1 += weight;
            }
        }
    }
    seen
}
