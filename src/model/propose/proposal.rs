//! What is proposed: a table and how sure that is, a source for every field that has one, a question for every required
//! field that has none, and a reason for every column that is left out.

use super::assign::{Columns, Pair, assign, book};
use super::dates::exchanged;
use super::names::words;
use super::profile::ColumnProfile;
use super::vocabulary::Vocabulary;
use crate::mapping::{Mapping, Origin};
use crate::table::{Column, Kind, Table};
use crate::tables::TABLES;

/// A mapping to review.
#[derive(Clone, Debug)]
pub struct Proposal {
    /// The table.
    pub table: &'static Table,
    /// How sure that is, from 0 to 1.
    pub sure: f64,
    /// The tables that come next, and how sure they would be.
    pub rivals: Vec<(&'static str, f64)>,
    /// Shipped mappings whose required columns are all there, the best first.
    pub fits: Vec<Fit>,
    /// Fields that are filled.
    pub fields: Vec<Proposed>,
    /// Required fields that somebody has to decide about.
    pub asked: Vec<Asked>,
    /// Columns that are not mapped.
    pub left: Vec<Left>,
}

/// A shipped mapping that can read the file as it is.
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
    pub formats: Vec<&'static str>,
    /// Vendor word → canonical word.
    pub codes: Vec<(String, String)>,
    /// What has to be looked at.
    pub notes: Vec<String>,
    /// The column's IDs are e-mail addresses.
    pub is_email: bool,
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
    let columns = Columns::of(profiles);
    let mut ranked: Vec<(f64, &'static Table, Vec<Pair>)> = TABLES
        .iter()
        .filter(|table| table.name != "reject")
        .map(|table| {
            let pairs = assign(table, &columns, vocabulary);
            (
                score(table, &pairs, stem, &columns, vocabulary),
                table,
                pairs,
            )
        })
        .collect();
    ranked.sort_by(|a, b| b.0.total_cmp(&a.0).then_with(|| a.1.name.cmp(b.1.name)));
    let rivals = ranked
        .iter()
        .skip(1)
        .take(2)
        .filter(|(score, ..)| *score > 0.2)
        .map(|(score, table, _)| (table.name, *score))
        .collect();
    let (sure, table, pairs) = ranked.into_iter().next()?;
    if pairs.is_empty() || sure < 0.15 {
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
        match constant(table, field, &pairs, &columns, vocabulary) {
            Ok((value, why)) => fields.push(Proposed {
                field,
                from: Origin::Constant(value),
                sure: 0.7,
                why,
                formats: Vec::new(),
                codes: Vec::new(),
                notes: Vec::new(),
                is_email: false,
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
    let used = |index: usize| pairs.iter().any(|pair| pair.column == index);
    let left = (0..profiles.len())
        .filter(|index| !used(*index))
        .map(|index| Left {
            name: profiles[index].name.clone(),
            private: columns.private[index],
            shape: profiles[index].spoken(),
        });
    Some(Proposal {
        table,
        sure,
        rivals,
        fits: fits(profiles, vocabulary),
        fields,
        asked,
        left: left.collect(),
    })
}

/// How much a file is like a table: are its required fields there, does it explain the file's columns, is it called so.
fn score(
    table: &Table,
    pairs: &[Pair],
    stem: &str,
    columns: &Columns<'_>,
    vocabulary: &Vocabulary,
) -> f64 {
    let required: Vec<usize> = (0..table.columns.len())
        .filter(|field| table.columns[*field].required)
        .collect();
    let (mut sum, mut missing) = (0.0, 0);
    for field in &required {
        let name = table.columns[*field].name;
        match pairs.iter().find(|pair| pair.field == *field) {
            Some(pair) => sum += pair.score,
            None if matches!(name, "person_type" | "id_system")
                || !vocabulary.constants(table.name, name).is_empty() =>
            {
                sum += 0.4
            }
            None => missing += 1,
        }
    }
    let present = sum / required.len() as f64 * 0.6_f64.powi(missing);
    let usable = columns
        .private
        .iter()
        .filter(|private| private.is_none())
        .count()
        .max(1);
    let explained: f64 = pairs.iter().map(|pair| pair.score).sum::<f64>() / usable as f64;
    let about = words(table.name);
    let (title, heads) = (words(stem), columns.words.concat());
    let said = |word: &&String| {
        title.contains(word)
            || title.iter().any(|other| *other == format!("{word}s"))
            || heads.contains(word)
    };
    let context = about.iter().filter(said).count() as f64 / about.len() as f64;
    let whole = 0.62 * present + 0.23 * explained + 0.15 * context;
    whole.min(1.0)
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
        let read = profile.date_formats();
        if let Some(first) = read.first() {
            formats.push(*first);
            formats.extend(exchanged(first).filter(|other| read.contains(other)));
        } else {
            formats.extend(["%Y-%m-%d", "%m/%d/%Y"]);
            notes.push("no date was there to look at: choose the format".to_owned());
        }
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
                notes.push(format!(
                    "the words of `{}`, which know {:.0} % of the cells looked at: add the others, or rows with them are rejected",
                    vocabulary.mappings()[book.mapping].name,
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
    let known = vocabulary.constants(table.name, field.name);
    let choices = known.iter().map(|(value, _)| (*value).to_owned()).collect();
    if field.name != "person_type" {
        return Err(Asked {
            field,
            choices,
            why: "no column of the file is like it".to_owned(),
        });
    }
    let person = pairs
        .iter()
        .find(|pair| table.columns[pair.field].kind.is_person());
    let of_column = person
        .map(|pair| columns.words[pair.column].as_slice())
        .unwrap_or_default();
    let says = |word: &str, words: &[String]| words.iter().any(|found| found == word);
    let all = columns.words.concat();
    for (here, why) in [
        (of_column, "the ID column's name says so"),
        (all.as_slice(), "other columns' names say so"),
    ] {
        match (says("student", here), says("staff", here)) {
            (true, false) => return Ok(("student".to_owned(), why.to_owned())),
            (false, true) => return Ok(("staff".to_owned(), why.to_owned())),
            _ => {}
        }
    }
    match known.as_slice() {
        [(only, count)] if *count > 1 => Ok((
            (*only).to_owned(),
            format!("all {count} shipped mappings of this table say so: check it"),
        )),
        _ => Err(Asked {
            field,
            choices: vec!["staff".to_owned(), "student".to_owned()],
            why: "nothing in the file says whose rows they are".to_owned(),
        }),
    }
}

/// The shipped mappings whose required columns are all in the header.
fn fits(profiles: &[ColumnProfile], vocabulary: &Vocabulary) -> Vec<Fit> {
    let there = |name: &String| {
        profiles
            .iter()
            .any(|profile| profile.name.eq_ignore_ascii_case(name.trim()))
    };
    let mut fits: Vec<Fit> = vocabulary
        .mappings()
        .iter()
        .filter_map(|mapping| fit(mapping, profiles.len(), &there, profiles))
        .collect();
    fits.sort_by(|a, b| {
        (a.missing, b.known)
            .cmp(&(b.missing, a.known))
            .then_with(|| a.mapping.cmp(&b.mapping))
    });
    fits.sort_by_key(|fit| std::cmp::Reverse(fit.known.saturating_sub(fit.missing)));
    fits
}

fn fit(
    mapping: &Mapping,
    columns: usize,
    there: &impl Fn(&String) -> bool,
    profiles: &[ColumnProfile],
) -> Option<Fit> {
    let mut missing = 0;
    let mut names: Vec<&String> = mapping
        .ignore
        .iter()
        .chain(mapping.rule_columns())
        .collect();
    for field in &mapping.columns {
        if let Origin::Header(headers) = &field.from {
            names.extend(headers);
            if !headers.iter().any(there) {
                if mapping.table.columns[field.column].required {
                    return None;
                }
                missing += 1;
            }
        }
    }
    if !mapping.rows.only.iter().all(|(name, _)| there(name)) {
        return None;
    }
    let known = profiles
        .iter()
        .filter(|profile| {
            names
                .iter()
                .any(|name| profile.name.eq_ignore_ascii_case(name.trim()))
        })
        .count();
    (known > 0).then(|| Fit {
        mapping: mapping.name.clone(),
        vendor: mapping.vendor.clone(),
        known,
        columns,
        missing,
    })
}
