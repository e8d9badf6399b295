//! What each release's run published, kept as long as the release: small enough for every night of a year, whole enough to
//! say what moved between any two. Beside the last run's record, in the lake; never in the reports, which do not depend on
//! what was published before.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use throughline_disclosure::Report;
use throughline_evidence::finding::{Finding, Named, WithheldFinding};
use throughline_model::panel::LinkRate;
use throughline_model::part::FileStatus;
use throughline_model::{Pipeline, durable};

use super::reads;
use crate::exit::{Exit, Failure};

/// What was published of a release, and what from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Log {
    /// The release that was read.
    pub release: String,
    /// Hash over the exports.
    pub inputs: String,
    /// Hash over the study plan.
    pub plan: String,
    /// Throughline's version.
    pub version: String,
    /// Hash over the pipeline file and its measures.
    pub pipeline: String,
    /// Every finding, withheld ones included.
    pub findings: Vec<Standing>,
    /// How many rows found a partner at each hop.
    pub links: Vec<LinkRate>,
    /// The canonical tables that each outcome and exposure reads, by id.
    pub reads: BTreeMap<String, Vec<String>>,
    /// How the export files stood that night.
    pub files: Vec<FileStatus>,
}

/// How a finding stood.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Standing {
    /// The finding's id.
    pub id: String,
    /// The study's id.
    pub study: String,
    /// The training or tool.
    pub exposure: Named,
    /// What should get better.
    pub outcome: Named,
    /// The students it is about.
    pub group: String,
    /// Its numbers; `None` where they are withheld.
    pub shown: Option<Shown>,
    /// Hash of everything that was published of it.
    pub all: String,
}

/// The first numbers of a finding, as published.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Shown {
    /// In words.
    pub verdict: String,
    /// Adjusted estimate in SD.
    pub estimate: Option<f64>,
    /// Lower end of its interval.
    pub lower: Option<f64>,
    /// Upper end of its interval.
    pub upper: Option<f64>,
    /// The plain correlation in SD.
    pub plain: Option<f64>,
    /// Evidence, 0 to 5.
    pub marks: u8,
    /// Student × school years it rests on.
    pub student_years: u64,
}

impl Log {
    /// What a run published.
    pub(crate) fn new(
        pipeline: &Pipeline,
        release: &str,
        report: &Report,
        sql: &[(String, String)],
        files: &[FileStatus],
    ) -> Self {
        let findings = &report.findings;
        let read = sql.iter().map(|(id, text)| {
            let mut tables = reads::tables(std::iter::once(text.as_str()), &pipeline.measures);
            tables.sort_unstable();
            (id.clone(), tables.into_iter().map(str::to_owned).collect())
        });
        Self {
            release: release.to_owned(),
            inputs: report.provenance.inputs.clone(),
            plan: report.provenance.plan.clone(),
            version: report.provenance.version.clone(),
            pipeline: made(pipeline),
            findings: findings
                .findings
                .iter()
                .map(Standing::of)
                .chain(findings.withheld.iter().map(Standing::withheld))
                .collect(),
            links: report.links.clone(),
            reads: read.collect(),
            files: files.to_vec(),
        }
    }

    /// What was published of a release; `None` where nothing was, or nothing that can be read.
    pub(crate) fn load(pipeline: &Pipeline, release: &str) -> Option<Self> {
        let text = fs::read(path(pipeline, release)).ok()?;
        serde_json::from_slice(&text).ok()
    }

    /// Keeps it beside the others.
    pub(crate) fn keep(&self, pipeline: &Pipeline) -> Result<(), Failure> {
        let path = path(pipeline, &self.release);
        let text = serde_json::to_vec(self).map_err(|error| {
            Failure::new(Exit::Bug, format!("failed to write the run's log: {error}"))
        })?;
        durable::replace(&path, &text).map_err(|error| {
            Failure::system(format!("write the run's log `{}`", path.display()), &error)
        })
    }

    /// Forgets what was published of releases that are gone.
    pub(crate) fn forget(pipeline: &Pipeline, releases: &[String]) -> Result<(), Failure> {
        for release in releases {
            let path = path(pipeline, release);
            match fs::remove_file(&path) {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                    return Err(Failure::system(
                        format!("remove the run's log `{}`", path.display()),
                        &error,
                    ));
                }
                _ => {}
            }
        }
        Ok(())
    }
}

impl Standing {
    fn of(finding: &Finding) -> Self {
        let adjusted = finding.adjusted.as_ref();
        Self {
            id: finding.id.clone(),
            study: finding.study.id.clone(),
            exposure: finding.exposure.clone(),
            outcome: finding.outcome.clone(),
            group: finding.subgroup.id(),
            shown: Some(Shown {
                verdict: finding.verdict.words().to_owned(),
                estimate: adjusted.map(|e| e.estimate),
                lower: adjusted.map(|e| e.lower),
                upper: adjusted.map(|e| e.upper),
                plain: finding.naive.as_ref().map(|e| e.estimate),
                marks: finding.grade.marks,
                student_years: finding.n.student_years,
            }),
            all: hash(finding),
        }
    }

    fn withheld(finding: &WithheldFinding) -> Self {
        Self {
            id: finding.id.clone(),
            study: finding.study.id.clone(),
            exposure: finding.exposure.clone(),
            outcome: finding.outcome.clone(),
            group: finding.subgroup.id(),
            shown: None,
            all: hash(finding),
        }
    }
}

/// Hash over what was published of one finding.
fn hash(value: &impl Serialize) -> String {
    // Plain numbers and text; one that could not be written would only look as if it had not moved.
    let text = serde_json::to_vec(value).unwrap_or_default();
    blake3::hash(&text).to_hex()[..16].to_owned()
}

/// Hash over what a pipeline asks and how it measures.
fn made(pipeline: &Pipeline) -> String {
    let mut hasher = blake3::Hasher::new();
    hasher.update(pipeline.text.as_bytes());
    for measure in &pipeline.measures {
        hasher.update(measure.name.as_bytes());
        hasher.update(measure.sql.as_bytes());
    }
    for compared in &pipeline.compared {
        hasher.update(format!("{:?}", compared.chosen).as_bytes());
    }
    hasher.finalize().to_hex().to_string()
}

fn path(pipeline: &Pipeline, release: &str) -> PathBuf {
    let folder = pipeline.lake.path.join("_runs").join(&pipeline.name);
    folder.join(format!("{release}.json"))
}
