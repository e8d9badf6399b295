//! The lake: Delta tables of typed, pseudonymised rows, releases that name a consistent state of all of them, and
//! SQL over a release, up to the panel that estimators read.
//!
//! `delta` and `release` make what is on disk; `engine` and `tables` make it queryable; `views`, `bind` and
//! `measure` turn a pipeline's measures into panels, `check` says what is wrong with the rows, and `by_year` keeps what both found out about
//! school years that did not change. The API blocks: the asynchronous runtime that DataFusion and
//! Delta need never leaves this crate. A query returns only after it is done, so that estimation never runs
//! inside it. This crate knows nothing of exports, vendors, statistics or reports.
//!
//! # How the lake lies on disk
//! ```text
//! <lake>/<table>/<part>.parquet         immutable parts, written by the reader
//! <lake>/<table>/_delta_log/            the Delta log that names them
//! <lake>/_releases/<id>.json            one release: versions and parts of every table
//! <lake>/_releases/CURRENT              the id of the release that readers get
//! <lake>/_measured/<pipeline>/           what was measured, by relation and school year; can be deleted
//! <lake>/_checked/<pipeline>/            what checks counted in all rows, likewise; can be deleted
//! <lake>/_lock                          held while a run writes
//! <lake>/_holder.json                   who holds it
//! ```
//! Tables are not partitioned into folders: a school year is a column, parts hold few of them, and both the Delta log and
//! the release carry each part's range of years and dates, so a reader skips parts without opening them. Folders per
//! year would multiply small files (a district's year of most tables is a few megabytes) and put a value into file names.

mod bind;
mod by_year;
mod check;
mod columns;
mod delta;
mod engine;
mod error;
mod footer;
mod lake;
mod lock;
mod log;
mod measure;
mod prune;
mod query;
mod release;
mod schema;
mod tables;
#[cfg(test)]
mod tests;
mod views;

pub use check::Asked;
pub use engine::LakeOptions;
pub use error::LakeError;
pub use lake::Lake;
pub use lock::{Holder, RunLock};
pub use measure::Measured;
pub use prune::Pruned;
pub use query::{Printed, QueryResult};
pub use release::{Release, ReleaseInfo};
