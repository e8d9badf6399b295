//! The smaller parts of the page: facts of a program, groups of students, open questions, data quality, method.

use askama::Template;
use throughline_disclosure::Definition;
use throughline_evidence::finding::{Estimate, Planned, Verdict};
use throughline_model::Calendar;

use super::{Sheet, SheetCell, sheet};
use crate::content::{Answer, Content, Effect, Program, distinct};
use crate::error::ReportError;
use crate::table::WITHHELD;
use crate::{number, sizes, tables, words};

/// What a program is, at a glance.
pub(super) fn facts(program: &Program<'_>) -> Vec<(&'static str, String)> {
    let mut facts = Vec::new();
    if let Some(finding) = program.example() {
        facts.push((
            "Dose",
            format!("{}, {}", finding.dose_unit, words::window(finding.window)),
        ));
        facts.push(("Effects are", words::per(finding)));
    }
    if let Some(last) = program.coverage.last() {
        let reached = match (last.share, last.students) {
            (Some(share), Some(students)) => {
                format!(
                    "{} students ({})",
                    number::count(students),
                    number::percent(share)
                )
            }
            (Some(share), None) => number::percent(share),
            _ => WITHHELD.to_owned(),
        };
        let year = Calendar::label(last.school_year);
        facts.push(("Reached in the last year", format!("{reached}, {year}")));
        if let (Some(teachers), Some(schools)) = (last.teachers, last.schools) {
            let teachers = number::count(teachers);
            facts.push((
                "Through",
                format!("{teachers} teachers in {} schools", number::count(schools)),
            ));
        }
    }
    let cost = program.answers.iter().find_map(|answer| {
        let finding = answer.finding()?;
        Some((finding.cost?.per_student, words::per(finding)))
    });
    facts.push((
        "Cost",
        cost.map_or_else(
            || "not given in the pipeline file".to_owned(),
            |(dollars, per)| format!("{} per student {per}", number::dollars(dollars)),
        ),
    ));
    facts
}

/// A table per program: outcomes down, groups of students across.
pub(super) fn subgroups(content: &Content<'_>) -> Result<Vec<(String, String)>, ReportError> {
    let mut sections = Vec::new();
    for program in &content.programs {
        let groups = distinct(program.subgroups().map(|answer| answer.subgroup));
        if groups.is_empty() {
            continue;
        }
        let mut columns = vec![
            ("Outcome".to_owned(), false),
            ("All students".to_owned(), false),
        ];
        columns.extend(groups.iter().map(|group| (words::subgroup(group), false)));
        let rows = program
            .main()
            .map(|main| {
                let mut row = vec![
                    SheetCell::header(words::asked(main, content.several_studies)),
                    judged(Some(main)),
                ];
                row.extend(groups.iter().map(|group| {
                    judged(program.subgroups().find(|answer| {
                        answer.subgroup == *group
                            && answer.outcome.id == main.outcome.id
                            && answer.study.id == main.study.id
                    }))
                }));
                row
            })
            .collect();
        let per = program.example().map_or_else(String::new, words::per);
        let table = Sheet {
            caption: format!("Adjusted effect (SD) {per} with 95% interval, by group of students"),
            class: "numbers",
            columns,
            rows,
        }
        .render()?;
        sections.push((program.label.to_owned(), table));
    }
    Ok(sections)
}

fn judged(answer: Option<&Answer<'_>>) -> SheetCell {
    let Some(answer) = answer else {
        return SheetCell::text("not asked");
    };
    let (Some(verdict), Some(effect)) = (answer.verdict(), answer.adjusted()) else {
        return SheetCell::text(words::answer_effect(answer));
    };
    SheetCell {
        slug: Some(words::slug(verdict)),
        unseen: verdict.words(),
        below: beside(answer, effect),
        ..SheetCell::text(number::signed(effect.estimate, number::SD))
    }
}

/// The interval and, for a group, what the other groups make of it and its distance to all other students.
fn beside(answer: &Answer<'_>, effect: Effect) -> String {
    let mut text = words::interval(effect);
    let Some(finding) = answer.finding() else {
        return text;
    };
    let turned = |e: &Estimate| Effect::of(e, finding.higher_is_better);
    if let Some(shrunk) = &finding.shrunk {
        let estimate = number::signed(turned(shrunk).estimate, number::SD);
        text.push_str(&format!("; with what the other groups show {estimate}"));
    }
    if let Some(gap) = &finding.gap {
        let gap = words::effect(turned(gap));
        text.push_str(&format!("; against other students {gap}"));
    }
    text
}

