//! The order of checking: people first, since checks judge their share; then every declared check, table by table.

use std::collections::BTreeMap;
use std::path::Path;

use chrono::{DateTime, NaiveDate};
use throughline_model::check::Rule;
use throughline_model::part::FileCount;
use throughline_model::quality::{Checked, Checkup, FileLine, State};
use throughline_model::{Part, Pipeline, Progress, disagreement};

use super::session::Session;
use super::{conflicts, coverage, dated, people, rejects, rows, years};
use crate::engine::Engine;
use crate::error::LakeError;
use crate::release::Release;

/// Places that a check names.
pub(super) const PLACES: usize = 5;

/// What is to be checked.
#[derive(Clone, Copy, Debug)]
pub struct Asked<'a> {
    /// The pipeline: its checks, measures and calendar.
    pub pipeline: &'a Pipeline,
    /// Every part of the release, committed or not.
    pub parts: &'a [Part],
    /// What became of every file: says which source a file belongs to.
    pub counts: &'a [FileCount],
    /// The release's id where it is committed: only releases before it are compared with.
    pub release: Option<&'a str>,
    /// The day of the run, for checks that ask for it.
    pub today: NaiveDate,
}

/// Rows of every table in the last releases, the newest first.
pub(crate) type Earlier = Vec<BTreeMap<String, u64>>;

/// Checks the parts.
pub(crate) fn check(
    engine: &Engine,
    folder: &Path,
    asked: &Asked<'_>,
    earlier: &Earlier,
    progress: &dyn Progress,
) -> Result<Checked, LakeError> {
    let release = Release {
        id: String::new(),
        created: DateTime::UNIX_EPOCH,
        inputs: String::new(),
        tables: BTreeMap::new(),
        parts: asked.parts.to_vec(),
        counts: Vec::new(),
        back_to: None,
        digest: String::new(),
    };
    let tables: std::collections::BTreeSet<&str> = asked
        .pipeline
        .checks
        .iter()
        .map(|check| check.table.name)
        .collect();
    progress.stage("check the data", Some(tables.len() as u64 + 5));
    let mut relations = people::relations(asked.parts);
    relations.extend(rows::relations(asked.pipeline, asked.parts));
    relations.extend(dated::relations(&asked.pipeline.checks, asked));
    let session = Session::new(engine, folder, &release, asked.pipeline, relations)?;
    progress.advance(1);
    let people = people::follow(&session, asked)?;
    progress.advance(1);
    let mut checkups = Vec::new();
    let mut judged = rows::Judged::new(&session, asked, earlier);
    let mut last = "";
    for check in &asked.pipeline.checks {
        if check.table.name != last {
            last = check.table.name;
            progress.advance(1);
        }
        let table_rows = judged.rows(check.table.name);
        let checkup = Checkup::before(check, table_rows);
        checkups.push(if check.rule == Rule::Conflicts {
            disagreement::judge(check, asked.counts)
        } else if check.rule == Rule::Member {
            Checkup {
                state: State::NotRun,
                found: "days of membership are counted by a run".to_owned(),
                ..checkup
            }
        } else if table_rows == 0 {
            Checkup {
                state: State::NotRun,
                found: "the table has no rows".to_owned(),
                ..checkup
            }
        } else if let Rule::Linked { column, of_program } = &check.rule {
            people.judge(checkup, (column, *of_program), asked.counts)
        } else if let Rule::Agrees { .. } = &check.rule {
            years::judge(&session, asked, checkup)?
        } else {
            judged.judge(check, checkup)?
        });
    }
    let checked = Checked {
        checks: checkups,
        conflicts: conflicts::find(&session)?,
        rejects: rejects::group(&session)?,
        coverage: coverage::count(&session, asked)?,
        unlinked: people.unlinked,
        aside: people.aside,
    };
    // A look back leaves what is kept for the next night alone.
    if asked.release.is_none() {
        session.close()?;
    }
    progress.advance(3);
    Ok(checked)
}

/// The checkup with what was counted.
pub(super) fn counted(checkup: Checkup, broken: u64, places: Vec<FileLine>) -> Checkup {
    let failed = broken as f64 > checkup.at_most * checkup.rows as f64;
    Checkup {
        broken,
        places,
        state: if failed { State::Failed } else { State::Passed },
        ..checkup
    }
}

/// Rows of a table in parts.
pub(super) fn rows_of(parts: &[Part], table: &str) -> u64 {
    parts
        .iter()
        .filter(|part| part.table == table)
        .map(|part| part.rows)
        .sum()
}
