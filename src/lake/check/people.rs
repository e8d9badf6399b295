//! Rows about people: through the crosswalks and their dates to the student and staff file, and why not, where not.
//!
//! IDs are followed by school year first: one that leads to a listed person on every day of its rows is done with. Only rows of the others
//! are looked at one by one. Attendance and marks are linked by school year, as the measures do.

use std::collections::BTreeMap;

use serde::Deserialize;
use throughline_model::quality::{Aside, Checkup, FileLine, Reason, Unlinked};
use throughline_model::table::{Kind, YearFrom};
use throughline_model::{Table, tables};

use super::run::{Asked, PLACES, counted, rows_of};
use super::session::Session;
use crate::error::LakeError;

/// Rows of each table, column and reason that are set aside.
const ASIDE: usize = 1000;
/// Tables whose people are found by school year.
const BY_YEAR: [&str; 2] = ["attendance_event", "course_mark"];
/// Tables that say who there is and which IDs people have.
const ROSTERS: [&str; 4] = ["student", "staff", "student_identity", "staff_identity"];

/// Everything that was found about people.
#[derive(Default)]
pub(super) struct People {
    pub(super) unlinked: Vec<Unlinked>,
    pub(super) aside: Vec<Aside>,
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

/// Follows every person of every table that has rows.
pub(super) fn follow(session: &Session<'_>, asked: &Asked<'_>) -> Result<People, LakeError> {
    let parts = asked.parts;
    let mut people = People::default();
    let tables = tables::TABLES
        .iter()
        .filter(|table| !ROSTERS.contains(&table.name) && rows_of(parts, table.name) > 0);
    for table in tables {
        for column in columns(table) {
            // A district without a student (or staff) file has nobody to lead to; its links are not told row by row.
            if rows_of(parts, column.person) > 0 {
                column.follow(session, asked, &mut people)?;
            }
        }
    }
    Ok(people)
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

    /// Students must be listed in the row's own school year; staff in any, as the measures ask.
    fn listed(&self, id: &str) -> (String, String) {
        let person = self.person;
        if person == "student" && self.table.year != YearFrom::Never {
            (
                "(SELECT DISTINCT student_id AS id, school_year AS y FROM student) l".to_owned(),
                format!("l.id = {id} AND l.y = q.y"),
            )
        } else {
            (
                format!("(SELECT DISTINCT {person}_id AS id FROM {person}) l"),
                format!("l.id = {id}"),
            )
        }
    }

    /// IDs and school years that lead to somebody who is listed, whatever the day.
    fn open_groups(&self) -> String {
        let (person, day) = (self.person, self.day());
        let (roster, listed) = self.listed(&format!("coalesce(a.{person}_id, q.id)"));
        let (alias, whole, unclaimed) = if self.by_year() {
            (
                "student_alias_year a ON a.system_student_id = q.id AND a.school_year = q.y"
                    .to_owned(),
                "a.system_student_id IS NOT NULL",
                "k.id IS NULL",
            )
        } else {
            (
                format!(
                    "{person}_alias a ON a.system_{person}_id = q.id AND a.from_day <= q.first AND a.to_day >= q.last"
                ),
                "a.from_day IS NOT NULL",
                "k.id IS NULL",
            )
        };
        format!(
            "SELECT q.id, q.y FROM (SELECT r.{} AS id, r.school_year AS y, min({day}) AS first, max({day}) AS last \
             FROM {} GROUP BY 1, 2) q \
             LEFT JOIN {alias} \
             LEFT JOIN (SELECT DISTINCT system_{person}_id AS id FROM {person}_claim) k ON k.id = q.id \
             LEFT JOIN {roster} ON {listed} \
             WHERE l.id IS NULL OR NOT ({whole} OR {unclaimed})",
            self.name,
            self.rows(),
        )
    }

    /// Rows of open IDs that lead to nobody, with the reason.
    fn unlinked(&self) -> String {
        let (person, day) = (self.person, self.day());
        let (roster, listed) = self.listed(&format!("coalesce(a.{person}_id, q.id)"));
        let (alias, twice) = if self.by_year() {
            (
                "student_alias_year a ON a.system_student_id = q.id AND a.school_year = q.y".to_owned(),
                "SELECT g.id, g.y AS at FROM open_group g JOIN student_claim c ON c.system_student_id = g.id \
                 JOIN year_span s ON s.school_year = g.y AND c.from_day <= CAST(s.last_day AS INT) \
                 AND c.to_day >= CAST(s.first_day AS INT) GROUP BY 1, 2 HAVING count(DISTINCT c.student_id) > 1"
                    .to_owned(),
            )
        } else {
            (
                format!(
                    "{person}_alias a ON a.system_{person}_id = q.id AND q.day BETWEEN a.from_day AND a.to_day"
                ),
                format!(
                    "SELECT d.id, d.day AS at FROM (SELECT DISTINCT id, day FROM asked) d \
                     JOIN {person}_claim c ON c.system_{person}_id = d.id AND d.day BETWEEN c.from_day AND c.to_day \
                     GROUP BY 1, 2 HAVING count(DISTINCT c.{person}_id) > 1"
                ),
            )
        };
        let at = if self.by_year() { "q.y" } else { "q.day" };
        format!(
            "WITH asked AS (SELECT r.{name} AS id, r.school_year AS y, {day} AS day, r.source_file, r.source_line \
               FROM {table} r JOIN open_group g ON g.id = r.{name} AND (g.y IS NOT DISTINCT FROM r.school_year){only}), \
             twice AS ({twice}) \
             SELECT q.source_file, q.source_line, \
                    CASE WHEN a.{person}_id IS NOT NULL THEN '{not_listed}' \
                         WHEN t.id IS NOT NULL THEN '{two}' \
                         WHEN e.id IS NOT NULL THEN '{not_listed}' \
                         WHEN k.id IS NOT NULL THEN '{outside}' ELSE '{unknown}' END AS reason \
             FROM asked q \
             LEFT JOIN {alias} \
             LEFT JOIN {roster} ON {listed} \
             LEFT JOIN twice t ON t.id = q.id AND t.at = {at} \
             LEFT JOIN (SELECT DISTINCT system_{person}_id AS id FROM {person}_claim) k ON k.id = q.id \
             LEFT JOIN (SELECT DISTINCT {person}_id AS id FROM {person}) e ON e.id = q.id \
             WHERE l.id IS NULL",
            name = self.name,
            table = self.table.name,
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
        if session.keep("open_group", &self.open_groups())? == 0 {
            return Ok(());
        }
        #[derive(Deserialize)]
        struct Row {
            reason: String,
            file: String,
            n: u64,
        }
        let unlinked = self.unlinked();
        let counts: Vec<Row> = session.rows(&format!(
            "SELECT reason, source_file AS file, count(*) AS n FROM ({unlinked}) GROUP BY 1, 2 ORDER BY 1, 2"
        ))?;
        let source = |file: &str| {
            let mut counts = asked.counts.iter();
            let found = counts.find(|count| count.file == file && count.table == self.table.name);
            found.map_or("", |count| count.source.as_str())
        };
        for reason in Reason::ALL {
            let mut sources: BTreeMap<&str, u64> = BTreeMap::new();
            for row in counts.iter().filter(|row| row.reason == reason.name()) {
                *sources.entry(source(&row.file)).or_default() += row.n;
            }
            if sources.is_empty() {
                continue;
            }
            let only = format!("({unlinked}) r WHERE r.reason = '{}'", reason.name());
            let aside = session.places(&only, ASIDE)?;
            for (of, rows) in sources {
                let places = aside.iter().filter(|place| source(&place.file) == of);
                people.unlinked.push(Unlinked {
                    table: self.table.name.to_owned(),
                    column: self.name.to_owned(),
                    person: self.person.to_owned(),
                    source: of.to_owned(),
                    reason,
                    rows,
                    places: places.take(PLACES).cloned().collect(),
                });
            }
            people.aside.extend(aside.into_iter().map(|place| Aside {
                source: source(&place.file).to_owned(),
                table: self.table.name.to_owned(),
                column: self.name.to_owned(),
                reason,
                place,
            }));
        }
        Ok(())
    }
}

impl People {
    /// Judges a column by the share of its rows that lead to nobody.
    pub(super) fn judge(&self, checkup: Checkup, column: &str) -> Checkup {
        let of_column = |found: &&Unlinked| found.table == checkup.table && found.column == column;
        let found = || self.unlinked.iter().filter(of_column);
        let broken = found().map(|found| found.rows).sum();
        let mut places: Vec<FileLine> = found().flat_map(|found| found.places.clone()).collect();
        places.sort();
        places.truncate(PLACES);
        counted(checkup, broken, places)
    }
}
