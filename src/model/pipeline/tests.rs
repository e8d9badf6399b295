//! What a user meets who mistypes a pipeline file: every problem, in one go, each with its place.

use std::error::Error;
use std::path::Path;

use super::Pipeline;

type Outcome = Result<(), Box<dyn Error>>;

const MAPPING: &str = r#"
vendor = "Test"
table = "attendance_event"
[columns]
student_id = { from = "ID" }
date = { from = "Date", format = "%Y-%m-%d" }
category = { from = "Code", codes = { A = "excused_absence" } }
"#;

const GOOD: &str = r#"
[district]
name = "Test"
[calendar]
first_year = 2021
last_year = 2025
[privacy]
key = "pseudonym.key"
[lake]
path = "lake"
[reports]
folder = "reports"
[[source]]
id = "attendance"
files = "exports/*.csv"
mapping = "test"
"#;

fn load(text: &str) -> Result<Result<Pipeline, Vec<String>>, Box<dyn Error>> {
    let dir = tempfile::tempdir()?;
    std::fs::create_dir_all(dir.path().join("mappings"))?;
    std::fs::write(dir.path().join("mappings/test.toml"), MAPPING)?;
    let file = dir.path().join("p.toml");
    std::fs::write(&file, text)?;
    let folder = dir.path().display().to_string();
    Ok(Pipeline::load(&file).map_err(|problems| {
        problems
            .iter()
            .map(|problem| problem.to_string().replace(&format!("{folder}/"), ""))
            .collect()
    }))
}

fn problems(text: &str) -> Result<Vec<String>, Box<dyn Error>> {
    load(text)?
        .err()
        .ok_or_else(|| "the file was accepted".into())
}

#[test]
fn a_good_file_is_resolved() -> Outcome {
    let pipeline = load(GOOD)?.map_err(|problems| problems.join("\n"))?;
    assert_eq!(pipeline.calendar.years, (2021, 2025));
    assert_eq!(pipeline.privacy.min_students, 10);
    assert_eq!(pipeline.sources[0].mapping.table.name, "attendance_event");
    assert!(pipeline.lake.path.is_absolute());
    Ok(())
}

#[test]
fn all_problems_are_reported_at_once_and_in_order() -> Outcome {
    let text = GOOD
        .replace("first_year = 2021", "frist_year = 2021")
        .replace("key = \"pseudonym.key\"", "key = \"../../outside.key\"")
        .replace(
            "mapping = \"test\"",
            "mapping = \"tset\"\nmax_rejected = \"1%\"",
        );
    let found = problems(&text)?;
    let all = found.join("\n");
    for expected in [
        "p.toml:5:1: error: unknown key `frist_year` in `calendar`\n  hint: did you mean `first_year`?",
        "error: `calendar` needs the key `first_year`",
        "p.toml:8:7: error: path `../../outside.key` leaves the project",
        "p.toml:16:11: error: no mapping is named `tset`",
        "p.toml:17:16: error: `max_rejected` must be a number, not string",
    ] {
        assert!(all.contains(expected), "missing:\n{expected}\nin:\n{all}");
    }
    Ok(())
}

#[test]
fn dangling_names_duplicates_and_impossible_dates_are_found() -> Outcome {
    let text = format!(
        "{}{}",
        GOOD.replace(
            "first_year = 2021",
            "first_year = 2021\nyear_starts = \"02-30\""
        ),
        "\n[[source]]\nid = \"attendance\"\nfiles = \"exports/*.csv\"\nmapping = \"test\"\n\
         [[study]]\nid = \"s\"\nlabel = \"S\"\nexposures = [\"nothing\"]\nsubgroups = [\"english_lerner\"]\n"
    );
    let all = problems(&text)?.join("\n");
    for expected in [
        "`02-30` is not a day of the year",
        "source id `attendance` stands twice, first at line 15",
        "no exposure has the id `nothing`",
        "unknown subgroup `english_lerner`\n  hint: did you mean `english_learner`?",
    ] {
        assert!(all.contains(expected), "missing:\n{expected}\nin:\n{all}");
    }
    Ok(())
}

