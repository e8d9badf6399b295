//! A sheet to draw on: plotters' SVG backend with text, lines and boxes in whole pixels, and what makes the
//! result a finished figure (text alternative, embedded font). Charts know this and no other part of plotters
//! but its scales and colours.

use plotters::coord::Shift;
use plotters::drawing::{DrawingArea, IntoDrawingArea};
use plotters::element::{Circle, PathElement, Polygon, Rectangle};
use plotters::prelude::SVGBackend;
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{Color, RGBColor, ShapeStyle, TextStyle};

use super::font;
use super::style;
use crate::table::Table;

/// What can go wrong with a chart.
#[derive(Debug, thiserror::Error)]
pub enum ChartError {
    /// The embedded font cannot be read.
    #[error("the embedded font cannot be read")]
    Font,
    /// The drawing library refused.
    #[error("the drawing library refused: {0}")]
    Draw(String),
}

/// A finished chart.
#[derive(Clone, Debug)]
pub(crate) struct Chart {
    /// File stem, and the prefix of ids inside the SVG.
    pub(crate) id: String,
    /// States the finding.
    pub(crate) title: String,
    /// The figure: an `<svg>` element without an embedded font.
    pub(crate) figure: String,
    /// The numbers that are drawn.
    pub(crate) table: Table,
}

impl Chart {
    /// A file of its own: the figure with its font inside.
    pub(crate) fn file(&self) -> String {
        let style = format!("<style>{}</style>\n", faces());
        let mut file = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
        match self.figure.split_once("<!--font-->\n") {
            Some((before, after)) => {
                file.push_str(before);
                file.push_str(&style);
                file.push_str(after);
            }
            None => file.push_str(&self.figure),
        }
        file
    }
}

/// The font as CSS.
pub(crate) fn faces() -> &'static str {
    include_str!("../fonts/faces.css")
}

/// The figure for a page that has the font already.
pub(crate) fn inline(chart: &Chart) -> String {
    chart.figure.replace("<!--font-->\n", "")
}

/// How a text is set.
#[derive(Clone, Copy)]
pub(crate) struct Type {
    /// SVG `font-size`, in pixels.
    pub(crate) pixels: u32,
    /// Bold or regular.
    pub(crate) bold: bool,
    /// Colour.
    pub(crate) colour: RGBColor,
    /// Where the text lies seen from its point: `Left` runs to the right of it.
    pub(crate) anchor: HPos,
}

impl Type {
    /// Regular ink at `pixels`, starting at its point.
    pub(crate) fn new(pixels: u32) -> Self {
        Self {
            pixels,
            bold: false,
            colour: style::INK,
            anchor: HPos::Left,
        }
    }

    /// The same in bold.
    pub(crate) fn bold(self) -> Self {
        Self { bold: true, ..self }
    }

    /// The same in another colour.
    pub(crate) fn colour(self, colour: RGBColor) -> Self {
        Self { colour, ..self }
    }

    /// The same, centred on its point.
    pub(crate) fn centred(self) -> Self {
        Self {
            anchor: HPos::Center,
            ..self
        }
    }

    /// The same, ending at its point.
    pub(crate) fn ending(self) -> Self {
        Self {
            anchor: HPos::Right,
            ..self
        }
    }
}

/// The sheet.
pub(crate) struct Canvas<'b> {
    area: DrawingArea<SVGBackend<'b>, Shift>,
}

