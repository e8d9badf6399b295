//! A file's header held against its mapping: which vendor column feeds which canonical column. Every problem is
//! reported, with the nearest header there is; a header is quoted in a message only once the file has shown that
//! its first line is a header at all, for a file without one starts with somebody's record.

use std::fs::File;
use std::io;

use memchr::memchr;
use throughline_model::mapping::{Field, Mapping, Origin};
use throughline_model::suggest::nearest;
use throughline_model::{Diagnostic, Place};

use crate::decode::container::Content;
use crate::decode::encoding::{self, Charset};
use crate::decode::open::{self, Note};
use crate::decode::row::DecodeError;
use crate::decode::tree::{self, Wanted};
use crate::decode::{lookup, stream};
use crate::derive::{self, Derived};
use crate::intern::PADDING;
use crate::listing::Listed;
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

/// How a file is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Route {
    /// Plain CSV, from this byte and 0-based line on.
    Scan { byte: u64, line: u64 },
    /// As a stream of records, of which so many come before the first one that counts.
    Stream { steps: u64 },
}

/// How one file's records become rows.
#[derive(Clone, Debug)]
pub(crate) struct Layout {
    /// How it is read.
    pub(crate) route: Route,
    /// What its bytes mean.
    pub(crate) charset: Charset,
    /// Whether dates may be typed, and rows end where their last cell does.
    pub(crate) is_workbook: bool,
    /// Names of the file's own columns, where it is read as a stream.
    pub(crate) names: Vec<String>,
    /// Field separator.
    pub(crate) delimiter: u8,
    /// For every field of the file, the input it is, if any.
    pub(crate) slots: Vec<Option<u16>>,
    /// Vendor names of the inputs: those that stand in the file, and after them the derived ones.
    pub(crate) inputs: Vec<String>,
    /// Inputs that are put together from others.
    pub(crate) derived: Vec<Derived>,
    /// For every column of the table.
    pub(crate) columns: Vec<Fill>,
    /// Inputs that are not kept; rows that differ in them are no copies.
    pub(crate) apart: Vec<usize>,
    /// A record is a row of the table where each of these inputs holds one of its words, trimmed and in lower case.
    pub(crate) only: Vec<(usize, Vec<String>)>,
    /// A record is no row where one of these inputs holds one of its words.
    pub(crate) except: Vec<(usize, Vec<String>)>,
    /// A record takes back a row where one of these inputs holds one of its words.
    pub(crate) deleted: Vec<(usize, Vec<String>)>,
}

impl Layout {
    /// How many inputs stand in the file.
    pub(crate) fn scanned(&self) -> usize {
        self.inputs.len() - self.derived.len()
    }

    /// The input that the field at `index` of the file is.
    fn input(&mut self, index: usize, name: &str) -> usize {
        let next = self.inputs.len() as u16;
        let input = *self.slots[index].get_or_insert(next);
        if input == next {
            self.inputs.push(shortened(name));
        }
        usize::from(input)
    }
}

/// Whether a cell, trimmed and in lower case, is one of a rule's words; `*` is anything but nothing.
pub(crate) fn holds(words: &[String], text: &str) -> bool {
    words
        .iter()
        .any(|word| word == text || word == "*" && !text.is_empty())
}

/// A header that fits, and what is odd about it; or what is wrong with it.
pub(crate) type Read = Result<(Layout, Header), Header>;

/// How a header differs from what its mapping expects.
#[derive(Debug, Default)]
pub(crate) struct Header {
    /// What is wrong or odd about it apart from that.
    pub(crate) told: Vec<Diagnostic>,
    /// The line it ends on.
    pub(crate) line: u64,
    /// Columns that are not there and fill a field.
    pub(crate) lost: Vec<Lost>,
    /// Columns that the mapping does not know.
    pub(crate) unread: Vec<Unread>,
}

