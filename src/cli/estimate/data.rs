//! A CSV or Parquet file as named columns of numbers or labels; only the columns asked for are kept.
//!
//! A CSV column is numbers when every value is one. Values that only look like numbers stay text: a leading zero (`0042`) or more
//! digits than a double holds are identifiers. Empty, `NA`, `NaN`, `NULL` and `.` are missing. Errors name the file, the line and
//! the column, never a value.

use std::fs::File;
use std::path::{Path, PathBuf};

use arrow::array::{Array, Float64Array, StringArray};
use arrow::compute::cast;
use arrow::datatypes::DataType;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use rayon::prelude::*;
use throughline_model::suggest::nearest;
use throughline_stats::formula::{Frame, MISSING, Values};

use crate::exit::{Exit, Failure};

/// The contents of a column.
enum Contents {
    Numbers(Vec<f64>),
    Labels {
        codes: Vec<u32>,
        labels: Vec<String>,
    },
}

/// Named columns of equal length.
pub(super) struct Data {
    path: PathBuf,
    rows: usize,
    columns: Vec<(String, Contents)>,
    /// Every column of the file, for suggestions.
    available: Vec<String>,
}

impl Data {
    /// Reads the columns that are there; a name that is not is found missing when it is looked up.
    pub(super) fn read(path: &Path, wanted: &[String]) -> Result<Self, Failure> {
        let file = File::open(path).map_err(|error| {
            Failure::new(
                Exit::DataRefused,
                format!("failed to open `{}`: {error}", path.display()),
            )
        })?;
        let extension = path.extension().and_then(|e| e.to_str()).unwrap_or("");
        match extension.to_ascii_lowercase().as_str() {
            "parquet" => parquet(path, file, wanted),
            "tsv" | "tab" => csv(path, file, wanted, b'\t'),
            "csv" | "txt" => csv(path, file, wanted, b','),
            _ => Err(Failure::usage(format!(
                "`{}` is neither a `.csv` nor a `.parquet` file",
                path.display()
            ))),
        }
    }

    pub(super) fn rows(&self) -> usize {
        self.rows
    }

    /// The columns as a formula reads them.
    pub(super) fn frame(&self) -> Frame<'_> {
        let mut frame = Frame::new(self.rows);
        for (name, contents) in &self.columns {
            let values = match contents {
                Contents::Numbers(values) => Values::Numbers(values),
                Contents::Labels { codes, labels } => Values::Labels { codes, labels },
            };
            // All columns come from one file and have its length.
            if let Ok(with) = frame.clone().with(name, values) {
                frame = with;
            }
        }
        frame
    }

    /// The column of the file nearest to a name that is not there.
    pub(super) fn hint(&self, name: &str) -> String {
        match nearest(name, self.available.iter().map(String::as_str)) {
            Some(near) => format!("\n  hint: did you mean `{near}`?"),
            None => {
                let some: Vec<&str> = self.available.iter().take(20).map(String::as_str).collect();
                let more = if self.available.len() > some.len() {
                    ", …"
                } else {
                    ""
                };
                format!(
                    "\n  hint: `{}` has: {}{more}",
                    self.path.display(),
                    some.join(", ")
                )
            }
        }
    }

    /// A column of numbers, NaN where missing.
    pub(super) fn numbers(&self, name: &str) -> Result<&[f64], Failure> {
        match self.column(name)? {
            Contents::Numbers(values) => Ok(values),
            Contents::Labels { .. } => Err(Failure::usage(format!(
                "column `{name}` of `{}` holds text where numbers are needed",
                self.path.display()
            ))),
        }
    }

    /// How a column's value on a row is written; empty when missing or not there.
    pub(super) fn label(&self, name: &str, row: usize) -> String {
        match self.column(name) {
            Ok(Contents::Numbers(values)) => values[row].to_string(),
            Ok(Contents::Labels { codes, labels }) => {
                labels.get(codes[row] as usize).cloned().unwrap_or_default()
            }
            Err(_) => String::new(),
        }
    }

    fn column(&self, name: &str) -> Result<&Contents, Failure> {
        let found = self.columns.iter().find(|(n, _)| n == name);
        found.map(|(_, c)| c).ok_or_else(|| {
            Failure::usage(format!(
                "`{}` has no column `{name}`{}",
                self.path.display(),
                self.hint(name)
            ))
        })
    }

    /// Keeps only some of the rows.
    pub(super) fn keep(&mut self, rows: &[bool]) {
        fn filter<T: Copy>(values: &mut Vec<T>, rows: &[bool]) {
            let mut row = 0;
            values.retain(|_| {
                row += 1;
                rows[row - 1]
            });
        }
        for (_, contents) in &mut self.columns {
            match contents {
                Contents::Numbers(values) => filter(values, rows),
                Contents::Labels { codes, .. } => filter(codes, rows),
            }
        }
        self.rows = rows.iter().filter(|keep| **keep).count();
    }
}

