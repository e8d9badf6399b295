//! Planned before seen. A study plan is everything of a pipeline that decides what is estimated and how it is judged, and
//! nothing else: no label, no path, no price. It is stored before outcomes are read, so that a later reader can tell a question
//! that was asked before anybody knew the answer from one that was added, or changed, once outcomes had been looked at.
//!
//! A question is *planned* where it stood, word for word, in the first plan under which this lake's outcomes were read. Every
//! later addition is *added*, also when it is about an outcome or a program that nobody had looked at by itself: that is
//! more than is needed, and cannot be argued with. What changes a question: its measures and their SQL, parameters, windows,
//! doses, smallest difference, direction, students, designs, covariates and negative controls. Adding or dropping a program of a
//! study changes what the others are adjusted for: that is said of each of them, and costs no mark, since districts begin
//! programs every year.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use throughline_model::SchoolYear;
use throughline_model::pipeline::{Design, Params, Pipeline, Study, Subgroup, Window};

use crate::finding::Finding;
use crate::grade::MOST;

/// Changes when an estimate or a verdict follows from other rules than before.
pub const RULES: u32 = 3;

/// What a pipeline asks, resolved.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StudyPlan {
    /// The rules that estimates and verdicts follow ([`RULES`]).
    pub rules: u32,
    /// Training and tools, in the order of the pipeline file.
    pub exposures: Vec<PlannedExposure>,
    /// Outcomes, in that order.
    pub outcomes: Vec<PlannedOutcome>,
    /// Studies, in that order.
    pub studies: Vec<PlannedStudy>,
}

/// A dose and when it counts.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PlannedExposure {
    /// Id in the pipeline file.
    pub id: String,
    /// How it is measured.
    pub measured: Measured,
    /// When it counts.
    pub window: Window,
    /// Effects are per this much.
    pub per: f64,
    /// The exposure that says who won a draw for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub assignment: Option<String>,
}

/// What should get better, and by how much to matter.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PlannedOutcome {
    /// Id in the pipeline file.
    pub id: String,
    /// How it is measured.
    pub measured: Measured,
    /// Family for false-discovery control.
    pub domain: String,
    /// Whose teachers it reaches.
    pub subject: Option<String>,
    /// Whether more is better.
    pub higher_is_better: bool,
    /// The smallest difference that matters, in SD.
    pub smallest_difference: f64,
}

/// A measure with its parameters.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Measured {
    /// The measure's name.
    pub measure: String,
    /// Its parameters.
    pub params: Params,
    /// Its SQL, without comments and with single spaces.
    pub sql: String,
}

/// A study.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PlannedStudy {
    /// Id in the pipeline file.
    pub id: String,
    /// What is put to it.
    pub method: Method,
    /// Ids of its exposures.
    pub exposures: Vec<String>,
    /// Ids of its outcomes.
    pub outcomes: Vec<String>,
    /// Groups of students.
    pub subgroups: Vec<Subgroup>,
}

/// How a study answers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Method {
    /// Designs, strongest first.
    pub designs: Vec<Design>,
    /// What is adjusted for.
    pub covariates: Vec<String>,
    /// Outcomes that nothing here can plausibly move.
    pub negative_controls: Vec<String>,
    /// Exposures that are asked about together.
    #[serde(default)]
    pub pairs: Vec<(String, String)>,
}

impl StudyPlan {
    /// The plan of a pipeline.
    pub fn of(pipeline: &Pipeline) -> Self {
        let measured = |measure: &str, params: &Params| Measured {
            measure: measure.to_owned(),
            params: params.clone(),
            sql: pipeline
                .measure(measure)
                .map_or_else(String::new, |found| plain(&found.sql)),
        };
        Self {
            rules: RULES,
            exposures: pipeline
                .exposures
                .iter()
                .map(|exposure| PlannedExposure {
                    id: exposure.id.clone(),
                    measured: measured(&exposure.measure, &exposure.params),
                    window: exposure.window,
                    per: exposure.per,
                    assignment: exposure
                        .assignment
                        .map(|draw| pipeline.exposures[draw].id.clone()),
                })
                .collect(),
            outcomes: pipeline
                .outcomes
                .iter()
                .map(|outcome| PlannedOutcome {
                    id: outcome.id.clone(),
                    measured: measured(&outcome.measure, &outcome.params),
                    domain: outcome.domain.clone(),
                    subject: outcome.subject.clone(),
                    higher_is_better: outcome.higher_is_better,
                    smallest_difference: outcome.smallest_difference,
                })
                .collect(),
            studies: pipeline
                .studies
                .iter()
                .map(|study| planned_study(pipeline, study))
                .collect(),
        }
    }

