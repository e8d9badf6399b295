//! Named columns a formula is read against: borrowed slices of numbers or of labelled codes.

use crate::error::StatsError;

/// The code of a missing label.
pub const MISSING: u32 = u32::MAX;

/// The contents of a column.
#[derive(Debug, Clone, Copy)]
pub enum Values<'a> {
    /// One number a row; NaN is missing.
    Numbers(&'a [f64]),
    /// One code a row into `labels`; [`MISSING`] is missing.
    Labels {
        /// Codes.
        codes: &'a [u32],
        /// What each code stands for.
        labels: &'a [String],
    },
}

/// Named columns of equal length.
#[derive(Debug, Clone, Default)]
pub struct Frame<'a> {
    rows: usize,
    columns: Vec<(&'a str, Values<'a>)>,
}

impl<'a> Frame<'a> {
    /// A frame of so many rows and no columns.
    #[must_use]
    pub fn new(rows: usize) -> Self {
        Self {
            rows,
            columns: Vec::new(),
        }
    }

    /// Adds a column of numbers.
    ///
    /// # Errors
    /// The column does not have as many entries as the frame has rows.
    pub fn numbers(self, name: &'a str, values: &'a [f64]) -> Result<Self, StatsError> {
        self.with(name, Values::Numbers(values))
    }

    /// Adds a column of labels.
    ///
    /// # Errors
    /// As [`Frame::numbers`].
    pub fn labels(
        self,
        name: &'a str,
        codes: &'a [u32],
        labels: &'a [String],
    ) -> Result<Self, StatsError> {
        self.with(name, Values::Labels { codes, labels })
    }

    /// Adds a column.
    ///
    /// # Errors
    /// As [`Frame::numbers`].
    pub fn with(mut self, name: &'a str, values: Values<'a>) -> Result<Self, StatsError> {
        let found = match values {
            Values::Numbers(v) => v.len(),
            Values::Labels { codes, .. } => codes.len(),
        };
        if found != self.rows {
            return Err(StatsError::Length {
                name: name.to_owned(),
                found,
                expected: self.rows,
            });
        }
        self.columns.push((name, values));
        Ok(self)
    }

    /// Number of rows.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// The column of that name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<Values<'a>> {
        self.columns
            .iter()
            .find(|(n, _)| *n == name)
            .map(|(_, v)| *v)
    }
}
