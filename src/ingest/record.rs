//! One record of a CSV file (RFC 4180, and the ways exports stray from it). A quote opens a quoted field only as the
//! field's first byte; anywhere else it is text. Lines end in LF or CRLF.
//!
//! A record that cannot be understood costs one physical line: reading goes on at the next one, so that a stray
//! quote does not swallow the rest of the file. What counts as too long does not depend on where the window that
//! is looked at happens to end, and neither does anything else here.

use crate::intern::PADDING;
use crate::rule::Rule;

/// Longest record in bytes.
pub(crate) const LONGEST: usize = 1 << 20;

/// A stretch of a file, with the places [`crate::structure::index`] found in it.
pub(crate) struct Window<'a> {
    /// The bytes, and [`PADDING`] more of no meaning.
    pub(crate) bytes: &'a [u8],
    /// How many of them are the file's.
    pub(crate) filled: usize,
    /// Whether the file ends here.
    pub(crate) last: bool,
    /// Places of delimiters, line feeds and quotes.
    pub(crate) places: &'a [u32],
    /// Field separator.
    pub(crate) delimiter: u8,
}

/// Where a record starts: the byte, and the first place at or after it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Start {
    pub(crate) byte: usize,
    pub(crate) place: usize,
}

/// What stands at a start.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Found {
    /// A record of so many fields, whose text ends at `end`, on so many physical lines.
    Record {
        fields: usize,
        end: usize,
        lines: u32,
        next: Start,
    },
    /// Something broken, on one physical line.
    Broken { rule: Rule, next: Start },
    /// The window ends before the record does.
    Incomplete,
    /// The record's first line is longer than [`LONGEST`] and does not end in this window.
    Endless,
}

impl Window<'_> {
    /// Reads the record at `start` and hands every field to `each`: its index and the buffer, start and end of its
    /// text (followed by [`PADDING`] bytes). Fields of a record that turns out broken may have been handed over.
    #[inline]
    pub(crate) fn record(
        &self,
        start: Start,
        mut each: impl FnMut(usize, &[u8], usize, usize),
    ) -> Found {
        let limit = start.byte + LONGEST;
        let Start {
            byte: mut from,
            mut place,
        } = start;
        let (mut field, mut lines) = (0, 1);
        loop {
            let Some(at) = self.places.get(place).map(|at| *at as usize) else {
                if self.filled > limit {
                    return self.broken(start, Rule::UnterminatedQuote);
                }
                if !self.last {
                    return Found::Incomplete;
                }
                let end = self.before_return(from, self.filled);
                each(field, self.bytes, from, end);
                return Found::Record {
                    fields: field + 1,
                    end,
                    lines,
                    next: Start {
                        byte: self.filled,
                        place,
                    },
                };
            };
            place += 1;
            let byte = self.bytes[at];
            if byte == self.delimiter {
                each(field, self.bytes, from, at);
                field += 1;
                from = at + 1;
            } else if byte == b'\n' {
                if at > limit {
                    return self.broken(start, Rule::UnterminatedQuote);
                }
                let end = self.before_return(from, at);
                each(field, self.bytes, from, end);
                return Found::Record {
                    fields: field + 1,
                    end,
                    lines,
                    next: Start {
                        byte: at + 1,
                        place,
                    },
                };
            } else if at == from {
                let quoted = match self.quoted(start, at, place) {
                    Ok(quoted) => quoted,
                    Err(found) => return found,
                };
                lines += quoted.lines;
                if quoted.escaped {
                    let text = self.unescaped(from + 1, quoted.end);
                    each(field, &text, 0, text.len() - PADDING);
                } else {
                    each(field, self.bytes, from + 1, quoted.end);
                }
                if quoted.ends_record {
                    return Found::Record {
                        fields: field + 1,
                        end: quoted.end + 1,
                        lines,
                        next: quoted.next,
                    };
                }
                field += 1;
                from = quoted.next.byte;
                place = quoted.next.place;
            }
        }
    }

    /// The quoted field that opens at `open`; `place` is the first place after it.
    fn quoted(&self, start: Start, open: usize, mut place: usize) -> Result<Quoted, Found> {
        let limit = start.byte + LONGEST;
        let (mut lines, mut escaped) = (0, false);
        debug_assert_eq!(self.bytes[open], b'"');
        loop {
            let Some(at) = self.places.get(place).map(|at| *at as usize) else {
                return Err(if self.last || self.filled > limit {
                    self.broken(start, Rule::UnterminatedQuote)
                } else {
                    Found::Incomplete
                });
            };
            if at > limit {
                return Err(self.broken(start, Rule::UnterminatedQuote));
            }
            place += 1;
            if self.bytes[at] == b'\n' {
                lines += 1;
            }
            if self.bytes[at] != b'"' {
                continue;
            }
            let done = |ends_record, byte, place| {
                Ok(Quoted {
                    end: at,
                    lines,
                    escaped,
                    ends_record,
                    next: Start { byte, place },
                })
            };
            return match self.bytes[at + 1..self.filled] {
                [] if self.last => done(true, self.filled, place),
                [] => Err(Found::Incomplete),
                [b'"', ..] => {
                    escaped = true;
                    place += 1;
                    continue;
                }
                [byte, ..] if byte == self.delimiter => done(false, at + 2, place + 1),
                [b'\n', ..] => done(true, at + 2, place + 1),
                [b'\r', b'\n', ..] => done(true, at + 3, place + 1),
                [b'\r'] if self.last => done(true, self.filled, place),
                [b'\r'] => Err(Found::Incomplete),
                _ => Err(self.broken(start, Rule::BadQuote)),
            };
        }
    }

    /// Gives up on the physical line that starts at `start`.
    fn broken(&self, start: Start, rule: Rule) -> Found {
        let line_feed = self.places[start.place..]
            .iter()
            .position(|at| self.bytes[*at as usize] == b'\n')
            .map(|index| start.place + index);
        let (end, next) = match line_feed {
            Some(place) => {
                let at = self.places[place] as usize;
                let next = Start {
                    byte: at + 1,
                    place: place + 1,
                };
                (at, next)
            }
            None if self.last => {
                let next = Start {
                    byte: self.filled,
                    place: self.places.len(),
                };
                (self.filled, next)
            }
            None if self.filled - start.byte > LONGEST => return Found::Endless,
            None => return Found::Incomplete,
        };
        let rule = if end - start.byte > LONGEST {
            Rule::TooLong
        } else {
            rule
        };
        Found::Broken { rule, next }
    }

    fn before_return(&self, from: usize, end: usize) -> usize {
        if end > from && self.bytes[end - 1] == b'\r' {
            end - 1
        } else {
            end
        }
    }

    /// The text of a quoted field with `""` as `"`, padded.
    fn unescaped(&self, from: usize, end: usize) -> Vec<u8> {
        let mut text = Vec::with_capacity(end - from + PADDING);
        let mut bytes = self.bytes[from..end].iter();
        while let Some(byte) = bytes.next() {
            text.push(*byte);
            if *byte == b'"' {
                bytes.next();
            }
        }
        text.resize(text.len() + PADDING, 0);
        text
    }
}

