//! Other ways to the same answers: what every design says of a program, how large that is in words people use, what it cost, and
//! what would raise the evidence. Everything opens on demand.

use askama::Template;
use throughline_evidence::finding::{DesignResult, Detail, Finding, Lottery};

use super::{Sheet, SheetCell};
use crate::content::{Answer, Effect, Program};
use crate::error::ReportError;
use crate::{number, sizes, tables, words};

fn asked(answer: &Answer<'_>, several_studies: bool) -> SheetCell {
    SheetCell::header(words::asked(answer, several_studies))
}

fn sheet(
    caption: String,
    columns: &[&str],
    rows: Vec<Vec<SheetCell>>,
) -> Result<Option<String>, ReportError> {
    if rows.is_empty() {
        return Ok(None);
    }
    let table = Sheet {
        caption,
        class: "numbers",
        columns: columns
            .iter()
            .map(|label| ((*label).to_owned(), false))
            .collect(),
        rows,
    };
    Ok(Some(table.render()?))
}

/// What every design says, one row an outcome and a column a design; the reasons of those that were not run are told once each.
pub(super) fn estimates(
    program: &Program<'_>,
    several_studies: bool,
) -> Result<Option<String>, ReportError> {
    let findings: Vec<(&Answer<'_>, &Finding)> = program
        .main()
        .filter_map(|answer| Some((answer, answer.finding()?)))
        .collect();
    let mut designs = Vec::new();
    for (_, finding) in &findings {
        for result in &finding.designs {
            let other = result.design != finding.design && result.estimate.is_some();
            if other && !designs.contains(&result.design) {
                designs.push(result.design);
            }
        }
    }
    if designs.is_empty() {
        return Ok(None);
    }
    designs.sort_unstable();
    let rows = findings
        .iter()
        .map(|(answer, finding)| {
            let own = tables::own(finding);
            let mut row = vec![asked(answer, several_studies)];
            let speaking = SheetCell {
                below: format!("{}; {}", words::design(finding.design), own.contrast),
                ..estimate(&own, finding)
            };
            row.push(speaking);
            row.extend(designs.iter().map(|design| {
                let results = finding.designs.iter();
                let found = results
                    .filter(|result| result.design == *design)
                    .find(|_| *design != finding.design);
                found.map_or_else(
                    || SheetCell::text("–"),
                    |result| SheetCell {
                        below: result
                            .estimate
                            .map_or_else(String::new, |_| result.contrast.clone()),
                        ..estimate(result, finding)
                    },
                )
            }));
            row
        })
        .collect();
    let mut columns = vec!["Outcome", "Speaks for the finding"];
    columns.extend(designs.iter().map(|design| words::design(*design)));
    let columns: Vec<String> = columns.into_iter().map(words::sentence_case).collect();
    sheet(
        format!(
            "What every design says of {} (SD, plus is better)",
            program.label
        ),
        &columns.iter().map(String::as_str).collect::<Vec<_>>(),
        rows,
    )
}

fn estimate(result: &DesignResult, finding: &Finding) -> SheetCell {
    result.estimate.as_ref().map_or_else(
        || SheetCell::text("not run"),
        |estimate| {
            let effect = Effect::of(estimate, finding.higher_is_better);
            SheetCell::text(words::effect(effect))
        },
    )
}

/// Why designs were not run: the same reason on several outcomes is said once.
pub(super) fn not_run(program: &Program<'_>, several_studies: bool) -> Vec<(String, String)> {
    let mut told: Vec<((&'static str, &str), Vec<String>)> = Vec::new();
    let mut all = 0;
    for answer in program.main() {
        let Some(finding) = answer.finding() else {
            continue;
        };
        all += 1;
        for result in &finding.designs {
            let Some(reason) = &result.not_run else {
                continue;
            };
            let key = (words::design(result.design), reason.as_str());
            let outcome = words::asked(answer, several_studies);
            match told.iter_mut().find(|(other, _)| *other == key) {
                Some((_, outcomes)) => outcomes.push(outcome),
                None => told.push((key, vec![outcome])),
            }
        }
    }
    told.into_iter()
        .map(|((design, reason), outcomes)| {
            let on = match outcomes.len() {
                count if count == all => String::new(),
                count if count > 3 => format!(", {count} of {all} outcomes"),
                _ => format!(", {}", words::list(&outcomes)),
            };
            (
                format!("{}{on}:", words::sentence_case(design)),
                words::sentence(reason),
            )
        })
        .collect()
}

/// Hedges' g, percentile points, days and students, and prices.
pub(super) fn sizes(
    program: &Program<'_>,
    several_studies: bool,
) -> Result<Option<String>, ReportError> {
    let rows = program
        .main()
        .filter_map(|answer| {
            let finding = answer.finding()?;
            let size = finding.size?;
            let cost = finding.cost;
            let dash = || "–".to_owned();
            let amount = sizes::amount(&size)
                .or_else(|| size.benchmark.map(sizes::benchmarked))
                .unwrap_or_else(dash);
            Some(vec![
                asked(answer, several_studies),
                SheetCell::text(sizes::hedges(&size)),
                SheetCell::text(sizes::percentile(&size)),
                SheetCell::text(amount),
                SheetCell::text(cost.map_or_else(dash, |cost| sizes::price(&cost.per_step))),
                SheetCell::text(
                    cost.and_then(|cost| sizes::unit_price(&cost))
                        .unwrap_or_else(dash),
                ),
            ])
        })
        .collect();
    let step = format!("Price of {}, a student", sizes::step());
    sheet(
        format!("Sizes and prices of {}, plus is better", program.label),
        &[
            "Outcome",
            "Hedges’ g",
            "Percentile points",
            "In what people count",
            &step,
            "Price of one",
        ],
        rows,
    )
}

/// What would raise the evidence, and what the law still asks, each said once for the program.
pub(super) fn raise(program: &Program<'_>) -> Vec<(String, String)> {
    let of = |texts: fn(&Finding) -> &[String]| {
        let mut counted: Vec<(&str, usize)> = Vec::new();
        for finding in program.main().filter_map(|answer| answer.finding()) {
            for text in texts(finding) {
                match counted.iter_mut().find(|(known, _)| known == text) {
                    Some((_, count)) => *count += 1,
                    None => counted.push((text, 1)),
                }
            }
        }
        // What holds for most outcomes first; the rest is in the workbook.
        counted.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
        let told: Vec<&str> = counted.iter().take(4).map(|(text, _)| *text).collect();
        told.join("; ")
    };
    [
        ("What would raise it:", of(|finding| &finding.grade.raise)),
        ("What the law still asks:", of(|finding| &finding.grade.law)),
    ]
    .into_iter()
    .filter(|(_, text)| !text.is_empty())
    .map(|(what, text)| (what.to_owned(), words::sentence(&text)))
    .collect()
}

/// Lotteries, training beside tools, and counts: what those designs show in a few numbers each.
pub(super) fn details(
    program: &Program<'_>,
    several_studies: bool,
) -> Result<Vec<String>, ReportError> {
    let (mut lots, mut joint, mut rates) = (Vec::new(), Vec::new(), Vec::new());
    for answer in program.main() {
        let Some(finding) = answer.finding() else {
            continue;
        };
        let turn = |e| words::effect(Effect::of(e, finding.higher_is_better));
        for result in &finding.designs {
            let mut row = vec![asked(answer, several_studies)];
            match &result.detail {
                Detail::Lottery(lottery) => {
                    row.extend(lottery_cells(lottery, finding));
                    lots.push(row);
                }
                Detail::Joint(found) => {
                    row.extend([
                        SheetCell::text(&found.with.label),
                        SheetCell::text(turn(&found.without)),
                        SheetCell::text(turn(&found.together)),
                        SheetCell::text(turn(&found.difference)),
                    ]);
                    joint.push(row);
                }
                Detail::Rate(rate) => {
                    let factor = rate.factor;
                    row.extend([
                        SheetCell::text(format!(
                            "× {} ({} to {})",
                            number::plain(factor.estimate, 2),
                            number::plain(factor.lower, 2),
                            number::plain(factor.upper, 2)
                        )),
                        SheetCell::text(format!(
                            "{} {}",
                            number::short(rate.base, 3),
                            finding.outcome_unit
                        )),
                    ]);
                    rates.push(row);
                }
                Detail::None | Detail::EventStudy(_) | Detail::Balance(_) | Detail::Curve(_) => {}
            }
        }
    }
    let tables = [
        sheet(
            format!("The draw for {} (SD, plus is better)", program.label),
            &[
                "Outcome",
                "Among those who took the place",
                "Took part",
                "Lost from sight",
                "Lots drawn anew",
            ],
            lots,
        )?,
        sheet(
            format!(
                "{}, where it met other training or tools (SD, plus is better)",
                program.label
            ),
            &["Outcome", "Beside", "Without it", "With it", "Difference"],
            joint,
        )?,
        sheet(
            format!(
                "{} as a factor on counts (1 is no difference)",
                program.label
            ),
            &["Outcome", "Factor", "Mean without dose"],
            rates,
        )?,
    ];
    Ok(tables.into_iter().flatten().collect())
}

fn lottery_cells(lottery: &Lottery, finding: &Finding) -> [SheetCell; 4] {
    let complier = lottery.complier.as_ref().map_or_else(
        || "not estimated".to_owned(),
        |e| words::effect(Effect::of(e, finding.higher_is_better)),
    );
    [
        SheetCell::text(complier),
        SheetCell::text(format!(
            "{} of those offered a place, {} of the others",
            number::percent(lottery.taken_offered),
            number::percent(lottery.taken_not_offered)
        )),
        SheetCell::text(format!(
            "{} of all, {} apart",
            number::percent(lottery.overall_attrition),
            number::percent(lottery.differential_attrition.abs())
        )),
        SheetCell::text(lottery.randomisation_p.map_or_else(
            || "–".to_owned(),
            |p| format!("p = {}", number::plain(p, 3)),
        )),
    ]
}
