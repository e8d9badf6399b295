//! Nested records (JSON, XML) as rows: every column is a path into the record. A record's list can make one row an
//! entry. Where a path leads to several values, or to a list or an object instead of a value, the cell says so and is
//! rejected: taking the first would lose the others silently. Where the mapping says which of several counts, all are written.

use std::collections::VecDeque;

use serde_json::{Map, Value};
use throughline_model::Mapping;
use throughline_model::mapping::{Field, Origin, Several};

use super::lookup::OR;
use super::row::Row;

/// Stands for a cell that is no single value; no text holds these bytes.
pub(crate) const NOT_SINGLE: &[u8] = b"\xfe\xfe";
/// Stands between a hashed ID and its salt.
pub(crate) const SALTED: u8 = 0x1f;
/// Stands between several values of one cell.
pub(crate) const SEVERAL: char = '\u{1e}';
/// Path of a column that is 1 for every record.
pub(crate) const COUNT: &str = "#";
/// Name of a column that is the whole record; no mapping can name it.
const WHOLE: &str = "\0";

/// A column of a nested format: the paths it may come from, the first that leads to something counts.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Wanted {
    pub(crate) name: String,
    paths: Vec<Path>,
    salts: Vec<Path>,
    /// Whether several values are written and not refused.
    several: bool,
}

/// Steps into a record.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Path(Vec<Seg>);

#[derive(Clone, Debug, PartialEq)]
enum Seg {
    Key(String),
    Index(usize),
}

impl Path {
    /// Reads `a.b[0]."c.d"`.
    pub(crate) fn parse(text: &str) -> Self {
        let mut segments = Vec::new();
        let mut rest = text.trim();
        while !rest.is_empty() {
            rest = rest.strip_prefix('.').unwrap_or(rest);
            if let Some(quoted) = rest.strip_prefix('"')
                && let Some((name, after)) = quoted.split_once('"')
            {
                segments.push(Seg::Key(name.to_owned()));
                rest = after;
            } else if let Some((index, after)) =
                rest.strip_prefix('[').and_then(|rest| rest.split_once(']'))
                && let Ok(index) = index.parse()
            {
                segments.push(Seg::Index(index));
                rest = after;
            } else {
                let end = rest.find(['.', '[']).unwrap_or(rest.len()).max(1);
                let end = (end..=rest.len())
                    .find(|end| rest.is_char_boundary(*end))
                    .unwrap_or(rest.len());
                segments.push(Seg::Key(rest[..end].to_owned()));
                rest = &rest[end..];
            }
        }
        Self(segments)
    }

    /// What it leads to; a list of one is its entry.
    fn find<'v>(&self, record: &'v Value) -> Found<'v> {
        let mut at = record;
        for segment in &self.0 {
            if let (Seg::Key(_), Value::Array(entries)) = (segment, at) {
                at = match entries.as_slice() {
                    [] => return Found::Nothing,
                    [entry] => entry,
                    _ => return Found::Several,
                };
            }
            let next = match segment {
                Seg::Key(name) => at.get(name),
                Seg::Index(0) if !at.is_array() => Some(at),
                Seg::Index(index) => at.get(index),
            };
            match next {
                Some(next) => at = next,
                None => return Found::Nothing,
            }
        }
        Found::Value(at)
    }

    /// Everything that it leads to, through all entries of lists on the way.
    fn find_all<'v>(&self, record: &'v Value) -> Vec<&'v Value> {
        let entries = |value: &'v Value| match value {
            Value::Array(entries) => entries.iter().collect(),
            value => vec![value],
        };
        let mut at = vec![record];
        for segment in &self.0 {
            at = match segment {
                Seg::Key(name) => {
                    let entries = at.into_iter().flat_map(entries);
                    entries.filter_map(|value| value.get(name)).collect()
                }
                Seg::Index(0) => {
                    let first = |value: &'v Value| match value.is_array() {
                        true => value.get(0),
                        false => Some(value),
                    };
                    at.into_iter().filter_map(first).collect()
                }
                Seg::Index(index) => at
                    .into_iter()
                    .filter_map(|value| value.get(index))
                    .collect(),
            };
        }
        at.into_iter().flat_map(entries).collect()
    }

    /// Names of the keys it goes through.
    pub(crate) fn keys(&self) -> impl Iterator<Item = &str> {
        self.0.iter().filter_map(|segment| match segment {
            Seg::Key(name) => Some(name.as_str()),
            Seg::Index(_) => None,
        })
    }
}

