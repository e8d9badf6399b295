//! The conditional least-favourable hybrid test of moment inequalities with nuisance parameters (Andrews, Roth and Pakes 2023).
//!
//! H₀: some τ has E\[Y\] − Xτ ≤ 0. The statistic η = min {η : Y − Xτ ≤ ση} equals max γ'Y over the vertices γ of {γ ≥ 0, γ'X = 0, γ'σ = 1}. That
//! polytope does not depend on the data, and for an event study it is small: its vertices are listed once, and everything the test needs
//! (statistic, truncation bounds, least-favourable critical value) is a maximum over the list. No linear program is solved.

use crate::dist::{normal_cdf, normal_quantile};
use crate::kit::dense::{bilinear, mat_vec};

/// Quantile of a standard normal truncated to [low, high].
pub(crate) fn truncated_quantile(p: f64, low: f64, high: f64) -> f64 {
    if low > 0.0 {
        // In the upper tail work with survival, where nothing cancels.
        let (a, b) = (normal_cdf(-low), normal_cdf(-high));
        if a <= 0.0 {
            return low;
        }
        return (-normal_quantile(a - p * (a - b))).clamp(low, high);
    }
    let (a, b) = (normal_cdf(low), normal_cdf(high));
    normal_quantile(a + p * (b - a)).clamp(low, high)
}

/// Vertices of {γ ≥ 0, γ'X = 0, γ'σ = 1}: each as a dense vector over the moments. `x` holds one row of nuisance loadings per moment.
pub(crate) fn vertices(sigma: &[f64], x: &[Vec<f64>]) -> Vec<Vec<f64>> {
    let rows = sigma.len();
    let size = x.first().map_or(0, Vec::len) + 1;
    let mut found: Vec<Vec<f64>> = Vec::new();
    let mut chosen: Vec<usize> = (0..size).collect();
    if size > rows {
        return found;
    }
    loop {
        if let Some(gamma) = basic_solution(sigma, x, &chosen) {
            let mut full = vec![0.0; rows];
            for (&r, g) in chosen.iter().zip(gamma) {
                full[r] = g;
            }
            // Degenerate bases repeat a vertex.
            let known = |v: &Vec<f64>| {
                v.iter()
                    .zip(&full)
                    .all(|(a, b)| (a - b).abs() <= 1e-9 * (1.0 + a.abs()))
            };
            if !found.iter().any(known) {
                found.push(full);
            }
        }
        // Next combination in lexicographic order.
        let Some(at) = (0..size).rev().find(|&i| chosen[i] < rows - size + i) else {
            return found;
        };
        chosen[at] += 1;
        for i in at + 1..size {
            chosen[i] = chosen[i - 1] + 1;
        }
    }
}

/// Solves [σ_B, X_B]' γ = e₁ by elimination; `None` when singular or not non-negative.
fn basic_solution(sigma: &[f64], x: &[Vec<f64>], chosen: &[usize]) -> Option<Vec<f64>> {
    let k = chosen.len();
    let mut a: Vec<Vec<f64>> = (0..k)
        .map(|i| {
            chosen
                .iter()
                .map(|&r| if i == 0 { sigma[r] } else { x[r][i - 1] })
                .collect()
        })
        .collect();
    let mut b: Vec<f64> = (0..k).map(|i| f64::from(u8::from(i == 0))).collect();
    let mut scale: Vec<f64> = a
        .iter()
        .map(|row| row.iter().fold(0.0_f64, |m, v| m.max(v.abs())))
        .collect();
    for column in 0..k {
        let pivot = (column..k).max_by(|&i, &j| {
            (a[i][column].abs() / scale[i].max(1e-300))
                .total_cmp(&(a[j][column].abs() / scale[j].max(1e-300)))
        })?;
        if a[pivot][column].abs() <= 1e-10 * scale[pivot] {
            return None;
        }
        a.swap(column, pivot);
        b.swap(column, pivot);
        scale.swap(column, pivot);
        for i in 0..k {
            if i != column {
                let f = a[i][column] / a[column][column];
                if f != 0.0 {
                    let source = a[column].clone();
                    for (v, s) in a[i].iter_mut().zip(&source) {
                        *v -= f * s;
                    }
                    b[i] -= f * b[column];
                }
            }
        }
    }
    let gamma: Vec<f64> = (0..k).map(|i| b[i] / a[i][i]).collect();
    let top = gamma.iter().fold(0.0_f64, |m, g| m.max(g.abs()));
    gamma
        .iter()
        .all(|g| g.is_finite() && *g >= -1e-10 * top)
        .then(|| gamma.into_iter().map(|g| g.max(0.0)).collect())
}

