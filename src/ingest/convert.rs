//! One raw cell to one canonical value, or to the rule it breaks. Runs once per distinct text of a column.
//!
//! Cells are trimmed. An empty cell (or one of the mapping's `nulls`) is null, and breaks `missing-required` where
//! the column is required. A cell that is there and wrong is never null: it rejects the row even in an optional column, for
//! a wrong value must not turn silently into no value.

use std::collections::HashMap;

use chrono::format::{Item, Parsed, StrftimeItems, parse};
use chrono::{Datelike as _, NaiveDate};
use encoding_rs::Encoding;
use throughline_model::mapping::{Field, Several};
use throughline_model::{Calendar, Column, Kind};

use crate::decode::tree::{NOT_SINGLE, SALTED, SEVERAL};
use crate::identities::People;
use crate::key::{Key, Namespace, Pseudonym};
use crate::legacy;
use crate::person::Mending;
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

/// What a cell of the form `="0042"` holds: so exports tell spreadsheets that digits are text.
pub(crate) fn unwrapped(text: &str) -> &str {
    text.strip_prefix("=\"")
        .and_then(|text| text.strip_suffix('"'))
        .map_or(text, str::trim)
}

/// Whether an ID is a number that a spreadsheet has written as `1.23E+09`: its last digits are lost, and others have the same.
fn is_rounded(text: &str) -> bool {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let Some((number, power)) = text.split_once(['E', 'e']) else {
        return false;
    };
    let (whole, part) = number.split_once('.').unwrap_or((number, "0"));
    whole.len() == 1 && digits(whole) && digits(part) && power.strip_prefix('+').is_some_and(digits)
}

/// What a cell means: a value, nothing, or a broken rule.
pub(crate) type Cell = Result<Option<Value>, Rule>;

/// How dates and durations are written.
enum Format<'a> {
    /// As chrono's pattern says.
    Pattern(Vec<Item<'a>>),
    /// As ISO 8601 says: a date, or a timestamp that starts with one.
    Iso,
    /// A duration of ISO 8601, in seconds.
    Duration,
}

/// How the cells of one canonical column are read.
pub(crate) struct Converter<'a> {
    column: &'a Column,
    codes: HashMap<String, &'a str>,
    otherwise: Option<&'a str>,
    nulls: Vec<String>,
    format: Format<'a>,
    namespace: Option<Namespace>,
    scale: f64,
    add_days: i32,
    add_years: i32,
    after: Option<&'a str>,
    several: &'a Several,
    /// Whom a hashed ID may belong to; `None`: IDs are not hashed.
    people: Option<&'a People>,
    /// How IDs are mended before they are compared.
    mending: Mending<'a>,
    /// Whether a date may be typed, as a workbook's are: then it is ISO 8601.
    typed_dates: bool,
    /// How a school year follows from a date, where a date is what the cells hold.
    calendar: Option<&'a Calendar>,
    /// Encoding of the cells; `None`: UTF-8.
    encoding: Option<&'static Encoding>,
}

