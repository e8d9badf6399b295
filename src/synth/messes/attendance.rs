//! Attendance that counts for nobody, and attendance that is told twice.

use chrono::NaiveDate;

use super::{Kind, enrollment, rates};
use crate::days::DAYS;
use crate::rng::Rng;
use crate::world::World;
use crate::world::attendance::Mark;
use crate::world::pupils::Pupil;
use crate::world::schools::Level;

/// A row that is written beside what truly happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Stray {
    pub(crate) kind: Kind,
    pub(crate) date: NaiveDate,
    pub(crate) school: usize,
    pub(crate) mark: Mark,
}

/// For each school whether it keeps attendance, in the last year, in the style that the district's others do not: a few
/// elementary schools.
pub(crate) fn other_style(world: &World) -> Vec<bool> {
    let mut others = vec![false; world.schools.len()];
    if world.messy() {
        let count = (world.schools.len() as f64 * rates::OTHER_STYLE).round() as usize;
        for school in chosen(world, Kind::OtherStyle, Level::Elementary, count.max(1)) {
            others[school] = true;
        }
    }
    others
}

/// The high schools that also keep attendance by class, and the first day on which they do in year `t`.
pub(crate) fn by_class(world: &World, t: usize) -> Option<(usize, Vec<usize>)> {
    if !world.messy() || t + 1 < world.spec.years as usize {
        return None;
    }
    let schools = world.schools.iter();
    let high = schools.filter(|school| school.level == Level::High).count();
    let count = (high as f64 * rates::CLASS_ATTENDANCE).round() as usize;
    let schools = chosen(world, Kind::ClassAttendance, Level::High, count.max(1));
    Some((DAYS * 3 / 4, schools))
}

/// So many schools of a level, drawn once for all years.
fn chosen(world: &World, kind: Kind, level: Level, count: usize) -> Vec<usize> {
    let schools = world.schools.iter().enumerate();
    let mut drawn: Vec<(u64, usize)> = schools
        .filter(|(_, school)| school.level == level)
        .map(|(school, _)| (world.mess(kind, school as u64, 0, 0).next(), school))
        .collect();
    drawn.sort_unstable();
    drawn
        .iter()
        .take(count)
        .map(|(_, school)| *school)
        .collect()
}

/// A tardy beside an absence, written before it or after it.
pub(crate) fn tardy_too(rng: &mut Rng, mark: Mark) -> Option<bool> {
    let absent = matches!(mark, Mark::Excused | Mark::Unexcused);
    (absent && rng.chance(rates::ABSENT_AND_TARDY)).then(|| rng.chance(0.5))
}

/// The strays of a student's year. `marked` are the days in order on which the student was not simply present.
pub(crate) fn strays(world: &World, t: usize, pupil: &Pupil, marked: &[usize]) -> Vec<Stray> {
    let mut strays = Vec::new();
    if !world.messy() {
        return strays;
    }
    let days = &world.calendar[t];
    let rng = |kind| world.mess(kind, pupil.index, t, 0);
    let mut absent = |kind, school, from: usize, count: usize| {
        let open = (from..DAYS).filter(|day| !days.closed(school, *day));
        strays.extend(open.take(count).map(|day| Stray {
            kind,
            date: days.days[day],
            school,
            mark: Mark::Unexcused,
        }));
    };
    let (first, last) = (pupil.spells[0], pupil.spells[pupil.spells.len() - 1]);
    let mut drawn = rng(Kind::AfterExit);
    if last.end + 1 < DAYS && drawn.chance(rates::AFTER_EXIT) {
        absent(
            Kind::AfterExit,
            last.school,
            last.end + 1,
            3 + drawn.below(10),
        );
    }
    let mut drawn = rng(Kind::BeforeEntry);
    if first.begin > 0 && drawn.chance(rates::BEFORE_ENTRY) {
        let count = (3 + drawn.below(10)).min(first.begin);
        let from = first.begin - count;
        let closed = (from..first.begin).filter(|day| days.closed(first.school, *day));
        let open = count - closed.count();
        absent(Kind::BeforeEntry, first.school, from, open);
    }
    let mut drawn = rng(Kind::SchoolLeft);
    if first.end < last.begin && drawn.chance(rates::SCHOOL_LEFT) {
        let count = (2 + drawn.below(5)).min(last.end - last.begin);
        absent(Kind::SchoolLeft, first.school, last.begin, count);
    }
    let extra = enrollment::extra(world, t, pupil).filter(|extra| extra.kind == Kind::NoShow);
    let mut drawn = rng(Kind::SchoolNeverAttended);
    if let Some(extra) = extra.filter(|_| drawn.chance(rates::NEVER_ATTENDED)) {
        absent(
            Kind::SchoolNeverAttended,
            extra.school,
            0,
            1 + drawn.below(5),
        );
    }
    strays.extend(on_closed_day(world, t, pupil));
    strays.extend(present(world, t, pupil, marked));
    strays
}

/// Absences are entered ahead: for a holiday, or for a day on which the school then stayed closed.
fn on_closed_day(world: &World, t: usize, pupil: &Pupil) -> Option<Stray> {
    let days = &world.calendar[t];
    let mut rng = world.mess(Kind::ClosedDay, pupil.index, t, 0);
    if !rng.chance(rates::CLOSED_DAY) {
        return None;
    }
    let spell = pupil.spells[0];
    let closures = &days.closures[spell.school];
    let date = if closures.is_empty() || rng.chance(0.7) {
        days.holidays[rng.below(days.holidays.len())]
    } else {
        days.days[usize::from(closures[rng.below(closures.len())])]
    };
    Some(Stray {
        kind: Kind::ClosedDay,
        date,
        school: spell.school,
        mark: Mark::Excused,
    })
}

/// Field trips and the like in a school that keeps exceptions: the student was present.
fn present(world: &World, t: usize, pupil: &Pupil, marked: &[usize]) -> Vec<Stray> {
    let days = &world.calendar[t];
    let mut rng = world.mess(Kind::PresentCode, pupil.index, t, 0);
    let count = rng.poisson(rates::PRESENT_CODES);
    let mut trips: Vec<usize> = (0..count).map(|_| rng.below(DAYS)).collect();
    trips.sort_unstable();
    trips.dedup();
    let mut strays = Vec::new();
    for day in trips {
        let mut spells = pupil.spells.iter();
        let spell = spells.find(|spell| (spell.begin..=spell.end).contains(&day));
        let Some(spell) = spell.filter(|spell| !days.closed(spell.school, day)) else {
            continue;
        };
        let every_day = world.keeps_every_day(t, spell.school);
        if !every_day && marked.binary_search(&day).is_err() {
            strays.push(Stray {
                kind: Kind::PresentCode,
                date: days.days[day],
                school: spell.school,
                mark: Mark::Present,
            });
        }
    }
    strays
}
