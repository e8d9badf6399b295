//! How much smaller residuals are than errors, counted by class-year.
//!
//! A teacher's dose, and the good or bad year that all their students share, differ between class-years (a teacher's students in one
//! school and year), not between students. School × year and grade × year effects are fitted to those few class-years and take up
//! much of what they differ by, so that clustered residuals come out too small. The usual factor (n − 1)/(n − K) counts
//! students and does not notice. This is the same factor counted where the variation is: with C class-years, T
//! teachers and K effects and doses beyond the teachers', a variance is multiplied by (C − T)/(C − T − K). Effects nested in the
//! clusters are not counted, since clustered variances already allow for what removing them does (Cameron and Miller 2015,
//! section III.B; for the bias itself Bell and McCaffrey 2002). Effects of teachers who are nobody's main teacher count by their
//! mean share: counted in full they made intervals too wide by a seventh on scores and a third on attendance in 40 drawn districts, not
//! counted at all too narrow by a twentieth. CR2, which removes the bias exactly in a working model, is used
//! where it can be paid for.

use std::collections::BTreeSet;

/// What a clustered variance is multiplied by; 1 or more. One code a row used, and the number of regressors whose doses
/// belong to teachers, with what else was fitted to class-years.
pub(crate) fn correction(
    teacher: &[u32],
    school_year: &[u32],
    grade_year: &[u32],
    year: &[i32],
    doses: f64,
) -> f64 {
    let cells: BTreeSet<(u32, u32)> = teacher
        .iter()
        .copied()
        .zip(school_year.iter().copied())
        .collect();
    let distinct = |codes: &[u32]| codes.iter().copied().collect::<BTreeSet<u32>>().len();
    let (teachers, school_years) = (distinct(teacher), distinct(school_year));
    let grade_years = distinct(grade_year);
    let years = year.iter().copied().collect::<BTreeSet<i32>>().len();
    // Effects of school × year, less one for each group of teachers and school years that movers tie together, and of grade
    // × year, whose years are among them.
    let others = ((school_years - tied(&cells)) + (grade_years - years)) as f64 + doses;
    let free = (cells.len() - teachers) as f64;
    if free <= 0.0 {
        return 1.0;
    }
    free / (free - others).max(1.0)
}

/// Connected components of teachers and school years.
fn tied(cells: &BTreeSet<(u32, u32)>) -> usize {
    let size =
        |code: fn(&(u32, u32)) -> u32| cells.iter().map(code).max().map_or(0, |m| m as usize + 1);
    let (left, right) = (size(|cell| cell.0), size(|cell| cell.1));
    let mut parent: Vec<usize> = (0..left + right).collect();
    fn root(parent: &mut [usize], mut at: usize) -> usize {
        while parent[at] != at {
            parent[at] = parent[parent[at]];
            at = parent[at];
        }
        at
    }
    for (teacher, school_year) in cells {
        let a = root(&mut parent, *teacher as usize);
        let b = root(&mut parent, left + *school_year as usize);
        parent[a] = b;
    }
    let roots: BTreeSet<usize> = cells
        .iter()
        .map(|(teacher, _)| root(&mut parent, *teacher as usize))
        .collect();
    roots.len()
}

#[cfg(test)]
mod tests {
    use super::correction;

    #[test]
    fn six_teachers_of_two_schools_in_four_years() {
        // Two schools of three teachers, four years, one grade: 24 class-years, 8 school years in two groups that no mover ties, 4 grade
        // years that are the years, one dose. 24 − 6 = 18 free; (8 − 2) + (4 − 4) + 1 = 7 taken: 18 / 11.
        let mut rows = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        for teacher in 0..6u32 {
            for year in 0..4u32 {
                for _student in 0..5 {
                    rows.0.push(teacher);
                    rows.1.push(teacher / 3 * 4 + year);
                    rows.2.push(year);
                    rows.3.push(2020 + year as i32);
                }
            }
        }
        let found = correction(&rows.0, &rows.1, &rows.2, &rows.3, 1.0);
        assert!((found - 18.0 / 11.0).abs() < 1e-12, "{found}");
    }

    #[test]
    fn one_class_year_a_teacher_leaves_nothing_to_correct() {
        assert_eq!(
            correction(&[0, 1], &[0, 0], &[0, 0], &[2020, 2020], 1.0),
            1.0
        );
    }
}
