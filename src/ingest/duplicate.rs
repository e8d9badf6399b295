//! Rows whose key stands again. Exports append corrections, so of several rows with one key the last of a file counts,
//! and a later file (by name) of the same source supersedes the rows of an earlier one. The superseded rows are counted as
//! duplicates. Rejected rows neither supersede nor are superseded.
//!
//! Inside a file keys are exact: value numbers in mixed radix, as a bitmap where that is small (students × days of a year:
//! 3 MB), as a set otherwise. Between files they are 128-bit hashes, since numbers mean nothing outside their file.

use std::collections::HashSet;
use std::hash::{BuildHasherDefault, Hasher};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use rayon::prelude::*;
use throughline_model::Table;

use crate::column::NULL;
use crate::layout::Fill;
use crate::sheet::{Block, Sheet};

/// Most bits of bitmap per row before a set is smaller.
const BITS_PER_ROW: u128 = 128;
/// A bitmap of this many bits is always fine.
const SMALL: u128 = 1 << 20;

/// What becomes of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    Kept,
    Rejected,
    Duplicate,
    /// It takes back the row of its key, and is none itself.
    Deleted,
    /// It is no row of this table.
    Passed,
}

/// The fate of every row of a block; `None` when all are kept.
pub(crate) type Fates = Option<Vec<Fate>>;

/// Keys of the rows of other files.
pub(crate) type KeySet = HashSet<u128, BuildHasherDefault<Identity>>;

/// Marks the duplicates inside `sheet`: all rows of a key but the last.
pub(crate) fn within(sheet: &Sheet, table: &Table, fates: &mut [Fates]) {
    let columns = key_columns(sheet, table);
    let sizes: Vec<u128> = columns
        .iter()
        .map(|column| {
            sheet.columns[*column]
                .as_ref()
                .map_or(0, |c| c.values.len()) as u128
                + 1
        })
        .collect();
    let combinations = sizes.iter().product::<u128>();
    let strides: Vec<u128> = (0..sizes.len())
        .map(|index| sizes[index + 1..].iter().product())
        .collect();
    let number = |index: usize, number: u32| match number {
        NULL => (sizes[index] - 1) * strides[index],
        number => u128::from(number) * strides[index],
    };
    if combinations <= SMALL.max(BITS_PER_ROW * u128::from(sheet.rows())) {
        let keys = Keys::new(sheet, &columns, |index, value| number(index, value) as u64);
        let bits: Vec<AtomicU64> = (0..combinations.div_ceil(64))
            .map(|_| AtomicU64::new(0))
            .collect();
        let set = |key: u64| {
            let bit = 1 << (key % 64);
            bits[(key / 64) as usize].fetch_or(bit, Ordering::Relaxed) & bit == 0
        };
        // Mostly there are none, and that can be found out in any order.
        let found = AtomicBool::new(false);
        sheet
            .blocks
            .par_iter()
            .zip(&*fates)
            .for_each(|(block, fates)| {
                let fresh = keys
                    .of(block)
                    .into_iter()
                    .enumerate()
                    .filter(|(row, _)| counts(fates, *row))
                    .fold(true, |fresh, (_, key)| set(key) & fresh);
                if !fresh {
                    found.store(true, Ordering::Relaxed);
                }
            });
        if found.into_inner() {
            bits.par_iter()
                .for_each(|word| word.store(0, Ordering::Relaxed));
            from_the_end(sheet, &keys, fates, set);
        }
    } else {
        let keys = Keys::new(sheet, &columns, number);
        let mut seen = KeySet::default();
        from_the_end(sheet, &keys, fates, |key| seen.insert(key));
    }
}

fn from_the_end<T: Copy + Sum>(
    sheet: &Sheet,
    keys: &Keys<T>,
    fates: &mut [Fates],
    mut first: impl FnMut(T) -> bool,
) {
    for (block, fates) in sheet.blocks.iter().zip(fates).rev() {
        for (row, key) in keys.of(block).into_iter().enumerate().rev() {
            if counts(fates, row) && !first(key) && kept(fates, row) {
                mark(fates, block.batch.rows, row, Fate::Duplicate);
            }
        }
    }
}

