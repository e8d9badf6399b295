//! `throughline estimate did`: units that start at different times against those that have not started.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use serde_json::{Value, json};
use throughline_stats::did::{
    Aggregate, Aggregation, Band, BandOptions, BasePeriod, ControlGroup, GroupTime,
    GroupTimeOptions, ImputationErrors, Method, Pretrend, StaggeredPanel, group_time,
};
use throughline_stats::interval::Estimate;

use super::super::printer::Printer;
use super::did_others::{Parts, decomposed, imputed, interaction_weighted};
use super::document::{Document, Head};
use super::panel::{Panel, PanelArguments};
use super::prepare::stats_error;
use super::table::{STARS, TextTable, count, number, p_value, stars};
use crate::exit::Failure;

/// Staggered difference-in-differences: Callaway and Sant'Anna, and others by `--method`
#[derive(Args, Debug)]
pub(super) struct Did {
    /// A CSV or Parquet file with one row a unit and period
    file: PathBuf,
    #[command(flatten)]
    panel: PanelArguments,
    /// How a cohort is compared with its controls
    #[arg(long, value_enum, default_value_t = MethodName::Dr)]
    method: MethodName,
    /// Who serves as control
    #[arg(long, value_enum, default_value_t = ControlName::Never)]
    control: ControlName,
    /// How effects are averaged
    #[arg(long, value_enum, default_value_t = AggregateName::Simple)]
    aggregate: AggregateName,
    /// The period an effect is measured from: just before each period until the start, or always the last before the start
    #[arg(long, value_enum, default_value_t = BaseName::Varying)]
    base: BaseName,
    /// Periods before the start in which units may already react
    #[arg(long, default_value_t = 0, value_name = "PERIODS")]
    anticipation: u32,
    /// Leave cells out that cannot be estimated, instead of refusing to average
    #[arg(long)]
    skip_missing: bool,
    /// Bands that hold for all effects at once, by multiplier bootstrap
    #[arg(long)]
    bands: bool,
    /// Draws of the bootstrap
    #[arg(long, default_value_t = 999, value_name = "N")]
    draws: usize,
    /// Seed of the bootstrap
    #[arg(long, default_value_t = 1, value_name = "N")]
    seed: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum MethodName {
    /// Doubly robust
    Dr,
    /// Outcome regression
    Reg,
    /// Inverse propensity weighting
    Ipw,
    /// Interaction-weighted event study (Sun and Abraham)
    SunAbraham,
    /// Imputation of what would have been (Borusyak, Jaravel and Spiess)
    Imputation,
    /// The same estimates with the errors of the two-stage regression (Gardner)
    TwoStage,
    /// What the two-way estimate is made of (Goodman-Bacon)
    Bacon,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum ControlName {
    /// Units that never start
    Never,
    /// Units that have not started yet
    #[value(alias = "notyet")]
    NotYet,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum AggregateName {
    /// Every cohort and period by itself
    None,
    /// One number
    Simple,
    /// By cohort
    Group,
    /// By periods since the start
    Event,
    /// By calendar period
    Calendar,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum BaseName {
    Varying,
    Universal,
}

/// A named effect.
struct Row {
    term: String,
    effect: Estimate,
}

impl Did {
    pub(super) fn execute(&self, printer: &Printer) -> Result<(), Failure> {
        let panel = Panel::read(&self.file, &self.panel)?;
        let columns: Vec<&[f64]> = panel.covariates.iter().map(Vec::as_slice).collect();
        let staggered = StaggeredPanel {
            unit: &panel.unit,
            time: &panel.time,
            first_treated: &panel.first,
            outcome: &panel.outcome,
            covariates: &columns,
            weights: panel.weights.as_deref(),
            cluster: panel.cluster.as_deref(),
        };
        let method = match self.method {
            MethodName::Dr => Method::DoublyRobust,
            MethodName::Reg => Method::Regression,
            MethodName::Ipw => Method::InversePropensity,
            _ => return self.others(&staggered, &panel, printer),
        };
        let options = GroupTimeOptions {
            method,
            control: match self.control {
                ControlName::Never => ControlGroup::NeverTreated,
                ControlName::NotYet => ControlGroup::NotYetTreated,
            },
            base_period: match self.base {
                BaseName::Varying => BasePeriod::Varying,
                BaseName::Universal => BasePeriod::Universal,
            },
            anticipation: self.anticipation,
        };
        let mut effects = group_time(&staggered, &options).map_err(|e| stats_error(&e))?;
        let not_estimated = effects.not_estimated.clone();
        if self.skip_missing {
            effects = effects.without_missing();
        }
        let kind = match self.aggregate {
            AggregateName::None => None,
            AggregateName::Simple => Some(Aggregation::Simple),
            AggregateName::Group => Some(Aggregation::Group),
            AggregateName::Event => Some(Aggregation::Event),
            AggregateName::Calendar => Some(Aggregation::Calendar),
        };
        let aggregate = match kind {
            Some(kind) => Some(effects.aggregate(kind).map_err(|e| stats_error(&e))?),
            None => None,
        };
        let rows = rows(&effects, aggregate.as_ref());
        let band = self.band(&effects, aggregate.as_ref())?;
        let pretrend = match &aggregate {
            Some(a) if a.kind == Aggregation::Event => a.pretrend(0.05),
            _ => effects.pretrend(0.05),
        }
        .ok();

        let sample = &effects.sample;
        printer.line(format!(
            "Callaway-Sant'Anna {}, Dep. Var.: {}",
            options.method.name(),
            self.panel.outcome
        ));
        printer.line(format!(
            "Observations: {}   Units: {} ({} never start)   Cohorts: {}",
            count(sample.rows),
            count(sample.units),
            count(sample.never_treated),
            sample.cohorts.len()
        ));
        printer.line(format!(
            "Standard-errors: {} ({} clusters)",
            effects.convention,
            count(sample.clusters)
        ));
        let mut table = header();
        if let Some(a) = &aggregate {
            print_row(&mut table, "overall", &a.overall, None);
        }
        for (i, row) in rows.iter().enumerate() {
            let limits = band.as_ref().map(|b| (b.lower[i], b.upper[i]));
            print_row(&mut table, &row.term, &row.effect, limits);
        }
        printer.line(table.to_string());
        printer.line("---");
        printer.line(STARS);
        if let Some(test) = &pretrend {
            printer.line(format!(
                "Before the start: chi2({}) = {}, p = {}; drifts a period it finds half the time: {}, 4 times in 5: {}",
                test.df,
                number(test.statistic),
                p_value(test.p),
                number(test.power.slope_at_half),
                number(test.power.slope_at_eighty)
            ));
        }
        for cell in &not_estimated {
            printer.note(format!(
                "note: cohort {} in period {} was not estimated: {}",
                cell.group,
                cell.time,
                cell.why.reason()
            ));
        }
        let list: Vec<Value> = rows
            .iter()
            .map(|r| estimate_json(&r.term, &r.effect))
            .collect();
        let missing: Vec<Value> = not_estimated
            .iter()
            .map(|c| json!({ "group": c.group, "time": c.time, "reason": c.why.reason() }))
            .collect();
        let document = Document::new(Head {
            estimator: "Callaway-Sant'Anna",
            outcome: &self.panel.outcome,
            n: Some(sample.rows),
            dropped: panel.dropped(sample),
            clusters: vec![(&panel.cluster_name, sample.clusters)],
            vcov: effects.convention,
        })
        .with("method", options.method.name())
        .with("control", format!("{:?}", options.control))
        .with("base_period", format!("{:?}", options.base_period))
        .with(
            "aggregation",
            aggregate
                .as_ref()
                .map(|a| format!("{:?}", a.kind).to_lowercase()),
        )
        .with("units", sample.units)
        .with("never_treated", sample.never_treated)
        .with("cohorts", &sample.cohorts)
        .with("periods", &sample.periods)
        .with(
            "overall",
            aggregate
                .as_ref()
                .map(|a| estimate_json("overall", &a.overall)),
        )
        .with("coefficients", list)
        .with("band", band.as_ref().map(band_json))
        .with("pretrend", pretrend.as_ref().map(pretrend_json))
        .with("not_estimated", missing);
        printer.document(&document)
    }

    /// Estimators without a choice of controls.
    fn others(
        &self,
        staggered: &StaggeredPanel<'_>,
        panel: &Panel,
        printer: &Printer,
    ) -> Result<(), Failure> {
        if self.bands {
            return Err(Failure::usage(
                "`--bands` needs `--method dr`, `reg` or `ipw`",
            ));
        }
        let parts = match self.aggregate {
            AggregateName::None => Parts::Cells,
            AggregateName::Simple => Parts::Overall,
            AggregateName::Group => Parts::Cohorts,
            AggregateName::Event => Parts::Events,
            AggregateName::Calendar => {
                return Err(Failure::usage(
                    "averages by calendar period are not supported by this method; use `--method dr`",
                ));
            }
        };
        let outcome = &self.panel.outcome;
        match self.method {
            MethodName::Bacon => decomposed(staggered, panel, outcome, printer),
            MethodName::Imputation | MethodName::TwoStage => {
                let errors = match self.method {
                    MethodName::TwoStage => ImputationErrors::TwoStage,
                    _ => ImputationErrors::Conservative,
                };
                let options = (self.anticipation, errors);
                imputed(staggered, panel, outcome, options, parts, printer)
            }
            _ => interaction_weighted(staggered, panel, outcome, parts, printer),
        }
    }

    fn band(
        &self,
        effects: &GroupTime,
        aggregate: Option<&Aggregate>,
    ) -> Result<Option<Band>, Failure> {
        if !self.bands {
            return Ok(None);
        }
        let options = BandOptions {
            draws: self.draws,
            seed: self.seed,
            ..BandOptions::default()
        };
        let band = match aggregate {
            Some(a) if a.effects.is_empty() => return Ok(None),
            Some(a) => a.uniform_band(&options),
            None => effects.uniform_band(&options),
        };
        band.map(Some).map_err(|e| stats_error(&e))
    }
}

fn rows(effects: &GroupTime, aggregate: Option<&Aggregate>) -> Vec<Row> {
    match aggregate {
        None => effects
            .effects
            .iter()
            .map(|e| Row {
                term: format!("ATT({},{})", e.group, e.time),
                effect: e.effect,
            })
            .collect(),
        Some(a) => {
            let letter = match a.kind {
                Aggregation::Event => "e",
                Aggregation::Group => "g",
                Aggregation::Calendar | Aggregation::Simple => "t",
            };
            let named = a.effects.iter();
            named
                .map(|e| Row {
                    term: format!("{letter}={}", e.at),
                    effect: e.effect,
                })
                .collect()
        }
    }
}

pub(super) fn header() -> TextTable {
    TextTable::new(&[
        "",
        "Estimate",
        "Std. Error",
        "lower",
        "upper",
        "Pr(>|z|)",
        "",
    ])
}

pub(super) fn print_row(
    table: &mut TextTable,
    term: &str,
    e: &Estimate,
    limits: Option<(f64, f64)>,
) {
    let (lower, upper) = limits.unwrap_or((e.lower, e.upper));
    table.row([
        term.to_owned(),
        number(e.estimate),
        number(e.se),
        number(lower),
        number(upper),
        p_value(e.p),
        format!("{:<3}", stars(e.p)),
    ]);
}

pub(super) fn estimate_json(term: &str, e: &Estimate) -> Value {
    json!({
        "term": term,
        "estimate": e.estimate,
        "se": e.se,
        "statistic": e.statistic,
        "p": e.p,
        "df": e.df,
        "lower": e.lower,
        "upper": e.upper,
    })
}

fn band_json(band: &Band) -> Value {
    json!({
        "critical": band.critical,
        "lower": band.lower,
        "upper": band.upper,
        "se": band.se,
        "draws": band.draws,
        "clusters": band.clusters,
        "seed": band.seed,
    })
}

fn pretrend_json(test: &Pretrend) -> Value {
    json!({
        "statistic": test.statistic,
        "df": test.df,
        "p": test.p,
        "alpha": test.alpha,
        "slope_at_half": test.power.slope_at_half,
        "slope_at_eighty": test.power.slope_at_eighty,
    })
}
