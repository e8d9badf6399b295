//! `throughline ingest`: reads the exports and commits a release.

use std::path::PathBuf;

use clap::Args;
use throughline_model::part::FileCount;

use super::printer::Printer;
use super::{Common, common};
use crate::exit::{Exit, Failure};
use crate::run::{self, record};

/// Read the exports and commit a release; no estimates
#[derive(Args, Debug)]
pub(crate) struct Ingest {
    /// The pipeline file
    pipeline: PathBuf,
}

impl Ingest {
    pub(crate) fn execute(&self, common: &Common, printer: &Printer) -> Result<Exit, Failure> {
        let pipeline = common::load(&self.pipeline)?;
        let (release, ingested, failed) = run::ingest(&pipeline, common, printer)?;
        printer.end_stage();
        print_counts(&ingested.counts, printer);
        printer.line(format!("release {}", release.id));
        printer.document(&serde_json::json!({
            "release": release.id, "files": ingested.counts, "statuses": ingested.statuses,
            "failed_checks": failed,
        }))?;
        for failed in &failed {
            printer.warn(format!("check failed: {failed}"));
        }
        Ok(
            if failed.is_empty() && !record::lost_files(&ingested.statuses) {
                Exit::Fine
            } else {
                Exit::ChecksFailed
            },
        )
    }
}

/// What became of every row, a line a file and a line for all.
pub(super) fn print_counts(counts: &[FileCount], printer: &Printer) {
    let width = counts
        .iter()
        .map(|count| count.file.chars().count())
        .max()
        .unwrap_or(4)
        .max(4);
    printer.line(format!(
        "{:<width$} {:>11} {:>11} {:>9} {:>9}",
        "file", "read", "kept", "rejected", "duplicate"
    ));
    let row = |name: &str, of: [u64; 4]| {
        let [read, kept, rejected, duplicate] = of;
        printer.line(format!(
            "{name:<width$} {read:>11} {kept:>11} {rejected:>9} {duplicate:>9}"
        ));
    };
    let mut total = [0; 4];
    for count in counts {
        let of = [count.read, count.kept, count.rejected, count.duplicate];
        row(&count.file, of);
        total
            .iter_mut()
            .zip(of)
            .for_each(|(sum, part)| *sum += part);
    }
    row("all files", total);
}
