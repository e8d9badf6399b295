//! A canonical column of one file: its distinct values, and for every distinct raw cell the value it means.
//!
//! Values are numbered in order of first appearance in the file, so they do not depend on how the file was cut.

use std::collections::HashMap;
use std::hash::Hash;

use rayon::prelude::*;
use throughline_model::Kind;

use crate::convert::{Cell, Converter, Value};
use crate::error::IngestError;
use crate::intern::Interner;
use crate::key::spell;
use crate::pseudonyms::Pseudonyms;
use crate::rule::Rule;

/// Number of a cell that is null.
pub(crate) const NULL: u32 = u32::MAX;
/// Number of a cell that breaks a rule.
pub(crate) const BAD: u32 = u32::MAX - 1;

/// Distinct values of one type, by number.
#[derive(Debug, PartialEq)]
pub(crate) enum Values {
    /// Text.
    Text(Texts),
    /// Whole numbers; dates as days since 1970-01-01.
    Integer(Vec<i32>),
    /// Numbers.
    Number(Vec<f64>),
    /// Yes or no.
    Flag(Vec<bool>),
}

/// Texts, one after the other.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Texts {
    bytes: String,
    ends: Vec<usize>,
}

impl Texts {
    pub(crate) fn push(&mut self, text: &str) {
        self.bytes.push_str(text);
        self.ends.push(self.bytes.len());
    }

    pub(crate) fn len(&self) -> usize {
        self.ends.len()
    }

    pub(crate) fn get(&self, number: u32) -> &str {
        let number = number as usize;
        let start = match number {
            0 => 0,
            _ => self.ends[number - 1],
        };
        &self.bytes[start..self.ends[number]]
    }
}

impl<T: AsRef<str>> FromIterator<T> for Texts {
    fn from_iter<I: IntoIterator<Item = T>>(texts: I) -> Self {
        let mut all = Self::default();
        for text in texts {
            all.push(text.as_ref());
        }
        all
    }
}

impl Values {
    fn new(kind: Kind) -> Self {
        match kind {
            Kind::Text | Kind::Id | Kind::Code(_) => Self::Text(Texts::default()),
            Kind::StudentId | Kind::StaffId | Kind::PersonId => Self::Text(Texts::default()),
            Kind::Date | Kind::Integer(..) => Self::Integer(Vec::new()),
            Kind::Number(..) => Self::Number(Vec::new()),
            Kind::Flag => Self::Flag(Vec::new()),
        }
    }

    pub(crate) fn len(&self) -> usize {
        match self {
            Self::Text(values) => values.len(),
            Self::Integer(values) => values.len(),
            Self::Number(values) => values.len(),
            Self::Flag(values) => values.len(),
        }
    }

    /// Bytes that tell values of one column apart, the same in every file.
    pub(crate) fn identity(&self, number: u32) -> Vec<u8> {
        match self {
            Self::Text(values) => values.get(number).as_bytes().to_vec(),
            Self::Integer(values) => values[number as usize].to_le_bytes().to_vec(),
            Self::Number(values) => values[number as usize].to_le_bytes().to_vec(),
            Self::Flag(values) => vec![u8::from(values[number as usize])],
        }
    }
}

/// A canonical column of one file.
#[derive(Debug)]
pub(crate) struct Column {
    /// Distinct values.
    pub(crate) values: Values,
    /// For every raw cell of the input the number of its value, [`NULL`] or [`BAD`]; one entry for a constant.
    pub(crate) meaning: Vec<u32>,
    /// The rule each [`BAD`] raw cell breaks.
    pub(crate) faults: HashMap<u32, Rule>,
}

impl Column {
    /// Reads every distinct cell of `input`.
    pub(crate) fn read(
        kind: Kind,
        converter: &Converter<'_>,
        input: &Interner,
        pseudonyms: &Pseudonyms,
    ) -> Result<Self, IngestError> {
        let cells: Vec<Cell> = (0..input.len() as u32)
            .into_par_iter()
            .with_min_len(512)
            .map(|raw| converter.cell(input.cell(raw, &mut [0; 16])))
            .collect();
        pseudonyms.note(cells.iter().filter_map(|cell| match cell {
            Ok(Some(Value::Person(person))) => Some((person.number, person.rest)),
            _ => None,
        }))?;
        Ok(Self::of(kind, cells.into_iter()))
    }

    /// A column with the same value in every row.
    pub(crate) fn constant(kind: Kind, value: Value) -> Self {
        Self::of(kind, std::iter::once(Ok(Some(value))))
    }

    fn of(kind: Kind, cells: impl Iterator<Item = Cell>) -> Self {
        let mut values = Values::new(kind);
        let mut faults = HashMap::new();
        let mut numbers = Numbers::default();
        let meaning = cells
            .enumerate()
            .map(|(raw, cell)| match cell {
                Ok(None) => NULL,
                Ok(Some(value)) => numbers.of(&mut values, value),
                Err(rule) => {
                    faults.insert(raw as u32, rule);
                    BAD
                }
            })
            .collect();
        Self {
            values,
            meaning,
            faults,
        }
    }
}

/// Numbers given to values so far.
#[derive(Default)]
struct Numbers {
    texts: HashMap<String, u32>,
    words: HashMap<u64, u32>,
}

impl Numbers {
    fn of(&mut self, values: &mut Values, value: Value) -> u32 {
        let next = values.len() as u32;
        match (values, value) {
            (Values::Text(texts), Value::Text(text)) => {
                let number = *self.texts.entry(text.clone()).or_insert(next);
                if number == next {
                    texts.push(&text);
                }
                number
            }
            (Values::Text(texts), Value::Person(person)) => {
                fresh(&mut self.words, person.number, next, || {
                    let spelled = spell(person.number);
                    texts.push(std::str::from_utf8(&spelled).unwrap_or_default());
                })
            }
            (Values::Integer(integers), Value::Integer(integer)) => {
                fresh(&mut self.words, u64::from(integer as u32), next, || {
                    integers.push(integer);
                })
            }
            (Values::Number(list), Value::Number(number)) => {
                fresh(&mut self.words, number.to_bits(), next, || {
                    list.push(number);
                })
            }
            (Values::Flag(flags), Value::Flag(flag)) => {
                fresh(&mut self.words, u64::from(flag), next, || flags.push(flag))
            }
            _ => unreachable!("a converter makes values of its column's kind"),
        }
    }
}

fn fresh<K: Eq + Hash>(
    numbers: &mut HashMap<K, u32>,
    value: K,
    next: u32,
    push: impl FnOnce(),
) -> u32 {
    let number = *numbers.entry(value).or_insert(next);
    if number == next {
        push();
    }
    number
}
