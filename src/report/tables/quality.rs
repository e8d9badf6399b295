//! Tables of the data-quality report.

use throughline_disclosure::Quality;
use throughline_model::disagreement;
use throughline_model::quality::{Checkup, FileLine, Fix, State};

use crate::number;
use crate::table::{Cell, Column, Kind, Table};

/// Places that a cell for people names.
const SHOWN: usize = 3;

fn table(name: &str, about: &str, columns: Vec<Column>, rows: Vec<Vec<Cell>>) -> Table {
    Table {
        name: name.to_owned(),
        about: about.to_owned(),
        columns,
        rows,
    }
}

/// Every check as data: one row each.
pub(crate) fn checks(quality: &Quality) -> Table {
    let rows = quality.checked.checks.iter().map(|check| {
        vec![
            Cell::text(&check.id),
            Cell::text(&check.table),
            Cell::text(&check.rule),
            Cell::text(&check.asks),
            Cell::text(check.severity.word()),
            Cell::Flag(check.declared),
            Cell::text(state(check.state)),
            Cell::Count(check.rows),
            Cell::Count(check.broken),
            Cell::Number(check.at_most),
            Cell::text(&check.found),
            Cell::text(all_places(&check.places)),
        ]
    });
    table(
        "Checks",
        "Every check of the data and what came of it.",
        vec![
            Column::new("id", "Check", Kind::Text),
            Column::new("table", "Table", Kind::Text),
            Column::new("rule", "Rule", Kind::Text),
            Column::new("asks", "What is asked", Kind::Text),
            Column::new("severity", "Severity", Kind::Text),
            Column::new("declared", "Declared in the pipeline", Kind::Flag),
            Column::new("state", "Result", Kind::Text),
            Column::new("rows", "Rows", Kind::Count),
            Column::new("broken", "Rows that break it", Kind::Count),
            Column::new("at_most", "Share that may", Kind::Share),
            Column::new("found", "Found", Kind::Text),
            Column::new("places", "First places", Kind::Text),
        ],
        rows.collect(),
    )
}

/// Every row that was set aside, as data.
pub(crate) fn aside(quality: &Quality) -> Table {
    let owner = |source: &str| {
        let mut sent = quality.sent.iter();
        sent.find(|sent| sent.source == source)
            .map_or("", |sent| sent.owner.as_str())
    };
    let rows = quality.checked.aside.iter().map(|row| {
        vec![
            Cell::text(owner(&row.source)),
            Cell::text(&row.source),
            Cell::text(&row.table),
            Cell::text(&row.column),
            Cell::text(row.reason.name()),
            Cell::text(&row.place.file),
            Cell::Count(row.place.line),
        ]
    });
    table(
        "Set aside",
        "Rows about people that lead to nobody in the student or staff file.",
        vec![
            Column::new("owner", "Owner", Kind::Text),
            Column::new("source", "Source", Kind::Text),
            Column::new("table", "Table", Kind::Text),
            Column::new("column", "Column", Kind::Text),
            Column::new("reason", "Reason", Kind::Text),
            Column::new("file", "File", Kind::Text),
            Column::new("line", "Line", Kind::Count),
        ],
        rows.collect(),
    )
}

/// What to put right, of one owner.
pub(crate) fn fixes<'f>(fixes: impl Iterator<Item = &'f Fix>) -> Table {
    let rows = fixes.map(|fix| {
        vec![
            Cell::text(&fix.task),
            Cell::Count(fix.rows),
            Cell::Count(fix.findings),
            Cell::Count(fix.open),
            Cell::text(places(&fix.places)),
        ]
    });
    table(
        "Fixes",
        "What to put right.",
        vec![
            Column::new("task", "What to put right", Kind::Text),
            Column::new("rows", "Rows", Kind::Count),
            Column::new("findings", "Findings that rest on the table", Kind::Count),
            Column::new("open", "of those, still open", Kind::Count),
            Column::new("places", "Where to look first", Kind::Text),
        ],
        rows.collect(),
    )
}

/// What every source sent, and what became of its rows.
pub(crate) fn sent(quality: &Quality) -> Table {
    let rows = quality.sent.iter().map(|sent| {
        let expected = match (sent.expected, sent.received) {
            (true, 0) => "missing",
            (false, 0) => "none (optional)",
            _ => "received",
        };
        let mut told = sent.told.clone();
        if sent.not_tested > 0 {
            told.push(format!("{} not tested", number::count(sent.not_tested)));
        }
        let more = match told.is_empty() {
            true => Cell::Nothing,
            false => Cell::Text(told.join("; ")),
        };
        vec![
            Cell::text(&sent.source),
            Cell::text(&sent.owner),
            Cell::text(expected),
            Cell::Count(sent.received),
            Cell::Count(sent.new),
            Cell::Count(sent.corrected),
            Cell::Count(sent.late),
            Cell::Count(sent.read),
            Cell::Count(sent.kept),
            Cell::Count(sent.rejected),
            Cell::Count(sent.duplicate),
            Cell::Count(sent.conflict),
            more,
        ]
    });
    table(
        "Sources",
        "What every source sent; rows read = kept + rejected + duplicate + conflict.",
        vec![
            Column::new("source", "Source", Kind::Text),
            Column::new("owner", "Owner", Kind::Text),
            Column::new("expected", "Expected", Kind::Text),
            Column::new("received", "Files", Kind::Count),
            Column::new("new", "new", Kind::Count),
            Column::new("corrected", "corrected", Kind::Count),
            Column::new("late", "late", Kind::Count),
            Column::new("read", "Rows read", Kind::Count),
            Column::new("kept", "kept", Kind::Count),
            Column::new("rejected", "rejected", Kind::Count),
            Column::new("duplicate", "duplicate", Kind::Count),
            Column::new("conflict", "conflict", Kind::Count),
            Column::new("told", "More", Kind::Text),
        ],
        rows.collect(),
    )
}

