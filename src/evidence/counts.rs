//! Who an estimate rests on: distinct students, teachers and schools among the rows used.

use throughline_model::panel::{Codes, NO_CODE, Panel};

use crate::finding::{Counts, Dropped};

/// Counts the rows used, those with a dose above zero, and those with a dose of zero.
pub(crate) fn count(panel: &Panel, rows: &[u32], dose: &[f64], dropped: Vec<Dropped>) -> Counts {
    let of = |codes: &Codes, keep: &dyn Fn(f64) -> bool| distinct(codes, rows, dose, keep);
    let (any, some, none) = (|_: f64| true, |d: f64| d > 0.0, |d: f64| d == 0.0);
    Counts {
        student_years: rows.len() as u64,
        students: of(&panel.student, &any),
        teachers: of(&panel.teacher, &any),
        schools: of(&panel.school, &any),
        exposed_students: Some(of(&panel.student, &some)),
        exposed_teachers: Some(of(&panel.teacher, &some)),
        exposed_schools: Some(of(&panel.school, &some)),
        comparison_students: Some(of(&panel.student, &none)),
        comparison_teachers: Some(of(&panel.teacher, &none)),
        comparison_schools: Some(of(&panel.school, &none)),
        dropped,
    }
}

/// Distinct labels among rows whose dose is wanted.
pub(crate) fn distinct(
    codes: &Codes,
    rows: &[u32],
    dose: &[f64],
    keep: &dyn Fn(f64) -> bool,
) -> u64 {
    let mut seen = vec![false; codes.labels.len()];
    let mut count = 0;
    for &row in rows {
        let code = codes.codes[row as usize];
        if code == NO_CODE || !keep(dose[row as usize]) {
            continue;
        }
        if !std::mem::replace(&mut seen[code as usize], true) {
            count += 1;
        }
    }
    count
}

/// How many teachers (or schools) have more than one dose among their rows: only they tell anything within themselves.
pub(crate) fn changing(codes: &Codes, rows: &[u32], dose: &[f64]) -> u64 {
    let mut first = vec![f64::NAN; codes.labels.len()];
    let mut changes = vec![false; codes.labels.len()];
    for &row in rows {
        let code = codes.codes[row as usize];
        if code == NO_CODE {
            continue;
        }
        let (code, d) = (code as usize, dose[row as usize]);
        if first[code].is_nan() {
            first[code] = d;
        } else if (first[code] - d).abs() > 1e-9 {
            changes[code] = true;
        }
    }
    changes.iter().filter(|changed| **changed).count() as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn people_are_counted_once_on_each_side() {
        let codes = |codes: &[u32], labels: usize| Codes {
            codes: codes.to_vec(),
            labels: (0..labels).map(|i| i.to_string()).collect(),
        };
        let panel = Panel {
            school_year: vec![2024, 2025, 2024, 2025],
            student: codes(&[0, 0, 1, 2], 3),
            teacher: codes(&[0, 0, 1, 1], 3),
            school: codes(&[0, 0, 0, NO_CODE], 1),
            ..Panel::default()
        };
        let dose = [0.0, 2.0, 0.0, 0.0];
        let n = count(&panel, &[0, 1, 2, 3], &dose, Vec::new());
        assert_eq!((n.students, n.teachers, n.schools), (3, 2, 1));
        assert_eq!(n.exposed_students, Some(1));
        assert_eq!(n.comparison_students, Some(3));
        assert_eq!(changing(&panel.teacher, &[0, 1, 2, 3], &dose), 1);
    }
}
