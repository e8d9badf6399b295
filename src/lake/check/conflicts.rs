//! What the crosswalks do not tell apart: an ID that is two people's on one day, a person with two IDs of a system on one day, an ID
//! that somebody else got later. All are counted by ID system; none is decided here.

use serde::Deserialize;
use throughline_model::quality::{Conflict, ConflictKind, FileLine};

use super::session::{Session, quoted};
use crate::error::LakeError;

/// Rows of crosswalks that are named.
const PLACES: usize = 10;

pub(super) fn find(session: &Session<'_>) -> Result<Vec<Conflict>, LakeError> {
    let mut conflicts = Vec::new();
    for person in ["student", "staff"] {
        // Claims with the ID system that they are made in.
        session.keep(
            "claimed",
            &format!(
                "SELECT DISTINCT i.id_system, c.system_{person}_id AS id, c.{person}_id AS person, c.from_day, c.to_day \
                 FROM {person}_claim c JOIN {person}_identity i ON i.system_{person}_id = c.system_{person}_id \
                 AND i.{person}_id = c.{person}_id"
            ),
        )?;
        for kind in ConflictKind::ALL {
            conflicts.extend(of_kind(session, person, kind)?);
        }
    }
    Ok(conflicts)
}

/// IDs (or people) of a kind of conflict, as a query for `id_system` and `key`.
fn keys(kind: ConflictKind) -> &'static str {
    match kind {
        ConflictKind::OneIdTwoPeople => {
            "SELECT DISTINCT a.id_system, a.id AS key FROM claimed a JOIN claimed b \
             ON b.id = a.id AND b.person <> a.person AND a.from_day <= b.to_day AND b.from_day <= a.to_day"
        }
        ConflictKind::OnePersonTwoIds => {
            "SELECT DISTINCT a.id_system, a.person AS key FROM claimed a JOIN claimed b \
             ON b.person = a.person AND b.id_system = a.id_system AND b.id <> a.id \
             AND a.from_day <= b.to_day AND b.from_day <= a.to_day"
        }
        ConflictKind::Reused => {
            "SELECT c.id_system, c.id AS key FROM claimed c \
             LEFT JOIN (SELECT DISTINCT a.id FROM claimed a JOIN claimed b \
               ON b.id = a.id AND b.person <> a.person AND a.from_day <= b.to_day AND b.from_day <= a.to_day) o \
             ON o.id = c.id WHERE o.id IS NULL \
             GROUP BY c.id_system, c.id HAVING count(DISTINCT c.person) > 1"
        }
    }
}

fn of_kind(
    session: &Session<'_>,
    person: &str,
    kind: ConflictKind,
) -> Result<Vec<Conflict>, LakeError> {
    #[derive(Deserialize)]
    struct Row {
        id_system: String,
        n: u64,
    }
    let keys = keys(kind);
    let column = match kind {
        ConflictKind::OnePersonTwoIds => format!("{person}_id"),
        _ => format!("system_{person}_id"),
    };
    let found: Vec<Row> = session.rows(&format!(
        "SELECT id_system, count(DISTINCT key) AS n FROM ({keys}) GROUP BY id_system ORDER BY id_system"
    ))?;
    found
        .into_iter()
        .map(|row| {
            let places: Vec<FileLine> = session.places(
                &format!(
                    "{person}_identity r JOIN (SELECT DISTINCT key, id_system FROM ({keys})) k \
                     ON k.key = r.{column} AND k.id_system = r.id_system WHERE r.id_system = {}",
                    quoted(&row.id_system)
                ),
                PLACES,
            )?;
            Ok(Conflict {
                kind,
                person: person.to_owned(),
                id_system: row.id_system,
                cases: row.n,
                places,
            })
        })
        .collect()
}
