//! What a run says about the rows of its sources: why one is refused, and what is odd about one that is not. Rules are told in plain
//! words beside what the mapping expects; of a cell only its shape is told.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use throughline_model::mapping::Origin;
use throughline_model::part::RowConflict;
use throughline_model::pipeline::Source;
use throughline_model::{Diagnostic, Kind, Pipeline, Place, SchoolYear};

use crate::error::{Fault, Refusal};
use crate::range::Range;
use crate::source::Outcome;

/// Faults named when a source is refused.
const FAULTS_NAMED: usize = 5;
/// Words of a mapping's codes that are named beside one it does not know.
const WORDS_NAMED: usize = 8;
/// What an empty code mostly means, where the column has such a word.
const EMPTY_CODE: [&str; 1] = ["present"];

/// Why the source is refused, if it is.
pub(crate) fn refusal(source: &Source, outcomes: &[Outcome]) -> Option<Refusal> {
    let counts = || outcomes.iter().map(|outcome| &outcome.done.count);
    let read: u64 = counts().map(|count| count.read).sum();
    let rejected: u64 = counts().map(|count| count.rejected).sum();
    if rejected as f64 <= source.max_rejected * read as f64 {
        return None;
    }
    let mut faults: BTreeMap<(&str, Option<&str>), Fault> = BTreeMap::new();
    for fault in outcomes.iter().flat_map(|outcome| &outcome.done.faults) {
        faults
            .entry((&fault.rule, fault.column.as_deref()))
            .and_modify(|known| known.count += fault.count)
            .or_insert_with(|| fault.clone());
    }
    let mut faults: Vec<Fault> = faults.into_values().collect();
    faults.sort_by_key(|fault| std::cmp::Reverse(fault.count));
    faults.truncate(FAULTS_NAMED);
    for fault in &mut faults {
        fault.about = about(source, fault);
    }
    Some(Refusal {
        source: source.id.clone(),
        rejected,
        read,
        limit: source.max_rejected,
        faults,
    })
}

/// The conflicts of a source for which its mapping or the pipeline wants the run refused.
pub(crate) fn conflicting(source: &Source, outcomes: &[Outcome]) -> Vec<Diagnostic> {
    let key = source.mapping.key.join("`, `");
    let spoken = |file: &str, conflict: &RowConflict| {
        let place = Place {
            file: file.to_owned(),
            line: conflict
                .dropped
                .first()
                .map_or(0, |line| u32::try_from(*line).unwrap_or(u32::MAX)),
            column: 0,
        };
        let lines: Vec<String> = conflict.dropped.iter().map(u64::to_string).collect();
        let message = format!(
            "lines {} have the same `{key}` and say different things, and source `{}` has `conflicts = \"error\"`",
            lines.join(", "),
            source.id
        );
        Diagnostic::error(Some(place), message)
            .hint("correct the export, or declare which row counts: `first`, `last`, `sum`, `prefer:...`, `smallest:...`, `largest:...`, `longest:...`")
    };
    outcomes
        .iter()
        .flat_map(|outcome| {
            let file = &outcome.done.count.file;
            outcome
                .done
                .refused
                .iter()
                .map(move |conflict| spoken(file, conflict))
        })
        .collect()
}

/// What a fault means, what the mapping expects in that column, and what the first such cell looks like.
fn about(source: &Source, fault: &Fault) -> String {
    let mapping = &source.mapping;
    let field = fault.column.as_deref().and_then(|column| {
        let is = |name: &String| name.trim().eq_ignore_ascii_case(column.trim());
        let mut fields = mapping.columns.iter();
        fields.find(|field| match &field.from {
            Origin::Header(names) | Origin::Joined(names) => {
                names.iter().any(is) || is(&names.join(" · ")) || is(&names.join(" | "))
            }
            Origin::Constant(_) => false,
        })
    });
    let mut about = fault.about.clone();
    if let Some(field) = field {
        let kind = mapping.table.columns[field.column].kind;
        match (fault.rule.as_str(), kind, &field.format) {
            ("bad-date", _, Some(format)) => about.push_str(&format!(", `{format}`")),
            ("out-of-range", Kind::Date, _) => {
                about.push_str(": a year before 1990 or after 2100; years of two digits are `%y`");
            }
            ("out-of-range", Kind::Number(least, most), _) => {
                about.push_str(&format!(": {least} to {most}"));
            }
            ("out-of-range", Kind::Integer(least, most), _) => {
                about.push_str(&format!(": {least} to {most}"));
            }
            ("missing-required", Kind::Code(words), _) if !field.codes.is_empty() => {
                let word = EMPTY_CODE.iter().find(|word| words.contains(*word));
                let word = word.or(words.first()).unwrap_or(&"...");
                about.push_str(&format!(
                    "; if an empty cell means something, say what: `\"\" = \"{word}\"` under `codes` of `{}`",
                    mapping.table.columns[field.column].name
                ));
            }
            ("missing-required", _, _) if matches!(field.from, Origin::Header(_)) => {
                let column = fault.column.as_deref().unwrap_or_default();
                about.push_str(&format!(
                    "; if records without it are no rows, say so: `only = {{ \"{column}\" = [\"*\"] }}` under `[rows]`"
                ));
            }
            ("unknown-code", _, _) if !field.codes.is_empty() => {
                let words = field.codes.iter().take(WORDS_NAMED);
                let words: Vec<String> = words.map(|(word, _)| format!("`{word}`")).collect();
                let more = if field.codes.len() > WORDS_NAMED {
                    ", ..."
                } else {
                    ""
                };
                about.push_str(&format!(
                    " under `codes`, which has {}{more}",
                    words.join(", ")
                ));
            }
            _ => {}
        }
    }
    if fault.rule == "missing-required" && field.is_some() && mapping.shipped {
        let name = &mapping.name;
        about.push_str(&format!(
            " (`throughline map --shipped {name} --out pipelines/mappings/{name}.toml` makes the mapping a file of yours)"
        ));
    }
    if ["bad-date", "bad-number", "out-of-range"].contains(&fault.rule.as_str()) {
        about.push_str(&format!("; the first looks like `{}`", fault.shape));
    }
    about
}

