//! Rows of a file whose key may stand again. Mostly there are none, and that has to cost little: 20 million rows of daily attendance are
//! told apart by student and day alone, as bits of 3 MB that stay in the processor's cache. So keys are compared by as few of their
//! columns as can tell the rows apart, in the order of the key; only where rows collide are more columns looked at, and only the rows that
//! collided are sorted. What is found may hold rows that differ in their key, and is grouped exactly by whoever looks at their cells.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};

use rayon::prelude::*;
use throughline_model::Mapping;

use crate::column::NULL;
use crate::duplicate::{Fates, kept};
use crate::keys::{Keys, spread, varying};
use crate::sheet::Sheet;

/// Most bits of bitmap per row before sorting is cheaper.
const BITS_PER_ROW: u64 = 128;
/// A bitmap of this many bits is always fine.
const SMALL: u64 = 1 << 20;
/// Where more than one row in so many collides, more columns are looked at before rows are sorted.
const MANY: u64 = 8;

/// The place of a row; places compare by the order of the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct At {
    /// Index into [`Sheet::blocks`].
    pub(crate) block: u32,
    /// Row of the block.
    pub(crate) row: u16,
}

/// Kept rows whose key may stand again, with a number that is the same for rows of one key; sorted by it and by place.
pub(crate) fn repeated(sheet: &Sheet, mapping: &Mapping, fates: &[Fates]) -> Vec<(u64, At)> {
    let key = varying(sheet, mapping);
    let sizes: Vec<u64> = key
        .iter()
        .map(|column| {
            let values = sheet.columns[*column].as_ref();
            values.map_or(0, |column| column.values.len()) as u64 + 1
        })
        .collect();
    let rows = sheet.rows();
    let most = SMALL.max(BITS_PER_ROW.saturating_mul(rows));
    let few = fitting(&sizes, most, rows);
    let Some((mut bits, mut keys, found)) = collided(sheet, &key, &sizes, &few, fates) else {
        return Vec::new();
    };
    let more = fitting(&sizes, most, u64::MAX);
    if more.len() > few.len() && found > rows / MANY {
        match collided(sheet, &key, &sizes, &more, fates) {
            Some((finer, by, _)) => (bits, keys) = (finer, by),
            None => return Vec::new(),
        }
    }
    let whole = numbers(sheet, &key, &sizes);
    let mut entries: Vec<(u64, At)> = sheet
        .blocks
        .par_iter()
        .zip(fates)
        .enumerate()
        .map(|(index, (block, fates))| {
            let coarse = keys.of(block);
            let again: Vec<u16> = (0..block.batch.rows)
                .filter(|row| kept(fates, *row) && has(&bits, coarse[*row]))
                .map(|row| row as u16)
                .collect();
            if again.is_empty() {
                return Vec::new();
            }
            let whole = whole.of(block);
            let entry = |row: u16| {
                let at = At {
                    block: index as u32,
                    row,
                };
                (whole[usize::from(row)], at)
            };
            again.into_iter().map(entry).collect()
        })
        .flatten_iter()
        .collect();
    entries.par_sort_unstable();
    entries
}

/// The places in `sizes` of the first columns whose combinations are at most `most`, up to the one that makes them at least `enough`.
fn fitting(sizes: &[u64], most: u64, enough: u64) -> Vec<usize> {
    let (mut fitting, mut combinations) = (Vec::new(), 1_u64);
    for (place, size) in sizes.iter().enumerate() {
        if combinations >= enough {
            break;
        }
        if let Some(product) = combinations.checked_mul(*size)
            && product <= most
        {
            fitting.push(place);
            combinations = product;
        }
    }
    fitting
}

/// Bits of the combinations of some columns of the key that stand more than once, the keys they are found by, and how many rows found their
/// combination taken; `None` where there is no such row.
fn collided(
    sheet: &Sheet,
    key: &[usize],
    sizes: &[u64],
    places: &[usize],
    fates: &[Fates],
) -> Option<(Vec<AtomicU64>, Keys<u64>, u64)> {
    let key: Vec<usize> = places.iter().map(|place| key[*place]).collect();
    let sizes: Vec<u64> = places.iter().map(|place| sizes[*place]).collect();
    let keys = dense(sheet, &key, &sizes);
    let words = sizes.iter().product::<u64>().div_ceil(64);
    let bits = || -> Vec<AtomicU64> { (0..words).map(|_| AtomicU64::new(0)).collect() };
    let (seen, again) = (bits(), OnceLock::new());
    let found: u64 = sheet
        .blocks
        .par_iter()
        .zip(fates)
        .map(|(block, fates)| {
            let mut found = 0;
            for (row, key) in keys.of(block).into_iter().enumerate() {
                if kept(fates, row) && !set(&seen, key) {
                    set(again.get_or_init(bits), key);
                    found += 1;
                }
            }
            found
        })
        .sum();
    Some((again.into_inner()?, keys, found))
}

/// Sets a bit; whether it was not set before.
fn set(bits: &[AtomicU64], key: u64) -> bool {
    let bit = 1 << (key % 64);
    bits[(key / 64) as usize].fetch_or(bit, Ordering::Relaxed) & bit == 0
}

fn has(bits: &[AtomicU64], key: u64) -> bool {
    bits[(key / 64) as usize].load(Ordering::Relaxed) & (1 << (key % 64)) != 0
}

/// Numbers that are the same for rows of one key: exact where all combinations fit, else mixed.
fn numbers(sheet: &Sheet, key: &[usize], sizes: &[u64]) -> Keys<u64> {
    let all = sizes
        .iter()
        .try_fold(1_u64, |product, size| product.checked_mul(*size));
    match all {
        Some(_) => dense(sheet, key, sizes),
        None => Keys::new(sheet, key, |place, number| {
            spread(u64::from(number), (place as u64 + 1) << 32)
        }),
    }
}

/// Numbers in mixed radix.
fn dense(sheet: &Sheet, key: &[usize], sizes: &[u64]) -> Keys<u64> {
    let strides: Vec<u64> = (0..sizes.len())
        .map(|index| sizes[index + 1..].iter().product())
        .collect();
    Keys::new(sheet, key, |place, number| match number {
        NULL => (sizes[place] - 1) * strides[place],
        number => u64::from(number) * strides[place],
    })
}
