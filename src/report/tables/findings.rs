//! The full findings, one row each, and what was tried against them, one row per check.

use throughline_evidence::finding::{Estimate, Finding, Interval, Price};

use crate::content::{Answer, Content};
use crate::table::{Cell, Column, Kind, Table, WITHHELD};
use crate::words;

/// How one column is made from a finding. Columns that a withheld row has as well are made from its answer.
enum Make {
    Always(fn(&Answer<'_>) -> Cell),
    Shown(fn(&Finding) -> Cell),
}

use Make::{Always, Shown};

/// The columns of something with an interval: its point and its ends. Keys are `<key>_<unit>`, `<key>_lower`, `<key>_upper`.
macro_rules! interval {
    ($kind:ident, $key:literal, $unit:literal, $label:literal, $get:expr) => {
        [
            (
                $kind(concat!($key, "_", $unit), $label),
                Shown(|f| Cell::number($get(f).map(|e| e.estimate))),
            ),
            (
                $kind(concat!($key, "_lower"), "Lower end, 95%"),
                Shown(|f| Cell::number($get(f).map(|e| e.lower))),
            ),
            (
                $kind(concat!($key, "_upper"), "Upper end, 95%"),
                Shown(|f| Cell::number($get(f).map(|e| e.upper))),
            ),
        ]
    };
}

/// Every column of the findings, with how it is made: one list, so that header and row cannot drift apart.
const COLUMNS: &[&[(Column, Make)]] = &[
    &[
        (text("id", "Id"), Always(|a| Cell::text(a.id))),
        (
            text("study", "Study"),
            Always(|a| Cell::text(&a.study.label)),
        ),
        (
            text("program_id", "Program id"),
            Always(|a| Cell::text(&a.exposure.id)),
        ),
        (
            text("program", "Program"),
            Always(|a| Cell::text(&a.exposure.label)),
        ),
        (
            text("outcome_id", "Outcome id"),
            Always(|a| Cell::text(&a.outcome.id)),
        ),
        (
            text("outcome", "Outcome"),
            Always(|a| Cell::text(&a.outcome.label)),
        ),
        (
            text("students_group", "Students"),
            Always(|a| Cell::text(words::subgroup(a.subgroup))),
        ),
        (
            text("status", "Status"),
            Always(|a| Cell::text(if a.found.is_ok() { "shown" } else { WITHHELD })),
        ),
        (
            text("verdict", "Verdict"),
            Always(|a| Cell::text(words::answer_verdict(a))),
        ),
        (
            text("verdict_reason", "Reason"),
            Shown(|f| Cell::text(&f.verdict_reason)),
        ),
        (text("domain", "Domain"), Shown(|f| Cell::text(&f.domain))),
        (
            text("design", "Design"),
            Shown(|f| Cell::text(words::design(f.design))),
        ),
        (
            text("dose_window", "Dose"),
            Shown(|f| Cell::text(words::window(f.window))),
        ),
        (
            number("per", "Effects are per"),
            Shown(|f| Cell::Number(f.per)),
        ),
        (
            text("dose_unit", "Unit of dose"),
            Shown(|f| Cell::text(&f.dose_unit)),
        ),
        (
            flag("higher_is_better", "More is better"),
            Shown(|f| Cell::Flag(f.higher_is_better)),
        ),
        (
            number(
                "smallest_difference_sd",
                "Smallest difference that matters (SD)",
            ),
            Shown(|f| Cell::Number(f.smallest_difference)),
        ),
    ],
    &interval!(
        sd,
        "adjusted",
        "sd",
        "Adjusted effect (SD)",
        |f: &Finding| f.adjusted
    ),
    &[
        (
            number("adjusted_se", "Standard error"),
            Shown(|f| of(f.adjusted, |e| e.se)),
        ),
        (
            probability("adjusted_p", "p"),
            Shown(|f| of(f.adjusted, |e| e.p)),
        ),
        (
            number("adjusted_df", "Degrees of freedom"),
            Shown(|f| of(f.adjusted, |e| e.df)),
        ),
        (
            probability("q_value", "q over the run"),
            Shown(|f| Cell::number(f.q_value)),
        ),
        (
            probability("q_in_domain", "q in the domain"),
            Shown(|f| Cell::number(f.q_in_domain)),
        ),
    ],
    &interval!(
        sd,
        "naive",
        "sd",
        "Plain correlation (SD)",
        |f: &Finding| f.naive
    ),
    &interval!(
        sd,
        "alone",
        "sd",
        "Without the other programs (SD)",
        |f: &Finding| f.alone
    ),
    &interval!(
        sd,
        "shrunk",
        "sd",
        "With what the other groups show (SD)",
        |f: &Finding| f.shrunk
    ),
    &interval!(
        sd,
        "gap",
        "sd",
        "More than for other students (SD)",
        |f: &Finding| f.gap
    ),
    &interval!(
        number,
        "own_unit",
        "estimate",
        "Adjusted effect (own unit)",
        |f: &Finding| f.adjusted_raw
    ),
    &[(
        text("own_unit", "Own unit"),
        Shown(|f| Cell::text(&f.outcome_unit)),
    )],
    &interval!(
        sd,
        "hedges_g",
        "better",
        "Hedges’ g (+ is better)",
        |f: &Finding| f.size.map(|s| s.hedges_g)
    ),
    &interval!(
        number,
        "improvement",
        "points",
        "Percentile points (+ is better)",
        |f: &Finding| f.size.map(|s| s.improvement)
    ),
    &interval!(
        number,
        "amount",
        "better",
        "In what people count (+ is better)",
        |f: &Finding| f.size.and_then(|s| s.amount).map(|a| a.amount)
    ),
    &[
        (
            text("amount_unit", "What is counted"),
            Shown(|f| {
                let amount = f.size.and_then(|size| size.amount);
                amount.map_or(Cell::Nothing, |amount| Cell::text(amount.unit.words(true)))
            }),
        ),
        (
            text("benchmark", "Beside other studies (Kraft 2020)"),
            Shown(|f| {
                let benchmark = f.size.and_then(|size| size.benchmark);
                benchmark.map_or(Cell::Nothing, |found| Cell::text(found.words()))
            }),
        ),
        (
            number("minimum_detectable_sd", "Detectable with 80% power (SD)"),
            Shown(|f| Cell::number(f.minimum_detectable)),
        ),
        (
            count("essa_tier_candidate", "ESSA tier candidate"),
            Shown(|f| {
                f.grade
                    .essa_candidate
                    .map_or(Cell::Nothing, |tier| Cell::Count(u64::from(tier)))
            }),
        ),
        (
            count("evidence_marks", "Marks of 5"),
            Shown(|f| Cell::Count(u64::from(f.grade.marks))),
        ),
        (
            text("marks_lost", "Marks lost, and why"),
            Shown(|f| Cell::text(f.grade.lost.join("; "))),
        ),
        (
            text("would_raise", "What would raise the grade"),
            Shown(|f| Cell::text(f.grade.raise.join("; "))),
        ),
        (
            text("law_asks", "What the law still asks"),
            Shown(|f| Cell::text(f.grade.law.join("; "))),
        ),
        (
            dollars("cost_per_student", "Cost per student"),
            Shown(|f| Cell::number(f.cost.map(|cost| cost.per_student))),
        ),
    ],
    &interval!(
        dollars,
        "cost_per_step",
        "dollars",
        "Cost per 0.1 SD",
        |f: &Finding| f.cost.and_then(|c| determined(c.per_step))
    ),
    &interval!(
        dollars,
        "cost_per_unit",
        "dollars",
        "Cost per day, student or event",
        |f: &Finding| f.cost.and_then(|c| determined(c.per_unit?.price))
    ),
    &[
        (
            text("cost_status", "What can be said of the price"),
            Shown(|f| {
                f.cost.map_or(Cell::Nothing, |cost| {
                    Cell::text(match cost.per_step {
                        Price::Determined(_) => "determined",
                        Price::NotDetermined => "not determined: the interval holds zero",
                        Price::NoGain => "nothing was gained",
                    })
                })
            }),
        ),
        (
            count("student_years", "Student-years"),
            Shown(|f| Cell::Count(f.n.student_years)),
        ),
        (
            count("students", "Students used"),
            Shown(|f| Cell::Count(f.n.students)),
        ),
        (
            count("teachers", "Teachers"),
            Shown(|f| Cell::Count(f.n.teachers)),
        ),
        (
            count("schools", "Schools"),
            Shown(|f| Cell::Count(f.n.schools)),
        ),
        (
            count("exposed_students", "Students with dose"),
            Shown(|f| Cell::count(f.n.exposed_students)),
        ),
        (
            count("exposed_teachers", "Teachers with dose"),
            Shown(|f| Cell::count(f.n.exposed_teachers)),
        ),
        (
            count("exposed_schools", "Schools with dose"),
            Shown(|f| Cell::count(f.n.exposed_schools)),
        ),
        (
            count("comparison_students", "Students without dose"),
            Shown(|f| Cell::count(f.n.comparison_students)),
        ),
        (
            count("comparison_teachers", "Teachers without dose"),
            Shown(|f| Cell::count(f.n.comparison_teachers)),
        ),
        (
            count("comparison_schools", "Schools without dose"),
            Shown(|f| Cell::count(f.n.comparison_schools)),
        ),
        (
            text("planned", "Planned before seen"),
            Shown(|f| Cell::text(words::planned(&f.planned))),
        ),
        (
            text("estimator", "Estimator"),
            Shown(|f| Cell::text(&f.estimator)),
        ),
    ],
];

const fn text(key: &'static str, label: &'static str) -> Column {
    Column::new(key, label, Kind::Text)
}
const fn number(key: &'static str, label: &'static str) -> Column {
    Column::new(key, label, Kind::Number)
}
const fn sd(key: &'static str, label: &'static str) -> Column {
    Column::new(key, label, Kind::Sd)
}
const fn probability(key: &'static str, label: &'static str) -> Column {
    Column::new(key, label, Kind::Probability)
}
const fn count(key: &'static str, label: &'static str) -> Column {
    Column::new(key, label, Kind::Count)
}
const fn dollars(key: &'static str, label: &'static str) -> Column {
    Column::new(key, label, Kind::Dollars)
}
const fn flag(key: &'static str, label: &'static str) -> Column {
    Column::new(key, label, Kind::Flag)
}

fn of(estimate: Option<Estimate>, part: fn(&Estimate) -> f64) -> Cell {
    Cell::number(estimate.as_ref().map(part))
}

fn determined(price: Price) -> Option<Interval> {
    match price {
        Price::Determined(interval) => Some(interval),
        Price::NotDetermined | Price::NoGain => None,
    }
}

/// What could be done next, program by program.
pub(crate) fn next(content: &Content<'_>) -> Table {
    let rows = content
        .programs
        .iter()
        .flat_map(|program| program.actions.iter().map(move |action| (program, action)))
        .map(|(program, action)| {
            vec![
                Cell::text(program.label),
                Cell::text(action.kind.words()),
                Cell::text(&action.text),
                Cell::text(&action.finding),
            ]
        })
        .collect();
    Table {
        name: "Next".to_owned(),
        about: "What could be done next: at most two things a program, each with the finding it follows from.".to_owned(),
        columns: vec![
            text("program", "Program"),
            text("next", "Next"),
            text("says", "In words"),
            text("finding", "Finding"),
        ],
        rows,
    }
}

/// Every finding, the withheld ones too, with everything that is known about it.
pub(crate) fn findings(content: &Content<'_>) -> Table {
    let rows = content
        .programs
        .iter()
        .flat_map(|program| &program.answers)
        .map(|answer| {
            COLUMNS
                .iter()
                .copied()
                .flatten()
                .map(|(_, make)| match (make, answer.found) {
                    (Always(make), _) => make(answer),
                    (Shown(make), Ok(finding)) => make(finding),
                    (Shown(_), Err(_)) => Cell::Withheld,
                })
                .collect()
        })
        .collect();
    Table {
        name: "Findings".to_owned(),
        about: "Every finding. Effects in the outcome's own direction, as estimated: see the column `More is better`."
            .to_owned(),
        columns: COLUMNS.iter().copied().flatten().map(|(column, _)| *column).collect(),
        rows,
    }
}

/// What was tried against each finding.
pub(crate) fn checks(content: &Content<'_>) -> Table {
    let mut rows = Vec::new();
    for answer in content.programs.iter().flat_map(|program| &program.answers) {
        for check in answer.finding().iter().flat_map(|finding| &finding.checks) {
            rows.push(vec![
                Cell::text(answer.id),
                Cell::text(&answer.exposure.label),
                Cell::text(&answer.outcome.label),
                Cell::text(words::subgroup(answer.subgroup)),
                Cell::text(&check.name),
                Cell::text(words::check(check.outcome)),
                Cell::text(&check.reason),
            ]);
        }
    }
    Table {
        name: "Checks".to_owned(),
        about: "What was tried against each finding, how it went, and why.".to_owned(),
        columns: vec![
            text("finding", "Finding"),
            text("program", "Program"),
            text("outcome", "Outcome"),
            text("students_group", "Students"),
            text("check", "Check"),
            text("result", "Result"),
            text("reason", "Reason"),
        ],
        rows,
    }
}
