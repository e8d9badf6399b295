//! What each outcome and exposure rests on: the tables that its measure reads, itself or through views, and those that make the panel.

use std::collections::{BTreeMap, BTreeSet};

use throughline_model::Pipeline;

use crate::engine::Engine;
use crate::error::LakeError;
use crate::views;

/// The rows of every panel, and their teachers.
const PANEL: &str = "SELECT 1 FROM student_year, student_staff";

/// Names of tables, by the id of an outcome or exposure.
pub(crate) fn depends(
    engine: &Engine,
    pipeline: &Pipeline,
) -> Result<BTreeMap<String, BTreeSet<String>>, LakeError> {
    let session = engine.session();
    let outcomes = pipeline
        .outcomes
        .iter()
        .map(|outcome| (&outcome.id, &outcome.measure));
    let exposures = pipeline
        .exposures
        .iter()
        .map(|exposure| (&exposure.id, &exposure.measure));
    outcomes
        .chain(exposures)
        .filter_map(|(id, name)| Some((id, pipeline.measure(name)?)))
        .map(|(id, measure)| {
            let queries = [
                ("panel", PANEL),
                (measure.name.as_str(), measure.sql.as_str()),
            ];
            let needs = views::needs(&session, &pipeline.measures, queries)?;
            let tables = needs.tables.iter().map(|table| table.name.to_owned());
            Ok((id.clone(), tables.collect()))
        })
        .collect()
}
