//! Which of the usual ways to write a date a column's cells all fit. Day and month can often be read both ways: then both
//! ways are reported, and nobody guesses.

use chrono::{Datelike as _, NaiveDate, NaiveDateTime};

/// Ways to write a date, the commonest first; `iso` is RFC 3339, with or without a time.
pub const FORMATS: [&str; 25] = [
    "%Y-%m-%d",
    "%m/%d/%Y",
    "%d/%m/%Y",
    "%m/%d/%y",
    "%d/%m/%y",
    "%d-%b-%Y",
    "%d-%b-%y",
    "%m-%d-%Y",
    "%d-%m-%Y",
    "%Y/%m/%d",
    "%d.%m.%Y",
    "%b %d, %Y",
    "%B %d, %Y",
    "%Y%m%d",
    "iso",
    "%Y-%m-%d %H:%M:%S%.f",
    "%m/%d/%Y %H:%M:%S",
    "%m/%d/%Y %H:%M",
    "%m/%d/%Y %I:%M:%S %p",
    "%d/%m/%Y %H:%M:%S",
    "%d/%m/%Y %H:%M",
    "%d/%m/%Y %I:%M:%S %p",
    "%m%d%Y",
    "%d%m%Y",
    "%Y-%m-%d %H:%M",
];

/// The format that reads the same text with day and month exchanged.
pub(super) fn exchanged(format: &str) -> Option<&'static str> {
    Some(match format {
        "%m/%d/%Y" => "%d/%m/%Y",
        "%d/%m/%Y" => "%m/%d/%Y",
        "%m/%d/%y" => "%d/%m/%y",
        "%d/%m/%y" => "%m/%d/%y",
        "%m-%d-%Y" => "%d-%m-%Y",
        "%d-%m-%Y" => "%m-%d-%Y",
        "%m%d%Y" => "%d%m%Y",
        "%d%m%Y" => "%m%d%Y",
        "%m/%d/%Y %H:%M:%S" => "%d/%m/%Y %H:%M:%S",
        "%d/%m/%Y %H:%M:%S" => "%m/%d/%Y %H:%M:%S",
        "%m/%d/%Y %H:%M" => "%d/%m/%Y %H:%M",
        "%d/%m/%Y %H:%M" => "%m/%d/%Y %H:%M",
        "%m/%d/%Y %I:%M:%S %p" => "%d/%m/%Y %I:%M:%S %p",
        "%d/%m/%Y %I:%M:%S %p" => "%m/%d/%Y %I:%M:%S %p",
        _ => return None,
    })
}

/// Whether `text` is a date of 1900 to 2100 in this format.
pub(super) fn fits(text: &str, format: &str) -> bool {
    let plausible = |day: NaiveDate| (1900..=2100).contains(&day.year());
    // A year of two digits and one of four look alike to the parser.
    let years = |short: &str| format.contains(short);
    let longest = text
        .split(|c: char| !c.is_ascii_digit())
        .map(str::len)
        .max()
        .unwrap_or(0);
    if years("%y") && longest > 2 || years("%Y") && longest < 4 {
        return false;
    }
    match format {
        "iso" => {
            text.contains('T') && {
                let whole = chrono::DateTime::parse_from_rfc3339(text).map(|at| at.date_naive());
                whole
                    .or_else(|_| {
                        NaiveDateTime::parse_from_str(text, "%Y-%m-%dT%H:%M:%S%.f")
                            .map(|at| at.date())
                    })
                    .is_ok_and(plausible)
            }
        }
        "%Y%m%d" | "%m%d%Y" | "%d%m%Y" => {
            text.len() == 8 && NaiveDate::parse_from_str(text, format).is_ok_and(plausible)
        }
        timed if timed.contains("%M") => {
            NaiveDateTime::parse_from_str(text, timed).is_ok_and(|at| plausible(at.date()))
        }
        _ => NaiveDate::parse_from_str(text, format).is_ok_and(plausible),
    }
}
