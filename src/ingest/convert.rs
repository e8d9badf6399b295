//! One raw cell to one canonical value, or to the rule it breaks. Runs once per distinct text of a column.
//!
//! Cells are trimmed. An empty cell (or one of the mapping's `nulls`) is null, and breaks `missing-required` where
//! the column is required. A cell that is there and wrong is never null: it rejects the row even in an optional column, for
//! a wrong value must not turn silently into no value.

use std::collections::HashMap;

use chrono::format::{Item, Parsed, StrftimeItems, parse};
use chrono::{Datelike as _, NaiveDate};
use throughline_model::mapping::Field;
use throughline_model::{Column, Kind};

use crate::key::{Key, Namespace, Pseudonym};
use crate::rule::Rule;

/// Longest cell that is kept, in bytes.
const LONGEST_CELL: usize = 1 << 16;
/// First and last calendar year a date may fall in.
const YEARS: std::ops::RangeInclusive<i32> = 1990..=2100;

/// A canonical value.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Value {
    /// Text, ID or canonical word.
    Text(String),
    /// A person's pseudonym.
    Person(Pseudonym),
    /// Days since 1970-01-01, or a whole number.
    Integer(i32),
    /// A finite number.
    Number(f64),
    /// Yes or no.
    Flag(bool),
}

/// What a cell means: a value, nothing, or a broken rule.
pub(crate) type Cell = Result<Option<Value>, Rule>;

/// How the cells of one canonical column are read.
pub(crate) struct Converter<'a> {
    column: &'a Column,
    codes: HashMap<String, &'a str>,
    otherwise: Option<&'a str>,
    nulls: Vec<String>,
    date: Vec<Item<'a>>,
    namespace: Option<Namespace>,
    scale: f64,
}

impl<'a> Converter<'a> {
    pub(crate) fn new(column: &'a Column, field: &'a Field, key: &Key) -> Self {
        let namespace = field
            .identity
            .as_ref()
            .map(|(person, system)| key.namespace(*person, system));
        Self {
            column,
            codes: field
                .codes
                .iter()
                .map(|(vendor, word)| (vendor.trim().to_lowercase(), word.as_str()))
                .collect(),
            otherwise: field.otherwise.as_deref(),
            nulls: field
                .nulls
                .iter()
                .map(|word| word.trim().to_lowercase())
                .collect(),
            date: StrftimeItems::new(field.date_format.as_deref().unwrap_or("%Y-%m-%d")).collect(),
            namespace,
            scale: field.scale,
        }
    }

    /// Reads a vendor's cell.
    pub(crate) fn cell(&self, raw: &[u8]) -> Cell {
        if raw.len() > LONGEST_CELL {
            return Err(Rule::TooLong);
        }
        if raw.contains(&0) {
            return Err(Rule::NulByte);
        }
        let text = std::str::from_utf8(raw).map_err(|_| Rule::BadUtf8)?.trim();
        let folded = if self.codes.is_empty() && self.nulls.is_empty() {
            String::new()
        } else {
            text.to_lowercase()
        };
        if let Some(word) = self.codes.get(&folded) {
            return self.canonical(word).map(Some);
        }
        if text.is_empty() || self.nulls.contains(&folded) {
            return if self.column.required {
                Err(Rule::MissingRequired)
            } else {
                Ok(None)
            };
        }
        match (self.codes.is_empty(), self.otherwise) {
            (true, None) => self.value(text, &self.date).map(Some),
            (true, Some(otherwise)) => self
                .value(text, &self.date)
                .or_else(|_| self.canonical(otherwise))
                .map(Some),
            (false, Some(otherwise)) => self.canonical(otherwise).map(Some),
            (false, None) => Err(Rule::UnknownCode),
        }
    }

    /// Reads a canonical word of the mapping.
    pub(crate) fn canonical(&self, word: &str) -> Result<Value, Rule> {
        let date: Vec<Item<'_>> = StrftimeItems::new("%Y-%m-%d").collect();
        self.value(word.trim(), &date)
    }

