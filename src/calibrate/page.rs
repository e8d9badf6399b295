//! Writes the calibration report: a page to read, the table behind it, and a picture of what is found of each true effect.

use std::fmt::Write as _;
use std::path::Path;

use super::score::{Accuracy, Power, Share, Summary, VERDICTS};
use super::table::{Interval, Row};
use super::{Asked, draw};
use crate::exit::{Exit, Failure};

/// Writes `README.md`, `power.svg` and `questions.csv` below `out`.
pub(super) fn write(
    asked: &Asked,
    rows: &[Row],
    summary: &Summary,
    out: &Path,
) -> Result<(), Failure> {
    let what = |name: &str| format!("write `{}`", out.join(name).display());
    std::fs::create_dir_all(out).map_err(|error| Failure::system(what(""), &error))?;
    for (name, bytes) in [
        ("README.md", page(asked, summary).into_bytes()),
        ("power.svg", picture(&summary.power).into_bytes()),
        ("questions.csv", table(rows)?),
    ] {
        std::fs::write(out.join(name), bytes)
            .map_err(|error| Failure::system(what(name), &error))?;
    }
    Ok(())
}

fn table(rows: &[Row]) -> Result<Vec<u8>, Failure> {
    let broken = |error: &dyn std::fmt::Display| {
        Failure::new(
            Exit::Bug,
            format!("failed to write the calibration table: {error}"),
        )
    };
    let mut csv = csv::Writer::from_writer(Vec::new());
    csv.write_record([
        "district",
        "program",
        "case",
        "outcome",
        "drawn",
        "truth",
        "design",
        "verdict",
        "estimate",
        "lower",
        "upper",
        "df",
        "q",
        "naive",
        "naive_lower",
        "naive_upper",
        "failed_checks",
    ])
    .map_err(|error| broken(&error))?;
    let number = |x: Option<f64>| x.map_or(String::new(), |x| format!("{:.4}", x + 0.0));
    let parts = |interval: &Option<Interval>| {
        [
            number(interval.map(|i| i.estimate)),
            number(interval.map(|i| i.lower)),
            number(interval.map(|i| i.upper)),
        ]
    };
    for row in rows {
        let [estimate, lower, upper] = parts(&row.adjusted);
        let [naive, naive_lower, naive_upper] = parts(&row.naive);
        csv.write_record([
            (row.district + 1).to_string(),
            row.program.clone(),
            word(&row.case),
            row.outcome.clone(),
            format!("{:.2}", row.drawn),
            number(Some(row.truth)),
            word(&row.design),
            row.verdict.words().to_owned(),
            estimate,
            lower,
            upper,
            row.df.map_or(String::new(), |df| format!("{df:.1}")),
            number(row.q),
            naive,
            naive_lower,
            naive_upper,
            row.failed.join("; "),
        ])
        .map_err(|error| broken(&error))?;
    }
    csv.into_inner().map_err(|error| broken(&error))
}

/// The word a value is serialised as.
fn word(value: &impl serde::Serialize) -> String {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(word)) => word,
        _ => String::new(),
    }
}

fn page(asked: &Asked, summary: &Summary) -> String {
    let mut page = String::new();
    let shape = &asked.shape;
    let _ = writeln!(
        page,
        "# Calibration: {} shape\n\n\
         {} synthetic districts of {} students, {} schools and {} years, eight programs each, whose true effects are known; every \
         district run from its exports to its verdicts by Throughline {}. The verdicts know nothing of the truth: it was laid beside \
         them afterwards. `questions.csv` has every program and outcome of every district.\n",
        shape.name,
        asked.districts,
        shape.students,
        shape.schools,
        shape.years,
        env!("CARGO_PKG_VERSION"),
    );
    let _ = writeln!(
        page,
        "To make these files again, byte for byte: `{}`.\n",
        asked.command()
    );
    goals(&mut page, summary);
    powers(&mut page, summary);
    falses(&mut page, summary);
    accuracies(&mut page, &summary.accuracy);
    verdicts(&mut page, summary);
    varied(&mut page, asked);
    page
}

fn goals(page: &mut String, summary: &Summary) {
    let _ = writeln!(
        page,
        "## Goals\n\n\
         Behind ± stands the standard error of the share (by district). *Plain correlation* is the slope of the outcome on the dose with \
         nothing taken out; it counts as a claim where its 95 % interval lies above zero.\n\n\
         | | goal | wanted | found | plain correlation |\n|---|---|---|---|---|"
    );
    for goal in &summary.goals {
        let _ = writeln!(
            page,
            "| {} | {} | {} | {} | {} |",
            if goal.met { "met" } else { "**missed**" },
            goal.goal,
            goal.wanted,
            goal.found.words(),
            goal.naive.map_or(String::new(), |share| share.words()),
        );
    }
}

