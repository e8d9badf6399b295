//! Rows of effects with their intervals on one common scale: the frame of forest plots and rankings. A row with a
//! small or no effect takes as much room as a row with a large one.

use throughline_evidence::finding::Verdict;

use super::canvas::{self, Canvas, Caption, ChartError, Type};
use super::font::{self, line_height};
use super::marker;
use super::scale::Scale;
use super::style;
use crate::content::{Answer, Effect};
use crate::{number, words};

/// Width of every chart: wide enough for labels, narrow enough for a printed page.
pub(crate) const WIDTH: i32 = 960;
const MARGIN: i32 = 16;
/// Height of a row; of one whose label takes two lines above a note; and of what stands around the rows.
const ROW: i32 = 46;
const TALL_ROW: i32 = 62;
const HEADING: i32 = 34;
const GAP: i32 = 30;

/// One row.
pub(crate) struct Row {
    /// What the row is about.
    pub(crate) label: String,
    /// A second line below it, smaller.
    pub(crate) note: String,
    /// Adjusted effect; `None` where there is none to show.
    pub(crate) adjusted: Option<Effect>,
    /// The plain correlation.
    pub(crate) naive: Option<Effect>,
    /// The smallest difference that matters.
    pub(crate) matters: f64,
    /// The verdict, where it may be shown.
    pub(crate) verdict: Option<Verdict>,
    /// The effect in words.
    pub(crate) effect: String,
    /// The verdict in words.
    pub(crate) judged: &'static str,
}

impl Row {
    /// The row of an answer.
    pub(crate) fn of(answer: &Answer<'_>, label: String, note: String) -> Self {
        Self {
            label,
            note,
            adjusted: answer.adjusted(),
            naive: answer.naive(),
            matters: answer
                .finding()
                .map_or(0.0, |finding| finding.smallest_difference),
            verdict: answer.verdict(),
            effect: words::answer_effect(answer),
            judged: words::answer_verdict(answer),
        }
    }
}

/// Rows under a common heading (none where there is only one group).
pub(crate) struct Group {
    /// The heading.
    pub(crate) heading: Option<String>,
    /// Its rows.
    pub(crate) rows: Vec<Row>,
}

/// A chart of rows.
pub(crate) struct Intervals<'t> {
    /// What is said about it.
    pub(crate) caption: Caption<'t>,
    /// Measure, unit and period.
    pub(crate) subtitle: &'t str,
    /// What the scale measures.
    pub(crate) axis: &'t str,
    /// Half the width of the scale around zero.
    pub(crate) reach: f64,
    /// The rows.
    pub(crate) groups: Vec<Group>,
}

/// Where everything lies; measured before anything is drawn.
struct Layout {
    title: Vec<String>,
    subtitle: Vec<String>,
    labels: Vec<Vec<Vec<String>>>,
    legend: Vec<Vec<Key>>,
    label_room: i32,
    plot: (i32, i32),
    words_at: i32,
    top: i32,
    height: i32,
}

/// An entry of the legend.
#[derive(Clone, Copy)]
enum Key {
    Verdict(Verdict),
    Naive,
    Small,
}

impl Key {
    fn label(self) -> &'static str {
        match self {
            Self::Verdict(verdict) => verdict.words(),
            Self::Naive => "plain correlation",
            Self::Small => "smaller than what matters",
        }
    }
}

