//! XML: every element of one name is a record, wherever it stands; its parts become the same tree that JSON gives, with
//! attributes as `@name`. Entities that a file defines itself are not expanded: such a file is refused.

use std::io::{BufReader, Read};

use quick_xml::Reader;
use quick_xml::XmlVersion;
use quick_xml::escape::resolve_xml_entity;
use quick_xml::events::{BytesStart, Event};
use serde_json::{Map, Value};

use super::row::{DecodeError, Row, Rows, Step};
use super::tree::Unfold;

/// Most bytes of one record.
const LONGEST: u64 = 16 << 20;
/// Deepest nesting of a record.
const DEEPEST: usize = 64;

/// A file of XML, record by record.
pub(crate) struct Xml<R: Read> {
    reader: Reader<BufReader<Lines<R>>>,
    buffer: Vec<u8>,
    record: String,
    unfold: Unfold,
    depth: usize,
}

/// Remembers where lines end in what is read through it.
struct Lines<R> {
    inner: R,
    read: u64,
    /// Line feeds that are not yet behind the place last asked for.
    ends: std::collections::VecDeque<u64>,
    line: u64,
}

impl<R: Read> Read for Lines<R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let count = self.inner.read(buffer)?;
        let read = self.read;
        self.ends
            .extend(memchr::memchr_iter(b'\n', &buffer[..count]).map(|at| read + at as u64));
        self.read += count as u64;
        Ok(count)
    }
}

impl<R: Read> Lines<R> {
    /// The 1-based line of the byte at `place`; places must not go back.
    fn line(&mut self, place: u64) -> u64 {
        while self.ends.front().is_some_and(|end| *end < place) {
            self.ends.pop_front();
            self.line += 1;
        }
        self.line
    }
}

impl<R: Read> Xml<R> {
    pub(crate) fn new(input: R, record: &str, unfold: Unfold) -> Self {
        let lines = Lines {
            inner: input,
            read: 0,
            ends: std::collections::VecDeque::new(),
            line: 1,
        };
        Self {
            reader: Reader::from_reader(BufReader::with_capacity(1 << 16, lines)),
            buffer: Vec::new(),
            record: record.to_owned(),
            unfold,
            depth: 0,
        }
    }

    fn line(&mut self) -> u64 {
        let place = self.reader.buffer_position();
        self.reader.get_mut().get_mut().line(place)
    }

    fn event(&mut self) -> Result<Event<'static>, DecodeError> {
        self.buffer.clear();
        match self.reader.read_event_into(&mut self.buffer) {
            Ok(event) => Ok(event.into_owned()),
            Err(quick_xml::Error::Io(error)) => match std::io::Error::other(error.to_string()) {
                _ if error
                    .get_ref()
                    .is_some_and(|inner| inner.is::<super::row::Damaged>()) =>
                {
                    Err(DecodeError::refused(0, error.to_string()))
                }
                error => Err(DecodeError::Io(error)),
            },
            Err(_) => {
                let line = self.line();
                Err(DecodeError::refused(
                    line,
                    "the file is no XML from here on",
                ))
            }
        }
    }

    /// Reads the parts of the element that `start` opens.
    fn element(
        &mut self,
        start: &BytesStart<'_>,
        begun: u64,
        depth: usize,
    ) -> Result<Value, DecodeError> {
        let mut parts = self.attributes(start)?;
        let mut text = String::new();
        if depth > DEEPEST {
            let line = self.line();
            return Err(DecodeError::refused(line, "a record is nested too deeply"));
        }
        loop {
            if self.reader.buffer_position().saturating_sub(begun) > LONGEST {
                let line = self.line();
                let message = format!("a record is longer than {} MiB", LONGEST >> 20);
                return Err(DecodeError::refused(line, message));
            }
            match self.event()? {
                Event::Start(child) => {
                    let value = self.element(&child, begun, depth + 1)?;
                    add(&mut parts, child.local_name().as_ref(), value);
                }
                Event::Empty(child) => {
                    let attributes = self.attributes(&child)?;
                    let value = finished(attributes, "");
                    add(&mut parts, child.local_name().as_ref(), value);
                }
                Event::Text(part) => text.push_str(&part.xml_content(XmlVersion::Implicit1_0)),
                Event::CData(part) => text.push_str(&part.xml_content(XmlVersion::Implicit1_0)),
                Event::GeneralRef(entity) => {
                    let known = resolve_xml_entity(&entity).map(str::to_owned);
                    let known = known
                        .or_else(|| entity.resolve_char_ref().ok().flatten().map(String::from));
                    match known {
                        Some(known) => text.push_str(&known),
                        None => {
                            let line = self.line();
                            let message =
                                "the file uses an entity of its own, which is not expanded";
                            return Err(DecodeError::refused(line, message));
                        }
                    }
                }
                Event::End(_) => return Ok(finished(parts, text.trim())),
                Event::Eof => {
                    let line = self.line();
                    return Err(DecodeError::refused(
                        line,
                        "the file ends in the middle of a record: it may be cut off",
                    ));
                }
                Event::Comment(_) | Event::PI(_) | Event::Decl(_) | Event::DocType(_) => {}
            }
        }
    }

    fn attributes(&mut self, start: &BytesStart<'_>) -> Result<Map<String, Value>, DecodeError> {
        let mut parts = Map::new();
        for attribute in start.attributes() {
            let read = attribute
                .map_err(quick_xml::Error::from)
                .and_then(|attribute| {
                    let value = attribute
                        .normalized_value(XmlVersion::Implicit1_0)?
                        .into_owned();
                    Ok((format!("@{}", attribute.key.local_name().as_ref()), value))
                });
            match read {
                Ok((name, value)) => parts.insert(name, Value::String(value)),
                Err(_) => {
                    let line = self.line();
                    return Err(DecodeError::refused(
                        line,
                        "the file is no XML from here on",
                    ));
                }
            };
        }
        Ok(parts)
    }
}

