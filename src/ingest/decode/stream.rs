//! Records to the numbers that [`crate::scan`] makes: the header is found, the trailer is held against what was read,
//! and every record between them goes to the same [`Writer`] as those of plain CSV.

use std::collections::VecDeque;

use throughline_model::dialect::{Dialect, Format, Trailer};
use throughline_model::progress::Silent;
use throughline_model::{Mapping, Progress};

use super::encoding::Charset;
use super::lookup::Lookups;
use super::open::{Note, Opened, open};
use super::row::{DecodeError, Row, Rows, Step};
use super::sum::Sums;
use super::tree::Wanted;
use crate::layout::Layout;
use crate::legacy;
use crate::listing::Listed;
use crate::scan::Segment;
use crate::writer::Writer;

/// Records in which a header is looked for.
const SEARCHED: u64 = 50;

/// The names of a file's columns and what comes before its records.
pub(crate) struct Head {
    pub(crate) names: Vec<String>,
    /// Steps to take before the first record.
    pub(crate) steps: u64,
    /// Line of the header.
    pub(crate) line: u64,
    pub(crate) charset: Charset,
    pub(crate) is_workbook: bool,
    pub(crate) notes: Vec<Note>,
}

/// Reads up to the first record. Where the mapping says nothing else, the header is the first line that `fits`.
pub(crate) fn head(
    listed: &Listed,
    dialect: &Dialect,
    wanted: &[Wanted],
    fits: impl Fn(&[String]) -> bool,
) -> Result<Head, DecodeError> {
    let Opened {
        mut rows,
        charset,
        is_workbook,
        mut notes,
    } = open(listed, dialect, wanted, &Silent)?;
    if let Format::Json(_) | Format::Xml(_) = dialect.format {
        return Ok(Head {
            names: wanted.iter().map(|wanted| wanted.name.clone()).collect(),
            steps: 0,
            line: 0,
            charset,
            is_workbook,
            notes,
        });
    }
    let mut searching = Searching::new(rows.as_mut(), dialect, charset);
    let first = match searching.header()? {
        Some(first) => first,
        None if dialect.header_lines == 0 => (Vec::new(), 0, 0),
        None => {
            return Err(DecodeError::refused(
                0,
                "the file is empty, without even a header",
            ));
        }
    };
    let given = match &dialect.format {
        Format::Fixed(columns) => columns.iter().map(|column| column.name.clone()).collect(),
        _ => dialect.names.clone(),
    };
    let (mut names, mut line, mut steps) = first;
    let search = given.is_empty() && dialect.skip == 0 && dialect.header_lines == 1;
    if !given.is_empty() {
        names = given;
    } else if search && !fits(&names) {
        let mut before = 1;
        while before < SEARCHED
            && let Some((found, at, taken)) = searching.header()?
        {
            if fits(&found) {
                let lines = at - 1;
                notes.push((
                    format!("{lines} lines before the header are read past"),
                    format!(
                        "write `skip = {lines}` under `[dialect]` of the mapping to expect that"
                    ),
                ));
                (names, line, steps) = (found, at, taken);
                break;
            }
            before += 1;
        }
    }
    Ok(Head {
        names,
        steps,
        line: line.max(1),
        charset,
        is_workbook,
        notes,
    })
}

/// Goes through the lines in which a header may stand.
struct Searching<'r, 'a> {
    rows: &'r mut (dyn Rows + 'a),
    dialect: &'r Dialect,
    charset: Charset,
    steps: u64,
}

