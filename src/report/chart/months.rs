//! Attendance rows of every school and month of a school year, darker where a school sent more of what it sends in its busiest
//! month. A month that most schools sent and one did not is what one looks for.

use std::collections::{BTreeMap, BTreeSet};

use throughline_disclosure::Quality;
use throughline_model::Calendar;

use super::canvas::{self, Canvas, Caption, Chart, ChartError, Type};
use super::font::{self, line_height};
use super::intervals::WIDTH;
use super::style;
use crate::number;
use crate::table::{Cell, Column, Kind, Table};
use crate::words;

/// The chart's name.
pub(crate) const ID: &str = "months";

const MARGIN: i32 = 16;
const ROW: i32 = 28;
const LABELS: i32 = 120;
const MONTHS: [&str; 12] = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
];
/// Schools without a month that a title names.
const NAMED: usize = 3;

/// One school and month.
#[derive(Clone, Copy)]
enum Month {
    /// No row.
    Empty,
    /// Some, but too few to be shown.
    Few,
    Rows(u64),
}

struct Grid<'q> {
    schools: Vec<&'q str>,
    months: Vec<i32>,
    cells: BTreeMap<(&'q str, i32), Month>,
}

impl<'q> Grid<'q> {
    fn new(quality: &'q Quality) -> Self {
        let covered = &quality.checked.coverage;
        let schools: BTreeSet<&str> = covered.iter().map(|cell| cell.school.as_str()).collect();
        let (first, last) = covered
            .iter()
            .map(|cell| cell.month)
            .fold((i32::MAX, i32::MIN), |(first, last), month| {
                (first.min(month), last.max(month))
            });
        let cells = covered.iter().map(|cell| {
            let month = match cell.rows {
                None => Month::Few,
                Some(0) => Month::Empty,
                Some(rows) => Month::Rows(rows),
            };
            ((cell.school.as_str(), cell.month), month)
        });
        Self {
            schools: schools.into_iter().collect(),
            months: (first..=last).collect(),
            cells: cells.collect(),
        }
    }

    fn at(&self, school: &'q str, month: i32) -> Month {
        self.cells
            .get(&(school, month))
            .copied()
            .unwrap_or(Month::Empty)
    }

    fn most(&self, school: &'q str) -> u64 {
        self.months
            .iter()
            .map(|month| match self.at(school, *month) {
                Month::Rows(rows) => rows,
                _ => 0,
            })
            .max()
            .unwrap_or_default()
    }

    /// Schools and months without a row in which more than half of the schools have some.
    fn gaps(&self) -> Vec<(&'q str, i32)> {
        let sends = |school: &&&'q str, month: i32| !matches!(self.at(school, month), Month::Empty);
        let mut gaps = Vec::new();
        for month in &self.months {
            let sent = self.schools.iter().filter(|school| sends(school, *month));
            if 2 * sent.count() > self.schools.len() {
                let empty = self.schools.iter().filter(|school| !sends(school, *month));
                gaps.extend(empty.map(|school| (*school, *month)));
            }
        }
        gaps
    }
}

/// The heat map; `None` where there is no attendance with a school.
pub(crate) fn draw(quality: &Quality) -> Result<Option<Chart>, ChartError> {
    let Some(year) = quality
        .checked
        .coverage
        .first()
        .map(|cell| cell.school_year)
    else {
        return Ok(None);
    };
    let grid = Grid::new(quality);
    let year = Calendar::label(year);
    let title = title(&grid, &year);
    let subtitle = format!(
        "Attendance rows by school and month, {year}; the darker, the closer to the school’s busiest month"
    );
    let description = describe(&grid);
    let caption = Caption {
        id: ID,
        title: &title,
        description: &description,
    };
    let figure = paint(&caption, &subtitle, &grid)?;
    Ok(Some(Chart {
        id: ID.to_owned(),
        table: table(&grid),
        title,
        figure,
    }))
}

fn label(month: i32) -> String {
    let place = usize::try_from(month.rem_euclid(12)).unwrap_or_default();
    format!("{} {}", MONTHS[place], month.div_euclid(12))
}

fn title(grid: &Grid<'_>, year: &str) -> String {
    let gaps = grid.gaps();
    if gaps.is_empty() {
        return format!(
            "Every school has attendance rows in every month of {year} that most schools have"
        );
    }
    let named: Vec<String> = gaps
        .iter()
        .take(NAMED)
        .map(|(school, month)| format!("{school} in {}", label(*month)))
        .collect();
    let more = if gaps.len() > NAMED {
        " and others"
    } else {
        ""
    };
    format!(
        "{} no attendance rows though most schools have: {}{more}",
        words::sentence_case(&words::several(
            gaps.len(),
            "school month has",
            "school months have"
        )),
        named.join(", ")
    )
}

fn describe(grid: &Grid<'_>) -> String {
    format!(
        "Heat map of attendance rows for {} and {}. The numbers stand in the table below it.",
        words::several(grid.schools.len(), "school", "schools"),
        words::several(grid.months.len(), "month", "months"),
    )
}

