//! Exact linear quantile regression by descent over vertices (the idea of Barrodale and Roberts 1974; Koenker and d'Orey 1987).
//!
//! A solution interpolates as many rows as there are coefficients. From one such vertex the objective is followed along an edge to its
//! minimum (a weighted median of breakpoints), where one row enters the basis and one leaves, until no edge descends. Ties are broken by a
//! perturbation of the outcome at 1e-10 of its range, in an order set by the values of the rows, not by their position; coefficients are
//! recomputed from the unperturbed rows of the final basis.

use crate::error::StatsError;
use crate::kit::check::{finite, inside, same_length};

/// Pivots between fresh inverses of the basis.
const REFRESH: usize = 64;

/// A fitted conditional quantile.
#[derive(Debug, Clone, PartialEq)]
pub struct QuantileFit {
    /// The quantile τ.
    pub tau: f64,
    /// One coefficient per column.
    pub coefficients: Vec<f64>,
    /// Σ ρ_τ(y − xβ).
    pub objective: f64,
    /// Vertices visited.
    pub iterations: usize,
}

/// The rows of a design, standardised for the descent and shared by all quantiles.
pub(crate) struct Problem {
    rows: Vec<f64>,
    outcome: Vec<f64>,
    perturbed: Vec<f64>,
    p: usize,
}

fn mix(mut z: u64) -> f64 {
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    ((z ^ (z >> 31)) >> 11) as f64 / (1u64 << 53) as f64 - 0.5
}

impl Problem {
    pub(crate) fn new(columns: &[&[f64]], outcome: &[f64]) -> Result<Self, StatsError> {
        let (n, p) = (outcome.len(), columns.len());
        finite("outcome", outcome)?;
        for (k, c) in columns.iter().enumerate() {
            same_length(&format!("column {k}"), c.len(), n)?;
            finite(&format!("column {k}"), c)?;
        }
        if n <= p {
            return Err(StatsError::TooFewObservations { n, parameters: p });
        }
        let mut rows = Vec::with_capacity(n * p);
        for i in 0..n {
            rows.extend(columns.iter().map(|c| c[i]));
        }
        let mut order: Vec<usize> = (0..n).collect();
        let row = |i: usize| &rows[i * p..(i + 1) * p];
        order.sort_by(|&a, &b| {
            outcome[a].total_cmp(&outcome[b]).then_with(|| {
                row(a)
                    .iter()
                    .zip(row(b))
                    .map(|(x, y)| x.total_cmp(y))
                    .find(|o| o.is_ne())
                    .unwrap_or(std::cmp::Ordering::Equal)
            })
        });
        let range = outcome[order[n - 1]] - outcome[order[0]];
        if range == 0.0 {
            return Err(StatsError::ZeroVariance {
                name: "outcome".into(),
            });
        }
        let mut perturbed = outcome.to_vec();
        for (place, &i) in order.iter().enumerate() {
            perturbed[i] += 1e-10 * range * mix(place as u64 + 1);
        }
        Ok(Self {
            rows,
            outcome: outcome.to_vec(),
            perturbed,
            p,
        })
    }

    fn row(&self, i: usize) -> &[f64] {
        &self.rows[i * self.p..(i + 1) * self.p]
    }

    /// Rows that span the columns, chosen by elimination with pivoting.
    pub(crate) fn first_basis(&self) -> Result<Vec<usize>, StatsError> {
        let (n, p) = (self.outcome.len(), self.p);
        let mut work = self.rows.clone();
        let size: Vec<f64> = (0..p)
            .map(|j| (0..n).fold(0.0_f64, |m, i| m.max(work[i * p + j].abs())))
            .collect();
        let mut basis = Vec::with_capacity(p);
        for j in 0..p {
            let pivot = (0..n)
                .filter(|i| !basis.contains(i))
                .max_by(|&a, &b| work[a * p + j].abs().total_cmp(&work[b * p + j].abs()));
            let Some(pivot) = pivot.filter(|&i| work[i * p + j].abs() > 1e-9 * size[j].max(1e-300))
            else {
                return Err(StatsError::AllCollinear {
                    names: format!("column {j}"),
                });
            };
            let source: Vec<f64> = work[pivot * p..(pivot + 1) * p].to_vec();
            // Column operations: the remaining columns lose what column j explains at the pivot row.
            for m in j + 1..p {
                let f = source[m] / source[j];
                if f != 0.0 {
                    for i in 0..n {
                        work[i * p + m] -= f * work[i * p + j];
                    }
                }
            }
            basis.push(pivot);
        }
        Ok(basis)
    }