/// A column of the mapping that is not in the header.
#[derive(Debug)]
pub(crate) struct Lost {
    /// Its names.
    pub(crate) names: String,
    /// The canonical column that comes from it.
    pub(crate) field: &'static str,
    pub(crate) required: bool,
    /// The column of the header that is called most like it.
    pub(crate) near: Option<String>,
}

/// A column of the header that is not in the mapping.
#[derive(Debug)]
pub(crate) struct Unread {
    pub(crate) name: String,
    /// Its 1-based place in the header.
    pub(crate) at: usize,
    /// The lost column that is called most like it.
    pub(crate) near: Option<String>,
}

impl From<Diagnostic> for Header {
    fn from(problem: Diagnostic) -> Self {
        Self {
            told: vec![problem],
            ..Self::default()
        }
    }
}

/// Reads the header of a file.
pub(crate) fn read(listed: &Listed, mapping: &Mapping) -> Result<Read, DecodeError> {
    let scanned = match scannable(listed, mapping)? {
        Some((file, charset)) => scanned(&file, listed, mapping, charset)?,
        None => Scanned::Stream,
    };
    let refused = match scanned {
        Scanned::Fits(read) => return Ok(*read),
        Scanned::Refused(wrong) => Some(wrong),
        Scanned::Stream => None,
    };
    let wanted = Wanted::of(mapping);
    let head = stream::head(listed, &mapping.dialect, &wanted, |names| {
        complete(names, mapping)
    });
    let head = match (head, refused) {
        (Ok(head), Some(wrong)) if !complete(&head.names, mapping) => return Ok(Err(wrong)),
        (Err(DecodeError::Refused { .. }), Some(wrong)) => return Ok(Err(wrong)),
        (head, _) => head?,
    };
    let route = Route::Stream { steps: head.steps };
    let base = head.names.len();
    let mut names = head.names;
    names.extend(lookup::names(mapping, &names)?);
    let read = fit(
        &names,
        route,
        head.charset,
        head.line,
        &listed.shown,
        mapping,
    );
    Ok(read.map(|(mut layout, mut header)| {
        layout.is_workbook = head.is_workbook;
        layout.names = names[..base].to_vec();
        header.told.extend(
            head.notes
                .into_iter()
                .map(|note| noted(&listed.shown, note)),
        );
        (layout, header)
    }))
}

/// Something found out about a file, as a warning.
pub(crate) fn noted(shown: &str, (message, hint): Note) -> Diagnostic {
    let place = Place {
        file: shown.to_owned(),
        line: 0,
        column: 0,
    };
    Diagnostic::warning(Some(place), message).hint(hint)
}

/// The vendor columns that may fill a field: in a nested format they are one column.
fn headers(mapping: &Mapping, field: &Field) -> Option<Vec<String>> {
    let nested = mapping.dialect.is_nested();
    let headers = match &field.from {
        Origin::Header(headers) => headers,
        Origin::Joined(headers) => return Some(headers.clone()),
        Origin::Constant(_) => return None,
    };
    let looked_up = |name: &String| {
        mapping.lookups.iter().any(|lookup| {
            name.strip_prefix(&lookup.name)
                .is_some_and(|rest| rest.starts_with('.'))
        })
    };
    let chosen = |name: &String| !mapping.lookups.is_empty() && name.contains(lookup::OR);
    if nested && !headers.iter().any(|name| looked_up(name) || chosen(name)) {
        return tree::column(field).map(|name| vec![name]);
    }
    Some(headers.clone())
}

/// Whether every required column is among `names`.
fn complete(names: &[String], mapping: &Mapping) -> bool {
    let there = |wanted: &String| names.iter().any(|name| folded(name) == folded(wanted));
    let mut required = mapping
        .columns
        .iter()
        .filter(|field| mapping.table.columns[field.column].required);
    required.all(|field| match &field.from {
        Origin::Header(headers) => headers.iter().any(there),
        Origin::Joined(headers) => headers.iter().all(there),
        Origin::Constant(_) => true,
    })
}

