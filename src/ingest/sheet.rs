//! One file, read and understood: batches of raw-cell numbers and, for every canonical column, what each raw cell means.

use std::fs::File;
use std::io;

use encoding_rs::Encoding;
use throughline_model::mapping::Mapping;
use throughline_model::{Calendar, Diagnostic, Place, Progress};

use crate::batch::{Batch, Packed};
use crate::column::{BAD, Column};
use crate::convert::Converter;
use crate::decode::open::Note;
use crate::decode::stream;
use crate::derive::Composer;
use crate::error::IngestError;
use crate::identities::Identities;
use crate::intern::Interner;
use crate::key::Key;
use crate::layout::{Fill, Layout, Route};
use crate::legacy;
use crate::listing::Listed;
use crate::person::{self, Mending};
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
    /// Inputs that are not kept; rows that differ in them are no copies.
    pub(crate) apart: Vec<usize>,
    /// Records that were added to others.
    pub(crate) added: u64,
    /// What was found out while reading.
    pub(crate) note: Option<Note>,
    pub(crate) parts: Vec<SheetPart>,
    pub(crate) cells: Vec<Interner>,
}

/// A batch and where it belongs.
pub(crate) struct Block {
    /// The segment it came from.
    pub(crate) part: usize,
    pub(crate) batch: Batch,
}

/// A segment of the file.
pub(crate) struct SheetPart {
    /// 1-based line of the segment's first line.
    line: u64,
    /// For every input: raw-cell number of the segment → of the file.
    pub(crate) raw: Vec<Vec<u32>>,
    /// For every column with an input: raw-cell number of the segment → number of the value.
    pub(crate) meaning: Vec<Vec<u32>>,
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
        let mut cells: Vec<Interner> = (0..layout.scanned()).map(|_| Interner::new()).collect();
        let (mut parts, mut blocks, mut broken): (Vec<SheetPart>, Vec<Block>, Vec<_>) =
            (Vec::new(), Vec::new(), Vec::new());
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
        let mut encodings = vec![encoding; cells.len()];
        for derived in &layout.derived {
            let [left, right] = derived.of;
            let sides = [encodings[left], encodings[right]];
            let mut composer = Composer::new(derived, [&cells[left], &cells[right]], sides);
            for block in &mut blocks {
                let Block { part, batch } = block;
                let raw: &Vec<Vec<u32>> = &parts[*part].raw;
                let columns = &batch.columns;
                let numbers: Vec<u32> = (0..batch.rows)
                    .map(|row| {
                        let number = |input: usize| raw[input][columns[input].at(row) as usize];
                        composer.of(number(left), number(right))
                    })
                    .collect();
                batch.columns.push(Packed::new(&numbers));
            }
            let made = composer.finish();
            for part in &mut parts {
                part.raw.push((0..made.len() as u32).collect());
            }
            cells.push(made);
            encodings.push(None);
        }
        let mut columns = Vec::with_capacity(layout.columns.len());
        for (index, fill) in layout.columns.iter().enumerate() {
            let encoding = match fill {
                Fill::Input(input) => encodings[*input],
                _ => None,
            };
            columns.push(column(
                index,
                fill,
                mapping,
                &cells,
                (&listed.shown, layout, encoding),
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
            apart: layout.apart.clone(),
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

    /// Inputs that feed columns of the key.
    pub(crate) fn key_inputs(&self, mapping: &Mapping) -> Vec<usize> {
        let columns = mapping.key.iter();
        columns
            .filter_map(|name| mapping.table.position(name))
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
        person::texts(&self.cells[input], None)
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
    (shown, layout, encoding): (&str, &Layout, Option<&'static Encoding>),
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
            let cells = &cells[*input];
            if !field.repair.is_empty() {
                let ids = converter.written(person::texts(cells, encoding));
                let mending = Mending::new(&field.repair, &ids);
                let header = layout.inputs.get(*input).map_or(about.name, String::as_str);
                if let Some(problem) = merged(&mending, &ids, shown, header) {
                    return Err(IngestError::Headers(vec![problem]));
                }
                converter = converter.mended(mending);
            }
            Column::read(about.kind, &converter, cells, reading.pseudonyms).map(Some)
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

/// A repair that would make one person of two.
fn merged(mending: &Mending<'_>, ids: &[String], file: &str, header: &str) -> Option<Diagnostic> {
    let (merged, shapes) = mending.merged(ids);
    let (one, other) = shapes?;
    let place = Place {
        file: file.to_owned(),
        line: 0,
        column: 0,
    };
    let message = format!(
        "the repair of `{header}` makes one ID of IDs that the file writes differently ({merged} of {}; the first look like `{one}` and `{other}`): they can be two people",
        ids.len()
    );
    Some(Diagnostic::error(Some(place), message).hint(
        "ask for the export with its IDs as text, or repair them in two sources with a file pattern each",
    ))
}
