//! Effects by bin, and the curve with its tests.

use super::basis::{bin_indicators, natural_spline_basis};
use super::fit::{DoseOptions, RobustFit, robust};
use crate::dist::f_upper;
use crate::error::StatsError;
use crate::interval::Estimate;
use crate::kit::bspline::quantile;
use crate::kit::check::{finite, finite_option, same_length};
use crate::kit::dense::{bilinear, cholesky, forward};

/// A joint test of several coefficients: F = β'V⁻¹β/q on (q, df).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct JointTest {
    /// F statistic.
    pub f: f64,
    /// Coefficients tested.
    pub df1: usize,
    /// Denominator degrees of freedom.
    pub df2: f64,
    /// p-value.
    pub p: f64,
}

/// One bin of dose.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct DoseBin {
    /// Lower edge, included; −∞ for the reference.
    pub from: f64,
    /// Upper edge, excluded; +∞ for the last.
    pub to: f64,
    /// Rows.
    pub n: usize,
    /// Difference from the reference bin; `None` for the reference itself.
    pub effect: Option<Estimate>,
}

/// Effects by bin.
#[derive(Debug, Clone, PartialEq)]
pub struct Bins {
    /// The reference bin first.
    pub rows: Vec<DoseBin>,
    /// Whether any bin differs from the reference.
    pub any: JointTest,
    /// Rows used: all that were given, none is left out.
    pub n: usize,
    /// Clusters, when clustered.
    pub clusters: Option<usize>,
    /// Degrees of freedom of the tests.
    pub df: f64,
    /// The variance convention in words.
    pub vcov: &'static str,
}

/// A dose-response curve.
#[derive(Debug, Clone, PartialEq)]
pub struct DoseCurve {
    /// Knots, ascending.
    pub knots: Vec<f64>,
    /// Whether dose matters at all.
    pub any: JointTest,
    /// Whether the curve bends.
    pub nonlinear: JointTest,
    /// (dose, difference from the reference dose) at the doses asked for.
    pub curve: Vec<(f64, Estimate)>,
    /// Reference dose.
    pub reference: f64,
    /// Rows used: all that were given, none is left out.
    pub n: usize,
    /// Clusters, when clustered.
    pub clusters: Option<usize>,
    /// Degrees of freedom of the tests.
    pub df: f64,
    /// The variance convention in words.
    pub vcov: &'static str,
}

/// Joint test of coefficients `from..to`.
fn joint(fit: &RobustFit, from: usize, to: usize) -> Result<JointTest, StatsError> {
    let (k, q) = (fit.beta.len(), to - from);
    let block: Vec<f64> = (from..to)
        .flat_map(|i| (from..to).map(move |j| (i, j)))
        .map(|(i, j)| fit.covariance[i * k + j])
        .collect();
    let factor = cholesky(&block, q).map_err(|_| StatsError::NotEstimable {
        place: "the joint test of dose".into(),
        reason: "fewer clusters than coefficients; use fewer bins or knots",
    })?;
    let mut z = fit.beta[from..to].to_vec();
    forward(&factor, q, &mut z);
    let f = z.iter().map(|v| v * v).sum::<f64>() / q as f64;
    Ok(JointTest {
        f,
        df1: q,
        df2: fit.df,
        p: f_upper(f, q as f64, fit.df),
    })
}

/// Effects of bins of dose against the first (below `edges[0]`), by least squares with robust errors.
///
/// # Errors
/// Unequal lengths, non-finite values, edges that do not ascend, an empty bin, too few rows or clusters.
pub fn bins(
    dose: &[f64],
    edges: &[f64],
    outcome: &[f64],
    options: &DoseOptions<'_>,
) -> Result<Bins, StatsError> {
    same_length("outcome", outcome.len(), dose.len())?;
    let columns = bin_indicators(dose, edges)?;
    let counts: Vec<usize> = columns
        .iter()
        .map(|c| c.iter().filter(|v| **v > 0.0).count())
        .collect();
    let reference = dose.len() - counts.iter().sum::<usize>();
    if reference == 0 || counts.contains(&0) {
        return Err(StatsError::EmptyGroup {
            group: "rows in one of the dose bins".into(),
            hint: "join it with a neighbour",
        });
    }
    let fit = robust(outcome, columns, options)?;
    let k = fit.beta.len();
    let mut rows = vec![DoseBin {
        from: f64::NEG_INFINITY,
        to: edges[0],
        n: reference,
        effect: None,
    }];
    for (j, n) in counts.into_iter().enumerate() {
        let effect = Estimate::student(
            fit.beta[j + 1],
            fit.covariance[(j + 1) * k + j + 1].sqrt(),
            fit.df,
            options.level,
        );
        rows.push(DoseBin {
            from: edges[j],
            to: edges.get(j + 1).copied().unwrap_or(f64::INFINITY),
            n,
            effect: Some(effect),
        });
    }
    Ok(Bins {
        rows,
        any: joint(&fit, 1, edges.len() + 1)?,
        n: dose.len(),
        clusters: fit.clusters,
        df: fit.df,
        vcov: fit.vcov,
    })
}