#[test]
fn a_draw_is_named_by_what_it_was_for_and_is_asked_about_by_nobody() -> Outcome {
    let text = |draw: &str, exposures: &str| {
        format!(
            "{GOOD}[[exposure]]\nid = \"coaching\"\nlabel = \"C\"\nmeasure = \"pd_hours\"\nparams = {{ program = \"C\" }}\n\
             assignment = \"draw\"\n[[exposure]]\nid = \"draw\"\nlabel = \"D\"\nmeasure = \"{draw}\"\nparams = {{ program = \"C\" }}\n\
             [[study]]\nid = \"s\"\nlabel = \"S\"\nexposures = [\"{exposures}\"]\n"
        )
    };
    let pipeline = load(&text("lottery_offer", "*"))?.map_err(|p| p.join("\n"))?;
    assert_eq!(pipeline.exposures[0].assignment, Some(1));
    assert_eq!(pipeline.studies[0].exposures, [0]);
    assert!(pipeline.is_draw(1) && !pipeline.is_draw(0));
    for (text, expected) in [
        (
            text("pd_completed", "*"),
            "the measure of `draw` gives zero to who was not in the draw",
        ),
        (
            text("lottery_offer", "draw"),
            "`draw` says who won a draw and cannot be asked about",
        ),
        (
            text("lottery_offer", "*").replace("assignment = \"draw\"", "assignment = \"drawn\""),
            "no exposure has the id `drawn`\n  hint: did you mean `draw`?",
        ),
    ] {
        let all = problems(&text)?.join("\n");
        assert!(all.contains(expected), "missing:\n{expected}\nin:\n{all}");
    }
    Ok(())
}

#[test]
fn pairs_are_two_exposures_of_the_study() -> Outcome {
    let exposure = |id: &str, measure: &str| {
        format!("[[exposure]]\nid = \"{id}\"\nlabel = \"{id}\"\n{measure}\n")
    };
    let text = |pairs: &str| {
        format!(
            "{GOOD}{}{}{}[[study]]\nid = \"s\"\nlabel = \"S\"\nexposures = [\"app\", \"training\"]\npairs = {pairs}\n",
            exposure(
                "app",
                "measure = \"tool_minutes\"\nparams = { tool = \"A\" }"
            ),
            exposure(
                "training",
                "measure = \"pd_hours\"\nparams = { program = \"T\" }"
            ),
            exposure(
                "other",
                "measure = \"pd_hours\"\nparams = { program = \"O\" }"
            ),
        )
    };
    let pipeline = load(&text("[[\"app\", \"training\"]]"))?.map_err(|p| p.join("\n"))?;
    assert_eq!(pipeline.studies[0].pairs, [(0, 1)]);
    let all = problems(&text(
        "[[\"app\", \"trainin\"], [\"app\"], [\"app\", \"other\"], [\"app\", \"app\"]]",
    ))?
    .join("\n");
    for expected in [
        "no exposure has the id `trainin`\n  hint: did you mean `training`?",
        "a pair is two exposures",
        "`other` is in a pair and not among the study's exposures",
        "a pair needs two different exposures",
    ] {
        assert!(all.contains(expected), "missing:\n{expected}\nin:\n{all}");
    }
    assert!(
        problems(&text("\"app\""))?
            .join("")
            .contains("list of lists")
    );
    Ok(())
}

#[test]
fn a_mapping_s_problems_carry_the_mapping_s_place() -> Outcome {
    let dir = tempfile::tempdir()?;
    std::fs::create_dir_all(dir.path().join("mappings"))?;
    let broken = MAPPING
        .replace("excused_absence", "excused_abscence")
        .replace("student_id", "studnet_id");
    std::fs::write(dir.path().join("mappings/test.toml"), broken)?;
    let file = dir.path().join("p.toml");
    std::fs::write(&file, GOOD)?;
    let found = Pipeline::load(&file).err().ok_or("the file was accepted")?;
    let all = found
        .iter()
        .map(ToString::to_string)
        .collect::<Vec<_>>()
        .join("\n");
    assert!(all.contains("mappings/test.toml:7:"), "{all}");
    assert!(
        all.contains(
            "`excused_abscence` is not an accepted value\n  hint: did you mean `excused_absence`?"
        ),
        "{all}"
    );
    assert!(
        all.contains("has no column `studnet_id`\n  hint: did you mean `student_id`?"),
        "{all}"
    );
    assert!(all.contains("required column `student_id`"), "{all}");
    Ok(())
}

