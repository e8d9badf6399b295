//! What becomes of a row, and rows whose key stands again in a later file. A later file (by name) of the same source supersedes the rows of
//! an earlier one, so that a corrected export corrects; the superseded rows are counted as duplicates. Rejected rows neither supersede
//! nor are superseded, and what is superseded takes no part in conflicts inside its file ([`crate::conflict`]): a correction settles them.
//!
//! Where the school is a part of the key, a correction may be of the school itself: see [`moved`].
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

use crate::keys::{Identity, Keys, hashed};
use crate::sheet::Sheet;

/// The column of a key that says whose row it is, and that a correction may change.
const SCHOOL: &str = "school_id";

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

/// Marks the rows of `sheet` that one of the files in `later` supersedes, and says which of those supersede any row.
pub(crate) fn between(
    sheet: &Sheet,
    mapping: &Mapping,
    later: &[&FileKeys],
    fates: &mut [Fates],
) -> Vec<bool> {
    let superseding: Vec<AtomicBool> = later.iter().map(|_| AtomicBool::new(false)).collect();
    if !later.is_empty() {
        let rows = RowKeys::new(sheet, mapping);
        let moved = moved(&rows, later, fates);
        sheet
            .blocks
            .par_iter()
            .zip(fates)
            .enumerate()
            .for_each(|(index, (block, fates))| {
                for (row, key) in rows.whole.of(block).into_iter().enumerate() {
                    if !kept(fates, row) {
                        continue;
                    }
                    let mut superseded = false;
                    for (file, (keys, any)) in later.iter().zip(&superseding).enumerate() {
                        let is_moved = || moved.contains(&(file, index, row));
                        if keys.whole.contains(&key) || !moved.is_empty() && is_moved() {
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

/// Rows of an earlier file that a later one reports of another school: file, block and row. A row is taken to have moved where the later
/// file has its key with another school, none of the schools that the earlier file reports under that key, and rows of the earlier
/// school, so that it would hold the row if it were still so. An export of one school says nothing of another.
fn moved(
    rows: &RowKeys<'_>,
    later: &[&FileKeys],
    fates: &[Fates],
) -> HashSet<(usize, usize, usize)> {
    let Some((rest, school)) = &rows.by_school else {
        return HashSet::new();
    };
    let blocks = rows.sheet.blocks.par_iter().zip(fates).enumerate();
    let found: Vec<(usize, usize, usize, u128)> = blocks
        .clone()
        .flat_map_iter(|(index, (block, fates))| {
            let (whole, rest, school) = (rows.whole.of(block), rest.of(block), school.of(block));
            let mut found = Vec::new();
            for row in (0..block.batch.rows).filter(|row| kept(fates, *row)) {
                for (file, keys) in later.iter().enumerate() {
                    let Some((rests, schools)) = &keys.by_school else {
                        continue;
                    };
                    if !keys.whole.contains(&whole[row])
                        && rests.contains(&rest[row])
                        && schools.contains(&school[row])
                    {
                        found.push((file, index, row, rest[row]));
                    }
                }
            }
            found
        })
        .collect();
    if found.is_empty() {
        return HashSet::new();
    }
    let asked: KeySet = found.iter().map(|(_, _, _, rest)| *rest).collect();
    // Keys of which the later file says the same school as a row here: that student is at several.
    let shared: HashSet<(usize, u128)> = blocks
        .flat_map_iter(|(_, (block, fates))| {
            let (whole, rest) = (rows.whole.of(block), rest.of(block));
            let mut shared = Vec::new();
            for row in 0..block.batch.rows {
                if kept(fates, row) && asked.contains(&rest[row]) {
                    for (file, keys) in later.iter().enumerate() {
                        if keys.whole.contains(&whole[row]) {
                            shared.push((file, rest[row]));
                        }
                    }
                }
            }
            shared
        })
        .collect();
    found
        .into_iter()
        .filter(|(file, _, _, rest)| !shared.contains(&(*file, *rest)))
        .map(|(file, index, row, _)| (file, index, row))
        .collect()
}

/// The keys of a file's rows that are compared between files.
struct RowKeys<'s> {
    sheet: &'s Sheet,
    whole: Keys<u128>,
    /// Keys without the school, and the school, where it is a part of the key.
    by_school: Option<(Keys<u128>, Keys<u128>)>,
}

impl<'s> RowKeys<'s> {
    fn new(sheet: &'s Sheet, mapping: &Mapping) -> Self {
        let has_school = mapping.key.contains(&SCHOOL) && mapping.key.len() > 1;
        let by_school = has_school.then(|| {
            (
                hashed(sheet, mapping, |name| name != SCHOOL),
                hashed(sheet, mapping, |name| name == SCHOOL),
            )
        });
        Self {
            sheet,
            whole: hashed(sheet, mapping, |_| true),
            by_school,
        }
    }
}

/// Keys of rows.
type KeySet = HashSet<u128, BuildHasherDefault<Identity>>;

/// The keys of the rows of a file that may supersede those of earlier ones.
pub(crate) struct FileKeys {
    whole: KeySet,
    /// Keys without the school, and the schools that the file has rows of.
    by_school: Option<(KeySet, KeySet)>,
}

impl FileKeys {
    /// The keys of all rows of `sheet` that supersede those of earlier files.
    pub(crate) fn of(sheet: &Sheet, mapping: &Mapping, fates: &[Fates]) -> Self {
        let rows = RowKeys::new(sheet, mapping);
        let gathered = |keys: &Keys<u128>| {
            let mut set = KeySet::default();
            for (block, fates) in sheet.blocks.iter().zip(fates) {
                for (row, key) in keys.of(block).into_iter().enumerate() {
                    if counts(fates, row) {
                        set.insert(key);
                    }
                }
            }
            set
        };
        let (whole, by_school) = rayon::join(
            || gathered(&rows.whole),
            || {
                let (rest, school) = rows.by_school.as_ref()?;
                Some((gathered(rest), gathered(school)))
            },
        );
        Self { whole, by_school }
    }
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
