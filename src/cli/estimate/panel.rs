//! A panel of units that start at different times, read from a file.

use std::path::Path;

use clap::Args;
use serde_json::{Value, json};
use throughline_stats::did::PanelSample;
use throughline_stats::formula::{
    Formula, FormulaError, MISSING, Model, evaluate, expression, groups,
};

use super::prepare::{formula_error, names_of, names_of_groups, read};
use crate::exit::{Exit, Failure};

/// Which columns are what.
#[derive(Args, Debug)]
pub(super) struct PanelArguments {
    /// Outcome: a column or an expression such as `log(y)`
    #[arg(long, value_name = "COLUMN")]
    pub outcome: String,
    /// Unit: a column, or several crossed as `a^b`
    #[arg(long, value_name = "COLUMN")]
    pub unit: String,
    /// Period, a whole number
    #[arg(long, value_name = "COLUMN")]
    pub time: String,
    /// Period in which the unit starts; 0, infinite or missing when it never does
    #[arg(long, value_name = "COLUMN")]
    pub cohort: String,
    /// Covariates: `a,b` or a formula such as `log(a) + factor(b)`
    #[arg(long, value_name = "TERMS")]
    pub covariates: Option<String>,
    /// Cluster above the unit
    #[arg(long, value_name = "COLUMN")]
    pub cluster: Option<String>,
    /// Column (or expression) that weighs the rows
    #[arg(long, value_name = "COLUMN")]
    pub weights: Option<String>,
    /// Use only rows for which this holds
    #[arg(long = "where", value_name = "CONDITION")]
    pub filter: Option<String>,
}

/// A panel in memory.
pub(super) struct Panel {
    pub unit: Vec<u32>,
    pub time: Vec<i32>,
    pub first: Vec<Option<i32>>,
    pub outcome: Vec<f64>,
    pub covariates: Vec<Vec<f64>>,
    pub weights: Option<Vec<f64>>,
    pub cluster: Option<Vec<u32>>,
    pub cluster_name: String,
    /// Rows `--where` left out.
    pub filtered: usize,
    /// Rows with a missing value.
    pub missing: usize,
}

impl Panel {
    /// Rows and units left out, by reason.
    pub(super) fn dropped(&self, sample: &PanelSample) -> Value {
        json!({
            "filtered": self.filtered,
            "missing": self.missing,
            "units_incomplete": sample.dropped.incomplete,
            "units_without_a_period_before": sample.dropped.no_period_before,
        })
    }

    pub(super) fn read(file: &Path, arguments: &PanelArguments) -> Result<Self, Failure> {
        let plain = |e: FormulaError| formula_error(&e, None);
        let text = arguments.covariates.as_deref().unwrap_or("1");
        let listed = if text.contains('(') {
            text.to_owned()
        } else {
            text.replace(',', " + ")
        };
        let formula = Formula::parse(&format!("~ {listed}")).map_err(plain)?;
        let outcome = expression(&arguments.outcome).map_err(plain)?;
        let weights = match &arguments.weights {
            Some(text) => Some((text, expression(text).map_err(plain)?)),
            None => None,
        };
        let mut names: Vec<String> = formula.names().into_iter().map(str::to_owned).collect();
        names.extend(names_of(&outcome));
        names.extend(weights.iter().flat_map(|(_, w)| names_of(w)));
        let groups_named = [Some(&arguments.unit), arguments.cluster.as_ref()];
        let group_texts: Vec<String> = groups_named.into_iter().flatten().cloned().collect();
        names.extend(names_of_groups(&group_texts));
        names.extend([arguments.time.clone(), arguments.cohort.clone()]);
        let (data, filtered) = read(file, names, arguments.filter.as_deref())?;
        let frame = data.frame();
        let explain = |e: FormulaError| formula_error(&e, Some(&data));

        let model = Model::build(&formula, &frame).map_err(explain)?;
        let outcome = evaluate(&outcome, &arguments.outcome, &frame).map_err(explain)?;
        let unit = groups(&arguments.unit, &frame).map_err(explain)?;
        let cluster = match &arguments.cluster {
            Some(text) => Some(groups(text, &frame).map_err(explain)?),
            None => None,
        };
        let weights = match weights {
            Some((text, w)) => Some(evaluate(&w, text, &frame).map_err(explain)?),
            None => None,
        };
        let time = data.numbers(&arguments.time)?;
        let start = data.numbers(&arguments.cohort)?;
        let columns: Vec<usize> = model.specifications.first().cloned().unwrap_or_default();
        let keep: Vec<usize> = (0..data.rows())
            .filter(|&i| {
                outcome[i].is_finite()
                    && !time[i].is_nan()
                    && unit.codes[i] != MISSING
                    && cluster.as_ref().is_none_or(|c| c.codes[i] != MISSING)
                    && weights.as_ref().is_none_or(|w| w[i].is_finite())
                    && columns
                        .iter()
                        .all(|&c| model.columns[c].values[i].is_finite())
            })
            .collect();
        let whole = |name: &str, x: f64| {
            if x.fract() == 0.0 && x.abs() < 1e9 {
                Ok(x as i32)
            } else {
                Err(Failure::new(
                    Exit::DataRefused,
                    format!("column `{name}` must hold whole numbers"),
                ))
            }
        };
        let never = |x: f64| x.is_nan() || x.is_infinite() || x == 0.0;
        let pick = |values: &[f64]| keep.iter().map(|&i| values[i]).collect::<Vec<f64>>();
        Ok(Self {
            unit: keep.iter().map(|&i| unit.codes[i]).collect(),
            time: keep
                .iter()
                .map(|&i| whole(&arguments.time, time[i]))
                .collect::<Result<_, _>>()?,
            first: keep
                .iter()
                .map(|&i| match start[i] {
                    x if never(x) => Ok(None),
                    x => whole(&arguments.cohort, x).map(Some),
                })
                .collect::<Result<_, _>>()?,
            outcome: pick(&outcome),
            covariates: columns
                .iter()
                .map(|&c| pick(&model.columns[c].values))
                .collect(),
            weights: weights.as_deref().map(pick),
            cluster: cluster
                .as_ref()
                .map(|c| keep.iter().map(|&i| c.codes[i]).collect()),
            cluster_name: cluster.map_or_else(|| unit.name.clone(), |c| c.name),
            filtered,
            missing: data.rows() - keep.len(),
        })
    }
}
