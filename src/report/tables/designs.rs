//! What every design says to each question, one row each; and what each design shows beside its estimate, one row a number.

use throughline_evidence::finding::{
    BalanceRow, CheckOutcome, DesignResult, Detail, Estimate, Finding, Lottery,
};

use crate::content::{Answer, Content, Program};
use crate::table::{Cell, Column, Kind, Table};
use crate::words;

const fn text(key: &'static str, label: &'static str) -> Column {
    Column::new(key, label, Kind::Text)
}
const fn sd(key: &'static str, label: &'static str) -> Column {
    Column::new(key, label, Kind::Sd)
}
const fn count(key: &'static str, label: &'static str) -> Column {
    Column::new(key, label, Kind::Count)
}

/// Every design of every finding that may be shown, the one that speaks first.
pub(crate) fn designs(content: &Content<'_>) -> Table {
    let mut rows = Vec::new();
    for answer in content.programs.iter().flat_map(|program| &program.answers) {
        let Some(finding) = answer.finding() else {
            continue;
        };
        let speaking = &finding.designs;
        if speaking
            .iter()
            .all(|result| result.design != finding.design)
        {
            rows.push(row(answer, &own(finding), true));
        }
        for result in &finding.designs {
            rows.push(row(answer, result, result.design == finding.design));
        }
    }
    Table {
        name: "Designs".to_owned(),
        about: "What every design says to each question, in SD in the outcome's own direction, or why it was not run."
            .to_owned(),
        columns: vec![
            text("finding", "Finding"),
            text("program", "Program"),
            text("outcome", "Outcome"),
            text("students_group", "Students"),
            text("design", "Design"),
            Column::new("speaks", "Speaks for the finding", Kind::Flag),
            text("contrast", "What is compared"),
            sd("estimate_sd", "Difference (SD)"),
            sd("lower", "Lower end, 95%"),
            sd("upper", "Upper end, 95%"),
            Column::new("p", "p", Kind::Probability),
            count("students", "Students used"),
            count("teachers", "Teachers"),
            count("schools", "Schools"),
            text("failed_checks", "Failed checks"),
            text("not_run", "Why it was not run"),
            text("estimator", "Estimator"),
        ],
        rows,
    }
}

/// The design that speaks, as one among the others.
pub(crate) fn own(finding: &Finding) -> DesignResult {
    DesignResult {
        design: finding.design,
        contrast: words::per(finding),
        estimate: finding.adjusted,
        not_run: finding
            .adjusted
            .is_none()
            .then(|| finding.verdict_reason.clone()),
        n: finding.n.clone(),
        checks: finding.checks.clone(),
        estimator: finding.estimator.clone(),
        detail: Detail::None,
    }
}

fn row(answer: &Answer<'_>, result: &DesignResult, speaks: bool) -> Vec<Cell> {
    let part = |part: fn(&Estimate) -> f64| Cell::number(result.estimate.as_ref().map(part));
    let people = |count: u64| {
        if result.estimate.is_some() {
            Cell::Count(count)
        } else {
            Cell::Nothing
        }
    };
    let failed: Vec<&str> = result
        .checks
        .iter()
        .filter(|check| check.outcome == CheckOutcome::Failed)
        .map(|check| check.name.as_str())
        .collect();
    vec![
        Cell::text(answer.id),
        Cell::text(&answer.exposure.label),
        Cell::text(&answer.outcome.label),
        Cell::text(words::subgroup(answer.subgroup)),
        Cell::text(words::design(result.design)),
        Cell::Flag(speaks),
        Cell::text(&result.contrast),
        part(|e| e.estimate),
        part(|e| e.lower),
        part(|e| e.upper),
        part(|e| e.p),
        people(result.n.students),
        people(result.n.teachers),
        people(result.n.schools),
        Cell::text(failed.join("; ")),
        result.not_run.as_ref().map_or(Cell::Nothing, Cell::text),
        Cell::text(&result.estimator),
    ]
}

/// One number that a design shows.
struct Shown {
    what: &'static str,
    at: String,
    value: f64,
    ends: Option<(f64, f64)>,
    band: Option<(f64, f64)>,
    p: Option<f64>,
}

impl Shown {
    fn number(what: &'static str, at: impl Into<String>, value: f64) -> Self {
        Self {
            what,
            at: at.into(),
            value,
            ends: None,
            band: None,
            p: None,
        }
    }

    fn estimate(what: &'static str, at: impl Into<String>, e: &Estimate) -> Self {
        Self {
            ends: Some((e.lower, e.upper)),
            p: Some(e.p),
            ..Self::number(what, at, e.estimate)
        }
    }
}

/// Everything that designs show, all findings.
pub(crate) fn all_details(content: &Content<'_>) -> Table {
    let answers: Vec<&Answer<'_>> = content
        .programs
        .iter()
        .flat_map(|program| &program.answers)
        .collect();
    table(&answers, &|_| true)
}

/// What designs show of one program about all students, only these kinds of numbers.
pub(crate) fn details(program: &Program<'_>, kinds: &[&str]) -> Table {
    table(&program.main().collect::<Vec<_>>(), &|kind| {
        kinds.contains(&kind)
    })
}

