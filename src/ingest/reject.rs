//! The rejected cells and rows of one file: into the table `reject`, and counted by fault for whoever must be told.

use std::collections::BTreeMap;
use std::collections::HashMap;

use throughline_model::{Part, tables};

use crate::column::{NULL, Texts, Values};
use crate::error::{Fault, IngestError};
use crate::parquet::Cells;
use crate::rule::Rule;
use crate::sheet::Sheet;
use crate::store::{Label, write_file};

/// A rejected cell, or a rejected record as a whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Reject {
    /// 1-based line the record starts on.
    pub(crate) line: u64,
    pub(crate) rule: Rule,
    /// The input, and the raw cell's number.
    pub(crate) cell: Option<(usize, u32)>,
    /// The shape of a record as a whole.
    pub(crate) shape: Option<String>,
}

/// Counts rejects by rule and column, most frequent first.
pub(crate) fn faults(rejects: &[Reject], sheet: &Sheet, file: &str) -> Vec<Fault> {
    let mut counted: BTreeMap<(Rule, Option<usize>), (u64, &Reject)> = BTreeMap::new();
    for reject in rejects {
        let entry = counted
            .entry((reject.rule, reject.cell.map(|(input, _)| input)))
            .or_insert((0, reject));
        entry.0 += 1;
        if reject.line < entry.1.line {
            entry.1 = reject;
        }
    }
    let mut faults: Vec<Fault> = counted
        .into_iter()
        .map(|((rule, input), (count, first))| Fault {
            rule: rule.name().to_owned(),
            column: input.map(|input| sheet.inputs[input].clone()),
            count,
            file: file.to_owned(),
            line: first.line,
            shape: first
                .cell
                .map_or_else(String::new, |(input, cell)| sheet.shape(input, cell)),
            about: rule.meaning().to_owned(),
        })
        .collect();
    faults.sort_by_key(|fault| std::cmp::Reverse(fault.count));
    faults
}

/// Writes the rejects as a part of table `reject`; `label` is that of the file.
pub(crate) fn write(
    rejects: &[Reject],
    sheet: &Sheet,
    label: &Label<'_>,
) -> Result<Option<Part>, IngestError> {
    let Some(table) = tables::find("reject").filter(|_| !rejects.is_empty()) else {
        return Ok(None);
    };
    let label = Label { table, ..*label };
    let one = |text: &str| Values::Text(Texts::from_iter([text]));
    let (source, file) = (one(label.source), one(label.file));
    let columns = Values::Text(sheet.inputs.iter().collect());
    let rules = Values::Text(Rule::ALL.iter().map(|rule| rule.name()).collect());
    let (shapes, shape_numbers) = shapes(rejects, sheet);
    let lines = || {
        rejects
            .iter()
            .map(|reject| i32::try_from(reject.line).unwrap_or(i32::MAX))
            .collect()
    };
    let cells = |_: usize, column: usize| match column {
        0 => Cells::Same(&source, 0),
        1 | 7 => Cells::Same(&file, 0),
        2 | 8 => Cells::Lines(lines()),
        3 => Cells::Numbers(
            &columns,
            rejects
                .iter()
                .map(|reject| reject.cell.map_or(NULL, |(input, _)| input as u32))
                .collect(),
        ),
        4 => Cells::Numbers(
            &rules,
            rejects.iter().map(|reject| reject.rule as u32).collect(),
        ),
        5 => Cells::Numbers(&shapes, shape_numbers.clone()),
        6 => Cells::Null,
        _ => Cells::Instant(label.modified),
    };
    let (path, bytes) = write_file(&label, None, &[rejects.len()], cells)?;
    Ok(Some(Part {
        table: table.name.to_owned(),
        path,
        bytes,
        rows: rejects.len() as u64,
        years: None,
        key: format!("{}-reject", label.key),
        source: label.source.to_owned(),
    }))
}

/// Distinct shapes, and the number of each reject's.
fn shapes(rejects: &[Reject], sheet: &Sheet) -> (Values, Vec<u32>) {
    let mut texts = Texts::default();
    let (mut known, mut cells) = (HashMap::new(), HashMap::new());
    let mut number = |shape: String| {
        let next = known.len() as u32;
        *known.entry(shape).or_insert_with_key(|shape| {
            texts.push(shape);
            next
        })
    };
    let numbers = rejects
        .iter()
        .map(|reject| match (&reject.shape, reject.cell) {
            (Some(shape), _) => number(shape.clone()),
            (None, Some((input, cell))) => *cells
                .entry((input, cell))
                .or_insert_with(|| number(sheet.shape(input, cell))),
            (None, None) => NULL,
        })
        .collect();
    (Values::Text(texts), numbers)
}
