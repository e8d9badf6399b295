//! A listed file, or a member of one, as records: what its content says it is, in the encoding it is in, in the dialect
//! its mapping says. What had to be found out is noted, for the mapping could say it.

use std::fs::File;
use std::io::{self, Cursor, Read};

use throughline_model::Progress;
use throughline_model::dialect::{Dialect, Format, Tree};
use throughline_model::progress::Silent;

use super::container::{self, Content};
use super::delimited::Delimited;
use super::encoding::{self, Charset, Text};
use super::excel;
use super::fixed::Fixed;
use super::json::{self, Json};
use super::row::{DecodeError, Row, Rows, Step};
use super::tree::{self, Unfold, Wanted};
use super::xml::Xml;
use crate::listing::Listed;

/// Text in which the kind of line ends shows.
const HEAD: u64 = 1 << 16;

/// A file as records.
pub(crate) struct Opened<'a> {
    pub(crate) rows: Box<dyn Rows + 'a>,
    pub(crate) charset: Charset,
    /// Whether dates may be typed, and rows end where their last cell does.
    pub(crate) is_workbook: bool,
    /// What was found out: what it is, and what would say so.
    pub(crate) notes: Vec<Note>,
}

/// Something found out about a file: a sentence, and what to do about it.
pub(crate) type Note = (String, String);

/// A file's bytes, unpacked.
enum Bytes<'a> {
    Stream(Box<dyn Read + 'a>),
    Workbook(File, Content),
}

/// Opens a file; of nested records only what is `wanted` is read.
pub(crate) fn open<'a>(
    listed: &Listed,
    dialect: &Dialect,
    wanted: &[Wanted],
    progress: &'a dyn Progress,
) -> Result<Opened<'a>, DecodeError> {
    match bytes(listed, progress)? {
        Bytes::Stream(stream) => text(stream, dialect, wanted),
        Bytes::Workbook(file, content) => {
            let (rows, notes) = excel::open(file, content, dialect)?;
            progress.advance(listed.stamp.bytes);
            Ok(Opened {
                rows: Box::new(rows),
                charset: Charset::Utf8,
                is_workbook: true,
                notes,
            })
        }
    }
}

fn bytes<'a>(listed: &Listed, progress: &'a dyn Progress) -> Result<Bytes<'a>, DecodeError> {
    let mut file = File::open(&listed.path)?;
    let content = Content::of_file(&mut file)?;
    if let Some(name) = &listed.member {
        return inner(container::member(file, name)?);
    }
    if matches!(content, Content::Zip | Content::Compound) {
        return Ok(Bytes::Workbook(file, content));
    }
    let file = Watched { file, progress };
    match content {
        Content::Gzip | Content::Zstd => inner(container::unpacked(content, file)?),
        _ => Ok(Bytes::Stream(Box::new(file))),
    }
}

/// Every column that the first records of a nested format have; nothing for other formats.
pub(crate) fn leaves(
    listed: &Listed,
    dialect: &Dialect,
    most: usize,
) -> Result<Vec<Wanted>, DecodeError> {
    if !matches!(dialect.format, Format::Json(_) | Format::Xml(_)) {
        return Ok(Vec::new());
    }
    let whole = [Wanted::whole()];
    let mut rows = open(listed, dialect, &whole, &Silent)?.rows;
    let (mut row, mut names) = (Row::default(), Vec::new());
    for _ in 0..most {
        match rows.next(&mut row)? {
            Step::Row => {
                let record = serde_json::from_slice(row.cell(0)).unwrap_or_default();
                let mut found = Vec::new();
                tree::leaves(&record, "", &mut found);
                for name in found {
                    if !names.contains(&name) {
                        names.push(name);
                    }
                }
            }
            Step::Broken(..) => {}
            Step::End => break,
        }
    }
    Ok(names.iter().map(|name| Wanted::plain(name)).collect())
}

