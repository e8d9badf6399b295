//! Events to rows: records that are alike in all but the numbers to be summed become one, on the line of the first. Only
//! cells are compared, a timestamp by its day; what is no number is left as it is, to be rejected at its place.

use std::collections::HashMap;

use throughline_model::{Kind, Mapping};

use super::row::{Row, Step};
use crate::convert::{number, seconds};
use crate::exact::Exact;
use crate::layout::{Fill, Layout, holds};

/// Records added up so far.
pub(crate) struct Sums {
    /// Field by field: what it is for.
    uses: Vec<Use>,
    groups: Vec<Group>,
    places: HashMap<Vec<u8>, usize>,
    /// Records that were added to others.
    pub(crate) added: u64,
}

#[derive(Clone, PartialEq)]
enum Use {
    /// Read past.
    Nothing,
    /// Must be alike.
    Alike,
    /// Must be alike in its first ten characters.
    Day,
    /// Must be alike in whether it is one of these words, which say whose row it is.
    Rule(Vec<String>),
    /// A number.
    Number,
    /// A duration of ISO 8601.
    Duration,
}

struct Group {
    row: Row,
    sums: Vec<Option<Exact>>,
}

impl Sums {
    pub(crate) fn new(mapping: &Mapping, layout: &Layout) -> Self {
        let mut by_input = vec![Use::Alike; layout.inputs.len()];
        let rules = layout
            .only
            .iter()
            .chain(&layout.except)
            .chain(&layout.deleted);
        for (input, words) in rules {
            by_input[*input] = Use::Rule(words.clone());
        }
        for input in &layout.apart {
            by_input[*input] = Use::Nothing;
        }
        for field in &mapping.columns {
            let Fill::Input(input) = layout.columns[field.column] else {
                continue;
            };
            let format = field.format.as_deref();
            if mapping.rows.sum.contains(&field.column) {
                by_input[input] = match format {
                    Some("iso_duration") => Use::Duration,
                    _ => Use::Number,
                };
            } else if mapping.table.columns[field.column].kind == Kind::Date
                && format == Some("iso")
            {
                by_input[input] = Use::Day;
            } else {
                by_input[input] = Use::Alike;
            }
        }
        let uses = layout
            .slots
            .iter()
            .map(|slot| slot.map_or(Use::Nothing, |slot| by_input[usize::from(slot)].clone()));
        Self {
            uses: if mapping.rows.sum.is_empty() {
                Vec::new()
            } else {
                uses.collect()
            },
            groups: Vec::new(),
            places: HashMap::new(),
            added: 0,
        }
    }

    /// Takes a record; `false` where nothing is added up, or it is none.
    pub(crate) fn take(&mut self, row: &Row, step: &Step) -> bool {
        if *step != Step::Row || self.uses.is_empty() {
            return false;
        }
        if row.len() != self.uses.len() {
            self.leave(row);
            return true;
        }
        let (mut key, mut numbers) = (Vec::new(), Vec::new());
        for (cell, used) in row.cells().zip(&self.uses) {
            let cell = cell.trim_ascii();
            let alike = match used {
                Use::Nothing => continue,
                Use::Rule(words) => {
                    let text = String::from_utf8_lossy(cell).trim().to_lowercase();
                    key.push(u8::from(holds(words, &text)));
                    continue;
                }
                Use::Alike => cell,
                Use::Day => cell.get(..10).unwrap_or(cell),
                Use::Number | Use::Duration if cell.is_empty() => {
                    numbers.push(None);
                    continue;
                }
                Use::Number | Use::Duration => {
                    let text = std::str::from_utf8(cell).ok();
                    let amount = text.and_then(|text| match used {
                        Use::Duration => seconds(text),
                        _ => number(text).ok(),
                    });
                    match amount {
                        Some(amount) => {
                            let mut exact = Exact::default();
                            exact.add(amount);
                            numbers.push(Some(exact));
                        }
                        None => {
                            self.leave(row);
                            return true;
                        }
                    }
                    continue;
                }
            };
            key.extend_from_slice(&(alike.len() as u64).to_le_bytes());
            key.extend_from_slice(alike);
        }
        let next = self.groups.len();
        let place = *self.places.entry(key).or_insert(next);
        if place == next {
            self.groups.push(Group {
                row: row.clone(),
                sums: numbers,
            });
            return true;
        }
        for (sum, number) in self.groups[place].sums.iter_mut().zip(numbers) {
            if let Some(number) = number {
                sum.get_or_insert_default().plus(number);
            }
        }
        self.added += 1;
        true
    }

    /// Keeps a record as it is, in its place.
    fn leave(&mut self, row: &Row) {
        self.groups.push(Group {
            row: row.clone(),
            sums: Vec::new(),
        });
    }

    /// The rows, in the order of their first records.
    pub(crate) fn rows(self) -> impl Iterator<Item = Row> {
        let uses = self.uses;
        self.groups.into_iter().map(move |group| {
            if group.sums.is_empty() {
                return group.row;
            }
            let mut row = Row::default();
            row.start(group.row.line);
            let mut sums = group.sums.into_iter();
            for (cell, used) in group.row.cells().zip(&uses) {
                match used {
                    Use::Number | Use::Duration => match sums.next().flatten() {
                        None => row.push(b""),
                        Some(sum) if *used == Use::Duration => {
                            row.push(format!("PT{}S", sum.value()).as_bytes())
                        }
                        Some(sum) => row.push(sum.value().to_string().as_bytes()),
                    },
                    _ => row.push(cell),
                }
            }
            row
        })
    }
}
