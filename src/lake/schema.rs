//! A canonical table as Arrow and as Delta see it. Text is text and dates are dates in every reader; nothing here needs more
//! than Delta's first protocol (reader 1, writer 2), which every tool can read.

use std::sync::Arc;

use arrow::datatypes::{DataType, Field, Schema, SchemaRef, TimeUnit};
use deltalake::kernel::{DataType as DeltaType, PrimitiveType, StructField};
use throughline_model::table::STANDARD_COLUMNS;
use throughline_model::{Kind, Table};

/// What a column holds, in the types both worlds share.
#[derive(Clone, Copy, PartialEq)]
enum Plain {
    Text,
    Date,
    Integer,
    Number,
    Flag,
    Instant,
}

/// Names and types of all columns of a table, the standard ones included, in order.
fn columns(table: &Table) -> Vec<(&'static str, Plain)> {
    let declared = table.columns.iter().map(|column| {
        let plain = match column.kind {
            Kind::Date => Plain::Date,
            Kind::Integer(..) => Plain::Integer,
            Kind::Number(..) => Plain::Number,
            Kind::Flag => Plain::Flag,
            Kind::Text
            | Kind::Id
            | Kind::Code(_)
            | Kind::StudentId
            | Kind::StaffId
            | Kind::PersonId => Plain::Text,
        };
        (column.name, plain)
    });
    let standard = STANDARD_COLUMNS
        .iter()
        .filter(|name| table.column(name).is_none())
        .map(|name| {
            let plain = match *name {
                "school_year" | "source_line" => Plain::Integer,
                "loaded_at" => Plain::Instant,
                _ => Plain::Text,
            };
            (*name, plain)
        });
    declared.chain(standard).collect()
}

/// The schema queries see. Columns are nullable: a part may be older than a column.
pub(crate) fn arrow(table: &Table) -> SchemaRef {
    let fields: Vec<Field> = columns(table)
        .into_iter()
        .map(|(name, plain)| {
            let data_type = match plain {
                Plain::Text => DataType::Utf8View,
                Plain::Date => DataType::Date32,
                Plain::Integer => DataType::Int32,
                Plain::Number => DataType::Float64,
                Plain::Flag => DataType::Boolean,
                Plain::Instant => DataType::Timestamp(TimeUnit::Millisecond, Some("UTC".into())),
            };
            Field::new(name, data_type, true)
        })
        .collect();
    Arc::new(Schema::new(fields))
}

/// The schema the Delta log declares.
pub(crate) fn delta(table: &Table) -> Vec<StructField> {
    columns(table)
        .into_iter()
        .map(|(name, plain)| {
            let primitive = match plain {
                Plain::Text => PrimitiveType::String,
                Plain::Date => PrimitiveType::Date,
                Plain::Integer => PrimitiveType::Integer,
                Plain::Number => PrimitiveType::Double,
                Plain::Flag => PrimitiveType::Boolean,
                Plain::Instant => PrimitiveType::Timestamp,
            };
            StructField::nullable(name, DeltaType::Primitive(primitive))
        })
        .collect()
}