/// How many rows found a partner.
pub(crate) fn hops(quality: &Quality) -> Table {
    let rows = quality.links.iter().map(|link| {
        vec![
            Cell::text(&link.hop),
            Cell::Count(link.linked),
            Cell::Count(link.total),
            Cell::Count(link.total.saturating_sub(link.linked)),
            match link.total {
                0 => Cell::Nothing,
                total => Cell::Number(link.linked as f64 / total as f64),
            },
        ]
    });
    table(
        "Links",
        "How many rows found a partner at each hop.",
        vec![
            Column::new("hop", "Hop", Kind::Text),
            Column::new("linked", "Linked", Kind::Count),
            Column::new("total", "Of", Kind::Count),
            Column::new("lost", "Not linked", Kind::Count),
            Column::new("share", "Share linked", Kind::Share),
        ],
        rows.collect(),
    )
}

/// Rows about people that lead to nobody, by reason.
pub(crate) fn unlinked(quality: &Quality) -> Table {
    let rows = quality.checked.unlinked.iter().map(|group| {
        vec![
            Cell::text(&group.source),
            Cell::text(format!("{}, `{}`", group.table, group.column)),
            Cell::text(group.reason.words()),
            Cell::Count(group.rows),
            Cell::text(places(&group.places)),
        ]
    });
    table(
        "Not linked",
        "Rows about people that lead to nobody, by reason.",
        vec![
            Column::new("source", "Source", Kind::Text),
            Column::new("column", "Table and column", Kind::Text),
            Column::new("reason", "Why", Kind::Text),
            Column::new("rows", "Rows", Kind::Count),
            Column::new("places", "First places", Kind::Text),
        ],
        rows.collect(),
    )
}

/// What crosswalks do not tell apart.
pub(crate) fn conflicts(quality: &Quality) -> Table {
    let rows = quality.checked.conflicts.iter().map(|conflict| {
        vec![
            Cell::text(format!(
                "{} IDs of `{}`",
                conflict.person, conflict.id_system
            )),
            Cell::text(conflict.kind.words()),
            Cell::Count(conflict.cases),
            Cell::text(places(&conflict.places)),
        ]
    });
    table(
        "Conflicts",
        "IDs and people that the crosswalks do not tell apart.",
        vec![
            Column::new("system", "IDs", Kind::Text),
            Column::new("kind", "What", Kind::Text),
            Column::new("cases", "Cases", Kind::Count),
            Column::new("places", "First rows of the crosswalk", Kind::Text),
        ],
        rows.collect(),
    )
}

/// Files in which rows of one key disagree.
pub(crate) fn disagreeing(quality: &Quality) -> Table {
    let rows = quality.disagreeing.iter().map(|file| {
        let open = file.unsettled.min(file.conflict);
        let shown = |settled: bool| {
            let some: Vec<String> = file
                .conflicts
                .iter()
                .filter(|conflict| conflict.settled == settled)
                .take(SHOWN)
                .map(disagreement::rows)
                .collect();
            some.join("; ")
        };
        let first = match shown(false) {
            none if none.is_empty() => shown(true),
            open => open,
        };
        vec![
            Cell::text(&file.source),
            Cell::text(&file.table),
            Cell::text(&file.file),
            Cell::Count(open),
            Cell::Count(file.conflict - open),
            Cell::text(first),
        ]
    });
    table(
        "Disagreeing rows",
        "Files in which rows of one key disagree.",
        vec![
            Column::new("source", "Source", Kind::Text),
            Column::new("table", "Table", Kind::Text),
            Column::new("file", "File", Kind::Text),
            Column::new("unsettled", "Rows, no rule decides", Kind::Count),
            Column::new("settled", "Rows, a rule decides", Kind::Count),
            Column::new("rows", "First rows, by line", Kind::Text),
        ],
        rows.collect(),
    )
}

