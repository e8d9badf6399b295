//! A district whose exports have the usual messes counts as the same district without: each student's days, scores, credits and
//! teachers and each teacher's hours are the same, whatever its exports hold beside the truth.

use std::collections::BTreeSet;
use std::error::Error;
use std::fs;
use std::path::Path;
use std::sync::OnceLock;

use crate::district::{District, copy};
use crate::project::Outcome;

/// The same district twice, as it is and as districts export it, each run once.
struct Pair {
    clean: District,
    messy: District,
}

fn pair() -> Result<&'static Pair, Box<dyn Error>> {
    static PAIR: OnceLock<Result<Pair, String>> = OnceLock::new();
    PAIR.get_or_init(|| run().map_err(|error| error.to_string()))
        .as_ref()
        .map_err(|error| error.clone().into())
}

fn run() -> Result<Pair, Box<dyn Error>> {
    let size = ["--students=1200", "--schools=7", "--years=3"];
    let of = |messes| District::asked(&[&size[..], &[messes]].concat());
    let (clean, messy) = (of("--messes=rows")?, of("--messes=usual")?);
    // One key: a student has one pseudonym in both.
    fs::remove_dir_all(messy.path(".throughline"))?;
    copy(&clean.path(".throughline"), &messy.path(".throughline"))?;
    let pipeline = messy.path("pipelines/p.toml");
    let text = fs::read_to_string(&pipeline)?;
    fs::write(pipeline, declared(&text))?;
    // The clean transcript names no session and holds a row twice: there an analyst says that it is one session.
    assert!(text.contains(COPIES), "the sample's pipeline says so");
    let ends = [&clean, &messy].map(|district| district.ask(&["run", "pipelines/p.toml"]));
    for end in ends {
        let said = end?;
        assert!([0, 1].contains(&said.code), "{said:?}");
    }
    Ok(Pair { clean, messy })
}

/// The pipeline with what an analyst declares of such exports: attendance by class has a source, days of tool use come as a row for each
/// session, and an incomplete mark stays stored beside the one that took its place.
fn declared(pipeline: &str) -> String {
    pipeline
        .replace(
            "mapping = \"sis_marks\"\n",
            "mapping = \"sis_marks\"\nconflicts = \"largest:credits_earned\"\n",
        )
        .replace(
            "mapping = \"tools_usage\"\n",
            "mapping = \"tools_usage\"\nconflicts = \"sum\"\n",
        )
        .replace(
            "mapping = \"sis_attendance\"\n",
            "mapping = \"sis_attendance\"\n\n[[source]]\nid = \"class_attendance\"\n\
             files = \"../exports/sis/attendance/class_*.csv\"\nmapping = \"infinite_campus_attendance_class\"\n",
        )
}

/// What the sample's pipeline says of its transcript.
const COPIES: &str = "conflicts = \"largest:hours\"";

/// The rows that a query gives, sorted.
fn rows(district: &District, sql: &str) -> Result<BTreeSet<String>, Box<dyn Error>> {
    let out = district.path("rows.csv");
    let path = out.to_str().ok_or("a path")?;
    let said = district.ask(&[
        "query",
        "--pipeline",
        "pipelines/p.toml",
        "--out",
        path,
        sql,
    ])?;
    if said.code != 0 {
        return Err(format!("{sql}: {said:?}").into());
    }
    let text = fs::read_to_string(&out)?;
    let count = text.lines().skip(1).count();
    let rows: BTreeSet<String> = text.lines().skip(1).map(str::to_owned).collect();
    if rows.len() < count {
        return Err(format!("{sql}: the same row twice").into());
    }
    Ok(rows)
}

/// Asserts that a query gives the same rows in both districts, and not too few.
fn same(what: &str, least: usize, sql: &str) -> Outcome {
    let pair = pair()?;
    let (clean, messy) = (rows(&pair.clean, sql)?, rows(&pair.messy, sql)?);
    assert!(clean.len() >= least, "{what}: {} rows", clean.len());
    let lost: Vec<&String> = clean.difference(&messy).collect();
    let new: Vec<&String> = messy.difference(&clean).collect();
    let some = |rows: &[&String]| format!("{:#?}", &rows[..rows.len().min(8)]);
    assert!(
        lost.is_empty() && new.is_empty(),
        "{what}: of {} rows {} are other ones, such as {} in place of {}",
        clean.len(),
        lost.len().max(new.len()),
        some(&new),
        some(&lost)
    );
    Ok(())
}

