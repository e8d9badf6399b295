//! Every program, every school year: the share of students it reached. What is withheld says so in its cell.

use throughline_evidence::finding::Coverage;
use throughline_model::Calendar;

use super::canvas::{self, Canvas, Caption, Chart, ChartError, Type};
use super::font::{self, line_height};
use super::intervals::WIDTH;
use super::style;
use crate::content::{Content, Program, distinct};
use crate::{number, tables, words};

const MARGIN: i32 = 16;
const ROW: i32 = 50;
const WITHHELD: &str = "withheld";

/// The heat map; `None` where nothing is known about who took part.
pub(crate) fn draw(content: &Content<'_>) -> Result<Option<Chart>, ChartError> {
    let programs: Vec<&Program<'_>> = content
        .programs
        .iter()
        .filter(|program| !program.coverage.is_empty())
        .collect();
    let cells = &content.report.findings.coverage;
    let mut years = distinct(cells.iter().map(|cell| cell.school_year));
    years.sort_unstable();
    if programs.is_empty() {
        return Ok(None);
    }
    let id = "coverage";
    let title = title(&programs, &years);
    let subtitle = format!(
        "Share of students reached, and how many, per program and school year; {}",
        words::period(content.report)
    );
    let description = describe(&programs);
    let caption = Caption {
        id,
        title: &title,
        description: &description,
    };
    let figure = paint(&caption, &subtitle, &programs, &years)?;
    Ok(Some(Chart {
        id: id.to_owned(),
        table: tables::coverage(content),
        title,
        figure,
    }))
}

