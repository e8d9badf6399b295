//! `throughline estimate sensitivity parallel-trends`: how wrong parallel trends may be before an event study breaks.

use clap::{Args, ValueEnum};
use serde_json::{Value, json};
use throughline_stats::honest::{
    Coefficients, HonestInterval, MagnitudeOptions, breakdown_relative_magnitude,
    breakdown_smoothness, relative_magnitudes, smoothness,
};
use throughline_stats::{Column, Fit, absorb};

use super::super::printer::Printer;
use super::document::Head;
use super::facts::Facts;
use super::fit::Shown;
use super::prepare::{Prepared, stats_error};
use super::regression::{Judged, Source};
use super::table::{TextTable, number};
use crate::exit::Failure;

/// Intervals of an event study that hold while parallel trends are wrong by no more than a bound (Rambachan and Roth)
///
/// The regression must hold one indicator a period relative to one reference, such as
/// `y ~ i(year, treated, ref = 2013) | unit + year`.
#[derive(Args, Debug)]
pub(super) struct ParallelTrends {
    #[command(flatten)]
    source: Source,
    #[command(flatten)]
    judged: Judged,
    /// The reference period; earlier periods are before the treatment
    #[arg(long, value_name = "PERIOD", allow_negative_numbers = true)]
    reference: f64,
    /// What a violation may look like
    #[arg(long, value_enum, default_value_t = Kind::Relative)]
    kind: Kind,
    /// Bounds to try [default: 0.5,1,1.5,2 relative; multiples of the standard error for smoothness]
    #[arg(long, value_name = "BOUNDS", value_delimiter = ',')]
    bounds: Vec<f64>,
    /// Largest bound searched for the breakdown value [default: 5 relative; ten standard errors for smoothness]
    #[arg(long, value_name = "BOUND")]
    most: Option<f64>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Kind {
    /// At most so many times the largest change before the treatment
    Relative,
    /// A straight line, up to changes in slope of at most so much a period
    Smoothness,
}

impl ParallelTrends {
    pub(super) fn execute(&self, printer: &Printer) -> Result<(), Failure> {
        let shown = self.fit()?;
        let (periods, study) = self.study(&shown.fit)?;
        let alpha = 1.0 - self.judged.level;
        let options = MagnitudeOptions {
            alpha,
            seed: self.judged.seed,
            ..MagnitudeOptions::default()
        };
        let se = study.standard_error();
        let bounds = if !self.bounds.is_empty() {
            self.bounds.clone()
        } else if self.kind == Kind::Relative {
            vec![0.5, 1.0, 1.5, 2.0]
        } else {
            vec![0.0, 0.5 * se, se, 2.0 * se]
        };
        let intervals = bounds
            .iter()
            .map(|&bound| match self.kind {
                Kind::Relative => relative_magnitudes(&study, bound, &options),
                Kind::Smoothness => smoothness(&study, bound, alpha),
            })
            .collect::<Result<Vec<_>, _>>()
            .map_err(|e| stats_error(&e))?;
        let breakdown = match self.kind {
            Kind::Relative => {
                breakdown_relative_magnitude(&study, self.most.unwrap_or(5.0), &options)
            }
            Kind::Smoothness => breakdown_smoothness(&study, self.most.unwrap_or(10.0 * se), alpha),
        }
        .map_err(|e| stats_error(&e))?;
        let mut table = TextTable::new(&["Bound", "lower", "upper", ""]);
        for i in &intervals {
            let open = if i.open { "(at least)" } else { "" };
            table.row([
                number(i.bound),
                number(i.lower),
                number(i.upper),
                open.to_owned(),
            ]);
        }
        let facts = Facts::default()
            .with("reference", self.reference)
            .with("periods", json!(periods))
            .with("estimate", study.estimate())
            .with("se", se)
            .with("level", self.judged.level)
            .with("breakdown", breakdown)
            .with(
                "intervals",
                intervals.iter().map(interval_json).collect::<Vec<Value>>(),
            );
        let head = Head {
            estimator: "honest intervals (Rambachan-Roth)",
            ..shown.head()
        };
        facts.print(&head, printer);
        printer.line("");
        printer.line(table.to_string());
        printer.document(&facts.document(head))
    }

    fn fit(&self) -> Result<Shown, Failure> {
        let options = self.judged.options()?;
        let prepared = Prepared::plain(&self.source, &self.judged.cluster)?;
        let (outcome, regressors) = prepared.single()?;
        let used: Vec<usize> = std::iter::once(outcome)
            .chain(regressors.iter().copied())
            .collect();
        let complete = prepared.complete(&used);
        let columns: Vec<Column<'_>> = used.iter().map(|&c| prepared.column(c)).collect();
        let design = prepared.design(&complete.rows, self.judged.keep_singletons);
        let names: Vec<&str> = regressors.iter().map(|&c| prepared.name(c)).collect();
        let fit = absorb(&design, &columns)
            .and_then(|absorbed| absorbed.ols(prepared.name(outcome), &names, &options))
            .map_err(|e| stats_error(&e))?;
        let (missing, infinite) = (complete.missing, complete.infinite);
        Ok(Shown::new(fit, prepared.filtered, missing, infinite))
    }

    /// The coefficients named `period::<number>…`, in order of time.
    fn study(&self, fit: &Fit) -> Result<(Vec<f64>, Coefficients), Failure> {
        let period = |term: &str| -> Option<f64> {
            let (_, rest) = term.split_once("::")?;
            rest.split(':').next()?.parse().ok()
        };
        let mut found: Vec<(f64, usize)> = fit
            .coefficients
            .iter()
            .enumerate()
            .filter_map(|(at, c)| Some((period(&c.term)?, at)))
            .collect();
        found.sort_by(|a, b| a.0.total_cmp(&b.0));
        if found.is_empty() {
            return Err(Failure::usage(
                "the regression holds no period indicators\n  hint: write `i(year, treated, ref = …)`",
            ));
        }
        let p = fit.coefficients.len();
        let estimates: Vec<f64> = found
            .iter()
            .map(|(_, at)| fit.coefficients[*at].estimate)
            .collect();
        let covariance: Vec<f64> = found
            .iter()
            .flat_map(|(_, a)| found.iter().map(move |(_, b)| fit.covariance[a * p + b]))
            .collect();
        let pre = found.iter().filter(|(t, _)| *t < self.reference).count();
        let study = Coefficients::new(&estimates, &covariance, pre).map_err(|e| stats_error(&e))?;
        Ok((found.into_iter().map(|(t, _)| t).collect(), study))
    }
}

fn interval_json(i: &HonestInterval) -> Value {
    json!({
        "bound": i.bound,
        "lower": i.lower,
        "upper": i.upper,
        "open": i.open,
        "method": i.method,
        "alpha": i.alpha,
    })
}
