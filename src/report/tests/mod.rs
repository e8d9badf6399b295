//! What a reader would notice.

mod charts;
mod files;
mod page;
mod quality;
mod wording;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use tempfile::TempDir;
use throughline_disclosure::{Released, Report};

use crate::fixture;

/// A report on disk.
struct Written {
    folder: TempDir,
    paths: Vec<PathBuf>,
}

impl Written {
    fn new(report: &Released<Report>) -> Self {
        let folder = tempfile::tempdir().expect("a scratch folder");
        let paths = crate::write(report, folder.path()).expect("the report is written");
        Self { folder, paths }
    }

    fn text(&self, name: &str) -> String {
        fs::read_to_string(self.folder.path().join(name)).expect("the file is text")
    }

    /// Names in the folder, charts included.
    fn names(&self) -> Vec<String> {
        let inside = |folder: &Path| {
            let mut names: Vec<PathBuf> = fs::read_dir(folder)
                .expect("the folder is there")
                .map(|entry| entry.expect("an entry").path())
                .filter(|path| path.is_file())
                .collect();
            names.sort();
            names
        };
        let charts = self.folder.path().join("charts");
        inside(self.folder.path())
            .into_iter()
            .chain(inside(&charts))
            .map(|path| {
                let name = path.strip_prefix(self.folder.path()).expect("inside");
                name.to_string_lossy().replace('\\', "/")
            })
            .collect()
    }

    /// Every SVG file: name and text.
    fn charts(&self) -> Vec<(String, String)> {
        self.names()
            .into_iter()
            .filter(|name| name.ends_with(".svg"))
            .map(|name| {
                let text = self.text(&name);
                (name, text)
            })
            .collect()
    }
}

/// The small, the large and the empty report, written once for all tests that only read.
fn written() -> &'static [Written; 3] {
    static WRITTEN: OnceLock<[Written; 3]> = OnceLock::new();
    WRITTEN.get_or_init(|| {
        [fixture::small(), fixture::large(), fixture::empty()].map(|report| Written::new(&report))
    })
}

/// The attribute `name` of an element's opening tag.
fn attribute<'t>(tag: &'t str, name: &str) -> Option<&'t str> {
    let (_, rest) = tag.split_once(&format!(" {name}=\""))?;
    rest.split_once('"').map(|(value, _)| value)
}

/// Opening, closing and empty tags of a document, in order, without comments and declarations.
fn tags(text: &str) -> Vec<&str> {
    text.split('<')
        .skip(1)
        .filter(|piece| !piece.starts_with(['!', '?']))
        .map(|piece| piece.split_once('>').map_or(piece, |(tag, _)| tag))
        .collect()
}

/// Whether every element is closed in the right order, as XML asks.
fn assert_balanced(text: &str) {
    let mut open: Vec<&str> = Vec::new();
    for tag in tags(text) {
        let name = tag.split([' ', '\n', '/']).find(|part| !part.is_empty());
        let name = name.expect("a tag has a name");
        if tag.starts_with('/') {
            assert_eq!(open.pop(), Some(name), "`</{name}>` closes something else");
        } else if !tag.ends_with('/') {
            open.push(name);
        }
    }
    assert!(open.is_empty(), "never closed: {open:?}");
}

/// Leaves reports to look at in the folder that this variable names.
#[test]
#[ignore = "for people: THROUGHLINE_LOOK=folder cargo test -p throughline-report look -- --ignored"]
fn look() {
    let folder = std::env::var("THROUGHLINE_LOOK").expect("THROUGHLINE_LOOK names a folder");
    for (name, report) in [
        ("small", fixture::small()),
        ("large", fixture::large()),
        ("empty", fixture::empty()),
        ("defined", fixture::defined()),
    ] {
        crate::write(&report, &Path::new(&folder).join(name)).expect("the report is written");
    }
    for (name, found) in [
        ("small", quality::troubled()),
        ("empty", quality::spotless()),
    ] {
        let folder = Path::new(&folder).join(name);
        crate::write_quality(&quality::released(found), &folder).expect("the page is written");
    }
}
