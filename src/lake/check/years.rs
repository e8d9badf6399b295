//! Whether the school years that a table is told by are those that dates elsewhere say. Some systems name 2023-24 by its first year, and
//! a roster that is a year off joins almost everybody to last year's grade and programs: nothing is lost, and all is wrong.
//!
//! Students are held against the grades of enrollment and of tests, whose years come from dates, in the same school year and in those
//! beside it; each file and year is judged by itself, for one export of several can be wrong, or made after roll-over. Rosters
//! without grades are held against who is there, year by year. A table is only called a year off where the other year fits clearly better.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use throughline_model::quality::{Checkup, State};
use throughline_model::{Calendar, SchoolYear};

use super::dated::{GRADES_AGREE, about, asked_now, evidence, there, year_of, years_of};
use super::run::{Asked, rows_of};
use super::session::Session;
use super::shift::{self, Fit, Graded, Shift, There};
use crate::error::LakeError;

/// Files that are named.
const NAMED: usize = 3;

/// Judges the school years of a table.
pub(super) fn judge(
    session: &Session<'_>,
    asked: &Asked<'_>,
    checkup: Checkup,
) -> Result<Checkup, LakeError> {
    let table = checkup.table.clone();
    let has_evidence = evidence(&table)
        .iter()
        .any(|(other, _)| rows_of(asked.parts, other) > 0);
    if table == "academic_session" {
        return terms(session, asked, checkup);
    }
    if !has_evidence {
        return Ok(nothing(checkup));
    }
    if table == "student" {
        session.bring(GRADES_AGREE)?;
        let graded: Vec<Graded> =
            session.rows(&format!("SELECT * FROM {GRADES_AGREE} ORDER BY file, year"))?;
        if graded.iter().any(Graded::is_enough) {
            return Ok(by_grades(asked, checkup, &graded));
        }
    }
    let with: Vec<(&str, &str)> = evidence(&table)
        .iter()
        .filter(|(other, _)| rows_of(asked.parts, other) > 0)
        .copied()
        .collect();
    let (listed, present) = if table == "student" {
        asked_now(&table, &with)
    } else {
        let names = (years_of(&table, about(&table)), there(&table));
        session.bring(&names.0)?;
        session.bring(&names.1)?;
        names
    };
    let found: Vec<There> = session.rows(&format!("SELECT * FROM {present} p ORDER BY year"))?;
    #[derive(Deserialize)]
    struct Listed {
        year: SchoolYear,
    }
    let listed: Vec<Listed> = session.rows(&format!(
        "SELECT DISTINCT school_year AS year FROM {listed} l ORDER BY 1"
    ))?;
    let listed: BTreeSet<SchoolYear> = listed.into_iter().map(|one| one.year).collect();
    let Some(fit) = shift::of_there(&found, &listed) else {
        return Ok(nothing(checkup));
    };
    let others: Vec<&str> = with.iter().map(|(other, _)| *other).collect();
    let with = format!("`{}`", others.join("` and `"));
    Ok(match fit.shift {
        None => checkup,
        Some(shift) => {
            let files = files_of(asked, &table);
            let why = if fit.by_ends {
                let years: BTreeSet<SchoolYear> = found.iter().map(|one| one.year).collect();
                format!(
                    "they are {}, and the dates are {}",
                    span(&listed),
                    span(&years)
                )
            } else {
                format!(
                    "{:.0} % of what is there is listed then, {:.0} % as they are",
                    100.0 * fit.then,
                    100.0 * fit.now
                )
            };
            let found = format!(
                "its school years fit the dates of {with} if they are one {} ({why}): {}",
                shift.word(),
                cure(asked, &table, &files, (shift, true))
            );
            Checkup {
                broken: checkup.rows,
                state: State::Failed,
                found,
                ..checkup
            }
        }
    })
}

fn nothing(checkup: Checkup) -> Checkup {
    Checkup {
        state: State::NotRun,
        found: "there is too little with a date to compare its school years with".to_owned(),
        ..checkup
    }
}

/// Student files by the grades of others.
fn by_grades(asked: &Asked<'_>, checkup: Checkup, graded: &[Graded]) -> Checkup {
    let mut wrong: BTreeMap<Fit, (u64, BTreeSet<&str>, BTreeSet<SchoolYear>)> = BTreeMap::new();
    let (mut pairs, mut differ) = (0, 0);
    for one in graded {
        let fit = one.fit();
        if matches!(fit, Fit::Same) {
            pairs += one.same_pairs;
            differ += one.same_pairs - one.same;
        } else if fit != Fit::Unknown {
            let (rows, files, years) = wrong.entry(fit).or_default();
            *rows += one.rows;
            files.insert(&one.file);
            years.insert(one.year);
        }
    }
    let mut told: Vec<String> = wrong
        .iter()
        .map(|(fit, (rows, files, years))| {
            let of_fit = graded.iter().filter(|one| one.fit() == *fit);
            let (then, of, now, of_now) = of_fit.fold((0, 0, 0, 0), |sum, one| {
                let (then, of) = one.of(*fit);
                (sum.0 + then, sum.1 + of, sum.2 + one.same, sum.3 + one.same_pairs)
            });
            let years = span(years);
            let as_is = match of_now {
                0 => "and there are none to compare with as they are".to_owned(),
                _ => format!("{now} of {of_now} as they are"),
            };
            let named = few(files);
            match fit {
                Fit::Moved(shift) => {
                    // Whether all that could be judged of these files says the same.
                    let whole = graded
                        .iter()
                        .filter(|one| files.contains(one.file.as_str()))
                        .all(|one| one.fit() == *fit || one.fit() == Fit::Unknown);
                    format!(
                        "{rows} rows of {named} ({years}): their school years fit the grades of enrollment and tests if they are one {} ({then} of {of} grades agree then, {as_is}): {}",
                        shift.word(),
                        cure(asked, "student", &files.iter().copied().collect::<Vec<_>>(), (*shift, whole))
                    )
                }
                Fit::Higher => format!(
                    "{rows} rows of {named} ({years}): {then} of {of} grades are one higher than in enrollment and tests of the same school year: was the file exported after roll-over?"
                ),
                _ => format!(
                    "{rows} rows of {named} ({years}): {then} of {of} grades are one lower than in enrollment and tests of the same school year"
                ),
            }
        })
        .collect();
    let broken: u64 = wrong.values().map(|(rows, ..)| rows).sum();
    let is_off = differ as f64 > checkup.at_most * pairs as f64;
    if is_off {
        told.push(format!(
            "{differ} of {pairs} grades differ from those of enrollment and tests in the same school year"
        ));
    }
    Checkup {
        broken: broken + differ,
        state: if told.is_empty() {
            State::Passed
        } else {
            State::Failed
        },
        found: told.join("; "),
        ..checkup
    }
}

