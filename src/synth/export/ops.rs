//! Small files of other offices: help desk, devices, school plans. They feed the tables that no measure reads yet.

use chrono::Days;

use super::{Out, formats};
use crate::bytes::DateStyle::{Iso, Us};
use crate::days::DAYS;
use crate::names;
use crate::program::TOOLS;
use crate::rng::{Purpose, Rng};
use crate::spec::SynthError;
use crate::world::World;

pub(crate) fn all(world: &World, out: &mut Out<'_>) -> Result<(), SynthError> {
    tickets(world, out)?;
    devices(world, out)?;
    goals(world, out)
}

fn tickets(world: &World, out: &mut Out<'_>) -> Result<(), SynthError> {
    let mut sheet = out.open(&formats::TICKETS, "ops/tickets.csv")?;
    let mut lines = sheet.lines();
    let mut number = 4_000;
    for (t, days) in world.calendar.iter().enumerate() {
        for (index, school) in world.schools.iter().enumerate() {
            let mut rng = Rng::keyed(world.spec.seed, Purpose::Misc, index as u64, 200 + t as u64);
            for _ in 0..2 + rng.below(5) {
                number += 1;
                let opened = days.days[rng.below(DAYS)];
                let closed = rng
                    .chance(0.95)
                    .then(|| opened + Days::new(rng.below(9) as u64));
                let (first, last) = names::name(&mut rng);
                lines
                    .text(&format!("T{number:06}"))
                    .date(opened, Iso)
                    .maybe_date(closed, Iso);
                lines.text(&school.code);
                lines.text(["Hardware", "Login, password", "Application", "Network"][rng.below(4)]);
                lines.text(["", TOOLS[0].code, TOOLS[1].code][rng.below(3)]);
                lines.text(&format!("{last}, {first}")).end();
            }
        }
    }
    sheet.append(&lines)?;
    out.close(sheet, &[])
}

/// Devices that are out in the last year.
fn devices(world: &World, out: &mut Out<'_>) -> Result<(), SynthError> {
    let Some(days) = world.calendar.last() else {
        return Ok(());
    };
    let mut sheet = out.open(&formats::DEVICES, "ops/devices.csv")?;
    let mut lines = sheet.lines();
    let with = world.pupils.iter().filter(|pupil| pupil.index % 6 == 1);
    for (number, pupil) in with.enumerate() {
        let spell = pupil.spells[0];
        lines.text(&format!("CB-{:06}", number + 1));
        world.student(&mut lines, pupil.index);
        lines.text(&world.schools[spell.school].code);
        lines.text(["Chromebook 11", "Chromebook 14, touch"][number % 2]);
        lines.date(days.days[spell.begin], Us);
        lines
            .maybe_date((spell.end < DAYS - 1).then(|| days.days[spell.end]), Us)
            .end();
    }
    sheet.append(&lines)?;
    out.close(sheet, &[])
}

fn goals(world: &World, out: &mut Out<'_>) -> Result<(), SynthError> {
    let mut sheet = out.open(&formats::GOALS, "plans/goals.csv")?;
    let mut lines = sheet.lines();
    for days in &world.calendar {
        for (index, school) in world.schools.iter().enumerate() {
            let goals = [
                (
                    "attendance_rate",
                    0.94,
                    "Students attend, on average, 94 % of days",
                ),
                (
                    "math_growth",
                    50.0,
                    "Half of our students, or more, grow faster than the median in math",
                ),
            ];
            let (measure, target, statement) = goals[index % 2];
            lines
                .text(&format!("G{:02}-{}", days.year % 100, school.code))
                .int(days.year.into());
            lines
                .text(&school.code)
                .text(measure)
                .short(target)
                .text(statement)
                .end();
        }
    }
    sheet.append(&lines)?;
    out.close(sheet, &[])
}
