//! What is told beside the measures: rows that count for nobody because their day is no day of membership, and how every school's
//! attendance is exported. The views of the measures say so; no number of a panel follows from it.

use arrow::array::Array;
use arrow::record_batch::RecordBatch;
use throughline_model::SchoolYear;
use throughline_model::membership::{Outside, Reason, Style};
use throughline_model::quality::FileLine;

use crate::by_year::Relation;
use crate::columns::Columns;
use crate::error::LakeError;

pub(super) const OUTSIDE: &str = "throughline_outside";
pub(super) const STYLES: &str = "throughline_styles";

const OUTSIDE_SQL: &str = "SELECT table_name, source_file, school_year, reason, CAST(rows AS BIGINT) AS rows, \
     CAST(days AS DOUBLE) AS days, CAST(first_line AS BIGINT) AS first_line \
     FROM (SELECT 'attendance_event' AS table_name, source_file, school_year, reason, rows, \
       CAST(absences AS DOUBLE) AS days, first_line FROM attendance_outside \
     UNION ALL SELECT table_name, source_file, school_year, reason, rows, CAST(days AS DOUBLE), first_line FROM discipline_outside) \
     ORDER BY table_name, source_file, school_year, reason";
const STYLES_SQL: &str = "SELECT s.school_id, s.school_year, s.kind, CAST(s.every_day AS BIGINT) AS every_day, \
     CAST(s.declared AS BIGINT) AS declared, CAST(s.recorded_days AS DOUBLE) AS recorded_days, \
     CAST(s.member_days AS DOUBLE) AS member_days, CAST(coalesce(m.students, 0) AS BIGINT) AS students \
     FROM attendance_style s LEFT JOIN ( \
       SELECT school_id, school_year, count(DISTINCT student_id) AS students FROM enrolled_days WHERE days > 0 \
       GROUP BY school_id, school_year) m ON m.school_id = s.school_id AND m.school_year = s.school_year \
     ORDER BY s.school_id, s.school_year, s.kind";

/// The queries.
pub(super) fn relations() -> [Relation; 2] {
    [(OUTSIDE, OUTSIDE_SQL), (STYLES, STYLES_SQL)].map(|(name, sql)| Relation {
        name: name.to_owned(),
        shown: name.to_owned(),
        sql: sql.to_owned(),
        committed: false,
    })
}

/// Rows that count for nobody.
pub(super) fn outside(
    rows: &[RecordBatch],
    (first, last): (SchoolYear, SchoolYear),
) -> Result<Vec<Outside>, LakeError> {
    let mut found = Vec::new();
    for batch in rows {
        let columns = Columns::new(OUTSIDE, batch);
        let tables = columns.text("table_name")?;
        let files = columns.text("source_file")?;
        let years = columns.integers("school_year")?;
        let reasons = columns.text("reason")?;
        let counts = columns.longs("rows")?;
        let days = columns.numbers("days")?;
        let lines = columns.longs("first_line")?;
        for row in 0..batch.num_rows() {
            let year = years.value(row);
            let reason = Reason::of(reasons.value(row));
            let Some(reason) = reason.filter(|_| (first..=last).contains(&year)) else {
                continue;
            };
            found.push(Outside {
                table: tables.value(row).to_owned(),
                place: FileLine {
                    file: files.value(row).to_owned(),
                    line: lines.value(row).unsigned_abs(),
                },
                school_year: year,
                reason,
                rows: counts.value(row).unsigned_abs(),
                days: days.value(row),
            });
        }
    }
    let key = |one: &Outside| {
        let place = one.place.clone();
        (one.table.clone(), place, one.school_year, one.reason)
    };
    found.sort_by_key(key);
    Ok(found)
}

/// How every school's attendance is exported.
pub(super) fn styles(
    rows: &[RecordBatch],
    (first, last): (SchoolYear, SchoolYear),
) -> Result<Vec<Style>, LakeError> {
    let mut found = Vec::new();
    for batch in rows {
        let columns = Columns::new(STYLES, batch);
        let schools = columns.text("school_id")?;
        let years = columns.integers("school_year")?;
        let kinds = columns.text("kind")?;
        let every = columns.longs("every_day")?;
        let declared = columns.longs("declared")?;
        let recorded = columns.numbers("recorded_days")?;
        let member = columns.numbers("member_days")?;
        let students = columns.longs("students")?;
        for row in (0..batch.num_rows()).filter(|row| every.is_valid(*row)) {
            if !(first..=last).contains(&years.value(row)) {
                continue;
            }
            let days = member.value(row);
            found.push(Style {
                school: schools.value(row).to_owned(),
                school_year: years.value(row),
                by_period: kinds.value(row) == "period",
                every_day: every.value(row) == 1,
                declared: declared.value(row) == 1,
                rows_per_day: (days > 0.0).then(|| recorded.value(row) / days),
                students: students.value(row).unsigned_abs(),
            });
        }
    }
    let key = |one: &Style| (one.school.clone(), one.by_period, one.school_year);
    found.sort_by_key(key);
    Ok(found)
}