enum Found<'v> {
    Nothing,
    Several,
    Value(&'v Value),
}

impl Wanted {
    /// The column at one path, or the first of several (`a | b`), called like it.
    pub(crate) fn plain(path: &str) -> Self {
        Self {
            name: path.to_owned(),
            paths: path.split(OR).map(Path::parse).collect(),
            salts: Vec::new(),
            several: false,
        }
    }

    /// The whole record, as JSON.
    pub(crate) fn whole() -> Self {
        Self {
            name: WHOLE.to_owned(),
            paths: Vec::new(),
            salts: Vec::new(),
            several: false,
        }
    }

    /// Everything that a mapping wants of a record, lookups aside.
    pub(crate) fn of(mapping: &Mapping) -> Vec<Self> {
        let elsewhere = |name: &str| {
            mapping.lookups.iter().any(|lookup| {
                name.strip_prefix(&lookup.name)
                    .is_some_and(|rest| rest.starts_with('.'))
            })
        };
        let mut all: Vec<Self> = Vec::new();
        let mut add = |wanted: Self| {
            if !all.iter().any(|known| known.name == wanted.name) {
                all.push(wanted);
            }
        };
        for field in &mapping.columns {
            let several = field.several != Several::Refused;
            let choice = |names: &[String]| {
                !mapping.lookups.is_empty() && names.iter().any(|name| name.contains(OR))
            };
            if let Origin::Header(names) = &field.from
                && choice(names)
            {
                let parts = names.iter().flat_map(|name| name.split(OR));
                parts.filter(|part| !elsewhere(part)).for_each(|part| {
                    add(Self {
                        several,
                        ..Self::plain(part)
                    });
                });
            } else if let Origin::Header(names) = &field.from
                && !names.iter().any(|name| elsewhere(name))
            {
                add(Self {
                    name: column(field).unwrap_or_default(),
                    paths: names.iter().map(|name| Path::parse(name)).collect(),
                    salts: field.salt.iter().map(|name| Path::parse(name)).collect(),
                    several,
                });
            }
        }
        let parts = mapping.columns.iter().flat_map(|field| {
            let names = match &field.from {
                Origin::Joined(names) => names.as_slice(),
                Origin::Header(_) | Origin::Constant(_) => &[],
            };
            let several = field.several != Several::Refused;
            names.iter().map(move |name| (name, several))
        });
        let has_lookups = !mapping.lookups.is_empty();
        for (part, several) in parts {
            let plain = |part: &str| Self {
                several,
                ..Self::plain(part)
            };
            if has_lookups && part.contains(OR) {
                let parts = part.split(OR).filter(|part| !elsewhere(part));
                parts.for_each(|part| add(plain(part)));
            } else if !elsewhere(part) {
                add(plain(part));
            }
        }
        let rules = mapping.rule_columns();
        for name in rules.chain(mapping.lookups.iter().flat_map(|lookup| &lookup.by)) {
            if !elsewhere(name) {
                add(Self::plain(name));
            }
        }
        all
    }

    fn write(&self, record: &Value, row: &mut Row) {
        match self.name.as_str() {
            COUNT => return row.push(b"1"),
            WHOLE => return row.push(record.to_string().as_bytes()),
            _ => {}
        }
        let found = first(&self.paths, record, self.several);
        match (&found, first(&self.salts, record, false)) {
            (Cell::Text(id), Cell::Text(salt)) if id.contains('$') => {
                row.extend(id.as_bytes());
                row.extend(&[SALTED]);
                row.push(salt.as_bytes());
            }
            (Cell::Text(text), _) => row.push(text.as_bytes()),
            (Cell::Nothing, _) => row.push(b""),
            (Cell::NotSingle, _) => row.push(NOT_SINGLE),
        }
    }
}

