//! What could be done next: at most two things a program, each beside the finding it follows from.

use throughline_evidence::finding::Kind;

use crate::content::Content;
use crate::words;

/// One program.
pub(super) struct Program {
    pub(super) label: String,
    pub(super) stem: String,
    pub(super) actions: Vec<Line>,
}

/// One thing that could be done.
pub(super) struct Line {
    pub(super) kind: &'static str,
    /// The verdict's class.
    pub(super) slug: &'static str,
    pub(super) text: String,
    /// The finding's id.
    pub(super) finding: String,
}

/// Every program something can be said about: those with a warning or a success first, open questions last.
pub(super) fn programs(content: &Content<'_>) -> Vec<Program> {
    let mut ranked: Vec<(Kind, Program)> = content
        .programs
        .iter()
        .filter_map(|program| {
            let first = program.actions.first()?.kind;
            let actions = program
                .actions
                .iter()
                .map(|action| Line {
                    kind: action.kind.words(),
                    slug: program
                        .answers
                        .iter()
                        .find(|answer| answer.id == action.finding)
                        .and_then(|answer| answer.verdict())
                        .map_or("withheld", words::slug),
                    text: action.text.clone(),
                    finding: action.finding.clone(),
                })
                .collect();
            let program = Program {
                label: program.label.to_owned(),
                stem: words::file_stem(program.id),
                actions,
            };
            Some((first, program))
        })
        .collect();
    ranked.sort_by_key(|(kind, _)| *kind);
    ranked.into_iter().map(|(_, program)| program).collect()
}
