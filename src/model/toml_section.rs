//! Reads TOML tables key by key, remembering where each value stands and collecting every problem instead of
//! stopping at the first. Whatever key is never asked for is unknown, and is reported with the nearest
//! known one.

use std::cell::RefCell;
use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::diagnostic::{Diagnostic, Place};
use crate::suggest::nearest;

/// A value and the place it was typed at.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct At<T> {
    /// The value.
    pub value: T,
    /// Where it stands.
    pub place: Place,
}

/// The text of one TOML file and the problems found in it so far.
pub(crate) struct Source<'i> {
    file: String,
    text: &'i str,
    problems: RefCell<Vec<Diagnostic>>,
}

/// One table of the file.
pub(crate) struct Section<'s, 'i> {
    source: &'s Source<'i>,
    table: &'s DeTable<'i>,
    place: Place,
    title: String,
    asked: RefCell<Vec<&'static str>>,
}

impl<'i> Source<'i> {
    pub(crate) fn new(file: impl Into<String>, text: &'i str) -> Self {
        Self {
            file: file.into(),
            text,
            problems: RefCell::default(),
        }
    }

    /// Parses the text; syntax errors become diagnostics.
    pub(crate) fn parse(&self) -> Spanned<DeTable<'i>> {
        let (table, errors) = DeTable::parse_recoverable(self.text);
        for error in errors {
            let place = self.place(error.span().unwrap_or(0..0));
            self.report(Diagnostic::error(
                Some(place),
                error.message().to_lowercase(),
            ));
        }
        table
    }

    pub(crate) fn place(&self, span: Range<usize>) -> Place {
        let before = self.text.get(..span.start).unwrap_or(self.text);
        let line = before.matches('\n').count() + 1;
        let column = before
            .rsplit('\n')
            .next()
            .unwrap_or_default()
            .chars()
            .count()
            + 1;
        Place {
            file: self.file.clone(),
            line: u32::try_from(line).unwrap_or(u32::MAX),
            column: u32::try_from(column).unwrap_or(u32::MAX),
        }
    }

    pub(crate) fn report(&self, problem: Diagnostic) {
        self.problems.borrow_mut().push(problem);
    }

    pub(crate) fn into_problems(self) -> Vec<Diagnostic> {
        let mut problems = self.problems.into_inner();
        problems.sort_by(|a, b| a.place.cmp(&b.place));
        problems.dedup();
        problems
    }
}

impl<'s, 'i> Section<'s, 'i> {
    pub(crate) fn new(
        source: &'s Source<'i>,
        table: &'s Spanned<DeTable<'i>>,
        title: &str,
    ) -> Self {
        Self::at(source, table.get_ref(), source.place(table.span()), title)
    }

    fn at(source: &'s Source<'i>, table: &'s DeTable<'i>, place: Place, title: &str) -> Self {
        Self {
            source,
            table,
            place,
            title: title.to_owned(),
            asked: RefCell::default(),
        }
    }

    pub(crate) fn place(&self) -> Place {
        self.place.clone()
    }

    /// Reports a problem of the table as a whole.
    pub(crate) fn report(&self, message: &str) {
        let problem = Diagnostic::error(Some(self.place()), message);
        self.source.report(problem);
    }

    /// Reports a problem of one of its values.
    pub(crate) fn problem(&self, problem: Diagnostic, place: Place) {
        self.source.report(Diagnostic {
            place: Some(place),
            ..problem
        });
    }

    /// Reports every key that was never asked for.
    pub(crate) fn finish(self) {
        let asked = self.asked.borrow();
        for (key, _) in self.table.iter() {
            let name = key.get_ref().as_ref();
            if !asked.contains(&name) {
                let place = self.source.place(key.span());
                let known = nearest(name, asked.iter().copied());
                let mut problem = Diagnostic::error(
                    Some(place),
                    format!("unknown key `{name}` in {}", self.title),
                )
                .did_you_mean(known);
                if known.is_none() {
                    problem = problem.hint(format!("known keys: `{}`", asked.join("`, `")));
                }
                self.source.report(problem);
            }
        }
    }

