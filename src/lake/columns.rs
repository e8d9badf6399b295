//! Columns of a query's result by name and in one type each, whatever type the SQL happened to give them.

use arrow::array::{
    Array, AsArray, BooleanArray, Float64Array, Int32Array, Int64Array, StringViewArray,
};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Float64Type, Int32Type, Int64Type};
use arrow::record_batch::RecordBatch;

use crate::error::LakeError;

/// One batch of the result of the measure or view `of`.
pub(crate) struct Columns<'b> {
    of: &'b str,
    batch: &'b RecordBatch,
}

impl<'b> Columns<'b> {
    pub(crate) fn new(of: &'b str, batch: &'b RecordBatch) -> Self {
        Self { of, batch }
    }

    fn column(
        &self,
        name: &str,
        wanted: &DataType,
    ) -> Result<std::sync::Arc<dyn Array>, LakeError> {
        let column = self.batch.column_by_name(name).ok_or_else(|| {
            LakeError::measure(self.of, format!("the result has no column `{name}`"))
        })?;
        cast(column, wanted).map_err(|_| {
            LakeError::measure(
                self.of,
                format!(
                    "column `{name}` is no {wanted}, it is {}",
                    column.data_type()
                ),
            )
        })
    }

    pub(crate) fn text(&self, name: &str) -> Result<StringViewArray, LakeError> {
        Ok(self
            .column(name, &DataType::Utf8View)?
            .as_string_view()
            .clone())
    }

    pub(crate) fn integers(&self, name: &str) -> Result<Int32Array, LakeError> {
        Ok(self
            .column(name, &DataType::Int32)?
            .as_primitive::<Int32Type>()
            .clone())
    }

    pub(crate) fn longs(&self, name: &str) -> Result<Int64Array, LakeError> {
        Ok(self
            .column(name, &DataType::Int64)?
            .as_primitive::<Int64Type>()
            .clone())
    }

    pub(crate) fn numbers(&self, name: &str) -> Result<Float64Array, LakeError> {
        Ok(self
            .column(name, &DataType::Float64)?
            .as_primitive::<Float64Type>()
            .clone())
    }

    pub(crate) fn flags(&self, name: &str) -> Result<BooleanArray, LakeError> {
        Ok(self.column(name, &DataType::Boolean)?.as_boolean().clone())
    }
}
