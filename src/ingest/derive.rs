//! Inputs that are no column of the file: an ID put together from several columns (`from = ["School_ID", "Section_ID"]`), and the first
//! of several that is not empty (`"A | B"`). They are made from the distinct cells of their columns once a file has been read, whatever
//! way it was read, so that every distinct combination is understood once, like any other cell.
//!
//! A composed ID with an empty part is empty: `101·` would be one class of all rows that lack a section.

use std::collections::HashMap;
use std::hash::BuildHasherDefault;

use encoding_rs::Encoding;
use throughline_model::mapping::{Field, Origin};

use crate::convert::{trimmed, unwrapped};
use crate::decode::lookup::OR;
use crate::decode::tree::NOT_SINGLE;
use crate::intern::{Interner, PADDING};
use crate::keys::Identity;
use crate::layout::Layout;
use crate::legacy;

/// Stands between the parts of a composed ID.
const BETWEEN: &str = "·";
/// A cell that is no text in any encoding.
const NO_TEXT: &[u8] = b"\xff";

/// An input that is made from two others.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Derived {
    how: How,
    /// The inputs.
    pub(crate) of: [usize; 2],
    /// Words of the mapping that mean "nothing here", in lower case.
    nulls: Vec<String>,
}

/// How a derived cell follows from two others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum How {
    /// Both, where neither is empty.
    Joined,
    /// The first that is not empty.
    First,
}

/// Where the columns of a field stand in the header: what has to be put together, and of each part the alternatives. `Err` holds the names
/// that are missing.
pub(crate) fn places(
    field: &Field,
    headers: &[String],
    find: impl Fn(&str) -> Option<usize>,
) -> Result<Vec<Vec<usize>>, Vec<String>> {
    let alternatives = |names: &[String]| -> Result<Vec<usize>, Vec<String>> {
        let found: Vec<usize> = names.iter().filter_map(|name| find(name)).collect();
        if found.is_empty() {
            Err(names.to_vec())
        } else {
            Ok(found)
        }
    };
    match &field.from {
        Origin::Joined(_) => headers
            .iter()
            .map(|part| match find(part) {
                Some(place) => Ok(vec![place]),
                None => {
                    let names: Vec<String> =
                        part.split(OR).map(|name| name.trim().to_owned()).collect();
                    alternatives(&names)
                }
            })
            .collect(),
        _ => {
            let mut found = alternatives(headers)?;
            if !field.first_filled {
                found.truncate(1);
            }
            Ok(vec![found])
        }
    }
}

/// Adds the inputs that a field needs to `layout`; returns the one that fills it.
pub(crate) fn compose(layout: &mut Layout, field: &Field, inputs: Vec<Vec<usize>>) -> usize {
    let nulls: Vec<String> = field
        .nulls
        .iter()
        .map(|word| word.trim().to_lowercase())
        .collect();
    let mut add = |how: How, left: usize, right: usize| {
        let name = match how {
            How::Joined => format!("{} {BETWEEN} {}", layout.inputs[left], layout.inputs[right]),
            How::First => format!("{}{OR}{}", layout.inputs[left], layout.inputs[right]),
        };
        layout.inputs.push(name);
        layout.derived.push(Derived {
            how,
            of: [left, right],
            nulls: nulls.clone(),
        });
        layout.inputs.len() - 1
    };
    let parts: Vec<usize> = inputs
        .into_iter()
        .filter_map(|choice| {
            choice
                .into_iter()
                .reduce(|left, right| add(How::First, left, right))
        })
        .collect();
    parts
        .into_iter()
        .reduce(|left, right| add(How::Joined, left, right))
        .unwrap_or_default()
}

/// Makes the cells of one derived input, combination by combination.
pub(crate) struct Composer<'a> {
    derived: &'a Derived,
    cells: [&'a Interner; 2],
    /// What each side's encoding is; derived cells are UTF-8.
    encodings: [Option<&'static Encoding>; 2],
    made: Interner,
    known: HashMap<u128, u32, BuildHasherDefault<Identity>>,
    last: (u32, u32, u32),
}

impl<'a> Composer<'a> {
    pub(crate) fn new(
        derived: &'a Derived,
        cells: [&'a Interner; 2],
        encodings: [Option<&'static Encoding>; 2],
    ) -> Self {
        Self {
            derived,
            cells,
            encodings,
            made: Interner::new(),
            known: HashMap::default(),
            last: (u32::MAX, u32::MAX, 0),
        }
    }

    /// The number of the derived cell of two cells.
    pub(crate) fn of(&mut self, left: u32, right: u32) -> u32 {
        if (self.last.0, self.last.1) == (left, right) {
            return self.last.2;
        }
        let pair = u128::from(left) << 64 | u128::from(right);
        let number = match self.known.get(&pair) {
            Some(number) => *number,
            None => {
                let mut cell = self.cell([left, right]);
                let length = cell.len();
                cell.resize(length + PADDING, 0);
                let number = self.made.intern(&cell, 0, length);
                self.known.insert(pair, number);
                number
            }
        };
        self.last = (left, right, number);
        number
    }

    fn cell(&self, [left, right]: [u32; 2]) -> Vec<u8> {
        let made = self.text(0, left).and_then(|left| match self.derived.how {
            How::First if left.is_empty() => self.text(1, right),
            How::First => Ok(left),
            How::Joined => self.text(1, right).map(|right| {
                if left.is_empty() || right.is_empty() {
                    String::new()
                } else {
                    format!("{left}{BETWEEN}{right}")
                }
            }),
        });
        made.map_or_else(<[u8]>::to_vec, String::into_bytes)
    }

    /// The text of a cell, empty where it means nothing; or what the derived cell is where it is no text.
    fn text(&self, side: usize, number: u32) -> Result<String, &'static [u8]> {
        let mut scratch = [0; 16];
        let raw = self.cells[side].cell(number, &mut scratch);
        if raw == NOT_SINGLE {
            return Err(NOT_SINGLE);
        }
        let text = legacy::text(raw, self.encodings[side]).ok_or(NO_TEXT)?;
        let text = unwrapped(trimmed(&text));
        let is_null = self.derived.nulls.contains(&text.to_lowercase());
        Ok(if is_null { "" } else { text }.to_owned())
    }

    /// The distinct cells that were made.
    pub(crate) fn finish(self) -> Interner {
        self.made
    }
}
