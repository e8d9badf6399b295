//! A file nobody has seen: how it is written, and what its columns look like. The dialect is found by trying; the sample is
//! read by the same reader as a run's, and only counts and shapes of it are kept (see
//! [`throughline_model::propose::ColumnProfile`]). A first line that looks like somebody's record is not taken for a
//! header, because headers are printed.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read as _;
use std::path::Path;

use throughline_model::dialect::{Dialect, Format, Tree};
use throughline_model::propose::{ColumnProfile, Vocabulary, columns_found};
use throughline_model::{Diagnostic, Place, Severity};

use crate::preview::{Preview, preview};

/// Records looked at.
const SAMPLE: usize = 500;
/// Records in which a dialect is tried.
const TRIED: usize = 40;
/// Bytes of an XML file in which the name of its records is looked for.
const HEAD: u64 = 1 << 16;
/// Where services put the list of records of a JSON document.
const LISTS: [&str; 6] = ["data", "items", "records", "results", "value", "@graph"];

/// How a file is written and what its columns look like.
#[derive(Clone, Debug)]
pub struct Profiled {
    /// How it is written.
    pub dialect: Dialect,
    /// The same as lines of a mapping's `[dialect]`; none where nothing has to be said.
    pub lines: Vec<String>,
    /// Its columns.
    pub columns: Vec<ColumnProfile>,
    /// Records looked at.
    pub records: usize,
    /// What was found out about the file.
    pub notes: Vec<Diagnostic>,
}

/// Looks at the file at `path`, or at the `member` of the archive that it is.
///
/// # Errors
/// One diagnostic that says why nothing can be proposed: it cannot be read, or its first line is a record.
pub fn profile(
    path: &Path,
    member: Option<&str>,
    vocabulary: &Vocabulary,
) -> Result<Profiled, Diagnostic> {
    let (dialect, lines, others) = sniff(path, member, vocabulary)?;
    let mut read = preview(path, member, &dialect, SAMPLE)?;
    read.notes.extend(others);
    if read.names.iter().all(String::is_empty) {
        return Err(refused(path, "no columns were found")
            .hint("a file of fixed width needs `[dialect.columns]`: write the mapping by hand"));
    }
    if !dialect.is_nested() && is_record(&read.names) {
        return Err(refused(path, "the first line looks like a record, not like a header")
            .hint("write the mapping by hand, with `names = [\"…\"]` and `header_lines = 0` under `[dialect]`"));
    }
    Ok(Profiled {
        dialect,
        lines,
        columns: columns(&read, vocabulary),
        records: read.rows.len(),
        notes: read.notes,
    })
}

/// What the columns of a preview look like.
pub(crate) fn columns(read: &Preview, vocabulary: &Vocabulary) -> Vec<ColumnProfile> {
    let whole: Vec<&Vec<String>> = read
        .rows
        .iter()
        .map(|(_, cells)| cells)
        .filter(|cells| cells.len() == read.names.len())
        .collect();
    let cells = |index: usize| whole.iter().map(move |cells| cells[index].as_str());
    let column = |(index, name): (usize, &String)| {
        let mut profile = ColumnProfile::of(name, cells(index), vocabulary);
        let others = read.names.iter().enumerate();
        let others = others.filter(|(other, _)| *other != index);
        let others: Vec<(&str, Vec<&str>)> = others
            .map(|(other, name)| (name.as_str(), cells(other).collect()))
            .collect();
        profile.compare(&cells(index).collect::<Vec<_>>(), &others);
        profile
    };
    read.names.iter().enumerate().map(column).collect()
}

fn refused(path: &Path, message: &str) -> Diagnostic {
    let file = path
        .file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned();
    Diagnostic::error(
        Some(Place {
            file,
            line: 0,
            column: 0,
        }),
        message,
    )
}

/// Whether a line of cells is a record and no header: addresses, or many dates and numbers.
fn is_record(names: &[String]) -> bool {
    let digits = |name: &&String| {
        name.chars().any(char::is_numeric)
            && name
                .chars()
                .all(|c| c.is_numeric() || " .,-/:+".contains(c))
    };
    let address = names
        .iter()
        .any(|name| name.contains('@') && name.contains('.') && !name.contains(' '));
    address || 3 * names.iter().filter(digits).count() > names.len()
}

