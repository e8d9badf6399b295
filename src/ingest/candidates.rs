//! Which of several vendor columns holds a person's ID. Where a mapping lists candidates, the first records of every file are
//! held against the IDs that the district's own student, staff and crosswalk exports hold, and the column with the most known
//! IDs is taken: for the whole source, before anything is read into the lake. The choice becomes part of the mapping's text, so that
//! rows made with another choice are made again. Nothing is decided silently: every rate is told.
//!
//! It is made on the files that are read tonight and no others. Where one of them is still being written, what is remembered
//! of it stands, and so does the choice that it was read with.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use throughline_model::mapping::{Candidate, Field, Mapping, Origin, PersonType};
use throughline_model::pipeline::Source;
use throughline_model::progress::Silent;
use throughline_model::quality::{IdCandidate, IdChoice};
use throughline_model::{Diagnostic, Pipeline, Place};

use crate::damage::{self, Cure, Words};
use crate::error::IngestError;
use crate::identities::Identities;
use crate::key::Key;
use crate::layout;
use crate::listing::Listed;
use crate::look::Look;
use crate::person::Mending;
use crate::preview;
use crate::pseudonyms::Pseudonyms;
use crate::sheet::{Reading, Sheet};

/// Records of every file that are looked at.
const SAMPLE: usize = 2000;
/// The tables whose IDs are known.
const KNOWN_IN: [&str; 4] = ["student", "staff", "student_identity", "staff_identity"];

/// Kind of person and ID system.
type Namespace = (&'static str, String);
type Known = BTreeMap<Namespace, BTreeSet<String>>;

/// The pipeline with every choice made, what was chosen, and what is odd about it.
pub(crate) struct Chosen<'p> {
    pub(crate) pipeline: Cow<'p, Pipeline>,
    pub(crate) choices: Vec<IdChoice>,
    pub(crate) warnings: Vec<Diagnostic>,
}

/// Makes every choice that the mappings leave open, on the files of `looks`; `before` is what was chosen when they were read
/// last.
pub(crate) fn choose<'p>(
    pipeline: &'p Pipeline,
    key: &Key,
    looks: &[Look<'_>],
    before: &[IdChoice],
) -> Result<Chosen<'p>, IngestError> {
    let mut chosen = Chosen {
        pipeline: Cow::Borrowed(pipeline),
        choices: Vec::new(),
        warnings: Vec::new(),
    };
    if !pipeline
        .sources
        .iter()
        .any(|source| open(source).next().is_some())
    {
        return Ok(chosen);
    }
    let reading = Reading {
        key,
        pseudonyms: &Pseudonyms::default(),
        progress: &Silent,
        identities: &Identities::default(),
        calendar: &pipeline.calendar,
        segments: rayon::current_num_threads() as u64,
    };
    let known = known(looks, pipeline, &reading)?;
    let mut refused = Vec::new();
    for (place, source) in pipeline.sources.iter().enumerate() {
        if open(source).next().is_none() {
            continue;
        }
        let rests_on = || {
            looks.iter().filter(|look| {
                look.source.id == source.id || KNOWN_IN.contains(&look.source.mapping.table.name)
            })
        };
        let is_held = rests_on().any(|look| look.files.iter().any(|listed| listed.held));
        let samples = samples(&looks[place], source)?;
        for (index, field) in source.mapping.columns.iter().enumerate() {
            if field.candidates.is_empty() {
                continue;
            }
            let candidates = all(field);
            let now = judge(source, field, &candidates, &samples, &known);
            let stands = before
                .iter()
                .find(|choice| is_held && same_question(choice, &now));
            let choice = stands.cloned().unwrap_or(now);
            let told = Diagnostic::warning(Some(in_mapping(&source.mapping)), choice.told());
            if stands.is_none() && choice.records > 0 && !choice.is_enough() {
                if let Some(file) = rests_on().flat_map(|look| &look.writing).next() {
                    // Too few are known because the file that would tell them is not whole yet.
                    return Err(IngestError::Changed { file: file.clone() });
                }
                let hint = format!(
                    "at least {:.0} % must be known: is the right student, staff or crosswalk export there, and are these its IDs?",
                    100.0 * choice.at_least
                );
                let problem = if field.below_warns {
                    told
                } else {
                    Diagnostic::error(Some(in_mapping(&source.mapping)), choice.told())
                };
                let problem = problem.hint(hint);
                let why = damage_of(field, &candidates[choice.chosen], &samples, &known);
                let problem = match why {
                    Some(why) => problem.hint(why),
                    None => problem,
                };
                if field.below_warns {
                    chosen.warnings.push(problem);
                } else {
                    refused.push(problem);
                }
            }
            settle(
                &mut chosen.pipeline.to_mut().sources[place].mapping,
                index,
                &candidates,
                choice.chosen,
            );
            chosen.choices.push(choice);
        }
    }
    if refused.is_empty() {
        Ok(chosen)
    } else {
        Err(IngestError::Headers(refused))
    }
}

