//! One shape per verdict, so that charts can be read in grey and by the colour-blind. The page draws the same
//! shapes beside the words.

use throughline_evidence::finding::Verdict;

use super::canvas::{Canvas, ChartError};
use super::style;

/// Half the height of a marker.
pub(crate) const RADIUS: i32 = 7;

/// The marker of a verdict at `(x, y)`.
pub(crate) fn verdict(
    canvas: &Canvas<'_>,
    verdict: Verdict,
    (x, y): (i32, i32),
) -> Result<(), ChartError> {
    let colour = style::colour(verdict);
    let r = RADIUS;
    match verdict {
        Verdict::Helped => canvas.circle((x, y), r, colour, None),
        Verdict::Promising => canvas.circle((x, y), r - 1, colour, Some(3)),
        Verdict::NoMeaningfulDifference => {
            canvas.fill((x - r + 1, y - r + 1), (x + r - 1, y + r - 1), colour)
        }
        Verdict::CannotTellYet => {
            let (a, b) = (r - 1, r - 4);
            canvas.fill((x - a, y - a), (x + a, y + a), colour)?;
            canvas.fill((x - b, y - b), (x + b, y + b), style::PAPER)
        }
        Verdict::WorseOutcomes => canvas.polygon(
            &[(x - r, y - r + 1), (x + r, y - r + 1), (x, y + r)],
            colour,
        ),
        Verdict::NotCredible => {
            let a = r - 1;
            canvas.line((x - a, y - a), (x + a, y + a), colour, 4)?;
            canvas.line((x - a, y + a), (x + a, y - a), colour, 4)
        }
    }
}

/// The marker of the plain correlation: a hollow diamond.
pub(crate) fn naive(canvas: &Canvas<'_>, (x, y): (i32, i32)) -> Result<(), ChartError> {
    let diamond = |r: i32| [(x, y - r), (x + r, y), (x, y + r), (x - r, y)];
    canvas.polygon(&diamond(6), style::NAIVE)?;
    canvas.polygon(&diamond(3), style::PAPER)
}

/// An interval on a horizontal scale, with an arrow at an end that lies outside of it.
pub(crate) fn interval(
    canvas: &Canvas<'_>,
    scale: &super::scale::Scale,
    (lower, upper): (f64, f64),
    y: i32,
    stroke: (plotters::style::RGBColor, u32),
) -> Result<(), ChartError> {
    let (colour, width) = stroke;
    let (from, to) = (scale.at(lower), scale.at(upper));
    canvas.line((from, y), (to, y), colour, width)?;
    if scale.is_outside(lower) {
        canvas.polygon(
            &[(from - 8, y), (from + 2, y - 5), (from + 2, y + 5)],
            colour,
        )?;
    }
    if scale.is_outside(upper) {
        canvas.polygon(&[(to + 8, y), (to - 2, y - 5), (to - 2, y + 5)], colour)?;
    }
    Ok(())
}