/// What a column of a nested format is called.
pub(crate) fn column(field: &Field) -> Option<String> {
    match &field.from {
        Origin::Header(names) if field.salt.is_empty() => Some(names.join(" | ")),
        Origin::Header(names) => Some(format!(
            "{} with {}",
            names.join(" | "),
            field.salt.join(" | ")
        )),
        Origin::Joined(_) | Origin::Constant(_) => None,
    }
}

/// What a path leads to, as a cell.
enum Cell {
    Nothing,
    NotSingle,
    Text(String),
}

fn first(paths: &[Path], record: &Value, several: bool) -> Cell {
    for path in paths {
        let found = match path.find(record) {
            Found::Nothing => Cell::Nothing,
            Found::Several => Cell::NotSingle,
            Found::Value(value) => cell(value),
        };
        match found {
            Cell::Nothing => {}
            Cell::NotSingle if several => return all(path, record),
            found => return found,
        }
    }
    Cell::Nothing
}

/// Every value that a path leads to, each once, in one cell.
fn all(path: &Path, record: &Value) -> Cell {
    let mut texts: Vec<String> = Vec::new();
    for value in path.find_all(record) {
        match cell(value) {
            Cell::Nothing => {}
            Cell::NotSingle => return Cell::NotSingle,
            Cell::Text(text) if texts.contains(&text) => {}
            Cell::Text(text) => texts.push(text),
        }
    }
    match texts.is_empty() {
        true => Cell::Nothing,
        false => Cell::Text(texts.join(&SEVERAL.to_string())),
    }
}

fn cell(value: &Value) -> Cell {
    match value {
        Value::Null => Cell::Nothing,
        Value::String(text) if text.trim().is_empty() => Cell::Nothing,
        Value::String(text) => Cell::Text(text.clone()),
        Value::Bool(flag) => Cell::Text(flag.to_string()),
        Value::Number(number) => Cell::Text(number.to_string()),
        Value::Array(entries) => match entries.as_slice() {
            [] => Cell::Nothing,
            [entry] => cell(entry),
            _ => Cell::NotSingle,
        },
        // An XML element with attributes and text.
        Value::Object(parts) => parts.get("#text").map_or(Cell::NotSingle, cell),
    }
}

/// Turns records into rows.
pub(crate) struct Unfold {
    wanted: Vec<Wanted>,
    each: Option<Path>,
    /// Records that wait, with their line.
    waiting: VecDeque<(u64, Value)>,
}

impl Unfold {
    pub(crate) fn new(wanted: &[Wanted], each: Option<&str>) -> Self {
        Self {
            wanted: wanted.to_vec(),
            each: each.map(Path::parse),
            waiting: VecDeque::new(),
        }
    }

    /// Takes a record.
    pub(crate) fn take(&mut self, line: u64, record: Value) {
        let record = match record {
            Value::Object(_) | Value::Array(_) => record,
            value => Value::Object(Map::from_iter([("#text".to_owned(), value)])),
        };
        let entries = self
            .each
            .as_ref()
            .and_then(|each| match each.find(&record) {
                Found::Value(Value::Array(entries)) => Some(entries.clone()),
                _ => None,
            });
        let (Some(entries), Some(each)) = (entries, &self.each) else {
            self.waiting.push_back((line, record));
            return;
        };
        for entry in entries {
            let mut one = record.clone();
            if let Some(place) = find_mut(&mut one, each) {
                *place = entry;
            }
            self.waiting.push_back((line, one));
        }
    }

    /// Writes the next row; whether there is one.
    pub(crate) fn next(&mut self, row: &mut Row) -> bool {
        let Some((line, record)) = self.waiting.pop_front() else {
            return false;
        };
        row.start(line);
        for wanted in &self.wanted {
            wanted.write(&record, row);
        }
        true
    }
}

