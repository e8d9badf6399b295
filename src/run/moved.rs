//! What moved between two releases: files, rows, published numbers, and which of the files each number moved by. A number is
//! laid to a file where a table that its measures read holds the file; where none of those changed, to the rest of its study,
//! for programs are estimated together; and then to the run, over which false discoveries are controlled.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use throughline_lake::Release;
use throughline_model::part::{Arrival, FileCount};

use super::log::{Log, Shown, Standing};

/// What moved.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Moved {
    /// The release before.
    pub since: String,
    /// Export files that are other ones.
    pub files: Vec<FileMove>,
    /// Rows of every table that has more or fewer.
    pub tables: Vec<TableMove>,
    /// What moved of what was published; `None` where one of the releases was never reported on.
    pub published: Option<Published>,
}

/// What moved of what was published.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Published {
    /// Findings that were published then or now.
    pub of: usize,
    /// Those with another estimate, interval, plain correlation, verdict, evidence or number of students; another verdict first,
    /// then the largest moves.
    pub findings: Vec<Move>,
    /// Findings whose first numbers stand, and something else of them moved: a check, another design.
    pub other: usize,
    /// Hops of the link from student to training with other shares.
    pub links: Vec<LinkMove>,
    /// Whether the pipeline file, its measures or Throughline changed as well.
    pub remade: bool,
}

/// An export file that came, changed or went.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct FileMove {
    pub source: String,
    pub file: String,
    pub table: String,
    pub arrival: Arrival,
    /// Rows of it in the table before …
    pub was: u64,
    /// … and now.
    pub now: u64,
}

/// Rows of a table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct TableMove {
    pub table: String,
    pub was: u64,
    pub now: u64,
}

/// A finding that moved.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Move {
    pub id: String,
    pub program: String,
    pub outcome: String,
    pub group: String,
    /// `None` where it was withheld or not asked.
    pub was: Option<Shown>,
    pub now: Option<Shown>,
    /// By how much the estimate moved, in SD.
    pub by: Option<f64>,
    /// How the files reach it.
    pub through: Through,
    /// The files it moved by.
    pub files: Vec<String>,
}

/// How a change of a file reaches a finding.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Through {
    /// Its own outcome or program is measured from it.
    Measures,
    /// Another program or outcome of its study is.
    Study,
    /// Only the number of questions that are asked together ties them.
    Run,
    /// No file: the pipeline file, a measure or Throughline changed.
    Remade,
}

/// A hop of the link from student to training.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct LinkMove {
    pub hop: String,
    /// Linked rows and all rows before …
    pub was: (u64, u64),
    /// … and now.
    pub now: (u64, u64),
}

impl Moved {
    /// What moved from one release to another, with what was published of each.
    pub(crate) fn between(was: (&Release, Option<&Log>), now: (&Release, Option<&Log>)) -> Self {
        let files = files(&was.0.counts, &now.0.counts);
        let published = match (was.1, now.1) {
            (Some(was), Some(now)) => Some(published(was, now, &files)),
            _ => None,
        };
        Self {
            since: was.0.id.clone(),
            files,
            tables: tables(was.0, now.0),
            published,
        }
    }
}

fn files(was: &[FileCount], now: &[FileCount]) -> Vec<FileMove> {
    let by_name = |counts: &'_ [FileCount]| -> BTreeMap<(String, String), FileCount> {
        let named = counts.iter();
        named
            .map(|count| ((count.source.clone(), count.file.clone()), count.clone()))
            .collect()
    };
    let (was, now) = (by_name(was), by_name(now));
    let names: BTreeSet<&(String, String)> = was.keys().chain(now.keys()).collect();
    names
        .into_iter()
        .filter_map(|name| {
            let (was, now) = (was.get(name), now.get(name));
            let arrival = match (was, now) {
                (Some(was), Some(now)) if was.hash == now.hash => return None,
                (Some(_), Some(_)) => Arrival::Corrected,
                (None, _) => Arrival::Received,
                (_, None) => Arrival::Deleted,
            };
            Some(FileMove {
                source: name.0.clone(),
                file: name.1.clone(),
                table: now.or(was)?.table.clone(),
                arrival,
                was: was.map_or(0, |count| count.kept),
                now: now.map_or(0, |count| count.kept),
            })
        })
        .collect()
}

