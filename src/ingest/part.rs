//! The parts of one file: one Parquet file for every school year in it, so that a year prunes.

use throughline_model::{Part, SchoolYear};

use crate::column::{NULL, Texts, Values};
use crate::duplicate::Fates;
use crate::error::IngestError;
use crate::layout::Fill;
use crate::parquet::Cells;
use crate::pick::{Pick, Rows, by_year, grouped};
use crate::sheet::Sheet;
use crate::store::{Label, write_file};

/// Writes the kept rows of `sheet`; one part per school year.
pub(crate) fn write(
    sheet: &Sheet,
    fates: &[Fates],
    label: &Label<'_>,
) -> Result<Vec<Part>, IngestError> {
    by_year(sheet, fates, label.table, label.calendar)
        .into_iter()
        .map(|(year, picks)| write_year(sheet, year, picks, label))
        .collect()
}

fn write_year(
    sheet: &Sheet,
    year: Option<SchoolYear>,
    picks: Vec<Pick>,
    label: &Label<'_>,
) -> Result<Part, IngestError> {
    let groups = grouped(picks);
    let sizes: Vec<usize> = groups
        .iter()
        .map(|group| group.iter().map(Pick::len).sum())
        .collect();
    let years = Values::Integer(year.into_iter().collect());
    let file = Values::Text(Texts::from_iter([label.file]));
    let cells = |group: usize, column: usize| {
        let (group, size) = (&groups[group], sizes[group]);
        if column < label.table.columns.len() {
            return declared(sheet, column, group, size);
        }
        let standard = label.table.column("school_year").is_some();
        match column - label.table.columns.len() + usize::from(standard) {
            0 if year.is_none() => Cells::Null,
            0 => Cells::Same(&years, 0),
            1 => Cells::Same(&file, 0),
            2 => Cells::Lines(lines(sheet, group, size)),
            _ => Cells::Instant(label.modified),
        }
    };
    let rows: usize = sizes.iter().sum();
    let (path, bytes) = write_file(label, year, &sizes, cells)?;
    Ok(Part {
        table: label.table.name.to_owned(),
        path,
        bytes,
        rows: rows as u64,
        years: year.map(|year| (year, year)),
        key: match year {
            Some(year) => format!("{}-{year}", label.key),
            None => label.key.to_owned(),
        },
        source: label.source.to_owned(),
    })
}

fn declared<'a>(sheet: &'a Sheet, index: usize, group: &[Pick], size: usize) -> Cells<'a> {
    let (Some(column), fill) = (&sheet.columns[index], &sheet.fills[index]) else {
        return Cells::Null;
    };
    let Fill::Input(input) = fill else {
        return match column.meaning[0] {
            NULL => Cells::Null,
            number => Cells::Same(&column.values, number),
        };
    };
    let mut numbers = Vec::with_capacity(size);
    for pick in group {
        let block = &sheet.blocks[pick.block];
        let meaning = sheet.meaning(block, index);
        let packed = &block.batch.columns[*input];
        match &pick.rows {
            Rows::Range(from, to) => packed.extend(*from, *to, meaning, &mut numbers),
            Rows::Listed(rows) => packed.pick(rows, meaning, &mut numbers),
        }
    }
    Cells::Numbers(&column.values, numbers)
}

fn lines(sheet: &Sheet, group: &[Pick], size: usize) -> Vec<i32> {
    let mut lines = Vec::with_capacity(size);
    for pick in group {
        let block = &sheet.blocks[pick.block];
        let line = |row| i32::try_from(sheet.line(block, row)).unwrap_or(i32::MAX);
        match &pick.rows {
            Rows::Range(from, to) => lines.extend((*from..*to).map(line)),
            Rows::Listed(rows) => lines.extend(rows.iter().map(|row| line(usize::from(*row)))),
        }
    }
    lines
}