/// Whether two choices are between the same columns for the same column of the same source.
fn same_question(one: &IdChoice, other: &IdChoice) -> bool {
    let columns = |choice: &IdChoice| -> Vec<(String, String)> {
        let of = |candidate: &IdCandidate| (candidate.header.clone(), candidate.id_system.clone());
        choice.candidates.iter().map(of).collect()
    };
    (&one.source, &one.column) == (&other.source, &other.column) && columns(one) == columns(other)
}

/// The fields of a source that have candidates.
fn open(source: &Source) -> impl Iterator<Item = &Field> {
    let fields = source.mapping.columns.iter();
    fields.filter(|field| !field.candidates.is_empty())
}

/// Every candidate, the field's own first.
fn all(field: &Field) -> Vec<Candidate> {
    let own = match (&field.from, &field.identity) {
        (Origin::Header(from), Some((_, id_system))) => Some(Candidate {
            from: from.clone(),
            id_system: id_system.clone(),
        }),
        _ => None,
    };
    own.into_iter()
        .chain(field.candidates.iter().cloned())
        .collect()
}

fn namespace(person: PersonType, system: &str) -> Namespace {
    (person.word(), system.to_owned())
}

/// The IDs that the district's own files hold, of the ID systems that anything is compared with.
fn known(
    looks: &[Look<'_>],
    pipeline: &Pipeline,
    reading: &Reading<'_>,
) -> Result<Known, IngestError> {
    let mut known: Known = pipeline
        .sources
        .iter()
        .flat_map(open)
        .filter_map(|field| Some((field, field.identity.as_ref()?.0)))
        .flat_map(|(field, person)| {
            all(field)
                .into_iter()
                .map(move |candidate| namespace(person, &candidate.id_system))
        })
        .map(|namespace| (namespace, BTreeSet::new()))
        .collect();
    for (source, look) in pipeline.sources.iter().zip(looks) {
        let mapping = &source.mapping;
        let holds = |field: &&Field| {
            let identity = field.identity.as_ref();
            field.candidates.is_empty()
                && identity
                    .is_some_and(|(person, system)| known.contains_key(&namespace(*person, system)))
        };
        let fields: Vec<&Field> = mapping.columns.iter().filter(holds).collect();
        if !KNOWN_IN.contains(&mapping.table.name) || fields.is_empty() {
            continue;
        }
        for listed in readable(look) {
            let layout = layout::read(listed, mapping)
                .map_err(|error| IngestError::undecoded(listed, error))?;
            // What is wrong with its header is told when the file itself is read.
            let Ok((layout, _)) = layout else { continue };
            let sheet = Sheet::read(listed, &layout, mapping, reading)?;
            for field in &fields {
                if let Some((person, system)) = &field.identity
                    && let Some(ids) = known.get_mut(&namespace(*person, system))
                {
                    let texts = sheet.texts(field.column);
                    let mending = Mending::new(&field.repair, &texts);
                    ids.extend(texts.iter().map(|id| mending.of(id).into_owned()));
                }
            }
        }
    }
    Ok(known)
}

/// The first records of a source's files: header and rows.
type Sample = (Vec<String>, Vec<Vec<String>>);

fn readable<'l>(look: &'l Look<'_>) -> impl Iterator<Item = &'l Listed> {
    look.files.iter().filter(|listed| !listed.held)
}

fn samples(look: &Look<'_>, source: &Source) -> Result<Vec<Sample>, IngestError> {
    let undecoded = |listed: &Listed, error| IngestError::undecoded(listed, error);
    readable(look)
        .map(|listed| {
            let read = preview::read(listed, &source.mapping.dialect, SAMPLE)
                .map_err(|error| undecoded(listed, error))?;
            let rows = read.rows.into_iter().map(|(_, cells)| cells).collect();
            Ok((read.names, rows))
        })
        .collect()
}

fn judge(
    source: &Source,
    field: &Field,
    candidates: &[Candidate],
    samples: &[Sample],
    known: &Known,
) -> IdChoice {
    let nobody = BTreeSet::new();
    let person = field.identity.as_ref().map(|(person, _)| *person);
    let rate = |candidate: &Candidate| {
        let ids = person
            .and_then(|person| known.get(&namespace(person, &candidate.id_system)))
            .unwrap_or(&nobody);
        let of_file = |(names, rows): &Sample| {
            let Some(at) = position(names, candidate) else {
                return 0;
            };
            let cells = rows.iter().filter_map(|row| row.get(at));
            let texts: Vec<String> = cells
                .map(|cell| cell.trim().to_owned())
                .filter(|text| !text.is_empty() && !field.nulls.contains(text))
                .collect();
            let mending = Mending::new(&field.repair, &texts);
            let is_known = |text: &&String| ids.contains(mending.of(text).as_ref());
            texts.iter().filter(is_known).count() as u64
        };
        IdCandidate {
            header: candidate.from.join("` or `"),
            id_system: candidate.id_system.clone(),
            known: samples.iter().map(of_file).sum(),
        }
    };
    let candidates: Vec<IdCandidate> = candidates.iter().map(rate).collect();
    // The first of those that know most.
    let most = candidates.iter().map(|candidate| candidate.known).max();
    let chosen = candidates
        .iter()
        .position(|candidate| Some(candidate.known) == most)
        .unwrap_or_default();
    IdChoice {
        source: source.id.clone(),
        column: source.mapping.table.columns[field.column].name.to_owned(),
        candidates,
        chosen,
        records: samples.iter().map(|(_, rows)| rows.len() as u64).sum(),
        at_least: field.known_at_least,
    }
}

/// What was done to the IDs of a candidate that nobody has, as far as they tell.
fn damage_of(
    field: &Field,
    candidate: &Candidate,
    samples: &[Sample],
    known: &Known,
) -> Option<String> {
    let (person, _) = field.identity.as_ref()?;
    let ids = samples.iter().flat_map(|(names, rows)| {
        let at = position(names, candidate);
        let cells = rows.iter().filter_map(move |row| row.get(at?));
        let cells = cells.map(|cell| cell.trim().to_owned());
        let texts: Vec<String> = cells
            .filter(|text| !text.is_empty() && !field.nulls.contains(text))
            .collect();
        let mending = Mending::new(&field.repair, &texts);
        let mended: Vec<String> = texts.iter().map(|id| mending.of(id).into_owned()).collect();
        mended
    });
    let own = known.get(&namespace(*person, &candidate.id_system))?;
    let others = known
        .iter()
        .filter(|((word, system), _)| *word == person.word() && *system != candidate.id_system);
    let others = others.map(|((_, system), ids)| (system.clone(), ids.clone()));
    let damage = damage::judge(&ids.collect(), own, &others.collect(), &Words::people())?;
    Some(match damage.cure {
        Cure::Here(repairs) => {
            let words: Vec<String> = repairs
                .iter()
                .map(|one| format!("\"{}\"", one.word()))
                .collect();
            format!(
                "{}: declare `repair = [{}]` beside `or`",
                damage.found,
                words.join(", ")
            )
        }
        _ => damage.found,
    })
}

fn position(names: &[String], candidate: &Candidate) -> Option<usize> {
    candidate.from.iter().find_map(|wanted| {
        let same = |name: &String| name.trim().eq_ignore_ascii_case(wanted.trim());
        names.iter().position(same)
    })
}

/// Makes the mapping say what was chosen; the others are read past.
fn settle(mapping: &mut Mapping, index: usize, candidates: &[Candidate], chosen: usize) {
    let name = mapping.table.columns[mapping.columns[index].column].name;
    let field = &mut mapping.columns[index];
    field.candidates.clear();
    for (place, candidate) in candidates.iter().enumerate() {
        if place == chosen {
            field.from = Origin::Header(candidate.from.clone());
            if let Some(identity) = &mut field.identity {
                identity.1 = candidate.id_system.clone();
            }
            mapping.text.push_str(&format!(
                "\n# `{name}` is taken from {:?} of `{}`\n",
                candidate.from, candidate.id_system
            ));
        } else {
            mapping.ignore.extend(candidate.from.iter().cloned());
        }
    }
}

fn in_mapping(mapping: &Mapping) -> Place {
    Place {
        file: format!("mapping `{}`", mapping.name),
        line: 0,
        column: 0,
    }
}
