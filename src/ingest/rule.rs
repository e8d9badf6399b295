//! Why a row is rejected, and what a rejected cell looked like without saying what it was.
//!
//! Rule names are part of the lake (`reject.rule`): people filter and count by them, so they never change. The
//! shape keeps lengths and kinds of characters (`AAA-999`), which is what one needs to find the fault in the
//! export, and nothing else.

/// Longest shape that is kept, in characters; longer ones end in `...`.
const LONGEST_SHAPE: usize = 24;

/// Why a row is rejected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Rule {
    /// The row has more or fewer fields than the header.
    FieldCount,
    /// A quoted field never ends.
    UnterminatedQuote,
    /// Text follows a closing quote.
    BadQuote,
    /// The row or the cell is too long.
    TooLong,
    /// The cell holds a NUL byte.
    NulByte,
    /// The cell holds bytes that are no characters in the file's encoding.
    BadUtf8,
    /// A required cell is empty.
    MissingRequired,
    /// The cell is not a date of the mapping's format.
    BadDate,
    /// The cell is not a finite number.
    BadNumber,
    /// The cell is neither yes nor no.
    BadFlag,
    /// Neither the mapping's code table nor the canonical table knows the word.
    UnknownCode,
    /// The value is outside the column's range.
    OutOfRange,
    /// The record is no JSON, or not where the mapping says records are.
    BadRecord,
    /// Where one value belongs stand several, or a list or an object.
    NotSingle,
    /// An ID that is hashed is none of the district's.
    UnknownRecipient,
    /// The ID is a number that a spreadsheet has rounded: `1.23E+09`.
    RoundedId,
}

impl Rule {
    /// All rules, in the order of their discriminants.
    pub(crate) const ALL: [Self; 16] = [
        Self::FieldCount,
        Self::UnterminatedQuote,
        Self::BadQuote,
        Self::TooLong,
        Self::NulByte,
        Self::BadUtf8,
        Self::MissingRequired,
        Self::BadDate,
        Self::BadNumber,
        Self::BadFlag,
        Self::UnknownCode,
        Self::OutOfRange,
        Self::BadRecord,
        Self::NotSingle,
        Self::UnknownRecipient,
        Self::RoundedId,
    ];

    /// The stable name.
    pub fn name(self) -> &'static str {
        match self {
            Self::FieldCount => "field-count",
            Self::UnterminatedQuote => "unterminated-quote",
            Self::BadQuote => "bad-quote",
            Self::TooLong => "too-long",
            Self::NulByte => "nul-byte",
            Self::BadUtf8 => "bad-utf8",
            Self::MissingRequired => "missing-required",
            Self::BadDate => "bad-date",
            Self::BadNumber => "bad-number",
            Self::BadFlag => "bad-flag",
            Self::UnknownCode => "unknown-code",
            Self::OutOfRange => "out-of-range",
            Self::BadRecord => "bad-record",
            Self::NotSingle => "not-single",
            Self::UnknownRecipient => "unknown-recipient",
            Self::RoundedId => "rounded-id",
        }
    }

    /// What it means for whoever has to find the fault in the export, to follow a colon.
    pub fn meaning(self) -> &'static str {
        match self {
            Self::FieldCount => {
                "more or fewer fields than the header has; a cell with a delimiter in it needs quotes"
            }
            Self::UnterminatedQuote => "a quote is opened and never closed",
            Self::BadQuote => "text follows a closing quote",
            Self::TooLong => "longer than any cell or line should be",
            Self::NulByte => "a byte that no text holds",
            Self::BadUtf8 => "bytes that are no text in the file's encoding",
            Self::MissingRequired => "must not be empty",
            Self::BadDate => "no date as the mapping writes it",
            Self::BadNumber => "no number; thousands separators and signs of currency are not read",
            Self::BadFlag => "neither yes nor no",
            Self::UnknownCode => "a word that the mapping does not list",
            Self::OutOfRange => "outside what can be",
            Self::BadRecord => "not where the mapping says that records are",
            Self::NotSingle => "several values where one belongs",
            Self::UnknownRecipient => "nobody's in the district",
            Self::RoundedId => {
                "a spreadsheet has rounded the ID; export it again and do not save it from a spreadsheet (`repair = \"expand_exponent\"` reads what has lost no digit)"
            }
        }
    }
}

/// What a cell looks like: letters are `A`, digits `9`, ASCII punctuation and space stay, anything else is `?`.
pub(crate) fn shape(raw: &[u8]) -> String {
    let head = &raw[..raw.len().min(4 * LONGEST_SHAPE + 4)];
    let text = String::from_utf8_lossy(head);
    let mut shape = String::new();
    for (count, c) in text.chars().enumerate() {
        if count == LONGEST_SHAPE {
            shape.push_str("...");
            break;
        }
        shape.push(match c {
            ' ' => ' ',
            c if c.is_alphabetic() => 'A',
            c if c.is_numeric() => '9',
            c if c.is_ascii_punctuation() => c,
            _ => '?',
        });
    }
    shape
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shape_says_nothing_but_form() {
        assert_eq!(shape(b"ABc-012"), "AAA-999");
        assert_eq!(shape("Zoë O'Hara".as_bytes()), "AAA A'AAAA");
        assert_eq!(shape(b"\xff\x00x"), "??A");
        assert_eq!(
            shape(&[b'7'; 500]),
            format!("{}...", "9".repeat(LONGEST_SHAPE))
        );
    }

    #[test]
    fn every_rule_is_listed_at_its_place() {
        for (index, rule) in Rule::ALL.into_iter().enumerate() {
            assert_eq!(rule as usize, index);
        }
    }
}
