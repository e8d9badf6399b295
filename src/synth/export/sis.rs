//! The student information system: schools, terms, calendar, students, enrollment, support programs.

use chrono::{Datelike, Days};

use super::copies::{Copied, Copies};
use super::{Out, Year, formats, mess};
use crate::bytes::DateStyle::{Iso, Us};
use crate::bytes::Lines;
use crate::days::{DAYS, ymd};
use crate::messes::Kind;
use crate::messes::enrollment::{self, Extra};
use crate::names;
use crate::rng::{Purpose, Rng};
use crate::spec::SynthError;
use crate::world::World;
use crate::world::pupils::{Pupil, RACES};
use crate::world::schools::Level;

pub(crate) const GRADES: [&str; 13] = [
    "KG", "01", "02", "03", "04", "05", "06", "07", "08", "09", "10", "11", "12",
];
const SHARD: usize = 2_048;

impl World {
    /// Writes the student's number, leading zeros included.
    pub(crate) fn student(&self, lines: &mut Lines, index: u64) {
        lines.padded(self.numbers.number(index), self.numbers.width);
    }
}

pub(crate) fn schools(world: &World, out: &mut Out<'_>) -> Result<(), SynthError> {
    let mut sheet = out.open(&formats::SCHOOLS, "sis/schools.csv")?;
    let mut lines = sheet.lines();
    for days in &world.calendar {
        for school in &world.schools {
            let (low, high) = school.level.grades();
            let kind = match school.level {
                Level::Elementary => "ES",
                Level::Middle => "MS",
                Level::High => "HS",
            };
            lines
                .text(&school.code)
                .text(&school.name)
                .int(days.year.into());
            lines
                .text(GRADES[low])
                .text(GRADES[high])
                .text(kind)
                .text(school.locale)
                .end();
        }
    }
    sheet.append(&lines)?;
    out.close(sheet, &[])
}

pub(crate) fn terms(world: &World, out: &mut Out<'_>) -> Result<(), SynthError> {
    let mut sheet = out.open(&formats::TERMS, "sis/terms.csv")?;
    let mut lines = sheet.lines();
    for days in &world.calendar {
        let terms = [
            ("YR", "Full Year", "Y", 0, DAYS - 1),
            ("S1", "Semester 1", "S", 0, DAYS / 2 - 1),
            ("S2", "Semester 2", "S", DAYS / 2, DAYS - 1),
        ];
        for (code, name, kind, first, last) in terms {
            lines
                .text(&format!("{:02}-{code}", days.year % 100))
                .int(days.year.into());
            lines
                .text(name)
                .text(kind)
                .date(days.days[first], Us)
                .date(days.days[last], Us)
                .end();
        }
    }
    sheet.append(&lines)?;
    out.close(sheet, &[])
}

/// Every weekday between the first and the last day of a year, for every school.
pub(crate) fn calendar(world: &World, out: &mut Out<'_>) -> Result<(), SynthError> {
    let mut sheet = out.open(&formats::CALENDAR, "sis/calendar.csv")?;
    for days in &world.calendar {
        for (index, school) in world.schools.iter().enumerate() {
            let mut lines = sheet.lines();
            let mut weekdays: Vec<_> = days
                .days
                .iter()
                .enumerate()
                .map(|(position, date)| (*date, !days.closed(index, position)))
                .chain(days.holidays.iter().map(|date| (*date, false)))
                .collect();
            weekdays.sort_unstable();
            for (date, open) in weekdays {
                lines
                    .text(&school.code)
                    .date(date, Us)
                    .int(open.into())
                    .end();
            }
            sheet.append(&lines)?;
        }
    }
    out.close(sheet, &[])
}

pub(crate) fn students(year: &Year<'_>, out: &mut Out<'_>) -> Result<(), SynthError> {
    let world = year.world;
    let label = world.calendar[year.t].label();
    let name = format!("sis/students_{label}.csv");
    let mut sheet = out.open(&formats::STUDENTS, &name)?;
    sheet.shards(world.pupils.len(), SHARD, |range, lines| {
        for pupil in &world.pupils[range] {
            let row = lines.position();
            student(year, pupil, lines, year.is_corrected());
            Copies::of(year, Copied::Students, pupil.index).row(lines, row);
        }
    })?;
    let mut expected = sheet.lines();
    for pupil in enrollment::newcomers(world, year.t) {
        student(year, &pupil, &mut expected, false);
        expected.count(Kind::NoShowNewcomer, 1);
    }
    sheet.append(&expected)?;
    out.close(sheet, mess::STUDENTS)?;
    if year.is_corrected() {
        let name = format!("sis/students_{label}_corrected.csv");
        let mut sheet = out.open(&formats::STUDENTS, &name)?;
        let mut lines = sheet.lines();
        for pupil in world.pupils.iter().filter(|pupil| is_corrected(pupil)) {
            student(year, pupil, &mut lines, false);
        }
        sheet.append(&lines)?;
        out.close_correction(sheet);
    }
    Ok(())
}

