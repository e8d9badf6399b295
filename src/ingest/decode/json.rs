//! JSON: a list of records, one record, or JSON Lines. A list may stand inside the document (`records = "data.items"`),
//! and is read entry by entry, so that its length does not matter.
//!
//! In JSON Lines a line that is no JSON is one reject; in a document nothing after a mistake can be trusted, so the file
//! is refused with the line.

use std::io::{BufRead, BufReader, Read};

use serde_json::Value;

use super::row::{DecodeError, Row, Rows, Step};
use super::tree::{Path, Unfold};
use crate::rule::{Rule, shape};

/// Most bytes of one record.
const LONGEST: usize = 16 << 20;
/// Deepest nesting that is read past.
const DEEPEST: usize = 512;

/// A file of JSON, record by record.
pub(crate) struct Json<R> {
    text: Bytes<R>,
    unfold: Unfold,
    records: Vec<String>,
    lines: bool,
    /// Whether the next entry is one of a list.
    inside: bool,
}

/// Text byte by byte, with its line.
struct Bytes<R> {
    input: BufReader<R>,
    line: u64,
}

impl<R: Read> Bytes<R> {
    fn peek(&mut self) -> Result<Option<u8>, DecodeError> {
        Ok(self.input.fill_buf()?.first().copied())
    }

    fn take(&mut self) -> Result<Option<u8>, DecodeError> {
        let byte = self.peek()?;
        if let Some(byte) = byte {
            self.input.consume(1);
            self.line += u64::from(byte == b'\n');
        }
        Ok(byte)
    }

    /// The next byte that is no space, still to be taken.
    fn next(&mut self) -> Result<Option<u8>, DecodeError> {
        while let Some(byte) = self.peek()? {
            if !byte.is_ascii_whitespace() {
                return Ok(Some(byte));
            }
            self.take()?;
        }
        Ok(None)
    }

    fn wrong(&self) -> DecodeError {
        DecodeError::refused(self.line, "the file is no JSON from here on")
    }

    fn expect(&mut self, wanted: u8) -> Result<(), DecodeError> {
        match self.next()? {
            Some(byte) if byte == wanted => self.take().map(|_| ()),
            _ => Err(self.wrong()),
        }
    }

    /// Takes the text of one value; keeps it where `into` is there.
    fn value(&mut self, mut into: Option<&mut Vec<u8>>) -> Result<(), DecodeError> {
        let (mut depth, mut quoted, mut count) = (0_usize, false, 0_usize);
        self.next()?;
        loop {
            let byte = match self.peek()? {
                None if depth == 0 && count > 0 && !quoted => return Ok(()),
                None => {
                    return Err(DecodeError::refused(
                        self.line,
                        "the file ends in the middle of a record: it may be cut off",
                    ));
                }
                Some(byte) => byte,
            };
            if !quoted
                && depth == 0
                && count > 0
                && (matches!(byte, b',' | b']' | b'}' | b':') || byte.is_ascii_whitespace())
            {
                return Ok(());
            }
            self.take()?;
            count += 1;
            if let Some(into) = &mut into {
                if into.len() >= LONGEST {
                    let message = format!("a record is longer than {} MiB", LONGEST >> 20);
                    return Err(DecodeError::refused(self.line, message));
                }
                into.push(byte);
            }
            match byte {
                b'\\' if quoted => {
                    if let (Some(byte), Some(into)) = (self.take()?, &mut into) {
                        into.push(byte);
                    }
                }
                b'"' => quoted = !quoted,
                b'{' | b'[' if !quoted => {
                    depth += 1;
                    if depth > DEEPEST {
                        return Err(DecodeError::refused(
                            self.line,
                            "the file is nested too deeply",
                        ));
                    }
                }
                b'}' | b']' if !quoted => {
                    depth = depth.checked_sub(1).ok_or_else(|| self.wrong())?
                }
                _ => {}
            }
            if depth == 0 && !quoted && matches!(byte, b'}' | b']' | b'"') {
                return Ok(());
            }
        }
    }
}

impl<R: Read> Json<R> {
    /// `lines`: whether every line is a document of its own.
    pub(crate) fn new(input: R, lines: bool, records: Option<&str>, unfold: Unfold) -> Self {
        let path = records.map(Path::parse);
        Self {
            text: Bytes {
                input: BufReader::with_capacity(1 << 16, input),
                line: 1,
            },
            unfold,
            records: path
                .iter()
                .flat_map(Path::keys)
                .map(str::to_owned)
                .collect(),
            lines,
            inside: false,
        }
    }

