//! `throughline runs list`: every release, newest last. One that is damaged is listed as such; the others are not in doubt.

use super::Context;
use crate::errors;
use crate::exit::{Exit, Failure};
use crate::run::log::Log;

pub(super) fn execute(context: &Context<'_>) -> Result<Exit, Failure> {
    let printer = context.printer;
    let ids = context.lake.ids().map_err(errors::lake)?;
    let current = ids.last();
    if ids.is_empty() {
        printer.line("no release yet");
    }
    let mut releases = Vec::new();
    for id in &ids {
        let mark = if Some(id) == current { "  current" } else { "" };
        let reported = Log::load(context.pipeline, id).is_some();
        match context.lake.release(id) {
            Ok(release) => {
                let rows: u64 = release.parts.iter().map(|part| part.rows).sum();
                let bytes: u64 = release.parts.iter().map(|part| part.bytes).sum();
                let back = release.back_to.as_ref();
                let back = back.map_or_else(String::new, |id| format!("  back to {id}"));
                let unreported = if reported { "" } else { "  not reported on" };
                printer.line(format!(
                    "{id}  {rows:>12} rows of {:>5} exports  {:>10}{mark}{back}{unreported}",
                    release.counts.len(),
                    super::size(bytes),
                ));
                releases.push(serde_json::json!({
                    "id": id, "created": release.created, "rows": rows, "files": release.counts.len(),
                    "bytes": bytes, "reported": reported, "back_to": release.back_to, "digest": release.digest,
                }));
            }
            Err(error) => {
                printer.line(format!("{id}  damaged{mark}"));
                releases.push(serde_json::json!({ "id": id, "damaged": error.to_string() }));
            }
        }
    }
    printer.document(&serde_json::json!({ "current": current, "releases": releases }))?;
    Ok(Exit::Fine)
}
