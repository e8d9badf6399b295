//! One column of people's IDs, and the queries that follow it: through the crosswalks and their dates to the student and staff file.
//!
//! IDs are followed by school year first: one that leads to a listed person on every day of its rows is done with. Only rows of the others
//! are looked at one by one. Attendance and marks are linked by school year, as the measures do.

use throughline_model::Table;
use throughline_model::quality::Reason;
use throughline_model::table::{Kind, YearFrom};

use super::doses::{self, Dose};
use super::people::ASIDE;
use crate::by_year::Relation;

/// Tables whose people are found by school year.
const BY_YEAR: [&str; 2] = ["attendance_event", "course_mark"];

/// One column of IDs of one kind of person.
pub(super) struct Column<'t> {
    pub(super) table: &'t Table,
    pub(super) name: &'t str,
    /// `student` or `staff`.
    pub(super) person: &'static str,
    /// Whether rows of other kinds of person have to be left out.
    mixed: bool,
}

/// The columns of a table that hold people's IDs.
pub(super) fn columns(table: &Table) -> Vec<Column<'_>> {
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

    /// Its rows, as `r`, with what `more` joins to them.
    fn rows(&self, more: &str) -> String {
        let (table, name) = (self.table.name, self.name);
        let only = self.only();
        format!("{table} r{more} WHERE r.{name} IS NOT NULL{only}")
    }

    fn only(&self) -> String {
        if self.mixed {
            format!(" AND r.person_type = '{}'", self.person)
        } else {
            String::new()
        }
    }

    fn by_year(&self) -> bool {
        BY_YEAR.contains(&self.table.name)
    }

    /// What one of its relations is called.
    pub(super) fn relation(&self, what: &str) -> String {
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

    /// Those who are there, those who are open, and rows that lead to nobody; where the table has doses, who is lost of each.
    pub(super) fn relations(&self) -> Vec<Relation> {
        let relation = |what: &str, sql: String| Relation {
            name: self.relation(what),
            shown: format!("checks of {}.{}", self.table.name, self.name),
            sql,
            committed: true,
        };
        let mut relations = vec![
            relation("ids", self.ids()),
            relation("open", self.open()),
            relation("elsewhere", self.elsewhere()),
            relation("lost", self.lost()),
        ];
        if !doses::of(self.table).is_empty() {
            relations.push(relation("doses", self.doses()));
        }
        relations
    }

    /// IDs by school year and dose, with the first and the last day of their rows where days matter.
    fn ids(&self) -> String {
        let day = self.day();
        let days = if self.by_year() {
            String::new()
        } else {
            format!(", min({day}) AS first, max({day}) AS last")
        };
        let doses = doses::of(self.table);
        let (name, rows) = (self.name, self.rows(doses::join(self.table)));
        let named: String = doses.iter().map(Dose::named).collect();
        let groups: String = (0..doses.len()).map(|n| format!(", {}", n + 3)).collect();
        format!(
            "SELECT r.{name} AS id, r.school_year{named}{days} FROM {rows} GROUP BY 1, 2{groups}"
        )
    }

    /// The same without doses.
    fn people(&self) -> String {
        let ids = self.relation("ids");
        if doses::of(self.table).is_empty() {
            return ids;
        }
        format!(
            "(SELECT id, school_year, min(first) AS first, max(last) AS last FROM {ids} GROUP BY 1, 2)"
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
            self.people(),
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

    /// The start of a query: rows of open IDs that lead to nobody, with the reason, as `told`.
    fn told(&self) -> String {
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
        let doses = doses::of(self.table);
        format!(
            "WITH asked AS (SELECT r.{name} AS id, r.school_year, {day} AS day, r.source_file, r.source_line{named} \
               FROM {table} r{join} JOIN {open} g ON g.id = r.{name} AND (g.school_year IS NOT DISTINCT FROM r.school_year){only}), \
             twice AS ({twice}), \
             told AS (SELECT q.id, q.school_year, q.source_file AS file, q.source_line AS line{kept}, \
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
             WHERE l.id IS NULL)",
            name = self.name,
            table = self.table.name,
            join = doses::join(self.table),
            named = doses.iter().map(Dose::named).collect::<String>(),
            kept = doses
                .iter()
                .map(|dose| format!(", q.{}", dose.column()))
                .collect::<String>(),
            elsewhere = self.relation("elsewhere"),
            only = self.only(),
            not_listed = Reason::NotListed.name(),
            two = Reason::TwoPeople.name(),
            outside = Reason::OutsideDates.name(),
            unknown = Reason::Unknown.name(),
        )
    }

    /// Rows of open IDs that lead to nobody, with the reason and how many there are in the file; no more than are set aside.
    fn lost(&self) -> String {
        format!(
            "{} SELECT * FROM (SELECT school_year, reason, file, line, \
               count(*) OVER (PARTITION BY school_year, reason, file) AS n, \
               row_number() OVER (PARTITION BY school_year, reason, file ORDER BY line) AS place FROM told) \
             WHERE place <= {ASIDE}",
            self.told()
        )
    }

    /// How many people each dose has, and how many of them lead to nobody, by school year.
    fn doses(&self) -> String {
        let ids = self.relation("ids");
        let counted = doses::of(self.table).iter().map(|dose| {
            let (word, name) = (dose.word, dose.column());
            format!(
                "SELECT '{word}' AS dose, i.{name} AS name, i.school_year, count(DISTINCT i.id) AS people, count(DISTINCT g.id) AS lost \
                 FROM {ids} i LEFT JOIN (SELECT DISTINCT id, school_year, {name} FROM told) g \
                 ON g.id = i.id AND g.{name} = i.{name} AND (g.school_year IS NOT DISTINCT FROM i.school_year) GROUP BY 2, 3"
            )
        });
        let counted: Vec<String> = counted.collect();
        format!("{} {}", self.told(), counted.join(" UNION ALL "))
    }
}
