//! How a fit is shown: JSON in full precision, or a table like fixest's.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::json;
use throughline_stats::{Coefficient, Fit, Levels};

use super::super::printer::Printer;
use super::document::{Document, Head, documents};
use super::table::{STARS, TextTable, count, number, p_value, stars};
use crate::exit::Failure;

/// A coefficient as JSON; an infinite number (degrees of freedom of a normal) is `null`.
#[derive(Serialize)]
pub(super) struct CoefficientJson<'a> {
    pub term: &'a str,
    pub estimate: f64,
    pub se: f64,
    pub statistic: f64,
    pub p: f64,
    pub df: f64,
    pub lower: f64,
    pub upper: f64,
}

impl<'a> From<&'a Coefficient> for CoefficientJson<'a> {
    fn from(c: &'a Coefficient) -> Self {
        Self {
            term: &c.term,
            estimate: c.estimate,
            se: c.se,
            statistic: c.statistic,
            p: c.p,
            df: c.df,
            lower: c.lower,
            upper: c.upper,
        }
    }
}

/// Rows and columns left out, by reason.
#[derive(Serialize, Default, Clone)]
pub(super) struct DroppedJson {
    pub filtered: usize,
    pub missing: usize,
    pub infinite: usize,
    pub zero_weight: usize,
    pub singletons: usize,
    pub separated: usize,
    pub collinear: Vec<String>,
}

/// A fit with what was left out before the engine saw the rows, and what else the estimator has to say.
pub(super) struct Shown {
    pub fit: Fit,
    pub dropped: DroppedJson,
    pub tests: BTreeMap<String, serde_json::Value>,
    /// Lines added to the table.
    pub lines: Vec<String>,
}

impl Shown {
    pub(super) fn new(fit: Fit, filtered: usize, missing: usize, infinite: usize) -> Self {
        let dropped = DroppedJson {
            filtered,
            missing,
            infinite,
            zero_weight: fit.dropped.zero_weight,
            singletons: fit.dropped.singletons,
            separated: fit.dropped.separated,
            collinear: fit.dropped.collinear.clone(),
        };
        Self {
            fit,
            dropped,
            tests: BTreeMap::new(),
            lines: Vec::new(),
        }
    }

    pub(super) fn head(&self) -> Head<'_> {
        let fit = &self.fit;
        let clusters = fit.clusters.iter();
        Head {
            estimator: &fit.estimator,
            outcome: &fit.outcome,
            n: Some(fit.n),
            dropped: json!(self.dropped),
            clusters: clusters.map(|l| (l.name.as_str(), l.levels)).collect(),
            vcov: &fit.vcov,
        }
    }

    fn document(&self) -> Document {
        let fit = &self.fit;
        let levels = |of: &'_ [Levels]| -> BTreeMap<String, usize> {
            of.iter().map(|l| (l.name.clone(), l.levels)).collect()
        };
        let coefficients: Vec<CoefficientJson<'_>> =
            fit.coefficients.iter().map(Into::into).collect();
        let width = fit.coefficients.len().max(1);
        let mut document = Document::new(self.head())
            .with("effects", levels(&fit.effects))
            .with("level", fit.level)
            .with("coefficients", coefficients)
            .with(
                "covariance",
                fit.covariance.chunks(width).collect::<Vec<_>>(),
            )
            .with("parameters", fit.parameters)
            .with("residual_df", fit.residual_df)
            .with("r2", fit.r2)
            .with("r2_within", fit.r2_within)
            .with("residual_variance", fit.residual_variance)
            .with("log_likelihood", fit.log_likelihood)
            .with("iterations", fit.iterations)
            .with("converged", fit.converged)
            .with("notes", &fit.notes);
        if !self.tests.is_empty() {
            document = document.with("tests", &self.tests);
        }
        document
    }

    fn print(&self, printer: &Printer) {
        let fit = &self.fit;
        printer.line(format!(
            "{} estimation, Dep. Var.: {}",
            fit.estimator, fit.outcome
        ));
        printer.line(format!(
            "Observations: {}{}",
            count(fit.n),
            left_out(&self.dropped)
        ));
        if !fit.effects.is_empty() {
            let effects: Vec<String> = fit
                .effects
                .iter()
                .map(|e| format!("{}: {}", e.name, count(e.levels)))
                .collect();
            printer.line(format!("Fixed-effects: {}", effects.join(",  ")));
        }
        let clusters: Vec<String> = fit
            .clusters
            .iter()
            .map(|c| format!("{} {}", count(c.levels), c.name))
            .collect();
        let of = if clusters.is_empty() {
            String::new()
        } else {
            format!(" ({})", clusters.join(", "))
        };
        printer.line(format!("Standard-errors: {}{of}", fit.vcov));
        printer.line(coefficients(&fit.coefficients).to_string());
        if fit.coefficients.iter().any(|c| c.p < 0.1) {
            printer.line("---");
            printer.line(STARS);
        }
        let mut summary = Vec::new();
        if fit.residual_variance.is_finite() {
            summary.push(format!(
                "Residual SD: {}",
                number(fit.residual_variance.sqrt())
            ));
        }
        if fit.log_likelihood.is_finite() {
            summary.push(format!("Log-likelihood: {}", number(fit.log_likelihood)));
        }
        if fit.r2.is_finite() {
            summary.push(format!("R2: {}", number(fit.r2)));
        }
        if fit.r2_within.is_finite() && !fit.effects.is_empty() {
            summary.push(format!("Within R2: {}", number(fit.r2_within)));
        }
        if !summary.is_empty() {
            printer.line(summary.join("   "));
        }
        for line in &self.lines {
            printer.line(line);
        }
        if !self.dropped.collinear.is_empty() {
            printer.note(format!(
                "note: left out for collinearity: {}",
                self.dropped.collinear.join(", ")
            ));
        }
        for note in &fit.notes {
            printer.note(format!("note: {note}"));
        }
    }
}

/// ` (left out: 12 missing)`.
pub(super) fn left_out(d: &DroppedJson) -> String {
    let reasons: Vec<String> = [
        (d.filtered, "filtered"),
        (d.missing, "missing"),
        (d.infinite, "infinite"),
        (d.zero_weight, "of weight zero"),
        (d.singletons, "singletons"),
        (d.separated, "without variation"),
    ]
    .iter()
    .filter(|(n, _)| *n > 0)
    .map(|(n, why)| format!("{} {why}", count(*n)))
    .collect();
    if reasons.is_empty() {
        String::new()
    } else {
        format!(" (left out: {})", reasons.join(", "))
    }
}

/// The table of coefficients.
pub(super) fn coefficients(all: &[Coefficient]) -> TextTable {
    let normal = all.iter().all(|c| c.df.is_infinite());
    let header: [&str; 6] = if normal {
        ["", "Estimate", "Std. Error", "z value", "Pr(>|z|)", ""]
    } else {
        ["", "Estimate", "Std. Error", "t value", "Pr(>|t|)", ""]
    };
    let mut table = TextTable::new(&header);
    for c in all {
        table.row([
            c.term.clone(),
            number(c.estimate),
            number(c.se),
            number(c.statistic),
            p_value(c.p),
            format!("{:<3}", stars(c.p)),
        ]);
    }
    table
}

/// One fit is one document; several are an array.
pub(super) fn show(fits: &[Shown], printer: &Printer) -> Result<(), Failure> {
    for (i, shown) in fits.iter().enumerate() {
        if i > 0 {
            printer.line("");
        }
        shown.print(printer);
    }
    documents(fits.iter().map(Shown::document).collect(), printer)
}
