//! `throughline estimate ols`: least squares; all outcomes and stepwise alternatives of one formula share one absorption.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use clap::Args;
use serde_json::{Value, json};
use throughline_stats::formula::Complete;
use throughline_stats::{Absorbed, Column, RomanoWolf, Spec, absorb};

use super::super::printer::Printer;
use super::fit::{Shown, show};
use super::prepare::{Prepared, Refused, stats_error};
use super::regression::{Judged, Source};
use super::table::p_value;
use crate::exit::Failure;

/// Least squares with any number of fixed effects
#[derive(Args, Debug)]
pub(super) struct Ols {
    #[command(flatten)]
    source: Source,
    #[command(flatten)]
    judged: Judged,
    /// Also write `row,residual` to this CSV file, rows counted from 1 after `--where` (one estimate only)
    #[arg(long, value_name = "FILE")]
    residuals: Option<PathBuf>,
    /// Adjust the p-values of these regressors over all estimates of the formula (Romano and Wolf), by wild bootstrap over `--cluster`
    #[arg(
        long,
        value_name = "TERMS",
        value_delimiter = ',',
        requires = "cluster"
    )]
    romano_wolf: Vec<String>,
}

/// Estimates on the same rows.
struct Batch {
    complete: Complete,
    /// Place in the output, outcome, regressors.
    estimates: Vec<(usize, usize, Vec<usize>)>,
}

impl Ols {
    pub(super) fn execute(&self, printer: &Printer) -> Result<(), Failure> {
        let options = self.judged.options()?;
        let prepared = Prepared::new(&self.source, &self.judged.cluster)?;
        prepared.refuse(&Refused {
            instruments: true,
            random: true,
            no_outcome: true,
            ..Refused::default()
        })?;
        let estimates = prepared.model.outcomes.len() * prepared.model.specifications.len();
        if self.residuals.is_some() && estimates != 1 {
            return Err(Failure::usage(
                "`--residuals` needs a formula of one estimate",
            ));
        }
        let mut fits: Vec<(usize, Shown)> = Vec::new();
        let mut batches = batches(&prepared);
        if !self.romano_wolf.is_empty() {
            batches = vec![together(&prepared, batches)];
        }
        for batch in batches {
            let mut used: Vec<usize> = Vec::new();
            for (_, outcome, regressors) in &batch.estimates {
                for &column in std::iter::once(outcome).chain(regressors) {
                    if !used.contains(&column) {
                        used.push(column);
                    }
                }
            }
            let columns: Vec<Column<'_>> = used.iter().map(|&c| prepared.column(c)).collect();
            let design = prepared.design(&batch.complete.rows, self.judged.keep_singletons);
            let absorbed = absorb(&design, &columns).map_err(|e| stats_error(&e))?;
            let mut adjusted = self.adjusted(&prepared, &batch, &absorbed)?;
            for (place, outcome, regressors) in &batch.estimates {
                let names: Vec<&str> = regressors.iter().map(|&c| prepared.name(c)).collect();
                let fit = absorbed
                    .ols(prepared.name(*outcome), &names, &options)
                    .map_err(|e| stats_error(&e))?;
                if let Some(out) = &self.residuals {
                    let residuals = absorbed
                        .residuals(prepared.name(*outcome), &names)
                        .map_err(|e| stats_error(&e))?;
                    write(out, batch.complete.rows.len(), absorbed.rows(), &residuals)?;
                }
                let Complete {
                    missing, infinite, ..
                } = batch.complete;
                let mut shown = Shown::new(fit, prepared.filtered, missing, infinite);
                if let Some(own) = adjusted.remove(place) {
                    own.add_to(&mut shown);
                }
                fits.push((*place, shown));
            }
        }
        fits.sort_by_key(|(place, _)| *place);
        let fits: Vec<Shown> = fits.into_iter().map(|(_, shown)| shown).collect();
        show(&fits, printer)
    }
}

/// Step-down p-values of one estimate's terms.
#[derive(Default)]
struct Adjusted(Vec<(String, RomanoWolf)>);

