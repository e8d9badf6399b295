//! A shape taken from a release of a district's own: how many students, schools and years it has, how large classes are, how many
//! teachers take part in its programs and for how long, and how much of the training links to staff. Only counts,
//! shares and means leave the release, programs of fewer teachers than may be named are passed over, and the report lists
//! what was taken.

use serde::Deserialize;
use throughline_lake::{Lake, Release};
use throughline_model::Pipeline;

use super::shape::Shape;
use crate::errors;
use crate::exit::{Exit, Failure};

/// Students a school year, schools, school years and students a class.
const SIZE: &str = "
SELECT (SELECT count(DISTINCT student_id) FROM (SELECT student_id || ' ' || CAST(school_year AS VARCHAR) AS student_id FROM student_school)) AS student_years,
       (SELECT count(DISTINCT school_id) FROM student_school) AS schools,
       (SELECT count(DISTINCT school_year) FROM student_school) AS years,
       (SELECT avg(CAST(n AS DOUBLE)) FROM (SELECT count(DISTINCT student_id) AS n FROM student_section GROUP BY section_id, school_year)) AS class";

/// For each program the teachers × school years that took part, beside all of them, and their mean hours.
const PROGRAMS: &str = "
WITH taken AS (
  SELECT c.program, coalesce(a.staff_id, p.person_id) AS staff_id, p.school_year, sum(coalesce(p.hours, c.hours, 0.0)) AS hours
  FROM pd_participation p
  JOIN pd_activity c ON c.activity_id = p.activity_id
  LEFT JOIN staff_alias a ON a.system_staff_id = p.person_id AND CAST(p.date AS INT) BETWEEN a.from_day AND a.to_day
  WHERE p.person_type = 'staff' AND p.status IN ('completed', 'attended')
  GROUP BY 1, 2, 3
),
teacher AS (SELECT DISTINCT staff_id, school_year FROM staff_section)
SELECT t.program, count(*) AS taken, count(DISTINCT t.staff_id) AS people, avg(t.hours) AS hours,
       (SELECT count(*) FROM teacher) AS teacher_years
FROM taken t JOIN teacher k ON k.staff_id = t.staff_id AND k.school_year = t.school_year
WHERE t.hours > 0
GROUP BY t.program
ORDER BY taken DESC, t.program";

const LINKS: &str = "SELECT linked, total FROM link_rate WHERE hop = 'training record → staff'";

#[derive(Deserialize)]
struct Size {
    student_years: u64,
    schools: u64,
    years: u64,
    class: Option<f64>,
}

#[derive(Deserialize)]
struct Program {
    taken: u64,
    people: u64,
    hours: f64,
    teacher_years: u64,
}

#[derive(Deserialize)]
struct Links {
    linked: u64,
    total: u64,
}

/// The shape of a release.
pub(crate) fn like(pipeline: &Pipeline, lake: &Lake, release: &Release) -> Result<Shape, Failure> {
    let size: Vec<Size> = rows(pipeline, lake, release, SIZE)?;
    let programs: Vec<Program> = rows(pipeline, lake, release, PROGRAMS)?;
    let links: Vec<Links> = rows(pipeline, lake, release, LINKS)?;
    let floor = u64::from(pipeline.privacy.min_teachers);
    let programs: Vec<Program> = programs
        .into_iter()
        .filter(|program| program.people >= floor)
        .collect();
    let size = size.first().filter(|size| size.years > 0).ok_or_else(|| {
        Failure::new(
            Exit::DataRefused,
            "the release has no enrollment to take a shape from",
        )
    })?;
    shape(&release.id, size, &programs, links.first())
}

fn rows<T: serde::de::DeserializeOwned>(
    pipeline: &Pipeline,
    lake: &Lake,
    release: &Release,
    sql: &str,
) -> Result<Vec<T>, Failure> {
    let text = lake
        .query(release, &pipeline.measures, sql)
        .and_then(|result| result.json())
        .map_err(errors::lake)?;
    if text.is_empty() {
        return Ok(Vec::new());
    }
    serde_json::from_str(&text)
        .map_err(|error| Failure::new(Exit::Bug, format!("failed to read a shape: {error}")))
}

