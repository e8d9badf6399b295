//! Which rows go where: the kept rows of a file by school year, in row groups that hold the same rows however the
//! file was cut into segments.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use throughline_model::table::YearFrom;
use throughline_model::{Calendar, SchoolYear, Table};

use crate::column::{Column, Values};
use crate::duplicate::{Fate, Fates};
use crate::layout::Fill;
use crate::sheet::Sheet;

/// Rows of a row group.
const GROUP: usize = 1 << 20;

/// Rows of a block.
pub(crate) enum Rows {
    Range(usize, usize),
    Listed(Vec<u16>),
}

/// Rows of one block that go to one part.
pub(crate) struct Pick {
    /// Index into [`Sheet::blocks`].
    pub(crate) block: usize,
    pub(crate) rows: Rows,
}

impl Pick {
    pub(crate) fn len(&self) -> usize {
        match &self.rows {
            Rows::Range(from, to) => to - from,
            Rows::Listed(rows) => rows.len(),
        }
    }

    /// Cuts off the first `count` rows.
    fn split(&mut self, count: usize) -> Self {
        let rows = match &mut self.rows {
            Rows::Range(from, _) => {
                let start = *from;
                *from += count;
                Rows::Range(start, *from)
            }
            Rows::Listed(rows) => {
                let rest = rows.split_off(count);
                Rows::Listed(std::mem::replace(rows, rest))
            }
        };
        Self {
            block: self.block,
            rows,
        }
    }
}

/// The kept rows in file order, by school year.
pub(crate) fn by_year(
    sheet: &Sheet,
    fates: &[Fates],
    table: &Table,
    calendar: &Calendar,
) -> BTreeMap<Option<SchoolYear>, Vec<Pick>> {
    let years = Years::new(sheet, table, calendar);
    let mut picked: BTreeMap<_, Vec<Pick>> = BTreeMap::new();
    for (index, (block, fates)) in sheet.blocks.iter().zip(fates).enumerate() {
        let rows = block.batch.rows;
        if let (None, Some(year)) = (fates, years.throughout(sheet, index)) {
            picked.entry(year).or_default().push(Pick {
                block: index,
                rows: Rows::Range(0, rows),
            });
            continue;
        }
        let mut listed: BTreeMap<Option<SchoolYear>, Vec<u16>> = BTreeMap::new();
        for row in 0..rows {
            if fates.as_ref().is_none_or(|fates| fates[row] == Fate::Kept) {
                let year = years.of(sheet, index, row);
                listed.entry(year).or_default().push(row as u16);
            }
        }
        for (year, rows) in listed {
            picked.entry(year).or_default().push(Pick {
                block: index,
                rows: Rows::Listed(rows),
            });
        }
    }
    picked
}

/// The school year of every row.
enum Years {
    All(Option<SchoolYear>),
    /// By input and raw cell of each segment.
    By(usize, Vec<Vec<Option<SchoolYear>>>),
}

impl Years {
    fn new(sheet: &Sheet, table: &Table, calendar: &Calendar) -> Self {
        let name = match table.year {
            YearFrom::Never => return Self::All(None),
            YearFrom::Column => "school_year",
            YearFrom::Date(name) => name,
        };
        let is_date = matches!(table.year, YearFrom::Date(_));
        let year = |value: i32| {
            if is_date {
                NaiveDate::from_epoch_days(value).map(|day| calendar.school_year(day))
            } else {
                Some(value)
            }
        };
        let Some(index) = table.columns.iter().position(|c| c.name == name) else {
            return Self::All(None);
        };
        let Some(Column {
            values: Values::Integer(values),
            meaning,
            ..
        }) = &sheet.columns[index]
        else {
            return Self::All(None);
        };
        match &sheet.fills[index] {
            Fill::Input(input) => {
                let mut distinct = values.iter().map(|value| year(*value));
                let first = distinct.next().flatten();
                if distinct.all(|year| year == first) {
                    return Self::All(first);
                }
                let by = sheet.translated(index, |number| {
                    values.get(number as usize).and_then(|value| year(*value))
                });
                Self::By(*input, by)
            }
            _ => Self::All(
                values
                    .get(meaning[0] as usize)
                    .and_then(|value| year(*value)),
            ),
        }
    }

    /// The year of all rows of a block, if they share one.
    fn throughout(&self, sheet: &Sheet, block: usize) -> Option<Option<SchoolYear>> {
        if let Self::All(year) = self {
            return Some(*year);
        }
        let first = self.of(sheet, block, 0);
        let rows = sheet.blocks[block].batch.rows;
        (1..rows)
            .all(|row| self.of(sheet, block, row) == first)
            .then_some(first)
    }

    fn of(&self, sheet: &Sheet, block: usize, row: usize) -> Option<SchoolYear> {
        match self {
            Self::All(year) => *year,
            Self::By(input, years) => {
                let block = &sheet.blocks[block];
                years[block.part][block.batch.columns[*input].at(row) as usize]
            }
        }
    }
}

/// Rows in row groups of [`GROUP`].
pub(crate) fn grouped(picks: Vec<Pick>) -> Vec<Vec<Pick>> {
    let (mut groups, mut group, mut size) = (Vec::new(), Vec::new(), 0);
    for mut pick in picks {
        while size + pick.len() >= GROUP {
            group.push(pick.split(GROUP - size));
            groups.push(std::mem::take(&mut group));
            size = 0;
        }
        if pick.len() > 0 {
            size += pick.len();
            group.push(pick);
        }
    }
    if !group.is_empty() {
        groups.push(group);
    }
    groups
}