#[test]
fn the_key_may_not_lie_in_the_lake() -> Outcome {
    let text = GOOD.replace("key = \"pseudonym.key\"", "key = \"lake/pseudonym.key\"");
    assert!(
        problems(&text)?
            .join("\n")
            .contains("must lie outside the lake")
    );
    Ok(())
}

#[test]
fn a_missing_file_is_one_clear_problem() {
    let found = Pipeline::load(Path::new("no/such/file.toml"))
        .err()
        .unwrap_or_default();
    assert_eq!(found.len(), 1);
    assert!(
        found[0]
            .to_string()
            .contains("failed to read the pipeline file")
    );
}

#[test]
fn broken_syntax_is_reported_with_its_line() -> Outcome {
    let all = problems(&GOOD.replace("name = \"Test\"", "name = \"Test"))?.join("\n");
    assert!(all.contains("p.toml:3:"), "{all}");
    Ok(())
}

#[test]
fn checks_come_with_throughline_and_the_pipelines_own_replace_them() -> Outcome {
    use crate::check::{Rule, Severity};
    let shipped = load(GOOD)?.map_err(|problems| problems.join("\n"))?.checks;
    assert!(
        shipped
            .iter()
            .all(|check| check.table.name == "attendance_event" && !check.declared)
    );
    let find = |checks: &[crate::check::Check], id: &str| {
        checks.iter().find(|check| check.id() == id).cloned()
    };
    // No source fills `school`, so nothing can refer to it.
    assert!(find(&shipped, "attendance_event.refers.school_id").is_none());
    assert!(find(&shipped, "attendance_event.linked.student_id").is_some());
    let conflicts = find(&shipped, "attendance_event.conflicts").ok_or("no check")?;
    assert_eq!(
        (conflicts.severity, conflicts.at_most),
        (Severity::Warn, 0.0)
    );
    let text = GOOD.to_owned()
        + r#"
[[check]]
table = "attendance_event"
required = "school_id"
severity = "error"
[[check]]
table = "attendance_event"
rows = { fewer = 0.1 }
severity = "off"
[[check]]
table = "attendance_event"
range = { column = "date", from = 2020-07-01, to = "2025-06-30" }
at_most = 0.001
"#;
    let checks = load(&text)?.map_err(|problems| problems.join("\n"))?.checks;
    let required = find(&checks, "attendance_event.required.school_id").ok_or("no check")?;
    assert_eq!(
        (required.severity, required.at_most),
        (Severity::Error, 0.0)
    );
    assert!(required.declared);
    assert!(find(&checks, "attendance_event.rows").is_none());
    let range = find(&checks, "attendance_event.range.date").ok_or("no check")?;
    assert_eq!(
        range.rule,
        Rule::Range {
            column: "date",
            from: Some("2020-07-01".to_owned()),
            to: Some("2025-06-30".to_owned()),
        }
    );
    Ok(())
}

