//! From arbitrary integer labels to dense codes 0, 1, 2 … in the order of the labels.
//!
//! Ordering by label, not by first appearance, is what makes every later sum independent of the order of the rows.

/// Dense codes and the label each stands for, labels ascending.
pub(crate) fn compact(labels: &[u32]) -> (Vec<u32>, Vec<u32>) {
    let Some(&max) = labels.iter().max() else {
        return (Vec::new(), Vec::new());
    };
    if (max as usize) < labels.len().saturating_mul(16).max(1024) {
        let mut seen = vec![false; max as usize + 1];
        for &label in labels {
            seen[label as usize] = true;
        }
        let mut code = vec![0u32; max as usize + 1];
        let mut kept = Vec::new();
        for (label, present) in seen.iter().enumerate() {
            if *present {
                code[label] = kept.len() as u32;
                kept.push(label as u32);
            }
        }
        (labels.iter().map(|&l| code[l as usize]).collect(), kept)
    } else {
        let mut kept = labels.to_vec();
        kept.sort_unstable();
        kept.dedup();
        let code = |l: &u32| kept.binary_search(l).unwrap_or(0) as u32;
        (labels.iter().map(code).collect(), kept)
    }
}

#[cfg(test)]
mod tests {
    use super::compact;

    #[test]
    fn sparse_and_dense_labels_get_the_same_codes() {
        let (codes, labels) = compact(&[7, 3, 7, 9]);
        assert_eq!((codes, labels), (vec![1, 0, 1, 2], vec![3, 7, 9]));
        let (codes, labels) = compact(&[4_000_000_000, 3, 4_000_000_000]);
        assert_eq!((codes, labels), (vec![1, 0, 1], vec![3, 4_000_000_000]));
    }
}
