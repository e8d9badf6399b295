//! Before anything is read: which files there are, whether their headers fit, and what their contents hash to. All
//! header problems of all files are reported together.

use std::fs::File;
use std::io;

use rayon::prelude::*;
use throughline_model::pipeline::Source;
use throughline_model::{Diagnostic, Pipeline, Progress};

use crate::content;
use crate::decode::row::DecodeError;
use crate::error::IngestError;
use crate::layout::{self, Layout};
use crate::listing::{self, Listed};
use crate::state::{Entry, State};

/// A source, its files, their headers and hashes.
pub(crate) struct Prepared<'a> {
    pub(crate) source: &'a Source,
    pub(crate) files: Vec<Listed>,
    pub(crate) layouts: Vec<Layout>,
    pub(crate) hashes: Vec<String>,
}

/// Lists files, checks their headers and hashes what may have changed.
pub(crate) fn prepare<'a>(
    pipeline: &'a Pipeline,
    before: &State,
    progress: &dyn Progress,
) -> Result<(Vec<Prepared<'a>>, Vec<Diagnostic>), IngestError> {
    let listed = pipeline
        .sources
        .iter()
        .map(|source| Ok((source, listing::list(pipeline, source)?)))
        .collect::<Result<Vec<_>, IngestError>>()?;
    let (mut problems, mut warnings, mut prepared) = (Vec::new(), Vec::new(), Vec::new());
    for (source, files) in listed {
        let headers = files
            .par_iter()
            .map(|file| match layout::read(file, &source.mapping) {
                Ok(read) => Ok(read),
                Err(DecodeError::Io(error)) => Err(unreadable(file, error)),
                Err(refused) => Ok(Err(vec![refused.diagnostic(&file.shown)])),
            })
            .collect::<Result<Vec<_>, IngestError>>()?;
        let mut layouts = Vec::new();
        for header in headers {
            match header {
                Ok((layout, odd)) => {
                    layouts.push(layout);
                    warnings.extend(odd);
                }
                Err(wrong) => problems.extend(wrong),
            }
        }
        prepared.push(Prepared {
            source,
            files,
            layouts,
            hashes: Vec::new(),
        });
    }
    if !problems.is_empty() {
        return Err(IngestError::Headers(problems));
    }
    let stale: u64 = prepared
        .iter()
        .flat_map(|source| source.files.iter().map(|file| (source.source, file)))
        .filter(|(source, file)| remembered(before, source, file).is_none())
        .map(|(_, file)| file.stamp.bytes)
        .sum();
    progress.stage("compare", Some(stale));
    for source in &mut prepared {
        source.hashes = source
            .files
            .par_iter()
            .map(|file| match remembered(before, source.source, file) {
                Some(entry) => Ok(entry.hash.clone()),
                None => {
                    let hash = File::open(&file.path)
                        .and_then(|open| content::hash(&open, file.stamp.bytes))
                        .map_err(|error| unreadable(file, error))?;
                    progress.advance(file.stamp.bytes);
                    Ok(hash)
                }
            })
            .collect::<Result<_, IngestError>>()?;
    }
    Ok((prepared, warnings))
}

/// What is remembered of a file, if it cannot have changed.
fn remembered<'s>(state: &'s State, source: &Source, file: &Listed) -> Option<&'s Entry> {
    state
        .files
        .get(&name(source, file))
        .filter(|entry| entry.is_current(file.stamp))
}

/// What the state calls a file of a source.
pub(crate) fn name(source: &Source, file: &Listed) -> String {
    format!("{} {}", source.id, file.shown)
}

fn unreadable(file: &Listed, error: io::Error) -> IngestError {
    match error.kind() {
        io::ErrorKind::UnexpectedEof => IngestError::Changed {
            file: file.shown.clone(),
        },
        _ => IngestError::Read {
            path: file.shown.clone(),
            error,
        },
    }
}
