//! `throughline runs diff`: what moved between two releases.

use clap::Args;

use super::Context;
use crate::cli::moved;
use crate::errors;
use crate::exit::{Exit, Failure};
use crate::run::log::Log;
use crate::run::moved::Moved;

/// Say what moved between two releases: files, rows, published numbers
#[derive(Args, Debug)]
pub(super) struct Diff {
    /// The older release [default: the one before the newer]
    from: Option<String>,
    /// The newer release [default: the current one]
    to: Option<String>,
}

impl Diff {
    pub(super) fn execute(&self, context: &Context<'_>) -> Result<Exit, Failure> {
        let printer = context.printer;
        let to = context.release(self.to.as_deref())?;
        let from = match &self.from {
            Some(id) => context.release(Some(id))?,
            None => {
                let ids = context.lake.ids().map_err(errors::lake)?;
                let before = ids.iter().rev().find(|id| **id < to.id);
                let before = before.ok_or_else(|| {
                    Failure::usage(format!("there is no release before {}", to.id))
                })?;
                context.release(Some(before))?
            }
        };
        let logs = [&from, &to].map(|release| Log::load(context.pipeline, &release.id));
        let moved = Moved::between((&from, logs[0].as_ref()), (&to, logs[1].as_ref()));
        printer.line(format!("from {} to {}", from.id, to.id));
        if moved.files.is_empty() {
            printer.line("the same exports");
        }
        for file in &moved.files {
            printer.line(format!("  {} ({})", file.file, moved::what(file)));
        }
        for table in &moved.tables {
            printer.line(format!(
                "  table {}: {} → {} rows",
                table.table, table.was, table.now
            ));
        }
        for line in moved::lines(&moved, usize::MAX) {
            printer.line(line);
        }
        printer.document(&serde_json::json!({ "from": from.id, "to": to.id, "moved": moved }))?;
        Ok(Exit::Fine)
    }
}
