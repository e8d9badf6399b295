//! From a pipeline's sources to parts: list, check headers, see what is new, read it, and refuse a source that
//! lost too many rows. Nothing is committed here; the parts of a refused run are removed.

use std::collections::BTreeSet;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use throughline_model::part::{FileCount, FileStatus};
use throughline_model::quality::IdChoice;
use throughline_model::{Diagnostic, Part, Pipeline, Progress};

use crate::arrival;
use crate::candidates::{self, Chosen};
use crate::error::IngestError;
use crate::file::Input;
use crate::identities::{self, Identities};
use crate::key::Key;
use crate::layout::noted;
use crate::look::{self, Look, look};
use crate::prepare::{Prepared, prepare};
use crate::provenance::{base, inputs};
use crate::pseudonyms::Pseudonyms;
use crate::sheet::Reading;
use crate::source::{self, Outcome};
use crate::state::{Done, Entry, State};
use crate::store::Lake;
use crate::told;

/// How often a run begins anew because a file changed under it.
const ATTEMPTS: u32 = 4;
/// Segments per thread: more even out, fewer share more.
const SEGMENTS_PER_THREAD: u64 = 2;

/// How to ingest.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Options {
    /// Worker threads; `None` uses the current rayon pool. What is written does not depend on it.
    pub jobs: Option<usize>,
    /// Read and check everything, write nothing.
    pub check_only: bool,
    /// What the release before held: what came, changed and went is told beside it.
    pub known: Vec<FileCount>,
    /// How long to wait before a file that was changed just now is looked at again; zero does not look.
    pub patience: Duration,
}

/// What came of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Ingested {
    /// Every part of the next release, by source and file; also those that were there already.
    pub parts: Vec<Part>,
    /// What became of every file, by source and file.
    pub counts: Vec<FileCount>,
    /// How every file stands beside the release before.
    pub statuses: Vec<FileStatus>,
    /// What is odd and does not stop the run: unknown columns, an exposed key, a file that is gone.
    pub warnings: Vec<Diagnostic>,
    /// Which vendor column was taken for a person's ID, where a mapping lists several.
    pub choices: Vec<IdChoice>,
    /// Hash of all that went in: contents and names of files, mappings, calendar, reader version; not the key.
    pub inputs: String,
    /// Whether anything differs from the run before.
    pub changed: bool,
}

/// Reads every source of `pipeline` into parts below its lake's folder.
///
/// # Errors
/// See [`IngestError`]. Whatever the error, parts of earlier runs are untouched.
pub fn ingest(
    pipeline: &Pipeline,
    key: &Key,
    options: &Options,
    progress: &dyn Progress,
) -> Result<Ingested, IngestError> {
    match options.jobs {
        Some(jobs) => rayon::ThreadPoolBuilder::new()
            .num_threads(jobs)
            .build()?
            .install(|| run(pipeline, key, options, progress)),
        None => run(pipeline, key, options, progress),
    }
}

/// Where a file changed while it was read, it is left for the next run, and this one begins anew without it.
fn run(
    pipeline: &Pipeline,
    key: &Key,
    options: &Options,
    progress: &dyn Progress,
) -> Result<Ingested, IngestError> {
    let before = if options.check_only {
        State::default()
    } else {
        State::load(&pipeline.lake.path)?
    };
    let mut held = BTreeSet::new();
    let mut attempt = 1;
    loop {
        let seen = now();
        let looks = look(pipeline, &before, &held, options.patience, seen)?;
        arrival::refuse_emptied(&looks, &options.known)?;
        match settled(pipeline, key, options, progress, (&before, &looks, seen)) {
            Err(error) if attempt < ATTEMPTS => {
                let changed = look::changed(&looks);
                if changed.is_empty() {
                    return Err(error);
                }
                held.extend(changed);
                attempt += 1;
            }
            done => return done,
        }
    }
}

