//! The output folder: opens files of known formats and remembers what was written and what mess was planted.

use std::path::Path;

use serde::Serialize;
use throughline_model::Progress;

use super::formats::Format;
use super::mess::Dirty;
use crate::messes::Tally;
use crate::sheet::Sheet;
use crate::spec::{SynthError, Written};

/// Rows planted to be rejected or recognised as repeated, for `truth.json`.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Planted {
    /// File, relative to the output folder.
    file: String,
    /// What is wrong with the rows.
    what: &'static str,
    rows: u64,
}

/// The output folder.
pub(crate) struct Out<'a> {
    pub(crate) folder: &'a Path,
    pub(crate) progress: &'a dyn Progress,
    /// Whether malformed and repeated rows are planted.
    pub(crate) malformed: bool,
    pub(crate) written: Written,
    pub(crate) planted: Vec<Planted>,
    /// Rows of each mess, by file.
    pub(crate) messed: Vec<(String, Tally)>,
}

impl<'a> Out<'a> {
    /// Starts a file of this format.
    pub(crate) fn open(&self, format: &Format, name: &str) -> Result<Sheet<'a>, SynthError> {
        Sheet::create(self.folder, name, format, self.progress)
    }

    /// Plants malformed rows and a repeated one, then closes the file.
    pub(crate) fn close(
        &mut self,
        mut sheet: Sheet<'a>,
        dirty: &[Dirty],
    ) -> Result<(), SynthError> {
        if self.malformed && sheet.rows() >= 200 {
            let mut lines = sheet.lines();
            for (row, _) in dirty {
                lines.row(&format!("{row}{}", sheet.tail()));
            }
            sheet.append(&lines)?;
            let file = sheet.name().to_owned();
            self.planted.extend(dirty.iter().map(|(_, what)| Planted {
                file: file.clone(),
                what,
                rows: 1,
            }));
            if !dirty.is_empty() {
                sheet.repeat_first()?;
                self.planted.push(Planted {
                    file,
                    what: "repeated row",
                    rows: 1,
                });
            }
        }
        self.keep(sheet);
        Ok(())
    }

    /// Closes a file that corrects rows of an earlier one.
    pub(crate) fn close_correction(&mut self, sheet: Sheet<'a>) {
        self.planted.push(Planted {
            file: sheet.name().to_owned(),
            what: "corrects rows of an earlier file",
            rows: sheet.rows(),
        });
        self.keep(sheet);
    }

    fn keep(&mut self, sheet: Sheet<'a>) {
        let (file, messes) = sheet.finish();
        self.messed.push((file.path.clone(), messes));
        self.written.files.push(file);
    }
}
