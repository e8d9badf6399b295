//! Lines of CSV, written straight into bytes: at 145 million rows, formatting is the whole cost. Numbers are written
//! digit by digit; nothing is allocated a row.

use chrono::{Datelike, NaiveDate};

use crate::messes::{Kind, Tally};

/// How a vendor writes dates.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum DateStyle {
    /// `2024-09-03`
    Iso,
    /// `09/03/2024`
    Us,
    /// `03-Sep-2024`
    Named,
}

const MONTHS: &[u8; 36] = b"JanFebMarAprMayJunJulAugSepOctNovDec";

/// Lines in the making. Every cell method writes one field, with the separator before it where one is due.
pub(crate) struct Lines {
    bytes: Vec<u8>,
    rows: u64,
    crlf: bool,
    fresh: bool,
    messes: Tally,
}

impl Lines {
    pub(crate) fn new(crlf: bool) -> Self {
        Self {
            bytes: Vec::new(),
            rows: 0,
            crlf,
            fresh: true,
            messes: Tally::default(),
        }
    }

    /// Counts rows of a mess, this one or some that were written.
    pub(crate) fn count(&mut self, kind: Kind, rows: u64) -> &mut Self {
        self.messes.count(kind, rows);
        self
    }

    pub(crate) fn messes(&self) -> &Tally {
        &self.messes
    }

    /// Where the next row will begin, for [`Self::copy`].
    pub(crate) fn position(&self) -> usize {
        self.bytes.len()
    }

    /// Writes the row that began at `position` once more.
    pub(crate) fn copy(&mut self, position: usize) {
        self.bytes.extend_from_within(position..);
        self.rows += 1;
        self.count(Kind::Copy, 1);
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    pub(crate) fn rows(&self) -> u64 {
        self.rows
    }

    fn separate(&mut self) {
        if !self.fresh {
            self.bytes.push(b',');
        }
        self.fresh = false;
    }

    /// A field that needs no quotes.
    pub(crate) fn raw(&mut self, field: &[u8]) -> &mut Self {
        self.separate();
        self.bytes.extend_from_slice(field);
        self
    }

    /// A field that is quoted where it must be.
    pub(crate) fn text(&mut self, field: &str) -> &mut Self {
        if !field.contains([',', '"', '\n', '\r']) {
            return self.raw(field.as_bytes());
        }
        self.separate();
        self.bytes.push(b'"');
        for byte in field.bytes() {
            if byte == b'"' {
                self.bytes.push(b'"');
            }
            self.bytes.push(byte);
        }
        self.bytes.push(b'"');
        self
    }

    pub(crate) fn empty(&mut self) -> &mut Self {
        self.separate();
        self
    }

    pub(crate) fn int(&mut self, number: i64) -> &mut Self {
        self.separate();
        if number < 0 {
            self.bytes.push(b'-');
        }
        push_digits(&mut self.bytes, number.unsigned_abs(), 1);
        self
    }

    /// A number with leading zeros up to `width`.
    pub(crate) fn padded(&mut self, number: u64, width: usize) -> &mut Self {
        self.separate();
        push_digits(&mut self.bytes, number, width);
        self
    }

    /// A number with this many decimals.
    pub(crate) fn fixed(&mut self, number: f64, decimals: usize) -> &mut Self {
        self.separate();
        let unit = 10u64.pow(decimals as u32);
        let scaled = (number.abs() * unit as f64).round() as u64;
        if number < 0.0 && scaled > 0 {
            self.bytes.push(b'-');
        }
        push_digits(&mut self.bytes, scaled / unit, 1);
        if decimals > 0 {
            self.bytes.push(b'.');
            push_digits(&mut self.bytes, scaled % unit, decimals);
        }
        self
    }

    /// A number without needless zeros: `6`, `1.5`.
    pub(crate) fn short(&mut self, number: f64) -> &mut Self {
        if number == number.round() {
            self.fixed(number, 0)
        } else if number * 10.0 == (number * 10.0).round() {
            self.fixed(number, 1)
        } else {
            self.fixed(number, 2)
        }
    }

    pub(crate) fn date(&mut self, date: NaiveDate, style: DateStyle) -> &mut Self {
        self.separate();
        push_date(&mut self.bytes, date, style);
        self
    }

    pub(crate) fn maybe_date(&mut self, date: Option<NaiveDate>, style: DateStyle) -> &mut Self {
        match date {
            Some(date) => self.date(date, style),
            None => self.empty(),
        }
    }

    /// Ends the row.
    pub(crate) fn end(&mut self) {
        if self.crlf {
            self.bytes.push(b'\r');
        }
        self.bytes.push(b'\n');
        self.rows += 1;
        self.fresh = true;
    }

    /// A whole row, taken as it is.
    pub(crate) fn row(&mut self, row: &str) {
        self.raw(row.as_bytes()).end();
    }

    /// Ends a row whose fields are already joined: the hot path of daily attendance.
    pub(crate) fn joined(&mut self, parts: [&[u8]; 3]) {
        for part in parts {
            self.bytes.extend_from_slice(part);
        }
        self.rows += 1;
    }

    pub(crate) fn reserve(&mut self, bytes: usize) {
        self.bytes.reserve(bytes);
    }
}

/// Appends a date.
pub(crate) fn push_date(bytes: &mut Vec<u8>, date: NaiveDate, style: DateStyle) {
    let (year, month, day) = (
        date.year().unsigned_abs().into(),
        date.month().into(),
        date.day().into(),
    );
    match style {
        DateStyle::Iso => {
            push_digits(bytes, year, 4);
            bytes.push(b'-');
            push_digits(bytes, month, 2);
            bytes.push(b'-');
            push_digits(bytes, day, 2);
        }
        DateStyle::Us => {
            push_digits(bytes, month, 2);
            bytes.push(b'/');
            push_digits(bytes, day, 2);
            bytes.push(b'/');
            push_digits(bytes, year, 4);
        }
        DateStyle::Named => {
            push_digits(bytes, day, 2);
            bytes.push(b'-');
            let name = (month as usize - 1) * 3;
            bytes.extend_from_slice(&MONTHS[name..name + 3]);
            bytes.push(b'-');
            push_digits(bytes, year, 4);
        }
    }
}

/// Appends a whole number, with leading zeros up to `width`.
pub(crate) fn push_digits(bytes: &mut Vec<u8>, mut number: u64, width: usize) {
    let mut digits = [b'0'; 20];
    let mut at = digits.len();
    while number > 0 {
        at -= 1;
        digits[at] = b'0' + (number % 10) as u8;
        number /= 10;
    }
    let at = at.min(digits.len().saturating_sub(width));
    bytes.extend_from_slice(&digits[at..]);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_written_as_a_vendor_would() {
        let mut lines = Lines::new(true);
        let day = NaiveDate::from_ymd_opt(2024, 9, 3).expect("a date");
        lines
            .padded(123, 7)
            .int(-4)
            .fixed(-0.04, 1)
            .fixed(2.345, 2)
            .short(1.5)
            .short(6.0);
        lines.text("Algebra I, \"Honors\"").empty();
        for style in [DateStyle::Iso, DateStyle::Us, DateStyle::Named] {
            lines.date(day, style);
        }
        lines.int(0).end();
        let expected = "0000123,-4,0.0,2.35,1.5,6,\"Algebra I, \"\"Honors\"\"\",,2024-09-03,09/03/2024,03-Sep-2024,0\r\n";
        assert_eq!(String::from_utf8_lossy(lines.bytes()), expected);
        assert_eq!(lines.rows(), 1);
    }
}
