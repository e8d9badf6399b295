//! The student information system's discipline log: incidents, and what followed.

use rayon::prelude::*;

use super::{Out, Year, formats, mess};
use crate::bytes::DateStyle::Named;
use crate::bytes::Lines;
use crate::days::DAYS;
use crate::messes::{Kind, conduct};
use crate::spec::SynthError;
use crate::world::conduct::{ACTIONS, BEHAVIORS, EXPULSION, Incident, incidents as of_student};

const SHARD: usize = 2_048;

pub(crate) fn incidents(year: &Year<'_>, out: &mut Out<'_>) -> Result<(), SynthError> {
    let world = year.world;
    let days = &world.calendar[year.t];
    let label = days.label();
    let first = first_numbers(year);
    let number = |lines: &mut Lines, seat: usize, nth: usize| {
        let number = first[seat] + nth as u64;
        lines.text(&format!("I{:02}{number:06}", days.year % 100));
        world.student(lines, world.pupils[seat].index);
    };
    let name = format!("sis/discipline_incidents_{label}.csv");
    let mut sheet = out.open(&formats::INCIDENTS, &name)?;
    sheet.shards(world.pupils.len(), SHARD, |range, lines| {
        for seat in range {
            for (nth, incident) in log(year, seat).iter().enumerate() {
                let school = world.pupils[seat].spells[incident.spell].school;
                number(lines, seat, nth);
                lines
                    .date(days.days[incident.day], Named)
                    .text(&world.schools[school].code);
                lines.text(BEHAVIORS[incident.behavior].0);
                lines.text(if incident.major { "MAJ" } else { "MIN" }).end();
            }
        }
    })?;
    out.close(sheet, mess::INCIDENTS)?;
    let name = format!("sis/discipline_actions_{label}.csv");
    let mut sheet = out.open(&formats::ACTIONS, &name)?;
    sheet.shards(world.pupils.len(), SHARD, |range, lines| {
        for seat in range {
            let pupil = &world.pupils[seat];
            let log = log(year, seat);
            for (nth, incident) in log.iter().enumerate() {
                let begin = days.days[(incident.day + 1).min(DAYS - 1)];
                if conduct::stands_alone(world, year.t, pupil, &log, nth) {
                    lines.count(Kind::ActionAlone, 1).empty();
                    world.student(lines, pupil.index);
                } else {
                    number(lines, seat, nth);
                }
                lines.text(ACTIONS[incident.action]).date(begin, Named);
                if conduct::outlasts(world, pupil, incident) {
                    lines.count(Kind::ActionBeyond, 1).int(conduct::LONG as i64);
                } else if incident.days > 0 {
                    lines.int(incident.days as i64);
                } else {
                    lines.empty();
                }
                lines.end();
            }
            if let Some(day) = conduct::expelled_after(world, year.t, pupil) {
                lines.count(Kind::ActionBeyond, 1).empty();
                world.student(lines, pupil.index);
                lines.text(ACTIONS[EXPULSION]).date(days.days[day], Named);
                lines.int(conduct::LONG as i64).end();
            }
        }
    })?;
    out.close(sheet, &[])
}

fn log(year: &Year<'_>, seat: usize) -> Vec<Incident> {
    of_student(year.world, year.t, seat, &year.outcomes[seat])
}

/// The number of each student's first incident of the year.
fn first_numbers(year: &Year<'_>) -> Vec<u64> {
    let counts: Vec<u64> = (0..year.world.pupils.len())
        .into_par_iter()
        .map(|seat| log(year, seat).len() as u64)
        .collect();
    counts
        .iter()
        .scan(1, |next, count| {
            let first = *next;
            *next += count;
            Some(first)
        })
        .collect()
}
