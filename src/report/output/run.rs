//! `run.json`: what was run on what, and how much came of it. No times: they would differ from run to run.

use serde::Serialize;
use throughline_disclosure::Provenance;
use throughline_evidence::finding::Verdict;
use throughline_model::calendar::Running;
use throughline_model::panel::LinkRate;
use throughline_model::part::FileCount;

use crate::content::{Answer, Content};
use crate::error::ReportError;

/// Changes when a key of `run.json` changes its meaning or goes away.
const FORMAT: u32 = 1;

#[derive(Serialize)]
struct Run<'r> {
    format: u32,
    throughline: &'r str,
    pipeline: &'r str,
    district: &'r str,
    school_years: [i32; 2],
    #[serde(skip_serializing_if = "Option::is_none")]
    running: Option<&'r Running>,
    provenance: &'r Provenance,
    rules: &'r throughline_disclosure::Rules,
    counts: Counts,
    verdicts: Verdicts,
    links: &'r [LinkRate],
    files: &'r [FileCount],
    written: Vec<String>,
}

#[derive(Serialize)]
struct Counts {
    programs: usize,
    outcomes: usize,
    findings: usize,
    withheld: usize,
    rows_read: u64,
    rows_kept: u64,
    rows_rejected: u64,
    rows_duplicate: u64,
    rows_conflict: u64,
    rows_unsettled: u64,
    records_not_tested: u64,
}

/// Over all students and subgroups.
#[derive(Serialize)]
struct Verdicts {
    helped: usize,
    promising: usize,
    no_meaningful_difference: usize,
    cannot_tell_yet: usize,
    went_with_worse_outcomes: usize,
    not_credible: usize,
}

/// The whole file; `written` are the names of the files beside it.
pub(crate) fn write(content: &Content<'_>, written: &[String]) -> Result<String, ReportError> {
    let report = content.report;
    let answers: Vec<&Answer<'_>> = content
        .programs
        .iter()
        .flat_map(|program| &program.answers)
        .collect();
    let of = |verdict: Verdict| {
        answers
            .iter()
            .filter(|answer| answer.verdict() == Some(verdict))
            .count()
    };
    let sum = |part: fn(&FileCount) -> u64| report.files.iter().map(part).sum();
    let run = Run {
        format: FORMAT,
        throughline: &report.provenance.version,
        pipeline: &report.pipeline,
        district: &report.district,
        school_years: [report.first_year, report.last_year],
        running: report.running.as_ref(),
        provenance: &report.provenance,
        rules: &report.rules,
        counts: Counts {
            programs: content.programs.len(),
            outcomes: content.outcomes.len(),
            findings: report.findings.findings.len(),
            withheld: report.findings.withheld.len(),
            rows_read: sum(|file| file.read),
            rows_kept: sum(|file| file.kept),
            rows_rejected: sum(|file| file.rejected),
            rows_duplicate: sum(|file| file.duplicate),
            rows_conflict: sum(|file| file.conflict),
            rows_unsettled: sum(|file| file.unsettled),
            records_not_tested: sum(|file| file.not_tested),
        },
        verdicts: Verdicts {
            helped: of(Verdict::Helped),
            promising: of(Verdict::Promising),
            no_meaningful_difference: of(Verdict::NoMeaningfulDifference),
            cannot_tell_yet: of(Verdict::CannotTellYet),
            went_with_worse_outcomes: of(Verdict::WorseOutcomes),
            not_credible: of(Verdict::NotCredible),
        },
        links: &report.links,
        files: &report.files,
        written: written.to_vec(),
    };
    Ok(serde_json::to_string_pretty(&run)? + "\n")
}
