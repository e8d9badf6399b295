//! `throughline estimate sgp`: student growth percentiles, one model for each group.

use std::path::PathBuf;

use clap::Args;
use serde_json::{Value, json};
use throughline_stats::formula::{MISSING, groups};
use throughline_stats::growth::{Growth, Knots, growth_percentiles};

use super::super::printer::Printer;
use super::document::{Document, Head};
use super::prepare::{formula_error, names_of_groups, read, stats_error};
use super::table::{TextTable, count, number};
use crate::exit::Failure;

/// Student growth percentiles: where a score falls among those who started from the same place
#[derive(Args, Debug)]
pub(super) struct Sgp {
    /// A CSV or Parquet file with one row a student
    file: PathBuf,
    /// The score now
    #[arg(long, value_name = "COLUMN")]
    score: String,
    /// The score before
    #[arg(long, value_name = "COLUMN")]
    prior: String,
    /// A model for each level, for example `grade^subject^year`
    #[arg(long, value_name = "COLUMNS")]
    by: Option<String>,
    /// Interior knots of the prior score, as a state publishes them [default: its .2, .4, .6 and .8 quantiles]
    #[arg(
        long,
        value_name = "SCORES",
        value_delimiter = ',',
        requires = "boundary"
    )]
    knots: Vec<f64>,
    /// Boundary knots of the prior score [default: its range and a tenth more on either side]
    #[arg(long, num_args = 2, value_names = ["LOW", "HIGH"], requires = "knots")]
    boundary: Vec<f64>,
    /// Use only rows for which this holds
    #[arg(long = "where", value_name = "CONDITION")]
    filter: Option<String>,
    /// Also write `row,percentile` to this CSV file, rows counted from 1 after `--where`
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

/// One model.
struct Group {
    label: String,
    rows: Vec<usize>,
    growth: Growth,
}

impl Group {
    fn median(&self) -> f64 {
        let mut sorted = self.growth.percentiles.clone();
        sorted.sort_unstable();
        let n = sorted.len();
        0.5 * (f64::from(sorted[(n - 1) / 2]) + f64::from(sorted[n / 2]))
    }

    fn mean(&self) -> f64 {
        let sum: u64 = self.growth.percentiles.iter().map(|p| u64::from(*p)).sum();
        sum as f64 / self.growth.percentiles.len() as f64
    }

    fn json(&self) -> Value {
        let fits = self.growth.fits.iter();
        json!({
            "group": self.label,
            "n": self.growth.n,
            "median": self.median(),
            "mean": self.mean(),
            "knots": self.growth.knots,
            "boundary": [self.growth.boundary.0, self.growth.boundary.1],
            "iterations": self.growth.iterations,
            "fits": fits.map(|f| json!({
                "tau": f.tau,
                "coefficients": f.coefficients,
                "objective": f.objective,
            })).collect::<Vec<Value>>(),
        })
    }
}

impl Sgp {
    pub(super) fn execute(&self, printer: &Printer) -> Result<(), Failure> {
        let mut names = vec![self.score.clone(), self.prior.clone()];
        let by: Vec<String> = self.by.iter().cloned().collect();
        let parts = names_of_groups(&by);
        names.extend(parts.clone());
        let (data, filtered) = read(&self.file, names, self.filter.as_deref())?;
        let (score, prior) = (data.numbers(&self.score)?, data.numbers(&self.prior)?);
        let grouping = match &self.by {
            Some(text) => {
                Some(groups(text, &data.frame()).map_err(|e| formula_error(&e, Some(&data)))?)
            }
            None => None,
        };
        let mut members: Vec<Vec<usize>> =
            vec![Vec::new(); grouping.as_ref().map_or(1, |g| g.levels)];
        let mut missing = 0;
        for row in 0..data.rows() {
            let code = grouping.as_ref().map_or(0, |g| g.codes[row]);
            if score[row].is_finite() && prior[row].is_finite() && code != MISSING {
                members[code as usize].push(row);
            } else {
                missing += 1;
            }
        }
        let knots = match self.boundary[..] {
            [low, high] => Some(Knots {
                interior: self.knots.clone(),
                boundary: (low, high),
            }),
            _ => None,
        };
        let mut models = Vec::new();
        for rows in members.into_iter().filter(|m| !m.is_empty()) {
            let label: Vec<String> = parts.iter().map(|p| data.label(p, rows[0])).collect();
            let label = if label.is_empty() {
                "all".to_owned()
            } else {
                label.join("^")
            };
            let pick = |values: &[f64]| rows.iter().map(|&r| values[r]).collect::<Vec<f64>>();
            let growth =
                growth_percentiles(&pick(prior), &pick(score), knots.as_ref()).map_err(|e| {
                    let failure = stats_error(&e);
                    Failure::new(failure.exit, format!("group {label}: {}", failure.message))
                })?;
            models.push(Group {
                label,
                rows,
                growth,
            });
        }
        models.sort_by(|a, b| a.label.cmp(&b.label));
        let mut percentiles: Vec<Option<u8>> = vec![None; data.rows()];
        for model in &models {
            for (&row, &p) in model.rows.iter().zip(&model.growth.percentiles) {
                percentiles[row] = Some(p);
            }
        }
        if let Some(out) = &self.out {
            let mut text = "row,percentile\n".to_owned();
            for (row, p) in percentiles.iter().enumerate() {
                let p = p.map_or_else(String::new, |p| p.to_string());
                text.push_str(&format!("{},{p}\n", row + 1));
            }
            std::fs::write(out, text)
                .map_err(|e| Failure::system(format!("write `{}`", out.display()), &e))?;
        }
        printer.line(format!(
            "Student growth percentiles: {} given {}",
            self.score, self.prior
        ));
        let mut table = TextTable::new(&["Group", "Students", "Median", "Mean"]);
        for model in &models {
            table.row([
                model.label.clone(),
                count(model.growth.n),
                number(model.median()),
                number(model.mean()),
            ]);
        }
        printer.line(table.to_string());
        let document = Document::new(Head {
            estimator: "student growth percentiles",
            outcome: &self.score,
            n: Some(models.iter().map(|m| m.growth.n).sum()),
            dropped: json!({ "filtered": filtered, "missing": missing }),
            clusters: Vec::new(),
            vcov: "none",
        })
        .with(
            "groups",
            models.iter().map(Group::json).collect::<Vec<Value>>(),
        )
        .with("percentiles", percentiles);
        printer.document(&document)
    }
}
