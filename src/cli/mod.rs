//! What a user types. One file a verb; each reads its arguments, calls the crates, and hands what came out to the
//! printer, which alone writes to the terminal.

mod calibrate;
mod check;
pub(crate) mod common;
mod completions;
mod estimate;
mod explain;
mod ingest;
mod init;
mod key;
mod map;
mod moved;
mod plan;
mod power;
pub(crate) mod printer;
mod query;
mod run;
mod runs;
mod synth;
mod tables;

use clap::{Parser, Subcommand};

use crate::exit::{Exit, Failure};
pub(crate) use common::Common;
use printer::Printer;

/// Which teacher training and which tools go with better student outcomes.
///
/// Takes a district's exports (attendance, discipline, achievement, training, tools), links them, estimates what went
/// with better outcomes and how far that can be believed, and writes reports.
#[derive(Debug, Parser)]
#[command(name = "throughline", version, arg_required_else_help = true)]
pub(crate) struct Arguments {
    #[command(flatten)]
    pub common: Common,
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Do everything: read the exports, commit a release, measure, estimate, write the reports
    Run(run::Run),
    /// Read everything and say what is wrong; write nothing
    Check(check::Check),
    /// Read the exports and commit a release; no estimates
    Ingest(ingest::Ingest),
    /// Say what will be estimated, how many comparisons that is, and what could be found
    Plan(plan::Plan),
    /// Plant effects of known size in the release's own panel and say how often they are found
    Power(power::Power),
    /// Run SQL over a release
    Query(query::Query),
    /// Run an estimator on any CSV or Parquet file
    Estimate(estimate::Estimate),
    /// Say how a number in the report came to be
    Explain(explain::Explain),
    /// Look at the releases of a lake, compare them, go back to one, clear old ones away
    Runs(runs::Runs),
    /// Write a synthetic district whose true effects are known
    Synth(synth::Synth),
    /// Draw districts whose truth is known, run each, and say how often the verdicts were right
    Calibrate(calibrate::Calibrate),
    /// Write a commented starter project that runs
    Init(init::Init),
    /// Propose a mapping for an export nobody has seen
    Map(map::Map),
    /// Say what one row of a canonical table is, what may repeat, and what becomes of rows that disagree
    Tables(tables::Tables),
    /// Make the key that pseudonyms are computed with
    Key(key::Key),
    /// Print a completion script for a shell
    Completions(completions::Completions),
}

/// Does what was asked for.
pub(crate) fn dispatch(arguments: &Arguments, printer: &Printer) -> Result<Exit, Failure> {
    let common = &arguments.common;
    common.set_threads()?;
    match &arguments.verb {
        Verb::Run(verb) => verb.execute(common, printer),
        Verb::Check(verb) => verb.execute(common, printer),
        Verb::Ingest(verb) => verb.execute(common, printer),
        Verb::Plan(verb) => verb.execute(common, printer),
        Verb::Power(verb) => verb.execute(common, printer),
        Verb::Query(verb) => verb.execute(common, printer),
        Verb::Estimate(verb) => verb.execute(printer),
        Verb::Explain(verb) => verb.execute(common, printer),
        Verb::Runs(verb) => verb.execute(common, printer),
        Verb::Synth(verb) => verb.execute(common, printer),
        Verb::Calibrate(verb) => verb.execute(common, printer),
        Verb::Init(verb) => verb.execute(common, printer),
        Verb::Map(verb) => verb.execute(printer),
        Verb::Tables(verb) => verb.execute(printer),
        Verb::Key(verb) => verb.execute(common, printer),
        Verb::Completions(verb) => verb.execute(printer),
    }
}
