//! `throughline completions`: a completion script for a shell.

use clap::{Args, CommandFactory as _};

use super::printer::Printer;
use crate::exit::{Exit, Failure};

/// Print a completion script for a shell
#[derive(Args, Debug)]
pub(crate) struct Completions {
    /// The shell
    shell: clap_complete::Shell,
}

impl Completions {
    pub(crate) fn execute(&self, printer: &Printer) -> Result<Exit, Failure> {
        let mut script = Vec::new();
        clap_complete::generate(
            self.shell,
            &mut super::Arguments::command(),
            "throughline",
            &mut script,
        );
        printer.raw(&String::from_utf8_lossy(&script));
        Ok(Exit::Fine)
    }
}
