//! What may be published. Everything a report prints is put into one [`Report`], and [`release`] is the only way
//! from there to a [`Released`] report, which is all that the crate that writes reports accepts. So no number
//! reaches paper, page or spreadsheet without having passed here.
//!
//! A release takes three steps: **primary suppression** (`primary`: no number about fewer students, teachers or
//! schools than the district publishes, on the side that took part and on the side that did not), then
//! **complementary suppression**, then **rounding** (`round`: once, here, so that all outputs agree and a float's last
//! bits cannot show). The middle step is not written yet: nothing looks for numbers that could be worked out by
//! subtracting published cells of different tables from each other. It belongs between the other two, in a module
//! `complementary`, and needs no other type than those here.
//!
//! This crate must not know how a number was estimated, nor how it is drawn.

mod definitions;
mod primary;
mod quality;
mod released;
mod report;
mod round;

pub use definitions::{Exact, Moved, Side, SideBySide};
pub use quality::Quality;
pub use released::{Released, release, release_quality};
pub use report::{Definition, Provenance, Report, Rules};