/// What was asked about all students and stays open, program by program.
pub(super) fn open(content: &Content<'_>) -> Result<Option<String>, ReportError> {
    let with = |program: &Program<'_>, verdict: Option<Verdict>| {
        let outcomes: Vec<String> = program
            .main()
            .filter(|answer| answer.verdict() == verdict)
            .map(|answer| {
                let asked = words::asked(answer, content.several_studies);
                let found = answer
                    .finding()
                    .and_then(|finding| finding.minimum_detectable);
                match found {
                    Some(sd) if verdict == Some(Verdict::CannotTellYet) => {
                        format!("{asked} ({})", number::plain(sd, number::SD))
                    }
                    _ => asked,
                }
            })
            .collect();
        outcomes.join("; ")
    };
    let rows: Vec<Vec<SheetCell>> = content
        .programs
        .iter()
        .map(|program| {
            [
                program.label.to_owned(),
                with(program, Some(Verdict::CannotTellYet)),
                with(program, Some(Verdict::NotCredible)),
                with(program, None),
            ]
        })
        .filter(|row| row[1..].iter().any(|cell| !cell.is_empty()))
        .map(|row| {
            let mut cells = row.map(|text| {
                SheetCell::text(if text.is_empty() {
                    "–".to_owned()
                } else {
                    text
                })
            });
            cells[0].is_header = true;
            cells.to_vec()
        })
        .collect();
    if rows.is_empty() {
        return Ok(None);
    }
    let columns = [
        "Program",
        "Cannot tell yet (would be found, SD)",
        "Not credible",
        "Withheld",
    ];
    let table = Sheet {
        caption: "Open questions, all students".to_owned(),
        class: "numbers",
        columns: columns.map(|label| (label.to_owned(), false)).to_vec(),
        rows,
    }
    .render()?;
    Ok(Some(table))
}

/// Limits that follow from this run's own settings.
pub(super) fn limits(content: &Content<'_>) -> Vec<String> {
    use throughline_model::pipeline::Window;
    let same_year: Vec<&str> = content
        .programs
        .iter()
        .filter(|program| {
            program
                .example()
                .is_some_and(|finding| finding.window == Window::SameYear)
        })
        .map(|program| program.label)
        .collect();
    let mut limits = Vec::new();
    if !same_year.is_empty() {
        limits.push(format!(
            "Which came first, for {}: the dose is counted in the same school year as the outcome.",
            words::list(&same_year)
        ));
    }
    let pairs = content.programs.len() * content.outcomes.len();
    let asked = content.main().count();
    if asked < pairs {
        limits.push(format!(
            "Anything about {}: the pipeline file does not ask.",
            words::several(
                pairs - asked,
                "pair of program and outcome",
                "pairs of program and outcome"
            )
        ));
    }
    limits
}

/// How many rows found a partner.
pub(super) fn links(content: &Content<'_>) -> Result<Option<String>, ReportError> {
    if content.report.links.is_empty() {
        return Ok(None);
    }
    let table = tables::links(content);
    sheet(
        &table,
        "Links from student to training".to_owned(),
        "numbers",
    )
    .map(Some)
}

/// How the numbers were made, in plain words.
pub(super) fn method(content: &Content<'_>) -> Vec<String> {
    let findings = &content.report.findings.findings;
    let mut paragraphs = vec![
        "Exports are read, checked and linked: student to class, class to teacher, teacher to training and tools. \
         A student’s dose is the dose of the student’s teachers, each weighted by the days they taught the student. \
         Students and staff appear under pseudonyms only."
            .to_owned(),
        format!(
            "{} Counting many comparisons turns some up by chance alone; q-values, part of every verdict, keep the expected share of those \
             among what is called helped, and among what is called worse, below one in twenty. All numbers are rounded once, when they are released.",
            planned(content)
        ),
        sizes::about(),
    ];
    let mut estimators = distinct(findings.iter().map(|finding| finding.estimator.as_str()));
    estimators.retain(|estimator| !estimator.is_empty());
    paragraphs.extend(
        estimators
            .into_iter()
            .map(|estimator| format!("Estimator: {}", words::sentence(estimator))),
    );
    let degrees = |estimate: &Option<Estimate>| estimate.map(|estimate| estimate.df);
    let fewest = findings
        .iter()
        .filter_map(|finding| degrees(&finding.adjusted))
        .min_by(f64::total_cmp);
    if let Some(fewest) = fewest {
        paragraphs.push(format!(
            "Intervals use the t distribution with at least {} degrees of freedom.",
            number::short(fewest, 1)
        ));
    }
    paragraphs
}

