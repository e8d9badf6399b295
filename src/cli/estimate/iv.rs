//! `throughline estimate iv`: two-stage least squares, `y ~ exogenous | effects | endogenous ~ instruments`.

use clap::Args;
use serde_json::{Value, json};
use throughline_stats::{Column, absorb};

use super::super::printer::Printer;
use super::fit::{CoefficientJson, Shown, show};
use super::prepare::{Prepared, Refused, stats_error};
use super::regression::{Judged, Source};
use super::table::{number, p_value};
use crate::exit::Failure;

/// Two-stage least squares: `y ~ exogenous | effects | endogenous ~ instruments`
#[derive(Args, Debug)]
pub(super) struct Iv {
    #[command(flatten)]
    source: Source,
    #[command(flatten)]
    judged: Judged,
}

impl Iv {
    pub(super) fn execute(&self, printer: &Printer) -> Result<(), Failure> {
        let options = self.judged.options()?;
        let prepared = Prepared::new(&self.source, &self.judged.cluster)?;
        prepared.refuse(&Refused {
            random: true,
            no_outcome: true,
            ..Refused::default()
        })?;
        let model = &prepared.model;
        if model.endogenous.is_empty() {
            return Err(Failure::usage(
                "the formula has no instruments; write `y ~ exogenous | effects | endogenous ~ instruments`",
            ));
        }
        let mut fits = Vec::new();
        for &outcome in &model.outcomes {
            for exogenous in &model.specifications {
                let mut used = vec![outcome];
                for &c in exogenous
                    .iter()
                    .chain(&model.endogenous)
                    .chain(&model.instruments)
                {
                    if !used.contains(&c) {
                        used.push(c);
                    }
                }
                let complete = prepared.complete(&used);
                let columns: Vec<Column<'_>> = used.iter().map(|&c| prepared.column(c)).collect();
                let design = prepared.design(&complete.rows, self.judged.keep_singletons);
                let names =
                    |of: &[usize]| -> Vec<&str> { of.iter().map(|&c| prepared.name(c)).collect() };
                let found = absorb(&design, &columns)
                    .and_then(|absorbed| {
                        absorbed.iv(
                            prepared.name(outcome),
                            &names(exogenous),
                            &names(&model.endogenous),
                            &names(&model.instruments),
                            &options,
                        )
                    })
                    .map_err(|e| stats_error(&e))?;
                let mut shown = Shown::new(
                    found.fit,
                    prepared.filtered,
                    complete.missing,
                    complete.infinite,
                );
                let mut stages: Vec<Value> = Vec::new();
                for stage in &found.first_stages {
                    let f = &stage.instruments;
                    shown.lines.push(format!(
                        "First stage, {}: F({}, {}) = {}, p = {}",
                        stage.fit.outcome,
                        f.df1,
                        number(f.df2),
                        number(f.statistic),
                        p_value(f.p)
                    ));
                    let coefficients: Vec<CoefficientJson<'_>> =
                        stage.fit.coefficients.iter().map(Into::into).collect();
                    stages.push(json!({
                        "endogenous": stage.fit.outcome,
                        "f": f.statistic,
                        "df1": f.df1,
                        "df2": f.df2,
                        "p": f.p,
                        "coefficients": coefficients,
                    }));
                }
                shown
                    .tests
                    .insert("first_stages".to_owned(), Value::Array(stages));
                fits.push(shown);
            }
        }
        show(&fits, printer)
    }
}
