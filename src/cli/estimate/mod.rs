//! `throughline estimate`: the statistics engine on any CSV or Parquet file, with fixest's formulas.
//!
//! One file for each kind of estimate: it reads its arguments, turns the file into plain columns, calls
//! `throughline_stats`, and says what came out as a table for people or as JSON in full precision. It exists so that analysts can use
//! the engine without the rest, and so that the engine can be checked from outside. Nothing here knows a pipeline,
//! a lake or a district.

mod adjust_p;
mod data;
mod did;
mod did_others;
mod document;
mod dose;
mod effect_size;
mod facts;
mod fit;
mod glm;
mod honest;
mod iv;
mod logit;
mod matching;
mod mixed;
mod ols;
mod panel;
mod poisson;
mod power;
mod prepare;
mod randomise;
mod regression;
mod sensitivity;
mod sgp;
mod shrink;
mod table;

use clap::{Args, Subcommand};

use super::printer::Printer;
use crate::exit::{Exit, Failure};

const FORMULAS: &str = "\
Formulas are those of R's fixest:
  y ~ a + b | school^grade         effects after `|`; `^` crosses them
  y ~ a*b + log(c) + I(c > 3)      a + b + a:b; arithmetic and comparisons in I()
  y ~ i(year, treated, ref = 2013) one coefficient a year; factor(x, ref = \"K\") for a category
  y1 + y2 ~ sw(a, b) + c           several outcomes; one regressor at a time (csw: cumulatively)
  y ~ b | school | a ~ lottery     instruments after a second `|` (estimate iv)
  y ~ x + (1 + x | school)         intercepts and slopes by school (estimate mixed)

Examples:
  throughline estimate ols scores.csv 'math ~ hours + prior | teacher + school^year' --cluster teacher
  throughline estimate did panel.parquet --outcome y --unit id --time year --cohort first --aggregate event
  throughline estimate match pilot.csv 'treated ~ age + prior' --outcome score --method entropy --json";

/// Run an estimator on a CSV or Parquet file
#[derive(Args, Debug)]
#[command(after_help = FORMULAS)]
pub(crate) struct Estimate {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Least squares with any number of fixed effects
    Ols(ols::Ols),
    /// Poisson regression of counts, with any number of fixed effects
    Poisson(poisson::Poisson),
    /// Logit regression of a yes/no outcome, with any number of fixed effects
    Logit(logit::Logit),
    /// Two-stage least squares
    Iv(iv::Iv),
    /// Mixed models: random intercepts and slopes by group
    Mixed(mixed::Mixed),
    /// Staggered difference-in-differences
    Did(did::Did),
    /// Matching and weighting, with the table of balance
    Match(matching::Match),
    /// How strong a hidden confounder would have to be
    #[command(subcommand)]
    Sensitivity(sensitivity::Sensitivity),
    /// Standardised effects and the rules of the What Works Clearinghouse
    #[command(subcommand)]
    EffectSize(effect_size::EffectSize),
    /// What a study of a given size can find
    Power(power::Power),
    /// Dose and response: bins, natural or penalised spline
    Dose(dose::Dose),
    /// Randomisation inference for a lottery
    #[command(alias = "randomize", alias = "randomisation")]
    Randomise(randomise::Randomise),
    /// Shrink many noisy effects toward their mean
    Shrink(shrink::Shrink),
    /// Student growth percentiles
    Sgp(sgp::Sgp),
    /// Adjust p-values for the number of tests
    AdjustP(adjust_p::AdjustP),
}

impl Estimate {
    pub(crate) fn execute(&self, printer: &Printer) -> Result<Exit, Failure> {
        match &self.what {
            What::Ols(verb) => verb.execute(printer)?,
            What::Poisson(verb) => verb.execute(printer)?,
            What::Logit(verb) => verb.execute(printer)?,
            What::Iv(verb) => verb.execute(printer)?,
            What::Mixed(verb) => verb.execute(printer)?,
            What::Did(verb) => verb.execute(printer)?,
            What::Match(verb) => verb.execute(printer)?,
            What::Sensitivity(verb) => verb.execute(printer)?,
            What::EffectSize(verb) => verb.execute(printer)?,
            What::Power(verb) => verb.execute(printer)?,
            What::Dose(verb) => verb.execute(printer)?,
            What::Randomise(verb) => verb.execute(printer)?,
            What::Shrink(verb) => verb.execute(printer)?,
            What::Sgp(verb) => verb.execute(printer)?,
            What::AdjustP(verb) => verb.execute(printer)?,
        }
        Ok(Exit::Fine)
    }
}
