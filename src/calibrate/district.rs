//! One district from its exports to its findings, the way `run` goes, in a folder that is deleted afterwards; then, and
//! only then, its truth.

use std::path::{Path, PathBuf};

use serde::Deserialize;
use throughline_evidence::finding::{Estimate, Finding};
use throughline_lake::Lake;
use throughline_model::progress::Silent;
use throughline_synth::Spec;

use super::table::{Case, Interval, Row};
use super::{Asked, draw};
use crate::cli::printer::Printer;
use crate::cli::{Common, common};
use crate::errors;
use crate::exit::{Exit, Failure};
use crate::run;

/// The pipeline of every calibration district, without years and exposures.
const PIPELINE: &str = include_str!("pipeline.toml");

/// A folder for the districts' files, deleted when dropped.
pub(super) struct Scratch(PathBuf);

impl Scratch {
    pub(super) fn new() -> Result<Self, Failure> {
        let folder =
            std::env::temp_dir().join(format!("throughline-calibrate-{}", std::process::id()));
        std::fs::create_dir_all(&folder)
            .map_err(|error| Failure::system(format!("make `{}`", folder.display()), &error))?;
        Ok(Self(folder))
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // What cannot be deleted is left to the system's own cleaning.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// Runs the district with this number.
pub(super) fn run(asked: &Asked, number: usize, scratch: &Scratch) -> Result<Vec<Row>, Failure> {
    let folder = scratch.0.join(number.to_string());
    let spec = draw::district(asked, number);
    throughline_synth::write(&spec, &folder.join("exports"), &Silent).map_err(errors::synth)?;
    let findings = findings(&spec, &folder)?;
    let truth = Truth::read(&folder.join("exports/truth.json"))?;
    let rows = findings
        .iter()
        .map(|finding| row(&spec, number, finding, &truth))
        .collect();
    let _ = std::fs::remove_dir_all(&folder);
    rows
}

/// What a district is told: exports, release, measures, estimates.
fn findings(spec: &Spec, folder: &Path) -> Result<Vec<Finding>, Failure> {
    let file = folder.join("calibration.toml");
    std::fs::write(&file, pipeline(spec))
        .map_err(|error| Failure::system(format!("write `{}`", file.display()), &error))?;
    let pipeline = common::load(&file)?;
    let common = Common::quiet();
    let printer = Printer::new(false, true);
    let release = run::ingest_unchecked(&pipeline, &common, &printer)?;
    let lake: Lake = common.lake(&pipeline)?;
    let measured = lake
        .measure(&release, &pipeline, &Silent)
        .map_err(errors::lake)?;
    let found = throughline_evidence::estimate(&pipeline, &measured.panels, &Silent)
        .map_err(errors::evidence)?;
    Ok(found.findings)
}

/// Exposures in the pipeline: id, code in the PD system, usual hours.
fn programs(spec: &Spec) -> Vec<(&'static str, &'static str, f64)> {
    let hours = spec.plant.as_ref().map_or([1.0; 4], |plant| plant.hours);
    vec![
        ("chosen_a", "CHOSENA", hours[0]),
        ("chosen_b", "CHOSENB", hours[1]),
        ("chosen_c", "CHOSENC", hours[2]),
        ("better_teachers", "BETTER", hours[3]),
        ("after_bad_year", "BADYEAR", 10.0),
        ("improving_schools", "IMPROVING", 10.0),
        ("pilot", "PILOT", 10.0),
    ]
}

fn pipeline(spec: &Spec) -> String {
    let first = spec.last_year + 1 - spec.years as i32;
    let mut text = PIPELINE
        .replace("FIRST_YEAR", &first.to_string())
        .replace("LAST_YEAR", &spec.last_year.to_string());
    for (id, code, hours) in programs(spec) {
        text.push_str(&format!(
            "\n[[exposure]]\nid = \"{id}\"\nlabel = \"{id}\"\nmeasure = \"pd_hours\"\nparams = {{ program = \"{code}\" }}\nwindow = \"prior_year\"\nper = {hours:?}\n"
        ));
    }
    text.push_str("\n[[exposure]]\nid = \"trainer_in_school\"\nlabel = \"trainer_in_school\"\nmeasure = \"trainer_in_school\"\nparams = { credential = \"ISTE-TRAINER\" }\nwindow = \"to_date\"\n");
    text
}

/// The part of `truth.json` that findings are laid beside.
#[derive(Deserialize)]
struct Truth {
    programs: Vec<TrueProgram>,
}

#[derive(Deserialize)]
struct TrueProgram {
    id: String,
    effects_per_usual_dose: Vec<TrueEffect>,
}

#[derive(Deserialize)]
struct TrueEffect {
    outcome: String,
    sd: f64,
}

impl Truth {
    fn read(file: &Path) -> Result<Self, Failure> {
        let what = || format!("read `{}`", file.display());
        let text = std::fs::read(file).map_err(|error| Failure::system(what(), &error))?;
        serde_json::from_slice(&text)
            .map_err(|error| Failure::new(Exit::Bug, format!("failed to {}: {error}", what())))
    }

    fn of(&self, program: &str, outcome: &str) -> Option<f64> {
        let program = self.programs.iter().find(|known| known.id == program)?;
        let effects = &program.effects_per_usual_dose;
        Some(effects.iter().find(|effect| effect.outcome == outcome)?.sd)
    }
}

fn row(spec: &Spec, district: usize, finding: &Finding, truth: &Truth) -> Result<Row, Failure> {
    let named = match finding.outcome.id.as_str() {
        "map_math" => "math score",
        "map_reading" => "reading score",
        "attendance" => "attendance_rate",
        _ => "incidents_rate",
    };
    let program = finding.exposure.id.as_str();
    let truth = truth.of(program, named).ok_or_else(|| {
        Failure::new(
            Exit::Bug,
            format!("truth.json says nothing of `{program}` and {named}"),
        )
    })?;
    let (case, drawn) = case(spec, program, named);
    // Turned so that more is better, as verdicts are.
    let turned = |estimate: &Estimate| match finding.higher_is_better {
        true => Interval {
            estimate: estimate.estimate,
            lower: estimate.lower,
            upper: estimate.upper,
        },
        false => Interval {
            estimate: -estimate.estimate,
            lower: -estimate.upper,
            upper: -estimate.lower,
        },
    };
    let q = finding
        .q_value
        .into_iter()
        .chain(finding.q_in_domain)
        .reduce(f64::max);
    Ok(Row {
        district,
        program: program.to_owned(),
        case,
        outcome: finding.outcome.id.clone(),
        drawn,
        truth: if finding.higher_is_better {
            truth
        } else {
            0.0 - truth
        },
        design: finding.design,
        verdict: finding.verdict,
        adjusted: finding.adjusted.as_ref().map(turned),
        df: finding.adjusted.map(|estimate| estimate.df),
        q,
        naive: finding.naive.as_ref().map(turned),
        failed: finding
            .checks
            .iter()
            .filter(|check| check.outcome == throughline_evidence::finding::CheckOutcome::Failed)
            .map(|check| check.name.clone())
            .collect(),
    })
}

/// What the program is a case of, and the effect it was given.
fn case(spec: &Spec, program: &str, outcome: &str) -> (Case, f64) {
    let Some(plant) = &spec.plant else {
        return (Case::Chosen, 0.0);
    };
    let (case, planted) = match program {
        "chosen_a" => (Case::Chosen, Some(plant.chosen[0])),
        "chosen_b" => (Case::Chosen, Some(plant.chosen[1])),
        "chosen_c" => (Case::Chosen, Some(plant.chosen[2])),
        "better_teachers" => (Case::BetterTeachers, None),
        "after_bad_year" => (Case::AfterBadYear, None),
        "improving_schools" => (Case::ImprovingSchools, None),
        "pilot" => (Case::Pilot, Some(plant.pilot)),
        _ if plant.trainers_where_improving => (Case::TrainerImproving, None),
        _ => (Case::Trainer, Some(plant.trainer)),
    };
    let drawn = planted.map_or(0.0, |planted| match outcome {
        "math score" => planted.math,
        "reading score" => planted.reading,
        "attendance_rate" => planted.attendance,
        _ => 0.0,
    });
    (case, drawn)
}
