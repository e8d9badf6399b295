//! Two-stage least squares: the effect of what people did, when only an offer was random.
//!
//! *Question*: how much does the outcome differ per unit of an endogenous regressor, for those whose behaviour the
//! instrument moved (a lottery's compliers)? *Wrong when* the instrument reaches the outcome by another road, or
//! hardly moves the regressor: look at the first stage's F before the estimate (Stock and Yogo; Lee et al. 2022).
//!
//! `β = (X̂'X̂)⁻¹ X̂'y` with `X̂` the projection of the regressors on instruments and exogenous columns, all free of
//! the design's effects; residuals use the regressors themselves. Variances and factors as for least squares (fixest's
//! convention, `K` counts the second stage). References: Angrist, Imbens and Rubin (1996), *JASA* 91; R `fixest::feols`; Python `linearmodels`.
//!
//! ```
//! use throughline_stats::{iv::iv, Column, Design, FitOptions, Vcov};
//! // Half were offered a place; some of them took it up, and a few others found one anyway.
//! let offered = [1.0, 1.0, 1.0, 1.0, 1.0, 0.0, 0.0, 0.0, 0.0, 0.0];
//! let took = [1.0, 1.0, 1.0, 0.0, 1.0, 0.0, 0.0, 1.0, 0.0, 0.0];
//! let score = [2.1, 2.4, 1.9, 0.3, 2.2, 0.1, 0.4, 2.6, 0.2, 0.3];
//! let column = |name, values| Column { name, values };
//! let result = iv(
//!     &Design::default(),
//!     &column("score", &score[..]),
//!     &[],
//!     &[column("took", &took[..])],
//!     &[column("offered", &offered[..])],
//!     &FitOptions::new(Vcov::Hc1),
//! )?;
//! // The difference the offer made in the score over the difference it made in taking part.
//! let effect = result.fit.coefficient("took").unwrap().estimate;
//! assert!((effect - (1.78 - 0.72) / (0.8 - 0.2)).abs() < 1e-12);
//! assert!(result.first_stages[0].instruments.statistic > 2.0);
//! # Ok::<(), throughline_stats::StatsError>(())
//! ```

use crate::absorbed::{Absorbed, Variable, absorb};
use crate::design::{Column, Design};
use crate::error::StatsError;
use crate::fe::Removal;
use crate::linalg::{inverse_spd, times};
use crate::ols::{Fit, FitOptions, Model, Solved, Vcov, Wald, chosen_clusters};

/// A two-stage fit with the first stages it stands on.
#[derive(Debug, Clone, PartialEq)]
pub struct Instrumental {
    /// The second stage; endogenous regressors come first among its coefficients.
    pub fit: Fit,
    /// One first stage for each endogenous regressor.
    pub first_stages: Vec<FirstStage>,
}

/// Regression of an endogenous regressor on instruments and exogenous columns.
#[derive(Debug, Clone, PartialEq)]
pub struct FirstStage {
    /// The regression.
    pub fit: Fit,
    /// Joint test that the excluded instruments have no effect, with the same variance convention.
    pub instruments: Wald,
}

/// Two-stage least squares, absorbing the design's effects: [`absorb`] and [`Absorbed::iv`] in one.
///
/// # Errors
/// Those of [`absorb`] and [`Absorbed::iv`].
pub fn iv(
    design: &Design<'_>,
    y: &Column<'_>,
    exogenous: &[Column<'_>],
    endogenous: &[Column<'_>],
    instruments: &[Column<'_>],
    options: &FitOptions,
) -> Result<Instrumental, StatsError> {
    let columns: Vec<Column<'_>> = std::iter::once(y)
        .chain(exogenous)
        .chain(endogenous)
        .chain(instruments)
        .copied()
        .collect();
    fn names<'a>(columns: &[Column<'a>]) -> Vec<&'a str> {
        columns.iter().map(|c| c.name).collect()
    }
    absorb(design, &columns)?.iv(
        y.name,
        &names(exogenous),
        &names(endogenous),
        &names(instruments),
        options,
    )
}

