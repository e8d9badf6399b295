//! One program, every outcome: what its design says beside what a plain correlation would have said.

use super::canvas::{Caption, Chart, ChartError};
use super::intervals::{self, Group, Intervals, Row};
use super::scale;
use crate::content::{Answer, Content, Program};
use crate::tables;
use crate::words;

/// Half the width of the scale that all forest plots share, so that programs can be compared by eye.
pub(crate) fn reach(content: &Content<'_>) -> f64 {
    let answers: Vec<&Answer<'_>> = content.main().collect();
    let mut points = Vec::new();
    let mut ends = Vec::new();
    let mut matters = 0.01_f64;
    for answer in answers {
        for effect in [answer.adjusted(), answer.naive()].into_iter().flatten() {
            points.push(effect.estimate);
            ends.extend([effect.lower, effect.upper]);
        }
        if let Some(finding) = answer.finding() {
            matters = matters.max(finding.smallest_difference);
        }
    }
    scale::reach(&points, &ends, matters)
}

/// The forest plot of a program; `None` where nothing was asked about every student.
pub(crate) fn draw(
    content: &Content<'_>,
    program: &Program<'_>,
    reach: f64,
) -> Result<Option<Chart>, ChartError> {
    let main: Vec<&Answer<'_>> = program.main().collect();
    if main.is_empty() {
        return Ok(None);
    }
    let rows: Vec<Row> = main
        .iter()
        .map(|answer| {
            let label = words::asked(answer, content.several_studies);
            Row::of(answer, label, String::new())
        })
        .collect();
    let id = format!("forest-{}", words::file_stem(program.id));
    let title = words::program_title(program);
    let unit = program.example().map_or_else(String::new, |finding| {
        format!(
            " {}, {}",
            words::per(finding),
            words::window(finding.window)
        )
    });
    let subtitle = format!(
        "Difference in each outcome{unit}; all students, {}",
        words::period(content.report)
    );
    let description = format!(
        "Forest plot of {}. Effects in standard deviations with 95% intervals, plus is better. {}",
        program.label,
        intervals::describe(&rows.iter().collect::<Vec<_>>())
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
        groups: vec![Group {
            heading: None,
            rows,
        }],
    }
    .draw()?;
    Ok(Some(Chart {
        id,
        title,
        figure,
        table: tables::effects(&main, tables::Rows::ByOutcome),
    }))
}
