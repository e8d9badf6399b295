//! Reads a reference case (data as CSV, expected results as JSON) and runs it through the crate.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use serde_json::Value;
use throughline_stats::glm::{logit, negative_binomial, poisson};
use throughline_stats::iv::iv;
use throughline_stats::{
    ClusterFactor, Column, CountLevels, Design, Effect, Fit, FitOptions, StatsError, Vcov,
    WildWeights, ols,
};

/// Numeric columns of a CSV with a header; empty cells are NaN.
pub(crate) struct Table {
    pub(crate) names: Vec<String>,
    pub(crate) columns: Vec<Vec<f64>>,
}

impl Table {
    pub(crate) fn read(path: &Path) -> Self {
        let text = fs::read_to_string(path).expect("reference data");
        let mut lines = text.lines();
        let names: Vec<String> = lines
            .next()
            .expect("header")
            .split(',')
            .map(str::to_owned)
            .collect();
        let mut columns = vec![Vec::new(); names.len()];
        for line in lines {
            for (column, cell) in columns.iter_mut().zip(line.split(',')) {
                column.push(if cell.is_empty() {
                    f64::NAN
                } else {
                    cell.parse().expect("number")
                });
            }
        }
        Self { names, columns }
    }

    pub(crate) fn column(&self, name: &str) -> &[f64] {
        let at = self.names.iter().position(|n| n == name);
        &self.columns[at.unwrap_or_else(|| panic!("no column {name}"))]
    }

    /// Codes of one column, or of the crossing of several.
    fn codes(&self, names: &[&str]) -> Vec<u32> {
        let parts: Vec<&[f64]> = names.iter().map(|n| self.column(n)).collect();
        let mut seen: BTreeMap<Vec<u64>, u32> = BTreeMap::new();
        (0..parts[0].len())
            .map(|i| {
                let next = seen.len() as u32;
                let key = parts.iter().map(|p| p[i].to_bits()).collect();
                *seen.entry(key).or_insert(next)
            })
            .collect()
    }
}

/// One expected result.
pub(crate) struct Case {
    pub(crate) id: String,
    pub(crate) spec: Value,
}

/// All cases of a folder: every `*.json` names its data file.
pub(crate) fn folder(path: &Path) -> Vec<(Table, Vec<Case>)> {
    let mut files: Vec<_> = fs::read_dir(path)
        .expect("reference folder")
        .map(|f| f.expect("entry").path())
        .filter(|p| p.extension().is_some_and(|e| e == "json"))
        .collect();
    files.sort();
    files
        .iter()
        .filter_map(|file| {
            let json: Value =
                serde_json::from_str(&fs::read_to_string(file).expect("json")).expect("json");
            let data = json.get("data")?.as_str()?;
            let table = Table::read(&path.join(data));
            let cases = json["cases"]
                .as_array()
                .expect("cases")
                .iter()
                .map(|c| Case {
                    id: c["id"].as_str().expect("id").to_owned(),
                    spec: c.clone(),
                })
                .collect();
            Some((table, cases))
        })
        .collect()
}

fn strings(v: &Value) -> Vec<String> {
    v.as_array()
        .map(|a| {
            a.iter()
                .map(|s| s.as_str().expect("string").to_owned())
                .collect()
        })
        .unwrap_or_default()
}

impl Case {
    fn text(&self, key: &str) -> &str {
        self.spec[key].as_str().unwrap_or("")
    }

    fn flag(&self, key: &str) -> bool {
        self.spec[key].as_bool().unwrap_or(false)
    }

    fn options(&self) -> FitOptions {
        let vcov = match self.text("vcov") {
            "iid" => Vcov::Iid,
            "hc1" => Vcov::Hc1,
            "hc2" => Vcov::Hc2,
            "hc3" => Vcov::Hc3,
            "crv1" => Vcov::Crv1,
            "cr2" => Vcov::Cr2,
            "crv3" => Vcov::Crv3,
            "wild" => Vcov::Wild {
                draws: 100_000,
                seed: 1,
                weights: WildWeights::Rademacher,
                impose_null: true,
            },
            other => panic!("unknown vcov {other}"),
        };
        let mut options = FitOptions::new(vcov);
        let ssc = &self.spec["ssc"];
        if let Some(v) = ssc["adjust_parameters"].as_bool() {
            options.ssc.adjust_parameters = v;
        }
        if let Some(v) = ssc["adjust_clusters"].as_bool() {
            options.ssc.adjust_clusters = v;
        }
        if let Some(v) = ssc["exact_levels"].as_bool() {
            options.ssc.exact_levels = v;
        }
        match ssc["count_levels"].as_str() {
            Some("all") => options.ssc.count_levels = CountLevels::All,
            Some("none") => options.ssc.count_levels = CountLevels::None,
            _ => {}
        }
        if ssc["cluster_factor"] == "per_term" {
            options.ssc.cluster_factor = ClusterFactor::PerTerm;
        }
        options
    }

