//! Which shipped mappings can read a file as it is, and how well: their required columns are there, they know a good part of
//! the header, and the cells can be read as they say.

use super::profile::ColumnProfile;
use super::vocabulary::Vocabulary;
use crate::mapping::{Field, Mapping, Origin};
use crate::table::Kind;

/// Least share of a file's columns that a mapping has to know.
const LEAST_KNOWN: f64 = 0.5;
/// Share of a file's columns above which a mapping decides what the file is.
const DECIDES: f64 = 0.6;
/// Share of a column's cells that have to be readable as the mapping says.
const READABLE: f64 = 0.9;

/// A shipped mapping that can read the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fit {
    /// The mapping's name.
    pub mapping: String,
    /// Whose format it is.
    pub vendor: String,
    /// Columns of the file it knows.
    pub known: usize,
    /// Columns of the file.
    pub columns: usize,
    /// Columns it would fill a field from and the file lacks.
    pub missing: usize,
    /// What the cells say against it.
    pub doubts: Vec<String>,
    /// Columns it knows, of this file and not of others it looks into, that the file lacks.
    pub absent: usize,
    /// The bundle whose file this is, and the other files it is read with.
    pub bundle: Option<(String, Vec<String>)>,
    pub(super) index: usize,
}

impl Fit {
    /// Which part of the file's columns the mapping knows.
    pub fn share(&self) -> f64 {
        self.known as f64 / self.columns.max(1) as f64
    }

    /// Whether it says what the file is.
    pub(super) fn decides(&self) -> bool {
        let alone = !self
            .doubts
            .iter()
            .any(|doubt| doubt.contains("other files"));
        self.share() >= DECIDES && alone && self.doubts.len() < 2 && 2 * self.missing < self.known
    }

    /// Whether the header is one that no other vendor has by chance.
    pub(super) fn is_own(&self) -> bool {
        self.share() >= 0.9 && self.known >= 12
    }

    fn rank(&self) -> i64 {
        let (known, missing) = (self.known as i64, self.missing as i64);
        known - missing - 3 * self.doubts.len() as i64
    }
}

/// The shipped mappings whose required columns are all in the header, the best first.
pub(super) fn fits(stem: &str, profiles: &[ColumnProfile], vocabulary: &Vocabulary) -> Vec<Fit> {
    let mappings = vocabulary.mappings().iter().enumerate();
    let mut fits: Vec<Fit> = mappings
        .filter_map(|(index, mapping)| fit(index, mapping, stem, profiles, vocabulary))
        .collect();
    fits.sort_by(|a, b| {
        (b.rank(), a.missing, a.absent, &a.mapping).cmp(&(
            a.rank(),
            b.missing,
            b.absent,
            &b.mapping,
        ))
    });
    fits
}

/// The first of a field's columns that the file has: by its place among `profiles`, or another file's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Found {
    Here(usize, String),
    Elsewhere(String),
}

/// Where a field's value comes from in this file.
pub(super) fn found(field: &Field, mapping: &Mapping, columns: &[&str]) -> Option<Found> {
    let Origin::Header(names) = &field.from else {
        return None;
    };
    let looked_up = |name: &str| {
        mapping.lookups.iter().any(|lookup| {
            name.strip_prefix(&lookup.name)
                .is_some_and(|rest| rest.starts_with('.'))
        })
    };
    names.iter().find_map(|name| {
        let mut parts = name.split(" | ");
        let here = parts.clone().find_map(|part| place(part, columns));
        match here {
            Some(place) => Some(Found::Here(place, name.clone())),
            None if name.trim() == "#" || parts.any(|part| looked_up(part.trim())) => {
                Some(Found::Elsewhere(name.clone()))
            }
            None => None,
        }
    })
}

/// Where a column stands that is called so; of a path that leads to a text with attributes, where the text stands.
fn place(name: &str, columns: &[&str]) -> Option<usize> {
    let wanted = name.trim().to_lowercase();
    columns.iter().position(|column| {
        let there = column.to_lowercase();
        there == wanted
            || there
                .strip_prefix(&wanted)
                .is_some_and(|rest| rest == ".#text")
    })
}

/// How many of a mapping's columns are among these; `None` where a required one is not, or a column of `[rows] only`.
pub fn columns_found(mapping: &Mapping, columns: &[&str]) -> Option<usize> {
    let (mut count, mut here) = (0, 0);
    for field in &mapping.columns {
        if !matches!(field.from, Origin::Header(_)) {
            continue;
        }
        let required = mapping.table.columns[field.column].required;
        match found(field, mapping, columns) {
            Some(Found::Here(..)) => {
                count += 1;
                here += usize::from(required);
            }
            Some(Found::Elsewhere(_)) => {}
            None if required => return None,
            None => {}
        }
    }
    let nested = mapping.dialect.is_nested();
    let rules = mapping.rows.only.iter().map(|(name, _)| name);
    let mut own = rules.filter(|name| nested || !name.contains('.'));
    (here > 0 && own.all(|name| place(name, columns).is_some())).then_some(count)
}

