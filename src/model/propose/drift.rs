//! What became of the columns of a mapping in tonight's header: which are gone, which are new, and which new one is
//! probably a lost one under another name. Says which lines of the mapping to change; changes nothing.

use super::dates;
use super::names::{similarity, words};
use super::privacy;
use super::profile::ColumnProfile;
use super::vocabulary::Vocabulary;
use super::write::quoted;
use crate::mapping::{Field, Mapping, Origin};
use crate::table::Kind;

/// Lowest likeness at which a new column is taken for a lost one.
const LEAST: f64 = 0.5;

/// How a header differs from its mapping.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Drift {
    /// Columns of the file that the mapping does not know, but for those that were renamed.
    pub added: Vec<String>,
    /// Columns that fill a field and are gone, and the field; `true` where it is required.
    pub dropped: Vec<(String, &'static str, bool)>,
    /// Columns that have another name now: old, new, the field, how sure from 0 to 1, whether it is required.
    pub renamed: Vec<(String, String, &'static str, f64, bool)>,
    /// Lines of TOML that make the mapping fit.
    pub edit: Vec<String>,
}

impl Drift {
    /// Whether the header is what the mapping expects.
    pub fn is_none(&self) -> bool {
        self.added.is_empty() && self.dropped.is_empty() && self.renamed.is_empty()
    }
}

/// Holds tonight's columns against a mapping. The profiles must have been made with [`vocabulary`] of the same mapping.
pub fn drift(mapping: &Mapping, columns: &[ColumnProfile], vocabulary: &Vocabulary) -> Drift {
    let is = |column: &ColumnProfile, name: &str| {
        column.name.to_lowercase() == name.trim().to_lowercase()
    };
    let mut known: Vec<String> = mapping
        .ignore
        .iter()
        .chain(mapping.rule_columns())
        .cloned()
        .collect();
    let mut lost = Vec::new();
    for field in &mapping.columns {
        // Of alternatives one is enough; of what is put together every part is needed.
        let needed: Vec<&[String]> = match &field.from {
            Origin::Header(names) => vec![names.as_slice()],
            Origin::Joined(parts) => parts.iter().map(std::slice::from_ref).collect(),
            Origin::Constant(_) => continue,
        };
        for names in needed {
            let names: Vec<String> = names
                .iter()
                .flat_map(|name| name.split(" | "))
                .map(str::to_owned)
                .collect();
            let there = |name: &String| columns.iter().any(|column| is(column, name));
            let optional = field.optional && !mapping.table.columns[field.column].required;
            if !optional && !names.iter().any(there) {
                lost.push((field, names.clone()));
            }
            known.extend(names);
        }
    }
    let unknown: Vec<usize> = (0..columns.len())
        .filter(|at| {
            !columns[*at].name.is_empty() && !known.iter().any(|name| is(&columns[*at], name))
        })
        .collect();
    let mut pairs = Vec::new();
    for (place, (field, names)) in lost.iter().enumerate() {
        for at in &unknown {
            let score = renamed(mapping, field, names, &columns[*at], vocabulary);
            if score >= LEAST {
                pairs.push((score, place, *at));
            }
        }
    }
    pairs.sort_by(|a, b| {
        b.0.total_cmp(&a.0)
            .then_with(|| (a.1, a.2).cmp(&(b.1, b.2)))
    });
    let mut taken: Vec<(f64, usize, usize)> = Vec::new();
    for pair in pairs {
        if !taken
            .iter()
            .any(|other| other.1 == pair.1 || other.2 == pair.2)
        {
            taken.push(pair);
        }
    }
    let mut drift = Drift::default();
    for (place, (field, names)) in lost.iter().enumerate() {
        let column = &mapping.table.columns[field.column];
        let old = names.join("` or `");
        match taken.iter().find(|pair| pair.1 == place) {
            Some((score, _, at)) => {
                let new = &columns[*at].name;
                drift.edit.push(edit(mapping, field, names, new));
                drift
                    .renamed
                    .push((old, new.clone(), column.name, *score, column.required));
            }
            None => drift.dropped.push((old, column.name, column.required)),
        }
    }
    let added: Vec<String> = unknown
        .iter()
        .filter(|at| !taken.iter().any(|pair| pair.2 == **at))
        .map(|at| columns[*at].name.clone())
        .collect();
    if !added.is_empty() {
        drift.edit.push(ignoring(mapping, added.iter().cloned()));
    }
    drift.added = added;
    drift
}

/// The mapping's line of columns that are known and not wanted, with more of them.
pub fn ignoring(mapping: &Mapping, more: impl Iterator<Item = String>) -> String {
    let known = mapping.ignore.iter().cloned();
    let all: Vec<String> = known.chain(more).map(|name| quoted(&name)).collect();
    format!("ignore = [{}]", all.join(", "))
}

/// What a mapping says about words, for profiles to be held against it.
pub fn vocabulary(mapping: &Mapping) -> Vocabulary {
    Vocabulary::from_mappings(vec![mapping.clone()])
}

/// How likely it is that a column is a lost one under another name: what it is called, and whether its cells can be read as
/// the mapping reads them.
fn renamed(
    mapping: &Mapping,
    field: &Field,
    names: &[String],
    column: &ColumnProfile,
    vocabulary: &Vocabulary,
) -> f64 {
    if privacy::reason(column).is_some() {
        return 0.0;
    }
    let canonical = &mapping.table.columns[field.column];
    let new = words(&column.name);
    let own = names
        .iter()
        .map(|name| similarity(&new, &words(name)))
        .fold(0.0, f64::max);
    let letters = names
        .iter()
        .map(|name| strsim::jaro_winkler(&column.name.to_lowercase(), &name.to_lowercase()))
        .fold(0.0, f64::max);
    let letters = if letters >= 0.88 { letters } else { 0.0 };
    let name = own
        .max(letters)
        .max(0.9 * similarity(&new, &words(canonical.name)));
    if column.filled == 0 {
        return 0.8 * name;
    }
    let cells = match canonical.kind {
        Kind::Date => match field.format.as_deref() {
            Some(format) => read(column, format),
            None => 0.0,
        },
        Kind::Code(_) if !field.codes.is_empty() => {
            let books = vocabulary.books().iter().zip(&column.books);
            books
                .filter(|(book, _)| book.mapping.is_some() && book.column == canonical.name)
                .map(|(_, known)| column.share(*known))
                .fold(0.0, f64::max)
        }
        Kind::Code(_) if canonical.name == "grade_level" => column.share(column.grades),
        Kind::Number(least, most) => column.within(least, most),
        Kind::Integer(1990, 2100) => column.share(column.years),
        Kind::Integer(..) => column.share(column.whole),
        Kind::Flag if field.codes.is_empty() => column.share(column.flags),
        kind if kind.is_person() => {
            if column.date_formats().is_empty() && column.share(column.spaced) < 0.3 {
                1.0
            } else {
                0.0
            }
        }
        _ => 0.7,
    };
    if cells < 0.5 {
        0.5 * name * cells
    } else {
        0.65 * name + 0.35 * cells
    }
}

/// Which part of the cells a date format reads; of a format out of the ordinary, whether they are dates at all.
fn read(column: &ColumnProfile, format: &str) -> f64 {
    match dates::FORMATS.iter().position(|known| *known == format) {
        Some(at) => column.share(column.dates[at]),
        None => {
            if column.date_formats().is_empty() {
                0.0
            } else {
                0.6
            }
        }
    }
}

/// The mapping's line of a field with one more name to look for.
fn edit(mapping: &Mapping, field: &Field, names: &[String], new: &str) -> String {
    let canonical = mapping.table.columns[field.column].name;
    let with = |name: &str| quoted(&format!("{name} | {new}"));
    let from = match &field.from {
        Origin::Joined(parts) => {
            let parts = parts.iter().map(|part| match names.first() {
                Some(lost) if part.split(" | ").any(|name| name == lost) => with(part),
                _ => quoted(part),
            });
            format!("from = [{}]", parts.collect::<Vec<_>>().join(", "))
        }
        _ => format!("from = {}", with(&names.join(" | "))),
    };
    let of_field = |line: &&str| {
        line.strip_prefix(canonical)
            .is_some_and(|rest| rest.trim_start().starts_with('='))
    };
    let written = mapping.text.lines().map(str::trim).find(of_field);
    let edited = written.and_then(|line| {
        let (before, value) = line.split_once("from = ")?;
        let close = if value.starts_with('[') { ']' } else { '"' };
        let end = value.get(1..)?.find(close)? + 2;
        Some(format!("{before}{from}{}", &value[end..]))
    });
    edited.unwrap_or_else(|| format!("{canonical} = {{ {from} }}"))
}
