//! What the cells of a column look like, with no cell kept: counts of what they could be, and the commonest shapes.

use std::collections::BTreeMap;

use super::dates::{self, FORMATS};
use super::vocabulary::Vocabulary;
use crate::table::Kind;
use crate::tables::{GRADES, TABLES};

/// Longest shape kept, in characters.
const LONGEST_SHAPE: usize = 24;
/// Shapes kept of a column.
const SHAPES: usize = 3;
/// Characters that make a cell prose.
const PROSE: usize = 60;

/// What exports call a student, and somebody who works at a school (OneRoster's roles and their usual kin).
const STUDENTS: [&str; 4] = ["student", "students", "learner", "pupil"];
const STAFF: [&str; 10] = [
    "teacher",
    "staff",
    "faculty",
    "professor",
    "employee",
    "aide",
    "administrator",
    "proctor",
    "principal",
    "counselor",
];

/// What the cells of a column look like.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ColumnProfile {
    /// The column's name.
    pub name: String,
    /// Cells looked at.
    pub cells: usize,
    /// Cells that are not empty.
    pub filled: usize,
    /// Different texts among them.
    pub distinct: usize,
    /// The commonest shapes (`AAA-999`) and how many cells have them.
    pub shapes: Vec<(String, usize)>,
    /// Cells that are e-mail addresses.
    pub emails: usize,
    /// Cells that are web addresses.
    pub urls: usize,
    /// Cells that say that somebody is a student.
    pub students: usize,
    /// Cells that say that somebody works here.
    pub staff: usize,
    /// Cells that hold a space.
    pub spaced: usize,
    /// Cells longer than a line.
    pub long: usize,
    /// Cells that say yes or no.
    pub flags: usize,
    /// Cells that are a school year.
    pub years: usize,
    /// Cells that are whole numbers.
    pub whole: usize,
    /// Of each of [`FORMATS`], cells that it reads.
    pub(super) dates: Vec<usize>,
    /// Of each range of numbers in the canonical tables, cells inside it.
    pub(super) ranges: Vec<((f64, f64), usize)>,
    /// Of each code book of the vocabulary, cells that are one of its words.
    pub(super) books: Vec<usize>,
    /// Cells that are canonical grade levels.
    pub(super) grades: usize,
    /// Names of other columns in which rows with one text of this column hold several: what it may be unique only within.
    pub(super) split_by: Vec<String>,
}

