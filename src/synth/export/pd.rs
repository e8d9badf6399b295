//! The PD system: catalogue and transcripts, by its own logins.

use chrono::{Days, NaiveDate};

use super::{Out, Year, formats, mess};
use crate::bytes::DateStyle::Iso;
use crate::bytes::Lines;
use crate::messes::Kind;
use crate::messes::training::{Told, in_two, told};
use crate::program::{Program, Uptake};
use crate::spec::SynthError;
use crate::world::World;
use crate::world::training::{DRAW_DAY, Session, Status, runs};

/// Hours of a continuing education unit (ANSI/IACET 1).
const UNIT: f64 = 10.0;

fn course(world: &World, t: usize, program: usize, run: usize) -> String {
    let letter = ["A", "B"][run];
    format!(
        "{}-{:02}{letter}",
        world.programs[program].code,
        world.calendar[t].year % 100
    )
}

/// The catalogue's hours of one run of a program.
fn course_hours(program: &Program) -> f64 {
    if program.uptake == Uptake::Required {
        program.usual_hours / 2.0
    } else {
        program.usual_hours
    }
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
                lines
                    .short(course_hours(program))
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
                world.login(&mut lines, index, t, 0);
                lines.text(program.code);
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
    let format = if world.messy() {
        &formats::TRANSCRIPT_SESSIONS
    } else {
        &formats::TRANSCRIPT
    };
    let name = format!("pd/transcript_{}.csv", world.calendar[year.t].label());
    let mut sheet = out.open(format, &name)?;
    let mut lines = sheet.lines();
    let one = |session: &Session| (session.staff, session.program, session.run);
    for course in year.sessions.chunk_by(|a, b| one(a) == one(b)) {
        transcript_of(year, course, &mut lines);
    }
    sheet.append(&lines)?;
    out.close(sheet, mess::TRANSCRIPT)
}

/// A row of the transcript, beside person and course.
struct Row {
    date: NaiveDate,
    status: Status,
    hours: Option<f64>,
    /// Number of the session in its course; `None` for the course as a whole.
    session: Option<usize>,
    units: bool,
}

/// The rows of one person in one course.
fn transcript_of(year: &Year<'_>, sessions: &[Session], lines: &mut Lines) {
    let (world, t) = (year.world, year.t);
    let Some(about) = sessions.last() else {
        return;
    };
    let told = told(
        world,
        t,
        sessions,
        course_hours(&world.programs[about.program]),
    );
    let whole = matches!(told, Told::Whole(_) | Told::UnitsBeside);
    let code = course(world, t, about.program, about.run);
    let mut number = 0;
    let mut write = |lines: &mut Lines, row: &Row| {
        number += 1;
        world.login(
            lines,
            about.staff,
            t,
            about.program * 64 + about.run * 32 + number,
        );
        lines
            .text(&code)
            .date(row.date, Iso)
            .text(match row.status {
                Status::Completed => "Completed",
                Status::Attended => "Attended",
                Status::Withdrawn => "Withdrew",
                Status::NoShow => "No show",
            });
        match row.hours {
            Some(hours) => lines.short(hours),
            None => lines.empty(),
        };
        if world.messy() {
            match row.session {
                Some(session) => lines.int(session as i64),
                None => lines.empty(),
            };
            lines.text(if row.units { "CEU" } else { "Clock Hours" });
        }
        lines.end();
    };
    let mut nth = 0;
    for session in sessions {
        let mut row = Row {
            date: session.date,
            status: if whole {
                Status::Attended
            } else {
                session.status
            },
            hours: session.hours,
            session: None,
            units: false,
        };
        match told {
            Told::Course => {
                lines.count(Kind::CourseHours, 1);
                row.hours = None;
            }
            Told::Units => {
                lines.count(Kind::Units, 1);
                row.hours = row.hours.map(|hours| hours / UNIT);
                row.units = true;
            }
            _ => {}
        }
        let halves = in_two(world, t, told, session, nth);
        if halves {
            lines.count(Kind::SameDay, 2);
            row.hours = row.hours.map(|hours| hours / 2.0);
        }
        for half in 0..1 + usize::from(halves) {
            nth += 1;
            row.session = Some(nth);
            // What completes a course is its last session.
            let last = half == usize::from(halves);
            let status = if last { row.status } else { Status::Attended };
            write(lines, &Row { status, ..row });
        }
    }
    if whole {
        let all: f64 = sessions.iter().filter_map(|session| session.hours).sum();
        let (days, units) = match told {
            Told::Whole(days) => (days, false),
            _ => (0, true),
        };
        lines.count(if units { Kind::Units } else { Kind::Completion }, 1);
        let row = Row {
            date: about.date + Days::new(days),
            status: about.status,
            hours: Some(if units { all / UNIT } else { all }),
            session: None,
            units,
        };
        write(lines, &row);
    }
}
