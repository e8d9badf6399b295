//! One CSV file on its way to disk. Shards of rows are made in parallel and written in their own order, a few at
//! a time, so that memory stays flat whatever the file's size.

use std::fs::{self, File};
use std::io::Write as _;
use std::ops::Range;
use std::path::{Path, PathBuf};

use rayon::prelude::*;
use throughline_model::Progress;

use crate::bytes::Lines;
use crate::export::formats::Format;
use crate::messes::Tally;
use crate::spec::{SynthError, WrittenFile};

/// What a vendor's files look like, apart from their columns.
#[derive(Clone, Copy, Default)]
pub(crate) struct Shape {
    /// Lines end in CR LF.
    pub(crate) crlf: bool,
    /// The file starts with a UTF-8 byte-order mark.
    pub(crate) bom: bool,
}

/// A file being written.
pub(crate) struct Sheet<'p> {
    file: File,
    path: PathBuf,
    format: Format,
    written: WrittenFile,
    /// The first row, kept to be repeated.
    first: Vec<u8>,
    messes: Tally,
    progress: &'p dyn Progress,
}

impl<'p> Sheet<'p> {
    /// Creates `out/name` and writes the header line.
    pub(crate) fn create(
        out: &Path,
        name: &str,
        format: &Format,
        progress: &'p dyn Progress,
    ) -> Result<Self, SynthError> {
        let path = out.join(name);
        let at = |path: &Path, source| SynthError::Io {
            path: path.to_path_buf(),
            source,
        };
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder).map_err(|error| at(folder, error))?;
        }
        let file = File::create(&path).map_err(|error| at(&path, error))?;
        let mut sheet = Self {
            file,
            path,
            format: *format,
            written: WrittenFile {
                path: name.to_owned(),
                rows: 0,
                bytes: 0,
            },
            first: Vec::new(),
            messes: Tally::default(),
            progress,
        };
        let shape = format.shape;
        let mark: &[u8] = if shape.bom { b"\xEF\xBB\xBF" } else { b"" };
        let end: &[u8] = if shape.crlf { b"\r\n" } else { b"\n" };
        sheet.put(&[mark, format.header.as_bytes(), end].concat())?;
        Ok(sheet)
    }

    pub(crate) fn lines(&self) -> Lines {
        Lines::new(self.format.shape.crlf)
    }

    fn put(&mut self, bytes: &[u8]) -> Result<(), SynthError> {
        self.file
            .write_all(bytes)
            .map_err(|source| SynthError::Io {
                path: self.path.clone(),
                source,
            })?;
        self.written.bytes += bytes.len() as u64;
        Ok(())
    }

    /// Appends rows.
    pub(crate) fn append(&mut self, lines: &Lines) -> Result<(), SynthError> {
        if self.first.is_empty()
            && let Some(end) = lines.bytes().iter().position(|byte| *byte == b'\n')
        {
            self.first = lines.bytes()[..=end].to_vec();
        }
        self.put(lines.bytes())?;
        self.written.rows += lines.rows();
        self.messes.add(lines.messes());
        self.progress.advance(lines.rows());
        Ok(())
    }

    /// Appends the rows of `count` entities, made in shards of `shard` entities.
    pub(crate) fn shards(
        &mut self,
        count: usize,
        shard: usize,
        make: impl Fn(Range<usize>, &mut Lines) + Sync,
    ) -> Result<(), SynthError> {
        let shards = count.div_ceil(shard);
        let wave = rayon::current_num_threads() * 4;
        let crlf = self.format.shape.crlf;
        for first in (0..shards).step_by(wave) {
            let made: Vec<Lines> = (first..(first + wave).min(shards))
                .into_par_iter()
                .map(|index| {
                    let mut lines = Lines::new(crlf);
                    make(index * shard..((index + 1) * shard).min(count), &mut lines);
                    lines
                })
                .collect();
            for lines in &made {
                self.append(lines)?;
            }
        }
        Ok(())
    }

    /// Appends the first row once more.
    pub(crate) fn repeat_first(&mut self) -> Result<(), SynthError> {
        let first = std::mem::take(&mut self.first);
        self.put(&first)?;
        self.written.rows += 1;
        Ok(())
    }

    /// Path below the output folder.
    pub(crate) fn name(&self) -> &str {
        &self.written.path
    }

    /// What malformed rows of the file end in.
    pub(crate) fn tail(&self) -> &'static str {
        self.format.tail
    }

    /// Rows so far.
    pub(crate) fn rows(&self) -> u64 {
        self.written.rows
    }

    /// What was written, and how many rows of each mess are in it.
    pub(crate) fn finish(self) -> (WrittenFile, Tally) {
        (self.written, self.messes)
    }
}
