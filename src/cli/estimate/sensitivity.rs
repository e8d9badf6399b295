//! `throughline estimate sensitivity`: how strong something unseen would have to be to explain a finding away.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use serde_json::{Value, json};
use throughline_stats::sensitivity::{
    BenchmarkBound, Confounder, EValue, OddsRatio, adjust, benchmark_bound, breakdown_gamma,
    e_value, e_value_from_odds_ratio, e_value_from_standardised_difference, partial_r2, robustness,
    signed_rank_bounds,
};
use throughline_stats::{Column, FitOptions, Vcov, absorb};

use super::super::printer::Printer;
use super::data::Data;
use super::document::Head;
use super::facts::Facts;
use super::fit::Shown;
use super::honest::ParallelTrends;
use super::prepare::{Prepared, stats_error};
use super::regression::Source;
use super::table::{TextTable, number, p_value};
use crate::exit::Failure;

/// How strong a hidden confounder would have to be
#[derive(Debug, Subcommand)]
pub(super) enum Sensitivity {
    /// Robustness value of a regression coefficient (Cinelli and Hazlett)
    Robustness(Robustness),
    /// The same from a regression on a file, with observed covariates as benchmarks
    Regression(Regression),
    /// E-value of a risk ratio, odds ratio or standardised difference (VanderWeele and Ding)
    EValue(EValueArguments),
    /// Intervals of an event study while parallel trends may be wrong (Rambachan and Roth)
    ParallelTrends(ParallelTrends),
    /// Bounds for matched pairs (Rosenbaum)
    Rosenbaum(Rosenbaum),
}

/// Robustness value of a regression coefficient
#[derive(Args, Debug)]
pub(super) struct Robustness {
    /// The coefficient
    #[arg(long, allow_negative_numbers = true)]
    estimate: f64,
    /// Its standard error
    #[arg(long)]
    se: f64,
    /// Residual degrees of freedom
    #[arg(long)]
    df: f64,
    #[command(flatten)]
    asked: Asked,
}

/// What is asked of a coefficient.
#[derive(Args, Debug)]
pub(super) struct Asked {
    /// Share of the estimate to explain away
    #[arg(long, default_value_t = 1.0)]
    q: f64,
    /// Size of the test
    #[arg(long, default_value_t = 0.05)]
    alpha: f64,
    /// Also the estimate after a confounder with these partial R² with treatment and with outcome
    #[arg(long, num_args = 2, value_names = ["R2_TREATMENT", "R2_OUTCOME"])]
    confounder: Vec<f64>,
}

/// The same from a regression on a file, with observed covariates as benchmarks
#[derive(Args, Debug)]
pub(super) struct Regression {
    #[command(flatten)]
    source: Source,
    /// The regressor whose coefficient is in question
    #[arg(long, value_name = "TERM")]
    treatment: String,
    /// Observed covariates to compare a confounder with
    #[arg(long, value_name = "TERMS", value_delimiter = ',')]
    benchmark: Vec<String>,
    /// How many times as strong as the benchmark
    #[arg(long, value_name = "TIMES", value_delimiter = ',', default_values_t = [1.0, 2.0, 3.0])]
    times: Vec<f64>,
    #[command(flatten)]
    asked: Asked,
}

/// E-value
#[derive(Args, Debug)]
#[group(required = true, multiple = false)]
pub(super) struct EValueArguments {
    /// Risk ratio and its interval
    #[arg(long, num_args = 3, value_names = ["RR", "LOWER", "UPPER"])]
    risk_ratio: Vec<f64>,
    /// Odds ratio of an outcome that is not rare, and its interval
    #[arg(long, num_args = 3, value_names = ["OR", "LOWER", "UPPER"])]
    odds_ratio: Vec<f64>,
    /// Odds ratio of a rare outcome, and its interval
    #[arg(long, num_args = 3, value_names = ["OR", "LOWER", "UPPER"])]
    rare_odds_ratio: Vec<f64>,
    /// Standardised difference and its standard error
    #[arg(long, num_args = 2, value_names = ["D", "SE"], allow_negative_numbers = true)]
    difference: Vec<f64>,
}

/// Bounds for matched pairs
#[derive(Args, Debug)]
pub(super) struct Rosenbaum {
    /// A CSV or Parquet file with one row a pair
    file: PathBuf,
    /// Column with the outcome of the treated
    #[arg(long, value_name = "COLUMN")]
    treated: String,
    /// Column with the outcome of their matches
    #[arg(long, value_name = "COLUMN")]
    control: String,
    /// Odds of treatment within a pair to try
    #[arg(long, value_delimiter = ',', default_values_t = [1.0, 1.25, 1.5, 1.75, 2.0, 2.5, 3.0, 4.0, 5.0])]
    gamma: Vec<f64>,
    /// Size of the test
    #[arg(long, default_value_t = 0.05)]
    alpha: f64,
}