/// A shipped measure as a query, with its parameters filled in: these, and its own defaults.
fn measure(name: &str, parameters: &[(&str, &str)]) -> Result<String, Box<dyn Error>> {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("pipelines/measures/{name}.sql"));
    let text = fs::read_to_string(file)?;
    let (about, lines): (Vec<&str>, Vec<&str>) = text
        .lines()
        .partition(|line| line.trim_start().starts_with("--"));
    let declared = about
        .iter()
        .find_map(|line| line.strip_prefix("-- params: "));
    let defaults = declared.unwrap_or_default().split(", ");
    let defaults = defaults.filter_map(|parameter| parameter.split_once('='));
    let mut sql = lines.join("\n");
    for (parameter, value) in parameters.iter().copied().chain(defaults) {
        sql = sql.replace(&format!("${parameter}"), &format!("'{value}'"));
    }
    Ok(sql)
}

/// A measure's values, to nine digits.
fn same_measure(name: &str, parameters: &[(&str, &str)], least: usize) -> Outcome {
    let sql = measure(name, parameters)?;
    let person = if sql.contains("AS staff_id") {
        "staff_id"
    } else {
        "student_id"
    };
    let rounded = format!("SELECT {person}, school_year, round(value, 9) AS value FROM ({sql})");
    same(name, least, &rounded)
}

#[test]
fn days_are_counted_the_same() -> Outcome {
    // Who never came has no days and no row in the district without messes.
    same(
        "days",
        3_000,
        "SELECT student_id, school_year, school_id, enrolled_days, absent_days, unexcused_days, suspended_days, late_days \
         FROM attendance_year WHERE enrolled_days > 0",
    )
}

#[test]
fn students_belong_to_the_same_school() -> Outcome {
    same(
        "school",
        3_000,
        "SELECT student_id, school_year, school_id, grade_level, calendar_days, gender, race_ethnicity, economically_disadvantaged, \
         english_learner, disability, homeless FROM student_year WHERE calendar_days > 0",
    )
}

#[test]
fn attendance_and_conduct_are_the_same() -> Outcome {
    for name in [
        "attendance_rate",
        "chronic_absence",
        "unexcused_rate",
        "incidents_rate",
        "exclusionary_days_rate",
    ] {
        same_measure(name, &[], 3_000)?;
    }
    Ok(())
}

#[test]
fn scores_and_credits_are_the_same() -> Outcome {
    for (assessment, subject, term) in [
        ("map_growth", "math", "fall"),
        ("map_growth", "reading", "spring"),
        ("state_summative", "math", "any"),
    ] {
        let parameters = [
            ("assessment", assessment),
            ("subject", subject),
            ("term", term),
        ];
        same_measure("standardised_score", &parameters, 800)?;
        if term == "spring" {
            same_measure("score_growth", &parameters, 300)?;
        }
    }
    same_measure("credits_earned", &[], 700)
}

#[test]
fn use_of_tools_is_the_same() -> Outcome {
    same_measure("tool_minutes", &[("tool", "FF")], 100)
}

#[test]
fn teachers_are_the_same() -> Outcome {
    same(
        "teachers",
        10_000,
        "SELECT student_id, school_year, subject, taught_in, staff_id, round(days, 6) AS days FROM student_staff",
    )
}

#[test]
fn hours_of_training_are_the_same() -> Outcome {
    for program in ["NUMTALK", "READACAD", "DATADAYS"] {
        same_measure("pd_hours", &[("program", program)], 20)?;
        same_measure("pd_completed", &[("program", program)], 10)?;
    }
    Ok(())
}

#[test]
fn credentials_reach_their_holders() -> Outcome {
    same(
        "awards",
        20,
        "SELECT a.staff_id, w.credential_id, w.issued_date FROM credential_award w \
         JOIN staff_alias a ON a.system_staff_id = w.person_id",
    )?;
    let trainers = measure("trainer_in_school", &[("credential", "ISTE-TRAINER")])?;
    same("trainers", 4, &trainers)
}

/// All of it together: whatever is estimated comes out the same, digit for digit.
#[test]
fn findings_are_the_same() -> Outcome {
    let pair = pair()?;
    let findings = |district: &District| fs::read_to_string(district.path("reports/findings.csv"));
    let (clean, messy) = (findings(&pair.clean)?, findings(&pair.messy)?);
    assert!(clean.lines().count() > 5);
    for (ours, theirs) in clean.lines().zip(messy.lines()) {
        assert_eq!(ours, theirs);
    }
    assert_eq!(clean.lines().count(), messy.lines().count());
    Ok(())
}
