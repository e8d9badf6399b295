//! What other designs show of one program, each design one chart with a panel per outcome: years around the beginning, balance of the
//! groups, and the curve along the dose.

use throughline_evidence::finding::{BalanceRow, Curve, Detail, EventStudy, Finding};

use super::canvas::{Chart, ChartError};
use super::curve::{self, Along, Line, Point, Words};
use super::love::{self, Groups, Row};
use crate::content::{Answer, Content, Effect, Program};
use crate::{number, tables, words};

/// Below this a test before the beginning speaks against parallel trends.
const LEVEL: f64 = 0.05;
/// The largest baseline difference that adjustment may mend.
const MENDED: f64 = 0.25;

/// The charts of a program's designs.
#[derive(Default)]
pub(crate) struct DesignCharts {
    pub(crate) event: Option<Chart>,
    pub(crate) balance: Option<Chart>,
    pub(crate) curve: Option<Chart>,
}

impl DesignCharts {
    /// Draws what there is.
    pub(crate) fn draw(content: &Content<'_>, program: &Program<'_>) -> Result<Self, ChartError> {
        Ok(Self {
            event: event(content, program)?,
            balance: balance(content, program)?,
            curve: dose(content, program)?,
        })
    }

    /// In the order of reading.
    pub(crate) fn all(&self) -> impl Iterator<Item = &Chart> {
        [&self.event, &self.balance, &self.curve]
            .into_iter()
            .flatten()
    }
}

/// What is asked about all students, with a part of its designs' details.
fn with<'r, T>(
    program: &Program<'r>,
    pick: impl Fn(&'r Detail) -> Option<T>,
) -> Vec<(Answer<'r>, &'r Finding, T)> {
    program
        .main()
        .filter_map(|answer| {
            let finding = answer.finding()?;
            let mut details = finding.designs.iter().map(|result| &result.detail);
            Some((*answer, finding, details.find_map(&pick)?))
        })
        .collect()
}

fn turned(band: (f64, f64), higher_is_better: bool) -> (f64, f64) {
    if higher_is_better {
        band
    } else {
        (-band.1, -band.0)
    }
}

fn event(content: &Content<'_>, program: &Program<'_>) -> Result<Option<Chart>, ChartError> {
    let found: Vec<(Answer<'_>, &Finding, &EventStudy)> = with(program, |detail| match detail {
        Detail::EventStudy(study) if !study.points.is_empty() => Some(study),
        _ => None,
    });
    let lines: Vec<Line> = found
        .iter()
        .map(|(answer, finding, study)| Line {
            heading: words::asked(answer, content.several_studies),
            points: around(study, finding.higher_is_better),
            mark: None,
        })
        .collect();
    let before = found
        .iter()
        .filter(|(.., study)| study.pre_trend_p.is_some_and(|p| p < LEVEL))
        .count();
    let title = format!(
        "{}: before the beginning a difference was found on {}",
        program.label,
        of(before, found.len())
    );
    let told: Vec<String> = found
        .iter()
        .map(|(answer, _, study)| tell(answer, study))
        .collect();
    let words = Words {
        id: format!("years-{}", words::file_stem(program.id)),
        title,
        subtitle: "Difference to those who had not begun, in SD, up is better; hollow: before the beginning. Dark: 95% interval of \
                   each year; light: band that holds all years at once."
            .to_owned(),
        description: format!(
            "Differences with {} by year relative to the beginning, in standard deviations, plus is better. {}",
            program.label,
            told.join(" ")
        ),
        axis: "years since the beginning".to_owned(),
        table: tables::details(program, &["years around the beginning", "honest interval"]),
    };
    curve::draw(words, Along::Years, &lines)
}

/// The points of an event study with the reference year, in order.
fn around(study: &EventStudy, higher_is_better: bool) -> Vec<Point> {
    let mut points: Vec<Point> = study
        .points
        .iter()
        .map(|point| Point {
            x: f64::from(point.relative_year),
            effect: Some(Effect::of(&point.effect, higher_is_better)),
            band: turned((point.band_lower, point.band_upper), higher_is_better),
        })
        .collect();
    if points.iter().all(|point| point.x != -1.0) {
        points.push(Point {
            x: -1.0,
            effect: None,
            band: (0.0, 0.0),
        });
    }
    points.sort_by(|a, b| a.x.total_cmp(&b.x));
    points
}

fn tell(answer: &Answer<'_>, study: &EventStudy) -> String {
    let before = study.pre_trend_p.map_or_else(
        || "not tested".to_owned(),
        |p| format!("p = {}", number::plain(p, 3)),
    );
    format!(
        "{}: {} years; differences before the beginning, {before}.",
        answer.outcome.label,
        study.points.len()
    )
}

