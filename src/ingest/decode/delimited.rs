//! Delimited text in every dialect that [`crate::record`] is too fast for: several quote characters, backslash escapes,
//! lines that end in carriage returns, and whatever comes out of an archive or another encoding.
//!
//! Rules are those of [`crate::record`]: a quote opens a field only as its first byte, and what cannot be understood
//! costs one physical line, so that a stray quote does not swallow the rest of the file.

use std::io::{self, Read};

use memchr::memchr2;
use throughline_model::dialect::Dialect;

use super::row::{DecodeError, Row, Rows, Step};
use crate::record::LONGEST;
use crate::rule::{Rule, shape};

/// Bytes asked for at a time.
const CHUNK: usize = 1 << 18;

/// Text as lines and stretches of bytes.
pub(crate) struct Buffered<R> {
    input: R,
    bytes: Vec<u8>,
    start: usize,
    ended: bool,
    /// Lines before `start`.
    line: u64,
}

impl<R: Read> Buffered<R> {
    pub(crate) fn new(input: R) -> Self {
        Self {
            input,
            bytes: Vec::new(),
            start: 0,
            ended: false,
            line: 0,
        }
    }

    /// Reads more, keeping what is not used yet.
    fn fill(&mut self) -> io::Result<()> {
        self.bytes.drain(..self.start);
        self.start = 0;
        let before = self.bytes.len();
        let wanted = CHUNK.max(before);
        (&mut self.input)
            .take(wanted as u64)
            .read_to_end(&mut self.bytes)?;
        self.ended = self.bytes.len() - before < wanted;
        Ok(())
    }

    /// What is there.
    pub(crate) fn rest(&self) -> &[u8] {
        &self.bytes[self.start..]
    }

    /// Whether there is anything left; reads where nothing is there.
    pub(crate) fn more(&mut self) -> io::Result<bool> {
        while self.rest().is_empty() && !self.ended {
            self.fill()?;
        }
        Ok(!self.rest().is_empty())
    }

    fn advance(&mut self, bytes: usize, lines: u64) {
        self.start += bytes;
        self.line += lines;
    }

    /// Moves past one line, however long; returns its first bytes, at most [`LONGEST`] and a little more.
    pub(crate) fn line(&mut self, any_newline: bool) -> io::Result<Option<(Vec<u8>, u64)>> {
        if !self.more()? {
            return Ok(None);
        }
        let number = self.line + 1;
        let mut line = Vec::new();
        loop {
            match line_end(self.rest(), any_newline, self.ended) {
                Some((end, next)) => {
                    keep(&mut line, &self.rest()[..end]);
                    self.advance(next, 1);
                    return Ok(Some((line, number)));
                }
                None => {
                    // A carriage return at the end may be half a line end.
                    let used = self.rest().len().saturating_sub(1);
                    let used = if self.ended { self.rest().len() } else { used };
                    keep(&mut line, &self.rest()[..used]);
                    self.advance(used, 0);
                    if self.ended {
                        self.line += 1;
                        return Ok(Some((line, number)));
                    }
                    self.fill()?;
                }
            }
        }
    }
}

fn keep(line: &mut Vec<u8>, bytes: &[u8]) {
    let room = (2 * LONGEST).saturating_sub(line.len());
    line.extend_from_slice(&bytes[..bytes.len().min(room)]);
}

/// Where the first line of `bytes` ends and the next one starts; `None` where that cannot be said yet.
fn line_end(bytes: &[u8], any_newline: bool, ended: bool) -> Option<(usize, usize)> {
    let at = if any_newline {
        memchr2(b'\n', b'\r', bytes)?
    } else {
        memchr::memchr(b'\n', bytes)?
    };
    if bytes[at] == b'\n' {
        let end = if at > 0 && bytes[at - 1] == b'\r' {
            at - 1
        } else {
            at
        };
        return Some((end, at + 1));
    }
    match bytes.get(at + 1) {
        Some(b'\n') => Some((at, at + 2)),
        Some(_) => Some((at, at + 1)),
        None => ended.then_some((at, at + 1)),
    }
}

/// Delimited text, record by record.
pub(crate) struct Delimited<R> {
    text: Buffered<R>,
    grammar: Grammar,
}

/// What the bytes of a record mean.
struct Grammar {
    delimiter: u8,
    quotes: Vec<u8>,
    escape: Option<u8>,
    any_newline: bool,
    /// By byte: whether it ends a stretch of plain text.
    special: [bool; 256],
}

/// How an attempt to read a record ended.
enum Parsed {
    Record { bytes: usize, lines: u64 },
    Broken(Rule),
    Incomplete,
}

/// What follows a field.
enum After {
    Field(usize),
    Record(usize),
    Incomplete,
    Text,
}

impl<R: Read> Delimited<R> {
    pub(crate) fn new(input: R, dialect: &Dialect, any_newline: bool) -> Self {
        let mut special = [false; 256];
        let bytes = [dialect.delimiter, b'\n', b'\r'];
        for byte in bytes.into_iter().chain(dialect.escape) {
            special[usize::from(byte)] = true;
        }
        Self {
            text: Buffered::new(input),
            grammar: Grammar {
                delimiter: dialect.delimiter,
                quotes: dialect.quotes.clone(),
                escape: dialect.escape,
                any_newline: any_newline || dialect.any_newline,
                special,
            },
        }
    }

