//! A released report put in reading order: programs, each with its questions and answers, its reach and its doses.
//! Every writer starts from here, so that page, workbook and charts agree on order, labels and direction.

use throughline_disclosure::{Definition, Report};
use throughline_evidence::finding::{
    Action, Coverage, DoseCurve, Estimate, Finding, Named, Rule, Verdict,
};
use throughline_model::pipeline::Subgroup;

/// The report in reading order.
pub(crate) struct Content<'r> {
    /// What was released.
    pub(crate) report: &'r Report,
    /// Training and tools, in the order of the pipeline file.
    pub(crate) programs: Vec<Program<'r>>,
    /// Outcomes, in the order of the pipeline file.
    pub(crate) outcomes: Vec<Outcome<'r>>,
    /// Whether more than one study asked, so that rows have to say which.
    pub(crate) several_studies: bool,
}

/// One training or tool.
pub(crate) struct Program<'r> {
    /// Id in the pipeline file.
    pub(crate) id: &'r str,
    /// For people.
    pub(crate) label: &'r str,
    /// How its dose is measured.
    pub(crate) definition: Option<&'r Definition>,
    /// What was asked of it: outcomes in order, everyone before subgroups.
    pub(crate) answers: Vec<Answer<'r>>,
    /// How many took part, by school year.
    pub(crate) coverage: Vec<&'r Coverage>,
    /// Outcomes by size of dose.
    pub(crate) doses: Vec<&'r DoseCurve>,
    /// What could be done next.
    pub(crate) actions: &'r [Action],
}

/// One outcome.
pub(crate) struct Outcome<'r> {
    /// Id in the pipeline file.
    pub(crate) id: &'r str,
    /// For people.
    pub(crate) label: &'r str,
    /// Family for false-discovery control; empty where nothing about it may be shown.
    pub(crate) domain: &'r str,
    /// Whether more is better; unknown where nothing about it may be shown.
    pub(crate) higher_is_better: Option<bool>,
}

/// A question and what became of it.
#[derive(Clone, Copy)]
pub(crate) struct Answer<'r> {
    /// As [`Finding::id`].
    pub(crate) id: &'r str,
    /// The study that asked.
    pub(crate) study: &'r Named,
    /// The training or tool.
    pub(crate) exposure: &'r Named,
    /// What should get better.
    pub(crate) outcome: &'r Named,
    /// For whom.
    pub(crate) subgroup: &'r Subgroup,
    /// What was found, or the rule under which it is withheld.
    pub(crate) found: Result<&'r Finding, Rule>,
}

/// An effect in standard deviations, turned so that more is better.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Effect {
    /// Point estimate.
    pub(crate) estimate: f64,
    /// Lower end of the 95 % interval.
    pub(crate) lower: f64,
    /// Upper end of the 95 % interval.
    pub(crate) upper: f64,
}

impl Effect {
    /// Turns an estimate towards better.
    pub(crate) fn of(estimate: &Estimate, higher_is_better: bool) -> Self {
        if higher_is_better {
            Self {
                estimate: estimate.estimate,
                lower: estimate.lower,
                upper: estimate.upper,
            }
        } else {
            Self {
                estimate: -estimate.estimate,
                lower: -estimate.upper,
                upper: -estimate.lower,
            }
        }
    }
}

impl<'r> Answer<'r> {
    /// The finding, where it may be shown.
    pub(crate) fn finding(&self) -> Option<&'r Finding> {
        self.found.ok()
    }

    /// The verdict, where it may be shown.
    pub(crate) fn verdict(&self) -> Option<Verdict> {
        self.finding().map(|finding| finding.verdict)
    }

    /// What the design says, towards better.
    pub(crate) fn adjusted(&self) -> Option<Effect> {
        let finding = self.finding()?;
        Some(Effect::of(
            finding.adjusted.as_ref()?,
            finding.higher_is_better,
        ))
    }

    /// What a plain correlation says, towards better.
    pub(crate) fn naive(&self) -> Option<Effect> {
        let finding = self.finding()?;
        Some(Effect::of(
            finding.naive.as_ref()?,
            finding.higher_is_better,
        ))
    }

    /// Whether it is about every student.
    pub(crate) fn is_about_everyone(&self) -> bool {
        *self.subgroup == Subgroup::All
    }
}

impl<'r> Program<'r> {
    /// What was asked about every student.
    pub(crate) fn main(&self) -> impl Iterator<Item = &Answer<'r>> {
        self.answers
            .iter()
            .filter(|answer| answer.is_about_everyone())
    }

    /// What was asked about groups of students.
    pub(crate) fn subgroups(&self) -> impl Iterator<Item = &Answer<'r>> {
        self.answers
            .iter()
            .filter(|answer| !answer.is_about_everyone())
    }

    /// Any finding that may be shown: says how the dose is counted.
    pub(crate) fn example(&self) -> Option<&'r Finding> {
        self.answers.iter().find_map(Answer::finding)
    }
}