/// A test of one polyhedron, ready for any data vector.
pub(crate) struct Hybrid {
    /// Vertices over the moments.
    gammas: Vec<Vec<f64>>,
    /// Covariance of the moments, row-major.
    covariance: Vec<f64>,
    /// Least-favourable critical value of the first stage.
    least_favourable: f64,
    alpha: f64,
    kappa: f64,
}

impl Hybrid {
    /// Lists the vertices and simulates the first-stage critical value from draws of the moments with mean zero.
    pub(crate) fn new(
        covariance: Vec<f64>,
        x: &[Vec<f64>],
        draws: &[Vec<f64>],
        alpha: f64,
        kappa: f64,
    ) -> Self {
        let rows = x.len();
        let sigma: Vec<f64> = (0..rows).map(|i| covariance[i * rows + i].sqrt()).collect();
        let gammas = vertices(&sigma, x);
        let mut largest: Vec<f64> = draws.iter().map(|xi| statistic(&gammas, xi).0).collect();
        largest.sort_by(f64::total_cmp);
        // Linear interpolation between order statistics (R type 7), as HonestDiD.
        let at = (largest.len() - 1) as f64 * (1.0 - kappa);
        let low = at.floor() as usize;
        let next = largest[(low + 1).min(largest.len() - 1)];
        let least_favourable = largest[low] + (at - low as f64) * (next - largest[low]);
        Self {
            gammas,
            covariance,
            least_favourable,
            alpha,
            kappa,
        }
    }

    /// Whether the hypothesis is rejected for these moments.
    pub(crate) fn rejects(&self, y: &[f64]) -> bool {
        let (eta, at) = statistic(&self.gammas, y);
        if eta > self.least_favourable {
            return true;
        }
        let gamma = &self.gammas[at];
        let variance = bilinear(gamma, &self.covariance, gamma);
        if variance <= f64::EPSILON * f64::EPSILON {
            return eta > 0.0;
        }
        let b: Vec<f64> = mat_vec(&self.covariance, gamma)
            .into_iter()
            .map(|v| v / variance)
            .collect();
        let s: Vec<f64> = y.iter().zip(&b).map(|(v, w)| v - w * eta).collect();
        // γ stays the best vertex while γ_j's ≤ z (1 − γ_j'b) for all j.
        let (mut low, mut high) = (f64::NEG_INFINITY, f64::INFINITY);
        for (j, other) in self.gammas.iter().enumerate() {
            if j == at {
                continue;
            }
            let slope = 1.0 - other.iter().zip(&b).map(|(g, v)| g * v).sum::<f64>();
            let level = other.iter().zip(&s).map(|(g, v)| g * v).sum::<f64>();
            if slope > 1e-12 {
                low = low.max(level / slope);
            } else if slope < -1e-12 {
                high = high.min(level / slope);
            }
        }
        let sd = variance.sqrt();
        let (z, z_low, z_high) = (eta / sd, low / sd, high.min(self.least_favourable) / sd);
        if z < z_low || z > z_high {
            return false;
        }
        let size = (self.alpha - self.kappa) / (1.0 - self.kappa);
        z > truncated_quantile(1.0 - size, z_low, z_high).max(0.0)
    }
}

/// max γ'y and the first vertex that attains it.
fn statistic(gammas: &[Vec<f64>], y: &[f64]) -> (f64, usize) {
    let mut best = (f64::NEG_INFINITY, 0);
    for (j, gamma) in gammas.iter().enumerate() {
        let value = gamma.iter().zip(y).map(|(g, v)| g * v).sum::<f64>();
        if value > best.0 {
            best = (value, j);
        }
    }
    best
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn truncated_quantiles_agree_with_scipy() {
        // scipy.stats.truncnorm(a, b).ppf
        let close = |a: f64, b: f64| assert!((a - b).abs() < 1e-9, "{a} against {b}");
        close(truncated_quantile(0.95, -1.0, 2.0), 1.524_596_682_775_978);
        close(truncated_quantile(0.5, 3.0, 4.0), 3.198_474_131_761_953_4);
        close(
            truncated_quantile(0.95, f64::NEG_INFINITY, f64::INFINITY),
            1.644_853_626_951,
        );
    }

    #[test]
    fn without_nuisance_each_moment_is_a_vertex() {
        let v = vertices(&[2.0, 4.0], &[vec![], vec![]]);
        assert_eq!(v, vec![vec![0.5, 0.0], vec![0.0, 0.25]]);
    }
}