const ROBUSTNESS: &str = "robustness value (Cinelli-Hazlett)";

impl Sensitivity {
    pub(super) fn execute(&self, printer: &Printer) -> Result<(), Failure> {
        match self {
            Self::Robustness(a) => {
                let head = Head::computed(ROBUSTNESS, "standard error as given");
                a.asked.facts(a.estimate, a.se, a.df)?.show(head, printer)
            }
            Self::Regression(a) => a.execute(printer),
            Self::EValue(a) => a.execute(printer),
            Self::ParallelTrends(a) => a.execute(printer),
            Self::Rosenbaum(a) => a.execute(printer),
        }
    }
}

impl Asked {
    fn facts(&self, estimate: f64, se: f64, df: f64) -> Result<Facts, Failure> {
        let r = robustness(estimate / se, df, self.q, self.alpha).map_err(|e| stats_error(&e))?;
        let mut facts = Facts::default()
            .with("estimate", estimate)
            .with("se", se)
            .with("t", estimate / se)
            .with("df", df)
            .with("partial_r2", r.partial_r2)
            .with("robustness_value", r.value)
            .with("robustness_value_significance", r.value_significance);
        if let [r2_treatment, r2_outcome] = self.confounder[..] {
            let confounder = Confounder {
                r2_treatment,
                r2_outcome,
            };
            let after = adjust(estimate, se, df, confounder, 1.0 - self.alpha)
                .map_err(|e| stats_error(&e))?;
            facts = facts
                .with("adjusted_estimate", after.estimate)
                .with("adjusted_se", after.se)
                .with("adjusted_lower", after.lower)
                .with("adjusted_upper", after.upper);
        }
        Ok(facts)
    }
}

impl Regression {
    fn execute(&self, printer: &Printer) -> Result<(), Failure> {
        let prepared = Prepared::plain(&self.source, &[])?;
        let (outcome, regressors) = prepared.single()?;
        let used: Vec<usize> = std::iter::once(outcome)
            .chain(regressors.iter().copied())
            .collect();
        let complete = prepared.complete(&used);
        let columns: Vec<Column<'_>> = used.iter().map(|&c| prepared.column(c)).collect();
        let design = prepared.design(&complete.rows, false);
        let absorbed = absorb(&design, &columns).map_err(|e| stats_error(&e))?;
        let options = FitOptions::new(Vcov::Iid);
        let names: Vec<&str> = regressors.iter().map(|&c| prepared.name(c)).collect();
        let main = absorbed
            .ols(prepared.name(outcome), &names, &options)
            .map_err(|e| stats_error(&e))?;
        let term = |name: &str| {
            main.coefficient(name).ok_or_else(|| {
                Failure::usage(format!("the regression has no coefficient `{name}`"))
            })
        };
        let treatment = term(&self.treatment)?;
        let mut facts = self
            .asked
            .facts(treatment.estimate, treatment.se, main.residual_df)?
            .with("treatment", self.treatment.as_str());
        let mut bounds: Vec<(String, BenchmarkBound)> = Vec::new();
        if !self.benchmark.is_empty() {
            let others: Vec<&str> = names
                .iter()
                .copied()
                .filter(|n| *n != self.treatment)
                .collect();
            let of_treatment = absorbed
                .ols(&self.treatment, &others, &options)
                .map_err(|e| stats_error(&e))?;
            for name in &self.benchmark {
                let with_outcome = term(name)?;
                let with_treatment = of_treatment.coefficient(name).ok_or_else(|| {
                    Failure::usage(format!("`{name}` is not a regressor besides the treatment"))
                })?;
                let covariate = Confounder {
                    r2_treatment: partial_r2(with_treatment.statistic, of_treatment.residual_df),
                    r2_outcome: partial_r2(with_outcome.statistic, main.residual_df),
                };
                for &k in &self.times {
                    let bound = benchmark_bound(
                        treatment.estimate,
                        treatment.se,
                        main.residual_df,
                        covariate,
                        k,
                        1.0 - self.asked.alpha,
                    )
                    .map_err(|e| stats_error(&e))?;
                    bounds.push((name.clone(), bound));
                }
            }
        }
        let list: Vec<Value> = bounds.iter().map(|(name, b)| bound_json(name, b)).collect();
        facts = facts.with("bounds", list);
        let (missing, infinite) = (complete.missing, complete.infinite);
        let shown = Shown::new(main.clone(), prepared.filtered, missing, infinite);
        let head = Head {
            estimator: ROBUSTNESS,
            ..shown.head()
        };
        facts.print(&head, printer);
        if !bounds.is_empty() {
            let mut table = TextTable::new(&[
                "as strong as",
                "R2 treatment",
                "R2 outcome",
                "Estimate",
                "Std. Error",
                "lower",
                "upper",
            ]);
            for (name, b) in &bounds {
                let cells = [
                    b.confounder.r2_treatment,
                    b.confounder.r2_outcome,
                    b.adjusted.estimate,
                    b.adjusted.se,
                    b.adjusted.lower,
                    b.adjusted.upper,
                ];
                table.row(std::iter::once(format!("{} x {name}", b.k)).chain(cells.map(number)));
            }
            printer.line("");
            printer.line(table.to_string());
        }
        printer.document(&facts.document(head))
    }
}

