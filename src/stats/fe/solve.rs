//! Preconditioned conjugate gradients on the Schur complement, several right-hand sides abreast.
//!
//! Each lane keeps its own step lengths and stops on its own, so a column's result does not depend
//! on its neighbours; the lanes only share the reading of the tables.

use super::by_row::{Apply, Condense, Forward, by_width};
use super::cells::{Cells, Pattern};
use super::demean::Tolerance;

/// Coefficients of all levels and how the iteration went.
pub(crate) struct Solution<const L: usize> {
    /// Coefficients of the eliminated effect's levels.
    pub(crate) first: Vec<[f64; L]>,
    /// Coefficients of the remaining levels, stacked.
    pub(crate) rest: Vec<[f64; L]>,
    pub(crate) iterations: [usize; L],
    pub(crate) converged: [bool; L],
}

/// Solves the normal equations for sums `first` and `rest` of `L` columns.
///
/// `scale` is each column's total sum of squares; a lane stops when its preconditioned residual is
/// below `tolerance² × scale`.
pub(crate) fn solve<const L: usize>(
    cells: &Cells,
    mut first: Vec<[f64; L]>,
    mut rest: Vec<[f64; L]>,
    scale: &[f64; L],
    tolerance: &Tolerance,
) -> Solution<L> {
    condense(cells, &first, &mut rest);
    let (rest, iterations, converged) = conjugate(cells, rest, scale, tolerance);
    expand(cells, &rest, &mut first);
    Solution {
        first,
        rest,
        iterations,
        converged,
    }
}

/// `first ← N₀⁻¹ (first − C x)`: the eliminated levels' coefficients, given the others'.
pub(crate) fn expand<const L: usize>(cells: &Cells, x: &[[f64; L]], first: &mut [[f64; L]]) {
    subtract_forward(cells, x, first);
    for (a, &inv) in first.iter_mut().zip(&cells.inverse) {
        a.iter_mut().for_each(|v| *v *= inv);
    }
}

/// Solves the Schur complement's system for `r`: the solution, iterations and convergence of every lane.
pub(crate) fn conjugate<const L: usize>(
    cells: &Cells,
    mut r: Vec<[f64; L]>,
    scale: &[f64; L],
    tolerance: &Tolerance,
) -> (Vec<[f64; L]>, [usize; L], [bool; L]) {
    let mut iterations = [0; L];
    let mut converged = [true; L];
    let m = cells.size;
    let mut x = vec![[0.0; L]; m];
    if m == 0 {
        return (x, iterations, converged);
    }
    let mut z = vec![[0.0; L]; m];
    precondition(cells, &r, &mut z);
    let mut p = z.clone();
    let mut q = vec![[0.0; L]; m];
    let mut rz = dot(&r, &z);
    let relative = tolerance.relative;
    let goal: [f64; L] = std::array::from_fn(|l| relative * relative * scale[l]);
    let mut best = rz;
    let mut stale = [0usize; L];
    let mut active: [bool; L] = std::array::from_fn(|l| rz[l] > goal[l]);
    let mut step = 0;
    while active.iter().any(|a| *a) && step < tolerance.max_iterations {
        step += 1;
        apply(cells, &p, &mut q);
        let pq = dot(&p, &q);
        let alpha: [f64; L] = std::array::from_fn(|l| {
            if active[l] && pq[l] > 0.0 {
                rz[l] / pq[l]
            } else {
                0.0
            }
        });
        for i in 0..m {
            for l in 0..L {
                x[i][l] += alpha[l] * p[i][l];
                r[i][l] -= alpha[l] * q[i][l];
            }
        }
        precondition(cells, &r, &mut z);
        let next = dot(&r, &z);
        let mut beta = [0.0; L];
        for l in 0..L {
            if !active[l] {
                continue;
            }
            iterations[l] = step;
            beta[l] = next[l] / rz[l];
            rz[l] = next[l];
            if next[l] < 0.25 * best[l] {
                best[l] = next[l];
                stale[l] = 0;
            } else {
                stale[l] += 1;
            }
            // Rounding sets a floor; a lane that has not halved its residual for long has met it.
            if next[l] <= goal[l] || alpha[l] == 0.0 || stale[l] > 300 {
                active[l] = false;
            }
        }
        for i in 0..m {
            for l in 0..L {
                p[i][l] = z[i][l] + beta[l] * p[i][l];
            }
        }
    }
    for l in 0..L {
        converged[l] = rz[l].min(best[l]) <= goal[l].max(tolerance.acceptable() * scale[l]);
    }
    (x, iterations, converged)
}

