//! Keys of rows: a sum over the key's columns of something looked up by cell. Inside a file numbers of values are enough; between files
//! they mean nothing, so there each value is hashed, and a key is 128 bits.

use std::hash::Hasher;

use throughline_model::Mapping;

use crate::column::{BAD, NULL};
use crate::layout::Fill;
use crate::sheet::{Block, Sheet};

/// Keys of rows.
pub(crate) struct Keys<T> {
    base: T,
    /// Input of each column, and what each raw cell of each segment adds.
    columns: Vec<(usize, Vec<Vec<T>>)>,
}

/// Addition that wraps.
pub(crate) trait Sum: Default {
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
    /// Keys over `columns`; `of` says what the value of a number in the column at a place adds.
    pub(crate) fn new(sheet: &Sheet, columns: &[usize], of: impl Fn(usize, u32) -> T) -> Self {
        let columns = columns
            .iter()
            .enumerate()
            .filter_map(|(place, column)| match &sheet.fills[*column] {
                Fill::Input(input) => Some((
                    *input,
                    sheet.translated(*column, |number| match number {
                        BAD => T::default(),
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

    /// The keys of the rows of a block.
    pub(crate) fn of(&self, block: &Block) -> Vec<T> {
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

/// Columns of the mapping's key that differ from row to row.
pub(crate) fn varying(sheet: &Sheet, mapping: &Mapping) -> Vec<usize> {
    let columns = mapping.key.iter();
    columns
        .filter_map(|name| mapping.table.position(name))
        .filter(|index| matches!(sheet.fills[*index], Fill::Input(_)))
        .collect()
}

/// Keys that are the same in every file, over the columns of the key that are `wanted`: each takes part, also one that is constant in this
/// file, for it may differ in the next.
pub(crate) fn hashed(
    sheet: &Sheet,
    mapping: &Mapping,
    wanted: impl Fn(&str) -> bool,
) -> Keys<u128> {
    let mut constant = 0_u128;
    let mut columns = Vec::new();
    let named = mapping.key.iter().filter(|name| wanted(name));
    for index in named.filter_map(|name| mapping.table.position(name)) {
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
        self.0 = spread(key as u64, (key >> 64) as u64);
    }
}

/// A folded multiplication: every bit of both words reaches every bit of the result.
pub(crate) fn spread(low: u64, high: u64) -> u64 {
    let product =
        u128::from(low ^ 0x9e37_79b9_7f4a_7c15) * u128::from(high ^ 0xe703_7ed1_a0b4_28db);
    product as u64 ^ (product >> 64) as u64
}
