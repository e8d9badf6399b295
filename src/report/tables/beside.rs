//! Outcomes by the definitions of several authorities, side by side.

use throughline_disclosure::{Moved, Side, SideBySide};
use throughline_model::{Calendar, SchoolYear};

use crate::content::Content;
use crate::table::{Cell, Column, Kind, Table};

/// A number that would give a few students away, by itself or by subtraction.
const NOT_TOLD: &str = "not told";

const NUMBERS: [Column; 7] = [
    Column::new("counted", "Students counted", Kind::Count),
    Column::new("yes", "of those, have it", Kind::Count),
    Column::new("share", "Share", Kind::Share),
    Column::new("more", "Counted here, not by the report", Kind::Count),
    Column::new("fewer", "Counted by the report, not here", Kind::Count),
    Column::new("newly", "Have it here, not by the report", Kind::Count),
    Column::new("no_longer", "Have it by the report, not here", Kind::Count),
];

/// Every outcome, definition and school year.
pub(crate) fn beside(content: &Content<'_>) -> Table {
    let all = content.report.definitions.iter();
    let rows = all.flat_map(|one| {
        one.sides.iter().map(|side| {
            let mut row = vec![
                Cell::text(&one.label),
                Cell::text(Calendar::label(side.school_year)),
                Cell::text(&side.label),
                Cell::text(&side.about),
                Cell::Flag(side.is_chosen),
            ];
            row.extend(numbers(side, content.report.rules.min_students));
            row.push(Cell::text(&side.source));
            row
        })
    });
    let mut columns = vec![
        Column::new("outcome", "Outcome", Kind::Text),
        Column::new("school_year", "School year", Kind::Text),
        Column::new("definition", "Definition", Kind::Text),
        Column::new("about", "What it says", Kind::Text),
        Column::new("chosen", "The report goes by it", Kind::Flag),
    ];
    columns.extend(NUMBERS);
    columns.push(Column::new("source", "Where it stands written", Kind::Text));
    Table {
        name: "Definitions".to_owned(),
        about:
            "Outcomes by the definitions of several authorities, and the students that each moves."
                .to_owned(),
        columns,
        rows: rows.collect(),
    }
}

/// The last school year of one outcome, and which it is.
pub(crate) fn last_year(one: &SideBySide, least: u32) -> Option<(SchoolYear, Table)> {
    let year = one.sides.iter().map(|side| side.school_year).max()?;
    let rows = one.sides.iter().filter(|side| side.school_year == year);
    let rows = rows.map(|side| {
        let chosen = if side.is_chosen { " (this report)" } else { "" };
        let mut row = vec![
            Cell::text(format!("{}{chosen}", side.label)),
            Cell::text(&side.about),
        ];
        row.extend(numbers(side, least));
        row
    });
    let mut columns = vec![
        Column::new("definition", "Definition", Kind::Text),
        Column::new("about", "What it says", Kind::Text),
    ];
    columns.extend(NUMBERS);
    let table = Table {
        name: "Definitions".to_owned(),
        about: String::new(),
        columns,
        rows: rows.collect(),
    };
    Some((year, table))
}

fn numbers(side: &Side, least: u32) -> Vec<Cell> {
    // A rule that counts all that the report's own counts, and a few more, is told as close to it.
    let total = |count: Option<u64>, moved: [Moved; 2]| match count {
        Some(count) => Cell::Count(count),
        None if moved.contains(&Moved::Few) => Cell::text("close to the report’s"),
        None => Cell::text(NOT_TOLD),
    };
    let moved = |moved: Moved| match moved {
        _ if side.is_chosen => Cell::Nothing,
        Moved::Students(students) => Cell::Count(students),
        Moved::Few => Cell::Text(format!("fewer than {least}")),
        Moved::Withheld => Cell::text(NOT_TOLD),
    };
    let share = match (side.share, total(side.yes, [side.newly, side.no_longer])) {
        (Some(share), _) => Cell::Number(share),
        (None, Cell::Text(close)) => Cell::Text(close),
        (None, _) => Cell::text(NOT_TOLD),
    };
    vec![
        total(side.counted, [side.more, side.fewer]),
        total(side.yes, [side.newly, side.no_longer]),
        share,
        moved(side.more),
        moved(side.fewer),
        moved(side.newly),
        moved(side.no_longer),
    ]
}
