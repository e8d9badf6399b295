//! What the shipped mappings teach: every vendor column and the field it fills, every vendor word and what it means.

use super::names::words;
use crate::builtin;
use crate::mapping::{Mapping, Origin};

/// Everything learned from a set of mappings.
#[derive(Clone, Debug)]
pub struct Vocabulary {
    mappings: Vec<Mapping>,
    entries: Vec<Entry>,
    books: Vec<Book>,
}

/// One vendor column that fills one canonical column.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    pub(super) table: &'static str,
    pub(super) column: &'static str,
    pub(super) words: Vec<String>,
    pub(super) mapping: usize,
}

/// The code words of one field of one mapping.
#[derive(Clone, Debug)]
pub(super) struct Book {
    pub(super) column: &'static str,
    pub(super) mapping: usize,
    /// Vendor word in lower case, vendor word, canonical word.
    pub(super) pairs: Vec<(String, String, String)>,
}

impl Book {
    /// Whether `word`, in lower case, is one of the vendor's.
    pub(super) fn holds(&self, word: &str) -> bool {
        self.pairs.iter().any(|(vendor, _, _)| vendor == word)
    }
}

impl Vocabulary {
    /// What all shipped mappings teach.
    pub fn shipped() -> Self {
        Self::of(|_| true)
    }

    /// What those shipped mappings teach that are wanted.
    pub fn of(wanted: impl Fn(&Mapping) -> bool) -> Self {
        let texts = builtin::mappings()
            .iter()
            .filter(|(name, text)| matches!(Mapping::bundle(name, text), Ok(None)));
        let mappings = texts
            .filter_map(|(name, text)| Mapping::parse(&format!("{name}.toml"), name, text).ok())
            .filter(wanted)
            .collect();
        Self::from_mappings(mappings)
    }

    /// What these mappings teach.
    pub fn from_mappings(mappings: Vec<Mapping>) -> Self {
        let (mut entries, mut books) = (Vec::new(), Vec::new());
        for (index, mapping) in mappings.iter().enumerate() {
            for field in &mapping.columns {
                let column = mapping.table.columns[field.column].name;
                if let Origin::Header(names) = &field.from {
                    entries.extend(names.iter().map(|name| Entry {
                        table: mapping.table.name,
                        column,
                        words: words(name),
                        mapping: index,
                    }));
                }
                if !field.codes.is_empty() {
                    let pairs = field.codes.iter().map(|(vendor, word)| {
                        (vendor.to_lowercase(), vendor.clone(), word.clone())
                    });
                    books.push(Book {
                        column,
                        mapping: index,
                        pairs: pairs.collect(),
                    });
                }
            }
        }
        Self {
            mappings,
            entries,
            books,
        }
    }

    /// The mappings it was learned from.
    pub fn mappings(&self) -> &[Mapping] {
        &self.mappings
    }

    pub(super) fn entries(&self) -> &[Entry] {
        &self.entries
    }

    pub(super) fn books(&self) -> &[Book] {
        &self.books
    }

    /// The values that mappings of `table` give `column` in every row, and how many mappings do.
    pub(super) fn constants(&self, table: &str, column: &str) -> Vec<(&str, usize)> {
        let mut found: Vec<(&str, usize)> = Vec::new();
        for mapping in self
            .mappings
            .iter()
            .filter(|mapping| mapping.table.name == table)
        {
            if let Some(Origin::Constant(value)) = mapping.field(column).map(|field| &field.from) {
                match found.iter_mut().find(|(known, _)| known == value) {
                    Some((_, count)) => *count += 1,
                    None => found.push((value, 1)),
                }
            }
        }
        found.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(b.0)));
        found
    }
}