fn powers(page: &mut String, summary: &Summary) {
    let _ = writeln!(
        page,
        "\n## What is found of each true effect\n\n\
         ![Share of programs found, by true effect](power.svg)"
    );
    for (title, power) in [
        ("Math and reading scores", &summary.power),
        ("Attendance rate", &summary.power_attendance),
    ] {
        let _ = writeln!(
            page,
            "\n{title}, programs that teachers take by choice:\n\n\
             | true effect, SD | questions | helped | helped or promising | interval above zero | went with worse | plain correlation above zero |\n\
             |---:|---:|---:|---:|---:|---:|---:|"
        );
        for at in power {
            let _ = writeln!(
                page,
                "| {} | {} | {} | {} | {} | {} | {} |",
                signed(at.drawn, 2),
                at.helped.n,
                at.helped.words(),
                at.helped_or_promising.words(),
                at.above_zero.words(),
                at.worse.words(),
                at.naive_above_zero.words(),
            );
        }
    }
}

fn falses(page: &mut String, summary: &Summary) {
    let _ = writeln!(
        page,
        "\n## False discoveries\n\n\
         Over all programs and outcomes. A claim of *better* is false where the truth is nil or harm.\n\n\
         | claim | made | false |\n|---|---:|---:|"
    );
    for (claim, share) in [
        ("helped", &summary.false_helped),
        (
            "helped, where the truth is below 0.04 SD (nil and harm included)",
            &summary.small_helped,
        ),
        ("promising", &summary.false_promising),
        (
            "went with worse outcomes (false: the truth is nil or help)",
            &summary.false_worse,
        ),
        ("plain correlation above zero", &summary.false_naive),
    ] {
        let _ = writeln!(page, "| {claim} | {} | {} |", share.n, share.words());
    }
}

fn accuracies(page: &mut String, all: &[Accuracy]) {
    let _ = writeln!(
        page,
        "\n## Estimates and their intervals\n\n\
         Bias and error are in SD of the outcome for a usual dose; the last two columns are the plain correlation's.\n\n\
         | programs | estimates | 95 % intervals that hold the truth | bias | root mean square error | mean half width | hold the truth | bias |\n\
         |---|---:|---:|---:|---:|---:|---:|---:|"
    );
    for one in all {
        let _ = writeln!(
            page,
            "| {} | {} | {} | {} | {:.3} | {:.3} | {} | {} |",
            one.label,
            one.coverage.n,
            one.coverage.words(),
            signed(one.bias, 3),
            one.error,
            one.reach,
            one.naive_coverage.words(),
            signed(one.naive_bias, 3),
        );
    }
}

fn verdicts(page: &mut String, summary: &Summary) {
    let names = VERDICTS.map(|verdict| verdict.words()).join(" | ");
    let _ = writeln!(
        page,
        "\n## Verdicts on math and reading scores\n\n| programs | {names} |\n|---|---:|---:|---:|---:|---:|---:|"
    );
    for (case, counts) in &summary.verdicts {
        let total: usize = counts.iter().map(|(_, count)| count).sum();
        if total == 0 {
            continue;
        }
        let cells: Vec<String> = counts
            .iter()
            .map(|(_, count)| format!("{:.1} %", 100.0 * *count as f64 / total as f64))
            .collect();
        let _ = writeln!(page, "| {} | {} |", case.words(), cells.join(" | "));
    }
}

fn varied(page: &mut String, asked: &Asked) {
    let shape = &asked.shape;
    let range = |[low, high]: [f64; 2]| {
        if low == high {
            format!("{low}")
        } else {
            format!("{low} to {high}")
        }
    };
    let effects: Vec<String> = draw::EFFECTS
        .iter()
        .map(|effect| signed(*effect, 2))
        .collect();
    let shares: Vec<String> = shape
        .shares
        .iter()
        .map(|s| format!("{:.0} %", 100.0 * s))
        .collect();
    let hours: Vec<String> = shape.hours.iter().map(|h| format!("{h:.0}")).collect();
    let _ = writeln!(
        page,
        "\n## What is drawn for each district\n\n\
         - Programs taken by choice (three, by {} of average teachers in a year, {} hours): an effect each on math, reading and attendance \
         from {} SD; none on incidents.\n\
         - A program that better teachers prefer ({}, {} hours): no effect.\n\
         - How strongly teachers choose by how good they are: {} times the usual.\n\
         - Growth of the three in ten improving schools: {} times 0.05 SD a year.\n\
         - Good and bad years of a teacher: {} SD of the score.\n\
         - Mobility of students and teachers: {} times the usual.\n\
         - Tests missed at random: {}; staff whose PD login cannot be told from HR's list: {}.\n\
         - Every second district has malformed, repeated and corrected rows in its exports; in every second, trainers come to improving \
         schools first and do nothing.",
        shares[..3].join(", "),
        hours[..3].join(", "),
        effects.join(", "),
        shares[3],
        hours[3],
        range(shape.selection),
        range(shape.trend),
        range(shape.teacher_years),
        range(shape.mobility),
        range(shape.missed_tests),
        range(shape.unlinked_staff),
    );
    if !shape.taken_over.is_empty() {
        let _ = writeln!(page, "\n## What was taken over from the release\n");
        for line in &shape.taken_over {
            let _ = writeln!(page, "- {line}");
        }
    }
}

