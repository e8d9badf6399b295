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

/// What became of one export file: `read = kept + rejected + duplicate`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
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
    /// Rows whose key stands again later in the file or in a later file of the source, and rows that say that one is
    /// deleted.
    pub duplicate: u64,
    /// Records of the file that are no rows of this table and not among those `read`: another role's, or added to one
    /// of its rows.
    #[serde(default)]
    pub passed: u64,
}

impl FileCount {
    /// Whether nothing was lost and nothing counted twice.
    pub fn balances(&self) -> bool {
        self.read == self.kept + self.rejected + self.duplicate
    }
}
