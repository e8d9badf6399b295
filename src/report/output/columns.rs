//! A table as Parquet: typed columns with machine names. A number that is withheld is null, and the column `status`
//! says that it is withheld; no file can mistake it for zero.

use std::sync::Arc;

use arrow::array::{ArrayRef, BooleanArray, Float64Array, RecordBatch, StringArray, UInt64Array};
use arrow::datatypes::{DataType, Field, Schema};
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::properties::WriterProperties;

use crate::error::ReportError;
use crate::table::{Cell, Kind, Table};

/// The whole file.
pub(crate) fn write(table: &Table) -> Result<Vec<u8>, ReportError> {
    let mut fields = Vec::new();
    let mut arrays: Vec<ArrayRef> = Vec::new();
    for (place, column) in table.columns.iter().enumerate() {
        let (kind, array) = array(table, place, column.kind);
        fields.push(Field::new(column.key, kind, true));
        arrays.push(array);
    }
    let schema = Arc::new(Schema::new(fields));
    let batch = RecordBatch::try_new(schema.clone(), arrays)?;
    let properties = WriterProperties::builder()
        .set_compression(Compression::ZSTD(ZstdLevel::default()))
        .build();
    let mut out = Vec::new();
    let mut writer = ArrowWriter::try_new(&mut out, schema, Some(properties))?;
    writer.write(&batch)?;
    writer.close()?;
    Ok(out)
}

fn array(table: &Table, place: usize, kind: Kind) -> (DataType, ArrayRef) {
    let cells = table.rows.iter().map(|row| &row[place]);
    match kind {
        Kind::Text => {
            let values: StringArray = cells
                .map(|cell| match cell {
                    Cell::Text(text) => Some(text.as_str()),
                    _ => None,
                })
                .collect();
            (DataType::Utf8, Arc::new(values))
        }
        Kind::Count => {
            let values: UInt64Array = cells
                .map(|cell| match cell {
                    Cell::Count(count) => Some(*count),
                    _ => None,
                })
                .collect();
            (DataType::UInt64, Arc::new(values))
        }
        Kind::Flag => {
            let values: BooleanArray = cells
                .map(|cell| match cell {
                    Cell::Flag(flag) => Some(*flag),
                    _ => None,
                })
                .collect();
            (DataType::Boolean, Arc::new(values))
        }
        Kind::Number | Kind::Sd | Kind::Probability | Kind::Share | Kind::Dollars => {
            let values: Float64Array = cells
                .map(|cell| match cell {
                    Cell::Number(number) => Some(*number),
                    _ => None,
                })
                .collect();
            (DataType::Float64, Arc::new(values))
        }
    }
}