impl Canvas<'_> {
    /// `text` on one line, its middle at height `y`.
    pub(crate) fn text(&self, text: &str, x: i32, y: i32, set: Type) -> Result<(), ChartError> {
        let style = TextStyle::from(font::font(set.pixels, set.bold)?)
            .pos(Pos::new(set.anchor, VPos::Center))
            .color(&set.colour);
        self.area.draw_text(text, &style, (x, y)).map_err(refused)
    }

    /// Lines of text below each other; the first has its middle at `y`. Returns the middle of the line after the last.
    pub(crate) fn lines(
        &self,
        lines: &[String],
        x: i32,
        y: i32,
        set: Type,
    ) -> Result<i32, ChartError> {
        let mut y = y;
        for line in lines {
            self.text(line, x, y, set)?;
            y += font::line_height(set.pixels);
        }
        Ok(y)
    }

    /// A straight line.
    pub(crate) fn line(
        &self,
        from: (i32, i32),
        to: (i32, i32),
        colour: RGBColor,
        width: u32,
    ) -> Result<(), ChartError> {
        self.path(&[from, to], colour, width)
    }

    /// A line through `points`.
    pub(crate) fn path(
        &self,
        points: &[(i32, i32)],
        colour: RGBColor,
        width: u32,
    ) -> Result<(), ChartError> {
        let style = colour.stroke_width(width);
        self.area
            .draw(&PathElement::new(points.to_vec(), style))
            .map_err(refused)
    }

    /// A filled box.
    pub(crate) fn fill(
        &self,
        corner: (i32, i32),
        opposite: (i32, i32),
        colour: RGBColor,
    ) -> Result<(), ChartError> {
        self.area
            .draw(&Rectangle::new([corner, opposite], colour.filled()))
            .map_err(refused)
    }

    /// A filled polygon.
    pub(crate) fn polygon(
        &self,
        points: &[(i32, i32)],
        colour: RGBColor,
    ) -> Result<(), ChartError> {
        self.area
            .draw(&Polygon::new(points.to_vec(), colour.filled()))
            .map_err(refused)
    }

    /// A disc, or a ring on paper where `width` is given.
    pub(crate) fn circle(
        &self,
        centre: (i32, i32),
        radius: i32,
        colour: RGBColor,
        ring: Option<u32>,
    ) -> Result<(), ChartError> {
        let disc = |style: ShapeStyle| {
            self.area
                .draw(&Circle::new(centre, radius, style))
                .map_err(refused)
        };
        match ring {
            None => disc(colour.filled()),
            Some(width) => {
                disc(style::PAPER.filled())?;
                disc(colour.stroke_width(width))
            }
        }
    }
}

/// What is said about a figure besides the picture.
pub(crate) struct Caption<'t> {
    /// See [`Chart::id`].
    pub(crate) id: &'t str,
    /// See [`Chart::title`].
    pub(crate) title: &'t str,
    /// What is to be seen, for those who do not see it.
    pub(crate) description: &'t str,
}

/// Draws a figure of `size` pixels.
pub(crate) fn draw(
    caption: &Caption<'_>,
    size: (i32, i32),
    picture: impl FnOnce(&Canvas<'_>) -> Result<(), ChartError>,
) -> Result<String, ChartError> {
    let size = (size.0.unsigned_abs(), size.1.unsigned_abs());
    let mut svg = String::new();
    {
        let area = SVGBackend::with_string(&mut svg, size).into_drawing_area();
        let canvas = Canvas { area };
        canvas
            .area
            .fill(&style::PAPER)
            .map_err(|error| ChartError::Draw(error.to_string()))?;
        picture(&canvas)?;
        canvas.area.present().map_err(refused)?;
    }
    // The backend writes a bare `<svg>` element: everything after its opening tag is kept.
    let body = svg
        .split_once(">\n")
        .map(|(_, body)| body)
        .ok_or_else(|| ChartError::Draw("an empty drawing".to_owned()))?;
    let (id, width, height) = (caption.id, size.0, size.1);
    Ok(format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" \
         viewBox=\"0 0 {width} {height}\" role=\"img\" aria-labelledby=\"{id}-title {id}-desc\" \
         style=\"font-kerning:none;font-variant-ligatures:none\">\n\
         <title id=\"{id}-title\">{}</title>\n<desc id=\"{id}-desc\">{}</desc>\n<!--font-->\n{}\n",
        escape(caption.title),
        escape(caption.description),
        body.trim_end(),
    ))
}

/// `text` as XML character data.
fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}

fn refused<E: std::error::Error>(error: E) -> ChartError {
    ChartError::Draw(error.to_string())
}
