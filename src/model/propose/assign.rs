//! Which column fills which field of one table: every pair gets a score from its names and from what the cells look like,
//! and the best pairs are taken first. A column whose cells cannot be what the field holds is no candidate, whatever it
//! is called.

use super::names::{similarity, words};
use super::privacy;
use super::profile::ColumnProfile;
use super::vocabulary::Vocabulary;
use crate::table::{Column, Kind, Table};
use crate::tables::GRADES;

/// How much of a score is the name; the rest is what the cells look like.
const NAME: f64 = 0.7;
/// Lowest score of a pair.
const LEAST: f64 = 0.45;
/// Lowest likeness of names, where names decide.
const LEAST_NAME: f64 = 0.3;

/// A column that fills a field.
#[derive(Clone, Debug)]
pub(super) struct Pair {
    /// Place of the column in the file.
    pub(super) column: usize,
    /// Place of the field in the table.
    pub(super) field: usize,
    /// How sure, from 0 to 1.
    pub(super) score: f64,
    /// How alike the names are.
    pub(super) name: f64,
    /// How well the cells fit.
    pub(super) cells: f64,
    /// The shipped mapping whose column of this field is called most like it, where that beats the field's own name.
    pub(super) like: Option<usize>,
}

/// What is known about the columns of a file before any table is looked at.
pub(super) struct Columns<'a> {
    pub(super) profiles: &'a [ColumnProfile],
    pub(super) words: Vec<Vec<String>>,
    pub(super) private: Vec<Option<&'static str>>,
    pub(super) emails: Vec<bool>,
}

impl<'a> Columns<'a> {
    pub(super) fn of(profiles: &'a [ColumnProfile]) -> Self {
        Self {
            profiles,
            words: profiles
                .iter()
                .map(|profile| words(&profile.name))
                .collect(),
            private: profiles.iter().map(privacy::reason).collect(),
            emails: profiles.iter().map(privacy::is_email).collect(),
        }
    }
}

/// The columns that fill the fields of `table`, by field.
pub(super) fn assign(
    table: &'static Table,
    columns: &Columns<'_>,
    vocabulary: &Vocabulary,
) -> Vec<Pair> {
    let context = words(table.name);
    let mut pairs = Vec::new();
    for column in (0..columns.profiles.len()).filter(|column| columns.private[*column].is_none()) {
        for (field, canonical) in table.columns.iter().enumerate() {
            let cells = fit(
                canonical,
                &columns.profiles[column],
                columns.emails[column],
                vocabulary,
            );
            if cells < 0.25 {
                continue;
            }
            let (name, like) = called(
                table,
                canonical,
                &columns.words[column],
                &context,
                vocabulary,
            );
            let name = if is_anothers(canonical, &columns.words[column]) {
                0.3 * name
            } else {
                name
            };
            let mut score = NAME * name + (1.0 - NAME) * cells;
            if columns.emails[column] {
                score *= 0.85;
            }
            pairs.push(Pair {
                column,
                field,
                score,
                name,
                cells,
                like,
            });
        }
    }
    pairs.sort_by(|a, b| {
        b.score
            .total_cmp(&a.score)
            .then_with(|| (a.field, a.column).cmp(&(b.field, b.column)))
    });
    let mut chosen: Vec<Pair> = Vec::new();
    for pair in &pairs {
        let sure = pair.score >= LEAST && pair.name >= LEAST_NAME;
        if sure && is_free(pair, &chosen) {
            chosen.push(pair.clone());
        }
    }
    // A required field whose name says nothing takes the one column left that can be it.
    for (field, canonical) in table.columns.iter().enumerate() {
        if !canonical.required || chosen.iter().any(|pair| pair.field == field) {
            continue;
        }
        let least = match canonical.kind {
            Kind::Date | Kind::Flag => 0.0,
            kind if kind.is_person() => 0.2,
            _ => continue,
        };
        let mut left = pairs.iter().filter(|pair| {
            pair.field == field && pair.cells >= 0.9 && pair.name >= least && is_free(pair, &chosen)
        });
        if let (Some(only), None) = (left.next(), left.next()) {
            chosen.push(only.clone());
        }
    }
    chosen.sort_by_key(|pair| pair.field);
    chosen
}

