//! The last look at words before anything is written: every generated sentence is read for words that its design has not
//! earned (the list is `throughline_evidence::wording`). Names that people typed into the pipeline file are theirs: they are not
//! refused, but one that claims something stands in quotation marks wherever it is printed.

use std::borrow::Cow;

use throughline_disclosure::Report;
use throughline_evidence::finding::{Check, Detail};
use throughline_evidence::wording::{Earned, unearned};

use crate::chart::Chart;
use crate::error::ReportError;

/// The report with every name that claims something in quotation marks.
pub(crate) fn quoted(report: &Report) -> Cow<'_, Report> {
    let claims: Vec<String> = names(report)
        .into_iter()
        .filter(|name| unearned(name, Earned::Association).is_some())
        .map(str::to_owned)
        .collect();
    if claims.is_empty() {
        return Cow::Borrowed(report);
    }
    let mut report = report.clone();
    let quote = |text: &mut String| {
        for name in &claims {
            *text = text.replace(name.as_str(), &format!("“{name}”"));
        }
    };
    each_name(&mut report, &mut |name| quote(name));
    each_sentence(&mut report, &mut |_, text| quote(text));
    Cow::Owned(report)
}

/// Refuses a report with a sentence that says more than its design has earned.
pub(crate) fn check(report: &Report) -> Result<(), ReportError> {
    let names: Vec<String> = names(report).into_iter().map(str::to_owned).collect();
    let mut found = Ok(());
    // The visitor may change what it visits; this one changes a copy.
    each_sentence(&mut report.clone(), &mut |earned, text| {
        if found.is_ok() {
            found = sentence(text, earned, &names);
        }
    });
    found
}

/// Refuses charts whose own words say more than an association has earned.
pub(crate) fn check_charts<'c>(
    charts: impl Iterator<Item = &'c Chart>,
    report: &Report,
) -> Result<(), ReportError> {
    let names: Vec<String> = names(report).into_iter().map(str::to_owned).collect();
    for chart in charts {
        sentence(&chart.title, Earned::Association, &names)?;
    }
    Ok(())
}

fn sentence(text: &str, earned: Earned, names: &[String]) -> Result<(), ReportError> {
    let mut own = text.to_owned();
    for name in names {
        own = own.replace(name.as_str(), "…");
    }
    match unearned(&own, earned) {
        None => Ok(()),
        Some(word) => Err(ReportError::Unearned {
            word,
            sentence: text.to_owned(),
        }),
    }
}

/// Everything that people named, longest first, so that no name hides inside another.
fn names(report: &Report) -> Vec<&str> {
    let mut names: Vec<&str> = vec![&report.district];
    for definition in report.outcomes.iter().chain(&report.exposures) {
        names.push(&definition.label);
    }
    for finding in &report.findings.findings {
        names.extend([
            finding.study.label.as_str(),
            &finding.exposure.label,
            &finding.outcome.label,
        ]);
    }
    names.retain(|name| !name.is_empty());
    names.sort_by(|a, b| b.len().cmp(&a.len()).then(a.cmp(b)));
    names.dedup();
    names
}

fn each_name(report: &mut Report, visit: &mut dyn FnMut(&mut String)) {
    let defined = report.outcomes.iter_mut().chain(&mut report.exposures);
    defined.for_each(|definition| visit(&mut definition.label));
    let all = &mut report.findings;
    for finding in &mut all.findings {
        visit(&mut finding.study.label);
        visit(&mut finding.exposure.label);
        visit(&mut finding.outcome.label);
        for result in &mut finding.designs {
            if let Detail::Joint(joint) = &mut result.detail {
                visit(&mut joint.with.label);
            }
        }
    }
    for withheld in &mut all.withheld {
        visit(&mut withheld.study.label);
        visit(&mut withheld.exposure.label);
        visit(&mut withheld.outcome.label);
    }
    for curve in &mut all.doses {
        visit(&mut curve.exposure.label);
        visit(&mut curve.outcome.label);
    }
    all.coverage
        .iter_mut()
        .for_each(|cell| visit(&mut cell.exposure.label));
    all.actions
        .iter_mut()
        .for_each(|program| visit(&mut program.exposure.label));
}

/// Every generated sentence of a report, with what its design has earned.
fn each_sentence(report: &mut Report, visit: &mut dyn FnMut(Earned, &mut String)) {
    let all = &mut report.findings;
    for finding in &mut all.findings {
        let earned = Earned::by(finding.design);
        visit(earned, &mut finding.verdict_reason);
        visit(earned, &mut finding.estimator);
        checks(&mut finding.checks, earned, visit);
        let grade = &mut finding.grade;
        for text in grade
            .lost
            .iter_mut()
            .chain(&mut grade.raise)
            .chain(&mut grade.law)
        {
            visit(earned, text);
        }
        for result in &mut finding.designs {
            let earned = Earned::by(result.design);
            visit(earned, &mut result.contrast);
            visit(earned, &mut result.estimator);
            if let Some(reason) = &mut result.not_run {
                visit(earned, reason);
            }
            checks(&mut result.checks, earned, visit);
        }
    }
    let designs: Vec<(String, Earned)> = all
        .findings
        .iter()
        .map(|finding| (finding.id.clone(), Earned::by(finding.design)))
        .collect();
    for action in all
        .actions
        .iter_mut()
        .flat_map(|program| &mut program.actions)
    {
        let of = designs.iter().find(|(id, _)| *id == action.finding);
        visit(
            of.map_or(Earned::Association, |(_, earned)| *earned),
            &mut action.text,
        );
    }
}

fn checks(checks: &mut [Check], earned: Earned, visit: &mut dyn FnMut(Earned, &mut String)) {
    for check in checks {
        visit(earned, &mut check.name);
        visit(earned, &mut check.reason);
    }
}
