//! The student information system: sections, rosters and marks.

use chrono::Days;

use super::copies::{Copied, Copies};
use super::{Out, Year, formats, mess};
use crate::bytes::DateStyle::Us;
use crate::bytes::Lines;
use crate::days::DAYS;
use crate::messes::enrollment::rosters_name_schools;
use crate::messes::{Kind, rates};
use crate::rng::{Purpose, Rng};
use crate::spec::SynthError;
use crate::world::classes::{HOMEROOM, MATH, NONE, READING, Section};
use crate::world::pupils::Pupil;

const SHARD: usize = 1_024;

impl Year<'_> {
    /// Writes a section's ID: unique in its year, or only in its school.
    pub(crate) fn section(&self, lines: &mut Lines, section: usize) {
        if self.world.messy() {
            let first = self.firsts[self.classes.sections[section].school];
            lines.padded((section + 1 - first) as u64, 4);
            return;
        }
        let days = &self.world.calendar[self.t];
        lines.text(&format!("{:02}-{:05}", days.year % 100, section + 1));
    }

    /// For each school how many of its first sections have a number that another school has as well.
    fn shared_numbers(&self) -> Vec<usize> {
        let ends = self.firsts.iter().skip(1).copied();
        let ends = ends.chain([self.classes.sections.len()]);
        let counts: Vec<usize> = self.firsts.iter().zip(ends).map(|(a, b)| b - a).collect();
        let most_elsewhere = |school: usize| {
            let others = counts
                .iter()
                .enumerate()
                .filter(|(other, _)| *other != school);
            others.map(|(_, count)| *count).max().unwrap_or(0)
        };
        (0..counts.len()).map(most_elsewhere).collect()
    }
}

impl Year<'_> {
    /// Another section of the same school, grade and subject.
    fn beside(&self, section: usize) -> Option<usize> {
        let sections = &self.classes.sections;
        let own = &sections[section];
        let near = [1, 3]
            .into_iter()
            .flat_map(|step| [section + step, section.wrapping_sub(step)]);
        near.into_iter().find(|other| {
            sections.get(*other).is_some_and(|other| {
                (other.school, other.grade, other.subject) == (own.school, own.grade, own.subject)
            })
        })
    }
}

/// Course number, name and department.
pub(super) fn course(section: &Section) -> (String, String, &'static str) {
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
    let shared = year.shared_numbers();
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
            let nth = index - year.firsts[section.school];
            if world.messy() && nth < shared[section.school] {
                lines.count(Kind::SharedNumber, 1);
            }
        }
    })?;
    out.close(sheet, &[])
}

pub(crate) fn rosters(year: &Year<'_>, out: &mut Out<'_>) -> Result<(), SynthError> {
    let world = year.world;
    let days = &world.calendar[year.t];
    let name = format!("sis/rosters_{}.csv", days.label());
    let names_schools = rosters_name_schools(world, year.t);
    let format = if names_schools {
        &formats::ROSTERS_OF_SCHOOLS
    } else {
        &formats::ROSTERS
    };
    let mut sheet = out.open(format, &name)?;
    let row = |lines: &mut Lines, pupil: &Pupil, section: usize, begin, end| {
        world.student(lines, pupil.index);
        year.section(lines, section);
        lines.date(begin, Us).maybe_date(end, Us);
        if names_schools {
            let school = year.classes.sections[section].school;
            lines.text(&world.schools[school].code);
        } else if world.messy() {
            lines.count(Kind::NoSchoolColumn, 1);
        }
        lines.end();
    };
    sheet.shards(world.pupils.len(), SHARD, |range, lines| {
        for seat in range {
            let pupil = &world.pupils[seat];
            let mut copies = Copies::of(year, Copied::Rosters, pupil.index);
            let mut drops = world.mess(Kind::DroppedClass, pupil.index, year.t, 0);
            for (spell, seats) in pupil.spells.iter().zip(&year.classes.seats[seat]) {
                for section in seats.iter().filter(|section| **section != NONE) {
                    let begin = days.days[spell.begin];
                    let end = (spell.end < DAYS - 1).then(|| days.days[spell.end]);
                    let start = lines.position();
                    row(lines, pupil, *section as usize, begin, end);
                    copies.row(lines, start);
                    let dropped = world.messy() && drops.chance(rates::DROPPED_CLASS);
                    if let Some(other) = dropped.then(|| year.beside(*section as usize)).flatten() {
                        row(lines, pupil, other, begin, Some(begin - Days::new(1)));
                        lines.count(Kind::DroppedClass, 1);
                    }
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
    let format = if world.messy() {
        &formats::MARKS_OF_SCHOOLS
    } else {
        &formats::MARKS
    };
    let mut sheet = out.open(format, &name)?;
    sheet.shards(world.pupils.len(), SHARD, |range, lines| {
        for seat in range {
            let pupil = &world.pupils[seat];
            let outcome = &year.outcomes[seat];
            let last = pupil.spells.len() - 1;
            if pupil.grade < 9 || pupil.spells[last].end < DAYS - 1 {
                continue;
            }
            let mut rng = Rng::keyed(world.spec.seed, Purpose::Mark, pupil.index, year.t as u64);
            let mut stored = world.mess(Kind::StoredTwice, pupil.index, year.t, 0);
            let mut copies = Copies::of(year, Copied::Marks, pupil.index);
            let school = &world.schools[pupil.spells[last].school].code;
            let incomplete = |lines: &mut Lines, section: u32, term: &str| {
                world.student(lines, pupil.index);
                year.section(lines, section as usize);
                lines.int(days.year.into()).text(term).text("I").empty();
                lines.short(0.5).short(0.0).text(school);
                lines.count(Kind::StoredTwice, 1).end();
            };
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
                    let earned = if percent < 60.0 { 0.0 } else { 0.5 };
                    let twice = world.messy() && earned > 0.0 && stored.chance(rates::STORED_TWICE);
                    let first = twice && stored.chance(0.5);
                    if first {
                        incomplete(lines, section, term);
                    }
                    let row = lines.position();
                    world.student(lines, pupil.index);
                    year.section(lines, section as usize);
                    lines
                        .int(days.year.into())
                        .text(term)
                        .text(letter(percent))
                        .fixed(percent, 0);
                    lines.short(0.5).short(earned);
                    if world.messy() {
                        lines.text(school);
                    }
                    lines.end();
                    copies.row(lines, row);
                    if twice && !first {
                        incomplete(lines, section, term);
                    }
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
