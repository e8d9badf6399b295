//! Tables for people: effects turned so that plus is better.

use throughline_evidence::finding::Verdict;

use crate::content::{Answer, Content, Effect};
use crate::number;
use crate::table::{Cell, Column, Kind, Table, WITHHELD};
use crate::words;

/// What names a row of [`effects`].
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Rows {
    /// The outcome: the table is about one program.
    ByOutcome,
    /// Outcome and program.
    ByOutcomeAndProgram,
}

/// The numbers of a forest plot or a ranking.
pub(crate) fn effects(answers: &[&Answer<'_>], rows: Rows) -> Table {
    let mut columns = vec![Column::new("outcome", "Outcome", Kind::Text)];
    if rows == Rows::ByOutcomeAndProgram {
        columns.push(Column::new("program", "Program", Kind::Text));
    }
    columns.extend([
        Column::new("adjusted", "Adjusted (SD, + is better)", Kind::Sd),
        Column::new("adjusted_interval", "95% interval", Kind::Text),
        Column::new("naive", "Plain correlation (SD)", Kind::Sd),
        Column::new("naive_interval", "95% interval", Kind::Text),
        Column::new("verdict", "Verdict", Kind::Text),
    ]);
    let rows = answers
        .iter()
        .map(|answer| {
            let mut row = vec![Cell::text(&answer.outcome.label)];
            if rows == Rows::ByOutcomeAndProgram {
                row.push(Cell::text(&answer.exposure.label));
            }
            row.extend(pair(answer, answer.adjusted()));
            row.extend(pair(answer, answer.naive()));
            row.push(Cell::text(words::answer_verdict(answer)));
            row
        })
        .collect();
    Table {
        name: "Effects".to_owned(),
        about: "Effects in standard deviations, plus is better.".to_owned(),
        columns,
        rows,
    }
}

fn pair(answer: &Answer<'_>, effect: Option<Effect>) -> [Cell; 2] {
    match (answer.found, effect) {
        (Err(_), _) => [Cell::Withheld, Cell::Withheld],
        (Ok(_), None) => [Cell::Nothing, Cell::Nothing],
        (Ok(_), Some(effect)) => [
            Cell::Number(effect.estimate),
            Cell::text(words::interval(effect)),
        ],
    }
}

/// One line per program and outcome, for all students.
pub(crate) fn summary(content: &Content<'_>) -> Table {
    let rows = content.main().map(|answer| line(content, answer)).collect();
    summary_of(rows)
}

/// A summary that is longer than this is told short on a terminal.
const LONG: usize = 30;

/// As [`summary`], short: where there are many lines, those that have no answer yet are counted at the end.
pub(crate) fn short_summary(content: &Content<'_>) -> Table {
    let main: Vec<&Answer<'_>> = content.main().collect();
    let is_open =
        |answer: &Answer<'_>| matches!(answer.verdict(), None | Some(Verdict::CannotTellYet));
    if main.len() <= LONG {
        return summary(content);
    }
    let told = main.iter().filter(|answer| !is_open(answer));
    let mut rows: Vec<Vec<Cell>> = told.map(|answer| line(content, answer)).collect();
    for (verdict, words) in [
        (Some(Verdict::CannotTellYet), Verdict::CannotTellYet.words()),
        (None, WITHHELD),
    ] {
        let count = main
            .iter()
            .filter(|answer| answer.verdict() == verdict)
            .count();
        if count > 0 {
            let mut row = vec![Cell::text(format!("{} more", number::count(count as u64)))];
            row.extend(["–"; 4].map(Cell::text));
            row.push(Cell::text(words));
            rows.push(row);
        }
    }
    summary_of(rows)
}

fn summary_of(rows: Vec<Vec<Cell>>) -> Table {
    Table {
        name: "Summary".to_owned(),
        about: "What went with what for all students: effect in standard deviations per dose, plus is better."
            .to_owned(),
        columns: vec![
            Column::new("program", "Program", Kind::Text),
            Column::new("outcome", "Outcome", Kind::Text),
            Column::new("effect", "SD per dose, + is better", Kind::Text),
            Column::new("naive", "Plain", Kind::Text),
            Column::new("evidence", "Evidence", Kind::Text),
            Column::new("verdict", "Verdict", Kind::Text),
        ],
        rows,
    }
}

fn line(content: &Content<'_>, answer: &Answer<'_>) -> Vec<Cell> {
    let evidence = answer
        .finding()
        .map_or_else(|| "–".to_owned(), |finding| words::evidence(&finding.grade));
    vec![
        Cell::text(program(answer)),
        Cell::text(words::asked(answer, content.several_studies)),
        Cell::text(words::answer_effect(answer)),
        Cell::text(naive(answer)),
        Cell::text(evidence),
        Cell::text(words::answer_verdict(answer)),
    ]
}

fn program(answer: &Answer<'_>) -> String {
    answer.finding().map_or_else(
        || answer.exposure.label.clone(),
        |finding| format!("{} ({})", answer.exposure.label, words::per(finding)),
    )
}

fn naive(answer: &Answer<'_>) -> String {
    match (answer.found, answer.naive()) {
        (Err(_), _) => "withheld".to_owned(),
        (Ok(_), None) => "–".to_owned(),
        (Ok(_), Some(naive)) => number::signed(naive.estimate, number::SD),
    }
}