/// States what reached most and fewest students in the last year.
fn title(programs: &[&Program<'_>], years: &[i32]) -> String {
    let Some(last) = years.last() else {
        return "Who took part".to_owned();
    };
    let mut shares: Vec<(&str, f64)> = programs
        .iter()
        .filter_map(|program| {
            let cell = program
                .coverage
                .iter()
                .find(|cell| cell.school_year == *last)?;
            Some((program.label, cell.share?))
        })
        .collect();
    shares.sort_by(|a, b| b.1.total_cmp(&a.1));
    let year = Calendar::label(*last);
    match shares.as_slice() {
        [] => format!("Who took part in {year} is withheld: fewer than the minimum"),
        [(label, share)] => format!(
            "In {year}, {label} reached {} of students",
            number::percent(*share)
        ),
        [(most, high), .., (fewest, low)] => format!(
            "In {year}, {most} reached the most students ({}) and {fewest} the fewest ({})",
            number::percent(*high),
            number::percent(*low)
        ),
    }
}

fn describe(programs: &[&Program<'_>]) -> String {
    let told: Vec<String> = programs
        .iter()
        .map(|program| {
            let cells: Vec<String> = program
                .coverage
                .iter()
                .map(|cell| {
                    let share = cell
                        .share
                        .map_or_else(|| WITHHELD.to_owned(), number::percent);
                    format!("{} {share}", Calendar::label(cell.school_year))
                })
                .collect();
            format!("{}: {}.", program.label, cells.join(", "))
        })
        .collect();
    format!(
        "Heat map of the share of students reached per program and school year. {}",
        told.join(" ")
    )
}

fn paint(
    caption: &Caption<'_>,
    subtitle: &str,
    programs: &[&Program<'_>],
    years: &[i32],
) -> Result<String, ChartError> {
    let room = WIDTH - 2 * MARGIN;
    let title = font::wrap(caption.title, style::TITLE, true, room, 4)?;
    let subtitle = font::wrap(subtitle, style::LABEL, false, room, 2)?;
    let labels = font::widest(programs.iter().map(|p| p.label), style::LABEL, false)?;
    let labels = labels.clamp(120, 270) + 18;
    let count = |len: usize| i32::try_from(len).unwrap_or(1).max(1);
    let width = ((room - labels) / count(years.len())).min(132);
    let head = MARGIN
        + line_height(style::TITLE) * count(title.len())
        + line_height(style::LABEL) * count(subtitle.len())
        + 14;
    let top = head + 26;
    let bottom = top + ROW * count(programs.len());
    canvas::draw(caption, (WIDTH, bottom + 62), |canvas| {
        let y = MARGIN + line_height(style::TITLE) / 2;
        let y = canvas.lines(&title, MARGIN, y, Type::new(style::TITLE).bold())?;
        let quiet = Type::new(style::LABEL).colour(style::QUIET);
        canvas.lines(&subtitle, MARGIN, y, quiet)?;
        let left = MARGIN + labels;
        for (year, place) in years.iter().zip(0_i32..) {
            let middle = left + place * width + width / 2;
            let set = Type::new(style::NOTE).colour(style::QUIET).centred();
            canvas.text(&Calendar::label(*year), middle, head + 12, set)?;
        }
        for (program, place) in programs.iter().zip(0_i32..) {
            let y = top + place * ROW;
            let lines = font::wrap(program.label, style::LABEL, false, labels - 18, 2)?;
            let step = line_height(style::LABEL);
            let first = y + ROW / 2 - step * (count(lines.len()) - 1) / 2;
            canvas.lines(&lines, MARGIN, first, Type::new(style::LABEL))?;
            for (year, column) in years.iter().zip(0_i32..) {
                let cell = program
                    .coverage
                    .iter()
                    .find(|cell| cell.school_year == *year);
                let corner = (left + column * width, y);
                paint_cell(canvas, cell.copied(), corner, width)?;
            }
        }
        paint_legend(canvas, bottom + 30)
    })
}

fn paint_cell(
    canvas: &Canvas<'_>,
    cell: Option<&Coverage>,
    (x, y): (i32, i32),
    width: i32,
) -> Result<(), ChartError> {
    let (from, to) = ((x + 1, y + 1), (x + width - 1, y + ROW - 1));
    let middle = x + width / 2;
    let quiet = Type::new(style::NOTE).colour(style::QUIET).centred();
    let Some(cell) = cell else {
        return canvas.text("–", middle, y + ROW / 2, quiet);
    };
    let Some(share) = cell.share else {
        hatch(canvas, from, to)?;
        let text = font::elide(WITHHELD, style::NOTE, false, width - 4)?;
        return canvas.text(&text, middle, y + ROW / 2, quiet);
    };
    let (ground, ink) = style::heat(share);
    canvas.fill(from, to, ground)?;
    let share = number::percent(share);
    let set = Type::new(style::LABEL).bold().colour(ink).centred();
    match cell.students {
        Some(students) => {
            canvas.text(&share, middle, y + ROW / 2 - 8, set)?;
            let set = Type::new(style::NOTE).colour(ink).centred();
            canvas.text(&number::count(students), middle, y + ROW / 2 + 11, set)
        }
        None => canvas.text(&share, middle, y + ROW / 2, set),
    }
}

/// A frame with two corners struck through: neither blank nor a colour of the scale.
fn hatch(canvas: &Canvas<'_>, from: (i32, i32), to: (i32, i32)) -> Result<(), ChartError> {
    let frame = [from, (to.0, from.1), to, (from.0, to.1), from];
    canvas.path(&frame, style::RULE, 1)?;
    for cut in [7, 14] {
        canvas.line(
            (from.0, from.1 + cut),
            (from.0 + cut, from.1),
            style::NAIVE,
            1,
        )?;
        canvas.line((to.0 - cut, to.1), (to.0, to.1 - cut), style::NAIVE, 1)?;
    }
    Ok(())
}

fn paint_legend(canvas: &Canvas<'_>, y: i32) -> Result<(), ChartError> {
    const SWATCH: i32 = 66;
    let note = Type::new(style::NOTE).colour(style::QUIET);
    let label = "share of students";
    canvas.text(label, MARGIN, y, note)?;
    let mut x = MARGIN + font::width(label, style::NOTE, false)? + 14;
    for end in style::HEAT_ENDS {
        let (ground, ink) = style::heat(end);
        canvas.fill((x, y - 12), (x + SWATCH - 2, y + 12), ground)?;
        let label = format!("to {}%", number::short(end * 100.0, 0));
        let set = Type::new(style::NOTE).colour(ink).centred();
        canvas.text(&label, x + SWATCH / 2 - 1, y, set)?;
        x += SWATCH;
    }
    x += 14;
    hatch(canvas, (x, y - 12), (x + 26, y + 12))?;
    let withheld = crate::table::WITHHELD;
    canvas.text(withheld, x + 34, y, note)?;
    x += 34 + font::width(withheld, style::NOTE, false)? + 20;
    canvas.text("–  not counted", x, y, note)
}
