//! One file, read and understood: batches of raw-cell numbers and, for every canonical column, what each raw cell means.

use std::fs::File;
use std::io;

use encoding_rs::Encoding;
use throughline_model::mapping::Mapping;
use throughline_model::{Calendar, Diagnostic, Place, Progress, Table};

use crate::batch::Batch;
use crate::column::{BAD, Column};
use crate::convert::Converter;
use crate::decode::open::Note;
use crate::decode::stream;
use crate::duplicate::{Fate, Fates, mark};
use crate::error::IngestError;
use crate::identities::Identities;
use crate::intern::Interner;
use crate::key::Key;
use crate::layout::{Fill, Layout, Route, holds};
use crate::legacy;
use crate::listing::Listed;
use crate::pseudonyms::Pseudonyms;
use crate::rule::{Rule, shape};
use crate::scan::{self, Segment};

/// What every file is read with.
pub(crate) struct Reading<'a> {
    pub(crate) key: &'a Key,
    pub(crate) pseudonyms: &'a Pseudonyms,
    pub(crate) progress: &'a dyn Progress,
    /// Whom hashed IDs may belong to.
    pub(crate) identities: &'a Identities,
    /// When school years start.
    pub(crate) calendar: &'a Calendar,
    /// How many segments to cut a large file into; the result does not depend on it.
    pub(crate) segments: u64,
}

/// One file, read and understood.
pub(crate) struct Sheet {
    /// Where each column comes from.
    pub(crate) fills: Vec<Fill>,
    /// For every column of the table: its values, unless nothing fills it.
    pub(crate) columns: Vec<Option<Column>>,
    /// Batches in file order.
    pub(crate) blocks: Vec<Block>,
    /// Records that are not records, with their 1-based line.
    pub(crate) broken: Vec<(u64, Rule, String)>,
    /// Vendor names of the inputs.
    pub(crate) inputs: Vec<String>,
    /// Records that were added to others.
    pub(crate) added: u64,
    /// What was found out while reading.
    pub(crate) note: Option<Note>,
    parts: Vec<SheetPart>,
    cells: Vec<Interner>,
}

/// A batch and where it belongs.
pub(crate) struct Block {
    /// The segment it came from.
    pub(crate) part: usize,
    pub(crate) batch: Batch,
}

struct SheetPart {
    /// 1-based line of the segment's first line.
    line: u64,
    /// For every input: raw-cell number of the segment → of the file.
    raw: Vec<Vec<u32>>,
    /// For every column with an input: raw-cell number of the segment → number of the value.
    meaning: Vec<Vec<u32>>,
}

impl Sheet {
    /// Reads a file.
    pub(crate) fn read(
        listed: &Listed,
        layout: &Layout,
        mapping: &Mapping,
        reading: &Reading<'_>,
    ) -> Result<Self, IngestError> {
        let (segments, before) = match layout.route {
            Route::Scan { byte, line } => {
                let scanned = File::open(&listed.path).and_then(|file| {
                    let length = listed.stamp.bytes;
                    scan::scan(
                        &file,
                        length,
                        layout,
                        byte,
                        reading.segments,
                        reading.progress,
                    )
                });
                (scanned.map_err(|error| unreadable(listed, error))?, line)
            }
            Route::Stream { steps } => {
                let read = stream::read(listed, mapping, layout, steps, reading.progress);
                (
                    vec![read.map_err(|error| IngestError::undecoded(listed, error))?],
                    0,
                )
            }
        };
        let mut cells: Vec<Interner> = layout.inputs.iter().map(|_| Interner::new()).collect();
        let (mut parts, mut blocks, mut broken) = (Vec::new(), Vec::new(), Vec::new());
        let mut added = 0;
        let mut line = before + 1;
        for segment in segments {
            added += segment.added;
            let Segment {
                interners,
                batches,
                broken: lost,
                lines,
                ..
            } = segment;
            let raw = cells
                .iter_mut()
                .zip(&interners)
                .map(|(all, some)| all.absorb(some))
                .collect();
            let part = parts.len();
            blocks.extend(batches.into_iter().map(|batch| Block { part, batch }));
            broken.extend(
                lost.into_iter()
                    .map(|lost| (line + u64::from(lost.line), lost.rule, lost.shape)),
            );
            parts.push(SheetPart {
                line,
                raw,
                meaning: Vec::new(),
            });
            line += lines;
        }

        let (encoding, note) = legacy::judge(layout.charset, &mapping.dialect, cells.iter());
        let mut columns = Vec::with_capacity(layout.columns.len());
        for (index, fill) in layout.columns.iter().enumerate() {
            columns.push(column(
                index,
                fill,
                mapping,
                &cells,
                (layout, encoding),
                reading,
            )?);
        }
        for part in &mut parts {
            part.meaning = columns
                .iter()
                .zip(&layout.columns)
                .map(|(column, fill)| match (column, fill) {
                    (Some(column), Fill::Input(input)) => part.raw[*input]
                        .iter()
                        .map(|raw| column.meaning[*raw as usize])
                        .collect(),
                    _ => Vec::new(),
                })
                .collect();
        }
        Ok(Self {
            fills: layout.columns.clone(),
            columns,
            blocks,
            broken,
            inputs: layout.inputs.clone(),
            added,
            note,
            parts,
            cells,
        })
    }

