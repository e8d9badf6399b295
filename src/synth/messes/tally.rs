//! How many rows of each mess were written.

use serde::Serialize;

use super::{KINDS, Kind};

/// Rows by [`Kind`].
#[derive(Clone, Debug)]
pub(crate) struct Tally([u64; KINDS.len()]);

impl Default for Tally {
    fn default() -> Self {
        Self([0; KINDS.len()])
    }
}

impl Tally {
    pub(crate) fn count(&mut self, kind: Kind, rows: u64) {
        self.0[kind as usize] += rows;
    }

    pub(crate) fn add(&mut self, other: &Self) {
        for (sum, rows) in self.0.iter_mut().zip(&other.0) {
            *sum += rows;
        }
    }
}

/// A mess of one kind, for `truth.json`.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Messed {
    kind: &'static str,
    about: &'static str,
    rows: u64,
    files: Vec<InFile>,
}

#[derive(Clone, Debug, Serialize)]
struct InFile {
    /// File, relative to the output folder.
    file: String,
    rows: u64,
}

impl Messed {
    /// What there is of each kind in these files; kinds that no file holds are left out.
    pub(crate) fn of(files: &[(String, Tally)]) -> Vec<Self> {
        let kinds = KINDS.iter().enumerate().map(|(kind, (name, about))| {
            let held = files.iter().map(|(file, tally)| InFile {
                file: file.clone(),
                rows: tally.0[kind],
            });
            let files: Vec<InFile> = held.filter(|held| held.rows > 0).collect();
            Self {
                kind: name,
                about,
                rows: files.iter().map(|held| held.rows).sum(),
                files,
            }
        });
        kinds.filter(|messed| messed.rows > 0).collect()
    }
}