    /// JSON Lines: reads one line; `None` at the end.
    fn line(&mut self, row: &mut Row) -> Result<Option<Step>, DecodeError> {
        if self.text.next()?.is_none() {
            return Ok(Some(Step::End));
        }
        let (number, mut line) = (self.text.line, Vec::new());
        let mut limited = (&mut self.text.input).take(LONGEST as u64 + 1);
        limited.read_until(b'\n', &mut line)?;
        row.start(number);
        if line.len() > LONGEST {
            let message = format!("a record is longer than {} MiB", LONGEST >> 20);
            return Err(DecodeError::refused(number, message));
        }
        self.text.line += u64::from(line.ends_with(b"\n"));
        let value = match parse(&line) {
            Ok(value) => value,
            Err(rule) => return Ok(Some(Step::Broken(rule, shape(line.trim_ascii())))),
        };
        let mut at = value;
        for key in &self.records {
            at = match at.get_mut(key) {
                Some(value) => value.take(),
                None => {
                    return Ok(Some(Step::Broken(
                        Rule::BadRecord,
                        shape(line.trim_ascii()),
                    )));
                }
            };
        }
        match at {
            Value::Array(entries) => entries
                .into_iter()
                .for_each(|entry| self.unfold.take(number, entry)),
            record => self.unfold.take(number, record),
        }
        Ok(None)
    }

    /// A document: moves to the list of records of the next one; whether there is one.
    fn enter(&mut self) -> Result<bool, DecodeError> {
        if self.text.next()?.is_none() {
            return Ok(false);
        }
        let records = self.records.clone();
        for wanted in &records {
            self.text.expect(b'{')?;
            loop {
                if self.text.next()? != Some(b'"') {
                    let message = format!(
                        "the file has no `{}`, where the mapping says its records are",
                        records.join(".")
                    );
                    return Err(DecodeError::refused(self.text.line, message));
                }
                let mut name = Vec::new();
                self.text.value(Some(&mut name))?;
                self.text.expect(b':')?;
                if serde_json::from_slice::<String>(&name).is_ok_and(|name| name == *wanted) {
                    break;
                }
                self.text.value(None)?;
                if self.text.next()? == Some(b',') {
                    self.text.take()?;
                }
            }
        }
        if self.text.next()? == Some(b'[') {
            self.text.take()?;
            self.inside = true;
        } else {
            self.record()?;
            self.finish()?;
        }
        Ok(true)
    }

    /// Reads the record that comes next.
    fn record(&mut self) -> Result<(), DecodeError> {
        self.text.next()?;
        let (line, mut bytes) = (self.text.line, Vec::new());
        self.text.value(Some(&mut bytes))?;
        let value = parse(&bytes)
            .map_err(|_| DecodeError::refused(line, "the file is no JSON from here on"))?;
        self.unfold.take(line, value);
        Ok(())
    }

    /// Reads past the rest of the document around the records, which must be there.
    fn finish(&mut self) -> Result<(), DecodeError> {
        let mut open = self.records.len();
        while open > 0 {
            match self.text.next()? {
                Some(b'}') => {
                    self.text.take()?;
                    open -= 1;
                }
                Some(b',' | b':') => {
                    self.text.take()?;
                }
                Some(_) => self.text.value(None)?,
                None => {
                    return Err(DecodeError::refused(
                        self.text.line,
                        "the file ends in the middle of a record: it may be cut off",
                    ));
                }
            }
        }
        Ok(())
    }
}

impl<R: Read> Rows for Json<R> {
    fn next(&mut self, row: &mut Row) -> Result<Step, DecodeError> {
        loop {
            if self.unfold.next(row) {
                return Ok(Step::Row);
            }
            if self.lines {
                match self.line(row)? {
                    Some(step) => return Ok(step),
                    None => continue,
                }
            }
            if !self.inside {
                if !self.enter()? {
                    return Ok(Step::End);
                }
                continue;
            }
            match self.text.next()? {
                Some(b']') => {
                    self.text.take()?;
                    self.inside = false;
                    self.finish()?;
                }
                Some(b',') => {
                    self.text.take()?;
                }
                Some(_) => self.record()?,
                None => {
                    return Err(DecodeError::refused(
                        self.text.line,
                        "the file ends in the middle of a list: it may be cut off",
                    ));
                }
            }
        }
    }
}