/// How many questions stood before outcomes were read.
fn planned(content: &Content<'_>) -> String {
    let findings = &content.report.findings.findings;
    let before = findings
        .iter()
        .filter(|finding| finding.planned.stood())
        .count();
    let joined = findings
        .iter()
        .any(|finding| finding.planned.stood() && finding.planned != Planned::Before);
    let beside = match joined {
        true => {
            " Where programs joined or left a study later, what is adjusted for changed: these findings are listed below."
        }
        false => "",
    };
    let all = findings.len();
    if before == all {
        format!(
            "Every question shown here stood in a study plan that was stored before any outcome was read under it.{beside}"
        )
    } else {
        format!(
            "{before} of the {all} questions shown here stood in the study plan before outcomes were read; the others were added or \
             changed afterwards, are listed below, and have each lost a mark for it.{beside}"
        )
    }
}

/// Questions that were added or changed, or adjusted for something else, after outcomes had been read: when, and which.
pub(super) fn added(content: &Content<'_>) -> Vec<(String, String)> {
    let mut told: Vec<(&Planned, Vec<String>)> = Vec::new();
    for finding in &content.report.findings.findings {
        if finding.planned == Planned::Before {
            continue;
        }
        let which = format!(
            "{} → {} ({})",
            finding.exposure.label,
            finding.outcome.label,
            words::subgroup(&finding.subgroup)
        );
        match told
            .iter_mut()
            .find(|(other, _)| **other == finding.planned)
        {
            Some((_, list)) => list.push(which),
            None => told.push((&finding.planned, vec![which])),
        }
    }
    told.into_iter()
        .map(|(planned, list)| {
            (
                format!("{}:", words::sentence_case(&words::planned(planned))),
                list.join("; "),
            )
        })
        .collect()
}

/// How each program and outcome is measured.
pub(super) fn definitions(content: &Content<'_>) -> Result<String, ReportError> {
    let report = content.report;
    let row = |role: &str, definition: &Definition| {
        let params: Vec<String> = definition
            .params
            .iter()
            .map(|(name, value)| format!("{name} = {value}"))
            .collect();
        let measure = if params.is_empty() {
            definition.measure.clone()
        } else {
            format!("{} ({})", definition.measure, params.join(", "))
        };
        vec![
            SheetCell::header(definition.label.clone()),
            SheetCell::text(role),
            SheetCell::text(words::sentence(&definition.about)),
            SheetCell::text(definition.unit.clone()),
            SheetCell::text(measure),
        ]
    };
    let rows = report
        .outcomes
        .iter()
        .map(|outcome| row("outcome", outcome))
        .chain(
            report
                .exposures
                .iter()
                .map(|exposure| row("program", exposure)),
        )
        .collect();
    let columns = ["Name", "Role", "What is measured", "Unit", "Measure"];
    Ok(Sheet {
        caption: "How each program and outcome is measured".to_owned(),
        class: "numbers",
        columns: columns.map(|label| (label.to_owned(), false)).to_vec(),
        rows,
    }
    .render()?)
}

/// What the report was made from.
pub(super) fn provenance(content: &Content<'_>) -> Vec<(&'static str, String)> {
    let report = content.report;
    let provenance = &report.provenance;
    vec![
        ("Pipeline", report.pipeline.clone()),
        ("School years", words::period(report)),
        (
            "Inputs (hash over all exports, mappings and the reader’s version)",
            provenance.inputs.clone(),
        ),
        (
            "Study plan (hash over every question)",
            provenance.plan.clone(),
        ),
        ("Throughline", provenance.version.clone()),
        (
            "Smallest groups",
            format!(
                "{} students, {} teachers, {} schools",
                report.rules.min_students, report.rules.min_teachers, report.rules.min_schools
            ),
        ),
    ]
}
