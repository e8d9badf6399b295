//! What was found out about the data of a run: checks, people who could not be linked and why, IDs that two people share, rejected
//! rows, coverage, and who can put it right. The lake finds out, the run adds what the reader knows, the report prints. Nothing
//! here holds a cell's content or a pseudonym: only places, counts, rules and redacted shapes.

use serde::{Deserialize, Serialize};

use crate::SchoolYear;
use crate::check::{Check, Severity};
use crate::disagreement;

/// Who can put right what is wrong in a table, where the pipeline's source does not say.
pub fn owner(table: &str) -> &'static str {
    match table {
        "staff" | "staff_identity" | "staff_section" => "HR",
        "pd_activity" | "pd_participation" | "lottery_entry" | "credential_award" => "PD office",
        "assessment_result" | "tool" | "tool_license" | "tool_usage" => "vendor",
        "support_ticket" | "device" => "technology office",
        "school_plan_goal" => "planning office",
        _ => "registrar",
    }
}

/// A place in an export.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct FileLine {
    /// The file as the pipeline names it.
    pub file: String,
    /// 1-based line the record starts on.
    pub line: u64,
}

impl std::fmt::Display for FileLine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}", self.file, self.line)
    }
}

/// What the lake found out about the rows of a release.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Checked {
    /// Every check, in the order of the tables.
    pub checks: Vec<Checkup>,
    /// Rows about people that lead to nobody in the student or staff file, by table and reason.
    pub unlinked: Vec<Unlinked>,
    /// IDs and people that the crosswalks do not tell apart.
    pub conflicts: Vec<Conflict>,
    /// Rejected cells and rows, by source, rule and column.
    pub rejects: Vec<Rejected>,
    /// Rows by school and month of the last school year.
    pub coverage: Vec<Covered>,
    /// Rows about people that lead to nobody, set aside for who can find them: at most a thousand of each table, column and
    /// reason, by file and line.
    pub aside: Vec<Aside>,
}

/// A row about a person who could not be found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Aside {
    /// The source it came from.
    pub source: String,
    /// Its table.
    pub table: String,
    /// The column with the ID.
    pub column: String,
    /// Why.
    pub reason: Reason,
    /// Where it stands.
    pub place: FileLine,
}

/// What one source sent, and what became of it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Sent {
    /// The source.
    pub source: String,
    /// The table that it fills.
    pub table: String,
    /// Who answers for it.
    pub owner: String,
    /// Whether the pipeline asks for files of it; an optional source may have none.
    pub expected: bool,
    /// Files that were there, and of them those that are new, changed, unchanged, or late: all in them lies before what the source
    /// had reached already.
    pub received: u64,
    /// New files.
    pub new: u64,
    /// Files that changed since the release before.
    pub corrected: u64,
    /// New files about a time that the source had passed already.
    pub late: u64,
    /// What else is to be said of single files: deleted, still being written, missing.
    pub told: Vec<String>,
    /// Records read.
    pub read: u64,
    /// Rows kept.
    pub kept: u64,
    /// Rows rejected.
    pub rejected: u64,
    /// Copies, and rows replaced by a later file.
    pub duplicate: u64,
    /// Rows that are not kept because another row of the file has the same key and says otherwise.
    pub conflict: u64,
    /// Of those, the rows between which no declared rule decides.
    pub unsettled: u64,
    /// Records of students who were not tested; not among the rows read.
    pub not_tested: u64,
}

/// Something that the reader found odd about a file: another header, another encoding.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Odd {
    /// The file, with a line where there is one.
    pub place: String,
    /// What.
    pub message: String,
    /// What to do about it.
    pub hints: Vec<String>,
}

impl Checked {
    /// Checks that failed with this severity.
    pub fn failed(&self, severity: Severity) -> impl Iterator<Item = &Checkup> {
        self.checks
            .iter()
            .filter(move |check| check.state == State::Failed && check.severity == severity)
    }

    /// How many checks came to what, for a terminal: `61 passed, 2 warned`. Empty where none was run.
    pub fn tally(&self) -> String {
        let state = |state| self.checks.iter().filter(|c| c.state == state).count();
        let counts = [
            (state(State::Passed), "passed"),
            (self.failed(Severity::Error).count(), "failed"),
            (self.failed(Severity::Warn).count(), "warned"),
            (self.failed(Severity::Note).count(), "noted something"),
            (state(State::NotRun), "had nothing to judge"),
        ];
        let told: Vec<String> = counts
            .iter()
            .filter(|(count, _)| *count > 0)
            .map(|(count, what)| format!("{count} {what}"))
            .collect();
        told.join(", ")
    }
}

