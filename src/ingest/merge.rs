//! Sums written into a file that has been read: a row whose numbers were added up gets cells of its own, which mean the sums.

use std::collections::HashMap;

use crate::batch::Packed;
use crate::column::Values;
use crate::conflict::Added;
use crate::intern::{Interner, PADDING};
use crate::layout::Fill;
use crate::sheet::{Block, Sheet, SheetPart};

/// A cell that becomes a sum: which row of which block, of which input, what it means in which column.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Change {
    block: u32,
    input: usize,
    row: u16,
    column: usize,
    number: u32,
}

impl Sheet {
    /// Gives rows the numbers that were added up for them.
    pub(crate) fn add_up(&mut self, added: Vec<Added>) {
        let mut numbered: HashMap<usize, HashMap<u64, u32>> = HashMap::new();
        let mut changes: Vec<Change> = Vec::new();
        for (at, sums) in added {
            for (column, sum) in sums {
                let Some(input) = self.varied(column) else {
                    continue;
                };
                let known = numbered
                    .entry(column)
                    .or_insert_with(|| self.numbers(column));
                let Some(Values::Number(values)) = self.columns[column]
                    .as_mut()
                    .map(|column| &mut column.values)
                else {
                    continue;
                };
                let number = *known.entry(sum.to_bits()).or_insert_with(|| {
                    values.push(sum);
                    values.len() as u32 - 1
                });
                changes.push(Change {
                    block: at.block,
                    input,
                    row: at.row,
                    column,
                    number,
                });
            }
        }
        changes.sort_unstable();
        for changes in
            changes.chunk_by(|one, other| (one.block, one.input) == (other.block, other.input))
        {
            let input = changes[0].input;
            let Block { part, batch } = &mut self.blocks[changes[0].block as usize];
            let SheetPart { raw, meaning, .. } = &mut self.parts[*part];
            let fed: Vec<usize> = (0..self.fills.len())
                .filter(|column| {
                    self.fills[*column] == Fill::Input(input) && self.columns[*column].is_some()
                })
                .collect();
            let mut cells: Vec<u32> = (0..batch.rows)
                .map(|row| batch.columns[input].at(row))
                .collect();
            for sums in changes.chunk_by(|one, other| one.row == other.row) {
                let cell = &mut cells[usize::from(sums[0].row)];
                let old = *cell as usize;
                *cell = raw[input].len() as u32;
                let same = raw[input][old];
                raw[input].push(same);
                for column in &fed {
                    let sum = sums.iter().find(|sum| sum.column == *column);
                    let number = sum.map_or(meaning[*column][old], |sum| sum.number);
                    meaning[*column].push(number);
                }
            }
            batch.columns[input] = Packed::new(&cells);
        }
    }

    /// Numbers of the values that a column has.
    fn numbers(&self, column: usize) -> HashMap<u64, u32> {
        match self.columns[column].as_ref().map(|column| &column.values) {
            Some(Values::Number(values)) => {
                let numbers = values.iter().zip(0..);
                numbers
                    .map(|(value, number)| (value.to_bits(), number))
                    .collect()
            }
            _ => HashMap::new(),
        }
    }

    /// The input of a column; a column that is the same in every row gets one.
    fn varied(&mut self, column: usize) -> Option<usize> {
        if let Fill::Input(input) = self.fills[column] {
            return Some(input);
        }
        let number = *self.columns[column].as_ref()?.meaning.first()?;
        let input = self.inputs.len();
        self.inputs.push(String::new());
        let mut cells = Interner::new();
        cells.intern(&[0; PADDING], 0, 0);
        self.cells.push(cells);
        for part in &mut self.parts {
            part.raw.push(vec![0]);
            part.meaning[column] = vec![number];
        }
        for block in &mut self.blocks {
            block.batch.columns.push(Packed::Same(0));
        }
        self.fills[column] = Fill::Input(input);
        Some(input)
    }
}
