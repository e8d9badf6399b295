//! The parts of one file: one Parquet file for every school year in it, so that a year prunes, in row groups
//! that hold the same rows however the file was cut into segments. A part is written under another name, flushed to disk
//! and renamed, so that what is there is whole.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use chrono::NaiveDate;
use throughline_model::table::YearFrom;
use throughline_model::{Calendar, Part, SchoolYear, Table};

use crate::column::{Column, NULL, Texts, Values};
use crate::duplicate::{Fate, Fates};
use crate::error::IngestError;
use crate::layout::Fill;
use crate::parquet::{Cells, Encoder, Output};
use crate::sheet::Sheet;

/// Rows of a row group.
const GROUP: usize = 1 << 20;

/// What a part is called and says of itself.
pub(crate) struct Label<'a> {
    pub(crate) table: &'static Table,
    pub(crate) source: &'a str,
    /// The file as the pipeline names it.
    pub(crate) file: &'a str,
    /// When it was last changed, in milliseconds since 1970 UTC.
    pub(crate) modified: i64,
    /// Hash of everything the part is made from.
    pub(crate) key: &'a str,
    pub(crate) lake: &'a Lake<'a>,
    pub(crate) calendar: &'a Calendar,
}

/// The lake's folder, and what this run has put there.
pub(crate) struct Lake<'a> {
    pub(crate) folder: &'a Path,
    written: Mutex<Vec<PathBuf>>,
}

impl<'a> Lake<'a> {
    pub(crate) fn new(folder: &'a Path) -> Self {
        Self {
            folder,
            written: Mutex::default(),
        }
    }

    fn note(&self, path: PathBuf) {
        let mut written = self.written.lock().unwrap_or_else(PoisonError::into_inner);
        written.push(path);
    }

    /// Removes every part that this run has added; those it has made again stay, for releases may hold them.
    pub(crate) fn undo(self) {
        let written = self.written.into_inner();
        for path in written.unwrap_or_else(PoisonError::into_inner) {
            // What cannot be removed is not referred to by anything.
            let _ = fs::remove_file(path);
        }
    }
}

/// Rows of a block.
enum Rows {
    Range(usize, usize),
    Listed(Vec<u16>),
}

struct Pick {
    block: usize,
    rows: Rows,
}

impl Pick {
    fn len(&self) -> usize {
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

/// Writes the kept rows of `sheet`; one part per school year.
pub(crate) fn write(
    sheet: &Sheet,
    fates: &[Fates],
    label: &Label<'_>,
) -> Result<Vec<Part>, IngestError> {
    by_year(sheet, fates, label)
        .into_iter()
        .map(|(year, picks)| write_year(sheet, year, picks, label))
        .collect()
}

/// The kept rows in file order, by school year.
fn by_year(
    sheet: &Sheet,
    fates: &[Fates],
    label: &Label<'_>,
) -> BTreeMap<Option<SchoolYear>, Vec<Pick>> {
    let years = Years::new(sheet, label);
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
    fn new(sheet: &Sheet, label: &Label<'_>) -> Self {
        let name = match label.table.year {
            YearFrom::Never => return Self::All(None),
            YearFrom::Column => "school_year",
            YearFrom::Date(name) => name,
        };
        let is_date = matches!(label.table.year, YearFrom::Date(_));
        let year = |value: i32| {
            if is_date {
                NaiveDate::from_epoch_days(value).map(|day| label.calendar.school_year(day))
            } else {
                Some(value)
            }
        };
        let Some(index) = label.table.columns.iter().position(|c| c.name == name) else {
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

/// Encodes and writes one part; returns its path in the lake and its size.
pub(crate) fn write_file<'a>(
    label: &Label<'_>,
    year: Option<SchoolYear>,
    sizes: &[usize],
    cells: impl Fn(usize, usize) -> Cells<'a> + Sync,
) -> Result<(PathBuf, u64), IngestError> {
    let encode = |message| IngestError::Encode {
        table: label.table.name.to_owned(),
        message,
    };
    let path = Path::new(label.table.name).join(name(label, year));
    let whole = label.lake.folder.join(&path);
    let partial = whole.with_extension("partial");
    let failed = |error| IngestError::Write {
        path: whole.clone(),
        error,
    };
    fs::create_dir_all(label.lake.folder.join(label.table.name)).map_err(failed)?;
    let result = (|| {
        let encoder = Encoder::new(label.table).map_err(encode)?;
        let disk = |message: String| failed(std::io::Error::other(message));
        let file = File::create(&partial).map_err(failed)?;
        let mut output = Output::new(file, &encoder).map_err(encode)?;
        let wave = rayon::current_num_threads().max(1);
        for first in (0..sizes.len()).step_by(wave) {
            let wave = &sizes[first..sizes.len().min(first + wave)];
            let groups = encoder
                .groups(wave, |group, column| cells(first + group, column))
                .map_err(encode)?;
            for group in &groups {
                output.write(group).map_err(disk)?;
            }
        }
        let bytes = output.finish().map_err(disk)?;
        let added = !whole.exists();
        fs::rename(&partial, &whole).map_err(failed)?;
        if added {
            label.lake.note(whole.clone());
        }
        Ok(bytes)
    })();
    match result {
        Ok(bytes) => Ok((path, bytes)),
        Err(error) => {
            // The error that stopped the work is the one to report.
            let _ = fs::remove_file(&partial);
            Err(error)
        }
    }
}

/// A part's file name: the same for the same bytes, so that making a part again cannot disturb a release.
fn name(label: &Label<'_>, year: Option<SchoolYear>) -> String {
    let mut hasher = blake3::Hasher::new();
    hasher.update(label.key.as_bytes());
    hasher.update(&label.modified.to_le_bytes());
    let digits = hasher.finalize().to_hex();
    let (source, digits) = (safe(label.source), &digits[..16]);
    match year {
        Some(year) => format!("{source}-{digits}-{year}.parquet"),
        None => format!("{source}-{digits}.parquet"),
    }
}

/// The name of a source as part of a file name.
fn safe(source: &str) -> String {
    source
        .chars()
        .map(|c| {
            if c.is_ascii_alphanumeric() || c == '_' {
                c
            } else {
                '_'
            }
        })
        .collect()
}

/// Rows in row groups of [`GROUP`].
fn grouped(picks: Vec<Pick>) -> Vec<Vec<Pick>> {
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