impl<'r, 'a> Searching<'r, 'a> {
    fn new(rows: &'r mut (dyn Rows + 'a), dialect: &'r Dialect, charset: Charset) -> Self {
        Self {
            rows,
            dialect,
            charset,
            steps: 0,
        }
    }

    /// Reads the next header: its names, its line, and the steps to the end of it.
    fn header(&mut self) -> Result<Option<(Vec<String>, u64, u64)>, DecodeError> {
        let mut lines: Vec<Vec<String>> = Vec::new();
        let mut row = Row::default();
        let mut line = 0;
        let wanted = self.dialect.header_lines as usize;
        while lines.len() < wanted {
            let step = self.rows.next(&mut row)?;
            self.steps += 1;
            if row.line <= u64::from(self.dialect.skip) && step != Step::End {
                continue;
            }
            match step {
                Step::End => return Ok(None),
                Step::Row if row.is_blank() => continue,
                Step::Row => lines.push(row.cells().map(|cell| self.name(cell)).collect()),
                Step::Broken(..) => lines.push(Vec::new()),
            }
            if line == 0 {
                line = row.line;
            }
        }
        if wanted == 0 {
            self.skip(&mut row)?;
        }
        Ok(Some((joined(lines), line, self.steps)))
    }

    /// Without a header: reads past the lines before the records.
    fn skip(&mut self, row: &mut Row) -> Result<(), DecodeError> {
        while row.line < u64::from(self.dialect.skip) {
            let step = self.rows.next(row)?;
            if step == Step::End {
                break;
            }
            self.steps += 1;
        }
        Ok(())
    }

    fn name(&self, cell: &[u8]) -> String {
        let encoding = match self.charset {
            Charset::OneByte(encoding) => Some(encoding),
            _ => None,
        };
        legacy::text(cell, encoding)
            .or_else(|| legacy::text(cell, Some(encoding_rs::WINDOWS_1252)))
            .map_or_else(
                || String::from_utf8_lossy(cell).into_owned(),
                |text| text.into_owned(),
            )
            .trim()
            .to_owned()
    }
}

/// The lines of a header as one: what stands above each other is joined with a space, and above an empty cell of an
/// upper line stands what is to its left, as where a workbook's cells are merged.
fn joined(lines: Vec<Vec<String>>) -> Vec<String> {
    let width = lines.iter().map(Vec::len).max().unwrap_or_default();
    let last = lines.len().saturating_sub(1);
    let mut names = vec![String::new(); width];
    for (index, line) in lines.into_iter().enumerate() {
        let mut left = String::new();
        for (column, name) in names.iter_mut().enumerate() {
            let mut text = line.get(column).cloned().unwrap_or_default();
            if index < last {
                if text.is_empty() {
                    text.clone_from(&left);
                }
                left.clone_from(&text);
            }
            if !name.is_empty() && !text.is_empty() {
                name.push(' ');
            }
            name.push_str(&text);
        }
    }
    names
}

/// Reads every record of a file.
pub(crate) fn read(
    listed: &Listed,
    mapping: &Mapping,
    layout: &Layout,
    steps: u64,
    progress: &dyn Progress,
) -> Result<Segment, DecodeError> {
    let wanted = Wanted::of(mapping);
    let lookups = Lookups::read(listed, mapping, &layout.names)?;
    let mut opened = open(listed, &mapping.dialect, &wanted, progress)?;
    let mut row = Row::default();
    for _ in 0..steps {
        opened.rows.next(&mut row)?;
    }
    let mut writer = Writer::new(layout);
    let mut sums = Sums::new(mapping, layout);
    let trailer = mapping.dialect.trailer.as_ref();
    let held = trailer.map_or(0, |trailer| trailer.lines as usize);
    let mut last: VecDeque<(Row, Step)> = VecDeque::with_capacity(held + 1);
    let mut count = 0_u64;
    loop {
        let step = opened.rows.next(&mut row)?;
        if step == Step::End {
            break;
        }
        if step == Step::Row
            && (row.is_blank() || row.holds_nothing() && !mapping.dialect.is_nested())
        {
            continue;
        }
        lookups.extend(&mut row);
        if held > 0 {
            last.push_back((std::mem::take(&mut row), step));
            if last.len() > held
                && let Some((mut row, step)) = last.pop_front()
            {
                count += 1;
                if !sums.take(&row, &step) {
                    writer.take(&mut row, step);
                }
            }
        } else {
            count += 1;
            if !sums.take(&row, &step) {
                writer.take(&mut row, step);
            }
        }
    }
    if let Some(trailer) = trailer {
        check(trailer, &last, count, mapping.dialect.delimiter)?;
    }
    let added = sums.added;
    for mut row in sums.rows() {
        writer.take(&mut row, Step::Row);
    }
    Ok(writer.finish(added))
}

