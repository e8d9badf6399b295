//! A release: one consistent state of every table. It is written last and made current by one atomic rename, so a run
//! that dies anywhere leaves the release before it; parts are never changed or deleted here, so older releases
//! stay readable.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use chrono::{DateTime, Duration, NaiveDateTime, SubsecRound, Utc};
use serde::{Deserialize, Serialize};
use throughline_model::part::FileCount;
use throughline_model::{Part, durable};

use crate::error::LakeError;

const FOLDER: &str = "_releases";
const CURRENT: &str = "CURRENT";
const STAMP: &str = "%Y%m%dT%H%M%SZ";

/// What a run knows about the release it commits, beside its parts.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ReleaseInfo {
    /// Hash over everything the parts were made from.
    pub inputs: String,
    /// What became of every export file.
    pub counts: Vec<FileCount>,
}

/// One consistent state of every table.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Release {
    /// Sorts by time: `20250301T021500Z-1f0c9a2b`.
    pub id: String,
    /// When it was committed.
    pub created: DateTime<Utc>,
    /// Hash over everything the parts were made from.
    pub inputs: String,
    /// Version of every table in its Delta log.
    pub tables: BTreeMap<String, u64>,
    /// Every part of every table, in the order they were committed.
    pub parts: Vec<Part>,
    /// What became of every export file.
    pub counts: Vec<FileCount>,
}

impl Release {
    /// The parts of one table.
    pub fn parts_of<'r>(&'r self, table: &'r str) -> impl Iterator<Item = &'r Part> {
        self.parts.iter().filter(move |part| part.table == table)
    }

    /// Rows of one table.
    pub fn rows(&self, table: &str) -> u64 {
        self.parts_of(table).map(|part| part.rows).sum()
    }
}

/// An id for a release of these parts, later than every release before it even where the clock went back.
pub(crate) fn next(parts: &[Part], before: Option<&Release>) -> (String, DateTime<Utc>) {
    let mut created = Utc::now().trunc_subsecs(0);
    if let Some(before) = before
        && let Some(stamp) = before.id.split('-').next()
        && let Ok(last) = NaiveDateTime::parse_from_str(stamp, STAMP)
        && created <= last.and_utc()
    {
        created = last.and_utc() + Duration::seconds(1);
    }
    let mut hash = blake3::Hasher::new();
    for part in parts {
        for field in [
            part.table.as_str(),
            &part.path.to_string_lossy(),
            part.key.as_str(),
        ] {
            hash.update(field.as_bytes());
            hash.update(&[0]);
        }
    }
    let short: String = hash.finalize().to_hex().chars().take(8).collect();
    (format!("{}-{short}", created.format(STAMP)), created)
}

/// Writes the release file. It is not current yet, and nobody lists it until it is.
pub(crate) fn write(lake: &Path, release: &Release) -> Result<(), LakeError> {
    let folder = lake.join(FOLDER);
    let text = serde_json::to_vec_pretty(release).map_err(|source| LakeError::BadRelease {
        path: folder.clone(),
        source,
    })?;
    replace(&folder.join(format!("{}.json", release.id)), &text)
}

/// Makes a written release the current one.
pub(crate) fn swap(lake: &Path, id: &str) -> Result<(), LakeError> {
    replace(
        &lake.join(FOLDER).join(CURRENT),
        format!("{id}\n").as_bytes(),
    )
}

/// The release that readers get, if there is one.
pub(crate) fn current(lake: &Path) -> Result<Option<Release>, LakeError> {
    match current_id(lake)? {
        Some(id) => read(lake, &id).map(Some),
        None => Ok(None),
    }
}

/// The ids of all releases up to the current one, oldest first. What a dead run left behind is later, and not listed.
pub(crate) fn ids(lake: &Path) -> Result<Vec<String>, LakeError> {
    let Some(current) = current_id(lake)? else {
        return Ok(Vec::new());
    };
    let folder = lake.join(FOLDER);
    let mut ids = Vec::new();
    for entry in fs::read_dir(&folder).map_err(LakeError::io("list", &folder))? {
        let name = entry.map_err(LakeError::io("list", &folder))?.file_name();
        if let Some(id) = name.to_str().and_then(|name| name.strip_suffix(".json"))
            && id <= current.as_str()
        {
            ids.push(id.to_owned());
        }
    }
    ids.sort();
    Ok(ids)
}

/// Reads one release by its id.
pub(crate) fn read(lake: &Path, id: &str) -> Result<Release, LakeError> {
    let path = lake.join(FOLDER).join(format!("{id}.json"));
    let text = fs::read(&path).map_err(LakeError::io("read", &path))?;
    serde_json::from_slice(&text).map_err(|source| LakeError::BadRelease { path, source })
}

fn current_id(lake: &Path) -> Result<Option<String>, LakeError> {
    let path = lake.join(FOLDER).join(CURRENT);
    match fs::read_to_string(&path) {
        Ok(text) => Ok(Some(text.trim().to_owned())),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(LakeError::io("read", &path)(error)),
    }
}

/// Replaces a file of the lake at once.
fn replace(path: &Path, content: &[u8]) -> Result<(), LakeError> {
    durable::replace(path, content).map_err(LakeError::io("write", path))
}
