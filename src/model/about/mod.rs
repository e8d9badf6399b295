//! What one row of each canonical table is, what may repeat, what its dates mean, what a blank means, what happens to rows of one key
//! that disagree, and which standard says so. `throughline tables` prints it, and `docs/tables.md` is written from it.
//!
//! These are words for people: nothing is computed from them. A change of what the reader or a measure does with a table changes the
//! words here in the same commit.

mod document;
mod people;
mod programs;
mod results;
mod schools;

pub use document::{document, page};

/// What is known about a canonical table beside its columns.
#[derive(Debug)]
pub struct About {
    /// Name of the table.
    pub table: &'static str,
    /// What one row is.
    pub row: &'static str,
    /// What may stand in several rows, and how it counts then.
    pub repeats: &'static str,
    /// What the dates mean: first and last day, included or not.
    pub dates: &'static str,
    /// What an empty cell means.
    pub blank: &'static str,
    /// What happens to rows of one file with the same key and different content.
    pub conflicts: &'static str,
    /// Standards and documents that say so.
    pub standard: &'static str,
}

/// What is known about the table named `name`.
pub fn find(name: &str) -> Option<&'static About> {
    all().find(|about| about.table == name)
}

/// All tables that a mapping can fill, in the order of [`crate::tables::TABLES`].
pub fn all() -> impl Iterator<Item = &'static About> {
    [
        schools::ABOUT,
        people::ABOUT,
        results::ABOUT,
        programs::ABOUT,
    ]
    .into_iter()
    .flatten()
}

/// Where nothing else is said: the conflict is told, and content decides.
const TOLD: &str = "No rule of its own: the conflict is told by line, a check warns, and one row stands until somebody decides (which one depends on \
    what the rows hold, never on their order).";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tables::TABLES;

    #[test]
    fn every_table_that_can_be_mapped_is_told_of_once() {
        let mut told: Vec<&str> = all().map(|about| about.table).collect();
        told.sort_unstable();
        let names = TABLES.iter().map(|table| table.name);
        let mut tables: Vec<&str> = names.filter(|name| *name != "reject").collect();
        tables.sort_unstable();
        assert_eq!(told, tables);
    }
}
