//! The three shapes of a dose-response curve: bins, a natural spline, a penalised one.

use serde_json::{Value, json};
use throughline_stats::dose::{
    PenalisedOptions, Smoothing, bin_indicators, natural_spline_basis, natural_spline_knots,
    penalised_spline,
};
use throughline_stats::interval::Estimate;
use throughline_stats::{Column, Fit, Wald};

use super::super::prepare::stats_error;
use super::super::table::{count, number, p_value};
use super::curve::Curve;
use super::{Dose, Line, SmoothingName, Told};
use crate::exit::Failure;

impl Dose {
    pub(super) fn bins(&self, curve: &Curve<'_>) -> Result<Told, Failure> {
        let doses = curve.doses();
        let edges = if self.edges.is_empty() {
            thirds(&doses)
        } else {
            self.edges.clone()
        };
        let columns = bin_indicators(&curve.all_doses(), &edges).map_err(|e| stats_error(&e))?;
        let name = curve.prepared.name(curve.dose);
        let names: Vec<String> = edges
            .iter()
            .enumerate()
            .map(|(k, from)| match edges.get(k + 1) {
                Some(to) => format!("{name} [{}, {})", number(*from), number(*to)),
                None => format!("{name} {} or more", number(*from)),
            })
            .collect();
        let shown = curve.regress(self, &names, &columns)?;
        let any = joint(&shown.fit, &names)?;
        let bin = |d: f64| edges.partition_point(|e| *e <= d);
        let mut counts = vec![0_usize; edges.len() + 1];
        doses.iter().for_each(|d| counts[bin(*d)] += 1);
        let lines = names
            .iter()
            .zip(&counts[1..])
            .enumerate()
            .filter_map(|(k, (term, n))| {
                let c = shown.fit.coefficient(term)?;
                Some(Line {
                    term: term.clone(),
                    effect: Estimate::student(c.estimate, c.se, c.df, shown.fit.level),
                    band: None,
                    more: json!({ "from": edges[k], "to": edges.get(k + 1), "rows": n }),
                })
            })
            .collect();
        Ok(Told {
            remarks: vec![
                format!(
                    "Compared with: {name} below {} ({} rows)",
                    number(edges[0]),
                    count(counts[0])
                ),
                test_line("Any bin differs", &any),
            ],
            shown,
            lines,
            tests: json!({ "any": wald_json(&any) }),
            settings: json!({ "edges": edges, "reference_rows": counts[0] }),
        })
    }

    pub(super) fn natural(&self, curve: &Curve<'_>) -> Result<Told, Failure> {
        let doses = curve.doses();
        let knots = natural_spline_knots(&doses, self.knots).map_err(|e| stats_error(&e))?;
        let columns =
            natural_spline_basis(&curve.all_doses(), &knots).map_err(|e| stats_error(&e))?;
        let name = curve.prepared.name(curve.dose);
        let names: Vec<String> = (1..=columns.len())
            .map(|k| format!("{name} spline {k}"))
            .collect();
        let shown = curve.regress(self, &names, &columns)?;
        let any = joint(&shown.fit, &names)?;
        let bends = joint(&shown.fit, &names[1..])?;
        let reference = self.reference(&doses);
        let mut points = vec![reference];
        points.extend(self.at(&doses));
        let basis = natural_spline_basis(&points, &knots).map_err(|e| stats_error(&e))?;
        let fit = &shown.fit;
        let p = fit.coefficients.len();
        let places: Vec<usize> = names
            .iter()
            .filter_map(|n| fit.coefficients.iter().position(|c| c.term == *n))
            .collect();
        let lines = (1..points.len())
            .map(|i| {
                let contrast: Vec<f64> = basis.iter().map(|b| b[i] - b[0]).collect();
                let (mut value, mut variance) = (0.0, 0.0);
                for (a, &at) in contrast.iter().zip(&places) {
                    value += a * fit.coefficients[at].estimate;
                    for (b, &with) in contrast.iter().zip(&places) {
                        variance += a * b * fit.covariance[at * p + with];
                    }
                }
                let df = fit.coefficients[places[0]].df;
                let effect = Estimate::student(value, variance.max(0.0).sqrt(), df, fit.level);
                point(name, points[i], effect, None)
            })
            .collect();
        Ok(Told {
            remarks: vec![
                format!("Compared with: {name} = {}", number(reference)),
                test_line("Dose matters", &any),
                test_line("The curve bends", &bends),
            ],
            shown,
            lines,
            tests: json!({ "any": wald_json(&any), "nonlinear": wald_json(&bends) }),
            settings: json!({ "knots": knots, "reference": reference }),
        })
    }

