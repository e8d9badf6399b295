//! Parts written from a few lines of text, and pipelines made of measures alone.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow::array::{
    ArrayRef, BooleanArray, Date32Array, Float64Array, Int32Array, StringArray,
    TimestampMillisecondArray,
};
use arrow::datatypes::{DataType, Field, Schema};
use arrow::record_batch::RecordBatch;
use chrono::NaiveDate;
use parquet::arrow::ArrowWriter;
use throughline_model::pipeline::{Exposure, Outcome, Pipeline, Window};
use throughline_model::table::YearFrom;
use throughline_model::{Calendar, Measure, Part, SchoolYear, builtin, tables};

use crate::schema;

pub(super) const CALENDAR: Calendar = Calendar {
    year_starts: (7, 1),
    years: (2024, 2025),
    counts_from: Calendar::COUNTS_FROM,
};

/// Writes a part of `table` from lines of comma-separated values under a header of canonical columns. Empty is null.
pub(super) fn part(lake: &Path, table: &str, text: &str) -> Part {
    named_part(lake, table, "one", text)
}

pub(super) fn named_part(lake: &Path, table: &str, name: &str, text: &str) -> Part {
    let table = tables::find(table).expect("a canonical table");
    let mut lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    let header: Vec<&str> = lines.next().expect("a header").split(',').collect();
    let rows: Vec<Vec<&str>> = lines.map(|line| line.split(',').collect()).collect();
    let cell = |row: &[&str], column: &str| -> Option<String> {
        let position = header.iter().position(|name| *name == column)?;
        Some(row[position].to_owned()).filter(|cell| !cell.is_empty())
    };
    let year = |row: &[&str]| -> Option<SchoolYear> {
        match table.year {
            YearFrom::Never => None,
            YearFrom::Column => cell(row, "school_year")?.parse().ok(),
            YearFrom::Date(column) => {
                Some(CALENDAR.school_year(cell(row, column)?.parse().expect("a date")))
            }
        }
    };
    let schema = schema::arrow(table);
    let columns: Vec<ArrayRef> = schema
        .fields()
        .iter()
        .map(|field| {
            let cells = rows.iter().map(|row| cell(row, field.name()));
            let array: ArrayRef = match (field.name().as_str(), field.data_type()) {
                ("school_year", _) => {
                    Arc::new(rows.iter().map(|row| year(row)).collect::<Int32Array>())
                }
                ("source_file", _) => Arc::new(
                    rows.iter()
                        .map(|_| Some(file(table.name, name)))
                        .collect::<StringArray>(),
                ),
                ("source_line", _) => {
                    Arc::new((2..).take(rows.len()).map(Some).collect::<Int32Array>())
                }
                (_, DataType::Date32) => Arc::new(
                    cells
                        .map(|cell| cell.map(|day| days(&day)))
                        .collect::<Date32Array>(),
                ),
                (_, DataType::Float64) => Arc::new(
                    cells
                        .map(|cell| cell.map(|n| n.parse().expect("a number")))
                        .collect::<Float64Array>(),
                ),
                (_, DataType::Int32) => Arc::new(
                    cells
                        .map(|cell| cell.map(|n| n.parse().expect("a number")))
                        .collect::<Int32Array>(),
                ),
                (_, DataType::Boolean) => Arc::new(
                    cells
                        .map(|cell| cell.map(|flag| flag == "yes"))
                        .collect::<BooleanArray>(),
                ),
                (_, DataType::Timestamp(..)) => {
                    let loaded = TimestampMillisecondArray::from(vec![0; rows.len()]);
                    Arc::new(loaded.with_timezone("UTC"))
                }
                _ => Arc::new(cells.collect::<StringArray>()),
            };
            array
        })
        .collect();
    let fields: Vec<Field> = schema
        .fields()
        .iter()
        .zip(&columns)
        .map(|(field, column)| Field::new(field.name(), column.data_type().clone(), true))
        .collect();
    let batch = RecordBatch::try_new(Arc::new(Schema::new(fields)), columns)
        .expect("columns of one length");
    let path = PathBuf::from(table.name).join(format!("{name}.parquet"));
    std::fs::create_dir_all(lake.join(table.name)).expect("a folder");
    let file = std::fs::File::create(lake.join(&path)).expect("a file");
    let mut writer = ArrowWriter::try_new(file, batch.schema(), None).expect("a writer");
    writer.write(&batch).expect("written");
    writer.close().expect("closed");
    let years: Vec<SchoolYear> = rows.iter().filter_map(|row| year(row)).collect();
    Part {
        table: table.name.to_owned(),
        bytes: std::fs::metadata(lake.join(&path)).expect("a file").len(),
        key: format!("{}-{name}", table.name),
        path,
        rows: rows.len() as u64,
        years: years
            .iter()
            .min()
            .zip(years.iter().max())
            .map(|(a, b)| (*a, *b)),
        source: table.name.to_owned(),
    }
}

/// The export that a part is said to be made from.
pub(super) fn file(table: &str, name: &str) -> String {
    match name {
        "one" => format!("{table}.csv"),
        name => format!("{table}_{name}.csv"),
    }
}

fn days(day: &str) -> i32 {
    let day: NaiveDate = day.parse().expect("a date");
    arrow::datatypes::Date32Type::from_naive_date(day)
}

/// The measures that come with Throughline.
pub(super) fn measures() -> Vec<Measure> {
    builtin::measures()
        .iter()
        .map(|(name, sql)| Measure::parse(name, name, sql).expect("a measure"))
        .collect()
}

/// A pipeline of nothing but outcomes and exposures.
pub(super) fn pipeline(outcomes: Vec<Outcome>, exposures: Vec<Exposure>) -> Pipeline {
    Pipeline {
        calendar: CALENDAR,
        outcomes,
        exposures,
        measures: measures(),
        ..Pipeline::bare(Path::new("tiny.toml")).expect("this folder")
    }
}

fn params(measure: &str, given: &[(&str, &str)]) -> std::collections::BTreeMap<String, String> {
    let measures = measures();
    let found = measures
        .iter()
        .find(|known| known.name == measure)
        .expect("a measure");
    let defaults = found
        .params
        .iter()
        .filter_map(|(name, default)| Some((name.clone(), default.clone()?)));
    let given = given
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    defaults.chain(given).collect()
}

/// An outcome whose id is its measure's name.
pub(super) fn outcome(measure: &str, subject: Option<&str>, given: &[(&str, &str)]) -> Outcome {
    Outcome {
        id: measure.to_owned(),
        label: measure.to_owned(),
        measure: measure.to_owned(),
        params: params(measure, given),
        domain: "any".to_owned(),
        subject: subject.map(str::to_owned),
        higher_is_better: true,
        kind: throughline_model::measure::NumberKind::Amount,
        unit: String::new(),
        smallest_difference: 0.05,
    }
}

/// An exposure whose id is its measure's name.
pub(super) fn exposure(measure: &str, window: Window, given: &[(&str, &str)]) -> Exposure {
    let unit = measures()
        .into_iter()
        .find(|known| known.name == measure)
        .map(|known| known.unit);
    Exposure {
        id: measure.to_owned(),
        label: measure.to_owned(),
        measure: measure.to_owned(),
        params: params(measure, given),
        window,
        per: 1.0,
        unit: unit.unwrap_or_default(),
        cost_per_unit: None,
        uses_staff_time: false,
        assignment: None,
    }
}
