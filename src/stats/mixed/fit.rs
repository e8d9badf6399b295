//! The estimate: coefficients, variances, predicted deviations, and the evidence they rest on.

use super::design::{Gathered, MixedDesign, MixedOptions, Term};
use super::optimise::minimise;
use super::profile::{Point, Profile};
use super::satterthwaite::degrees_of_freedom;
use crate::design::Column;
use crate::error::StatsError;
use crate::interval::Estimate;
use crate::linalg::times;
use crate::ols::{Coefficient, Dropped, Levels};

/// A relative standard deviation (to the residual's) below this counts as zero, as lme4's `isSingular`.
const SINGULAR: f64 = 1e-4;

/// A variance of random effects, or the covariance of two.
#[derive(Debug, Clone, PartialEq)]
pub struct Covariation {
    /// The group.
    pub group: String,
    /// The effect.
    pub term: String,
    /// The other effect of a covariance.
    pub with: Option<String>,
    /// Variance or covariance.
    pub variance: f64,
    /// Standard deviation, or the correlation (NaN when a variance is zero).
    pub standardised: f64,
}

/// Predicted deviations of the levels of one group (conditional modes, "BLUPs").
#[derive(Debug, Clone, PartialEq)]
pub struct Predicted {
    /// The group.
    pub group: String,
    /// The effect.
    pub term: String,
    /// The caller's code of each level, ascending.
    pub levels: Vec<u32>,
    /// Deviation of each level from the fixed part, shrunk toward zero.
    pub values: Vec<f64>,
}

/// A fitted mixed model.
#[derive(Debug, Clone, PartialEq)]
pub struct MixedFit {
    /// Name of the outcome.
    pub outcome: String,
    /// `REML` or `ML`.
    pub method: &'static str,
    /// Observations used.
    pub n: usize,
    /// What was left out and why.
    pub dropped: Dropped,
    /// Groups and how many levels each has.
    pub groups: Vec<Levels>,
    /// Fixed coefficients, tested with Satterthwaite's degrees of freedom.
    pub coefficients: Vec<Coefficient>,
    /// Their covariance, row by row.
    pub covariance: Vec<f64>,
    /// Variances, then covariances, term by term.
    pub random: Vec<Covariation>,
    /// `σ²`.
    pub residual_variance: f64,
    /// Minus twice the (restricted) log-likelihood.
    pub criterion: f64,
    /// The (restricted) log-likelihood.
    pub log_likelihood: f64,
    /// Relative covariance factors, column by column, as lme4 lists them.
    pub theta: Vec<f64>,
    /// Predicted deviations.
    pub predicted: Vec<Predicted>,
    /// Newton iterations.
    pub iterations: usize,
    /// Evaluations of the criterion.
    pub evaluations: usize,
    /// Whether the slope of the criterion vanished.
    pub converged: bool,
    /// Whether a variance is zero or a correlation one.
    pub singular: bool,
    /// Confidence level of the intervals.
    pub level: f64,
}

