//! Columns to Parquet, with Polars' Arrow arrays and Parquet writer (`polars-arrow`, `polars-parquet`). They are used
//! directly, below DataFrames, because cells arrive as numbers of distinct values and can be written as dictionary pages
//! without ever being text again; a DataFrame would look every cell up once more.
//!
//! Files carry no `ARROW:schema`: every reader then takes text as text and dates as dates from the Parquet types. All
//! columns are optional in Parquet, whatever the canonical table says: that is what Delta readers expect.

use std::collections::HashMap;
use std::fs::File;
use std::io::{BufWriter, Write as _};
use std::sync::{Arc, Mutex, PoisonError};

use polars_arrow::array::{
    Array, BooleanArray, DictionaryArray, PrimitiveArray, Utf8Array, new_null_array,
};
use polars_arrow::bitmap::Bitmap;
use polars_arrow::datatypes::{ArrowDataType, ArrowSchema, Field, IntegerType, TimeUnit};
use polars_parquet::read::ParquetError;
use polars_parquet::write::{
    CompressedPage, CompressionOptions, Compressor, DynIter, DynStreamingIterator, Encoding,
    FileWriter, ParquetType, StatisticsOptions, Version, WriteOptions, ZstdLevel, array_to_columns,
    fallible_streaming_iterator,
};
use rayon::prelude::*;
use throughline_model::table::STANDARD_COLUMNS;
use throughline_model::{Kind, Table};

use crate::column::{NULL, Values};

/// Zstandard's fastest ordinary level: pages hold packed numbers, which higher levels hardly shrink.
const LEVEL: i32 = 1;

/// The cells of one column in one row group.
pub(crate) enum Cells<'a> {
    /// All null.
    Null,
    /// The same value throughout.
    Same(&'a Values, u32),
    /// Numbers of values, or [`NULL`].
    Numbers(&'a Values, Vec<u32>),
    /// Line numbers.
    Lines(Vec<i32>),
    /// The same instant throughout, in milliseconds since 1970 UTC.
    Instant(i64),
}

/// Names and Arrow types of the columns of a table, in the order they are written.
fn fields(table: &Table) -> Vec<Field> {
    let declared = table
        .columns
        .iter()
        .map(|column| (column.name, arrow_type(column.kind)));
    let standard = STANDARD_COLUMNS
        .iter()
        .zip([
            ArrowDataType::Int32,
            ArrowDataType::LargeUtf8,
            ArrowDataType::Int32,
            ArrowDataType::Timestamp(TimeUnit::Millisecond, Some("UTC".into())),
        ])
        .filter(|(name, _)| table.column(name).is_none())
        .map(|(name, kind)| (*name, kind));
    declared
        .chain(standard)
        .map(|(name, kind)| Field::new(name.into(), kind, true))
        .collect()
}

fn arrow_type(kind: Kind) -> ArrowDataType {
    match kind {
        Kind::Text | Kind::Id | Kind::Code(_) => ArrowDataType::LargeUtf8,
        Kind::StudentId | Kind::StaffId | Kind::PersonId => ArrowDataType::LargeUtf8,
        Kind::Date => ArrowDataType::Date32,
        Kind::Integer(..) => ArrowDataType::Int32,
        Kind::Number(..) => ArrowDataType::Float64,
        Kind::Flag => ArrowDataType::Boolean,
    }
}

fn options() -> WriteOptions {
    WriteOptions {
        statistics: StatisticsOptions::default(),
        version: Version::V1,
        compression: CompressionOptions::Zstd(ZstdLevel::try_new(LEVEL).ok()),
        data_page_size: None,
    }
}

/// One column of one row group, encoded and compressed.
type Pages = Arc<Vec<CompressedPage>>;

/// Encoded and compressed columns of one row group.
pub(crate) struct Group {
    rows: usize,
    columns: Vec<Pages>,
}

/// Turns cells into row groups of one table.
pub(crate) struct Encoder {
    fields: Vec<Field>,
    types: Vec<ParquetType>,
    /// Pages of columns that are the same throughout, by column and rows: they are the same in every row group.
    constants: Mutex<HashMap<(usize, usize), Pages>>,
}

impl Encoder {
    pub(crate) fn new(table: &Table) -> Result<Self, String> {
        let fields = fields(table);
        let types = fields
            .iter()
            .map(polars_parquet::write::to_parquet_type)
            .collect::<Result<_, _>>()
            .map_err(|error| error.to_string())?;
        Ok(Self {
            fields,
            types,
            constants: Mutex::default(),
        })
    }

    /// How many columns a row group has.
    pub(crate) fn columns(&self) -> usize {
        self.fields.len()
    }

    /// Encodes row groups of these many rows; `cells` gives the cells of a column of a group. Groups and columns are
    /// encoded in parallel.
    pub(crate) fn groups<'a>(
        &self,
        rows: &[usize],
        cells: impl Fn(usize, usize) -> Cells<'a> + Sync,
    ) -> Result<Vec<Group>, String> {
        let width = self.columns();
        let pages = (0..rows.len() * width)
            .into_par_iter()
            .with_max_len(1)
            .map(|task| {
                let (group, column) = (task / width, task % width);
                self.pages(column, cells(group, column), rows[group])
            })
            .collect::<Result<Vec<_>, _>>()?;
        let mut pages = pages.into_iter();
        Ok(rows
            .iter()
            .map(|rows| Group {
                rows: *rows,
                columns: pages.by_ref().take(width).collect(),
            })
            .collect())
    }

    fn pages(&self, column: usize, cells: Cells<'_>, rows: usize) -> Result<Pages, String> {
        let constant = !matches!(cells, Cells::Numbers(..) | Cells::Lines(_));
        let known = || {
            self.constants
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
        };
        if constant && let Some(pages) = known().get(&(column, rows)) {
            return Ok(Arc::clone(pages));
        }
        let (array, encoding) = array(cells, self.fields[column].dtype(), rows)?;
        let encoded = array_to_columns(array, self.types[column].clone(), options(), &[encoding])
            .map_err(|error| error.to_string())?;
        let mut pages = Vec::new();
        for leaf in encoded {
            let leaf = leaf.map(|page| {
                page.map_err(|error| ParquetError::FeatureNotSupported(error.to_string()))
            });
            let compressed = Compressor::new(leaf, options().compression, Vec::new());
            for page in Iterator::map(compressed, |page| page) {
                pages.push(page.map_err(|error| error.to_string())?);
            }
        }
        let pages = Arc::new(pages);
        if constant {
            known().insert((column, rows), Arc::clone(&pages));
        }
        Ok(pages)
    }
}

