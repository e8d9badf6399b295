//! Who began when. A unit has begun from the first school year in which its students' mean dose reaches half of the usual one; a dose that
//! stops again leaves it begun ("ever began"). The usual dose is the mean over doses, each weighted by itself (Σd²/Σd): a teacher who
//! shares a student with a trained colleague for an hour a week has not begun.
//!
//! Units are kept that are seen in every year and had not begun in the first; a cohort of one unit cannot say how sure it is, so
//! it is left out. All of this is counted.

use throughline_model::panel::{NO_CODE, Panel};

use super::units::Units;
use crate::counts::count;
use crate::finding::{Counts, Dropped};

/// Units over all years, with the year each began.
pub(crate) struct Timeline {
    pub(crate) periods: Vec<i32>,
    /// Cells of each kept unit, by period.
    pub(crate) cells: Vec<Vec<usize>>,
    /// First school year with a dose; `None`: not inside the panel.
    pub(crate) start: Vec<Option<i32>>,
    /// Mean rows a year of each kept unit.
    pub(crate) weight: Vec<f64>,
    /// The school of each kept unit in the first year.
    pub(crate) school: Vec<u32>,
    /// Who it rests on.
    pub(crate) n: Counts,
}

/// The year each unit code began, and which cells have a dose to speak of.
pub(crate) fn began(units: &Units, dose: &[f64]) -> Option<Vec<Option<i32>>> {
    let (mut squares, mut sum) = (0.0, 0.0);
    for (d, n) in dose.iter().zip(&units.students) {
        if d.is_finite() {
            squares += n * d * d;
            sum += n * d;
        }
    }
    if sum <= 0.0 {
        return None;
    }
    let enough = 0.5 * squares / sum;
    let codes = units.of.iter().map(|(unit, _)| *unit as usize + 1).max();
    let mut start = vec![None; codes.unwrap_or(0)];
    for ((unit, year), d) in units.of.iter().zip(dose) {
        // Years ascend within a unit.
        if *d >= enough * (1.0 - 1e-9) && start[*unit as usize].is_none() {
            start[*unit as usize] = Some(*year);
        }
    }
    Some(start)
}

impl Timeline {
    /// `dose`: mean dose of each cell, known in all of them.
    pub(crate) fn new(panel: &Panel, units: &Units, dose: &[f64]) -> Result<Self, String> {
        let name = units.unit.name();
        let Some(start) = began(units, dose) else {
            return Err("nobody took part".to_owned());
        };
        let mut periods: Vec<i32> = units.of.iter().map(|(_, year)| *year).collect();
        periods.sort_unstable();
        periods.dedup();
        let Some(&first) = periods.first().filter(|_| periods.len() > 1) else {
            return Err("there is only one school year".to_owned());
        };
        let mut dropped = [0.0; 3];
        let mut kept: Vec<(usize, Vec<usize>)> = Vec::new();
        let mut cell = 0;
        while cell < units.of.len() {
            let code = units.of[cell].0;
            let end = cell + units.of[cell..].partition_point(|(unit, _)| *unit == code);
            let rows: f64 = units.students[cell..end].iter().sum();
            if start[code as usize] == Some(first) {
                dropped[0] += rows;
            } else if end - cell < periods.len() {
                dropped[1] += rows;
            } else {
                kept.push((code as usize, (cell..end).collect()));
            }
            cell = end;
        }
        let cohort = |year: i32| kept.iter().filter(|(u, _)| start[*u] == Some(year)).count();
        let alone: Vec<i32> = periods
            .iter()
            .copied()
            .filter(|year| cohort(*year) == 1)
            .collect();
        kept.retain(|(unit, cells)| {
            let lone = start[*unit].is_some_and(|year| alone.contains(&year));
            if lone {
                dropped[2] += cells.iter().map(|c| units.students[*c]).sum::<f64>();
            }
            !lone
        });
        let begun = kept.iter().filter(|(u, _)| start[*u].is_some()).count();
        if begun == 0 {
            return Err(format!(
                "no two {name}s that are seen in every school year began after the first"
            ));
        }
        let reasons = [
            format!("the {name} had begun by the first school year"),
            format!("the {name} is not seen in every school year"),
            format!("the {name} is the only one that began in its year"),
        ];
        let dropped = reasons
            .into_iter()
            .zip(dropped)
            .filter(|(_, rows)| *rows > 0.0)
            .map(|(reason, rows)| Dropped {
                reason,
                rows: Some(rows as u64),
            })
            .collect();
        let start: Vec<Option<i32>> = kept.iter().map(|(unit, _)| start[*unit]).collect();
        let cells: Vec<Vec<usize>> = kept.into_iter().map(|(_, cells)| cells).collect();
        let mean = |cells: &Vec<usize>| {
            cells.iter().map(|c| units.students[*c]).sum::<f64>() / cells.len() as f64
        };
        Ok(Self {
            n: people(panel, units, &cells, &start, dropped),
            weight: cells.iter().map(mean).collect(),
            school: cells.iter().map(|cells| units.school[cells[0]]).collect(),
            periods,
            cells,
            start,
        })
    }

    /// Units that began, and units that did not inside the panel.
    pub(crate) fn sides(&self) -> (usize, usize) {
        let begun = self.start.iter().filter(|start| start.is_some()).count();
        (begun, self.start.len() - begun)
    }

    /// Smallest cohort.
    pub(crate) fn smallest_cohort(&self) -> usize {
        let size = |year| self.start.iter().filter(|s| **s == Some(year)).count();
        let sizes = self.periods.iter().map(|year| size(*year));
        sizes.filter(|size| *size > 0).min().unwrap_or(0)
    }

