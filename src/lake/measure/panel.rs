//! Puts a panel together from what was measured.

use rayon::prelude::*;
use throughline_model::measure::MeasureGrain;
use throughline_model::panel::{OutcomeValues, Values};
use throughline_model::{Panel, SchoolYear};

use super::grid::Grid;
use super::links::Links;
use super::names::Names;
use super::spine::Spine;

/// What was measured, by student, teacher or school and school year.
pub(super) struct Measure {
    /// Id in the pipeline.
    pub(super) id: String,
    pub(super) grain: MeasureGrain,
    pub(super) grid: Grid,
}

/// The panel of one subject.
pub(super) fn assemble(
    subject: Option<&str>,
    spine: &Spine,
    links: &Links,
    staff: &Names,
    outcomes: Vec<&Measure>,
    exposures: &[Measure],
) -> Panel {
    let outcome = |outcome: &Measure| OutcomeValues {
        name: outcome.id.clone(),
        values: column(spine, |row, year| {
            outcome.grid.get(spine.student[row], year)
        }),
        prior: column(spine, |row, year| {
            outcome.grid.get(spine.student[row], year - 1)
        }),
    };
    let doses = |later: SchoolYear| -> Vec<Values> {
        exposures
            .par_iter()
            .map(|exposure| Values {
                name: exposure.id.clone(),
                values: column(spine, |row, year| {
                    dose(spine, links, exposure, row, year + later)
                }),
            })
            .collect()
    };
    let (teacher, taught) = links.teachers(staff);
    let students = spine.student.iter().map(|student| Some(*student));
    Panel {
        subject: subject.map(str::to_owned),
        student: spine.students.codes(students),
        school_year: spine.school_year.clone(),
        school: spine.schools.codes(spine.school.iter().copied()),
        grade: spine.grade.clone(),
        teacher,
        taught,
        linked: links.linked.clone(),
        outcomes: outcomes.into_par_iter().map(outcome).collect(),
        exposures: doses(0),
        leads: doses(1),
        covariates: spine.covariates.clone(),
    }
}

fn column(spine: &Spine, value: impl Fn(usize, SchoolYear) -> f64) -> Vec<f64> {
    (0..spine.len())
        .map(|row| value(row, spine.school_year[row]))
        .collect()
}

/// The dose that counts for a row's student in a school year, through this row's own school and teachers.
fn dose(spine: &Spine, links: &Links, exposure: &Measure, row: usize, year: SchoolYear) -> f64 {
    match exposure.grain {
        MeasureGrain::Student | MeasureGrain::Free => exposure.grid.get(spine.student[row], year),
        MeasureGrain::Staff => links.dose(row, &exposure.grid, year),
        MeasureGrain::School => {
            spine.school[row].map_or(f64::NAN, |school| exposure.grid.get(school, year))
        }
    }
}
