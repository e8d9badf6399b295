//! Reports: charts, a page, a workbook and tables of what was released.
//!
//! [`write`] takes nothing but a [`Released`](throughline_disclosure::Released) report, so no number gets here that
//! the disclosure border has not let pass. The road is: `content` puts the report in reading order, `tables` and `words`
//! make every table and sentence once, `chart` draws, `output` puts them into files, `write` writes them.
//!
//! This crate must not know how a number was measured or estimated, and must not soften or sharpen a verdict.

mod chart;
mod content;
mod error;
mod number;
mod output;
mod quality;
mod sizes;
mod table;
mod tables;
mod wording;
mod words;
mod write;

#[cfg(test)]
mod fixture;
#[cfg(test)]
mod tests;

pub use chart::ChartError;
pub use error::ReportError;
pub use quality::write_quality;
pub use table::{Cell, Column, Kind, Table, WITHHELD};
pub use write::{summary, write};
