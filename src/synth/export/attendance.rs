//! The attendance export, in either style. Daily rows of a large district are the bulk of everything written, so each
//! row is three ready pieces: the date, the student and school, the code.

use super::copies::{Copied, Copies};
use super::{Out, Year, formats, mess};
use crate::bytes::{DateStyle, Lines, push_date, push_digits};
use crate::days::DAYS;
use crate::messes::{Kind, attendance};
use crate::spec::{Attendance, SynthError};
use crate::world::attendance::{Mark, days};
use crate::world::conduct::incidents;
use crate::world::pupils::Pupil;

const SHARD: usize = 256;
/// Bytes of a daily row, at most.
const ROW: usize = 36;

pub(super) fn days_of(year: &Year<'_>, seat: usize, each: impl FnMut(usize, usize, Mark)) {
    let outcome = &year.outcomes[seat];
    let incidents = incidents(year.world, year.t, seat, outcome);
    days(year.world, year.t, seat, outcome, &incidents, each);
}

pub(crate) fn file(year: &Year<'_>, out: &mut Out<'_>) -> Result<(), SynthError> {
    let world = year.world;
    let daily = world.spec.attendance == Attendance::Daily;
    let (format, dirty) = if daily {
        (&formats::ATTENDANCE_DAILY, mess::ATTENDANCE_DAILY)
    } else {
        (&formats::ATTENDANCE, mess::ATTENDANCE)
    };
    let label = world.calendar[year.t].label();
    let dates = dates(year);
    let row = |lines: &mut Lines, day: usize, head: &[u8], mark| {
        lines.joined([&dates[day], head, tail(mark, daily)]);
    };
    let name = format!("sis/attendance/attendance_{label}.csv");
    let mut sheet = out.open(format, &name)?;
    sheet.shards(world.pupils.len(), SHARD, |range, lines| {
        if daily {
            lines.reserve(range.len() * DAYS * ROW);
        }
        let mut marked = Vec::new();
        for seat in range {
            let pupil = &world.pupils[seat];
            let heads = heads(year, seat);
            let every_day = pupil.spells.iter();
            let every_day: Vec<bool> = every_day
                .map(|spell| world.keeps_every_day(year.t, spell.school))
                .collect();
            let mut tardies = world.mess(Kind::AbsentAndTardy, pupil.index, year.t, 0);
            let mut copies = Copies::of(year, Copied::Attendance, pupil.index);
            let mut other_style = 0;
            marked.clear();
            days_of(year, seat, |spell, day, mark| {
                let head = &heads[spell];
                if mark == Mark::Present {
                    if every_day[spell] {
                        row(lines, day, head, mark);
                        other_style += u64::from(!daily);
                    }
                    return;
                }
                if !world.messy() {
                    row(lines, day, head, mark);
                    return;
                }
                other_style += u64::from(daily && !every_day[spell]);
                marked.push(day);
                let tardy = attendance::tardy_too(&mut tardies, mark);
                if tardy == Some(true) {
                    row(lines, day, head, Mark::Tardy);
                }
                let start = lines.position();
                row(lines, day, head, mark);
                copies.row(lines, start);
                if tardy == Some(false) {
                    row(lines, day, head, Mark::Tardy);
                }
                lines.count(Kind::AbsentAndTardy, tardy.is_some().into());
            });
            lines.count(Kind::OtherStyle, other_style);
            for stray in attendance::strays(world, year.t, pupil, &marked) {
                let mut date = Vec::with_capacity(11);
                push_date(&mut date, stray.date, DateStyle::Iso);
                date.push(b',');
                let head = head(year, pupil, stray.school);
                lines.joined([&date, &head, tail(stray.mark, daily)]);
                lines.count(stray.kind, 1);
            }
        }
    })?;
    out.close(sheet, dirty)?;
    if year.is_corrected() {
        let name = format!("sis/attendance/attendance_{label}_corrected.csv");
        let mut sheet = out.open(format, &name)?;
        let mut lines = sheet.lines();
        for seat in (0..world.pupils.len()).filter(|seat| world.pupils[*seat].index % 40 == 3) {
            corrected(year, seat, daily, &dates, &mut lines);
        }
        sheet.append(&lines)?;
        out.close_correction(sheet);
    }
    Ok(())
}

/// Notes from home that came late: unexcused days of October turn out excused.
fn corrected(year: &Year<'_>, seat: usize, daily: bool, dates: &[Vec<u8>], lines: &mut Lines) {
    let heads = heads(year, seat);
    days_of(year, seat, |spell, day, mark| {
        if mark == Mark::Unexcused && (35..60).contains(&day) {
            lines.joined([&dates[day], &heads[spell], tail(Mark::Excused, daily)]);
        }
    });
}

fn dates(year: &Year<'_>) -> Vec<Vec<u8>> {
    let days = &year.world.calendar[year.t].days;
    days.iter()
        .map(|date| {
            let mut bytes = Vec::with_capacity(11);
            push_date(&mut bytes, *date, DateStyle::Iso);
            bytes.push(b',');
            bytes
        })
        .collect()
}

/// For each spell: the student's number and the school's, ready to be put between date and code.
fn heads(year: &Year<'_>, seat: usize) -> Vec<Vec<u8>> {
    let pupil = &year.world.pupils[seat];
    let spells = pupil.spells.iter();
    spells
        .map(|spell| head(year, pupil, spell.school))
        .collect()
}

fn head(year: &Year<'_>, pupil: &Pupil, school: usize) -> Vec<u8> {
    let world = year.world;
    let mut bytes = Vec::with_capacity(16);
    push_digits(
        &mut bytes,
        world.numbers.number(pupil.index),
        world.numbers.width,
    );
    bytes.push(b',');
    bytes.extend_from_slice(world.schools[school].code.as_bytes());
    bytes.push(b',');
    bytes
}

/// Code, in the daily style minutes present, and the line's end.
fn tail(mark: Mark, daily: bool) -> &'static [u8] {
    match (mark, daily) {
        (Mark::Present, true) => b"P,390\n",
        (Mark::Excused, true) => b"EA,0\n",
        (Mark::Unexcused, true) => b"UA,0\n",
        (Mark::Suspended, true) => b"SU,0\n",
        (Mark::Tardy, true) => b"T,370\n",
        (Mark::LeftEarly, true) => b"ED,300\n",
        (Mark::Present, false) => b"P\n",
        (Mark::Excused, false) => b"EA\n",
        (Mark::Unexcused, false) => b"UA\n",
        (Mark::Suspended, false) => b"SU\n",
        (Mark::Tardy, false) => b"T\n",
        (Mark::LeftEarly, false) => b"ED\n",
    }
}