impl<'a> Converter<'a> {
    pub(crate) fn new(
        column: &'a Column,
        field: &'a Field,
        key: &Key,
        encoding: Option<&'static Encoding>,
    ) -> Self {
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
            format: match field.format.as_deref() {
                Some("iso") => Format::Iso,
                Some("iso_duration") => Format::Duration,
                Some(pattern) => Format::Pattern(StrftimeItems::new(pattern).collect()),
                None => Format::Pattern(StrftimeItems::new("%Y-%m-%d").collect()),
            },
            namespace,
            scale: field.scale,
            add_days: field.add_days,
            add_years: field.add_years,
            after: field.after.as_deref(),
            several: &field.several,
            people: None,
            mending: Mending::default(),
            typed_dates: false,
            calendar: None,
            encoding,
        }
    }

    /// The same; a school year whose field has a format is told by a date.
    pub(crate) fn with_calendar(self, field: &Field, calendar: &'a Calendar) -> Self {
        Self {
            calendar: field.format.is_some().then_some(calendar),
            ..self
        }
    }

    /// The same, of a file whose dates may be typed.
    pub(crate) fn typed_dates(self) -> Self {
        Self {
            typed_dates: true,
            ..self
        }
    }

    /// The same, of a column whose IDs are mended.
    pub(crate) fn mended(self, mending: Mending<'a>) -> Self {
        Self { mending, ..self }
    }

    /// The same, of a column whose IDs may be hashed.
    pub(crate) fn hashed(self, people: Option<&'a People>) -> Self {
        Self { people, ..self }
    }

    /// What counts of a cell's text.
    fn inside<'t>(&self, text: &'t str) -> &'t str {
        match self.after.and_then(|after| text.rsplit_once(after)) {
            Some((_, rest)) => rest.trim(),
            None => text,
        }
    }

    /// The IDs of a column as they are written: its texts without spreadsheets' marks and without what stands before them.
    pub(crate) fn written(&self, texts: Vec<String>) -> Vec<String> {
        let texts = texts.into_iter();
        texts
            .map(|text| self.inside(unwrapped(trimmed(&text))).to_owned())
            .collect()
    }

    /// Reads a vendor's cell.
    pub(crate) fn cell(&self, raw: &[u8]) -> Cell {
        if raw.len() > LONGEST_CELL {
            return Err(Rule::TooLong);
        }
        if raw == NOT_SINGLE {
            return Err(Rule::NotSingle);
        }
        if raw.contains(&0) {
            return Err(Rule::NulByte);
        }
        let text = legacy::text(raw, self.encoding).ok_or(Rule::BadUtf8)?;
        if *self.several != Several::Refused && text.contains(SEVERAL) {
            return self.one_of(text.split(SEVERAL));
        }
        self.single(&text)
    }

    /// The value that counts of several; a wrong one is never passed over.
    fn one_of<'t>(&self, texts: impl Iterator<Item = &'t str>) -> Cell {
        let values: Vec<Value> = texts
            .filter_map(|text| self.single(text).transpose())
            .collect::<Result<_, _>>()?;
        let rank = |value: &Value| match (self.several, value) {
            (Several::Prefer(words), Value::Text(text)) => {
                let place = words.iter().position(|word| word == text);
                place.unwrap_or(words.len())
            }
            _ => 0,
        };
        Ok(values.into_iter().min_by_key(rank))
    }

    fn single(&self, text: &str) -> Cell {
        let text = unwrapped(trimmed(text));
        if let Some((hashed, salt)) = text.split_once(char::from(SALTED)) {
            let person = self.people.and_then(|people| people.hashed(hashed, salt));
            let person = person.ok_or(Rule::UnknownRecipient)?;
            return self.value(person, &self.format).map(Some);
        }
        let text = self.inside(text);
        let text = self
            .people
            .and_then(|people| people.known(text))
            .unwrap_or(text);
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
            (true, None) => self.value(text, &self.format).map(Some),
            (true, Some(otherwise)) => self
                .value(text, &self.format)
                .or_else(|_| self.canonical(otherwise))
                .map(Some),
            (false, Some(otherwise)) => self.canonical(otherwise).map(Some),
            (false, None) => Err(Rule::UnknownCode),
        }
    }

    /// Reads a canonical word of the mapping.
    pub(crate) fn canonical(&self, word: &str) -> Result<Value, Rule> {
        let format = Format::Pattern(StrftimeItems::new("%Y-%m-%d").collect());
        self.value(word.trim(), &format)
    }

    fn value(&self, text: &str, format: &Format<'_>) -> Result<Value, Rule> {
        match self.column.kind {
            Kind::Text => Ok(Value::Text(text.to_owned())),
            Kind::Id => Ok(Value::Text(self.mending.other(text).into_owned())),
            Kind::StudentId | Kind::StaffId | Kind::PersonId => {
                let id = self.mending.of(text);
                if is_rounded(&id) {
                    return Err(Rule::RoundedId);
                }
                self.namespace
                    .as_ref()
                    .map(|namespace| Value::Person(namespace.pseudonym(&id)))
                    .ok_or(Rule::UnknownCode)
            }
            Kind::Code(words) => words
                .iter()
                .find(|word| word.eq_ignore_ascii_case(text))
                .map(|word| Value::Text((*word).to_owned()))
                .ok_or(Rule::UnknownCode),
            Kind::Date => self
                .day(text, format)
                .map(|day| Value::Integer(day + self.add_days)),
            Kind::Integer(low, high) => {
                let is_year = self.column.name == "school_year";
                let number = match (self.calendar, ending_year(text)) {
                    (Some(calendar), _) if is_year => {
                        let day = NaiveDate::from_epoch_days(self.day(text, format)?);
                        f64::from(calendar.school_year(day.ok_or(Rule::BadDate)?))
                    }
                    // `2023-24` says both ends itself.
                    (_, Some(year)) if is_year => f64::from(year),
                    (_, None) if is_year => number(text)? + f64::from(self.add_years),
                    _ => number(text)? * self.scale,
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
                let number = match format {
                    Format::Duration => seconds(text).ok_or(Rule::BadNumber)?,
                    _ => number(text)?,
                };
                let number = number * self.scale;
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

impl Converter<'_> {
    fn day(&self, text: &str, format: &Format<'_>) -> Result<i32, Rule> {
        match self.typed_dates.then(|| day(text, &Format::Iso)) {
            Some(Ok(day)) => Ok(day),
            _ => day(text, format),
        }
    }
}

/// Days since 1970-01-01 of a date; what the format says beyond the date (a time of day) is read and dropped.
fn day(text: &str, format: &Format<'_>) -> Result<i32, Rule> {
    let date = match format {
        Format::Pattern(items) => {
            let mut parsed = Parsed::new();
            parse(&mut parsed, text, items.iter()).map_err(|_| Rule::BadDate)?;
            parsed.to_naive_date().map_err(|_| Rule::BadDate)?
        }
        Format::Iso | Format::Duration => iso_day(text).ok_or(Rule::BadDate)?,
    };
    if YEARS.contains(&date.year()) {
        Ok(date.to_epoch_days())
    } else {
        Err(Rule::OutOfRange)
    }
}

/// The date that a timestamp of ISO 8601 starts with, in the time zone it is written in.
fn iso_day(text: &str) -> Option<NaiveDate> {
    let (date, time) = text.split_at_checked(10)?;
    let is_time = time.is_empty()
        || time.starts_with(['T', 't', ' '])
            && time.len() > 2
            && time[1..]
                .bytes()
                .all(|byte| byte.is_ascii_digit() || b":.,+-Zz".contains(&byte));
    let mut parsed = Parsed::new();
    parse(&mut parsed, date, StrftimeItems::new("%Y-%m-%d")).ok()?;
    is_time.then(|| parsed.to_naive_date().ok()).flatten()
}

/// Seconds of a duration such as `PT1H30M` or `P1DT2.5S`; months and years have no length and are refused.
pub(crate) fn seconds(text: &str) -> Option<f64> {
    let text = text.strip_prefix('P')?;
    let (days, time) = match text.split_once('T') {
        Some((_, "")) => return None,
        Some(parts) => parts,
        None => (text, ""),
    };
    let mut total = 0.0;
    for (mut part, units) in [
        (days, &[('W', 604_800.0), ('D', 86_400.0)][..]),
        (time, &[('H', 3600.0), ('M', 60.0), ('S', 1.0)]),
    ] {
        for (unit, length) in units {
            if let Some((amount, rest)) = part.split_once(*unit) {
                total += number(amount).ok().filter(|amount| *amount >= 0.0)? * length;
                part = rest;
            }
        }
        if !part.is_empty() {
            return None;
        }
    }
    (!text.is_empty()).then_some(total)
}

/// Without space around it, and without the byte-order marks that files put together carry along.
pub(crate) fn trimmed(text: &str) -> &str {
    text.trim_matches(|c: char| c.is_whitespace() || c == '\u{feff}')
}

/// A finite number, written with digits, a decimal point and perhaps an exponent. No separators of thousands: `1,234` may
/// be 1234 or 1.234, and only the vendor knows.
pub(crate) fn number(text: &str) -> Result<f64, Rule> {
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
            first_filled: false,
            format: None,
            after: None,
            salt: Vec::new(),
            codes: Vec::new(),
            otherwise: None,
            identity: None,
            nulls: Vec::new(),
            scale: 1.0,
            add_days: 0,
            add_years: 0,
            repair: Vec::new(),
            candidates: Vec::new(),
            known_at_least: 0.8,
            below_warns: false,
            several: Several::Refused,
            optional: false,
        }
    }

    fn read(kind: Kind, required: bool, field: &Field, cell: &[u8]) -> Cell {
        let column = Column {
            name: "x",
            kind,
            required,
        };
        Converter::new(&column, field, &Key::for_tests(), None).cell(cell)
    }

    fn optional(kind: Kind, cell: &[u8]) -> Cell {
        read(kind, false, &field(), cell)
    }

    #[test]
    fn a_year_is_named_by_either_end_and_a_range_names_both() {
        let column = Column {
            name: "school_year",
            kind: Kind::Integer(1990, 2100),
            required: true,
        };
        let start = Field {
            add_years: 1,
            ..field()
        };
        let key = Key::for_tests();
        let year =
            |field: &Field, cell: &[u8]| Converter::new(&column, field, &key, None).cell(cell);
        assert_eq!(year(&start, b"2023"), Ok(Some(Value::Integer(2024))));
        assert_eq!(year(&start, b"2023-24"), Ok(Some(Value::Integer(2024))));
        assert_eq!(year(&start, b"2023-2024"), Ok(Some(Value::Integer(2024))));
        assert_eq!(year(&field(), b"2023"), Ok(Some(Value::Integer(2023))));
    }

    #[test]
    fn the_day_after_the_last_becomes_the_last() {
        let exclusive = Field {
            add_days: -1,
            ..field()
        };
        // 2024-03-01 is day 19783 after 1970-01-01; the day before it is a 29 February.
        assert_eq!(
            read(Kind::Date, false, &exclusive, b"2024-03-01"),
            Ok(Some(Value::Integer(19_782)))
        );
        assert_eq!(read(Kind::Date, false, &exclusive, b""), Ok(None));
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
            format: Some("%m/%d/%Y".to_owned()),
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
            format: Some("%Y-%m-%d %H:%M:%S".to_owned()),
            ..field()
        };
        assert_eq!(
            read(Kind::Date, false, &timed, b"2000-01-02 23:59:00"),
            Ok(Some(Value::Integer(10_958)))
        );
    }

    #[test]
    fn timestamps_and_durations_are_those_of_iso_8601() {
        let iso = Field {
            format: Some("iso".to_owned()),
            ..field()
        };
        let date = |text: &str| read(Kind::Date, false, &iso, text.as_bytes());
        for text in [
            "2000-01-02",
            "2000-01-02T23:59:59Z",
            "2000-01-02T10:15:00.000+05:30",
            "2000-01-02 10:15",
        ] {
            assert_eq!(date(text), Ok(Some(Value::Integer(10_958))), "{text}");
        }
        for text in [
            "2000-01-02T",
            "2000-1-02",
            "2000-01-02 x",
            "01/02/2000",
            "2000-02-30T00:00:00Z",
            "2000-01-0é",
        ] {
            assert_eq!(date(text), Err(Rule::BadDate), "{text}");
        }
        let minutes = Field {
            format: Some("iso_duration".to_owned()),
            scale: 1.0 / 60.0,
            ..field()
        };
        let minutes = |text: &str| read(Kind::Number(0.0, 1e5), false, &minutes, text.as_bytes());
        for (text, expected) in [
            ("PT3600S", 60.0),
            ("PT1H30M", 90.0),
            ("P1DT30S", 1440.5),
            ("P1W", 10_080.0),
            ("PT0S", 0.0),
        ] {
            assert_eq!(minutes(text), Ok(Some(Value::Number(expected))), "{text}");
        }
        for text in ["P1M", "PT", "P", "3600", "PT5", "PT-5S", "PT1M1H"] {
            assert_eq!(minutes(text), Err(Rule::BadNumber), "{text}");
        }
    }

    #[test]
    fn a_cell_may_count_from_a_mark_on() {
        let kind = Kind::Code(&["present", "tardy"]);
        let after = Field {
            after: Some("#".to_owned()),
            ..field()
        };
        let tardy = Ok(Some(Value::Text("tardy".to_owned())));
        assert_eq!(
            read(kind, true, &after, b"uri://x.org/Category#Tardy"),
            tardy
        );
        assert_eq!(
            read(kind, true, &after, "\u{feff} tardy ".as_bytes()),
            tardy
        );
        assert_eq!(
            read(kind, true, &after, b"uri://x#"),
            Err(Rule::MissingRequired)
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
