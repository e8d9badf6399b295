//! A sheet of small panels under one title: as many side by side as their words allow. Dose bins, curves, years around a beginning and
//! balance of groups are all drawn so.

use super::canvas::{self, Canvas, Caption, ChartError, Type};
use super::font::{self, line_height};
use super::intervals::WIDTH;
use super::style;

const MARGIN: i32 = 16;
const GUTTER: i32 = 24;

/// Panels below a title.
pub(crate) struct Sheet<'t> {
    pub(crate) caption: Caption<'t>,
    pub(crate) subtitle: &'t str,
    /// Panels side by side.
    pub(crate) columns: i32,
    /// Height of each panel; a row is as high as its highest.
    pub(crate) heights: Vec<i32>,
}

/// Where a panel lies: its upper left corner and its width.
#[derive(Clone, Copy)]
pub(crate) struct Place {
    pub(crate) x: i32,
    pub(crate) y: i32,
    pub(crate) width: i32,
}

/// Width of a panel when so many stand side by side.
pub(crate) fn width(columns: i32) -> i32 {
    (WIDTH - 2 * MARGIN - GUTTER * (columns - 1)) / columns
}

impl Sheet<'_> {
    /// Draws the sheet; `paint` draws the panel with a number into its place.
    pub(crate) fn draw(
        &self,
        paint: impl Fn(&Canvas<'_>, usize, Place) -> Result<(), ChartError>,
    ) -> Result<String, ChartError> {
        let room = WIDTH - 2 * MARGIN;
        let title = font::wrap(self.caption.title, style::TITLE, true, room, 4)?;
        let subtitle = font::wrap(self.subtitle, style::LABEL, false, room, 3)?;
        let lines = |lines: &[String]| i32::try_from(lines.len()).unwrap_or(0);
        let top = MARGIN
            + line_height(style::TITLE) * lines(&title)
            + line_height(style::LABEL) * lines(&subtitle)
            + 14;
        let width = width(self.columns);
        let columns = usize::try_from(self.columns).unwrap_or(1).max(1);
        let rows: Vec<i32> = self
            .heights
            .chunks(columns)
            .map(|row| row.iter().copied().max().unwrap_or(0))
            .collect();
        let height = top + rows.iter().sum::<i32>() + MARGIN;
        canvas::draw(&self.caption, (WIDTH, height), |canvas| {
            let y = MARGIN + line_height(style::TITLE) / 2;
            let y = canvas.lines(&title, MARGIN, y, Type::new(style::TITLE).bold())?;
            let quiet = Type::new(style::LABEL).colour(style::QUIET);
            canvas.lines(&subtitle, MARGIN, y, quiet)?;
            for (place, column) in (0..self.heights.len()).zip((0..self.columns).cycle()) {
                let above: i32 = rows[..place / columns].iter().sum();
                paint(
                    canvas,
                    place,
                    Place {
                        x: MARGIN + column * (width + GUTTER),
                        y: top + above,
                        width,
                    },
                )?;
            }
            Ok(())
        })
    }
}
