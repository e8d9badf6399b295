//! Tables of days of membership: rows that count for nobody, and how every school's attendance is exported.

use std::collections::BTreeMap;

use throughline_disclosure::Quality;
use throughline_model::membership::{Outside, Reason, Style};
use throughline_model::{Calendar, SchoolYear};

use crate::number;
use crate::table::{Cell, Column, Kind, Table};

/// Files that a cell names.
const FILES: usize = 3;
/// Schools that a cell names.
const SCHOOLS: usize = 6;

/// Rows that count for nobody, by table and reason.
pub(crate) fn outside(quality: &Quality) -> Table {
    let mut groups: BTreeMap<(&str, Reason), Vec<&Outside>> = BTreeMap::new();
    for one in &quality.outside {
        let group = groups.entry((&one.table, one.reason)).or_default();
        group.push(one);
    }
    let rows = groups.into_iter().map(|((table, reason), mut found)| {
        found.sort_by_key(|one| (std::cmp::Reverse(one.rows), &one.place));
        let days: f64 = found.iter().map(|one| one.days).sum();
        let mut files: Vec<String> = found
            .iter()
            .take(FILES)
            .map(|one| {
                let rows = number::count(one.rows);
                format!("{} ({rows} rows, {})", one.place.file, first(one))
            })
            .collect();
        if found.len() > FILES {
            files.push("…".to_owned());
        }
        vec![
            Cell::text(table),
            Cell::text(reason.words()),
            Cell::Count(found.iter().map(|one| one.rows).sum()),
            match table {
                "discipline_incident" => Cell::Nothing,
                _ => Cell::Number(days),
            },
            Cell::Text(files.join("; ")),
        ]
    });
    Table {
        name: "Outside membership".to_owned(),
        about: "Rows that count for nobody because their day is no day of membership.".to_owned(),
        columns: vec![
            Column::new("table", "Table", Kind::Text),
            Column::new("reason", "Why", Kind::Text),
            Column::new("rows", "Rows", Kind::Count),
            Column::new("days", "Absences, or days of actions", Kind::Number),
            Column::new("files", "Files with most of them", Kind::Text),
        ],
        rows: rows.collect(),
    }
}

fn first(one: &Outside) -> String {
    format!("first at line {}", one.place.line)
}

/// How attendance is exported: schools and years that do so alike stand together.
pub(crate) fn styles(quality: &Quality) -> Table {
    type Way<'s> = (bool, bool, bool, Vec<SchoolYear>);
    let mut schools: BTreeMap<(&str, bool, bool, bool), Vec<&Style>> = BTreeMap::new();
    for style in &quality.styles {
        let way = (
            style.school.as_str(),
            style.by_period,
            style.every_day,
            style.declared,
        );
        schools.entry(way).or_default().push(style);
    }
    let mut ways: BTreeMap<Way<'_>, Vec<&Style>> = BTreeMap::new();
    for ((_, by_period, every_day, declared), found) in schools {
        let years = found.iter().map(|style| style.school_year).collect();
        let way = (by_period, every_day, declared, years);
        ways.entry(way).or_default().extend(found);
    }
    let rows = ways
        .into_iter()
        .map(|((by_period, every_day, declared, years), found)| {
            vec![
                Cell::text(names(&found)),
                Cell::text(spoken(&years)),
                Cell::text(if by_period { "periods" } else { "whole days" }),
                Cell::text(if every_day {
                    "a row for every day"
                } else {
                    "exceptions only"
                }),
                Cell::text(if declared {
                    "declared"
                } else {
                    "judged by rows"
                }),
                rates(&found),
            ]
        });
    Table {
        name: "Styles".to_owned(),
        about: "How every school’s attendance is exported.".to_owned(),
        columns: vec![
            Column::new("schools", "Schools", Kind::Text),
            Column::new("years", "School years", Kind::Text),
            Column::new("kind", "Rows are about", Kind::Text),
            Column::new("style", "Style", Kind::Text),
            Column::new("declared", "Known by", Kind::Text),
            Column::new("rate", "Rows per day of membership", Kind::Text),
        ],
        rows: rows.collect(),
    }
}

fn names(found: &[&Style]) -> String {
    let mut names = crate::content::distinct(found.iter().map(|style| style.school.as_str()));
    names.sort_unstable();
    let shown: Vec<&str> = names
        .iter()
        .take(SCHOOLS)
        .map(|name| {
            if name.is_empty() {
                "rows without a school"
            } else {
                name
            }
        })
        .collect();
    match names.len().saturating_sub(SCHOOLS) {
        0 => shown.join(", "),
        more => format!("{} and {more} more", shown.join(", ")),
    }
}

/// `2020-21 to 2024-25`, `2020-21, 2022-23`.
fn spoken(years: &[SchoolYear]) -> String {
    let mut runs: Vec<(SchoolYear, SchoolYear)> = Vec::new();
    for year in years {
        match runs.last_mut() {
            Some((_, last)) if *last + 1 == *year => *last = *year,
            _ => runs.push((*year, *year)),
        }
    }
    let runs: Vec<String> = runs
        .into_iter()
        .map(|(first, last)| match first == last {
            true => Calendar::label(first),
            false => format!("{} to {}", Calendar::label(first), Calendar::label(last)),
        })
        .collect();
    runs.join(", ")
}

/// The smallest and the largest rate that may be shown.
fn rates(found: &[&Style]) -> Cell {
    let known = || found.iter().filter_map(|style| style.rows_per_day);
    let least = known().min_by(f64::total_cmp);
    let most = known().max_by(f64::total_cmp);
    match (least, most) {
        (Some(least), Some(most)) => {
            let (least, most) = (number::plain(least, 2), number::plain(most, 2));
            Cell::Text(if least == most {
                least
            } else {
                format!("{least} to {most}")
            })
        }
        _ => Cell::Nothing,
    }
}
