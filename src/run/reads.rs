//! Which canonical tables a query stands on, itself or through views: what ties a published number to export files.

use throughline_model::{Measure, tables};

/// The views that every panel stands on, whatever it measures.
const LINKS: [&str; 2] = ["student_year", "student_staff"];

/// Canonical tables that the queries read, themselves or through views; those of the links from student to teacher included.
pub(crate) fn tables<'t>(
    queries: impl Iterator<Item = &'t str>,
    measures: &'t [Measure],
) -> Vec<&'static str> {
    let mut words: Vec<&str> = LINKS.to_vec();
    queries.for_each(|text| words.extend(tokens(text)));
    let mut seen: Vec<&str> = Vec::new();
    let mut tables = Vec::new();
    while let Some(word) = words.pop() {
        if seen.contains(&word) {
            continue;
        }
        seen.push(word);
        if let Some(view) = measures.iter().find(|measure| measure.name == word) {
            words.extend(tokens(&view.sql));
        }
        if let Some(table) = tables::find(word) {
            tables.push(table.name);
        }
    }
    tables
}

/// The words of a query, comments left out.
fn tokens(sql: &str) -> impl Iterator<Item = &str> {
    sql.lines()
        .filter_map(|line| line.split("--").next())
        .flat_map(|line| line.split(|c: char| !(c.is_alphanumeric() || c == '_')))
        .filter(|word| !word.is_empty())
}