/// Where a natural spline's knots go: Harrell's quantiles of the *positive* doses (.10/.50/.90 for three, .05 … .95 evenly between for more).
///
/// # Errors
/// A number of knots outside 3 to 7, non-finite doses, too few distinct positive doses.
pub fn natural_spline_knots(dose: &[f64], knots: usize) -> Result<Vec<f64>, StatsError> {
    finite("dose", dose)?;
    if !(3..=7).contains(&knots) {
        return Err(StatsError::option("knots", "must be 3 to 7"));
    }
    let mut positive: Vec<f64> = dose.iter().copied().filter(|d| *d > 0.0).collect();
    positive.sort_by(f64::total_cmp);
    if positive.len() < knots {
        return Err(StatsError::TooFewObservations {
            n: positive.len(),
            parameters: knots,
        });
    }
    let edge = if knots == 3 { 0.10 } else { 0.05 };
    let place: Vec<f64> = (0..knots)
        .map(|k| {
            quantile(
                &positive,
                edge + (1.0 - 2.0 * edge) * k as f64 / (knots - 1) as f64,
            )
        })
        .collect();
    if place.windows(2).any(|w| w[0] >= w[1]) {
        return Err(StatsError::option(
            "knots",
            "fall on the same dose; use fewer, or bins",
        ));
    }
    Ok(place)
}

/// A natural cubic spline of dose with knots at quantiles of the *positive* doses (many units have none), evaluated at `at` against `reference`.
///
/// `knots` is 3 to 7; they sit where [`natural_spline_knots`] says.
///
/// # Errors
/// Unequal lengths, non-finite values, a number of knots out of range, too few distinct positive doses, collinear covariates, too few clusters.
///
/// ```
/// use throughline_stats::dose::natural_spline;
/// let hours: Vec<f64> = (0..200).map(|i| f64::from(i % 40)).collect();
/// let score: Vec<f64> = (0..200).map(|i| (f64::from(i % 40) / 8.0).sqrt() + f64::from(i * 7 % 11) / 10.0).collect();
/// let curve = natural_spline(&hours, 4, &score, 0.0, &[10.0, 30.0], &Default::default())?;
/// // It rises, and less and less.
/// let (ten, thirty) = (curve.curve[0].1.estimate, curve.curve[1].1.estimate);
/// assert!(ten > 0.0 && thirty > ten && thirty < 3.0 * ten && curve.nonlinear.p < 0.05);
/// assert_eq!((curve.n, curve.vcov), (200, "heteroskedasticity-robust HC1"));
/// # Ok::<(), throughline_stats::StatsError>(())
/// ```
pub fn natural_spline(
    dose: &[f64],
    knots: usize,
    outcome: &[f64],
    reference: f64,
    at: &[f64],
    options: &DoseOptions<'_>,
) -> Result<DoseCurve, StatsError> {
    same_length("outcome", outcome.len(), dose.len())?;
    finite("at", at)?;
    finite_option("reference", reference)?;
    let place = natural_spline_knots(dose, knots)?;
    let columns = natural_spline_basis(dose, &place)?;
    let q = columns.len();
    let fit = robust(outcome, columns, options)?;
    let k = fit.beta.len();
    let mut points = vec![reference];
    points.extend_from_slice(at);
    let rows = natural_spline_basis(&points, &place)?;
    let curve = (1..points.len())
        .map(|i| {
            let mut c = vec![0.0; k];
            for (j, column) in rows.iter().enumerate() {
                c[j + 1] = column[i] - column[0];
            }
            let value = c.iter().zip(&fit.beta).map(|(a, b)| a * b).sum();
            let se = bilinear(&c, &fit.covariance, &c).max(0.0).sqrt();
            (
                points[i],
                Estimate::student(value, se, fit.df, options.level),
            )
        })
        .collect();
    Ok(DoseCurve {
        any: joint(&fit, 1, q + 1)?,
        nonlinear: joint(&fit, 2, q + 1)?,
        curve,
        reference,
        n: dose.len(),
        clusters: fit.clusters,
        df: fit.df,
        vcov: fit.vcov,
        knots: place,
    })
}