fn tables(was: &Release, now: &Release) -> Vec<TableMove> {
    throughline_model::tables::TABLES
        .iter()
        .map(|table| TableMove {
            table: table.name.to_owned(),
            was: was.rows(table.name),
            now: now.rows(table.name),
        })
        .filter(|table| table.was != table.now)
        .collect()
}

fn published(was: &Log, now: &Log, files: &[FileMove]) -> Published {
    let old: BTreeMap<&str, &Standing> = was.findings.iter().map(|f| (f.id.as_str(), f)).collect();
    let new: BTreeMap<&str, &Standing> = now.findings.iter().map(|f| (f.id.as_str(), f)).collect();
    let all: Vec<&Standing> = now
        .findings
        .iter()
        .chain(
            was.findings
                .iter()
                .filter(|f| !new.contains_key(f.id.as_str())),
        )
        .collect();
    let remade = was.pipeline != now.pipeline || was.version != now.version;
    let causes = Causes { files, now, was };
    let (mut findings, mut other) = (Vec::new(), 0);
    for standing in &all {
        let (was, now) = (old.get(standing.id.as_str()), new.get(standing.id.as_str()));
        let before = was.and_then(|f| f.shown.as_ref());
        let after = now.and_then(|f| f.shown.as_ref());
        if before == after {
            other += usize::from(was.map(|f| &f.all) != now.map(|f| &f.all));
            continue;
        }
        let (through, files) = causes.of(standing);
        let estimates = before
            .and_then(|s| s.estimate)
            .zip(after.and_then(|s| s.estimate));
        findings.push(Move {
            id: standing.id.clone(),
            program: standing.exposure.label.clone(),
            outcome: standing.outcome.label.clone(),
            group: standing.group.clone(),
            was: before.cloned(),
            now: after.cloned(),
            by: estimates.map(|(was, now)| now - was),
            through,
            files,
        });
    }
    // Stable: ties stay in the order of the pipeline file.
    findings.sort_by(|a, b| {
        let size = |m: &Move| m.by.map_or(f64::INFINITY, f64::abs);
        (b.turned().cmp(&a.turned())).then(size(b).total_cmp(&size(a)))
    });
    let links = now.links.iter().filter_map(|hop| {
        let before = was.links.iter().find(|link| link.hop == hop.hop);
        let (was, now) = (
            before.map_or((0, 0), |l| (l.linked, l.total)),
            (hop.linked, hop.total),
        );
        (was != now).then(|| LinkMove {
            hop: hop.hop.clone(),
            was,
            now,
        })
    });
    Published {
        of: all.len(),
        findings,
        other,
        links: links.collect(),
        remade,
    }
}

impl Move {
    /// Whether the verdict is another one, or was not there.
    pub(crate) fn turned(&self) -> bool {
        let verdict = |shown: &Option<Shown>| shown.as_ref().map(|shown| shown.verdict.clone());
        verdict(&self.was) != verdict(&self.now)
    }
}

/// Which files can have moved a finding.
struct Causes<'c> {
    files: &'c [FileMove],
    was: &'c Log,
    now: &'c Log,
}

impl Causes<'_> {
    fn of(&self, finding: &Standing) -> (Through, Vec<String>) {
        let own = self.changed([finding.exposure.id.as_str(), finding.outcome.id.as_str()]);
        if !own.is_empty() {
            return (Through::Measures, own);
        }
        let of_study = |log: &'_ Log| -> BTreeSet<String> {
            let findings = log.findings.iter().filter(|f| f.study == finding.study);
            findings
                .flat_map(|f| [f.exposure.id.clone(), f.outcome.id.clone()])
                .collect()
        };
        let ids = of_study(self.now);
        let study = self.changed(ids.iter().map(String::as_str));
        if !study.is_empty() {
            return (Through::Study, study);
        }
        let all: Vec<String> = self.files.iter().map(|file| file.file.clone()).collect();
        let through = if all.is_empty() {
            Through::Remade
        } else {
            Through::Run
        };
        (through, all)
    }

    /// The files that changed in tables that the outcomes and exposures with these ids read, then or now.
    fn changed<'i>(&self, ids: impl IntoIterator<Item = &'i str>) -> Vec<String> {
        let mut tables: BTreeSet<&str> = BTreeSet::new();
        for id in ids {
            for log in [self.was, self.now] {
                tables.extend(log.reads.get(id).into_iter().flatten().map(String::as_str));
            }
        }
        let read = self
            .files
            .iter()
            .filter(|file| tables.contains(file.table.as_str()));
        read.map(|file| file.file.clone()).collect()
    }
}
