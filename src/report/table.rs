//! A table: computed once, then written as HTML, workbook, CSV, Parquet or lines on a terminal. A column knows what
//! kind of number it holds, so every writer formats it alike; a cell that may not be shown says so in all of them.

use crate::number;

/// Where a number would stand that is about too few.
pub const WITHHELD: &str = "withheld (fewer than the minimum)";

/// Rows and columns with a name.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Table {
    /// Name of the sheet or file: `Findings`.
    pub name: String,
    /// What the rows are, one sentence.
    pub about: String,
    /// Columns, in order.
    pub columns: Vec<Column>,
    /// Rows; each has one cell per column.
    pub rows: Vec<Vec<Cell>>,
}

/// One column.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Column {
    /// For machines: `adjusted_sd`.
    pub key: &'static str,
    /// For people: `Adjusted effect (SD)`.
    pub label: &'static str,
    /// What it holds.
    pub kind: Kind,
}

/// What a column holds, and so how it is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Words.
    Text,
    /// A whole number.
    Count,
    /// A number with at most four decimals, or four significant digits.
    Number,
    /// A number in standard deviations, with its sign.
    Sd,
    /// A probability, 0–1.
    Probability,
    /// A share, 0–1; people see percent.
    Share,
    /// Dollars.
    Dollars,
    /// Yes or no.
    Flag,
}

/// One value.
#[derive(Clone, Debug, PartialEq)]
pub enum Cell {
    /// Words.
    Text(String),
    /// A whole number.
    Count(u64),
    /// A number.
    Number(f64),
    /// Yes or no.
    Flag(bool),
    /// A number that is about too few students, teachers or schools.
    Withheld,
    /// There is nothing to say: it was not estimated, or the question does not arise.
    Nothing,
}

impl Column {
    /// A column.
    pub(crate) const fn new(key: &'static str, label: &'static str, kind: Kind) -> Self {
        Self { key, label, kind }
    }

    /// Whether its cells are numbers, to be aligned right.
    pub fn is_numeric(&self) -> bool {
        !matches!(self.kind, Kind::Text | Kind::Flag)
    }
}

impl Table {
    /// Labels of the columns.
    pub fn header(&self) -> Vec<&'static str> {
        self.columns.iter().map(|column| column.label).collect()
    }

    /// Every row as people read it.
    pub fn lines(&self) -> Vec<Vec<String>> {
        self.rows
            .iter()
            .map(|row| {
                row.iter()
                    .zip(&self.columns)
                    .map(|(cell, column)| cell.show(column.kind))
                    .collect()
            })
            .collect()
    }
}

impl Cell {
    /// Words.
    pub(crate) fn text(text: impl Into<String>) -> Self {
        Self::Text(text.into())
    }

    /// A number that may be missing.
    pub(crate) fn number(value: Option<f64>) -> Self {
        value.map_or(Self::Nothing, Self::Number)
    }

    /// A count; `None` is one that may not be shown.
    pub(crate) fn count(value: Option<u64>) -> Self {
        value.map_or(Self::Withheld, Self::Count)
    }

    /// As people read it.
    pub fn show(&self, kind: Kind) -> String {
        match (self, kind) {
            (Self::Text(text), _) => text.clone(),
            (Self::Flag(flag), _) => if *flag { "yes" } else { "no" }.to_owned(),
            (Self::Count(count), _) => number::count(*count),
            (Self::Number(value), Kind::Sd) => number::signed(*value, number::SD),
            (Self::Number(value), Kind::Share) => number::percent(*value),
            (Self::Number(value), Kind::Dollars) => number::dollars(*value),
            (Self::Number(value), Kind::Probability) => probability(*value),
            (Self::Number(value), _) => number::short(*value, 4),
            (Self::Withheld, _) => WITHHELD.to_owned(),
            (Self::Nothing, _) => "–".to_owned(),
        }
    }
}

/// Numbers of findings are rounded before they get here, and 0.0001 stands for "0.0001 or less".
fn probability(value: f64) -> String {
    if value < 0.001 {
        "<0.001".to_owned()
    } else {
        number::plain(value, 3)
    }
}