    fn get(&self, key: &'static str) -> Option<&'s Spanned<DeValue<'i>>> {
        self.asked.borrow_mut().push(key);
        self.table
            .iter()
            .find(|(name, _)| name.get_ref().as_ref() == key)
            .map(|(_, value)| value)
    }

    fn typed<T>(
        &self,
        key: &'static str,
        expected: &str,
        read: impl FnOnce(&'s DeValue<'i>) -> Option<T>,
    ) -> Option<At<T>> {
        let value = self.get(key)?;
        let place = self.source.place(value.span());
        match read(value.get_ref()) {
            Some(value) => Some(At { value, place }),
            None => {
                let found = value.get_ref().type_str();
                self.source.report(Diagnostic::error(
                    Some(place),
                    format!("`{key}` must be {expected}, not {found}"),
                ));
                None
            }
        }
    }

    /// Reports a required key that is missing.
    pub(crate) fn require<T>(&self, key: &'static str, value: Option<At<T>>) -> Option<At<T>> {
        if value.is_none()
            && !self
                .table
                .iter()
                .any(|(name, _)| name.get_ref().as_ref() == key)
        {
            self.source.report(Diagnostic::error(
                Some(self.place()),
                format!("{} needs the key `{key}`", self.title),
            ));
        }
        value
    }

    pub(crate) fn text(&self, key: &'static str) -> Option<At<String>> {
        self.typed(key, "text in quotes", |value| {
            value.as_str().map(str::to_owned)
        })
    }

    pub(crate) fn number(&self, key: &'static str) -> Option<At<f64>> {
        self.typed(key, "a number", number).filter(|number| {
            let finite = number.value.is_finite();
            if !finite {
                self.source.report(Diagnostic::error(
                    Some(number.place.clone()),
                    format!("`{key}` must be finite"),
                ));
            }
            finite
        })
    }

    pub(crate) fn integer(&self, key: &'static str) -> Option<At<i64>> {
        self.typed(key, "a whole number", |value| match value {
            DeValue::Integer(integer) => {
                i64::from_str_radix(integer.as_str(), integer.radix()).ok()
            }
            _ => None,
        })
    }

    pub(crate) fn flag(&self, key: &'static str) -> Option<At<bool>> {
        self.typed(key, "`true` or `false`", DeValue::as_bool)
    }

    /// A list of texts, or one text for a list of one.
    pub(crate) fn texts(&self, key: &'static str) -> Option<Vec<At<String>>> {
        Some(self.list(key, self.get(key)?))
    }

    /// The lists of texts under `key`: `[["a", "b"], ["c", "d"]]`.
    pub(crate) fn text_lists(&self, key: &'static str) -> Option<Vec<At<Vec<At<String>>>>> {
        let value = self.get(key)?;
        let DeValue::Array(lists) = value.get_ref() else {
            self.source.report(Diagnostic::error(
                Some(self.source.place(value.span())),
                format!("`{key}` must be a list of lists of texts"),
            ));
            return None;
        };
        let one = |list| At {
            place: self.source.place(Spanned::span(list)),
            value: self.list(key, list),
        };
        Some(lists.iter().map(one).collect())
    }

    /// The texts of a list; a text by itself is a list of one.
    fn list(&self, key: &str, value: &Spanned<DeValue<'_>>) -> Vec<At<String>> {
        let items: Vec<_> = match value.get_ref() {
            DeValue::Array(items) => items.iter().collect(),
            _ => vec![value],
        };
        let mut texts = Vec::with_capacity(items.len());
        for item in items {
            let place = self.source.place(item.span());
            match item.get_ref().as_str() {
                Some(text) => texts.push(At {
                    value: text.to_owned(),
                    place,
                }),
                None => self.source.report(Diagnostic::error(
                    Some(place),
                    format!("`{key}` must be a list of texts"),
                )),
            }
        }
        texts
    }