    /// How many questions it asks.
    pub fn questions(&self) -> usize {
        let of = |study: &PlannedStudy| {
            study.exposures.len() * study.outcomes.len() * study.subgroups.len()
        };
        self.studies.iter().map(of).sum()
    }

    /// Whether a question of this plan stood in `earlier`: as it is, in other words, or not at all.
    pub fn stood_in(&self, earlier: &Self, question: &Asked<'_>) -> Stood {
        let study = |plan: &'_ Self| {
            let mut studies = plan.studies.iter();
            studies.find(|study| study.id == question.study).cloned()
        };
        let Some(before) = study(earlier).filter(|study| study.asks(question)) else {
            return Stood::Absent;
        };
        let same_method = study(self).is_some_and(|now| now.method == before.method);
        let same = same_method
            && same(&self.exposures, &earlier.exposures, |e| {
                e.id == question.exposure
            })
            && same(&self.outcomes, &earlier.outcomes, |o| {
                o.id == question.outcome
            });
        let company =
            study(self).is_some_and(|now| now.beside(question) == before.beside(question));
        match (same, company) {
            (true, true) => Stood::Same,
            (true, false) => Stood::Beside,
            (false, _) => Stood::Changed,
        }
    }
}

/// A question by its parts.
#[derive(Clone, Copy, Debug)]
pub struct Asked<'a> {
    /// Id of the study.
    pub study: &'a str,
    /// Id of the exposure.
    pub exposure: &'a str,
    /// Id of the outcome.
    pub outcome: &'a str,
    /// For whom.
    pub subgroup: &'a Subgroup,
}

impl<'a> Asked<'a> {
    /// The question of a finding.
    pub fn by(finding: &'a Finding) -> Self {
        Self {
            study: &finding.study.id,
            exposure: &finding.exposure.id,
            outcome: &finding.outcome.id,
            subgroup: &finding.subgroup,
        }
    }
}

/// How a question stood in an earlier plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stood {
    /// Word for word.
    Same,
    /// Word for word, but in a study with other programs, which it is adjusted for.
    Beside,
    /// In other words.
    Changed,
    /// Not at all.
    Absent,
}

impl PlannedStudy {
    /// The programs that a question's own is estimated beside.
    fn beside(&self, question: &Asked<'_>) -> BTreeSet<&str> {
        let others = self.exposures.iter().map(String::as_str);
        others.filter(|id| *id != question.exposure).collect()
    }

    fn asks(&self, question: &Asked<'_>) -> bool {
        self.exposures.iter().any(|id| id == question.exposure)
            && self.outcomes.iter().any(|id| id == question.outcome)
            && self.subgroups.contains(question.subgroup)
    }
}

fn same<T: PartialEq>(now: &[T], before: &[T], wanted: impl Fn(&T) -> bool) -> bool {
    let find = |list: &'_ [T]| list.iter().position(&wanted);
    match (find(now), find(before)) {
        (Some(a), Some(b)) => now[a] == before[b],
        _ => false,
    }
}

fn planned_study(pipeline: &Pipeline, study: &Study) -> PlannedStudy {
    let exposure = |index: &usize| pipeline.exposures[*index].id.clone();
    let outcome = |index: &usize| pipeline.outcomes[*index].id.clone();
    PlannedStudy {
        id: study.id.clone(),
        method: Method {
            designs: study.designs.clone(),
            covariates: study.covariates.clone(),
            negative_controls: study.negative_controls.iter().map(outcome).collect(),
            pairs: study
                .pairs
                .iter()
                .map(|(one, other)| (exposure(one), exposure(other)))
                .collect(),
        },
        exposures: study.exposures.iter().map(exposure).collect(),
        outcomes: study.outcomes.iter().map(outcome).collect(),
        subgroups: study.subgroups.clone(),
    }
}

/// SQL without its comments and line breaks, so that only what is asked is compared.
fn plain(sql: &str) -> String {
    let lines = sql.lines().filter_map(|line| line.split("--").next());
    let words: Vec<&str> = lines.flat_map(str::split_whitespace).collect();
    words.join(" ")
}

/// Whether a question stood before outcomes were read.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Planned {
    /// It stood in the first plan under which outcomes were read.
    #[default]
    Before,
    /// It, or what it is adjusted for, was added or changed after outcomes had been read.
    After(AddedAfter),
}

