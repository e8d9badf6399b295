//! What to put right, whose it is, and how many findings would be better for it. A finding rests on every table that the measures of
//! its exposure and outcome read, themselves or through views.

use std::collections::{BTreeMap, BTreeSet};

use throughline_model::panel::LinkRate;
use throughline_model::part::FileCount;
use throughline_model::quality::{
    Checked, ConflictKind, FileLine, Fix, Reason, Rejected, State, owner,
};
use throughline_model::{Pipeline, disagreement};

use super::Question;

/// Hops that no check of a single table tells about: the table that is incomplete, and what to do.
const HOPS: [(&str, &str, &str); 3] = [
    (
        "student year → class",
        "student_section",
        "give every student a class list: students without one reach no teacher",
    ),
    (
        "class day → teacher",
        "staff_section",
        "say who taught the classes that have days without a teacher",
    ),
    (
        "training record → catalog",
        "pd_activity",
        "add the activities that training records name to the catalog",
    ),
];
/// Rules of checks whose faults are told one by one.
const TOLD: [&str; 2] = ["linked", disagreement::RULE];
/// Rules of rejects that a sentence names.
const RULES: usize = 3;
/// Places of a fix.
const PLACES: usize = 5;

/// Everything to put right, what helps most findings first.
pub(super) fn fixes(
    pipeline: &Pipeline,
    (checked, disagreeing): (&Checked, &[FileCount]),
    links: &[LinkRate],
    questions: &[Question],
    depends: &BTreeMap<String, BTreeSet<String>>,
) -> Vec<Fix> {
    let list = List {
        pipeline,
        questions,
        depends,
    };
    let mut fixes = Vec::new();
    fixes.extend(list.unlinked(checked));
    fixes.extend(list.conflicts(checked));
    fixes.extend(list.rejected(checked));
    fixes.extend(list.disagreeing(checked, disagreeing));
    fixes.extend(list.broken(checked));
    fixes.extend(list.hops(links));
    fixes.sort_by(|a, b| {
        (b.findings, b.open, b.rows, &a.owner, &a.task)
            .cmp(&(a.findings, a.open, a.rows, &b.owner, &b.task))
    });
    fixes
}

struct List<'a> {
    pipeline: &'a Pipeline,
    questions: &'a [Question],
    depends: &'a BTreeMap<String, BTreeSet<String>>,
}

