//! Where answers of earlier runs lie: `<lake>/_answers/<pipeline>/`, one file an answer, each under the hash of what it follows
//! from and beginning with the hash of the rest. A file that is damaged, or from another build of the program, is not read.
//! Two sizes: the answer to one job of the evidence, and everything that was found, for nights that change no measure at all.

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use serde::{Deserialize, Serialize};
use throughline_evidence::finding::Findings;
use throughline_evidence::{Keep, decode, encode};
use throughline_model::{Pipeline, SchoolYear};

use super::record;

const FOLDER: &str = "_answers";

/// Everything that was found of one state of the measures.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Found {
    pub(crate) findings: Findings,
    /// The last school year in which any outcome was known.
    pub(crate) last_year: Option<SchoolYear>,
}

/// A pipeline's answers.
pub(crate) struct Answers {
    folder: PathBuf,
    program: String,
    /// Hash of everything the pipeline asks.
    asked: String,
    used: Mutex<BTreeSet<String>>,
}

impl Answers {
    pub(crate) fn of(pipeline: &Pipeline) -> Self {
        let mut asked = blake3::Hasher::new();
        let measures = pipeline.measures.iter();
        let measures = measures.flat_map(|measure| [&measure.name, &measure.sql]);
        for text in std::iter::once(&pipeline.text).chain(measures) {
            asked.update(&(text.len() as u64).to_le_bytes());
            asked.update(text.as_bytes());
        }
        Self {
            folder: pipeline.lake.path.join(FOLDER).join(&pipeline.name),
            program: record::program(),
            asked: asked.finalize().to_hex().to_string(),
            used: Mutex::default(),
        }
    }

    /// What was found of measures with this digest.
    pub(crate) fn found(&self, digest: &str) -> Option<Found> {
        decode(&self.recall(&self.name(digest))?)
    }

    /// Keeps what was found of measures with this digest.
    pub(crate) fn keep_found(&self, digest: &str, found: &Found) {
        if let Some(bytes) = encode(found) {
            self.keep(&self.name(digest), &bytes);
        }
    }

    fn name(&self, digest: &str) -> String {
        format!("everything {} {digest}", self.asked)
    }

    /// Removes what this run neither read nor wrote. Not for a run that took everything as found: it asked for no single answer.
    pub(crate) fn prune(&self) {
        let used = self.used.lock().unwrap_or_else(PoisonError::into_inner);
        for entry in fs::read_dir(&self.folder).into_iter().flatten().flatten() {
            let name = entry.file_name();
            if !name.to_str().is_some_and(|name| used.contains(name)) {
                // What stays costs space and nothing else.
                let _ = fs::remove_file(entry.path());
            }
        }
    }

    fn file(&self, name: &str) -> String {
        let whole = format!("{} {} {name}", env!("CARGO_PKG_VERSION"), self.program);
        format!("{}.json", blake3::hash(whole.as_bytes()).to_hex())
    }

    fn use_of(&self, file: &str) {
        let mut used = self.used.lock().unwrap_or_else(PoisonError::into_inner);
        used.insert(file.to_owned());
    }
}

impl Keep for Answers {
    fn recall(&self, name: &str) -> Option<Vec<u8>> {
        let file = self.file(name);
        let bytes = fs::read(self.folder.join(&file)).ok()?;
        let (hash, rest) = bytes.split_at_checked(blake3::OUT_LEN)?;
        if blake3::hash(rest).as_bytes() != hash {
            return None;
        }
        self.use_of(&file);
        Some(rest.to_vec())
    }

    fn keep(&self, name: &str, bytes: &[u8]) {
        let file = self.file(name);
        let path = self.folder.join(&file);
        let part = path.with_extension("part");
        let mut whole = blake3::hash(bytes).as_bytes().to_vec();
        whole.extend_from_slice(bytes);
        // An answer that could not be kept is worked out again, and nothing else is lost.
        let written = fs::create_dir_all(&self.folder)
            .and_then(|()| fs::write(&part, whole))
            .and_then(|()| fs::rename(&part, &path));
        if written.is_ok() {
            self.use_of(&file);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answers(folder: &std::path::Path) -> Answers {
        Answers {
            folder: folder.join(FOLDER),
            program: "this build".to_owned(),
            asked: String::new(),
            used: Mutex::default(),
        }
    }

    #[test]
    fn an_answer_comes_back_as_it_was_or_not_at_all() {
        let scratch = tempfile::tempdir().expect("a folder");
        let first = answers(scratch.path());
        assert_eq!(first.recall("one"), None);
        first.keep("one", b"an answer");
        first.keep("two", b"another");
        let again = answers(scratch.path());
        assert_eq!(again.recall("one").as_deref(), Some(&b"an answer"[..]));
        let other = Answers {
            program: "another build".to_owned(),
            ..answers(scratch.path())
        };
        assert_eq!(other.recall("one"), None);
        // What a run did not use goes.
        again.prune();
        assert_eq!(again.recall("two"), None);
        for entry in fs::read_dir(&again.folder).expect("files").flatten() {
            let bytes = fs::read(entry.path()).expect("an answer");
            fs::write(entry.path(), &bytes[..bytes.len() - 1]).expect("cut");
        }
        assert_eq!(again.recall("one"), None);
    }
}
