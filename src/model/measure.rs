//! What a measure file says about itself. A measure is one SQL query in `pipelines/measures/*.sql`; the comment
//! lines at its top name it, its grain, its unit and its parameters. The query is plain SQL over the release's
//! tables and the link views, so that any engine that reads the lake can run it.

use crate::diagnostic::{Diagnostic, Place};

/// One measure: header and query.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Measure {
    /// Name; also the file's stem.
    pub name: String,
    /// Whether it measures an outcome or an exposure, or only prepares a view for others.
    pub role: Role,
    /// What one row of its result is.
    pub grain: MeasureGrain,
    /// What kind of number it gives.
    pub kind: NumberKind,
    /// What it means that an exposure has no row for somebody.
    pub absent: Absent,
    /// For people: `share of enrolled days`.
    pub unit: String,
    /// One sentence.
    pub about: String,
    /// Parameters in order, with defaults where they have one. In the query they stand as `$name`.
    pub params: Vec<(String, Option<String>)>,
    /// The query, header included.
    pub sql: String,
}

/// What kind of number a measure gives. It decides whether an outcome is modelled as a count as well.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum NumberKind {
    /// An amount: a score, a share of days.
    #[default]
    Amount,
    /// How often something happened, as a count or per day: never negative, mostly zero.
    Count,
    /// Whether something happened, 0 or 1.
    Event,
}

/// What it means that an exposure's measure has no row for somebody in a school year from which there is data.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Absent {
    /// Nothing was taken: no hours, no credential.
    #[default]
    Zero,
    /// Nothing is known: who did not apply neither won nor lost a draw.
    Unknown,
}

/// What a measure is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Something that should get better.
    Outcome,
    /// Something that might make it better.
    Exposure,
    /// A view that other measures read.
    View,
}

/// What one row of a measure's result is. Every result has the id columns and `value`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MeasureGrain {
    /// `student_id, school_year, value`.
    Student,
    /// `staff_id, school_year, value`: reaches students by their dated, weighted links.
    Staff,
    /// `school_id, school_year, value`: reaches every student of the school.
    School,
    /// A view has the columns it selects.
    Free,
}

impl Measure {
    /// Reads the header of a measure file.
    ///
    /// # Errors
    /// One diagnostic per line of the header that is unknown, repeated or missing.
    pub fn parse(file: &str, name: &str, sql: &str) -> Result<Self, Vec<Diagnostic>> {
        let mut problems = Vec::new();
        let mut measure = Self {
            name: name.to_owned(),
            role: Role::View,
            grain: MeasureGrain::Free,
            kind: NumberKind::default(),
            absent: Absent::default(),
            unit: String::new(),
            about: String::new(),
            params: Vec::new(),
            sql: sql.to_owned(),
        };
        for (index, line) in sql.lines().enumerate() {
            let Some(comment) = line.strip_prefix("--") else {
                break;
            };
            let Some((key, value)) = comment.trim().split_once(':') else {
                continue;
            };
            let value = value.trim();
            let known = match key.trim() {
                "measure" => value == name,
                "role" => set(&mut measure.role, role(value)),
                "grain" => set(&mut measure.grain, grain(value)),
                "kind" => set(&mut measure.kind, kind(value)),
                "absent" => set(&mut measure.absent, absent(value)),
                "unit" => set(&mut measure.unit, Some(value.to_owned())),
                "about" => set(&mut measure.about, Some(value.to_owned())),
                "params" => set(&mut measure.params, Some(params(value))),
                _ => false,
            };
            if !known {
                let line = u32::try_from(index + 1).unwrap_or(u32::MAX);
                let place = Place {
                    file: file.to_owned(),
                    line,
                    column: 1,
                };
                problems.push(
                    Diagnostic::error(Some(place), format!("header line `{}` is not understood", key.trim()))
                        .hint("a header has the lines `measure` (the file's name), `role`, `grain`, `kind` (`amount`, `count` or `event`), `absent` (`zero` or `unknown`), `unit`, `about`, `params`"),
                );
            }
        }
        if measure.role != Role::View && measure.grain == MeasureGrain::Free {
            let place = Place {
                file: file.to_owned(),
                line: 1,
                column: 1,
            };
            problems.push(
                Diagnostic::error(Some(place), "an outcome or exposure needs a `grain`")
                    .hint("`-- grain: student` (or `staff`, `school`)"),
            );
        }
        if problems.is_empty() {
            Ok(measure)
        } else {
            Err(problems)
        }
    }
}

fn set<T>(slot: &mut T, value: Option<T>) -> bool {
    match value {
        Some(value) => {
            *slot = value;
            true
        }
        None => false,
    }
}

fn role(word: &str) -> Option<Role> {
    match word {
        "outcome" => Some(Role::Outcome),
        "exposure" => Some(Role::Exposure),
        "view" => Some(Role::View),
        _ => None,
    }
}

fn grain(word: &str) -> Option<MeasureGrain> {
    match word {
        "student" => Some(MeasureGrain::Student),
        "staff" => Some(MeasureGrain::Staff),
        "school" => Some(MeasureGrain::School),
        "free" => Some(MeasureGrain::Free),
        _ => None,
    }
}

fn kind(word: &str) -> Option<NumberKind> {
    match word {
        "amount" => Some(NumberKind::Amount),
        "count" => Some(NumberKind::Count),
        "event" => Some(NumberKind::Event),
        _ => None,
    }
}

fn absent(word: &str) -> Option<Absent> {
    match word {
        "zero" => Some(Absent::Zero),
        "unknown" => Some(Absent::Unknown),
        _ => None,
    }
}

fn params(text: &str) -> Vec<(String, Option<String>)> {
    text.split(',')
        .map(str::trim)
        .filter(|param| !param.is_empty())
        .map(|param| match param.split_once('=') {
            Some((name, default)) => (name.trim().to_owned(), Some(default.trim().to_owned())),
            None => (param.to_owned(), None),
        })
        .collect()
}
