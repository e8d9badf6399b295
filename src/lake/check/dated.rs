//! What tables with dates say about school years, as relations: the grades of students in enrollment and tests, and who or what is there in
//! which year. They are brought up to date a school year at a time, and together only where they are held against a table that says
//! its years itself.

use throughline_model::Calendar;
use throughline_model::check::{Check, Rule};

use super::run::{Asked, rows_of};
use crate::by_year::Relation;

/// How student files' grades agree with others, by file and year.
pub(super) const GRADES_AGREE: &str = "grades_agree";

/// Of each table whose years are told: what its rows are about, and the tables with dates that are about the same.
pub(super) fn evidence(table: &str) -> &'static [(&'static str, &'static str)] {
    match table {
        "school" => &[
            ("student_school", "school_id"),
            ("calendar_day", "school_id"),
        ],
        "section" | "course_mark" => &[
            ("student_section", "section_id"),
            ("staff_section", "section_id"),
        ],
        "staff" => &[("staff_section", "staff_id")],
        "student" => &[
            ("student_school", "student_id"),
            ("assessment_result", "student_id"),
        ],
        _ => &[],
    }
}

/// The column by which a table's rows are about something.
pub(super) fn about(table: &str) -> &'static str {
    match table {
        "school" => "school_id",
        "staff" => "staff_id",
        "student" => "student_id",
        _ => "section_id",
    }
}

/// What the checks ask of all rows, as relations.
pub(super) fn relations(checks: &[Check], asked: &Asked<'_>) -> Vec<Relation> {
    let parts = asked.parts;
    let mut relations: Vec<Relation> = Vec::new();
    let mut add = |name: String, table: &str, sql: String| {
        if !relations.iter().any(|known| known.name == name) {
            let shown = format!("checks of {table}.school_year");
            relations.push(Relation {
                name,
                shown,
                sql,
                committed: true,
            });
        }
    };
    for check in checks {
        let table = check.table.name;
        if !matches!(check.rule, Rule::Agrees { .. }) || rows_of(parts, table) == 0 {
            continue;
        }
        let with: Vec<&(&str, &str)> = evidence(table)
            .iter()
            .filter(|(other, _)| rows_of(parts, other) > 0)
            .collect();
        if with.is_empty() {
            continue;
        }
        if table == "student" {
            for (other, _) in &with {
                add(graded(other), table, grades(other, asked));
            }
            let names: Vec<String> = with.iter().map(|(other, _)| graded(other)).collect();
            add(GRADES_AGREE.to_owned(), table, agree(&names));
            // Who is there is asked only where grades do not tell.
            continue;
        }
        add(
            years_of(table, about(table)),
            table,
            distinct(table, about(table)),
        );
        for (other, column) in &with {
            add(years_of(other, column), table, distinct(other, column));
        }
        let names: Vec<String> = with
            .iter()
            .map(|(other, column)| years_of(other, column))
            .collect();
        add(
            there(table),
            table,
            present(&years_of(table, about(table)), &names),
        );
    }
    relations
}

/// Of a table: what it lists in which year, and how much of what is there in a year is listed when; as queries that need no relation.
pub(super) fn asked_now(table: &str, with: &[(&str, &str)]) -> (String, String) {
    let listed = format!("({})", distinct(table, about(table)));
    let there: Vec<String> = with
        .iter()
        .map(|(other, column)| format!("({})", distinct(other, column)))
        .collect();
    let present = format!("({})", present(&listed, &there));
    (listed, present)
}

fn graded(table: &str) -> String {
    format!("graded_{table}")
}

pub(super) fn years_of(table: &str, column: &str) -> String {
    format!("years_of_{table}_{column}")
}

pub(super) fn there(table: &str) -> String {
    format!("there_{table}")
}

/// Grades as numbers, each one more than the one before; null where a grade has no place among them.
fn rank(grade: &str) -> String {
    format!(
        "CASE {grade} WHEN 'PK' THEN -1 WHEN 'TK' THEN -1 WHEN 'K' THEN 0 WHEN 'ungraded' THEN NULL ELSE CAST({grade} AS INT) END"
    )
}

/// The lowest and the highest grade of each student and school year in a table whose years follow from dates.
fn grades(table: &str, asked: &Asked<'_>) -> String {
    let (date, grade, only) = match table {
        "student_school" => {
            let calendar = &asked.pipeline.calendar;
            // A spell of several years can hold the grade of its first day or of the export's: it proves nothing.
            let newest = asked.parts.iter().filter(|part| part.table == table);
            let newest = newest.filter_map(|part| Some(part.years?.1)).max();
            let only = format!(
                "CASE WHEN s.exit_date IS NULL THEN s.school_year = {} ELSE {} = s.school_year END",
                newest.unwrap_or_default(),
                year_of(calendar, "s.exit_date")
            );
            ("s.entry_date", "s.grade_level", only)
        }
        _ => (
            "s.date",
            "coalesce(s.enrolled_grade_level, s.grade_level)",
            "true".to_owned(),
        ),
    };
    format!(
        "SELECT id, school_year, min(grade) AS low, max(grade) AS high FROM ( \
           SELECT coalesce(a.student_id, s.student_id) AS id, s.school_year, {} AS grade FROM {table} s \
           LEFT JOIN student_alias a ON a.system_student_id = s.student_id \
             AND CAST({date} AS INT) BETWEEN a.from_day AND a.to_day WHERE {only}) \
         WHERE grade IS NOT NULL GROUP BY 1, 2",
        rank(grade)
    )
}

