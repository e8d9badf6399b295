//! The dose on the rows that can be used, and the regression on columns made of it.

use throughline_stats::{Column, StatsError, absorb};

use super::super::fit::Shown;
use super::super::prepare::{Prepared, stats_error};
use super::Dose;
use crate::exit::Failure;

/// Columns on the rows that can be used.
pub(super) struct Curve<'a> {
    pub(super) prepared: &'a Prepared,
    pub(super) rows: Vec<bool>,
    pub(super) missing: usize,
    pub(super) infinite: usize,
    pub(super) outcome: usize,
    pub(super) dose: usize,
    pub(super) covariates: Vec<usize>,
}

impl Curve<'_> {
    /// Every row's dose; zero where it is missing, on rows that are not used.
    pub(super) fn all_doses(&self) -> Vec<f64> {
        let values = &self.prepared.model.columns[self.dose].values;
        let kept = values.iter().zip(&self.rows);
        kept.map(|(d, keep)| if *keep { *d } else { 0.0 }).collect()
    }

    /// Doses of the rows that are used.
    pub(super) fn doses(&self) -> Vec<f64> {
        let values = &self.prepared.model.columns[self.dose].values;
        let kept = values.iter().zip(&self.rows);
        kept.filter(|(_, keep)| **keep).map(|(d, _)| *d).collect()
    }

    /// Least squares on the given columns (or the dose itself) and the covariates.
    pub(super) fn regress(
        &self,
        dose: &Dose,
        names: &[String],
        columns: &[Vec<f64>],
    ) -> Result<Shown, Failure> {
        let prepared = self.prepared;
        let options = dose.judged.options()?;
        let mut used = vec![prepared.column(self.outcome)];
        if names.is_empty() {
            used.push(prepared.column(self.dose));
        }
        used.extend(
            names
                .iter()
                .zip(columns)
                .map(|(name, values)| Column { name, values }),
        );
        used.extend(self.covariates.iter().map(|&c| prepared.column(c)));
        let regressors: Vec<&str> = used[1..].iter().map(|c| c.name).collect();
        let design = prepared.design(&self.rows, dose.judged.keep_singletons);
        let fit = absorb(&design, &used)
            .and_then(|a| a.ols(prepared.name(self.outcome), &regressors, &options))
            .map_err(|e| stats_error(&e))?;
        if let Some(lost) = names.iter().find(|n| fit.dropped.collinear.contains(n)) {
            return Err(stats_error(&StatsError::AllCollinear {
                names: lost.clone(),
            }));
        }
        Ok(Shown::new(
            fit,
            prepared.filtered,
            self.missing,
            self.infinite,
        ))
    }
}
