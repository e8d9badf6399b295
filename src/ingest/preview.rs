//! The first records of a file as text, for whoever has to find out what is in it before there is a mapping. What is
//! returned holds what the file holds, names of people included: it is never to be printed or kept.

use std::fs::File;
use std::path::Path;

use encoding_rs::WINDOWS_1252;
use throughline_model::Diagnostic;
use throughline_model::dialect::Dialect;
use throughline_model::progress::Silent;

use crate::decode::container::{self, Content};
use crate::decode::open;
use crate::decode::row::{DecodeError, Row, Step};
use crate::decode::stream;
use crate::layout::noted;
use crate::legacy;
use crate::listing::{Listed, Stamp};
use crate::rule::Rule;

/// Nested records in which columns are looked for.
const SAMPLED: usize = 200;

/// The start of a file.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Preview {
    /// Names of its columns.
    pub names: Vec<String>,
    /// Records with their 1-based lines; those of another width than the header are among them.
    pub rows: Vec<(u64, Vec<String>)>,
    /// What is no record: line and rule.
    pub broken: Vec<(u64, Rule)>,
    /// Whether there are more records than were asked for.
    pub more: bool,
    /// What was found out about the file.
    pub notes: Vec<Diagnostic>,
}

/// Reads the header and up to `most` records of the file at `path`, or of the `member` of the archive that it is.
///
/// # Errors
/// One diagnostic that says why the file cannot be read: it is cut off, encrypted, empty, not there.
pub fn preview(
    path: &Path,
    member: Option<&str>,
    dialect: &Dialect,
    most: usize,
) -> Result<Preview, Diagnostic> {
    let shown = path.file_name().unwrap_or_default().to_string_lossy();
    let stamp = std::fs::metadata(path).and_then(|about| Stamp::of(&about));
    let diagnostic = |error: DecodeError| error.diagnostic(&shown);
    let only = || {
        let mut file = File::open(path).ok()?;
        if Content::of_file(&mut file).ok()? != Content::Zip {
            return None;
        }
        match container::members(file).ok()??.as_slice() {
            [only] => Some(only.clone()),
            _ => None,
        }
    };
    let listed = Listed {
        path: path.to_path_buf(),
        member: member.map(str::to_owned).or_else(only),
        shown: shown.clone().into_owned(),
        stamp: stamp.map_err(|error| diagnostic(error.into()))?,
        held: false,
    };
    read(&listed, dialect, most).map_err(diagnostic)
}

/// The same of a file that was listed.
pub(crate) fn read(
    listed: &Listed,
    dialect: &Dialect,
    most: usize,
) -> Result<Preview, DecodeError> {
    let wanted = open::leaves(listed, dialect, SAMPLED)?;
    let head = stream::head(listed, dialect, &wanted, |_| true)?;
    let mut rows = open::open(listed, dialect, &wanted, &Silent)?.rows;
    let mut row = Row::default();
    for _ in 0..head.steps {
        rows.next(&mut row)?;
    }
    let mut preview = Preview {
        names: head.names,
        notes: head
            .notes
            .into_iter()
            .map(|note| noted(&listed.shown, note))
            .collect(),
        ..Preview::default()
    };
    loop {
        match rows.next(&mut row)? {
            Step::End => return Ok(preview),
            Step::Row if row.is_blank() => {}
            _ if preview.rows.len() + preview.broken.len() >= most => {
                preview.more = true;
                return Ok(preview);
            }
            Step::Row => {
                let cells = row.cells().map(|cell| {
                    legacy::text(cell, None)
                        .or_else(|| legacy::text(cell, Some(WINDOWS_1252)))
                        .map_or_else(
                            || String::from_utf8_lossy(cell).into_owned(),
                            |text| text.into_owned(),
                        )
                });
                preview.rows.push((row.line, cells.collect()));
            }
            Step::Broken(rule, _) => preview.broken.push((row.line, rule)),
        }
    }
}
