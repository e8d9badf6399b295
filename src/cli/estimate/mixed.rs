//! `throughline estimate mixed`: random intercepts and slopes by group, as lme4 estimates them.

use std::path::{Path, PathBuf};

use clap::Args;
use serde_json::{Value, json};
use throughline_stats::Column;
use throughline_stats::mixed::{
    Covariation, MixedDesign, MixedFit, MixedOptions, RandomTerm, mixed,
};

use super::super::printer::Printer;
use super::document::{Document, Head, documents};
use super::fit::{CoefficientJson, DroppedJson, coefficients, left_out};
use super::prepare::{Prepared, Refused, stats_error};
use super::regression::Source;
use super::table::{STARS, TextTable, count, number};
use crate::exit::{Exit, Failure};

/// Mixed models: intercepts and slopes that vary by group, `y ~ x + (1 + x | school)`
#[derive(Args, Debug)]
pub(super) struct Mixed {
    #[command(flatten)]
    source: Source,
    /// Maximum likelihood instead of REML
    #[arg(long)]
    ml: bool,
    /// Confidence level
    #[arg(long, default_value_t = 0.95, value_name = "SHARE")]
    level: f64,
    /// Also write each level's predicted deviation to this CSV file: `group,level,term,value` (one estimate only)
    #[arg(long, value_name = "FILE")]
    effects: Option<PathBuf>,
}

impl Mixed {
    pub(super) fn execute(&self, printer: &Printer) -> Result<(), Failure> {
        let prepared = Prepared::new(&self.source, &[])?;
        prepared.refuse(&Refused {
            instruments: true,
            effects: true,
            no_outcome: true,
            ..Refused::default()
        })?;
        let model = &prepared.model;
        if model.random.is_empty() {
            return Err(Failure::usage(
                "the formula has no random term; write `y ~ x + (1 | group)`, or use `estimate ols`",
            ));
        }
        if self.effects.is_some() && model.outcomes.len() * model.specifications.len() != 1 {
            return Err(Failure::usage(
                "`--effects` needs a formula of one estimate",
            ));
        }
        let mut all = Vec::new();
        for &outcome in &model.outcomes {
            for regressors in &model.specifications {
                if !all.is_empty() {
                    printer.line("");
                }
                all.push(self.one(&prepared, outcome, regressors, printer)?);
            }
        }
        documents(all, printer)
    }

    fn one(
        &self,
        prepared: &Prepared,
        outcome: usize,
        regressors: &[usize],
        printer: &Printer,
    ) -> Result<Document, Failure> {
        let model = &prepared.model;
        let mut used = vec![outcome];
        let slopes = model.random.iter().flat_map(|r| &r.slopes);
        for &column in regressors.iter().chain(slopes) {
            if !used.contains(&column) {
                used.push(column);
            }
        }
        let complete = prepared.complete(&used);
        let design = MixedDesign {
            sample: Some(&complete.rows),
            weights: prepared.weights.as_deref(),
            random: model
                .random
                .iter()
                .map(|r| RandomTerm {
                    group: &r.group.name,
                    codes: &r.group.codes,
                    intercept: r.intercept,
                    slopes: r.slopes.iter().map(|&c| prepared.column(c)).collect(),
                    correlated: r.correlated,
                })
                .collect(),
            no_intercept: !model.intercept,
        };
        let options = MixedOptions {
            maximum_likelihood: self.ml,
            level: self.level,
            ..MixedOptions::default()
        };
        let fixed: Vec<Column<'_>> = regressors.iter().map(|&c| prepared.column(c)).collect();
        let fit = mixed(&design, &prepared.column(outcome), &fixed, &options)
            .map_err(|e| stats_error(&e))?;
        let dropped = DroppedJson {
            filtered: prepared.filtered,
            missing: complete.missing,
            infinite: complete.infinite,
            zero_weight: fit.dropped.zero_weight,
            collinear: fit.dropped.collinear.clone(),
            ..DroppedJson::default()
        };
        print(&fit, &dropped, printer);
        if let Some(out) = &self.effects {
            write(out, &fit, prepared)?;
        }
        Ok(document(&fit, &dropped))
    }
}

