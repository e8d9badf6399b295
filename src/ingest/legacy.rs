//! Files of one byte a character that do not say so. Delimiters and line ends are where they are in either case, so it
//! is enough to look at the distinct cells that are wanted: where none of those beyond ASCII is UTF-8, and they look like
//! Windows-1252, they are read as that, and it is reported. Where some are UTF-8 the others are damaged, and are
//! rejected; where another encoding is likelier, the mapping has to say it.

use std::borrow::Cow;

use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};
use encoding_rs::{Encoding, WINDOWS_1252};
use throughline_model::dialect::Dialect;

use crate::decode::encoding::Charset;
use crate::decode::open::Note;
use crate::intern::Interner;

/// Bytes that Windows-1252 has no character for.
const UNDEFINED: [u8; 5] = [0x81, 0x8d, 0x8f, 0x90, 0x9d];

/// How the distinct cells of a file are read, and what there is to say about it. `None`: they are UTF-8.
pub(crate) fn judge<'c>(
    charset: Charset,
    dialect: &Dialect,
    cells: impl Iterator<Item = &'c Interner>,
) -> (Option<&'static Encoding>, Option<Note>) {
    if matches!(charset, Charset::Wide(_)) {
        return (None, None);
    }
    let (mut fine, mut other) = (0_u64, 0_u64);
    let mut undefined = false;
    let mut detector = EncodingDetector::new(Iso2022JpDetection::Deny);
    let mut scratch = [0; 16];
    for interner in cells {
        for number in 0..interner.len() as u32 {
            let cell = interner.cell(number, &mut scratch);
            if cell.is_ascii() {
                continue;
            }
            if std::str::from_utf8(cell).is_ok() {
                fine += 1;
            } else {
                other += 1;
                undefined |= cell.iter().any(|byte| UNDEFINED.contains(byte));
                detector.feed(cell, false);
                detector.feed(b" ", false);
            }
        }
    }
    if let Charset::OneByte(encoding) = charset {
        if fine == 0 || other > 0 {
            return (Some(encoding), None);
        }
        let note = (
            format!(
                "the file is UTF-8, not {} as the mapping says",
                encoding.name()
            ),
            "take `encoding` out of `[dialect]`".to_owned(),
        );
        return (None, Some(note));
    }
    if other == 0 || dialect.encoding.is_some() {
        return (None, None);
    }
    if fine > 0 {
        let message = format!(
            "{other} distinct cells are not UTF-8 while {fine} others are: their rows are rejected"
        );
        return (
            None,
            Some((
                message,
                "ask the vendor to export the file again".to_owned(),
            )),
        );
    }
    detector.feed(b"", true);
    let guess = detector.guess(None, Utf8Detection::Deny);
    if guess == WINDOWS_1252 && !undefined {
        let message = format!("{other} distinct cells are not UTF-8 and are read as Windows-1252");
        let hint =
            "write `encoding = \"windows-1252\"` under `[dialect]` of the mapping to expect that";
        return (Some(WINDOWS_1252), Some((message, hint.to_owned())));
    }
    let message = format!(
        "{other} distinct cells are not UTF-8, nor surely Windows-1252: their rows are rejected"
    );
    let hint = format!(
        "say the encoding under `[dialect]` of the mapping; `{}` looks likely",
        guess.name().to_lowercase()
    );
    (None, Some((message, hint)))
}

/// A cell as text; `None` where it is none.
pub(crate) fn text<'c>(raw: &'c [u8], encoding: Option<&'static Encoding>) -> Option<Cow<'c, str>> {
    match encoding {
        Some(encoding) if !raw.is_ascii() => {
            if encoding == WINDOWS_1252 && raw.iter().any(|byte| UNDEFINED.contains(byte)) {
                return None;
            }
            encoding.decode_without_bom_handling_and_without_replacement(raw)
        }
        _ => std::str::from_utf8(raw).ok().map(Cow::Borrowed),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::intern::PADDING;

    fn judged(cells: &[&[u8]], charset: Charset) -> (Option<&'static Encoding>, bool) {
        let mut interner = Interner::new();
        for cell in cells {
            let mut buffer = cell.to_vec();
            buffer.resize(cell.len() + PADDING, 0);
            interner.intern(&buffer, 0, cell.len());
        }
        let (encoding, note) = judge(charset, &Dialect::default(), [&interner].into_iter());
        (encoding, note.is_some())
    }

    #[test]
    fn windows_1252_is_found_and_nothing_else_is_guessed() {
        let one = Charset::OneByte(WINDOWS_1252);
        assert_eq!(judged(&[b"caf", b"x"], Charset::Utf8), (None, false));
        assert_eq!(judged(&["Zoë".as_bytes()], Charset::Utf8), (None, false));
        for cells in [
            &[b"Garc\xeda".as_slice()][..],
            &[b"Zo\xeb"],
            &[b"\x93quoted\x94 \x96 it\x92s"],
            &[b"caf\xe9"],
        ] {
            assert_eq!(
                judged(cells, Charset::Utf8),
                (Some(WINDOWS_1252), true),
                "{cells:?}"
            );
        }
        assert_eq!(
            judged(&[b"Zo\xeb", "Zoë".as_bytes()], Charset::Utf8),
            (None, true)
        );
        assert_eq!(judged(&[b"a\x81b"], Charset::Utf8), (None, true));
        assert_eq!(judged(&[b"Zo\xeb"], one), (Some(WINDOWS_1252), false));
        assert_eq!(judged(&["Zoë".as_bytes()], one), (None, true));
    }

    #[test]
    fn cells_become_text_or_nothing() {
        assert_eq!(text(b"Zo\xeb", Some(WINDOWS_1252)).as_deref(), Some("Zoë"));
        assert_eq!(text(b"a\x81", Some(WINDOWS_1252)), None);
        assert_eq!(text(b"Zo\xeb", None), None);
        assert_eq!(text("Zoë".as_bytes(), None).as_deref(), Some("Zoë"));
    }
}
