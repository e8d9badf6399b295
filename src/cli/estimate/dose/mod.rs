//! `throughline estimate dose`: more hours, more effect? Bins, a natural spline, or a penalised one, beside covariates and effects.

mod curve;
mod shapes;

use clap::{Args, ValueEnum};
use serde_json::{Value, json};
use throughline_stats::interval::Estimate;

use super::super::printer::Printer;
use super::did::{estimate_json, header, print_row};
use super::document::{Document, Head};
use super::fit::{Shown, left_out};
use super::prepare::Prepared;
use super::regression::{Judged, Source};
use super::table::{STARS, count};
use crate::exit::Failure;
use curve::Curve;

/// Dose and response: `y ~ dose + covariates | effects`, the first regressor being the dose
#[derive(Args, Debug)]
pub(super) struct Dose {
    #[command(flatten)]
    source: Source,
    #[command(flatten)]
    judged: Judged,
    /// Shape of the curve
    #[arg(long, value_enum, default_value_t = Kind::Bins)]
    kind: Kind,
    /// Lower edges of the bins after the first (bins) [default: the smallest positive dose and the thirds of positive doses]
    #[arg(long, value_name = "DOSES", value_delimiter = ',')]
    edges: Vec<f64>,
    /// Knots, 3 to 7 (natural)
    #[arg(long, default_value_t = 4, value_name = "N")]
    knots: usize,
    /// B-splines before the penalty (penalised)
    #[arg(long, default_value_t = 20, value_name = "N")]
    basis: usize,
    /// How the penalty is chosen (penalised)
    #[arg(long, value_enum, default_value_t = SmoothingName::Reml)]
    smoothing: SmoothingName,
    /// Doses at which the curve is told [default: ten steps from least to most]
    #[arg(long, value_name = "DOSES", value_delimiter = ',')]
    at: Vec<f64>,
    /// Dose the others are compared with [default: 0, or the least dose when all are above it]
    #[arg(long, value_name = "DOSE", allow_hyphen_values = true)]
    reference: Option<f64>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Kind {
    /// A difference for each bin of dose
    Bins,
    /// Natural cubic spline
    Natural,
    /// Penalised B-spline, with a band for the whole curve
    Penalised,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum SmoothingName {
    Reml,
    Gcv,
}

/// One line of the result.
struct Line {
    term: String,
    effect: Estimate,
    band: Option<(f64, f64)>,
    more: Value,
}

/// What the three shapes tell alike.
struct Told {
    shown: Shown,
    lines: Vec<Line>,
    tests: Value,
    settings: Value,
    remarks: Vec<String>,
}

impl Dose {
    pub(super) fn execute(&self, printer: &Printer) -> Result<(), Failure> {
        let prepared = Prepared::plain(&self.source, &self.judged.cluster)?;
        let (outcome, regressors) = prepared.single()?;
        let [dose, covariates @ ..] = regressors else {
            return Err(Failure::usage("name the dose: `y ~ dose + covariates`"));
        };
        let used: Vec<usize> = std::iter::once(outcome)
            .chain(regressors.iter().copied())
            .collect();
        let complete = prepared.complete(&used);
        let curve = Curve {
            prepared: &prepared,
            rows: complete.rows,
            missing: complete.missing,
            infinite: complete.infinite,
            outcome,
            dose: *dose,
            covariates: covariates.to_vec(),
        };
        let told = match self.kind {
            Kind::Bins => self.bins(&curve)?,
            Kind::Natural => self.natural(&curve)?,
            Kind::Penalised => self.penalised(&curve)?,
        };
        self.show(&told, prepared.name(*dose), printer)
    }

    fn show(&self, told: &Told, dose: &str, printer: &Printer) -> Result<(), Failure> {
        let fit = &told.shown.fit;
        printer.line(format!(
            "Dose and response ({}), Dep. Var.: {}, dose: {dose}",
            self.kind_name(),
            fit.outcome
        ));
        printer.line(format!(
            "Observations: {}{}",
            count(fit.n),
            left_out(&told.shown.dropped)
        ));
        let effects: Vec<String> = fit
            .effects
            .iter()
            .map(|e| format!("{}: {}", e.name, count(e.levels)))
            .collect();
        if !effects.is_empty() {
            printer.line(format!("Fixed-effects: {}", effects.join(",  ")));
        }
        printer.line(format!("Standard-errors: {}", fit.vcov));
        let mut table = header();
        for line in &told.lines {
            print_row(&mut table, &line.term, &line.effect, line.band);
        }
        printer.line(table.to_string());
        printer.line("---");
        printer.line(STARS);
        told.remarks.iter().for_each(|r| printer.line(r));
        let coefficients: Vec<Value> = told
            .lines
            .iter()
            .map(|l| {
                let mut one = estimate_json(&l.term, &l.effect);
                if let (Value::Object(one), Value::Object(more)) = (&mut one, &l.more) {
                    one.extend(more.clone());
                    if let Some((lower, upper)) = l.band {
                        one.insert("band_lower".to_owned(), json!(lower));
                        one.insert("band_upper".to_owned(), json!(upper));
                    }
                }
                one
            })
            .collect();
        let document = Document::new(Head {
            estimator: "dose and response",
            ..told.shown.head()
        })
        .with("kind", self.kind_name())
        .with("dose", dose)
        .with("level", fit.level)
        .with("coefficients", coefficients)
        .with("tests", &told.tests)
        .with("settings", &told.settings);
        printer.document(&document)
    }

    fn kind_name(&self) -> &'static str {
        match self.kind {
            Kind::Bins => "bins",
            Kind::Natural => "natural spline",
            Kind::Penalised => "penalised spline",
        }
    }
}