fn table(grid: &Grid<'_>) -> Table {
    let rows = grid.schools.iter().flat_map(|school| {
        grid.months.iter().map(move |month| {
            let rows = match grid.at(school, *month) {
                Month::Empty => Cell::Count(0),
                Month::Few => Cell::Withheld,
                Month::Rows(rows) => Cell::Count(rows),
            };
            vec![Cell::text(*school), Cell::text(label(*month)), rows]
        })
    });
    Table {
        name: "Coverage".to_owned(),
        about: "Attendance rows by school and month.".to_owned(),
        columns: vec![
            Column::new("school", "School", Kind::Text),
            Column::new("month", "Month", Kind::Text),
            Column::new("rows", "Rows", Kind::Count),
        ],
        rows: rows.collect(),
    }
}

fn paint(caption: &Caption<'_>, subtitle: &str, grid: &Grid<'_>) -> Result<String, ChartError> {
    let room = WIDTH - 2 * MARGIN;
    let title = font::wrap(caption.title, style::TITLE, true, room, 4)?;
    let subtitle = font::wrap(subtitle, style::LABEL, false, room, 2)?;
    let count = |len: usize| i32::try_from(len).unwrap_or(1).max(1);
    let width = ((room - LABELS) / count(grid.months.len())).min(84);
    let head = MARGIN
        + line_height(style::TITLE) * count(title.len())
        + line_height(style::LABEL) * count(subtitle.len())
        + 14;
    let top = head + 26;
    let bottom = top + ROW * count(grid.schools.len());
    canvas::draw(caption, (WIDTH, bottom + 48), |canvas| {
        let y = MARGIN + line_height(style::TITLE) / 2;
        let y = canvas.lines(&title, MARGIN, y, Type::new(style::TITLE).bold())?;
        let quiet = Type::new(style::LABEL).colour(style::QUIET);
        canvas.lines(&subtitle, MARGIN, y, quiet)?;
        let left = MARGIN + LABELS;
        for (month, place) in grid.months.iter().zip(0_i32..) {
            let set = Type::new(style::NOTE).colour(style::QUIET).centred();
            let name = MONTHS[usize::try_from(month.rem_euclid(12)).unwrap_or_default()];
            canvas.text(name, left + place * width + width / 2, head + 12, set)?;
        }
        for (school, place) in grid.schools.iter().zip(0_i32..) {
            let y = top + place * ROW;
            let name = font::elide(school, style::LABEL, false, LABELS - 12)?;
            canvas.text(&name, MARGIN, y + ROW / 2, Type::new(style::LABEL))?;
            let most = grid.most(school);
            for (month, column) in grid.months.iter().zip(0_i32..) {
                let corner = (left + column * width, y);
                paint_cell(canvas, grid.at(school, *month), most, corner, width)?;
            }
        }
        legend(canvas, bottom + 26)
    })
}

fn paint_cell(
    canvas: &Canvas<'_>,
    month: Month,
    most: u64,
    (x, y): (i32, i32),
    width: i32,
) -> Result<(), ChartError> {
    let (from, to) = ((x + 1, y + 1), (x + width - 1, y + ROW - 1));
    let middle = (x + width / 2, y + ROW / 2);
    let centred = Type::new(style::NOTE).centred();
    match month {
        Month::Empty => {
            frame(canvas, from, to, style::EMPTY)?;
            canvas.text("0", middle.0, middle.1, centred.bold().colour(style::EMPTY))
        }
        Month::Few => {
            frame(canvas, from, to, style::RULE)?;
            canvas.text("few", middle.0, middle.1, centred.colour(style::QUIET))
        }
        Month::Rows(rows) => {
            let (ground, ink) = style::heat(rows as f64 / most.max(1) as f64);
            canvas.fill(from, to, ground)?;
            let text = font::elide(&short(rows), style::NOTE, false, width - 4)?;
            canvas.text(&text, middle.0, middle.1, centred.colour(ink))
        }
    }
}

/// `12,345` up to five digits, then thousands.
fn short(rows: u64) -> String {
    if rows < 100_000 {
        number::count(rows)
    } else {
        format!("{}k", number::count(rows / 1000))
    }
}

fn frame(
    canvas: &Canvas<'_>,
    from: (i32, i32),
    to: (i32, i32),
    colour: plotters::style::RGBColor,
) -> Result<(), ChartError> {
    canvas.path(&[from, (to.0, from.1), to, (from.0, to.1), from], colour, 2)
}

fn legend(canvas: &Canvas<'_>, y: i32) -> Result<(), ChartError> {
    let note = Type::new(style::NOTE).colour(style::QUIET);
    let mut x = MARGIN;
    for (name, text) in [
        ("0", "no row"),
        ("few", "fewer than the minimum of students"),
    ] {
        let colour = if name == "0" {
            style::EMPTY
        } else {
            style::RULE
        };
        frame(canvas, (x, y - 11), (x + 36, y + 11), colour)?;
        canvas.text(name, x + 18, y, note.centred())?;
        canvas.text(text, x + 44, y, note)?;
        x += 44 + font::width(text, style::NOTE, false)? + 24;
    }
    Ok(())
}
