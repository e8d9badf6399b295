//! `throughline runs prune`: removes old releases, what was published of them, and the parts that no remaining release needs. The
//! current release always stays, and so does the one that the last run is compared with.

use chrono::{Duration, Utc};
use clap::Args;

use super::{Context, size};
use crate::errors;
use crate::exit::{Exit, Failure};
use crate::run;
use crate::run::log::Log;
use crate::run::record;

/// Remove old releases and the parts that only they needed
#[derive(Args, Debug)]
pub(super) struct Prune {
    /// Keep this many of the newest releases
    #[arg(long, value_name = "N")]
    keep: Option<usize>,
    /// Remove only releases that are older than this many days
    #[arg(long, value_name = "DAYS")]
    older_than: Option<u32>,
    /// Say what would be removed, and remove nothing
    #[arg(long)]
    dry_run: bool,
}

impl Prune {
    pub(super) fn execute(&self, context: &Context<'_>) -> Result<Exit, Failure> {
        if self.keep.is_none() && self.older_than.is_none() {
            return Err(Failure::usage(
                "say what to keep\n  hint: `--keep 30` keeps the newest thirty, `--older-than 90` removes what is older than 90 days",
            ));
        }
        let printer = context.printer;
        let lock = run::take(&context.lake, printer)?;
        let pruned = context
            .lake
            .prune(&lock, &self.old(context)?, self.dry_run)
            .map_err(errors::lake)?;
        if !self.dry_run {
            Log::forget(context.pipeline, &pruned.releases)?;
        }
        let would = if self.dry_run {
            "would remove"
        } else {
            "removed"
        };
        for id in &pruned.releases {
            printer.line(format!("{would} release {id}"));
        }
        printer.line(format!(
            "{would} {} releases and {} parts, {}",
            pruned.releases.len(),
            pruned.parts.len(),
            size(pruned.bytes)
        ));
        printer.document(&serde_json::json!({
            "dry_run": self.dry_run, "releases": pruned.releases, "parts": pruned.parts, "bytes": pruned.bytes,
        }))?;
        Ok(Exit::Fine)
    }

    /// The releases that both limits let go.
    fn old(&self, context: &Context<'_>) -> Result<Vec<String>, Failure> {
        let mut ids = context.lake.ids().map_err(errors::lake)?;
        ids.truncate(ids.len().saturating_sub(self.keep.unwrap_or(1).max(1)));
        if let Some(days) = self.older_than {
            let limit = Utc::now() - Duration::days(i64::from(days));
            let limit = limit.format("%Y%m%dT%H%M%SZ").to_string();
            ids.retain(|id| *id < limit);
        }
        let last = record::load(context.pipeline).map(|record| record.release);
        ids.retain(|id| Some(id) != last.as_ref());
        Ok(ids)
    }
}
