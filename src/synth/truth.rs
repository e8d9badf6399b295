//! `truth.json`: what every program truly does, on the scales Throughline reports, so that its findings can be graded.
//! Scales are measured on the district that was made: an effect of so many hundredths of a rate is so many standard
//! deviations of this district's students.

use std::fs;

use serde::Serialize;

use crate::export::Out;
use crate::messes::Messed;
use crate::program::{CREDENTIALS, Effects, NIL, TOOLS, TRAINER, Uptake};
use crate::scale::Scale;
use crate::spec::{Attendance, SynthError, WrittenFile};
use crate::world::World;

#[derive(Serialize)]
struct Truth<'a> {
    about: &'static str,
    district: District,
    scale: ScaleOut,
    programs: Vec<ProgramOut>,
    planted_mess: &'a [super::export::Planted],
    /// What miscounts and is no error of format.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    messes: Vec<Messed>,
}

#[derive(Serialize)]
struct District {
    students: u32,
    schools: u32,
    years: u32,
    seed: u64,
    first_year: i32,
    last_year: i32,
    attendance: Attendance,
    selection: f64,
    trend: f64,
}

#[derive(Serialize)]
struct ScaleOut {
    math_sd: f64,
    reading_sd: f64,
    attendance_rate_sd: f64,
    incidents_per_100_days_mean: f64,
    incidents_per_100_days_sd: f64,
}

#[derive(Serialize)]
struct ProgramOut {
    id: &'static str,
    name: &'static str,
    kind: &'static str,
    exports: Exports,
    window: &'static str,
    unit: &'static str,
    usual_dose: f64,
    assigned_to: &'static str,
    uptake: &'static str,
    /// Rise of the log-odds to take it per standard deviation of teacher quality.
    selection: f64,
    verdict: &'static str,
    effects_per_usual_dose: Vec<EffectOut>,
    naive_correlation: &'static str,
    caution: Option<&'static str>,
}

#[derive(Serialize, Default)]
struct Exports {
    #[serde(skip_serializing_if = "Option::is_none")]
    program: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    credential_id: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    framework: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tool_id: Option<&'static str>,
}

#[derive(Serialize)]
struct EffectOut {
    outcome: &'static str,
    /// Change in the outcome's own unit, where it has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    change: Option<f64>,
    sd: f64,
    sd_per_unit: f64,
}

/// Writes `truth.json`.
pub(crate) fn write(world: &World, scale: &Scale, out: &mut Out<'_>) -> Result<(), SynthError> {
    let spec = &world.spec;
    let truth = Truth {
        about: "What is true in this synthetic district. Scores are in student-level standard deviations of the spring MAP-like test within grade and year; \
                effects act through teachers, weighted by days shared and share of teaching, unless assigned to students or schools.",
        district: District {
            students: spec.students,
            schools: spec.schools,
            years: spec.years,
            seed: spec.seed,
            first_year: spec.first_year(),
            last_year: spec.last_year,
            attendance: spec.attendance,
            selection: spec.selection,
            trend: spec.trend,
        },
        scale: ScaleOut {
            math_sd: round(scale.score_sd(&scale.math)),
            reading_sd: round(scale.score_sd(&scale.reading)),
            attendance_rate_sd: round(scale.attendance.sd()),
            incidents_per_100_days_mean: round(scale.incidents.mean()),
            incidents_per_100_days_sd: round(scale.incident_sd()),
        },
        programs: programs(world, scale),
        planted_mess: &out.planted,
        messes: Messed::of(&out.messed),
    };
    let path = out.folder.join("truth.json");
    let at = |source| SynthError::Io {
        path: path.clone(),
        source,
    };
    let mut text = serde_json::to_string_pretty(&truth).map_err(|error| at(error.into()))?;
    text.push('\n');
    fs::write(&path, &text).map_err(at)?;
    out.written.files.push(WrittenFile {
        path: "truth.json".to_owned(),
        rows: 0,
        bytes: text.len() as u64,
    });
    Ok(())
}

fn round(number: f64) -> f64 {
    let rounded = (number * 10_000.0).round() / 10_000.0;
    if rounded == 0.0 { 0.0 } else { rounded }
}