/// Marks the rows of `sheet` whose key is in one of `later`, and says which of those supersede any row.
pub(crate) fn between(
    sheet: &Sheet,
    table: &Table,
    later: &[&KeySet],
    fates: &mut [Fates],
) -> Vec<bool> {
    let superseding: Vec<AtomicBool> = later.iter().map(|_| AtomicBool::new(false)).collect();
    if !later.is_empty() {
        let keys = hashed(sheet, table);
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

/// The keys of all rows of `sheet` that are kept or taken back.
pub(crate) fn key_set(sheet: &Sheet, table: &Table, fates: &[Fates]) -> KeySet {
    let keys = hashed(sheet, table);
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

fn hashed(sheet: &Sheet, table: &Table) -> Keys<u128> {
    // Every key column takes part, also one that is constant in this file: it may differ in the next. A key is the
    // sum of its cells' hashes, each of them 128 random bits that depend on the column.
    let mut constant = 0_u128;
    let mut columns = Vec::new();
    for name in table.key {
        let Some(index) = table.columns.iter().position(|column| column.name == *name) else {
            continue;
        };
        match &sheet.fills[index] {
            Fill::Input(_) => columns.push(index),
            Fill::Constant(_) => {
                let number = sheet.columns[index].as_ref().map_or(NULL, |c| c.meaning[0]);
                constant = constant.wrapping_add(hash(sheet, index, number));
            }
            Fill::Absent => constant = constant.wrapping_add(hash(sheet, index, NULL)),
        }
    }
    let mut keys = Keys::new(sheet, &columns, |place, number| {
        hash(sheet, columns[place], number)
    });
    keys.base = constant;
    keys
}

fn hash(sheet: &Sheet, column: usize, number: u32) -> u128 {
    let mut hasher = blake3::Hasher::new();
    hasher.update(&(column as u64).to_le_bytes());
    match &sheet.columns[column] {
        Some(column) if (number as usize) < column.values.len() => {
            hasher.update(b"\x01");
            hasher.update(&column.values.identity(number));
        }
        _ => {
            hasher.update(b"\x00");
        }
    }
    let mut head = [0; 16];
    head.copy_from_slice(&hasher.finalize().as_bytes()[..16]);
    u128::from_le_bytes(head)
}

/// Key columns of the table that differ from row to row.
fn key_columns(sheet: &Sheet, table: &Table) -> Vec<usize> {
    table
        .key
        .iter()
        .filter_map(|name| table.columns.iter().position(|column| column.name == *name))
        .filter(|index| matches!(sheet.fills[*index], Fill::Input(_)))
        .collect()
}

fn kept(fates: &Fates, row: usize) -> bool {
    fates.as_ref().is_none_or(|fates| fates[row] == Fate::Kept)
}

/// Whether a row supersedes those before it with its key.
pub(crate) fn counts(fates: &Fates, row: usize) -> bool {
    fates
        .as_ref()
        .is_none_or(|fates| matches!(fates[row], Fate::Kept | Fate::Duplicate | Fate::Deleted))
}

/// Sets the fate of one row.
pub(crate) fn mark(fates: &mut Fates, rows: usize, row: usize, fate: Fate) {
    fates.get_or_insert_with(|| vec![Fate::Kept; rows])[row] = fate;
}

/// Keys of rows: a sum over columns of something looked up by cell.
struct Keys<T> {
    base: T,
    /// Input of each column, and what each raw cell of each segment adds.
    columns: Vec<(usize, Vec<Vec<T>>)>,
}

/// Addition that wraps.
trait Sum: Default {
    fn plus(self, other: Self) -> Self;
}

impl Sum for u64 {
    fn plus(self, other: Self) -> Self {
        self.wrapping_add(other)
    }
}

impl Sum for u128 {
    fn plus(self, other: Self) -> Self {
        self.wrapping_add(other)
    }
}

impl<T: Copy + Sum> Keys<T> {
    fn new(sheet: &Sheet, columns: &[usize], of: impl Fn(usize, u32) -> T) -> Self {
        let columns = columns
            .iter()
            .enumerate()
            .filter_map(|(place, column)| match &sheet.fills[*column] {
                Fill::Input(input) => Some((
                    *input,
                    sheet.translated(*column, |number| match number {
                        crate::column::BAD => T::default(),
                        number => of(place, number),
                    }),
                )),
                _ => None,
            })
            .collect();
        Self {
            base: T::default(),
            columns,
        }
    }

    fn of(&self, block: &Block) -> Vec<T> {
        let mut keys = vec![self.base; block.batch.rows];
        for (input, segments) in &self.columns {
            block.batch.columns[*input].each(
                block.batch.rows,
                &segments[block.part],
                |row, more| {
                    keys[row] = keys[row].plus(more);
                },
            );
        }
        keys
    }
}

/// Keys are random bits or numbers already: one multiplication spreads them.
#[derive(Default)]
pub(crate) struct Identity(u64);

impl Hasher for Identity {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = (self.0 ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3);
        }
    }

    fn write_u128(&mut self, key: u128) {
        let product = u128::from(key as u64 ^ 0x9e37_79b9_7f4a_7c15)
            * u128::from((key >> 64) as u64 ^ 0xe703_7ed1_a0b4_28db);
        self.0 = product as u64 ^ (product >> 64) as u64;
    }
}
