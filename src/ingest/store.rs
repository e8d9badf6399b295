//! Where parts are put: written under another name and renamed, and all flushed to disk together before anyone may refer
//! to them (one by one, a file system waits for its disk each time). A part's name follows its bytes, and a run that fails
//! takes back what it added, so no release is ever disturbed.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use rayon::prelude::*;
use throughline_model::{Calendar, SchoolYear, Table, step};

use crate::error::IngestError;
use crate::parquet::{Cells, Encoder, Output};

/// What a part is called and says of itself.
pub(crate) struct Label<'a> {
    pub(crate) table: &'static Table,
    pub(crate) source: &'a str,
    /// The file as the pipeline names it.
    pub(crate) file: &'a str,
    /// When it was last changed, in milliseconds since 1970 UTC.
    pub(crate) modified: i64,
    /// Hash of everything the part is made from.
    pub(crate) key: &'a str,
    pub(crate) lake: &'a Lake<'a>,
    pub(crate) calendar: &'a Calendar,
}

/// The lake's folder, and what this run has put there.
pub(crate) struct Lake<'a> {
    pub(crate) folder: &'a Path,
    /// Parts, and whether they were not there before.
    written: Mutex<Vec<(PathBuf, bool)>>,
}

impl<'a> Lake<'a> {
    pub(crate) fn new(folder: &'a Path) -> Self {
        Self {
            folder,
            written: Mutex::default(),
        }
    }

    fn note(&self, path: PathBuf, added: bool) {
        let mut written = self.written.lock().unwrap_or_else(PoisonError::into_inner);
        written.push((path, added));
    }

    /// Makes sure that every part of this run, and its name, is on disk.
    pub(crate) fn settle(&self) -> Result<(), IngestError> {
        let written = self.written.lock().unwrap_or_else(PoisonError::into_inner);
        let files: Vec<&Path> = written.iter().map(|(path, _)| path.as_path()).collect();
        let mut folders: Vec<&Path> = files.iter().filter_map(|path| path.parent()).collect();
        folders.sort_unstable();
        folders.dedup();
        let failed = |path: &Path, error| IngestError::Write {
            path: path.to_path_buf(),
            error,
        };
        files.par_iter().try_for_each(|path| {
            let file = File::options().write(true).open(path);
            file.and_then(|file| file.sync_all())
                .map_err(|error| failed(path, error))
        })?;
        if cfg!(unix) {
            for folder in folders {
                File::open(folder)
                    .and_then(|folder| folder.sync_all())
                    .map_err(|error| failed(folder, error))?;
            }
        }
        step::reached();
        Ok(())
    }

    /// Removes every part that this run has added; those it has made again stay, for releases may hold them.
    pub(crate) fn undo(self) {
        let written = self.written.into_inner();
        for (path, added) in written.unwrap_or_else(PoisonError::into_inner) {
            if added {
                // What cannot be removed is not referred to by anything.
                let _ = fs::remove_file(path);
            }
        }
    }
}

/// Encodes and writes one part; returns its path in the lake and its size.
pub(crate) fn write_file<'a>(
    label: &Label<'_>,
    year: Option<SchoolYear>,
    sizes: &[usize],
    cells: impl Fn(usize, usize) -> Cells<'a> + Sync,
) -> Result<(PathBuf, u64), IngestError> {
    let encode = |message| IngestError::Encode {
        table: label.table.name.to_owned(),
        message,
    };
    let path = Path::new(label.table.name).join(name(label, year));
    let whole = label.lake.folder.join(&path);
    let partial = whole.with_extension("partial");
    let failed = |error| IngestError::Write {
        path: whole.clone(),
        error,
    };
    fs::create_dir_all(label.lake.folder.join(label.table.name)).map_err(failed)?;
    let result = (|| {
        let encoder = Encoder::new(label.table).map_err(encode)?;
        let disk = |message: String| failed(std::io::Error::other(message));
        let file = File::create(&partial).map_err(failed)?;
        let mut output = Output::new(file, &encoder).map_err(encode)?;
        let wave = rayon::current_num_threads().max(1);
        for first in (0..sizes.len()).step_by(wave) {
            let wave = &sizes[first..sizes.len().min(first + wave)];
            let groups = encoder
                .groups(wave, |group, column| cells(first + group, column))
                .map_err(encode)?;
            for group in &groups {
                output.write(group).map_err(disk)?;
            }
        }
        let bytes = output.finish().map_err(disk)?;
        let added = !whole.exists();
        step::reached();
        fs::rename(&partial, &whole).map_err(failed)?;
        label.lake.note(whole.clone(), added);
        step::reached();
        Ok(bytes)
    })();
    match result {
        Ok(bytes) => Ok((path, bytes)),
        Err(error) => {
            // The error that stopped the work is the one to report.
            let _ = fs::remove_file(&partial);
            Err(error)
        }
    }
}

/// A part's file name: the same for the same bytes, so that making a part again cannot disturb a release.
fn name(label: &Label<'_>, year: Option<SchoolYear>) -> String {
    let mut hasher = blake3::Hasher::new();
    hasher.update(label.key.as_bytes());
    hasher.update(&label.modified.to_le_bytes());
    let digits = hasher.finalize().to_hex();
    let (source, digits) = (safe(label.source), &digits[..16]);
    match year {
        Some(year) => format!("{source}-{digits}-{year}.parquet"),
        None => format!("{source}-{digits}.parquet"),
    }
}

/// The name of a source as part of a file name.
fn safe(source: &str) -> String {
    source
        .chars()
        .map(|c| {
            if c.is_ascii_alphanumeric() || c == '_' {
                c
            } else {
                '_'
            }
        })
        .collect()
}