fn table(answers: &[&Answer<'_>], wanted: &dyn Fn(&str) -> bool) -> Table {
    let mut rows = Vec::new();
    for answer in answers {
        for result in answer.finding().iter().flat_map(|finding| &finding.designs) {
            let shown = shown(&result.detail);
            for number in shown.into_iter().filter(|number| wanted(number.what)) {
                rows.push(detail_row(answer, result, number));
            }
        }
    }
    Table {
        name: "Design details".to_owned(),
        about: "What designs show beside their estimates, one row a number, in the outcome's own direction.".to_owned(),
        columns: vec![
            text("outcome", "Outcome"),
            text("program", "Program"),
            text("students_group", "Students"),
            text("design", "Design"),
            text("what", "What"),
            text("at", "At"),
            Column::new("value", "Value", Kind::Number),
            Column::new("lower", "Lower end, 95%", Kind::Number),
            Column::new("upper", "Upper end, 95%", Kind::Number),
            Column::new("band_lower", "Band, lower", Kind::Number),
            Column::new("band_upper", "Band, upper", Kind::Number),
            Column::new("p", "p", Kind::Probability),
        ],
        rows,
    }
}

fn detail_row(answer: &Answer<'_>, result: &DesignResult, shown: Shown) -> Vec<Cell> {
    let end = |ends: Option<(f64, f64)>, upper: bool| {
        Cell::number(ends.map(|(low, high)| if upper { high } else { low }))
    };
    vec![
        Cell::text(&answer.outcome.label),
        Cell::text(&answer.exposure.label),
        Cell::text(words::subgroup(answer.subgroup)),
        Cell::text(words::design(result.design)),
        Cell::text(shown.what),
        Cell::text(shown.at),
        Cell::Number(shown.value),
        end(shown.ends, false),
        end(shown.ends, true),
        end(shown.band, false),
        end(shown.band, true),
        Cell::number(shown.p),
    ]
}

fn shown(detail: &Detail) -> Vec<Shown> {
    match detail {
        Detail::None => Vec::new(),
        Detail::EventStudy(study) => {
            let points = study.points.iter().map(|point| Shown {
                band: Some((point.band_lower, point.band_upper)),
                ..Shown::estimate(
                    "years around the beginning",
                    point.relative_year.to_string(),
                    &point.effect,
                )
            });
            let honest = study.honest.iter().map(|interval| Shown {
                ends: Some((interval.lower, interval.upper)),
                ..Shown::number(
                    "honest interval",
                    format!("violations up to {} times those before", interval.m),
                    (interval.lower + interval.upper) / 2.0,
                )
            });
            let test = study.pre_trend_p.map(|p| Shown {
                p: Some(p),
                ..Shown::number("test of the years before", "p", p)
            });
            let trend = study.pre_trend_detectable.map(|sd| {
                Shown::number(
                    "test of the years before",
                    "finds a trend of (SD a year)",
                    sd,
                )
            });
            let other = study
                .other_controls
                .as_ref()
                .map(|e| Shown::estimate("with other controls", study.controls.clone(), e));
            points
                .chain(honest)
                .chain(test)
                .chain(trend)
                .chain(other)
                .collect()
        }
        Detail::Balance(balance) => {
            let mut shown = balanced(&balance.rows);
            shown.push(Shown::number(
                "comparison students",
                "as many as after weighting",
                balance.effective_comparison,
            ));
            let lost = [
                ("participants", balance.attrition_exposed),
                ("others", balance.attrition_comparison),
            ];
            shown.extend(
                lost.into_iter()
                    .filter_map(|(who, share)| Some(Shown::number("attrition", who, share?))),
            );
            shown
        }
        Detail::Lottery(lottery) => drawn(lottery),
        Detail::Curve(curve) => {
            let points = curve.points.iter().map(|point| Shown {
                band: Some((point.band_lower, point.band_upper)),
                ..Shown::estimate("curve", crate::number::short(point.dose, 2), &point.effect)
            });
            let stops = curve
                .stops_paying
                .map(|dose| Shown::number("more not shown after", "dose", dose));
            points.chain(stops).collect()
        }
        Detail::Joint(joint) => [
            ("without", &joint.without),
            ("with", &joint.together),
            ("difference", &joint.difference),
        ]
        .into_iter()
        .map(|(which, e)| {
            Shown::estimate("with training", format!("{which} {}", joint.with.label), e)
        })
        .collect(),
        Detail::Rate(rate) => vec![
            Shown::estimate("factor on the count", "1 is no difference", &rate.factor),
            Shown::number("mean without dose", "own unit", rate.base),
        ],
    }
}

fn balanced(rows: &[BalanceRow]) -> Vec<Shown> {
    rows.iter()
        .flat_map(|row| {
            [
                Shown::number("balance before", &row.label, row.before),
                Shown::number("balance after", &row.label, row.after),
            ]
        })
        .collect()
}

fn drawn(lottery: &Lottery) -> Vec<Shown> {
    let mut shown = Vec::new();
    if let Some(complier) = &lottery.complier {
        shown.push(Shown::estimate(
            "among those who took the place",
            "",
            complier,
        ));
    }
    shown.extend([
        Shown::number("took part", "offered a place", lottery.taken_offered),
        Shown::number(
            "took part",
            "not offered a place",
            lottery.taken_not_offered,
        ),
        Shown::number("attrition", "everyone", lottery.overall_attrition),
        Shown::number("attrition", "difference", lottery.differential_attrition),
    ]);
    if let Some(p) = lottery.randomisation_p {
        shown.push(Shown {
            p: Some(p),
            ..Shown::number("lots drawn anew", "p", p)
        });
    }
    shown.extend(balanced(&lottery.balance));
    shown
}
