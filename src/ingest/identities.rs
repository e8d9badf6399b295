//! Whom a hashed ID belongs to. An Open Badge may name its recipient only by the SHA-256 of e-mail and salt; the district
//! finds out who it is by hashing every e-mail it knows: those that its other exports hold in the same ID system (a
//! crosswalk, as a rule). Nothing of this is kept: it lives as long as the run.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use sha2::{Digest as _, Sha256};
use throughline_model::mapping::{Field, PersonType};

use crate::error::IngestError;
use crate::person;
use crate::prepare::Prepared;
use crate::sheet::{Reading, Sheet};

/// Kind of person and ID system.
type Namespace = (&'static str, String);

/// IDs of the ID systems that hashed IDs are in.
#[derive(Default)]
pub(crate) struct Identities(BTreeMap<Namespace, People>);

/// IDs of one ID system.
#[derive(Default)]
pub(crate) struct People {
    ids: Vec<String>,
    /// By lower case, the ID as the district writes it.
    folded: HashMap<String, usize>,
}

fn namespace(identity: &(PersonType, String)) -> Namespace {
    (identity.0.word(), identity.1.clone())
}

/// The namespaces in which `source` has hashed IDs.
fn hashed(source: &Prepared<'_>) -> BTreeSet<Namespace> {
    let fields = source.source.mapping.columns.iter();
    fields
        .filter(|field| !field.salt.is_empty())
        .filter_map(|field| field.identity.as_ref().map(namespace))
        .collect()
}

/// Whether `field` holds plain IDs of one of `wanted`.
fn holds(field: &Field, wanted: &BTreeSet<Namespace>) -> bool {
    field.salt.is_empty()
        && field
            .identity
            .as_ref()
            .is_some_and(|identity| wanted.contains(&namespace(identity)))
}

/// The hash of the files that hashed IDs of `source` are matched with; empty where it has none.
pub(crate) fn context(source: &Prepared<'_>, all: &[Prepared<'_>]) -> String {
    let wanted = hashed(source);
    if wanted.is_empty() {
        return String::new();
    }
    let mut hasher = blake3::Hasher::new();
    for other in all {
        if other
            .source
            .mapping
            .columns
            .iter()
            .any(|field| holds(field, &wanted))
        {
            hasher.update(other.source.mapping.text.as_bytes());
            for hash in &other.hashes {
                hasher.update(hash.as_bytes());
            }
        }
    }
    hasher.finalize().to_hex().to_string()
}

/// Reads the IDs that hashed ones can be matched with.
pub(crate) fn gather(
    all: &[Prepared<'_>],
    reading: &Reading<'_>,
) -> Result<Identities, IngestError> {
    let wanted: BTreeSet<Namespace> = all.iter().flat_map(hashed).collect();
    let mut found: BTreeMap<Namespace, BTreeSet<String>> = BTreeMap::new();
    if !wanted.is_empty() {
        for source in all {
            let mapping = &source.source.mapping;
            let fields: Vec<&Field> = mapping
                .columns
                .iter()
                .filter(|field| holds(field, &wanted))
                .collect();
            if fields.is_empty() {
                continue;
            }
            for (listed, layout) in source.files.iter().zip(&source.layouts) {
                let layout = layout.as_ref().ok_or_else(|| IngestError::Changed {
                    file: listed.shown.clone(),
                })?;
                let sheet = Sheet::read(listed, layout, mapping, reading)?;
                for field in &fields {
                    if let Some(identity) = &field.identity {
                        found
                            .entry(namespace(identity))
                            .or_default()
                            .extend(sheet.texts(field.column));
                    }
                }
            }
        }
    }
    let people = found
        .into_iter()
        .map(|(namespace, ids)| (namespace, People::new(ids.into_iter().collect())));
    Ok(Identities(people.collect()))
}

impl Identities {
    /// The IDs that the hashed ones of `field` can be.
    pub(crate) fn of(&self, field: &Field) -> Option<&People> {
        self.0.get(&namespace(field.identity.as_ref()?))
    }
}

impl People {
    fn new(ids: Vec<String>) -> Self {
        // The hash is of the address alone, in the case that whoever issued the badge wrote it in.
        let ids: Vec<String> = ids
            .into_iter()
            .map(|id| person::plain(&id).to_owned())
            .collect();
        let folded = ids
            .iter()
            .enumerate()
            .map(|(place, id)| (id.to_lowercase(), place))
            .collect();
        Self { ids, folded }
    }

    /// The ID as the district writes it.
    pub(crate) fn known(&self, id: &str) -> Option<&str> {
        self.folded
            .get(&person::plain(id).to_lowercase())
            .map(|place| self.ids[*place].as_str())
    }

    /// The ID that `hash` (`sha256$` and hexadecimal digits) is made of, with `salt` after it.
    pub(crate) fn hashed(&self, hash: &str, salt: &str) -> Option<&str> {
        let digits = hash.strip_prefix("sha256$")?.to_lowercase();
        let made = |id: &str| {
            let digest = Sha256::new().chain_update(id).chain_update(salt).finalize();
            digest
                .iter()
                .zip(digits.as_bytes().chunks(2))
                .all(|(byte, pair)| {
                    std::str::from_utf8(pair)
                        .ok()
                        .and_then(|pair| u8::from_str_radix(pair, 16).ok())
                        == Some(*byte)
                })
        };
        if digits.len() != 64 {
            return None;
        }
        let ids = self.ids.iter();
        ids.map(String::as_str)
            .find(|id| made(id) || made(&id.to_lowercase()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Expected hash: `hashlib.sha256(b"mayze@example.com" + b"deadsea").hexdigest()` in Python, the specification's
    /// example of a salted recipient.
    #[test]
    fn a_hash_finds_its_email() {
        let people = People::new(vec![
            "Other@example.com".to_owned(),
            "Mayze@example.com".to_owned(),
        ]);
        let hash = "26315b40a238af34dff25751630796dcd27d9342cda6bb63b7af096f73df148d";
        assert_eq!(
            people.hashed(&format!("sha256${hash}"), "deadsea"),
            Some("Mayze@example.com")
        );
        assert_eq!(people.hashed(&format!("sha256${hash}"), "other"), None);
        assert_eq!(people.hashed("sha256$12", "deadsea"), None);
        assert_eq!(people.hashed(&format!("md5${hash}"), "deadsea"), None);
        assert_eq!(people.known("other@EXAMPLE.com"), Some("Other@example.com"));
        // As the directory writes it, or in lower case: whatever the badge was made of.
        let dressed = People::new(vec!["mailto:MAYZE@example.com".to_owned()]);
        assert_eq!(
            dressed.hashed(&format!("sha256${hash}"), "deadsea"),
            Some("MAYZE@example.com")
        );
    }
}
