//! What becomes of a row, and rows whose key stands again in a later file. A later file (by name) of the same source supersedes the rows of
//! an earlier one, so that a corrected export corrects; the superseded rows are counted as duplicates. Rejected rows neither supersede
//! nor are superseded, and what is superseded takes no part in conflicts inside its file ([`crate::conflict`]): a correction settles them.
//!
//! A record that takes a row back (`[rows] deleted`) speaks about earlier files only. Where its own file has a row of its key as well, that
//! row stands: exports with such records list each record once, so the two are different records of one key (an enrollment that was
//! deleted and one that was made anew), and which of them stands first says nothing. A test that is declared invalid takes back the
//! result that an earlier file reported.

use std::collections::HashSet;
use std::hash::BuildHasherDefault;
use std::sync::atomic::{AtomicBool, Ordering};

use rayon::prelude::*;
use throughline_model::Mapping;

use crate::keys::{Identity, hashed};
use crate::sheet::Sheet;

/// What becomes of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    Kept,
    Rejected,
    /// It is equal to one that is kept, or a later file has its key.
    Duplicate,
    /// Another row of its file has its key and another content, and is kept.
    Conflict,
    /// It is added to one that is kept.
    Merged,
    /// It takes back the row of its key, and is none itself.
    Deleted,
    /// It is no row of this table.
    Passed,
    /// It is a test that was not taken, or did not count from the start.
    NotTested,
    /// It is a test that was declared invalid: it takes back what an earlier file said.
    Invalid,
}

/// The fate of every row of a block; `None` when all are kept.
pub(crate) type Fates = Option<Vec<Fate>>;

/// Keys of the rows of other files.
pub(crate) type KeySet = HashSet<u128, BuildHasherDefault<Identity>>;

/// Marks the rows of `sheet` whose key is in one of `later`, and says which of those supersede any row.
pub(crate) fn between(
    sheet: &Sheet,
    mapping: &Mapping,
    later: &[&KeySet],
    fates: &mut [Fates],
) -> Vec<bool> {
    let superseding: Vec<AtomicBool> = later.iter().map(|_| AtomicBool::new(false)).collect();
    if !later.is_empty() {
        let keys = hashed(sheet, mapping);
        sheet
            .blocks
            .par_iter()
            .zip(fates)
            .for_each(|(block, fates)| {
                for (row, key) in keys.of(block).into_iter().enumerate() {
                    if !kept(fates, row) {
                        continue;
                    }
                    let mut superseded = false;
                    for (keys, any) in later.iter().zip(&superseding) {
                        if keys.contains(&key) {
                            superseded = true;
                            any.store(true, Ordering::Relaxed);
                        }
                    }
                    if superseded {
                        mark(fates, block.batch.rows, row, Fate::Duplicate);
                    }
                }
            });
    }
    superseding
        .into_iter()
        .map(AtomicBool::into_inner)
        .collect()
}

/// The keys of all rows of `sheet` that supersede those of earlier files.
pub(crate) fn key_set(sheet: &Sheet, mapping: &Mapping, fates: &[Fates]) -> KeySet {
    let keys = hashed(sheet, mapping);
    let mut set = KeySet::default();
    for (block, fates) in sheet.blocks.iter().zip(fates) {
        for (row, key) in keys.of(block).into_iter().enumerate() {
            if counts(fates, row) {
                set.insert(key);
            }
        }
    }
    set
}

/// Whether a row is kept, as far as is known.
pub(crate) fn kept(fates: &Fates, row: usize) -> bool {
    fates.as_ref().is_none_or(|fates| fates[row] == Fate::Kept)
}

/// Whether a row supersedes those of earlier files with its key.
pub(crate) fn counts(fates: &Fates, row: usize) -> bool {
    fates
        .as_ref()
        .is_none_or(|fates| !matches!(fates[row], Fate::Rejected | Fate::Passed | Fate::NotTested))
}

/// Sets the fate of one row.
pub(crate) fn mark(fates: &mut Fates, rows: usize, row: usize, fate: Fate) {
    fates.get_or_insert_with(|| vec![Fate::Kept; rows])[row] = fate;
}
