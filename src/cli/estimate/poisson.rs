//! `throughline estimate poisson`: counts with any number of fixed effects.

use clap::Args;

use super::super::printer::Printer;
use super::glm::{self, Kind};
use super::regression::{Judged, Source};
use crate::exit::Failure;

/// Poisson regression of counts, with any number of fixed effects
#[derive(Args, Debug)]
pub(super) struct Poisson {
    #[command(flatten)]
    source: Source,
    #[command(flatten)]
    judged: Judged,
    /// Added to the linear predictor, for example `log(days)`
    #[arg(long, value_name = "EXPRESSION", conflicts_with = "negative_binomial")]
    offset: Option<String>,
    /// Negative binomial instead, which estimates the overdispersion (without fixed effects)
    #[arg(long)]
    negative_binomial: bool,
}

impl Poisson {
    pub(super) fn execute(&self, printer: &Printer) -> Result<(), Failure> {
        let kind = if self.negative_binomial {
            Kind::NegativeBinomial
        } else {
            Kind::Poisson
        };
        glm::execute(
            &self.source,
            &self.judged,
            kind,
            self.offset.as_deref(),
            printer,
        )
    }
}
