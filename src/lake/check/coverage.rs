//! Rows by school and month, of the last school year that attendance has: a month that a school did not send is seen at once.

use serde::Deserialize;
use throughline_model::quality::Covered;

use super::rows::last_year;
use super::run::Asked;
use super::session::Session;
use crate::error::LakeError;

const TABLE: &str = "attendance_event";

#[derive(Deserialize)]
struct Row {
    school: String,
    month: i32,
    n: u64,
}

pub(super) fn count(session: &Session<'_>, asked: &Asked<'_>) -> Result<Vec<Covered>, LakeError> {
    let Some(year) = last_year(asked, TABLE) else {
        return Ok(Vec::new());
    };
    // Days are counted first: there are few of them, and a month is told of each only once.
    let rows: Vec<Row> = session.rows(&format!(
        "SELECT school_id AS school, \
                CAST(12 * date_part('year', date) + date_part('month', date) - 1 AS INT) AS month, \
                CAST(sum(n) AS BIGINT) AS n \
         FROM (SELECT school_id, date, count(*) AS n FROM {TABLE} \
               WHERE school_year = {year} AND school_id IS NOT NULL GROUP BY school_id, date) \
         GROUP BY 1, 2 ORDER BY 1, 2"
    ))?;
    let covered = rows.into_iter().map(|row| Covered {
        table: TABLE.to_owned(),
        school: row.school,
        school_year: year,
        month: row.month,
        rows: Some(row.n),
    });
    Ok(covered.collect())
}
