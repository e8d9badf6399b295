//! Hours of training that are told twice, not at all, or in other units.

use super::{Kind, rates};
use crate::world::World;
use crate::world::training::{Session, Status};

/// How a person's course stands in the transcript.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Told {
    /// A row for each session, with its hours; the last one completes the course.
    Plain,
    /// Sessions, and so many days after the last one a row for the whole.
    Whole(u64),
    /// Sessions without hours: the catalogue has the course's.
    Course,
    /// Sessions, and a row for the whole in continuing education units.
    UnitsBeside,
    /// Hours in continuing education units only.
    Units,
}

/// How the sessions of one person in one course are told. `hours` are the course's in the catalogue.
pub(crate) fn told(world: &World, t: usize, sessions: &[Session], hours: f64) -> Told {
    let Some((first, last)) = sessions.first().zip(sessions.last()) else {
        return Told::Plain;
    };
    let all: f64 = sessions.iter().filter_map(|session| session.hours).sum();
    if !world.messy() || all == 0.0 || last.status != Status::Completed {
        return Told::Plain;
    }
    let context = first.program * 2 + first.run;
    let mut rng = world.mess(Kind::Completion, first.staff as u64, t, context);
    let draw = rng.unit();
    if all == hours && draw < rates::COURSE_HOURS {
        Told::Course
    } else if draw < rates::COURSE_HOURS {
        Told::Plain
    } else if draw < rates::COURSE_HOURS + rates::COMPLETION && sessions.len() > 1 {
        Told::Whole(rng.below(8) as u64)
    } else if draw > 1.0 - rates::UNITS {
        // One session and a total of the same hours could as well be two sessions.
        let beside = rng.chance(0.5) && sessions.len() > 1;
        if beside {
            Told::UnitsBeside
        } else {
            Told::Units
        }
    } else {
        Told::Plain
    }
}

/// Whether a session was two on one day, morning and afternoon. The last one may be, or any where a row tells the whole: two short
/// sessions before a long one that completes a course could as well be the course's sessions and their sum.
pub(crate) fn in_two(world: &World, t: usize, told: Told, session: &Session, nth: usize) -> bool {
    let may = match told {
        Told::Plain => session.status == Status::Completed,
        Told::Whole(_) => true,
        _ => false,
    };
    let context = (session.program * 2 + session.run) * 16 + nth;
    world.messy()
        && may
        && session.hours.is_some_and(|hours| hours >= 2.0)
        && world
            .mess(Kind::SameDay, session.staff as u64, t, context)
            .chance(rates::SAME_DAY)
}
