//! `throughline estimate randomise`: would the lottery have produced such a difference if the treatment did nothing?

use clap::Args;
use serde_json::{Value, json};
use throughline_stats::randomisation::{Assignment, RandomisationOptions, randomisation_test};

use super::super::printer::Printer;
use super::document::{Document, Head};
use super::prepare::{Prepared, stats_error};
use super::regression::Source;
use super::table::{TextTable, count, number, p_value, stars};
use crate::exit::{Exit, Failure};

/// Randomisation inference: `y ~ treated | block`, the treatment assigned at random within the blocks
#[derive(Args, Debug)]
pub(super) struct Randomise {
    #[command(flatten)]
    source: Source,
    /// Assigned together: a column, or several crossed as `a^b` [default: each row by itself]
    #[arg(long, value_name = "COLUMN")]
    cluster: Option<String>,
    /// Draws when the assignments are too many to list
    #[arg(long, default_value_t = 9999, value_name = "N")]
    draws: usize,
    /// List all assignments when there are no more than this
    #[arg(long, default_value_t = 20_000, value_name = "N")]
    list: u64,
    /// Seed of the draws
    #[arg(long, default_value_t = 1, value_name = "N")]
    seed: u64,
}

impl Randomise {
    pub(super) fn execute(&self, printer: &Printer) -> Result<(), Failure> {
        let clusters: Vec<String> = self.cluster.iter().cloned().collect();
        let prepared = Prepared::plain(&self.source, &clusters)?;
        let model = &prepared.model;
        let (outcome, &[treatment]) = prepared.single()? else {
            return Err(Failure::usage("name one treatment: `y ~ treated | block`"));
        };
        if prepared.weights.is_some() || model.effects.len() > 1 {
            return Err(Failure::usage(
                "weights and several effects are not supported: name one block after `|`, crossed as `a^b`",
            ));
        }
        let complete = prepared.complete(&[outcome, treatment]);
        let rows: Vec<usize> = (0..complete.rows.len())
            .filter(|&i| complete.rows[i])
            .collect();
        let flags = &model.columns[treatment].values;
        if rows.iter().any(|&i| flags[i] != 0.0 && flags[i] != 1.0) {
            return Err(Failure::new(
                Exit::DataRefused,
                format!(
                    "`{}` must be 1 for the treated and 0 for the others",
                    prepared.name(treatment)
                ),
            ));
        }
        let codes = |of: &[u32]| -> Vec<u32> { rows.iter().map(|&i| of[i]).collect() };
        let values: Vec<f64> = rows
            .iter()
            .map(|&i| model.columns[outcome].values[i])
            .collect();
        let treated: Vec<bool> = rows.iter().map(|&i| flags[i] == 1.0).collect();
        let cluster = prepared.clusters.first().map(|c| codes(&c.codes));
        let block = model.effects.first().map(|b| codes(&b.codes));
        let found = randomisation_test(
            &values,
            &treated,
            &Assignment {
                cluster: cluster.as_deref(),
                block: block.as_deref(),
            },
            &RandomisationOptions {
                draws: self.draws,
                list_up_to: self.list,
                seed: self.seed,
            },
        )
        .map_err(|e| stats_error(&e))?;

        let se = found.difference / found.statistic;
        let how = if found.exact {
            format!("all {} assignments", count(found.assignments as usize))
        } else {
            format!("{} random assignments", count(found.assignments as usize))
        };
        printer.line(format!(
            "Randomisation inference, Dep. Var.: {}, treatment: {}",
            prepared.name(outcome),
            prepared.name(treatment)
        ));
        printer.line(format!(
            "Observations: {}   Assigned: {} units in {} {}   {how}",
            count(rows.len()),
            count(found.units),
            count(found.blocks),
            if found.blocks == 1 { "block" } else { "blocks" }
        ));
        let mut table =
            TextTable::new(&["", "Difference", "Std. Error", "t value", "Pr(>|t|)", ""]);
        table.row([
            prepared.name(treatment).to_owned(),
            number(found.difference),
            number(se),
            number(found.statistic),
            p_value(found.p),
            format!("{:<3}", stars(found.p)),
        ]);
        printer.line(table.to_string());
        if found.dropped > 0 {
            printer.note(format!(
                "note: {} units are in blocks with only one kind, and were left out",
                count(found.dropped)
            ));
        }
        let clusters = prepared
            .clusters
            .iter()
            .map(|c| (c.name.as_str(), found.units))
            .collect();
        let coefficient = json!({
            "term": prepared.name(treatment),
            "estimate": found.difference,
            "se": se,
            "statistic": found.statistic,
            "p": found.p,
            "df": Value::Null,
            "lower": Value::Null,
            "upper": Value::Null,
        });
        let document = Document::new(Head {
            estimator: "randomisation inference",
            outcome: prepared.name(outcome),
            n: Some(rows.len()),
            dropped: json!({
                "filtered": prepared.filtered,
                "missing": complete.missing,
                "infinite": complete.infinite,
                "units_in_blocks_of_one_kind": found.dropped,
            }),
            clusters,
            vcov: "difference of unit means over its Neyman standard error; p by re-assignment",
        })
        .with("coefficients", [coefficient])
        .with("units", found.units)
        .with("blocks", found.blocks)
        .with("assignments", found.assignments)
        .with("exact", found.exact)
        .with("seed", self.seed);
        printer.document(&document)
    }
}
