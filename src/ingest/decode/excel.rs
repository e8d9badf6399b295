//! Workbooks: one sheet, or a range of it, row by row. Excel's .xlsx is read cell by cell; the older formats are held in
//! memory, which their size limits bound. Dates come out as ISO 8601 whatever epoch they are counted from (1900 or 1904),
//! numbers as they are stored and not as they are shown, empty rows not at all.
//!
//! The workbook is read on a thread of its own: calamine's cell reader borrows the workbook it reads, and where a
//! hostile file makes it panic, that ends the thread and not the run.

use std::fs::File;
use std::io::{BufReader, Read, Seek as _};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::JoinHandle;

use calamine::{Data, DataRef, ExcelDateTime, Ods, Reader, Xls, Xlsb, Xlsx, open_workbook_from_rs};
use throughline_model::dialect::{CellRange, Dialect};

use super::compound;
use super::container::{self, Content};
use super::open::Note;
use super::row::{DecodeError, Row, Rows, Step};

/// Rows handed over at a time, and how many such bundles may wait.
const BUNDLE: usize = 1 << 10;
const WAITING: usize = 4;
/// Largest workbook of a format that is held in memory, in bytes.
const LARGEST: u64 = 256 << 20;
/// Most unpacked bytes of a part of a workbook.
const PART: u64 = 4 << 30;
const DAMAGED: &str = "the workbook is damaged or cut off";

/// What the reading thread hands over.
enum Message {
    Opened(Vec<Note>),
    Rows(Vec<Row>),
    Failed(DecodeError),
}

/// A sheet, row by row.
pub(crate) struct Sheet {
    messages: Receiver<Message>,
    thread: Option<JoinHandle<()>>,
    bundle: std::vec::IntoIter<Row>,
    ended: bool,
}

/// Opens the sheet that the dialect says; also what there is to say about it.
pub(crate) fn open(
    file: File,
    content: Content,
    dialect: &Dialect,
) -> Result<(Sheet, Vec<Note>), DecodeError> {
    let (sender, messages) = sync_channel(WAITING);
    let wanted = Wanted {
        sheet: dialect.sheet.clone(),
        range: dialect.range,
    };
    let thread = std::thread::Builder::new()
        .name("workbook".to_owned())
        .spawn(move || {
            let mut output = Output {
                sender,
                bundle: Vec::with_capacity(BUNDLE),
                row: Row::default(),
                range: wanted.range,
            };
            if let Err(Stop::Failed(error)) = read(file, content, &wanted, &mut output) {
                output.send(Message::Failed(error)).ok();
            }
        })?;
    let mut sheet = Sheet {
        messages,
        thread: Some(thread),
        bundle: Vec::new().into_iter(),
        ended: false,
    };
    match sheet.receive()? {
        Some(Message::Opened(notes)) => Ok((sheet, notes)),
        _ => Err(DecodeError::refused(0, DAMAGED)),
    }
}

impl Sheet {
    /// The next message; `None` where there are no more.
    fn receive(&mut self) -> Result<Option<Message>, DecodeError> {
        match self.messages.recv() {
            Ok(Message::Failed(error)) => Err(error),
            Ok(message) => Ok(Some(message)),
            Err(_) => match self.thread.take().map(JoinHandle::join) {
                Some(Err(_)) => Err(DecodeError::refused(0, DAMAGED)),
                _ => Ok(None),
            },
        }
    }
}

impl Rows for Sheet {
    fn next(&mut self, row: &mut Row) -> Result<Step, DecodeError> {
        while !self.ended {
            if let Some(next) = self.bundle.next() {
                *row = next;
                return Ok(Step::Row);
            }
            match self.receive()? {
                Some(Message::Rows(rows)) => self.bundle = rows.into_iter(),
                Some(_) => {}
                None => self.ended = true,
            }
        }
        Ok(Step::End)
    }
}

/// What of a workbook is read.
struct Wanted {
    sheet: Option<String>,
    range: Option<CellRange>,
}

/// Why reading stops before the end.
enum Stop {
    /// Nobody wants more.
    Unwanted,
    Failed(DecodeError),
}

impl From<DecodeError> for Stop {
    fn from(error: DecodeError) -> Self {
        Self::Failed(error)
    }
}

fn damaged<E: std::fmt::Display>(error: E) -> Stop {
    // What calamine says names parts and tags, not cells.
    let said = error.to_string().to_lowercase();
    Stop::Failed(if said.contains("password") || said.contains("encrypt") {
        DecodeError::hinted(0, "the workbook is encrypted", "save it without a password")
    } else {
        DecodeError::refused(0, DAMAGED)
    })
}