    /// Records with the right number of fields.
    pub(crate) fn rows(&self) -> u64 {
        self.blocks
            .iter()
            .map(|block| block.batch.rows as u64)
            .sum()
    }

    /// For a column with an input: raw-cell number in the block's segment → number of the value.
    pub(crate) fn meaning(&self, block: &Block, column: usize) -> &[u32] {
        &self.parts[block.part].meaning[column]
    }

    /// The same for every segment, translated by `translate`.
    pub(crate) fn translated<T>(&self, column: usize, translate: impl Fn(u32) -> T) -> Vec<Vec<T>> {
        self.parts
            .iter()
            .map(|part| {
                part.meaning[column]
                    .iter()
                    .map(|number| translate(*number))
                    .collect()
            })
            .collect()
    }

    /// The 1-based line a record starts on.
    pub(crate) fn line(&self, block: &Block, row: usize) -> u64 {
        self.parts[block.part].line + u64::from(block.batch.line(row))
    }

    /// Every cell of the block that breaks a rule: row, column, rule, and its number in the file. By row.
    pub(crate) fn faults(&self, block: &Block) -> Vec<CellFault> {
        let mut faults = Vec::new();
        for (index, (column, fill)) in self.columns.iter().zip(&self.fills).enumerate() {
            let (Some(column), Fill::Input(input)) = (column, fill) else {
                continue;
            };
            if column.faults.is_empty() {
                continue;
            }
            let part = &self.parts[block.part];
            let numbers = &block.batch.columns[*input];
            for row in 0..block.batch.rows {
                let raw = numbers.at(row) as usize;
                if part.meaning[index][raw] == BAD {
                    let cell = part.raw[*input][raw];
                    faults.push(CellFault {
                        row,
                        input: *input,
                        cell,
                        rule: column.faults[&cell],
                    });
                }
            }
        }
        faults.sort_by_key(|fault| (fault.row, fault.input, fault.rule));
        faults.dedup();
        faults
    }

    /// For every segment and raw cell of `input`: whether it is one of `words`.
    fn holds(&self, input: usize, words: &[String]) -> Vec<Vec<bool>> {
        let cells = &self.cells[input];
        let hits: Vec<bool> = (0..cells.len() as u32)
            .map(|cell| {
                let mut scratch = [0; 16];
                let text = String::from_utf8_lossy(cells.cell(cell, &mut scratch))
                    .trim()
                    .to_lowercase();
                holds(words, &text)
            })
            .collect();
        let of = |raw: &Vec<u32>| raw.iter().map(|cell| hits[*cell as usize]).collect();
        self.parts.iter().map(|part| of(&part.raw[input])).collect()
    }