    /// Inverse of the basis rows (row-major): column j is the edge that leaves basis row j.
    fn inverse(&self, basis: &[usize]) -> Option<Vec<f64>> {
        let p = self.p;
        let mut a: Vec<f64> = basis.iter().flat_map(|&i| self.row(i).to_vec()).collect();
        let mut inv = vec![0.0; p * p];
        for i in 0..p {
            inv[i * p + i] = 1.0;
        }
        for c in 0..p {
            let pivot =
                (c..p).max_by(|&x, &y| a[x * p + c].abs().total_cmp(&a[y * p + c].abs()))?;
            if a[pivot * p + c] == 0.0 {
                return None;
            }
            for m in 0..p {
                a.swap(c * p + m, pivot * p + m);
                inv.swap(c * p + m, pivot * p + m);
            }
            let d = a[c * p + c];
            for m in 0..p {
                a[c * p + m] /= d;
                inv[c * p + m] /= d;
            }
            for i in 0..p {
                let f = a[i * p + c];
                if i != c && f != 0.0 {
                    for m in 0..p {
                        a[i * p + m] -= f * a[c * p + m];
                        inv[i * p + m] -= f * inv[c * p + m];
                    }
                }
            }
        }
        Some(inv)
    }

    fn coefficients(&self, inverse: &[f64], basis: &[usize], outcome: &[f64]) -> Vec<f64> {
        inverse
            .chunks_exact(self.p)
            .map(|r| r.iter().zip(basis).map(|(a, &i)| a * outcome[i]).sum())
            .collect()
    }

    fn residuals(&self, beta: &[f64]) -> Vec<f64> {
        self.rows
            .chunks_exact(self.p)
            .zip(&self.perturbed)
            .map(|(x, y)| y - x.iter().zip(beta).map(|(a, b)| a * b).sum::<f64>())
            .collect()
    }