/// One check and what came of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Checkup {
    /// See [`crate::check::Check::id`].
    pub id: String,
    /// The table.
    pub table: String,
    /// The rule's name.
    pub rule: String,
    /// See [`crate::check::Check::asks`].
    pub asks: String,
    /// What a broken one means.
    pub severity: Severity,
    /// Whether the pipeline file declares it.
    pub declared: bool,
    /// Rows that were judged.
    pub rows: u64,
    /// Rows that broke the rule.
    pub broken: u64,
    /// Share of rows that may.
    pub at_most: f64,
    /// What came of it.
    pub state: State,
    /// What was found, where a count of rows does not say it; why it was not run.
    pub found: String,
    /// The first places, in order of file and line.
    pub places: Vec<FileLine>,
}

impl Checkup {
    /// A check before it is judged; `rows` of the table are there.
    pub fn before(check: &Check, rows: u64) -> Self {
        Self {
            id: check.id(),
            table: check.table.name.to_owned(),
            rule: check.rule.name().to_owned(),
            asks: check.asks(),
            severity: check.severity,
            declared: check.declared,
            rows,
            broken: 0,
            at_most: check.at_most,
            state: State::Passed,
            found: String::new(),
            places: Vec::new(),
        }
    }

    /// One line for a terminal.
    pub fn told(&self) -> String {
        let at = match self.places.as_slice() {
            // What was found names them.
            _ if self.rule == disagreement::RULE => String::new(),
            [] => String::new(),
            [only] => format!(", {only}"),
            [first, ..] => format!(", first at {first}"),
        };
        let what = if self.found.is_empty() {
            format!("{} of {} rows break it", self.broken, self.rows)
        } else {
            self.found.clone()
        };
        format!("table `{}`: {}; {what}{at}", self.table, self.asks)
    }
}

/// What came of a check.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum State {
    /// No more rows broke it than may.
    Passed,
    /// More rows broke it than may.
    Failed,
    /// There was nothing to judge.
    NotRun,
}

/// Why a row about a person leads to nobody.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Reason {
    /// The ID is in no crosswalk and is nobody's in the student or staff file.
    Unknown,
    /// A crosswalk has the ID, but for nobody on that day.
    OutsideDates,
    /// Crosswalks give the ID to two people on that day (in that school year, for rows counted by year).
    TwoPeople,
    /// The ID leads to a student or staff member whom the file does not list (for students: in that school year).
    NotListed,
}

impl Reason {
    /// Every reason.
    pub const ALL: [Self; 4] = [
        Self::Unknown,
        Self::OutsideDates,
        Self::TwoPeople,
        Self::NotListed,
    ];

    /// Stable name, for files.
    pub fn name(self) -> &'static str {
        match self {
            Self::Unknown => "unknown-id",
            Self::OutsideDates => "outside-crosswalk-dates",
            Self::TwoPeople => "two-people",
            Self::NotListed => "not-listed",
        }
    }

    /// The reason with this name.
    pub fn of(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|reason| reason.name() == name)
    }

    /// For people.
    pub fn words(self) -> &'static str {
        match self {
            Self::Unknown => "the ID is in no crosswalk and in no student or staff file",
            Self::OutsideDates => "the crosswalk gives the ID to nobody on that day",
            Self::TwoPeople => "the crosswalk gives the ID to two people on that day",
            Self::NotListed => {
                "the ID is known, but the student or staff file does not list the person then"
            }
        }
    }
}

/// Rows of one column and reason.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Unlinked {
    /// The table.
    pub table: String,
    /// The column with the ID.
    pub column: String,
    /// `student` or `staff`.
    pub person: String,
    /// The source they came from.
    pub source: String,
    /// Why.
    pub reason: Reason,
    /// Rows.
    pub rows: u64,
    /// The first places, in order of file and line.
    pub places: Vec<FileLine>,
}

/// What crosswalks do not tell apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum ConflictKind {
    /// One ID is two people's on the same day: rows with it are linked to neither.
    OneIdTwoPeople,
    /// One person has two IDs of one system on the same day: rows with either are linked.
    OnePersonTwoIds,
    /// One ID is one person's first and another's later: rows are linked by date.
    Reused,
}