/// With a real sign, and none on zero.
fn signed(x: f64, decimals: usize) -> String {
    let text = format!("{:.decimals$}", x.abs());
    let zero = text.chars().all(|c| matches!(c, '0' | '.'));
    match (zero, x < 0.0) {
        (true, _) => text,
        (false, true) => format!("−{text}"),
        (false, false) => format!("+{text}"),
    }
}

const WIDE: f64 = 640.0;
const HIGH: f64 = 360.0;
const LEFT: f64 = 56.0;
const RIGHT: f64 = 190.0;
const TOP: f64 = 24.0;
const BOTTOM: f64 = 48.0;

/// Shares by true effect: three lines, each named at its end.
fn picture(power: &[Power]) -> String {
    let x = |at: usize| {
        let steps = power.len().saturating_sub(1).max(1) as f64;
        LEFT + (WIDE - LEFT - RIGHT) * at as f64 / steps
    };
    let y = |share: f64| TOP + (HIGH - TOP - BOTTOM) * (1.0 - share);
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDE} {HIGH}\" font-family=\"sans-serif\" font-size=\"13\" role=\"img\">\
         <title>Share of programs found, by true effect on scores</title>\n\
         <rect width=\"{WIDE}\" height=\"{HIGH}\" fill=\"#ffffff\"/>\n"
    );
    for tick in 0..=5 {
        let share = f64::from(tick) / 5.0;
        let at = y(share);
        let _ = writeln!(
            svg,
            "<line x1=\"{LEFT}\" x2=\"{:.1}\" y1=\"{at:.1}\" y2=\"{at:.1}\" stroke=\"#dddddd\"/>\
             <text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\" fill=\"#444444\">{} %</text>",
            WIDE - RIGHT,
            LEFT - 8.0,
            at + 4.5,
            tick * 20,
        );
    }
    for (at, one) in power.iter().enumerate() {
        let _ = writeln!(
            svg,
            "<text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"middle\" fill=\"#444444\">{}</text>",
            x(at),
            HIGH - BOTTOM + 20.0,
            signed(one.drawn, 2),
        );
    }
    let _ = writeln!(
        svg,
        "<text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"middle\" fill=\"#444444\">true effect on scores, SD</text>",
        (LEFT + WIDE - RIGHT) / 2.0,
        HIGH - 8.0,
    );
    type Of = fn(&Power) -> Share;
    let series: [(&str, &str, Of); 3] = [
        ("plain correlation", "#b35806", |power| {
            power.naive_above_zero
        }),
        ("helped or promising", "#5aa0c8", |power| {
            power.helped_or_promising
        }),
        ("helped", "#05456e", |power| power.helped),
    ];
    let mut named: Vec<(f64, &str, &str)> = Vec::new();
    for (name, colour, of) in series {
        let points: Vec<(f64, f64)> = power
            .iter()
            .enumerate()
            .filter_map(|(at, one)| Some((x(at), y(of(one).share?))))
            .collect();
        let path: Vec<String> = points
            .iter()
            .map(|(x, y)| format!("{x:.1},{y:.1}"))
            .collect();
        let _ = writeln!(
            svg,
            "<polyline points=\"{}\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"2.5\"/>",
            path.join(" "),
        );
        for (x, y) in &points {
            let _ = writeln!(
                svg,
                "<circle cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"3.5\" fill=\"{colour}\"/>"
            );
        }
        if let Some((_, y)) = points.last() {
            named.push((*y, name, colour));
        }
    }
    // Names at the lines' ends, kept a line of text apart.
    named.sort_by(|a, b| a.0.total_cmp(&b.0));
    let mut above = f64::NEG_INFINITY;
    for (y, name, colour) in named {
        let at = y.max(above + 17.0);
        above = at;
        let _ = writeln!(
            svg,
            "<text x=\"{:.1}\" y=\"{:.1}\" fill=\"{colour}\">{name}</text>",
            WIDE - RIGHT + 10.0,
            at + 4.5,
        );
    }
    svg.push_str("</svg>\n");
    svg
}
