//! The lake's memory of what was asked before anybody knew the answer: every study plan that outcomes of this lake were read
//! under, and when. A plan is stored before outcomes are read and marked as seen before results are shown, so a run that dies
//! in between has neither seen nor changed anything. One file a plan, named by its hash; whoever shares the lake shares them.

use std::fs;
use std::path::{Path, PathBuf};

use chrono::Utc;
use serde::{Deserialize, Serialize};
use throughline_evidence::finding::{AddedAfter, Change, Findings, Planned};
use throughline_evidence::{Asked, Stood, StudyPlan};
use throughline_lake::Release;
use throughline_model::{Panel, Pipeline, SchoolYear, durable};

use crate::exit::{Exit, Failure};

const FOLDER: &str = "_plans";

/// A plan and when outcomes were read under it.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Kept {
    /// BLAKE3 hash of the plan's canonical text.
    hash: String,
    plan: StudyPlan,
    looks: Vec<Look>,
}

/// One release read under one plan.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Look {
    /// Counts the looks of a lake: their order, also where the clock went back.
    number: u64,
    release: String,
    /// The day, as `2026-03-01`.
    on: String,
    /// Whether results were shown.
    seen: bool,
    /// The last school year with an outcome that was read.
    last_year: Option<SchoolYear>,
}

/// The plan of a run, in a lake that remembers all others.
pub(crate) struct Registered {
    folder: PathBuf,
    /// Every plan of the lake, this one included.
    kept: Vec<Kept>,
    own: usize,
    number: u64,
    /// BLAKE3 hash of the plan's canonical text.
    pub(crate) hash: String,
}

/// The plan's hash, over its canonical text: the same questions, the same hash, on every machine.
pub(crate) fn hash(plan: &StudyPlan) -> Result<String, Failure> {
    let text = serde_json::to_string(plan).map_err(unwritable)?;
    Ok(blake3::hash(text.as_bytes()).to_hex().to_string())
}

/// Stores the pipeline's plan with the release that is about to be read.
pub(crate) fn register(pipeline: &Pipeline, release: &Release) -> Result<Registered, Failure> {
    let plan = StudyPlan::of(pipeline);
    let folder = pipeline.lake.path.join(FOLDER);
    Registered::new(folder, plan, &release.id)
}

/// Release and day on which results were first shown under the plan with this hash.
pub(crate) fn first_seen(
    pipeline: &Pipeline,
    hash: &str,
) -> Result<Option<(String, String)>, Failure> {
    let kept = load(&pipeline.lake.path.join(FOLDER))?;
    let own = kept.iter().filter(|known| known.hash == hash);
    let seen = own.flat_map(|known| &known.looks).filter(|look| look.seen);
    Ok(seen
        .min_by_key(|look| look.number)
        .map(|look| (look.release.clone(), look.on.clone())))
}

impl Registered {
    fn new(folder: PathBuf, plan: StudyPlan, release: &str) -> Result<Self, Failure> {
        let hash = hash(&plan)?;
        let mut kept = load(&folder)?;
        let own = match kept.iter().position(|known| known.hash == hash) {
            Some(own) => own,
            None => {
                kept.push(Kept {
                    hash: hash.clone(),
                    plan,
                    looks: Vec::new(),
                });
                kept.len() - 1
            }
        };
        let looks = kept.iter().flat_map(|known| &known.looks);
        let last = looks.map(|look| look.number).max().unwrap_or(0);
        let mut this = Self {
            folder,
            kept,
            own,
            number: last + 1,
            hash,
        };
        let own = &mut this.kept[this.own];
        match own.looks.iter().find(|look| look.release == release) {
            Some(look) => this.number = look.number,
            None => own.looks.push(Look {
                number: this.number,
                release: release.to_owned(),
                on: Utc::now().format("%Y-%m-%d").to_string(),
                seen: false,
                last_year: None,
            }),
        }
        this.keep()?;
        Ok(this)
    }

    /// Says of every finding whether its question stood before outcomes were read.
    pub(crate) fn label(&self, findings: &mut Findings) {
        for finding in &mut findings.findings {
            let planned = self.planned(&Asked::by(finding));
            finding.register(planned);
        }
    }

    /// Records that results are about to be shown, of outcomes up to the last school year of the panels.
    pub(crate) fn seen(&mut self, last_year: Option<SchoolYear>) -> Result<(), Failure> {
        let number = self.number;
        let looks = &mut self.kept[self.own].looks;
        if let Some(look) = looks.iter_mut().find(|look| look.number == number) {
            look.seen = true;
            look.last_year = last_year;
        }
        self.keep()
    }

