//! Columns that describe a dose.

use crate::error::StatsError;
use crate::kit::check::finite;

/// One 0/1 column per bin [edge_k, edge_{k+1}) from the second on; the first bin, everything below `edges[0]`, is the reference.
///
/// # Errors
/// Non-finite doses, no edge, or edges that do not ascend.
pub fn bin_indicators(dose: &[f64], edges: &[f64]) -> Result<Vec<Vec<f64>>, StatsError> {
    finite("dose", dose)?;
    finite("edges", edges)?;
    if edges.is_empty() || edges.windows(2).any(|w| w[0] >= w[1]) {
        return Err(StatsError::option("edges", "need at least one, ascending"));
    }
    Ok((1..=edges.len())
        .map(|k| {
            dose.iter()
                .map(|d| f64::from(u8::from(edges.partition_point(|e| e <= d) == k)))
                .collect()
        })
        .collect())
}

/// Natural cubic spline columns, linear beyond the outer knots: the dose itself, then knots − 2 restricted cubics
/// (x − t_k)₊³ − …, divided by the squared range of the knots (Harrell 2015). Any natural-spline basis on these knots fits the same curve.
///
/// # Errors
/// Non-finite doses, fewer than three knots, or knots that do not ascend.
pub fn natural_spline_basis(dose: &[f64], knots: &[f64]) -> Result<Vec<Vec<f64>>, StatsError> {
    finite("dose", dose)?;
    finite("knots", knots)?;
    let k = knots.len();
    if k < 3 || knots.windows(2).any(|w| w[0] >= w[1]) {
        return Err(StatsError::option(
            "knots",
            "need at least three, ascending",
        ));
    }
    Ok((0..k - 1)
        .map(|term| {
            dose.iter()
                .map(|d| natural_spline_term(*d, knots, term))
                .collect()
        })
        .collect())
}

/// One number of [`natural_spline_basis`]: column `term` (0 is the dose itself, the last is knots − 2) at one dose.
///
/// `knots` must be at least three and ascend, and `term` one of the columns; nothing checks it here.
#[must_use]
pub fn natural_spline_term(dose: f64, knots: &[f64], term: usize) -> f64 {
    if term == 0 {
        return dose;
    }
    let k = knots.len();
    let (t, last, before) = (knots[term - 1], knots[k - 1], knots[k - 2]);
    let cube = |x: f64| x.max(0.0).powi(3);
    (cube(dose - t) - cube(dose - before) * (last - t) / (last - before)
        + cube(dose - last) * (before - t) / (last - before))
        / (last - knots[0]).powi(2)
}
