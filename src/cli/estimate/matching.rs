//! `throughline estimate match`: a comparison group that looks like the treated one, the table that shows it, and the difference in outcomes.

use clap::{Args, ValueEnum};
use serde_json::{Value, json};
use throughline_stats::StatsError;
use throughline_stats::formula::{Formula, Grouping, MISSING, Model, groups};
use throughline_stats::matching::{
    Balance, BalanceRow, Caliper, Distance, EntropyOptions, Estimand, Matched, NearestOptions,
    Order, WeightedDifference, WeightedVariance, balance, coarsened, entropy_balance, exact,
    inverse_propensity, nearest, propensity, sturges, subclassify, weighted_difference,
};

use super::super::printer::Printer;
use super::did::estimate_json;
use super::document::{Document, Head};
use super::prepare::{formula_error, names_of, names_of_groups, read, stats_error};
use super::table::{TextTable, count, number, p_value};
use crate::exit::{Exit, Failure};

/// Matching and weighting: `treated ~ covariates`
#[derive(Args, Debug)]
pub(super) struct Match {
    /// A CSV or Parquet file
    file: std::path::PathBuf,
    /// For example `treat ~ age + educ + race`; the treated have 1, the others 0
    formula: String,
    /// Outcome to compare afterwards
    #[arg(long, value_name = "COLUMN")]
    outcome: Option<String>,
    /// How the comparison group is made
    #[arg(long, value_enum, default_value_t = MethodName::Nearest)]
    method: MethodName,
    /// Whose effect: of the treated, or of everyone (inverse propensity only)
    #[arg(long, value_enum, default_value_t = EstimandName::Att)]
    estimand: EstimandName,
    /// What closeness means (nearest)
    #[arg(long, value_enum, default_value_t = DistanceName::Score)]
    distance: DistanceName,
    /// Comparison rows for each treated row (nearest)
    #[arg(long, default_value_t = 1)]
    ratio: usize,
    /// A comparison row may serve more than once (nearest)
    #[arg(long)]
    replace: bool,
    /// Largest distance of a pair, in standard deviations of the score (nearest)
    #[arg(long, value_name = "SD")]
    caliper: Option<f64>,
    /// Pairs must agree on these columns (nearest)
    #[arg(long, value_name = "COLUMNS", value_delimiter = ',')]
    within: Vec<String>,
    /// Treated rows choose in the order of the file, not the largest score first (nearest)
    #[arg(long)]
    in_order: bool,
    /// Bins of each number (coarsened) [default: Sturges' rule]
    #[arg(long, value_name = "N")]
    bins: Option<usize>,
    /// Strata (subclass)
    #[arg(long, default_value_t = 6, value_name = "N")]
    strata: usize,
    /// Variance of the difference [default: cr1 by pair or stratum, hc3 with replacement, hc1 with weights]
    #[arg(long, value_enum, value_name = "KIND")]
    vcov: Option<VcovName>,
    /// Use only rows for which this holds
    #[arg(long = "where", value_name = "CONDITION")]
    filter: Option<String>,
    /// Confidence level
    #[arg(long, default_value_t = 0.95, value_name = "SHARE")]
    level: f64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum MethodName {
    /// Pairs of nearest rows
    Nearest,
    /// Rows equal in every covariate
    Exact,
    /// Rows equal after numbers are cut into bins
    #[value(alias = "cem")]
    Coarsened,
    /// Strata of the propensity score
    Subclass,
    /// Inverse propensity weights
    Ipw,
    /// Weights that reproduce the treated means
    Entropy,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum EstimandName {
    Att,
    Ate,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum DistanceName {
    /// Propensity score
    Score,
    /// Log odds of the propensity score
    LogOdds,
    /// Mahalanobis distance of the covariates
    Mahalanobis,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum VcovName {
    Hc1,
    Hc3,
    Cr1,
}

/// Complete rows of the file.
struct Rows {
    treatment: String,
    treated: Vec<bool>,
    /// Covariates as the propensity model takes them.
    covariates: Vec<(String, Vec<f64>)>,
    /// Covariates as the table of balance shows them: every level of a category.
    shown: Vec<(String, Vec<f64>)>,
    outcome: Option<Vec<f64>>,
    within: Option<Vec<u32>>,
    filtered: usize,
    missing: usize,
}

fn borrow(columns: &[(String, Vec<f64>)]) -> Vec<(&str, &[f64])> {
    columns
        .iter()
        .map(|(n, v)| (n.as_str(), v.as_slice()))
        .collect()
}

impl Rows {
    fn read(arguments: &Match) -> Result<Self, Failure> {
        let formula = Formula::parse(&arguments.formula).map_err(|e| formula_error(&e, None))?;
        let outcome = match &arguments.outcome {
            Some(text) => Some((
                text,
                throughline_stats::formula::expression(text)
                    .map_err(|e| formula_error(&e, None))?,
            )),
            None => None,
        };
        let mut names: Vec<String> = formula.names().into_iter().map(str::to_owned).collect();
        names.extend(outcome.iter().flat_map(|(_, e)| names_of(e)));
        names.extend(names_of_groups(&arguments.within));
        let (data, filtered) = read(&arguments.file, names, arguments.filter.as_deref())?;
        let frame = data.frame();
        let explain = |e| formula_error(&e, Some(&data));
        let model = Model::build(&formula, &frame).map_err(explain)?;
        let (&[treatment], [covariates]) = (&model.outcomes[..], &model.specifications[..]) else {
            return Err(Failure::usage(
                "write one treatment and one set of covariates: `treated ~ a + b`",
            ));
        };
        if covariates.is_empty() {
            return Err(Failure::usage("name covariates: `treated ~ a + b`"));
        }
        let mut shown: Vec<(String, Vec<f64>)> = Vec::new();
        for term in formula.specifications.iter().flatten() {
            let alone = Formula {
                specifications: vec![vec![term.clone()]],
                intercept: false,
                effects: Vec::new(),
                ..formula.clone()
            };
            let mut alone = Model::build(&alone, &frame).map_err(explain)?;
            for &at in &std::mem::take(&mut alone.specifications[0]) {
                let column = std::mem::take(&mut alone.columns[at]);
                shown.push((column.name, column.values));
            }
        }
        let outcome = match outcome {
            Some((text, e)) => {
                Some(throughline_stats::formula::evaluate(&e, text, &frame).map_err(explain)?)
            }
            None => None,
        };
        let within: Option<Grouping> = if arguments.within.is_empty() {
            None
        } else {
            Some(groups(&arguments.within.join("^"), &frame).map_err(explain)?)
        };
        let columns = || covariates.iter().map(|&c| &model.columns[c]);
        let of = &model.columns[treatment].values;
        let keep: Vec<usize> = (0..data.rows())
            .filter(|&i| {
                !of[i].is_nan()
                    && columns().all(|c| c.values[i].is_finite())
                    && shown.iter().all(|(_, v)| v[i].is_finite())
                    && outcome.as_ref().is_none_or(|y| y[i].is_finite())
                    && within.as_ref().is_none_or(|w| w.codes[i] != MISSING)
            })
            .collect();
        if keep.iter().any(|&i| of[i] != 0.0 && of[i] != 1.0) {
            return Err(Failure::new(
                Exit::DataRefused,
                format!(
                    "`{}` must be 1 for the treated and 0 for the others",
                    model.columns[treatment].name
                ),
            ));
        }
        let pick = |v: &[f64]| keep.iter().map(|&i| v[i]).collect::<Vec<f64>>();
        Ok(Self {
            treatment: model.columns[treatment].name.clone(),
            treated: keep.iter().map(|&i| of[i] == 1.0).collect(),
            covariates: columns()
                .map(|c| (c.name.clone(), pick(&c.values)))
                .collect(),
            shown: shown.iter().map(|(n, v)| (n.clone(), pick(v))).collect(),
            outcome: outcome.as_deref().map(pick),
            within: within.map(|w| keep.iter().map(|&i| w.codes[i]).collect()),
            filtered,
            missing: data.rows() - keep.len(),
        })
    }
}

impl Match {
    fn matched(&self, rows: &Rows) -> Result<(Matched, Option<Vec<f64>>), StatsError> {
        let covariates = borrow(&rows.covariates);
        let treated = &rows.treated;
        let score = || propensity(treated, &covariates, None);
        let estimand = self.estimand();
        Ok(match self.method {
            MethodName::Nearest => {
                let options = NearestOptions {
                    ratio: self.ratio,
                    replacement: self.replace,
                    caliper: self.caliper.map(Caliper::StandardDeviations),
                    order: if self.in_order {
                        Order::Rows
                    } else {
                        Order::LargestFirst
                    },
                    within: rows.within.as_deref(),
                };
                if self.distance == DistanceName::Mahalanobis {
                    (
                        nearest(treated, Distance::Mahalanobis(&covariates), &options)?,
                        None,
                    )
                } else {
                    let fitted = score()?;
                    let by = if self.distance == DistanceName::LogOdds {
                        &fitted.log_odds
                    } else {
                        &fitted.score
                    };
                    (
                        nearest(treated, Distance::Score(by), &options)?,
                        Some(fitted.score),
                    )
                }
            }
            MethodName::Exact => (exact(treated, &borrow(&rows.shown))?, None),
            MethodName::Coarsened => {
                let bins = self.bins.unwrap_or_else(|| sturges(treated.len()));
                let indicator = |v: &[f64]| v.iter().all(|x| *x == 0.0 || *x == 1.0);
                let cut: Vec<(&str, &[f64], Option<usize>)> = rows
                    .shown
                    .iter()
                    .map(|(n, v)| (n.as_str(), v.as_slice(), (!indicator(v)).then_some(bins)))
                    .collect();
                (coarsened(treated, &cut)?, None)
            }
            MethodName::Subclass => {
                let fitted = score()?;
                (
                    subclassify(treated, &fitted.score, self.strata)?,
                    Some(fitted.score),
                )
            }
            MethodName::Ipw => {
                let fitted = score()?;
                (
                    inverse_propensity(treated, &fitted.score, estimand)?,
                    Some(fitted.score),
                )
            }
            MethodName::Entropy => (
                entropy_balance(treated, &covariates, &EntropyOptions::default())?.matched,
                None,
            ),
        })
    }

    fn estimand(&self) -> Estimand {
        match self.estimand {
            EstimandName::Att => Estimand::Treated,
            EstimandName::Ate => Estimand::Everyone,
        }
    }

    fn effect(
        &self,
        rows: &Rows,
        matched: &Matched,
    ) -> Result<Option<WeightedDifference>, StatsError> {
        let Some(outcome) = &rows.outcome else {
            return Ok(None);
        };
        let has_strata = matched.stratum.iter().any(Option::is_some);
        let kind = self.vcov.unwrap_or(match self.method {
            MethodName::Nearest if self.replace => VcovName::Hc3,
            _ if has_strata => VcovName::Cr1,
            _ => VcovName::Hc1,
        });
        let variance = match kind {
            VcovName::Hc1 => WeightedVariance::Hc1,
            VcovName::Hc3 => WeightedVariance::Hc3,
            VcovName::Cr1 => WeightedVariance::Cr1(&matched.stratum),
        };
        let effect = weighted_difference(
            outcome,
            &rows.treated,
            &matched.weights,
            variance,
            self.level,
        )?;
        Ok(Some(effect))
    }

    pub(super) fn execute(&self, printer: &Printer) -> Result<(), Failure> {
        if self.estimand == EstimandName::Ate && self.method != MethodName::Ipw {
            return Err(Failure::usage(
                "the effect on everyone is not supported by this method\n  hint: use `--method ipw`, or `--estimand att`",
            ));
        }
        let rows = Rows::read(self)?;
        let (matched, score) = self.matched(&rows).map_err(|e| stats_error(&e))?;
        let mut shown = borrow(&rows.shown);
        if let Some(score) = &score {
            shown.insert(0, ("distance", score));
        }
        let table = balance(
            &rows.treated,
            &shown,
            Some(&matched.weights),
            self.estimand(),
        )
        .map_err(|e| stats_error(&e))?;
        let effect = self.effect(&rows, &matched).map_err(|e| stats_error(&e))?;

        printer.line(format!(
            "Matching: {}, treatment: {}",
            matched.method, rows.treatment
        ));
        printer.line(format!(
            "Treated: {} used, {} without a counterpart (effective {})   Comparison: {} used, {} not (effective {})",
            count(matched.treated),
            count(matched.treated_dropped),
            number(matched.treated_effective),
            count(matched.comparison),
            count(matched.comparison_dropped),
            number(matched.comparison_effective)
        ));
        if rows.missing + rows.filtered > 0 {
            printer.line(format!(
                "Left out: {} filtered, {} missing",
                count(rows.filtered),
                count(rows.missing)
            ));
        }
        printer.line(balance_table(&table).to_string());
        if let Some(found) = &effect {
            let e = &found.effect;
            printer.line(format!(
                "\nDifference in {}: {} (se {}, {}), p = {}, {} % interval {} to {}",
                self.outcome.as_deref().unwrap_or(""),
                number(e.estimate),
                number(e.se),
                found.vcov,
                p_value(e.p),
                number(100.0 * e.level),
                number(e.lower),
                number(e.upper)
            ));
        }
        let document = Document::new(Head {
            estimator: "matching",
            outcome: self.outcome.as_deref().unwrap_or(""),
            n: Some(rows.treated.len()),
            dropped: json!({
                "filtered": rows.filtered,
                "missing": rows.missing,
                "treated_without_counterpart": matched.treated_dropped,
                "comparison_not_used": matched.comparison_dropped,
            }),
            clusters: effect
                .iter()
                .filter_map(|e| Some(("pair or stratum", e.clusters?)))
                .collect(),
            vcov: effect.as_ref().map_or("none", |e| e.vcov),
        })
        .with("method", matched.method)
        .with(
            "estimand",
            if self.estimand == EstimandName::Att {
                "att"
            } else {
                "ate"
            },
        )
        .with("treated", matched.treated)
        .with("treated_dropped", matched.treated_dropped)
        .with("treated_effective", matched.treated_effective)
        .with("comparison", matched.comparison)
        .with("comparison_dropped", matched.comparison_dropped)
        .with("comparison_effective", matched.comparison_effective)
        .with("pairs", matched.pairs.len())
        .with("total_distance", matched.total_distance)
        .with("largest_difference", table.largest)
        .with(
            "balance",
            table.rows.iter().map(balance_json).collect::<Vec<_>>(),
        )
        .with(
            "coefficients",
            effect
                .iter()
                .map(|e| estimate_json(&rows.treatment, &e.effect))
                .collect::<Vec<Value>>(),
        );
        printer.document(&document)
    }
}

fn balance_json(r: &BalanceRow) -> Value {
    json!({
        "term": r.name,
        "treated": r.treated,
        "comparison": r.comparison,
        "difference": r.difference,
        "unadjusted_difference": r.unadjusted_difference,
        "variance_ratio": r.variance_ratio,
        "ecdf_mean": r.ecdf_mean,
        "ecdf_max": r.ecdf_max,
    })
}

fn balance_table(balance: &Balance) -> TextTable {
    let mut table = TextTable::new(&[
        "",
        "Treated",
        "Comparison",
        "Difference",
        "before",
        "Var. ratio",
        "eCDF max",
    ]);
    for row in &balance.rows {
        table.row([
            row.name.clone(),
            number(row.treated),
            number(row.comparison),
            number(row.difference),
            number(row.unadjusted_difference),
            row.variance_ratio.map_or_else(String::new, number),
            number(row.ecdf_max),
        ]);
    }
    table
}
