//! Columns that stand in another record: a class's term in `academicSessions.csv`, an incident's date beside the student
//! who was in it. The other records are read once and kept by their key, as far as their columns are wanted.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::path::PathBuf;

use throughline_model::Mapping;
use throughline_model::dialect::{Dialect, Format, Tree};
use throughline_model::mapping::{Lookup, Origin};
use throughline_model::progress::Silent;

use super::container;
use super::open::open;
use super::row::{DecodeError, Row, Step};
use super::stream;
use super::tree::Wanted;
use crate::listing::{Listed, matches};

/// Most records of one lookup.
const MOST: usize = 20_000_000;
/// Stands between columns of which the first that is not empty counts.
pub(crate) const OR: &str = " | ";

/// The lookups of a file, in an order in which each finds what it is asked by.
#[derive(Default)]
pub(crate) struct Lookups {
    /// Width of a record without them.
    width: usize,
    tables: Vec<Table>,
    /// Columns of which the first that is not empty is added.
    choices: Vec<Vec<usize>>,
}

struct Table {
    /// Cells that may hold the key, and the number of columns that are added.
    by: Vec<usize>,
    columns: usize,
    rows: HashMap<Vec<u8>, Vec<Vec<u8>>>,
}

/// The columns of `lookup` that the mapping names, without the lookup's name.
fn columns(mapping: &Mapping, lookup: &Lookup) -> Vec<String> {
    let prefix = format!("{}.", lookup.name);
    let from = mapping.columns.iter().flat_map(|field| match &field.from {
        Origin::Header(names) | Origin::Joined(names) => names.as_slice(),
        Origin::Constant(_) => &[],
    });
    let rules = mapping.rule_columns();
    let by = mapping.lookups.iter().flat_map(|lookup| &lookup.by);
    let mut columns: Vec<String> = from
        .chain(rules)
        .chain(by)
        .flat_map(|name| name.split(OR))
        .filter_map(|name| name.trim().strip_prefix(&prefix))
        .map(str::to_owned)
        .collect();
    columns.sort();
    columns.dedup();
    columns
}

/// Names of the columns that lookups add to records with the columns `names`; the order is that of [`Lookups::read`].
pub(crate) fn names(mapping: &Mapping, names: &[String]) -> Result<Vec<String>, DecodeError> {
    let mut added = Vec::new();
    for (lookup, columns, _) in plan(mapping, names)? {
        let columns = columns.iter();
        added.extend(columns.map(|column| format!("{}.{column}", lookup.name)));
    }
    let all: Vec<String> = names.iter().chain(&added).cloned().collect();
    added.extend(choices(mapping, &all).into_iter().map(|(name, _)| name));
    Ok(added)
}

/// Names such as `a | b.c`, and the places in `names` of what they choose from.
fn choices(mapping: &Mapping, names: &[String]) -> Vec<(String, Vec<usize>)> {
    let from = mapping.columns.iter().flat_map(|field| match &field.from {
        Origin::Header(names) | Origin::Joined(names) => names.as_slice(),
        Origin::Constant(_) => &[],
    });
    let place = |part: &str| names.iter().position(|name| folded(name) == folded(part));
    let mut choices: Vec<(String, Vec<usize>)> = Vec::new();
    let wanted = from.filter(|name| !mapping.lookups.is_empty() && name.contains(OR));
    for name in wanted {
        let places: Vec<usize> = name.split(OR).filter_map(place).collect();
        if !places.is_empty() && !choices.iter().any(|(known, _)| known == name) {
            choices.push((name.clone(), places));
        }
    }
    choices
}

type Planned<'m> = (&'m Lookup, Vec<String>, Vec<usize>);

