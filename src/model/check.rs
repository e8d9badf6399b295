//! What the rows of a release must meet, as data: one rule about one table, how many rows may break it, and what then. Checks
//! come with Throughline (`pipelines/checks/default.toml`) and from the pipeline file, in the same words:
//!
//! ```toml
//! [[check]]
//! table = "pd_participation"
//! range = { column = "hours", from = 0, to = 12 }
//! at_most = 0.001                   # share of rows that may break it; 0 where nothing is said
//! severity = "error"                # note, warn (the default), error, off
//! ```
//! `linked = "people"` also judges each program, tool, credential and assessment by the share of its people who lead to nobody:
//! `of_program = 0.05` where nothing is said, and at least two of them; 1 switches it off.
//! A check of the pipeline's own about the same thing replaces the one that comes with Throughline. How checks are run is the lake's business.

use serde::{Deserialize, Serialize};

use crate::table::Table;

/// The checks that come with Throughline, as TOML.
pub const SHIPPED: &str = include_str!("../../pipelines/checks/default.toml");

/// Share of a program's people who may lead to nobody, where a check says nothing else.
pub const OF_PROGRAM: f64 = 0.05;

/// One rule about one table.
#[derive(Clone, Debug, PartialEq)]
pub struct Check {
    /// The table whose rows are judged.
    pub table: &'static Table,
    /// What they must meet.
    pub rule: Rule,
    /// Share of rows (0–1) that may break it; for [`Rule::Fresh`] and [`Rule::Rows`] without meaning.
    pub at_most: f64,
    /// What a broken one means for the run.
    pub severity: Severity,
    /// Whether the pipeline file says so, and not what comes with Throughline.
    pub declared: bool,
}

/// What a broken check means for the run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Severity {
    /// It stands in the data-quality report and nowhere else.
    Note,
    /// The run is done and ends with exit code 1.
    Warn,
    /// The run stops with exit code 3 before anything is committed; the release before stands.
    Error,
}

impl Severity {
    /// How the pipeline file says it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Note => "note",
            Self::Warn => "warn",
            Self::Error => "error",
        }
    }
}

/// What rows must meet.
#[derive(Clone, Debug, PartialEq)]
pub enum Rule {
    /// The column is not empty.
    Required {
        /// The column.
        column: &'static str,
    },
    /// No two rows hold the same values in these columns; an empty cell is a value.
    Unique {
        /// The columns.
        columns: Vec<&'static str>,
    },
    /// A number or date lies between these, both included; empty cells pass.
    Range {
        /// The column.
        column: &'static str,
        /// Smallest value, as SQL reads it.
        from: Option<String>,
        /// Largest value, as SQL reads it.
        to: Option<String>,
    },
    /// The text is one of these; empty cells pass.
    Accepted {
        /// The column.
        column: &'static str,
        /// The texts.
        values: Vec<String>,
    },
    /// The value stands in a column of another table, in the same school year where both tables are about one; empty cells pass.
    Refers {
        /// The column.
        column: &'static str,
        /// The other table.
        to: &'static Table,
        /// Its column.
        key: &'static str,
    },
    /// The person is in the student or staff file, through the crosswalks and their dates where the ID is another system's.
    Linked {
        /// The column.
        column: &'static str,
        /// Share (0–1) of the people of one program, tool, credential or assessment who may lead to nobody.
        of_program: f64,
    },
    /// The school year is the one that dates of other tables say: classes, enrollment, tests.
    Agrees {
        /// The column with the school year.
        column: &'static str,
    },
    /// What the row says in this column is not said by other rows as well, as far as the view in the table's place tells.
    Once {
        /// The column.
        column: &'static str,
    },
    /// The ID means one thing of the other table in its school year, or the row and what is known of its person say which.
    OneMeaning {
        /// The column.
        column: &'static str,
        /// The other table.
        to: &'static Table,
    },
    /// The newest date is not too old.
    Fresh {
        /// The column.
        column: &'static str,
        /// Days that it may lie behind.
        days: u32,
        /// Behind what.
        behind: Behind,
    },
    /// Rows with one key say the same, or the mapping or source declares which of them counts. Judged from what the reader
    /// counted, see [`crate::disagreement`].
    Conflicts,
    /// Rows are about days of membership: the student is enrolled and school is held. Judged where a release is measured, see
    /// [`crate::membership`].
    Member,
    /// The number of rows is like that of the last eight releases.
    Rows {
        /// Share by which there may be fewer rows than the median of those releases.
        fewer: Option<f64>,
        /// Share by which there may be more.
        more: Option<f64>,
    },
}

