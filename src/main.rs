//! Throughline: which teacher training and which tools go with better student outcomes.
//!
//! This package only joins: `cli` is what a user types, `run` is the main job from exports to reports, and everything
//! they do is done by the crates beside it.

mod calibrate;
mod cli;
mod errors;
mod exit;
mod run;

use std::process::ExitCode;

use clap::Parser as _;

fn main() -> ExitCode {
    let arguments = cli::Arguments::parse();
    cli::printer::on_bug();
    let printer = cli::printer::Printer::new(arguments.common.json, arguments.common.quiet);
    let ended = std::panic::catch_unwind(|| cli::dispatch(&arguments, &printer));
    match ended {
        Ok(Ok(exit)) => exit.into(),
        Ok(Err(failure)) => {
            printer.failure(&failure);
            failure.exit.into()
        }
        Err(_) => exit::Exit::Bug.into(),
    }
}
