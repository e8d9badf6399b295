//! Statistics of a part, as Delta logs them, so that every reader of the lake can skip parts: rows, and smallest
//! and largest value of whole-number and date columns (the school year among them).

use std::fs::File;
use std::path::Path;

use arrow::temporal_conversions::date32_to_datetime;
use parquet::basic::LogicalType;
use parquet::file::metadata::ParquetMetaData;
use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::file::statistics::Statistics;
use serde_json::{Map, Value, json};

use crate::error::LakeError;

/// The statistics of a Parquet file as Delta's JSON.
pub(crate) fn statistics(path: &Path) -> Result<String, LakeError> {
    let file = File::open(path).map_err(LakeError::io("read", path))?;
    let reader = SerializedFileReader::new(file)
        .map_err(|error| LakeError::io("read", path)(std::io::Error::other(error)))?;
    Ok(delta(reader.metadata()).to_string())
}

fn delta(metadata: &ParquetMetaData) -> Value {
    let rows: i64 = metadata.file_metadata().num_rows();
    let (mut low, mut high, mut nulls) = (Map::new(), Map::new(), Map::new());
    for (index, column) in metadata
        .file_metadata()
        .schema_descr()
        .columns()
        .iter()
        .enumerate()
    {
        let is_date = matches!(column.logical_type_ref(), Some(LogicalType::Date));
        let Some(range) = range(metadata, index) else {
            continue;
        };
        nulls.insert(column.name().to_owned(), json!(range.nulls));
        if let Some((min, max)) = range.bounds {
            low.insert(column.name().to_owned(), shown(min, is_date));
            high.insert(column.name().to_owned(), shown(max, is_date));
        }
    }
    json!({ "numRecords": rows, "minValues": low, "maxValues": high, "nullCount": nulls })
}

struct Range {
    bounds: Option<(i32, i32)>,
    nulls: u64,
}

/// The range of a 32-bit column over all row groups; `None` where a row group does not know, or for other types.
fn range(metadata: &ParquetMetaData, column: usize) -> Option<Range> {
    let mut range = Range {
        bounds: None,
        nulls: 0,
    };
    for group in metadata.row_groups() {
        let Statistics::Int32(statistics) = group.column(column).statistics()? else {
            return None;
        };
        let nulls = statistics.null_count_opt()?;
        range.nulls += nulls;
        if nulls == u64::try_from(group.num_rows()).ok()? {
            continue;
        }
        let (min, max) = (*statistics.min_opt()?, *statistics.max_opt()?);
        range.bounds = Some(match range.bounds {
            Some((low, high)) => (low.min(min), high.max(max)),
            None => (min, max),
        });
    }
    Some(range)
}

fn shown(value: i32, is_date: bool) -> Value {
    match date32_to_datetime(value) {
        Some(date) if is_date => json!(date.format("%Y-%m-%d").to_string()),
        _ => json!(value),
    }
}
