//! Enrollments that are none, and enrollments inside others: none of them adds a day of membership or takes one away.

use super::people::other_school;
use super::{Kind, rates};
use crate::days::DAYS;
use crate::world::World;
use crate::world::pupils::{self, Pupil};

/// An enrollment that is written beside the true ones. Positions in the year's days.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Extra {
    pub(crate) kind: Kind,
    pub(crate) school: usize,
    pub(crate) begin: usize,
    /// `None`: the day before `begin`.
    pub(crate) end: Option<usize>,
    pub(crate) reason: &'static str,
}

/// The SIS has a reason for them; some districts put the exit on the day of the entry, some on the day before.
const NO_SHOW: &str = "No show";

/// The kinds drawn for a student, of which a year has one at most.
const DRAWN: [(Kind, f64); 5] = [
    (Kind::NoShow, rates::NO_SHOW),
    (Kind::VoidSpell, rates::VOID),
    (Kind::NestedSpell, rates::NESTED),
    (Kind::SecondSchool, rates::SECOND_SCHOOL),
    (Kind::SharedEntry, rates::SHARED_ENTRY),
];

/// The enrollment that is written beside a student's own in year `t`, where there is one.
pub(crate) fn extra(world: &World, t: usize, pupil: &Pupil) -> Option<Extra> {
    if !world.messy() {
        return None;
    }
    // One stream for all five: they exclude each other.
    let mut rng = world.mess(Kind::NoShow, pupil.index, t, 0);
    let mut left = rng.unit();
    let kind = DRAWN.iter().find(|(_, rate)| {
        left -= rate;
        left < 0.0
    });
    let own = pupil.spells[0];
    let other = other_school(own.school, rng.below(world.schools.len() - 1));
    let extra = |kind, school, begin, end, reason| {
        Some(Extra {
            kind,
            school,
            begin,
            end,
            reason,
        })
    };
    match kind?.0 {
        // The summer's list of a school knows its own first day only.
        Kind::NoShow => {
            let elsewhere = pupil.spells.iter().all(|spell| spell.school != other);
            let expected = own.begin == 0 && elsewhere;
            let end = rng.chance(0.5).then_some(0);
            expected.then(|| extra(Kind::NoShow, other, 0, end, NO_SHOW))?
        }
        Kind::VoidSpell if rng.chance(0.5) => {
            extra(Kind::VoidSpell, other, own.begin, None, "Entered in error")
        }
        Kind::VoidSpell => {
            let begin = (own.begin + 2 + rng.below(30)).min(own.end);
            let later = begin > own.begin;
            later.then(|| extra(Kind::VoidSpell, own.school, begin, None, "Entered in error"))?
        }
        Kind::NestedSpell => {
            let (begin, end) = inside(world, t, own.school, (own.begin, own.end), &mut rng)?;
            extra(
                Kind::NestedSpell,
                own.school,
                begin,
                Some(end),
                "Program ended",
            )
        }
        Kind::SecondSchool => {
            let (begin, end) = inside(world, t, own.school, (own.begin, own.end), &mut rng)?;
            let may = alike(world, t, (own.school, other), (begin, end));
            may.then(|| {
                extra(
                    Kind::SecondSchool,
                    other,
                    begin,
                    Some(end),
                    "Placement ended",
                )
            })?
        }
        _ => {
            let end = own.begin + 2;
            let school = if rng.chance(0.5) { own.school } else { other };
            let may = own.end > end + 20 && alike(world, t, (own.school, school), (own.begin, end));
            may.then(|| {
                extra(
                    Kind::SharedEntry,
                    school,
                    own.begin,
                    Some(end),
                    "Entered twice",
                )
            })?
        }
    }
}

/// Whether days in two schools at a time are the same days: both keep attendance alike, and both were always open.
fn alike(
    world: &World,
    t: usize,
    (own, other): (usize, usize),
    (begin, end): (usize, usize),
) -> bool {
    world.keeps_every_day(t, own) == world.keeps_every_day(t, other)
        && [own, other]
            .iter()
            .all(|school| open(world, t, *school, begin, end))
}

/// A stretch well inside an enrollment on which its school was always open.
fn inside(
    world: &World,
    t: usize,
    school: usize,
    (first, last): (usize, usize),
    rng: &mut crate::rng::Rng,
) -> Option<(usize, usize)> {
    let long = last.checked_sub(first + 40)?;
    let begin = first + 5 + rng.below(long);
    let end = begin + 5 + rng.below(25);
    open(world, t, school, begin, end).then_some((begin, end))
}

fn open(world: &World, t: usize, school: usize, begin: usize, end: usize) -> bool {
    end < DAYS && (begin..=end).all(|day| !world.calendar[t].closed(school, day))
}

/// Students who were expected in year `t` and never came to any school. Their one enrollment begins on the first day.
pub(crate) fn newcomers(world: &World, t: usize) -> Vec<Pupil> {
    if !world.messy() {
        return Vec::new();
    }
    let students = u64::from(world.spec.students);
    let each = ((students as f64 * rates::NO_SHOW_NEWCOMER).ceil() as u64).max(1);
    let first = students * u64::from(world.spec.years) + t as u64 * each;
    let expected = first..first + each;
    expected
        .filter(|index| world.numbers.has(*index))
        .map(|index| {
            let mut rng = world.mess(Kind::NoShowNewcomer, index, t, 0);
            let elementary = world
                .schools
                .iter()
                .filter(|school| school.level == crate::world::schools::Level::Elementary);
            let home = rng.below(elementary.count());
            let mut pupil = pupils::draw(world, index, 0, rng.below(13), home);
            pupil.spells = vec![pupils::Spell {
                school: crate::world::schools::school_of(&world.schools, home, pupil.grade),
                begin: 0,
                end: 0,
            }];
            pupil
        })
        .collect()
}

/// The enrollment of a student who never came.
pub(crate) fn never_came(pupil: &Pupil) -> Extra {
    Extra {
        kind: Kind::NoShowNewcomer,
        school: pupil.spells[0].school,
        begin: 0,
        end: pupil.index.is_multiple_of(2).then_some(0),
        reason: NO_SHOW,
    }
}

/// Whether the rosters and assignments of year `t` say of which school a class is: those of the first year are from before the
/// exports had a column for it.
pub(crate) fn rosters_name_schools(world: &World, t: usize) -> bool {
    world.messy() && (t > 0 || world.spec.years == 1)
}