    /// Gives up on the physical line at which the record starts.
    fn give_up(&mut self, rule: Rule) -> Result<Step, DecodeError> {
        let line = self.text.line(self.grammar.any_newline)?;
        let (line, _) = line.unwrap_or_default();
        let rule = if line.len() > LONGEST {
            Rule::TooLong
        } else {
            rule
        };
        Ok(Step::Broken(rule, shape(&line)))
    }
}

impl<R: Read> Rows for Delimited<R> {
    fn next(&mut self, row: &mut Row) -> Result<Step, DecodeError> {
        if !self.text.more()? {
            return Ok(Step::End);
        }
        let line = self.text.line + 1;
        loop {
            row.start(line);
            match self.grammar.record(self.text.rest(), self.text.ended, row) {
                Parsed::Record { bytes, lines } if bytes <= LONGEST + 2 => {
                    self.text.advance(bytes, lines);
                    return Ok(Step::Row);
                }
                Parsed::Record { .. } => return self.give_up(Rule::UnterminatedQuote),
                Parsed::Broken(rule) => return self.give_up(rule),
                Parsed::Incomplete if self.text.rest().len() > LONGEST + 2 => {
                    return self.give_up(Rule::UnterminatedQuote);
                }
                Parsed::Incomplete => self.text.fill()?,
            }
        }
    }
}

impl Grammar {
    fn record(&self, bytes: &[u8], ended: bool, row: &mut Row) -> Parsed {
        let (mut at, mut lines) = (0, 1);
        loop {
            let quote = bytes
                .get(at)
                .copied()
                .filter(|byte| self.quotes.contains(byte));
            let after = match quote {
                Some(quote) => match self.quoted(bytes, at + 1, quote, ended, row, &mut lines) {
                    Ok(end) => self.after(bytes, end, ended),
                    Err(parsed) => return parsed,
                },
                None => self.plain(bytes, at, ended, row),
            };
            match after {
                After::Field(next) => {
                    row.end();
                    at = next;
                }
                After::Record(next) => {
                    row.end();
                    return Parsed::Record { bytes: next, lines };
                }
                After::Incomplete => return Parsed::Incomplete,
                After::Text => return Parsed::Broken(Rule::BadQuote),
            }
        }
    }

    /// Reads text without quotes from `at`, up to what ends it.
    fn plain(&self, bytes: &[u8], mut at: usize, ended: bool, row: &mut Row) -> After {
        loop {
            let length = bytes[at..]
                .iter()
                .position(|byte| self.special[usize::from(*byte)])
                .unwrap_or(bytes.len() - at);
            row.extend(&bytes[at..at + length]);
            at += length;
            if at < bytes.len() && Some(bytes[at]) == self.escape {
                match self.escaped(bytes, at, ended, row) {
                    Some(next) => at = next,
                    None => return After::Incomplete,
                }
                continue;
            }
            match self.after(bytes, at, ended) {
                After::Text => {
                    row.extend(&bytes[at..=at]);
                    at += 1;
                }
                after => return after,
            }
        }
    }

    /// Reads a quoted field from the byte after its quote; returns the first byte after the closing one.
    fn quoted(
        &self,
        bytes: &[u8],
        mut at: usize,
        quote: u8,
        ended: bool,
        row: &mut Row,
        lines: &mut u64,
    ) -> Result<usize, Parsed> {
        let unclosed = if ended {
            Parsed::Broken(Rule::UnterminatedQuote)
        } else {
            Parsed::Incomplete
        };
        row.quote();
        loop {
            let Some(byte) = bytes.get(at).copied() else {
                return Err(unclosed);
            };
            if byte == quote {
                match bytes.get(at + 1) {
                    Some(next) if *next == quote => {
                        row.extend(&[quote]);
                        at += 2;
                    }
                    None if !ended => return Err(Parsed::Incomplete),
                    _ => return Ok(at + 1),
                }
            } else if Some(byte) == self.escape {
                at = self
                    .escaped(bytes, at, ended, row)
                    .ok_or(Parsed::Incomplete)?;
            } else {
                let returned =
                    byte == b'\r' && self.any_newline && bytes.get(at + 1) != Some(&b'\n');
                *lines += u64::from(byte == b'\n' || returned);
                row.extend(&[byte]);
                at += 1;
            }
        }
    }

    /// Reads the escape at `at` and what it protects: a quote, a delimiter, itself or a line end. Before anything
    /// else it is text.
    fn escaped(&self, bytes: &[u8], at: usize, ended: bool, row: &mut Row) -> Option<usize> {
        match bytes.get(at + 1).copied() {
            Some(byte)
                if byte == self.delimiter
                    || Some(byte) == self.escape
                    || matches!(byte, b'"' | b'\'')
                    || self.quotes.contains(&byte) =>
            {
                row.extend(&[byte]);
                Some(at + 2)
            }
            None if !ended => None,
            _ => {
                row.extend(&bytes[at..=at]);
                Some(at + 1)
            }
        }
    }

