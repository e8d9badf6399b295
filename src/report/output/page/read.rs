//! What was read and what became of it, in a sentence and by source. Copies, rows that gave way to another of their key, and records
//! of students who were not tested are three things and are told apart.

use askama::Template;
use throughline_disclosure::Report;
use throughline_model::Calendar;
use throughline_model::part::FileCount;

use super::{Sheet, SheetCell, sheet};
use crate::content::distinct;
use crate::error::ReportError;
use crate::{number, tables, words};

/// What was read, in a sentence.
pub(super) fn told(report: &Report) -> String {
    let all = |part: fn(&FileCount) -> u64| report.files.iter().map(part).sum::<u64>();
    let sum = |part| number::count(all(part));
    let adds_up = if report.files.iter().all(FileCount::balances) {
        "In every file, rows read equal rows kept, rejected, duplicate and in conflict."
    } else {
        "In at least one file the counts do not add up: see the workbook."
    };
    let mut text = format!(
        "{} held {} rows: {} were kept, {} were rejected for breaking a rule, and {} were copies or were replaced by a later \
         file.",
        words::sentence_case(&words::several(
            report.files.len(),
            "export file",
            "export files"
        )),
        sum(|file| file.read),
        sum(|file| file.kept),
        sum(|file| file.rejected),
        sum(|file| file.duplicate),
    );
    let (conflict, unsettled) = (all(|file| file.conflict), all(|file| file.unsettled));
    if conflict > 0 {
        let undecided = match unsettled {
            0 => "a rule says of each which counts".to_owned(),
            open => format!(
                "for {} of these no rule says which counts",
                number::count(open)
            ),
        };
        text.push_str(&format!(
            " {} disagree with another row of the same key in their file; {undecided}.",
            number::count(conflict)
        ));
    }
    let not_tested = all(|file| file.not_tested);
    if not_tested > 0 {
        text.push_str(&format!(
            " Beside them stand {} records of students who were not tested.",
            number::count(not_tested)
        ));
    }
    format!("{text} {adds_up} Every file is listed in the workbook.")
}

/// Outcomes by the definitions of several authorities, in the last school year.
pub(super) fn beside(report: &Report) -> Result<Vec<String>, ReportError> {
    let least = report.rules.min_students;
    let told = report
        .definitions
        .iter()
        .filter_map(|one| Some((one, tables::last_year(one, least)?)));
    told.map(|(one, (year, table))| {
        let caption = format!(
            "{}, as authorities define it, {}",
            one.label,
            Calendar::label(year)
        );
        sheet(&table, caption, "numbers")
    })
    .collect()
}

/// Counts per source; files are in the workbook.
pub(super) fn sources(report: &Report) -> Result<String, ReportError> {
    type Part = fn(&FileCount) -> u64;
    let counted: [(&str, Part); 6] = [
        ("Rows read", |file| file.read),
        ("Kept", |file| file.kept),
        ("Rejected", |file| file.rejected),
        ("Duplicate", |file| file.duplicate),
        ("Conflict", |file| file.conflict),
        ("Not tested", |file| file.not_tested),
    ];
    let number = |count: u64| SheetCell {
        is_number: true,
        ..SheetCell::text(number::count(count))
    };
    let sources = distinct(report.files.iter().map(|file| (&file.source, &file.table)));
    let rows = sources
        .into_iter()
        .map(|(source, table)| {
            let files = || {
                let files = report.files.iter();
                files.filter(|file| file.source == *source && file.table == *table)
            };
            let mut row = vec![
                SheetCell::header(source.clone()),
                SheetCell::text(table.clone()),
                number(files().count() as u64),
            ];
            row.extend(counted.map(|(_, part)| number(files().map(part).sum())));
            row
        })
        .collect();
    let mut columns = vec![("Source", false), ("Table", false), ("Files", true)];
    columns.extend(counted.map(|(label, _)| (label, true)));
    Ok(Sheet {
        caption: "Exports, by source".to_owned(),
        class: "numbers",
        columns: columns
            .into_iter()
            .map(|(label, number)| (label.to_owned(), number))
            .collect(),
        rows,
    }
    .render()?)
}
