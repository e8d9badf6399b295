//! Adjusted p-values for families of tests, in the order the raw p-values were given.
//!
//! Run a hundred comparisons and five come out at 0.05 with nothing there. Bonferroni, Holm and
//! Hochberg bound the chance of *any* false positive; Benjamini–Hochberg and Benjamini–Yekutieli bound
//! the expected *share* of false positives among those called. Formulas as in R's `p.adjust`. A NaN
//! (a test that could not be run) stays NaN and is not counted in the family.

/// Bonferroni: `min(1, m·p)`. Valid under any dependence; the most conservative.
///
/// ```
/// let adjusted = throughline_stats::multiplicity::bonferroni(&[0.01, 0.4]);
/// assert_eq!(adjusted, vec![0.02, 0.8]);
/// ```
#[must_use]
pub fn bonferroni(p: &[f64]) -> Vec<f64> {
    let m = p.iter().filter(|x| !x.is_nan()).count() as f64;
    p.iter()
        .map(|x| if x.is_nan() { *x } else { (x * m).min(1.0) })
        .collect()
}

/// Holm (1979): step-down Bonferroni. Valid under any dependence, never weaker than Bonferroni.
///
/// ```
/// let p = throughline_stats::multiplicity::holm(&[0.01, 0.04, 0.03]);
/// assert!((p[0] - 0.03).abs() < 1e-15 && (p[2] - 0.06).abs() < 1e-15);
/// ```
#[must_use]
pub fn holm(p: &[f64]) -> Vec<f64> {
    step(p, Direction::Down, |rank, m| (m - rank) as f64)
}

/// Hochberg (1988): step-up; needs independent or positively dependent tests.
///
/// ```
/// let p = throughline_stats::multiplicity::hochberg(&[0.01, 0.04, 0.03]);
/// assert!((p[0] - 0.03).abs() < 1e-15 && (p[2] - 0.04).abs() < 1e-15);
/// ```
#[must_use]
pub fn hochberg(p: &[f64]) -> Vec<f64> {
    step(p, Direction::Up, |rank, m| (m - rank) as f64)
}

/// Benjamini and Hochberg (1995): false-discovery rate, independent or positively dependent tests.
///
/// ```
/// let q = throughline_stats::multiplicity::benjamini_hochberg(&[0.01, 0.04, 0.03]);
/// assert!((q[0] - 0.03).abs() < 1e-15 && (q[1] - 0.04).abs() < 1e-15);
/// ```
#[must_use]
pub fn benjamini_hochberg(p: &[f64]) -> Vec<f64> {
    step(p, Direction::Up, |rank, m| m as f64 / (rank + 1) as f64)
}

/// Benjamini and Yekutieli (2001): false-discovery rate under any dependence.
///
/// ```
/// let q = throughline_stats::multiplicity::benjamini_yekutieli(&[0.01, 0.04, 0.03]);
/// assert!((q[0] - 0.055).abs() < 1e-12);
/// ```
#[must_use]
pub fn benjamini_yekutieli(p: &[f64]) -> Vec<f64> {
    let m = p.iter().filter(|x| !x.is_nan()).count();
    let harmonic: f64 = (1..=m).map(|i| 1.0 / i as f64).sum();
    step(p, Direction::Up, |rank, m| {
        harmonic * m as f64 / (rank + 1) as f64
    })
}

/// Romano and Wolf (2005): step-down on the largest statistic, using joint draws under the null.
///
/// `statistics` are `|t|` of the hypotheses; `draws[h][b]` is `|t*|` of hypothesis `h` in draw `b`, the draws of all
/// hypotheses made with the same random weights. Controls the chance of any false positive while keeping the
/// dependence between tests, so it rejects more than Holm when outcomes move together. With `enumerated` draws `p = #/B`,
/// otherwise `(1 + #)/(1 + B)`; ties count.
///
/// ```
/// // The second hypothesis is compared with its own draws only, once the first is rejected.
/// let draws = vec![vec![0.2, 1.0, 2.5, 0.1], vec![1.9, 0.3, 0.4, 0.2]];
/// let p = throughline_stats::multiplicity::romano_wolf(&[2.0, 1.5], &draws, true);
/// assert_eq!(p, vec![0.25, 0.25]);
/// ```
#[must_use]
pub fn romano_wolf(statistics: &[f64], draws: &[Vec<f64>], enumerated: bool) -> Vec<f64> {
    let mut order: Vec<usize> = (0..statistics.len()).collect();
    order.sort_by(|&a, &b| statistics[b].total_cmp(&statistics[a]).then(a.cmp(&b)));
    let count = draws.first().map_or(0, Vec::len);
    // Largest draw among the hypotheses from this step on, built from the last step backwards.
    let mut largest = vec![0.0_f64; count];
    let mut p = vec![f64::NAN; statistics.len()];
    for &h in order.iter().rev() {
        for (l, d) in largest.iter_mut().zip(&draws[h]) {
            *l = l.max(*d);
        }
        let t = statistics[h] * (1.0 - 1e-9);
        let above = largest.iter().filter(|l| **l >= t).count() as f64;
        p[h] = if enumerated {
            above / count as f64
        } else {
            (1.0 + above) / (1.0 + count as f64)
        };
    }
    let mut running = 0.0_f64;
    for &h in &order {
        running = running.max(p[h]);
        p[h] = running;
    }
    p
}

enum Direction {
    /// Running maximum from the smallest p-value.
    Down,
    /// Running minimum from the largest p-value.
    Up,
}

fn step(p: &[f64], direction: Direction, factor: impl Fn(usize, usize) -> f64) -> Vec<f64> {
    let mut order: Vec<usize> = (0..p.len()).filter(|&i| !p[i].is_nan()).collect();
    order.sort_by(|&a, &b| p[a].total_cmp(&p[b]).then(a.cmp(&b)));
    let m = order.len();
    let mut out = vec![f64::NAN; p.len()];
    match direction {
        Direction::Down => {
            let mut running = 0.0_f64;
            for (rank, &i) in order.iter().enumerate() {
                running = running.max(p[i] * factor(rank, m)).min(1.0);
                out[i] = running;
            }
        }
        Direction::Up => {
            let mut running = 1.0_f64;
            for (rank, &i) in order.iter().enumerate().rev() {
                running = running.min(p[i] * factor(rank, m));
                out[i] = running;
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Values of R 4.2 `p.adjust` on five p-values.
    #[test]
    fn agree_with_p_adjust() {
        let p = [0.01, 0.02, 0.03, 0.04, 0.05];
        let close = |a: Vec<f64>, b: [f64; 5]| {
            for (x, y) in a.iter().zip(b) {
                assert!((x - y).abs() < 1e-12, "{a:?} against {b:?}");
            }
        };
        close(holm(&p), [0.05, 0.08, 0.09, 0.09, 0.09]);
        close(hochberg(&p), [0.05; 5]);
        close(benjamini_hochberg(&p), [0.05; 5]);
        close(benjamini_yekutieli(&p), [0.114_166_666_666_666_67; 5]);
    }

    #[test]
    fn a_missing_test_is_not_counted() {
        let q = holm(&[0.01, f64::NAN, 0.03]);
        assert!((q[0] - 0.02).abs() < 1e-15);
        assert!(q[1].is_nan());
    }
}
