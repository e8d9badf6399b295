//! `throughline runs rollback`: makes an older release's content current again, as a new release, so that the history stays whole
//! and whatever dies on the way leaves the release that was current.

use clap::Args;

use super::Context;
use crate::errors;
use crate::exit::{Exit, Failure};
use crate::run;

/// Make the content of an older release current again
#[derive(Args, Debug)]
pub(super) struct Rollback {
    /// The release, or how its id begins
    release: String,
}

impl Rollback {
    pub(super) fn execute(&self, context: &Context<'_>) -> Result<Exit, Failure> {
        let printer = context.printer;
        let lock = run::take(&context.lake, printer)?;
        let release = context
            .lake
            .rollback(&lock, &self.release)
            .map_err(errors::lake)?;
        let older = release.back_to.as_deref().unwrap_or(&release.id);
        printer.line(format!(
            "release {} is current and holds what {older} held",
            release.id
        ));
        printer.note(format!(
            "the reports are not touched: `throughline run --as-of {older}` writes those of that release. The next run reads the \
             exports as they are then; mend them before it"
        ));
        printer
            .document(&serde_json::json!({ "current": release.id, "back_to": release.back_to }))?;
        Ok(Exit::Fine)
    }
}
