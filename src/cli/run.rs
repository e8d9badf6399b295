//! `throughline run`: the main job, from exports to reports.

use std::path::{Path, PathBuf};

use clap::Args;

use super::printer::Printer;
use super::{Common, common, moved};
use crate::exit::{Exit, Failure};
use crate::run::{self, RunRecord};

/// Findings that are listed of those that moved.
const SHOWN: usize = 12;

/// Do everything: read the exports, commit a release, measure, estimate, write the reports
#[derive(Args, Debug)]
pub(crate) struct Run {
    /// The pipeline file
    pipeline: PathBuf,
}

impl Run {
    pub(crate) fn execute(&self, common: &Common, printer: &Printer) -> Result<Exit, Failure> {
        let pipeline = common::load(&self.pipeline)?;
        let record = run::run(&pipeline, common, printer)?;
        printer.end_stage();
        if record.unchanged {
            printer.note("nothing changed since the last run; its results stand");
        }
        for line in &record.summary {
            printer.line(line);
        }
        if let Some(moved) = &record.moved {
            printer.line("");
            for line in moved::lines(moved, SHOWN) {
                printer.line(line);
            }
        }
        printer.line("");
        for line in written(&record, &pipeline.root) {
            printer.line(line);
        }
        for line in &record.rows {
            printer.line(line);
        }
        if let Some(line) = checked(&record) {
            printer.line(line);
        }
        for failed in &record.failed_checks {
            printer.warn(format!("check failed: {failed}"));
        }
        printer.document(&record)?;
        Ok(if record.failed_checks.is_empty() && !record.lost_files() {
            Exit::Fine
        } else {
            Exit::ChecksFailed
        })
    }
}

/// How many checks of the data passed, and where the rest is told.
fn checked(record: &RunRecord) -> Option<String> {
    let page = record
        .files
        .iter()
        .filter_map(|file| file.path.file_name()?.to_str())
        .find(|name| *name == "quality.html");
    let see = page.map_or_else(String::new, |page| format!("; see {page}"));
    (!record.checks.is_empty()).then(|| format!("checks: {}{see}", record.checks))
}

/// What was written, charts as one line, as seen from the project's folder.
fn written(record: &RunRecord, root: &Path) -> Vec<String> {
    let (charts, others): (Vec<_>, Vec<_>) = record
        .files
        .iter()
        .map(|file| file.path.strip_prefix(root).unwrap_or(&file.path))
        .partition(|path| path.extension().is_some_and(|extension| extension == "svg"));
    let mut lines: Vec<String> = others
        .iter()
        .map(|path| format!("wrote {}", path.display()))
        .collect();
    if let Some(folder) = charts.first().and_then(|chart| chart.parent()) {
        lines.push(format!(
            "wrote {} charts in {}",
            charts.len(),
            folder.display()
        ));
    }
    lines
}
