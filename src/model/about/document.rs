//! The words about tables as a page for one table, and as the document `docs/tables.md`.

use std::fmt::Write as _;

use super::{About, all};
use crate::builtin;
use crate::table::{Column, Kind, Table};
use crate::tables;

/// Width of the lines of a page, in characters.
const WIDTH: usize = 120;

/// Everything about a table, for the terminal.
pub fn page(about: &About) -> String {
    let mut text = format!("{}\n", about.table);
    for (title, words) in parts(about).into_iter().chain(details(about)) {
        let _ = writeln!(text, "\n{title}");
        for line in wrapped(&words) {
            let _ = writeln!(text, "  {line}");
        }
    }
    text
}

/// The document `docs/tables.md`.
pub fn document() -> String {
    let mut text = String::from(
        "# The canonical tables\n\n\
         What one row of each table is, what may repeat, what its dates mean, what a blank means, and what happens to rows of one file that have the \
         same key and disagree. `throughline tables NAME` prints the same, with key, columns and the rules of shipped mappings; this file is written by `throughline tables --document`.\n\n\
         Rows that are equal in all that is kept are copies, and one of them counts. A row of a later file corrects the same key's row of an earlier one.\n\
         A mapping or a source can declare its own rule with `conflicts = …`; a person's ID leaves the reader only as a pseudonym.\n",
    );
    for about in all() {
        let _ = writeln!(text, "\n## `{}`\n", about.table);
        for (title, words) in parts(about) {
            let _ = writeln!(text, "- **{title}** {words}");
        }
    }
    text
}

/// What is told of a table, by title.
fn parts(about: &About) -> Vec<(&'static str, String)> {
    vec![
        ("One row is", about.row.to_owned()),
        ("May repeat", about.repeats.to_owned()),
        ("Dates", about.dates.to_owned()),
        ("Blank", about.blank.to_owned()),
        ("Rows that disagree", about.conflicts.to_owned()),
        ("Says who", about.standard.to_owned()),
    ]
}

/// What the program alone says, read off the declarations of tables and mappings.
fn details(about: &About) -> Vec<(&'static str, String)> {
    let Some(table) = tables::find(about.table) else {
        return Vec::new();
    };
    let key = named(table.key.iter().copied());
    let mut details = vec![("Key", key), ("Columns", columns(table))];
    let shipped = shipped_rules(table);
    if !shipped.is_empty() {
        details.push(("Shipped rules", shipped));
    }
    details
}

fn named<'a>(names: impl Iterator<Item = &'a str>) -> String {
    let names: Vec<String> = names.map(|name| format!("`{name}`")).collect();
    names.join(", ")
}

fn columns(table: &Table) -> String {
    let each = table.columns.iter().map(|column| {
        let must = if column.required { ", required" } else { "" };
        format!("`{}` ({}{must})", column.name, kind(column))
    });
    each.collect::<Vec<_>>().join(", ")
}

fn kind(column: &Column) -> String {
    match column.kind {
        Kind::Text => "text".to_owned(),
        Kind::Id => "ID".to_owned(),
        Kind::StudentId => "a student's ID".to_owned(),
        Kind::StaffId => "a staff member's ID".to_owned(),
        Kind::PersonId => "a person's ID".to_owned(),
        Kind::Code(words) => words.join(" | "),
        Kind::Date => "date".to_owned(),
        Kind::Integer(from, to) => format!("whole number, {from} to {to}"),
        Kind::Number(from, to) => format!("number, {from} to {to}"),
        Kind::Flag => "yes or no".to_owned(),
    }
}

/// Which shipped mappings of the table declare a rule, and which.
fn shipped_rules(table: &Table) -> String {
    let line = |text: &'static str, key: &str| -> Option<&'static str> {
        let mut lines = text.lines().take_while(|line| !line.starts_with('['));
        let found =
            lines.find_map(|line| line.strip_prefix(key)?.trim_start().strip_prefix('='))?;
        Some(found.trim())
    };
    let of_table = format!("\"{}\"", table.name);
    let rules = builtin::mappings().iter().filter_map(|(name, text)| {
        (line(text, "table")? == of_table).then_some(())?;
        let rule = line(text, "conflicts")?;
        Some(format!("`{name}` {}", rule.replace('"', "")))
    });
    rules.collect::<Vec<_>>().join("; ")
}

fn wrapped(text: &str) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        match lines.last_mut() {
            Some(line) if line.chars().count() + 1 + word.chars().count() <= WIDTH => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_document_is_what_the_program_says() {
        let written = include_str!("../../../docs/tables.md");
        assert_eq!(
            written.replace("\r\n", "\n"),
            document(),
            "write it anew with `throughline tables --document > docs/tables.md`"
        );
    }

    #[test]
    fn a_page_holds_the_words_and_the_key() {
        let about = super::super::find("student_school").map(page);
        let text = about.unwrap_or_default();
        assert!(text.starts_with("student_school\n"));
        assert!(text.contains("`student_id`, `school_id`, `entry_date`"));
        assert!(text.lines().all(|line| line.chars().count() <= WIDTH + 2));
    }
}