fn print(fit: &MixedFit, dropped: &DroppedJson, printer: &Printer) {
    printer.line(format!(
        "Linear mixed model ({}), Dep. Var.: {}",
        fit.method, fit.outcome
    ));
    printer.line(format!(
        "Observations: {}{}",
        count(fit.n),
        left_out(dropped)
    ));
    let groups: Vec<String> = fit
        .groups
        .iter()
        .map(|g| format!("{}: {}", g.name, count(g.levels)))
        .collect();
    printer.line(format!("Groups: {}", groups.join(",  ")));
    printer.line("Random effects:");
    printer.line(random_table(fit).to_string());
    printer.line("Fixed effects (Satterthwaite degrees of freedom):");
    printer.line(coefficients(&fit.coefficients).to_string());
    if fit.coefficients.iter().any(|c| c.p < 0.1) {
        printer.line("---");
        printer.line(STARS);
    }
    printer.line(format!(
        "{} criterion: {}   Log-likelihood: {}",
        fit.method,
        number(fit.criterion),
        number(fit.log_likelihood)
    ));
    if !fit.dropped.collinear.is_empty() {
        printer.note(format!(
            "note: left out for collinearity: {}",
            fit.dropped.collinear.join(", ")
        ));
    }
    if fit.singular {
        printer.note(
            "note: singular: a variance is zero or a correlation one; a simpler random part fits as well",
        );
    }
}

/// A row for each effect, with its correlations to those above it.
fn random_table(fit: &MixedFit) -> TextTable {
    let mut table = TextTable::new(&["Group", "Term", "Variance", "Std. Dev.", "Corr."]);
    let (covariances, variances): (Vec<&Covariation>, Vec<&Covariation>) =
        fit.random.iter().partition(|r| r.with.is_some());
    for v in variances {
        let with: Vec<String> = covariances
            .iter()
            .filter(|c| c.group == v.group && c.with.as_deref() == Some(&v.term))
            .map(|c| format!("{:.3}", c.standardised))
            .collect();
        table.row([
            v.group.clone(),
            v.term.clone(),
            number(v.variance),
            number(v.standardised),
            with.join(" "),
        ]);
    }
    table.row([
        "Residual".to_owned(),
        String::new(),
        number(fit.residual_variance),
        number(fit.residual_variance.sqrt()),
        String::new(),
    ]);
    table
}

fn document(fit: &MixedFit, dropped: &DroppedJson) -> Document {
    let p = fit.coefficients.len();
    let random: Vec<Value> = fit
        .random
        .iter()
        .map(|r| {
            let name = if r.with.is_some() {
                "correlation"
            } else {
                "sd"
            };
            json!({
                "group": r.group,
                "term": r.term,
                "with": r.with,
                "variance": r.variance,
                (name): r.standardised,
            })
        })
        .collect();
    let groups: serde_json::Map<String, Value> = fit
        .groups
        .iter()
        .map(|g| (g.name.clone(), json!(g.levels)))
        .collect();
    Document::new(Head {
        estimator: "linear mixed model",
        outcome: &fit.outcome,
        n: Some(fit.n),
        dropped: json!(dropped),
        clusters: Vec::new(),
        vcov: "given the variances; Satterthwaite degrees of freedom",
    })
    .with("method", fit.method)
    .with("groups", groups)
    .with("level", fit.level)
    .with(
        "coefficients",
        fit.coefficients
            .iter()
            .map(CoefficientJson::from)
            .collect::<Vec<_>>(),
    )
    .with("covariance", fit.covariance.chunks(p).collect::<Vec<_>>())
    .with("random", random)
    .with("residual_variance", fit.residual_variance)
    .with("criterion", fit.criterion)
    .with("log_likelihood", fit.log_likelihood)
    .with("theta", &fit.theta)
    .with("singular", fit.singular)
    .with("iterations", fit.iterations)
    .with("evaluations", fit.evaluations)
    .with("converged", fit.converged)
}

/// One line for each level and effect, levels as the file writes them.
fn write(out: &Path, fit: &MixedFit, prepared: &Prepared) -> Result<(), Failure> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    let mut lines = vec![["group", "level", "term", "value"].map(str::to_owned)];
    for p in &fit.predicted {
        let random = prepared.model.random.iter();
        let at = random.clone().position(|r| r.group.name == p.group);
        let labels = at.map(|at| prepared.labels(at)).unwrap_or_default();
        for (level, value) in p.levels.iter().zip(&p.values) {
            let label = labels.get(*level as usize).cloned().unwrap_or_default();
            lines.push([p.group.clone(), label, p.term.clone(), value.to_string()]);
        }
    }
    let failed = |e: &dyn std::fmt::Display| {
        Failure::new(
            Exit::System,
            format!("failed to write `{}`: {e}", out.display()),
        )
    };
    for line in lines {
        writer.write_record(&line).map_err(|e| failed(&e))?;
    }
    let bytes = writer.into_inner().map_err(|e| failed(&e))?;
    std::fs::write(out, bytes).map_err(|e| failed(&e))
}
