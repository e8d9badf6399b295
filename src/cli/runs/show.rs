//! `throughline runs show`: what a release was made from, what it holds, and what was published of it.

use clap::Args;
use throughline_model::part::{Arrival, FileCount, FileStatus};
use throughline_model::tables;

use super::Context;
use crate::exit::{Exit, Failure};
use crate::run::log::Log;

/// Say what a release was made from and what it holds
#[derive(Args, Debug)]
pub(super) struct Show {
    /// The release, or how its id begins [default: the current one]
    release: Option<String>,
}

impl Show {
    pub(super) fn execute(&self, context: &Context<'_>) -> Result<Exit, Failure> {
        let printer = context.printer;
        let release = context.release(self.release.as_deref())?;
        let log = Log::load(context.pipeline, &release.id);
        printer.line(format!("release    {}", release.id));
        printer.line(format!("committed  {}", release.created));
        printer.line(format!("inputs     {}", release.inputs));
        printer.line(format!("digest     {}", release.digest));
        if let Some(older) = &release.back_to {
            printer.line(format!("back to    {older}"));
        }
        match &log {
            Some(log) => {
                let shown = log.findings.iter().filter(|f| f.shown.is_some()).count();
                printer.line(format!("plan       {}", log.plan));
                printer.line(format!("pipeline   {}", log.pipeline));
                printer.line(format!("program    Throughline {}", log.version));
                printer.line(format!(
                    "published  {shown} findings, {} withheld",
                    log.findings.len() - shown
                ));
            }
            None => printer.line("published  nothing: it was not reported on"),
        }
        printer.line("\ntable                     rows  version");
        for table in tables::TABLES {
            let rows = release.rows(table.name);
            if rows > 0 {
                let version = release.tables.get(table.name).copied().unwrap_or_default();
                printer.line(format!("{:<20} {rows:>9}  {version:>7}", table.name));
            }
        }
        printer.line("");
        crate::cli::ingest::print_counts(&release.counts, printer);
        let night = log.as_ref().map_or(&[][..], |log| &log.files);
        for status in night
            .iter()
            .filter(|status| is_news(status, &release.counts))
        {
            let late = if status.late { ", late" } else { "" };
            printer.line(format!(
                "that night {}: {}{late}",
                status.arrival.word(),
                status.file
            ));
        }
        printer.document(&serde_json::json!({ "release": release, "published": log }))?;
        Ok(Exit::Fine)
    }
}

/// What a first night brought is all of it, and no news.
fn is_news(status: &FileStatus, counts: &[FileCount]) -> bool {
    match status.arrival {
        Arrival::Known | Arrival::Missing => false,
        Arrival::Received => counts.len() > 1,
        _ => true,
    }
}
