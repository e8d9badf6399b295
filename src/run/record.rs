//! What a run leaves for the next one and for `explain`: what it was made from, what it printed, which files it wrote,
//! and the SQL behind every number. Kept in the lake, not in the reports, so timings never touch a committed file.

use std::fs;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use throughline_disclosure::{Released, Report};
use throughline_lake::{Measured, Release};
use throughline_model::check::{Behind, Rule};
use throughline_model::panel::LinkRate;
use throughline_model::part::{Arrival, FileStatus};
use throughline_model::{Pipeline, durable};
use throughline_report::Table;

use super::moved::Moved;
use crate::cli::printer::Printer;
use crate::exit::{Exit, Failure};

/// Below this share of linked rows a hop of the link is reported as a failed check: whatever rests on it is thin.
const LINKED_SHARE: f64 = 0.8;

/// What a run did.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct RunRecord {
    /// What it was made from: the same stamp, the same results.
    pub stamp: String,
    /// The release it read.
    pub release: String,
    /// The table printed at the end, line by line.
    pub summary: Vec<String>,
    /// Reports, with the hash of their content.
    pub files: Vec<WrittenFile>,
    /// Checks of the data that failed.
    pub failed_checks: Vec<String>,
    /// How many checks of the data passed, and how many did not.
    #[serde(default)]
    pub checks: String,
    /// What is to be said of rows that are neither kept nor rejected: conflicts, tests that were not taken.
    #[serde(default)]
    pub rows: Vec<String>,
    /// The SQL that made each outcome and exposure, by id.
    pub sql: Vec<(String, String)>,
    /// What was published.
    pub published: serde_json::Value,
    /// Seconds each stage took.
    pub timings: Vec<(String, f64)>,
    /// Whether this is an earlier run's record, returned because nothing had changed.
    #[serde(default)]
    pub unchanged: bool,
    /// How every export file stood.
    #[serde(default)]
    pub statuses: Vec<FileStatus>,
    /// What moved since the run before; `None` after the first one.
    #[serde(default)]
    pub moved: Option<Moved>,
}

impl RunRecord {
    /// The record as the answer of a later run that found nothing changed.
    pub(crate) fn again(self, statuses: Vec<FileStatus>) -> Self {
        Self {
            unchanged: true,
            statuses,
            moved: None,
            ..self
        }
    }

    /// Whether an export file is gone since the run before.
    pub(crate) fn lost_files(&self) -> bool {
        lost_files(&self.statuses)
    }
}

/// Whether an export file is gone.
pub(crate) fn lost_files(statuses: &[FileStatus]) -> bool {
    statuses
        .iter()
        .any(|status| status.arrival == Arrival::Deleted)
}

/// A file that was written.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct WrittenFile {
    /// Where it lies.
    pub path: PathBuf,
    /// BLAKE3 hash of its content.
    pub hash: String,
}

/// Hash over everything that a run's results follow from: the exports, the pipeline file, the measures, this version.
pub(crate) fn stamp(pipeline: &Pipeline, inputs: &str) -> String {
    let mut hasher = blake3::Hasher::new();
    let mut add = |text: &str| {
        hasher.update(&(text.len() as u64).to_le_bytes());
        hasher.update(text.as_bytes());
    };
    add(env!("CARGO_PKG_VERSION"));
    add(&program());
    add(inputs);
    add(&pipeline.text);
    for measure in &pipeline.measures {
        add(&measure.name);
        add(&measure.sql);
    }
    for compared in &pipeline.compared {
        add(&format!("{:?} {:?}", compared.chosen, compared.beside));
    }
    // A check that asks how old the data are today has another answer tomorrow.
    let asks_today = pipeline.checks.iter().any(|check| {
        let today = Behind::Today;
        matches!(&check.rule, Rule::Fresh { behind, .. } if *behind == today)
    });
    if asks_today {
        add(&chrono::Utc::now().date_naive().to_string());
    }
    hasher.finalize().to_hex().to_string()
}

/// Tells builds of one version apart, so that nobody who changes the program is answered by its predecessor.
pub(crate) fn program() -> String {
    let about = std::env::current_exe().and_then(fs::metadata);
    about.map_or_else(
        |_| String::new(),
        |about| format!("{} {:?}", about.len(), about.modified().ok()),
    )
}

/// The last run's record, where its stamp is `stamp` and every file it wrote is still as it wrote it.
pub(crate) fn unchanged(pipeline: &Pipeline, stamp: &str) -> Option<RunRecord> {
    let record = load(pipeline)?;
    let stands = record.stamp == stamp
        && !record.files.is_empty()
        && record
            .files
            .iter()
            .all(|file| hash(&file.path).is_some_and(|hash| hash == file.hash));
    stands.then_some(record)
}

