//! `throughline check`: reads everything a run would read, says what is wrong, writes nothing.

use std::path::PathBuf;

use clap::Args;

use super::printer::Printer;
use super::{Common, common};
use crate::exit::{Exit, Failure};
use crate::run;

/// Read everything and say what is wrong; write nothing
#[derive(Args, Debug)]
pub(crate) struct Check {
    /// The pipeline file
    pipeline: PathBuf,
}

impl Check {
    pub(crate) fn execute(&self, _common: &Common, printer: &Printer) -> Result<Exit, Failure> {
        let pipeline = common::load(&self.pipeline)?;
        let ingested = run::check(&pipeline, printer)?;
        printer.end_stage();
        super::ingest::print_counts(&ingested.counts, printer);
        printer.line(match ingested.warnings.len() {
            0 => "the pipeline and its exports are in order; nothing was written".to_owned(),
            1 => "the exports can be read, with the warning above; nothing was written".to_owned(),
            several => {
                format!("the exports can be read, with the {several} warnings above; nothing was written")
            }
        });
        printer.document(
            &serde_json::json!({ "files": ingested.counts, "statuses": ingested.statuses }),
        )?;
        Ok(Exit::Fine)
    }
}
