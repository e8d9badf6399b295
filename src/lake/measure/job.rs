//! One use of a measure in a pipeline: its SQL with the parameters filled in, and how to read its result.

use arrow::array::Array;
use arrow::record_batch::RecordBatch;
use datafusion::prelude::SessionContext;
use throughline_model::measure::{Absent, MeasureGrain};
use throughline_model::pipeline::{Params, Pipeline};
use throughline_model::table::YearFrom;
use throughline_model::{SchoolYear, Table};

use super::dose::Known;
use super::grid::Grid;
use super::names::Names;
use crate::bind::bind;
use crate::by_year::hash;
use crate::columns::Columns;
use crate::error::LakeError;
use crate::release::Release;
use crate::views;

/// An outcome's or exposure's query.
pub(super) struct Job {
    /// Measure and id, for messages.
    pub(super) name: String,
    /// Id in the pipeline.
    pub(super) id: String,
    pub(super) grain: MeasureGrain,
    /// What nobody's row means.
    pub(super) absent: Absent,
    /// Parameters filled in.
    pub(super) sql: String,
    /// The school years for which the release holds every table the query names.
    pub(super) known: Known,
    /// Whether the release holds anything of every table the query names.
    pub(super) has_data: bool,
}

impl Job {
    pub(super) fn new(
        session: &SessionContext,
        release: &Release,
        pipeline: &Pipeline,
        (id, measure, params): (&str, &str, &Params),
    ) -> Result<Self, LakeError> {
        let name = format!("{measure} ({id})");
        let Some(found) = pipeline.measure(measure) else {
            return Err(LakeError::measure(name, "there is no such measure"));
        };
        let sql =
            bind(&found.sql, params).map_err(|reason| LakeError::measure(name.clone(), reason))?;
        let tables = views::named_tables(session, &sql)
            .map_err(|error| LakeError::measure(name.clone(), error))?;
        let known: Vec<Known> = tables.iter().map(|table| known(release, table)).collect();
        Ok(Self {
            name,
            id: id.to_owned(),
            grain: found.grain,
            absent: found.absent,
            sql,
            has_data: !known.contains(&Known::Never),
            known: known.into_iter().fold(Known::Always, Known::and),
        })
    }

    fn member_column(&self) -> &'static str {
        match self.grain {
            MeasureGrain::Staff => "staff_id",
            MeasureGrain::School => "school_id",
            MeasureGrain::Student | MeasureGrain::Free => "student_id",
        }
    }

    /// What the query's relation is called: uses with the same SQL share it.
    pub(super) fn relation(&self) -> String {
        format!(
            "throughline_measure_{}",
            &hash(std::slice::from_ref(&self.sql))[..16]
        )
    }

    /// Lays the result out by member and school year; members that `names` does not know are left out.
    pub(super) fn grid(
        &self,
        result: &[RecordBatch],
        names: &Names,
        years: (SchoolYear, SchoolYear),
    ) -> Result<Grid, LakeError> {
        let mut grid = Grid::empty(names.len(), years);
        for batch in result {
            let columns = Columns::new(&self.name, batch);
            let members = columns.text(self.member_column())?;
            let school_years = columns.integers("school_year")?;
            let values = columns.numbers("value")?;
            for row in 0..batch.num_rows() {
                if members.is_null(row) || school_years.is_null(row) || values.is_null(row) {
                    continue;
                }
                let Some(member) = names.find(members.value(row)) else {
                    continue;
                };
                if !grid.set(member, school_years.value(row), values.value(row)) {
                    let reason = format!(
                        "more than one row for a `{}` and school year",
                        self.member_column()
                    );
                    return Err(LakeError::measure(self.name.clone(), reason));
                }
            }
        }
        Ok(grid)
    }
}

/// Whether the rows say what held on a day, and not what happened in a year.
pub(super) fn is_state(result: &[RecordBatch]) -> bool {
    result
        .first()
        .is_some_and(|batch| batch.column_by_name("as_of").is_some())
}

fn known(release: &Release, table: &Table) -> Known {
    if table.year == YearFrom::Never {
        return Known::Always;
    }
    let years = release
        .parts_of(table.name)
        .filter(|part| part.rows > 0)
        .filter_map(|part| part.years);
    match years.reduce(|(a, b), (c, d)| (a.min(c), b.max(d))) {
        Some((first, last)) => Known::Years(first, last),
        None => Known::Never,
    }
}