/// What was known when a question was added.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AddedAfter {
    /// The last release whose outcomes had been read without it.
    pub release: String,
    /// The day on which that was, `2026-03-01`.
    pub on: String,
    /// The last school year that was read then, where it is known: outcomes of later years were new to the question.
    pub last_year: Option<SchoolYear>,
    /// What came.
    pub change: Change,
}

/// What came after outcomes had been read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Change {
    /// The question.
    Added,
    /// Other words for it: a measure, a threshold, a design.
    Changed,
    /// Other programs beside it, which it is adjusted for. The question itself was planned.
    Beside,
}

impl Change {
    /// The word that is printed.
    pub fn word(self) -> &'static str {
        match self {
            Self::Added => "added",
            Self::Changed => "changed",
            Self::Beside => "planned, and adjusted for other programs",
        }
    }
}

impl Planned {
    /// Whether the question itself stood before outcomes were read.
    pub fn stood(&self) -> bool {
        match self {
            Self::Before => true,
            Self::After(after) => after.change == Change::Beside,
        }
    }
}

impl Finding {
    /// Records whether the question was planned; one that was added or changed after outcomes had been read loses a mark.
    pub fn register(&mut self, planned: Planned) {
        if let Planned::After(after) = &planned
            && !planned.stood()
        {
            let how = after.change.word();
            self.grade.lost.push(format!(
                "the question was {how} after outcomes had been read"
            ));
            let lost = u8::try_from(self.grade.lost.len()).unwrap_or(MOST);
            self.grade.marks = self.grade.marks.min(MOST - lost.min(MOST));
        }
        self.planned = planned;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan() -> StudyPlan {
        let measured = |measure: &str| Measured {
            measure: measure.to_owned(),
            params: Params::new(),
            sql: "SELECT 1".to_owned(),
        };
        StudyPlan {
            rules: RULES,
            exposures: vec![PlannedExposure {
                id: "coaching".to_owned(),
                measured: measured("pd_hours"),
                window: Window::PriorYear,
                per: 10.0,
                assignment: None,
            }],
            outcomes: vec![PlannedOutcome {
                id: "math".to_owned(),
                measured: measured("score"),
                domain: "achievement".to_owned(),
                subject: None,
                higher_is_better: true,
                smallest_difference: 0.05,
            }],
            studies: vec![PlannedStudy {
                id: "main".to_owned(),
                method: Method {
                    designs: vec![Design::PanelAssociation],
                    covariates: Vec::new(),
                    negative_controls: Vec::new(),
                    pairs: Vec::new(),
                },
                exposures: vec!["coaching".to_owned()],
                outcomes: vec!["math".to_owned()],
                subgroups: vec![Subgroup::All],
            }],
        }
    }

    const QUESTION: Asked<'_> = Asked {
        study: "main",
        exposure: "coaching",
        outcome: "math",
        subgroup: &Subgroup::All,
    };

    #[test]
    fn a_question_stands_as_long_as_nothing_it_rests_on_changes() {
        let now = plan();
        assert_eq!(now.questions(), 1);
        assert_eq!(now.stood_in(&plan(), &QUESTION), Stood::Same);
        let mut earlier = plan();
        earlier.studies[0].subgroups = vec![Subgroup::Flag("english_learner".to_owned())];
        assert_eq!(now.stood_in(&earlier, &QUESTION), Stood::Absent);
        let mut earlier = plan();
        earlier.studies[0].exposures.push("tutoring".to_owned());
        assert_eq!(now.stood_in(&earlier, &QUESTION), Stood::Beside);
        let changes: [fn(&mut StudyPlan); 4] = [
            |plan| plan.outcomes[0].smallest_difference = 0.10,
            |plan| plan.exposures[0].window = Window::SameYear,
            |plan| plan.outcomes[0].measured.sql.push_str(" + 1"),
            |plan| plan.studies[0].method.covariates.push("gender".to_owned()),
        ];
        for change in changes {
            let mut earlier = plan();
            change(&mut earlier);
            assert_eq!(now.stood_in(&earlier, &QUESTION), Stood::Changed);
        }
    }

    #[test]
    fn comments_and_line_breaks_are_no_change() {
        assert_eq!(
            plain("-- about\nSELECT a,\n   b -- why\nFROM t"),
            "SELECT a, b FROM t"
        );
    }
}
