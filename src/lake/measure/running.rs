//! The school year that is still running, which is not measured: what is known of it tonight is not what will be known of it, and
//! a question that is answered anew every night is answered wrongly on some night (Armitage, McPherson & Rowe 1969).

use std::collections::BTreeSet;
use std::path::Path;

use arrow::array::{Array, AsArray};
use arrow::datatypes::Date32Type;
use chrono::NaiveDate;
use throughline_model::calendar::Running;
use throughline_model::{Pipeline, SchoolYear};

use crate::by_year::Slice;
use crate::engine::Engine;
use crate::error::LakeError;
use crate::release::Release;
use crate::{query, tables, views};

const ATTENDANCE: &str = "attendance_event";
const NAME: &str = "the school year that is still running";
/// A day with less than a twentieth of the largest day's rows is a mistyped date, or not all there yet.
const SQL: &str = "WITH day AS (SELECT date, count(*) AS n FROM attendance_event GROUP BY date) \
     SELECT arrow_cast(min(first_day), 'Date32') AS first_day, \
     arrow_cast(max(last_day), 'Date32') AS last_day, \
     (SELECT max(date) FROM day WHERE 20 * n >= (SELECT max(n) FROM day)) AS reached FROM year_span";

/// The last school year of the calendar with attendance, where that has not come far enough for the year to count. Where attendance does not say,
/// or nothing says how long the year is, every year counts.
pub(super) fn find(
    engine: &Engine,
    folder: &Path,
    release: &Release,
    pipeline: &Pipeline,
) -> Result<Option<Running>, LakeError> {
    let attended = release.parts_of(ATTENDANCE).filter(|part| part.rows > 0);
    let years = attended.filter_map(|part| Some(part.years?.1));
    let asked = |year: &SchoolYear| *year <= pipeline.calendar.years.1;
    let Some(year) = years.filter(asked).max() else {
        return Ok(None);
    };
    let session = engine.session();
    let needs = views::needs(&session, &pipeline.measures, [(NAME, SQL)])?;
    let wanted = BTreeSet::from([Slice::Year(year)]);
    for table in needs.tables {
        tables::register(&session, folder, release, table, Some(&wanted))?;
    }
    let batches = engine.run(async {
        for view in needs.views {
            let frame = query::plan(&session, &view.sql).await?;
            views::stand(&session, &view.name, frame.into_view())?;
        }
        let frame = query::plan(&session, SQL).await?;
        frame.collect().await.map_err(LakeError::in_measure(NAME))
    })?;
    let day = |column: usize| -> Option<NaiveDate> {
        let batch = batches.first().filter(|batch| batch.num_rows() == 1)?;
        let days = batch.column(column).as_primitive_opt::<Date32Type>()?;
        days.is_valid(0).then(|| days.value_as_date(0)).flatten()
    };
    let (Some(first), Some(last), Some(reached)) = (day(0), day(1), day(2)) else {
        return Ok(None);
    };
    Ok(pipeline.calendar.running(year, (first, last), reached))
}

/// The release without what is about `year` and later.
pub(super) fn without(release: &Release, year: SchoolYear) -> Release {
    let mut counted = release.clone();
    counted
        .parts
        .retain(|part| part.years.is_none_or(|(first, _)| first < year));
    counted
}
