//! Charts as SVG: drawn by plotters, measured with the font that is embedded in them.
//!
//! Every chart is laid out before it is drawn: text is measured and wrapped first, so that nothing overlaps and
//! nothing is cut without an ellipsis. Every chart carries its own title, subtitle, text alternative and data table,
//! because a chart is copied into slides without the page around it. Nothing here decides what may be shown.

mod canvas;
pub(crate) mod coverage;
pub(crate) mod curve;
pub(crate) mod designs;
pub(crate) mod dose;
mod font;
pub(crate) mod forest;
mod intervals;
mod love;
mod marker;
pub(crate) mod months;
pub(crate) mod ranking;
mod scale;
mod sheet;
pub(crate) mod style;

#[cfg(test)]
pub(crate) use font::measured;

pub use canvas::ChartError;
pub(crate) use canvas::{Chart, faces, inline};