/// Holds the trailer against what was read.
fn check(
    trailer: &Trailer,
    last: &VecDeque<(Row, Step)>,
    count: u64,
    delimiter: u8,
) -> Result<(), DecodeError> {
    let line = last.front().map_or(0, |(row, _)| row.line);
    let missing = || {
        DecodeError::hinted(
            line,
            "the file does not end in the trailer that the mapping says: it may be cut off",
            "see `trailer` under `[dialect]` of the mapping",
        )
    };
    if last.len() < trailer.lines as usize {
        return Err(missing());
    }
    let Some(pattern) = &trailer.pattern else {
        return Ok(());
    };
    let said = last
        .iter()
        .filter(|(_, step)| *step == Step::Row)
        .find_map(|(row, _)| {
            let text = row.joined(delimiter);
            counted(pattern, String::from_utf8_lossy(&text).trim())
        });
    match said {
        None => Err(missing()),
        Some(Some(said)) if said != count => Err(DecodeError::hinted(
            line,
            format!("the trailer counts {said} records, but {count} were read"),
            "the file may be cut off; ask for it again",
        )),
        Some(_) => Ok(()),
    }
}

/// Whether `text` fits `pattern`, and the number that stands for `{count}`.
fn counted(pattern: &str, text: &str) -> Option<Option<u64>> {
    let (before, after) = match pattern.split_once("{count}") {
        None => return fits(pattern, text).then_some(None),
        Some(parts) => parts,
    };
    let bytes = text.as_bytes();
    let run = |start: usize, commas: bool| {
        let is = |byte: &&u8| byte.is_ascii_digit() || commas && **byte == b',';
        start + bytes[start..].iter().take_while(is).count()
    };
    (0..bytes.len())
        .filter(|at| bytes[*at].is_ascii_digit() && (*at == 0 || !bytes[*at - 1].is_ascii_digit()))
        .flat_map(|start| [true, false].map(|commas| (start, run(start, commas))))
        .find(|(start, end)| fits(before, &text[..*start]) && fits(after, &text[*end..]))
        .map(|(start, end)| text[start..end].replace(',', "").parse().ok())
}

/// Whether `text` is `pattern`, whose `*` are any text.
fn fits(pattern: &str, text: &str) -> bool {
    let mut parts = pattern.split('*');
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = text.strip_prefix(first) else {
        return false;
    };
    let mut parts = parts.peekable();
    if parts.peek().is_none() {
        return rest.is_empty();
    }
    while let Some(part) = parts.next() {
        if parts.peek().is_none() {
            return rest.ends_with(part);
        }
        match rest.find(part) {
            Some(at) => rest = &rest[at + part.len()..],
            None => return false,
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trailer_s_count_is_found() {
        for (pattern, text, said) in [
            ("TRL|*|{count}", "TRL|2024-09-02|00012", Some(Some(12))),
            (
                "Total records: {count}",
                "Total records: 1,234",
                Some(Some(1234)),
            ),
            ("*{count} rows*", "(5 rows affected)", Some(Some(5))),
            ("TRL,{count},*", "TRL,7,2024", Some(Some(7))),
            ("END*", "END OF FILE", Some(None)),
            ("END", "END OF FILE", None),
            ("Total: {count}", "Total: x", None),
            ("*", "", Some(None)),
        ] {
            assert_eq!(counted(pattern, text), said, "{pattern} {text}");
        }
    }

    #[test]
    fn lines_of_a_header_are_joined() {
        let line = |text: &str| text.split(',').map(str::to_owned).collect::<Vec<_>>();
        assert_eq!(joined(vec![line("a,b")]), ["a", "b"]);
        assert_eq!(
            joined(vec![
                line(",,Fall,,Spring"),
                line("ID,Name,Score,SE,Score,SE")
            ]),
            [
                "ID",
                "Name",
                "Fall Score",
                "Fall SE",
                "Spring Score",
                "Spring SE"
            ]
        );
    }
}
