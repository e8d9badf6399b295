//! What a row says, as numbers of values: all columns of the table that differ from row to row, and the columns that only tell rows apart.
//! Equal numbers are equal values, so rows are compared without looking at what they hold; only a step that asks for the smallest, or for
//! a word, looks.

use std::cmp::{Ordering, Reverse};
use std::collections::HashMap;

use throughline_model::settle::ConflictStep;
use throughline_model::{Kind, Mapping, Table};

use crate::column::{NULL, Values};
use crate::exact::Exact;
use crate::layout::Fill;
use crate::repeats::At;
use crate::sheet::Sheet;
use crate::version::Version;

/// How the content of a row is laid out: first the key, then the other columns, then what tells rows apart.
pub(crate) struct Contents {
    table: &'static Table,
    /// Columns of the table, and the input of each.
    columns: Vec<(usize, usize)>,
    /// How many of them are of the key.
    key: usize,
    /// Inputs that only tell rows apart, and for every cell the first of those with the same text.
    apart: Vec<(usize, Vec<u32>)>,
}

impl Contents {
    pub(crate) fn new(sheet: &Sheet, mapping: &Mapping) -> Self {
        let table = mapping.table;
        let is_key = |column: &usize| mapping.key.contains(&table.columns[*column].name);
        let (key, others): (Vec<usize>, Vec<usize>) = (0..table.columns.len()).partition(is_key);
        let input = |column: usize| match sheet.fills[column] {
            Fill::Input(input) => Some((column, input)),
            _ => None,
        };
        let key: Vec<(usize, usize)> = key.into_iter().filter_map(input).collect();
        let others = others.into_iter().filter_map(input);
        let same = |input: &usize| {
            let mut known: HashMap<Vec<u8>, u32> = HashMap::new();
            let cells = &sheet.cells[*input];
            let first = (0..cells.len() as u32)
                .map(|cell| {
                    let text = cells.cell(cell, &mut [0; 16]).trim_ascii().to_vec();
                    *known.entry(text).or_insert(cell)
                })
                .collect();
            (*input, first)
        };
        Self {
            table,
            key: key.len(),
            columns: key.into_iter().chain(others).collect(),
            apart: sheet.apart.iter().map(same).collect(),
        }
    }

    /// The contents of some rows, key by key; those of a key by content and place.
    pub(crate) fn by_key(
        &self,
        sheet: &Sheet,
        rows: impl Iterator<Item = At>,
    ) -> Vec<Vec<(Vec<u32>, At)>> {
        let mut contents: Vec<(Vec<u32>, At)> = rows.map(|at| (self.of(sheet, at), at)).collect();
        contents.sort_unstable();
        let mut groups: Vec<Vec<(Vec<u32>, At)>> = Vec::new();
        for (content, at) in contents {
            match groups.last_mut() {
                Some(group) if group[0].0[..self.key] == content[..self.key] => {
                    group.push((content, at));
                }
                _ => groups.push(vec![(content, at)]),
            }
        }
        groups
    }

    fn of(&self, sheet: &Sheet, at: At) -> Vec<u32> {
        let block = &sheet.blocks[at.block as usize];
        let row = usize::from(at.row);
        let raw = |input: usize| block.batch.columns[input].at(row) as usize;
        let columns = self
            .columns
            .iter()
            .map(|(column, input)| sheet.meaning(block, *column)[raw(*input)]);
        let apart = self
            .apart
            .iter()
            .map(|(input, same)| same[sheet.parts[block.part].raw[*input][raw(*input)] as usize]);
        columns.chain(apart).collect()
    }

    /// The number of the value in a column of the table.
    fn number(&self, sheet: &Sheet, content: &[u32], column: usize) -> u32 {
        match self.columns.iter().position(|(known, _)| *known == column) {
            Some(place) => content[place],
            None => sheet.columns[column]
                .as_ref()
                .map_or(NULL, |column| column.meaning[0]),
        }
    }

    pub(crate) fn is_null(&self, sheet: &Sheet, content: &[u32], column: usize) -> bool {
        self.number(sheet, content, column) == NULL
    }

