//! How strong would something unmeasured have to be to explain the estimate away? The robustness value (Cinelli and
//! Hazlett 2020): the share of what is left of dose *and* of outcome that it would have to account for. And, so
//! that the share means something, a confounder as strong as the strongest thing that is measured: would the
//! estimate survive it?
//!
//! Both use classical standard errors, since they are statements about shares of variance. Beside them the E-value
//! (VanderWeele and Ding 2017) of the clustered estimate: by what risk ratio it would have to go with both dose and outcome. It is
//! told and not judged, since nothing measured stands on its scale to compare with.

use throughline_stats::Fit;
use throughline_stats::sensitivity::e_value_from_standardised_difference;

use super::{Tried, Weight};
use crate::finding::Estimate;
use crate::words::{number, sd};

pub(super) const NAME: &str = "something unmeasured";

/// What the check needs of one regression.
pub(crate) struct Confounding {
    /// The estimate.
    pub(crate) estimate: f64,
    /// Its classical standard error.
    pub(crate) se: f64,
    /// Residual degrees of freedom.
    pub(crate) df: f64,
    /// For each measured covariate: its partial R² with the outcome and with the dose.
    pub(crate) measured: Vec<(f64, f64)>,
}

impl Confounding {
    /// From the classical fits of the outcome and of the dose on the same other regressors.
    pub(crate) fn of(
        outcome: &Fit,
        dose: Option<&Fit>,
        term: &str,
        covariates: &[&str],
    ) -> Option<Self> {
        let found = outcome.coefficient(term)?;
        let share = |fit: &Fit, name: &str| {
            let t = fit.coefficient(name)?.statistic;
            Some(t * t / (t * t + fit.residual_df))
        };
        let measured = covariates
            .iter()
            .filter_map(|name| Some((share(outcome, name)?, share(dose?, name)?)))
            .collect();
        Some(Self {
            estimate: found.estimate,
            se: found.se,
            df: outcome.residual_df,
            measured,
        })
    }

    /// `½(√(f⁴ + 4f²) − f²)` with `f = |t| / √df`.
    fn robustness_value(&self) -> f64 {
        let f2 = (self.estimate / self.se).powi(2) / self.df;
        0.5 * ((f2 * f2 + 4.0 * f2).sqrt() - f2)
    }

    /// The largest bias from a confounder once as strong as a measured covariate, with outcome and with dose.
    fn largest_bias(&self) -> Option<f64> {
        self.measured
            .iter()
            .map(|(with_outcome, with_dose)| self.bias(*with_outcome, *with_dose))
            .reduce(f64::max)
    }

    /// The bound of Cinelli and Hazlett (2020), section 4.4, at k = 1.
    fn bias(&self, with_outcome: f64, with_dose: f64) -> f64 {
        let dz = with_dose / (1.0 - with_dose);
        let zx = dz * dz;
        let yz = ((1.0 + zx.sqrt()) / (1.0 - zx).max(f64::MIN_POSITIVE).sqrt()).powi(2)
            * with_outcome
            / (1.0 - with_outcome);
        let (yz, dz) = (yz.min(1.0), dz.min(1.0 - 1e-12));
        self.se * self.df.sqrt() * (yz * dz / (1.0 - dz)).sqrt()
    }
}

/// Runs on estimates whose interval leaves out zero; others have nothing to explain away.
pub(crate) fn confounding(of: &Confounding, adjusted: &Estimate) -> Tried {
    let value = of.robustness_value();
    let ratio = e_value_from_standardised_difference(adjusted.estimate, adjusted.se).map_or(
        String::new(),
        |e| {
            format!(
                ", or go with both by a risk ratio of {} ({} to bring the interval to zero)",
                number(e.point, 2),
                number(e.limit, 2)
            )
        },
    );
    let needed = format!(
        "something unmeasured would have to account for {:.1} % of what is left of both dose and outcome to explain the difference away{ratio}",
        value * 100.0
    );
    match of.largest_bias() {
        None => Tried::not_run(
            NAME,
            format!("{needed}; nothing measured stands beside it to compare with"),
        ),
        Some(bias) => {
            let passed = of.estimate.abs() > bias;
            let reason = format!(
                "{needed}; one as strong as the strongest measured covariate would move it by at most {} of {} SD",
                sd(bias),
                sd(of.estimate.abs()),
            );
            Tried::judged(NAME, passed, Weight::Serious, reason)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The Darfur example of Cinelli and Hazlett (2020): estimate 0.097, standard error 0.023, 783 degrees of freedom;
    /// robustness value 13.9 %; a confounder once as strong as `female` (partial R² 0.109 with outcome, 0.00908 with dose)
    /// leaves an estimate of 0.0752. Tolerances are the digits the article prints.
    #[test]
    fn the_published_example_comes_out() {
        let darfur = Confounding {
            estimate: 0.097_32,
            se: 0.023_26,
            df: 783.0,
            measured: vec![(0.109, 0.009_081)],
        };
        assert!((darfur.robustness_value() - 0.139).abs() < 5e-4);
        let left = darfur.estimate - darfur.largest_bias().expect("one covariate");
        assert!((left - 0.0752).abs() < 1e-4, "{left}");
    }
}
