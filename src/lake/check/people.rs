//! Rows about people: through the crosswalks and their dates to the student and staff file, and why not, where not.
//!
//! IDs are followed by school year first: one that leads to a listed person on every day of its rows is done with. Only rows of the others
//! are looked at one by one. Each step is a relation, so that a school year in which nothing changed is not looked at again.
//! Attendance and marks are linked by school year, as the measures do.

use std::collections::BTreeMap;

use serde::Deserialize;
use throughline_model::part::FileCount;
use throughline_model::quality::{Aside, Checkup, FileLine, Reason, State, Unlinked};
use throughline_model::table::{Kind, YearFrom};
use throughline_model::{Part, Table, tables};

use super::run::{Asked, PLACES, counted, rows_of};
use super::session::Session;
use crate::by_year::Relation;
use crate::error::LakeError;

/// Rows of each table, column and reason that are set aside; as many are looked for in each file.
const ASIDE: usize = 1000;
/// Tables whose people are found by school year.
const BY_YEAR: [&str; 2] = ["attendance_event", "course_mark"];
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
}

/// One column of IDs of one kind of person.
struct Column<'t> {
    table: &'t Table,
    name: &'t str,
    /// `student` or `staff`.
    person: &'static str,
    /// Whether rows of other kinds of person have to be left out.
    mixed: bool,
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

fn columns(table: &Table) -> Vec<Column<'_>> {
    let of = |name, person, mixed| Column {
        table,
        name,
        person,
        mixed,
    };
    table
        .columns
        .iter()
        .flat_map(|column| match column.kind {
            Kind::StudentId => vec![of(column.name, "student", false)],
            Kind::StaffId => vec![of(column.name, "staff", false)],
            Kind::PersonId => ["student", "staff"]
                .map(|person| of(column.name, person, true))
                .into(),
            _ => Vec::new(),
        })
        .collect()
}

