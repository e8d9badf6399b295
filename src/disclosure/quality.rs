//! Everything the data-quality report prints. It is for the people who look after the exports, so it names files and lines; it
//! holds no cell and no pseudonym. What could tell about persons is how many rows a school has in a month, for few rows
//! mean few students: such a cell is withheld, and there are no totals to subtract from.

use serde::Serialize;
use throughline_model::membership::{Outside, Style};
use throughline_model::panel::LinkRate;
use throughline_model::part::FileCount;
use throughline_model::quality::{Checked, Fix, IdChoice, Odd, Sent};

use crate::report::{Provenance, Rules};

/// Everything the data-quality report prints.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Quality {
    /// The district's name.
    pub district: String,
    /// The pipeline's name.
    pub pipeline: String,
    /// The privacy rules that were applied. Set by the release.
    pub rules: Rules,
    /// Whether a check stopped the run: what is told here was not committed.
    pub refused: bool,
    /// What every source sent.
    pub sent: Vec<Sent>,
    /// What was odd about files.
    pub odd: Vec<Odd>,
    /// Which columns were taken for people's IDs.
    pub choices: Vec<IdChoice>,
    /// How many rows found a partner at each hop; empty where a run was stopped.
    pub links: Vec<LinkRate>,
    /// What the rows showed.
    pub checked: Checked,
    /// Files in which rows of one key disagree.
    pub disagreeing: Vec<FileCount>,
    /// Rows that count for nobody because their day is no day of membership.
    pub outside: Vec<Outside>,
    /// How every school's attendance is exported.
    pub styles: Vec<Style>,
    /// What to put right, most useful first.
    pub fixes: Vec<Fix>,
    /// Findings of the run; 0 where it was stopped.
    pub findings: u64,
    /// What it was made from.
    pub provenance: Provenance,
}

/// Withholds cells of school and month that hold fewer rows than there must be students, and how often a school of fewer students records
/// attendance.
pub(crate) fn suppress(quality: &mut Quality) {
    let least = u64::from(quality.rules.min_students);
    for cell in &mut quality.checked.coverage {
        cell.rows = cell.rows.filter(|rows| *rows == 0 || *rows >= least);
    }
    for style in &mut quality.styles {
        style.rows_per_day = style.rows_per_day.filter(|_| style.students >= least);
        style.students = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use throughline_model::quality::Covered;

    #[test]
    fn a_month_of_few_rows_is_withheld_and_one_without_any_is_not() {
        let cell = |rows| Covered {
            table: "attendance_event".to_owned(),
            school: "1".to_owned(),
            school_year: 2025,
            month: 24_300,
            rows: Some(rows),
        };
        let mut quality = Quality {
            rules: Rules {
                min_students: 10,
                ..Rules::default()
            },
            ..Quality::default()
        };
        quality.checked.coverage = [0, 1, 9, 10].map(cell).to_vec();
        suppress(&mut quality);
        let shown: Vec<Option<u64>> = quality
            .checked
            .coverage
            .iter()
            .map(|cell| cell.rows)
            .collect();
        assert_eq!(shown, [Some(0), None, None, Some(10)]);
    }
}
