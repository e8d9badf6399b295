//! How much the columns of one file are called like the fields of the canonical tables. The words of the header are held
//! against the words of the vocabulary once; what a table makes of that (words of its own name say little there) is a sum over
//! what was found. So a header of 400 columns costs no more than one of 40 times ten.

use super::names::{alike, is_weak, weight, whole, words};
use super::vocabulary::{Entry, Teacher, Vocabulary};
use crate::table::Table;

/// How much the last parts of a nested column's path count beside the whole path.
const TAILS: [f64; 2] = [0.97, 0.9];
/// How much a name counts that is another table's, or that a mapping or a standard and not the table itself gives.
const OTHER_TABLE: f64 = 0.85;
const OTHER_TEACHER: f64 = 0.98;
/// How much a likeness counts that lies in words alone which say little (`id`, `date`), where the name has others.
const HOLLOW: f64 = 0.5;

/// A column's name in one reading: all of it, or the end of its path.
#[derive(Debug)]
struct Reading {
    /// Places in [`Likeness::heads`].
    words: Vec<usize>,
    /// How much it counts.
    counts: f64,
    /// Names of the vocabulary that share a word with it.
    near: Vec<usize>,
}

/// A header held against a vocabulary.
#[derive(Debug)]
pub(super) struct Likeness<'a> {
    vocabulary: &'a Vocabulary,
    /// Words of the header.
    heads: Vec<String>,
    /// For each of them, how alike it is to each word of the vocabulary.
    alike: Vec<Vec<f64>>,
    columns: Vec<Vec<Reading>>,
    /// Entries of the vocabulary by their phrase.
    entries: Vec<Vec<&'a Entry>>,
}

/// How much a column is called like a field, and which shipped mapping calls it so, where that beats the field's own name.
pub(super) type Called = (f64, Option<usize>);

impl<'a> Likeness<'a> {
    pub(super) fn of(names: &[String], vocabulary: &'a Vocabulary) -> Self {
        let mut likeness = Self {
            vocabulary,
            heads: Vec::new(),
            alike: Vec::new(),
            columns: Vec::new(),
            entries: vec![Vec::new(); vocabulary.phrases().len()],
        };
        for entry in vocabulary.entries() {
            likeness.entries[entry.phrase].push(entry);
        }
        for name in names {
            let readings = readings(name);
            let readings = readings
                .into_iter()
                .map(|(text, counts)| likeness.reading(&text, counts));
            let readings = readings.collect();
            likeness.columns.push(readings);
        }
        likeness
    }

    fn reading(&mut self, text: &str, counts: f64) -> Reading {
        let words: Vec<usize> = words(text)
            .into_iter()
            .map(|word| self.head(word))
            .collect();
        let phrases = self.vocabulary.phrases().iter().enumerate();
        let near = phrases
            .filter(|(_, phrase)| {
                phrase
                    .iter()
                    .any(|there| words.iter().any(|here| self.alike[*here][*there] > 0.0))
            })
            .map(|(place, _)| place)
            .collect();
        Reading {
            words,
            counts,
            near,
        }
    }

    fn head(&mut self, word: String) -> usize {
        if let Some(known) = self.heads.iter().position(|head| *head == word) {
            return known;
        }
        let all = self.vocabulary.words().iter();
        self.alike
            .push(all.map(|other| alike(&word, other)).collect());
        self.heads.push(word);
        self.heads.len() - 1
    }

    /// Whether a name has words that say much, and the column shares none of them.
    fn is_hollow(&self, reading: &Reading, words: &[usize]) -> bool {
        let all = self.vocabulary.words();
        let mut telling = words
            .iter()
            .filter(|word| !is_weak(&all[**word]))
            .peekable();
        telling.peek().is_some()
            && !telling.any(|there| {
                reading
                    .words
                    .iter()
                    .any(|here| self.alike[*here][*there] > 0.0)
            })
    }

    /// For every column, how much it is called like each field of `table`.
    pub(super) fn with(&self, table: &Table) -> Vec<Vec<Called>> {
        let context = words(table.name);
        let weigh = |words: &[String]| -> Vec<f64> {
            words.iter().map(|word| weight(word, &context)).collect()
        };
        let (heads, others) = (weigh(&self.heads), weigh(self.vocabulary.words()));
        let identity = table.name.ends_with("_identity");
        let of_column = |readings: &Vec<Reading>| {
            let mut best: Vec<Called> = vec![(0.0, None); table.columns.len()];
            for reading in readings {
                let here: Vec<f64> = reading.words.iter().map(|word| heads[*word]).collect();
                for phrase in &reading.near {
                    let words = &self.vocabulary.phrases()[*phrase];
                    let there: Vec<f64> = words.iter().map(|word| others[*word]).collect();
                    let alike =
                        |one: usize, other: usize| self.alike[reading.words[one]][words[other]];
                    let mut likeness = reading.counts * whole(&here, &there, alike);
                    if self.is_hollow(reading, words) {
                        likeness *= HOLLOW;
                    }
                    for entry in &self.entries[*phrase] {
                        let same = entry.table == Some(table.name);
                        if identity && !same {
                            continue;
                        }
                        let Some(field) = table
                            .columns
                            .iter()
                            .position(|column| column.name == entry.column)
                        else {
                            continue;
                        };
                        let counts = match entry.teacher {
                            Teacher::Table if same => 1.0,
                            _ if same || entry.table.is_none() => OTHER_TEACHER,
                            _ => OTHER_TABLE,
                        };
                        let mapping = match entry.teacher {
                            Teacher::Mapping(mapping) => Some(mapping),
                            Teacher::Table | Teacher::Standard => None,
                        };
                        if likeness * counts > best[field].0 + 1e-9 {
                            best[field] = (likeness * counts, mapping);
                        }
                    }
                }
            }
            best
        };
        self.columns.iter().map(of_column).collect()
    }

    /// For each table of the vocabulary, how much of what the header's words say is said of it, from 0 to 1. A word that many
    /// tables know says little.
    pub(super) fn about(&self) -> Vec<(&'static str, f64)> {
        let bags = self.vocabulary.bags();
        let tables = bags.len() as f64;
        let (mut all, mut said) = (0.0, vec![0.0; bags.len()]);
        for head in &self.heads {
            let Some(word) = self.vocabulary.words().iter().position(|word| word == head) else {
                continue;
            };
            let known: Vec<f64> = bags
                .values()
                .map(|bag| bag.get(&word).copied().unwrap_or(0.0))
                .collect();
            let sum: f64 = known.iter().sum();
            if sum <= 0.0 {
                continue;
            }
            let says = (tables / sum.max(1.0)).ln();
            all += says;
            for (table, known) in said.iter_mut().zip(known) {
                *table += says * known;
            }
        }
        let share = |said: f64| if all > 0.0 { said / all } else { 0.0 };
        bags.keys()
            .zip(said)
            .map(|(table, said)| (*table, share(said)))
            .collect()
    }
}

/// A name, and of a path its last two parts and its last one.
fn readings(name: &str) -> Vec<(String, f64)> {
    let mut readings = vec![(name.to_owned(), 1.0)];
    let parts: Vec<&str> = name.split('.').collect();
    if !name.contains(' ') {
        for (back, counts) in [2, 1].into_iter().zip(TAILS) {
            if parts.len() > back {
                readings.push((parts[parts.len() - back..].join("."), counts));
            }
        }
    }
    readings
}