fn find_mut<'v>(record: &'v mut Value, path: &Path) -> Option<&'v mut Value> {
    let mut at = record;
    for segment in &path.0 {
        at = match segment {
            Seg::Key(name) => at.get_mut(name)?,
            Seg::Index(index) => at.get_mut(index)?,
        };
    }
    Some(at)
}

/// Paths to every value of a record, for whoever does not know the format yet.
pub(crate) fn leaves(record: &Value, prefix: &str, into: &mut Vec<String>) {
    match record {
        Value::Object(parts) => {
            for (name, value) in parts {
                let name = if name.contains(['.', '[']) {
                    format!("\"{name}\"")
                } else {
                    name.clone()
                };
                let path = if prefix.is_empty() {
                    name
                } else {
                    format!("{prefix}.{name}")
                };
                leaves(value, &path, into);
            }
        }
        Value::Array(entries) => match entries.as_slice() {
            [entry] => leaves(entry, prefix, into),
            _ => into.push(prefix.to_owned()),
        },
        _ => into.push(prefix.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn read(path: &str, record: &Value) -> String {
        let mut row = Row::default();
        Wanted::plain(path).write(record, &mut row);
        String::from_utf8_lossy(row.cell(0)).into_owned()
    }

    #[test]
    fn paths_lead_to_values_and_never_to_one_of_several() {
        let record = json!({
            "a": { "b": "x", "c.d": 1.5 },
            "one": [{ "id": true }],
            "two": [{ "id": 1 }, { "id": 2 }],
            "none": null,
            "text": { "@id": "7", "#text": "y" },
        });
        for (path, expected) in [
            ("a.b", "x"),
            ("a.\"c.d\"", "1.5"),
            ("one.id", "true"),
            ("one[0].id", "true"),
            ("two[1].id", "2"),
            ("none", ""),
            ("nowhere.at.all", ""),
            ("text", "y"),
            ("text.@id", "7"),
            ("#", "1"),
        ] {
            assert_eq!(read(path, &record), expected, "{path}");
        }
        for path in ["two.id", "two", "a"] {
            assert_eq!(
                read(path, &record),
                String::from_utf8_lossy(NOT_SINGLE),
                "{path}"
            );
        }
    }

    #[test]
    fn several_values_are_written_where_the_mapping_says_which_counts() {
        let record = json!({
            "two": [{ "id": 1 }, { "id": 2 }, { "id": 1 }, {}],
            "deep": [{ "list": [{ "id": "a" }] }, { "list": [{ "id": "b" }, { "id": "c" }] }],
            "words": ["x", "y"],
            "one": { "id": "z" },
            "none": [],
        });
        let read = |path: &str| {
            let wanted = Wanted {
                several: true,
                ..Wanted::plain(path)
            };
            let mut row = Row::default();
            wanted.write(&record, &mut row);
            String::from_utf8_lossy(row.cell(0)).replace(SEVERAL, ",")
        };
        for (path, expected) in [
            ("two.id", "1,2"),
            ("deep.list.id", "a,b,c"),
            ("words", "x,y"),
            ("one.id", "z"),
            ("none.id", ""),
            ("none.id | one.id", "z"),
        ] {
            assert_eq!(read(path), expected, "{path}");
        }
    }

    #[test]
    fn a_list_gives_a_row_an_entry() {
        let mut unfold = Unfold::new(
            &[Wanted::plain("id"), Wanted::plain("list.x")],
            Some("list"),
        );
        unfold.take(3, json!({ "id": 1, "list": [{ "x": "a" }, { "x": "b" }] }));
        unfold.take(9, json!({ "id": 2, "list": [] }));
        unfold.take(12, json!({ "id": 3 }));
        let (mut row, mut all) = (Row::default(), Vec::new());
        while unfold.next(&mut row) {
            all.push((row.line, row.joined(b'|')));
        }
        assert_eq!(
            all,
            [
                (3, b"1|a".to_vec()),
                (3, b"1|b".to_vec()),
                (12, b"3|".to_vec())
            ]
        );
    }
}
