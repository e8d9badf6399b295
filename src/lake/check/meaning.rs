//! IDs that are unique only within a school, in rows of which nothing says the school: sections that several schools number alike,
//! a student's incidents of one number at two schools. Such rows are linked to nobody.

use throughline_model::Pipeline;
use throughline_model::quality::Checkup;

use super::run::{PLACES, counted};
use super::session::Session;
use crate::error::LakeError;

/// Sections that mean several classes; where there are none, no row is looked at.
const SHARED: &str = "SELECT count(*) AS n FROM section_class WHERE is_shared OR NOT is_clear";

/// Where to look for rows of which nothing says what their ID means.
struct Rows {
    /// What follows `FROM`; rows are called `r`.
    from: &'static str,
    /// What says nothing, for people.
    silent: &'static str,
}

fn rows(table: &str, column: &str) -> Option<Rows> {
    let (from, silent) = match (table, column) {
        ("student_section", "section_id") => (
            "roster_school r WHERE r.school_id IS NULL",
            "neither the row nor the student's enrollment says which class",
        ),
        ("staff_section", "section_id") => (
            "section_assignment r WHERE r.school_id IS NULL",
            "neither the row nor the staff member's school says which class",
        ),
        ("course_mark", "section_id") => (
            "course_mark r JOIN (SELECT DISTINCT section_id, school_year FROM section_class WHERE is_shared) k \
             ON k.section_id = r.section_id AND k.school_year = r.school_year WHERE r.school_id IS NULL",
            "the row has no school",
        ),
        ("discipline_action", "incident_id") => (
            "discipline_action r JOIN (SELECT incident_id, student_id, school_year FROM discipline_incident \
             GROUP BY 1, 2, 3 HAVING min(school_id) <> max(school_id)) k ON k.incident_id = r.incident_id \
             AND k.student_id = r.student_id AND k.school_year = r.school_year",
            "the student has incidents of this number at two schools",
        ),
        _ => return None,
    };
    Some(Rows { from, silent })
}

pub(super) fn judge(
    session: &Session<'_>,
    pipeline: &Pipeline,
    checkup: Checkup,
    (table, column): (&str, &str),
) -> Result<Checkup, LakeError> {
    let Some(rows) = rows(table, column) else {
        return Ok(checkup);
    };
    if column == "section_id" {
        session.inline(pipeline, SHARED)?;
        if session.number(SHARED)? == 0 {
            return Ok(counted(checkup, 0, Vec::new()));
        }
    }
    let sql = format!("SELECT count(*) AS n FROM {}", rows.from);
    session.inline(pipeline, &sql)?;
    let broken = session.number(&sql)?;
    if broken == 0 {
        return Ok(counted(checkup, 0, Vec::new()));
    }
    let ids = session.number(&format!(
        "SELECT count(*) AS n FROM (SELECT DISTINCT r.{column}, r.school_year FROM {})",
        rows.from
    ))?;
    let places = session.places(rows.from, PLACES)?;
    let many = if ids == 1 { "ID has" } else { "IDs have" };
    Ok(Checkup {
        found: format!(
            "{ids} {many} several meanings, and {}; fill `school_id`, or put the school into the ID on both sides: \
             `from = [\"School_ID\", \"{}\"]`",
            rows.silent,
            if column == "section_id" {
                "Section_ID"
            } else {
                "Incident_ID"
            }
        ),
        ..counted(checkup, broken, places)
    })
}
