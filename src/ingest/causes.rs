//! Why people of a file are nobody: its IDs are held once more against those that the district's own files hold, this time as text,
//! with every repair tried. It is asked only where a check has failed, so a night without one pays nothing.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use throughline_model::mapping::{Field, Origin, PersonType};
use throughline_model::pipeline::Source;
use throughline_model::progress::Silent;
use throughline_model::repair::Repair;
use throughline_model::{Kind, Pipeline};

use crate::candidates;
use crate::damage::{self, Cure, Damage, Ids, Words};
use crate::error::IngestError;
use crate::identities::Identities;
use crate::ingest::now;
use crate::key::Key;
use crate::layout;
use crate::listing::Listed;
use crate::look::{Look, look};
use crate::person::Mending;
use crate::preview;
use crate::pseudonyms::Pseudonyms;
use crate::sheet::{Reading, Sheet};
use crate::state::State;

/// Of a file larger than this, only the first records are looked at.
const LARGE: u64 = 64 << 20;
/// How many.
const SAMPLE: usize = 20_000;

/// Kind of person and ID system.
type Namespace = (PersonType, String);

/// A column whose people could not be found, or whose IDs are not in the table that they refer to.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Suspect {
    /// The source.
    pub source: String,
    /// The canonical column.
    pub column: String,
    /// The other table and its column; `None` of people.
    pub refers: Option<(String, String)>,
}

/// Why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cause {
    /// Of what.
    pub suspect: Suspect,
    /// What was found, and what would help; one clause after the other, without a full stop.
    pub told: String,
}

/// Looks for the causes. Columns without one are left out.
///
/// # Errors
/// The folders of the sources cannot be read.
pub fn causes(pipeline: &Pipeline, suspects: &[Suspect]) -> Result<Vec<Cause>, IngestError> {
    if suspects.is_empty() {
        return Ok(Vec::new());
    }
    let key = Key::ephemeral()?;
    let before = State::load(&pipeline.lake.path)?;
    let looks = look(pipeline, &before, &BTreeSet::new(), Duration::ZERO, now())?;
    let chosen = candidates::choose(pipeline, &key, &looks, &before.choices)?;
    let sources = chosen.pipeline.sources.iter();
    let looks: Vec<Look<'_>> = looks
        .iter()
        .zip(sources)
        .map(|(look, source)| look.of(source))
        .collect();
    let reading = Reading {
        key: &key,
        pseudonyms: &Pseudonyms::default(),
        progress: &Silent,
        identities: &Identities::default(),
        calendar: &pipeline.calendar,
        segments: rayon::current_num_threads() as u64,
    };
    let known = Known::read(&looks, &reading);
    let mut found = Vec::new();
    for suspect in suspects {
        let look = looks.iter().find(|look| look.source.id == suspect.source);
        let Some((look, field)) = look.and_then(|look| {
            let field = look.source.mapping.field(&suspect.column)?;
            Some((look, field))
        }) else {
            continue;
        };
        if let Some(refers) = &suspect.refers {
            let told = referring(&looks, look, field, refers, &reading);
            found.extend(told.map(|told| Cause {
                suspect: suspect.clone(),
                told,
            }));
            continue;
        }
        let own = known.told(look, field, &reading);
        // What leads from there to the student or staff file may be what is damaged.
        let told = own.or_else(|| {
            let person = field.identity.as_ref()?.0;
            looks
                .iter()
                .filter(|look| look.source.mapping.table.name == crosswalk(person))
                .find_map(|look| {
                    let field = look.source.mapping.field(roster(person).1)?;
                    known.told(look, field, &reading)
                })
        });
        found.extend(told.map(|told| Cause {
            suspect: suspect.clone(),
            told,
        }));
    }
    Ok(found)
}

/// The table that lists people of a kind, and its column with their IDs.
fn roster(person: PersonType) -> (&'static str, &'static str) {
    match person {
        PersonType::Student => ("student", "student_id"),
        PersonType::Staff => ("staff", "staff_id"),
    }
}

fn crosswalk(person: PersonType) -> &'static str {
    match person {
        PersonType::Student => "student_identity",
        PersonType::Staff => "staff_identity",
    }
}

/// IDs that the district's own files hold, and which source and column holds them.
struct Known(BTreeMap<Namespace, (Ids, BTreeSet<(String, String)>)>);

