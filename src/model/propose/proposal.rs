//! What is proposed: a table and how sure that is, a source for every field that has one, a question for every required
//! field that has none, and a reason for every column that is left out. A shipped mapping that knows most of the header
//! decides; without one, every table is tried.

use super::adopt::{Adopted, adopt};
use super::assign::{Columns, Pair, assign, book};
use super::dates::exchanged;
use super::fits::{Fit, fits};
use super::person::person_type;
use super::profile::ColumnProfile;
use super::rank::score;
use super::vocabulary::Vocabulary;
use super::within::put_together;
use crate::mapping::Origin;
use crate::table::{Column, Kind, Table};
use crate::tables::TABLES;

/// Lowest score of a table that is proposed, and of a rival that is named.
const LEAST: f64 = 0.15;
const RIVAL: f64 = 0.2;

/// A mapping to review.
#[derive(Clone, Debug)]
pub struct Proposal {
    /// The table.
    pub table: &'static Table,
    /// How sure that is, from 0 to 1.
    pub sure: f64,
    /// Why.
    pub why: String,
    /// The tables that come next, and how sure they would be.
    pub rivals: Vec<(&'static str, f64)>,
    /// Shipped mappings that can read the file as it is, the best first.
    pub fits: Vec<Fit>,
    /// Fields that are filled.
    pub fields: Vec<Proposed>,
    /// Required fields that somebody has to decide about.
    pub asked: Vec<Asked>,
    /// Columns that are not mapped.
    pub left: Vec<Left>,
    /// Whose IDs the person columns hold, where a shipped mapping says so.
    pub(super) system: Option<String>,
    /// Lines of TOML that a shipped mapping gives: keys, tables beside `[columns]`, lines of `[dialect]`.
    pub(super) keys: Vec<String>,
    pub(super) sections: Vec<String>,
    pub(super) dialect: Vec<String>,
}

impl Proposal {
    /// How many things somebody has to choose.
    pub fn questions(&self) -> usize {
        let orders = self.fields.iter().filter(|field| field.formats.len() > 1);
        self.asked.len() + orders.count()
    }
}

/// A field and where it would come from.
#[derive(Clone, Debug, PartialEq)]
pub struct Proposed {
    /// The field.
    pub field: &'static Column,
    /// The file's column, or a value for every row.
    pub from: Origin,
    /// How sure that is, from 0 to 1.
    pub sure: f64,
    /// Why.
    pub why: String,
    /// How its dates may be written; more than one where day and month cannot be told apart.
    pub formats: Vec<String>,
    /// Vendor word → canonical word.
    pub codes: Vec<(String, String)>,
    /// What has to be looked at.
    pub notes: Vec<String>,
    /// The column's IDs are e-mail addresses.
    pub is_email: bool,
    /// What else a shipped mapping says of it, as parts of its inline table.
    pub(super) more: Vec<String>,
}

/// A required field that somebody has to decide about.
#[derive(Clone, Debug, PartialEq)]
pub struct Asked {
    /// The field.
    pub field: &'static Column,
    /// What other mappings say, the commonest first.
    pub choices: Vec<String>,
    /// What is missing.
    pub why: String,
}

/// A column that is not mapped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Left {
    /// Its name.
    pub name: String,
    /// Why, where there is a reason beyond there being no field for it.
    pub private: Option<&'static str>,
    /// What its cells look like.
    pub shape: String,
}

/// Proposes a mapping for a file with these columns; `stem` is the file's name. `None` where no table comes near.
pub fn propose(
    stem: &str,
    profiles: &[ColumnProfile],
    vocabulary: &Vocabulary,
) -> Option<Proposal> {
    let mut proposal = proposal(stem, profiles, vocabulary)?;
    put_together(&mut proposal, profiles);
    Some(proposal)
}

