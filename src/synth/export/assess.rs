//! Two assessments: one three times a year by the vendor's own student ID, one each spring by the state's.

use super::copies::{Copied, Copies};
use super::{Out, Year, formats, mess};
use crate::bytes::DateStyle::Us;
use crate::bytes::Lines;
use crate::ids::{map_id, state_id};
use crate::messes::Kind;
use crate::messes::scores::retest;
use crate::rng::{Purpose, Rng, normal_cdf};
use crate::spec::SynthError;
use crate::world::World;
use crate::world::classes::{MATH, READING};

const SHARD: usize = 2_048;
/// Grades tested by the MAP-like assessment.
pub(crate) const MAP_GRADES: std::ops::RangeInclusive<usize> = 1..=9;
/// Scale points of a student-level standard deviation.
pub(crate) const MAP_SD: f64 = 14.0;
const STATE_SD: f64 = 42.0;
/// Mean score of each grade in spring: math, reading.
const SPRING: [[f64; 2]; 10] = [
    [157.0, 153.0],
    [176.0, 171.0],
    [189.0, 186.0],
    [201.0, 197.0],
    [210.0, 205.0],
    [218.0, 210.0],
    [222.0, 214.0],
    [227.0, 218.0],
    [230.0, 221.0],
    [231.0, 222.0],
];
/// Name, first and last day as positions, and points below spring.
const WINDOWS: [(&str, usize, usize, f64); 3] = [
    ("Fall", 18, 34, 11.0),
    ("Winter", 90, 104, 4.5),
    ("Spring", 156, 170, 0.0),
];
/// The spring without tests.
pub(crate) fn has_spring_tests(year: i32) -> bool {
    year != 2020
}

pub(crate) fn map_growth(year: &Year<'_>, out: &mut Out<'_>) -> Result<(), SynthError> {
    let world = year.world;
    let days = &world.calendar[year.t];
    let format = if world.messy() {
        &formats::MAP_GROWTH_RETESTS
    } else {
        &formats::MAP_GROWTH
    };
    for (window, about) in WINDOWS.iter().enumerate() {
        if window == 2 && !has_spring_tests(days.year) {
            continue;
        }
        let stem = format!(
            "assess/map_growth_{}_{}_{}",
            days.label(),
            window + 1,
            about.0.to_lowercase()
        );
        let mut sheet = out.open(format, &format!("{stem}.csv"))?;
        let rescored = window == 2 && year.is_corrected();
        sheet.shards(world.pupils.len(), SHARD, |range, lines| {
            for seat in range {
                let scoring = if rescored {
                    Scoring::First
                } else {
                    Scoring::Only
                };
                map_results(year, seat, window, scoring, lines);
            }
        })?;
        let dirty = if window == 2 { &[] } else { mess::MAP_GROWTH };
        out.close(sheet, dirty)?;
        if rescored {
            let mut sheet = out.open(format, &format!("{stem}_rescored.csv"))?;
            let mut lines = sheet.lines();
            for seat in (0..world.pupils.len()).filter(|seat| is_rescored(year, *seat)) {
                map_results(year, seat, window, Scoring::Second, &mut lines);
            }
            sheet.append(&lines)?;
            out.close_correction(sheet);
        }
    }
    Ok(())
}

/// The students whose first spring scores came out six points too low.
fn is_rescored(year: &Year<'_>, seat: usize) -> bool {
    year.world.pupils[seat].index % 50 == 7
}

/// Which scoring of the tests a file holds.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Scoring {
    Only,
    /// Some scores are wrong.
    First,
    /// The scores that were.
    Second,
}

