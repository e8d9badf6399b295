//! The main job, in a straight line: exports in, release, plan, measures, estimates, disclosure, reports. Each stage is one
//! crate's business; this file only hands what one made to the next, under one lock.

mod answers;
pub(crate) mod log;
pub(crate) mod moved;
pub(crate) mod plans;
pub(crate) mod quality;
pub(crate) mod reads;
pub(crate) mod record;

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use throughline_disclosure::{Provenance, Report};
use throughline_ingest::{Ingested, Key, Options};
use throughline_lake::{Lake, LakeError, Measured, Release, ReleaseInfo, RunLock};
use throughline_model::part::{Arrival, FileStatus};
use throughline_model::{Calendar, Pipeline, Progress};

use crate::cli::Common;
use crate::cli::printer::{Printer, Steps};
use crate::errors;
use crate::exit::{Exit, Failure};
use answers::{Answers, Found};
use log::Log;
use moved::Moved;
pub(crate) use record::RunRecord;

/// How long to wait for a file that was changed just now to grow.
const PATIENCE: Duration = Duration::from_secs(1);
/// Names that a line about new or changed files holds.
const NAMED: usize = 6;

/// Runs a pipeline from end to end. Where nothing has changed since its last run, that run's record is the answer.
pub(crate) fn run(
    pipeline: &Pipeline,
    common: &Common,
    printer: &Printer,
) -> Result<RunRecord, Failure> {
    let lake = common.lake(pipeline)?;
    let lock = take(&lake, printer)?;
    let last = last(&lake, pipeline);
    let (release, statuses, stamp, mut examined) = match &common.as_of {
        Some(id) => {
            let release = lake.release(id).map_err(errors::lake)?;
            let stamp = record::stamp(pipeline, &release.inputs);
            let examined = quality::look_back(pipeline, &lake, &release, printer)?;
            (release, Vec::new(), stamp, examined)
        }
        None => {
            let ingested = read(pipeline, printer, last.as_ref(), false)?;
            let stamp = record::stamp(pipeline, &ingested.inputs);
            if let Some(record) = record::unchanged(pipeline, &stamp)
                && lake.current().is_ok_and(|now| now.id == record.release)
            {
                return Ok(record.again(ingested.statuses));
            }
            let examined = quality::examine(pipeline, &lake, &ingested, printer)?;
            let release = commit(&lake, &lock, &ingested, printer)?;
            (release, ingested.statuses, stamp, examined)
        }
    };
    let mut plan = plans::register(pipeline, &release)?;
    let kept = Answers::of(pipeline);
    // Where no measure changed, neither did what follows from them.
    let known = Mutex::new(None);
    let is_known = |digest: &str| {
        let found = kept.found(digest);
        let is_known = found.is_some();
        *known.lock().unwrap_or_else(PoisonError::into_inner) = found;
        is_known
    };
    let (release, measured) = measure(
        (&lake, &lock),
        release,
        pipeline,
        &is_known,
        common,
        printer,
    )?;
    examined.measured(pipeline, &release, &measured);
    if let Some(running) = &measured.running {
        printer.note(format!(
            "{} is still running (attendance reaches {}); it counts from {} on",
            Calendar::label(running.year),
            running.reached,
            running.counts_from
        ));
    }
    let known = known.into_inner().unwrap_or_else(PoisonError::into_inner);
    let was_known = known.is_some();
    let Found {
        mut findings,
        last_year,
    } = match known {
        Some(found) => found,
        None => estimate(pipeline, &measured, &kept, printer)?,
    };
    plan.label(&mut findings);
    printer.stage("check what may be published", None);
    let provenance = Provenance {
        inputs: release.inputs.clone(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        plan: plan.hash.clone(),
    };
    let report = Report::new(
        pipeline,
        findings,
        measured.links.clone(),
        release.counts.clone(),
        measured.running.clone(),
        provenance.clone(),
    )
    .beside(pipeline, measured.beside.clone());
    let released = throughline_disclosure::release(report, &pipeline.privacy);
    plan.seen(last_year)?;
    printer.stage("write reports", None);
    let as_of = common.as_of.is_some().then_some(release.id.as_str());
    let folder = record::folder(pipeline, as_of);
    let mut files = throughline_report::write(&released, &folder).map_err(errors::report)?;
    let (warned, checks) = (examined.warned(), examined.checked.tally());
    let rows = examined.tally.clone();
    let told = (&measured.links[..], &released.findings);
    files.extend(quality::report(
        pipeline, &lake, examined, told, provenance, &folder,
    )?);
    let log = Log::new(pipeline, &release.id, &released, &measured.sql, &statuses);
    let mut record = record::make(&release, stamp, &released, &measured, files, printer)?;
    record.failed_checks.extend(warned);
    record.checks = checks;
    record.rows = rows;
    record.statuses = statuses;
    // A look back is not what the next run follows, nor what `explain` explains.
    if as_of.is_none() {
        record.moved = last.map(|last| {
            let before = Log::load(pipeline, &last.id);
            Moved::between((&last, before.as_ref()), (&release, Some(&log)))
        });
        log.keep(pipeline)?;
        record::keep(pipeline, &record)?;
        if !was_known {
            kept.prune();
        }
    }
    Ok(record)
}

/// Reads the exports and commits a release, without estimates; with the checks of severity `warn` that failed.
pub(crate) fn ingest(
    pipeline: &Pipeline,
    common: &Common,
    printer: &Printer,
) -> Result<(Release, Ingested, Vec<String>), Failure> {
    let lake = common.lake(pipeline)?;
    let lock = take(&lake, printer)?;
    let before = lake.current().ok();
    let ingested = read(pipeline, printer, before.as_ref(), false)?;
    let examined = quality::examine(pipeline, &lake, &ingested, printer)?;
    let release = commit(&lake, &lock, &ingested, printer)?;
    Ok((release, ingested, examined.warned()))
}

/// As [`ingest`], of exports that were drawn and need no checks.
pub(crate) fn ingest_unchecked(
    pipeline: &Pipeline,
    common: &Common,
    printer: &Printer,
) -> Result<Release, Failure> {
    let lake = common.lake(pipeline)?;
    let lock = take(&lake, printer)?;
    let ingested = read(pipeline, printer, None, false)?;
    commit(&lake, &lock, &ingested, printer)
}

/// Takes the lake's lock, and says whose death left it behind.
pub(crate) fn take(lake: &Lake, printer: &Printer) -> Result<RunLock, Failure> {
    let lock = lake.lock().map_err(errors::lake)?;
    if let Some(dead) = lock.stale() {
        printer.warn(format!(
            "the last run ended without finishing ({dead}); this one takes over"
        ));
    }
    Ok(lock)
}

/// What tonight is compared with: the release of the last run that finished; before the first one, the current release.
fn last(lake: &Lake, pipeline: &Pipeline) -> Option<Release> {
    let reported = record::load(pipeline).and_then(|record| lake.release(&record.release).ok());
    reported.or_else(|| lake.current().ok())
}

/// Reads the exports and writes nothing. Pseudonyms are computed with a key that is thrown away.
pub(crate) fn check(pipeline: &Pipeline, printer: &Printer) -> Result<Ingested, Failure> {
    read(pipeline, printer, None, true)
}

/// The pipeline's key; made now where the pipeline allows it.
fn key(pipeline: &Pipeline, printer: &Printer) -> Result<Key, Failure> {
    let file = &pipeline.privacy.key;
    if pipeline.privacy.create_key && !file.exists() {
        Key::create(file).map_err(errors::key)?;
        printer.note(format!("made a pseudonym key: {}", file.display()));
    }
    Key::load(file).map_err(errors::key)
}

fn read(
    pipeline: &Pipeline,
    printer: &Printer,
    before: Option<&Release>,
    check_only: bool,
) -> Result<Ingested, Failure> {
    let key = if check_only {
        Key::ephemeral().map_err(errors::key)?
    } else {
        key(pipeline, printer)?
    };
    printer.stage("read exports", Some(0));
    let options = Options {
        check_only,
        known: before.map_or_else(Vec::new, |release| release.counts.clone()),
        patience: PATIENCE,
        ..Options::default()
    };
    let ingested = throughline_ingest::ingest(pipeline, &key, &options, &Steps(printer))
        .map_err(|error| unread(errors::ingest(error), check_only))?;
    for warning in &ingested.warnings {
        printer.warn(warning.to_string());
    }
    if before.is_some() {
        tell(&ingested.statuses, printer);
    }
    Ok(ingested)
}

/// A refusal of exports, with what that means for what was published.
fn unread(failure: Failure, check_only: bool) -> Failure {
    if check_only || failure.exit != Exit::DataRefused {
        return failure;
    }
    let told = "nothing was committed; what was published before stands";
    Failure::new(failure.exit, format!("{}\n{told}", failure.message))
}

/// What came and changed, a line each; what went or is not finished has been warned of.
fn tell(statuses: &[FileStatus], printer: &Printer) {
    let line = |what: &str, wanted: fn(&FileStatus) -> bool| {
        let names: Vec<&str> = statuses
            .iter()
            .filter(|status| wanted(status))
            .map(|status| status.file.as_str())
            .collect();
        if !names.is_empty() {
            printer.note(format!("{what}: {}", few(&names)));
        }
    };
    line("new", |s| s.arrival == Arrival::Received && !s.late);
    line("late, for a time before what had come", |s| s.late);
    line("changed", |s| s.arrival == Arrival::Corrected);
}

/// Some of the names, and how many more.
pub(crate) fn few<T: AsRef<str>>(names: &[T]) -> String {
    let some: Vec<&str> = names.iter().take(NAMED).map(AsRef::as_ref).collect();
    match names.len().saturating_sub(NAMED) {
        0 => some.join(", "),
        more => format!("{} and {more} more", some.join(", ")),
    }
}

/// Measures a release. Where a part of it cannot be read, everything is read again and the parts are made anew, once.
fn measure(
    (lake, lock): (&Lake, &RunLock),
    release: Release,
    pipeline: &Pipeline,
    is_known: &(dyn Fn(&str) -> bool + Sync),
    common: &Common,
    printer: &Printer,
) -> Result<(Release, Measured), Failure> {
    match lake.measure_unless(&release, pipeline, is_known, printer) {
        Err(LakeError::BadData(reason)) if common.as_of.is_none() => {
            printer.warn(format!(
                "a part of the lake cannot be read ({reason}); everything is read again"
            ));
            throughline_ingest::forget(&pipeline.lake.path).map_err(errors::ingest)?;
            let lake = common.lake(pipeline)?;
            let ingested = read(pipeline, printer, None, false)?;
            quality::examine(pipeline, &lake, &ingested, printer)?;
            let release = commit(&lake, lock, &ingested, printer)?;
            let measured = lake
                .measure_unless(&release, pipeline, is_known, printer)
                .map_err(errors::lake)?;
            Ok((release, measured))
        }
        measured => Ok((release, measured.map_err(errors::lake)?)),
    }
}

/// Estimates everything the pipeline asks, and keeps it.
fn estimate(
    pipeline: &Pipeline,
    measured: &Measured,
    kept: &Answers,
    printer: &Printer,
) -> Result<Found, Failure> {
    let panels = &measured.panels;
    let findings = throughline_evidence::estimate_again(pipeline, panels, kept, printer)
        .map_err(errors::evidence)?;
    let found = Found {
        findings,
        last_year: plans::last_year(panels),
    };
    kept.keep_found(&measured.digest, &found);
    Ok(found)
}

fn commit(
    lake: &Lake,
    lock: &RunLock,
    ingested: &Ingested,
    printer: &Printer,
) -> Result<Release, Failure> {
    printer.stage("commit release", None);
    let about = ReleaseInfo {
        inputs: ingested.inputs.clone(),
        counts: ingested.counts.clone(),
    };
    lake.commit(lock, &ingested.parts, about)
        .map_err(errors::lake)
}
