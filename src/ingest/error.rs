//! What can stop an ingest. Rows that break a rule do not: they are data (see [`crate::Rule`]). Messages name
//! files, lines, columns and rules, never what a cell holds.

use std::fmt;
use std::io;
use std::path::PathBuf;

use throughline_model::Diagnostic;

use crate::decode::row::DecodeError;
use crate::key::KeyError;
use crate::listing::Listed;

/// What can stop an ingest.
#[derive(Debug, thiserror::Error)]
pub enum IngestError {
    /// A source has no file and is not optional.
    #[error(
        "source `{id}` has no file: nothing in `{folder}` matches `{pattern}`\n  hint: {there}"
    )]
    NoFiles {
        /// The source.
        id: String,
        /// Its folder.
        folder: String,
        /// Its file-name pattern.
        pattern: String,
        /// What is in the folder.
        there: String,
    },
    /// A source had files, and now has none.
    #[error("source `{id}` had {files} files and now has none")]
    Emptied {
        /// The source.
        id: String,
        /// Files that the release before held.
        files: usize,
    },
    /// A file or folder cannot be read.
    #[error("failed to read `{path}`: {error}")]
    Read {
        /// The file or folder.
        path: String,
        /// Why.
        #[source]
        error: io::Error,
    },
    /// A part or the reader's state cannot be written: no space, no permission.
    #[error("failed to write `{path}`: {error}")]
    Write {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        error: io::Error,
    },
    /// A file's link leads out of the project.
    #[error("`{path}` is a link that leaves the project")]
    Escapes {
        /// The link.
        path: String,
    },
    /// Headers that do not fit their mappings: every problem of every file.
    #[error("{}", Lines(.0))]
    Headers(Vec<Diagnostic>),
    /// Too many rows were rejected; nothing may be committed.
    #[error("{}", Lines(.0))]
    Refused(Vec<Refusal>),
    /// Rows that disagree, of sources that declare `conflicts = "error"`: every file's first ones.
    #[error("{}", Lines(.0))]
    Conflicting(Vec<Diagnostic>),
    /// A file that is not what it says it is, or not whole.
    #[error("{0}")]
    Undecoded(Diagnostic),
    /// A file is being written, and what is remembered of it is not enough.
    #[error("`{file}` is still being written; start again once the export has finished")]
    Changed {
        /// The file.
        file: String,
    },
    /// Two IDs of one run would share a pseudonym.
    #[error("two different IDs got the same pseudonym; make a new key with `throughline key init`")]
    Collision,
    /// Rows were lost or counted twice: a bug.
    #[error(
        "rows of `{file}` do not add up: read {read}, kept {kept}, rejected {rejected}, duplicate {duplicate}, conflict {conflict}"
    )]
    Unbalanced {
        /// The file.
        file: String,
        /// Data records read.
        read: u64,
        /// Rows written.
        kept: u64,
        /// Rows rejected.
        rejected: u64,
        /// Copies, and rows superseded.
        duplicate: u64,
        /// Rows that disagree with one that is kept.
        conflict: u64,
    },
    /// Polars would not encode a part: a bug.
    #[error("failed to encode a part of table `{table}`: {message}")]
    Encode {
        /// The canonical table.
        table: String,
        /// What Polars says.
        message: String,
    },
    /// The pseudonym key.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// Worker threads cannot be started.
    #[error("failed to start worker threads: {0}")]
    Threads(#[from] rayon::ThreadPoolBuildError),
}

impl IngestError {
    /// What stopped the decoding of a file.
    pub(crate) fn undecoded(listed: &Listed, error: DecodeError) -> Self {
        match error {
            DecodeError::Io(error) => Self::Read {
                path: listed.shown.clone(),
                error,
            },
            refused => Self::Undecoded(refused.diagnostic(&listed.shown)),
        }
    }
}

/// Why one source is refused.
#[derive(Clone, Debug, PartialEq)]
pub struct Refusal {
    /// The source.
    pub source: String,
    /// Rows rejected, over all files of the source.
    pub rejected: u64,
    /// Rows read, over all files of the source.
    pub read: u64,
    /// The share (0–1) the pipeline allows.
    pub limit: f64,
    /// The most frequent faults, most frequent first.
    pub faults: Vec<Fault>,
}

/// One kind of fault in one source.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Fault {
    /// Name of the rule.
    pub rule: String,
    /// The vendor's column, where it is about one.
    pub column: Option<String>,
    /// How many cells (or rows) broke it.
    pub count: u64,
    /// The first file it appeared in.
    pub file: String,
    /// The first line in that file.
    pub line: u64,
    /// What the first such cell looks like.
    #[serde(default)]
    pub shape: String,
    /// What it means, and what the mapping expects.
    #[serde(default)]
    pub about: String,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let share = 100.0 * self.rejected as f64 / self.read.max(1) as f64;
        write!(
            f,
            "source `{}` is refused: {} of {} rows rejected ({share:.2} %, allowed {:.2} %)",
            self.source,
            self.rejected,
            self.read,
            100.0 * self.limit
        )?;
        for fault in &self.faults {
            write!(f, "\n  {}:{}: {}", fault.file, fault.line, fault.rule)?;
            if let Some(column) = &fault.column {
                write!(f, " in column `{column}`")?;
            }
            write!(f, " ({} in all)", fault.count)?;
            if !fault.about.is_empty() {
                write!(f, ": {}", fault.about)?;
            }
        }
        Ok(())
    }
}

struct Lines<'a, T>(&'a [T]);

impl<T: fmt::Display> fmt::Display for Lines<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, item) in self.0.iter().enumerate() {
            if index > 0 {
                writeln!(f)?;
            }
            write!(f, "{item}")?;
        }
        Ok(())
    }
}