impl Column<'_> {
    /// The day that a row is about, as a number.
    fn day(&self) -> String {
        match (self.table.year, self.table.name) {
            (YearFrom::Date(date), _) => format!("CAST(r.{date} AS INT)"),
            // A device that says no day is judged by what holds now.
            (_, "device") => "coalesce(CAST(r.assigned_date AS INT), 99999)".to_owned(),
            _ => "0".to_owned(),
        }
    }

    fn rows(&self) -> String {
        let only = if self.mixed {
            format!(" AND r.person_type = '{}'", self.person)
        } else {
            String::new()
        };
        format!(
            "{} r WHERE r.{} IS NOT NULL{only}",
            self.table.name, self.name
        )
    }

    fn by_year(&self) -> bool {
        BY_YEAR.contains(&self.table.name)
    }

    /// What one of its relations is called.
    fn relation(&self, what: &str) -> String {
        format!("{what}_{}_{}_{}", self.table.name, self.name, self.person)
    }

    /// Students must be listed in the row's own school year; staff in any, as the measures ask.
    fn listed(&self, id: &str) -> (String, String) {
        let person = self.person;
        if person == "student" && self.table.year != YearFrom::Never {
            (
                "(SELECT DISTINCT student_id AS id, school_year AS y FROM student) l".to_owned(),
                format!("l.id = {id} AND l.y = q.school_year"),
            )
        } else {
            (
                format!("(SELECT DISTINCT {person}_id AS id FROM {person}) l"),
                format!("l.id = {id}"),
            )
        }
    }

    fn relations(&self) -> [Relation; 4] {
        let relation = |what: &str, sql: String| Relation {
            name: self.relation(what),
            shown: format!("checks of {}.{}", self.table.name, self.name),
            sql,
            committed: true,
        };
        [
            relation("ids", self.ids()),
            relation("open", self.open()),
            relation("elsewhere", self.elsewhere()),
            relation("lost", self.lost()),
        ]
    }

    /// IDs by school year, with the first and the last day of their rows where days matter.
    fn ids(&self) -> String {
        let (of_year, day) = (self.by_year(), self.day());
        let days = if of_year {
            String::new()
        } else {
            format!(", min({day}) AS first, max({day}) AS last")
        };
        format!(
            "SELECT r.{} AS id, r.school_year{days} FROM {} GROUP BY 1, 2",
            self.name,
            self.rows()
        )
    }

    /// IDs and school years that do not lead to somebody who is listed on every day of their rows.
    fn open(&self) -> String {
        let person = self.person;
        let (roster, listed) = self.listed(&format!("coalesce(a.{person}_id, q.id)"));
        let (alias, whole) = if self.by_year() {
            (
                "student_alias_year a ON a.system_student_id = q.id AND a.school_year = q.school_year"
                    .to_owned(),
                "a.system_student_id IS NOT NULL",
            )
        } else {
            (
                format!(
                    "{person}_alias a ON a.system_{person}_id = q.id AND a.from_day <= q.first AND a.to_day >= q.last"
                ),
                "a.from_day IS NOT NULL",
            )
        };
        format!(
            "SELECT q.id, q.school_year FROM {} q \
             LEFT JOIN {alias} \
             LEFT JOIN (SELECT DISTINCT system_{person}_id AS id FROM {person}_claim) k ON k.id = q.id \
             LEFT JOIN {roster} ON {listed} \
             WHERE l.id IS NULL OR NOT ({whole} OR k.id IS NULL)",
            self.relation("ids"),
        )
    }

    /// Open IDs that are on the roster of some year. A relation of its own: who else joins a roster leaves it as it is.
    fn elsewhere(&self) -> String {
        let person = self.person;
        format!(
            "SELECT DISTINCT p.{person}_id AS id FROM {person} p JOIN {} g ON g.id = p.{person}_id",
            self.relation("open")
        )
    }

    /// Rows of open IDs that lead to nobody, with the reason and how many there are in the file; no more than are set aside.
    fn lost(&self) -> String {
        let (person, day) = (self.person, self.day());
        let (roster, listed) = self.listed(&format!("coalesce(a.{person}_id, q.id)"));
        let open = self.relation("open");
        let (alias, twice, same) = if self.by_year() {
            (
                "student_alias_year a ON a.system_student_id = q.id AND a.school_year = q.school_year"
                    .to_owned(),
                format!(
                    "SELECT g.id, g.school_year FROM {open} g JOIN student_claim c ON c.system_student_id = g.id \
                     JOIN year_span s ON s.school_year = g.school_year AND c.from_day <= CAST(s.last_day AS INT) \
                     AND c.to_day >= CAST(s.first_day AS INT) GROUP BY 1, 2 HAVING count(DISTINCT c.student_id) > 1"
                ),
                "",
            )
        } else {
            (
                format!(
                    "{person}_alias a ON a.system_{person}_id = q.id AND q.day BETWEEN a.from_day AND a.to_day"
                ),
                format!(
                    "SELECT d.id, d.school_year, d.day FROM (SELECT DISTINCT id, school_year, day FROM asked) d \
                     JOIN {person}_claim c ON c.system_{person}_id = d.id AND d.day BETWEEN c.from_day AND c.to_day \
                     GROUP BY 1, 2, 3 HAVING count(DISTINCT c.{person}_id) > 1"
                ),
                " AND t.day = q.day",
            )
        };
        format!(
            "WITH asked AS (SELECT r.{name} AS id, r.school_year, {day} AS day, r.source_file, r.source_line \
               FROM {table} r JOIN {open} g ON g.id = r.{name} AND (g.school_year IS NOT DISTINCT FROM r.school_year){only}), \
             twice AS ({twice}), \
             told AS (SELECT q.school_year, q.source_file AS file, q.source_line AS line, \
                    CASE WHEN a.{person}_id IS NOT NULL THEN '{not_listed}' \
                         WHEN t.id IS NOT NULL THEN '{two}' \
                         WHEN e.id IS NOT NULL THEN '{not_listed}' \
                         WHEN k.id IS NOT NULL THEN '{outside}' ELSE '{unknown}' END AS reason \
             FROM asked q \
             LEFT JOIN {alias} \
             LEFT JOIN {roster} ON {listed} \
             LEFT JOIN twice t ON t.id = q.id AND (t.school_year IS NOT DISTINCT FROM q.school_year){same} \
             LEFT JOIN (SELECT DISTINCT system_{person}_id AS id FROM {person}_claim) k ON k.id = q.id \
             LEFT JOIN {elsewhere} e ON e.id = q.id \
             WHERE l.id IS NULL) \
             SELECT * FROM (SELECT school_year, reason, file, line, \
               count(*) OVER (PARTITION BY school_year, reason, file) AS n, \
               row_number() OVER (PARTITION BY school_year, reason, file ORDER BY line) AS place FROM told) \
             WHERE place <= {ASIDE}",
            name = self.name,
            table = self.table.name,
            elsewhere = self.relation("elsewhere"),
            only = if self.mixed {
                format!(" AND r.person_type = '{person}'")
            } else {
                String::new()
            },
            not_listed = Reason::NotListed.name(),
            two = Reason::TwoPeople.name(),
            outside = Reason::OutsideDates.name(),
            unknown = Reason::Unknown.name(),
        )
    }

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
    /// Judges a column by the share of its rows that lead to nobody, in the table and in each file.
    pub(super) fn judge(&self, checkup: Checkup, column: &str, counts: &[FileCount]) -> Checkup {
        let of_column = |found: &&Unlinked| found.table == checkup.table && found.column == column;
        let found = || self.unlinked.iter().filter(of_column);
        let broken = found().map(|found| found.rows).sum();
        let mut places: Vec<FileLine> = found().flat_map(|found| found.places.clone()).collect();
        places.sort();
        places.truncate(PLACES);
        let judged = counted(checkup, broken, places);
        let (enough, share) = WHOLE_FILE;
        let share = share.max(judged.at_most);
        let wrong = |count: &&FileCount| {
            let key = (judged.table.clone(), column.to_owned(), count.file.clone());
            let lost = self.lost.get(&key).copied().unwrap_or_default();
            count.table == judged.table
                && count.kept >= enough
                && lost as f64 > share * count.kept as f64
        };
        let wrong: Vec<&str> = counts
            .iter()
            .filter(wrong)
            .map(|count| count.file.as_str())
            .collect();
        let Some(first) = wrong.first() else {
            return judged;
        };
        let of_file = |aside: &&Aside| {
            (aside.table == judged.table && aside.column == column) && aside.place.file == *first
        };
        let places = self.aside.iter().filter(of_file).take(PLACES);
        let more = match wrong.len() - 1 {
            0 => String::new(),
            more => format!(" and of {more} more"),
        };
        Checkup {
            state: State::Failed,
            found: format!("most rows of `{first}`{more} lead to nobody"),
            places: places.map(|aside| aside.place.clone()).collect(),
            ..judged
        }
    }
}