/// Whether a file of test results holds records and no score at all: then another column may hold the scores.
pub(crate) fn without_scores(source: &Source, outcome: &Outcome) -> Option<Diagnostic> {
    let count = &outcome.done.count;
    let field = source.mapping.field("scale_score")?;
    let Origin::Header(names) = &field.from else {
        return None;
    };
    (count.read == 0 && count.not_tested > 0).then(|| {
        let place = Place {
            file: count.file.clone(),
            line: 0,
            column: 0,
        };
        let message = format!(
            "no record of the file has a score in `{}`: {} are counted as not tested",
            names.join("` or `"),
            count.not_tested
        );
        Diagnostic::warning(Some(place), message).hint(format!(
            "see which column the mapping `{}` should read",
            source.mapping.name
        ))
    })
}

/// Whether a file holds school years for which its mapping was not made.
pub(crate) fn other_years(source: &Source, outcome: &Outcome) -> Option<Diagnostic> {
    let (first, last) = source.mapping.years;
    let years = outcome.done.parts.iter().filter_map(|part| part.years);
    let (earliest, latest) = years.reduce(|a, b| (a.0.min(b.0), a.1.max(b.1)))?;
    let outside =
        first.is_some_and(|first| earliest < first) || last.is_some_and(|last| latest > last);
    let place = Place {
        file: outcome.done.count.file.clone(),
        line: 0,
        column: 0,
    };
    let written = |year: Option<i32>| year.map_or_else(String::new, |year| year.to_string());
    outside.then(|| {
        Diagnostic::warning(
            Some(place),
            format!(
                "the rows are of {earliest} to {latest}; mapping `{}` was made for `{}-{}`",
                source.mapping.name,
                written(first),
                written(last)
            ),
        )
        .hint("see whether the vendor's format of those years has a mapping of its own")
    })
}

/// Whether students or days have come that lie outside the pipeline's calendar, as they do every August.
pub(crate) fn beyond(
    pipeline: &Pipeline,
    source: &Source,
    outcomes: &[Outcome],
) -> Option<Diagnostic> {
    let table = source.mapping.table.name;
    let year = |value: i32| match table {
        "student" => Some(value),
        "attendance_event" => {
            NaiveDate::from_epoch_days(value).map(|day| pipeline.calendar.school_year(day))
        }
        _ => None,
    };
    let (first, last) = pipeline.calendar.years;
    let years = |outcome: &Outcome| match outcome.done.range {
        Range::Between(from, to) => Some((year(from)?, year(to)?)),
        Range::Empty | Range::Anywhere => None,
    };
    // Before the calendar only whole files of days: students of years that nobody asks about are listed by many exports.
    let outside = |outcome: &Outcome| {
        let (from, to) = years(outcome)?;
        let year = if to > last {
            to
        } else {
            Some(from).filter(|_| to < first && table != "student")?
        };
        Some((year, outcome.done.count.file.clone()))
    };
    let found: Vec<(SchoolYear, String)> = outcomes.iter().filter_map(outside).collect();
    let (year, file) = found.into_iter().max()?;
    let place = Place {
        file,
        line: 0,
        column: 0,
    };
    let message = format!(
        "there are rows of school year {year}, and the pipeline's calendar is {first} to {last}: nothing is measured of them"
    );
    let name = if year > last {
        "last_year"
    } else {
        "first_year"
    };
    let hint = format!(
        "if that year should count, set `{name} = {year}` under `[calendar]` of the pipeline file"
    );
    Some(Diagnostic::warning(Some(place), message).hint(hint))
}

/// That people other than its owner can read the key.
pub(crate) fn exposed(pipeline: &Pipeline) -> Diagnostic {
    let file = pipeline.privacy.key.file_name().unwrap_or_default();
    let place = Place {
        file: file.to_string_lossy().into_owned(),
        line: 0,
        column: 0,
    };
    Diagnostic::warning(Some(place), "the pseudonym key can be read by others")
        .hint("make it readable for its owner alone: `chmod 600`")
}