    /// A question is planned where no results were shown before a plan that has it was stored.
    fn planned(&self, question: &Asked<'_>) -> Planned {
        let plan = &self.kept[self.own].plan;
        let mut looks: Vec<(&Look, Stood)> = self
            .kept
            .iter()
            .flat_map(|known| {
                let stood = plan.stood_in(&known.plan, question);
                known.looks.iter().map(move |look| (look, stood))
            })
            .collect();
        looks.sort_by_key(|(look, _)| look.number);
        // Until the question stood, and until it stood beside the same programs.
        let until = |stood: &dyn Fn(Stood) -> bool| -> Vec<(&Look, Stood)> {
            let before = looks.iter().take_while(|(_, how)| !stood(*how));
            before.filter(|(look, _)| look.seen).copied().collect()
        };
        let mut before = until(&|how| matches!(how, Stood::Same | Stood::Beside));
        let changed = before.iter().any(|(_, how)| *how == Stood::Changed);
        let mut change = if changed {
            Change::Changed
        } else {
            Change::Added
        };
        if before.is_empty() {
            before = until(&|how| how == Stood::Same);
            change = Change::Beside;
        }
        let Some((last, _)) = before.last() else {
            return Planned::Before;
        };
        Planned::After(AddedAfter {
            release: last.release.clone(),
            on: last.on.clone(),
            last_year: before.iter().filter_map(|(look, _)| look.last_year).max(),
            change,
        })
    }

    fn keep(&self) -> Result<(), Failure> {
        let own = &self.kept[self.own];
        let path = self.folder.join(format!("{}.json", &own.hash[..16]));
        let text = serde_json::to_vec_pretty(own).map_err(unwritable)?;
        durable::replace(&path, &text).map_err(|error| {
            Failure::system(format!("write the study plan `{}`", path.display()), &error)
        })
    }
}

/// The last school year in which any outcome of the panels is known.
pub(crate) fn last_year(panels: &[Panel]) -> Option<SchoolYear> {
    let of = |panel: &Panel| {
        let known = |row: usize| panel.outcomes.iter().any(|o| !o.values[row].is_nan());
        let years = panel.school_year.iter().enumerate();
        years
            .filter(|(row, _)| known(*row))
            .map(|(_, year)| *year)
            .max()
    };
    panels.iter().filter_map(of).max()
}

/// Every plan that is kept, in the order of their hashes.
fn load(folder: &Path) -> Result<Vec<Kept>, Failure> {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => {
            return Err(Failure::system(
                format!("list the study plans in `{}`", folder.display()),
                &error,
            ));
        }
    };
    let mut paths: Vec<PathBuf> = entries
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| path.extension().is_some_and(|kind| kind == "json"))
        .collect();
    paths.sort();
    paths.iter().map(|path| read(path)).collect()
}

fn read(path: &Path) -> Result<Kept, Failure> {
    let text = fs::read(path).map_err(|error| {
        Failure::system(format!("read the study plan `{}`", path.display()), &error)
    })?;
    serde_json::from_slice(&text).map_err(|error| {
        let message = format!(
            "failed to read the study plan `{}`: {error}\n  hint: what was planned before cannot be told without it; restore \
             it, or move it away knowingly",
            path.display()
        );
        Failure::new(Exit::System, message)
    })
}

