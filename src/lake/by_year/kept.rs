//! What earlier runs made, kept in the lake as Parquet: a folder of one file a relation and school year, and an
//! index that says of each what it was made from. Losing any of it costs time, never a number: a file is hashed when it is
//! read, and one that is not what the index says is made again.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::io::{Read as _, Seek as _};
use std::path::PathBuf;

use arrow::record_batch::RecordBatch;
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::properties::WriterProperties;
use serde::{Deserialize, Serialize};
use throughline_model::durable;

use super::slice::Slice;
use crate::engine::BATCH;
use crate::error::LakeError;

const INDEX: &str = "index.json";

/// One slice of a relation as it was measured.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Made {
    /// Hash of everything it was made from.
    pub(super) key: String,
    /// Hash of its rows, in any order.
    pub(super) content: String,
    /// File name; none for a slice without rows.
    file: Option<String>,
    /// BLAKE3 of the file.
    hash: String,
}

/// Slices by relation.
pub(super) type Index = BTreeMap<String, BTreeMap<Slice, Made>>;

/// The folder and what was in it when the run began.
pub(crate) struct Kept {
    folder: PathBuf,
    before: Index,
}

impl Kept {
    /// What is kept in a folder; nothing where the index is missing or cannot be understood.
    pub(crate) fn open(folder: PathBuf) -> Self {
        let text = fs::read(folder.join(INDEX)).unwrap_or_default();
        Self {
            folder,
            before: serde_json::from_slice(&text).unwrap_or_default(),
        }
    }

    /// What earlier runs made of a relation.
    pub(super) fn of(&self, relation: &str) -> Option<&BTreeMap<Slice, Made>> {
        self.before.get(relation)
    }

    /// Writes the rows of a slice and says what they are.
    pub(super) fn write(
        &self,
        relation: &str,
        slice: Slice,
        (key, content): (String, String),
        rows: &[RecordBatch],
    ) -> Result<Made, LakeError> {
        let Some(first) = rows.first() else {
            return Ok(Made {
                key,
                content,
                file: None,
                hash: String::new(),
            });
        };
        let properties = WriterProperties::builder()
            .set_compression(Compression::ZSTD(ZstdLevel::try_new(1).unwrap_or_default()))
            .set_max_row_group_row_count(Some(1 << 20))
            .build();
        let path = self.folder.join(relation);
        let failed = |error| LakeError::io("write", &path)(std::io::Error::other(error));
        let mut bytes = Vec::new();
        let mut writer =
            ArrowWriter::try_new(&mut bytes, first.schema(), Some(properties)).map_err(failed)?;
        for batch in rows {
            writer.write(batch).map_err(failed)?;
        }
        writer.close().map_err(failed)?;
        let hash = blake3::hash(&bytes).to_hex().to_string();
        let name = format!("{relation}-{slice}-{}.parquet", &hash[..16]);
        let path = self.folder.join(&name);
        fs::create_dir_all(&self.folder).map_err(LakeError::io("create", &self.folder))?;
        // Not flushed to disk: what a power failure leaves behind is found out when it is read.
        let part = path.with_extension("part");
        fs::write(&part, &bytes)
            .and_then(|()| fs::rename(&part, &path))
            .map_err(LakeError::io("write", &path))?;
        Ok(Made {
            key,
            content,
            file: Some(name),
            hash,
        })
    }

    /// The rows of a slice; `None` where the file is gone or is not what was written.
    pub(super) fn read(&self, made: &Made) -> Option<Vec<RecordBatch>> {
        let Some(name) = &made.file else {
            return Some(Vec::new());
        };
        let mut file = File::open(self.folder.join(name)).ok()?;
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).ok()?;
        if blake3::hash(&bytes).to_hex().as_str() != made.hash {
            return None;
        }
        file.rewind().ok()?;
        let reader = ParquetRecordBatchReaderBuilder::try_new(file).ok()?;
        let reader = reader.with_batch_size(BATCH).build().ok()?;
        reader.collect::<Result<_, _>>().ok()
    }

    /// Replaces the index, and removes files that it does not name.
    pub(super) fn close(&self, after: &Index) -> Result<(), LakeError> {
        let path = self.folder.join(INDEX);
        if *after != self.before {
            let text = serde_json::to_vec(after)
                .map_err(|error| LakeError::io("write", &path)(error.into()))?;
            durable::replace(&path, &text).map_err(LakeError::io("write", &path))?;
        }
        let slices = after.values().flat_map(BTreeMap::values);
        let named: BTreeSet<&str> = slices.filter_map(|made| made.file.as_deref()).collect();
        for entry in fs::read_dir(&self.folder).into_iter().flatten().flatten() {
            let name = entry.file_name();
            let stale = |name: &str| name != INDEX && !named.contains(name);
            if name.to_str().is_some_and(stale) {
                // Another run may have been faster.
                let _ = fs::remove_file(entry.path());
            }
        }
        Ok(())
    }
}
