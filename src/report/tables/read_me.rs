//! What the workbook's reader needs to know, as rows: what the sheets hold, how a number is read, what it came from.

use crate::content::Content;
use crate::table::{Cell, Column, Kind, Table};
use crate::{sizes, words};

/// The last sheet of the workbook.
pub(crate) fn read_me(content: &Content<'_>) -> Table {
    let report = content.report;
    let rules = report.rules;
    let mut lines: Vec<(String, String)> = vec![
        ("About".to_owned(), words::headline(content)),
        ("Read with care".to_owned(), words::caution(content)),
    ];
    for (place, line) in words::how_to_read(report).into_iter().enumerate() {
        lines.push((format!("How to read, {}", place + 1), line));
    }
    for verdict in words::VERDICTS {
        lines.push((
            format!("Verdict “{}”", verdict.words()),
            words::meaning(verdict).to_owned(),
        ));
    }
    let sheets = [
        (
            "Summary",
            "one line per program and outcome, all students; plus is better",
        ),
        (
            "Findings",
            "everything about every finding; effects in the outcome's own direction",
        ),
        (
            "Next",
            "what could be done next, at most two things a program, each with its finding",
        ),
        (
            "Designs",
            "what every design says to each question, or why it was not run",
        ),
        (
            "Design details",
            "years around a beginning, balance of groups, lotteries, curves: one row a number",
        ),
        ("Checks", "what was tried against each finding"),
        ("Dose", "outcomes by size of dose"),
        ("Coverage", "who took part"),
        ("Sources", "what became of each export file"),
        (
            "Links",
            "how many rows found a partner on the way from student to training",
        ),
    ];
    let beside = (
        "Definitions",
        "outcomes by the definitions of several authorities, and the students that each moves",
    );
    let beside = (!report.definitions.is_empty()).then_some(beside);
    for (sheet, holds) in sheets.into_iter().chain(beside) {
        lines.push((format!("Sheet {sheet}"), holds.to_owned()));
    }
    lines.extend([
        (
            "Withheld".to_owned(),
            format!(
                "No number is shown about fewer than {} students, {} teachers or {} schools.",
                rules.min_students, rules.min_teachers, rules.min_schools
            ),
        ),
        (
            "–".to_owned(),
            "Not estimated, or the question does not arise.".to_owned(),
        ),
        ("Pipeline".to_owned(), report.pipeline.clone()),
        ("Inputs".to_owned(), report.provenance.inputs.clone()),
        ("Study plan".to_owned(), report.provenance.plan.clone()),
        ("Sizes and prices".to_owned(), sizes::about()),
        ("Throughline".to_owned(), report.provenance.version.clone()),
    ]);
    Table {
        name: "Read me".to_owned(),
        about: "What the sheets hold and how to read them.".to_owned(),
        columns: vec![
            Column::new("what", "What", Kind::Text),
            Column::new("says", "In words", Kind::Text),
        ],
        rows: lines
            .into_iter()
            .map(|(what, says)| vec![Cell::text(what), Cell::text(says)])
            .collect(),
    }
}
