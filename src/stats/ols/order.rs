//! An order of clusters that neither the order of the rows nor the names of the clusters can change.
//!
//! A draw gives its first sign to the first cluster, its second to the second. Were clusters numbered as they appear, a sorted copy of
//! a file would give another p-value. So they are ordered by what is in them: total weight, then the sums of squares of the
//! columns as given, then their cross products. Clusters alike in all of this take the order of their codes.

use crate::absorbed::Absorbed;
use crate::sample::Dense;

/// Parts of the largest sum that still tell two clusters apart: far above rounding, far below what data differ by.
const PARTS: f64 = 1e9;

/// The clusters, each once, in the order in which draws serve them.
pub(crate) fn by_content(data: &Absorbed, groups: &Dense) -> Vec<u32> {
    let mut order: Vec<u32> = (0..groups.levels as u32).collect();
    // Clusters not yet told apart share a class; classes ascend along `order`.
    let mut class = vec![0_u32; groups.levels];
    let columns = data.variables.len();
    let weight = (None, None);
    let squares = (0..columns).map(|i| (Some(i), Some(i)));
    let products = (0..columns).flat_map(|i| (i + 1..columns).map(move |j| (Some(i), Some(j))));
    for (i, j) in std::iter::once(weight).chain(squares).chain(products) {
        let key = sums(data, groups, i, j);
        order.sort_unstable_by_key(|&g| (class[g as usize], key[g as usize], g));
        let same = |a: u32, b: u32| {
            let of = |g: u32| (class[g as usize], key[g as usize]);
            of(a) == of(b)
        };
        let mut next = vec![0; groups.levels];
        let mut current = 0;
        for pair in order.windows(2) {
            current += u32::from(!same(pair[0], pair[1]));
            next[pair[1] as usize] = current;
        }
        class = next;
        if current as usize + 1 == groups.levels {
            break;
        }
    }
    order
}

/// Weighted sums of the product of two columns (or of nothing) inside each cluster, in whole parts of the largest.
fn sums(data: &Absorbed, groups: &Dense, i: Option<usize>, j: Option<usize>) -> Vec<i64> {
    let column = |which: Option<usize>| which.map(|c| &data.variables[c].values[..]);
    let (a, b, w) = (column(i), column(j), data.weights());
    let at = |values: Option<&[f64]>, row: usize| values.map_or(1.0, |v| v[row]);
    let mut sums = vec![0.0_f64; groups.levels];
    for (row, &g) in groups.codes.iter().enumerate() {
        sums[g as usize] += at(a, row) * at(b, row) * at(w, row);
    }
    let largest = sums.iter().fold(0.0_f64, |m, s| m.max(s.abs()));
    let scale = if largest > 0.0 { PARTS / largest } else { 0.0 };
    sums.iter().map(|s| (s * scale).round() as i64).collect()
}