impl ConflictKind {
    /// Every kind.
    pub const ALL: [Self; 3] = [Self::OneIdTwoPeople, Self::OnePersonTwoIds, Self::Reused];

    /// Stable name, for files.
    pub fn name(self) -> &'static str {
        match self {
            Self::OneIdTwoPeople => "one-id-two-people",
            Self::OnePersonTwoIds => "one-person-two-ids",
            Self::Reused => "reused-id",
        }
    }

    /// For people, and what becomes of the rows.
    pub fn words(self) -> &'static str {
        match self {
            Self::OneIdTwoPeople => {
                "one ID, two people on the same day; rows with it are linked to neither"
            }
            Self::OnePersonTwoIds => {
                "one person, two active IDs; rows with either are linked to the person"
            }
            Self::Reused => "an ID that somebody else got later; rows are linked by date",
        }
    }
}

/// Conflicts of one kind in one ID system.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Conflict {
    /// What it is.
    pub kind: ConflictKind,
    /// `student` or `staff`.
    pub person: String,
    /// The ID system, as the crosswalk calls it.
    pub id_system: String,
    /// IDs (or people with two).
    pub cases: u64,
    /// Places of the first cases' crosswalk rows, in order of file and line.
    pub places: Vec<FileLine>,
}

/// Rejected cells or rows of one source, file, rule and column.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Rejected {
    /// The source.
    pub source: String,
    /// The vendor's column; `None` for a record as a whole.
    pub column: Option<String>,
    /// The rule's name.
    pub rule: String,
    /// Cells or records.
    pub cells: u64,
    /// The first places, in order of file and line.
    pub places: Vec<FileLine>,
    /// What the cells at those places look like: letters as `A`, digits as `9`.
    pub shapes: Vec<String>,
}

/// Rows of one school and month.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Covered {
    /// The table.
    pub table: String,
    /// The school's ID.
    pub school: String,
    /// School year.
    pub school_year: SchoolYear,
    /// Months since January of year 0: twelve times the year, plus the month less one.
    pub month: i32,
    /// Rows; `None` where it is too few to be shown.
    pub rows: Option<u64>,
}

/// Which vendor column was taken for a person's ID, and how each candidate did.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct IdChoice {
    /// The source.
    pub source: String,
    /// The canonical column.
    pub column: String,
    /// The candidates, in the order of the mapping.
    pub candidates: Vec<IdCandidate>,
    /// The one that was taken.
    pub chosen: usize,
    /// Records that were looked at.
    pub records: u64,
    /// Share of them that must be known.
    pub at_least: f64,
}

impl IdChoice {
    /// Whether the chosen column's rate reaches what is asked.
    pub fn is_enough(&self) -> bool {
        self.candidates
            .get(self.chosen)
            .is_some_and(|chosen| chosen.known as f64 >= self.at_least * self.records as f64)
    }

    /// One line: which was chosen, and every rate.
    pub fn told(&self) -> String {
        let rates: Vec<String> = self
            .candidates
            .iter()
            .map(|candidate| {
                let share = 100.0 * candidate.known as f64 / (self.records.max(1)) as f64;
                format!(
                    "`{}` (IDs of `{}`) {share:.1} %",
                    candidate.header, candidate.id_system
                )
            })
            .collect();
        let chosen = self.candidates.get(self.chosen);
        format!(
            "source `{}`: `{}` is taken from `{}`; known IDs in {} records: {}",
            self.source,
            self.column,
            chosen.map_or("", |chosen| chosen.header.as_str()),
            self.records,
            rates.join(", ")
        )
    }
}

/// A vendor column that may hold a person's ID.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct IdCandidate {
    /// The vendor column.
    pub header: String,
    /// Whose IDs it would hold.
    pub id_system: String,
    /// Records whose ID the district's own files know.
    pub known: u64,
}

/// One thing to put right.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Fix {
    /// Who can do it.
    pub owner: String,
    /// What to do, one sentence.
    pub task: String,
    /// The canonical table that would become complete.
    pub table: String,
    /// Rows that are lost or wrong until then.
    pub rows: u64,
    /// Findings that rest on the table.
    pub findings: u64,
    /// Of those, the ones that cannot be told yet, are not credible or are withheld.
    pub open: u64,
    /// Where to look.
    pub places: Vec<FileLine>,
}