impl Intervals<'_> {
    /// Draws the chart.
    pub(crate) fn draw(&self) -> Result<String, ChartError> {
        let layout = self.lay_out()?;
        canvas::draw(&self.caption, (WIDTH, layout.height), |canvas| {
            self.paint(canvas, &layout)
        })
    }

    fn rows(&self) -> impl Iterator<Item = &Row> {
        self.groups.iter().flat_map(|group| &group.rows)
    }

    fn lay_out(&self) -> Result<Layout, ChartError> {
        let room = WIDTH - 2 * MARGIN;
        let title = font::wrap(self.caption.title, style::TITLE, true, room, 4)?;
        let subtitle = font::wrap(self.subtitle, style::LABEL, false, room, 2)?;
        let label_room = font::widest(
            self.rows().map(|row| row.label.as_str()),
            style::LABEL,
            false,
        )?
        .max(font::widest(
            self.rows().map(|row| row.note.as_str()),
            style::NOTE,
            false,
        )?)
        .clamp(120, 260);
        let words_room = font::widest(
            self.rows()
                .flat_map(|row| [row.effect.as_str(), row.judged]),
            style::NOTE,
            false,
        )?;
        let words_at = WIDTH - MARGIN - words_room;
        let labels = self
            .groups
            .iter()
            .map(|group| {
                group
                    .rows
                    .iter()
                    .map(|row| font::wrap(&row.label, style::LABEL, false, label_room, 2))
                    .collect::<Result<Vec<_>, _>>()
            })
            .collect::<Result<Vec<_>, _>>()?;
        let legend = self.legend(room)?;
        let head = MARGIN
            + line_height(style::TITLE) * lines_of(&title)
            + line_height(style::LABEL) * lines_of(&subtitle);
        let top = head + 14 + 24 * i32::try_from(legend.len()).unwrap_or(0) + 8;
        let groups = self.groups.iter().zip(&labels);
        let body: i32 = groups.map(|(group, labels)| group.height(labels)).sum();
        Ok(Layout {
            title,
            subtitle,
            labels,
            legend,
            label_room,
            plot: (MARGIN + label_room + 22, words_at - 22),
            words_at,
            top,
            height: top + body + 40,
        })
    }

    /// What is in the picture, broken into lines.
    fn legend(&self, room: i32) -> Result<Vec<Vec<Key>>, ChartError> {
        let mut keys: Vec<Key> = words::VERDICTS
            .into_iter()
            .filter(|verdict| self.rows().any(|row| row.verdict == Some(*verdict)))
            .map(Key::Verdict)
            .collect();
        if self.rows().any(|row| row.naive.is_some()) {
            keys.push(Key::Naive);
        }
        if self.rows().any(|row| row.matters > 0.0) {
            keys.push(Key::Small);
        }
        let mut lines: Vec<Vec<Key>> = Vec::new();
        let mut used = room;
        for key in keys {
            let width = key_width(key)?;
            if used + width > room || lines.is_empty() {
                lines.push(Vec::new());
                used = 0;
            }
            used += width;
            if let Some(line) = lines.last_mut() {
                line.push(key);
            }
        }
        Ok(lines)
    }

    fn paint(&self, canvas: &Canvas<'_>, layout: &Layout) -> Result<(), ChartError> {
        let y = MARGIN + line_height(style::TITLE) / 2;
        let y = canvas.lines(&layout.title, MARGIN, y, Type::new(style::TITLE).bold())?;
        let quiet = Type::new(style::LABEL).colour(style::QUIET);
        canvas.lines(&layout.subtitle, MARGIN, y, quiet)?;
        paint_legend(canvas, layout)?;
        let scale = Scale::new((-self.reach, self.reach), layout.plot);
        let mut y = layout.top;
        for (group, labels) in self.groups.iter().zip(&layout.labels) {
            if let Some(heading) = &group.heading {
                let set = Type::new(style::LABEL).bold();
                canvas.text(heading, MARGIN, y + HEADING / 2 + 4, set)?;
                y += HEADING;
            }
            self.paint_grid(canvas, &scale, (y, y + group.rows_height(labels)))?;
            for (row, label) in group.rows.iter().zip(labels) {
                paint_row(canvas, layout, &scale, row, label, y)?;
                y += row.height(label);
            }
            for (x, label) in scale.ticks(7, true) {
                let set = Type::new(style::NOTE).colour(style::QUIET).centred();
                canvas.text(&label, x, y + 14, set)?;
            }
            y += GAP;
        }
        self.paint_axis(canvas, layout, y + 8)
    }

    fn paint_grid(
        &self,
        canvas: &Canvas<'_>,
        scale: &Scale,
        (top, bottom): (i32, i32),
    ) -> Result<(), ChartError> {
        for (x, _) in scale.ticks(7, true) {
            canvas.line((x, top), (x, bottom), style::RULE, 1)?;
        }
        Ok(())
    }

    fn paint_axis(&self, canvas: &Canvas<'_>, layout: &Layout, at: i32) -> Result<(), ChartError> {
        let (left, right) = layout.plot;
        let note = Type::new(style::NOTE).colour(style::QUIET);
        canvas.text("worse", left + 14, at, note)?;
        canvas.polygon(
            &[(left, at), (left + 9, at - 5), (left + 9, at + 5)],
            style::QUIET,
        )?;
        canvas.text("better", right - 14, at, note.ending())?;
        canvas.polygon(
            &[(right, at), (right - 9, at - 5), (right - 9, at + 5)],
            style::QUIET,
        )?;
        let room = right - left - 130;
        let axis = font::elide(self.axis, style::NOTE, false, room)?;
        canvas.text(&axis, (left + right) / 2, at, note.centred())
    }
}

impl Row {
    fn height(&self, label: &[String]) -> i32 {
        if label.len() > 1 && !self.note.is_empty() {
            TALL_ROW
        } else {
            ROW
        }
    }
}