fn unwritable(error: serde_json::Error) -> Failure {
    Failure::new(
        Exit::Bug,
        format!("failed to write the study plan: {error}"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use throughline_evidence::registration::{
        Measured, Method, PlannedExposure, PlannedOutcome, PlannedStudy,
    };
    use throughline_model::pipeline::{Design, Params, Subgroup, Window};

    fn plan(outcomes: &[(&str, f64)]) -> StudyPlan {
        let measured = Measured {
            measure: "m".to_owned(),
            params: Params::new(),
            sql: "SELECT 1".to_owned(),
        };
        StudyPlan {
            rules: 1,
            exposures: vec![PlannedExposure {
                id: "coaching".to_owned(),
                measured: measured.clone(),
                window: Window::PriorYear,
                per: 10.0,
                assignment: None,
            }],
            outcomes: outcomes
                .iter()
                .map(|(id, smallest)| PlannedOutcome {
                    id: (*id).to_owned(),
                    measured: measured.clone(),
                    domain: "achievement".to_owned(),
                    subject: None,
                    higher_is_better: true,
                    smallest_difference: *smallest,
                })
                .collect(),
            studies: vec![PlannedStudy {
                id: "main".to_owned(),
                method: Method {
                    designs: vec![Design::PanelAssociation],
                    covariates: Vec::new(),
                    negative_controls: Vec::new(),
                    pairs: Vec::new(),
                },
                exposures: vec!["coaching".to_owned()],
                outcomes: outcomes.iter().map(|(id, _)| (*id).to_owned()).collect(),
                subgroups: vec![Subgroup::All],
            }],
        }
    }

    fn asked<'a>(outcome: &'a str) -> Asked<'a> {
        Asked {
            study: "main",
            exposure: "coaching",
            outcome,
            subgroup: &Subgroup::All,
        }
    }

    fn panel(year: SchoolYear) -> Panel {
        Panel {
            school_year: vec![year - 1, year, year + 1],
            outcomes: vec![throughline_model::panel::OutcomeValues {
                name: "math".to_owned(),
                values: vec![1.0, 2.0, f64::NAN],
                prior: vec![f64::NAN; 3],
            }],
            ..Panel::default()
        }
    }

    fn run(folder: &Path, plan: StudyPlan, release: &str) -> Result<Registered, Failure> {
        Registered::new(folder.to_path_buf(), plan, release)
    }

    #[test]
    fn what_stood_first_is_planned_and_what_came_later_says_when() -> Result<(), Failure> {
        let scratch = tempfile::tempdir().expect("a scratch folder");
        let folder = scratch.path().join(FOLDER);
        let mut first = run(&folder, plan(&[("math", 0.05)]), "r1")?;
        assert_eq!(first.planned(&asked("math")), Planned::Before);
        first.seen(last_year(&[panel(2025)]))?;
        // Next year: the same question on new data, and another one.
        let mut second = run(&folder, plan(&[("math", 0.05), ("reading", 0.05)]), "r2")?;
        assert_eq!(second.planned(&asked("math")), Planned::Before);
        let Planned::After(after) = second.planned(&asked("reading")) else {
            panic!("reading was added");
        };
        assert_eq!(
            (after.release.as_str(), after.change),
            ("r1", Change::Added)
        );
        assert_eq!(after.last_year, Some(2025));
        second.seen(last_year(&[panel(2026)]))?;
        // A threshold that is moved is another question, and stays one.
        let third = run(&folder, plan(&[("math", 0.02)]), "r2")?;
        let Planned::After(after) = third.planned(&asked("math")) else {
            panic!("the threshold was moved");
        };
        assert_eq!(
            (after.release.as_str(), after.change),
            ("r2", Change::Changed)
        );
        // Going back to the first plan is going back to what was planned.
        let fourth = run(&folder, plan(&[("math", 0.05)]), "r2")?;
        assert_eq!(fourth.planned(&asked("math")), Planned::Before);
        // The question that was added keeps its date.
        let fifth = run(&folder, plan(&[("math", 0.05), ("reading", 0.05)]), "r3")?;
        assert_eq!(
            fifth.planned(&asked("reading")),
            second.planned(&asked("reading"))
        );
        Ok(())
    }

    #[test]
    fn a_program_that_joins_a_study_is_said_of_the_others() -> Result<(), Failure> {
        let scratch = tempfile::tempdir().expect("a scratch folder");
        let folder = scratch.path().join(FOLDER);
        let mut first = run(&folder, plan(&[("math", 0.05)]), "r1")?;
        first.seen(last_year(&[panel(2025)]))?;
        let mut joined = plan(&[("math", 0.05)]);
        joined.studies[0].exposures.push("tutoring".to_owned());
        let second = run(&folder, joined, "r2")?;
        let planned = second.planned(&asked("math"));
        assert!(planned.stood());
        let Planned::After(after) = planned else {
            panic!("another program joined");
        };
        assert_eq!(
            (after.release.as_str(), after.change),
            ("r1", Change::Beside)
        );
        Ok(())
    }

    #[test]
    fn a_run_that_dies_has_seen_nothing() -> Result<(), Failure> {
        let scratch = tempfile::tempdir().expect("a scratch folder");
        let folder = scratch.path().join(FOLDER);
        run(&folder, plan(&[("math", 0.05)]), "r1")?;
        let second = run(&folder, plan(&[("math", 0.10)]), "r1")?;
        assert_eq!(second.planned(&asked("math")), Planned::Before);
        Ok(())
    }

    #[test]
    fn a_plan_that_cannot_be_read_stops_the_run() -> Result<(), Failure> {
        let scratch = tempfile::tempdir().expect("a scratch folder");
        let folder = scratch.path().join(FOLDER);
        run(&folder, plan(&[("math", 0.05)]), "r1")?;
        fs::write(folder.join("0.json"), "{").expect("written");
        let failure = run(&folder, plan(&[("math", 0.05)]), "r1")
            .err()
            .expect("refused");
        assert_eq!(failure.exit, Exit::System);
        Ok(())
    }
}
