//! Counts and rare events by Poisson regression with the same effects: a factor on what happens without the program, where
//! the linear model can only say a difference. Consistent whenever the mean is right, whatever the distribution
//! (Wooldridge 1999); for a yes or no the factor is a risk ratio (Zou 2004).
//!
//! The panel holds rates and not days enrolled, so student × school years weigh the same however long they were. Levels of an
//! effect in which nothing ever happened say nothing about a factor; they are left out and counted. For everyone only.

use rayon::prelude::*;
use throughline_model::measure::NumberKind;
use throughline_model::pipeline::Design;
use throughline_stats::dist::{normal_cdf, normal_quantile};
use throughline_stats::glm::poisson;
use throughline_stats::{Column as Numbers, Fit, FitOptions, Vcov};

use super::question::Question;
use super::reply::Answer;
use crate::association::design;
use crate::checks::same_direction;
use crate::counts::count;
use crate::finding::{DesignResult, Detail, Estimate, Rate};
use crate::frame::{Column, Frame, ReadyOutcome};

impl Question<'_> {
    pub(super) fn counted(&self, covariates: &[Column<'_>], answers: &mut [Answer]) {
        if !self.everyone() || !self.allows(Design::CountModel) {
            return;
        }
        let fits: Vec<_> = self
            .outcomes
            .par_iter()
            .map(|outcome| {
                let named = &self.pipeline.outcomes[outcome.index];
                if named.kind == NumberKind::Amount {
                    return None;
                }
                let found = self.frame.panel.outcome(&named.id)?;
                let (mask, silent) = speaking(self.frame, &self.sample.mask, self, &found.values);
                let fit = self.poisson(&mask, &found.values, outcome, covariates);
                Some((&found.values, mask, silent, fit))
            })
            .collect();
        for (o, fit) in fits.into_iter().enumerate() {
            let Some((values, mask, silent, fit)) = fit else {
                continue;
            };
            let rows: Vec<u32> = (0..mask.len())
                .filter(|row| mask[*row])
                .map(|row| row as u32)
                .collect();
            for e in 0..self.asked.len() {
                let answer = &mut answers[self.at(e, o)];
                let result = self.factor(e, values, (&rows, silent), &fit, answer);
                answer.designs.push(result);
            }
        }
    }

    fn poisson(
        &self,
        mask: &[bool],
        values: &[f64],
        outcome: &ReadyOutcome<'_>,
        covariates: &[Column<'_>],
    ) -> Result<Fit, String> {
        if !mask.contains(&true) {
            return Err("it never happened".to_owned());
        }
        let columns: Vec<&Column<'_>> = self
            .beside
            .iter()
            .map(|(_, ready)| &ready.d)
            .chain(&outcome.priors)
            .chain(covariates)
            .collect();
        let made: Vec<Vec<f64>> = columns.iter().map(|column| column.values()).collect();
        let x: Vec<Numbers<'_>> = columns
            .iter()
            .zip(&made)
            .map(|(column, values)| Numbers {
                name: &column.name,
                values,
            })
            .collect();
        let y = Numbers {
            name: &outcome.y.name,
            values,
        };
        let design = design(self.frame, mask, self.comparison);
        poisson(&design, &y, &x, &FitOptions::new(Vcov::Crv1)).map_err(|error| error.to_string())
    }

    fn factor(
        &self,
        place: usize,
        values: &[f64],
        (rows, silent): (&[u32], u64),
        fit: &Result<Fit, String>,
        answer: &Answer,
    ) -> DesignResult {
        let (index, ready) = self.asked[place];
        let base = {
            let none = rows
                .iter()
                .filter(|row| ready.native[**row as usize] == 0.0);
            let (sum, count) = none.fold((0.0, 0u64), |(sum, count), row| {
                (sum + values[*row as usize], count + 1)
            });
            (count > 0 && sum > 0.0).then(|| sum / count as f64)
        };
        let found = fit.as_ref().map_err(Clone::clone).and_then(|fit| {
            let slope = fit
                .coefficient(&ready.d.name)
                .ok_or("doses do not differ where it happened at all")?;
            let base = base.ok_or("it never happened without the program")?;
            Ok((
                rate(slope.estimate, slope.se, base, silent),
                fit.vcov.clone(),
            ))
        });
        let exposure = &self.pipeline.exposures[index];
        let mut result = DesignResult {
            design: Design::CountModel,
            contrast: format!("{} more, as a factor", crate::words::dose(exposure)),
            estimate: None,
            not_run: None,
            n: count(self.frame.panel, rows, ready.native, Vec::new()),
            checks: Vec::new(),
            estimator: "Poisson regression".to_owned(),
            detail: Detail::None,
        };
        match found {
            Err(reason) => result.not_run = Some(reason),
            Ok((rate, vcov)) => {
                let in_sd = |factor: f64| (factor - 1.0) * rate.base / answer.sd;
                let f = rate.factor;
                let estimate = Estimate {
                    estimate: in_sd(f.estimate),
                    se: f.estimate * f.se * rate.base / answer.sd,
                    lower: in_sd(f.lower),
                    upper: in_sd(f.upper),
                    p: f.p,
                    df: f.df,
                };
                result.estimate = Some(estimate);
                result.checks = same_direction(answer.adjusted.as_ref(), &estimate)
                    .map(|tried| tried.check)
                    .into_iter()
                    .collect();
                result.estimator = format!(
                    "Poisson regression with {} removed, beside {} other programs of the study, adjusted as the linear model; every student × school year weighs the same; errors {vcov}",
                    self.comparison.effects(),
                    self.beside.len() - 1,
                );
                result.detail = Detail::Rate(rate);
            }
        }
        result
    }
}

/// Degrees of freedom that print as "normal" would: a Poisson slope's test has no t distribution.
const NORMAL: f64 = 1e6;

fn rate(slope: f64, se: f64, base: f64, silent: u64) -> Rate {
    let reach = normal_quantile(0.975) * se;
    Rate {
        factor: Estimate {
            estimate: slope.exp(),
            se,
            lower: (slope - reach).exp(),
            upper: (slope + reach).exp(),
            p: 2.0 * normal_cdf(-(slope / se).abs()),
            df: NORMAL,
        },
        base,
        silent: Some(silent),
    }
}

/// The rows in whose levels of every effect something happened, and how many others there are.
fn speaking(
    frame: &Frame<'_>,
    mask: &[bool],
    question: &Question<'_>,
    values: &[f64],
) -> (Vec<bool>, u64) {
    let mut mask = mask.to_vec();
    let before = mask.iter().filter(|used| **used).count();
    loop {
        let mut changed = false;
        let design = design(frame, &[], question.comparison);
        for effect in &design.effects {
            let levels = effect.codes.iter().filter(|c| **c != u32::MAX).max();
            let mut happened = vec![false; levels.map_or(0, |m| *m as usize + 1)];
            for (row, code) in effect.codes.iter().enumerate() {
                if mask[row] && values[row] > 0.0 {
                    happened[*code as usize] = true;
                }
            }
            for (row, code) in effect.codes.iter().enumerate() {
                if mask[row] && !happened[*code as usize] {
                    mask[row] = false;
                    changed = true;
                }
            }
        }
        if !changed {
            break;
        }
    }
    let after = mask.iter().filter(|used| **used).count();
    (mask, (before - after) as u64)
}
