//! `throughline explain`: how a number in the report came to be, read from the last run's record: what was estimated and
//! on whom, what was tried against it, the SQL behind both sides, and the files it all came from.

use std::path::PathBuf;

use clap::Args;
use throughline_disclosure::Report;
use throughline_evidence::finding::{Estimate, Finding, Planned};
use throughline_model::{Pipeline, suggest};

use super::printer::Printer;
use super::{Common, common};
use crate::errors;
use crate::exit::{Exit, Failure};
use crate::run::reads;
use crate::run::record::{self, RunRecord};

/// Say how a number in the report came to be
#[derive(Args, Debug)]
pub(crate) struct Explain {
    /// The finding's id, as the report and `findings.csv` show it
    finding: String,
    /// The pipeline whose last run is explained [default: the only one in `pipelines/`]
    #[arg(long, value_name = "FILE")]
    pipeline: Option<PathBuf>,
}

impl Explain {
    pub(crate) fn execute(&self, common: &Common, printer: &Printer) -> Result<Exit, Failure> {
        let pipeline = common::find(self.pipeline.as_deref())?;
        let record = record::load(&pipeline).ok_or_else(|| {
            Failure::usage("this pipeline has not run yet\n  hint: `throughline run` first")
        })?;
        let report: Report = serde_json::from_value(record.published.clone()).map_err(|_| {
            Failure::usage(
                "the last run was made by another version\n  hint: `throughline run` again",
            )
        })?;
        let finding = self.find(&report)?;
        let sql = sql_of(&record, finding);
        let files = self.files(common, &pipeline, &record, &sql)?;
        describe(finding, printer);
        printer.line(format!("study plan {}", report.provenance.plan));
        for (id, text) in &sql {
            printer.line(format!("\nSQL of `{id}`\n{text}"));
        }
        printer.line(format!("\nSource files (release {})", record.release));
        for file in &files {
            printer.line(format!("  {file}"));
        }
        printer.document(&serde_json::json!({
            "finding": finding, "release": record.release, "sql": sql, "files": files,
        }))?;
        Ok(Exit::Fine)
    }

    fn find<'r>(&self, report: &'r Report) -> Result<&'r Finding, Failure> {
        let findings = &report.findings;
        if let Some(finding) = findings
            .findings
            .iter()
            .find(|finding| finding.id == self.finding)
        {
            return Ok(finding);
        }
        if let Some(withheld) = findings
            .withheld
            .iter()
            .find(|withheld| withheld.id == self.finding)
        {
            let message = format!(
                "finding `{}` is withheld: it rests on fewer people than the pipeline publishes",
                withheld.id
            );
            return Err(Failure::new(Exit::DisclosureRefused, message));
        }
        let known = findings.findings.iter().map(|finding| finding.id.as_str());
        let hint = suggest::nearest(&self.finding, known).map_or_else(
            || "ids are in `findings.csv`".to_owned(),
            |near| format!("did you mean `{near}`?"),
        );
        Err(Failure::usage(format!(
            "no finding has the id `{}`\n  hint: {hint}",
            self.finding
        )))
    }

    /// The export files of every table that the SQL reads, as the release knows them.
    fn files(
        &self,
        common: &Common,
        pipeline: &Pipeline,
        record: &RunRecord,
        sql: &[(&str, &str)],
    ) -> Result<Vec<String>, Failure> {
        let lake = common.lake(pipeline)?;
        let release = lake.release(&record.release).map_err(errors::lake)?;
        let tables = reads::tables(sql.iter().map(|(_, text)| *text), &pipeline.measures);
        let read = |table: &str| tables.contains(&table);
        Ok(release
            .counts
            .iter()
            .filter(|count| read(&count.table))
            .map(|count| {
                format!(
                    "{}: {} rows kept of {} → {}",
                    count.file, count.kept, count.read, count.table
                )
            })
            .collect())
    }
}

fn sql_of<'r>(record: &'r RunRecord, finding: &Finding) -> Vec<(&'r str, &'r str)> {
    record
        .sql
        .iter()
        .filter(|(id, _)| *id == finding.exposure.id || *id == finding.outcome.id)
        .map(|(id, text)| (id.as_str(), text.as_str()))
        .collect()
}

fn describe(finding: &Finding, printer: &Printer) {
    let dose = format!("{} {}", finding.per, finding.dose_unit);
    printer.line(&finding.id);
    printer.line(format!(
        "{} → {} ({})",
        finding.exposure.label,
        finding.outcome.label,
        finding.subgroup.id()
    ));
    printer.line(format!(
        "verdict    {}: {}",
        finding.verdict.words(),
        finding.verdict_reason
    ));
    let estimates = [
        ("estimate", &finding.adjusted, "SD"),
        ("", &finding.adjusted_raw, finding.outcome_unit.as_str()),
        ("naive", &finding.naive, "SD"),
    ];
    for (name, estimate, unit) in estimates {
        if let Some(e) = estimate {
            printer.line(format!("{name:<10} {} {unit} per {dose}", interval(e)));
        }
    }
    printer.line(format!("planned    {}", planned(&finding.planned)));
    printer.line(format!("estimator  {}", finding.estimator));
    let n = &finding.n;
    printer.line(format!(
        "rests on   {} student-years of {} students, {} teachers, {} schools",
        n.student_years, n.students, n.teachers, n.schools
    ));
    for dropped in &n.dropped {
        let rows = dropped
            .rows
            .map_or_else(|| "a few".to_owned(), |rows| rows.to_string());
        printer.line(format!("left out   {rows} rows: {}", dropped.reason));
    }
    for check in &finding.checks {
        printer.line(format!(
            "check      {} ({:?}): {}",
            check.name, check.outcome, check.reason
        ));
    }
    printer.line(format!("evidence   {} of 5", finding.grade.marks));
    for lost in &finding.grade.lost {
        printer.line(format!("           lost: {lost}"));
    }
}

fn planned(planned: &Planned) -> String {
    match planned {
        Planned::Before => "before outcomes were read".to_owned(),
        Planned::After(after) => {
            let no = if planned.stood() { "" } else { "no: " };
            format!(
                "{no}{} after release {} had been read on {}",
                after.change.word(),
                after.release,
                after.on
            )
        }
    }
}

fn interval(e: &Estimate) -> String {
    format!(
        "{:+.4} [{:+.4}, {:+.4}] (se {:.4}, p {:.4}, df {:.0})",
        e.estimate, e.lower, e.upper, e.se, e.p, e.df
    )
}
