//! A sample as teacher × year or school × year means, once for all outcomes and programs: who is followed over time in designs that
//! compare before with after.
//!
//! Outcomes are adjusted before they are averaged, so that a teacher with other students in other years is not mistaken for a better or worse
//! one: for the covariates and, where asked, for the prior outcome, with slopes from students of the *same* unit in the same
//! year (Chetty, Friedman and Rockoff 2014), which what the unit does or takes cannot have moved. Other programs of the study
//! are then taken out with slopes from units over time.

use throughline_model::panel::{Codes, NO_CODE};
use throughline_stats::{Column as Numbers, Design, Effect, Fit, FitOptions, Vcov, absorb};

use crate::association::with_numbers;
use crate::frame::{Column, Frame, ReadyOutcome};

/// Who is followed over time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unit {
    Teacher,
    School,
}

impl Unit {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Teacher => "teacher",
            Self::School => "school",
        }
    }

    pub(crate) fn codes<'f>(self, frame: &'f Frame<'_>) -> &'f Codes {
        match self {
            Self::Teacher => &frame.panel.teacher,
            Self::School => &frame.panel.school,
        }
    }
}

/// Rows of a sample by unit and school year.
pub(crate) struct Units {
    pub(crate) unit: Unit,
    /// For each row of the panel its cell; [`NO_CODE`] outside the sample.
    pub(crate) cell: Vec<u32>,
    /// Code and school year of each cell, ascending.
    pub(crate) of: Vec<(u32, i32)>,
    /// Rows in each cell.
    pub(crate) students: Vec<f64>,
    /// The school of a cell's first row.
    pub(crate) school: Vec<u32>,
}

impl Units {
    pub(crate) fn new(frame: &Frame<'_>, mask: &[bool], unit: Unit) -> Self {
        let codes = &unit.codes(frame).codes;
        let years = &frame.panel.school_year;
        let mut of: Vec<(u32, i32)> = mask
            .iter()
            .enumerate()
            .filter(|(row, used)| **used && codes[*row] != NO_CODE)
            .map(|(row, _)| (codes[row], years[row]))
            .collect();
        of.sort_unstable();
        of.dedup();
        let mut cell = vec![NO_CODE; mask.len()];
        let mut students = vec![0.0; of.len()];
        let mut school = vec![NO_CODE; of.len()];
        for (row, place) in cell.iter_mut().enumerate() {
            if !mask[row] {
                continue;
            }
            if let Ok(at) = of.binary_search(&(codes[row], years[row])) {
                *place = at as u32;
                students[at] += 1.0;
                if school[at] == NO_CODE {
                    school[at] = frame.panel.school.codes[row];
                }
            }
        }
        Self {
            unit,
            cell,
            of,
            students,
            school,
        }
    }

    /// The mean of known values in each cell.
    pub(crate) fn means(&self, value: impl Fn(usize) -> f64) -> Vec<f64> {
        let mut sums = vec![(0.0, 0.0); self.of.len()];
        for (row, cell) in self.cell.iter().enumerate() {
            if let Some((sum, n)) = sums.get_mut(*cell as usize) {
                let value = value(row);
                if !value.is_nan() {
                    *sum += value;
                    *n += 1.0;
                }
            }
        }
        sums.into_iter().map(|(sum, n)| sum / n).collect()
    }