/// A dialect, what a mapping has to say of it, and what else was found out.
type Sniffed = (Dialect, Vec<String>, Vec<Diagnostic>);

fn sniff(
    path: &Path,
    member: Option<&str>,
    vocabulary: &Vocabulary,
) -> Result<Sniffed, Diagnostic> {
    let mut dialect = Dialect::default();
    let first = preview(path, member, &dialect, TRIED);
    let opening = first
        .as_ref()
        .ok()
        .and_then(|read| read.names.first())
        .and_then(|name| name.chars().next());
    match opening {
        Some('{' | '[') => {
            let known = nested(path, member, vocabulary, |format| {
                matches!(format, Format::Json(_))
            });
            return known.map_or_else(|| json(path, member), Ok);
        }
        Some('<') => {
            let known = nested(path, member, vocabulary, |format| {
                matches!(format, Format::Xml(_))
            });
            return known.map_or_else(|| xml(path), Ok);
        }
        _ => {}
    }
    let mut read = first?;
    let mut lines = Vec::new();
    if let Some(delimiter) = delimiter(&read) {
        dialect.delimiter = delimiter;
        let shown = if delimiter == b'\t' {
            "\\t".to_owned()
        } else {
            char::from(delimiter).to_string()
        };
        lines.push(format!("delimiter = \"{shown}\""));
        read = preview(path, member, &dialect, TRIED)?;
    }
    let single = |name: &String| name.len() > 1 && name.starts_with('\'') && name.ends_with('\'');
    if !read.names.is_empty() && read.names.iter().all(single) {
        dialect.quotes = vec![b'\'', b'"'];
        dialect.escape = Some(b'\\');
        lines.push("quote = [\"'\", \"\\\"\"]".to_owned());
        lines.push("escape = \"\\\\\"".to_owned());
        read = preview(path, member, &dialect, TRIED)?;
    }
    if let Some(before) = preamble(&read) {
        dialect.skip = before;
        lines.push(format!("skip = {before}"));
    }
    Ok((dialect, lines, Vec::new()))
}

/// The nested dialect of the shipped mapping that finds most of its columns in the file, all required ones among them. What
/// else the file holds rows for is noted.
fn nested(
    path: &Path,
    member: Option<&str>,
    vocabulary: &Vocabulary,
    wanted: impl Fn(&Format) -> bool,
) -> Option<Sniffed> {
    let mut tried: Vec<(&Dialect, Vec<String>)> = Vec::new();
    let mut found = Vec::new();
    for mapping in vocabulary.mappings() {
        if !wanted(&mapping.dialect.format) {
            continue;
        }
        let known = tried
            .iter()
            .position(|(dialect, _)| **dialect == mapping.dialect);
        let at = known.unwrap_or_else(|| {
            let read = preview(path, member, &mapping.dialect, TRIED);
            let names = read.map_or_else(
                |_| Vec::new(),
                |read| {
                    if read.rows.is_empty() {
                        Vec::new()
                    } else {
                        read.names
                    }
                },
            );
            tried.push((&mapping.dialect, names));
            tried.len() - 1
        });
        let names: Vec<&str> = tried[at].1.iter().map(String::as_str).collect();
        if let Some(count) = columns_found(mapping, &names) {
            found.push((count, mapping));
        }
    }
    found.sort_by(|a, b| b.0.cmp(&a.0).then_with(|| a.1.name.cmp(&b.1.name)));
    let (_, best) = found.first()?;
    let mut lines = Vec::new();
    let (Format::Json(tree) | Format::Xml(tree)) = &best.dialect.format else {
        return None;
    };
    let format = if matches!(best.dialect.format, Format::Json(_)) {
        "json"
    } else {
        "xml"
    };
    lines.push(format!("format = \"{format}\""));
    lines.extend(
        tree.records
            .iter()
            .map(|path| format!("records = \"{path}\"")),
    );
    lines.extend(tree.each.iter().map(|path| format!("each = \"{path}\"")));
    let others: Vec<String> = found[1..]
        .iter()
        .map(|(_, mapping)| format!("`{}` (table `{}`)", mapping.name, mapping.table.name))
        .collect();
    let note = (!others.is_empty()).then(|| {
        let message = format!(
            "other shipped mappings read the same file: {}",
            others.join(", ")
        );
        Diagnostic {
            severity: Severity::Warning,
            ..refused(path, &message)
        }
    });
    Some((best.dialect.clone(), lines, note.into_iter().collect()))
}