/// Chooses between candidates for people's IDs first: everything after sees a pipeline that leaves nothing open.
fn settled(
    pipeline: &Pipeline,
    key: &Key,
    options: &Options,
    progress: &dyn Progress,
    (before, looks, seen): (&State, &[Look<'_>], i64),
) -> Result<Ingested, IngestError> {
    let chosen = candidates::choose(pipeline, key, looks, &before.choices)?;
    let sources = chosen.pipeline.sources.iter();
    let looks: Vec<Look<'_>> = looks
        .iter()
        .zip(sources)
        .map(|(look, source)| look.of(source))
        .collect();
    let ingested = night(&chosen, key, options, progress, (before, &looks, seen))?;
    Ok(Ingested {
        choices: chosen.choices,
        warnings: [chosen.warnings, ingested.warnings].concat(),
        ..ingested
    })
}

fn night(
    chosen: &Chosen<'_>,
    key: &Key,
    options: &Options,
    progress: &dyn Progress,
    (before, looks, seen): (&State, &[Look<'_>], i64),
) -> Result<Ingested, IngestError> {
    let pipeline: &Pipeline = &chosen.pipeline;
    let (prepared, mut warnings) = prepare(looks, before, progress)?;
    if key.readable_by_others() {
        warnings.push(told::exposed(pipeline));
    }
    let pseudonyms = Pseudonyms::default();
    let mut reading = Reading {
        key,
        pseudonyms: &pseudonyms,
        progress,
        identities: &Identities::default(),
        calendar: &pipeline.calendar,
        segments: SEGMENTS_PER_THREAD * rayon::current_num_threads() as u64,
    };
    let identities = identities::gather(&prepared, &reading)?;
    reading.identities = &identities;
    let lake = (!options.check_only).then(|| Lake::new(&pipeline.lake.path));
    let mut after = State {
        choices: chosen.choices.clone(),
        ..State::default()
    };
    let mut result = Ok(());
    let mut refusals = Vec::new();
    let mut conflicting = Vec::new();
    let mut changed = false;
    for source in &prepared {
        match read(source, pipeline, key, before, &reading, lake.as_ref()) {
            Ok(outcomes) => {
                changed |= outcomes.iter().any(|outcome| outcome.read);
                refusals.extend(told::refusal(source.source, &outcomes));
                conflicting.extend(told::conflicting(source.source, &outcomes));
                warnings.extend(
                    outcomes
                        .iter()
                        .filter_map(|outcome| told::other_years(source.source, outcome)),
                );
                warnings.extend(
                    outcomes
                        .iter()
                        .filter_map(|outcome| told::without_scores(source.source, outcome)),
                );
                warnings.extend(told::beyond(pipeline, source.source, &outcomes));
                remember(&mut after, source, outcomes, (before, seen));
            }
            Err(error) => {
                result = Err(error);
                break;
            }
        }
    }
    if result.is_ok() && !refusals.is_empty() {
        result = Err(IngestError::Refused(refusals));
    }
    if result.is_ok() && !conflicting.is_empty() {
        result = Err(IngestError::Conflicting(conflicting));
    }
    if result.is_ok() {
        result = lake.as_ref().map_or(Ok(()), Lake::settle);
    }
    changed |= before.files.keys().ne(after.files.keys());
    if let Err(error) = result {
        lake.into_iter().for_each(Lake::undo);
        return Err(error);
    }
    if !options.check_only {
        after.save(&pipeline.lake.path)?;
    }
    let (mut parts, mut counts) = (Vec::new(), Vec::new());
    for source in &prepared {
        for file in &source.files {
            if let Some(entry) = after
                .files
                .get(&State::name(&source.source.id, &file.shown))
            {
                parts.extend(entry.done.parts.iter().cloned());
                counts.push(entry.done.count.clone());
                let notes = entry.done.notes.iter().cloned();
                warnings.extend(notes.map(|note| noted(&file.shown, note)));
            }
        }
    }
    let statuses = arrival::statuses(looks, &options.known, &after);
    warnings.extend(arrival::warnings(&statuses));
    Ok(Ingested {
        parts,
        counts,
        statuses,
        warnings,
        choices: Vec::new(),
        inputs: inputs(pipeline, &prepared),
        changed,
    })
}

fn read(
    prepared: &Prepared<'_>,
    pipeline: &Pipeline,
    key: &Key,
    before: &State,
    reading: &Reading<'_>,
    lake: Option<&Lake<'_>>,
) -> Result<Vec<Outcome>, IngestError> {
    let source = prepared.source;
    let inputs: Vec<Input<'_>> = prepared
        .files
        .iter()
        .zip(&prepared.layouts)
        .zip(prepared.hashes.iter().zip(&prepared.contexts))
        .map(|((listed, layout), (hash, context))| Input {
            source,
            listed,
            layout: layout.as_ref(),
            hash,
            base: base(pipeline, source, key, &listed.shown, [hash, context]),
        })
        .collect();
    let known: Vec<Option<&Done>> = prepared
        .files
        .iter()
        .map(|file| {
            before
                .files
                .get(&State::name(&source.id, &file.shown))
                .map(|entry| &entry.done)
        })
        .collect();
    let new: u64 = inputs
        .iter()
        .zip(&known)
        .filter(|(input, known)| known.is_none_or(|done| done.base != input.base))
        .map(|(input, _)| input.listed.stamp.bytes)
        .sum();
    reading.progress.stage(&source.id, Some(new));
    source::run(&inputs, &known, reading, lake, &pipeline.calendar)
}

fn remember(
    after: &mut State,
    prepared: &Prepared<'_>,
    outcomes: Vec<Outcome>,
    (before, seen): (&State, i64),
) {
    for ((file, hash), outcome) in prepared.files.iter().zip(&prepared.hashes).zip(outcomes) {
        let name = State::name(&prepared.source.id, &file.shown);
        let old = before.files.get(&name).filter(|_| file.held);
        let entry = Entry {
            stamp: file.stamp,
            seen: old.map_or(seen, |old| old.seen),
            hash: hash.clone(),
            done: outcome.done,
        };
        after.files.insert(name, entry);
    }
}

pub(crate) fn now() -> i64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .ok()
        .and_then(|since| i64::try_from(since.as_nanos()).ok())
        .unwrap_or_default()
}
