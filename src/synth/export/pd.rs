//! The PD system: catalogue and transcripts, by its own logins.

use super::hr::login;
use super::{Out, Year, formats, mess};
use crate::bytes::DateStyle::Iso;
use crate::program::Uptake;
use crate::spec::SynthError;
use crate::world::World;
use crate::world::training::{DRAW_DAY, Status, runs};

fn course(world: &World, t: usize, program: usize, run: usize) -> String {
    let letter = ["A", "B"][run];
    format!(
        "{}-{:02}{letter}",
        world.programs[program].code,
        world.calendar[t].year % 100
    )
}

pub(crate) fn catalog(world: &World, out: &mut Out<'_>) -> Result<(), SynthError> {
    let mut sheet = out.open(&formats::CATALOG, "pd/catalog.csv")?;
    let mut lines = sheet.lines();
    for (t, days) in world.calendar.iter().enumerate() {
        for (which, program) in world.programs.iter().enumerate() {
            for (run, (first, last)) in runs(program).into_iter().enumerate() {
                let required = program.uptake == Uptake::Required;
                let title = format!("{}, {}", program.title, ["fall", "spring"][run]);
                lines
                    .text(&course(world, t, which, run))
                    .text(&title)
                    .text(program.code);
                lines
                    .text(program.topic)
                    .text(program.provider)
                    .text(program.delivery);
                lines.text(if required { "Yes" } else { "No" });
                let hours = if required {
                    program.usual_hours / 2.0
                } else {
                    program.usual_hours
                };
                lines
                    .short(hours)
                    .fixed(program.fee, 2)
                    .text(program.funding);
                lines
                    .date(days.days[first], Iso)
                    .date(days.days[last], Iso)
                    .end();
            }
        }
    }
    sheet.append(&lines)?;
    out.close(sheet, &[])
}

/// Who was in a draw for seats, and who won; nothing where no seats were drawn for.
pub(crate) fn lottery(world: &World, out: &mut Out<'_>) -> Result<(), SynthError> {
    let mut programs = world.programs.iter();
    let drawn = programs.find(|program| matches!(program.uptake, Uptake::Lottery { .. }));
    let Some(program) = drawn else {
        return Ok(());
    };
    let mut sheet = out.open(&formats::LOTTERY, "pd/lottery.csv")?;
    let mut lines = sheet.lines();
    for (t, days) in world.calendar.iter().enumerate() {
        for (index, person) in world.staff.iter().enumerate() {
            if let Some(draw) = person.draw.filter(|draw| draw.t == t) {
                lines.text(&login(world, index)).text(program.code);
                lines.date(days.days[DRAW_DAY], Iso);
                lines.text(if draw.offered { "Yes" } else { "No" }).end();
            }
        }
    }
    sheet.append(&lines)?;
    out.close(sheet, &[])
}

pub(crate) fn transcript(year: &Year<'_>, out: &mut Out<'_>) -> Result<(), SynthError> {
    let world = year.world;
    let name = format!("pd/transcript_{}.csv", world.calendar[year.t].label());
    let mut sheet = out.open(&formats::TRANSCRIPT, &name)?;
    let mut lines = sheet.lines();
    for session in &year.sessions {
        lines.text(&login(world, session.staff));
        lines.text(&course(world, year.t, session.program, session.run));
        lines.date(session.date, Iso);
        lines.text(match session.status {
            Status::Completed => "Completed",
            Status::Attended => "Attended",
            Status::Withdrawn => "Withdrew",
            Status::NoShow => "No show",
        });
        match session.hours {
            Some(hours) => lines.short(hours),
            None => lines.empty(),
        };
        lines.end();
    }
    sheet.append(&lines)?;
    out.close(sheet, mess::TRANSCRIPT)
}
