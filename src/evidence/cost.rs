//! What `per` of a dose costs for each student it reaches: staff hours at the district's rate plus fees and licences, spread
//! over the students of an exposed teacher (or school). Counted on all students of the panel, since training reaches
//! all of a teacher's students whichever subgroup a finding is about.

use throughline_model::measure::MeasureGrain;
use throughline_model::panel::{Codes, NO_CODE, Panel};
use throughline_model::pipeline::{Exposure, Pipeline};

/// Dollars per student for `per` of the dose; `None` where the pipeline leaves out a price that is needed.
pub(crate) fn per_student(pipeline: &Pipeline, exposure: &Exposure, panel: &Panel) -> Option<f64> {
    let time = match exposure.uses_staff_time {
        true => Some(pipeline.district.hourly_rate?),
        false => None,
    };
    if time.is_none() && exposure.cost_per_unit.is_none() {
        return None;
    }
    let unit = time.unwrap_or(0.0) + exposure.cost_per_unit.unwrap_or(0.0);
    let grain = pipeline.measure(&exposure.measure).map(|m| m.grain);
    let reach = match grain {
        Some(MeasureGrain::Student) => 1.0,
        Some(MeasureGrain::School) => students_each(panel, &panel.school, exposure)?,
        _ => students_each(panel, &panel.teacher, exposure)?,
    };
    Some(unit * exposure.per / reach)
}

/// Student × school years with any dose over teacher (or school) × school years with any.
fn students_each(panel: &Panel, codes: &Codes, exposure: &Exposure) -> Option<f64> {
    let dose = &panel.exposure(&exposure.id)?.values;
    let mut groups: Vec<(u32, i32)> = Vec::new();
    for (row, d) in dose.iter().enumerate() {
        if *d > 0.0 && codes.codes[row] != NO_CODE {
            groups.push((codes.codes[row], panel.school_year[row]));
        }
    }
    let students = groups.len() as f64;
    groups.sort_unstable();
    groups.dedup();
    (!groups.is_empty()).then(|| students / groups.len() as f64)
}
