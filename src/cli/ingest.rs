//! `throughline ingest`: reads the exports and commits a release.

use std::path::PathBuf;

use clap::Args;
use throughline_model::disagreement;
use throughline_model::part::FileCount;

use super::printer::Printer;
use super::{Common, common};
use crate::exit::{Exit, Failure};
use crate::run::{self, record};

/// The name of the line that adds up the others.
const ALL: &str = "all files";

/// Read the exports and commit a release; no estimates
#[derive(Args, Debug)]
pub(crate) struct Ingest {
    /// The pipeline file
    pipeline: PathBuf,
}

impl Ingest {
    pub(crate) fn execute(&self, common: &Common, printer: &Printer) -> Result<Exit, Failure> {
        let pipeline = common::load(&self.pipeline)?;
        let (release, ingested, failed) = run::ingest(&pipeline, common, printer)?;
        printer.end_stage();
        print_counts(&ingested.counts, printer);
        printer.line(format!("release {}", release.id));
        printer.document(&serde_json::json!({
            "release": release.id, "files": ingested.counts, "statuses": ingested.statuses,
            "failed_checks": failed,
        }))?;
        for failed in &failed {
            printer.warn(format!("check failed: {failed}"));
        }
        Ok(
            if failed.is_empty() && !record::lost_files(&ingested.statuses) {
                Exit::Fine
            } else {
                Exit::ChecksFailed
            },
        )
    }
}

/// What became of every row, a line a file and a line for all, and what kinds of rows are not kept. Records of students who were
/// not tested are no rows and stand beside them.
pub(super) fn print_counts(counts: &[FileCount], printer: &Printer) {
    for line in lines(counts) {
        printer.line(line);
    }
    for told in disagreement::tally(counts) {
        printer.line(told);
    }
}

type Part = fn(&FileCount) -> u64;

fn lines(counts: &[FileCount]) -> Vec<String> {
    let mut columns: Vec<(&str, Part)> = vec![
        ("read", |count| count.read),
        ("kept", |count| count.kept),
        ("rejected", |count| count.rejected),
        ("duplicate", |count| count.duplicate),
        ("conflict", |count| count.conflict),
    ];
    if counts.iter().any(|count| count.not_tested > 0) {
        columns.push(("not tested", |count| count.not_tested));
    }
    let names = counts.iter().map(|count| count.file.as_str());
    let width = names.chain([ALL]).map(|name| name.chars().count()).max();
    let width = width.unwrap_or_default();
    let line = |name: &str, cells: &mut dyn Iterator<Item = String>| {
        cells.fold(format!("{name:<width$}"), |line, cell| {
            format!("{line} {cell:>11}")
        })
    };
    let mut lines = vec![line(
        "file",
        &mut columns.iter().map(|(name, _)| (*name).to_owned()),
    )];
    for count in counts {
        let cells = columns.iter().map(|(_, part)| part(count).to_string());
        lines.push(line(&count.file, &mut { cells }));
    }
    let sums = columns.iter().map(|(_, part)| {
        let sum: u64 = counts.iter().map(part).sum();
        sum.to_string()
    });
    lines.push(line(ALL, &mut { sums }));
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    fn count(file: &str, [read, kept, rejected, duplicate, conflict]: [u64; 5]) -> FileCount {
        FileCount {
            file: file.to_owned(),
            read,
            kept,
            rejected,
            duplicate,
            conflict,
            ..FileCount::default()
        }
    }

    #[test]
    fn every_row_stands_in_one_column_and_records_without_a_score_beside_them() {
        let mut counts = vec![
            count("a.csv", [10, 6, 1, 2, 1]),
            count("b.csv", [5, 5, 0, 0, 0]),
        ];
        let cells = |line: &String| {
            let words = line
                .split_whitespace()
                .skip_while(|word| word.parse::<u64>().is_err());
            words.map(str::to_owned).collect::<Vec<_>>()
        };
        let found = lines(&counts);
        assert!(found[0].ends_with("duplicate    conflict"), "{}", found[0]);
        assert_eq!(cells(&found[1]), ["10", "6", "1", "2", "1"]);
        assert_eq!(cells(&found[3]), ["15", "11", "1", "2", "1"]);
        counts[1].not_tested = 9;
        let found = lines(&counts);
        assert!(found[0].ends_with("conflict  not tested"), "{}", found[0]);
        assert_eq!(cells(&found[2]), ["5", "5", "0", "0", "0", "9"]);
    }
}
