//! What the reader remembers between runs, in `<lake>/_ingest/state.json`: the hash of every file, and the parts made
//! from it. Losing it costs time, never rows: everything is read again. Its first line is the hash of the rest, so that a
//! state that was damaged is lost and not believed.
//!
//! A file whose size and time have not changed is taken to be unchanged, unless it was changed so shortly before it was
//! looked at that a later change could carry the same time (git judges its index the same way).

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::Path;

use serde::{Deserialize, Serialize};
use throughline_model::part::{FileCount, RowConflict};
use throughline_model::quality::IdChoice;
use throughline_model::{Part, durable};

use crate::decode::open::Note;
use crate::error::{Fault, IngestError};
use crate::listing::Stamp;
use crate::range::Range;

/// A change within this time of being looked at may be missed, in nanoseconds.
const RACY: i64 = 2_000_000_000;

/// What the reader remembers.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct State {
    /// By source and file, `source file`.
    pub(crate) files: BTreeMap<String, Entry>,
    /// Which columns the files were read with, where a mapping lists several for a person's ID.
    #[serde(default)]
    pub(crate) choices: Vec<IdChoice>,
}

/// What is known of one file.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Entry {
    pub(crate) stamp: Stamp,
    /// When the file was looked at, in nanoseconds since 1970.
    pub(crate) seen: i64,
    /// BLAKE3 of its content.
    pub(crate) hash: String,
    pub(crate) done: Done,
}

/// What was made of one file.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Done {
    /// Hash of everything that its rows are made from, other files aside.
    pub(crate) base: String,
    /// `base` and the files that supersede some of its rows.
    pub(crate) key: String,
    /// Contents of the files that were looked through for such rows.
    #[serde(default)]
    pub(crate) later: Vec<String>,
    pub(crate) range: Range,
    pub(crate) count: FileCount,
    pub(crate) parts: Vec<Part>,
    pub(crate) faults: Vec<Fault>,
    /// Conflicts that refuse the run; what is remembered has none.
    #[serde(skip)]
    pub(crate) refused: Vec<RowConflict>,
    /// What was found out while reading, and what to do about it.
    #[serde(default)]
    pub(crate) notes: Vec<Note>,
}

impl Entry {
    /// Whether a file with this stamp is the one that was read.
    pub(crate) fn is_current(&self, stamp: Stamp) -> bool {
        self.stamp == stamp && stamp.modified.saturating_add(RACY) < self.seen
    }
}

impl State {
    /// What the state calls a file of a source.
    pub(crate) fn name(source: &str, file: &str) -> String {
        format!("{source} {file}")
    }

    /// Whether `name` is a member of the archive `file`, as both are shown.
    pub(crate) fn is_member(name: &str, file: &str) -> bool {
        name.strip_prefix(file)
            .is_some_and(|rest| rest.starts_with('/'))
    }

    /// What is known of a file of a source, or of the members of the archive that it is: as they are shown, and which member
    /// each is.
    pub(crate) fn of<'s>(
        &'s self,
        source: &str,
        file: &'s str,
    ) -> impl Iterator<Item = (&'s str, Option<&'s str>, &'s Entry)> {
        let name = Self::name(source, file);
        let start = source.len() + 1;
        self.files
            .range(name.clone()..)
            .take_while(move |(other, _)| other.starts_with(&name))
            .filter_map(move |(other, entry)| {
                let shown = other.get(start..)?;
                match shown.strip_prefix(file)? {
                    "" => Some((shown, None, entry)),
                    rest => Some((shown, Some(rest.strip_prefix('/')?), entry)),
                }
            })
    }

    /// The state of the lake at `lake`; empty where there is none, or none that can be understood.
    pub(crate) fn load(lake: &Path) -> Result<Self, IngestError> {
        let path = lake.join("_ingest").join("state.json");
        match fs::read(&path) {
            Ok(bytes) => Ok(sound(&bytes)
                .and_then(|json| serde_json::from_slice(json).ok())
                .unwrap_or_default()),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Self::default()),
            Err(error) => Err(IngestError::Read {
                path: path.display().to_string(),
                error,
            }),
        }
    }

    /// Replaces the state of the lake at `lake` in one step.
    pub(crate) fn save(&self, lake: &Path) -> Result<(), IngestError> {
        let path = lake.join("_ingest").join("state.json");
        let failed = |error| IngestError::Write {
            path: path.clone(),
            error,
        };
        let json = serde_json::to_vec(self).map_err(|error| failed(error.into()))?;
        let mut bytes = blake3::hash(&json).to_hex().as_bytes().to_vec();
        bytes.push(b'\n');
        bytes.extend(json);
        durable::replace(&path, &bytes).map_err(failed)
    }
}

/// Forgets what the reader remembers of the lake at `lake`: the next run reads everything and makes every part anew.
///
/// # Errors
/// The state cannot be removed.
pub fn forget(lake: &Path) -> Result<(), IngestError> {
    let path = lake.join("_ingest").join("state.json");
    match fs::remove_file(&path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(IngestError::Write { path, error })
        }
        _ => Ok(()),
    }
}

/// What stands below the hash, if it is what was written.
fn sound(bytes: &[u8]) -> Option<&[u8]> {
    let end = bytes.iter().position(|byte| *byte == b'\n')?;
    let (hash, json) = (&bytes[..end], &bytes[end + 1..]);
    (hash == blake3::hash(json).to_hex().as_bytes()).then_some(json)
}
