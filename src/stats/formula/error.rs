//! What is wrong with a formula, and where: every error carries the text and the place, and prints them with a caret.

use std::fmt;

/// A piece of the formula: byte offsets, end excluded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Span {
    /// First byte.
    pub start: usize,
    /// One past the last byte.
    pub end: usize,
}

impl Span {
    /// From the start of one piece to the end of another.
    #[must_use]
    pub fn to(self, other: Self) -> Self {
        Self {
            start: self.start,
            end: other.end.max(self.start),
        }
    }
}

/// What is wrong.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Problem {
    /// The text does not follow the grammar.
    #[error("{found} where {expected} is expected")]
    Unexpected {
        /// What stands there.
        found: String,
        /// What should.
        expected: &'static str,
    },
    /// The data have no such column.
    #[error("there is no column `{name}`")]
    UnknownColumn {
        /// The name.
        name: String,
    },
    /// No such function.
    #[error(
        "there is no function `{name}`; known are I, log, log2, log10, log1p, exp, sqrt, abs, factor, i, sw, sw0, csw, csw0"
    )]
    UnknownFunction {
        /// The name.
        name: String,
    },
    /// Text where a number is needed.
    #[error(
        "`{name}` holds text where a number is needed; compare it (`{name} == \"…\"`) or use it as a category"
    )]
    NotNumeric {
        /// The column or expression.
        name: String,
    },
    /// A category that does not occur.
    #[error("`{name}` has no level `{level}`")]
    UnknownLevel {
        /// The column.
        name: String,
        /// The level asked for.
        level: String,
    },
    /// Not implemented, or without an agreed meaning.
    #[error("{what} is not supported; {hint}")]
    Unsupported {
        /// What was written.
        what: String,
        /// What to write instead.
        hint: &'static str,
    },
    /// The formula would expand to more than can be estimated.
    #[error("the formula is too large: {what}")]
    TooLarge {
        /// Which limit it exceeds.
        what: &'static str,
    },
}

/// A formula that cannot be used. Prints the problem, the formula, and a caret under the place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FormulaError {
    /// What is wrong.
    pub problem: Problem,
    /// The formula.
    pub text: String,
    /// Where.
    pub span: Span,
}

impl fmt::Display for FormulaError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown: String = self
            .text
            .chars()
            .map(|c| if c.is_control() { ' ' } else { c })
            .collect();
        let before = self.text.get(..self.span.start).unwrap_or("");
        let inside = self.text.get(self.span.start..self.span.end).unwrap_or("");
        write!(
            f,
            "{}\n  {shown}\n  {}{}",
            self.problem,
            " ".repeat(before.chars().count()),
            "^".repeat(inside.chars().count().max(1))
        )
    }
}

impl std::error::Error for FormulaError {}
