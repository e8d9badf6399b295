//! How a vendor's file is written: the table `[dialect]` of a mapping. Without it a file is comma-separated text with one header line.
//!
//! ```toml
//! [dialect]
//! format = "delimited"            # or "fixed", "json", "xml"; workbooks, gzip, zstd and zip are known by their content
//! delimiter = "\t"                # one ASCII character
//! quote = ["'", "\""]             # every character that may open a field; "" where quotes are text
//! escape = "\\"                   # what stands before a quote that is text; left out: the quote is doubled
//! newline = "any"                 # a lone carriage return ends a line too; left out: LF or CRLF, or CR alone throughout
//! encoding = "windows-1252"       # left out: UTF-8, UTF-16 and Windows-1252 are told apart
//! skip = 3                        # lines before the header
//! header_lines = 2                # their names are joined with a space
//! names = ["Student", "Date"]     # the file has no header (with `header_lines`: it has one that is not used)
//! trailer = "TRL|*|{count}"       # the last line; `{count}` must be the number of records
//! trailer_lines = 1
//! sheet = "Attendance"            # of a workbook: name or number; left out: the first
//! range = "B3:H"                  # of a sheet, header included
//! member = "users.csv"            # the file wanted inside a zip or a folder of several
//! records = "data.items"          # json: where the list of records stands; xml: the name of a record's element
//! each = "behaviors"              # json, xml: one row for every entry of this list of a record
//! [dialect.columns]               # fixed: first and last character of each column, from 1
//! "Student ID" = "1-9"
//! ```

use crate::diagnostic::Diagnostic;
use crate::toml_section::{At, Section, Source};

/// How a file is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dialect {
    /// What kind of text it is.
    pub format: Format,
    /// Label of the encoding; `None`: found out.
    pub encoding: Option<String>,
    /// Field separator.
    pub delimiter: u8,
    /// Characters that open a quoted field; each is closed by itself.
    pub quotes: Vec<u8>,
    /// What makes the next character text; `None`: a quote is doubled.
    pub escape: Option<u8>,
    /// Whether a lone carriage return ends a line.
    pub any_newline: bool,
    /// Lines before the header.
    pub skip: u32,
    /// Lines of the header.
    pub header_lines: u32,
    /// Column names, where the file does not say them.
    pub names: Vec<String>,
    /// What stands after the records.
    pub trailer: Option<Trailer>,
    /// Worksheet, by name or 1-based number; `None`: the first.
    pub sheet: Option<String>,
    /// Cells of the worksheet; `None`: all.
    pub range: Option<CellRange>,
    /// File name wanted inside a bundle, with `*` and `?`; `None`: any.
    pub member: Option<String>,
}

/// What kind of text a file is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Format {
    /// Fields between delimiters.
    Delimited,
    /// Fields at fixed places.
    Fixed(Vec<FixedColumn>),
    /// JSON or JSON Lines.
    Json(Tree),
    /// XML.
    Xml(Tree),
}

/// Where the records of a nested format stand.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tree {
    /// JSON: path to the list of records; XML: name of a record's element.
    pub records: Option<String>,
    /// Path to a list inside a record that makes one row an entry.
    pub each: Option<String>,
}

/// A column of a fixed-width file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FixedColumn {
    /// Its name.
    pub name: String,
    /// First character, from 0.
    pub from: usize,
    /// First character after it.
    pub to: usize,
}

/// Lines after the records.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trailer {
    /// How many lines.
    pub lines: u32,
    /// What one of them looks like; `*` is any text, `{count}` the number of records.
    pub pattern: Option<String>,
}

/// Cells of a worksheet, counted from 0, ends included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CellRange {
    /// First row and column.
    pub first: (u32, u32),
    /// Last row; `None`: as far as the sheet goes.
    pub last_row: Option<u32>,
    /// Last column; `None`: as far as the sheet goes.
    pub last_column: Option<u32>,
}

impl Default for Dialect {
    fn default() -> Self {
        Self {
            format: Format::Delimited,
            encoding: None,
            delimiter: b',',
            quotes: vec![b'"'],
            escape: None,
            any_newline: false,
            skip: 0,
            header_lines: 1,
            names: Vec::new(),
            trailer: None,
            sheet: None,
            range: None,
            member: None,
        }
    }
}

