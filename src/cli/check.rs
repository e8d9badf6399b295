//! `throughline check`: reads everything a run would read, says what is wrong, writes nothing. Of the checks of the data it judges
//! those that the reader's counts answer: rows of one key that disagree.

use std::path::PathBuf;

use clap::Args;
use throughline_model::check::{Rule, Severity};
use throughline_model::part::FileCount;
use throughline_model::quality::{Checkup, State};
use throughline_model::{Pipeline, disagreement};

use super::printer::Printer;
use super::{Common, common};
use crate::exit::{Exit, Failure};
use crate::run;

/// Read everything and say what is wrong; write nothing
#[derive(Args, Debug)]
pub(crate) struct Check {
    /// The pipeline file
    pipeline: PathBuf,
}

impl Check {
    pub(crate) fn execute(&self, _common: &Common, printer: &Printer) -> Result<Exit, Failure> {
        let pipeline = common::load(&self.pipeline)?;
        let ingested = run::check(&pipeline, printer)?;
        printer.end_stage();
        super::ingest::print_counts(&ingested.counts, printer);
        let found = Found::of(&pipeline, &ingested.counts);
        for line in found.lines() {
            printer.warn(line);
        }
        printer.line(found.closing(ingested.warnings.len()));
        printer.document(&serde_json::json!({
            "files": ingested.counts, "statuses": ingested.statuses, "failed_checks": found.failed,
        }))?;
        Ok(found.exit())
    }
}

/// What was found out about rows of one key.
struct Found {
    /// Checks that failed.
    failed: Vec<Checkup>,
    /// Rows that are not kept because another row of their key says otherwise.
    conflicts: u64,
    /// Of those, the rows between which no rule decides.
    unsettled: u64,
}

impl Found {
    fn of(pipeline: &Pipeline, counts: &[FileCount]) -> Self {
        let checks = pipeline.checks.iter();
        Self {
            failed: checks
                .filter(|check| check.rule == Rule::Conflicts)
                .map(|check| disagreement::judge(check, counts))
                .filter(|checkup| checkup.state == State::Failed)
                .collect(),
            conflicts: counts.iter().map(|count| count.conflict).sum(),
            unsettled: counts.iter().map(|count| count.unsettled).sum(),
        }
    }

    fn of_severity(&self, severity: Severity) -> usize {
        let failed = self.failed.iter();
        failed.filter(|check| check.severity == severity).count()
    }

    /// What failed, and what can be done about it.
    fn lines(&self) -> Vec<String> {
        let mut lines: Vec<String> = self
            .failed
            .iter()
            .map(|check| {
                let word = match check.severity {
                    Severity::Error => "error: check failed",
                    Severity::Warn => "check failed",
                    Severity::Note => "note",
                };
                format!("{word}: {}", check.told())
            })
            .collect();
        if !self.failed.is_empty() {
            lines.push(format!("  hint: {}", disagreement::HINT));
        }
        lines
    }

    /// How it all stands, in one line.
    fn closing(&self, warnings: usize) -> String {
        let above = match warnings {
            0 => String::new(),
            1 => ", with the warning above".to_owned(),
            several => format!(", with the {several} warnings above"),
        };
        if self.of_severity(Severity::Error) > 0 {
            return format!("a run would be refused: rows disagree{above}; nothing was written");
        }
        if self.unsettled > 0 {
            return format!(
                "the exports can be read{above}, but rows of them disagree; nothing was written"
            );
        }
        match (warnings, self.conflicts) {
            (0, 0) => "the pipeline and its exports are in order; nothing was written".to_owned(),
            _ => format!("the exports can be read{above}; nothing was written"),
        }
    }

    fn exit(&self) -> Exit {
        if self.of_severity(Severity::Error) > 0 {
            Exit::DataRefused
        } else if self.of_severity(Severity::Warn) > 0 {
            Exit::ChecksFailed
        } else {
            Exit::Fine
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use throughline_model::part::RowConflict;

    /// The sample's pipeline, with one conflict in a file of `table`.
    fn found(table: &str, settled: bool) -> Found {
        let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
        let pipeline = Pipeline::load(&root.join("pipelines/sample.toml")).expect("a pipeline");
        let count = FileCount {
            file: "x.csv".to_owned(),
            table: table.to_owned(),
            read: 60,
            kept: 59,
            conflict: 1,
            unsettled: u64::from(!settled),
            conflicts: vec![RowConflict {
                kept: Some(47),
                dropped: vec![12],
                settled,
            }],
            ..FileCount::default()
        };
        Found::of(&pipeline, &[count])
    }

    #[test]
    fn rows_that_disagree_are_never_in_order_and_end_with_one() {
        let found = found("assessment_result", false);
        assert_eq!(found.exit(), Exit::ChecksFailed);
        let told = found.lines().join("\n");
        assert!(told.contains("table `assessment_result`"), "{told}");
        assert!(told.contains("rows 12 and 47 of x.csv"), "{told}");
        assert!(told.contains("hint: have the export corrected"), "{told}");
        assert!(found.closing(0).contains("disagree"));
        assert!(!found.closing(0).contains("in order"));
    }

    #[test]
    fn class_lists_that_disagree_would_be_refused() {
        for table in ["section", "student_section"] {
            let found = found(table, false);
            assert_eq!(found.exit(), Exit::DataRefused);
            assert!(found.lines()[0].starts_with("error: check failed"));
            assert!(found.closing(0).contains("would be refused"));
        }
    }

    #[test]
    fn what_a_declared_rule_decides_fails_nothing_and_is_not_called_in_order() {
        let found = found("section", true);
        assert_eq!((found.exit(), found.lines().len()), (Exit::Fine, 0));
        assert!(!found.closing(0).contains("in order"));
    }
}