/// Opens a file that may be plain CSV, as far as its mapping and its first bytes say.
fn scannable(listed: &Listed, mapping: &Mapping) -> Result<Option<(File, Charset)>, DecodeError> {
    let dialect = &mapping.dialect;
    let plain = dialect.is_plain()
        && dialect.skip == 0
        && dialect.header_lines == 1
        && dialect.names.is_empty()
        && dialect.trailer.is_none()
        && mapping.lookups.is_empty()
        // Records are added up as they come, one after the other.
        && mapping.rows.sum.is_empty()
        && listed.member.is_none();
    if !plain {
        return Ok(None);
    }
    let file = File::open(&listed.path)?;
    let mut head = vec![0; encoding::HEAD];
    let filled = read_at(&file, &mut head, 0)?;
    head.truncate(filled);
    if Content::of(&head) != Content::Plain {
        return Ok(None);
    }
    let mut notes = Vec::new();
    let (charset, _) = open::charset(&head, dialect, &mut notes)?;
    let wide = matches!(charset, Charset::Wide(_));
    Ok((!wide && notes.is_empty()).then_some((file, charset)))
}

/// What the header of a plain CSV came to.
enum Scanned {
    Fits(Box<Read>),
    /// It is no header of this mapping: perhaps there are lines before it.
    Refused(Header),
    Stream,
}

