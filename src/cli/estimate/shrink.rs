//! `throughline estimate shrink`: many noisy effects, each told with how much of it is likely to be noise.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use serde_json::{Value, json};
use throughline_stats::Column;
use throughline_stats::empirical_bayes::{Heterogeneity, shrink, shrink_group_means};
use throughline_stats::formula::{MISSING, groups};
use throughline_stats::mixed::{MixedDesign, MixedOptions, RandomTerm, mixed};

use super::super::printer::Printer;
use super::data::Data;
use super::document::{Document, Head};
use super::prepare::{formula_error, names_of_groups, read, stats_error};
use super::table::{TextTable, count, number};
use crate::exit::Failure;

/// Empirical-Bayes shrinkage of estimates with standard errors, or of the means of groups
#[derive(Args, Debug)]
pub(super) struct Shrink {
    /// A CSV or Parquet file: one row an estimate (`--estimate`, `--se`), or one row an observation (`--value`, `--group`)
    file: PathBuf,
    /// Column of estimates
    #[arg(long, value_name = "COLUMN", requires = "se", conflicts_with_all = ["value", "group", "weights"], required_unless_present = "value")]
    estimate: Option<String>,
    /// Column of their standard errors
    #[arg(long, value_name = "COLUMN", requires = "estimate")]
    se: Option<String>,
    /// Column that names them
    #[arg(long, value_name = "COLUMN")]
    label: Option<String>,
    /// Column of values, whose group means are shrunk as a mixed model does
    #[arg(long, value_name = "COLUMN", requires = "group")]
    value: Option<String>,
    /// Group of each value: a column, or several crossed as `a^b`
    #[arg(long, value_name = "COLUMN", requires = "value")]
    group: Option<String>,
    /// Column that weighs the values
    #[arg(long, value_name = "COLUMN")]
    weights: Option<String>,
    /// How the variance of the true effects is estimated (estimates)
    #[arg(long, value_enum, default_value_t = Method::Pm)]
    method: Method,
    /// A known variance of the true effects instead (estimates)
    #[arg(long, value_name = "VARIANCE", conflicts_with_all = ["method", "value"])]
    variance: Option<f64>,
    /// Also tell how likely the true effect is above this (estimates)
    #[arg(
        long,
        value_name = "EFFECT",
        allow_hyphen_values = true,
        conflicts_with = "value"
    )]
    threshold: Option<f64>,
    /// Use only rows for which this holds
    #[arg(long = "where", value_name = "CONDITION")]
    filter: Option<String>,
    /// Confidence level
    #[arg(long, default_value_t = 0.95, value_name = "SHARE")]
    level: f64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Method {
    /// Paule and Mandel
    Pm,
    /// DerSimonian and Laird
    Dl,
}

impl Shrink {
    pub(super) fn execute(&self, printer: &Printer) -> Result<(), Failure> {
        match (&self.estimate, &self.se, &self.value, &self.group) {
            (Some(estimate), Some(se), _, _) => self.estimates(estimate, se, printer),
            (_, _, Some(value), Some(group)) => self.means(value, group, printer),
            _ => Err(Failure::usage(
                "name `--estimate` and `--se`, or `--value` and `--group`",
            )),
        }
    }

    fn estimates(&self, estimate: &str, se: &str, printer: &Printer) -> Result<(), Failure> {
        let mut names = vec![estimate.to_owned(), se.to_owned()];
        names.extend(self.label.clone());
        let (data, filtered) = read(&self.file, names, self.filter.as_deref())?;
        let (raw, errors) = (data.numbers(estimate)?, data.numbers(se)?);
        let rows: Vec<usize> = (0..data.rows())
            .filter(|&i| raw[i].is_finite() && errors[i].is_finite())
            .collect();
        let pick = |v: &[f64]| rows.iter().map(|&i| v[i]).collect::<Vec<f64>>();
        let (raw, errors) = (pick(raw), pick(errors));
        let method = match (self.variance, self.method) {
            (Some(known), _) => Heterogeneity::Known(known),
            (None, Method::Pm) => Heterogeneity::PauleMandel,
            (None, Method::Dl) => Heterogeneity::DerSimonianLaird,
        };
        let found = shrink(&raw, &errors, method, self.level).map_err(|e| stats_error(&e))?;
        let labels = self.labels(&data, &rows);
        printer.line(format!("Empirical Bayes: {estimate} ± {se}"));
        printer.line(format!(
            "Effects: {}   mean {} (se {})   sd of true effects {}   I2 {}",
            count(rows.len()),
            number(found.mean.estimate),
            number(found.mean.se),
            number(found.variance.sqrt()),
            number(found.i2)
        ));
        let mut table = TextTable::new(&[
            "",
            "Estimate",
            "Std. Error",
            "Reliability",
            "Shrunk",
            "lower",
            "upper",
            "Rank",
        ]);
        let mut effects: Vec<Value> = Vec::new();
        for (i, e) in found.effects.iter().enumerate() {
            table.row([
                labels[i].clone(),
                number(raw[i]),
                number(errors[i]),
                number(e.reliability),
                number(e.shrunk.estimate),
                number(e.shrunk.lower),
                number(e.shrunk.upper),
                e.rank.to_string(),
            ]);
            effects.push(json!({
                "label": labels[i],
                "estimate": raw[i],
                "se": errors[i],
                "reliability": e.reliability,
                "shrunk": e.shrunk.estimate,
                "shrunk_se": e.shrunk.se,
                "lower": e.shrunk.lower,
                "upper": e.shrunk.upper,
                "rank": e.rank,
                "above": self.threshold.map(|t| e.probability_above(t)),
            }));
        }
        printer.line(table.to_string());
        let document = Document::new(Head {
            estimator: "empirical Bayes",
            outcome: estimate,
            n: Some(rows.len()),
            dropped: json!({ "filtered": filtered, "missing": data.rows() - rows.len() }),
            clusters: Vec::new(),
            vcov: found.vcov,
        })
        .with(
            "mean",
            json!({ "estimate": found.mean.estimate, "se": found.mean.se }),
        )
        .with("method", found.method)
        .with("variance", found.variance)
        .with("q", found.q)
        .with("q_p", found.q_p)
        .with("i2", found.i2)
        .with("level", self.level)
        .with("threshold", self.threshold)
        .with("effects", effects);
        printer.document(&document)
    }

