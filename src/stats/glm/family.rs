//! Mean, variance, deviance and likelihood of each outcome distribution.

use statrs::function::gamma::ln_gamma;

use crate::error::StatsError;
use crate::sample::Rows;

/// The outcome's distribution, each with its usual link.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Family {
    /// Counts, or any outcome that is zero or positive; log link.
    Poisson,
    /// Yes/no outcomes, or proportions with the number of trials as weights; logit link.
    Logit,
}

/// A family with its parameters fixed.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Law {
    Poisson,
    Logit,
    /// Variance `μ + μ²/θ`.
    NegativeBinomial(f64),
}

impl Law {
    /// Refuses outcomes the family cannot produce.
    pub(crate) fn check(self, name: &str, y: &[f64], rows: &Rows) -> Result<(), StatsError> {
        let (rule, bad): (&'static str, fn(f64) -> bool) = match self {
            Self::Poisson | Self::NegativeBinomial(_) => ("zero or more", |v| v < 0.0),
            Self::Logit => ("between 0 and 1", |v| !(0.0..=1.0).contains(&v)),
        };
        match y.iter().position(|&v| bad(v)) {
            None => Ok(()),
            Some(at) => Err(StatsError::OutOfRange {
                name: name.to_owned(),
                row: rows.numbers()[at] as usize,
                rule,
            }),
        }
    }

    /// A first guess of the linear predictor.
    pub(crate) fn start(self, y: f64, mean: f64) -> f64 {
        match self {
            Self::Poisson | Self::NegativeBinomial(_) => (0.5 * (y + mean)).ln(),
            Self::Logit => {
                let m = 0.5 * (y + 0.5);
                (m / (1.0 - m)).ln()
            }
        }
    }

    pub(crate) fn mean(self, eta: f64) -> f64 {
        match self {
            Self::Poisson | Self::NegativeBinomial(_) => eta.min(700.0).exp(),
            Self::Logit => 1.0 / (1.0 + (-eta).exp()),
        }
    }

    /// Weight and residual of the working regression.
    pub(crate) fn working(self, y: f64, mu: f64) -> (f64, f64) {
        match self {
            Self::Poisson => {
                let mu = mu.max(1e-300);
                (mu, (y - mu) / mu)
            }
            Self::Logit => {
                let v = (mu * (1.0 - mu)).max(1e-14);
                (v, (y - mu) / v)
            }
            Self::NegativeBinomial(theta) => {
                let mu = mu.max(1e-300);
                (mu / (1.0 + mu / theta), (y - mu) / mu)
            }
        }
    }

    pub(crate) fn deviance(self, y: f64, mu: f64) -> f64 {
        let ratio = |a: f64, b: f64| if a == 0.0 { 0.0 } else { a * (a / b).ln() };
        match self {
            Self::Poisson => 2.0 * (ratio(y, mu.max(1e-300)) - (y - mu)),
            Self::Logit => {
                let mu = mu.clamp(1e-300, 1.0 - 1e-16);
                2.0 * (ratio(y, mu) + ratio(1.0 - y, 1.0 - mu))
            }
            Self::NegativeBinomial(theta) => {
                2.0 * (ratio(y, mu.max(1e-300)) - (y + theta) * ((y + theta) / (mu + theta)).ln())
            }
        }
    }

    pub(crate) fn log_likelihood(self, y: f64, mu: f64) -> f64 {
        match self {
            Self::Poisson => {
                let log = if y == 0.0 { 0.0 } else { y * mu.ln() };
                log - mu - ln_gamma(y + 1.0)
            }
            Self::Logit => {
                let part = |a: f64, b: f64| if a == 0.0 { 0.0 } else { a * b.ln() };
                part(y, mu) + part(1.0 - y, 1.0 - mu)
            }
            Self::NegativeBinomial(theta) => {
                let log = if y == 0.0 {
                    0.0
                } else {
                    y * (mu / (mu + theta)).ln()
                };
                ln_gamma(y + theta) - ln_gamma(theta) - ln_gamma(y + 1.0)
                    + theta * (theta / (mu + theta)).ln()
                    + log
            }
        }
    }
}
