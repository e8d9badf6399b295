//! Effects along a number: years around a beginning, or hours of a dose, each outcome a panel. The dark band holds each point by itself,
//! the light one all points at once: a line that leaves the light band out of zero somewhere did so in more than one place by
//! chance in one case of twenty.

use super::canvas::{Canvas, Caption, Chart, ChartError, Type};
use super::font;
use super::scale::{self, Scale};
use super::sheet::{Place, Sheet};
use super::style;
use crate::content::Effect;
use crate::table::Table;

const PANEL: i32 = 244;
/// Room for the numbers of the vertical scale.
const NUMBERS: i32 = 52;
/// Ground of the band that holds all points at once, and of the one that holds each.
const UNIFORM: plotters::style::RGBColor = plotters::style::RGBColor(0xdd, 0xe9, 0xf2);
const POINTWISE: plotters::style::RGBColor = plotters::style::RGBColor(0xb3, 0xd0, 0xe5);

/// One panel.
pub(crate) struct Line {
    /// What the panel is about.
    pub(crate) heading: String,
    /// In order of `x`.
    pub(crate) points: Vec<Point>,
    /// A number on the horizontal scale where something is to be seen, with its words.
    pub(crate) mark: Option<(f64, String)>,
}

/// One point; plus is better.
#[derive(Clone, Copy)]
pub(crate) struct Point {
    pub(crate) x: f64,
    /// `None` for the point the others are compared with.
    pub(crate) effect: Option<Effect>,
    /// The band that holds all points at once.
    pub(crate) band: (f64, f64),
}

/// How the horizontal scale is drawn.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Along {
    /// Whole years around a beginning: points with whiskers.
    Years,
    /// A dose: a curve with bands.
    Dose,
}

/// What a sheet of lines says around its panels.
pub(crate) struct Words {
    pub(crate) id: String,
    pub(crate) title: String,
    pub(crate) subtitle: String,
    pub(crate) description: String,
    /// Below each horizontal scale.
    pub(crate) axis: String,
    pub(crate) table: Table,
}

/// Draws the panels; `None` where there are none.
pub(crate) fn draw(
    words: Words,
    along: Along,
    lines: &[Line],
) -> Result<Option<Chart>, ChartError> {
    if lines.is_empty() {
        return Ok(None);
    }
    let ends = ends(lines);
    let sheet = Sheet {
        caption: Caption {
            id: &words.id,
            title: &words.title,
            description: &words.description,
        },
        subtitle: &words.subtitle,
        columns: if lines.len() > 1 { 2 } else { 1 },
        heights: vec![PANEL; lines.len()],
    };
    let figure = sheet.draw(|canvas, number, place| {
        paint(canvas, &lines[number], along, &words.axis, ends, place)
    })?;
    Ok(Some(Chart {
        id: words.id,
        title: words.title,
        figure,
        table: words.table,
    }))
}

/// The vertical scale that all panels share: pointwise intervals are seen, the widest bands may be cut.
fn ends(lines: &[Line]) -> (f64, f64) {
    let effects: Vec<Effect> = lines
        .iter()
        .flat_map(|line| &line.points)
        .filter_map(|point| point.effect)
        .collect();
    let points: Vec<f64> = effects.iter().map(|effect| effect.estimate).collect();
    let limits: Vec<f64> = effects
        .iter()
        .flat_map(|effect| [effect.lower, effect.upper])
        .collect();
    let reach = scale::reach(&points, &limits, 0.02);
    let lowest = limits.iter().copied().fold(0.0, f64::min) * 1.15;
    let highest = limits.iter().copied().fold(0.0, f64::max) * 1.15;
    (
        lowest.clamp(-reach, -reach / 4.0),
        highest.clamp(reach / 4.0, reach),
    )
}