/// Estimates a linear mixed model.
///
/// Rows outside the sample or of weight zero are left out and counted; fixed columns implied by earlier ones are left out and named,
/// as R does.
///
/// # Errors
/// Lengths that differ, non-finite values or weights, an outcome that does not vary or is fitted perfectly, no random term, a group of
/// one level, as many random effects as observations, a random slope implied by other random effects, no iteration left.
///
/// Convention: criterion, `θ`, standard errors (given `θ`) as lme4 1.1; degrees of freedom as lmerTest.
pub fn mixed(
    design: &MixedDesign<'_>,
    outcome: &Column<'_>,
    fixed: &[Column<'_>],
    options: &MixedOptions,
) -> Result<MixedFit, StatsError> {
    let model = Gathered::new(design, outcome, fixed, options)?;
    let perfect = || StatsError::PerfectFit {
        outcome: outcome.name.to_owned(),
    };
    let profile = Profile::new(&model, !options.maximum_likelihood).map_err(|e| match e {
        StatsError::PerfectFit { .. } => perfect(),
        other => other,
    })?;
    let criterion = |theta: &[f64]| profile.criterion(theta);
    let found =
        minimise(&criterion, profile.first_theta(), options.iterations).ok_or_else(perfect)?;
    if !found.converged {
        return Err(StatsError::NotConverged {
            what: format!(
                "the search for the variances (a step would still gain {:.1e})",
                found.decrement
            ),
            iterations: found.iterations,
        });
    }
    let theta = upright(found.at, &model.terms);
    let point = profile.at(&theta).ok_or_else(perfect)?;
    let (change, unscaled) = point.fixed(&profile).ok_or_else(perfect)?;
    let residual_variance = point.square / profile.residual_df();
    let q: Vec<f64> = profile
        .start
        .iter()
        .zip(&change)
        .map(|(a, b)| a + b)
        .collect();
    let beta = times(profile.back.as_ref(), &q);
    let df = degrees_of_freedom(&profile, &theta, &point);
    let p = beta.len();
    let covariance: Vec<f64> = (0..p * p)
        .map(|i| residual_variance * unscaled[(i / p, i % p)])
        .collect();
    let coefficients = (0..p)
        .map(|j| {
            let se = covariance[j * p + j].sqrt();
            let tested = Estimate::student(beta[j], se, df[j], options.level);
            Coefficient {
                term: model.names[j].clone(),
                estimate: tested.estimate,
                se,
                statistic: tested.statistic,
                p: tested.p,
                df: tested.df,
                lower: tested.lower,
                upper: tested.upper,
            }
        })
        .collect();
    let lambda = profile.lambda(&theta);
    let singular = lambda.iter().any(|l| {
        let k = l.len().isqrt();
        (0..k).any(|i| l[i * k + i] < SINGULAR)
    });
    let predicted = predicted(&profile, &model.terms, &lambda, &point, &change);
    Ok(MixedFit {
        outcome: outcome.name.to_owned(),
        method: if profile.reml { "REML" } else { "ML" },
        n: profile.n,
        groups: groups(&model.terms),
        random: covariations(&model.terms, &lambda, residual_variance),
        dropped: Dropped {
            outside_sample: model.outside,
            zero_weight: model.zero_weight,
            collinear: model.collinear,
            ..Dropped::default()
        },
        coefficients,
        covariance,
        residual_variance,
        criterion: point.criterion,
        log_likelihood: -0.5 * point.criterion,
        theta: relative(&model.terms, &lambda),
        predicted,
        iterations: found.iterations,
        evaluations: found.evaluations,
        converged: found.converged,
        singular,
        level: options.level,
    })
}

/// Turns the sign of columns of `Λ` so that its diagonal is not negative; the model is the same.
fn upright(mut theta: Vec<f64>, terms: &[Term]) -> Vec<f64> {
    let mut from = 0;
    for term in terms {
        for height in (1..=term.width()).rev() {
            let column = &mut theta[from..from + height];
            if column[0] < 0.0 {
                column.iter_mut().for_each(|v| *v = -*v);
            }
            from += height;
        }
    }
    theta
}

/// `θ` in the units of the columns as they were given.
fn relative(terms: &[Term], lambda: &[Vec<f64>]) -> Vec<f64> {
    let mut out = Vec::new();
    for (term, l) in terms.iter().zip(lambda) {
        let k = term.width();
        for j in 0..k {
            out.extend((j..k).map(|i| l[i * k + j] / term.scale[i]));
        }
    }
    out
}

fn groups(terms: &[Term]) -> Vec<Levels> {
    let mut found: Vec<Levels> = Vec::new();
    for term in terms {
        if found.iter().all(|g| g.name != term.group) {
            found.push(Levels {
                name: term.group.clone(),
                levels: term.labels.len(),
                nested: false,
            });
        }
    }
    found
}

fn covariations(terms: &[Term], lambda: &[Vec<f64>], sigma2: f64) -> Vec<Covariation> {
    let mut out = Vec::new();
    for (term, l) in terms.iter().zip(lambda) {
        let k = term.width();
        let of = |i: usize, j: usize| {
            let product: f64 = (0..k).map(|m| l[i * k + m] * l[j * k + m]).sum();
            sigma2 * product / (term.scale[i] * term.scale[j])
        };
        for i in 0..k {
            out.push(Covariation {
                group: term.group.clone(),
                term: term.names[i].clone(),
                with: None,
                variance: of(i, i),
                standardised: of(i, i).sqrt(),
            });
        }
        for i in 0..k {
            for j in i + 1..k {
                out.push(Covariation {
                    group: term.group.clone(),
                    term: term.names[i].clone(),
                    with: Some(term.names[j].clone()),
                    variance: of(i, j),
                    standardised: of(i, j) / (of(i, i) * of(j, j)).sqrt(),
                });
            }
        }
    }
    out
}

/// `b = Λu`, `u` the solution for what the fixed part leaves.
fn predicted(
    profile: &Profile,
    terms: &[Term],
    lambda: &[Vec<f64>],
    point: &Point,
    change: &[f64],
) -> Vec<Predicted> {
    let q = profile.structure.q;
    let mut u = point.solved[profile.p * q..].to_vec();
    for (column, by) in point.solved.chunks_exact(q).zip(change) {
        u.iter_mut().zip(column).for_each(|(u, c)| *u -= by * c);
    }
    profile.structure.spread(lambda, &mut u);
    let mut out = Vec::new();
    for (t, term) in terms.iter().enumerate() {
        let k = term.width();
        let from = profile.structure.offset[t];
        for (j, name) in term.names.iter().enumerate() {
            out.push(Predicted {
                group: term.group.clone(),
                term: name.clone(),
                levels: term.labels.clone(),
                values: (0..term.labels.len())
                    .map(|l| u[from + l * k + j] / term.scale[j])
                    .collect(),
            });
        }
    }
    out
}