/// A Parquet file being written.
pub(crate) struct Output {
    writer: FileWriter<BufWriter<File>>,
}

impl Output {
    pub(crate) fn new(file: File, encoder: &Encoder) -> Result<Self, String> {
        let schema: ArrowSchema = encoder.fields.iter().cloned().collect();
        let writer = FileWriter::try_new(BufWriter::new(file), schema, options())
            .map_err(|error| error.to_string())?;
        Ok(Self { writer })
    }

    /// Appends a row group. Errors are of the disk.
    pub(crate) fn write(&mut self, group: &Group) -> Result<(), String> {
        let columns = DynIter::new(group.columns.iter().map(|pages| {
            Ok(DynStreamingIterator::new(
                fallible_streaming_iterator::convert(pages.iter().map(Ok)),
            ))
        }));
        self.writer
            .write(group.rows as u64, columns)
            .map_err(|error| error.to_string())
    }

    /// Writes the footer; returns the size in bytes.
    pub(crate) fn finish(mut self) -> Result<u64, String> {
        let size = self
            .writer
            .end(Some(Vec::new()))
            .map_err(|error| error.to_string())?;
        let mut buffer = self.writer.into_inner();
        buffer.flush().map_err(|error| error.to_string())?;
        Ok(size)
    }
}

type Encoded = (Box<dyn Array>, Encoding);