/// The last run's record.
pub(crate) fn load(pipeline: &Pipeline) -> Option<RunRecord> {
    let text = fs::read_to_string(path(pipeline)).ok()?;
    serde_json::from_str(&text).ok()
}

/// Where reports go: an older release never overwrites the current one's.
pub(crate) fn folder(pipeline: &Pipeline, as_of: Option<&str>) -> PathBuf {
    let folder = &pipeline.reports.folder;
    as_of.map_or_else(
        || folder.clone(),
        |release| folder.join(format!("as-of-{release}")),
    )
}

/// Makes a run's record.
pub(crate) fn make(
    release: &Release,
    stamp: String,
    released: &Released<Report>,
    measured: &Measured,
    files: Vec<PathBuf>,
    printer: &Printer,
) -> Result<RunRecord, Failure> {
    printer.end_stage();
    Ok(RunRecord {
        stamp,
        release: release.id.clone(),
        summary: lines(&throughline_report::summary(released)),
        files: files
            .into_iter()
            .map(|path| WrittenFile {
                hash: hash(&path).unwrap_or_default(),
                path,
            })
            .collect(),
        failed_checks: failed_checks(&measured.links),
        checks: String::new(),
        rows: Vec::new(),
        sql: measured.sql.clone(),
        published: serde_json::to_value(released).map_err(unwritable)?,
        timings: printer.timings(),
        unchanged: false,
        statuses: Vec::new(),
        moved: None,
    })
}

fn unwritable(error: serde_json::Error) -> Failure {
    let message = format!("failed to write the run's record: {error}");
    Failure::new(Exit::Bug, message)
}

/// Keeps a record for the next run and for `explain`.
pub(crate) fn keep(pipeline: &Pipeline, record: &RunRecord) -> Result<(), Failure> {
    let text = serde_json::to_string_pretty(record).map_err(unwritable)?;
    let path = path(pipeline);
    durable::replace(&path, text.as_bytes()).map_err(|error| {
        Failure::system(
            format!("write the run's record `{}`", path.display()),
            &error,
        )
    })
}

/// A table as lines of text: words to the left, numbers to the right.
fn lines(table: &Table) -> Vec<String> {
    let header: Vec<String> = table.header().into_iter().map(str::to_owned).collect();
    let rows = table.lines();
    let width = |column: usize| {
        let cells = rows
            .iter()
            .filter_map(|row| row.get(column))
            .chain(header.get(column));
        cells
            .map(|cell| cell.chars().count())
            .max()
            .unwrap_or_default()
    };
    let widths: Vec<usize> = (0..header.len()).map(width).collect();
    std::iter::once(&header)
        .chain(&rows)
        .map(|row| {
            let cells =
                row.iter()
                    .zip(&widths)
                    .zip(&table.columns)
                    .map(|((cell, &width), column)| {
                        if column.is_numeric() {
                            format!("{cell:>width$}")
                        } else {
                            format!("{cell:<width$}")
                        }
                    });
            cells.collect::<Vec<_>>().join("  ").trim_end().to_owned()
        })
        .collect()
}

fn failed_checks(links: &[LinkRate]) -> Vec<String> {
    links
        .iter()
        // People are followed by the checks of their tables.
        .filter(|link| !link.hop.ends_with("→ student") && !link.hop.ends_with("→ staff"))
        .filter(|link| link.total > 0 && (link.linked as f64) < LINKED_SHARE * link.total as f64)
        .map(|link| {
            let share = 100.0 * link.linked as f64 / link.total as f64;
            format!(
                "only {share:.1} % of rows link at `{}`; what rests on it is thin",
                link.hop
            )
        })
        .collect()
}

fn path(pipeline: &Pipeline) -> PathBuf {
    let name = format!("{}.json", pipeline.name);
    pipeline.lake.path.join("_runs").join(name)
}

fn hash(path: &Path) -> Option<String> {
    fs::read(path)
        .ok()
        .map(|bytes| blake3::hash(&bytes).to_hex().to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_thin_link_is_a_failed_check_and_an_empty_one_is_not() {
        let link = |hop: &str, linked, total| LinkRate {
            hop: hop.to_owned(),
            linked,
            total,
        };
        let failed = failed_checks(&[
            link("a → b", 79, 100),
            link("b → c", 80, 100),
            link("c → d", 0, 0),
        ]);
        assert_eq!(failed.len(), 1);
        assert!(failed[0].contains("79.0 %") && failed[0].contains("a → b"));
    }
}