fn dot<const L: usize>(a: &[[f64; L]], b: &[[f64; L]]) -> [f64; L] {
    let mut s = [0.0; L];
    for (x, y) in a.iter().zip(b) {
        for l in 0..L {
            s[l] += x[l] * y[l];
        }
    }
    s
}

fn precondition<const L: usize>(cells: &Cells, r: &[[f64; L]], z: &mut [[f64; L]]) {
    for ((z, r), j) in z.iter_mut().zip(r).zip(&cells.jacobi) {
        for l in 0..L {
            z[l] = j * r[l];
        }
    }
}

/// `out -= C' N₀⁻¹ first`: sums of the remaining levels, net of the eliminated effect.
pub(crate) fn condense<const L: usize>(cells: &Cells, first: &[[f64; L]], out: &mut [[f64; L]]) {
    let scaled = |g: usize| -> [f64; L] { std::array::from_fn(|l| first[g][l] * cells.inverse[g]) };
    match &cells.pattern {
        Pattern::Tables(tables) => {
            for g in 0..first.len() {
                let scaled = scaled(g);
                let (index, value) = tables.table.of(g);
                for (&j, &v) in index.iter().zip(value) {
                    subtract(&mut out[j as usize], &scaled, v);
                }
            }
        }
        Pattern::Rows(rows) => by_width(cells.rest.len(), rows, &mut Condense { scaled, out }),
    }
}

/// `first -= C x`.
fn subtract_forward<const L: usize>(cells: &Cells, x: &[[f64; L]], first: &mut [[f64; L]]) {
    match &cells.pattern {
        Pattern::Tables(tables) => {
            for (g, f) in first.iter_mut().enumerate() {
                let (index, value) = tables.table.of(g);
                for (&j, &v) in index.iter().zip(value) {
                    subtract(f, &x[j as usize], v);
                }
            }
        }
        Pattern::Rows(rows) => by_width(cells.rest.len(), rows, &mut Forward { x, first }),
    }
}

/// `q = S p`, the Schur complement applied in one sweep.
fn apply<const L: usize>(cells: &Cells, p: &[[f64; L]], q: &mut [[f64; L]]) {
    let tables = match &cells.pattern {
        Pattern::Tables(tables) => tables,
        Pattern::Rows(rows) => {
            q.fill([0.0; L]);
            let inverse = &cells.inverse;
            return by_width(cells.rest.len(), rows, &mut Apply { inverse, p, q });
        }
    };
    for ((q, p), d) in q.iter_mut().zip(p).zip(&cells.diagonal) {
        for l in 0..L {
            q[l] = d * p[l];
        }
    }
    if !tables.pairs.is_empty() {
        for i in 0..cells.size {
            let (index, value) = tables.pairs.of(i);
            let mut own = [0.0; L];
            let pi = p[i];
            for (&j, &v) in index.iter().zip(value) {
                let pj = &p[j as usize];
                let qj = &mut q[j as usize];
                for l in 0..L {
                    own[l] += v * pj[l];
                    qj[l] += v * pi[l];
                }
            }
            for l in 0..L {
                q[i][l] += own[l];
            }
        }
    }
    for (g, &inv) in cells.inverse.iter().enumerate() {
        let (index, value) = tables.table.of(g);
        let mut sum = [0.0; L];
        for (&j, &v) in index.iter().zip(value) {
            let pj = &p[j as usize];
            for l in 0..L {
                sum[l] += v * pj[l];
            }
        }
        for s in &mut sum {
            *s *= inv;
        }
        for (&j, &v) in index.iter().zip(value) {
            subtract(&mut q[j as usize], &sum, v);
        }
    }
}

fn subtract<const L: usize>(from: &mut [f64; L], what: &[f64; L], times: f64) {
    for l in 0..L {
        from[l] -= times * what[l];
    }
}
