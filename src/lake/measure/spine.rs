//! The rows every panel shares: students × school years of the pipeline's calendar, with school, grade and covariates. Rows
//! are ordered by school year, school, grade and place in the export, never by pseudonym.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, Int32Array, UInt32Array};
use arrow::datatypes::{DataType, Field, Schema};
use arrow::record_batch::RecordBatch;
use datafusion::datasource::MemTable;
use datafusion::prelude::SessionContext;
use throughline_model::SchoolYear;
use throughline_model::panel::{Codes, Values};

use super::columns::Columns;
use super::covariates;
use super::names::Names;
use crate::error::LakeError;
use crate::query;

/// The view that makes the rows.
pub(super) const VIEW: &str = "student_year";
/// The table under which the rows' numbers can be joined.
pub(super) const ROWS: &str = "panel_row";

/// What panels share.
pub(super) struct Spine {
    pub(super) students: Names,
    pub(super) schools: Names,
    /// For each row, a number in `students`.
    pub(super) student: Vec<u32>,
    pub(super) school_year: Vec<SchoolYear>,
    /// For each row, a number in `schools`.
    pub(super) school: Vec<Option<u32>>,
    pub(super) grade: Codes,
    pub(super) covariates: Vec<Values>,
}

pub(super) fn sql((first, last): (SchoolYear, SchoolYear)) -> String {
    let covariates: String = covariates::declared()
        .map(|column| format!(", {}", column.name))
        .collect();
    format!(
        "SELECT student_id, school_year, school_id, grade_level{covariates} FROM {VIEW} \
         WHERE school_year BETWEEN {first} AND {last} \
         ORDER BY school_year, school_id, grade_level, source_file, source_line"
    )
}

impl Spine {
    /// Reads the rows, and registers their numbers as table [`ROWS`] (`row`, `student_id`, `school_year`).
    pub(super) async fn read(
        session: &SessionContext,
        years: (SchoolYear, SchoolYear),
    ) -> Result<Self, LakeError> {
        let frame = query::plan(session, &sql(years))
            .await
            .map_err(|error| LakeError::measure(VIEW, error))?;
        let batches = frame.collect().await.map_err(LakeError::in_measure(VIEW))?;
        let mut spine = Self {
            students: Names::default(),
            schools: Names::default(),
            student: Vec::new(),
            school_year: Vec::new(),
            school: Vec::new(),
            grade: Codes::default(),
            covariates: covariates::read(&batches)?,
        };
        let mut grades = Names::default();
        let mut grade = Vec::new();
        let mut rows = Vec::new();
        for batch in &batches {
            let columns = Columns::new(VIEW, batch);
            let student = columns.text("student_id")?;
            let year = columns.integers("school_year")?;
            let school = columns.text("school_id")?;
            let level = columns.text("grade_level")?;
            rows.push(numbered(spine.student.len(), batch, &year)?);
            for row in 0..batch.num_rows() {
                spine
                    .student
                    .push(spine.students.number(student.value(row)));
                spine.school_year.push(year.value(row));
                spine.school.push(
                    school
                        .is_valid(row)
                        .then(|| spine.schools.number(school.value(row))),
                );
                grade.push(level.is_valid(row).then(|| grades.number(level.value(row))));
            }
        }
        spine.grade = grades.codes(grade.into_iter());
        let schema = rows
            .first()
            .map_or_else(|| Arc::new(row_schema()), RecordBatch::schema);
        let table = MemTable::try_new(schema, vec![rows])?;
        session.register_table(ROWS, Arc::new(table))?;
        Ok(spine)
    }

    pub(super) fn len(&self) -> usize {
        self.student.len()
    }

    /// First and last school year that has a row.
    pub(super) fn years(&self) -> Option<(SchoolYear, SchoolYear)> {
        Some((*self.school_year.first()?, *self.school_year.last()?))
    }
}

fn row_schema() -> Schema {
    Schema::new(vec![
        Field::new("row", DataType::UInt32, false),
        Field::new("student_id", DataType::Utf8View, true),
        Field::new("school_year", DataType::Int32, true),
    ])
}

fn numbered(
    first: usize,
    batch: &RecordBatch,
    year: &Int32Array,
) -> Result<RecordBatch, LakeError> {
    let numbers =
        UInt32Array::from_iter_values((first..first + batch.num_rows()).map(|row| row as u32));
    let student = Columns::new(VIEW, batch).text("student_id")?;
    let columns: Vec<ArrayRef> = vec![Arc::new(numbers), Arc::new(student), Arc::new(year.clone())];
    Ok(RecordBatch::try_new(Arc::new(row_schema()), columns)?)
}
