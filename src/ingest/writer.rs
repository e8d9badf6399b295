//! Gathers the records of one segment, or of one file that is read as a stream: cells become numbers, numbers batches.

use memchr::memchr;

use crate::batch::{BATCH, Batch, Packed};
use crate::decode::row::{Row, Step};
use crate::intern::Interner;
use crate::layout::Layout;
use crate::record::{Found, Start, Window};
use crate::rule::{Rule, shape};
use crate::scan::{Broken, Segment};

/// Why a window gives no further record.
pub(crate) enum Stuck {
    /// It ends before the record does.
    Incomplete,
    /// The record's line is too long and does not end in it.
    Endless,
}

/// Gathers the records of one segment.
pub(crate) struct Writer<'a> {
    layout: &'a Layout,
    interners: Vec<Interner>,
    batches: Vec<Batch>,
    broken: Vec<Broken>,
    row: Vec<u32>,
    columns: Vec<Vec<u32>>,
    lines: Vec<u32>,
    /// Line of the record that is being read, counted from the start of the segment.
    pub(crate) line: u32,
}

impl<'a> Writer<'a> {
    pub(crate) fn new(layout: &'a Layout) -> Self {
        let inputs = layout.scanned();
        Self {
            layout,
            interners: (0..inputs).map(|_| Interner::new()).collect(),
            batches: Vec::new(),
            broken: Vec::new(),
            row: vec![0; inputs],
            columns: vec![Vec::new(); inputs],
            lines: Vec::new(),
            line: 0,
        }
    }

    /// Takes the record of `window` at `at`; returns where the next one starts.
    #[inline]
    pub(crate) fn record(&mut self, window: &Window<'_>, at: Start) -> Result<Start, Stuck> {
        let (slots, interners, row) = (&self.layout.slots, &mut self.interners, &mut self.row);
        let found = window.record(at, |field, bytes, from, to| {
            if let Some(Some(input)) = slots.get(field) {
                let input = usize::from(*input);
                row[input] = interners[input].intern(bytes, from, to);
            }
        });
        match found {
            Found::Record {
                fields,
                end,
                lines,
                next,
            } => {
                // What holds nothing but delimiters is an empty line, as spreadsheets leave them below a table.
                let is_empty = end - at.byte < fields;
                if !is_empty && fields == self.layout.slots.len() {
                    self.keep();
                } else if !is_empty {
                    self.miscounted(&window.bytes[at.byte..end]);
                }
                self.line += lines;
                Ok(next)
            }
            Found::Broken { rule, next } => {
                self.reject(rule, &window.bytes[at.byte..next.byte]);
                self.line += 1;
                Ok(next)
            }
            Found::Endless => {
                self.reject(Rule::TooLong, &window.bytes[at.byte..]);
                Err(Stuck::Endless)
            }
            Found::Incomplete => Err(Stuck::Incomplete),
        }
    }

    /// Takes what a stream came to. Its lines count from the start of the file.
    pub(crate) fn take(&mut self, row: &mut Row, step: Step) {
        self.line = u32::try_from(row.line.saturating_sub(1)).unwrap_or(u32::MAX);
        while self.layout.is_workbook && row.len() < self.layout.slots.len() {
            row.push(b"");
        }
        match step {
            Step::Row if row.len() == self.layout.slots.len() => {
                row.padded();
                for (field, slot) in self.layout.slots.iter().enumerate() {
                    if let Some(input) = slot {
                        let input = usize::from(*input);
                        let (from, to) = row.place(field);
                        self.row[input] = self.interners[input].intern(row.bytes(), from, to);
                    }
                }
                self.keep();
            }
            Step::Row => self.miscounted(&row.joined(self.layout.delimiter)),
            Step::Broken(rule, shape) => self.broken.push(Broken {
                line: self.line,
                rule,
                shape,
            }),
            Step::End => {}
        }
    }

    /// What has been gathered from a stream.
    pub(crate) fn finish(self, added: u64) -> Segment {
        Segment {
            added,
            ..self.segment(0, 0)
        }
    }

    /// What has been gathered from the bytes `start..end`.
    pub(crate) fn segment(mut self, start: u64, end: u64) -> Segment {
        self.flush();
        Segment {
            interners: self.interners,
            batches: self.batches,
            broken: self.broken,
            lines: u64::from(self.line),
            added: 0,
            start,
            end,
        }
    }

    #[inline]
    fn keep(&mut self) {
        for (column, number) in self.columns.iter_mut().zip(&self.row) {
            column.push(*number);
        }
        self.lines.push(self.line);
        if self.lines.len() == BATCH {
            self.flush();
        }
    }

    fn miscounted(&mut self, bytes: &[u8]) {
        let rule = match memchr(0, bytes) {
            Some(_) => Rule::NulByte,
            None => Rule::FieldCount,
        };
        self.reject(rule, bytes);
    }

    fn reject(&mut self, rule: Rule, bytes: &[u8]) {
        let line = bytes.split(|byte| matches!(byte, b'\n' | b'\r')).next();
        self.broken.push(Broken {
            line: self.line,
            rule,
            shape: shape(line.unwrap_or_default()),
        });
    }

    fn flush(&mut self) {
        if !self.lines.is_empty() {
            let columns = self
                .columns
                .iter()
                .map(|numbers| Packed::new(numbers))
                .collect();
            self.batches.push(Batch::new(columns, &self.lines));
            self.columns.iter_mut().for_each(Vec::clear);
            self.lines.clear();
        }
    }
}