    /// Runs the case.
    pub(crate) fn run(&self, table: &Table) -> Result<Fit, StatsError> {
        let outcome = self.text("outcome");
        let regressors = strings(&self.spec["regressors"]);
        let effects = strings(&self.spec["effects"]);
        let clusters = strings(&self.spec["clusters"]);
        let coded = |names: &[String]| -> Vec<Vec<u32>> {
            names
                .iter()
                .map(|n| table.codes(&n.split('^').collect::<Vec<_>>()))
                .collect()
        };
        let (effect_codes, cluster_codes) = (coded(&effects), coded(&clusters));
        let weights = self.spec["weights"].as_str().map(|w| table.column(w));
        let mut used = vec![outcome];
        used.extend(regressors.iter().map(String::as_str));
        used.extend(strings(&self.spec["complete"]).iter().map(|s| {
            let at = table.names.iter().position(|n| n == s).expect("column");
            table.names[at].as_str()
        }));
        let conditions = |key: &str| -> Vec<(String, f64)> {
            let object = self.spec[key].as_object();
            object
                .into_iter()
                .flatten()
                .map(|(k, v)| (k.clone(), v.as_f64().expect("number")))
                .collect()
        };
        let (filter, below) = (conditions("filter"), conditions("below"));
        let sample: Vec<bool> = (0..table.columns[0].len())
            .map(|i| {
                used.iter().all(|c| table.column(c)[i].is_finite())
                    && filter.iter().all(|(k, v)| table.column(k)[i] == *v)
                    && below.iter().all(|(k, v)| table.column(k)[i] < *v)
            })
            .collect();
        let group = |names: &'_ [String], codes: &'_ [Vec<u32>]| -> Vec<(String, Vec<u32>)> {
            names.iter().cloned().zip(codes.iter().cloned()).collect()
        };
        let (e, c) = (
            group(&effects, &effect_codes),
            group(&clusters, &cluster_codes),
        );
        let design = Design {
            sample: Some(&sample),
            weights,
            effects: e
                .iter()
                .map(|(name, codes)| Effect { name, codes })
                .collect(),
            clusters: c
                .iter()
                .map(|(name, codes)| Effect { name, codes })
                .collect(),
            shared: None,
            no_intercept: self.flag("no_intercept"),
            keep_singletons: self.flag("keep_singletons"),
        };
        let y = Column {
            name: outcome,
            values: table.column(outcome),
        };
        let x: Vec<Column<'_>> = regressors
            .iter()
            .map(|r| Column {
                name: r,
                values: table.column(r),
            })
            .collect();
        match self.text("estimator") {
            "ols" => ols(&design, &y, &x, &self.options()),
            "poisson" => poisson(&design, &y, &x, &self.options()),
            "logit" => logit(&design, &y, &x, &self.options()),
            "negative_binomial" => {
                negative_binomial(&design, &y, &x, &self.options()).map(|n| n.fit)
            }
            "iv" => {
                let columns = |key: &str| -> Vec<(String, &[f64])> {
                    strings(&self.spec[key])
                        .into_iter()
                        .map(|n| (n.clone(), table.column(&n)))
                        .collect()
                };
                let (endogenous, instruments) = (columns("endogenous"), columns("instruments"));
                let endogenous: Vec<Column<'_>> = endogenous
                    .iter()
                    .map(|(name, values)| Column { name, values })
                    .collect();
                let instruments: Vec<Column<'_>> = instruments
                    .iter()
                    .map(|(name, values)| Column { name, values })
                    .collect();
                iv(&design, &y, &x, &endogenous, &instruments, &self.options()).map(|r| r.fit)
            }
            other => Err(StatsError::Unsupported {
                what: other.to_owned(),
                hint: String::new(),
            }),
        }
    }

    /// Worst relative difference from the expected coefficients, errors and degrees of freedom, with the place.
    pub(crate) fn compare(&self, fit: &Fit) -> (f64, String) {
        let mut worst = (0.0, String::new());
        let mut look = |found: f64, expected: &Value, what: String| {
            if let Some(expected) = expected.as_f64() {
                let scale = if expected == 0.0 { 1.0 } else { expected.abs() };
                let off = (found - expected).abs() / scale;
                if off.is_nan() || off > worst.0 {
                    worst = (off, format!("{what}: {found} against {expected}"));
                }
            }
        };
        look(fit.n as f64, &self.spec["n"], "n".to_owned());
        look(
            fit.r2_within,
            &self.spec["r2_within"],
            "r2_within".to_owned(),
        );
        look(fit.r2, &self.spec["r2"], "r2".to_owned());
        look(
            fit.log_likelihood,
            &self.spec["log_likelihood"],
            "log likelihood".to_owned(),
        );
        for (term, expected) in self.spec["terms"].as_object().expect("terms") {
            let Some(c) = fit.coefficient(term) else {
                return (f64::INFINITY, format!("{term} is missing"));
            };
            look(
                c.estimate,
                &expected["estimate"],
                format!("{term} estimate"),
            );
            look(c.se, &expected["se"], format!("{term} se"));
            look(c.df, &expected["df"], format!("{term} df"));
            look(c.p, &expected["p"], format!("{term} p"));
        }
        worst
    }
}