    fn labels(&self, data: &Data, rows: &[usize]) -> Vec<String> {
        rows.iter()
            .map(|&row| match &self.label {
                Some(column) => data.label(column, row),
                None => (row + 1).to_string(),
            })
            .collect()
    }

    /// One-way: variances by REML, then each mean by how much it rests on.
    fn means(&self, value: &str, group: &str, printer: &Printer) -> Result<(), Failure> {
        let parts = names_of_groups(&[group.to_owned()]);
        let mut names = parts.clone();
        names.push(value.to_owned());
        names.extend(self.weights.clone());
        let (data, filtered) = read(&self.file, names, self.filter.as_deref())?;
        let grouping = groups(group, &data.frame()).map_err(|e| formula_error(&e, Some(&data)))?;
        let values = data.numbers(value)?;
        let weights = match &self.weights {
            Some(column) => Some(data.numbers(column)?),
            None => None,
        };
        let weight = |i: usize| weights.map_or(1.0, |w| w[i]);
        let rows: Vec<bool> = (0..data.rows())
            .map(|i| values[i].is_finite() && weight(i).is_finite() && grouping.codes[i] != MISSING)
            .collect();
        let design = MixedDesign {
            sample: Some(&rows),
            weights,
            random: vec![RandomTerm::intercept(&grouping.name, &grouping.codes)],
            ..MixedDesign::default()
        };
        let options = MixedOptions {
            level: self.level,
            ..MixedOptions::default()
        };
        let outcome = Column {
            name: value,
            values,
        };
        let fit = mixed(&design, &outcome, &[], &options).map_err(|e| stats_error(&e))?;
        let tau2 = fit.random[0].variance;
        let mean = &fit.coefficients[0];
        // Sums by group, in the order of the file.
        let mut sums = vec![(0.0, 0.0, None); grouping.levels];
        for i in (0..data.rows()).filter(|&i| rows[i] && weight(i) > 0.0) {
            let s = &mut sums[grouping.codes[i] as usize];
            s.0 += weight(i);
            s.1 += weight(i) * values[i];
            s.2.get_or_insert(i);
        }
        let live: Vec<(f64, f64, usize)> = sums
            .into_iter()
            .filter_map(|(w, total, first)| first.map(|f| (w, total / w, f)))
            .collect();
        let deviations: Vec<f64> = live.iter().map(|l| l.1 - mean.estimate).collect();
        let mass: Vec<f64> = live.iter().map(|l| l.0).collect();
        let shrunk = shrink_group_means(&deviations, &mass, tau2, fit.residual_variance)
            .map_err(|e| stats_error(&e))?;
        printer.line(format!(
            "Empirical Bayes: means of {value} by {}",
            grouping.name
        ));
        printer.line(format!(
            "Observations: {}   Groups: {}   mean {} (se {})   variance between {}, within {}",
            count(fit.n),
            count(live.len()),
            number(mean.estimate),
            number(mean.se),
            number(tau2),
            number(fit.residual_variance)
        ));
        let mut table = TextTable::new(&[
            &grouping.name,
            "Weight",
            "Mean",
            "Reliability",
            "Deviation, shrunk",
        ]);
        let mut effects: Vec<Value> = Vec::new();
        for ((w, average, first), (reliability, deviation)) in live.iter().zip(&shrunk) {
            let label: Vec<String> = parts.iter().map(|p| data.label(p, *first)).collect();
            let label = label.join("^");
            table.row([
                label.clone(),
                number(*w),
                number(*average),
                number(*reliability),
                number(*deviation),
            ]);
            effects.push(json!({
                "label": label,
                "weight": w,
                "estimate": average,
                "reliability": reliability,
                "shrunk": deviation,
            }));
        }
        printer.line(table.to_string());
        let document = Document::new(Head {
            estimator: "empirical Bayes",
            outcome: value,
            n: Some(fit.n),
            dropped: json!({
                "filtered": filtered,
                "missing": rows.iter().filter(|keep| !**keep).count(),
                "zero_weight": fit.dropped.zero_weight,
            }),
            clusters: vec![(&grouping.name, live.len())],
            vcov: "one-way random effects, REML",
        })
        .with("mean", json!({ "estimate": mean.estimate, "se": mean.se }))
        .with("variance", tau2)
        .with("residual_variance", fit.residual_variance)
        .with("level", self.level)
        .with("singular", fit.singular)
        .with("effects", effects);
        printer.document(&document)
    }
}
