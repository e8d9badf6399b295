//! Scales: from a number to a pixel and back to words. Ticks and mapping are plotters'.

use plotters::coord::ranged1d::Ranged;
use plotters::coord::types::RangedCoordf64;

/// A linear scale from numbers to pixels.
pub(crate) struct Scale {
    range: RangedCoordf64,
    ends: (f64, f64),
    pixels: (i32, i32),
}

impl Scale {
    /// `ends.0` lies at `pixels.0`, `ends.1` at `pixels.1`.
    pub(crate) fn new(ends: (f64, f64), pixels: (i32, i32)) -> Self {
        Self {
            range: RangedCoordf64::from(ends.0..ends.1),
            ends,
            pixels,
        }
    }

    /// The pixel of `value`; what lies outside is put on the edge.
    pub(crate) fn at(&self, value: f64) -> i32 {
        self.range
            .map(&value.clamp(self.ends.0, self.ends.1), self.pixels)
    }

    /// Whether `value` lies outside.
    pub(crate) fn is_outside(&self, value: f64) -> bool {
        value < self.ends.0 || value > self.ends.1
    }

    /// About `count` round numbers with their pixels and labels; none on a scale without a finite length, on which
    /// plotters would look for round numbers for ever.
    pub(crate) fn ticks(&self, count: usize, signed: bool) -> Vec<(i32, String)> {
        let length = self.ends.1 - self.ends.0;
        if !length.is_finite() || length <= 0.0 {
            return Vec::new();
        }
        let points = self.range.key_points(count);
        let step = match points.as_slice() {
            [first, second, ..] => second - first,
            _ => 1.0,
        };
        // Enough decimals for the step: 0.05 needs two.
        let decimals = (0_u8..6)
            .find(|decimals| {
                let scaled = step * 10_f64.powi(i32::from(*decimals));
                (scaled - scaled.round()).abs() < 1e-6
            })
            .unwrap_or(6);
        points
            .into_iter()
            .map(|value| {
                let value = if value.abs() < step * 1e-6 {
                    0.0
                } else {
                    value
                };
                let label = if signed {
                    crate::number::signed(value, usize::from(decimals))
                } else {
                    crate::number::plain(value, usize::from(decimals))
                };
                (self.at(value), label)
            })
            .collect()
    }
}

/// Half the width of a scale around zero on which all of `points` and most of `ends` (of intervals) are seen. A few
/// very wide intervals are cut, with an arrow, so that they do not squeeze everything else.
pub(crate) fn reach(points: &[f64], ends: &[f64], at_least: f64) -> f64 {
    let largest = points.iter().fold(at_least * 1.6, |largest, point| {
        largest.max(point.abs() * 1.2)
    });
    let mut sizes: Vec<f64> = ends.iter().map(|end| end.abs()).collect();
    sizes.sort_by(f64::total_cmp);
    // Nine in ten ends, counted with integers so that the choice is exact.
    let typical = sizes
        .len()
        .checked_sub(1)
        .map_or(0.0, |last| sizes[last * 9 / 10]);
    let reach = largest.max(typical * 1.1);
    // Where all ends nearly fit, let them.
    match sizes.last() {
        Some(widest) if *widest <= reach * 1.5 => reach.max(widest * 1.04),
        _ => reach,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_round_and_within() {
        let scale = Scale::new((-0.12, 0.12), (0, 480));
        let ticks = scale.ticks(7, true);
        let labels: Vec<&str> = ticks.iter().map(|(_, label)| label.as_str()).collect();
        assert_eq!(labels, ["−0.10", "−0.05", "0.00", "+0.05", "+0.10"]);
        assert_eq!(ticks[2].0, 240);
    }

    #[test]
    fn a_scale_without_length_has_no_ticks() {
        for ends in [(0.0, 0.0), (0.0, f64::INFINITY), (f64::NAN, 1.0)] {
            assert!(Scale::new(ends, (0, 480)).ticks(7, true).is_empty());
        }
    }

    #[test]
    fn one_wild_interval_does_not_squeeze_the_rest() {
        let mut ends = vec![0.1; 40];
        ends.push(9.0);
        let reach = reach(&[0.05, -0.02], &ends, 0.03);
        assert!((0.1..0.2).contains(&reach), "{reach}");
    }
}
