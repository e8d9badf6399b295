//! `throughline runs`: the releases of a lake. One file a verb: what there is, what one holds, what two differ in, going back
//! to one, clearing old ones away. The first three only read; the others take the lake's lock.

mod diff;
mod list;
mod prune;
mod rollback;
mod show;

use std::path::PathBuf;

use clap::{Args, Subcommand};
use throughline_lake::{Lake, Release};
use throughline_model::Pipeline;

use super::printer::Printer;
use super::{Common, common};
use crate::errors;
use crate::exit::{Exit, Failure};

/// Look at the releases of a lake, compare them, go back to one, clear old ones away
#[derive(Args, Debug)]
pub(crate) struct Runs {
    /// The pipeline whose lake is meant [default: the only one in `pipelines/`]
    #[arg(long, value_name = "FILE", global = true)]
    pipeline: Option<PathBuf>,
    #[command(subcommand)]
    verb: Option<Verb>,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// List the releases, newest last (what `runs` alone does)
    List,
    /// Say what a release was made from and what it holds
    Show(show::Show),
    /// Say what moved between two releases: files, rows, published numbers
    Diff(diff::Diff),
    /// Make the content of an older release current again
    Rollback(rollback::Rollback),
    /// Remove old releases and the parts that only they needed
    Prune(prune::Prune),
}

/// What every verb works on.
struct Context<'c> {
    pipeline: &'c Pipeline,
    lake: Lake,
    printer: &'c Printer,
}

impl Runs {
    pub(crate) fn execute(&self, common: &Common, printer: &Printer) -> Result<Exit, Failure> {
        let pipeline = common::find(self.pipeline.as_deref())?;
        let context = Context {
            lake: common.lake(&pipeline)?,
            pipeline: &pipeline,
            printer,
        };
        match &self.verb {
            None | Some(Verb::List) => list::execute(&context),
            Some(Verb::Show(verb)) => verb.execute(&context),
            Some(Verb::Diff(verb)) => verb.execute(&context),
            Some(Verb::Rollback(verb)) => verb.execute(&context),
            Some(Verb::Prune(verb)) => verb.execute(&context),
        }
    }
}

impl Context<'_> {
    /// The release that is named, or the current one.
    fn release(&self, id: Option<&str>) -> Result<Release, Failure> {
        match id {
            Some(id) => self.lake.release(id),
            None => self.lake.current(),
        }
        .map_err(errors::lake)
    }
}

/// `1.2 MiB`.
fn size(bytes: u64) -> String {
    let mut value = bytes as f64;
    for unit in ["bytes", "KiB", "MiB"] {
        if value < 1024.0 {
            return if unit == "bytes" {
                format!("{bytes} bytes")
            } else {
                format!("{value:.1} {unit}")
            };
        }
        value /= 1024.0;
    }
    format!("{value:.1} GiB")
}
