//! Which files can be read tonight. A file that is still being written is left for the next run: one whose name says so, one
//! that grows while we wait, one that changed while it was read. What an earlier run read of it stands until then, as if the
//! new export had not come yet; so a night that meets a half-written file ends with a whole release.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use throughline_model::Pipeline;
use throughline_model::pipeline::Source;

use crate::error::IngestError;
use crate::listing::{self, Listed, Seen, Stamp};
use crate::state::State;

/// A file that was changed this short a time ago, in nanoseconds, or by a clock that is ahead, may still be growing.
const FRESH: i64 = 10_000_000_000;
/// Names that are told of a folder without the file that is looked for.
const NAMED: usize = 6;

/// The files of one source.
#[derive(Debug)]
pub(crate) struct Look<'p> {
    pub(crate) source: &'p Source,
    /// Those that can be read, and those of which only what is remembered may be used, by name.
    pub(crate) files: Vec<Listed>,
    /// Names of those that are still being written.
    pub(crate) writing: Vec<String>,
}

/// Lists every source. `held` are files that were found to change while they were read; files that were changed just now are
/// looked at again after `patience`.
pub(crate) fn look<'p>(
    pipeline: &'p Pipeline,
    before: &State,
    held: &BTreeSet<PathBuf>,
    patience: Duration,
    now: i64,
) -> Result<Vec<Look<'p>>, IngestError> {
    let mut seen = Vec::new();
    for source in &pipeline.sources {
        seen.push((source, listing::list(pipeline, source)?));
    }
    let growing = growing(seen.iter().flat_map(|(_, files)| files), patience, now);
    seen.into_iter()
        .map(|(source, files)| {
            let mut look = Look {
                source,
                files: Vec::new(),
                writing: Vec::new(),
            };
            let there: BTreeSet<PathBuf> = files.iter().map(|file| file.path.clone()).collect();
            for file in files {
                if let Some(whole) = file
                    .becomes
                    .as_ref()
                    .filter(|whole| !there.contains(*whole))
                {
                    look.hold(whole, &listing::shown(pipeline, whole), before);
                }
                if file.becomes.is_some()
                    || held.contains(&file.path)
                    || growing.contains(&file.path)
                {
                    look.hold(&file.path, &file.shown, before);
                    look.writing.push(file.shown);
                } else {
                    look.add(file)?;
                }
            }
            look.files.sort_by(|a, b| {
                (a.path.file_name(), &a.member).cmp(&(b.path.file_name(), &b.member))
            });
            look.writing.sort();
            look.needed(pipeline)?;
            Ok(look)
        })
        .collect()
}

/// The files that are other ones now than when they were listed.
pub(crate) fn changed(looks: &[Look<'_>]) -> BTreeSet<PathBuf> {
    let files = looks.iter().flat_map(|look| &look.files);
    files
        .filter(|file| !file.held && stamp(&file.path) != Some(file.stamp))
        .map(|file| file.path.clone())
        .collect()
}

/// Those of the files that were changed just now and are still changing.
fn growing<'f>(
    files: impl Iterator<Item = &'f Seen>,
    patience: Duration,
    now: i64,
) -> BTreeSet<PathBuf> {
    let fresh: Vec<&Seen> = files
        .filter(|file| now.saturating_sub(file.stamp.modified) < FRESH)
        .collect();
    if fresh.is_empty() || patience.is_zero() {
        return BTreeSet::new();
    }
    std::thread::sleep(patience);
    fresh
        .into_iter()
        .filter(|file| stamp(&file.path) != Some(file.stamp))
        .map(|file| file.path.clone())
        .collect()
}

fn stamp(path: &Path) -> Option<Stamp> {
    fs::metadata(path).and_then(|about| Stamp::of(&about)).ok()
}

impl Look<'_> {
    /// The same files as those of `source`, which is this look's own with its mapping settled.
    pub(crate) fn of<'q>(&self, source: &'q Source) -> Look<'q> {
        Look {
            source,
            files: self.files.clone(),
            writing: self.writing.clone(),
        }
    }

    fn add(&mut self, file: Seen) -> Result<(), IngestError> {
        let listed = Listed {
            path: file.path,
            member: None,
            shown: file.shown,
            stamp: file.stamp,
            held: false,
        };
        let wanted = self.source.mapping.dialect.member.as_deref();
        listing::expand(listed, wanted, &mut self.files)
    }

    /// Takes what is remembered of a file, if anything, in place of the file.
    fn hold(&mut self, path: &Path, shown: &str, before: &State) {
        let known = before.of(&self.source.id, shown);
        self.files
            .extend(known.map(|(shown, member, entry)| Listed {
                path: path.to_path_buf(),
                member: member.map(str::to_owned),
                shown: shown.to_owned(),
                stamp: entry.stamp,
                held: true,
            }));
    }

    /// What is in the folder in place of the files that were looked for.
    fn there(&self) -> String {
        let Ok(entries) = fs::read_dir(&self.source.folder) else {
            return "there is no such folder".to_owned();
        };
        let mut names: Vec<(String, bool)> = entries
            .flatten()
            .map(|entry| {
                let name = entry.file_name().to_string_lossy().into_owned();
                (name, entry.path().is_dir())
            })
            .filter(|(name, _)| !name.starts_with('.'))
            .collect();
        names.sort();
        let fits = |name: &str| listing::matches(&self.source.pattern, name);
        if let Some((name, _)) = names.iter().find(|(name, is_dir)| *is_dir && fits(name)) {
            return format!("`{name}` is a folder; put its files where it is");
        }
        let some = names
            .iter()
            .take(NAMED)
            .map(|(name, _)| format!("`{name}`"));
        let some: Vec<String> = some.collect();
        match names.len().saturating_sub(NAMED) {
            _ if some.is_empty() => "the folder is empty".to_owned(),
            0 => format!("the folder holds {}", some.join(", ")),
            more => format!("the folder holds {} and {more} more", some.join(", ")),
        }
    }

    /// A source that is not optional has to have a file.
    fn needed(&self, pipeline: &Pipeline) -> Result<(), IngestError> {
        if !self.files.is_empty() || self.source.optional {
            return Ok(());
        }
        match self.writing.first() {
            Some(file) => Err(IngestError::Changed { file: file.clone() }),
            None => Err(IngestError::NoFiles {
                there: self.there(),
                id: self.source.id.clone(),
                folder: listing::shown(pipeline, &self.source.folder),
                pattern: self.source.pattern.clone(),
            }),
        }
    }
}
