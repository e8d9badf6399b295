//! How many took part in what, by school year, counted on the widest panel: that of all teachers where there is one. A draw is
//! nothing to take part in.

use throughline_model::panel::Panel;
use throughline_model::pipeline::Pipeline;

use crate::counts::distinct;
use crate::finding::{Coverage, Named};

/// One cell per exposure × school year in which its dose is known at all.
pub(crate) fn coverage(pipeline: &Pipeline, panels: &[Panel]) -> Vec<Coverage> {
    let widest = panels.iter().find(|p| p.subject.is_none());
    let Some(panel) = widest.or(panels.first()) else {
        return Vec::new();
    };
    let mut years = panel.school_year.clone();
    years.sort_unstable();
    years.dedup();
    let mut cells = Vec::new();
    for (position, exposure) in pipeline.exposures.iter().enumerate() {
        if pipeline.is_draw(position) {
            continue;
        }
        let Some(dose) = panel.exposure(&exposure.id) else {
            continue;
        };
        for &year in &years {
            let rows: Vec<u32> = (0..panel.len())
                .filter(|row| panel.school_year[*row] == year && !dose.values[*row].is_nan())
                .map(|row| row as u32)
                .collect();
            if rows.is_empty() {
                continue;
            }
            let (any, some) = (|_: f64| true, |d: f64| d > 0.0);
            let of = |codes, keep: &dyn Fn(f64) -> bool| distinct(codes, &rows, &dose.values, keep);
            let students = of(&panel.student, &some);
            let all_students = of(&panel.student, &any);
            cells.push(Coverage {
                exposure: Named {
                    id: exposure.id.clone(),
                    label: exposure.label.clone(),
                },
                school_year: year,
                students: Some(students),
                teachers: Some(of(&panel.teacher, &some)),
                schools: Some(of(&panel.school, &some)),
                all_students: Some(all_students),
                all_teachers: Some(of(&panel.teacher, &any)),
                all_schools: Some(of(&panel.school, &any)),
                share: (all_students > 0).then(|| students as f64 / all_students as f64),
                withheld: None,
            });
        }
    }
    cells
}