struct Quoted {
    /// Place of the closing quote.
    end: usize,
    /// Line feeds inside.
    lines: u32,
    /// Whether it holds `""`.
    escaped: bool,
    /// Whether the record ends with it.
    ends_record: bool,
    /// Where the next field or record starts.
    next: Start,
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::structure;

    /// Every record of `text`, or the rule it broke.
    pub(crate) fn read(text: &[u8]) -> Vec<Result<Vec<String>, Rule>> {
        let mut places = Vec::new();
        structure::index(text, b',', &mut places);
        let mut bytes = text.to_vec();
        bytes.resize(text.len() + PADDING, 0);
        let window = Window {
            bytes: &bytes,
            filled: text.len(),
            last: true,
            places: &places,
            delimiter: b',',
        };
        let (mut start, mut records) = (Start { byte: 0, place: 0 }, Vec::new());
        while start.byte < text.len() {
            let mut fields = Vec::new();
            match window.record(start, |_, bytes, from, to| {
                fields.push(String::from_utf8_lossy(&bytes[from..to]).into_owned());
            }) {
                Found::Record { next, .. } => {
                    records.push(Ok(fields));
                    start = next;
                }
                Found::Broken { rule, next } => {
                    records.push(Err(rule));
                    start = next;
                }
                other => panic!("{other:?}"),
            }
        }
        records
    }

    fn row(fields: &[&str]) -> Result<Vec<String>, Rule> {
        Ok(fields.iter().map(|field| (*field).to_owned()).collect())
    }

    #[test]
    fn plain_and_quoted_fields() {
        assert_eq!(
            read(b"a,b\r\n\"c,\"\"d\"\"\",\"e\nf\"\n,\"\"\n5\" x,y\"\"z\nlast"),
            [
                row(&["a", "b"]),
                row(&["c,\"d\"", "e\nf"]),
                row(&["", ""]),
                row(&["5\" x", "y\"\"z"]),
                row(&["last"]),
            ]
        );
    }

    #[test]
    fn a_stray_quote_costs_one_line() {
        assert_eq!(
            read(b"\"a\"b,c\nd,e\n"),
            [Err(Rule::BadQuote), row(&["d", "e"])]
        );
        assert_eq!(
            read(b"\"a,b\nc,d\ne,f"),
            [
                Err(Rule::UnterminatedQuote),
                row(&["c", "d"]),
                row(&["e", "f"])
            ]
        );
        assert_eq!(read(b"\"a\r"), [Err(Rule::UnterminatedQuote)]);
        assert_eq!(read(b"\"a\"\r"), [row(&["a"])]);
    }

    #[test]
    fn a_line_may_be_too_long_and_a_quote_too_far() {
        let mut text = vec![b'x'; LONGEST + 1];
        text.extend_from_slice(b",1\na,b\n");
        assert_eq!(read(&text), [Err(Rule::TooLong), row(&["a", "b"])]);

        let mut text = b"\"open\n".to_vec();
        text.resize(LONGEST + 10, b'y');
        text.extend_from_slice(b"\"\n");
        assert_eq!(
            read(&text)[0],
            Err(Rule::UnterminatedQuote),
            "the first line is given up"
        );
    }
}