fn plan<'m>(mapping: &'m Mapping, names: &[String]) -> Result<Vec<Planned<'m>>, DecodeError> {
    let mut known: Vec<String> = names.iter().map(|name| folded(name)).collect();
    let mut open: Vec<&Lookup> = mapping.lookups.iter().collect();
    let mut planned = Vec::new();
    while !open.is_empty() {
        let ready = open
            .iter()
            .position(|lookup| lookup.by.iter().any(|by| known.contains(&folded(by))));
        let Some(ready) = ready else {
            return Err(DecodeError::refused(
                1,
                format!(
                    "column `{}` is missing, which lookup `{}` goes by",
                    open[0].by.join("` or `"),
                    open[0].name
                ),
            ));
        };
        let lookup = open.remove(ready);
        let by = lookup
            .by
            .iter()
            .filter_map(|by| known.iter().position(|name| *name == folded(by)))
            .collect();
        let columns = columns(mapping, lookup);
        known.extend(
            columns
                .iter()
                .map(|column| folded(&format!("{}.{column}", lookup.name))),
        );
        planned.push((lookup, columns, by));
    }
    Ok(planned)
}

fn folded(name: &str) -> String {
    name.trim().to_lowercase()
}

impl Lookups {
    /// Reads what the mapping looks up for the records of `listed`, whose columns are `names`.
    pub(crate) fn read(
        listed: &Listed,
        mapping: &Mapping,
        names: &[String],
    ) -> Result<Self, DecodeError> {
        let mut tables = Vec::new();
        let mut all = names.to_vec();
        for (lookup, columns, by) in plan(mapping, names)? {
            tables.push(Table {
                rows: match beside(listed, lookup)? {
                    Some(other) => table(&other, mapping, lookup, &columns)?,
                    None => HashMap::new(),
                },
                columns: columns.len(),
                by,
            });
            all.extend(
                columns
                    .iter()
                    .map(|column| format!("{}.{column}", lookup.name)),
            );
        }
        let choices = choices(mapping, &all).into_iter().map(|(_, places)| places);
        Ok(Self {
            width: names.len(),
            tables,
            choices: choices.collect(),
        })
    }

    /// Adds what is found to a record. Of several keys in one cell (`a,b`) the first that is there counts.
    pub(crate) fn extend(&self, row: &mut Row) {
        if self.tables.is_empty() || row.len() != self.width {
            return;
        }
        for table in &self.tables {
            let key = table
                .by
                .iter()
                .map(|by| row.cell(*by))
                .find(|cell| !cell.trim_ascii().is_empty());
            let found = key.and_then(|key| {
                let whole = table.rows.get(key.trim_ascii());
                whole.or_else(|| {
                    key.split(|byte| *byte == b',')
                        .find_map(|key| table.rows.get(key.trim_ascii()))
                })
            });
            match found {
                Some(cells) => cells.iter().for_each(|cell| row.push(cell)),
                None => (0..table.columns).for_each(|_| row.push(b"")),
            }
        }
        for places in &self.choices {
            let cell = places
                .iter()
                .map(|place| row.cell(*place))
                .find(|cell| !cell.trim_ascii().is_empty());
            let cell = cell.unwrap_or_default().to_vec();
            row.push(&cell);
        }
    }
}

/// The file that a lookup reads.
pub(crate) fn beside(listed: &Listed, lookup: &Lookup) -> Result<Option<Listed>, DecodeError> {
    let Some(wanted) = &lookup.member else {
        return Ok(Some(listed.clone()));
    };
    match neighbour(listed, wanted)? {
        None if !lookup.optional => Err(DecodeError::hinted(
            0,
            format!(
                "lookup `{}` needs `{wanted}`, which is not there",
                lookup.name
            ),
            "it has to stand beside the file, in the same folder or archive",
        )),
        found => Ok(found),
    }
}

