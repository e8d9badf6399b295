//! A part: one Parquet file of one canonical table, made from one export. `ingest` writes parts, `lake`
//! commits them; neither knows the other, so what passes between them is described here.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::SchoolYear;

/// A Parquet file that is ready to be committed to a table of the lake.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Part {
    /// Canonical table it belongs to.
    pub table: String,
    /// Where it lies, relative to the lake's root: `<table>/<file name>`.
    pub path: PathBuf,
    /// File size in bytes.
    pub bytes: u64,
    /// Rows in it.
    pub rows: u64,
    /// Smallest and largest school year in it; `None` for tables that are not about a year.
    pub years: Option<(SchoolYear, SchoolYear)>,
    /// What it was made from: hash of file content, mapping and reader version. Two parts with one key hold
    /// the same rows.
    pub key: String,
    /// The source of the pipeline it came from.
    pub source: String,
}

/// What became of one export file: `read = kept + rejected + duplicate + conflict`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileCount {
    /// The source of the pipeline.
    pub source: String,
    /// The file as the pipeline names it.
    pub file: String,
    /// Canonical table.
    pub table: String,
    /// Content hash (BLAKE3, hexadecimal) of the file.
    pub hash: String,
    /// Data records in the file.
    pub read: u64,
    /// Rows that reached the table.
    pub kept: u64,
    /// Rows that broke a rule.
    pub rejected: u64,
    /// Copies (rows equal to one that is kept), rows whose key stands again in a later file of the source, and rows that
    /// say that one is deleted.
    pub duplicate: u64,
    /// Rows that are not kept because another row of the file has the same key and another content.
    #[serde(default)]
    pub conflict: u64,
    /// Of those, the rows between which no declared rule decides: which one is kept says nothing.
    #[serde(default)]
    pub unsettled: u64,
    /// Records of the file that are no rows of this table and not among those `read`: another role's, or added to one
    /// of its rows.
    #[serde(default)]
    pub passed: u64,
    /// Of those, test results without a score: the student was not tested.
    #[serde(default)]
    pub not_tested: u64,
    /// The first conflicts of the file, by line.
    #[serde(default)]
    pub conflicts: Vec<RowConflict>,
}

/// Rows of one file that have the same key and different content.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RowConflict {
    /// 1-based line of the row that is kept; `None` where the run is refused or the rows are added up.
    pub kept: Option<u64>,
    /// 1-based lines of the others, copies aside, in the order of the file; the first few.
    pub dropped: Vec<u64>,
    /// Whether a declared rule decided.
    pub settled: bool,
}

impl FileCount {
    /// Whether nothing was lost and nothing counted twice.
    pub fn balances(&self) -> bool {
        self.read == self.kept + self.rejected + self.duplicate + self.conflict
    }
}

/// How one export file stood when a run looked at it, beside the release before. It tells of a night, not of what is in the
/// release: the same files give the same release in whatever order they arrive, and other statuses on the way.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileStatus {
    /// The source of the pipeline.
    pub source: String,
    /// The file as the pipeline names it; for [`Arrival::Missing`] the pattern that nothing matches.
    pub file: String,
    /// Canonical table.
    pub table: String,
    /// How it stands.
    pub arrival: Arrival,
    /// Whether it is new and everything in it lies before what the source's other files had reached already.
    pub late: bool,
    /// Rows of it in this release; of a deleted file those that the release before had.
    pub rows: u64,
}

/// How an export file stands beside the release before.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Arrival {
    /// It is there for the first time.
    Received,
    /// It was there, and its content is another one.
    Corrected,
    /// It is there as it was.
    Known,
    /// It was there and is gone: its rows are not in this release.
    Deleted,
    /// It is still being written and left for the next run; what an earlier run read of it stands.
    Writing,
    /// It is expected, for the pipeline names it, and nothing is there (only optional sources may lack files).
    Missing,
}

impl Arrival {
    /// The word that is printed.
    pub fn word(self) -> &'static str {
        match self {
            Self::Received => "new",
            Self::Corrected => "changed",
            Self::Known => "as before",
            Self::Deleted => "deleted",
            Self::Writing => "still being written",
            Self::Missing => "missing",
        }
    }
}