/// Rejects by rule, with what the cells look like.
pub(crate) fn rejects(quality: &Quality) -> Table {
    let rows = quality.checked.rejects.iter().map(|group| {
        let told = group.shapes.iter().filter(|shape| !shape.is_empty());
        let shapes: Vec<String> = crate::content::distinct(told)
            .into_iter()
            .map(|shape| format!("“{shape}”"))
            .collect();
        vec![
            Cell::text(&group.source),
            Cell::text(&group.rule),
            group.column.as_ref().map_or(Cell::Nothing, Cell::text),
            Cell::Count(group.cells),
            if shapes.is_empty() {
                Cell::Nothing
            } else {
                Cell::Text(shapes.join(", "))
            },
            Cell::text(places(&group.places)),
        ]
    });
    table(
        "Rejects",
        "Rejected cells and records by rule.",
        vec![
            Column::new("source", "Source", Kind::Text),
            Column::new("rule", "Rule", Kind::Text),
            Column::new("column", "Column of the export", Kind::Text),
            Column::new("cells", "Cells", Kind::Count),
            Column::new("shapes", "What they look like", Kind::Text),
            Column::new("places", "First places", Kind::Text),
        ],
        rows.collect(),
    )
}

/// Checks for people: those that failed, or all others.
pub(crate) fn checkups<'c>(checks: impl Iterator<Item = &'c Checkup>) -> Table {
    let rows = checks.map(|check| {
        let found = if check.found.is_empty() {
            let may = if check.at_most > 0.0 && check.broken > 0 {
                format!(" ({} may)", number::percent(check.at_most))
            } else {
                String::new()
            };
            format!(
                "{} of {} rows break it{may}",
                number::count(check.broken),
                number::count(check.rows)
            )
        } else {
            check.found.clone()
        };
        vec![
            Cell::text(&check.table),
            Cell::text(&check.asks),
            Cell::text(check.severity.word()),
            Cell::text(state(check.state)),
            Cell::text(found),
            Cell::text(places(&check.places)),
        ]
    });
    table(
        "Checks",
        "Checks and what came of them.",
        vec![
            Column::new("table", "Table", Kind::Text),
            Column::new("asks", "What is asked", Kind::Text),
            Column::new("severity", "Severity", Kind::Text),
            Column::new("state", "Result", Kind::Text),
            Column::new("found", "Found", Kind::Text),
            Column::new("places", "First places", Kind::Text),
        ],
        rows.collect(),
    )
}

/// Which column holds a person's ID.
pub(crate) fn choices(quality: &Quality) -> Table {
    let rows = quality.choices.iter().flat_map(|choice| {
        choice
            .candidates
            .iter()
            .enumerate()
            .map(move |(place, candidate)| {
                let taken = match (place == choice.chosen, choice.is_enough()) {
                    (true, true) => "taken",
                    (true, false) => "taken, below what is asked",
                    _ => "not taken",
                };
                vec![
                    Cell::text(format!("{}, `{}`", choice.source, choice.column)),
                    Cell::text(&candidate.header),
                    Cell::text(&candidate.id_system),
                    Cell::Count(candidate.known),
                    Cell::Count(choice.records),
                    Cell::text(taken),
                ]
            })
    });
    table(
        "ID columns",
        "Columns that may hold a person's ID, and how many of their IDs are known.",
        vec![
            Column::new("column", "Source and column", Kind::Text),
            Column::new("header", "Column of the export", Kind::Text),
            Column::new("system", "IDs of", Kind::Text),
            Column::new("known", "Known", Kind::Count),
            Column::new("records", "Records looked at", Kind::Count),
            Column::new("taken", "Taken", Kind::Text),
        ],
        rows.collect(),
    )
}

pub(crate) fn state(state: State) -> &'static str {
    match state {
        State::Passed => "passed",
        State::Failed => "failed",
        State::NotRun => "not run",
    }
}

/// `file.csv:4, 9; other.csv:2 …`: a file's name once.
fn places(places: &[FileLine]) -> String {
    let mut text = listed(&places[..places.len().min(SHOWN)]);
    if text.is_empty() {
        text.push('–');
    } else if places.len() > SHOWN {
        text.push_str(", …");
    }
    text
}

fn all_places(places: &[FileLine]) -> String {
    listed(places)
}

fn listed(places: &[FileLine]) -> String {
    let mut text = String::new();
    let mut last: Option<&str> = None;
    for place in places {
        if last == Some(place.file.as_str()) {
            text.push_str(&format!(", {}", place.line));
        } else {
            if last.is_some() {
                text.push_str("; ");
            }
            text.push_str(&place.to_string());
        }
        last = Some(&place.file);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_named_once() {
        let at = |file: &str, line| FileLine {
            file: file.to_owned(),
            line,
        };
        let many = [
            at("a.csv", 2),
            at("a.csv", 9),
            at("b.csv", 4),
            at("b.csv", 5),
        ];
        assert_eq!(all_places(&many), "a.csv:2, 9; b.csv:4, 5");
        assert_eq!(places(&many), "a.csv:2, 9; b.csv:4, …");
        assert_eq!(places(&[]), "–");
    }
}
