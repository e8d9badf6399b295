//! Files that are not plain UTF-8 CSV, as records: one stage that knows containers, encodings and shapes, so that
//! everything after it (mapping, typing, rejects, keys, accounting) is the same code for every file.
//!
//! [`container`] opens what a file's content says it is, [`encoding`] makes UTF-8 of it, [`delimited`], [`fixed`],
//! [`excel`], [`json`] and [`xml`] split it into records ([`row`]), [`lookup`] adds columns of other records, [`sum`] adds events up, and [`stream`] turns records into the same numbers that
//! [`crate::scan`] makes. Nothing is spilled to disk (exports hold personal data) and nothing is held but one
//! record, so a compressed file of any size can be read. What it costs is speed: records are read on one thread.
//!
//! Knows nothing of types or tables: cells are bytes here.

mod compound;
pub(crate) mod container;
pub(crate) mod delimited;
pub(crate) mod encoding;
pub(crate) mod excel;
pub(crate) mod fixed;
pub(crate) mod json;
pub(crate) mod lookup;
pub(crate) mod open;
pub(crate) mod row;
pub(crate) mod stream;
pub(crate) mod sum;
pub(crate) mod tree;
pub(crate) mod xml;