/// The file called `wanted` in the folder or archive that `listed` is in.
pub(crate) fn neighbour(listed: &Listed, wanted: &str) -> Result<Option<Listed>, DecodeError> {
    let same = |name: &str| matches(&wanted.to_lowercase(), &name.to_lowercase());
    if let Some(member) = &listed.member {
        let folder = member
            .rsplit_once(['/', '\\'])
            .map_or("", |(folder, _)| folder);
        let members = container::members(std::fs::File::open(&listed.path)?)?.unwrap_or_default();
        let found = members
            .into_iter()
            .find(|name| match name.rsplit_once(['/', '\\']) {
                Some((other, name)) => other == folder && same(name),
                None => folder.is_empty() && same(name),
            });
        return Ok(found.map(|member| Listed {
            member: Some(member),
            ..listed.clone()
        }));
    }
    let Some(folder) = listed.path.parent() else {
        return Ok(None);
    };
    let mut found: Vec<PathBuf> = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        // A link may lead out of the project.
        if same(&entry.file_name().to_string_lossy()) && !entry.path().is_symlink() {
            found.push(entry.path());
        }
    }
    found.sort();
    Ok(found.into_iter().next().map(|path| Listed {
        path,
        ..listed.clone()
    }))
}

/// Whether one of two records with the same key is read and not the other, wherever they stand: the one with fewer empty cells, and of two
/// as full the one that comes first by its text.
fn speaks_before(one: &[Vec<u8>], other: &[Vec<u8>]) -> bool {
    let empty = |cells: &[Vec<u8>]| {
        let empty = cells.iter().filter(|cell| cell.trim_ascii().is_empty());
        empty.count()
    };
    (empty(one), one) < (empty(other), other)
}

/// The records of `other` by their key.
fn table(
    other: &Listed,
    mapping: &Mapping,
    lookup: &Lookup,
    columns: &[String],
) -> Result<HashMap<Vec<u8>, Vec<Vec<u8>>>, DecodeError> {
    let tree = Tree {
        records: lookup.records.clone(),
        each: None,
    };
    let dialect = Dialect {
        format: match &mapping.dialect.format {
            Format::Json(_) => Format::Json(tree),
            Format::Xml(_) => Format::Xml(tree),
            format => format.clone(),
        },
        member: None,
        ..mapping.dialect.clone()
    };
    let wanted: Vec<Wanted> = std::iter::once(&lookup.key)
        .chain(columns)
        .map(|name| Wanted::plain(name))
        .collect();
    let head = stream::head(other, &dialect, &wanted, |_| true)?;
    let place = |name: &String| {
        let found = head
            .names
            .iter()
            .position(|known| folded(known) == folded(name));
        found.ok_or_else(|| {
            let message = format!(
                "column `{name}` is missing, which lookup `{}` reads",
                lookup.name
            );
            DecodeError::refused(1, message)
        })
    };
    let key = place(&lookup.key)?;
    let places = columns.iter().map(place).collect::<Result<Vec<_>, _>>()?;
    let mut rows = open(other, &dialect, &wanted, &Silent)?.rows;
    let mut row = Row::default();
    for _ in 0..head.steps {
        rows.next(&mut row)?;
    }
    let mut table: HashMap<Vec<u8>, Vec<Vec<u8>>> = HashMap::new();
    loop {
        match rows.next(&mut row)? {
            Step::End => return Ok(table),
            Step::Row if row.len() == head.names.len() && !row.is_blank() => {
                let cells: Vec<Vec<u8>> = places
                    .iter()
                    .map(|place| row.cell(*place).to_vec())
                    .collect();
                let key = row.cell(key).trim_ascii().to_vec();
                match table.entry(key) {
                    Entry::Vacant(place) => {
                        place.insert(cells);
                    }
                    Entry::Occupied(mut known) if speaks_before(&cells, known.get()) => {
                        known.insert(cells);
                    }
                    Entry::Occupied(_) => {}
                }
                if table.len() > MOST {
                    let message = format!("lookup `{}` has more than {MOST} records", lookup.name);
                    return Err(DecodeError::refused(0, message));
                }
            }
            // What is no record there is no match here, and a required column then breaks its rule.
            Step::Row | Step::Broken(..) => {}
        }
    }
}
