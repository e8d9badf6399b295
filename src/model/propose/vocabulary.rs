//! What the shipped mappings and the public standards teach: every vendor column and the field it fills, every vendor word
//! and what it means, and the words that files of a table are full of. Words and names are numbered once, so that a header
//! is held against each only once (see [`super::likeness`]).

use std::collections::BTreeMap;

use super::names::words;
use super::standards;
use crate::builtin;
use crate::mapping::{Mapping, Origin};
use crate::tables::TABLES;

/// How much the word of an ignored column says of a table, where one of a mapped column says 1.
const IGNORED: f64 = 0.35;

/// Everything learned from a set of mappings.
#[derive(Clone, Debug)]
pub struct Vocabulary {
    mappings: Vec<Mapping>,
    bundles: Vec<(&'static str, Vec<String>)>,
    words: Vec<String>,
    phrases: Vec<Vec<usize>>,
    entries: Vec<Entry>,
    books: Vec<Book>,
    bags: BTreeMap<&'static str, BTreeMap<usize, f64>>,
}

/// Who calls a field so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Teacher {
    /// The canonical table itself.
    Table,
    /// A public standard.
    Standard,
    /// This shipped mapping.
    Mapping(usize),
}

/// One name of one canonical column.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    /// `None`: of any table.
    pub(super) table: Option<&'static str>,
    pub(super) column: &'static str,
    /// Its words: a place in [`Vocabulary::phrases`].
    pub(super) phrase: usize,
    pub(super) teacher: Teacher,
}

/// The code words of one field.
#[derive(Clone, Debug)]
pub(super) struct Book {
    pub(super) column: &'static str,
    /// The mapping it is from; `None`: public standards.
    pub(super) mapping: Option<usize>,
    /// Vendor word in lower case, vendor word, canonical word.
    pub(super) pairs: Vec<(String, String, String)>,
}