impl Group {
    fn height(&self, labels: &[Vec<String>]) -> i32 {
        let heading = if self.heading.is_some() { HEADING } else { 0 };
        heading + self.rows_height(labels) + GAP
    }

    fn rows_height(&self, labels: &[Vec<String>]) -> i32 {
        let rows = self.rows.iter().zip(labels);
        rows.map(|(row, label)| row.height(label)).sum()
    }
}

fn lines_of(lines: &[String]) -> i32 {
    i32::try_from(lines.len()).unwrap_or(0)
}

fn key_width(key: Key) -> Result<i32, ChartError> {
    Ok(font::width(key.label(), style::NOTE, false)? + 24 + 22)
}

fn paint_legend(canvas: &Canvas<'_>, layout: &Layout) -> Result<(), ChartError> {
    let lines = i32::try_from(layout.legend.len()).unwrap_or(0);
    let mut y = layout.top - 8 - 24 * lines + 10;
    for line in &layout.legend {
        let mut x = MARGIN;
        for key in line {
            let at = (x + 8, y);
            match *key {
                Key::Verdict(verdict) => marker::verdict(canvas, verdict, at)?,
                Key::Naive => marker::naive(canvas, at)?,
                Key::Small => canvas.fill((x, y - 8), (x + 17, y + 8), style::SMALL)?,
            }
            let set = Type::new(style::NOTE).colour(style::QUIET);
            canvas.text(key.label(), x + 24, y, set)?;
            x += key_width(*key)?;
        }
        y += 24;
    }
    Ok(())
}

fn paint_row(
    canvas: &Canvas<'_>,
    layout: &Layout,
    scale: &Scale,
    row: &Row,
    label: &[String],
    top: i32,
) -> Result<(), ChartError> {
    let bottom = top + row.height(label);
    let middle = (top + bottom) / 2;
    if row.matters > 0.0 {
        let band = (scale.at(-row.matters), scale.at(row.matters));
        canvas.fill((band.0, top + 1), (band.1, bottom - 1), style::SMALL)?;
    }
    let zero = scale.at(0.0);
    canvas.line((zero, top), (zero, bottom), style::ZERO, 1)?;
    paint_label(canvas, layout, row, label, middle)?;
    let Some(verdict) = row.verdict else {
        let set = Type::new(style::NOTE).colour(style::QUIET);
        return canvas.text(&row.effect, layout.words_at, middle, set);
    };
    let colour = style::colour(verdict);
    canvas.text(
        &row.effect,
        layout.words_at,
        middle - 9,
        Type::new(style::NOTE),
    )?;
    let judged = Type::new(style::NOTE).bold().colour(colour);
    canvas.text(row.judged, layout.words_at, middle + 9, judged)?;
    let split = row.naive.is_some();
    if let Some(naive) = row.naive {
        let y = middle + 11;
        marker::interval(
            canvas,
            scale,
            (naive.lower, naive.upper),
            y,
            (style::NAIVE, 1),
        )?;
        marker::naive(canvas, (scale.at(naive.estimate), y))?;
    }
    if let Some(adjusted) = row.adjusted {
        let y = if split { middle - 8 } else { middle };
        marker::interval(
            canvas,
            scale,
            (adjusted.lower, adjusted.upper),
            y,
            (colour, 3),
        )?;
        marker::verdict(canvas, verdict, (scale.at(adjusted.estimate), y))?;
    }
    Ok(())
}

fn paint_label(
    canvas: &Canvas<'_>,
    layout: &Layout,
    row: &Row,
    label: &[String],
    middle: i32,
) -> Result<(), ChartError> {
    let step = line_height(style::LABEL);
    let note_room = if row.note.is_empty() { 0 } else { 19 };
    let first = middle - (step * (lines_of(label) - 1) + note_room) / 2;
    let next = canvas.lines(label, MARGIN, first, Type::new(style::LABEL))?;
    if !row.note.is_empty() {
        let note = font::elide(&row.note, style::NOTE, false, layout.label_room)?;
        let quiet = Type::new(style::NOTE).colour(style::QUIET);
        canvas.text(&note, MARGIN, next, quiet)?;
    }
    Ok(())
}

/// The numbers of a chart in words, for those who do not see it.
pub(crate) fn describe(rows: &[&Row]) -> String {
    let told: Vec<String> = rows
        .iter()
        .map(|row| match row.naive {
            Some(naive) => format!(
                "{}: {}, {}; plain correlation {}",
                row.label,
                row.effect,
                row.judged,
                number::signed(naive.estimate, number::SD)
            ),
            None if row.verdict.is_none() => format!("{}: {}", row.label, row.effect),
            None => format!("{}: {}, {}", row.label, row.effect, row.judged),
        })
        .collect();
    format!("{}.", told.join(". "))
}