#[test]
fn a_check_that_asks_nothing_sensible_is_an_error() -> Outcome {
    let broken = |check: &str| -> Result<String, Box<dyn Error>> {
        let text = format!("{GOOD}\n[[check]]\n{check}\n");
        Ok(problems(&text)?.join("\n"))
    };
    for (check, wanted) in [
        (
            "table = \"attendance_evnt\"\nrequired = \"date\"",
            "did you mean `attendance_event`",
        ),
        (
            "table = \"attendance_event\"\nrequired = \"dat\"",
            "has no column `dat`",
        ),
        ("table = \"attendance_event\"", "exactly one rule"),
        (
            "table = \"attendance_event\"\nconflicts = false",
            "leaves the check out",
        ),
        (
            "table = \"attendance_event\"\nmember = true\nseverity = \"error\"",
            "its severity is `note` or `warn`",
        ),
        (
            "table = \"attendance_event\"\nrequired = \"date\"\nrows = { fewer = 0.1 }",
            "exactly one rule",
        ),
        (
            "table = \"attendance_event\"\nrequired = \"date\"\nseverity = \"fatal\"",
            "unknown severity",
        ),
        (
            "table = \"attendance_event\"\nrequired = \"date\"\nat_most = 5",
            "share between 0 and 1",
        ),
        (
            "table = \"attendance_event\"\nrange = { column = \"minutes\", from = \"x\" }",
            "can be compared with",
        ),
        (
            "table = \"attendance_event\"\nrange = { column = \"minutes\", upto = 4 }",
            "not `upto`",
        ),
        (
            "table = \"attendance_event\"\nfresh = { column = \"category\", days = 3 }",
            "column of dates",
        ),
        (
            "table = \"attendance_event\"\nlinked = \"school_id\"",
            "people's IDs",
        ),
        (
            "table = \"tool\"\nrequired = \"name\"",
            "no source of the pipeline fills",
        ),
    ] {
        let told = broken(check)?;
        assert!(told.contains(wanted), "{check}: {told}");
    }
    Ok(())
}

#[test]
fn a_source_says_which_columns_may_hold_an_id() -> Outcome {
    let ids = |line: &str| format!("{GOOD}ids = {{ {line} }}\n");
    let said = "student_id = { or = [{ from = \"StateID\", id_system = \"state\" }, { from = \"Old\" }], known_at_least = 0.5, below = \"warn\" }";
    let pipeline = load(&ids(said))?.map_err(|problems| problems.join("\n"))?;
    let field = &pipeline.sources[0].mapping.columns[0];
    let systems: Vec<&str> = field
        .candidates
        .iter()
        .map(|candidate| candidate.id_system.as_str())
        .collect();
    assert_eq!(systems, ["state", "sis"]);
    assert_eq!((field.known_at_least, field.below_warns), (0.5, true));
    for (line, message) in [
        (
            "staff_id = { known_at_least = 0.5 }",
            "fills no column `staff_id`",
        ),
        (
            "date = { or = [{ from = \"Day\" }] }",
            "holds no person's ID",
        ),
        ("student_id = { known_at_least = 2 }", "between 0 and 1"),
        ("student_id = { known = 0.5 }", "unknown key `known`"),
    ] {
        let problems = problems(&ids(line))?.join("\n");
        assert!(problems.contains(message), "{line}: {problems}");
    }
    Ok(())
}

/// Class lists that disagree stop a run; a district can say otherwise.
#[test]
fn class_lists_that_disagree_are_an_error_unless_the_pipeline_says_otherwise() -> Outcome {
    use crate::check::{Rule, Severity};
    let source =
        "\n[[source]]\nid = \"rosters\"\nfiles = \"rosters/*.csv\"\nmapping = \"sis_rosters\"\n";
    let of = |text: &str| -> Result<Vec<(Severity, f64)>, Box<dyn Error>> {
        let checks = load(text)?.map_err(|problems| problems.join("\n"))?.checks;
        let checks = checks.into_iter();
        let ours = checks
            .filter(|check| check.table.name == "student_section" && check.rule == Rule::Conflicts);
        Ok(ours.map(|check| (check.severity, check.at_most)).collect())
    };
    let text = GOOD.to_owned() + source;
    assert_eq!(of(&text)?, [(Severity::Error, 0.0)]);
    let check = "[[check]]\ntable = \"student_section\"\nconflicts = true\nat_most = 0.01\n";
    assert_eq!(of(&(text + check))?, [(Severity::Warn, 0.01)]);
    Ok(())
}

/// An outcome of the shipped chronic absence, with further lines.
fn chronic(lines: &str) -> String {
    let outcome = "[[outcome]]\nid = \"chronic\"\nlabel = \"Chronic absence\"\nmeasure = \"chronic_absence\"\ndomain = \"attendance\"\nbetter = \"lower\"\n";
    format!("{GOOD}{outcome}{lines}\n")
}

