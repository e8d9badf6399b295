//! Before anything is read: which files there are, whether their headers fit, and what their contents hash to. All
//! header problems of all files are reported together.

use std::fs::File;
use std::io;

use rayon::prelude::*;
use throughline_model::pipeline::Source;
use throughline_model::{Diagnostic, Progress};

use crate::content;
use crate::decode::lookup;
use crate::decode::row::DecodeError;
use crate::drift;
use crate::error::IngestError;
use crate::identities;
use crate::layout::{self, Layout};
use crate::listing::Listed;
use crate::look::Look;
use crate::manifest;
use crate::state::{Entry, State};

/// A source, its files, their headers and hashes.
pub(crate) struct Prepared<'a> {
    pub(crate) source: &'a Source,
    pub(crate) files: Vec<Listed>,
    /// `None` of those that are still being written.
    pub(crate) layouts: Vec<Option<Layout>>,
    pub(crate) hashes: Vec<String>,
    /// Of every file, the hash of what else its rows are made from; empty where there is nothing.
    pub(crate) contexts: Vec<String>,
}

/// Checks the headers of the files and hashes what may have changed.
pub(crate) fn prepare<'a>(
    looks: &[Look<'a>],
    before: &State,
    progress: &dyn Progress,
) -> Result<(Vec<Prepared<'a>>, Vec<Diagnostic>), IngestError> {
    let (mut problems, mut warnings, mut prepared) = (Vec::new(), Vec::new(), Vec::new());
    for look in looks {
        let (source, files) = (look.source, look.files.clone());
        let headers = files
            .par_iter()
            .map(|file| {
                if file.held {
                    return Ok(Ok((None, Vec::new())));
                }
                let checked = match &source.mapping.manifest {
                    Some(version) => manifest::check(file, version),
                    None => Ok(()),
                };
                match checked.and_then(|()| layout::read(file, &source.mapping)) {
                    Ok(read) => Ok(drift::explained(read, file, &source.mapping)
                        .map(|(layout, odd)| (Some(layout), odd))),
                    Err(DecodeError::Io(error)) => Err(unreadable(file, error)),
                    Err(refused) => Ok(Err(vec![refused.diagnostic(&file.shown)])),
                }
            })
            .collect::<Result<Vec<_>, IngestError>>()?;
        let (mut layouts, mut refused, mut noticed) = (Vec::new(), Vec::new(), Vec::new());
        for header in headers {
            match header {
                Ok((layout, odd)) => {
                    layouts.push(layout);
                    noticed.extend(odd);
                }
                Err(wrong) => refused.extend(wrong),
            }
        }
        problems.extend(drift::gathered(refused));
        warnings.extend(drift::gathered(noticed));
        prepared.push(Prepared {
            source,
            files,
            layouts,
            hashes: Vec::new(),
            contexts: Vec::new(),
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
    for source in &mut prepared {
        let files = source.files.iter();
        source.contexts = files
            .map(|file| context(source.source, file))
            .collect::<Result<_, _>>()?;
    }
    let people: Vec<String> = prepared
        .iter()
        .map(|source| identities::context(source, &prepared))
        .collect();
    for (source, people) in prepared.iter_mut().zip(people) {
        source
            .contexts
            .iter_mut()
            .for_each(|context| context.push_str(&people));
    }
    Ok((prepared, warnings))
}

/// The hash of the other files that a file's lookups read; those in its own archive are part of its own hash.
fn context(source: &Source, file: &Listed) -> Result<String, IngestError> {
    let mut hasher = blake3::Hasher::new();
    let mut some = false;
    for lookup in &source.mapping.lookups {
        if lookup.member.is_none() || file.member.is_some() {
            continue;
        }
        some = true;
        let other = lookup::beside(file, lookup);
        match other.map_err(|error| IngestError::undecoded(file, error))? {
            None => {
                hasher.update(b"none");
            }
            Some(other) => {
                let hashed =
                    File::open(&other.path).and_then(|open| hasher.update_reader(open).map(|_| ()));
                hashed.map_err(|error| unreadable(file, error))?;
            }
        }
    }
    Ok(if some {
        hasher.finalize().to_hex().to_string()
    } else {
        String::new()
    })
}

/// What is remembered of a file, if it cannot have changed or has to do.
fn remembered<'s>(state: &'s State, source: &Source, file: &Listed) -> Option<&'s Entry> {
    state
        .files
        .get(&State::name(&source.id, &file.shown))
        .filter(|entry| file.held || entry.is_current(file.stamp))
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
