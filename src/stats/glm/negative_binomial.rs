//! Negative-binomial regression (NB2) without effects, by maximum likelihood.
//!
//! *Question*: as [`super::poisson`], with a variance `μ + μ²/θ` that is estimated rather than assumed equal to the
//! mean. *Wrong when* zeros have a cause of their own. Alternates reweighted least squares for the slopes with
//! Newton steps for `θ`, as R's `MASS::glm.nb`; standard errors hold `θ` at its estimate (the two are
//! asymptotically independent). With effects there is no consistent estimator of this kind: use Poisson, which needs no
//! assumption on the variance when errors are robust.

use statrs::function::gamma::digamma;

use super::family::Law;
use super::fit::Prepared;
use super::irls::{irls, total_of};
use crate::design::{Column, Design};
use crate::error::StatsError;
use crate::ols::{Fit, FitOptions};

/// A fitted negative-binomial model.
#[derive(Debug, Clone, PartialEq)]
pub struct NegativeBinomial {
    /// Coefficients and their errors, given `theta`.
    pub fit: Fit,
    /// `θ`: the variance of an observation is `μ + μ²/θ`.
    pub theta: f64,
    /// Standard error of `θ`.
    pub theta_se: f64,
}

/// Maximum likelihood of a negative-binomial model with log link: variance `μ + μ²/θ`, `θ` estimated (R `MASS::glm.nb`).
/// Standard errors hold `θ` at its estimate. Wrong when zeros have a cause of their own.
///
/// # Errors
/// As [`super::glm`]; a design with effects; counts without overdispersion, for which `θ` has no finite maximum.
///
/// ```
/// use throughline_stats::{Column, Design, FitOptions, Vcov, glm::negative_binomial};
/// let counts = [0.0, 7.0, 1.0, 0.0, 12.0, 2.0, 0.0, 19.0, 3.0, 5.0];
/// let x = [0.0, 1.0, 0.0, 1.0, 1.0, 0.0, 0.0, 1.0, 0.0, 1.0];
/// let columns = [Column { name: "x", values: &x }];
/// let y = Column { name: "counts", values: &counts };
/// let model = negative_binomial(&Design::default(), &y, &columns, &FitOptions::new(Vcov::Iid))?;
/// // With one yes/no regressor the coefficient is the log of the ratio of means: 8.6 over 1.2.
/// assert!((model.fit.coefficient("x").unwrap().estimate - (8.6f64 / 1.2).ln()).abs() < 1e-8);
/// assert!(model.theta > 0.0 && model.theta < 5.0);
/// # Ok::<(), throughline_stats::StatsError>(())
/// ```
pub fn negative_binomial(
    design: &Design<'_>,
    y: &Column<'_>,
    x: &[Column<'_>],
    options: &FitOptions,
) -> Result<NegativeBinomial, StatsError> {
    if !design.effects.is_empty() {
        return Err(StatsError::unsupported(
            "a negative binomial with fixed effects",
            "use `poisson` with robust or clustered errors",
        ));
    }
    let prepared = Prepared::new(design, y, x, None, Law::Poisson)?;
    let n = prepared.y.len();
    let weights = prepared.sample.weights.clone();
    let weight = |i: usize| weights.as_ref().map_or(1.0, |w| w[i]);
    let mut done = irls(
        &prepared.problem(Law::Poisson, 200, false),
        prepared.columns(),
        None,
    )?;
    // Moment start: Σ (y/μ − 1)² ≈ n/θ in excess of 1/μ.
    let counts = &prepared.y;
    let start = |mu: &[f64]| {
        let excess = total_of(n, |i| {
            weight(i) * ((counts[i] / mu[i] - 1.0).powi(2) - 1.0 / mu[i])
        });
        (0..n).map(weight).sum::<f64>() / excess
    };
    let means = |law: Law, eta: &[f64]| -> Vec<f64> { eta.iter().map(|e| law.mean(*e)).collect() };
    let mut theta = start(&means(Law::Poisson, &done.eta));
    if !(theta > 0.0 && theta < 1e7) {
        theta = 10.0;
    }
    let mut iterations = done.iterations;
    let mut information = 1.0;
    for round in 0..100 {
        // The link, and so the mean, is the same for every θ.
        let mu = &means(Law::Poisson, &done.eta);
        let before = theta;
        for _ in 0..100 {
            let (score, info) = theta_score(counts, mu, theta, n, &weight);
            information = info;
            // Newton's step where the likelihood is concave and the step short; else twice or half, uphill.
            let newton = theta + score / info;
            let next = if info > 0.0 && newton > 0.5 * theta && newton < 2.0 * theta {
                newton
            } else if score > 0.0 {
                2.0 * theta
            } else {
                0.5 * theta
            };
            let step = next - theta;
            theta = next;
            if step.abs() < 1e-12 * theta || theta >= 1e7 {
                break;
            }
        }
        if theta.is_nan() || theta >= 1e7 {
            return Err(StatsError::unsupported(
                format!("a negative binomial for `{}`", y.name),
                "its counts are not overdispersed given the regressors; use `poisson`",
            ));
        }
        let law = Law::NegativeBinomial(theta);
        let settled = (theta - before).abs() < 1e-11 * theta && round > 0;
        done = irls(
            &prepared.problem(law, 200, false),
            prepared.columns(),
            Some(done.eta),
        )?;
        iterations += done.iterations;
        if settled {
            let mut fit = prepared.finish(done, law, "negative binomial", options)?;
            fit.iterations = iterations;
            return Ok(NegativeBinomial {
                fit,
                theta,
                theta_se: (1.0 / information).sqrt(),
            });
        }
    }
    Err(StatsError::NotConverged {
        what: "the dispersion of the negative binomial".to_owned(),
        iterations: 100,
    })
}

/// Derivative of the log-likelihood in `θ`, and minus its second derivative.
fn theta_score(
    y: &[f64],
    mu: &[f64],
    theta: f64,
    n: usize,
    weight: &(impl Fn(usize) -> f64 + Sync),
) -> (f64, f64) {
    let score = total_of(n, |i| {
        weight(i)
            * (digamma(y[i] + theta) - digamma(theta) + theta.ln() + 1.0
                - (theta + mu[i]).ln()
                - (y[i] + theta) / (mu[i] + theta))
    });
    let info = total_of(n, |i| {
        weight(i)
            * (trigamma(theta) - trigamma(y[i] + theta) - 1.0 / theta + 2.0 / (mu[i] + theta)
                - (y[i] + theta) / (mu[i] + theta).powi(2))
    });
    (score, info)
}

/// Second derivative of the log gamma function, by recurrence to 12 and the asymptotic series.
fn trigamma(mut x: f64) -> f64 {
    let mut sum = 0.0;
    while x < 12.0 {
        sum += 1.0 / (x * x);
        x += 1.0;
    }
    let i = 1.0 / (x * x);
    sum + 1.0 / x
        + i / 2.0
        + i / x
            * (1.0 / 6.0 - i * (1.0 / 30.0 - i * (1.0 / 42.0 - i * (1.0 / 30.0 - i * 5.0 / 66.0))))
}

#[cfg(test)]
mod tests {
    use super::trigamma;

    #[test]
    fn trigamma_has_its_known_values() {
        let pi2 = std::f64::consts::PI.powi(2);
        assert!((trigamma(1.0) - pi2 / 6.0).abs() < 1e-14);
        assert!((trigamma(0.5) - pi2 / 2.0).abs() < 1e-14);
    }
}