/// The students whose race and lunch status were entered late.
fn is_corrected(pupil: &Pupil) -> bool {
    pupil.index % 60 == 11
}

fn student(year: &Year<'_>, pupil: &Pupil, lines: &mut Lines, first_export: bool) {
    let world = year.world;
    let days = &world.calendar[year.t];
    let mut rng = Rng::keyed(world.spec.seed, Purpose::Misc, pupil.index, 0);
    let (first, last) = names::name(&mut rng);
    let born = ymd(days.year - 6 - pupil.grade as i32, 1, 1);
    let born = born.with_ordinal(1 + rng.below(365) as u32).unwrap_or(born);
    let (no_race, no_lunch) = (rng.chance(0.02), rng.chance(0.01));
    let late = first_export && is_corrected(pupil);
    let flag = |flag: bool| if flag { "Y" } else { "N" };
    world.student(lines, pupil.index);
    lines
        .int(days.year.into())
        .text(last)
        .text(first)
        .date(born, Iso);
    lines
        .text(GRADES[pupil.grade])
        .text(["F", "M", "X"][pupil.gender]);
    lines.text(if no_race || late {
        ""
    } else {
        RACES[pupil.race].0
    });
    lines.text(match pupil.disadvantaged {
        _ if no_lunch || late => "",
        true if pupil.index.is_multiple_of(6) => "R",
        true => "F",
        false => "P",
    });
    lines
        .text(flag(pupil.learner))
        .text(flag(pupil.disability))
        .text(flag(pupil.homeless))
        .end();
}

pub(crate) fn enrollment(year: &Year<'_>, out: &mut Out<'_>) -> Result<(), SynthError> {
    let world = year.world;
    let days = &world.calendar[year.t];
    let current = year.t + 1 == world.spec.years as usize;
    let name = format!("sis/enrollment_{}.csv", days.label());
    let mut sheet = out.open(&formats::ENROLLMENT, &name)?;
    sheet.shards(world.pupils.len(), SHARD, |range, lines| {
        for pupil in &world.pupils[range] {
            let extra = enrollment::extra(world, year.t, pupil);
            let first = extra.filter(|_| pupil.index.is_multiple_of(2));
            if let Some(extra) = first {
                beside(year, pupil, &extra, lines);
            }
            let mut copies = Copies::of(year, Copied::Enrollment, pupil.index);
            for (index, spell) in pupil.spells.iter().enumerate() {
                let row = lines.position();
                world.student(lines, pupil.index);
                lines
                    .text(&world.schools[spell.school].code)
                    .text(GRADES[pupil.grade]);
                lines.date(days.days[spell.begin], Us);
                let stays = spell.end == DAYS - 1;
                if stays && current {
                    lines.empty();
                } else {
                    lines.date(days.days[spell.end], Us);
                }
                lines.text(match stays {
                    true => "",
                    false if index + 1 < pupil.spells.len() => "Moved, in district",
                    false => "Moved, out of district",
                });
                lines.end();
                copies.row(lines, row);
            }
            if let Some(extra) = extra.filter(|_| first.is_none()) {
                beside(year, pupil, &extra, lines);
            }
        }
    })?;
    let mut expected = sheet.lines();
    for pupil in enrollment::newcomers(world, year.t) {
        let extra = enrollment::never_came(&pupil);
        beside(year, &pupil, &extra, &mut expected);
    }
    sheet.append(&expected)?;
    out.close(sheet, mess::ENROLLMENT)
}

/// An enrollment beside the true ones.
fn beside(year: &Year<'_>, pupil: &Pupil, extra: &Extra, lines: &mut Lines) {
    let world = year.world;
    let days = &world.calendar[year.t].days;
    let begin = days[extra.begin];
    let end = extra.end.map_or(begin - Days::new(1), |end| days[end]);
    world.student(lines, pupil.index);
    lines
        .text(&world.schools[extra.school].code)
        .text(GRADES[pupil.grade])
        .date(begin, Us)
        .date(end, Us)
        .text(extra.reason)
        .count(extra.kind, 1)
        .end();
}

/// After-school tutoring, in the last year only.
pub(crate) fn programs(world: &World, out: &mut Out<'_>) -> Result<(), SynthError> {
    let Some(days) = world.calendar.last() else {
        return Ok(());
    };
    let mut sheet = out.open(&formats::PROGRAMS, "sis/programs.csv")?;
    let mut lines = sheet.lines();
    for pupil in world.pupils.iter().filter(|pupil| pupil.index % 23 == 5) {
        let spell = pupil.spells[0];
        world.student(&mut lines, pupil.index);
        lines.text(if pupil.index % 2 == 0 {
            "TUTOR"
        } else {
            "AFTERSCHOOL"
        });
        lines.date(days.days[spell.begin], Us);
        if spell.end == DAYS - 1 {
            lines.empty();
        } else {
            lines.date(days.days[spell.end], Us);
        }
        lines.end();
    }
    sheet.append(&lines)?;
    out.close(sheet, &[])
}