/// The school year that a date falls in, as SQL.
pub(super) fn year_of(calendar: &Calendar, date: &str) -> String {
    let (month, day) = calendar.year_starts;
    let year = format!("CAST(date_part('year', {date}) AS INT)");
    if (month, day) == (1, 1) {
        return year;
    }
    let of_day = format!(
        "100 * CAST(date_part('month', {date}) AS INT) + CAST(date_part('day', {date}) AS INT)"
    );
    format!(
        "{year} + CASE WHEN {of_day} >= {} THEN 1 ELSE 0 END",
        100 * month + day
    )
}

/// How the student files' grades agree with others, by file and school year: in the same year, in the one after and in the one before,
/// and how often the file's is one higher or one lower in the same year.
fn agree(graded: &[String]) -> String {
    let all: Vec<String> = graded
        .iter()
        .map(|name| format!("SELECT id, school_year, low, high FROM {name}"))
        .collect();
    let is = |with: &str, more: &str| {
        format!("count(*) FILTER (WHERE p.grade{more} BETWEEN {with}.low AND {with}.high)")
    };
    format!(
        "WITH grade AS (SELECT id, school_year, min(low) AS low, max(high) AS high FROM ({all}) GROUP BY 1, 2), \
         listed AS (SELECT source_file AS file, school_year, student_id AS id, {rank} AS grade FROM student) \
         SELECT p.file, p.school_year AS year, count(*) AS rows, \
                count(s.id) AS same_pairs, {same} AS same, count(l.id) AS later_pairs, {later} AS later, \
                count(e.id) AS earlier_pairs, {earlier} AS earlier, {higher} AS higher, {lower} AS lower \
         FROM listed p \
         LEFT JOIN grade s ON s.id = p.id AND s.school_year = p.school_year \
         LEFT JOIN grade l ON l.id = p.id AND l.school_year = p.school_year + 1 \
         LEFT JOIN grade e ON e.id = p.id AND e.school_year = p.school_year - 1 \
         WHERE p.grade IS NOT NULL GROUP BY 1, 2",
        all = all.join(" UNION ALL "),
        rank = rank("grade_level"),
        same = is("s", ""),
        later = is("l", ""),
        earlier = is("e", ""),
        higher = is("s", " - 1"),
        lower = is("s", " + 1"),
    )
}

/// What a table is about, by school year.
fn distinct(table: &str, column: &str) -> String {
    let (person, date) = match (table, column) {
        ("staff", _) | ("student", _) => ("", ""),
        ("staff_section", "staff_id") => ("staff", "begin_date"),
        ("student_school", "student_id") => ("student", "entry_date"),
        ("assessment_result", "student_id") => ("student", "date"),
        _ => ("", ""),
    };
    if person.is_empty() {
        return format!(
            "SELECT r.{column} AS v, r.school_year FROM {table} r WHERE r.{column} IS NOT NULL GROUP BY 1, 2"
        );
    }
    format!(
        "SELECT coalesce(a.{person}_id, r.{column}) AS v, r.school_year FROM {table} r \
         LEFT JOIN {person}_alias a ON a.system_{person}_id = r.{column} \
           AND CAST(r.{date} AS INT) BETWEEN a.from_day AND a.to_day GROUP BY 1, 2"
    )
}

/// How much of what is there in a school year is listed in the same year, in the year before (the list is one year early) and in the
/// year after.
fn present(listed: &str, there: &[String]) -> String {
    let all: Vec<String> = there
        .iter()
        .map(|name| format!("SELECT v, school_year FROM {name}"))
        .collect();
    format!(
        "WITH there AS (SELECT v, school_year FROM ({}) GROUP BY 1, 2) \
         SELECT t.school_year AS year, count(*) AS pairs, count(s.v) AS same, count(b.v) AS before, count(a.v) AS after \
         FROM there t \
         LEFT JOIN {listed} s ON s.v = t.v AND s.school_year = t.school_year \
         LEFT JOIN {listed} b ON b.v = t.v AND b.school_year = t.school_year - 1 \
         LEFT JOIN {listed} a ON a.v = t.v AND a.school_year = t.school_year + 1 \
         GROUP BY 1",
        all.join(" UNION ALL ")
    )
}
