//! Rejected cells and records, by source, rule and column, with the first places and what the cells there look like.

use serde::Deserialize;
use throughline_model::quality::{FileLine, Rejected};

use super::session::Session;
use crate::error::LakeError;

/// Places of each group.
const PLACES: usize = 3;

#[derive(Deserialize)]
struct Row {
    source: String,
    rule: String,
    #[serde(default)]
    column: Option<String>,
    cells: u64,
    file: String,
    line: u64,
    #[serde(default)]
    shape: Option<String>,
}

pub(super) fn group(session: &Session<'_>) -> Result<Vec<Rejected>, LakeError> {
    let rows: Vec<Row> = session.rows(&format!(
        "SELECT source, rule, \"column\", cells, file, line, shape FROM (\
           SELECT source, rule, \"column\", file, line, shape, \
                  count(*) OVER (PARTITION BY source, rule, \"column\") AS cells, \
                  row_number() OVER (PARTITION BY source, rule, \"column\" ORDER BY file, line, shape) AS place \
           FROM reject) \
         WHERE place <= {PLACES} ORDER BY cells DESC, source, rule, \"column\", place"
    ))?;
    let mut groups: Vec<Rejected> = Vec::new();
    for row in rows {
        let place = FileLine {
            file: row.file,
            line: row.line,
        };
        match groups.last_mut() {
            Some(group)
                if (&group.source, &group.rule, &group.column)
                    == (&row.source, &row.rule, &row.column) =>
            {
                group.places.push(place);
                group.shapes.push(row.shape.unwrap_or_default());
            }
            _ => groups.push(Rejected {
                source: row.source,
                column: row.column,
                rule: row.rule,
                cells: row.cells,
                places: vec![place],
                shapes: vec![row.shape.unwrap_or_default()],
            }),
        }
    }
    Ok(groups)
}
