//! The rows every panel shares: students × school years of the pipeline's calendar, with school, grade and covariates. Rows
//! are ordered by school year, school, grade and place in the export, never by pseudonym.

use arrow::array::Array;
use arrow::record_batch::RecordBatch;
use throughline_model::SchoolYear;
use throughline_model::panel::{Codes, Values};

use super::covariates;
use super::names::Names;
use crate::columns::Columns;
use crate::error::LakeError;

/// The view that makes the rows.
pub(super) const VIEW: &str = "student_year";
/// The relation of the rows; `row` counts them within their school year.
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
        "SELECT row_number() OVER (PARTITION BY school_year \
         ORDER BY school_id, grade_level, source_file, source_line) - 1 AS row, \
         student_id, school_year, school_id, grade_level{covariates} FROM {VIEW} \
         WHERE school_year BETWEEN {first} AND {last} ORDER BY school_year, row"
    )
}

impl Spine {
    /// Reads the rows, which stand in their order.
    pub(super) fn read(batches: &[RecordBatch]) -> Result<Self, LakeError> {
        let mut spine = Self {
            students: Names::default(),
            schools: Names::default(),
            student: Vec::new(),
            school_year: Vec::new(),
            school: Vec::new(),
            grade: Codes::default(),
            covariates: covariates::read(batches)?,
        };
        let mut grades = Names::default();
        let mut grade = Vec::new();
        for batch in batches {
            let columns = Columns::new(VIEW, batch);
            let student = columns.text("student_id")?;
            let year = columns.integers("school_year")?;
            let school = columns.text("school_id")?;
            let level = columns.text("grade_level")?;
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
        Ok(spine)
    }

    /// The first row of a school year.
    pub(super) fn start(&self, year: SchoolYear) -> usize {
        self.school_year.partition_point(|before| *before < year)
    }

    pub(super) fn len(&self) -> usize {
        self.student.len()
    }

    /// First and last school year that has a row.
    pub(super) fn years(&self) -> Option<(SchoolYear, SchoolYear)> {
        Some((*self.school_year.first()?, *self.school_year.last()?))
    }
}