fn bound_json(name: &str, b: &BenchmarkBound) -> Value {
    json!({
        "benchmark": name,
        "times": b.k,
        "r2_treatment": b.confounder.r2_treatment,
        "r2_outcome": b.confounder.r2_outcome,
        "estimate": b.adjusted.estimate,
        "se": b.adjusted.se,
        "statistic": b.adjusted.statistic,
        "lower": b.adjusted.lower,
        "upper": b.adjusted.upper,
    })
}

impl EValueArguments {
    fn value(&self) -> Result<EValue, Failure> {
        let all = [
            &self.risk_ratio,
            &self.odds_ratio,
            &self.rare_odds_ratio,
            &self.difference,
        ];
        let found = match all.map(Vec::as_slice) {
            [&[rr, lower, upper], ..] => e_value(rr, lower, upper),
            [_, &[or, lower, upper], ..] => {
                e_value_from_odds_ratio(or, lower, upper, OddsRatio::CommonOutcome)
            }
            [_, _, &[or, lower, upper], _] => {
                e_value_from_odds_ratio(or, lower, upper, OddsRatio::RareOutcome)
            }
            [_, _, _, &[d, se]] => e_value_from_standardised_difference(d, se),
            _ => return Err(Failure::usage("give a ratio or a difference")),
        };
        found.map_err(|e| stats_error(&e))
    }

    fn execute(&self, printer: &Printer) -> Result<(), Failure> {
        let e = self.value()?;
        let head = Head::computed("E-value (VanderWeele-Ding)", "interval as given");
        Facts::default()
            .with("e_value", e.point)
            .with("e_value_limit", e.limit)
            .with("risk_ratio", e.risk_ratio)
            .with("lower", e.lower)
            .with("upper", e.upper)
            .show(head, printer)
    }
}

impl Rosenbaum {
    fn execute(&self, printer: &Printer) -> Result<(), Failure> {
        let data = Data::read(&self.file, &[self.treated.clone(), self.control.clone()])?;
        let (treated, control) = (data.numbers(&self.treated)?, data.numbers(&self.control)?);
        let differences: Vec<f64> = treated
            .iter()
            .zip(control)
            .map(|(t, c)| t - c)
            .filter(|d| !d.is_nan())
            .collect();
        let pairs = signed_rank_bounds(&differences, &self.gamma).map_err(|e| stats_error(&e))?;
        let breakdown = breakdown_gamma(&differences, self.alpha).ok();
        let bounds: Vec<Value> = pairs
            .bounds
            .iter()
            .map(|b| json!({ "gamma": b.gamma, "lower": b.lower, "upper": b.upper }))
            .collect();
        let facts = Facts::default()
            .with("pairs", pairs.pairs)
            .with("tied", pairs.tied)
            .with("breakdown_gamma", breakdown)
            .with("bounds", bounds);
        let head = Head {
            outcome: &self.treated,
            dropped: json!({ "missing": treated.len() - differences.len(), "tied": pairs.tied }),
            ..Head::computed("Rosenbaum bounds, signed ranks", "normal approximation")
                .of(pairs.pairs)
        };
        facts.print(&head, printer);
        printer.line("");
        let mut table = TextTable::new(&["Gamma", "p lower", "p upper"]);
        for b in &pairs.bounds {
            table.row([b.gamma.to_string(), p_value(b.lower), p_value(b.upper)]);
        }
        printer.line(table.to_string());
        printer.document(&facts.document(head))
    }
}