impl List<'_> {
    fn fix(
        &self,
        owner: String,
        task: String,
        table: &str,
        (rows, places): (u64, &[FileLine]),
    ) -> Fix {
        let rests = |question: &&Question| {
            [&question.exposure, &question.outcome].iter().any(|id| {
                self.depends
                    .get(*id)
                    .is_some_and(|tables| tables.contains(table))
            })
        };
        let findings = || self.questions.iter().filter(rests);
        Fix {
            owner,
            task,
            table: table.to_owned(),
            rows,
            findings: findings().count() as u64,
            open: findings().filter(|question| question.open).count() as u64,
            places: places.iter().take(PLACES).cloned().collect(),
        }
    }

    /// Who answers for a table: the owner of its first source.
    fn owner_of(&self, table: &str) -> String {
        let mut sources = self.pipeline.sources.iter();
        sources
            .find(|source| source.mapping.table.name == table)
            .map_or_else(|| owner(table).to_owned(), |source| source.owner.clone())
    }

    fn owner_of_source(&self, id: &str, table: &str) -> String {
        let mut sources = self.pipeline.sources.iter();
        sources
            .find(|source| source.id == id)
            .map_or_else(|| self.owner_of(table), |source| source.owner.clone())
    }

    fn unlinked(&self, checked: &Checked) -> Vec<Fix> {
        let groups = checked.unlinked.iter();
        groups
            .map(|group| {
                let crosswalk = format!("{}_identity", group.person);
                let (owner, task) = match group.reason {
                    Reason::Unknown => (
                        self.owner_of_source(&group.source, &group.table),
                        format!(
                            "in `{}`, correct the IDs that nobody knows, or have them added to the {} crosswalk",
                            group.source, group.person
                        ),
                    ),
                    Reason::OutsideDates => (
                        self.owner_of(&crosswalk),
                        format!(
                            "in the {} crosswalk, correct the dates of the IDs that `{}` uses on other days",
                            group.person, group.source
                        ),
                    ),
                    Reason::TwoPeople => (
                        self.owner_of(&crosswalk),
                        format!(
                            "in the {} crosswalk, say when each of two people had the ID that `{}` uses",
                            group.person, group.source
                        ),
                    ),
                    Reason::NotListed => (
                        self.owner_of(&group.person),
                        format!(
                            "list the people of these rows of `{}` in the {} file{}",
                            group.source,
                            group.person,
                            if group.person == "student" {
                                " of their school year"
                            } else {
                                ""
                            }
                        ),
                    ),
                };
                self.fix(owner, task, &group.table, (group.rows, &group.places))
            })
            .collect()
    }

    fn conflicts(&self, checked: &Checked) -> Vec<Fix> {
        let conflicts = checked.conflicts.iter();
        conflicts
            .filter_map(|conflict| {
                let task = match conflict.kind {
                    ConflictKind::OneIdTwoPeople => format!(
                        "in the {} crosswalk, say whose each ID of `{}` is that two people have on one day",
                        conflict.person, conflict.id_system
                    ),
                    ConflictKind::OnePersonTwoIds => format!(
                        "in the {} crosswalk, end the ID of `{}` that is no longer used where a person has two",
                        conflict.person, conflict.id_system
                    ),
                    ConflictKind::Reused => return None,
                };
                let table = format!("{}_identity", conflict.person);
                Some(self.fix(
                    self.owner_of(&table),
                    task,
                    &table,
                    (conflict.cases, &conflict.places),
                ))
            })
            .collect()
    }

    /// One fix a source.
    fn rejected(&self, checked: &Checked) -> Vec<Fix> {
        let mut sources: BTreeMap<&str, Vec<&Rejected>> = BTreeMap::new();
        for group in &checked.rejects {
            sources.entry(&group.source).or_default().push(group);
        }
        sources
            .into_iter()
            .map(|(source, groups)| {
                let mut rules: Vec<String> = groups
                    .iter()
                    .take(RULES)
                    .map(|group| match &group.column {
                        Some(column) => format!("{} in `{column}`", group.rule),
                        None => group.rule.clone(),
                    })
                    .collect();
                if groups.len() > RULES {
                    rules.push("and others".to_owned());
                }
                let mut places: Vec<FileLine> = groups
                    .iter()
                    .flat_map(|group| group.places.iter().cloned())
                    .collect();
                places.sort();
                places.dedup();
                let mut known = self.pipeline.sources.iter();
                let table = known
                    .find(|known| known.id == source)
                    .map_or("", |known| known.mapping.table.name);
                self.fix(
                    self.owner_of_source(source, table),
                    format!(
                        "in `{source}`, correct what was rejected: {}",
                        rules.join(", ")
                    ),
                    table,
                    (groups.iter().map(|group| group.cells).sum(), &places),
                )
            })
            .collect()
    }

    /// Rows of one key between which nothing decides, where a check asks for them: one fix a source.
    fn disagreeing(&self, checked: &Checked, files: &[FileCount]) -> Vec<Fix> {
        let asked = |file: &&FileCount| {
            let mut checks = checked.checks.iter();
            file.unsettled > 0
                && checks.any(|check| {
                    check.rule == disagreement::RULE
                        && check.table == file.table
                        && check.state == State::Failed
                })
        };
        let mut sources: BTreeMap<&str, Vec<&FileCount>> = BTreeMap::new();
        for file in files.iter().filter(asked) {
            sources.entry(&file.source).or_default().push(file);
        }
        let places = |file: &FileCount| {
            let open = file.conflicts.iter().filter(|one| !one.settled);
            open.flat_map(|one| disagreement::places(file, one))
                .collect::<Vec<_>>()
        };
        sources
            .into_iter()
            .map(|(source, files)| {
                let table = files.first().map_or("", |file| file.table.as_str());
                let places: Vec<FileLine> = files.iter().flat_map(|file| places(file)).collect();
                self.fix(
                    self.owner_of_source(source, table),
                    format!(
                        "in `{source}`, correct rows that have one key and disagree, or declare which of them counts"
                    ),
                    table,
                    (files.iter().map(|file| file.unsettled).sum(), &places),
                )
            })
            .collect()
    }

    /// Failed checks; people who are not linked and rows that disagree have been told already.
    fn broken(&self, checked: &Checked) -> Vec<Fix> {
        let failed = checked
            .checks
            .iter()
            .filter(|check| check.state == State::Failed && !TOLD.contains(&check.rule.as_str()));
        failed
            .map(|check| {
                let found = if check.found.is_empty() {
                    String::new()
                } else {
                    format!(" ({})", check.found)
                };
                self.fix(
                    self.owner_of(&check.table),
                    format!(
                        "in table `{}`, see to it that {}{found}",
                        check.table, check.asks
                    ),
                    &check.table,
                    (check.broken, &check.places),
                )
            })
            .collect()
    }

    fn hops(&self, links: &[LinkRate]) -> Vec<Fix> {
        let lost = links.iter().filter(|link| link.linked < link.total);
        lost.filter_map(|link| {
            let (_, table, task) = HOPS.iter().find(|(hop, ..)| *hop == link.hop)?;
            Some(self.fix(
                self.owner_of(table),
                (*task).to_owned(),
                table,
                (link.total - link.linked, &[]),
            ))
        })
        .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use throughline_model::quality::Unlinked;

    fn pipeline() -> Pipeline {
        Pipeline::load(std::path::Path::new(concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/pipelines/sample.toml"
        )))
        .expect("the sample's pipeline")
    }

    /// Training and tool use rest on tables of their own; who answers for them is the sample's defaults.
    #[test]
    fn what_helps_more_findings_comes_first_and_has_the_right_owner() {
        let group = |table: &str, source: &str, person: &str, reason, rows| Unlinked {
            table: table.to_owned(),
            column: "person_id".to_owned(),
            person: person.to_owned(),
            source: source.to_owned(),
            reason,
            rows,
            places: Vec::new(),
        };
        let checked = Checked {
            unlinked: vec![
                group("tool_usage", "tool_usage", "student", Reason::Unknown, 900),
                group(
                    "pd_participation",
                    "pd_transcript",
                    "staff",
                    Reason::OutsideDates,
                    2,
                ),
                group(
                    "pd_participation",
                    "pd_transcript",
                    "staff",
                    Reason::NotListed,
                    1,
                ),
            ],
            ..Checked::default()
        };
        let question = |exposure: &str, open| Question {
            exposure: exposure.to_owned(),
            outcome: "attendance".to_owned(),
            open,
        };
        let questions = [
            question("number_talks", true),
            question("number_talks", false),
            question("factfluent", true),
        ];
        let tables = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        let depends = BTreeMap::from([
            (
                "number_talks".to_owned(),
                tables(&["pd_participation", "student"]),
            ),
            ("factfluent".to_owned(), tables(&["tool_usage", "student"])),
            (
                "attendance".to_owned(),
                tables(&["attendance_event", "student"]),
            ),
        ]);
        let found = fixes(&pipeline(), (&checked, &[]), &[], &questions, &depends);
        let told: Vec<(&str, u64, u64, u64)> = found
            .iter()
            .map(|fix| (fix.owner.as_str(), fix.findings, fix.open, fix.rows))
            .collect();
        assert_eq!(
            told,
            [("HR", 2, 1, 2), ("HR", 2, 1, 1), ("vendor", 1, 1, 900)]
        );
        assert!(found[0].task.contains("dates"), "{}", found[0].task);
    }
}
