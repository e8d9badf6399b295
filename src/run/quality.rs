//! The data-quality report of a run: what the reader and the lake found out about the data is put together, held against who answers
//! for which export, and sorted by how many findings each repair would help. A check with severity `error` stops the run here, before
//! anything is committed; the page is written all the same, for somebody has to see why.

mod causes;
mod fixes;

use std::path::{Path, PathBuf};

use throughline_disclosure::{Provenance, Quality};
use throughline_evidence::finding::{Findings, Verdict};
use throughline_ingest::Ingested;
use throughline_lake::{Asked, Lake, LakeError, Measured, Release};
use throughline_model::check::{Rule, Severity};
use throughline_model::membership::{self, Outside, Style};
use throughline_model::panel::LinkRate;
use throughline_model::part::{Arrival, FileCount, FileStatus};
use throughline_model::quality::{Checked, Checkup, IdChoice, Odd, Sent};
use throughline_model::{Diagnostic, Part, Pipeline, Progress, disagreement};

use crate::errors;
use crate::exit::{Exit, Failure};

/// What was found out about the data before anything was committed.
pub(crate) struct Examined {
    pub(crate) checked: Checked,
    sent: Vec<Sent>,
    odd: Vec<Odd>,
    choices: Vec<IdChoice>,
    /// Files in which rows of one key disagree.
    disagreeing: Vec<FileCount>,
    outside: Vec<Outside>,
    styles: Vec<Style>,
    /// What is to be said of rows that are neither kept nor rejected, one clause each.
    pub(crate) tally: Vec<String>,
}

impl Examined {
    /// Takes in what was found out where the release was measured, and judges the checks that ask for it.
    pub(crate) fn measured(&mut self, pipeline: &Pipeline, release: &Release, measured: &Measured) {
        self.outside.clone_from(&measured.outside);
        self.styles.clone_from(&measured.styles);
        let running = measured.running.as_ref().map(|running| running.year);
        for check in pipeline
            .checks
            .iter()
            .filter(|check| check.rule == Rule::Member)
        {
            let rows = release
                .parts_of(check.table.name)
                .filter(|part| {
                    part.years
                        .is_none_or(|(year, _)| running.is_none_or(|r| year < r))
                })
                .map(|part| part.rows)
                .sum();
            let id = check.id();
            let mut checkups = self.checked.checks.iter_mut();
            if let Some(checkup) = checkups.find(|one| one.id == id && rows > 0) {
                *checkup = membership::judge(check, rows, &self.outside);
            }
        }
    }

    /// Checks that failed and let the run go on, for the terminal and the exit code.
    pub(crate) fn warned(&self) -> Vec<String> {
        let failed = self.checked.failed(Severity::Warn);
        failed.map(Checkup::told).collect()
    }
}