/// Whether a column's name says that its IDs are those of somebody else than the field's.
fn is_anothers(field: &Column, name: &[String]) -> bool {
    let says = |word: &str| name.iter().any(|found| found == word);
    match field.kind {
        Kind::StudentId => says("staff") && !says("student"),
        Kind::StaffId => says("student") && !says("staff"),
        Kind::Id => ["student", "staff", "person"].into_iter().any(says),
        _ => false,
    }
}

fn is_free(pair: &Pair, chosen: &[Pair]) -> bool {
    !chosen
        .iter()
        .any(|other| other.column == pair.column || other.field == pair.field)
}

/// How much a column is called like a field, and like which mapping's.
fn called(
    table: &Table,
    field: &Column,
    name: &[String],
    context: &[String],
    vocabulary: &Vocabulary,
) -> (f64, Option<usize>) {
    let identity = table.name.ends_with("_identity");
    let own = match field.name {
        "student_id" | "staff_id" if identity => words(&format!("local district {}", field.name)),
        other => words(other),
    };
    let mut best = (similarity(name, &own, context), None);
    for entry in vocabulary
        .entries()
        .iter()
        .filter(|entry| entry.column == field.name)
    {
        let same_table = entry.table == table.name;
        if identity && !same_table {
            continue;
        }
        let score = similarity(name, &entry.words, context) * if same_table { 0.98 } else { 0.85 };
        if score > best.0 + 1e-9 {
            best = (score, Some(entry.mapping));
        }
    }
    best
}

/// How well the cells of a column fit a field, from 0 to 1.
fn fit(field: &Column, profile: &ColumnProfile, email: bool, vocabulary: &Vocabulary) -> f64 {
    if profile.filled == 0 {
        return if field.required { 0.3 } else { 0.5 };
    }
    let is_date = !profile.date_formats().is_empty();
    match field.kind {
        Kind::Date => {
            if is_date {
                1.0
            } else {
                0.0
            }
        }
        Kind::Integer(1990, 2100) => profile.share(profile.years),
        Kind::Integer(..) => profile.share(profile.whole),
        Kind::Number(least, most) => {
            if is_date && profile.spaced > 0 {
                0.0
            } else {
                profile.within(least, most)
            }
        }
        Kind::Flag => profile.share(profile.flags),
        Kind::Code(words) => {
            let known = book(field.name, profile, vocabulary).map_or(0.0, |(_, share)| share);
            let grades = if field.kind == GRADES {
                profile.share(profile.grades)
            } else {
                0.0
            };
            let few = profile.distinct <= words.len().max(12)
                && (profile.distinct * 4 <= profile.filled || profile.filled < 40);
            let unknown = if few && !is_date && !email && profile.long == 0 {
                0.5
            } else {
                0.1
            };
            known.max(grades).max(unknown)
        }
        Kind::StudentId | Kind::StaffId | Kind::PersonId => {
            if is_date || profile.share(profile.spaced) > 0.3 || profile.long > 0 {
                0.0
            } else if profile.distinct * 50 < profile.filled {
                0.4
            } else {
                1.0
            }
        }
        Kind::Id => match () {
            () if is_date && profile.spaced > 0 || email => 0.1,
            () if is_date
                && profile
                    .shapes
                    .iter()
                    .any(|(shape, _)| shape.contains(['/', '-', ':'])) =>
            {
                0.1
            }
            () if profile.share(profile.spaced) > 0.5 => 0.6,
            () => 0.9,
        },
        Kind::Text => {
            if is_date || email {
                0.1
            } else if profile.share(profile.whole) > 0.9 {
                0.5
            } else {
                0.9
            }
        }
    }
}

/// The code book of a field that knows most of a column's words, and which part of the cells it knows.
pub(super) fn book(
    field: &str,
    profile: &ColumnProfile,
    vocabulary: &Vocabulary,
) -> Option<(usize, f64)> {
    let books = vocabulary
        .books()
        .iter()
        .enumerate()
        .filter(|(_, book)| book.column == field);
    let shares = books.map(|(index, _)| (index, profile.share(profile.books[index])));
    shares
        .filter(|(_, share)| *share > 0.0)
        .max_by(|a, b| a.1.total_cmp(&b.1).then(b.0.cmp(&a.0)))
}