fn finished(mut parts: Map<String, Value>, text: &str) -> Value {
    if parts.is_empty() {
        return Value::String(text.to_owned());
    }
    if !text.is_empty() {
        parts.insert("#text".to_owned(), Value::String(text.to_owned()));
    }
    Value::Object(parts)
}

/// Adds a part; a second one of the same name makes a list.
fn add(parts: &mut Map<String, Value>, name: &str, value: Value) {
    match parts.get_mut(name) {
        None => {
            parts.insert(name.to_owned(), value);
        }
        Some(Value::Array(entries)) => entries.push(value),
        Some(first) => *first = Value::Array(vec![first.take(), value]),
    }
}

impl<R: Read> Rows for Xml<R> {
    fn next(&mut self, row: &mut Row) -> Result<Step, DecodeError> {
        loop {
            if self.unfold.next(row) {
                return Ok(Step::Row);
            }
            match self.event()? {
                Event::Start(start) if start.local_name().as_ref() == self.record => {
                    let line = self.line();
                    let begun = self.reader.buffer_position();
                    let record = self.element(&start, begun, 0)?;
                    self.unfold.take(line, record);
                }
                Event::Empty(start) if start.local_name().as_ref() == self.record => {
                    let line = self.line();
                    let record = Value::Object(self.attributes(&start)?);
                    self.unfold.take(line, record);
                }
                Event::Start(_) => self.depth += 1,
                Event::End(_) => self.depth = self.depth.saturating_sub(1),
                Event::Eof if self.depth > 0 => {
                    let line = self.line();
                    return Err(DecodeError::refused(
                        line,
                        "the file ends before its last element does: it may be cut off",
                    ));
                }
                Event::Eof => return Ok(Step::End),
                _ => {}
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::tree::Wanted;
    use super::*;

    fn read(text: &str) -> (Vec<(u64, String)>, Option<String>) {
        let wanted = ["Ref.Id.Code", "Kind", "@id", "Note"].map(Wanted::plain);
        let mut rows = Xml::new(text.as_bytes(), "Event", Unfold::new(&wanted, None));
        let (mut row, mut all) = (Row::default(), Vec::new());
        loop {
            match rows.next(&mut row) {
                Ok(Step::Row) => all.push((
                    row.line,
                    String::from_utf8_lossy(&row.joined(b'|')).into_owned(),
                )),
                Ok(_) => return (all, None),
                Err(error) => return (all, Some(error.to_string())),
            }
        }
    }

    #[test]
    fn elements_become_rows_on_the_lines_they_start_on() {
        let text = "<?xml version=\"1.0\"?>\n<e:All xmlns:e=\"urn:x\">\n  <e:Event id=\"7\">\n    <Ref><Id><Code>a</Code></Id></Ref>\n\
                    <Kind>x &amp; y&#33;</Kind><Note/></e:Event><Event><Kind><![CDATA[<z>]]></Kind>\n</Event>\n<Other/><Event id='8'/></e:All>\n";
        let expected = [(3, "a|x & y!|7|"), (5, "|<z>||"), (7, "||8|")];
        let expected = expected.map(|(line, text)| (line, text.to_owned()));
        assert_eq!(read(text), (expected.to_vec(), None));
    }

    #[test]
    fn what_is_cut_off_broken_or_a_bomb_is_refused() {
        for text in [
            "<All><Event><Kind>x</Kind>",
            "<All><Event/>",
            "<All><Event><Kind></All>",
            "<!DOCTYPE x [<!ENTITY a \"b\">]><All><Event><Kind>&a;</Kind></Event></All>",
            &format!("<All><Event>{}", "<a>".repeat(100_000)),
        ] {
            assert!(read(text).1.is_some(), "{}", &text[..20]);
        }
    }
}
