//! Whose the rows of a table of people are: students' or the staff's. A mapping says it once, for all its rows, so that no
//! column fills it; a column may show it, and where both kinds are in one file it takes two mappings.

use super::assign::{Columns, Pair};
use super::proposal::Asked;
use super::vocabulary::Vocabulary;
use crate::table::{Column, Table};

/// Least share of a column's cells that name the same kind of person.
const SAME: f64 = 0.98;

/// The kind of person and why; or the question.
pub(super) fn person_type(
    table: &Table,
    field: &'static Column,
    pairs: &[Pair],
    columns: &Columns<'_>,
    vocabulary: &Vocabulary,
) -> Result<(String, String), Asked> {
    let ask = |why: String| {
        Err(Asked {
            field,
            choices: vec!["staff".to_owned(), "student".to_owned()],
            why,
        })
    };
    for profile in columns.profiles.iter().filter(|profile| profile.filled > 0) {
        let (students, staff) = (
            profile.share(profile.students),
            profile.share(profile.staff),
        );
        let name = &profile.name;
        if students >= SAME {
            return Ok((
                "student".to_owned(),
                format!("the cells of `{name}` say so"),
            ));
        }
        if staff >= SAME {
            return Ok(("staff".to_owned(), format!("the cells of `{name}` say so")));
        }
        if students > 0.0 && staff > 0.0 && students + staff > 0.5 {
            return ask(format!(
                "`{name}` holds both: one mapping for each, told apart by `[rows]` with `only = {{ \"{name}\" = [\"…\"] }}`"
            ));
        }
    }
    let person = pairs
        .iter()
        .find(|pair| table.columns[pair.field].kind.is_person());
    let of_column = person
        .map(|pair| columns.words[pair.column].as_slice())
        .unwrap_or_default();
    let says = |word: &str, words: &[String]| words.iter().any(|found| found == word);
    let all = columns.words.concat();
    for (here, why) in [
        (of_column, "the ID column's name says so"),
        (all.as_slice(), "other columns' names say so"),
    ] {
        match (says("student", here), says("staff", here)) {
            (true, false) => return Ok(("student".to_owned(), why.to_owned())),
            (false, true) => return Ok(("staff".to_owned(), why.to_owned())),
            _ => {}
        }
    }
    match vocabulary.constants(table.name, field.name).as_slice() {
        [(only, count)] if *count > 1 => Ok((
            (*only).to_owned(),
            format!("all {count} shipped mappings of this table say so: check it"),
        )),
        _ => ask("nothing in the file says whose rows they are".to_owned()),
    }
}
