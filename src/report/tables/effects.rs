//! Tables for people: effects turned so that plus is better.

use crate::content::{Answer, Content, Effect};
use crate::number;
use crate::table::{Cell, Column, Kind, Table};
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

/// One line per program and outcome, for all students: what the command line prints and the workbook opens with.
pub(crate) fn summary(content: &Content<'_>) -> Table {
    let rows = content
        .main()
        .map(|answer| {
            vec![
                Cell::text(program(answer)),
                Cell::text(words::asked(answer, content.several_studies)),
                Cell::text(words::answer_effect(answer)),
                Cell::text(naive(answer)),
                Cell::text(
                    answer
                        .finding()
                        .map_or_else(|| "–".to_owned(), |finding| words::evidence(&finding.grade)),
                ),
                Cell::text(words::answer_verdict(answer)),
            ]
        })
        .collect();
    Table {
        name: "Summary".to_owned(),
        about: "What went with what for all students: effect in standard deviations per dose, plus is better."
            .to_owned(),
        columns: vec![
            Column::new("program", "Program", Kind::Text),
            Column::new("outcome", "Outcome", Kind::Text),
            Column::new("effect", "Effect (SD, + is better), 95% interval", Kind::Text),
            Column::new("naive", "Plain correlation", Kind::Text),
            Column::new("evidence", "Evidence", Kind::Text),
            Column::new("verdict", "Verdict", Kind::Text),
        ],
        rows,
    }
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
