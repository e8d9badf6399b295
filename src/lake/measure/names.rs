//! Names as small numbers. Numbers follow the order in which names first appear, never the names themselves, because
//! names of people are pseudonyms whose order changes with the key.

use std::collections::HashMap;

use throughline_model::panel::{Codes, NO_CODE};

/// Names and the number of each.
#[derive(Debug, Default)]
pub(super) struct Names {
    numbers: HashMap<Box<str>, u32>,
    names: Vec<Box<str>>,
}

impl Names {
    pub(super) fn len(&self) -> usize {
        self.names.len()
    }

    pub(super) fn find(&self, name: &str) -> Option<u32> {
        self.numbers.get(name).copied()
    }

    /// The name with this number.
    pub(super) fn name(&self, number: u32) -> &str {
        &self.names[number as usize]
    }

    /// The number of a name, a new one at its first appearance.
    pub(super) fn number(&mut self, name: &str) -> u32 {
        if let Some(number) = self.numbers.get(name) {
            return *number;
        }
        let number = self.names.len() as u32;
        self.numbers.insert(name.into(), number);
        self.names.push(name.into());
        number
    }

    /// A column of numbers as codes whose labels stand in the order of the rows.
    pub(super) fn codes(&self, rows: impl Iterator<Item = Option<u32>>) -> Codes {
        let mut codes = Codes::default();
        let mut seen = vec![NO_CODE; self.names.len()];
        for row in rows {
            let code = match row {
                None => NO_CODE,
                Some(number) => {
                    let slot = &mut seen[number as usize];
                    if *slot == NO_CODE {
                        *slot = codes.labels.len() as u32;
                        codes.labels.push(self.names[number as usize].to_string());
                    }
                    *slot
                }
            };
            codes.codes.push(code);
        }
        codes
    }
}