fn parse(bytes: &[u8]) -> Result<Value, Rule> {
    serde_json::from_slice(bytes).map_err(|_| match std::str::from_utf8(bytes) {
        Ok(_) => Rule::BadRecord,
        Err(_) => Rule::BadUtf8,
    })
}

/// Whether a text that starts so is JSON Lines: the first line is a whole record, and another one follows.
pub(crate) fn are_lines(start: &[u8]) -> bool {
    let start = start.trim_ascii_start();
    let Some(end) = memchr::memchr(b'\n', start) else {
        return false;
    };
    start.starts_with(b"{")
        && serde_json::from_slice::<Value>(&start[..end]).is_ok()
        && !start[end..].trim_ascii().is_empty()
}

#[cfg(test)]
mod tests {
    use super::super::tree::Wanted;
    use super::*;

    type All = (Vec<(u64, String)>, Option<String>);

    fn read(text: &str, records: Option<&str>) -> All {
        let unfold = Unfold::new(&[Wanted::plain("id"), Wanted::plain("x.y")], None);
        let mut rows = Json::new(text.as_bytes(), are_lines(text.as_bytes()), records, unfold);
        let (mut row, mut all) = (Row::default(), Vec::new());
        loop {
            match rows.next(&mut row) {
                Ok(Step::Row) => all.push((
                    row.line,
                    String::from_utf8_lossy(&row.joined(b'|')).into_owned(),
                )),
                Ok(Step::Broken(rule, _)) => all.push((row.line, rule.name().to_owned())),
                Ok(Step::End) => return (all, None),
                Err(error) => return (all, Some(error.to_string())),
            }
        }
    }

    fn rows(rows: &[(u64, &str)]) -> All {
        (
            rows.iter()
                .map(|(line, text)| (*line, (*text).to_owned()))
                .collect(),
            None,
        )
    }

    #[test]
    fn records_stand_in_lists_documents_and_lines() {
        let list = "[\n{\"id\": 1, \"x\": {\"y\": \"a,]\\\"\"}},\n {\"id\": \"2\"}\n]\n";
        assert_eq!(read(list, None), rows(&[(2, "1|a,]\""), (3, "2|")]));
        let document =
            format!("{{\"n\": [1, {{}}], \"data\": {{\"items\": {list}, \"more\": 1}}, \"z\": 0}}");
        assert_eq!(
            read(&document, Some("data.items")),
            rows(&[(2, "1|a,]\""), (3, "2|")])
        );
        assert_eq!(read("{\n\"id\": 5}", None), rows(&[(1, "5|")]));
        assert_eq!(
            read("{\"data\": {\"id\": 5}}", Some("data")),
            rows(&[(1, "5|")])
        );
        let lines = "{\"id\":1}\n\n{\"id\":\n{\"id\":3,\"x\":{\"y\":2.5}}";
        assert_eq!(
            read(lines, None),
            rows(&[(1, "1|"), (3, "bad-record"), (4, "3|2.5")])
        );
        let lines = "{\"d\":[{\"id\":1},{\"id\":2}]}\n{\"e\":0}\n{\"d\":{\"id\":3}}\n";
        assert_eq!(
            read(lines, Some("d")),
            rows(&[(1, "1|"), (1, "2|"), (2, "bad-record"), (3, "3|")])
        );
        assert_eq!(read("[]", None), rows(&[]));
        assert_eq!(read("", None), rows(&[]));
    }

    #[test]
    fn a_document_with_a_mistake_is_refused_with_its_line() {
        for text in [
            "[\n{\"id\": 1},\n{\"id\": }]",
            "[\n{\"id\": 1},\n{\"id\": 2",
            "[\n{\"id\": 1},\n",
            "[\n{\"id\":1},\n x",
        ] {
            let (_, error) = read(text, None);
            assert!(error.is_some(), "{text}");
        }
        assert!(
            read("{\"a\": 1}", Some("b"))
                .1
                .is_some_and(|said| said.contains("no `b`"))
        );
        assert!(read(&"[".repeat(100_000), None).1.is_some());
        assert!(
            read(&format!("[{}", "{\"a\":".repeat(100_000)), None)
                .1
                .is_some()
        );
    }
}
