//! `throughline estimate logit`: yes/no outcomes with any number of fixed effects.

use clap::Args;

use super::super::printer::Printer;
use super::glm::{self, Kind};
use super::regression::{Judged, Source};
use crate::exit::Failure;

/// Logit regression of a yes/no outcome, with any number of fixed effects
#[derive(Args, Debug)]
pub(super) struct Logit {
    #[command(flatten)]
    source: Source,
    #[command(flatten)]
    judged: Judged,
}

impl Logit {
    pub(super) fn execute(&self, printer: &Printer) -> Result<(), Failure> {
        glm::execute(&self.source, &self.judged, Kind::Logit, None, printer)
    }
}
