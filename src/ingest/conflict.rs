//! Rows of one file with the same key. Where they are equal, in all that is kept and in the columns that tell them apart, they are copies
//! and one is enough. Where they differ they are a conflict: the rule of the mapping, the source or the table says which one counts, step
//! by step, and what no step settles is settled by content, so that which row stands is never a question of the order of rows. Such rows
//! are counted as unsettled, and told.
//!
//! Nothing here depends on the pseudonym key: people are compared by what the file holds.

use rayon::prelude::*;
use throughline_model::part::RowConflict;
use throughline_model::settle::ConflictStep;
use throughline_model::{Mapping, Sessions};

use crate::contents::Contents;
use crate::duplicate::{Fate, Fates, mark};
use crate::repeats::{At, repeated};
use crate::sheet::Sheet;
use crate::version::Version;

/// Conflicts told of a file, and lines of each.
const TOLD: usize = 5;

/// What came of the rows of a file that share their keys.
#[derive(Default)]
pub(crate) struct Settled {
    /// Rows that are not kept, and between which no rule decides.
    pub(crate) unsettled: u64,
    /// The first conflicts and sums, by line.
    pub(crate) told: Vec<RowConflict>,
    /// The first conflicts that refuse the run.
    pub(crate) refused: Vec<RowConflict>,
}

/// A row, and the numbers that were added up in it.
pub(crate) type Added = (At, Vec<(usize, f64)>);

/// Settles the rows of `sheet` that share their keys.
pub(crate) fn within(sheet: &mut Sheet, mapping: &Mapping, fates: &mut [Fates]) -> Settled {
    let entries = repeated(sheet, mapping, fates);
    if entries.is_empty() {
        return Settled::default();
    }
    let usual = mapping.table.usual_steps();
    let judge = Judge {
        sheet,
        contents: Contents::new(sheet, mapping),
        steps: if mapping.conflicts.is_empty() {
            &usual
        } else {
            &mapping.conflicts
        },
        sessions: mapping
            .table
            .sessions()
            .filter(|_| mapping.conflicts.is_empty()),
    };
    let mut decided = entries
        .par_chunk_by(|one, other| one.0 == other.0)
        .fold(Decided::default, |mut decided, rows| {
            let places = rows.iter().map(|(_, at)| *at);
            for group in judge.contents.by_key(judge.sheet, places) {
                judge.group(group, &mut decided);
            }
            decided
        })
        .reduce(Decided::default, Decided::and);
    let settled = decided.settled(sheet);
    for (at, fate) in decided.fates {
        let rows = sheet.blocks[at.block as usize].batch.rows;
        mark(
            &mut fates[at.block as usize],
            rows,
            usize::from(at.row),
            fate,
        );
    }
    sheet.add_up(decided.added);
    settled
}

/// How the rows of a key are judged.
struct Judge<'a> {
    sheet: &'a Sheet,
    contents: Contents,
    steps: &'a [ConflictStep],
    sessions: Option<Sessions>,
}

/// What was decided so far.
#[derive(Default)]
struct Decided {
    fates: Vec<(At, Fate)>,
    added: Vec<Added>,
    unsettled: u64,
    conflicts: Vec<Telling>,
    sums: Vec<Telling>,
    refused: Vec<Telling>,
}

/// A conflict by places.
struct Telling {
    first: At,
    kept: Option<At>,
    dropped: Vec<At>,
    settled: bool,
}