fn refused(path: &Path, what: impl std::fmt::Display) -> Failure {
    Failure::new(
        Exit::DataRefused,
        format!("failed to read `{}`: {what}", path.display()),
    )
}

/// The text of one CSV column, end to end.
#[derive(Default)]
struct Texts {
    bytes: Vec<u8>,
    ends: Vec<usize>,
}

impl Texts {
    fn iter(&self) -> impl Iterator<Item = &[u8]> {
        let starts = std::iter::once(0).chain(self.ends.iter().copied());
        starts
            .zip(&self.ends)
            .map(|(start, &end)| self.bytes[start..end].trim_ascii())
    }
}

fn csv(path: &Path, file: File, wanted: &[String], delimiter: u8) -> Result<Data, Failure> {
    let mut reader = csv::ReaderBuilder::new()
        .delimiter(delimiter)
        .from_reader(file);
    let header = reader
        .byte_headers()
        .map_err(|error| refused(path, error))?
        .clone();
    let available: Vec<String> = header
        .iter()
        .enumerate()
        .map(|(i, name)| {
            let name = if i == 0 {
                name.strip_prefix(b"\xef\xbb\xbf").unwrap_or(name)
            } else {
                name
            };
            String::from_utf8_lossy(name)
                .trim()
                .trim_matches('"')
                .to_owned()
        })
        .collect();
    let chosen = choose(path, &available, wanted)?;
    let mut texts: Vec<Texts> = chosen.iter().map(|_| Texts::default()).collect();
    let mut record = csv::ByteRecord::new();
    while reader
        .read_byte_record(&mut record)
        .map_err(|error| refused(path, error))?
    {
        for (text, &at) in texts.iter_mut().zip(&chosen) {
            text.bytes.extend_from_slice(&record[at]);
            text.ends.push(text.bytes.len());
        }
    }
    let rows = reader.position().record().saturating_sub(1) as usize;
    let contents: Vec<Contents> = texts.par_iter().map(understand).collect();
    let names = chosen.iter().map(|&at| available[at].clone());
    Ok(Data {
        path: path.to_owned(),
        rows,
        columns: names.zip(contents).collect(),
        available,
    })
}

/// Positions of the wanted columns that are there.
fn choose(path: &Path, available: &[String], wanted: &[String]) -> Result<Vec<usize>, Failure> {
    let mut chosen = Vec::new();
    for (at, name) in available.iter().enumerate() {
        if !wanted.contains(name) {
            continue;
        }
        if available[..at].contains(name) {
            return Err(refused(
                path,
                format!("two columns are named `{name}`; rename one"),
            ));
        }
        chosen.push(at);
    }
    Ok(chosen)
}

fn is_missing(text: &[u8]) -> bool {
    matches!(
        text,
        b"" | b"." | b"NA" | b"NaN" | b"nan" | b"NULL" | b"null"
    )
}

/// A number, or nothing for what must stay text.
fn number(text: &[u8]) -> Option<f64> {
    let digits = text.strip_prefix(b"-").unwrap_or(text);
    if digits.len() > 1 && digits[0] == b'0' && digits[1].is_ascii_digit() {
        return None;
    }
    if digits.len() > 15 && digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    match text {
        b"Inf" => return Some(f64::INFINITY),
        b"-Inf" => return Some(f64::NEG_INFINITY),
        _ if !text.iter().any(u8::is_ascii_digit) => return None,
        _ => {}
    }
    std::str::from_utf8(text).ok()?.parse().ok()
}

/// Decides what a column holds.
fn understand(texts: &Texts) -> Contents {
    let numbers: Option<Vec<f64>> = texts
        .iter()
        .map(|t| {
            if is_missing(t) {
                Some(f64::NAN)
            } else {
                number(t)
            }
        })
        .collect();
    if let Some(numbers) = numbers {
        return Contents::Numbers(numbers);
    }
    let logical: Option<Vec<f64>> = texts
        .iter()
        .map(|t| match t {
            b"TRUE" | b"true" | b"True" => Some(1.0),
            b"FALSE" | b"false" | b"False" => Some(0.0),
            t if is_missing(t) => Some(f64::NAN),
            _ => None,
        })
        .collect();
    if let Some(numbers) = logical {
        return Contents::Numbers(numbers);
    }
    labels(texts.iter().map(|t| {
        if is_missing(t) {
            None
        } else {
            Some(String::from_utf8_lossy(t))
        }
    }))
}