impl ColumnProfile {
    /// Looks at the cells of the column `name`.
    pub fn of<'c>(
        name: &str,
        cells: impl Iterator<Item = &'c str>,
        vocabulary: &Vocabulary,
    ) -> Self {
        let mut profile = Self {
            name: name.trim().to_owned(),
            dates: vec![0; FORMATS.len()],
            ranges: ranges().into_iter().map(|range| (range, 0)).collect(),
            books: vec![0; vocabulary.books().len()],
            ..Self::default()
        };
        let (mut distinct, mut shapes) = (BTreeMap::new(), BTreeMap::new());
        for cell in cells {
            profile.cells += 1;
            let cell = cell.trim();
            if cell.is_empty() || cell.eq_ignore_ascii_case("null") {
                continue;
            }
            profile.filled += 1;
            *shapes.entry(shape(cell)).or_insert(0) += 1;
            *distinct.entry(cell).or_insert(0) += 1;
        }
        for (cell, times) in &distinct {
            profile.look(cell, *times, vocabulary);
        }
        profile.distinct = distinct.len();
        let mut shapes: Vec<(String, usize)> = shapes.into_iter().collect();
        shapes.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
        shapes.truncate(SHAPES);
        profile.shapes = shapes;
        profile
    }

    /// Looks in which of the `others`, by name and in the same order of rows, rows with one text of this column hold several.
    pub fn compare<'c>(&mut self, own: &[&'c str], others: &[(&str, Vec<&'c str>)]) {
        if self.distinct >= self.filled || self.distinct < 2 || self.is_prose() {
            return;
        }
        let splits = |cells: &[&'c str]| {
            let mut first: BTreeMap<&str, &str> = BTreeMap::new();
            let mut pairs = own
                .iter()
                .zip(cells)
                .map(|(id, cell)| (id.trim(), cell.trim()));
            pairs.any(|(id, cell)| {
                let filled = !id.is_empty() && !cell.is_empty();
                filled && *first.entry(id).or_insert(cell) != cell
            })
        };
        let found = others.iter().filter(|(_, cells)| splits(cells));
        self.split_by = found.map(|(name, _)| name.trim().to_owned()).collect();
    }

    fn look(&mut self, cell: &str, times: usize, vocabulary: &Vocabulary) {
        let lower = cell.to_lowercase();
        let has_at = cell
            .split_once('@')
            .is_some_and(|(who, at)| !who.is_empty() && at.contains('.') && !cell.contains(' '));
        self.emails += times * usize::from(has_at);
        let is_url = ["http://", "https://", "urn:"]
            .iter()
            .any(|start| lower.starts_with(start));
        self.urls += times * usize::from(is_url);
        self.students += times * usize::from(STUDENTS.contains(&lower.as_str()));
        self.staff += times * usize::from(STAFF.contains(&lower.as_str()));
        self.spaced += times * usize::from(cell.contains(' '));
        self.long += times * usize::from(cell.chars().count() > PROSE);
        self.flags += times
            * usize::from(
                ["y", "n", "yes", "no", "true", "false", "t", "f", "0", "1"]
                    .contains(&lower.as_str()),
            );
        self.years += times * usize::from(is_year(cell));
        let number: Option<f64> = cell.parse().ok().filter(|number: &f64| number.is_finite());
        self.whole += times * usize::from(number.is_some() && cell.parse::<i64>().is_ok());
        for ((least, most), count) in &mut self.ranges {
            *count += times
                * usize::from(number.is_some_and(|number| (*least..=*most).contains(&number)));
        }
        for (format, count) in FORMATS.iter().zip(&mut self.dates) {
            *count += times * usize::from(dates::fits(cell, format));
        }
        for (book, count) in vocabulary.books().iter().zip(&mut self.books) {
            *count += times * usize::from(book.holds(&lower));
        }
        if let Kind::Code(words) = GRADES {
            self.grades +=
                times * usize::from(words.iter().any(|word| word.eq_ignore_ascii_case(cell)));
        }
    }

    /// Which part of the filled cells `count` is.
    pub(super) fn share(&self, count: usize) -> f64 {
        if self.filled == 0 {
            0.0
        } else {
            count as f64 / self.filled as f64
        }
    }

    /// The formats that read every date of the column, the commonest first; a cell in fifty may be something else.
    pub fn date_formats(&self) -> Vec<&'static str> {
        let readable = FORMATS.iter().zip(&self.dates);
        readable
            .filter(|(_, count)| **count > 0 && self.share(**count) >= 0.98)
            .map(|(format, _)| *format)
            .collect()
    }

    /// Whether the reader would take the cells for dates of this format; of one out of the ordinary, whether they are dates.
    pub(super) fn is_date(&self, format: &str) -> bool {
        let read = self.date_formats();
        match format {
            "iso" => read.iter().any(|format| {
                matches!(
                    *format,
                    "iso" | "%Y-%m-%d" | "%Y-%m-%d %H:%M:%S%.f" | "%Y-%m-%d %H:%M"
                )
            }),
            usual if FORMATS.contains(&usual) => read.contains(&usual),
            _ => !read.is_empty(),
        }
    }

    /// Whether its cells are school years.
    pub(super) fn is_year(&self) -> bool {
        self.filled > 0 && self.share(self.years) >= 0.9
    }

    /// Which part of the cells are numbers in this range.
    pub(super) fn within(&self, least: f64, most: f64) -> f64 {
        self.ranges
            .iter()
            .find(|(range, _)| *range == (least, most))
            .map_or(0.0, |(_, count)| self.share(*count))
    }

    /// Whether people wrote it.
    pub(super) fn is_prose(&self) -> bool {
        self.filled > 0 && 3 * self.long > self.filled && 2 * self.spaced > self.filled
    }

    /// The shapes as one text: `9999999, AA-999`.
    pub fn spoken(&self) -> String {
        let shapes: Vec<&str> = self
            .shapes
            .iter()
            .map(|(shape, _)| shape.as_str())
            .collect();
        if shapes.is_empty() {
            "empty".to_owned()
        } else {
            format!("looks like {}", shapes.join(", "))
        }
    }
}

/// `2021`, `2020-21`, `2020-2021`.
fn is_year(cell: &str) -> bool {
    let number = |text: &str| text.parse::<i32>().ok();
    let plausible = |year: Option<i32>| year.is_some_and(|year| (1990..=2100).contains(&year));
    match cell.split_once(['-', '/']) {
        None => cell.len() == 4 && plausible(number(cell)),
        Some((first, second)) => {
            first.len() == 4
                && plausible(number(first))
                && matches!(second.len(), 2 | 4)
                && number(second).is_some()
        }
    }
}

fn ranges() -> Vec<(f64, f64)> {
    let mut ranges = Vec::new();
    for column in TABLES.iter().flat_map(|table| table.columns) {
        if let Kind::Number(least, most) = column.kind
            && !ranges.contains(&(least, most))
        {
            ranges.push((least, most));
        }
    }
    ranges
}

/// Letters are `A`, digits `9`, ASCII punctuation and space stay.
fn shape(cell: &str) -> String {
    let mut shape: String = cell
        .chars()
        .take(LONGEST_SHAPE)
        .map(|c| match c {
            c if c.is_alphabetic() => 'A',
            c if c.is_numeric() => '9',
            c if c == ' ' || c.is_ascii_punctuation() => c,
            _ => '?',
        })
        .collect();
    if cell.chars().nth(LONGEST_SHAPE).is_some() {
        shape.push_str("...");
    }
    shape
}