impl Dialect {
    /// Whether records are those of plain CSV: quotes are `"`, doubled inside, and lines end in LF or CRLF.
    pub fn is_plain(&self) -> bool {
        self.format == Format::Delimited
            && self.quotes == [b'"']
            && self.escape.is_none()
            && !self.any_newline
    }

    /// Whether records are nested: JSON or XML.
    pub fn is_nested(&self) -> bool {
        matches!(self.format, Format::Json(_) | Format::Xml(_))
    }

    /// Reads the table `[dialect]`; problems go to `source`.
    pub(crate) fn read(source: &Source<'_>, section: Section<'_, '_>) -> Self {
        let default = Self::default();
        let wrong = |at: &At<String>, message: &str| {
            source.report(Diagnostic::error(Some(at.place.clone()), message));
        };
        let character = |key: &'static str| {
            section.text(key).and_then(|at| {
                let byte = single(&at.value);
                if byte.is_none() {
                    wrong(&at, &format!("`{key}` must be one ASCII character"));
                }
                byte
            })
        };
        let delimiter = character("delimiter").unwrap_or(default.delimiter);
        let escape = character("escape");
        let quotes = section.texts("quote").map_or(default.quotes, |texts| {
            let named = texts.iter().filter(|at| !at.value.is_empty());
            named
                .filter_map(|at| {
                    let byte = single(&at.value);
                    if byte.is_none() {
                        wrong(at, "`quote` must be one ASCII character, or a list of them");
                    }
                    byte
                })
                .collect()
        });
        if quotes.contains(&delimiter) || escape == Some(delimiter) {
            source.report(Diagnostic::error(
                Some(section.place()),
                "`delimiter` must differ from `quote` and `escape`",
            ));
        }
        let any_newline = section.text("newline").is_some_and(|at| {
            if at.value != "any" {
                wrong(&at, "`newline` can only be \"any\"; LF, CRLF and CR alone are told apart without it");
            }
            true
        });
        let names: Vec<String> = section
            .texts("names")
            .unwrap_or_default()
            .into_iter()
            .map(|at| at.value)
            .collect();
        let count = |key: &'static str, most: i64| {
            section.integer(key).and_then(|at| {
                let count = u32::try_from(at.value).ok().filter(|_| at.value <= most);
                if count.is_none() {
                    let message = format!("`{key}` must lie between 0 and {most}");
                    source.report(Diagnostic::error(Some(at.place), message));
                }
                count
            })
        };
        let skip = count("skip", 1_000_000).unwrap_or(0);
        let header_lines = count("header_lines", 20);
        let trailer_lines = count("trailer_lines", 1_000);
        let pattern = section.text("trailer").map(|at| {
            if at.value.matches("{count}").count() > 1 {
                wrong(&at, "`{count}` can stand only once in `trailer`");
            }
            at.value
        });
        let trailer = match (trailer_lines, pattern) {
            (None | Some(0), None) => None,
            (lines, pattern) => Some(Trailer {
                lines: lines.unwrap_or(1).max(1),
                pattern,
            }),
        };
        let range = section.text("range").and_then(|at| {
            let range = CellRange::parse(&at.value);
            if range.is_none() {
                wrong(&at, "`range` must look like `B3:H200`, `B3:H` or `B3`");
            }
            range
        });
        let text = |key: &'static str| section.text(key).map(|at| at.value);
        let dialect = Self {
            format: format(source, &section),
            encoding: text("encoding"),
            delimiter,
            quotes,
            escape,
            any_newline,
            skip,
            header_lines: 1,
            names,
            trailer,
            sheet: text("sheet"),
            range,
            member: text("member"),
        };
        let named = !dialect.names.is_empty() || matches!(dialect.format, Format::Fixed(_));
        if header_lines == Some(0) && !named {
            source.report(
                Diagnostic::error(
                    Some(section.place()),
                    "a file without a header needs `names`",
                )
                .hint("list the columns from left to right"),
            );
        }
        section.finish();
        Self {
            header_lines: header_lines.unwrap_or(u32::from(!named)),
            ..dialect
        }
    }
}

fn single(text: &str) -> Option<u8> {
    match text.as_bytes() {
        [byte] if byte.is_ascii() && !matches!(byte, b'\n' | b'\r' | 0) => Some(*byte),
        _ => None,
    }
}