    pub(super) fn penalised(&self, curve: &Curve<'_>) -> Result<Told, Failure> {
        if self.judged.named() {
            return Err(Failure::usage(
                "`--vcov` with a penalised spline is not supported: it takes CR1 with `--cluster` and HC1 without",
            ));
        }
        let prepared = curve.prepared;
        let design = prepared.design(&curve.rows, self.judged.keep_singletons);
        let doses = curve.doses();
        let (draws, seed) = self.judged.draws();
        let options = PenalisedOptions {
            basis: self.basis,
            smoothing: match self.smoothing {
                SmoothingName::Reml => Smoothing::Reml,
                SmoothingName::Gcv => Smoothing::Gcv,
            },
            level: self.judged.level,
            draws,
            seed,
        };
        let covariates: Vec<Column<'_>> = curve
            .covariates
            .iter()
            .map(|&c| prepared.column(c))
            .collect();
        let found = penalised_spline(
            &design,
            &prepared.column(curve.outcome),
            &prepared.column(curve.dose),
            &covariates,
            self.reference(&doses),
            &self.at(&doses),
            &options,
        )
        .map_err(|e| stats_error(&e))?;
        let name = prepared.name(curve.dose);
        // The straight line carries the head: rows, what was left out, clusters.
        let mut shown = curve.regress(self, &[], &[])?;
        shown.fit.vcov.clone_from(&found.vcov);
        let lines = found
            .curve
            .iter()
            .map(|p| point(name, p.dose, p.effect, Some((p.lower, p.upper))))
            .collect();
        Ok(Told {
            shown,
            lines,
            tests: json!({ "any": { "largest_t": found.largest.0, "p": found.largest.1 } }),
            settings: json!({
                "reference": found.reference,
                "basis": found.basis,
                "smoothing": if self.smoothing == SmoothingName::Reml { "REML" } else { "GCV" },
                "penalty": found.penalty,
                "iterations": found.iterations,
                "converged": found.converged,
                "effective_df": found.effective_df,
                "residual_variance": found.residual_variance,
                "critical": found.critical,
                "draws": found.draws.0,
                "seed": found.draws.1,
            }),
            remarks: vec![
                format!(
                    "Compared with: {name} = {}   Effective degrees of freedom: {}",
                    number(found.reference),
                    number(found.effective_df)
                ),
                format!(
                    "Limits hold for the whole curve (critical value {}, {} draws)",
                    number(found.critical),
                    count(found.draws.0)
                ),
                format!(
                    "Dose matters: largest |t| = {}, p = {}",
                    number(found.largest.0),
                    p_value(found.largest.1)
                ),
            ],
        })
    }

    fn reference(&self, doses: &[f64]) -> f64 {
        let least = doses.iter().copied().fold(f64::INFINITY, f64::min);
        self.reference
            .unwrap_or(if least > 0.0 { least } else { 0.0 })
    }

    fn at(&self, doses: &[f64]) -> Vec<f64> {
        if !self.at.is_empty() {
            return self.at.clone();
        }
        let least = doses.iter().copied().fold(f64::INFINITY, f64::min);
        let most = doses.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        // The last of ten tenths may round beyond the most.
        (0..=10)
            .map(|i| (least + (most - least) * f64::from(i) / 10.0).min(most))
            .collect()
    }
}

/// The least positive dose and the thirds of the positive doses; without zeros the quarters of all.
fn thirds(doses: &[f64]) -> Vec<f64> {
    let mut sorted: Vec<f64> = doses.iter().copied().filter(|d| *d > 0.0).collect();
    sorted.sort_by(f64::total_cmp);
    let place = |share: f64| sorted[((sorted.len() - 1) as f64 * share) as usize];
    let mut edges = match (sorted.is_empty(), sorted.len() == doses.len()) {
        (true, _) => Vec::new(),
        (_, true) => vec![place(0.25), place(0.5), place(0.75)],
        (_, false) => vec![sorted[0], place(1.0 / 3.0), place(2.0 / 3.0)],
    };
    edges.dedup();
    edges
}

fn point(name: &str, dose: f64, effect: Estimate, band: Option<(f64, f64)>) -> Line {
    Line {
        term: format!("{name} = {}", number(dose)),
        effect,
        band,
        more: json!({ "dose": dose }),
    }
}

fn joint(fit: &Fit, names: &[String]) -> Result<Wald, Failure> {
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    fit.wald(&names).map_err(|e| stats_error(&e))
}

fn test_line(what: &str, test: &Wald) -> String {
    format!(
        "{what}: F({}, {}) = {}, p = {}",
        test.df1,
        number(test.df2),
        number(test.statistic),
        p_value(test.p)
    )
}

fn wald_json(test: &Wald) -> Value {
    json!({ "f": test.statistic, "df1": test.df1, "df2": test.df2, "p": test.p })
}
