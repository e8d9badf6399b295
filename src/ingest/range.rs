//! What part of a table's keys a file can hold: its days, or its school years. Files whose ranges do not touch cannot
//! supersede each other's rows, and need not be compared.

use serde::{Deserialize, Serialize};
use throughline_model::{Kind, Table};

use crate::column::{Column, Values};
use crate::layout::Fill;
use crate::sheet::Sheet;

/// Where the keys of a file lie.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Range {
    /// The file has no rows.
    Empty,
    /// First and last value of the table's required date or school year key.
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

    /// The range of the values in `sheet`, rejected rows included.
    pub(crate) fn of(sheet: &Sheet, table: &Table) -> Self {
        if sheet.rows() == 0 {
            return Self::Empty;
        }
        let index = table.columns.iter().position(|column| {
            column.required
                && table.key.contains(&column.name)
                && (column.kind == Kind::Date || column.name == "school_year")
        });
        let Some(index) = index else {
            return Self::Anywhere;
        };
        match (&sheet.columns[index], &sheet.fills[index]) {
            (
                Some(Column {
                    values: Values::Integer(values),
                    ..
                }),
                Fill::Input(_) | Fill::Constant(_),
            ) => match (values.iter().min(), values.iter().max()) {
                (Some(first), Some(last)) => Self::Between(*first, *last),
                _ => Self::Empty,
            },
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
