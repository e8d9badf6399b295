//! What a canonical table is made of. The tables themselves are declared in [`crate::tables`].
//!
//! Names follow Ed-Fi 6.1, OneRoster 1.2 and CEDS 14. IDs are text always; dates are dates. A person's ID
//! leaves the reader only as a pseudonym, so its kind says whose it is.

/// One canonical table.
#[derive(Debug, PartialEq)]
pub struct Table {
    /// Name in the lake, singular.
    pub name: &'static str,
    /// What one row is.
    pub grain: &'static str,
    /// Declared columns, in the order they are written. [`STANDARD_COLUMNS`] follow in every table.
    pub columns: &'static [Column],
    /// Columns that identify a row; empty values count as one value.
    pub key: &'static [&'static str],
    /// Where a row's school year comes from.
    pub year: YearFrom,
}

/// Where a row's school year comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum YearFrom {
    /// The export says it, in the column `school_year`.
    Column,
    /// It follows from this date column and the pipeline's calendar.
    Date(&'static str),
    /// The table is not about a year (a catalogue); `school_year` is null.
    Never,
}

/// One column of a canonical table.
#[derive(Debug, PartialEq)]
pub struct Column {
    /// Name in the lake.
    pub name: &'static str,
    /// What its values are.
    pub kind: Kind,
    /// Whether a row without it is rejected.
    pub required: bool,
}

/// What the values of a column are.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Kind {
    /// Free text that names no person: a title, a course name.
    Text,
    /// An identifier of something that is not a person. Text always: `007` is not 7.
    Id,
    /// A student's ID; pseudonymised at the reader.
    StudentId,
    /// A staff member's ID; pseudonymised at the reader.
    StaffId,
    /// A student's or a staff member's ID, told apart by the mapping; pseudonymised at the reader.
    PersonId,
    /// One of these words; a mapping's code table translates to them.
    Code(&'static [&'static str]),
    /// A calendar date (Parquet `DATE`).
    Date,
    /// A whole number (Parquet `INT32`) in this inclusive range.
    Integer(i32, i32),
    /// A finite number (Parquet `DOUBLE`) in this inclusive range.
    Number(f64, f64),
    /// Yes or no (Parquet `BOOLEAN`).
    Flag,
}

impl Kind {
    /// Whether values are personal identifiers, which exist in the lake only as pseudonyms.
    pub fn is_person(self) -> bool {
        matches!(self, Kind::StudentId | Kind::StaffId | Kind::PersonId)
    }

    /// Whether values are written to Parquet as text.
    pub fn is_text(self) -> bool {
        matches!(self, Kind::Text | Kind::Id | Kind::Code(_)) || self.is_person()
    }
}

/// The columns that end every canonical table: `school_year` (`INT32`, null where
/// [`YearFrom::Never`]; a table that declares `school_year` itself has it once, in its own place), `source_file`
/// (text, as the pipeline names it), `source_line` (`INT32`, 1-based physical line where the record
/// starts), `loaded_at` (timestamp in milliseconds, UTC: the modification time of the file that was
/// read, so that the same file always gives the same bytes).
pub const STANDARD_COLUMNS: [&str; 4] = ["school_year", "source_file", "source_line", "loaded_at"];

impl Table {
    /// The column named `name`.
    pub fn column(&self, name: &str) -> Option<&Column> {
        self.columns.iter().find(|column| column.name == name)
    }

    /// Names of the columns a mapping must fill.
    pub fn required(&self) -> impl Iterator<Item = &'static str> {
        self.columns
            .iter()
            .filter(|column| column.required)
            .map(|column| column.name)
    }
}
