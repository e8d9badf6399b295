//! `throughline runs`: the releases of a lake, newest last.

use std::path::PathBuf;

use clap::Args;

use super::printer::Printer;
use super::{Common, common};
use crate::errors;
use crate::exit::{Exit, Failure};

/// List the releases of a lake
#[derive(Args, Debug)]
pub(crate) struct Runs {
    /// The pipeline whose lake is read [default: the only one in `pipelines/`]
    #[arg(long, value_name = "FILE")]
    pipeline: Option<PathBuf>,
}

impl Runs {
    pub(crate) fn execute(&self, common: &Common, printer: &Printer) -> Result<Exit, Failure> {
        let pipeline = common::find(self.pipeline.as_deref())?;
        let lake = common.lake(&pipeline)?;
        let releases = lake.releases().map_err(errors::lake)?;
        let current = releases.last().map(|release| &release.id);
        if releases.is_empty() {
            printer.line("no release yet");
        }
        for release in &releases {
            let mark = if Some(&release.id) == current {
                "  current"
            } else {
                ""
            };
            let rows: u64 = release.parts.iter().map(|part| part.rows).sum();
            printer.line(format!(
                "{}  {:>12} rows in {} files{mark}",
                release.id,
                rows,
                release.parts.len()
            ));
        }
        let ids: Vec<_> = releases.iter().map(|release| &release.id).collect();
        printer.document(&serde_json::json!({ "current": current, "releases": ids }))?;
        Ok(Exit::Fine)
    }
}
