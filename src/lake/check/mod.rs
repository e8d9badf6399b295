//! Checks over the rows of a release: those that the pipeline and Throughline declare, people who lead to nobody and why, IDs that
//! crosswalks do not tell apart, rejects, and coverage by school and month.
//!
//! They run before anything is committed, so that a check with severity `error` can stop a bad release. Each is a query that
//! comes back as a few counts; places are asked for only where something is broken. What a Parquet footer can answer (no empty cell, no
//! value out of range) is answered from there: such queries name only rows that break a rule, and DataFusion leaves
//! out what cannot hold any. People are followed in two steps: IDs by school year, and rows only of IDs that this leaves open.
//!
//! This module must not know what a finding is, nor who owns an export.

mod column;
mod conflicts;
mod coverage;
mod dated;
mod depends;
mod doses;
mod meaning;
mod once;
mod people;
mod rejects;
mod rows;
mod run;
mod session;
mod shift;
mod years;

pub(crate) use depends::depends;
pub(crate) use rows::RELEASES;
pub use run::Asked;
pub(crate) use run::check;