    /// Cell means of the outcomes, adjusted for covariates and, where asked, for their priors.
    pub(crate) fn outcomes(
        &self,
        outcomes: &[&ReadyOutcome],
        covariates: &[Column],
        with_prior: bool,
    ) -> Vec<Vec<f64>> {
        let priors = |outcome: &ReadyOutcome| if with_prior { outcome.priors.len() } else { 0 };
        let mut columns: Vec<&Column> = covariates.iter().collect();
        for outcome in outcomes {
            columns.push(&outcome.y);
            columns.extend(&outcome.priors[..priors(outcome)]);
        }
        let mask: Vec<bool> = self.cell.iter().map(|cell| *cell != NO_CODE).collect();
        let design = Design {
            sample: Some(&mask),
            effects: vec![Effect {
                name: "cell",
                codes: &self.cell,
            }],
            ..Design::default()
        };
        let absorbed = with_numbers(&columns, |numbers| absorb(&design, numbers).ok());
        outcomes
            .iter()
            .map(|outcome| {
                let regressors: Vec<&Column> = outcome.priors[..priors(outcome)]
                    .iter()
                    .chain(covariates)
                    .collect();
                let names: Vec<&str> = regressors.iter().map(|c| c.name.as_str()).collect();
                // Without any variation inside cells there is nothing to adjust by.
                let fit = absorbed.as_ref().and_then(|data| {
                    let options = FitOptions::new(Vcov::Iid);
                    data.ols(&outcome.y.name, &names, &options).ok()
                });
                let slopes: Vec<(f64, &Column<'_>)> = regressors
                    .iter()
                    .map(|c| (slope(fit.as_ref(), &c.name), *c))
                    .filter(|(slope, _)| *slope != 0.0)
                    .collect();
                self.means(|row| {
                    let explained: f64 = slopes.iter().map(|(slope, x)| slope * x.at(row)).sum();
                    outcome.y.at(row) - explained
                })
            })
            .collect()
    }

    /// What goes with each dose in each outcome, unit by unit over time: one list of slopes an outcome, zero where there is none.
    pub(crate) fn dose_slopes(&self, outcomes: &[Vec<f64>], doses: &[Vec<f64>]) -> Vec<Vec<f64>> {
        let name = |what: &str, i: usize| format!("{what} {i}");
        let dose_names: Vec<String> = (0..doses.len()).map(|i| name("dose", i)).collect();
        let outcome_names: Vec<String> = (0..outcomes.len()).map(|i| name("outcome", i)).collect();
        let columns: Vec<Numbers<'_>> = dose_names
            .iter()
            .zip(doses)
            .chain(outcome_names.iter().zip(outcomes))
            .map(|(name, values)| Numbers { name, values })
            .collect();
        let known: Vec<bool> = (0..self.of.len())
            .map(|cell| columns.iter().all(|c| c.values[cell].is_finite()))
            .collect();
        let unit: Vec<u32> = self.of.iter().map(|(unit, _)| *unit).collect();
        let first = self.of.iter().map(|(_, year)| *year).min().unwrap_or(0);
        let year = |cell: usize| (self.of[cell].1 - first).unsigned_abs();
        let time: Vec<u32> = match self.unit {
            Unit::School => (0..self.of.len()).map(year).collect(),
            // Years are at most a few dozen apart.
            Unit::Teacher => (0..self.of.len())
                .map(|cell| self.school[cell].wrapping_mul(64) + year(cell))
                .collect(),
        };
        let design = Design {
            sample: Some(&known),
            weights: Some(&self.students),
            effects: vec![
                Effect {
                    name: "unit",
                    codes: &unit,
                },
                Effect {
                    name: "time",
                    codes: &time,
                },
            ],
            ..Design::default()
        };
        let absorbed = absorb(&design, &columns).ok();
        let names: Vec<&str> = dose_names.iter().map(String::as_str).collect();
        outcome_names
            .iter()
            .map(|outcome| {
                let fit = absorbed.as_ref().and_then(|data| {
                    let options = FitOptions::new(Vcov::Iid);
                    data.ols(outcome, &names, &options).ok()
                });
                names.iter().map(|name| slope(fit.as_ref(), name)).collect()
            })
            .collect()
    }
}

/// A coefficient; zero where there is none.
fn slope(fit: Option<&Fit>, name: &str) -> f64 {
    fit.and_then(|fit| fit.coefficient(name))
        .map_or(0.0, |found| found.estimate)
        + 0.0
}
