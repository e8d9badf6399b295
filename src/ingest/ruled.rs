//! Which records of a file are rows of the table at all: what `[rows]` of the mapping says, and what the table says of tests that were not
//! taken. None of these records is ever rejected for what else stands in it.

use std::collections::HashSet;

use throughline_model::Mapping;

use crate::column::Values;
use crate::duplicate::{Fate, Fates, mark};
use crate::layout::{Fill, Layout, holds};
use crate::rule::Rule;
use crate::sheet::{Block, Sheet};

/// Words of `test_status` whose rows never count.
const NO_RESULT: [&str; 2] = ["invalid", "practice"];

impl Sheet {
    /// For every segment and raw cell of `input`: whether it is one of `words`.
    fn holds(&self, input: usize, words: &[String]) -> Vec<Vec<bool>> {
        let cells = &self.cells[input];
        let hits: Vec<bool> = (0..cells.len() as u32)
            .map(|cell| {
                let mut scratch = [0; 16];
                let text = String::from_utf8_lossy(cells.cell(cell, &mut scratch))
                    .trim()
                    .to_lowercase();
                holds(words, &text)
            })
            .collect();
        let of = |raw: &Vec<u32>| raw.iter().map(|cell| hits[*cell as usize]).collect();
        self.parts.iter().map(|part| of(&part.raw[input])).collect()
    }

    /// Which records are no rows of the table, and which take a row back.
    pub(crate) fn ruled(&self, layout: &Layout) -> Vec<Fates> {
        let looked = |rules: &[(usize, Vec<String>)]| -> Vec<(usize, Vec<Vec<bool>>)> {
            rules
                .iter()
                .map(|(input, words)| (*input, self.holds(*input, words)))
                .collect()
        };
        let (only, except) = (looked(&layout.only), looked(&layout.except));
        let deleted = looked(&layout.deleted);
        let fate = |block: &Block,
                    rules: &[(usize, Vec<Vec<bool>>)],
                    wanted: bool,
                    fate: Fate,
                    fates: &mut Fates| {
            for (input, hits) in rules {
                block.batch.columns[*input].each(
                    block.batch.rows,
                    &hits[block.part],
                    |row, hit| {
                        if hit == wanted {
                            mark(fates, block.batch.rows, row, fate);
                        }
                    },
                );
            }
        };
        self.blocks
            .iter()
            .map(|block| {
                let mut fates = None;
                fate(block, &deleted, true, Fate::Deleted, &mut fates);
                fate(block, &only, false, Fate::Passed, &mut fates);
                fate(block, &except, true, Fate::Passed, &mut fates);
                fates
            })
            .collect()
    }

    /// Marks the records of a test that are no result: the student was not tested (no score, or a word where the score belongs), the test
    /// was declared invalid, or it was practice. A score that is no number though it has digits is a mistake, and stays for the rules.
    pub(crate) fn untested(&self, mapping: &Mapping, fates: &mut [Fates]) {
        if mapping.table.name != "assessment_result" {
            return;
        }
        let open =
            |fates: &Fates, row: usize| fates.as_ref().is_none_or(|fates| fates[row] == Fate::Kept);
        let mut set = |input: usize, hits: Vec<Vec<bool>>, fate: Fate| {
            for (block, fates) in self.blocks.iter().zip(&mut *fates) {
                let rows = block.batch.rows;
                block.batch.columns[input].each(rows, &hits[block.part], |row, hit| {
                    if hit && open(fates, row) {
                        mark(fates, rows, row, fate);
                    }
                });
            }
        };
        if let Some((input, column)) = self.filled(mapping, "test_status")
            && let Some(Values::Text(words)) =
                self.columns[column].as_ref().map(|column| &column.values)
        {
            for (word, fate) in NO_RESULT.iter().zip([Fate::Invalid, Fate::NotTested]) {
                let is =
                    |number: u32| (number as usize) < words.len() && words.get(number) == *word;
                set(input, self.translated(column, is), fate);
            }
        }
        if let Some((input, column)) = self.filled(mapping, "scale_score")
            && let Some(column) = &self.columns[column]
        {
            let silent: HashSet<u32> = column
                .faults
                .iter()
                .filter(|(cell, rule)| {
                    let is_word = || {
                        let mut scratch = [0; 16];
                        let text = self.cells[input].cell(**cell, &mut scratch);
                        !String::from_utf8_lossy(text).chars().any(char::is_numeric)
                    };
                    match rule {
                        Rule::MissingRequired => true,
                        Rule::BadNumber | Rule::UnknownCode => is_word(),
                        _ => false,
                    }
                })
                .map(|(cell, _)| *cell)
                .collect();
            if !silent.is_empty() {
                let of = |raw: &Vec<u32>| raw.iter().map(|cell| silent.contains(cell)).collect();
                let hits = self.parts.iter().map(|part| of(&part.raw[input])).collect();
                set(input, hits, Fate::NotTested);
            }
        }
    }

    /// The input that fills the canonical column `name`, and the column's place.
    fn filled(&self, mapping: &Mapping, name: &str) -> Option<(usize, usize)> {
        let column = mapping.table.position(name)?;
        match self.fills[column] {
            Fill::Input(input) => Some((input, column)),
            _ => None,
        }
    }
}