/// The delimiter other than a comma that makes the header and the records equally wide.
fn delimiter(read: &Preview) -> Option<u8> {
    let [only] = read.names.as_slice() else {
        return None;
    };
    let count = |byte: &u8| only.bytes().filter(|other| other == byte).count();
    [b'\t', b';', b'|']
        .into_iter()
        .filter(|byte| count(byte) > 0)
        .max_by_key(count)
}

/// Lines before the header: the first line is narrower than most, and the first that is as wide has only words.
fn preamble(read: &Preview) -> Option<u32> {
    let width = |cells: &[String]| {
        cells
            .iter()
            .rposition(|cell| !cell.is_empty())
            .map_or(0, |last| last + 1)
    };
    let mut widths: BTreeMap<usize, usize> = BTreeMap::new();
    for (_, cells) in &read.rows {
        *widths.entry(width(cells)).or_default() += 1;
    }
    let usual = widths
        .into_iter()
        .max_by_key(|(width, count)| (*count, *width))?
        .0;
    if usual < 3 || 2 * width(&read.names) > usual {
        return None;
    }
    let (line, _) = read
        .rows
        .iter()
        .find(|(_, cells)| width(cells) >= usual && !is_record(cells))?;
    u32::try_from(line.checked_sub(1)?).ok()
}

fn json(path: &Path, member: Option<&str>) -> Result<Sniffed, Diagnostic> {
    let of = |records: Option<&str>| Dialect {
        format: Format::Json(Tree {
            records: records.map(str::to_owned),
            each: None,
        }),
        ..Dialect::default()
    };
    let count = |records: Option<&str>| {
        preview(path, member, &of(records), TRIED).map_or(0, |read| read.rows.len())
    };
    let format = "format = \"json\"".to_owned();
    if count(None) <= 1
        && let Some(list) = LISTS.into_iter().find(|list| count(Some(list)) > 0)
    {
        return Ok((
            of(Some(list)),
            vec![format, format!("records = \"{list}\"")],
            Vec::new(),
        ));
    }
    Ok((of(None), vec![format], Vec::new()))
}

/// An XML file's records are the commonest elements directly below its root.
fn xml(path: &Path) -> Result<Sniffed, Diagnostic> {
    let mut head = Vec::new();
    let read = File::open(path).and_then(|file| file.take(HEAD).read_to_end(&mut head));
    read.map_err(|error| refused(path, &format!("failed to read: {error}")))?;
    let text = String::from_utf8_lossy(&head);
    let (mut depth, mut counts) = (0_usize, BTreeMap::<String, usize>::new());
    for tag in text.split('<').skip(1) {
        let Some((inside, _)) = tag.split_once('>') else {
            break;
        };
        if inside.starts_with(['?', '!']) {
            continue;
        }
        if inside.starts_with('/') {
            depth = depth.saturating_sub(1);
            continue;
        }
        if depth == 1 {
            let name = inside
                .split([' ', '\t', '\r', '\n', '/'])
                .next()
                .unwrap_or_default();
            let local = name.rsplit(':').next().unwrap_or(name);
            *counts.entry(local.to_owned()).or_default() += 1;
        }
        depth += usize::from(!inside.ends_with('/'));
    }
    let Some((records, _)) = counts
        .into_iter()
        .max_by(|a, b| a.1.cmp(&b.1).then_with(|| b.0.cmp(&a.0)))
    else {
        return Err(refused(
            path,
            "no records were found below the root element",
        ));
    };
    let lines = vec![
        "format = \"xml\"".to_owned(),
        format!("records = \"{records}\""),
    ];
    let dialect = Dialect {
        format: Format::Xml(Tree {
            records: Some(records),
            each: None,
        }),
        ..Dialect::default()
    };
    Ok((dialect, lines, Vec::new()))
}
