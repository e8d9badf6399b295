//! A file to batches of raw-cell numbers, on all threads. The file is cut into segments at line ends that are
//! guessed; a segment whose guess fell inside a quoted field is noticed, because the one before it does not end
//! there, and is read again from the right place. So the result is that of reading from the first byte to the last,
//! however many segments there are.

use std::fs::File;
use std::io;

use memchr::memchr;
use rayon::prelude::*;
use throughline_model::Progress;

use crate::batch::Batch;
use crate::intern::{Interner, PADDING};
use crate::layout::Layout;
use crate::positioned::{read_at, read_exact_at};
use crate::record::{LONGEST, Start, Window};
use crate::rule::Rule;
use crate::structure;
use crate::writer::{Stuck, Writer};

/// Bytes looked at in one go; more than twice [`LONGEST`].
const WINDOW: usize = 4 << 20;
/// Smallest segment worth a task.
const SMALLEST: u64 = 1 << 20;
/// Bytes read past a segment's end at first: its last record is rarely longer.
const OVERHANG: u64 = 1 << 12;

/// One segment of a file.
#[derive(Debug)]
pub(crate) struct Segment {
    /// Distinct cells of every input.
    pub(crate) interners: Vec<Interner>,
    /// Records with the right number of fields, in file order.
    pub(crate) batches: Vec<Batch>,
    /// Records that broke a rule of the format.
    pub(crate) broken: Vec<Broken>,
    /// Physical lines.
    pub(crate) lines: u64,
    /// Records that were added to others.
    pub(crate) added: u64,
    pub(crate) start: u64,
    pub(crate) end: u64,
}

/// A record that is not one.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Broken {
    /// Physical line, counted from the start of the segment.
    pub(crate) line: u32,
    /// What is wrong.
    pub(crate) rule: Rule,
    /// What the start of the record looks like.
    pub(crate) shape: String,
}

/// Reads every record of a file of `length` bytes from byte `first` on, in about `parts` segments.
pub(crate) fn scan(
    file: &File,
    length: u64,
    layout: &Layout,
    first: u64,
    parts: u64,
    progress: &dyn Progress,
) -> io::Result<Vec<Segment>> {
    let mut starts = vec![first];
    let parts = parts.min((length - first) / SMALLEST).max(1);
    for part in 1..parts {
        let guess = first + (length - first) * part / parts;
        if let Some(start) = line_start(file, guess)?
            && starts.last().is_none_or(|last| *last < start)
            && start < length
        {
            starts.push(start);
        }
    }
    let stops: Vec<u64> = starts.iter().skip(1).copied().chain([length]).collect();
    let reader = Reader {
        file,
        length,
        layout,
        progress,
    };
    let guessed = starts
        .par_iter()
        .zip(&stops)
        .map(|(start, stop)| reader.segment(*start, *stop))
        .collect::<io::Result<Vec<_>>>()?;
    let (mut segments, mut expected) = (Vec::with_capacity(guessed.len()), first);
    for (segment, stop) in guessed.into_iter().zip(stops) {
        let segment = if segment.start == expected {
            segment
        } else if expected < stop {
            reader.segment(expected, stop)?
        } else {
            continue;
        };
        expected = segment.end;
        segments.push(segment);
    }
    Ok(segments)
}

/// The first byte after the first line feed at or after `offset`, if one is near.
fn line_start(file: &File, offset: u64) -> io::Result<Option<u64>> {
    let mut bytes = vec![0; 1 << 16];
    for round in 0..(LONGEST / bytes.len()) as u64 {
        let at = offset + round * bytes.len() as u64;
        let filled = read_at(file, &mut bytes, at)?;
        if let Some(found) = memchr(b'\n', &bytes[..filled]) {
            return Ok(Some(at + found as u64 + 1));
        }
    }
    Ok(None)
}

struct Reader<'a> {
    file: &'a File,
    length: u64,
    layout: &'a Layout,
    progress: &'a dyn Progress,
}

impl Reader<'_> {
    /// Reads the records that start in `start..stop`.
    fn segment(&self, start: u64, stop: u64) -> io::Result<Segment> {
        let mut writer = Writer::new(self.layout);
        let mut buffer = vec![0; WINDOW.min((self.length - start) as usize) + PADDING];
        let capacity = buffer.len() - PADDING;
        let mut places = Vec::new();
        let (mut base, mut filled) = (start, 0);
        let mut endless = false;
        let end = loop {
            let reached = base + filled as u64;
            let wanted = if reached < stop {
                stop + OVERHANG
            } else {
                self.length
            };
            let room = (capacity - filled) as u64;
            let count = room.min(wanted.min(self.length) - reached) as usize;
            read_exact_at(self.file, &mut buffer[filled..filled + count], reached)?;
            self.progress.advance(count as u64);
            filled += count;
            places.clear();
            structure::index(&buffer[..filled], self.layout.delimiter, &mut places);
            let window = Window {
                bytes: &buffer,
                filled,
                last: base + filled as u64 == self.length,
                places: &places,
                delimiter: self.layout.delimiter,
            };
            let mut at = Start { byte: 0, place: 0 };
            if endless {
                endless = !window.skip_line(&mut at);
                writer.line += u32::from(!endless);
            }
            while at.byte < filled && base + (at.byte as u64) < stop && !endless {
                match writer.record(&window, at) {
                    Ok(next) => at = next,
                    Err(Stuck::Incomplete) => break,
                    Err(Stuck::Endless) => {
                        endless = true;
                        at.byte = filled;
                    }
                }
            }
            let here = base + at.byte as u64;
            if !endless && here >= stop || here == self.length {
                break here;
            }
            buffer.copy_within(at.byte..filled, 0);
            filled -= at.byte;
            base = here;
        };
        Ok(writer.segment(start, end))
    }
}

impl Window<'_> {
    /// Moves to the start of the next line, or to the end of the window where there is none; whether there is.
    fn skip_line(&self, at: &mut Start) -> bool {
        while let Some(place) = self.places.get(at.place) {
            at.place += 1;
            at.byte = *place as usize + 1;
            if self.bytes[*place as usize] == b'\n' {
                return true;
            }
        }
        at.byte = self.filled;
        false
    }
}
