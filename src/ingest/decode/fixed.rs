//! Fixed-width text: every line a record, every column a stretch of characters. Cells past a short line's end are
//! empty, for many systems cut off the blanks at the end.

use std::io::Read;

use throughline_model::dialect::FixedColumn;

use super::delimited::Buffered;
use super::row::{DecodeError, Row, Rows, Step};
use crate::record::LONGEST;
use crate::rule::{Rule, shape};

/// Fixed-width text, line by line.
pub(crate) struct Fixed<R> {
    text: Buffered<R>,
    columns: Vec<FixedColumn>,
    any_newline: bool,
}

impl<R: Read> Fixed<R> {
    pub(crate) fn new(input: R, columns: &[FixedColumn], any_newline: bool) -> Self {
        Self {
            text: Buffered::new(input),
            columns: columns.to_vec(),
            any_newline,
        }
    }
}

impl<R: Read> Rows for Fixed<R> {
    fn next(&mut self, row: &mut Row) -> Result<Step, DecodeError> {
        let Some((line, number)) = self.text.line(self.any_newline)? else {
            return Ok(Step::End);
        };
        row.start(number);
        if line.len() > LONGEST {
            return Ok(Step::Broken(Rule::TooLong, shape(&line)));
        }
        if line.iter().all(u8::is_ascii_whitespace) {
            row.push(b"");
            return Ok(Step::Row);
        }
        // Bytes that are no UTF-8 count as one character each: then the file has one byte a character.
        let starts: Option<Vec<usize>> = std::str::from_utf8(&line)
            .ok()
            .filter(|text| !text.is_ascii())
            .map(|text| text.char_indices().map(|(start, _)| start).collect());
        let place = |character: usize| match &starts {
            Some(starts) => starts.get(character).copied().unwrap_or(line.len()),
            None => character.min(line.len()),
        };
        for column in &self.columns {
            row.push(line[place(column.from)..place(column.to)].trim_ascii());
        }
        Ok(Step::Row)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_counted_in_characters() -> Result<(), DecodeError> {
        let column = |name: &str, from, to| FixedColumn {
            name: name.to_owned(),
            from,
            to,
        };
        let columns = [
            column("id", 0, 3),
            column("name", 3, 8),
            column("code", 8, 9),
        ];
        let text = "001Zoë  A\n002Ann\n\n003Bob  B\r\n004Ren\u{e9}eC".as_bytes();
        let mut rows = Fixed::new(text, &columns, false);
        let (mut row, mut all) = (Row::default(), Vec::new());
        while rows.next(&mut row)? == Step::Row {
            all.push((
                row.line,
                String::from_utf8_lossy(&row.joined(b'|')).into_owned(),
            ));
        }
        let expected = [
            (1, "001|Zoë|A"),
            (2, "002|Ann|"),
            (3, ""),
            (4, "003|Bob|B"),
            (5, "004|Renée|C"),
        ];
        assert_eq!(all, expected.map(|(line, text)| (line, text.to_owned())));
        Ok(())
    }
}
