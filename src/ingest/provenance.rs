//! What rows are made from, as hashes: the same inputs, the same hash.

use throughline_model::Pipeline;
use throughline_model::pipeline::Source;

use crate::key::Key;
use crate::prepare::Prepared;

/// Part of every key: rises whenever the same file would give other rows or other bytes.
const READER_VERSION: &str = concat!(env!("CARGO_PKG_VERSION"), "/5");
/// Hash of everything that a file's rows are made from, other files aside.
pub(crate) fn base(
    pipeline: &Pipeline,
    source: &Source,
    key: &Key,
    shown: &str,
    [hash, context]: [&str; 2],
) -> String {
    let mut hasher = blake3::Hasher::new();
    about(&mut hasher, pipeline, source);
    for text in [&key.fingerprint(), shown, hash, context] {
        add(&mut hasher, text);
    }
    hasher.finalize().to_hex().to_string()
}

/// Hash of all that goes into a release: not the key, and nothing that depends on it.
pub(crate) fn inputs(pipeline: &Pipeline, prepared: &[Prepared<'_>]) -> String {
    let mut hasher = blake3::Hasher::new();
    for source in prepared {
        about(&mut hasher, pipeline, source.source);
        for ((file, hash), context) in source
            .files
            .iter()
            .zip(&source.hashes)
            .zip(&source.contexts)
        {
            add(&mut hasher, &file.shown);
            add(&mut hasher, hash);
            add(&mut hasher, context);
        }
    }
    hasher.finalize().to_hex().to_string()
}

fn about(hasher: &mut blake3::Hasher, pipeline: &Pipeline, source: &Source) {
    let (month, day) = pipeline.calendar.year_starts;
    add(hasher, READER_VERSION);
    add(hasher, &format!("{month}-{day}"));
    add(hasher, &source.id);
    let mapping = &source.mapping;
    add(hasher, &format!("{:?}", mapping.table));
    add(hasher, &mapping.text);
    // What the pipeline's source says in place of the mapping, which its text does not show.
    let declared = (&mapping.conflicts, &mapping.columns);
    add(hasher, &format!("{declared:?}"));
}

fn add(hasher: &mut blake3::Hasher, text: &str) {
    hasher.update(&(text.len() as u64).to_le_bytes());
    hasher.update(text.as_bytes());
}
