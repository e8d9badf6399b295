//! The files of one source, from the last name to the first: a later file supersedes rows of an earlier one, so what it
//! holds must be known first. Small files are worked on together, large ones alone, each in parallel inside.

use std::collections::{BTreeSet, HashMap};
use std::fs::File;
use std::path::Path;

use rayon::prelude::*;
use throughline_model::{Calendar, Part};

use crate::duplicate::FileKeys;
use crate::error::IngestError;
use crate::file::{Input, Judged};
use crate::positioned::read_exact_at;
use crate::range::Range;
use crate::sheet::Reading;
use crate::state::Done;
use crate::store::Lake;

/// How a Parquet file ends.
const END: &[u8; 4] = b"PAR1";
/// Files are worked on together up to this many bytes.
const TOGETHER: u64 = 32 << 20;

/// What became of one file, and whether it had to be read.
pub(crate) struct Outcome {
    pub(crate) done: Done,
    pub(crate) read: bool,
}

/// A file, what is remembered of it, and what it turned out to be.
struct Task<'a, 'i> {
    index: usize,
    input: &'a Input<'i>,
    known: Option<&'a Done>,
    judged: Option<Judged>,
    /// Files that may supersede some of its rows.
    later: Vec<usize>,
}

/// Works on `inputs`, sorted by name; `known` is what is remembered of each. Without a lake nothing is written.
pub(crate) fn run(
    inputs: &[Input<'_>],
    known: &[Option<&Done>],
    reading: &Reading<'_>,
    lake: Option<&Lake<'_>>,
    calendar: &Calendar,
) -> Result<Vec<Outcome>, IngestError> {
    let mut ranges = vec![Range::Empty; inputs.len()];
    let mut outcomes: Vec<Option<Outcome>> = inputs.iter().map(|_| None).collect();
    let mut keys = HashMap::new();
    let mut end = inputs.len();
    while end > 0 {
        let start = group(inputs, end);
        let mut tasks = (start..end)
            .into_par_iter()
            .map(|index| Task::new(index, &inputs[index], known[index], reading))
            .collect::<Result<Vec<_>, _>>()?;
        for task in &tasks {
            ranges[task.index] = task.range();
        }
        for task in &mut tasks {
            task.relate(inputs, &ranges, lake);
        }
        gather(&tasks, inputs, reading, &mut keys)?;
        let done = tasks
            .into_par_iter()
            .map(|task| {
                Ok((
                    task.index,
                    task.finish(inputs, &keys, reading, lake, calendar)?,
                ))
            })
            .collect::<Result<Vec<_>, IngestError>>()?;
        for (index, outcome) in done {
            outcomes[index] = Some(outcome);
        }
        end = start;
    }
    Ok(outcomes.into_iter().flatten().collect())
}

/// Gathers the keys of files that supersede rows of `tasks`, or are likely to of files still to come.
fn gather(
    tasks: &[Task<'_, '_>],
    inputs: &[Input<'_>],
    reading: &Reading<'_>,
    keys: &mut HashMap<usize, FileKeys>,
) -> Result<(), IngestError> {
    let mut wanted: BTreeSet<usize> = tasks
        .iter()
        .filter(|task| task.known.is_none())
        .flat_map(|task| task.later.iter().copied())
        .collect();
    for task in tasks {
        let anywhere = task.index > 0 && task.range() == Range::Anywhere;
        if (anywhere || wanted.contains(&task.index))
            && let Some(judged) = &task.judged
        {
            keys.insert(task.index, judged.keys(task.input));
        }
    }
    wanted.retain(|index| !keys.contains_key(index));
    for index in wanted {
        keys.insert(index, inputs[index].keys(reading)?);
    }
    Ok(())
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

impl<'a, 'i> Task<'a, 'i> {
    fn new(
        index: usize,
        input: &'a Input<'i>,
        known: Option<&'a Done>,
        reading: &Reading<'_>,
    ) -> Result<Self, IngestError> {
        let known = known.filter(|done| done.base == input.base);
        let judged = match known {
            Some(_) => None,
            None => Some(input.judge(reading)?),
        };
        Ok(Self {
            index,
            input,
            known,
            judged,
            later: Vec::new(),
        })
    }

    fn range(&self) -> Range {
        match (&self.judged, self.known) {
            (Some(judged), _) => judged.range,
            (None, Some(done)) => done.range,
            (None, None) => Range::Anywhere,
        }
    }

    /// Finds the files that may supersede some of its rows, and with them out whether what is remembered still holds.
    fn relate(&mut self, inputs: &[Input<'_>], ranges: &[Range], lake: Option<&Lake<'_>>) {
        self.later = (self.index + 1..inputs.len())
            .filter(|later| ranges[*later].touches(ranges[self.index]))
            .collect();
        let later = self.later.iter().map(|later| inputs[*later].hash);
        self.known = self.known.filter(|done| {
            later.clone().eq(done.later.iter())
                && lake
                    .is_some_and(|lake| done.parts.iter().all(|part| is_there(lake.folder, part)))
        });
    }

    fn finish(
        self,
        inputs: &[Input<'_>],
        keys: &HashMap<usize, FileKeys>,
        reading: &Reading<'_>,
        lake: Option<&Lake<'_>>,
        calendar: &Calendar,
    ) -> Result<Outcome, IngestError> {
        if let Some(done) = self.known {
            return Ok(Outcome {
                done: done.clone(),
                read: false,
            });
        }
        let judged = match self.judged {
            Some(judged) => judged,
            None => self.input.judge(reading)?,
        };
        let later: Vec<(&str, &FileKeys)> = self
            .later
            .iter()
            .filter_map(|index| Some((inputs[*index].hash, keys.get(index)?)))
            .collect();
        debug_assert_eq!(later.len(), self.later.len());
        let done = self.input.finish(judged, &later, lake, calendar)?;
        Ok(Outcome { done, read: true })
    }
}

/// Whether a part is there as far as its size and its end show: a measure that is kept does not read it, and so would never
/// notice that a power cut left nothing but zeros.
fn is_there(lake: &Path, part: &Part) -> bool {
    let mut end = [0; END.len()];
    let whole = File::open(lake.join(&part.path)).and_then(|file| {
        let bytes = file.metadata()?.len();
        read_exact_at(&file, &mut end, bytes.saturating_sub(END.len() as u64))?;
        Ok(bytes)
    });
    whole.is_ok_and(|bytes| bytes == part.bytes) && end == *END
}
