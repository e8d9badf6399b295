//! A file's header held against its mapping: which vendor column feeds which canonical column. Every problem is
//! reported, with the nearest header there is; a header is quoted in a message only once the file has shown that
//! its first line is a header at all, for a file without one starts with somebody's record.

use std::fs::File;
use std::io;

use memchr::memchr;
use throughline_model::mapping::{Mapping, Origin};
use throughline_model::suggest::nearest;
use throughline_model::{Diagnostic, Place};

use crate::intern::PADDING;
use crate::positioned::read_at;
use crate::record::{Found, LONGEST, Start, Window};
use crate::structure;

const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";
const DELIMITERS: [u8; 4] = *b",;\t|";
/// Bytes in which a header usually ends.
const USUAL: u64 = 1 << 14;
/// Longest vendor name in a message, in characters.
const LONGEST_NAME: usize = 60;

/// Where the values of a canonical column come from in one file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Fill {
    /// This input.
    Input(usize),
    /// The same in every row.
    Constant(String),
    /// Nowhere: null.
    Absent,
}

/// How one file's records become rows.
#[derive(Clone, Debug)]
pub(crate) struct Layout {
    /// Field separator.
    pub(crate) delimiter: u8,
    /// For every field of the file, the input it is, if any.
    pub(crate) slots: Vec<Option<u16>>,
    /// Vendor names of the inputs.
    pub(crate) inputs: Vec<String>,
    /// For every column of the table.
    pub(crate) columns: Vec<Fill>,
    /// Byte and 0-based line at which records start.
    pub(crate) body: (u64, u64),
}

/// A header that fits, and what is odd about it; or what is wrong with it.
pub(crate) type Read = Result<(Layout, Vec<Diagnostic>), Vec<Diagnostic>>;

/// Reads the header of a file of `length` bytes; `shown` is the file's name in messages.
pub(crate) fn read(file: &File, length: u64, shown: &str, mapping: &Mapping) -> io::Result<Read> {
    for bytes in [USUAL, LONGEST as u64 + USUAL] {
        if let Some(read) = read_within(bytes, file, length, shown, mapping)? {
            return Ok(read);
        }
    }
    Ok(Err(vec![no_header(shown)]))
}

fn no_header(shown: &str) -> Diagnostic {
    let place = Place {
        file: shown.to_owned(),
        line: 1,
        column: 0,
    };
    Diagnostic::error(Some(place), "the first line is not a header")
}

/// Reads the header from the first `most` bytes; `None` where it is longer.
fn read_within(
    most: u64,
    file: &File,
    length: u64,
    shown: &str,
    mapping: &Mapping,
) -> io::Result<Option<Read>> {
    let whole = Place {
        file: shown.to_owned(),
        line: 0,
        column: 0,
    };
    let refuse = |message: &str, hint: &str| {
        let problem = Diagnostic::error(Some(whole.clone()), message);
        Ok(Some(Err(vec![if hint.is_empty() {
            problem
        } else {
            problem.hint(hint)
        }])))
    };
    let mut bytes = vec![0; length.min(most) as usize];
    let filled = read_at(file, &mut bytes, 0)?;
    bytes.truncate(filled);
    if bytes.is_empty() {
        return refuse("the file is empty, without even a header", "");
    }
    if bytes.starts_with(b"\xff\xfe") || bytes.starts_with(b"\xfe\xff") {
        return refuse("the file is UTF-16", "export it as UTF-8");
    }
    let skip = if bytes.starts_with(BYTE_ORDER_MARK) {
        BYTE_ORDER_MARK.len()
    } else {
        0
    };
    let mut places = Vec::new();
    structure::index(&bytes, mapping.delimiter, &mut places);
    let place = places.partition_point(|at| (*at as usize) < skip);
    let line_feed = memchr(b'\n', &bytes);
    if line_feed.is_none() && memchr(b'\r', &bytes).is_some_and(|at| at + 1 < bytes.len()) {
        return refuse(
            "lines end in carriage returns alone",
            "export it with LF or CRLF line ends",
        );
    }
    bytes.resize(filled + PADDING, 0);
    let window = Window {
        bytes: &bytes,
        filled,
        last: filled as u64 == length,
        places: &places,
        delimiter: mapping.delimiter,
    };
    let mut names = Vec::new();
    let start = Start { byte: skip, place };
    let found = window.record(start, |_, bytes, from, to| {
        names.push(String::from_utf8_lossy(&bytes[from..to]).trim().to_owned());
    });
    let (next, lines) = match found {
        Found::Record { next, lines, .. } => (next, lines),
        Found::Incomplete => return Ok(None),
        Found::Broken { .. } | Found::Endless => return Ok(Some(Err(vec![no_header(shown)]))),
    };
    let lines = if bytes[..next.byte].ends_with(b"\n") {
        lines
    } else {
        0
    };
    let body = (next.byte as u64, u64::from(lines));
    let other = DELIMITERS
        .into_iter()
        .find(|byte| *byte != mapping.delimiter && memchr(*byte, names[0].as_bytes()).is_some());
    if let (1, Some(other)) = (names.len(), other) {
        return refuse(
            &format!(
                "fields are separated by {}, but mapping `{}` says {}",
                spoken(other),
                mapping.name,
                spoken(mapping.delimiter)
            ),
            &format!("set `delimiter` in mapping `{}`", mapping.name),
        );
    }
    Ok(Some(fit(&names, body, shown, mapping)))
}