fn format(source: &Source<'_>, section: &Section<'_, '_>) -> Format {
    let named = section.text("format");
    let tree = Tree {
        records: section.text("records").map(|at| at.value),
        each: section.text("each").map(|at| at.value),
    };
    let columns = section.section("columns");
    match named.as_ref().map(|at| at.value.as_str()) {
        None if columns.is_some() => Format::Fixed(fixed(source, columns)),
        None | Some("delimited") => Format::Delimited,
        Some("fixed") => Format::Fixed(fixed(source, columns)),
        Some("json") => Format::Json(tree),
        Some("xml") => {
            if tree.records.is_none() {
                source.report(Diagnostic::error(
                    Some(section.place()),
                    "format `xml` needs `records`, the name of a record's element",
                ));
            }
            Format::Xml(tree)
        }
        Some(_) => {
            let place = named.map(|at| at.place);
            source.report(
                Diagnostic::error(place, "`format` is none that can be read")
                    .hint("known: `delimited`, `fixed`, `json`, `xml`; a workbook needs no format"),
            );
            Format::Delimited
        }
    }
}

fn fixed(source: &Source<'_>, section: Option<Section<'_, '_>>) -> Vec<FixedColumn> {
    let mut columns = Vec::new();
    for (name, range) in section.iter().flat_map(Section::entries) {
        let ends = range
            .value
            .split_once('-')
            .unwrap_or((&range.value, &range.value));
        let number = |text: &str| {
            text.trim()
                .parse::<usize>()
                .ok()
                .filter(|n| (1..=1 << 20).contains(n))
        };
        match (number(ends.0), number(ends.1)) {
            (Some(first), Some(last)) if first <= last => columns.push(FixedColumn {
                name: name.value,
                from: first - 1,
                to: last,
            }),
            _ => source.report(
                Diagnostic::error(Some(range.place), "a column's place must look like `1-9`")
                    .hint("its first and its last character, counted from 1"),
            ),
        }
    }
    if columns.is_empty() {
        source.report(Diagnostic::error(
            section.map(|section| section.place()),
            "format `fixed` needs `[dialect.columns]`",
        ));
    }
    columns.sort_by_key(|column| (column.from, column.to));
    columns
}

impl CellRange {
    /// Reads `B3:H200`, `B3:H` or `B3`.
    fn parse(text: &str) -> Option<Self> {
        let (first, last) = match text.split_once(':') {
            Some((first, last)) => (first, Some(last)),
            None => (text, None),
        };
        let (column, row) = cell(first)?;
        let (last_column, last_row) = match last.map(cell) {
            None => (None, None),
            Some(None) => return None,
            Some(Some((column, row))) => (Some(column), row),
        };
        let range = Self {
            first: (row.unwrap_or(0), column),
            last_row,
            last_column,
        };
        let ordered = last_row.is_none_or(|last| last >= range.first.0)
            && last_column.is_none_or(|last| last >= column);
        ordered.then_some(range)
    }
}

/// Column and, where it is there, row of a reference such as `B3`.
fn cell(text: &str) -> Option<(u32, Option<u32>)> {
    let text = text.trim().trim_start_matches('$');
    let letters = text.bytes().take_while(u8::is_ascii_alphabetic).count();
    if !(1..=3).contains(&letters) {
        return None;
    }
    let column = text[..letters].bytes().fold(0, |sum, byte| {
        sum * 26 + u32::from(byte.to_ascii_uppercase() - b'A') + 1
    });
    let row = match text[letters..].trim_start_matches('$') {
        "" => None,
        digits => Some(
            digits
                .parse::<u32>()
                .ok()
                .filter(|row| (1..=1_048_576).contains(row))?
                - 1,
        ),
    };
    Some((column - 1, row))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_read_as_excel_writes_them() {
        let range = |text| CellRange::parse(text);
        let whole = CellRange {
            first: (2, 1),
            last_row: Some(199),
            last_column: Some(7),
        };
        assert_eq!(range("B3:H200"), Some(whole));
        assert_eq!(range("$B$3:$H$200"), Some(whole));
        assert_eq!(
            range("b3:H"),
            Some(CellRange {
                last_row: None,
                ..whole
            })
        );
        assert_eq!(range("AA1").map(|range| range.first), Some((0, 26)));
        for wrong in [
            "",
            "3",
            "B0",
            "H3:B9",
            "B9:H3",
            "B3:",
            "ABCD1",
            "B1:H9999999",
        ] {
            assert_eq!(range(wrong), None, "{wrong}");
        }
    }
}