impl Absorbed {
    /// Two-stage least squares on absorbed columns.
    ///
    /// # Errors
    /// Fewer instruments than endogenous regressors (after collinear ones are dropped), a variance other than IID,
    /// HC1 or CR1, and those of [`Absorbed::ols`].
    pub fn iv(
        &self,
        outcome: &str,
        exogenous: &[&str],
        endogenous: &[&str],
        instruments: &[&str],
        options: &FitOptions,
    ) -> Result<Instrumental, StatsError> {
        if !matches!(options.vcov, Vcov::Iid | Vcov::Hc1 | Vcov::Crv1) {
            return Err(StatsError::unsupported(
                "this variance for two-stage least squares",
                "use IID, HC1 or CR1",
            ));
        }
        let y = self.position(outcome)?;
        self.must_vary(y)?;
        let mut first: Vec<&str> = exogenous.to_vec();
        first.extend(instruments);
        let (z, _) = self.choose(&first)?;
        let excluded: Vec<&str> = instruments
            .iter()
            .filter(|i| z.iter().any(|&j| self.variables[j].name == **i))
            .copied()
            .collect();
        if excluded.len() < endogenous.len() || endogenous.is_empty() {
            return Err(StatsError::unsupported(
                format!(
                    "{} usable instruments for {} endogenous regressors",
                    excluded.len(),
                    endogenous.len()
                ),
                "give at least one instrument for each, with variation of its own",
            ));
        }
        let first_stages = endogenous
            .iter()
            .map(|e| {
                let fit = self.ols(e, &first, options)?;
                let instruments = fit.wald(&excluded)?;
                Ok(FirstStage { fit, instruments })
            })
            .collect::<Result<Vec<_>, StatsError>>()?;
        // Second stage regressors in order: intercept, endogenous, exogenous; endogenous ones projected.
        let mut second: Vec<&str> = endogenous.to_vec();
        second.extend(exogenous);
        let (x, collinear) = self.choose(&second)?;
        let zz =
            inverse_spd(self.gram_of(&z).as_ref()).ok_or_else(|| StatsError::AllCollinear {
                names: first.join(", "),
            })?;
        let n = self.n();
        let mut projected: Vec<Variable> = Vec::with_capacity(x.len() + 1);
        for &j in &x {
            let own = &self.variables[j];
            let values = if z.contains(&j) {
                own.values.clone()
            } else {
                let zx: Vec<f64> = z.iter().map(|&k| self.product(k, j)).collect();
                let slopes = times(zz.as_ref(), &zx);
                let mut v = vec![0.0; n];
                for (&k, b) in z.iter().zip(&slopes) {
                    for (v, w) in v.iter_mut().zip(&self.variables[k].values) {
                        *v += b * w;
                    }
                }
                v
            };
            projected.push(Variable {
                name: own.name.clone(),
                values,
                mean: own.mean,
                total: own.total,
                removal: own.removal,
            });
        }
        let own = &self.variables[y];
        projected.push(Variable {
            name: own.name.clone(),
            values: own.values.clone(),
            mean: own.mean,
            total: own.total,
            removal: own.removal,
        });
        let at = x.len();
        let mut data = Self::assemble(self.sample.clone(), projected, false, None);
        data.intercept = self.intercept;
        let positions: Vec<usize> = (0..at).collect();
        let bread = inverse_spd(data.gram_of(&positions).as_ref()).ok_or_else(|| {
            StatsError::unsupported(
                "instruments that do not move the endogenous regressors apart",
                "give instruments with separate effects",
            )
        })?;
        let xy: Vec<f64> = positions.iter().map(|&j| data.product(j, at)).collect();
        let beta = times(bread.as_ref(), &xy);
        // An outcome whose regression on the projections leaves the residuals of the regressors themselves.
        let mut values = std::mem::take(&mut data.variables[at].values);
        for ((&j, p), b) in x.iter().zip(&data.variables).zip(&beta) {
            for ((v, x), hat) in values
                .iter_mut()
                .zip(&self.variables[j].values)
                .zip(&p.values)
            {
                *v -= b * (x - hat);
            }
        }
        data.variables[at].values = values;
        let weights = self.sample.weights.as_deref();
        let mut solved = Solved {
            y: at,
            x: positions,
            beta,
            bread,
            rss: 0.0,
        };
        let residuals = solved.residuals(&data);
        solved.rss = residuals
            .iter()
            .enumerate()
            .map(|(i, e)| weights.map_or(1.0, |w| w[i]) * e * e)
            .sum();
        let mut variables = std::mem::take(&mut data.variables);
        variables[at].removal = Removal { ..own.removal };
        let mut data = Self::assemble(data.sample, variables, false, None);
        data.intercept = self.intercept;
        let which = chosen_clusters(&data, options)?;
        let model = Model {
            name: "2SLS",
            known_dispersion: false,
        };
        let fit = data.finish(&solved, collinear, options, &which, &model)?;
        Ok(Instrumental { fit, first_stages })
    }
}