/// Looks at what was read, and stops the run where a check says so.
pub(crate) fn examine(
    pipeline: &Pipeline,
    lake: &Lake,
    ingested: &Ingested,
    progress: &dyn Progress,
) -> Result<Examined, Failure> {
    let mut checked = check(
        pipeline,
        lake,
        (&ingested.parts, &ingested.counts, None),
        progress,
    )?;
    causes::add(pipeline, &mut checked);
    let examined = Examined {
        checked,
        sent: sent(pipeline, &ingested.counts, &ingested.statuses),
        odd: ingested.warnings.iter().map(odd).collect(),
        choices: ingested.choices.clone(),
        disagreeing: disagreeing(&ingested.counts),
        tally: disagreement::tally(&ingested.counts),
        outside: Vec::new(),
        styles: Vec::new(),
    };
    let errors: Vec<String> = examined
        .checked
        .failed(Severity::Error)
        .map(|check| format!("error: check failed: {}", check.told()))
        .collect();
    if errors.is_empty() {
        return Ok(examined);
    }
    let provenance = Provenance {
        inputs: ingested.inputs.clone(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        plan: String::new(),
    };
    let folder = &pipeline.reports.folder;
    let quality = Quality {
        refused: true,
        ..assemble(pipeline, lake, examined, (&[], None), provenance)?
    };
    let files = write(pipeline, quality, folder)?;
    let page = files.first().map_or(folder.as_path(), PathBuf::as_path);
    let page = page.strip_prefix(&pipeline.root).unwrap_or(page);
    Err(Failure::new(
        Exit::DataRefused,
        format!(
            "{}\n  hint: nothing was committed and the release before stands; what is wrong where is told in `{}`",
            errors.join("\n"),
            page.display()
        ),
    ))
}

/// Looks at a release again.
pub(crate) fn look_back(
    pipeline: &Pipeline,
    lake: &Lake,
    release: &Release,
    progress: &dyn Progress,
) -> Result<Examined, Failure> {
    let of = (
        &release.parts[..],
        &release.counts[..],
        Some(release.id.as_str()),
    );
    Ok(Examined {
        checked: check(pipeline, lake, of, progress)?,
        sent: sent(pipeline, &release.counts, &[]),
        odd: Vec::new(),
        choices: Vec::new(),
        disagreeing: disagreeing(&release.counts),
        tally: disagreement::tally(&release.counts),
        outside: Vec::new(),
        styles: Vec::new(),
    })
}

fn check(
    pipeline: &Pipeline,
    lake: &Lake,
    (parts, counts, release): (&[Part], &[FileCount], Option<&str>),
    progress: &dyn Progress,
) -> Result<Checked, Failure> {
    let asked = Asked {
        pipeline,
        parts,
        counts,
        release,
        today: chrono::Utc::now().date_naive(),
    };
    match lake.check(&asked, progress) {
        // A part that cannot be read is made anew where the release is measured.
        Err(LakeError::BadData(_)) => Ok(Checked::default()),
        checked => checked.map_err(errors::lake),
    }
}

/// Writes the data-quality report of a run that went through.
pub(crate) fn report(
    pipeline: &Pipeline,
    lake: &Lake,
    examined: Examined,
    (links, findings): (&[LinkRate], &Findings),
    provenance: Provenance,
    folder: &Path,
) -> Result<Vec<PathBuf>, Failure> {
    let quality = assemble(
        pipeline,
        lake,
        examined,
        (links, Some(findings)),
        provenance,
    )?;
    write(pipeline, quality, folder)
}

fn write(pipeline: &Pipeline, quality: Quality, folder: &Path) -> Result<Vec<PathBuf>, Failure> {
    let released = throughline_disclosure::release_quality(quality, &pipeline.privacy);
    throughline_report::write_quality(&released, folder).map_err(errors::report)
}

fn assemble(
    pipeline: &Pipeline,
    lake: &Lake,
    examined: Examined,
    (links, findings): (&[LinkRate], Option<&Findings>),
    provenance: Provenance,
) -> Result<Quality, Failure> {
    let questions = questions(pipeline, findings);
    let depends = lake.depends(pipeline).map_err(errors::lake)?;
    let found = (&examined.checked, &examined.disagreeing[..]);
    let fixes = fixes::fixes(pipeline, found, links, &questions, &depends);
    Ok(Quality {
        district: pipeline.district.name.clone(),
        pipeline: pipeline.name.clone(),
        refused: false,
        sent: examined.sent,
        odd: examined.odd,
        choices: examined.choices,
        links: links.to_vec(),
        checked: examined.checked,
        disagreeing: examined.disagreeing,
        outside: examined.outside,
        styles: examined.styles,
        fixes,
        findings: questions.len() as u64,
        provenance,
        ..Quality::default()
    })
}

fn disagreeing(counts: &[FileCount]) -> Vec<FileCount> {
    let files = counts.iter().filter(|count| count.conflict > 0);
    files.cloned().collect()
}

/// A question: exposure, outcome, and whether it is still open.
pub(super) struct Question {
    pub(super) exposure: String,
    pub(super) outcome: String,
    pub(super) open: bool,
}

/// What was asked; where nothing was found out yet, what would be.
fn questions(pipeline: &Pipeline, findings: Option<&Findings>) -> Vec<Question> {
    let Some(findings) = findings else {
        let studies = pipeline.studies.iter();
        return studies
            .flat_map(|study| {
                study.exposures.iter().flat_map(|exposure| {
                    study.outcomes.iter().map(|outcome| Question {
                        exposure: pipeline.exposures[*exposure].id.clone(),
                        outcome: pipeline.outcomes[*outcome].id.clone(),
                        open: true,
                    })
                })
            })
            .collect();
    };
    let told = findings.findings.iter().map(|finding| Question {
        exposure: finding.exposure.id.clone(),
        outcome: finding.outcome.id.clone(),
        open: matches!(
            finding.verdict,
            Verdict::CannotTellYet | Verdict::NotCredible
        ),
    });
    let withheld = findings.withheld.iter().map(|finding| Question {
        exposure: finding.exposure.id.clone(),
        outcome: finding.outcome.id.clone(),
        open: true,
    });
    told.chain(withheld).collect()
}

/// What every source sent, in the order of the pipeline.
fn sent(pipeline: &Pipeline, counts: &[FileCount], statuses: &[FileStatus]) -> Vec<Sent> {
    pipeline
        .sources
        .iter()
        .map(|source| {
            let files = || counts.iter().filter(|count| count.source == source.id);
            let sum = |part: fn(&FileCount) -> u64| files().map(part).sum();
            let statuses = || statuses.iter().filter(|status| status.source == source.id);
            let stand = |arrival: Arrival| {
                let stand = statuses().filter(|status| status.arrival == arrival);
                stand.count() as u64
            };
            let told = |status: &FileStatus| {
                matches!(
                    status.arrival,
                    Arrival::Deleted | Arrival::Writing | Arrival::Missing
                )
                .then(|| format!("{}: {}", status.file, status.arrival.word()))
            };
            Sent {
                source: source.id.clone(),
                table: source.mapping.table.name.to_owned(),
                owner: source.owner.clone(),
                expected: !source.optional,
                received: files().count() as u64,
                new: stand(Arrival::Received),
                corrected: stand(Arrival::Corrected),
                late: statuses().filter(|status| status.late).count() as u64,
                told: statuses().filter_map(told).collect(),
                read: sum(|count| count.read),
                kept: sum(|count| count.kept),
                rejected: sum(|count| count.rejected),
                duplicate: sum(|count| count.duplicate),
                conflict: sum(|count| count.conflict),
                unsettled: sum(|count| count.unsettled),
                not_tested: sum(|count| count.not_tested),
            }
        })
        .collect()
}

fn odd(warning: &Diagnostic) -> Odd {
    Odd {
        place: warning
            .place
            .as_ref()
            .map_or_else(String::new, ToString::to_string),
        message: warning.message.clone(),
        hints: warning.hints.clone(),
    }
}
