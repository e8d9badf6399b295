//! What is fuzzed, whatever drives it: cargo-fuzz (`fuzz_targets/`) or the plain mutation loop of `throughline-ingest`'s
//! example `mutate`, which needs no nightly compiler. A target must not panic, must end, and must account for every row.

use std::path::Path;

use throughline_ingest::{IngestError, Key, Options, ingest, preview};
use throughline_model::dialect::Dialect;
use throughline_model::pipeline::Source;
use throughline_model::progress::Silent;
use throughline_model::{Mapping, Pipeline};

/// Dialects that the reader is tried with; the first byte of an input chooses.
const DIALECTS: [&str; 12] = [
    "",
    "[dialect]\ndelimiter = \"\\t\"",
    "[dialect]\nquote = [\"'\", '\"']\nescape = \"\\\\\"",
    "[dialect]\nnewline = \"any\"\nskip = 2\nheader_lines = 2",
    "[dialect]\nnames = [\"id\", \"name\", \"vendor\"]\ntrailer = \"*{count}*\"",
    "[dialect.columns]\nid = \"1-4\"\nname = \"5-16\"\nvendor = \"17-21\"",
    "[dialect]\nencoding = \"windows-1252\"",
    "[dialect]\nformat = \"json\"",
    "[dialect]\nformat = \"json\"\nrecords = \"data\"\neach = \"list\"",
    "[dialect]\nformat = \"xml\"\nrecords = \"Event\"",
    "[dialect]\nrange = \"A1:C9\"",
    "[rows]\nonly = { id = [\"*\"] }\ndeleted = { name = [\"x\"] }\n[lookup.more]\nmember = \"export\"\nkey = \"id\"\nby = \"vendor\"",
];

/// Reads a file of these bytes in `folder`, as a preview and as a checked ingest.
pub(crate) fn reader(bytes: &[u8], folder: &Path) {
    let Some((choice, content)) = bytes.split_first() else {
        return;
    };
    let dialect = DIALECTS[usize::from(*choice) % DIALECTS.len()];
    let text = format!(
        "vendor = \"Any\"\ntable = \"tool\"\n{dialect}\n[columns]\ntool_id = {{ from = \"id\" }}\nname = {{ from = \"name\" }}\nvendor = {{ from = \"vendor\" }}\n"
    );
    let mapping =
        Mapping::parse("fuzz", "fuzz", &text).unwrap_or_else(|problems| panic!("{problems:?}"));
    let file = folder.join("export");
    std::fs::write(&file, content).unwrap_or_else(|error| panic!("{error}"));
    // What is refused is fine: it has to be said, not to work.
    drop(preview(&file, None, &mapping.dialect, 10_000));
    drop(preview(&file, None, &Dialect::default(), 100));
    let key = Key::ephemeral().unwrap_or_else(|error| panic!("{error}"));
    let options = Options {
        check_only: true,
        jobs: None,
        ..Options::default()
    };
    match ingest(&pipeline_of(mapping, folder), &key, &options, &Silent) {
        Ok(done) => assert!(done.counts.iter().all(|count| count.balances())),
        Err(error @ (IngestError::Unbalanced { .. } | IngestError::Encode { .. })) => {
            panic!("{error}")
        }
        Err(_) => {}
    }
}

/// Reads a mapping.
pub(crate) fn mapping(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    drop(Mapping::parse("fuzz", "fuzz", &text));
    drop(Mapping::bundle("fuzz", &text));
}

/// Reads a pipeline file in `folder`.
pub(crate) fn pipeline(bytes: &[u8], folder: &Path) {
    let file = folder.join("fuzz.toml");
    std::fs::write(&file, bytes).unwrap_or_else(|error| panic!("{error}"));
    drop(Pipeline::load(&file));
}

fn pipeline_of(mapping: Mapping, folder: &Path) -> Pipeline {
    let bare = Pipeline::bare(&folder.join("fuzz.toml")).unwrap_or_else(|error| panic!("{error}"));
    Pipeline {
        sources: vec![Source {
            id: "export".to_owned(),
            folder: folder.to_path_buf(),
            pattern: "export".to_owned(),
            mapping,
            max_rejected: 1.0,
            optional: true,
            owner: String::new(),
        }],
        ..bare
    }
}