fn spoken(delimiter: u8) -> String {
    if delimiter == b'\t' {
        "tabs".to_owned()
    } else {
        format!("`{}`", char::from(delimiter))
    }
}

fn folded(name: &str) -> String {
    name.trim().to_lowercase()
}

fn shortened(name: &str) -> String {
    name.chars().take(LONGEST_NAME).collect()
}

fn fit(names: &[String], body: (u64, u64), shown: &str, mapping: &Mapping) -> Read {
    let place = |column: usize| {
        Some(Place {
            file: shown.to_owned(),
            line: 1,
            column: u32::try_from(column).unwrap_or_default(),
        })
    };
    let present: Vec<String> = names.iter().map(|name| folded(name)).collect();
    let find = |wanted: &str| {
        let wanted = folded(wanted);
        present.iter().position(|name| *name == wanted)
    };
    let wanted: Vec<&String> = mapping
        .columns
        .iter()
        .filter_map(|field| match &field.from {
            Origin::Header(headers) => Some(headers),
            Origin::Constant(_) => None,
        })
        .flatten()
        .collect();
    if !wanted.is_empty() && !wanted.iter().any(|name| find(name).is_some()) {
        let first = wanted.iter().take(3).map(|name| format!("`{name}`"));
        return Err(vec![
            Diagnostic::error(
                place(0),
                format!(
                    "no column of mapping `{}` is in the first line",
                    mapping.name
                ),
            )
            .hint("is the header missing, or is this another export?")
            .hint(format!(
                "expected columns such as {}",
                first.collect::<Vec<_>>().join(", ")
            )),
        ]);
    }

    let (mut problems, mut warnings) = (Vec::new(), Vec::new());
    let mut layout = Layout {
        delimiter: mapping.delimiter,
        slots: vec![None; names.len()],
        inputs: Vec::new(),
        columns: vec![Fill::Absent; mapping.table.columns.len()],
        body,
    };
    for field in &mapping.columns {
        let column = &mapping.table.columns[field.column];
        let headers = match &field.from {
            Origin::Header(headers) => headers,
            Origin::Constant(constant) => {
                layout.columns[field.column] = Fill::Constant(constant.clone());
                continue;
            }
        };
        let Some(index) = headers.iter().find_map(|header| find(header)) else {
            let near = headers
                .iter()
                .find_map(|header| nearest(header, names.iter().map(String::as_str)))
                .map(shortened);
            let message = format!(
                "column `{}` is missing (`{}` of table `{}` comes from it)",
                headers.join("` or `"),
                column.name,
                mapping.table.name
            );
            if column.required {
                let problem = Diagnostic::error(place(0), message);
                problems.push(match near {
                    Some(near) => problem.hint(format!("the nearest column there is `{near}`")),
                    None => problem,
                });
            } else {
                warnings.push(Diagnostic::warning(place(0), message));
            }
            continue;
        };
        if present
            .iter()
            .filter(|name| **name == present[index])
            .count()
            > 1
        {
            problems.push(Diagnostic::error(
                place(index + 1),
                format!(
                    "column `{}` stands twice in the header",
                    headers.join("` or `")
                ),
            ));
            continue;
        }
        let next = layout.inputs.len() as u16;
        let input = *layout.slots[index].get_or_insert(next);
        if input == next {
            layout.inputs.push(shortened(&names[index]));
        }
        layout.columns[field.column] = Fill::Input(usize::from(input));
    }
    for (index, name) in names.iter().enumerate() {
        let known = layout.slots[index].is_some()
            || wanted.iter().any(|known| folded(known) == present[index])
            || mapping
                .ignore
                .iter()
                .any(|known| folded(known) == present[index]);
        if !known && !name.is_empty() {
            let missing = wanted
                .iter()
                .filter(|known| find(known).is_none())
                .map(|known| known.as_str());
            warnings.push(
                Diagnostic::warning(
                    place(index + 1),
                    format!(
                        "column `{}` is not known to mapping `{}` and is not read",
                        shortened(name),
                        mapping.name
                    ),
                )
                .did_you_mean(nearest(name, missing)),
            );
        }
    }
    if problems.is_empty() {
        Ok((layout, warnings))
    } else {
        Err(problems)
    }
}