fn programs(world: &World, scale: &Scale) -> Vec<ProgramOut> {
    let mut programs = Vec::new();
    for program in &world.programs {
        let (uptake, selection) = match program.uptake {
            Uptake::Choice { selection, .. } => ("by choice", selection * world.spec.selection),
            Uptake::Required => ("required of everyone employed on the day", 0.0),
            Uptake::AfterBadYear => (
                "assigned in late spring to teachers whose students grew least that year",
                0.0,
            ),
            Uptake::ImprovingSchools => (
                "two in three teachers of schools that were improving already",
                0.0,
            ),
            Uptake::Lottery { selection, .. } => (
                "half of who applies, drawn by lot; nine in ten of them come, and one in twenty of who lost",
                selection * world.spec.selection,
            ),
            Uptake::Pilot { .. } => ("a handful of teachers, from the middle year on", 0.0),
        };
        programs.push(ProgramOut {
            id: program.id,
            name: program.title,
            kind: "pd",
            exports: Exports {
                program: Some(program.code),
                ..Exports::default()
            },
            window: "prior_year",
            unit: "hours",
            usual_dose: program.usual_hours,
            assigned_to: "teacher",
            uptake,
            selection,
            verdict: verdict(&program.effects),
            effects_per_usual_dose: effects(scale, &program.effects, program.usual_hours),
            naive_correlation: program.naive,
            caution: program.caution,
        });
    }
    let planted = world.spec.plant.is_some();
    for credential in CREDENTIALS.iter().filter(|_| !planted) {
        programs.push(ProgramOut {
            id: credential.id,
            name: credential.name,
            kind: "credential",
            exports: Exports {
                credential_id: Some(credential.code),
                framework: Some(credential.framework),
                ..Exports::default()
            },
            window: "to_date",
            unit: "held",
            usual_dose: 1.0,
            assigned_to: "teacher",
            uptake: "earned by choice; acts from the day of the award until it expires",
            selection: credential.selection * world.spec.selection,
            verdict: verdict(&credential.effects),
            effects_per_usual_dose: effects(scale, &credential.effects, 1.0),
            naive_correlation: credential.naive,
            caution: None,
        });
    }
    programs.push(ProgramOut {
        id: TRAINER.id,
        name: TRAINER.name,
        kind: "trainer",
        exports: Exports {
            credential_id: Some(TRAINER.code),
            framework: Some(TRAINER.framework),
            ..Exports::default()
        },
        window: "to_date",
        unit: "in the building on the first day",
        usual_dose: 1.0,
        assigned_to: "school",
        uptake: "a coach in six of ten schools, staggered over the years",
        selection: 0.0,
        verdict: verdict(&world.trainer),
        effects_per_usual_dose: effects(scale, &world.trainer, 1.0),
        naive_correlation: "depends on which schools came first",
        caution: Some(
            "varies only between schools and years: school × year effects leave nothing of it to estimate",
        ),
    });
    for tool in TOOLS.iter().filter(|_| !planted) {
        programs.push(ProgramOut {
            id: tool.id,
            name: tool.name,
            kind: "tool",
            exports: Exports {
                tool_id: Some(tool.code),
                ..Exports::default()
            },
            window: "same_year",
            unit: "minutes",
            usual_dose: tool.usual_minutes,
            assigned_to: "student, by class",
            uptake: "classes of licensed schools, licences staggered over the years",
            selection: tool.selection * world.spec.selection,
            verdict: verdict(&tool.effects),
            effects_per_usual_dose: effects(scale, &tool.effects, tool.usual_minutes),
            naive_correlation: tool.naive,
            caution: None,
        });
    }
    programs
}

fn verdict(effects: &Effects) -> &'static str {
    if *effects == NIL {
        return "nil";
    }
    let good = effects.math + effects.reading + effects.attendance - effects.incidents;
    if good > 0.0 { "helpful" } else { "harmful" }
}

fn effects(scale: &Scale, effects: &Effects, usual: f64) -> Vec<EffectOut> {
    let rate = effects.attendance;
    let incidents = effects.incidents * scale.incidents.mean();
    let out = |outcome, change: Option<f64>, sd: f64| EffectOut {
        outcome,
        change: change.map(round),
        sd: round(sd),
        sd_per_unit: ((sd / usual) * 1e6).round() / 1e6 + 0.0,
    };
    let score = |effect: f64, moments| effect / scale.score_sd(moments);
    let of = |change: f64, sd: f64| if sd > 0.0 { change / sd } else { 0.0 };
    let chronic = rate / 0.01 * scale.chronic.mean();
    let unexcused = rate / 0.01 * scale.unexcused.mean();
    vec![
        out("math score", None, score(effects.math, &scale.math)),
        out(
            "reading score",
            None,
            score(effects.reading, &scale.reading),
        ),
        out(
            "attendance_rate",
            Some(rate),
            of(rate, scale.attendance.sd()),
        ),
        out("chronic_absence", Some(chronic), 0.0),
        out("unexcused_rate", Some(unexcused), 0.0),
        out(
            "incidents_rate",
            Some(incidents),
            of(incidents, scale.incident_sd()),
        ),
    ]
}
