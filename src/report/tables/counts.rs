//! Tables of who took part and of what was read.

use throughline_evidence::finding::{Coverage, DoseBin, DoseCurve};
use throughline_model::Calendar;

use crate::chart::dose::bin_label;
use crate::content::Content;
use crate::table::{Cell, Column, Kind, Table, WITHHELD};

const STATUS: Column = Column::new("status", "Status", Kind::Text);

/// Outcomes by size of dose.
pub(crate) fn doses(content: &Content<'_>, curves: &[&DoseCurve]) -> Table {
    let mut rows = Vec::new();
    for curve in curves {
        let higher = content
            .outcome(&curve.outcome.id)
            .and_then(|outcome| outcome.higher_is_better);
        for (place, bin) in curve.bins.iter().enumerate() {
            rows.push(dose_row(curve, bin, place == 0, higher));
        }
    }
    Table {
        name: "Dose".to_owned(),
        about:
            "Outcomes by size of dose, each against no dose, in SD in the outcome's own direction."
                .to_owned(),
        columns: vec![
            Column::new("program", "Program", Kind::Text),
            Column::new("outcome", "Outcome", Kind::Text),
            Column::new("higher_is_better", "More is better", Kind::Flag),
            Column::new("dose", "Dose", Kind::Text),
            Column::new("dose_unit", "Unit of dose", Kind::Text),
            Column::new("mean_dose", "Mean dose", Kind::Number),
            Column::new("effect_sd", "Difference to no dose (SD)", Kind::Sd),
            Column::new("lower", "Lower end, 95%", Kind::Sd),
            Column::new("upper", "Upper end, 95%", Kind::Sd),
            Column::new("students", "Students", Kind::Count),
            Column::new("teachers", "Teachers", Kind::Count),
            Column::new("schools", "Schools", Kind::Count),
            STATUS,
        ],
        rows,
    }
}

fn dose_row(
    curve: &DoseCurve,
    bin: &DoseBin,
    is_reference: bool,
    higher_is_better: Option<bool>,
) -> Vec<Cell> {
    let number = |value: Option<f64>| match value {
        Some(value) => Cell::Number(value),
        None if bin.withheld.is_some() => Cell::Withheld,
        None => Cell::Nothing,
    };
    let status = match (bin.withheld, is_reference, bin.effect) {
        (Some(_), _, _) => WITHHELD,
        (None, true, _) => "what the others are compared with",
        (None, false, Some(_)) => "shown",
        (None, false, None) => "not estimated",
    };
    vec![
        Cell::text(&curve.exposure.label),
        Cell::text(&curve.outcome.label),
        higher_is_better.map_or(Cell::Nothing, Cell::Flag),
        Cell::text(bin_label(bin, is_reference)),
        Cell::text(&curve.dose_unit),
        number(bin.mean_dose),
        number(bin.effect.map(|effect| effect.estimate)),
        number(bin.effect.map(|effect| effect.lower)),
        number(bin.effect.map(|effect| effect.upper)),
        Cell::count(bin.students),
        Cell::count(bin.teachers),
        Cell::count(bin.schools),
        Cell::text(status),
    ]
}

/// Who took part, by program and school year.
pub(crate) fn coverage(content: &Content<'_>) -> Table {
    let rows = content
        .programs
        .iter()
        .flat_map(|program| &program.coverage)
        .map(|cell| coverage_row(cell))
        .collect();
    Table {
        name: "Coverage".to_owned(),
        about: "How many took part, by program and school year.".to_owned(),
        columns: vec![
            Column::new("program", "Program", Kind::Text),
            Column::new("school_year", "School year", Kind::Text),
            Column::new("share", "Share of students", Kind::Share),
            Column::new("students", "Students", Kind::Count),
            Column::new("all_students", "of all students", Kind::Count),
            Column::new("teachers", "Teachers", Kind::Count),
            Column::new("all_teachers", "of all teachers", Kind::Count),
            Column::new("schools", "Schools", Kind::Count),
            Column::new("all_schools", "of all schools", Kind::Count),
            STATUS,
        ],
        rows,
    }
}

/// The cells of [`coverage`].
fn coverage_row(cell: &Coverage) -> Vec<Cell> {
    let status = if cell.withheld.is_some() {
        WITHHELD
    } else {
        "shown"
    };
    vec![
        Cell::text(&cell.exposure.label),
        Cell::text(Calendar::label(cell.school_year)),
        cell.share.map_or(Cell::Withheld, Cell::Number),
        Cell::count(cell.students),
        Cell::count(cell.all_students),
        Cell::count(cell.teachers),
        Cell::count(cell.all_teachers),
        Cell::count(cell.schools),
        Cell::count(cell.all_schools),
        Cell::text(status),
    ]
}

/// What became of each export file.
pub(crate) fn sources(content: &Content<'_>) -> Table {
    let rows = content
        .report
        .files
        .iter()
        .map(|file| {
            vec![
                Cell::text(&file.source),
                Cell::text(&file.file),
                Cell::text(&file.table),
                Cell::Count(file.read),
                Cell::Count(file.kept),
                Cell::Count(file.rejected),
                Cell::Count(file.duplicate),
                Cell::Count(file.conflict),
                Cell::Count(file.unsettled),
                Cell::Count(file.not_tested),
                Cell::Flag(file.balances()),
                Cell::text(&file.hash),
            ]
        })
        .collect();
    Table {
        name: "Sources".to_owned(),
        about: "Every export file: rows read = kept + rejected + duplicate + conflict; not tested stand beside them.".to_owned(),
        columns: vec![
            Column::new("source", "Source", Kind::Text),
            Column::new("file", "File", Kind::Text),
            Column::new("table", "Table", Kind::Text),
            Column::new("read", "Read", Kind::Count),
            Column::new("kept", "Kept", Kind::Count),
            Column::new("rejected", "Rejected", Kind::Count),
            Column::new("duplicate", "Duplicate", Kind::Count),
            Column::new("conflict", "Conflict", Kind::Count),
            Column::new("unsettled", "of those, no rule decides", Kind::Count),
            Column::new("not_tested", "Not tested", Kind::Count),
            Column::new("balances", "Adds up", Kind::Flag),
            Column::new("hash", "Content hash (BLAKE3)", Kind::Text),
        ],
        rows,
    }
}

/// How many rows found a partner at each hop from student to training.
pub(crate) fn links(content: &Content<'_>) -> Table {
    let rows = content
        .report
        .links
        .iter()
        .map(|link| {
            let share = if link.total == 0 {
                Cell::Nothing
            } else {
                Cell::Number(link.linked as f64 / link.total as f64)
            };
            vec![
                Cell::text(&link.hop),
                Cell::Count(link.linked),
                Cell::Count(link.total),
                share,
            ]
        })
        .collect();
    Table {
        name: "Links".to_owned(),
        about: "How many rows found a partner at each hop from student to training.".to_owned(),
        columns: vec![
            Column::new("hop", "Hop", Kind::Text),
            Column::new("linked", "Linked", Kind::Count),
            Column::new("total", "Of", Kind::Count),
            Column::new("share", "Share", Kind::Share),
        ],
        rows,
    }
}