/// Labels coded by first appearance.
fn labels<T: AsRef<str>>(texts: impl Iterator<Item = Option<T>>) -> Contents {
    let mut seen: std::collections::HashMap<String, u32> = std::collections::HashMap::new();
    let mut found = Vec::new();
    let codes = texts
        .map(|text| {
            let Some(text) = text else { return MISSING };
            let text = text.as_ref();
            if let Some(&code) = seen.get(text) {
                return code;
            }
            let code = found.len() as u32;
            seen.insert(text.to_owned(), code);
            found.push(text.to_owned());
            code
        })
        .collect();
    Contents::Labels {
        codes,
        labels: found,
    }
}

fn parquet(path: &Path, file: File, wanted: &[String]) -> Result<Data, Failure> {
    let builder =
        ParquetRecordBatchReaderBuilder::try_new(file).map_err(|error| refused(path, error))?;
    let available: Vec<String> = builder
        .schema()
        .fields()
        .iter()
        .map(|f| f.name().clone())
        .collect();
    let chosen = choose(path, &available, wanted)?;
    let rows = builder.metadata().file_metadata().num_rows() as usize;
    let mask = ProjectionMask::roots(builder.parquet_schema(), chosen.iter().copied());
    let reader = builder
        .with_projection(mask)
        .build()
        .map_err(|error| refused(path, error))?;
    let batches = reader
        .collect::<Result<Vec<_>, _>>()
        .map_err(|error| refused(path, error))?;
    let columns = chosen
        .par_iter()
        .enumerate()
        .map(|(i, &at)| {
            let parts: Vec<&dyn Array> = batches.iter().map(|b| b.column(i).as_ref()).collect();
            let name = available[at].clone();
            let contents = arrow_column(&parts)
                .map_err(|error| refused(path, format!("column `{name}`: {error}")))?;
            Ok((name, contents))
        })
        .collect::<Result<Vec<_>, Failure>>()?;
    Ok(Data {
        path: path.to_owned(),
        rows,
        columns,
        available,
    })
}

/// Numbers and true/false become numbers, everything else text.
fn arrow_column(parts: &[&dyn Array]) -> Result<Contents, arrow::error::ArrowError> {
    let numeric = parts.first().is_none_or(|p| {
        let kind = p.data_type();
        kind.is_numeric() || matches!(kind, DataType::Boolean | DataType::Null)
    });
    if numeric {
        let mut values = Vec::new();
        for part in parts {
            let part = cast(*part, &DataType::Float64)?;
            if let Some(part) = part.as_any().downcast_ref::<Float64Array>() {
                values.extend(part.iter().map(|v| v.unwrap_or(f64::NAN)));
            }
        }
        return Ok(Contents::Numbers(values));
    }
    let texts: Vec<_> = parts
        .iter()
        .map(|part| cast(*part, &DataType::Utf8))
        .collect::<Result<_, _>>()?;
    let all = texts
        .iter()
        .filter_map(|t| t.as_any().downcast_ref::<StringArray>())
        .flat_map(StringArray::iter);
    Ok(labels(all))
}

#[cfg(test)]
mod tests {
    use super::{Contents, Texts, number, understand};

    fn column(values: &[&str]) -> Contents {
        let mut texts = Texts::default();
        for value in values {
            texts.bytes.extend_from_slice(value.as_bytes());
            texts.ends.push(texts.bytes.len());
        }
        understand(&texts)
    }

    #[test]
    fn identifiers_stay_text_and_numbers_become_numbers() {
        assert_eq!(number(b"1e-3"), Some(0.001));
        assert_eq!(number(b"-0.5"), Some(-0.5));
        assert_eq!(number(b"0042"), None);
        assert_eq!(number(b"12345678901234567"), None);
        assert_eq!(number(b"infinity"), None);
        assert!(
            matches!(column(&["1", "NA", " 3 "]), Contents::Numbers(v) if v[1].is_nan() && v[2] == 3.0)
        );
        assert!(matches!(column(&["TRUE", "", "FALSE"]), Contents::Numbers(v) if v[0] == 1.0));
        assert!(
            matches!(column(&["b", "a", "b", "."]), Contents::Labels { codes, labels }
            if codes == [0, 1, 0, u32::MAX] && labels == ["b", "a"])
        );
    }
}