/// What comes out of a container.
fn inner(mut stream: Box<dyn Read + '_>) -> Result<Bytes<'_>, DecodeError> {
    let mut head = Vec::with_capacity(Content::HEAD);
    stream
        .by_ref()
        .take(Content::HEAD as u64)
        .read_to_end(&mut head)?;
    match Content::of(&head) {
        Content::Plain => Ok(Bytes::Stream(Box::new(Cursor::new(head).chain(stream)))),
        Content::Zip | Content::Compound => Err(DecodeError::hinted(
            0,
            "a workbook or an archive stands inside an archive",
            "unpack the outer one",
        )),
        Content::Gzip | Content::Zstd => Err(DecodeError::hinted(
            0,
            "the file is compressed twice",
            "unpack it once",
        )),
    }
}

fn text<'a>(
    mut stream: Box<dyn Read + 'a>,
    dialect: &Dialect,
    wanted: &[Wanted],
) -> Result<Opened<'a>, DecodeError> {
    let mut notes = Vec::new();
    let mut head = Vec::with_capacity(encoding::HEAD);
    stream
        .by_ref()
        .take(encoding::HEAD as u64)
        .read_to_end(&mut head)?;
    let (mut charset, mark) = charset(&head, dialect, &mut notes)?;
    if let (Charset::OneByte(encoding), Format::Json(_) | Format::Xml(_)) =
        (charset, &dialect.format)
    {
        charset = Charset::Wide(encoding);
    }
    let mut text = Text::new(stream, head, mark, charset);
    let mut start = Vec::new();
    text.by_ref().take(HEAD).read_to_end(&mut start)?;
    let lines = matches!(dialect.format, Format::Delimited | Format::Fixed(_));
    let returns = lines && !dialect.any_newline && ends_in_returns(&start);
    if returns {
        notes.push((
            "lines end in carriage returns alone".to_owned(),
            "write `newline = \"any\"` under `[dialect]` of the mapping to expect that".to_owned(),
        ));
    }
    let json = json::are_lines(&start);
    let text = Cursor::new(start).chain(text);
    let unfold = |tree: &Tree| Unfold::new(wanted, tree.each.as_deref());
    let rows: Box<dyn Rows + 'a> = match &dialect.format {
        Format::Fixed(columns) => {
            Box::new(Fixed::new(text, columns, returns || dialect.any_newline))
        }
        Format::Json(tree) => {
            Box::new(Json::new(text, json, tree.records.as_deref(), unfold(tree)))
        }
        Format::Xml(tree) => Box::new(Xml::new(
            text,
            tree.records.as_deref().unwrap_or_default(),
            unfold(tree),
        )),
        Format::Delimited => Box::new(Delimited::new(text, dialect, returns)),
    };
    Ok(Opened {
        rows,
        charset,
        is_workbook: false,
        notes,
    })
}

/// Whether lines end in carriage returns alone: there is one before the end, and no line feed.
pub(crate) fn ends_in_returns(start: &[u8]) -> bool {
    memchr::memchr(b'\n', start).is_none()
        && memchr::memchr(b'\r', start).is_some_and(|at| at + 1 < start.len())
}

/// The encoding of a file that starts with `head`, and how many bytes its mark has.
pub(crate) fn charset(
    head: &[u8],
    dialect: &Dialect,
    notes: &mut Vec<Note>,
) -> Result<(Charset, usize), DecodeError> {
    let declared = match &dialect.encoding {
        None => None,
        Some(label) => Some(Charset::of(label).ok_or_else(|| {
            DecodeError::hinted(
                0,
                format!("the mapping's encoding `{label}` is none that is known"),
                "known are the names browsers know: `utf-8`, `utf-16le`, `windows-1252`, `macintosh`, …",
            )
        })?),
    };
    let shown = Charset::shown(head);
    let declared = declared.or_else(|| match dialect.format {
        Format::Xml(_) => said_by_xml(head),
        _ => None,
    });
    match (declared, shown) {
        (Some(declared), Some((found, mark))) if declared != found && mark > 0 => {
            notes.push((
                format!(
                    "the file says it is {}, the mapping says otherwise",
                    found.name()
                ),
                format!(
                    "write `encoding = \"{}\"` under `[dialect]`",
                    found.name().to_lowercase()
                ),
            ));
            Ok((found, mark))
        }
        (Some(declared), shown) => Ok((declared, shown.map_or(0, |(_, mark)| mark))),
        (None, Some((found, mark))) => {
            if let Charset::Wide(_) = found {
                notes.push((
                    format!("the file is {}", found.name()),
                    format!(
                        "write `encoding = \"{}\"` under `[dialect]` of the mapping to expect that",
                        found.name().to_lowercase()
                    ),
                ));
            }
            Ok((found, mark))
        }
        (None, None) => Ok((Charset::Utf8, 0)),
    }
}

/// The encoding that an XML declaration names.
fn said_by_xml(head: &[u8]) -> Option<Charset> {
    let head = String::from_utf8_lossy(&head[..head.len().min(200)]).into_owned();
    let declaration = head.strip_prefix("<?xml")?.split_once("?>")?.0;
    let (_, label) = declaration.split_once("encoding=")?;
    let quote = label.chars().next()?;
    Charset::of(label[1..].split(quote).next()?)
}

/// A file whose reading is watched.
struct Watched<'a> {
    file: File,
    progress: &'a dyn Progress,
}

impl Read for Watched<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.file.read(buffer)?;
        self.progress.advance(count as u64);
        Ok(count)
    }
}
