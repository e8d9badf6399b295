//! What a night brought: every file beside what the release before held. Late is a new file that lies wholly before what
//! its source had reached; where its rows land does not depend on that, only what is said about it does.

use std::collections::{BTreeMap, BTreeSet};

use throughline_model::part::{Arrival, FileCount, FileStatus};
use throughline_model::{Diagnostic, Place};

use crate::error::IngestError;
use crate::look::Look;
use crate::range::Range;
use crate::state::State;

/// How every file stands, in the order of the pipeline: those that are there, then those that are gone.
pub(crate) fn statuses(looks: &[Look<'_>], before: &[FileCount], after: &State) -> Vec<FileStatus> {
    let known: BTreeMap<(&str, &str), &FileCount> = before
        .iter()
        .map(|count| ((count.source.as_str(), count.file.as_str()), count))
        .collect();
    let mut all = Vec::new();
    for look in looks {
        let source = &look.source.id;
        let status = |file: &str, arrival, rows| FileStatus {
            source: source.clone(),
            file: file.to_owned(),
            table: look.source.mapping.table.name.to_owned(),
            arrival,
            late: false,
            rows,
        };
        let done = |file: &str| after.files.get(&State::name(source, file)).map(|e| &e.done);
        let reached = look
            .files
            .iter()
            .filter(|file| known.contains_key(&(source.as_str(), file.shown.as_str())))
            .filter_map(|file| match done(&file.shown)?.range {
                Range::Between(_, last) => Some(last),
                Range::Empty | Range::Anywhere => None,
            })
            .max();
        for file in &look.files {
            let Some(done) = done(&file.shown) else {
                continue;
            };
            let arrival = match known.get(&(source.as_str(), file.shown.as_str())) {
                _ if file.held => Arrival::Writing,
                None => Arrival::Received,
                Some(count) if count.hash == done.count.hash => Arrival::Known,
                Some(_) => Arrival::Corrected,
            };
            let before_others = match (done.range, reached) {
                (Range::Between(_, last), Some(reached)) => last < reached,
                _ => false,
            };
            all.push(FileStatus {
                late: arrival == Arrival::Received && before_others,
                ..status(&file.shown, arrival, done.count.kept)
            });
        }
        let there: BTreeSet<&str> = look.files.iter().map(|file| file.shown.as_str()).collect();
        for file in look.writing.iter().filter(|file| !is_there(&there, file)) {
            all.push(status(file, Arrival::Writing, 0));
        }
        let gone: Vec<&FileCount> = before
            .iter()
            .filter(|count| count.source == *source && !there.contains(count.file.as_str()))
            .collect();
        all.extend(
            gone.iter()
                .map(|count| status(&count.file, Arrival::Deleted, count.kept)),
        );
        if there.is_empty() && gone.is_empty() && look.writing.is_empty() {
            all.push(status(&look.source.pattern, Arrival::Missing, 0));
        }
    }
    all
}

/// Refuses a source that had files and has none: a share that is not mounted looks like that, and so does a folder that was
/// emptied by mistake.
pub(crate) fn refuse_emptied(looks: &[Look<'_>], before: &[FileCount]) -> Result<(), IngestError> {
    for look in looks {
        let had = before
            .iter()
            .filter(|count| count.source == look.source.id)
            .count();
        if look.files.is_empty() && look.writing.is_empty() && had > 0 {
            return Err(IngestError::Emptied {
                id: look.source.id.clone(),
                files: had,
            });
        }
    }
    Ok(())
}

/// What the user must see of it.
pub(crate) fn warnings(statuses: &[FileStatus]) -> Vec<Diagnostic> {
    let warning = |status: &FileStatus, message: String| {
        let place = Place {
            file: status.file.clone(),
            line: 0,
            column: 0,
        };
        Diagnostic::warning(Some(place), message)
    };
    let told = |status: &FileStatus| {
        match status.arrival {
        Arrival::Writing if status.rows > 0 => Some(warning(
            status,
            format!(
                "still being written; left for the next run, the {} rows read of it before stand",
                status.rows
            ),
        )),
        Arrival::Writing => Some(warning(
            status,
            "still being written; left for the next run".to_owned(),
        )),
        Arrival::Deleted => Some(
            warning(
                status,
                format!(
                    "is gone; its {} rows are not in this release",
                    status.rows
                ),
            )
            .hint("put it back if that was a mistake: the next run takes it up; older releases still hold its rows"),
        ),
        _ => None,
    }
    };
    statuses.iter().filter_map(told).collect()
}

/// Whether a file, or a member of the archive that it is, is among those that are there.
fn is_there(there: &BTreeSet<&str>, file: &str) -> bool {
    there.contains(file) || there.iter().any(|name| State::is_member(name, file))
}
