//! The main findings: adjusted beside plain, in SD and in the outcome's own unit, with evidence and verdict.

use throughline_evidence::finding::Verdict;

use crate::content::{Answer, Content, Effect};
use crate::table::WITHHELD;
use crate::{number, sizes, words};

/// One program's findings.
pub(super) struct Group {
    pub(super) label: String,
    pub(super) dose: String,
    pub(super) rows: Vec<Row>,
}

/// One finding.
pub(super) struct Row {
    pub(super) outcome: String,
    pub(super) direction: &'static str,
    pub(super) is_shown: bool,
    /// Estimate and interval.
    pub(super) adjusted: (String, String),
    pub(super) own: (String, String),
    pub(super) unit: String,
    /// The size in words people use.
    pub(super) words: String,
    /// That the question was added after outcomes had been read, where it was.
    pub(super) added: String,
    pub(super) naive: (String, String),
    pub(super) marks: u8,
    pub(super) dots: [bool; 5],
    pub(super) tier: String,
    pub(super) slug: &'static str,
    pub(super) verdict: &'static str,
    pub(super) reason: String,
}

/// Every finding about all students, program by program.
pub(super) fn groups(content: &Content<'_>) -> Vec<Group> {
    content
        .programs
        .iter()
        .map(|program| Group {
            label: program.label.to_owned(),
            dose: program.example().map_or_else(String::new, |finding| {
                format!("{}, {}", words::per(finding), words::window(finding.window))
            }),
            rows: program
                .main()
                .map(|answer| row(answer, content.several_studies))
                .collect(),
        })
        .filter(|group: &Group| !group.rows.is_empty())
        .collect()
}

fn row(answer: &Answer<'_>, several_studies: bool) -> Row {
    let finding = answer.finding();
    let own = finding.and_then(words::own_unit);
    let marks = finding.map_or(0, |finding| finding.grade.marks);
    Row {
        outcome: words::asked(answer, several_studies),
        direction: match finding {
            Some(finding) if !finding.higher_is_better => "less is better",
            _ => "",
        },
        is_shown: finding.is_some(),
        adjusted: split(answer.adjusted()),
        own: own
            .as_ref()
            .map_or_else(nothing, |own| (own.estimate.clone(), own.interval.clone())),
        words: finding
            .filter(|finding| finding.verdict != Verdict::NotCredible)
            .and_then(sizes::in_words)
            .unwrap_or_default(),
        added: finding.map_or_else(String::new, |finding| words::added(&finding.planned)),
        unit: own.map_or_else(String::new, |own| own.unit),
        naive: split(answer.naive()),
        marks,
        dots: [1, 2, 3, 4, 5].map(|mark| mark <= marks),
        tier: finding.map_or_else(String::new, |finding| words::tier(&finding.grade)),
        slug: answer.verdict().map_or("withheld", words::slug),
        verdict: words::answer_verdict(answer),
        reason: finding.map_or_else(|| WITHHELD.to_owned(), words::reason),
    }
}

fn split(effect: Option<Effect>) -> (String, String) {
    effect.map_or_else(nothing, |effect| {
        (
            number::signed(effect.estimate, number::SD),
            words::interval(effect),
        )
    })
}

fn nothing() -> (String, String) {
    ("not estimated".to_owned(), String::new())
}
