//! Student covariates as numbers: flags are 0 or 1, every word of a code that occurs is a column of its own
//! (`gender=male`), and what the student file does not say is NaN.

use arrow::array::Array;
use arrow::record_batch::RecordBatch;
use throughline_model::panel::Values;
use throughline_model::{Column, Kind, tables};

use super::spine::VIEW;
use crate::columns::Columns;
use crate::error::LakeError;

/// The columns of table `student` that a study may adjust for.
pub(super) fn declared() -> impl Iterator<Item = &'static Column> {
    let columns = tables::find("student").map_or(&[][..], |table| table.columns);
    columns.iter().filter(|column| {
        column.name != "grade_level" && matches!(column.kind, Kind::Flag | Kind::Code(_))
    })
}

/// The covariates of all rows, in the order of the table's columns.
pub(super) fn read(batches: &[RecordBatch]) -> Result<Vec<Values>, LakeError> {
    let mut covariates = Vec::new();
    for column in declared() {
        match column.kind {
            Kind::Code(words) => covariates.extend(dummies(batches, column.name, words)?),
            _ => covariates.push(flag(batches, column.name)?),
        }
    }
    Ok(covariates)
}

fn flag(batches: &[RecordBatch], name: &str) -> Result<Values, LakeError> {
    let mut values = Vec::new();
    for batch in batches {
        let flags = Columns::new(VIEW, batch).flags(name)?;
        values.extend(flags.iter().map(|flag| match flag {
            Some(true) => 1.0,
            Some(false) => 0.0,
            None => f64::NAN,
        }));
    }
    Ok(Values {
        name: name.to_owned(),
        values,
    })
}

fn dummies(batches: &[RecordBatch], name: &str, words: &[&str]) -> Result<Vec<Values>, LakeError> {
    let mut positions: Vec<Option<usize>> = Vec::new();
    for batch in batches {
        let column = Columns::new(VIEW, batch).text(name)?;
        positions.extend((0..column.len()).map(|row| {
            column
                .is_valid(row)
                .then(|| words.iter().position(|word| *word == column.value(row)))
                .flatten()
        }));
    }
    let occurs = |word: usize| positions.contains(&Some(word));
    Ok((0..words.len())
        .filter(|word| occurs(*word))
        .map(|word| Values {
            name: format!("{name}={}", words[word]),
            values: positions
                .iter()
                .map(|position| match position {
                    Some(found) => f64::from(u8::from(*found == word)),
                    None => f64::NAN,
                })
                .collect(),
        })
        .collect())
}