impl Judge<'_> {
    /// Decides between the rows of one key, by content and place.
    fn group(&self, rows: Vec<(Vec<u32>, At)>, decided: &mut Decided) {
        let first = rows.iter().map(|(_, at)| *at).min();
        let (Some(first), true) = (first, rows.len() > 1) else {
            return;
        };
        let mut left = Version::of(rows, |content| self.is_session(content));
        let mut refused = false;
        if self.sessions.is_some() {
            left = self
                .contents
                .sum(self.sheet, left, |content| self.is_session(content));
        }
        let mut dropped = Vec::new();
        for step in self.steps {
            if left.len() == 1 {
                break;
            }
            match step {
                ConflictStep::Sum => left = self.contents.sum(self.sheet, left, |_| true),
                ConflictStep::Error => {
                    refused = true;
                    break;
                }
                step => self
                    .contents
                    .choose(self.sheet, step, &mut left, &mut dropped),
            }
        }
        let settled = left.len() == 1;
        left.sort_by(|one, other| self.contents.compare(self.sheet, one, other));
        let mut left = left.into_iter();
        let Some(kept) = left.next() else { return };
        for version in left {
            decided.unsettled += version.rows().count() as u64;
            dropped.push(version);
        }

        let fate = |rows: &mut dyn Iterator<Item = At>, fate: Fate, decided: &mut Decided| {
            decided.fates.extend(rows.map(|at| (at, fate)));
        };
        let copies = kept.members.iter().flat_map(|member| &member[1..]).copied();
        fate(&mut { copies }, Fate::Duplicate, decided);
        let added = kept.members.iter().skip(1).map(|member| member[0]);
        fate(&mut { added }, Fate::Merged, decided);
        let others: Vec<At> = dropped.iter().flat_map(Version::rows).collect();
        fate(&mut others.iter().copied(), Fate::Conflict, decided);
        let mut distinct: Vec<At> = dropped.iter().flat_map(Version::firsts).collect();
        let is_sum = kept.members.len() > 1;
        if refused || is_sum {
            distinct.extend(kept.firsts());
        }
        distinct.sort_unstable();
        distinct.truncate(TOLD);
        let telling = Telling {
            first,
            kept: (!refused && !is_sum).then_some(kept.first()),
            dropped: distinct,
            settled,
        };
        if is_sum {
            decided.added.push((kept.first(), kept.sums));
        }
        let list = match (refused, others.is_empty()) {
            (true, _) => &mut decided.refused,
            (false, false) => &mut decided.conflicts,
            (false, true) if is_sum => &mut decided.sums,
            (false, true) => return,
        };
        list.push(telling);
        if list.len() > 4 * TOLD {
            first_ones(list);
        }
    }

    /// Whether a row is a session that adds up, also where another one is alike.
    fn is_session(&self, content: &[u32]) -> bool {
        self.sessions.is_some_and(|sessions| {
            let contents = &self.contents;
            contents.is(self.sheet, content, sessions.column, sessions.word)
                && contents.is_null(self.sheet, content, sessions.unless)
        })
    }
}

/// Keeps the conflicts that stand first in the file.
fn first_ones(list: &mut Vec<Telling>) {
    list.sort_by_key(|telling| telling.first);
    list.truncate(TOLD);
}

impl Decided {
    fn and(mut self, other: Self) -> Self {
        self.fates.extend(other.fates);
        self.added.extend(other.added);
        self.unsettled += other.unsettled;
        for (list, more) in [
            (&mut self.conflicts, other.conflicts),
            (&mut self.sums, other.sums),
            (&mut self.refused, other.refused),
        ] {
            list.extend(more);
            first_ones(list);
        }
        self
    }

    /// What is told, by line: conflicts before sums, which lose nothing.
    fn settled(&mut self, sheet: &Sheet) -> Settled {
        let line = |at: At| sheet.line(&sheet.blocks[at.block as usize], usize::from(at.row));
        let spoken = |telling: &Telling| RowConflict {
            kept: telling.kept.map(line),
            dropped: telling.dropped.iter().map(|at| line(*at)).collect(),
            settled: telling.settled,
        };
        for list in [&mut self.conflicts, &mut self.sums, &mut self.refused] {
            first_ones(list);
        }
        let mut told: Vec<&Telling> = self.conflicts.iter().chain(&self.sums).collect();
        told.truncate(TOLD);
        told.sort_by_key(|telling| telling.first);
        Settled {
            unsettled: self.unsettled,
            told: told.into_iter().map(spoken).collect(),
            refused: self.refused.iter().map(spoken).collect(),
        }
    }
}