    /// The table under `key`.
    pub(crate) fn section(&self, key: &'static str) -> Option<Section<'s, 'i>> {
        let value = self.get(key)?;
        self.open(key, value)
    }

    /// The tables of `[[key]]`, in the order they stand.
    pub(crate) fn sections(&self, key: &'static str) -> Vec<Section<'s, 'i>> {
        let Some(value) = self.get(key) else {
            return Vec::new();
        };
        match value.get_ref() {
            DeValue::Array(items) => items
                .iter()
                .filter_map(|item| self.open(key, item))
                .collect(),
            _ => {
                let place = self.source.place(value.span());
                self.source.report(Diagnostic::error(
                    Some(place),
                    format!("write `[[{key}]]`, once for each {key}"),
                ));
                Vec::new()
            }
        }
    }

    fn open(&self, key: &str, value: &'s Spanned<DeValue<'i>>) -> Option<Section<'s, 'i>> {
        let place = self.source.place(value.span());
        match value.get_ref() {
            DeValue::Table(table) => {
                Some(Section::at(self.source, table, place, &format!("`{key}`")))
            }
            other => {
                let message = format!("`{key}` must be a table, not {}", other.type_str());
                self.source.report(Diagnostic::error(Some(place), message));
                None
            }
        }
    }

    /// Every entry of a table whose keys are the user's own: name, its place, and the value as text
    /// (numbers and flags as they are written).
    pub(crate) fn entries(&self) -> Vec<(At<String>, At<String>)> {
        let mut entries = Vec::new();
        for (key, value) in self.table.iter() {
            let name = At {
                value: key.get_ref().to_string(),
                place: self.source.place(key.span()),
            };
            let place = self.source.place(value.span());
            let text = match value.get_ref() {
                DeValue::String(text) => text.to_string(),
                DeValue::Boolean(flag) => flag.to_string(),
                DeValue::Integer(integer) => integer.as_str().to_owned(),
                DeValue::Float(float) => float.as_str().to_owned(),
                DeValue::Datetime(date) => date.to_string(),
                other => {
                    let message = format!(
                        "`{}` must be a single value, not {}",
                        name.value,
                        other.type_str()
                    );
                    self.source.report(Diagnostic::error(Some(place), message));
                    continue;
                }
            };
            entries.push((name, At { value: text, place }));
        }
        entries
    }

    /// Every entry of a table whose keys are the user's own: name, its place, and the value as a list of texts.
    pub(crate) fn lists(&self) -> Vec<(At<String>, Vec<At<String>>)> {
        let mut lists = Vec::new();
        for (key, value) in self.table.iter() {
            let name = At {
                value: key.get_ref().to_string(),
                place: self.source.place(key.span()),
            };
            let items: Vec<_> = match value.get_ref() {
                DeValue::Array(items) => items.iter().collect(),
                _ => vec![value],
            };
            let mut texts = Vec::new();
            for item in items {
                let place = self.source.place(item.span());
                match item.get_ref().as_str() {
                    Some(text) => texts.push(At {
                        value: text.to_owned(),
                        place,
                    }),
                    None => self.source.report(Diagnostic::error(
                        Some(place),
                        format!("`{}` must be a list of texts", name.value),
                    )),
                }
            }
            lists.push((name, texts));
        }
        lists
    }

    /// Every table of a table whose keys are the user's own.
    pub(crate) fn named_sections(&self) -> Vec<(At<String>, Section<'s, 'i>)> {
        self.table
            .iter()
            .filter_map(|(key, value)| {
                let name = At {
                    value: key.get_ref().to_string(),
                    place: self.source.place(key.span()),
                };
                self.open(&name.value.clone(), value)
                    .map(|section| (name, section))
            })
            .collect()
    }
}

fn number(value: &DeValue<'_>) -> Option<f64> {
    match value {
        DeValue::Integer(integer) => i64::from_str_radix(integer.as_str(), integer.radix())
            .ok()
            .map(|i| i as f64),
        DeValue::Float(float) => float.as_str().parse().ok(),
        _ => None,
    }
}