fn balance(content: &Content<'_>, program: &Program<'_>) -> Result<Option<Chart>, ChartError> {
    let found: Vec<(Answer<'_>, &Finding, &[BalanceRow])> = with(program, |detail| match detail {
        Detail::Balance(balance) if !balance.rows.is_empty() => Some(balance.rows.as_slice()),
        Detail::Lottery(lottery) if !lottery.balance.is_empty() => Some(lottery.balance.as_slice()),
        _ => None,
    });
    let groups: Vec<Groups> = found
        .iter()
        .map(|(answer, _, rows)| Groups {
            heading: words::asked(answer, content.several_studies),
            rows: rows
                .iter()
                .map(|row| Row {
                    label: row.label.clone(),
                    before: row.before.abs(),
                    after: row.after.abs(),
                })
                .collect(),
        })
        .collect();
    let alike = groups
        .iter()
        .filter(|group| group.rows.iter().all(|row| row.after <= MENDED))
        .count();
    let title = format!(
        "{}: on {} the groups were alike enough to be compared",
        program.label,
        of(alike, groups.len())
    );
    let worst: Vec<String> = groups
        .iter()
        .map(|group| {
            let largest = group.rows.iter().map(|row| row.after).fold(0.0, f64::max);
            format!(
                "{}: at most {} after.",
                group.heading,
                number::plain(largest, 2)
            )
        })
        .collect();
    let words = Words {
        id: format!("balance-{}", words::file_stem(program.id)),
        title,
        subtitle: "Standardised difference between participants and others, sign left out: hollow before, filled after matching \
                   or weighting. Lines: alike as they are (0.05), and the most that adjustment may mend (0.25)."
            .to_owned(),
        description: format!(
            "Baseline differences between participants of {} and others. {}",
            program.label,
            worst.join(" ")
        ),
        axis: "difference at the start (SD)".to_owned(),
        table: tables::details(program, &["balance before", "balance after"]),
    };
    love::draw(words, &groups)
}

fn dose(content: &Content<'_>, program: &Program<'_>) -> Result<Option<Chart>, ChartError> {
    let found: Vec<(Answer<'_>, &Finding, &Curve)> = with(program, |detail| match detail {
        Detail::Curve(curve) if curve.points.len() > 1 => Some(curve),
        _ => None,
    });
    let unit = found
        .first()
        .map_or("", |(_, finding, _)| &finding.dose_unit);
    let lines: Vec<Line> = found
        .iter()
        .map(|(answer, finding, curve)| Line {
            heading: words::asked(answer, content.several_studies),
            points: along(curve, finding.higher_is_better),
            mark: curve.stops_paying.map(|dose| {
                (
                    dose,
                    format!("more not shown after {} {unit}", number::short(dose, 1)),
                )
            }),
        })
        .collect();
    let marked: Vec<String> = found
        .iter()
        .filter_map(|(answer, _, curve)| {
            let dose = number::short(curve.stops_paying?, 1);
            Some(format!("{} (beyond {dose} {unit})", answer.outcome.label))
        })
        .collect();
    let title = match marked.as_slice() {
        [] => format!(
            "{}: no dose is seen after which more is not shown to go with more",
            program.label
        ),
        [_] | [_, _] => format!(
            "{}: more {unit} not shown to go with more on {}",
            program.label,
            words::list(&marked)
        ),
        _ => format!(
            "{}: more {unit} not shown to go with more on {}",
            program.label,
            of(marked.len(), found.len())
        ),
    };
    let words = Words {
        id: format!("curve-{}", words::file_stem(program.id)),
        title,
        subtitle: "Difference to no dose in SD, up is better. Dark: 95% interval at each dose; light: band that holds the whole \
                   curve at once."
            .to_owned(),
        description: format!(
            "Outcomes along the dose of {}, in standard deviations against no dose, plus is better. {}.",
            program.label,
            if marked.is_empty() {
                "No dose is marked".to_owned()
            } else {
                words::sentence_case(&marked.join("; "))
            }
        ),
        axis: unit.to_owned(),
        table: tables::details(program, &["curve"]),
    };
    curve::draw(words, Along::Dose, &lines)
}

fn along(curve: &Curve, higher_is_better: bool) -> Vec<Point> {
    curve
        .points
        .iter()
        .map(|point| Point {
            x: point.dose,
            effect: Some(Effect::of(&point.effect, higher_is_better)),
            band: turned((point.band_lower, point.band_upper), higher_is_better),
        })
        .collect()
}

/// `none of 4 outcomes`, `1 of 4 outcomes`.
fn of(count: usize, all: usize) -> String {
    let all = words::several(all, "outcome", "outcomes");
    if count == 0 {
        format!("none of {all}")
    } else {
        format!("{count} of {all}")
    }
}