/// Terms say their school year, and when they begin and end.
fn terms(session: &Session<'_>, asked: &Asked<'_>, checkup: Checkup) -> Result<Checkup, LakeError> {
    let calendar = &asked.pipeline.calendar;
    let (begins, ends) = (
        year_of(calendar, "r.begin_date"),
        year_of(calendar, "r.end_date"),
    );
    #[derive(Deserialize)]
    struct Row {
        later: u64,
        earlier: u64,
    }
    let rows: Vec<Row> = session.rows(&format!(
        "SELECT count(*) FILTER (WHERE {begins} = r.school_year + 1 AND {ends} = r.school_year + 1) AS later, \
                count(*) FILTER (WHERE {begins} = r.school_year - 1 AND {ends} = r.school_year - 1) AS earlier \
         FROM academic_session r"
    ))?;
    let Some(row) = rows.first() else {
        return Ok(nothing(checkup));
    };
    let (count, shift) = if row.later >= row.earlier {
        (row.later, Shift::Later)
    } else {
        (row.earlier, Shift::Earlier)
    };
    if count as f64 <= checkup.at_most * checkup.rows as f64 {
        return Ok(checkup);
    }
    let files = files_of(asked, "academic_session");
    let whole = count == checkup.rows;
    Ok(Checkup {
        broken: count,
        state: State::Failed,
        found: format!(
            "{count} of {} terms begin and end in the school year one {} than the one they say: {}",
            checkup.rows,
            shift.word(),
            cure(asked, "academic_session", &files, (shift, whole))
        ),
        ..checkup
    })
}

fn files_of<'a>(asked: &Asked<'a>, table: &str) -> Vec<&'a str> {
    let counts = asked.counts.iter().filter(|count| count.table == table);
    let files: BTreeSet<&str> = counts.map(|count| count.file.as_str()).collect();
    files.into_iter().collect()
}

/// What to declare of the sources that the files are of; `whole` says that all of each file is off.
fn cure(asked: &Asked<'_>, table: &str, files: &[&str], (shift, whole): (Shift, bool)) -> String {
    let counts = asked.counts.iter().filter(|count| count.table == table);
    let sources: BTreeSet<&str> = counts
        .filter(|count| files.contains(&count.file.as_str()))
        .map(|count| count.source.as_str())
        .collect();
    let mut sources = asked
        .pipeline
        .sources
        .iter()
        .filter(|source| sources.contains(source.id.as_str()));
    let named: Vec<String> = sources
        .clone()
        .map(|source| format!("`{}`", source.id))
        .collect();
    let is_start = sources.any(|source| {
        let field = source.mapping.field("school_year");
        field.is_some_and(|field| field.add_years > 0)
    });
    let other = files_of(asked, table)
        .iter()
        .any(|file| !files.contains(file));
    let named = named.join(", ");
    match (shift, whole && !other, is_start) {
        (Shift::Later, true, false) => format!("declare `year_is = \"start\"` of source {named}"),
        (Shift::Earlier, true, true) => {
            format!("take `year_is = \"start\"` from source {named}")
        }
        (_, true, _) => format!(
            "see what the years of source {named} mean, and `year_starts` under `[calendar]`"
        ),
        (Shift::Later, false, _) => format!(
            "put these rows right, or give these files a source with `year_is = \"start\"` (now {named})"
        ),
        (Shift::Earlier, false, _) => format!("put these rows of source {named} right"),
    }
}

fn span(years: &BTreeSet<SchoolYear>) -> String {
    let labels: Vec<String> = years.iter().map(|year| Calendar::label(*year)).collect();
    match (labels.first(), labels.last()) {
        (Some(first), Some(last)) if first != last => format!("{first} to {last}"),
        (Some(only), _) => only.clone(),
        _ => String::new(),
    }
}

fn few(files: &BTreeSet<&str>) -> String {
    let some: Vec<String> = files
        .iter()
        .take(NAMED)
        .map(|file| format!("`{file}`"))
        .collect();
    match files.len().saturating_sub(NAMED) {
        0 => some.join(", "),
        more => format!("{} and {more} more", some.join(", ")),
    }
}
