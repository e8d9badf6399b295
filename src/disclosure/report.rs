//! Everything a report prints, in one value. What is not here cannot be printed: the crate that writes reports sees
//! no pipeline, no panel and no lake.

use serde::{Deserialize, Serialize};
use throughline_evidence::finding::Findings;
use throughline_model::SchoolYear;
use throughline_model::calendar::Running;
use throughline_model::definition::Patterns;
use throughline_model::panel::LinkRate;
use throughline_model::part::FileCount;
use throughline_model::pipeline::{Params, Pipeline, Privacy};

use crate::definitions::{Exact, SideBySide};

/// Everything a report prints.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// The district's name.
    pub district: String,
    /// The pipeline's name (its file's stem).
    pub pipeline: String,
    /// First school year of interest.
    pub first_year: SchoolYear,
    /// Last school year of interest that counts.
    pub last_year: SchoolYear,
    /// The school year that is left out because it is still running.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub running: Option<Running>,
    /// The privacy rules that were applied. Set by the release.
    pub rules: Rules,
    /// How each outcome is measured, in the order of the pipeline file.
    pub outcomes: Vec<Definition>,
    /// How each exposure is measured, in the order of the pipeline file.
    pub exposures: Vec<Definition>,
    /// What was found.
    pub findings: Findings,
    /// Outcomes by the definitions of several authorities. Set by the release.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub definitions: Vec<SideBySide>,
    /// What they are made from: taken out by the release.
    #[serde(skip)]
    pub patterns: Vec<Exact>,
    /// How many rows found a partner at each hop from student to training.
    pub links: Vec<LinkRate>,
    /// What became of each export file.
    pub files: Vec<FileCount>,
    /// What it was made from.
    pub provenance: Provenance,
}

/// What a report was made from: enough to make it again, and the same on every machine.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Provenance {
    /// Hash over all exports, mappings and the reader's version: same inputs, same string.
    pub inputs: String,
    /// Throughline's version.
    pub version: String,
    /// Hash over the study plan: same questions, same string.
    pub plan: String,
}

/// How an outcome or exposure is measured.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Definition {
    /// Id in the pipeline file.
    pub id: String,
    /// For people.
    pub label: String,
    /// The measure that computes it.
    pub measure: String,
    /// What the measure says about itself, one sentence.
    pub about: String,
    /// The measure's parameters.
    pub params: Params,
    /// The measure's unit, for people.
    pub unit: String,
}

/// The smallest groups a number may be about.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rules {
    /// Students.
    pub min_students: u32,
    /// Teachers.
    pub min_teachers: u32,
    /// Schools.
    pub min_schools: u32,
}

impl Rules {
    /// The rules of a pipeline file.
    pub fn of(privacy: &Privacy) -> Self {
        Self {
            min_students: privacy.min_students,
            min_teachers: privacy.min_teachers,
            min_schools: privacy.min_schools,
        }
    }
}

impl Report {
    /// A report on a run of `pipeline`, before it is released.
    pub fn new(
        pipeline: &Pipeline,
        findings: Findings,
        links: Vec<LinkRate>,
        files: Vec<FileCount>,
        running: Option<Running>,
        provenance: Provenance,
    ) -> Self {
        let definition = |id: &str, label: &str, measure: &str, params: &Params, unit: &str| {
            let about = pipeline.measure(measure).map(|found| found.about.clone());
            Definition {
                id: id.to_owned(),
                label: label.to_owned(),
                measure: measure.to_owned(),
                about: about.unwrap_or_default(),
                params: params.clone(),
                unit: unit.to_owned(),
            }
        };
        Self {
            district: pipeline.district.name.clone(),
            pipeline: pipeline.name.clone(),
            first_year: pipeline.calendar.years.0,
            last_year: running
                .iter()
                .map(|running| running.year - 1)
                .fold(pipeline.calendar.years.1, SchoolYear::min),
            running,
            rules: Rules::of(&pipeline.privacy),
            outcomes: pipeline
                .outcomes
                .iter()
                .map(|o| definition(&o.id, &o.label, &o.measure, &o.params, &o.unit))
                .collect(),
            exposures: pipeline
                .exposures
                .iter()
                .map(|e| definition(&e.id, &e.label, &e.measure, &e.params, &e.unit))
                .collect(),
            findings,
            links,
            files,
            provenance,
            ..Self::default()
        }
    }

    /// The report with what authorities make of its outcomes.
    #[must_use]
    pub fn beside(mut self, pipeline: &Pipeline, patterns: Vec<Patterns>) -> Self {
        self.patterns = patterns
            .into_iter()
            .filter_map(|patterns| {
                let outcome = pipeline.outcomes.get(patterns.compared.outcome)?;
                Some(Exact {
                    outcome: outcome.id.clone(),
                    label: outcome.label.clone(),
                    own: own(&outcome.params),
                    patterns,
                })
            })
            .collect();
        self
    }
}

/// Parameters that are no definition's, in words.
fn own(params: &Params) -> String {
    // A limit of nothing limits nothing.
    let said = params
        .iter()
        .filter(|(_, value)| !["", "0", "none"].contains(&value.as_str()));
    let said: Vec<String> = said
        .map(|(name, value)| format!("{name} = {value}"))
        .collect();
    said.join(", ")
}
