//! Rows whose content other rows hold as well, as a view in the table's place tells: sessions beside a completion with their total,
//! one training in several units.

use throughline_model::measure::Role;
use throughline_model::quality::{Checkup, State};
use throughline_model::{Pipeline, Table};

use super::run::{PLACES, counted};
use super::session::Session;
use crate::by_year::Relation;
use crate::error::LakeError;

/// The column by which a view says that other rows hold what a row says.
const ELSEWHERE: &str = "counted_elsewhere";

/// The rows that the view in a table's place counts elsewhere; `None` where no view tells it.
pub(super) fn relation(pipeline: &Pipeline, table: &Table) -> Option<Relation> {
    tells(pipeline, table).then(|| Relation {
        name: name(table),
        shown: format!("checks of {}", table.name),
        sql: format!(
            "SELECT r.school_year, r.source_file, r.source_line FROM {} r WHERE r.{ELSEWHERE}",
            table.name
        ),
        committed: false,
    })
}

pub(super) fn judge(
    session: &Session<'_>,
    pipeline: &Pipeline,
    checkup: Checkup,
    table: &Table,
) -> Result<Checkup, LakeError> {
    if !tells(pipeline, table) {
        return Ok(Checkup {
            state: State::NotRun,
            found: "no view in the table's place tells it".to_owned(),
            ..checkup
        });
    }
    let name = name(table);
    session.bring(&name)?;
    let broken = session.number(&format!("SELECT count(*) AS n FROM {name}"))?;
    let places = session.places(&format!("{name} r"), PLACES)?;
    Ok(counted(checkup, broken, places))
}

fn tells(pipeline: &Pipeline, table: &Table) -> bool {
    let mut views = pipeline.measures.iter();
    views.any(|view| {
        view.role == Role::View && view.name == table.name && view.sql.contains(ELSEWHERE)
    })
}

fn name(table: &Table) -> String {
    format!("{ELSEWHERE}_{}", table.name)
}