impl Adjusted {
    fn add_to(self, shown: &mut Shown) {
        let entries: Vec<Value> = self
            .0
            .iter()
            .map(|(term, r)| json!({ "term": term, "p": r.p, "adjusted": r.adjusted }))
            .collect();
        shown
            .tests
            .insert("romano_wolf".to_owned(), Value::Array(entries));
        for (term, r) in self.0 {
            shown.lines.push(format!(
                "{term}: bootstrap p = {}, adjusted for all estimates p = {}",
                p_value(r.p),
                p_value(r.adjusted)
            ));
        }
    }
}

impl Ols {
    /// One family over all estimates of the batch, by place.
    fn adjusted(
        &self,
        prepared: &Prepared,
        batch: &Batch,
        absorbed: &Absorbed,
    ) -> Result<BTreeMap<usize, Adjusted>, Failure> {
        let mut found: BTreeMap<usize, Adjusted> = BTreeMap::new();
        if self.romano_wolf.is_empty() {
            return Ok(found);
        }
        let [cluster] = &prepared.clusters[..] else {
            return Err(Failure::usage("`--romano-wolf` takes one cluster variable"));
        };
        let mut family: Vec<(Spec<'_>, &str)> = Vec::new();
        let mut places = Vec::new();
        for (place, outcome, regressors) in &batch.estimates {
            let names: Vec<&str> = regressors.iter().map(|&c| prepared.name(c)).collect();
            for term in self
                .romano_wolf
                .iter()
                .filter(|t| names.contains(&t.as_str()))
            {
                let spec = Spec {
                    outcome: prepared.name(*outcome),
                    regressors: names.clone(),
                };
                family.push((spec, term));
                places.push(*place);
            }
        }
        for term in &self.romano_wolf {
            if family.iter().all(|(_, t)| t != term) {
                return Err(Failure::usage(format!(
                    "no estimate has a regressor `{term}`"
                )));
            }
        }
        let results = absorbed
            .romano_wolf(&family, &cluster.name, &self.judged.bootstrap())
            .map_err(|e| stats_error(&e))?;
        for ((place, (_, term)), result) in places.into_iter().zip(family).zip(results) {
            let own = found.entry(place).or_default();
            own.0.push((term.to_owned(), result));
        }
        Ok(found)
    }
}

/// All estimates on the rows every one of them can use: draws must be shared.
fn together(prepared: &Prepared, batches: Vec<Batch>) -> Batch {
    let estimates: Vec<_> = batches.into_iter().flat_map(|b| b.estimates).collect();
    let mut columns: Vec<usize> = Vec::new();
    for (_, outcome, regressors) in &estimates {
        columns.push(*outcome);
        columns.extend(regressors);
    }
    Batch {
        complete: prepared.complete(&columns),
        estimates,
    }
}

/// Groups the estimates of a formula by the rows they can use, so that each group is absorbed once.
fn batches(prepared: &Prepared) -> Vec<Batch> {
    let model = &prepared.model;
    let mut batches: Vec<Batch> = Vec::new();
    let mut place = 0;
    for &outcome in &model.outcomes {
        for regressors in &model.specifications {
            let columns: Vec<usize> = std::iter::once(outcome)
                .chain(regressors.iter().copied())
                .collect();
            let complete = prepared.complete(&columns);
            let estimate = (place, outcome, regressors.clone());
            place += 1;
            match batches
                .iter_mut()
                .find(|b| b.complete.rows == complete.rows)
            {
                Some(batch) => batch.estimates.push(estimate),
                None => batches.push(Batch {
                    complete,
                    estimates: vec![estimate],
                }),
            }
        }
    }
    batches
}

/// One line a row of the data; empty where the row was not used.
fn write(out: &Path, rows: usize, used: &[u32], residuals: &[f64]) -> Result<(), Failure> {
    let mut text = "row,residual\n".to_owned();
    let mut next = used.iter().zip(residuals).peekable();
    for row in 0..rows {
        let residual = next.next_if(|(at, _)| **at as usize == row);
        let shown = residual.map_or_else(String::new, |(_, e)| e.to_string());
        text.push_str(&format!("{},{shown}\n", row + 1));
    }
    std::fs::write(out, text).map_err(|e| Failure::system(format!("write `{}`", out.display()), &e))
}