fn map_results(year: &Year<'_>, seat: usize, window: usize, scoring: Scoring, lines: &mut Lines) {
    let world = year.world;
    let pupil = &world.pupils[seat];
    let outcome = &year.outcomes[seat];
    if !MAP_GRADES.contains(&pupil.grade) {
        return;
    }
    let (name, first, last, below) = WINDOWS[window];
    for subject in [MATH, READING] {
        let context = (year.t * 64 + window * 8 + subject) as u64;
        let mut rng = Rng::keyed(world.spec.seed, Purpose::Test, pupil.index, context);
        let day = first + rng.below(last + 1 - first);
        if sitting(year, seat, day, &mut rng) != Sitting::There {
            continue;
        }
        let fall = outcome.before[subject] * 0.92 + outcome.after[subject] * 0.08;
        let level = match window {
            0 => fall,
            1 => (fall + outcome.after[subject]) / 2.0 + 0.08 * rng.normal(),
            _ => outcome.after[subject],
        };
        let error = 2.9 + 0.35 * level.abs() + 0.2 * rng.unit();
        let mut score = SPRING[pupil.grade][subject]
            - below * if pupil.grade < 6 { 1.0 } else { 0.5 }
            + MAP_SD * level
            + error * rng.normal();
        if scoring == Scoring::First && is_rescored(year, seat) {
            score -= 6.0;
        }
        let percentile = (normal_cdf(level) * 100.0).round().clamp(1.0, 99.0);
        let row = |lines: &mut Lines, test: &Test| {
            lines.text(&map_id(pupil.index)).text(name);
            lines.text(["Mathematics", "Reading"][subject]);
            lines
                .date(world.calendar[year.t].days[test.day], Us)
                .int(pupil.grade as i64);
            lines
                .fixed(test.score, 0)
                .fixed(test.error, 1)
                .fixed(test.percentile, 0);
            if world.messy() {
                lines.text(if test.counts { "TRUE" } else { "FALSE" });
            }
            lines.end();
        };
        let test = Test {
            day,
            score,
            error,
            percentile,
            counts: true,
        };
        // What is scored again is the test that counts.
        let again = retest(world, year.t, pupil.index, window * 2 + subject, day);
        let again = again.filter(|_| scoring != Scoring::Second);
        let rushed = again.map(|again| Test {
            day: again.day,
            score: score - again.below,
            error: error + again.error,
            percentile: (percentile - 1.5 * again.below).max(1.0),
            counts: false,
        });
        let (before, after) = match again {
            Some(again) if again.before => (rushed, None),
            _ => (None, rushed),
        };
        if let Some(rushed) = before {
            row(lines, &rushed);
        }
        let start = lines.position();
        row(lines, &test);
        let entity = pupil.index * 8 + (window * 2 + subject) as u64;
        if scoring != Scoring::Second {
            Copies::of(year, Copied::MapGrowth, entity).row(lines, start);
        }
        if let Some(rushed) = after {
            row(lines, &rushed);
        }
        lines.count(Kind::Retest, again.is_some().into());
    }
}

/// One test of a student in a window.
struct Test {
    /// Position of its day.
    day: usize,
    score: f64,
    error: f64,
    percentile: f64,
    /// Whether it is the one of its window that growth is measured by.
    counts: bool,
}

/// What a student does on the day of a test.
#[derive(PartialEq, Eq)]
enum Sitting {
    /// Sits it, on its day or its make-up day.
    There,
    /// Is enrolled and does not.
    Missed,
    /// Is not enrolled.
    Away,
}

fn sitting(year: &Year<'_>, seat: usize, day: usize, rng: &mut Rng) -> Sitting {
    let missed = rng.chance(year.world.spec.nature.missed_tests + 0.4 * year.outcomes[seat].absent);
    let spells = &year.world.pupils[seat].spells;
    let enrolled = spells
        .iter()
        .any(|spell| (spell.begin..=spell.end).contains(&day));
    match (enrolled, missed) {
        (false, _) => Sitting::Away,
        (true, true) => Sitting::Missed,
        (true, false) => Sitting::There,
    }
}

/// The state's test: grades 3–8 and 11.
pub(crate) fn state(year: &Year<'_>, out: &mut Out<'_>) -> Result<(), SynthError> {
    let world = year.world;
    let days = &world.calendar[year.t];
    if !has_spring_tests(days.year) {
        return Ok(());
    }
    let name = format!("assess/state_{}.csv", days.label());
    let mut sheet = out.open(&formats::STATE, &name)?;
    sheet.shards(world.pupils.len(), SHARD, |range, lines| {
        for seat in range {
            state_results(year, seat, lines);
        }
    })?;
    out.close(sheet, mess::STATE)
}