fn paint(
    canvas: &Canvas<'_>,
    line: &Line,
    along: Along,
    axis: &str,
    ends: (f64, f64),
    place: Place,
) -> Result<(), ChartError> {
    let Place { x, y, width } = place;
    let heading = font::elide(&line.heading, style::LABEL, true, width)?;
    canvas.text(&heading, x, y + 12, Type::new(style::LABEL).bold())?;
    let note = Type::new(style::NOTE).colour(style::QUIET);
    let (left, right) = (x + NUMBERS, x + width - 8);
    let (top, bottom) = (y + 42, y + PANEL - 58);
    let up = Scale::new(ends, (bottom, top));
    let first = line.points.first().map_or(0.0, |point| point.x);
    let last = line.points.last().map_or(1.0, |point| point.x);
    let edge = if along == Along::Years { 0.5 } else { 0.0 };
    let over = Scale::new((first - edge, last + edge), (left, right));
    if along == Along::Dose {
        ribbon(canvas, line, &over, &up, UNIFORM, |point| point.band)?;
        ribbon(canvas, line, &over, &up, POINTWISE, |point| {
            point.effect.map_or((0.0, 0.0), |e| (e.lower, e.upper))
        })?;
    }
    for (at, label) in up.ticks(5, true) {
        canvas.line((left, at), (right, at), style::RULE, 1)?;
        canvas.text(&label, left - 6, at, note.ending())?;
    }
    let zero = up.at(0.0);
    canvas.line((left, zero), (right, zero), style::ZERO, 1)?;
    match along {
        Along::Years => years(canvas, line, &over, &up, bottom)?,
        Along::Dose => dose(canvas, line, &over, &up, bottom)?,
    }
    if let Some((at, words)) = &line.mark {
        let at = over.at(*at);
        canvas.line((at, top), (at, bottom), style::QUIET, 1)?;
        let room = font::width(words, style::NOTE, false)?;
        let x = at.clamp(left + room / 2, (right - room / 2).max(left + room / 2));
        canvas.text(words, x, top - 9, note.centred())?;
    }
    let axis = font::elide(axis, style::NOTE, false, right - left)?;
    canvas.text(&axis, (left + right) / 2, bottom + 36, note.centred())
}

fn ribbon(
    canvas: &Canvas<'_>,
    line: &Line,
    over: &Scale,
    up: &Scale,
    colour: plotters::style::RGBColor,
    band: impl Fn(&Point) -> (f64, f64),
) -> Result<(), ChartError> {
    let upper = line.points.iter().map(|p| (over.at(p.x), up.at(band(p).1)));
    let lower = line
        .points
        .iter()
        .rev()
        .map(|p| (over.at(p.x), up.at(band(p).0)));
    let outline: Vec<(i32, i32)> = upper.chain(lower).collect();
    if outline.len() > 3 {
        canvas.polygon(&outline, colour)?;
    }
    Ok(())
}

fn years(
    canvas: &Canvas<'_>,
    line: &Line,
    over: &Scale,
    up: &Scale,
    bottom: i32,
) -> Result<(), ChartError> {
    let note = Type::new(style::NOTE).colour(style::QUIET);
    let blue = style::colour(throughline_evidence::finding::Verdict::Helped);
    for point in &line.points {
        let at = over.at(point.x);
        canvas.text(
            &crate::number::signed(point.x, 0),
            at,
            bottom + 16,
            note.centred(),
        )?;
        let Some(effect) = point.effect else {
            canvas.circle((at, up.at(0.0)), 5, style::QUIET, Some(2))?;
            continue;
        };
        canvas.line(
            (at, up.at(point.band.0)),
            (at, up.at(point.band.1)),
            POINTWISE,
            7,
        )?;
        canvas.line(
            (at, up.at(effect.lower)),
            (at, up.at(effect.upper)),
            blue,
            2,
        )?;
        // Before the beginning nothing can have come of it: those years are hollow.
        let ring = (point.x < 0.0).then_some(2);
        canvas.circle((at, up.at(effect.estimate)), 5, blue, ring)?;
    }
    Ok(())
}

fn dose(
    canvas: &Canvas<'_>,
    line: &Line,
    over: &Scale,
    up: &Scale,
    bottom: i32,
) -> Result<(), ChartError> {
    let note = Type::new(style::NOTE).colour(style::QUIET);
    let blue = style::colour(throughline_evidence::finding::Verdict::Helped);
    for (at, label) in over.ticks(6, false) {
        canvas.text(&label, at, bottom + 16, note.centred())?;
    }
    let path: Vec<(i32, i32)> = line
        .points
        .iter()
        .map(|point| {
            let height = point.effect.map_or(0.0, |effect| effect.estimate);
            (over.at(point.x), up.at(height))
        })
        .collect();
    if path.len() > 1 {
        canvas.path(&path, blue, 3)?;
    }
    Ok(())
}
