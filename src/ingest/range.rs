//! What part of a table's keys a file can hold: its days, or its school years. Files whose ranges do not touch cannot
//! supersede each other's rows, and need not be compared.

use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use throughline_model::{Kind, Mapping};

use crate::column::{Column, Values};
use crate::duplicate::{Fates, counts};
use crate::layout::Fill;
use crate::sheet::{Block, Sheet};

/// Where the keys of a file lie.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Range {
    /// The file has no rows.
    Empty,
    /// First and last value of the mapping's required date or school year key.
    Between(i32, i32),
    /// Nothing is known.
    Anywhere,
}

impl Range {
    pub(crate) fn touches(self, other: Self) -> bool {
        match (self, other) {
            (Self::Empty, _) | (_, Self::Empty) => false,
            (Self::Between(a, b), Self::Between(c, d)) => a <= d && c <= b,
            _ => true,
        }
    }

    /// The range of the values in `sheet`, of rows that can supersede or be superseded: one mistyped date of a row that is rejected
    /// would have a file compared with every other.
    pub(crate) fn of(sheet: &Sheet, fates: &[Fates], mapping: &Mapping) -> Self {
        if sheet.rows() == 0 {
            return Self::Empty;
        }
        let index = mapping.table.columns.iter().position(|column| {
            column.required
                && mapping.key.contains(&column.name)
                && (column.kind == Kind::Date || column.name == "school_year")
        });
        let Some(index) = index else {
            return Self::Anywhere;
        };
        let Some(Column {
            values: Values::Integer(values),
            ..
        }) = &sheet.columns[index]
        else {
            return Self::Anywhere;
        };
        let all_count = fates.iter().all(Option::is_none);
        match &sheet.fills[index] {
            Fill::Input(input) if !all_count => {
                let by = sheet.translated(index, |number| match values.get(number as usize) {
                    Some(value) => Self::Between(*value, *value),
                    None => Self::Empty,
                });
                let of_block = |(block, fates): (&Block, &Fates)| {
                    let mut range = Self::Empty;
                    let (rows, by) = (block.batch.rows, &by[block.part]);
                    block.batch.columns[*input].each(rows, by, |row, value| {
                        if counts(fates, row) {
                            range = range.and(value);
                        }
                    });
                    range
                };
                let blocks = sheet.blocks.par_iter().zip(fates);
                blocks.map(of_block).reduce(|| Self::Empty, Self::and)
            }
            Fill::Input(_) | Fill::Constant(_) => values
                .iter()
                .map(|value| Self::Between(*value, *value))
                .fold(Self::Empty, Self::and),
            _ => Self::Anywhere,
        }
    }

    /// The range that holds both.
    fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::Empty, range) | (range, Self::Empty) => range,
            (Self::Between(a, b), Self::Between(c, d)) => Self::Between(a.min(c), b.max(d)),
            _ => Self::Anywhere,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Range::{Anywhere, Between, Empty};

    #[test]
    fn ranges_touch_where_they_share_a_value() {
        assert!(Between(1, 5).touches(Between(5, 9)));
        assert!(!Between(1, 4).touches(Between(5, 9)));
        assert!(Anywhere.touches(Between(5, 9)));
        assert!(!Empty.touches(Anywhere));
    }
}
