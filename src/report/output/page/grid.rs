//! The short answer: a card per verdict, each as large as the others, and every program × outcome at a glance.

use throughline_evidence::finding::Verdict;

use crate::content::{Answer, Content};
use crate::{number, words};

/// What has one verdict.
pub(super) struct Card {
    pub(super) slug: &'static str,
    pub(super) words: String,
    pub(super) meaning: &'static str,
    pub(super) count: usize,
    /// Programs and their outcomes.
    pub(super) lines: Vec<(String, String)>,
}

/// One program of the overview.
pub(super) struct Row {
    pub(super) label: String,
    pub(super) per: String,
    /// Per outcome: none where it was not asked, several where several studies asked.
    pub(super) cells: Vec<Vec<Entry>>,
}

/// One answer of the overview.
pub(super) struct Entry {
    pub(super) slug: &'static str,
    pub(super) value: String,
    pub(super) words: &'static str,
}

/// A card per verdict, also where nothing has it.
pub(super) fn cards(content: &Content<'_>) -> Vec<Card> {
    words::VERDICTS
        .into_iter()
        .map(|verdict| card(content, verdict))
        .collect()
}

fn card(content: &Content<'_>, verdict: Verdict) -> Card {
    let mut count = 0;
    let mut told: Vec<(Vec<&str>, String)> = Vec::new();
    for program in &content.programs {
        let outcomes: Vec<String> = program
            .main()
            .filter(|answer| answer.verdict() == Some(verdict))
            .map(|answer| words::asked(answer, content.several_studies))
            .collect();
        count += outcomes.len();
        let on = if outcomes.len() > 3 {
            format!("{} of {} outcomes", outcomes.len(), program.main().count())
        } else {
            words::list(&outcomes)
        };
        if outcomes.is_empty() {
            continue;
        }
        // Programs of which the same is said share a line.
        match told.iter_mut().find(|(_, other)| *other == on) {
            Some((programs, _)) => programs.push(program.label),
            None => told.push((vec![program.label], on)),
        }
    }
    Card {
        slug: words::slug(verdict),
        words: verdict.words().to_owned(),
        meaning: words::meaning(verdict),
        count,
        lines: told
            .into_iter()
            .map(|(programs, on)| (words::list(&programs), on))
            .collect(),
    }
}

/// What is withheld, in a sentence: outcomes that are withheld for every program first, then program by program.
pub(super) fn withheld(content: &Content<'_>) -> Option<String> {
    let is_withheld = |answer: &&Answer<'_>| answer.finding().is_none();
    let everywhere: Vec<&str> = content
        .outcomes
        .iter()
        .filter(|outcome| {
            let answers: Vec<&Answer<'_>> = content
                .main()
                .filter(|answer| answer.outcome.id == outcome.id)
                .collect();
            answers.len() > 1 && answers.iter().all(is_withheld)
        })
        .map(|outcome| outcome.label)
        .collect();
    let mut parts = Vec::new();
    if !everywhere.is_empty() {
        parts.push(format!("every program on {}", words::list(&everywhere)));
    }
    for program in &content.programs {
        let outcomes: Vec<&str> = program
            .main()
            .filter(is_withheld)
            .map(|answer| answer.outcome.label.as_str())
            .filter(|label| !everywhere.contains(label))
            .collect();
        let on = if outcomes.len() > 3 {
            words::several(outcomes.len(), "outcome", "outcomes")
        } else {
            words::list(&outcomes)
        };
        if !outcomes.is_empty() {
            parts.push(format!("{} on {on}", program.label));
        }
    }
    let rules = content.report.rules;
    (!parts.is_empty()).then(|| {
        format!(
            "Withheld to protect privacy (fewer than {} students, {} teachers or {} schools): {}.",
            rules.min_students,
            rules.min_teachers,
            rules.min_schools,
            parts.join("; ")
        )
    })
}

/// Every program and every outcome.
pub(super) fn rows(content: &Content<'_>) -> Vec<Row> {
    content
        .programs
        .iter()
        .map(|program| Row {
            label: program.label.to_owned(),
            per: program.example().map_or_else(String::new, words::per),
            cells: content
                .outcomes
                .iter()
                .map(|outcome| {
                    program
                        .main()
                        .filter(|answer| answer.outcome.id == outcome.id)
                        .map(entry)
                        .collect()
                })
                .collect(),
        })
        .collect()
}

fn entry(answer: &Answer<'_>) -> Entry {
    let value = match (answer.found, answer.adjusted()) {
        (Err(_), _) => "withheld".to_owned(),
        (Ok(_), None) => "not estimated".to_owned(),
        (Ok(_), Some(effect)) => number::signed(effect.estimate, number::SD),
    };
    Entry {
        slug: answer.verdict().map_or("withheld", words::slug),
        value,
        // The value says "withheld" already.
        words: answer.verdict().map_or("", |verdict| verdict.words()),
    }
}