fn fit(
    index: usize,
    mapping: &Mapping,
    stem: &str,
    profiles: &[ColumnProfile],
    vocabulary: &Vocabulary,
) -> Option<Fit> {
    let columns: Vec<&str> = profiles
        .iter()
        .map(|profile| profile.name.as_str())
        .collect();
    columns_found(mapping, &columns)?;
    let mut missing = 0;
    let mut doubts = Vec::new();
    let mut names: Vec<&str> = mapping
        .ignore
        .iter()
        .chain(mapping.rule_columns())
        .map(String::as_str)
        .collect();
    for lookup in &mapping.lookups {
        names.extend(lookup.by.iter().map(String::as_str));
    }
    for field in &mapping.columns {
        let Origin::Header(headers) = &field.from else {
            continue;
        };
        names.extend(headers.iter().flat_map(|name| name.split(" | ")));
        let required = mapping.table.columns[field.column].required;
        match found(field, mapping, &columns) {
            Some(Found::Here(at, _)) if required => {
                doubts.extend(doubt(index, field, mapping, &profiles[at], vocabulary));
            }
            Some(_) => {}
            None => missing += 1,
        }
    }
    let known = profiles
        .iter()
        .filter(|profile| {
            names
                .iter()
                .any(|name| profile.name.eq_ignore_ascii_case(name.trim()))
        })
        .count();
    let there = |name: &&str| {
        columns
            .iter()
            .any(|column| column.eq_ignore_ascii_case(name.trim()))
    };
    names.sort_unstable();
    names.dedup();
    let absent = names
        .iter()
        .filter(|name| !name.contains('.') && !there(name))
        .count();
    // A file that is read with others is known by its name.
    let member = mapping.dialect.member.as_deref().unwrap_or_default();
    let called = member.rsplit_once('.').map_or(member, |(name, _)| name);
    if !mapping.lookups.is_empty()
        && !member.contains('*')
        && !member.is_empty()
        && !called.eq_ignore_ascii_case(stem)
    {
        doubts.push(format!(
            "there it is called `{member}`, and is read with other files"
        ));
    }
    let nested = mapping.dialect.is_nested();
    let mut members: Vec<String> = mapping
        .lookups
        .iter()
        .filter_map(|lookup| lookup.member.clone())
        .collect();
    members.dedup();
    let bundle = vocabulary
        .bundle_of(&mapping.name)
        .map(|bundle| (bundle.to_owned(), members));
    let fit = Fit {
        mapping: mapping.name.clone(),
        vendor: mapping.vendor.clone(),
        // A nested record holds whatever its maker likes beside what is wanted.
        known: if nested { profiles.len() } else { known },
        columns: profiles.len(),
        missing,
        doubts,
        absent,
        bundle,
        index,
    };
    (fit.share() >= LEAST_KNOWN && known > 0).then_some(fit)
}

/// What the cells of a required column say against a mapping.
fn doubt(
    index: usize,
    field: &Field,
    mapping: &Mapping,
    profile: &ColumnProfile,
    vocabulary: &Vocabulary,
) -> Option<String> {
    if profile.filled == 0 {
        return None;
    }
    let column = &mapping.table.columns[field.column];
    let name = &profile.name;
    match column.kind {
        Kind::Date => {
            let format = field.format.as_deref().unwrap_or_default();
            (!profile.is_date(format)).then(|| format!("`{name}` is not written as `{format}`"))
        }
        Kind::Number(least, most) if field.scale == 1.0 && field.format.is_none() => {
            (profile.within(least, most) < READABLE)
                .then(|| format!("`{name}` holds what is no number from {least} to {most}"))
        }
        Kind::Code(_) if !field.codes.is_empty() && field.otherwise.is_none() => {
            let books = vocabulary.books().iter().zip(&profile.books);
            let own =
                books.filter(|(book, _)| book.mapping == Some(index) && book.column == column.name);
            let share = own
                .map(|(_, known)| profile.share(*known))
                .fold(0.0, f64::max);
            (share < 0.5 && field.after.is_none())
                .then(|| format!("it knows {:.0} % of the words of `{name}`", 100.0 * share))
        }
        _ => None,
    }
}