    /// The text of a canonical word, ID or flag; `None` where there is nothing.
    fn word<'s>(&self, sheet: &'s Sheet, content: &[u32], column: usize) -> Option<&'s str> {
        let number = self.number(sheet, content, column);
        let values = &sheet.columns[column].as_ref()?.values;
        match values {
            Values::Text(texts) if (number as usize) < texts.len() => Some(texts.get(number)),
            Values::Flag(flags) => match flags.get(number as usize)? {
                true => Some("true"),
                false => Some("false"),
            },
            _ => None,
        }
    }

    /// Whether the column holds this word.
    pub(crate) fn is(&self, sheet: &Sheet, content: &[u32], column: usize, word: &str) -> bool {
        self.word(sheet, content, column) == Some(word)
    }

    /// The number or date in a column.
    fn amount(&self, sheet: &Sheet, version: &Version, column: usize) -> Option<f64> {
        if let Some((_, sum)) = version.sums.iter().find(|(known, _)| *known == column) {
            return Some(*sum);
        }
        let number = self.number(sheet, &version.content, column) as usize;
        match &sheet.columns[column].as_ref()?.values {
            Values::Number(values) => values.get(number).copied(),
            Values::Integer(values) => values.get(number).map(|value| f64::from(*value)),
            _ => None,
        }
    }

    /// Adds up the numbers of those versions of `wanted` rows that are alike in all but their numbers. What would be more than the column
    /// can hold is left as it is.
    pub(crate) fn sum(
        &self,
        sheet: &Sheet,
        versions: Vec<Version>,
        wanted: impl Fn(&[u32]) -> bool,
    ) -> Vec<Version> {
        let numbers: Vec<usize> = (0..self.table.columns.len())
            .filter(|column| matches!(self.table.columns[*column].kind, Kind::Number(..)))
            .collect();
        let (mut wanted, mut all): (Vec<Version>, Vec<Version>) = versions
            .into_iter()
            .partition(|version| wanted(&version.content));
        // Apart from their numbers: what tells rows apart says that they are no copies, and no more.
        let rest = |one: &Version, other: &Version| {
            let cells = self.columns.iter().zip(&one.content).zip(&other.content);
            cells
                .filter(|(((column, _), _), _)| !numbers.contains(column))
                .map(|((_, one), other)| one.cmp(other))
                .find(|order| order.is_ne())
                .unwrap_or(Ordering::Equal)
        };
        wanted.sort_by(rest);
        let mut wanted = wanted.into_iter().peekable();
        while let Some(first) = wanted.next() {
            let mut versions = vec![first];
            while let Some(next) = wanted.next_if(|next| rest(&versions[0], next).is_eq()) {
                versions.push(next);
            }
            if versions.len() == 1 {
                all.extend(versions);
                continue;
            }
            let sums: Vec<(usize, f64)> = numbers
                .iter()
                .filter_map(|column| {
                    let amounts = versions
                        .iter()
                        .filter_map(|version| self.amount(sheet, version, *column));
                    Some((*column, Exact::sum(amounts)?))
                })
                .collect();
            let fits = sums
                .iter()
                .all(|(column, sum)| match self.table.columns[*column].kind {
                    Kind::Number(least, most) => (least..=most).contains(sum),
                    _ => false,
                });
            if !fits {
                all.extend(versions);
                continue;
            }
            let mut members: Vec<Vec<At>> = Vec::new();
            let mut content = Vec::new();
            let mut first = None;
            for version in versions {
                if first.is_none_or(|first| version.first() < first) {
                    first = Some(version.first());
                    content = version.content;
                }
                members.extend(version.members);
            }
            members.sort_unstable();
            all.push(Version {
                content,
                sums,
                members,
            });
        }
        all
    }

    /// Leaves in `left` what a step is for; what it is not for goes to `dropped`.
    pub(crate) fn choose(
        &self,
        sheet: &Sheet,
        step: &ConflictStep,
        left: &mut Vec<Version>,
        dropped: &mut Vec<Version>,
    ) {
        match step {
            ConflictStep::First => best(left, dropped, |version| version.first()),
            ConflictStep::Last => best(left, dropped, |version| Reverse(version.last())),
            ConflictStep::Prefer(column, words) => best(left, dropped, |version| {
                let word = self.word(sheet, &version.content, *column);
                let place = match (self.table.columns[*column].kind, word) {
                    (Kind::Text, Some(text)) => {
                        let text = text.to_lowercase();
                        words
                            .iter()
                            .position(|known| text.contains(&known.to_lowercase()))
                    }
                    _ => words.iter().position(|known| Some(known.as_str()) == word),
                };
                place.unwrap_or(words.len())
            }),
            ConflictStep::Avoid(column, words) => best(left, dropped, |version| {
                let word = self.word(sheet, &version.content, *column);
                let text = word.unwrap_or_default().trim().to_lowercase();
                let holds =
                    |known: &String| text == *known || known.len() > 3 && text.contains(known);
                usize::from(words.iter().any(holds))
            }),
            ConflictStep::Same(one, other) => best(left, dropped, |version| {
                let text = |column: usize| match self.word(sheet, &version.content, column) {
                    Some(word) => Some(word.to_owned()),
                    None => self
                        .amount(sheet, version, column)
                        .map(|amount| amount.to_string()),
                };
                !matches!((text(*one), text(*other)), (Some(one), Some(other)) if one == other)
            }),
            ConflictStep::Smallest(column) => best(left, dropped, |version| {
                Amount(self.amount(sheet, version, *column))
            }),
            ConflictStep::Largest(column) => best(left, dropped, |version| {
                Amount(self.amount(sheet, version, *column).map(|amount| -amount))
            }),
            ConflictStep::Longest(column) => best(left, dropped, |version| {
                let end = self.amount(sheet, version, *column);
                (end.is_some(), Amount(end.map(|end| -end)))
            }),
            ConflictStep::Sum | ConflictStep::Error => {}
        }
    }

    /// An order of different contents that says nothing and never changes: fewer empty cells first, then column by column larger numbers,
    /// later dates and *yes* first, words by alphabet.
    pub(crate) fn compare(&self, sheet: &Sheet, one: &Version, other: &Version) -> Ordering {
        let empty = |version: &Version| {
            let columns = 0..self.table.columns.len();
            columns
                .filter(|column| {
                    let is_sum = version.sums.iter().any(|(known, _)| known == column);
                    !is_sum && self.is_null(sheet, &version.content, *column)
                })
                .count()
        };
        let mut order = empty(one).cmp(&empty(other));
        for (column, about) in self.table.columns.iter().enumerate() {
            order = order.then_with(|| {
                if about.kind.is_person() {
                    return self
                        .texts(sheet, one, column)
                        .cmp(&self.texts(sheet, other, column));
                }
                let amounts = [one, other].map(|version| {
                    Amount(self.amount(sheet, version, column).map(|amount| -amount))
                });
                let word = |version: &Version| {
                    let word = self.word(sheet, &version.content, column)?;
                    Some((matches!(about.kind, Kind::Flag) && word == "false", word))
                };
                amounts[0]
                    .cmp(&amounts[1])
                    .then_with(|| word(one).cmp(&word(other)))
            });
        }
        let texts = |version: &Version| -> Vec<Vec<u8>> {
            let inputs = self
                .apart
                .iter()
                .zip(&version.content[self.columns.len()..]);
            inputs
                .map(|((input, _), cell)| {
                    let cells = &sheet.cells[*input];
                    cells.cell(*cell, &mut [0; 16]).trim_ascii().to_vec()
                })
                .collect()
        };
        order.then_with(|| texts(one).cmp(&texts(other)))
    }

    /// What the file holds in a column of people, the smallest of all rows of a version.
    fn texts(&self, sheet: &Sheet, version: &Version, column: usize) -> Option<Vec<u8>> {
        let (_, input) = self.columns.iter().find(|(known, _)| *known == column)?;
        let text = |at: At| {
            let block = &sheet.blocks[at.block as usize];
            let raw = block.batch.columns[*input].at(usize::from(at.row));
            let cell = sheet.parts[block.part].raw[*input][raw as usize];
            sheet.cells[*input]
                .cell(cell, &mut [0; 16])
                .trim_ascii()
                .to_ascii_lowercase()
        };
        version.rows().map(text).min()
    }
}

/// Leaves the versions of the smallest rank.
fn best<K: Ord>(left: &mut Vec<Version>, dropped: &mut Vec<Version>, rank: impl Fn(&Version) -> K) {
    let ranked: Vec<(K, Version)> = left
        .drain(..)
        .map(|version| (rank(&version), version))
        .collect();
    let best = ranked.iter().map(|(rank, _)| rank).min();
    let is_best: Vec<bool> = ranked.iter().map(|(rank, _)| Some(rank) == best).collect();
    for ((_, version), is_best) in ranked.into_iter().zip(is_best) {
        if is_best {
            left.push(version);
        } else {
            dropped.push(version);
        }
    }
}

/// A number to order by; nothing comes last.
#[derive(Clone, Copy, PartialEq)]
struct Amount(Option<f64>);

impl Eq for Amount {}

impl PartialOrd for Amount {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Amount {
    fn cmp(&self, other: &Self) -> Ordering {
        match (self.0, other.0) {
            (Some(one), Some(other)) => one.total_cmp(&other),
            (one, other) => one.is_none().cmp(&other.is_none()),
        }
    }
}
