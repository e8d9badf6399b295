//! A curve as bent as the data ask for: cubic B-splines with a penalty on their second differences.

use super::knots::Knots;
use super::penalty::{Problem, singular};
use super::whole_curve::Told;
use crate::absorb;
use crate::design::{Column, Design};
use crate::error::StatsError;
use crate::interval::Estimate;
use crate::kit::check::{finite, finite_option, inside};
use crate::ols::{Dropped, FitOptions, Levels, Vcov};
use faer::Mat;

/// How the penalty is chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Smoothing {
    /// Restricted maximum likelihood: the curve as a random effect. Less prone to wiggle than GCV.
    #[default]
    Reml,
    /// Generalised cross-validation.
    Gcv,
}

/// Options of a penalised spline.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PenalisedOptions {
    /// B-splines before the penalty; more cost time, not wiggles.
    pub basis: usize,
    /// How the penalty is chosen.
    pub smoothing: Smoothing,
    /// Confidence level of interval and band.
    pub level: f64,
    /// Draws behind the band.
    pub draws: usize,
    /// Seed; draw i uses the stream (seed, i).
    pub seed: u64,
}

impl Default for PenalisedOptions {
    fn default() -> Self {
        Self {
            basis: 20,
            smoothing: Smoothing::Reml,
            level: 0.95,
            draws: 9_999,
            seed: 20_260_801,
        }
    }
}

/// The curve at one dose.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PenalisedPoint {
    /// The dose.
    pub dose: f64,
    /// Difference from the reference dose, with its pointwise interval.
    pub effect: Estimate,
    /// Lower limit of the band that holds for the whole curve.
    pub lower: f64,
    /// Upper limit of that band.
    pub upper: f64,
}

/// A penalised dose-response curve.
#[derive(Debug, Clone, PartialEq)]
pub struct PenalisedCurve {
    /// The curve at the doses asked for.
    pub curve: Vec<PenalisedPoint>,
    /// Reference dose.
    pub reference: f64,
    /// Effective degrees of freedom of the curve; 1 is a straight line.
    pub effective_df: f64,
    /// The penalty λ.
    pub penalty: f64,
    /// Residual variance.
    pub residual_variance: f64,
    /// Critical value of the band.
    pub critical: f64,
    /// Largest |t| along the curve, and its p-value against "dose does not matter".
    pub largest: (f64, f64),
    /// Degrees of freedom of the tests.
    pub df: f64,
    /// Rows used.
    pub n: usize,
    /// What was left out and why.
    pub dropped: Dropped,
    /// Effects removed.
    pub effects: Vec<Levels>,
    /// Cluster variables.
    pub clusters: Vec<Levels>,
    /// The variance convention in words.
    pub vcov: String,
    /// B-splines.
    pub basis: usize,
    /// Penalties tried.
    pub iterations: usize,
    /// Whether the best penalty is inside the range searched; `false` says that the curve is a straight line, or not penalised, to
    /// all intents.
    pub converged: bool,
    /// Draws behind the band, and their seed.
    pub draws: (usize, u64),
}

