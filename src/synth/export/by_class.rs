//! Attendance by class, as some high schools keep it beside daily attendance: exceptions only, a row for each missed class.

use super::attendance::days_of;
use super::{Out, Year, formats};
use crate::bytes::DateStyle::Us;
use crate::bytes::Lines;
use crate::messes::attendance::by_class;
use crate::messes::{Kind, rates};
use crate::spec::SynthError;
use crate::world::attendance::Mark;

const SHARD: usize = 1_024;
/// Classes of a day.
const PERIODS: usize = 5;

pub(crate) fn file(year: &Year<'_>, out: &mut Out<'_>) -> Result<(), SynthError> {
    let world = year.world;
    let Some((first, schools)) = by_class(world, year.t) else {
        return Ok(());
    };
    let label = world.calendar[year.t].label();
    let name = format!("sis/attendance/class_{label}.csv");
    let mut sheet = out.open(&formats::BY_CLASS, &name)?;
    sheet.shards(world.pupils.len(), SHARD, |range, lines| {
        for seat in range {
            let pupil = &world.pupils[seat];
            let mut rng = world.mess(Kind::ClassAttendance, pupil.index, year.t, 0);
            days_of(year, seat, |spell, day, mark| {
                if day >= first && schools.contains(&pupil.spells[spell].school) {
                    let part = rng.chance(rates::CLASS_MISSED).then(|| rng.below(PERIODS));
                    of_day(year, (seat, spell), day, (mark, part), lines);
                }
            });
        }
    })?;
    out.close(sheet, &[])
}

/// The classes that a student missed on a day: all, the one skipped, or the one come late to or left early.
fn of_day(
    year: &Year<'_>,
    (seat, spell): (usize, usize),
    day: usize,
    (mark, part): (Mark, Option<usize>),
    lines: &mut Lines,
) {
    let (code, missed) = match (mark, part) {
        (Mark::Present, None) => return,
        (Mark::Present, Some(period)) => ("UA", period..period + 1),
        (Mark::Excused, _) => ("EA", 0..PERIODS),
        (Mark::Unexcused, _) => ("UA", 0..PERIODS),
        (Mark::Suspended, _) => ("OSS", 0..PERIODS),
        (Mark::Tardy, _) => ("T", 0..1),
        (Mark::LeftEarly, _) => ("ED", PERIODS - 1..PERIODS),
    };
    let world = year.world;
    let school = world.pupils[seat].spells[spell].school;
    for period in missed {
        let section = year.classes.seats[seat][spell][period] as usize;
        world.student(lines, world.pupils[seat].index);
        lines.text(&world.schools[school].code);
        lines.text(&super::sis_classes::course(&year.classes.sections[section]).0);
        year.section(lines, section);
        lines
            .date(world.calendar[year.t].days[day], Us)
            .int(period as i64 + 1)
            .text(code)
            .empty()
            .count(Kind::ClassAttendance, 1)
            .end();
    }
}
