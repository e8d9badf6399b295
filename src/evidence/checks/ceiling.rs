//! Can students still do better on this test? Where many have the highest score of their grade and year, a program that helps
//! the able cannot show. Minor: a ceiling hides more than it invents.

use super::{Tried, Weight};
use crate::frame::Column;
use crate::words::percent;

const NAME: &str = "room at the top of the scale";
const MOST_AT_TOP: f64 = 0.10;

/// The share of rows with the highest score of their `cell`, where at least two share it: a single best student is no ceiling.
pub(crate) fn ceiling(score: &Column<'_>, cell: &[u32], rows: &[u32]) -> Tried {
    let size = rows.iter().map(|row| cell[*row as usize]).max();
    let mut top = vec![(f64::NEG_INFINITY, 0u64); size.map_or(0, |m| m as usize + 1)];
    for &row in rows {
        let (best, count) = &mut top[cell[row as usize] as usize];
        let own = score.at(row as usize);
        if own > *best + 1e-9 {
            (*best, *count) = (own, 1);
        } else if own >= *best - 1e-9 {
            *count += 1;
        }
    }
    let at_top: u64 = top.iter().map(|(_, n)| if *n > 1 { *n } else { 0 }).sum();
    let share = at_top as f64 / rows.len().max(1) as f64;
    let reason = format!(
        "{} of scores share the highest score of their grade and year ({} is too many)",
        percent(share),
        percent(MOST_AT_TOP)
    );
    Tried::judged(NAME, share < MOST_AT_TOP, Weight::Minor, reason)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scale_that_ends_too_soon_is_noticed() {
        let score: Vec<f64> = (0..100).map(|i| f64::from(i).min(84.0)).collect();
        let free: Vec<f64> = (0..100).map(f64::from).collect();
        let (cell, rows) = (vec![0; 100], (0..100).collect::<Vec<u32>>());
        let ceiled = ceiling(&Column::of("s".into(), &score, |s| s), &cell, &rows);
        assert!(ceiled.failed() && ceiled.check.reason.starts_with("16 %"));
        assert!(!ceiling(&Column::of("s".into(), &free, |s| s), &cell, &rows).failed());
    }
}
