//! `throughline run`: the main job, from exports to reports.

use std::path::PathBuf;

use clap::Args;

use super::printer::Printer;
use super::{Common, common};
use crate::exit::{Exit, Failure};
use crate::run;

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
        printer.line("");
        for file in &record.files {
            printer.line(format!("wrote {}", file.path.display()));
        }
        for failed in &record.failed_checks {
            printer.warn(format!("check failed: {failed}"));
        }
        printer.document(&record)?;
        Ok(if record.failed_checks.is_empty() {
            Exit::Fine
        } else {
            Exit::ChecksFailed
        })
    }
}