impl Book {
    fn new<'a>(
        column: &'static str,
        mapping: Option<usize>,
        pairs: impl Iterator<Item = (&'a str, &'a str)>,
    ) -> Self {
        let pairs =
            pairs.map(|(vendor, word)| (vendor.to_lowercase(), vendor.to_owned(), word.to_owned()));
        Self {
            column,
            mapping,
            pairs: pairs.collect(),
        }
    }

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
        let (mut mappings, mut bundles) = (Vec::new(), Vec::new());
        for (name, text) in builtin::mappings() {
            match Mapping::bundle(name, text) {
                Ok(Some(parts)) => {
                    bundles.push((*name, parts.into_iter().map(|(part, _)| part).collect()));
                }
                _ => mappings.extend(Mapping::parse(&format!("{name}.toml"), name, text)),
            }
        }
        mappings.retain(wanted);
        let mut vocabulary = Self::from_mappings(mappings);
        vocabulary.bundles = bundles;
        vocabulary
    }

    /// What these mappings teach.
    pub fn from_mappings(mappings: Vec<Mapping>) -> Self {
        let mut learned = Self {
            mappings: Vec::new(),
            bundles: Vec::new(),
            words: Vec::new(),
            phrases: Vec::new(),
            entries: Vec::new(),
            books: Vec::new(),
            bags: BTreeMap::new(),
        };
        let (mut words, mut phrases) = (BTreeMap::new(), BTreeMap::new());
        let mut numbered = Numbered {
            words: &mut words,
            phrases: &mut phrases,
        };
        learned.standards(&mut numbered);
        for (index, mapping) in mappings.iter().enumerate() {
            learned.mapping(index, mapping, &mut numbered);
        }
        learned.words = in_order(words);
        learned.phrases = in_order(phrases);
        learned.mappings = mappings;
        learned
    }

    fn standards(&mut self, numbered: &mut Numbered<'_>) {
        for table in TABLES {
            self.bag(table.name, 1.0, numbered.words_of(table.name));
            for column in table.columns {
                // In a crosswalk both columns hold the same kind of ID: one is the district's own.
                let own = match column.name {
                    "student_id" | "staff_id" if table.name.ends_with("_identity") => {
                        format!("local district {}", column.name)
                    }
                    name => name.to_owned(),
                };
                self.entry(
                    Some(table.name),
                    column.name,
                    &own,
                    Teacher::Table,
                    numbered,
                );
            }
        }
        for (table, column, names) in standards::NAMES {
            let table = (*table != "*").then_some(*table);
            for name in *names {
                self.entry(table, column, name, Teacher::Standard, numbered);
            }
        }
        for (table, words) in standards::WORDS {
            self.bag(table, 1.0, numbered.words_of(words));
        }
        for (column, pairs) in standards::BOOKS {
            self.books
                .push(Book::new(column, None, pairs.iter().copied()));
        }
    }

    fn mapping(&mut self, index: usize, mapping: &Mapping, numbered: &mut Numbered<'_>) {
        let table = mapping.table.name;
        for field in &mapping.columns {
            let column = mapping.table.columns[field.column].name;
            if let Origin::Header(names) = &field.from {
                for name in names.iter().flat_map(|name| name.split(" | ")) {
                    self.entry(Some(table), column, name, Teacher::Mapping(index), numbered);
                }
            }
            if !field.codes.is_empty() {
                let pairs = field
                    .codes
                    .iter()
                    .map(|(vendor, word)| (vendor.as_str(), word.as_str()));
                self.books.push(Book::new(column, Some(index), pairs));
            }
        }
        for name in mapping.ignore.iter().chain(mapping.rule_columns()) {
            self.bag(table, IGNORED, numbered.words_of(name));
        }
    }

    fn entry(
        &mut self,
        table: Option<&'static str>,
        column: &'static str,
        name: &str,
        teacher: Teacher,
        numbered: &mut Numbered<'_>,
    ) {
        let words = numbered.words_of(name);
        if words.is_empty() {
            return;
        }
        let phrase = numbered.phrase(words.clone());
        let known = |entry: &Entry| {
            entry.phrase == phrase && entry.column == column && entry.table == table
        };
        if !self.entries.iter().any(known) {
            self.entries.push(Entry {
                table,
                column,
                phrase,
                teacher,
            });
        }
        if let Some(table) = table {
            self.bag(table, 1.0, words);
        }
    }

    fn bag(&mut self, table: &'static str, weight: f64, words: Vec<usize>) {
        let bag = self.bags.entry(table).or_default();
        for word in words {
            let known = bag.entry(word).or_insert(0.0);
            *known = known.max(weight);
        }
    }

    /// The mappings it was learned from.
    pub fn mappings(&self) -> &[Mapping] {
        &self.mappings
    }

    /// The bundle that a shipped mapping belongs to.
    pub(super) fn bundle_of(&self, mapping: &str) -> Option<&'static str> {
        self.bundles
            .iter()
            .find(|(_, parts)| parts.iter().any(|part| part == mapping))
            .map(|(name, _)| *name)
    }

    /// Every word of every name.
    pub(super) fn words(&self) -> &[String] {
        &self.words
    }

    /// Every name, as places in [`Self::words`].
    pub(super) fn phrases(&self) -> &[Vec<usize>] {
        &self.phrases
    }

    pub(super) fn entries(&self) -> &[Entry] {
        &self.entries
    }

    pub(super) fn books(&self) -> &[Book] {
        &self.books
    }

    /// The words that files of a table are full of, and how much each says.
    pub(super) fn bags(&self) -> &BTreeMap<&'static str, BTreeMap<usize, f64>> {
        &self.bags
    }

    /// Whether half of the mappings of `table` or more give `column` one value in every row.
    pub(super) fn usually_given(&self, table: &str, column: &str) -> bool {
        let given: usize = self
            .constants(table, column)
            .iter()
            .map(|(_, count)| count)
            .sum();
        let of_table = |mapping: &&Mapping| mapping.table.name == table;
        given > 0 && 2 * given >= self.mappings.iter().filter(of_table).count()
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

/// Words and names, each with its number.
struct Numbered<'a> {
    words: &'a mut BTreeMap<String, usize>,
    phrases: &'a mut BTreeMap<Vec<usize>, usize>,
}

impl Numbered<'_> {
    fn words_of(&mut self, name: &str) -> Vec<usize> {
        let number = |word: String| {
            let next = self.words.len();
            *self.words.entry(word).or_insert(next)
        };
        words(name).into_iter().map(number).collect()
    }

    fn phrase(&mut self, words: Vec<usize>) -> usize {
        let next = self.phrases.len();
        *self.phrases.entry(words).or_insert(next)
    }
}

fn in_order<T>(numbered: BTreeMap<T, usize>) -> Vec<T> {
    let mut all: Vec<(usize, T)> = numbered
        .into_iter()
        .map(|(text, number)| (number, text))
        .collect();
    all.sort_by_key(|(number, _)| *number);
    all.into_iter().map(|(_, text)| text).collect()
}