/// Students in an average class of the drawn districts.
const USUAL_CLASS: f64 = 20.0;

fn shape(
    release: &str,
    size: &Size,
    programs: &[Program],
    links: Option<&Links>,
) -> Result<Shape, Failure> {
    let usual = Shape::default();
    let students = (size.student_years as f64 / size.years as f64).round();
    let mut shape = Shape {
        name: "the district's own".to_owned(),
        release: Some(release.to_owned()),
        students: students as u32,
        schools: size.schools as u32,
        years: size.years.min(15) as u32,
        ..usual
    };
    if shape.schools < 3 || shape.students < 20 * shape.schools || shape.years < 3 {
        return Err(Failure::new(
            Exit::DataRefused,
            "calibration needs 3 schools, 20 students a school and 3 school years",
        ));
    }
    shape.taken_over = vec![format!(
        "{} students a school year, {} schools, {} school years",
        shape.students, shape.schools, shape.years
    )];
    if let Some(class) = size.class {
        shape.class_size = (class / USUAL_CLASS).clamp(0.2, 5.0);
        shape
            .taken_over
            .push(format!("{class:.0} students a class"));
    }
    if !programs.is_empty() {
        // From the program that most teachers take to the one that fewest do, in four steps.
        for step in 0..4 {
            let program = &programs[step * (programs.len() - 1) / 3];
            let share = program.taken as f64 / program.teacher_years.max(1) as f64;
            shape.shares[step] = share.clamp(0.01, 0.9);
            shape.hours[step] = (program.hours * 10.0).round().clamp(10.0, 5_000.0) / 10.0;
        }
        shape.taken_over.push(format!(
            "participation and hours of {} programs, from the largest to the smallest: {}",
            programs.len(),
            shape
                .shares
                .iter()
                .zip(shape.hours)
                .map(|(share, hours)| format!("{:.0} % of teachers, {hours} hours", 100.0 * share))
                .collect::<Vec<_>>()
                .join("; ")
        ));
    }
    if let Some(links) = links.filter(|links| links.total > 0) {
        let missing = 1.0 - links.linked as f64 / links.total as f64;
        let missing = missing.clamp(0.0, 0.9);
        shape.unlinked_staff = [missing, missing];
        shape.taken_over.push(format!(
            "{:.1} % of training records that link to nobody",
            100.0 * missing
        ));
    }
    Ok(shape)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_release_gives_size_participation_and_links() {
        let size = Size {
            student_years: 41_000,
            schools: 31,
            years: 4,
            class: Some(25.0),
        };
        let program = |taken, hours| Program {
            taken,
            people: 50,
            hours,
            teacher_years: 2_000,
        };
        let programs = [program(900, 6.04), program(500, 12.0), program(60, 20.0)];
        let links = Links {
            linked: 970,
            total: 1_000,
        };
        let shape = shape("abc", &size, &programs, Some(&links)).expect("a shape");
        assert_eq!(
            (shape.students, shape.schools, shape.years),
            (10_250, 31, 4)
        );
        assert!((shape.class_size - 1.25).abs() < 1e-12);
        assert_eq!(shape.shares, [0.45, 0.45, 0.25, 0.03]);
        assert_eq!(shape.hours, [6.0, 6.0, 12.0, 20.0]);
        assert!((shape.unlinked_staff[0] - 0.03).abs() < 1e-12);
        assert_eq!(shape.taken_over.len(), 4);
    }

    #[test]
    fn two_years_are_too_few() {
        let size = Size {
            student_years: 4_000,
            schools: 12,
            years: 2,
            class: None,
        };
        assert!(shape("abc", &size, &[], None).is_err());
    }
}