fn read(file: File, content: Content, wanted: &Wanted, output: &mut Output) -> Result<(), Stop> {
    let size = file.metadata().map_err(DecodeError::from)?.len();
    let held = || match size > LARGEST {
        true => Err(DecodeError::hinted(
            0,
            format!("the workbook is larger than {} MiB", LARGEST >> 20),
            "save it as .xlsx or CSV",
        )),
        false => Ok(()),
    };
    let open = file.try_clone().map_err(DecodeError::from)?;
    if content == Content::Compound {
        held()?;
        encrypted(&open)?;
        if !compound::is_sound(&open).map_err(DecodeError::from)? {
            return Err(DecodeError::refused(0, DAMAGED).into());
        }
        let mut book: Xls<_> = open_workbook_from_rs(BufReader::new(file)).map_err(damaged)?;
        let name = choose(&book.sheet_names(), wanted, output)?;
        let range = book.worksheet_range(&name).map_err(damaged)?;
        return output.range(&range);
    }
    let parts = parts(&open)?;
    let has = |name: &str| parts.iter().any(|part| part == name);
    if has("xl/workbook.bin") {
        held()?;
        let mut book: Xlsb<_> = open_workbook_from_rs(BufReader::new(file)).map_err(damaged)?;
        let name = choose(&book.sheet_names(), wanted, output)?;
        let range = book.worksheet_range(&name).map_err(damaged)?;
        return output.range(&range);
    }
    if has("content.xml") {
        held()?;
        let mut book: Ods<_> = open_workbook_from_rs(BufReader::new(file)).map_err(damaged)?;
        let name = choose(&book.sheet_names(), wanted, output)?;
        let range = book.worksheet_range(&name).map_err(damaged)?;
        return output.range(&range);
    }
    let mut book: Xlsx<_> = open_workbook_from_rs(BufReader::new(file)).map_err(damaged)?;
    let name = choose(&book.sheet_names(), wanted, output)?;
    let mut cells = book.worksheet_cells_reader(&name).map_err(damaged)?;
    while let Some(cell) = cells.next_cell().map_err(damaged)? {
        let at = cell.get_position();
        match cell.get_value() {
            DataRef::SharedString(text) => output.cell(at, text.as_bytes())?,
            value => output.value(at, &Data::from(value.clone()))?,
        }
    }
    output.finish()
}

/// An encrypted .xlsx is a compound file with a stream of this name, in UTF-16, in its directory.
fn encrypted(mut file: &File) -> Result<(), Stop> {
    let mut head = Vec::new();
    file.take(1 << 20)
        .read_to_end(&mut head)
        .map_err(DecodeError::from)?;
    file.rewind().map_err(DecodeError::from)?;
    let name: Vec<u8> = "EncryptedPackage"
        .encode_utf16()
        .flat_map(u16::to_le_bytes)
        .collect();
    if memchr::memmem::find(&head, &name).is_some() {
        return Err(damaged("encrypted"));
    }
    Ok(())
}

/// The parts of a workbook, each unpacked once to see that it is whole and no bomb.
fn parts(file: &File) -> Result<Vec<String>, Stop> {
    let copy = || file.try_clone().map_err(DecodeError::from);
    let names = container::names(copy()?)?;
    for name in &names {
        let kind = name.rsplit('.').next().unwrap_or_default();
        if matches!(kind, "xml" | "rels" | "bin") && !name.starts_with("xl/media/") {
            let part = container::member(copy()?, name)?;
            let size = std::io::copy(&mut part.take(PART), &mut std::io::sink());
            if size.map_err(DecodeError::from)? == PART {
                let message = format!("a part of the workbook is larger than {} GiB", PART >> 30);
                return Err(DecodeError::refused(0, message).into());
            }
        }
    }
    Ok(names)
}

/// The name of the sheet that is wanted.
fn choose(names: &[String], wanted: &Wanted, output: &mut Output) -> Result<String, Stop> {
    let Some(first) = names.first() else {
        return Err(DecodeError::refused(0, "the workbook has no sheet").into());
    };
    let mut notes = Vec::new();
    let name = match &wanted.sheet {
        None => {
            if names.len() > 1 {
                notes.push((
                    format!("the workbook has {} sheets, and the first is read", names.len()),
                    "write `sheet = \"1\"`, or its name, under `[dialect]` of the mapping to expect that".to_owned(),
                ));
            }
            first
        }
        Some(wanted) => {
            let same = |name: &&String| name.trim().eq_ignore_ascii_case(wanted.trim());
            let numbered = || {
                let number: usize = wanted.trim().parse().ok()?;
                names.get(number.checked_sub(1)?)
            };
            names.iter().find(same).or_else(numbered).ok_or_else(|| {
                DecodeError::hinted(
                    0,
                    format!("the workbook has no sheet `{wanted}`"),
                    format!("it has {} sheets", names.len()),
                )
            })?
        }
    };
    output.send(Message::Opened(notes))?;
    Ok(name.clone())
}