    /// What stands at `at`, where a field may end.
    fn after(&self, bytes: &[u8], at: usize, ended: bool) -> After {
        match bytes.get(at).copied() {
            None if ended => After::Record(at),
            None => After::Incomplete,
            Some(byte) if byte == self.delimiter => After::Field(at + 1),
            Some(b'\n') => After::Record(at + 1),
            Some(b'\r') => match bytes.get(at + 1) {
                Some(b'\n') => After::Record(at + 2),
                None if !ended => After::Incomplete,
                None => After::Record(at + 1),
                Some(_) if self.any_newline => After::Record(at + 1),
                Some(_) => After::Text,
            },
            Some(_) => After::Text,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    type Read1 = (u64, Result<Vec<String>, Rule>);

    fn read(text: &[u8], dialect: &Dialect, any_newline: bool) -> Vec<Read1> {
        let mut rows = Delimited::new(text, dialect, any_newline);
        let (mut row, mut all) = (Row::default(), Vec::new());
        loop {
            let line = rows.text.line + 1;
            match rows.next(&mut row).expect("text can be read") {
                Step::Row => all.push((
                    row.line,
                    Ok(row
                        .cells()
                        .map(|cell| String::from_utf8_lossy(cell).into_owned())
                        .collect()),
                )),
                Step::Broken(rule, _) => all.push((line, Err(rule))),
                Step::End => return all,
            }
        }
    }

    fn row(line: u64, cells: &[&str]) -> Read1 {
        (
            line,
            Ok(cells.iter().map(|cell| (*cell).to_owned()).collect()),
        )
    }

    #[test]
    fn an_empty_cell_in_quotes_is_no_empty_line() {
        let mut rows = Delimited::new(&b"\n\"\"\n"[..], &Dialect::default(), false);
        let mut row = Row::default();
        for blank in [true, false] {
            assert_eq!(rows.next(&mut row).expect("text can be read"), Step::Row);
            assert_eq!(row.is_blank(), blank);
        }
    }

    #[test]
    fn quotes_may_be_single_and_escaped() {
        let dialect = Dialect {
            quotes: vec![b'\'', b'"'],
            escape: Some(b'\\'),
            ..Dialect::default()
        };
        let text = br#"'id','name'
"1","a \"b\", c\\"
2,it's\, fine
3,"two
lines"
4,C:\dir
"5"x,y
6,""
"#;
        assert_eq!(
            read(text, &dialect, false),
            [
                row(1, &["id", "name"]),
                row(2, &["1", "a \"b\", c\\"]),
                row(3, &["2", "it's, fine"]),
                row(4, &["3", "two\nlines"]),
                row(6, &["4", "C:\\dir"]),
                (7, Err(Rule::BadQuote)),
                row(8, &["6", ""]),
            ]
        );
    }

    #[test]
    fn carriage_returns_end_lines_where_they_are_asked_to() {
        let dialect = Dialect::default();
        let rows = [row(1, &["a", "b"]), row(2, &["c\rd", "e"]), row(4, &["f"])];
        assert_eq!(read(b"a,b\r\"c\rd\",e\rf", &dialect, true), rows);
        assert_eq!(
            read(b"a,b\r\nc\n\rd\r", &dialect, true),
            [
                row(1, &["a", "b"]),
                row(2, &["c"]),
                row(3, &[""]),
                row(4, &["d"])
            ]
        );
        assert_eq!(
            read(b"a\rb,c\r\nd\r", &dialect, false),
            [row(1, &["a\rb", "c"]), row(2, &["d"])]
        );
    }

    #[test]
    fn what_cannot_be_understood_costs_one_line() {
        let dialect = Dialect::default();
        assert_eq!(
            read(b"\"a,b\nc,d\ne,f", &dialect, false),
            [
                (1, Err(Rule::UnterminatedQuote)),
                row(2, &["c", "d"]),
                row(3, &["e", "f"])
            ]
        );
        let mut text = vec![b'x'; 3 * LONGEST];
        text.extend_from_slice(b",1\na,b\n");
        assert_eq!(
            read(&text, &dialect, false),
            [(1, Err(Rule::TooLong)), row(2, &["a", "b"])]
        );
        let mut text = b"\"open\n".to_vec();
        text.resize(2 * LONGEST, b'y');
        text.extend_from_slice(b"\nc\n");
        let found = read(&text, &dialect, false);
        assert_eq!(found[0], (1, Err(Rule::UnterminatedQuote)));
        assert_eq!(found.last(), Some(&row(3, &["c"])));
    }

    proptest! {
        /// Plain CSV is read as the scanner reads it.
        #[test]
        fn plain_text_is_read_as_the_scanner_reads_it(
            bytes in prop::collection::vec(prop::sample::select(b"ab,,\"\"\n\n\r".to_vec()), 0..60),
        ) {
            let mine: Vec<Result<Vec<String>, Rule>> =
                read(&bytes, &Dialect::default(), false).into_iter().map(|(_, read)| read).collect();
            prop_assert_eq!(mine, crate::record::tests::read(&bytes));
        }
    }
}
