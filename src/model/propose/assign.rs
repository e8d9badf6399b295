//! Which column fills which field of one table: every pair gets a score from its names and from what the cells look like,
//! and the best pairs are taken first. A column whose cells cannot be what the field holds is no candidate, whatever it
//! is called.

use super::likeness::Likeness;
use super::names::{cut, words};
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
const LEAST_SPOKEN: f64 = 0.42;
/// The same of a column of codes that nobody knows.
const LEAST_UNKNOWN: f64 = 0.55;

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
#[derive(Debug)]
pub(super) struct Columns<'a> {
    pub(super) profiles: &'a [ColumnProfile],
    pub(super) words: Vec<Vec<String>>,
    /// The words as they are written.
    pub(super) cut: Vec<Vec<String>>,
    pub(super) likeness: Likeness<'a>,
    pub(super) private: Vec<Option<&'static str>>,
    pub(super) emails: Vec<bool>,
}

impl<'a> Columns<'a> {
    pub(super) fn of(profiles: &'a [ColumnProfile], vocabulary: &'a Vocabulary) -> Self {
        let names: Vec<String> = profiles
            .iter()
            .map(|profile| profile.name.clone())
            .collect();
        Self {
            likeness: Likeness::of(&names, vocabulary),
            profiles,
            words: profiles
                .iter()
                .map(|profile| words(&profile.name))
                .collect(),
            cut: names.iter().map(|name| cut(name)).collect(),
            private: profiles.iter().map(privacy::reason).collect(),
            emails: profiles.iter().map(privacy::is_email).collect(),
        }
    }

    /// Whether any column's name has this word.
    fn speaks_of(&self, word: &str) -> bool {
        self.words.iter().flatten().any(|found| found == word)
    }
}

/// The columns that fill the fields of `table`, by field.
pub(super) fn assign(
    table: &'static Table,
    columns: &Columns<'_>,
    vocabulary: &Vocabulary,
) -> Vec<Pair> {
    let called = columns.likeness.with(table);
    let mut pairs = Vec::new();
    for column in (0..columns.profiles.len()).filter(|column| columns.private[*column].is_none()) {
        for (field, canonical) in table.columns.iter().enumerate() {
            // Whose the rows are is the same in all of them (see `super::person`).
            if canonical.name == "person_type" {
                continue;
            }
            let cells = fit(
                canonical,
                &columns.profiles[column],
                columns.emails[column],
                vocabulary,
            );
            if cells < 0.25 {
                continue;
            }
            let (name, like) = called[column][field];
            let name = name * belongs(canonical, columns, column, name);
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
        // Of numbers and texts the cells say little.
        let least = match table.columns[pair.field].kind {
            Kind::Number(..) | Kind::Text | Kind::Id => LEAST_SPOKEN,
            Kind::Code(_) if pair.cells < 0.75 => LEAST_UNKNOWN,
            _ => LEAST_NAME,
        };
        let sure = pair.score >= LEAST && pair.name >= least;
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

/// Words of everything that has an ID or a name and is no person.
const THINGS: [&str; 20] = [
    "school",
    "district",
    "section",
    "course",
    "session",
    "device",
    "state",
    "group",
    "client",
    "resource",
    "incident",
    "account",
    "tool",
    "credential",
    "ticket",
    "goal",
    "program",
    "region",
    "system",
    "assignment",
];
/// Words of people.
const PEOPLE: [&str; 3] = ["student", "staff", "person"];
/// Words of people who are neither students nor staff.
const OTHERS: [&str; 7] = [
    "parent",
    "guardian",
    "contact",
    "principal",
    "relationship",
    "agent",
    "organizer",
];
/// How alike a name has to be to what a mapping or a standard says, so that nothing else is asked.
const JUST_SO: f64 = 0.97;
/// What a name counts that speaks of something else.
const ELSE: f64 = 0.3;

/// How much a column's name may count for a field, given whose it says its values are and whether they are names.
fn belongs(field: &Column, columns: &Columns<'_>, column: usize, name: f64) -> f64 {
    let (words, profile) = (&columns.words[column], &columns.profiles[column]);
    let says = |word: &str| words.iter().any(|found| found == word);
    let any = |list: &[&str]| list.iter().any(|word| says(word));
    let (student, staff) = (says("student"), says("staff"));
    match field.kind {
        kind if kind.is_person() && any(&OTHERS) => ELSE,
        Kind::StudentId if staff && !student => ELSE,
        Kind::StaffId if student && !staff => ELSE,
        kind if kind.is_person() && !any(&PEOPLE) => {
            let things = words
                .iter()
                .any(|word| *word != "state" && THINGS.contains(&word.as_str()));
            let alone = *words == ["id"] && !columns.cut[column].iter().any(|word| word == "sis");
            // Nobody named: whose number it is follows from what else the file speaks of.
            let about = match kind {
                Kind::StaffId => columns.speaks_of("staff"),
                _ => true,
            };
            match () {
                () if things && !columns.emails[column] => ELSE,
                () if alone || !about => 0.6,
                () if says("state") => 0.9,
                () => 1.0,
            }
        }
        // The state's number of a person is not the district's.
        Kind::StudentId | Kind::StaffId if says("state") => 0.92,
        Kind::Id | Kind::Text if name < JUST_SO => {
            let own = super::names::words(field.name);
            let of_another = words.iter().any(|word| {
                (THINGS.contains(&word.as_str()) || PEOPLE.contains(&word.as_str()))
                    && !own.contains(word)
            }) && !words.iter().any(|word| {
                own.contains(word) && (THINGS.contains(&word.as_str()) || word.len() > 4)
            });
            let spoken = says("name") || says("description") || profile.share(profile.spaced) > 0.3;
            match () {
                () if of_another && (field.kind == Kind::Id || field.name == "name") => ELSE,
                () if spoken && field.name.ends_with("_id") => ELSE,
                () => 1.0,
            }
        }
        Kind::Id if field.name == "tool_id" && says("name") => ELSE,
        // The year somebody leaves school is not the year of the row.
        Kind::Integer(..)
            if field.name == "school_year" && any(&["graduation", "birth", "cohort"]) =>
        {
            ELSE
        }
        _ => 1.0,
    }
}

fn is_free(pair: &Pair, chosen: &[Pair]) -> bool {
    !chosen
        .iter()
        .any(|other| other.column == pair.column || other.field == pair.field)
}

/// How well the cells of a column fit a field, from 0 to 1.
fn fit(field: &Column, profile: &ColumnProfile, email: bool, vocabulary: &Vocabulary) -> f64 {
    if profile.cells == 0 {
        return 0.7;
    }
    if profile.filled == 0 {
        return if field.required { 0.3 } else { 0.5 };
    }
    let is_date = !profile.date_formats().is_empty();
    let address = profile.share(profile.urls) > 0.5;
    match field.kind {
        // A web address names a badge or a tool; nothing else is one.
        kind if address && !(kind == Kind::Id && field.name.ends_with("_id")) => 0.1,
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
            } else if field.name == "name" && profile.share(profile.whole) > 0.5 {
                0.2
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