fn proposal(stem: &str, profiles: &[ColumnProfile], vocabulary: &Vocabulary) -> Option<Proposal> {
    let columns = Columns::of(profiles, vocabulary);
    let fits = fits(stem, profiles, vocabulary);
    let about = columns.likeness.about();
    let mut ranked: Vec<(f64, &'static Table, Vec<Pair>)> = TABLES
        .iter()
        .filter(|table| table.name != "reject")
        .map(|table| {
            let pairs = assign(table, &columns, vocabulary);
            let about = about.iter().find(|(name, _)| *name == table.name);
            let about = about.map_or(0.0, |(_, share)| *share);
            let score = score(table, &pairs, stem, about, &columns, vocabulary);
            (score, table, pairs)
        })
        .collect();
    ranked.sort_by(|a, b| b.0.total_cmp(&a.0).then_with(|| a.1.name.cmp(b.1.name)));
    let rivals = |table: &Table| {
        let others = ranked
            .iter()
            .filter(|(_, other, _)| other.name != table.name);
        let near = others
            .take(2)
            .filter(|(score, ..)| *score > RIVAL)
            .map(|(score, table, _)| (table.name, *score));
        near.collect()
    };
    if let Some(best) = fits.first().filter(|fit| fit.decides()) {
        let table = vocabulary.mappings()[best.index].table;
        let adopted = adopt(best, profiles, vocabulary);
        return Some(following(
            best,
            table,
            rivals(table),
            adopted,
            &columns,
            &fits,
        ));
    }
    let (sure, table, pairs) = ranked.first()?;
    if pairs.is_empty() || *sure < LEAST {
        return None;
    }
    let mut fields: Vec<Proposed> = pairs
        .iter()
        .map(|pair| proposed(table, pair, &columns, vocabulary))
        .collect();
    let mut asked = Vec::new();
    for field in table.columns.iter().filter(|field| field.required) {
        if fields
            .iter()
            .any(|proposed| proposed.field.name == field.name)
        {
            continue;
        }
        match constant(table, field, pairs, &columns, vocabulary) {
            Ok((value, why)) => fields.push(Proposed {
                field,
                from: Origin::Constant(value),
                sure: 0.7,
                why,
                formats: Vec::new(),
                codes: Vec::new(),
                notes: Vec::new(),
                is_email: false,
                more: Vec::new(),
            }),
            Err(question) => asked.push(question),
        }
    }
    let place = |field: &Proposed| {
        table
            .columns
            .iter()
            .position(|column| column.name == field.field.name)
    };
    fields.sort_by_key(place);
    let used: Vec<usize> = pairs.iter().map(|pair| pair.column).collect();
    let required = table.columns.iter().filter(|field| field.required).count();
    Some(Proposal {
        table,
        sure: *sure,
        why: format!(
            "{} of its {required} required fields are there, and the other names are those of such files to {:.0} %",
            required - asked.len(),
            100.0
                * about
                    .iter()
                    .find(|(name, _)| *name == table.name)
                    .map_or(0.0, |(_, share)| *share)
        ),
        rivals: rivals(table),
        fields,
        asked,
        left: left(&columns, &used),
        fits,
        system: None,
        keys: Vec::new(),
        sections: Vec::new(),
        dialect: Vec::new(),
    })
}

/// The proposal that a shipped mapping makes.
fn following(
    best: &Fit,
    table: &'static Table,
    rivals: Vec<(&'static str, f64)>,
    adopted: Adopted,
    columns: &Columns<'_>,
    fits: &[Fit],
) -> Proposal {
    Proposal {
        table,
        sure: 0.6 + 0.39 * best.share(),
        why: format!(
            "the shipped mapping `{}` knows {} of the {} columns",
            best.mapping, best.known, best.columns
        ),
        rivals,
        fits: fits.to_vec(),
        fields: adopted.fields,
        asked: adopted.asked,
        left: left(columns, &adopted.used),
        system: adopted.system,
        keys: adopted.keys,
        sections: adopted.sections,
        dialect: adopted.dialect,
    }
}

fn left(columns: &Columns<'_>, used: &[usize]) -> Vec<Left> {
    let free = (0..columns.profiles.len()).filter(|index| !used.contains(index));
    let of = |index: usize| Left {
        name: columns.profiles[index].name.clone(),
        private: columns.private[index],
        shape: columns.profiles[index].spoken(),
    };
    free.map(of).collect()
}

/// How a column's dates may be written, and what has to be looked at.
pub(super) fn dated(profile: &ColumnProfile) -> (Vec<String>, Vec<String>) {
    let read = profile.date_formats();
    let Some(first) = read.first() else {
        let both = ["%Y-%m-%d", "%m/%d/%Y"].map(str::to_owned).to_vec();
        let note = "no date was there to look at: choose the format".to_owned();
        return (both, vec![note]);
    };
    let exchanged = exchanged(first).filter(|other| read.contains(other));
    let formats = [*first].into_iter().chain(exchanged);
    (formats.map(str::to_owned).collect(), Vec::new())
}

fn proposed(
    table: &'static Table,
    pair: &Pair,
    columns: &Columns<'_>,
    vocabulary: &Vocabulary,
) -> Proposed {
    let (field, profile) = (&table.columns[pair.field], &columns.profiles[pair.column]);
    let mut notes = Vec::new();
    let mut why = match pair.like {
        _ if pair.name < 0.3 => "the only column left whose cells can be it".to_owned(),
        Some(mapping) if pair.name >= 0.5 => {
            format!("called as in `{}`", vocabulary.mappings()[mapping].name)
        }
        _ if pair.name >= 0.8 => "its name says so".to_owned(),
        _ => "its name is like it".to_owned(),
    };
    why.push_str("; ");
    why.push_str(&profile.spoken());
    let mut formats = Vec::new();
    if field.kind == Kind::Date {
        let (read, open) = dated(profile);
        formats = read;
        notes.extend(open);
    }
    let mut codes = Vec::new();
    if let Kind::Code(accepted) = field.kind {
        let grades = field.name == "grade_level" && profile.share(profile.grades) >= 1.0;
        match book(field.name, profile, vocabulary) {
            _ if grades => {}
            Some((index, share)) => {
                let book = &vocabulary.books()[index];
                let usable = book
                    .pairs
                    .iter()
                    .filter(|(_, _, word)| accepted.contains(&word.as_str()));
                codes = usable
                    .map(|(_, vendor, word)| (vendor.clone(), word.clone()))
                    .collect();
                let whose = book.mapping.map_or_else(
                    || "public standards".to_owned(),
                    |mapping| format!("`{}`", vocabulary.mappings()[mapping].name),
                );
                notes.push(format!(
                    "the words of {whose}, which know {:.0} % of the cells looked at: add the others, or rows with them are rejected",
                    100.0 * share
                ));
            }
            None => notes.push(format!(
                "write the vendor's words under `codes`; what they may become: {}",
                accepted.join(", ")
            )),
        }
    }
    let is_email = columns.emails[pair.column] && field.kind.is_person();
    if is_email {
        notes.push(
            "its IDs are e-mail addresses: the crosswalk needs them as ID system `email`"
                .to_owned(),
        );
    }
    Proposed {
        field,
        from: Origin::Header(vec![profile.name.clone()]),
        sure: pair.score,
        why,
        formats,
        codes,
        notes,
        is_email,
        more: Vec::new(),
    }
}

/// A value for every row of a required field that no column fills, or the question.
fn constant(
    table: &Table,
    field: &'static Column,
    pairs: &[Pair],
    columns: &Columns<'_>,
    vocabulary: &Vocabulary,
) -> Result<(String, String), Asked> {
    if field.name == "person_type" {
        return person_type(table, field, pairs, columns, vocabulary);
    }
    let known = vocabulary.constants(table.name, field.name);
    Err(Asked {
        field,
        choices: known.iter().map(|(value, _)| (*value).to_owned()).collect(),
        why: "no column of the file is like it".to_owned(),
    })
}
