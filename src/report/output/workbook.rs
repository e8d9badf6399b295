//! The tables as an Excel workbook: one sheet each, a frozen bold header with a filter, numbers as numbers with a
//! format, columns as wide as what they hold. Its creation date is fixed so that the same findings give the same bytes.

use rust_xlsxwriter::{
    Color, DocProperties, ExcelDateTime, Format, FormatAlign, FormatBorder, Workbook, Worksheet,
    XlsxError,
};

use crate::error::ReportError;
use crate::table::{Cell, Kind, Table, WITHHELD};

/// Widest column, in characters; longer text wraps.
const WIDEST: usize = 60;
/// Sheets that are read as prose and not filtered.
const PROSE: &str = "Read me";

/// The whole file.
pub(crate) fn write(title: &str, sheets: &[Table]) -> Result<Vec<u8>, ReportError> {
    let mut workbook = Workbook::new();
    let properties = DocProperties::new()
        .set_title(title)
        .set_author("Throughline")
        .set_creation_datetime(&ExcelDateTime::from_ymd(2000, 1, 1)?);
    workbook.set_properties(&properties);
    for table in sheets {
        let sheet = workbook.add_worksheet();
        fill(sheet, table)?;
    }
    Ok(workbook.save_to_buffer()?)
}

fn fill(sheet: &mut Worksheet, table: &Table) -> Result<(), XlsxError> {
    sheet.set_name(&table.name)?;
    let header = Format::new()
        .set_bold()
        .set_text_wrap()
        .set_align(FormatAlign::VerticalCenter)
        .set_font_color(Color::White)
        .set_background_color(Color::RGB(0x0000_4570))
        .set_border_bottom(FormatBorder::Thin);
    sheet.set_row_height(0, 32)?;
    for (column, place) in table.columns.iter().zip(0_u16..) {
        sheet.write_string_with_format(0, place, column.label, &header)?;
        sheet.set_column_width(place, width(table, usize::from(place)) as f64)?;
    }
    let formats: Vec<Format> = table
        .columns
        .iter()
        .map(|column| format(column.kind))
        .collect();
    let quiet = Format::new()
        .set_font_color(Color::RGB(0x0050_5760))
        .set_align(FormatAlign::Top);
    for (row, line) in table.rows.iter().zip(1_u32..) {
        for ((cell, set), place) in row.iter().zip(&formats).zip(0_u16..) {
            match cell {
                Cell::Text(text) => sheet.write_string_with_format(line, place, text, set)?,
                // Counts stay far below 2^53, where a workbook's numbers stop being exact.
                Cell::Count(count) => {
                    sheet.write_number_with_format(line, place, *count as f64, set)?
                }
                Cell::Number(number) => {
                    sheet.write_number_with_format(line, place, *number, set)?
                }
                Cell::Flag(flag) => {
                    let word = if *flag { "yes" } else { "no" };
                    sheet.write_string_with_format(line, place, word, set)?
                }
                Cell::Withheld => sheet.write_string_with_format(line, place, WITHHELD, &quiet)?,
                Cell::Nothing => sheet.write_string_with_format(line, place, "–", &quiet)?,
            };
        }
    }
    sheet.set_freeze_panes(1, u16::from(table.name != PROSE))?;
    let last = (table.rows.len(), table.columns.len());
    if let (Ok(rows), Ok(columns), true) = (
        u32::try_from(last.0),
        u16::try_from(last.1),
        table.name != PROSE && last.0 > 0,
    ) {
        sheet.autofilter(0, 0, rows, columns - 1)?;
    }
    sheet.set_landscape();
    sheet.set_print_fit_to_pages(1, 0);
    sheet.set_repeat_rows(0, 0)?;
    Ok(())
}

fn format(kind: Kind) -> Format {
    let top = Format::new().set_align(FormatAlign::Top);
    match kind {
        Kind::Text => top.set_text_wrap(),
        Kind::Flag => top,
        Kind::Count => top.set_num_format("#,##0"),
        Kind::Number => top.set_num_format("#,##0.####"),
        Kind::Sd => top.set_num_format("+0.000;-0.000;0.000"),
        Kind::Probability => top.set_num_format("0.0000"),
        Kind::Share => top.set_num_format("0.0%"),
        Kind::Dollars => top.set_num_format("$#,##0.00"),
    }
}

/// Characters of the longest cell and of the longest word of the header, within bounds.
fn width(table: &Table, place: usize) -> usize {
    let column = &table.columns[place];
    let header = column
        .label
        .split(' ')
        .map(|word| word.chars().count())
        .max();
    let cells = table
        .rows
        .iter()
        .map(|row| match &row[place] {
            // A remark in a column of numbers may run into the next cell; it must not widen the whole column.
            Cell::Withheld | Cell::Nothing => 8,
            cell => cell.show(column.kind).chars().count(),
        })
        .max();
    let widest = if table.name == PROSE {
        WIDEST * 2
    } else {
        WIDEST
    };
    (header.unwrap_or(0).max(cells.unwrap_or(0)) + 3).clamp(9, widest)
}
