//! How alike two groups are before and after matching or weighting (Love plot): one row a baseline measure, hollow before and
//! filled after, with the What Works Clearinghouse's two limits.

use super::canvas::{Canvas, Caption, Chart, ChartError, Type};
use super::curve::Words;
use super::font;
use super::scale::Scale;
use super::sheet::{Place, Sheet};
use super::style;

const ROW: i32 = 24;
const HEAD: i32 = 48;
const FOOT: i32 = 58;
/// Equivalent as it is, and the most that adjustment may mend.
const LIMITS: [f64; 2] = [0.05, 0.25];

/// One panel: the groups behind one outcome.
pub(crate) struct Groups {
    pub(crate) heading: String,
    pub(crate) rows: Vec<Row>,
}

/// One baseline measure.
pub(crate) struct Row {
    pub(crate) label: String,
    /// Size of the standardised difference before …
    pub(crate) before: f64,
    /// … and after.
    pub(crate) after: f64,
}

/// Draws the panels; `None` where there are none.
pub(crate) fn draw(words: Words, groups: &[Groups]) -> Result<Option<Chart>, ChartError> {
    if groups.is_empty() {
        return Ok(None);
    }
    let rows = groups.iter().flat_map(|group| &group.rows);
    let most = rows
        .flat_map(|row| [row.before, row.after])
        .fold(0.3, f64::max);
    let count = |group: &Groups| i32::try_from(group.rows.len()).unwrap_or(0);
    let sheet = Sheet {
        caption: Caption {
            id: &words.id,
            title: &words.title,
            description: &words.description,
        },
        subtitle: &words.subtitle,
        columns: if groups.len() > 1 { 2 } else { 1 },
        heights: groups
            .iter()
            .map(|group| HEAD + ROW * count(group) + FOOT)
            .collect(),
    };
    let figure = sheet.draw(|canvas, number, place| {
        paint(canvas, &groups[number], most * 1.05, &words.axis, place)
    })?;
    Ok(Some(Chart {
        id: words.id,
        title: words.title,
        figure,
        table: words.table,
    }))
}

fn paint(
    canvas: &Canvas<'_>,
    groups: &Groups,
    most: f64,
    axis: &str,
    Place { x, y, width }: Place,
) -> Result<(), ChartError> {
    let heading = font::elide(&groups.heading, style::LABEL, true, width)?;
    canvas.text(&heading, x, y + 12, Type::new(style::LABEL).bold())?;
    let note = Type::new(style::NOTE).colour(style::QUIET);
    let labels = groups.rows.iter().map(|row| row.label.as_str());
    let room = font::widest(labels, style::NOTE, false)?.clamp(60, width / 2);
    let (left, right) = (x + room + 14, x + width - 10);
    let top = y + HEAD - 14;
    let bottom = top + ROW * i32::try_from(groups.rows.len()).unwrap_or(0) + 6;
    let scale = Scale::new((0.0, most), (left, right));
    for limit in LIMITS {
        let at = scale.at(limit);
        canvas.line((at, top), (at, bottom), style::QUIET, 1)?;
    }
    for (at, label) in scale.ticks(5, false) {
        canvas.line((at, bottom), (at, bottom + 4), style::QUIET, 1)?;
        canvas.text(&label, at, bottom + 15, note.centred())?;
    }
    canvas.line((left, bottom), (right, bottom), style::RULE, 1)?;
    let blue = style::colour(throughline_evidence::finding::Verdict::Helped);
    for (row, number) in groups.rows.iter().zip(0_i32..) {
        let at = top + ROW * number + ROW / 2;
        let label = font::elide(&row.label, style::NOTE, false, room)?;
        canvas.text(&label, left - 10, at, note.ending())?;
        canvas.line((left, at), (right, at), style::RULE, 1)?;
        canvas.circle((scale.at(row.before), at), 5, style::NAIVE, Some(2))?;
        canvas.circle((scale.at(row.after), at), 5, blue, None)?;
    }
    let axis = font::elide(axis, style::NOTE, false, right - left)?;
    canvas.text(&axis, (left + right) / 2, bottom + 34, note.centred())
}