#[test]
fn an_outcome_goes_by_a_definition_and_the_others_stand_beside_it() -> Outcome {
    let of = |lines: &str| -> Result<Pipeline, Box<dyn Error>> {
        Ok(load(&chronic(lines))?.map_err(|problems| problems.join("\n"))?)
    };
    let min_days = |pipeline: &Pipeline| pipeline.outcomes[0].params["min_days"].clone();
    let pipeline = of("")?;
    assert_eq!(min_days(&pipeline), "45");
    let chosen = |pipeline: &Pipeline| {
        let chosen = pipeline.compared[0].chosen.as_ref();
        chosen.map(|one| one.id.clone())
    };
    assert_eq!(chosen(&pipeline).as_deref(), Some("throughline"));
    let ids = |pipeline: &Pipeline| -> Vec<String> {
        let beside = pipeline.compared[0].beside.iter();
        beside.map(|one| one.id.clone()).collect()
    };
    assert!(ids(&pipeline).contains(&"edfacts".to_owned()));
    let pipeline =
        of("definition = \"edfacts\"\nbeside = [\"california_dashboard\", \"edfacts\"]")?;
    assert_eq!(min_days(&pipeline), "10");
    assert_eq!(chosen(&pipeline).as_deref(), Some("edfacts"));
    assert_eq!(ids(&pipeline), ["california_dashboard"]);
    // Its own parameters come first, and then it goes by no definition.
    let pipeline = of("definition = \"edfacts\"\nparams = { min_days = 20 }")?;
    assert_eq!(min_days(&pipeline), "20");
    assert_eq!(pipeline.outcomes[0].params["grades_out"], "PK");
    assert_eq!(pipeline.compared[0].chosen, None);
    Ok(())
}

#[test]
fn a_definition_that_there_is_not_is_an_error_with_its_place() -> Outcome {
    let told = problems(&chronic("definition = \"edfact\""))?.join("\n");
    assert!(told.contains("did you mean `edfacts`"), "{told}");
    let told = problems(&chronic("beside = [\"ohio\"]"))?.join("\n");
    assert!(told.contains("has no definition `ohio`"), "{told}");
    Ok(())
}

#[test]
fn a_source_says_how_its_ids_are_repaired() -> Outcome {
    let of = |ids: &str| format!("{GOOD}ids = {{ {ids} }}\n");
    let pipeline = load(&of(
        "student_id = { repair = [\"strip_decimal\", \"pad_zeros:7\"] }",
    ))?
    .map_err(|problems| problems.join("\n"))?;
    let field = pipeline.sources[0].mapping.field("student_id");
    use crate::repair::Repair::{PadZeros, StripDecimal};
    assert_eq!(
        field.map(|field| &field.repair[..]),
        Some(&[StripDecimal, PadZeros(7)][..])
    );
    for (ids, wanted) in [
        (
            "student_id = { repair = \"strip_decimals\" }",
            "did you mean `strip_decimal`",
        ),
        (
            "date = { repair = \"strip_decimal\" }",
            "`date` holds no ID",
        ),
    ] {
        let told = problems(&of(ids))?.join("\n");
        assert!(told.contains(wanted), "{told}");
    }
    Ok(())
}

#[test]
fn programs_and_school_years_are_checked_as_the_pipeline_says() -> Outcome {
    let of = |check: &str| format!("{GOOD}[[check]]\ntable = \"attendance_event\"\n{check}\n");
    let pipeline = load(&of("linked = \"people\"\nof_program = 0.1"))?
        .map_err(|problems| problems.join("\n"))?;
    use crate::check::Rule;
    let rules: Vec<&Rule> = pipeline.checks.iter().map(|check| &check.rule).collect();
    let column = "student_id";
    let of_program = 0.1;
    assert!(rules.contains(&&Rule::Linked { column, of_program }));
    for (check, wanted) in [
        (
            "linked = \"people\"\nof_program = 5",
            "a share between 0 and 1",
        ),
        (
            "unique = [\"key\"]\nof_program = 0.1",
            "`of_program` belongs to `linked`",
        ),
        ("agrees = \"school_year\"", "no column `school_year`"),
        (
            "agrees = \"date\"",
            "about the `school_year` that an export says itself",
        ),
    ] {
        let told = problems(&of(check))?.join("\n");
        assert!(told.contains(wanted), "{told}");
    }
    Ok(())
}
