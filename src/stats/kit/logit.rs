//! Weighted logistic regression by Newton's method, for propensity scores.
//!
//! Converges to 1e-12 in the coefficients (looser stops move later standard errors in the sixth digit). Separation shows up
//! as fitted probabilities that reach 1 while the coefficients run away: the caller is told, never given the last iterate.

use super::dense::{cholesky, cholesky_solve, gram};

/// A fitted logit.
#[derive(Debug, Clone)]
pub(crate) struct Logit {
    /// Coefficients, one per column.
    pub(crate) beta: Vec<f64>,
    /// Fitted probability of each row.
    pub(crate) fitted: Vec<f64>,
    /// Newton steps taken.
    pub(crate) iterations: usize,
}

/// Why no logit could be fitted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LogitFailure {
    /// This column is a combination of earlier ones.
    Collinear(usize),
    /// The columns separate the two outcomes.
    Separated,
}

/// Fits P(d = 1) = 1 / (1 + exp(−xβ)) with optional weights.
pub(crate) fn fit(
    columns: &[Vec<f64>],
    d: &[bool],
    weight: Option<&[f64]>,
) -> Result<Logit, LogitFailure> {
    let (n, k) = (d.len(), columns.len());
    cholesky(&gram(columns, weight), k).map_err(LogitFailure::Collinear)?;
    let mut beta = vec![0.0; k];
    let mut eta = vec![0.0; n];
    let mut fitted = vec![0.5; n];
    let mut curvature = vec![0.0; n];
    let mut best = f64::NEG_INFINITY;
    for iteration in 1..=50 {
        let mut score = vec![0.0; k];
        for i in 0..n {
            let w = weight.map_or(1.0, |w| w[i]);
            curvature[i] = w * fitted[i] * (1.0 - fitted[i]);
            let r = w * (f64::from(u8::from(d[i])) - fitted[i]);
            for (s, c) in score.iter_mut().zip(columns) {
                *s += r * c[i];
            }
        }
        let l =
            cholesky(&gram(columns, Some(&curvature)), k).map_err(|_| LogitFailure::Separated)?;
        let mut step = score;
        cholesky_solve(&l, k, &mut step);
        // Halve the step until the likelihood does not fall.
        let mut scale = 1.0;
        loop {
            eta.fill(0.0);
            for ((c, b), s) in columns.iter().zip(&beta).zip(&step) {
                let b = b + scale * s;
                for (e, x) in eta.iter_mut().zip(c) {
                    *e += b * x;
                }
            }
            let mut likelihood = 0.0;
            for i in 0..n {
                let p = 1.0 / (1.0 + (-eta[i]).exp());
                fitted[i] = p;
                let w = weight.map_or(1.0, |w| w[i]);
                // log p or log (1 − p) without cancellation
                let z = if d[i] { -eta[i] } else { eta[i] };
                likelihood -= w * if z > 0.0 {
                    z + (-z).exp().ln_1p()
                } else {
                    z.exp().ln_1p()
                };
            }
            if likelihood >= best - 1e-9 * (1.0 + likelihood.abs()) || scale < 1e-6 {
                best = likelihood;
                break;
            }
            scale *= 0.5;
        }
        let mut moved = 0.0_f64;
        for (b, s) in beta.iter_mut().zip(&step) {
            *b += scale * s;
            moved = moved.max((scale * s).abs() / (1.0 + b.abs()));
        }
        if moved < 1e-12 {
            return Ok(Logit {
                beta,
                fitted,
                iterations: iteration,
            });
        }
    }
    let largest = eta.iter().fold(0.0_f64, |m, e| m.max(e.abs()));
    if largest > 25.0 {
        Err(LogitFailure::Separated)
    } else {
        Ok(Logit {
            beta,
            fitted,
            iterations: 50,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn intercept_only_logit_is_the_log_odds() {
        let d = [true, false, false, true, true];
        let fit = fit(&[vec![1.0; 5]], &d, None).unwrap();
        assert!((fit.beta[0] - (0.6_f64 / 0.4).ln()).abs() < 1e-12);
    }

    #[test]
    fn separation_is_an_answer_not_a_number() {
        let x = vec![-2.0, -1.0, 1.0, 2.0];
        let d = [false, false, true, true];
        assert_eq!(
            fit(&[vec![1.0; 4], x], &d, None).unwrap_err(),
            LogitFailure::Separated
        );
    }
}
