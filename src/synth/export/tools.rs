//! Tools: catalogue, licences a school and year, and daily usage.

use super::copies::{Copied, Copies};
use super::{Out, Year, formats, mess};
use crate::bytes::DateStyle::{Iso, Us};
use crate::bytes::Lines;
use crate::days::ymd;
use crate::messes::{Kind, rates};
use crate::program::TOOLS;
use crate::rng::{Purpose, Rng};
use crate::spec::SynthError;
use crate::world::World;
use crate::world::schools::Level;
use crate::world::usage::{licensed_from, sessions};

const SHARD: usize = 1_024;

pub(crate) fn tools(out: &mut Out<'_>) -> Result<(), SynthError> {
    let mut sheet = out.open(&formats::TOOLS, "tools/tools.csv")?;
    let mut lines = sheet.lines();
    for tool in &TOOLS {
        lines
            .text(tool.code)
            .text(tool.name)
            .text(tool.vendor)
            .text(tool.category)
            .end();
    }
    sheet.append(&lines)?;
    out.close(sheet, &[])
}

pub(crate) fn licenses(world: &World, out: &mut Out<'_>) -> Result<(), SynthError> {
    let mut sheet = out.open(&formats::LICENSES, "tools/licenses.csv")?;
    let mut lines = sheet.lines();
    for (t, days) in world.calendar.iter().enumerate() {
        for (index, school) in world.schools.iter().enumerate() {
            for (which, tool) in TOOLS.iter().enumerate() {
                if school.level == Level::High || licensed_from(world, index, which) > t {
                    continue;
                }
                let mut rng = Rng::keyed(
                    world.spec.seed,
                    Purpose::Misc,
                    index as u64,
                    100 + which as u64,
                );
                let seats = 150 + 25 * rng.below(8);
                lines.text(tool.code).text(&school.code).int(seats as i64);
                lines.fixed(seats as f64 * tool.seat, 2);
                lines
                    .date(ymd(days.year - 1, 8, 1), Us)
                    .date(ymd(days.year, 6, 30), Us)
                    .end();
            }
        }
    }
    sheet.append(&lines)?;
    out.close(sheet, &[])
}

pub(crate) fn usage(year: &Year<'_>, out: &mut Out<'_>) -> Result<(), SynthError> {
    let world = year.world;
    let days = &world.calendar[year.t];
    let name = format!("tools/usage_{}.csv", days.label());
    let mut sheet = out.open(&formats::USAGE, &name)?;
    sheet.shards(world.pupils.len(), SHARD, |range, lines| {
        for seat in range {
            for (which, tool) in TOOLS.iter().enumerate() {
                let index = world.pupils[seat].index;
                let row = |lines: &mut Lines, day: usize, minutes: u32, activities: u32| {
                    lines.date(days.days[day], Iso);
                    world.student(lines, index);
                    lines
                        .text(tool.code)
                        .int(minutes.into())
                        .int(activities.into())
                        .end();
                };
                let mut split = world.mess(Kind::SplitUse, index, year.t, which);
                let test = index * TOOLS.len() as u64 + which as u64;
                let mut copies = Copies::of(year, Copied::Usage, test);
                for (day, minutes) in sessions(world, year.t, &year.classes, seat, which) {
                    let activities = minutes / 2;
                    if world.messy() && minutes > 8 && split.chance(rates::SPLIT_USE) {
                        // Two sessions, never of one length: two equal rows would be one row and its copy.
                        let first = minutes / 4 + split.below(minutes as usize / 4) as u32;
                        row(lines, day, first, first / 2);
                        row(lines, day, minutes - first, activities - first / 2);
                        lines.count(Kind::SplitUse, 2);
                        continue;
                    }
                    let start = lines.position();
                    row(lines, day, minutes, activities);
                    copies.row(lines, start);
                }
            }
        }
    })?;
    out.close(sheet, mess::USAGE)
}