/// Puts cells together to rows.
struct Output {
    sender: SyncSender<Message>,
    bundle: Vec<Row>,
    row: Row,
    range: Option<CellRange>,
}

impl Output {
    fn send(&self, message: Message) -> Result<(), Stop> {
        self.sender.send(message).map_err(|_| Stop::Unwanted)
    }

    /// Takes the cell at row and column `at`; cells come by row and then by column.
    fn cell(&mut self, (row, column): (u32, u32), text: &[u8]) -> Result<(), Stop> {
        let first = self.range.map_or((0, 0), |range| range.first);
        let inside = row >= first.0
            && column >= first.1
            && self.range.is_none_or(|range| {
                range.last_row.is_none_or(|last| row <= last)
                    && range.last_column.is_none_or(|last| column <= last)
            });
        if !inside || text.is_empty() {
            return Ok(());
        }
        let line = u64::from(row) + 1;
        if self.row.line != line {
            self.flush()?;
            self.row.start(line);
        }
        let column = (column - first.1) as usize;
        while self.row.len() < column {
            self.row.push(b"");
        }
        self.row.push(text);
        Ok(())
    }

    fn value(&mut self, at: (u32, u32), value: &Data) -> Result<(), Stop> {
        match value {
            Data::Empty => Ok(()),
            Data::String(text) | Data::DateTimeIso(text) | Data::DurationIso(text) => {
                self.cell(at, text.as_bytes())
            }
            Data::Int(number) => self.cell(at, number.to_string().as_bytes()),
            Data::Float(number) => self.cell(at, number.to_string().as_bytes()),
            Data::Bool(flag) => self.cell(at, flag.to_string().as_bytes()),
            Data::DateTime(moment) => self.cell(at, moment_text(moment).as_bytes()),
            Data::Error(error) => self.cell(at, error.to_string().as_bytes()),
        }
    }

    fn range(&mut self, range: &calamine::Range<Data>) -> Result<(), Stop> {
        let (top, left) = range.start().unwrap_or_default();
        for (row, column, value) in range.used_cells() {
            self.value((top + row as u32, left + column as u32), value)?;
        }
        self.finish()
    }

    fn flush(&mut self) -> Result<(), Stop> {
        if self.row.len() > 0 {
            self.bundle.push(std::mem::take(&mut self.row));
        }
        if self.bundle.len() >= BUNDLE {
            let bundle = std::mem::replace(&mut self.bundle, Vec::with_capacity(BUNDLE));
            self.send(Message::Rows(bundle))?;
        }
        Ok(())
    }

    fn finish(&mut self) -> Result<(), Stop> {
        self.flush()?;
        let bundle = std::mem::take(&mut self.bundle);
        self.send(Message::Rows(bundle))
    }
}

/// A date, a date with a time, a time of day, or a duration as ISO 8601.
fn moment_text(moment: &ExcelDateTime) -> String {
    if moment.is_duration() {
        return format!("PT{}S", (moment.as_f64() * 86_400.0).round());
    }
    if (0.0..1.0).contains(&moment.as_f64()) {
        let (.., hour, minute, second, _) = moment.to_ymd_hms_milli();
        return format!("{hour:02}:{minute:02}:{second:02}");
    }
    let (year, month, day, hour, minute, second, _) = moment.to_ymd_hms_milli();
    if (hour, minute, second) == (0, 0, 0) {
        format!("{year:04}-{month:02}-{day:02}")
    } else {
        format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use calamine::ExcelDateTimeType;

    /// Serial numbers as Excel shows them: 45537 is 2024-09-02 counted from 1900, 44075 counted from 1904.
    #[test]
    fn moments_are_written_as_iso_8601() {
        let text = |value, kind, is_1904| moment_text(&ExcelDateTime::new(value, kind, is_1904));
        let date = ExcelDateTimeType::DateTime;
        assert_eq!(text(45_537.0, date, false), "2024-09-02");
        assert_eq!(text(44_075.0, date, true), "2024-09-02");
        assert_eq!(text(45_537.5, date, false), "2024-09-02T12:00:00");
        assert_eq!(text(0.25, date, false), "06:00:00");
        assert_eq!(text(0.0625, ExcelDateTimeType::TimeDelta, false), "PT5400S");
    }
}
