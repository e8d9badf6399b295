//! One domain, every program: which went with better results on an outcome, and which did not. Rows are ordered by
//! the point estimate, so the eye must be kept on the intervals: neighbours mostly cannot be told apart, and the
//! subtitle says so.

use super::canvas::{Caption, Chart, ChartError};
use super::intervals::{self, Group, Intervals, Row};
use super::scale;
use crate::content::{Answer, Content, Effect, Outcome};
use crate::tables;
use crate::words;

/// More rows than this do not fit on a printed page.
const MOST_ROWS: usize = 18;

/// The rankings of a domain: one chart, or one for each outcome where they would not fit on a page together.
pub(crate) fn draw(content: &Content<'_>, domain: &str) -> Result<Vec<Chart>, ChartError> {
    let ranked: Vec<(&Outcome<'_>, Vec<&Answer<'_>>)> = content
        .outcomes
        .iter()
        .filter(|outcome| outcome.domain == domain)
        .map(|outcome| (outcome, ranked(content, outcome)))
        .filter(|(_, answers)| !answers.is_empty())
        .collect();
    let rows: usize = ranked.iter().map(|(_, answers)| answers.len()).sum();
    if ranked.is_empty() {
        return Ok(Vec::new());
    }
    let reach = reach(&ranked);
    let stem = format!("ranking-{}", words::file_stem(domain));
    if ranked.len() == 1 || rows <= MOST_ROWS {
        let about = match ranked.as_slice() {
            [(outcome, _)] => outcome.label,
            _ => domain,
        };
        return Ok(vec![chart(content, stem, about, &ranked, reach)?]);
    }
    ranked
        .chunks(1)
        .map(|one| {
            let outcome = one[0].0;
            let id = format!("{stem}-{}", words::file_stem(outcome.id));
            chart(content, id, outcome.label, one, reach)
        })
        .collect()
}

fn ranked<'c, 'r>(content: &'c Content<'r>, outcome: &Outcome<'_>) -> Vec<&'c Answer<'r>> {
    let mut answers: Vec<&Answer<'_>> = content
        .main()
        .filter(|answer| answer.outcome.id == outcome.id)
        .collect();
    answers.sort_by(|a, b| best_first(a, b));
    answers
}

/// Half the width of the scale that all rankings of a domain share.
fn reach(ranked: &[(&Outcome<'_>, Vec<&Answer<'_>>)]) -> f64 {
    let answers = ranked.iter().flat_map(|(_, answers)| answers);
    let effects: Vec<Effect> = answers
        .clone()
        .filter_map(|answer| answer.adjusted())
        .collect();
    let points: Vec<f64> = effects.iter().map(|effect| effect.estimate).collect();
    let ends: Vec<f64> = effects
        .iter()
        .flat_map(|effect| [effect.lower, effect.upper])
        .collect();
    let matters = answers
        .filter_map(|answer| answer.finding())
        .fold(0.01_f64, |most, finding| {
            most.max(finding.smallest_difference)
        });
    scale::reach(&points, &ends, matters)
}

fn chart(
    content: &Content<'_>,
    id: String,
    about: &str,
    ranked: &[(&Outcome<'_>, Vec<&Answer<'_>>)],
    reach: f64,
) -> Result<Chart, ChartError> {
    let all: Vec<&Answer<'_>> = ranked
        .iter()
        .flat_map(|(_, answers)| answers)
        .copied()
        .collect();
    let groups: Vec<Group> = ranked
        .iter()
        .map(|(outcome, answers)| Group {
            // A single outcome is named by the title.
            heading: (ranked.len() > 1).then(|| heading(outcome)),
            rows: answers.iter().map(|answer| row(content, answer)).collect(),
        })
        .collect();
    let title = words::ranking_title(about, &all);
    let lower = match ranked {
        [(outcome, _)] if outcome.higher_is_better == Some(false) => " (less of it is better)",
        _ => "",
    };
    let subtitle = format!(
        "Difference{lower} per dose of each program, largest first; all students, {}. Where intervals overlap, the \
         order may be chance.",
        words::period(content.report)
    );
    let rows: Vec<&Row> = groups.iter().flat_map(|group| &group.rows).collect();
    let description = format!(
        "Ranking of programs on {about}. Effects in standard deviations with 95% intervals, plus is better. {}",
        intervals::describe(&rows)
    );
    let figure = Intervals {
        caption: Caption {
            id: &id,
            title: &title,
            description: &description,
        },
        subtitle: &subtitle,
        axis: "standard deviations (SD), with 95% interval",
        reach,
        groups,
    }
    .draw()?;
    Ok(Chart {
        id,
        title,
        figure,
        table: tables::effects(&all, tables::Rows::ByOutcomeAndProgram),
    })
}

fn heading(outcome: &Outcome<'_>) -> String {
    match outcome.higher_is_better {
        Some(false) => format!("{} (less is better)", outcome.label),
        _ => outcome.label.to_owned(),
    }
}

fn row(content: &Content<'_>, answer: &Answer<'_>) -> Row {
    let label = if content.several_studies {
        format!("{} ({})", answer.exposure.label, answer.study.label)
    } else {
        answer.exposure.label.clone()
    };
    let note = answer.finding().map_or_else(String::new, words::per);
    let mut row = Row::of(answer, label, note);
    // The distance to the plain correlation is shown program by program; here it would only crowd.
    row.naive = None;
    row
}

/// Largest effect first, then what was not estimated, then what is withheld; ties stay in the order of the file.
fn best_first(a: &Answer<'_>, b: &Answer<'_>) -> std::cmp::Ordering {
    let group = |answer: &Answer<'_>| (answer.finding().is_none(), answer.adjusted().is_none());
    let size = |answer: &Answer<'_>| answer.adjusted().map_or(0.0, |effect| effect.estimate);
    group(a)
        .cmp(&group(b))
        .then_with(|| size(b).total_cmp(&size(a)))
}