fn array(cells: Cells<'_>, kind: &ArrowDataType, rows: usize) -> Result<Encoded, String> {
    match cells {
        Cells::Null => Ok((new_null_array(kind.clone(), rows), Encoding::Plain)),
        Cells::Same(values, number) => dictionary(values, &[number], vec![0; rows], None, kind),
        Cells::Numbers(values, numbers) => numbered(values, numbers, kind),
        Cells::Lines(lines) => {
            let array = PrimitiveArray::new(ArrowDataType::Int32, lines.into(), None);
            Ok((array.boxed(), Encoding::DeltaBinaryPacked))
        }
        Cells::Instant(instant) => {
            let values = PrimitiveArray::new(kind.clone(), vec![instant].into(), None);
            of_keys(vec![0; rows], None, values.boxed(), kind)
        }
    }
}

/// Values by number, as a dictionary of those that occur where that is smaller than the values themselves.
fn numbered(
    values: &Values,
    mut numbers: Vec<u32>,
    kind: &ArrowDataType,
) -> Result<Encoded, String> {
    let rows = numbers.len();
    let mut places = vec![NULL; values.len()];
    let mut order = Vec::new();
    let mut nulls = false;
    for number in &mut numbers {
        match places.get_mut(*number as usize) {
            None => nulls = true,
            Some(place) => {
                if *place == NULL {
                    *place = order.len() as u32;
                    order.push(*number);
                }
                *number = *place;
            }
        }
    }
    if order.is_empty() {
        return Ok((new_null_array(kind.clone(), rows), Encoding::Plain));
    }
    let validity = nulls.then(|| {
        let validity: Bitmap = numbers.iter().map(|number| *number != NULL).collect();
        for number in numbers.iter_mut().filter(|number| **number == NULL) {
            *number = 0;
        }
        validity
    });
    if let Values::Flag(flags) = values {
        let bits: Bitmap = numbers
            .iter()
            .map(|key| flags[order[*key as usize] as usize])
            .collect();
        let array = BooleanArray::new(ArrowDataType::Boolean, bits, validity);
        return Ok((array.boxed(), Encoding::Plain));
    }
    if order.len() > rows / 2 && rows > 1024 {
        let chosen: Vec<u32> = numbers.iter().map(|key| order[*key as usize]).collect();
        let array = plain(values, &chosen, kind);
        return Ok((array.with_validity(validity), Encoding::Plain));
    }
    dictionary(values, &order, numbers, validity, kind)
}

fn dictionary(
    values: &Values,
    order: &[u32],
    keys: Vec<u32>,
    validity: Option<Bitmap>,
    kind: &ArrowDataType,
) -> Result<Encoded, String> {
    if let Values::Flag(flags) = values {
        let bits: Bitmap = keys
            .iter()
            .map(|key| flags[order[*key as usize] as usize])
            .collect();
        let array = BooleanArray::new(ArrowDataType::Boolean, bits, validity);
        return Ok((array.boxed(), Encoding::Plain));
    }
    of_keys(keys, validity, plain(values, order, kind), kind)
}

fn of_keys(
    keys: Vec<u32>,
    validity: Option<Bitmap>,
    values: Box<dyn Array>,
    kind: &ArrowDataType,
) -> Result<Encoded, String> {
    let keys = PrimitiveArray::new(ArrowDataType::UInt32, keys.into(), validity);
    let kind = ArrowDataType::Dictionary(IntegerType::UInt32, Box::new(kind.clone()), false);
    let array = DictionaryArray::try_new(kind, keys, values).map_err(|error| error.to_string())?;
    Ok((array.boxed(), Encoding::RleDictionary))
}

fn plain(values: &Values, chosen: &[u32], kind: &ArrowDataType) -> Box<dyn Array> {
    match values {
        Values::Text(texts) => {
            Utf8Array::<i64>::from_iter_values(chosen.iter().map(|number| texts.get(*number)))
                .boxed()
        }
        Values::Integer(list) => {
            let chosen: Vec<i32> = chosen.iter().map(|number| list[*number as usize]).collect();
            PrimitiveArray::new(kind.clone(), chosen.into(), None).boxed()
        }
        Values::Number(list) => {
            let chosen: Vec<f64> = chosen.iter().map(|number| list[*number as usize]).collect();
            PrimitiveArray::new(kind.clone(), chosen.into(), None).boxed()
        }
        Values::Flag(list) => {
            let bits: Bitmap = chosen.iter().map(|number| list[*number as usize]).collect();
            BooleanArray::new(kind.clone(), bits, None).boxed()
        }
    }
}
