//! What was tried against a program's numbers: a matrix of check × outcome, the reasons of what did not pass, and all
//! reasons in a table that opens on demand.

use askama::Template;
use throughline_evidence::finding::{Check, CheckOutcome};

use super::{Sheet, SheetCell};
use crate::content::{Program, distinct};
use crate::error::ReportError;
use crate::words;

/// A check and how it went on each outcome: class and word.
pub(super) type Line = (String, Vec<(&'static str, &'static str)>);

/// Names of checks in the order they were made.
pub(super) fn names(program: &Program<'_>) -> Vec<String> {
    distinct(
        program
            .main()
            .filter_map(|answer| answer.finding())
            .flat_map(|finding| finding.checks.iter().map(|check| check.name.clone())),
    )
}

/// The matrix, one line per name.
pub(super) fn lines(program: &Program<'_>, names: &[String]) -> Vec<Line> {
    names
        .iter()
        .map(|name| {
            let cells = program
                .main()
                .map(|answer| {
                    let Some(finding) = answer.finding() else {
                        return ("not-run", "withheld");
                    };
                    let check = finding.checks.iter().find(|check| check.name == *name);
                    check.map_or(("not-run", "–"), |check| {
                        (class(check.outcome), words::check(check.outcome))
                    })
                })
                .collect();
            (words::sentence_case(name), cells)
        })
        .collect()
}

fn class(outcome: CheckOutcome) -> &'static str {
    match outcome {
        CheckOutcome::Passed => "passed",
        CheckOutcome::Failed => "failed",
        CheckOutcome::NotRun => "not-run",
    }
}

/// What failed, with its reason. The same reason on several outcomes is said once.
pub(super) fn failures(program: &Program<'_>, several_studies: bool) -> Vec<(String, String)> {
    let mut told: Vec<(&Check, Vec<String>)> = Vec::new();
    for answer in program.main() {
        for check in answer.finding().iter().flat_map(|finding| &finding.checks) {
            if check.outcome == CheckOutcome::Passed {
                continue;
            }
            let asked = words::asked(answer, several_studies);
            match told.iter_mut().find(|(other, _)| *other == check) {
                Some((_, outcomes)) => outcomes.push(asked),
                None => told.push((check, vec![asked])),
            }
        }
    }
    told.into_iter()
        .map(|(check, outcomes)| {
            (
                format!(
                    "{}, {} ({}):",
                    words::sentence_case(&check.name),
                    words::list(&outcomes),
                    words::check(check.outcome)
                ),
                words::sentence(&check.reason),
            )
        })
        .collect()
}

/// Why evidence marks were lost. The same reason on several outcomes is said once.
pub(super) fn lost(program: &Program<'_>, several_studies: bool) -> Vec<(String, String)> {
    let mut told: Vec<(&str, Vec<String>)> = Vec::new();
    for answer in program.main() {
        for reason in answer
            .finding()
            .iter()
            .flat_map(|finding| &finding.grade.lost)
        {
            let asked = words::asked(answer, several_studies);
            match told.iter_mut().find(|(other, _)| other == reason) {
                Some((_, outcomes)) => outcomes.push(asked),
                None => told.push((reason, vec![asked])),
            }
        }
    }
    let all = program
        .main()
        .filter(|answer| answer.finding().is_some())
        .count();
    told.into_iter()
        .map(|(reason, outcomes)| {
            let on = match outcomes.len() {
                count if count == all && all > 1 => "every outcome".to_owned(),
                count if count > 3 => format!("{count} of {all} outcomes"),
                _ => words::list(&outcomes),
            };
            (
                format!("{}:", words::sentence_case(&on)),
                words::sentence(reason),
            )
        })
        .collect()
}

/// Every check with its reason, check by check; the same reason on several outcomes is said once.
pub(super) fn all(program: &Program<'_>, several_studies: bool) -> Result<String, ReportError> {
    let mut told: Vec<(&Check, Vec<String>)> = Vec::new();
    for answer in program.main() {
        for check in answer.finding().iter().flat_map(|finding| &finding.checks) {
            let asked = words::asked(answer, several_studies);
            match told.iter_mut().find(|(other, _)| *other == check) {
                Some((_, outcomes)) => outcomes.push(asked),
                None => told.push((check, vec![asked])),
            }
        }
    }
    let order = names(program);
    told.sort_by_key(|(check, _)| order.iter().position(|name| *name == check.name));
    let all = program.main().filter(|answer| answer.finding().is_some());
    let all = all.count();
    let rows = told
        .into_iter()
        .map(|(check, outcomes)| {
            let on = if outcomes.len() == all && all > 1 {
                "every outcome".to_owned()
            } else {
                words::list(&outcomes)
            };
            vec![
                SheetCell::header(words::sentence_case(&check.name)),
                SheetCell::text(words::check(check.outcome)),
                SheetCell::text(words::sentence_case(&on)),
                SheetCell::text(words::sentence(&check.reason)),
            ]
        })
        .collect();
    let columns = ["Check", "Result", "Outcome", "Reason"];
    Ok(Sheet {
        caption: format!("Every check of {}, all students", program.label),
        class: "numbers",
        columns: columns.map(|label| (label.to_owned(), false)).to_vec(),
        rows,
    }
    .render()?)
}
