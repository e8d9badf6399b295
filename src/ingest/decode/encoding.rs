//! Which encoding a file is in, and UTF-8 made of it. UTF-16 is known by its mark or by its zero bytes and is converted as
//! it is read; an encoding of one byte a character leaves delimiters where they are, so there only cells are
//! converted, once per distinct cell ([`crate::legacy`]).
//!
//! Nothing is replaced: what is no character becomes the byte `FF`, which no UTF-8 holds, so the cell that has it
//! breaks the rule `bad-utf8` at its place instead of turning into another text.

use std::io::{self, Read};

use encoding_rs::{Decoder, DecoderResult, Encoding, UTF_8, UTF_16BE, UTF_16LE};

/// Stands for what is no character.
const NO_CHARACTER: u8 = 0xff;
/// Bytes in which an encoding shows.
pub(crate) const HEAD: usize = 1 << 12;

/// What the bytes of a file mean.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Charset {
    /// UTF-8, or so it seems.
    Utf8,
    /// One byte a character, ASCII where it is ASCII; the mapping says which.
    OneByte(&'static Encoding),
    /// Anything else; converted as it is read.
    Wide(&'static Encoding),
}

impl Charset {
    /// The encoding of this label; `None` where there is none.
    pub(crate) fn of(label: &str) -> Option<Self> {
        let encoding = Encoding::for_label(label.trim().as_bytes())?;
        Some(if encoding == UTF_8 {
            Self::Utf8
        } else if encoding.is_single_byte() {
            Self::OneByte(encoding)
        } else {
            Self::Wide(encoding)
        })
    }

    /// Its name.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Utf8 => UTF_8.name(),
            Self::OneByte(encoding) | Self::Wide(encoding) => encoding.name(),
        }
    }

    /// What the first bytes of a file show, and how many of them are a mark; `None` where they show nothing.
    pub(crate) fn shown(head: &[u8]) -> Option<(Self, usize)> {
        if let Some((encoding, mark)) = Encoding::for_bom(head) {
            let charset = if encoding == UTF_8 {
                Self::Utf8
            } else {
                Self::Wide(encoding)
            };
            return Some((charset, mark));
        }
        let zeros = |from: usize| {
            head.iter()
                .skip(from)
                .step_by(2)
                .filter(|byte| **byte == 0)
                .count()
        };
        let (even, odd, pairs) = (zeros(0), zeros(1), head.len() / 2);
        let mostly = |count: usize| pairs >= 2 && count * 10 >= pairs * 7;
        match (mostly(even), mostly(odd)) {
            (false, true) if even * 5 < odd => Some((Self::Wide(UTF_16LE), 0)),
            (true, false) if odd * 5 < even => Some((Self::Wide(UTF_16BE), 0)),
            _ => None,
        }
    }
}

/// A stream as UTF-8, or as it is where its characters have one byte.
pub(crate) struct Text<R> {
    inner: R,
    decoder: Option<Decoder>,
    raw: Vec<u8>,
    /// What of `raw` is not used yet.
    rest: (usize, usize),
    ended: bool,
    finished: bool,
    out: Vec<u8>,
    given: usize,
}

impl<R: Read> Text<R> {
    /// Reads `inner`, of which `head` has been read already; the first `mark` bytes of it are dropped.
    pub(crate) fn new(inner: R, head: Vec<u8>, mark: usize, charset: Charset) -> Self {
        let decoder = match charset {
            Charset::Wide(encoding) => Some(encoding.new_decoder_without_bom_handling()),
            Charset::Utf8 | Charset::OneByte(_) => None,
        };
        let filled = head.len();
        let mut raw = head;
        raw.resize(filled.max(1 << 16), 0);
        Self {
            inner,
            decoder,
            raw,
            rest: (mark, filled),
            ended: false,
            finished: false,
            out: Vec::new(),
            given: 0,
        }
    }

    fn fill(&mut self) -> io::Result<()> {
        if self.rest.0 == self.rest.1 && !self.ended {
            let count = self.inner.read(&mut self.raw)?;
            self.rest = (0, count);
            self.ended = count == 0;
        }
        Ok(())
    }
}

impl<R: Read> Read for Text<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let Some(decoder) = &mut self.decoder else {
            self.fill()?;
            let (from, to) = self.rest;
            let count = buffer.len().min(to - from);
            buffer[..count].copy_from_slice(&self.raw[from..from + count]);
            self.rest.0 += count;
            return Ok(count);
        };
        loop {
            if self.given < self.out.len() {
                let count = buffer.len().min(self.out.len() - self.given);
                buffer[..count].copy_from_slice(&self.out[self.given..self.given + count]);
                self.given += count;
                return Ok(count);
            }
            if self.finished {
                return Ok(0);
            }
            if self.rest.0 == self.rest.1 && !self.ended {
                let count = self.inner.read(&mut self.raw)?;
                self.rest = (0, count);
                self.ended = count == 0;
            }
            self.out.resize(4 * (self.rest.1 - self.rest.0) + 16, 0);
            self.given = 0;
            let source = &self.raw[self.rest.0..self.rest.1];
            let (result, read, written) =
                decoder.decode_to_utf8_without_replacement(source, &mut self.out, self.ended);
            self.rest.0 += read;
            self.out.truncate(written);
            match result {
                DecoderResult::Malformed(..) => self.out.push(NO_CHARACTER),
                DecoderResult::InputEmpty => self.finished = self.ended,
                DecoderResult::OutputFull => {}
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn utf16(text: &str, bytes: fn(u16) -> [u8; 2]) -> Vec<u8> {
        text.encode_utf16().flat_map(bytes).collect()
    }

    fn read(bytes: &[u8], charset: Charset, mark: usize) -> io::Result<Vec<u8>> {
        let mut all = Vec::new();
        let (head, rest) = bytes.split_at(bytes.len().min(5));
        Text::new(rest, head.to_vec(), mark, charset).read_to_end(&mut all)?;
        Ok(all)
    }

    #[test]
    fn utf16_is_found_and_converted() -> io::Result<()> {
        let text = "id,name\n1,Zoë 😀\n".repeat(5_000);
        for (bytes, mark) in [
            (utf16(&text, u16::to_le_bytes), 0),
            (utf16(&text, u16::to_be_bytes), 0),
            (utf16(&format!("\u{feff}{text}"), u16::to_le_bytes), 2),
            (utf16(&format!("\u{feff}{text}"), u16::to_be_bytes), 2),
        ] {
            let (charset, found) = Charset::shown(&bytes[..64]).ok_or(io::ErrorKind::Other)?;
            assert_eq!(found, mark);
            assert_eq!(read(&bytes, charset, mark)?, text.as_bytes());
        }
        assert_eq!(Charset::shown(b"id,name\n"), None);
        assert_eq!(Charset::shown(b"\0\0\0\0\0\0\0\0"), None);
        Ok(())
    }

    #[test]
    fn what_is_no_character_is_marked_and_not_replaced() -> io::Result<()> {
        let mut bytes = utf16("a,", u16::to_le_bytes);
        bytes.extend_from_slice(&0xd800_u16.to_le_bytes());
        bytes.extend(utf16("b\n", u16::to_le_bytes));
        assert_eq!(read(&bytes, Charset::Wide(UTF_16LE), 0)?, b"a,\xffb\n");
        bytes.push(b'c');
        assert_eq!(read(&bytes, Charset::Wide(UTF_16LE), 0)?, b"a,\xffb\n\xff");
        Ok(())
    }
}