fn state_results(year: &Year<'_>, seat: usize, lines: &mut Lines) {
    let world = year.world;
    let pupil = &world.pupils[seat];
    if !(3..=8).contains(&pupil.grade) && pupil.grade != 11 {
        return;
    }
    for subject in [MATH, READING] {
        let context = (year.t * 64 + 32 + subject) as u64;
        let mut rng = Rng::keyed(world.spec.seed, Purpose::Test, pupil.index, context);
        let day = 146 + subject + 2 * (pupil.grade % 3);
        let sitting = sitting(year, seat, day, &mut rng);
        if sitting == Sitting::Missed && world.messy() {
            not_tested(year, seat, subject, day, lines);
        }
        if sitting != Sitting::There {
            continue;
        }
        let level = year.outcomes[seat].after[subject] + 0.15 * rng.normal();
        let error = 13.0 + 2.0 * level.abs();
        let score = 440.0 + 14.0 * pupil.grade as f64 + STATE_SD * level + error * rng.normal();
        let cut = (score - 440.0 - 14.0 * pupil.grade as f64) / STATE_SD;
        state_head(year, seat, subject, day, lines);
        lines.fixed(score, 0).fixed(error, 0);
        lines.text(match cut {
            ..-0.7 => "Not met",
            ..0.0 => "Nearly met",
            ..0.9 => "Met",
            _ => "Exceeded",
        });
        lines.end();
    }
}

/// Who was tested, in what, when and for which grade.
fn state_head(year: &Year<'_>, seat: usize, subject: usize, day: usize, lines: &mut Lines) {
    let pupil = &year.world.pupils[seat];
    lines
        .int(state_id(pupil.index) as i64)
        .text("State Summative");
    lines
        .text(["MA", "ELA"][subject])
        .date(year.world.calendar[year.t].days[day], Us)
        .padded(pupil.grade as u64, 2);
}

/// The state wants a row for everybody: why there is no score stands where the level would.
fn not_tested(year: &Year<'_>, seat: usize, subject: usize, day: usize, lines: &mut Lines) {
    let index = year.world.pupils[seat].index;
    let mut rng = year.world.mess(Kind::NotTested, index, year.t, subject);
    state_head(year, seat, subject, day, lines);
    lines.empty().empty();
    lines.text(["ABS", "MED", "REF"][rng.pick(&[0.7, 0.1, 0.2])]);
    lines.count(Kind::NotTested, 1).end();
}

/// Both vendors' IDs of every student there ever was, but for a few that were never matched.
pub(crate) fn crosswalks(world: &World, out: &mut Out<'_>) -> Result<(), SynthError> {
    let matched = |index: u64, system: u64| {
        !Rng::keyed(world.spec.seed, Purpose::Missing, index, system).chance(0.006)
    };
    let everyone = |seat: usize| {
        let pupil = &world.pupils[seat];
        let students = u64::from(world.spec.students);
        (0..=pupil.generation).map(move |generation| seat as u64 + generation * students)
    };
    let mut sheet = out.open(&formats::MAP_CROSSWALK, "assess/student_crosswalk.csv")?;
    sheet.shards(world.pupils.len(), SHARD, |range, lines| {
        for index in range.flat_map(everyone).filter(|index| matched(*index, 0)) {
            lines.text(&map_id(index));
            world.student(lines, index);
            lines.end();
        }
    })?;
    out.close(sheet, &[])?;
    let mut sheet = out.open(&formats::STATE_CROSSWALK, "assess/state_crosswalk.csv")?;
    sheet.shards(world.pupils.len(), SHARD, |range, lines| {
        for index in range.flat_map(everyone).filter(|index| matched(*index, 1)) {
            let mut rng = Rng::keyed(world.spec.seed, Purpose::Misc, index, 0);
            let (_, last) = crate::names::name(&mut rng);
            lines.int(state_id(index) as i64);
            world.student(lines, index);
            lines.text(last).end();
        }
    })?;
    out.close(sheet, &[])
}