/// What the newest date of a table may lie behind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Behind {
    /// The newest date of attendance, discipline, assessments, training, tool use and tickets in the release.
    Release,
    /// The day of the run.
    Today,
}

impl Rule {
    /// The rule's name, as it stands in the pipeline file.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Required { .. } => "required",
            Self::Unique { .. } => "unique",
            Self::Range { .. } => "range",
            Self::Accepted { .. } => "accepted",
            Self::Refers { .. } => "refers",
            Self::Linked { .. } => "linked",
            Self::Once { .. } => "once",
            Self::OneMeaning { .. } => "one_meaning",
            Self::Agrees { .. } => "agrees",
            Self::Fresh { .. } => "fresh",
            Self::Conflicts => crate::disagreement::RULE,
            Self::Member => crate::membership::RULE,
            Self::Rows { .. } => "rows",
        }
    }

    /// The columns that are judged.
    pub fn columns(&self) -> Vec<&'static str> {
        match self {
            Self::Required { column }
            | Self::Range { column, .. }
            | Self::Accepted { column, .. }
            | Self::Refers { column, .. }
            | Self::Once { column }
            | Self::OneMeaning { column, .. }
            | Self::Linked { column, .. }
            | Self::Agrees { column }
            | Self::Fresh { column, .. } => vec![column],
            Self::Unique { columns } => columns.clone(),
            Self::Conflicts | Self::Member | Self::Rows { .. } => Vec::new(),
        }
    }
}

impl Check {
    /// What the check is about, the same for checks that replace each other: `section.refers.school_id`.
    pub fn id(&self) -> String {
        let mut id = format!("{}.{}", self.table.name, self.rule.name());
        for column in self.rule.columns() {
            id.push('.');
            id.push_str(column);
        }
        id
    }

    /// What is asked of the rows, as a clause: `` `hours` lies between 0 and 12 ``.
    pub fn asks(&self) -> String {
        match &self.rule {
            Rule::Required { column } => format!("`{column}` is filled"),
            Rule::Unique { columns } => {
                format!("no two rows share `{}`", columns.join("`, `"))
            }
            Rule::Range { column, from, to } => match (from, to) {
                (Some(from), Some(to)) => format!("`{column}` lies between {from} and {to}"),
                (Some(from), None) => format!("`{column}` is at least {from}"),
                (None, Some(to)) => format!("`{column}` is at most {to}"),
                (None, None) => format!("`{column}` is any value"),
            },
            Rule::Accepted { column, values } => {
                format!("`{column}` is one of `{}`", values.join("`, `"))
            }
            Rule::Refers { column, to, .. } => format!("`{column}` is in table `{}`", to.name),
            Rule::Once { column } => {
                format!("no `{column}` is told by several rows and so counted in another")
            }
            Rule::OneMeaning { column, to } => {
                format!(
                    "`{column}` means one row of table `{}`, or the row says which",
                    to.name
                )
            }
            Rule::Linked { column, .. } => {
                format!("`{column}` leads to somebody in the {} file", {
                    roster(self.table, column)
                })
            }
            Rule::Agrees { column } => {
                format!("`{column}` is the year that dates of other tables say")
            }
            Rule::Fresh {
                column,
                days,
                behind: Behind::Release,
            } => {
                format!("the newest `{column}` is at most {days} days behind the newest event")
            }
            Rule::Fresh { column, days, .. } => {
                format!("the newest `{column}` is at most {days} days old")
            }
            Rule::Conflicts => "rows with one key say the same".to_owned(),
            Rule::Member => "rows are about days of membership".to_owned(),
            Rule::Rows { fewer, more } => {
                let percent = |share: &Option<f64>| share.map(|share| (100.0 * share).round());
                match (percent(fewer), percent(more)) {
                    (Some(fewer), Some(more)) => format!(
                        "rows are at most {fewer} % fewer and {more} % more than in the last 8 releases"
                    ),
                    (Some(fewer), None) => {
                        format!("rows are at most {fewer} % fewer than in the last 8 releases")
                    }
                    (None, Some(more)) => {
                        format!("rows are at most {more} % more than in the last 8 releases")
                    }
                    (None, None) => "any number of rows".to_owned(),
                }
            }
        }
    }
}

fn roster(table: &Table, column: &str) -> &'static str {
    use crate::table::Kind;
    match table.column(column).map(|column| column.kind) {
        Some(Kind::StaffId) => "staff",
        Some(Kind::StudentId) => "student",
        _ => "student or staff",
    }
}
