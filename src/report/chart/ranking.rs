//! One domain, every program: which went with better results on an outcome, and which did not. Rows are ordered by
//! the point estimate, so the eye must be kept on the intervals: neighbours mostly cannot be told apart, and the
//! subtitle says so.

use super::canvas::{Caption, Chart, ChartError};
use super::intervals::{self, Group, Intervals, Row};
use super::scale;
use crate::content::{Answer, Content};
use crate::tables;
use crate::words;

/// The ranking of a domain; `None` where nothing was asked about every student.
pub(crate) fn draw(content: &Content<'_>, domain: &str) -> Result<Option<Chart>, ChartError> {
    let outcomes: Vec<_> = content
        .outcomes
        .iter()
        .filter(|outcome| outcome.domain == domain)
        .collect();
    let mut all: Vec<&Answer<'_>> = Vec::new();
    let mut groups = Vec::new();
    for outcome in outcomes {
        let mut answers: Vec<&Answer<'_>> = content
            .main()
            .filter(|answer| answer.outcome.id == outcome.id)
            .collect();
        answers.sort_by(|a, b| best_first(a, b));
        if answers.is_empty() {
            continue;
        }
        let rows = answers.iter().map(|answer| row(content, answer)).collect();
        groups.push(Group {
            heading: Some(heading(outcome)),
            rows,
        });
        all.extend(answers);
    }
    if all.is_empty() {
        return Ok(None);
    }
    let id = format!("ranking-{}", words::file_stem(domain));
    let title = words::domain_title(domain, &all);
    let subtitle = format!(
        "Difference per dose of each program, largest first; all students, {}. Programs whose intervals overlap \
         cannot be told apart.",
        words::period(content.report)
    );
    let rows: Vec<&Row> = groups.iter().flat_map(|group: &Group| &group.rows).collect();
    let description = format!(
        "Ranking of programs for {domain}, by outcome. Effects in standard deviations with 95 % intervals, plus is \
         better. {}",
        intervals::describe(&rows)
    );
    let points: Vec<f64> = all
        .iter()
        .filter_map(|answer| answer.adjusted())
        .map(|effect| effect.estimate)
        .collect();
    let ends: Vec<f64> = all
        .iter()
        .filter_map(|answer| answer.adjusted())
        .flat_map(|effect| [effect.lower, effect.upper])
        .collect();
    let matters = rows.iter().fold(0.01_f64, |most, row| most.max(row.matters));
    let reach = scale::reach(&points, &ends, matters);
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
    Ok(Some(Chart {
        id,
        title,
        figure,
        table: tables::effects(&all, tables::Rows::ByOutcomeAndProgram),
    }))
}

fn heading(outcome: &crate::content::Outcome<'_>) -> String {
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