    /// Descends to the τ quantile from a basis, which it leaves at the solution.
    pub(crate) fn descend(&self, tau: f64, basis: &mut [usize]) -> Result<QuantileFit, StatsError> {
        let (n, p) = (self.outcome.len(), self.p);
        let singular = || StatsError::NotEstimable {
            place: format!("the quantile {tau}"),
            reason: "the design is singular on the rows it passes through",
        };
        let mut inverse = self.inverse(basis).ok_or_else(singular)?;
        let mut residual = self.residuals(&self.coefficients(&inverse, basis, &self.perturbed));
        let mut member = vec![false; n];
        for &i in basis.iter() {
            member[i] = true;
        }
        let limit = 200 * p + 50 * n;
        let mut breaks: Vec<(f64, f64, usize)> = Vec::new();
        for iteration in 0..limit {
            // Σ ψ x over rows off the basis, then its component along each edge.
            let mut push = vec![0.0; p];
            for i in (0..n).filter(|&i| !member[i]) {
                let psi = if residual[i] < 0.0 { tau - 1.0 } else { tau };
                for (s, x) in push.iter_mut().zip(self.row(i)) {
                    *s += psi * x;
                }
            }
            let mut best = (1e-10, 0, 0.0);
            for j in 0..p {
                let along: f64 = (0..p).map(|m| inverse[m * p + j] * push[m]).sum();
                for (gain, sign) in [(along - (1.0 - tau), 1.0), (-along - tau, -1.0)] {
                    if gain > best.0 {
                        best = (gain, j, sign);
                    }
                }
            }
            let (gain, leave, sign) = best;
            if sign == 0.0 {
                let inverse = self.inverse(basis).ok_or_else(singular)?;
                let beta = self.coefficients(&inverse, basis, &self.outcome);
                let check = |i: usize| {
                    let r = self.outcome[i]
                        - self
                            .row(i)
                            .iter()
                            .zip(&beta)
                            .map(|(a, b)| a * b)
                            .sum::<f64>();
                    if r < 0.0 { (tau - 1.0) * r } else { tau * r }
                };
                return Ok(QuantileFit {
                    tau,
                    objective: (0..n).map(check).sum(),
                    coefficients: beta,
                    iterations: iteration,
                });
            }
            let edge: Vec<f64> = (0..p).map(|m| sign * inverse[m * p + leave]).collect();
            breaks.clear();
            let mut speed = vec![0.0; n];
            for i in 0..n {
                let v: f64 = self.row(i).iter().zip(&edge).map(|(a, b)| a * b).sum();
                speed[i] = v;
                if !member[i] && v.abs() > 1e-13 && residual[i] / v > 0.0 {
                    breaks.push((residual[i] / v, v.abs(), i));
                }
            }
            // Walk the breakpoints until the slope turns.
            breaks.sort_unstable_by(|a, b| a.0.total_cmp(&b.0).then(a.2.cmp(&b.2)));
            let mut slope = -gain;
            let Some(&(step, _, enter)) = breaks.iter().find(|b| {
                slope += b.1;
                slope >= 0.0
            }) else {
                return Err(singular());
            };
            for (r, v) in residual.iter_mut().zip(&speed) {
                *r -= step * v;
            }
            member[basis[leave]] = false;
            member[enter] = true;
            let out = basis[leave];
            basis[leave] = enter;
            if iteration % REFRESH == REFRESH - 1 {
                inverse = self.inverse(basis).ok_or_else(singular)?;
                residual = self.residuals(&self.coefficients(&inverse, basis, &self.perturbed));
            } else {
                self.replace(&mut inverse, leave, enter);
            }
            for &i in basis.iter() {
                residual[i] = 0.0;
            }
            // The row that left is now on the side it moved to.
            residual[out] = -sign * step;
        }
        Err(StatsError::NotConverged {
            what: format!("the quantile {tau}"),
            iterations: limit,
        })
    }

    /// Rank-one update of the inverse when row `enter` takes place `leave` of the basis.
    fn replace(&self, inverse: &mut [f64], leave: usize, enter: usize) {
        let p = self.p;
        let x = self.row(enter);
        let along: Vec<f64> = (0..p)
            .map(|j| (0..p).map(|m| x[m] * inverse[m * p + j]).sum())
            .collect();
        for m in 0..p {
            let scaled = inverse[m * p + leave] / along[leave];
            for j in 0..p {
                if j == leave {
                    inverse[m * p + j] = scaled;
                } else {
                    inverse[m * p + j] -= along[j] * scaled;
                }
            }
        }
    }
}

/// Fits the conditional τ quantile of `outcome` as a linear function of `columns` (add a column of ones for an intercept).
///
/// # Errors
/// Unequal lengths, non-finite values, τ outside (0, 1), no more rows than columns, collinear columns.
///
/// ```
/// let x = [1.0, 1.0, 1.0, 1.0, 1.0];
/// let y = [5.0, 1.0, 9.0, 2.0, 4.0];
/// let median = throughline_stats::growth::quantile_regression(&[&x], &y, 0.5)?;
/// assert_eq!(median.coefficients, [4.0]);
/// # Ok::<(), throughline_stats::StatsError>(())
/// ```
pub fn quantile_regression(
    columns: &[&[f64]],
    outcome: &[f64],
    tau: f64,
) -> Result<QuantileFit, StatsError> {
    inside("tau", tau, 0.0, 1.0)?;
    let problem = Problem::new(columns, outcome)?;
    let mut basis = problem.first_basis()?;
    problem.descend(tau, &mut basis)
}