/// A penalised cubic spline of dose beside covariates and absorbed effects, against `reference`.
///
/// `y = f(dose) + Xγ + effects + ε`, `f = Σ a_j B_j` on evenly spaced knots, minimising squares plus `λ Σ (Δ²a)²`. The interval at a dose
/// takes the sandwich variance (clustered when the design names a cluster variable, HC1 otherwise) plus what the penalty may hide,
/// `σ²(H⁻¹ − H⁻¹C'WCH⁻¹)`: Bayesian in origin, right on average along the curve. The band uses the largest |t| of draws of the
/// whole curve and holds everywhere at once.
///
/// Wrong at the ends and in gaps of the doses, where the curve is mostly the penalty's; and in everything the module's text warns of.
///
/// # Errors
/// As [`absorb`]; fewer than 5 B-splines; a level outside (0, 1); a reference or a dose outside the data; fewer than 99 draws; more than
/// one cluster variable.
///
/// Convention: knots and penalty as mgcv's `s(dose, bs = "ps", m = c(2, 2), k = basis)`; criteria as `method = "REML"` and `"GCV.Cp"`.
/// References: Eilers and Marx (1996); Ruppert, Wand and Carroll (2003) for the band; Wood (2017).
///
/// ```
/// use throughline_stats::dose::{penalised_spline, PenalisedOptions};
/// use throughline_stats::{Column, Design};
/// let hours: Vec<f64> = (0..200).map(|i| f64::from(i % 40)).collect();
/// let score: Vec<f64> = (0..200).map(|i| (f64::from(i % 40) / 8.0).sqrt() + f64::from(i * 7 % 11) / 10.0).collect();
/// let curve = penalised_spline(
///     &Design::default(),
///     &Column { name: "score", values: &score },
///     &Column { name: "hours", values: &hours },
///     &[],
///     0.0,
///     &[10.0, 30.0],
///     &PenalisedOptions::default(),
/// )?;
/// assert!(curve.effective_df > 1.5 && curve.largest.1 < 0.01);
/// assert!(curve.curve[0].lower < curve.curve[0].effect.lower);
/// # Ok::<(), throughline_stats::StatsError>(())
/// ```
pub fn penalised_spline(
    design: &Design<'_>,
    outcome: &Column<'_>,
    dose: &Column<'_>,
    covariates: &[Column<'_>],
    reference: f64,
    at: &[f64],
    options: &PenalisedOptions,
) -> Result<PenalisedCurve, StatsError> {
    check(design, reference, at, options)?;
    let knots = Knots::new(design, dose, options.basis)?;
    for (name, x) in at
        .iter()
        .map(|x| ("at", x))
        .chain([("reference", &reference)])
    {
        if !(knots.least..=knots.most).contains(x) {
            return Err(StatsError::option(
                name,
                "must lie inside the doses of the data",
            ));
        }
    }
    // The first B-spline goes: a constant added to all of them changes neither differences nor penalty.
    let names: Vec<String> = (1..options.basis)
        .map(|j| format!("{} spline {j}", dose.name))
        .collect();
    let splines = knots.columns(dose.values);
    let mut columns = vec![*outcome, *dose];
    columns.extend(
        names
            .iter()
            .zip(&splines)
            .map(|(name, values)| Column { name, values }),
    );
    columns.extend_from_slice(covariates);
    let data = absorb(design, &columns)?;
    let vcov = if design.clusters.is_empty() {
        Vcov::Hc1
    } else {
        Vcov::Crv1
    };
    let regressors: Vec<&str> = std::iter::once(dose.name)
        .chain(covariates.iter().map(|c| c.name))
        .collect();
    // The straight line: which covariates stand on their own, how parameters are counted, and the names of things.
    let line = data.ols(outcome.name, &regressors, &FitOptions::new(vcov))?;
    if line.dropped.collinear.iter().any(|c| c == dose.name) {
        return Err(StatsError::AllCollinear {
            names: dose.name.to_owned(),
        });
    }
    let mut used: Vec<&[f64]> = Vec::new();
    for name in &names {
        used.push(data.column(name)?);
    }
    for c in covariates
        .iter()
        .filter(|c| line.coefficient(c.name).is_some())
    {
        used.push(data.column(c.name)?);
    }
    let fixed = used.len() - names.len();
    let problem = Problem::new(
        &data,
        &used,
        data.column(outcome.name)?,
        names.len(),
        line.residual_df,
    );
    let chosen = problem.choose(options.smoothing)?;
    let fit = problem.at(chosen.penalty).ok_or_else(singular)?;
    // Effective parameters in place of the line's one slope.
    let more = fit.effective - fixed as f64 - 1.0;
    let counted = line.parameters as f64 + more;
    let n = line.n as f64;
    let residual_variance = fit.square / (line.residual_df - more);
    let (factor, df) = match line.clusters.first() {
        Some(c) => {
            let g = c.levels as f64;
            ((n - 1.0) / (n - counted) * g / (g - 1.0), g - 1.0)
        }
        None => (n / (n - counted), line.residual_df - more),
    };
    let codes = design.clusters.first().and_then(|c| data.cluster(c.name));
    let parts = problem.covariance(&fit, &used, data.column(outcome.name)?, &data, codes);
    let covariance = Mat::from_fn(used.len(), used.len(), |i, j| {
        factor * parts.sampling[(i, j)] + residual_variance * parts.hidden[(i, j)]
    });
    let told = Told {
        knots: &knots,
        slopes: &fit.slopes,
        covariance,
        reference,
        df,
        options,
    };
    let drawn = told.curve(at)?;
    Ok(PenalisedCurve {
        curve: drawn.points,
        reference,
        effective_df: fit.effective - fixed as f64,
        penalty: chosen.penalty,
        iterations: chosen.tried,
        converged: chosen.inside,
        residual_variance,
        critical: drawn.critical,
        largest: drawn.largest,
        df,
        n: line.n,
        dropped: line.dropped,
        effects: line.effects,
        clusters: line.clusters,
        vcov: format!("{}, with the penalty's share", line.vcov),
        basis: options.basis,
        draws: (options.draws, options.seed),
    })
}

fn check(
    design: &Design<'_>,
    reference: f64,
    at: &[f64],
    options: &PenalisedOptions,
) -> Result<(), StatsError> {
    inside("level", options.level, 0.0, 1.0)?;
    finite("at", at)?;
    finite_option("reference", reference)?;
    if options.basis < 5 {
        return Err(StatsError::option("basis", "needs at least 5 B-splines"));
    }
    if options.draws < 99 {
        return Err(StatsError::option("draws", "needs at least 99"));
    }
    if design.clusters.len() > 1 {
        return Err(StatsError::unsupported(
            "a penalised spline with two cluster variables",
            "name one",
        ));
    }
    Ok(())
}