    /// Which records are no rows of the table, and which take a row back.
    pub(crate) fn ruled(&self, layout: &Layout) -> Vec<Fates> {
        let looked = |rules: &[(usize, Vec<String>)]| -> Vec<(usize, Vec<Vec<bool>>)> {
            rules
                .iter()
                .map(|(input, words)| (*input, self.holds(*input, words)))
                .collect()
        };
        let (only, except) = (looked(&layout.only), looked(&layout.except));
        let deleted = looked(&layout.deleted);
        let fate = |block: &Block,
                    rules: &[(usize, Vec<Vec<bool>>)],
                    wanted: bool,
                    fate: Fate,
                    fates: &mut Fates| {
            for (input, hits) in rules {
                block.batch.columns[*input].each(
                    block.batch.rows,
                    &hits[block.part],
                    |row, hit| {
                        if hit == wanted {
                            mark(fates, block.batch.rows, row, fate);
                        }
                    },
                );
            }
        };
        self.blocks
            .iter()
            .map(|block| {
                let mut fates = None;
                fate(block, &deleted, true, Fate::Deleted, &mut fates);
                fate(block, &only, false, Fate::Passed, &mut fates);
                fate(block, &except, true, Fate::Passed, &mut fates);
                fates
            })
            .collect()
    }

    /// Inputs that feed columns of the table's key.
    pub(crate) fn key_inputs(&self, table: &Table) -> Vec<usize> {
        let is_key = |index: &usize| table.key.contains(&table.columns[*index].name);
        (0..table.columns.len())
            .filter(is_key)
            .filter_map(|index| match self.fills[index] {
                Fill::Input(input) => Some(input),
                _ => None,
            })
            .collect()
    }

    /// Every text of the input that fills `column`, as it stands in the file.
    pub(crate) fn texts(&self, column: usize) -> Vec<String> {
        let Fill::Input(input) = self.fills[column] else {
            return Vec::new();
        };
        let cells = &self.cells[input];
        (0..cells.len() as u32)
            .filter_map(|cell| {
                let mut scratch = [0; 16];
                let text = legacy::text(cells.cell(cell, &mut scratch), None)?;
                Some(text.trim().to_owned()).filter(|text| !text.is_empty())
            })
            .collect()
    }

    /// What a cell looks like.
    pub(crate) fn shape(&self, input: usize, cell: u32) -> String {
        shape(self.cells[input].cell(cell, &mut [0; 16]))
    }
}

/// A cell that breaks a rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct CellFault {
    pub(crate) row: usize,
    pub(crate) input: usize,
    pub(crate) cell: u32,
    pub(crate) rule: Rule,
}

fn unreadable(listed: &Listed, error: io::Error) -> IngestError {
    match error.kind() {
        io::ErrorKind::UnexpectedEof => IngestError::Changed {
            file: listed.shown.clone(),
        },
        _ => IngestError::Read {
            path: listed.shown.clone(),
            error,
        },
    }
}

fn column(
    index: usize,
    fill: &Fill,
    mapping: &Mapping,
    cells: &[Interner],
    (layout, encoding): (&Layout, Option<&'static Encoding>),
    reading: &Reading<'_>,
) -> Result<Option<Column>, IngestError> {
    let about = &mapping.table.columns[index];
    let Some(field) = mapping.columns.iter().find(|field| field.column == index) else {
        return Ok(None);
    };
    let mut converter =
        Converter::new(about, field, reading.key, encoding).with_calendar(field, reading.calendar);
    if layout.is_workbook {
        converter = converter.typed_dates();
    }
    if !field.salt.is_empty() {
        converter = converter.hashed(reading.identities.of(field));
    }
    match fill {
        Fill::Absent => Ok(None),
        Fill::Input(input) => {
            Column::read(about.kind, &converter, &cells[*input], reading.pseudonyms).map(Some)
        }
        Fill::Constant(constant) => match converter.canonical(constant) {
            Ok(value) => Ok(Some(Column::constant(about.kind, value))),
            Err(rule) => {
                let place = Place {
                    file: format!("mapping `{}`", mapping.name),
                    line: 0,
                    column: 0,
                };
                let message = format!(
                    "the `value` of column `{}` breaks rule `{}`",
                    about.name,
                    rule.name()
                );
                Err(IngestError::Headers(vec![Diagnostic::error(
                    Some(place),
                    message,
                )]))
            }
        },
    }
}
