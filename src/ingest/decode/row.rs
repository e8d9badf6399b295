//! One record as it comes out of any file, and why there may be no more of them.

use std::io;

use throughline_model::{Diagnostic, Place};

use crate::intern::PADDING;
use crate::rule::Rule;

/// A record: its cells one after the other, and where it stands.
#[derive(Clone, Debug, Default)]
pub(crate) struct Row {
    bytes: Vec<u8>,
    ends: Vec<usize>,
    /// Whether a quote stood in it: `""` is a record with an empty cell, and no empty line.
    is_quoted: bool,
    /// 1-based line, sheet row or record number.
    pub(crate) line: u64,
}

impl Row {
    /// Starts over as the record at `line`.
    pub(crate) fn start(&mut self, line: u64) {
        self.bytes.clear();
        self.ends.clear();
        self.is_quoted = false;
        self.line = line;
    }

    /// Notes that a quoted cell begins.
    pub(crate) fn quote(&mut self) {
        self.is_quoted = true;
    }

    /// Adds bytes to the cell that is being written.
    pub(crate) fn extend(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
    }

    /// Ends the cell that is being written.
    pub(crate) fn end(&mut self) {
        self.ends.push(self.bytes.len());
    }

    /// Adds a cell.
    pub(crate) fn push(&mut self, cell: &[u8]) {
        self.extend(cell);
        self.end();
    }

    pub(crate) fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether nothing stands in any of its cells.
    pub(crate) fn holds_nothing(&self) -> bool {
        self.bytes.is_empty() && !self.is_quoted
    }

    /// Whether it is an empty line.
    pub(crate) fn is_blank(&self) -> bool {
        self.holds_nothing() && self.ends.len() <= 1
    }

    pub(crate) fn cell(&self, index: usize) -> &[u8] {
        let (from, to) = self.place(index);
        &self.bytes[from..to]
    }

    pub(crate) fn cells(&self) -> impl Iterator<Item = &[u8]> {
        (0..self.len()).map(|index| self.cell(index))
    }

    /// All bytes of all cells.
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The buffer with padding after its last cell, for [`crate::intern::Interner::intern`].
    pub(crate) fn padded(&mut self) -> &[u8] {
        let length = self.ends.last().copied().unwrap_or_default();
        self.bytes.resize(length + PADDING, 0);
        &self.bytes
    }

    /// Where a cell starts and ends in the buffer.
    pub(crate) fn place(&self, index: usize) -> (usize, usize) {
        let from = match index {
            0 => 0,
            _ => self.ends[index - 1],
        };
        (from, self.ends[index])
    }

    /// The cells as one text.
    pub(crate) fn joined(&self, delimiter: u8) -> Vec<u8> {
        self.cells().collect::<Vec<_>>().join(&delimiter)
    }
}

/// What a reader of records came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// A record; it stands in the row that was handed over.
    Row,
    /// Something on the row's line that is no record, and what its start looks like.
    Broken(Rule, String),
    /// The end.
    End,
}

/// A file, record by record.
pub(crate) trait Rows {
    /// Reads the next record into `row`. After [`Step::End`] and after an error it is not called again.
    fn next(&mut self, row: &mut Row) -> Result<Step, DecodeError>;
}

/// Why a file cannot be read to its end.
#[derive(Debug, thiserror::Error)]
pub(crate) enum DecodeError {
    /// The file system said so.
    #[error(transparent)]
    Io(io::Error),
    /// The file is not what it says it is; `line` is 0 where it is about the whole file.
    #[error("{message}")]
    Refused {
        /// Where.
        line: u64,
        /// What is wrong.
        message: String,
        /// What to do about it.
        hint: Option<String>,
    },
}

impl DecodeError {
    pub(crate) fn refused(line: u64, message: impl Into<String>) -> Self {
        Self::Refused {
            line,
            message: message.into(),
            hint: None,
        }
    }

    pub(crate) fn hinted(line: u64, message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self::Refused {
            line,
            message: message.into(),
            hint: Some(hint.into()),
        }
    }
}

impl DecodeError {
    /// The error as a diagnostic about the file `shown`.
    pub(crate) fn diagnostic(self, shown: &str) -> Diagnostic {
        let (line, message, hint) = match self {
            Self::Io(error) => (0, format!("failed to read: {error}"), None),
            Self::Refused {
                line,
                message,
                hint,
            } => (line, message, hint),
        };
        let place = Place {
            file: shown.to_owned(),
            line: u32::try_from(line).unwrap_or(u32::MAX),
            column: 0,
        };
        let problem = Diagnostic::error(Some(place), message);
        match hint {
            Some(hint) => problem.hint(hint),
            None => problem,
        }
    }
}

impl From<io::Error> for DecodeError {
    fn from(error: io::Error) -> Self {
        match error.downcast::<Damaged>() {
            Ok(damaged) => Self::refused(0, damaged.0),
            Err(error) => Self::Io(error),
        }
    }
}

/// What a container's reader says of damaged data, on its way through [`io::Read`].
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct Damaged(pub(crate) String);

impl From<Damaged> for io::Error {
    fn from(damaged: Damaged) -> Self {
        Self::new(io::ErrorKind::InvalidData, damaged)
    }
}