    /// Mean of a cell column over the years from the beginning on, rows weighted alike.
    pub(crate) fn mean_since(&self, units: &Units, column: &[f64]) -> f64 {
        let (mut sum, mut n) = (0.0, 0.0);
        for (cells, start) in self.cells.iter().zip(&self.start) {
            for (cell, year) in cells.iter().zip(&self.periods) {
                if start.is_some_and(|start| *year >= start) {
                    sum += units.students[*cell] * column[*cell];
                    n += units.students[*cell];
                }
            }
        }
        sum / n
    }

    /// Whether schools and not teachers decide who begins: more than half of the variation in having begun by the end lies
    /// between schools.
    pub(crate) fn schools_decide(&self) -> bool {
        let size = self.school.iter().filter(|s| **s != NO_CODE).max();
        let mut sums = vec![(0.0, 0.0); size.map_or(0, |m| *m as usize + 1)];
        let (mut all, mut n) = (0.0, 0.0);
        for (start, school) in self.start.iter().zip(&self.school) {
            let begun = f64::from(start.is_some());
            all += begun;
            n += 1.0;
            if let Some((sum, count)) = sums.get_mut(*school as usize) {
                *sum += begun;
                *count += 1.0;
            }
        }
        let total = all * (1.0 - all / n);
        // Among schools drawn at random the share is about schools / units: one degree of freedom each.
        let groups = sums.iter().filter(|(_, count)| *count > 0.0);
        let within: f64 = groups
            .clone()
            .map(|(sum, count)| sum * (1.0 - sum / count))
            .sum();
        let df = (n - groups.count() as f64).max(1.0);
        total > 0.0 && within / df < 0.5 * total / (n - 1.0).max(1.0)
    }
}

/// Counts: exposed are the years from the beginning on, the comparison all others.
fn people(
    panel: &Panel,
    units: &Units,
    cells: &[Vec<usize>],
    start: &[Option<i32>],
    dropped: Vec<Dropped>,
) -> Counts {
    let mut status = vec![f64::NAN; units.of.len()];
    for (cells, start) in cells.iter().zip(start) {
        for cell in cells {
            let begun = start.is_some_and(|start| units.of[*cell].1 >= start);
            status[*cell] = f64::from(begun);
        }
    }
    let of_row = |cell: &u32| status.get(*cell as usize).copied().unwrap_or(f64::NAN);
    let begun: Vec<f64> = units.cell.iter().map(of_row).collect();
    let rows: Vec<u32> = (0..begun.len())
        .filter(|row| !begun[*row].is_nan())
        .map(|row| row as u32)
        .collect();
    count(panel, &rows, &begun, dropped)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::designs::units::Unit;
    use throughline_model::panel::Codes;

    /// Units × three years, one student each; `begin` is the first year with a dose of 10.
    fn table(begin: &[Option<i32>]) -> (Panel, Units, Vec<f64>) {
        let n = begin.len() * 3;
        let codes = |codes: Vec<u32>, labels: usize| Codes {
            codes,
            labels: (0..labels).map(|i| i.to_string()).collect(),
        };
        let panel = Panel {
            school_year: (0..n).map(|row| 2021 + (row % 3) as i32).collect(),
            student: codes((0..n as u32).collect(), n),
            teacher: codes((0..n as u32).map(|row| row / 3).collect(), begin.len()),
            school: codes(vec![0; n], 1),
            ..Panel::default()
        };
        let of: Vec<(u32, i32)> = (0..n)
            .map(|row| ((row / 3) as u32, 2021 + (row % 3) as i32))
            .collect();
        let dose = of
            .iter()
            .map(|(unit, year)| match begin[*unit as usize] {
                Some(first) if *year == first => 10.0,
                _ => 0.0,
            })
            .collect();
        let units = Units {
            unit: Unit::Teacher,
            cell: (0..n as u32).collect(),
            students: vec![1.0; n],
            school: vec![0; n],
            of,
        };
        (panel, units, dose)
    }

    #[test]
    fn who_began_stays_begun_and_lone_or_early_beginners_are_left_out() {
        let begin = [Some(2021), Some(2022), Some(2022), Some(2023), None, None];
        let (panel, units, dose) = table(&begin);
        let timeline = Timeline::new(&panel, &units, &dose).expect("two began in 2022");
        assert_eq!(timeline.start, [Some(2022), Some(2022), None, None]);
        // Doses stop after a year; two students of each of the later two years count as exposed all the same.
        assert_eq!(timeline.n.exposed_students, Some(4));
        assert_eq!(timeline.n.exposed_teachers, Some(2));
        let rows = |reason: &str| {
            let mut found = timeline.n.dropped.iter();
            found
                .find(|d| d.reason.contains(reason))
                .and_then(|d| d.rows)
        };
        assert_eq!(rows("by the first school year"), Some(3));
        assert_eq!(rows("only one"), Some(3));
        assert_eq!(timeline.mean_since(&units, &dose), 5.0);
    }

    #[test]
    fn a_little_of_a_colleagues_training_is_no_beginning() {
        let (panel, units, mut dose) = table(&[Some(2022), Some(2022), None, None]);
        for (d, (unit, _)) in dose.iter_mut().zip(&units.of) {
            if *unit == 2 {
                *d = 1.0;
            }
        }
        let timeline = Timeline::new(&panel, &units, &dose).expect("two began");
        assert_eq!(timeline.sides(), (2, 2));
    }

    #[test]
    fn without_a_beginning_there_is_nothing_to_follow() {
        let (panel, units, dose) = table(&[Some(2021), Some(2021), None]);
        let error = Timeline::new(&panel, &units, &dose).err();
        assert!(error.is_some_and(|e| e.contains("began after the first")));
    }
}
