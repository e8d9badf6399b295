//! What is written fits the mappings that read it: headers, codes, dates and numbers, with no row rejected but those
//! that were planted to be.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use chrono::NaiveDate;
use throughline_model::mapping::{Field, Origin};
use throughline_model::progress::Silent;
use throughline_model::table::Kind;
use throughline_model::{Mapping, Pipeline, builtin, tables};

use super::messes::told;
use super::{files, small, table};
use crate::export::formats::ALL;
use crate::{Messes, Spec, write};

fn mapping(name: &str) -> Mapping {
    let (_, text) = builtin::mappings()
        .iter()
        .find(|(known, _)| *known == name)
        .unwrap_or_else(|| panic!("no mapping {name}"));
    Mapping::parse(name, name, text).unwrap_or_else(|problems| panic!("{name}: {problems:?}"))
}

fn sample() -> Pipeline {
    let file = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../pipelines/sample.toml");
    Pipeline::load(&file).unwrap_or_else(|problems| panic!("{problems:#?}"))
}

#[test]
fn every_format_has_a_mapping_that_knows_its_header() {
    let mut filled = BTreeSet::new();
    for format in ALL {
        let mapping = mapping(format.mapping);
        let header: Vec<&str> = format.header.split(',').collect();
        let mut known: Vec<&str> = mapping.ignore.iter().map(String::as_str).collect();
        for field in &mapping.columns {
            if let Origin::Header(names) = &field.from {
                let found = names.iter().find(|name| header.contains(&name.as_str()));
                let column = &mapping.table.columns[field.column];
                assert!(
                    found.is_some() || !column.required,
                    "{}: no column {names:?}",
                    format.mapping
                );
                known.extend(found.map(String::as_str));
            }
        }
        for column in header {
            assert!(known.contains(&column), "{}: {column}", format.mapping);
        }
        filled.insert(mapping.table.name);
    }
    let all: BTreeSet<&str> = tables::TABLES
        .iter()
        .map(|table| table.name)
        .filter(|name| *name != "reject")
        .collect();
    assert_eq!(filled, all, "every canonical table is fed");
}

#[test]
fn the_sample_pipeline_reads_every_export_once() {
    let dir = tempfile::tempdir().expect("a scratch folder");
    let written = write(&small(), dir.path(), &Silent).expect("a district");
    let pipeline = sample();
    let data = pipeline.root.join("sample-data");
    for file in written
        .files
        .iter()
        .filter(|file| file.path.ends_with(".csv"))
    {
        let path = data.join(&file.path);
        let name = path.file_name().expect("a name").to_string_lossy();
        let readers: Vec<&str> = pipeline
            .sources
            .iter()
            .filter(|source| path.parent() == Some(source.folder.as_path()))
            .filter(|source| matches(&source.pattern, &name))
            .map(|source| source.id.as_str())
            .collect();
        assert_eq!(readers.len(), 1, "{}: {readers:?}", file.path);
    }
    for source in &pipeline.sources {
        let folder = source
            .folder
            .strip_prefix(&data)
            .expect("below sample-data");
        let found = written.files.iter().any(|file| {
            let path = Path::new(&file.path);
            path.parent() == Some(folder)
                && matches(
                    &source.pattern,
                    &path.file_name().unwrap_or_default().to_string_lossy(),
                )
        });
        assert!(found, "nothing to read for {}", source.id);
    }
}

/// Whether a name fits a pattern with `*`.
fn matches(pattern: &str, name: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == name,
        Some((before, after)) => name.strip_prefix(before).is_some_and(|rest| {
            (0..=rest.len()).any(|skip| rest.get(skip..).is_some_and(|rest| matches(after, rest)))
        }),
    }
}

#[test]
fn only_planted_rows_do_not_fit_their_mapping() {
    let dir = tempfile::tempdir().expect("a scratch folder");
    let spec = Spec {
        messes: Messes::Usual,
        ..small()
    };
    write(&spec, dir.path(), &Silent).expect("a district");
    let files = files(dir.path()).expect("its files");
    let planted = planted(&files["truth.json"]);
    let messes = told(&files);
    for (name, bytes) in files.iter().filter(|(name, _)| name.ends_with(".csv")) {
        let (header, rows) = table(bytes);
        let joined = header.join(",");
        let format = ALL
            .iter()
            .find(|format| format.header == joined)
            .unwrap_or_else(|| panic!("{name}: {joined}"));
        let mapping = mapping(format.mapping);
        let bad = rows
            .iter()
            .filter(|row| !fits(&mapping, &header, row))
            .count();
        let malformed = planted.get(name).copied().unwrap_or(0);
        // A student who was not tested has no score, which a result must have.
        let untested = messes.get(&(name.clone(), "not_tested".to_owned()));
        assert_eq!(bad as u64, malformed + untested.unwrap_or(&0), "{name}");
        assert!(
            malformed as usize * 50 <= rows.len(),
            "{name} is mostly clean"
        );
    }
    assert!(planted.len() > 15);
}

/// Rows planted to be rejected, by file.
fn planted(truth: &[u8]) -> BTreeMap<String, u64> {
    let truth: serde_json::Value = serde_json::from_slice(truth).expect("truth.json");
    let mut rows = BTreeMap::new();
    for entry in truth["planted_mess"].as_array().expect("a list") {
        let what = entry["what"].as_str().expect("text");
        if what != "repeated row" && what != "corrects rows of an earlier file" {
            let file = entry["file"].as_str().expect("text").to_owned();
            *rows.entry(file).or_default() += entry["rows"].as_u64().expect("a count");
        }
    }
    rows
}

fn fits(mapping: &Mapping, header: &[String], row: &[String]) -> bool {
    row.len() == header.len()
        && mapping
            .columns
            .iter()
            .all(|field| cell_fits(mapping, field, header, row))
}

/// What a reader must accept: required cells are there, codes listed, dates and numbers well formed and in range.
fn cell_fits(mapping: &Mapping, field: &Field, header: &[String], row: &[String]) -> bool {
    let column = &mapping.table.columns[field.column];
    let Origin::Header(names) = &field.from else {
        return true;
    };
    let Some(at) = header.iter().position(|header| names.contains(header)) else {
        return !column.required;
    };
    let cell = row[at].as_str();
    if cell.is_empty() {
        return !column.required;
    }
    if !field.codes.is_empty() {
        return field.codes.iter().any(|(vendor, _)| vendor == cell);
    }
    let number = || cell.parse::<f64>().map(|number| number * field.scale);
    match column.kind {
        Kind::Date => {
            let format = field.format.as_deref().unwrap_or_default();
            NaiveDate::parse_from_str(cell, format).is_ok()
        }
        Kind::Integer(low, high) => {
            let year = cell
                .split_once('-')
                .and_then(|(first, _)| first.parse::<i32>().ok());
            let number = year.map(|year| year + 1).or_else(|| cell.parse().ok());
            number.is_some_and(|number| (low..=high).contains(&number))
        }
        Kind::Number(low, high) => number().is_ok_and(|number| (low..=high).contains(&number)),
        Kind::Code(words) => words.contains(&cell),
        Kind::Text | Kind::Id | Kind::StudentId | Kind::StaffId | Kind::PersonId | Kind::Flag => {
            true
        }
    }
}
