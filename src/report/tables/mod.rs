//! The tables of a report: each is computed here, once, and written in many ways elsewhere.
//!
//! Tables for machines (`findings`, `checks`, …) give effects in the outcome's own direction, as estimated, with the
//! direction in a column of its own. Tables for people (`summary`, `effects`) turn every effect so that plus is better,
//! as the charts do, and say so in the column's name.

mod beside;
mod counts;
mod designs;
mod effects;
mod findings;
pub(crate) mod membership;
pub(crate) mod quality;
mod read_me;

pub(crate) use beside::{beside, last_year};
pub(crate) use counts::{coverage, doses, links, sources};
pub(crate) use designs::{all_details, designs, details, own};
pub(crate) use effects::{Rows, effects, short_summary, summary};
pub(crate) use findings::{checks, findings, next};
pub(crate) use read_me::read_me;

use crate::content::Content;
use crate::table::Table;

/// The sheets of the workbook, in order.
pub(crate) fn sheets(content: &Content<'_>) -> Vec<Table> {
    let mut sheets = vec![
        summary(content),
        next(content),
        findings(content),
        designs(content),
        all_details(content),
        checks(content),
        doses(
            content,
            &content.report.findings.doses.iter().collect::<Vec<_>>(),
        ),
        coverage(content),
        sources(content),
        links(content),
    ];
    if !content.report.definitions.is_empty() {
        sheets.push(beside(content));
    }
    sheets.push(read_me(content));
    sheets
}
