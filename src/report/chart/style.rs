//! Colours and sizes. Hues are those of Okabe and Ito, which the common kinds of colour blindness keep apart,
//! darkened until text in them has a contrast of 4.5 to 1 on white. Colour never stands alone: every verdict has
//! its own shape and its own word as well.

use plotters::style::RGBColor;
use throughline_evidence::finding::Verdict;

/// Text.
pub(crate) const INK: RGBColor = RGBColor(0x1b, 0x1f, 0x24);
/// Second-rank text.
pub(crate) const QUIET: RGBColor = RGBColor(0x50, 0x57, 0x60);
/// Lines of a scale.
pub(crate) const RULE: RGBColor = RGBColor(0xd0, 0xd5, 0xdb);
/// The line of no difference.
pub(crate) const ZERO: RGBColor = RGBColor(0x50, 0x57, 0x60);
/// Behind differences that are too small to matter.
pub(crate) const SMALL: RGBColor = RGBColor(0xee, 0xf0, 0xf3);
/// The ground.
pub(crate) const PAPER: RGBColor = RGBColor(0xff, 0xff, 0xff);
/// The plain correlation.
pub(crate) const NAIVE: RGBColor = RGBColor(0x66, 0x6d, 0x77);

/// Where there should be something and is nothing.
pub(crate) const EMPTY: RGBColor = RGBColor(0xa9, 0x44, 0x00);

/// Size of a chart's title, in pixels.
pub(crate) const TITLE: u32 = 20;
/// Size of the subtitle and of labels.
pub(crate) const LABEL: u32 = 15;
/// Size of everything else.
pub(crate) const NOTE: u32 = 13;

/// The colour of a verdict.
pub(crate) fn colour(verdict: Verdict) -> RGBColor {
    match verdict {
        Verdict::Helped => RGBColor(0x00, 0x5a, 0x8f),
        Verdict::Promising => RGBColor(0x1f, 0x6f, 0xa8),
        Verdict::NoMeaningfulDifference => RGBColor(0x4a, 0x50, 0x58),
        Verdict::CannotTellYet => RGBColor(0x63, 0x69, 0x72),
        Verdict::WorseOutcomes => RGBColor(0xa9, 0x44, 0x00),
        Verdict::NotCredible => RGBColor(0x84, 0x3c, 0x78),
    }
}

/// Ground and text colour of a cell with this share (0–1) of the darkest.
pub(crate) fn heat(share: f64) -> (RGBColor, RGBColor) {
    // Six steps of one hue, light to dark; text flips to white where the ground is dark enough for 4.5 to 1.
    const STEPS: [(RGBColor, RGBColor); 6] = [
        (RGBColor(0xf4, 0xf7, 0xfa), INK),
        (RGBColor(0xd5, 0xe6, 0xf2), INK),
        (RGBColor(0xa8, 0xcd, 0xe5), INK),
        (RGBColor(0x74, 0xb0, 0xd6), INK),
        (RGBColor(0x1f, 0x6f, 0xa8), PAPER),
        (RGBColor(0x00, 0x45, 0x70), PAPER),
    ];
    STEPS[heat_step(share)]
}

/// Upper ends of the steps of [`heat`], as shares.
pub(crate) const HEAT_ENDS: [f64; 6] = [0.01, 0.10, 0.25, 0.50, 0.75, 1.00];

fn heat_step(share: f64) -> usize {
    HEAT_ENDS
        .iter()
        .position(|end| share <= *end)
        .unwrap_or(HEAT_ENDS.len() - 1)
}