impl Known {
    fn read(looks: &[Look<'_>], reading: &Reading<'_>) -> Self {
        let mut known: BTreeMap<Namespace, (Ids, BTreeSet<(String, String)>)> = BTreeMap::new();
        for look in looks {
            let mapping = &look.source.mapping;
            for field in &mapping.columns {
                let name = mapping.table.columns[field.column].name;
                let Some(identity) = field.identity.clone() else {
                    continue;
                };
                let lists = (mapping.table.name, name) == roster(identity.0)
                    || mapping.table.name == crosswalk(identity.0) && name != roster(identity.0).1;
                if lists {
                    let (ids, from) = known.entry(identity).or_default();
                    ids.extend(ids_of(look, field, reading));
                    from.insert((look.source.id.clone(), name.to_owned()));
                }
            }
        }
        Self(known)
    }

    /// Why a column's people are nobody, in words.
    fn told(&self, look: &Look<'_>, field: &Field, reading: &Reading<'_>) -> Option<String> {
        let source = look.source;
        let identity = field.identity.as_ref()?;
        let column = source.mapping.table.columns[field.column].name;
        let nobody = (Ids::new(), BTreeSet::new());
        let (known, from) = self.0.get(identity).unwrap_or(&nobody);
        let others = self
            .0
            .iter()
            .filter(|((person, system), _)| *person == identity.0 && *system != identity.1);
        let others: BTreeMap<String, Ids> = others
            .map(|((_, system), (ids, _))| (system.clone(), ids.clone()))
            .collect();
        let ids = ids_of(look, field, reading);
        let damage = damage::judge(&ids, known, &others, &Words::people())?;
        Some(worded(&damage, source, column, field, from))
    }
}

/// Why IDs are not in the table that they refer to, in words.
fn referring(
    looks: &[Look<'_>],
    look: &Look<'_>,
    field: &Field,
    (table, key): &(String, String),
    reading: &Reading<'_>,
) -> Option<String> {
    let mut known = Ids::new();
    let mut from = BTreeSet::new();
    for other in looks {
        let mapping = &other.source.mapping;
        if let Some(field) = mapping.field(key).filter(|_| mapping.table.name == *table) {
            known.extend(ids_of(other, field, reading));
            from.insert((other.source.id.clone(), key.clone()));
        }
    }
    let ids = ids_of(look, field, reading);
    let damage = damage::judge(&ids, &known, &BTreeMap::new(), &Words::of(table))?;
    let source = look.source;
    let column = source.mapping.table.columns[field.column].name;
    Some(worded(&damage, source, column, field, &from))
}

/// What was found and what would help; `from` are the sources and columns of what is known.
fn worded(
    damage: &Damage,
    source: &Source,
    column: &str,
    field: &Field,
    from: &BTreeSet<(String, String)>,
) -> String {
    let shown = shown(field);
    let found = format!("`{shown}` of source `{}`: {}", source.id, damage.found);
    match &damage.cure {
        Cure::Here(repairs) => format!(
            "{found}: {}",
            declared(&source.id, column, &field.repair, repairs)
        ),
        Cure::There(repairs) => {
            let there: Vec<String> = from
                .iter()
                .map(|(source, column)| declared(source, column, &[], repairs))
                .collect();
            format!("{found}: {}", there.join(" or "))
        }
        Cure::System(system) => {
            format!("{found}: declare `id_system = \"{system}\"` of `{column}` in its mapping")
        }
        Cure::None => found,
    }
}

/// How a repair is declared of a source.
fn declared(source: &str, column: &str, already: &[Repair], repairs: &[Repair]) -> String {
    let words: Vec<String> = already
        .iter()
        .chain(repairs)
        .map(|repair| format!("\"{}\"", repair.word()))
        .collect();
    let words = match words.as_slice() {
        [only] => only.clone(),
        several => format!("[{}]", several.join(", ")),
    };
    format!("declare `ids = {{ {column} = {{ repair = {words} }} }}` of source `{source}`")
}

fn takes(kind: Kind) -> bool {
    kind == Kind::Id || kind.is_person()
}

/// The vendor column.
fn shown(field: &Field) -> String {
    match &field.from {
        Origin::Header(names) => names.join("` or `"),
        Origin::Joined(names) => names.join("` and `"),
        Origin::Constant(_) => String::new(),
    }
}

/// The distinct IDs of a column, as they are compared. A file that cannot be read now says nothing.
fn ids_of(look: &Look<'_>, field: &Field, reading: &Reading<'_>) -> Ids {
    let mapping = &look.source.mapping;
    let files = look.files.iter().filter(|listed| !listed.held);
    files
        .filter_map(|listed| texts(listed, look.source, field, reading))
        .flat_map(|texts| {
            let texts: Vec<String> = texts
                .into_iter()
                .filter(|text| !text.is_empty() && !field.nulls.contains(text))
                .filter(|text| {
                    // Codes stand for something else than an ID.
                    takes(mapping.table.columns[field.column].kind)
                        && !field.codes.iter().any(|(code, _)| code == text)
                })
                .collect();
            let mending = Mending::new(&field.repair, &texts);
            let mended: Vec<String> = texts.iter().map(|id| mending.of(id).into_owned()).collect();
            mended
        })
        .collect()
}

fn texts(
    listed: &Listed,
    source: &Source,
    field: &Field,
    reading: &Reading<'_>,
) -> Option<Vec<String>> {
    let mapping = &source.mapping;
    if listed.stamp.bytes > LARGE {
        let Origin::Header(names) = &field.from else {
            return None;
        };
        let read = preview::read(listed, &mapping.dialect, SAMPLE).ok()?;
        let at = read.names.iter().position(|name| {
            let same = |wanted: &String| name.trim().eq_ignore_ascii_case(wanted.trim());
            names.iter().any(same)
        })?;
        let cells = read.rows.into_iter().filter_map(|(_, cells)| {
            let cell = cells.get(at)?;
            Some(cell.trim().to_owned())
        });
        let distinct: BTreeSet<String> = cells.collect();
        return Some(distinct.into_iter().collect());
    }
    let (layout, _) = layout::read(listed, mapping).ok()?.ok()?;
    let sheet = Sheet::read(listed, &layout, mapping, reading).ok()?;
    Some(sheet.texts(field.column))
}
