//! The main job, in a straight line: exports in, release, plan, measures, estimates, disclosure, reports. Each stage is one
//! crate's business; this file only hands what one made to the next, under one lock.

pub(crate) mod plans;
pub(crate) mod record;

use throughline_disclosure::{Provenance, Report};
use throughline_ingest::{Ingested, Key, Options};
use throughline_lake::{Lake, Release, ReleaseInfo, RunLock};
use throughline_model::part::FileCount;
use throughline_model::{Pipeline, Progress};

use crate::cli::Common;
use crate::cli::printer::{Printer, Steps};
use crate::errors;
use crate::exit::Failure;
pub(crate) use record::RunRecord;

/// Runs a pipeline from end to end. Where nothing has changed since its last run, that run's record is the answer.
pub(crate) fn run(
    pipeline: &Pipeline,
    common: &Common,
    printer: &Printer,
) -> Result<RunRecord, Failure> {
    let lake = common.lake(pipeline)?;
    let lock = lake.lock().map_err(errors::lake)?;
    let (release, counts, stamp) = match &common.as_of {
        Some(id) => {
            let release = lake.release(id).map_err(errors::lake)?;
            let stamp = record::stamp(pipeline, &release.inputs);
            (release.clone(), release.counts, stamp)
        }
        None => {
            let ingested = read(pipeline, &key(pipeline, printer)?, false, printer)?;
            let stamp = record::stamp(pipeline, &ingested.inputs);
            if let Some(record) = record::unchanged(pipeline, &stamp) {
                return Ok(record);
            }
            (
                commit(&lake, &lock, &ingested, printer)?,
                ingested.counts,
                stamp,
            )
        }
    };
    let mut plan = plans::register(pipeline, &release)?;
    let measured = lake
        .measure(&release, pipeline, printer)
        .map_err(errors::lake)?;
    let mut findings = throughline_evidence::estimate(pipeline, &measured.panels, printer)
        .map_err(errors::evidence)?;
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
        counts,
        provenance,
    );
    let released = throughline_disclosure::release(report, &pipeline.privacy);
    plan.seen(&measured.panels)?;
    printer.stage("write reports", None);
    let as_of = common.as_of.is_some().then_some(release.id.as_str());
    let folder = record::folder(pipeline, as_of);
    let files = throughline_report::write(&released, &folder).map_err(errors::report)?;
    let record = record::make(&release, stamp, &released, &measured, files, printer)?;
    // A look back is not what the next run follows, nor what `explain` explains.
    if as_of.is_none() {
        record::keep(pipeline, &record)?;
    }
    Ok(record)
}

/// Reads the exports and commits a release, without estimates.
pub(crate) fn ingest(
    pipeline: &Pipeline,
    common: &Common,
    printer: &Printer,
) -> Result<(Release, Vec<FileCount>), Failure> {
    let lake = common.lake(pipeline)?;
    let lock = lake.lock().map_err(errors::lake)?;
    let ingested = read(pipeline, &key(pipeline, printer)?, false, printer)?;
    let release = commit(&lake, &lock, &ingested, printer)?;
    Ok((release, ingested.counts))
}

/// Reads the exports and writes nothing. Pseudonyms are computed with a key that is thrown away.
pub(crate) fn check(pipeline: &Pipeline, printer: &Printer) -> Result<Ingested, Failure> {
    read(
        pipeline,
        &Key::ephemeral().map_err(errors::key)?,
        true,
        printer,
    )
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
    key: &Key,
    check_only: bool,
    printer: &Printer,
) -> Result<Ingested, Failure> {
    printer.stage("read exports", Some(0));
    let options = Options {
        check_only,
        ..Options::default()
    };
    let ingested = throughline_ingest::ingest(pipeline, key, &options, &Steps(printer))
        .map_err(errors::ingest)?;
    for warning in &ingested.warnings {
        printer.warn(warning.to_string());
    }
    Ok(ingested)
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