impl<'r> Content<'r> {
    /// Puts a report in order.
    pub(crate) fn new(report: &'r Report) -> Self {
        let shown = report.findings.findings.iter().map(shown);
        let withheld = report.findings.withheld.iter().map(|withheld| Answer {
            id: &withheld.id,
            study: &withheld.study,
            exposure: &withheld.exposure,
            outcome: &withheld.outcome,
            subgroup: &withheld.subgroup,
            found: Err(withheld.rule),
        });
        let answers: Vec<Answer<'r>> = shown.chain(withheld).collect();
        let outcome_names = names(
            &report.outcomes,
            answers.iter().map(|answer| answer.outcome),
        );
        let program_names = names(
            &report.exposures,
            answers
                .iter()
                .map(|answer| answer.exposure)
                .chain(report.findings.coverage.iter().map(|cell| &cell.exposure)),
        );
        let subgroups = distinct(answers.iter().map(|answer| answer.subgroup));
        let studies = distinct(answers.iter().map(|answer| answer.study.id.as_str()));
        let outcomes: Vec<Outcome<'r>> = outcome_names
            .into_iter()
            .map(|(id, label)| outcome(report, id, label))
            .collect();
        let place = |answer: &Answer<'_>| {
            (
                outcomes.iter().position(|o| o.id == answer.outcome.id),
                answer.subgroup != &Subgroup::All,
                subgroups.iter().position(|s| *s == answer.subgroup),
                studies.iter().position(|s| *s == answer.study.id),
            )
        };
        let programs = program_names
            .into_iter()
            .map(|(id, label)| {
                let mut own: Vec<Answer<'r>> = answers
                    .iter()
                    .filter(|answer| answer.exposure.id == id)
                    .copied()
                    .collect();
                own.sort_by_key(place);
                Program {
                    id,
                    label,
                    definition: report.exposures.iter().find(|known| known.id == id),
                    answers: own,
                    coverage: report
                        .findings
                        .coverage
                        .iter()
                        .filter(|cell| cell.exposure.id == id)
                        .collect(),
                    actions: report
                        .findings
                        .actions
                        .iter()
                        .find(|program| program.exposure.id == id)
                        .map_or(&[], |program| program.actions.as_slice()),
                    doses: report
                        .findings
                        .doses
                        .iter()
                        .filter(|curve| curve.exposure.id == id)
                        .collect(),
                }
            })
            .filter(|program| !program.answers.is_empty() || !program.coverage.is_empty())
            .collect();
        Self {
            report,
            programs,
            outcomes,
            several_studies: studies.len() > 1,
        }
    }

    /// Every answer about every student, program by program.
    pub(crate) fn main(&self) -> impl Iterator<Item = &Answer<'r>> {
        self.programs.iter().flat_map(Program::main)
    }

    /// The outcome with this id.
    pub(crate) fn outcome(&self, id: &str) -> Option<&Outcome<'r>> {
        self.outcomes.iter().find(|outcome| outcome.id == id)
    }

    /// Domains in the order of their first outcome; outcomes about which nothing may be shown have none.
    pub(crate) fn domains(&self) -> Vec<&'r str> {
        distinct(
            self.outcomes
                .iter()
                .map(|outcome| outcome.domain)
                .filter(|domain| !domain.is_empty()),
        )
    }
}

fn shown(finding: &Finding) -> Answer<'_> {
    Answer {
        id: &finding.id,
        study: &finding.study,
        exposure: &finding.exposure,
        outcome: &finding.outcome,
        subgroup: &finding.subgroup,
        found: Ok(finding),
    }
}

fn outcome<'r>(report: &'r Report, id: &'r str, label: &'r str) -> Outcome<'r> {
    let finding = report
        .findings
        .findings
        .iter()
        .find(|finding| finding.outcome.id == id);
    Outcome {
        id,
        label,
        domain: finding.map_or("", |finding| &finding.domain),
        higher_is_better: finding.map(|finding| finding.higher_is_better),
    }
}

/// Ids and labels in the order of the pipeline file, then what the pipeline file does not have.
fn names<'r>(
    known: &'r [Definition],
    used: impl Iterator<Item = &'r Named>,
) -> Vec<(&'r str, &'r str)> {
    let mut names: Vec<(&str, &str)> = known
        .iter()
        .map(|definition| (definition.id.as_str(), definition.label.as_str()))
        .collect();
    for name in used {
        if names.iter().all(|(id, _)| *id != name.id) {
            names.push((&name.id, &name.label));
        }
    }
    names
}

/// In the order of first appearance. There are few: a set would only lose the order.
pub(crate) fn distinct<T: PartialEq>(items: impl Iterator<Item = T>) -> Vec<T> {
    let mut distinct = Vec::new();
    for item in items {
        if !distinct.contains(&item) {
            distinct.push(item);
        }
    }
    distinct
}