fn scanned(
    file: &File,
    listed: &Listed,
    mapping: &Mapping,
    charset: Charset,
) -> Result<Scanned, DecodeError> {
    for bytes in [USUAL, LONGEST as u64 + USUAL] {
        if let Some(read) = scanned_within(bytes, file, listed, mapping, charset)? {
            return Ok(read);
        }
    }
    Ok(Scanned::Refused(no_header(&listed.shown).into()))
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
fn scanned_within(
    most: u64,
    file: &File,
    listed: &Listed,
    mapping: &Mapping,
    charset: Charset,
) -> io::Result<Option<Scanned>> {
    let (shown, length, delimiter) = (&listed.shown, listed.stamp.bytes, mapping.dialect.delimiter);
    let problem = |message: &str| {
        let place = Place {
            file: shown.clone(),
            line: 0,
            column: 0,
        };
        Diagnostic::error(Some(place), message)
    };
    let mut bytes = vec![0; length.min(most) as usize];
    let filled = read_at(file, &mut bytes, 0)?;
    bytes.truncate(filled);
    if bytes.is_empty() {
        let empty = problem("the file is empty, without even a header");
        return Ok(Some(Scanned::Fits(Box::new(Err(empty.into())))));
    }
    let skip = if bytes.starts_with(BYTE_ORDER_MARK) {
        BYTE_ORDER_MARK.len()
    } else {
        0
    };
    let mut places = Vec::new();
    structure::index(&bytes, delimiter, &mut places);
    let place = places.partition_point(|at| (*at as usize) < skip);
    if open::ends_in_returns(&bytes) {
        return Ok(Some(Scanned::Stream));
    }
    bytes.resize(filled + PADDING, 0);
    let window = Window {
        bytes: &bytes,
        filled,
        last: filled as u64 == length,
        places: &places,
        delimiter,
    };
    let mut names = Vec::new();
    let start = Start { byte: skip, place };
    let mut utf8 = true;
    let found = window.record(start, |_, bytes, from, to| {
        utf8 &= std::str::from_utf8(&bytes[from..to]).is_ok();
        names.push(String::from_utf8_lossy(&bytes[from..to]).trim().to_owned());
    });
    let (next, lines) = match found {
        Found::Record { next, lines, .. } => (next, lines),
        Found::Incomplete => return Ok(None),
        Found::Broken { .. } | Found::Endless => {
            return Ok(Some(Scanned::Refused(no_header(shown).into())));
        }
    };
    if !utf8 || charset != Charset::Utf8 {
        return Ok(Some(Scanned::Stream));
    }
    let lines = if bytes[..next.byte].ends_with(b"\n") {
        lines
    } else {
        0
    };
    let route = Route::Scan {
        byte: next.byte as u64,
        line: u64::from(lines),
    };
    let read = fit(&names, route, charset, 1, shown, mapping);
    Ok(Some(match read {
        Err(wrong) if !any(&names, mapping) => Scanned::Refused(wrong),
        read => Scanned::Fits(Box::new(read)),
    }))
}

/// Whether any column that is wanted is among `names`.
fn any(names: &[String], mapping: &Mapping) -> bool {
    wanted(mapping).any(|wanted| names.iter().any(|name| folded(name) == folded(&wanted)))
}

/// Every vendor column that the mapping names.
fn wanted(mapping: &Mapping) -> impl Iterator<Item = String> {
    let rules = mapping.rule_columns();
    let by = mapping.lookups.iter().flat_map(|lookup| &lookup.by);
    mapping
        .columns
        .iter()
        .filter_map(|field| headers(mapping, field))
        .flatten()
        .flat_map(|name| {
            let parts: Vec<String> = name.split(lookup::OR).map(str::to_owned).collect();
            std::iter::once(name).chain(parts)
        })
        .chain(rules.chain(by).cloned())
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

/// What a file is that has none of the columns, where its first line shows it.
fn another_kind(names: &[String], mapping: &Mapping) -> Option<Diagnostic> {
    let start = names.first()?.to_ascii_lowercase();
    let begins = |with: &[&str]| with.iter().any(|with| start.starts_with(with));
    if begins(&["<!doctype html", "<html", "<head", "<body"]) {
        let told = "the file is a web page and no export";
        let hint = "it may be a page that asks to log in: export it again";
        return Some(Diagnostic::error(None, told).hint(hint));
    }
    if begins(&["%pdf-"]) {
        let told = "the file is a PDF and no export";
        return Some(Diagnostic::error(None, told).hint("export it again as CSV or as a workbook"));
    }
    let delimiter = mapping.dialect.delimiter;
    let [only] = names else { return None };
    let other = DELIMITERS
        .into_iter()
        .find(|byte| *byte != delimiter && memchr(*byte, only.as_bytes()).is_some())?;
    let told = format!(
        "fields are separated by {}, but mapping `{}` says {}",
        spoken(other),
        mapping.name,
        spoken(delimiter)
    );
    let written = char::from(other).escape_default();
    let hint = format!(
        "write `delimiter = \"{written}\"` under `[dialect]` of mapping `{}`, or export with {}",
        mapping.name,
        spoken(delimiter)
    );
    Some(Diagnostic::error(None, told).hint(hint))
}

fn fit(
    names: &[String],
    route: Route,
    charset: Charset,
    line: u64,
    shown: &str,
    mapping: &Mapping,
) -> Read {
    let place = |column: usize| {
        Some(Place {
            file: shown.to_owned(),
            line: u32::try_from(line).unwrap_or(u32::MAX),
            column: u32::try_from(column).unwrap_or_default(),
        })
    };
    let present: Vec<String> = names.iter().map(|name| folded(name)).collect();
    let find = |wanted: &str| {
        let wanted = folded(wanted);
        present.iter().position(|name| *name == wanted)
    };
    let wanted: Vec<String> = wanted(mapping).collect();
    if !wanted.is_empty() && !wanted.iter().any(|name| find(name).is_some()) {
        let mut first: Vec<String> = Vec::new();
        for name in wanted.iter().map(|name| format!("`{name}`")) {
            if first.len() < 3 && !first.contains(&name) {
                first.push(name);
            }
        }
        if let Some(problem) = another_kind(names, mapping) {
            return Err(Diagnostic {
                place: place(0),
                ..problem
            }
            .into());
        }
        let message = format!(
            "no column of mapping `{}` is in the first line",
            mapping.name
        );
        return Err(Diagnostic::error(place(0), message)
            .hint("is the header missing, or is this another export?")
            .hint(format!("expected columns such as {}", first.join(", ")))
            .into());
    }

    let mut problems = Vec::new();
    let mut header = Header {
        line,
        ..Header::default()
    };
    let mut layout = Layout {
        route,
        charset,
        is_workbook: false,
        names: Vec::new(),
        delimiter: mapping.dialect.delimiter,
        slots: vec![None; names.len()],
        inputs: Vec::new(),
        derived: Vec::new(),
        columns: vec![Fill::Absent; mapping.table.columns.len()],
        apart: Vec::new(),
        only: Vec::new(),
        except: Vec::new(),
        deleted: Vec::new(),
    };
    let all: Vec<&str> = names.iter().map(String::as_str).collect();
    let mut composed: Vec<(&Field, Vec<Vec<usize>>)> = Vec::new();
    for field in &mapping.columns {
        let column = &mapping.table.columns[field.column];
        if let Origin::Constant(constant) = &field.from {
            layout.columns[field.column] = Fill::Constant(constant.clone());
        }
        let Some(headers) = headers(mapping, field) else {
            continue;
        };
        let places = match derive::places(field, &headers, find) {
            Ok(places) => places,
            Err(_) if field.optional && !column.required => continue,
            Err(names) => {
                let near = names
                    .iter()
                    .find_map(|header| nearest(header, all.iter().copied()))
                    .map(shortened);
                header.lost.push(Lost {
                    names: names.join("` or `"),
                    field: column.name,
                    required: column.required,
                    near,
                });
                continue;
            }
        };
        let twice = |index: &usize| {
            present
                .iter()
                .filter(|name| **name == present[*index])
                .count()
                > 1
        };
        if let Some(index) = places.iter().flatten().find(|index| twice(index)) {
            problems.push(Diagnostic::error(
                place(index + 1),
                format!(
                    "column `{}` stands twice in the header",
                    headers.join("` or `")
                ),
            ));
            continue;
        }
        let inputs: Vec<Vec<usize>> = places
            .iter()
            .map(|choice| {
                let of = |index: &usize| layout.input(*index, &names[*index]);
                choice.iter().map(of).collect()
            })
            .collect();
        match inputs.as_slice() {
            [choice] if choice.len() == 1 => layout.columns[field.column] = Fill::Input(choice[0]),
            _ => composed.push((field, inputs)),
        }
    }
    let mut rule = |(name, words): &(String, Vec<String>)| {
        let index = find(name)?;
        let input = layout.input(index, &names[index]);
        let words = words.iter().map(|word| folded(word)).collect();
        Some((input, words))
    };
    let mut only = Vec::new();
    for told in &mapping.rows.only {
        match rule(told) {
            Some(found) => only.push(found),
            None => problems.push(Diagnostic::error(
                place(0),
                format!(
                    "column `{}` is missing, which says whose rows they are",
                    told.0
                ),
            )),
        }
    }
    let except = mapping.rows.except.iter().filter_map(&mut rule).collect();
    let deleted = mapping.rows.deleted.iter().filter_map(&mut rule).collect();
    (layout.only, layout.except, layout.deleted) = (only, except, deleted);
    let mut odd = Vec::new();
    for name in &mapping.apart {
        match find(name) {
            Some(index) => {
                let input = layout.input(index, &names[index]);
                layout.apart.push(input);
            }
            None => odd.push(
                Diagnostic::warning(
                    place(0),
                    format!("column `{name}` is missing, which tells rows apart"),
                )
                .hint("rows that are alike in all else are taken for copies"),
            ),
        }
    }
    for (field, inputs) in composed {
        let input = derive::compose(&mut layout, field, inputs);
        layout.columns[field.column] = Fill::Input(input);
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
                .map(String::as_str);
            header.unread.push(Unread {
                name: shortened(name),
                at: index + 1,
                near: nearest(name, missing).map(str::to_owned),
            });
        }
    }
    let refused = !problems.is_empty() || header.lost.iter().any(|lost| lost.required);
    if refused {
        header.told = problems;
        Err(header)
    } else {
        header.told = odd;
        Ok((layout, header))
    }
}
