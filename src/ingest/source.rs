//! The files of one source, from the last name to the first: a later file supersedes rows of an earlier one, so what it
//! holds must be known first. Small files are worked on together, large ones alone, each in parallel inside.

use std::collections::HashMap;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use rayon::prelude::*;
use throughline_model::{Calendar, Part};

use crate::duplicate::KeySet;
use crate::error::IngestError;
use crate::file::{Input, Judged, Lake};
use crate::range::Range;
use crate::sheet::Reading;
use crate::state::Done;

/// Files are worked on together up to this many bytes.
const TOGETHER: u64 = 32 << 20;

/// What became of one file, and whether it had to be read.
pub(crate) struct Outcome {
    pub(crate) done: Done,
    pub(crate) read: bool,
}

/// A file, what is remembered of it, and what it turned out to be.
struct Task<'a, 'i> {
    input: &'a Input<'i>,
    known: Option<&'a Done>,
    judged: Option<Judged>,
    range: Range,
    key: String,
    /// Files that supersede some of its rows.
    later: Vec<usize>,
}

/// Works on `inputs`, sorted by name; `known` is what is remembered of each.
pub(crate) fn run(
    inputs: &[Input<'_>],
    known: &[Option<&Done>],
    reading: &Reading<'_>,
    lake: Lake<'_>,
    calendar: &Calendar,
) -> Result<Vec<Outcome>, IngestError> {
    let mut ranges = vec![Range::Empty; inputs.len()];
    let mut outcomes: Vec<Option<Outcome>> = inputs.iter().map(|_| None).collect();
    let keys = LaterKeys::default();
    let mut end = inputs.len();
    while end > 0 {
        let start = group(inputs, end);
        let mut tasks = (start..end)
            .into_par_iter()
            .map(|index| Task::new(&inputs[index], known[index], reading))
            .collect::<Result<Vec<_>, _>>()?;
        for (index, task) in (start..end).zip(&tasks) {
            ranges[index] = task.range;
        }
        for (index, task) in (start..end).zip(&mut tasks) {
            task.later = (index + 1..inputs.len())
                .filter(|later| ranges[*later].touches(ranges[index]))
                .collect();
            task.key = key(task, inputs);
        }
        let done = (start..end)
            .into_par_iter()
            .zip(tasks)
            .map(|(index, task)| {
                let outcome = task.finish(inputs, &keys, reading, lake, calendar)?;
                Ok((index, outcome))
            })
            .collect::<Result<Vec<_>, IngestError>>()?;
        for (index, outcome) in done {
            outcomes[index] = Some(outcome);
        }
        end = start;
    }
    Ok(outcomes.into_iter().flatten().collect())
}

/// The first file of the group that ends before `end`.
fn group(inputs: &[Input<'_>], end: usize) -> usize {
    let mut bytes = 0;
    let mut start = end;
    while start > 0 {
        bytes += inputs[start - 1].listed.stamp.bytes;
        if bytes > TOGETHER && start < end {
            break;
        }
        start -= 1;
    }
    start
}

fn key(task: &Task<'_, '_>, inputs: &[Input<'_>]) -> String {
    let mut hasher = blake3::Hasher::new();
    hasher.update(task.input.base.as_bytes());
    for later in &task.later {
        hasher.update(inputs[*later].hash.as_bytes());
    }
    hasher.finalize().to_hex().to_string()
}

impl<'a, 'i> Task<'a, 'i> {
    fn new(
        input: &'a Input<'i>,
        known: Option<&'a Done>,
        reading: &Reading<'_>,
    ) -> Result<Self, IngestError> {
        let known = known.filter(|done| done.base == input.base);
        let judged = match known {
            Some(_) => None,
            None => Some(input.judge(reading)?),
        };
        let range = match (&judged, known) {
            (Some(judged), _) => judged.range,
            (None, Some(done)) => done.range,
            (None, None) => Range::Anywhere,
        };
        Ok(Self {
            input,
            known,
            judged,
            range,
            key: String::new(),
            later: Vec::new(),
        })
    }

    fn finish(
        self,
        inputs: &[Input<'_>],
        keys: &LaterKeys,
        reading: &Reading<'_>,
        lake: Lake<'_>,
        calendar: &Calendar,
    ) -> Result<Outcome, IngestError> {
        if let (Some(done), Some(lake)) = (self.known, lake)
            && done.key == self.key
            && done.parts.iter().all(|part| is_there(lake, part))
        {
            return Ok(Outcome {
                done: done.clone(),
                read: false,
            });
        }
        let judged = match self.judged {
            Some(judged) => judged,
            None => self.input.judge(reading)?,
        };
        let later = self
            .later
            .iter()
            .map(|index| keys.get(*index, &inputs[*index], reading))
            .collect::<Result<Vec<_>, _>>()?;
        let done = self
            .input
            .finish(judged, &later, self.key, lake, calendar)?;
        Ok(Outcome { done, read: true })
    }
}

fn is_there(lake: &Path, part: &Part) -> bool {
    std::fs::metadata(lake.join(&part.path)).is_ok_and(|about| about.len() == part.bytes)
}

/// Keys of files that supersede others, read when they are first needed.
#[derive(Default)]
struct LaterKeys(Mutex<HashMap<usize, Arc<KeySet>>>);

impl LaterKeys {
    fn get(
        &self,
        index: usize,
        input: &Input<'_>,
        reading: &Reading<'_>,
    ) -> Result<Arc<KeySet>, IngestError> {
        let lock = || self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(keys) = lock().get(&index) {
            return Ok(Arc::clone(keys));
        }
        // Not under the lock: reading may run other tasks of this group on this thread.
        let keys = Arc::new(input.keys(reading)?);
        Ok(Arc::clone(lock().entry(index).or_insert(keys)))
    }
}
