//! A table as CSV (RFC 4180, UTF-8, `\n`): machine names as header, plain numbers with `.`, `withheld` where a number is
//! about too few, an empty cell where there is nothing to say. A text that a spreadsheet would run as a formula gets
//! a leading apostrophe.

use crate::table::{Cell, Table};

/// The whole file.
pub(crate) fn write(table: &Table) -> String {
    let mut out = String::new();
    let header: Vec<&str> = table.columns.iter().map(|column| column.key).collect();
    out.push_str(&header.join(","));
    out.push('\n');
    for row in &table.rows {
        let cells: Vec<String> = row.iter().map(cell).collect();
        out.push_str(&cells.join(","));
        out.push('\n');
    }
    out
}

fn cell(cell: &Cell) -> String {
    match cell {
        Cell::Text(text) => quoted(text),
        Cell::Count(count) => count.to_string(),
        Cell::Number(number) => number.to_string(),
        Cell::Flag(flag) => flag.to_string(),
        Cell::Withheld => "withheld".to_owned(),
        Cell::Nothing => String::new(),
    }
}

fn quoted(text: &str) -> String {
    let text = if text.starts_with(['=', '+', '-', '@', '\t', '\r']) {
        format!("'{text}")
    } else {
        text.to_owned()
    };
    if text.contains(['"', ',', '\n', '\r']) {
        format!("\"{}\"", text.replace('"', "\"\""))
    } else {
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_commas_and_formulas_are_harmless() {
        assert_eq!(quoted("a, \"b\""), "\"a, \"\"b\"\"\"");
        assert_eq!(quoted("=HYPERLINK(1)"), "'=HYPERLINK(1)");
        assert_eq!(cell(&Cell::Number(-0.5)), "-0.5");
        assert_eq!(cell(&Cell::Withheld), "withheld");
    }
}
