//! The student information system: sections, rosters and marks.

use super::{Out, Year, formats, mess};
use crate::bytes::DateStyle::Us;
use crate::bytes::Lines;
use crate::days::DAYS;
use crate::rng::{Purpose, Rng};
use crate::spec::SynthError;
use crate::world::classes::{HOMEROOM, MATH, NONE, READING, Section};

const SHARD: usize = 1_024;

impl Year<'_> {
    /// Writes a section's ID: unique in its year.
    pub(crate) fn section(&self, lines: &mut Lines, section: usize) {
        let days = &self.world.calendar[self.t];
        lines.text(&format!("{:02}-{:05}", days.year % 100, section + 1));
    }
}

/// Course number, name and department.
fn course(section: &Section) -> (String, String, &'static str) {
    let grade = section.grade;
    let (prefix, department) = match section.subject {
        HOMEROOM => ("HR", "HR"),
        MATH => ("MTH", "MTH"),
        READING => ("ELA", "ELA"),
        2 => ("SCI", "SCI"),
        3 => ("SOC", "SOC"),
        _ => [("ART", "ART"), ("PE", "PE"), ("WL", "WLG"), ("CTE", "CTE")][section.rank % 4],
    };
    let name = match (department, grade) {
        ("HR", _) => format!("Homeroom, Grade {grade}"),
        ("MTH", 9) => "Algebra I".to_owned(),
        ("MTH", 10) => "Geometry".to_owned(),
        ("MTH", 11) => "Algebra II, Trigonometry".to_owned(),
        ("MTH", 12) => "Pre-Calculus".to_owned(),
        ("MTH", _) => format!("Mathematics {grade}"),
        ("ELA", 9..) => format!("English {}", grade - 8),
        ("ELA", _) => format!("Reading, Language Arts {grade}"),
        ("SCI", _) => format!("Science {grade}"),
        ("SOC", _) => format!("Social Studies {grade}"),
        ("ART", _) => "Art, Studio".to_owned(),
        ("PE", _) => "Physical Education".to_owned(),
        ("WLG", _) => "Spanish".to_owned(),
        _ => "Career and Technical Education".to_owned(),
    };
    (format!("{prefix}{grade:02}"), name, department)
}

pub(crate) fn sections(year: &Year<'_>, out: &mut Out<'_>) -> Result<(), SynthError> {
    let world = year.world;
    let days = &world.calendar[year.t];
    let name = format!("sis/sections_{}.csv", days.label());
    let mut sheet = out.open(&formats::SECTIONS, &name)?;
    let sections = &year.classes.sections;
    sheet.shards(sections.len(), SHARD, |range, lines| {
        for index in range {
            let section = &sections[index];
            let (number, name, department) = course(section);
            year.section(lines, index);
            lines
                .int(days.year.into())
                .text(&world.schools[section.school].code);
            lines.text(&number).text(&name).text(department);
            lines.text(&format!("{:02}-YR", days.year % 100)).end();
        }
    })?;
    out.close(sheet, &[])
}

pub(crate) fn rosters(year: &Year<'_>, out: &mut Out<'_>) -> Result<(), SynthError> {
    let world = year.world;
    let days = &world.calendar[year.t];
    let name = format!("sis/rosters_{}.csv", days.label());
    let mut sheet = out.open(&formats::ROSTERS, &name)?;
    sheet.shards(world.pupils.len(), SHARD, |range, lines| {
        for seat in range {
            let pupil = &world.pupils[seat];
            for (spell, seats) in pupil.spells.iter().zip(&year.classes.seats[seat]) {
                for section in seats.iter().filter(|section| **section != NONE) {
                    world.student(lines, pupil.index);
                    year.section(lines, *section as usize);
                    lines.date(days.days[spell.begin], Us);
                    if spell.end == DAYS - 1 {
                        lines.empty();
                    } else {
                        lines.date(days.days[spell.end], Us);
                    }
                    lines.end();
                }
            }
        }
    })?;
    out.close(sheet, mess::ROSTERS)
}

/// Semester marks and credits of high school.
pub(crate) fn marks(year: &Year<'_>, out: &mut Out<'_>) -> Result<(), SynthError> {
    let world = year.world;
    let days = &world.calendar[year.t];
    let name = format!("sis/marks_{}.csv", days.label());
    let mut sheet = out.open(&formats::MARKS, &name)?;
    sheet.shards(world.pupils.len(), SHARD, |range, lines| {
        for seat in range {
            let pupil = &world.pupils[seat];
            let outcome = &year.outcomes[seat];
            let last = pupil.spells.len() - 1;
            if pupil.grade < 9 || pupil.spells[last].end < DAYS - 1 {
                continue;
            }
            let mut rng = Rng::keyed(world.spec.seed, Purpose::Mark, pupil.index, year.t as u64);
            for section in year.classes.seats[seat][last] {
                let subject = year.classes.sections[section as usize].subject;
                let level = match subject {
                    MATH | READING => outcome.after[subject],
                    _ => (outcome.after[0] + outcome.after[1]) / 2.0,
                };
                for term in ["S1", "S2"] {
                    let percent =
                        80.0 + 7.0 * level - 70.0 * (outcome.absent - 0.05) + 6.0 * rng.normal();
                    let percent = percent.clamp(20.0, 100.0).round();
                    if rng.chance(0.01) {
                        continue;
                    }
                    world.student(lines, pupil.index);
                    year.section(lines, section as usize);
                    lines
                        .int(days.year.into())
                        .text(term)
                        .text(letter(percent))
                        .fixed(percent, 0);

                    let earned = if percent < 60.0 { 0.0 } else { 0.5 };
                    lines.short(0.5).short(earned).end();
                }
            }
        }
    })?;
    out.close(sheet, mess::MARKS)
}

fn letter(percent: f64) -> &'static str {
    match percent as u32 {
        90.. => "A",
        80..=89 => "B",
        70..=79 => "C",
        60..=69 => "D",
        _ => "F",
    }
}
