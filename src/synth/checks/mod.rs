//! Tests of whole districts: bytes, formats, and whether what was planted is there.

mod determinism;
mod formats;
mod messes;
mod messes_rates;
mod planted;
mod sample;
mod styles;

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::Path;

use throughline_model::progress::Silent;

use crate::{Spec, write};

/// A district small enough to be written a few times in a test.
fn small() -> Spec {
    Spec {
        students: 600,
        schools: 5,
        years: 3,
        ..Spec::default()
    }
}

/// The files of a district.
fn district(spec: &Spec) -> BTreeMap<String, Vec<u8>> {
    let dir = tempfile::tempdir().expect("a scratch folder");
    write(spec, dir.path(), &Silent).expect("a district");
    files(dir.path()).expect("its files")
}

/// Every file below a folder, by its path with `/` between folders.
fn files(folder: &Path) -> io::Result<BTreeMap<String, Vec<u8>>> {
    let mut found = BTreeMap::new();
    collect(folder, "", &mut found)?;
    Ok(found)
}

fn collect(folder: &Path, prefix: &str, found: &mut BTreeMap<String, Vec<u8>>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let name = format!("{prefix}{}", entry.file_name().to_string_lossy());
        if entry.file_type()?.is_dir() {
            collect(&entry.path(), &format!("{name}/"), found)?;
        } else {
            found.insert(name, fs::read(entry.path())?);
        }
    }
    Ok(())
}

/// Header and rows of a CSV file, the byte-order mark dropped and quotes undone.
fn table(bytes: &[u8]) -> (Vec<String>, Vec<Vec<String>>) {
    let text = String::from_utf8_lossy(bytes);
    let mut rows = text
        .trim_start_matches('\u{feff}')
        .lines()
        .map(|line| fields(line.trim_end_matches('\r')));
    (rows.next().unwrap_or_default(), rows.collect())
}

fn fields(line: &str) -> Vec<String> {
    let mut fields = vec![String::new()];
    let mut quoted = false;
    for c in line.chars() {
        match c {
            '"' => quoted = !quoted,
            ',' if !quoted => fields.push(String::new()),
            c => fields.last_mut().expect("never empty").push(c),
        }
    }
    fields
}
