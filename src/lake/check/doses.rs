//! People by program: of a table that tells who had how much of what, a program's people are judged by themselves. Three of twenty
//! holders of a badge are nothing beside all awards, and 15 % of that badge's dose.
//!
//! Tables that tell outcomes have no doses: their people are judged by table and by file.

use serde::Deserialize;
use throughline_model::Table;

use super::column::Column;
use super::session::Session;
use crate::error::LakeError;

/// Fewer people than this are no share of a program: a single one who left is nobody's fault.
const LEAST: u64 = 2;
/// Programs that are named.
const NAMED: usize = 3;

/// What a dose is of.
pub(super) struct Dose {
    /// What it is called.
    pub(super) word: &'static str,
    /// Its name in a row, as SQL; rows are called `r`.
    name: &'static str,
    /// What it is kept under.
    column: &'static str,
}

impl Dose {
    /// As a column of a query.
    pub(super) fn named(&self) -> String {
        format!(", {} AS {}", self.name, self.column)
    }

    pub(super) fn column(&self) -> &'static str {
        self.column
    }
}

const fn dose(word: &'static str, name: &'static str, column: &'static str) -> Dose {
    Dose { word, name, column }
}

/// What the doses in a table's rows are of.
pub(super) fn of(table: &Table) -> &'static [Dose] {
    const TRAINED: &[Dose] = &[dose(
        "program",
        "coalesce(v.program, r.activity_id)",
        "dose_program",
    )];
    const AWARDED: &[Dose] = &[
        dose("framework", "r.framework", "dose_framework"),
        dose("credential", "r.credential_id", "dose_credential"),
    ];
    const USED: &[Dose] = &[dose("tool", "r.tool_id", "dose_tool")];
    const DRAWN: &[Dose] = &[dose("program", "r.program", "dose_program")];
    const TESTED: &[Dose] = &[dose("assessment", "r.assessment", "dose_assessment")];
    match table.name {
        "pd_participation" => TRAINED,
        "credential_award" => AWARDED,
        "tool_usage" => USED,
        "lottery_entry" | "program_participation" => DRAWN,
        "assessment_result" => TESTED,
        _ => &[],
    }
}

/// What has to be joined to a table's rows for the names of its doses.
pub(super) fn join(table: &Table) -> &'static str {
    match table.name {
        "pd_participation" => {
            " LEFT JOIN (SELECT activity_id, min(program) AS program FROM pd_activity GROUP BY 1) v \
              ON v.activity_id = r.activity_id"
        }
        _ => "",
    }
}

/// People of one program, tool, credential or assessment.
#[derive(Debug, Deserialize)]
pub(super) struct Taken {
    dose: String,
    name: String,
    people: u64,
    lost: u64,
    /// School years that have any.
    years: u64,
}

/// Everything that was counted of a column's people by dose, those that lose the largest share first.
pub(super) fn taken(session: &Session<'_>, column: &Column<'_>) -> Result<Vec<Taken>, LakeError> {
    if of(column.table).is_empty() {
        return Ok(Vec::new());
    }
    let counted = column.relation("doses");
    session.bring(&counted)?;
    session.rows(&format!(
        "SELECT dose, name, people, lost, years FROM (\
           SELECT dose, name, CAST(sum(people) AS BIGINT) AS people, CAST(sum(lost) AS BIGINT) AS lost, count(*) AS years \
           FROM {counted} WHERE name IS NOT NULL GROUP BY dose, name) \
         WHERE lost >= {LEAST} ORDER BY CAST(lost AS DOUBLE) / CAST(people AS DOUBLE) DESC, dose, name"
    ))
}

/// Which programs lose more than `share` of their people, in words.
pub(super) fn told<'t>(taken: impl Iterator<Item = &'t Taken>, share: f64) -> Option<String> {
    let wrong: Vec<&Taken> = taken
        .filter(|taken| taken.lost >= LEAST && taken.lost as f64 > share * taken.people as f64)
        .collect();
    let one = |taken: &&Taken| {
        let years = match taken.years {
            1 => "people",
            _ => "people (counted in each school year)",
        };
        format!(
            "{} of {} {years} of {} `{}` lead to nobody",
            taken.lost, taken.people, taken.dose, taken.name
        )
    };
    let mut words: Vec<String> = wrong.iter().take(NAMED).map(one).collect();
    if wrong.len() > NAMED {
        words.push(format!("and {} more lose people", wrong.len() - NAMED));
    }
    (!words.is_empty()).then(|| words.join(", "))
}