    fn value(&self, text: &str, date: &[Item<'_>]) -> Result<Value, Rule> {
        match self.column.kind {
            Kind::Text | Kind::Id => Ok(Value::Text(text.to_owned())),
            Kind::StudentId | Kind::StaffId | Kind::PersonId => self
                .namespace
                .as_ref()
                .map(|namespace| Value::Person(namespace.pseudonym(text)))
                .ok_or(Rule::UnknownCode),
            Kind::Code(words) => words
                .iter()
                .find(|word| word.eq_ignore_ascii_case(text))
                .map(|word| Value::Text((*word).to_owned()))
                .ok_or(Rule::UnknownCode),
            Kind::Date => day(text, date).map(Value::Integer),
            Kind::Integer(low, high) => {
                let year = (self.column.name == "school_year")
                    .then(|| ending_year(text))
                    .flatten();
                let number = match year {
                    Some(year) => f64::from(year),
                    None => number(text)? * self.scale,
                };
                if number.fract() != 0.0 {
                    Err(Rule::BadNumber)
                } else if (f64::from(low)..=f64::from(high)).contains(&number) {
                    Ok(Value::Integer(number as i32))
                } else {
                    Err(Rule::OutOfRange)
                }
            }
            Kind::Number(low, high) => {
                let number = number(text)? * self.scale;
                if (low..=high).contains(&number) {
                    Ok(Value::Number(if number == 0.0 { 0.0 } else { number }))
                } else {
                    Err(Rule::OutOfRange)
                }
            }
            Kind::Flag => flag(text).map(Value::Flag).ok_or(Rule::BadFlag),
        }
    }
}

/// Days since 1970-01-01 of a date; what the format says beyond the date (a time of day) is read and dropped.
fn day(text: &str, format: &[Item<'_>]) -> Result<i32, Rule> {
    let mut parsed = Parsed::new();
    parse(&mut parsed, text, format.iter()).map_err(|_| Rule::BadDate)?;
    let date: NaiveDate = parsed.to_naive_date().map_err(|_| Rule::BadDate)?;
    if YEARS.contains(&date.year()) {
        Ok(date.to_epoch_days())
    } else {
        Err(Rule::OutOfRange)
    }
}

/// A finite number, written with digits, a decimal point and perhaps an exponent. No separators of thousands: `1,234` may
/// be 1234 or 1.234, and only the vendor knows.
fn number(text: &str) -> Result<f64, Rule> {
    let plain = text
        .bytes()
        .all(|byte| byte.is_ascii_digit() || matches!(byte, b'.' | b'-' | b'+' | b'e' | b'E'));
    if !plain {
        return Err(Rule::BadNumber);
    }
    match text.parse::<f64>() {
        Ok(number) if number.is_finite() => Ok(number),
        _ => Err(Rule::BadNumber),
    }
}

fn flag(text: &str) -> Option<bool> {
    let is = |words: &[&str]| words.iter().any(|word| word.eq_ignore_ascii_case(text));
    if is(&["true", "yes", "y", "t", "1"]) {
        Some(true)
    } else if is(&["false", "no", "n", "f", "0"]) {
        Some(false)
    } else {
        None
    }
}

/// `2024-25` and `2024-2025` are 2025.
fn ending_year(text: &str) -> Option<i32> {
    let (first, second) = text.split_once(['-', '/'])?;
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if first.len() != 4 || !digits(first) || !digits(second) {
        return None;
    }
    let first: i32 = first.parse().ok()?;
    let last = first + 1;
    match (second.len(), second.parse::<i32>().ok()?) {
        (4, second) if second == last => Some(last),
        (2, second) if second == last % 100 => Some(last),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use throughline_model::mapping::Origin;

    fn field() -> Field {
        Field {
            column: 0,
            from: Origin::Header(vec!["X".to_owned()]),
            date_format: None,
            codes: Vec::new(),
            otherwise: None,
            identity: None,
            nulls: Vec::new(),
            scale: 1.0,
        }
    }

    fn read(kind: Kind, required: bool, field: &Field, cell: &[u8]) -> Cell {
        let column = Column {
            name: "x",
            kind,
            required,
        };
        Converter::new(&column, field, &Key::for_tests()).cell(cell)
    }

    fn optional(kind: Kind, cell: &[u8]) -> Cell {
        read(kind, false, &field(), cell)
    }

    #[test]
    fn ids_stay_text_and_are_trimmed() {
        assert_eq!(
            optional(Kind::Id, b" 007 "),
            Ok(Some(Value::Text("007".to_owned())))
        );
        assert_eq!(optional(Kind::Id, b"  "), Ok(None));
        assert_eq!(
            read(Kind::Id, true, &field(), b""),
            Err(Rule::MissingRequired)
        );
        assert_eq!(optional(Kind::Text, b"a\0b"), Err(Rule::NulByte));
        assert_eq!(optional(Kind::Text, b"caf\xe9"), Err(Rule::BadUtf8));
        assert_eq!(
            optional(Kind::Text, &[b'x'; LONGEST_CELL + 1]),
            Err(Rule::TooLong)
        );
    }

    #[test]
    fn dates_follow_the_format_and_the_calendar() {
        let american = Field {
            date_format: Some("%m/%d/%Y".to_owned()),
            ..field()
        };
        let date = |cell: &[u8]| read(Kind::Date, false, &american, cell);
        assert_eq!(date(b"01/02/2000"), Ok(Some(Value::Integer(10_958))));
        assert_eq!(date(b"1/2/2000"), Ok(Some(Value::Integer(10_958))));
        assert_eq!(date(b"02/30/2024"), Err(Rule::BadDate));
        assert_eq!(date(b"2024-01-02"), Err(Rule::BadDate));
        assert_eq!(date(b"01/02/2024 x"), Err(Rule::BadDate));
        assert_eq!(date(b"01/02/1989"), Err(Rule::OutOfRange));
        assert_eq!(date(b"01/02/2101"), Err(Rule::OutOfRange));
        let timed = Field {
            date_format: Some("%Y-%m-%d %H:%M:%S".to_owned()),
            ..field()
        };
        assert_eq!(
            read(Kind::Date, false, &timed, b"2000-01-02 23:59:00"),
            Ok(Some(Value::Integer(10_958)))
        );
    }

    #[test]
    fn numbers_are_finite_plain_and_in_range() {
        let number = |cell: &[u8]| optional(Kind::Number(-10.0, 1000.0), cell);
        assert_eq!(number(b"12.50"), Ok(Some(Value::Number(12.5))));
        assert_eq!(number(b"-0"), Ok(Some(Value::Number(0.0))));
        assert_eq!(number(b"1e2"), Ok(Some(Value::Number(100.0))));
        for bad in ["1,234", "inf", "NaN", "0x10", "1 2", "--1", "12%", "1_0"] {
            assert_eq!(number(bad.as_bytes()), Err(Rule::BadNumber), "{bad}");
        }
        assert_eq!(number(b"1e9"), Err(Rule::OutOfRange));
        assert_eq!(number(b"1e999"), Err(Rule::BadNumber));
        let hours = Field {
            scale: 60.0,
            ..field()
        };
        assert_eq!(
            read(Kind::Number(0.0, 1440.0), false, &hours, b"1.5"),
            Ok(Some(Value::Number(90.0)))
        );
        assert_eq!(
            optional(Kind::Integer(0, 10), b"7"),
            Ok(Some(Value::Integer(7)))
        );
        assert_eq!(optional(Kind::Integer(0, 10), b"7.5"), Err(Rule::BadNumber));
        assert_eq!(optional(Kind::Integer(0, 10), b"11"), Err(Rule::OutOfRange));
    }

    #[test]
    fn school_years_may_be_written_as_two() {
        assert_eq!(ending_year("2024-25"), Some(2025));
        assert_eq!(ending_year("1999-00"), Some(2000));
        assert_eq!(ending_year("2024/2025"), Some(2025));
        assert_eq!(ending_year("2024-26"), None);
        assert_eq!(ending_year("2024"), None);
    }

    #[test]
    fn codes_translate_and_what_they_do_not_list_is_refused() {
        let kind = Kind::Code(&["present", "tardy"]);
        let coded = Field {
            codes: vec![("T ".to_owned(), "tardy".to_owned())],
            ..field()
        };
        let tardy = Ok(Some(Value::Text("tardy".to_owned())));
        assert_eq!(read(kind, true, &coded, b" t"), tardy);
        assert_eq!(read(kind, true, &coded, b"tardy"), Err(Rule::UnknownCode));
        assert_eq!(optional(kind, b"TARDY"), tardy);
        let lenient = Field {
            otherwise: Some("tardy".to_owned()),
            ..coded
        };
        assert_eq!(read(kind, true, &lenient, b"zzz"), tardy);
        assert_eq!(read(kind, true, &lenient, b""), Err(Rule::MissingRequired));
        let nulled = Field {
            nulls: vec!["N/A".to_owned()],
            ..field()
        };
        assert_eq!(read(kind, false, &nulled, b"n/a"), Ok(None));
        assert_eq!(optional(Kind::Flag, b"Y"), Ok(Some(Value::Flag(true))));
        assert_eq!(optional(Kind::Flag, b"maybe"), Err(Rule::BadFlag));
    }
}
