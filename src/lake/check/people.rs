//! Rows about people: through the crosswalks and their dates to the student and staff file, and why not, where not.
//!
//! Each step is a relation (see [`super::column`]), so that a school year in which nothing changed is not looked at again. What leads to
//! nobody is judged by table, by file and, where a table tells doses, by program.

use std::collections::BTreeMap;

use serde::Deserialize;
use throughline_model::part::FileCount;
use throughline_model::quality::{Aside, Checkup, FileLine, Reason, State, Unlinked};
use throughline_model::{Part, tables};

use super::column::{Column, columns};
use super::doses::{self, Taken};
use super::run::{Asked, PLACES, counted, rows_of};
use super::session::Session;
use crate::by_year::Relation;
use crate::error::LakeError;

/// Rows of each table, column and reason that are set aside; as many are looked for in each file.
pub(super) const ASIDE: usize = 1000;
/// Tables that say who there is and which IDs people have.
const ROSTERS: [&str; 4] = ["student", "staff", "student_identity", "staff_identity"];

/// A file with this many rows, of which more than this share lead to nobody, is wrong as a whole, however few its rows are beside the
/// table's: IDs that lost their leading zeros, another school's export.
const WHOLE_FILE: (u64, f64) = (20, 0.5);

/// Everything that was found about people.
#[derive(Default)]
pub(super) struct People {
    pub(super) unlinked: Vec<Unlinked>,
    pub(super) aside: Vec<Aside>,
    /// Rows that lead to nobody, by table, column and file.
    lost: BTreeMap<(String, String, String), u64>,
    /// People by program, by table and column.
    taken: BTreeMap<(String, String), Vec<Taken>>,
}

/// What following people asks of all rows, as relations: for each column of IDs those who are there, those who are open, and rows
/// that lead to nobody.
pub(super) fn relations(parts: &[Part]) -> Vec<Relation> {
    followed(parts).iter().flat_map(Column::relations).collect()
}

/// Follows every person of every table that has rows.
pub(super) fn follow(session: &Session<'_>, asked: &Asked<'_>) -> Result<People, LakeError> {
    let mut people = People::default();
    for column in followed(asked.parts) {
        column.follow(session, asked, &mut people)?;
        let key = (column.table.name.to_owned(), column.name.to_owned());
        let taken = doses::taken(session, &column)?;
        people.taken.entry(key).or_default().extend(taken);
    }
    Ok(people)
}

/// Columns whose people are followed. A district without a student (or staff) file has nobody to lead to; its links are not
/// told row by row.
fn followed(parts: &[Part]) -> Vec<Column<'static>> {
    tables::TABLES
        .iter()
        .filter(|table| !ROSTERS.contains(&table.name) && rows_of(parts, table.name) > 0)
        .flat_map(columns)
        .filter(|column| rows_of(parts, column.person) > 0)
        .collect()
}

impl Column<'_> {
    fn follow(
        &self,
        session: &Session<'_>,
        asked: &Asked<'_>,
        people: &mut People,
    ) -> Result<(), LakeError> {
        #[derive(Deserialize)]
        struct Row {
            reason: String,
            file: String,
            line: u64,
            n: u64,
            place: u64,
        }
        let lost = self.relation("lost");
        session.bring(&lost)?;
        let rows: Vec<Row> = session.rows(&format!(
            "SELECT reason, file, line, n, place FROM {lost} ORDER BY file, line"
        ))?;
        let source = |file: &str| {
            let mut counts = asked.counts.iter();
            let found = counts.find(|count| count.file == file && count.table == self.table.name);
            found.map_or("", |count| count.source.as_str())
        };
        for first in rows.iter().filter(|row| row.place == 1) {
            let key = (self.table.name, self.name, first.file.as_str());
            let key = (key.0.to_owned(), key.1.to_owned(), key.2.to_owned());
            *people.lost.entry(key).or_default() += first.n;
        }
        for reason in Reason::ALL {
            let mut sources: BTreeMap<&str, u64> = BTreeMap::new();
            let of_reason = || rows.iter().filter(|row| row.reason == reason.name());
            for first in of_reason().filter(|row| row.place == 1) {
                *sources.entry(source(&first.file)).or_default() += first.n;
            }
            let aside: Vec<Aside> = of_reason()
                .take(ASIDE)
                .map(|row| Aside {
                    source: source(&row.file).to_owned(),
                    table: self.table.name.to_owned(),
                    column: self.name.to_owned(),
                    reason,
                    place: FileLine {
                        file: row.file.clone(),
                        line: row.line,
                    },
                })
                .collect();
            for (of, rows) in sources {
                let places = aside.iter().filter(|aside| aside.source == of);
                people.unlinked.push(Unlinked {
                    table: self.table.name.to_owned(),
                    column: self.name.to_owned(),
                    person: self.person.to_owned(),
                    source: of.to_owned(),
                    reason,
                    rows,
                    places: places
                        .take(PLACES)
                        .map(|aside| aside.place.clone())
                        .collect(),
                });
            }
            people.aside.extend(aside);
        }
        Ok(())
    }
}

impl People {
    /// Judges a column by the share of its rows that lead to nobody, in the table and in each file, and by the people that each program
    /// loses: more than `of_program` of them.
    pub(super) fn judge(
        &self,
        checkup: Checkup,
        (column, of_program): (&str, f64),
        counts: &[FileCount],
    ) -> Checkup {
        let of_column = |found: &&Unlinked| found.table == checkup.table && found.column == column;
        let found = || self.unlinked.iter().filter(of_column);
        let broken = found().map(|found| found.rows).sum();
        let mut places: Vec<FileLine> = found().flat_map(|found| found.places.clone()).collect();
        places.sort();
        places.truncate(PLACES);
        let judged = counted(checkup, broken, places);
        let files = self.wrong_files(&judged, column, counts);
        let key = (judged.table.clone(), column.to_owned());
        let programs = self.taken.get(&key).into_iter().flatten();
        let programs = doses::told(programs, of_program);
        let whole = files.first().map(|first| {
            let more = match files.len() - 1 {
                0 => String::new(),
                more => format!(" and of {more} more"),
            };
            format!("most rows of `{first}`{more} lead to nobody")
        });
        if whole.is_none() && programs.is_none() {
            return judged;
        }
        let of_file = |aside: &&Aside| {
            (aside.table == judged.table && aside.column == column)
                && Some(&aside.place.file.as_str()) == files.first()
        };
        let places: Vec<FileLine> = match files.first() {
            Some(_) => {
                let aside = self.aside.iter().filter(of_file).take(PLACES);
                aside.map(|aside| aside.place.clone()).collect()
            }
            None => judged.places,
        };
        let found: Vec<String> = whole.into_iter().chain(programs).collect();
        Checkup {
            state: State::Failed,
            found: found.join("; "),
            places,
            ..judged
        }
    }

    /// Files of which most rows lead to nobody.
    fn wrong_files<'c>(
        &self,
        judged: &Checkup,
        column: &str,
        counts: &'c [FileCount],
    ) -> Vec<&'c str> {
        let (enough, share) = WHOLE_FILE;
        let share = share.max(judged.at_most);
        let wrong = |count: &&FileCount| {
            let key = (judged.table.clone(), column.to_owned(), count.file.clone());
            let lost = self.lost.get(&key).copied().unwrap_or_default();
            count.table == judged.table
                && count.kept >= enough
                && lost as f64 > share * count.kept as f64
        };
        let files = counts.iter().filter(wrong);
        files.map(|count| count.file.as_str()).collect()
    }
}
