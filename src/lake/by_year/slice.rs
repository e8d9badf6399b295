//! Slices: the rows of a relation that are about one school year. A slice is what can stay as it is while another changes, so
//! each has a hash: of a table's slice over the parts that hold it, of a view's over its rows.

use std::collections::BTreeMap;
use std::fmt;

use arrow::array::Int32Array;
use arrow::compute::{concat_batches, filter_record_batch, is_null, kernels::cmp::eq};
use arrow::record_batch::RecordBatch;
use datafusion::common::hash_utils::{QualityRandomState, create_hashes};
use serde::{Deserialize, Serialize};
use throughline_model::table::YearFrom;
use throughline_model::{SchoolYear, Table};

use super::apart::YEAR;
use crate::columns::Columns;
use crate::engine::BATCH;
use crate::error::LakeError;
use crate::release::Release;

/// Which rows of a relation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub(crate) enum Slice {
    /// All rows of a relation that is about no school year.
    Whole,
    /// Rows whose school year is not known.
    NoYear,
    /// Rows of this school year.
    Year(SchoolYear),
}

impl fmt::Display for Slice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Whole => f.write_str("whole"),
            Self::NoYear => f.write_str("none"),
            Self::Year(year) => write!(f, "{year}"),
        }
    }
}

impl From<Slice> for String {
    fn from(slice: Slice) -> Self {
        slice.to_string()
    }
}

impl TryFrom<String> for Slice {
    type Error = std::num::ParseIntError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        match text.as_str() {
            "whole" => Ok(Self::Whole),
            "none" => Ok(Self::NoYear),
            year => year.parse().map(Self::Year),
        }
    }
}

/// Rows by slice.
pub(super) type Sliced = BTreeMap<Slice, Vec<RecordBatch>>;

/// The slices of a table of a release, each with the hash of the parts that hold it.
pub(super) fn of_table(release: &Release, table: &Table) -> BTreeMap<Slice, String> {
    let mut named: BTreeMap<Slice, Vec<String>> = BTreeMap::new();
    for part in release.parts_of(table.name).filter(|part| part.rows > 0) {
        let name = format!("{} {} {}", part.path.display(), part.key, part.bytes);
        let slices: Vec<Slice> = match part.years {
            _ if table.year == YearFrom::Never => vec![Slice::Whole],
            None => vec![Slice::NoYear],
            Some((first, last)) if first == last => vec![Slice::Year(first)],
            Some((first, last)) => (first..=last)
                .map(Slice::Year)
                .chain([Slice::NoYear])
                .collect(),
        };
        for slice in slices {
            named.entry(slice).or_default().push(name.clone());
        }
    }
    let hashed = named.into_iter().map(|(slice, mut names)| {
        names.sort();
        (slice, hash(&names))
    });
    hashed.collect()
}

/// A hash of several texts, each told apart from the next.
pub(crate) fn hash(texts: &[String]) -> String {
    let mut hasher = blake3::Hasher::new();
    for text in texts {
        hasher.update(&(text.len() as u64).to_le_bytes());
        hasher.update(text.as_bytes());
    }
    hasher.finalize().to_hex().to_string()
}

/// Splits the rows of `of` by school year, keeping their order; whole where there is no such column.
pub(super) fn split(of: &str, batches: Vec<RecordBatch>) -> Result<Sliced, LakeError> {
    let mut sliced = Sliced::new();
    for batch in batches.into_iter().filter(|batch| batch.num_rows() > 0) {
        if batch.schema().column_with_name(YEAR).is_none() {
            sliced.entry(Slice::Whole).or_default().push(batch);
            continue;
        }
        let years = Columns::new(of, &batch).integers(YEAR)?;
        let mut found: Vec<Slice> = years
            .iter()
            .map(|year| year.map_or(Slice::NoYear, Slice::Year))
            .collect();
        found.dedup();
        found.sort_unstable();
        found.dedup();
        if let [only] = found[..] {
            sliced.entry(only).or_default().push(batch);
            continue;
        }
        for slice in found {
            let wanted = match slice {
                Slice::Year(year) => eq(&years, &Int32Array::new_scalar(year))?,
                _ => is_null(&years)?,
            };
            let rows = filter_record_batch(&batch, &wanted)?;
            sliced.entry(slice).or_default().push(rows);
        }
    }
    for batches in sliced.values_mut() {
        *batches = even(std::mem::take(batches))?;
    }
    Ok(sliced)
}

/// The same rows in batches of the size that queries work with, where they are in many small ones.
fn even(batches: Vec<RecordBatch>) -> Result<Vec<RecordBatch>, LakeError> {
    let rows: usize = batches.iter().map(RecordBatch::num_rows).sum();
    let Some(first) = batches.first() else {
        return Ok(batches);
    };
    if batches.len() <= 2 * rows.div_ceil(BATCH) {
        return Ok(batches);
    }
    let all = concat_batches(&first.schema(), &batches)?;
    let starts = (0..rows).step_by(BATCH);
    Ok(starts
        .map(|start| all.slice(start, BATCH.min(rows - start)))
        .collect())
}

const SEEDS: [u64; 2] = [0x9e37_79b9_7f4a_7c15, 0xc2b2_ae3d_27d4_eb4f];
const NOTHING: u64 = 0x1656_67b1_9e37_79f9;

/// A hash of rows that does not depend on their order, because a query gives none: 128 bits, the sum of the rows' own.
pub(super) fn content(batches: &[RecordBatch]) -> Result<String, LakeError> {
    let mut sums = [0_u64; SEEDS.len()];
    let mut rows = 0;
    for batch in batches {
        rows += batch.num_rows();
        for (sum, seed) in sums.iter_mut().zip(SEEDS) {
            let mut of_row = vec![seed; batch.num_rows()];
            for (place, column) in batch.columns().iter().enumerate() {
                // An empty cell leaves its place as it is, so that it differs from every other place's.
                let mut cells = vec![NOTHING; batch.num_rows()];
                let state = QualityRandomState::with_seed(seed.wrapping_add(place as u64));
                create_hashes([column], &state, &mut cells)?;
                for (row, cell) in of_row.iter_mut().zip(cells) {
                    *row = mixed(*row ^ cell);
                }
            }
            *sum = of_row.into_iter().fold(*sum, u64::wrapping_add);
        }
    }
    Ok(format!("{rows} {:016x}{:016x}", sums[0], sums[1]))
}

/// Spreads every bit over all bits (the finish of splitmix64).
fn mixed(bits: u64) -> u64 {
    let bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    bits ^ (bits >> 31)
}
