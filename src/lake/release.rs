//! A release: one consistent state of every table. It is written last and made current by one atomic rename, so a run
//! that dies anywhere leaves the release before it; parts are never changed or deleted here, so older releases
//! stay readable.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

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
    /// The older release whose content this one brings back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub back_to: Option<String>,
    /// BLAKE3 hash over inputs, parts and counts: two releases with one digest hold the same, and a file that does not fit its
    /// own is damaged. Empty in releases that were made before there was one.
    #[serde(default)]
    pub digest: String,
}

/// Hash over what a release holds, whenever and wherever it was made.
pub(crate) fn digest(inputs: &str, parts: &[Part], counts: &[FileCount]) -> String {
    let mut hash = blake3::Hasher::new();
    let mut add = |text: &[u8]| {
        hash.update(&(text.len() as u64).to_le_bytes());
        hash.update(text);
    };
    add(inputs.as_bytes());
    // Plain values with names as keys: nothing that could fail to be written as JSON.
    add(&serde_json::to_vec(parts).unwrap_or_default());
    add(&serde_json::to_vec(counts).unwrap_or_default());
    hash.finalize().to_hex().to_string()
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

/// An id for a release with this digest, later than every id before it even where the clock went back.
pub(crate) fn next(digest: &str, before: Option<&str>) -> (String, DateTime<Utc>) {
    let mut created = Utc::now().trunc_subsecs(0);
    if let Some(stamp) = before.and_then(|id| id.split('-').next())
        && let Ok(last) = NaiveDateTime::parse_from_str(stamp, STAMP)
        && created <= last.and_utc()
    {
        created = last.and_utc() + Duration::seconds(1);
    }
    let short = digest.get(..8).unwrap_or(digest);
    (format!("{}-{short}", created.format(STAMP)), created)
}

/// Writes the release file. It is not current yet, and nobody lists it until it is.
pub(crate) fn write(lake: &Path, release: &Release) -> Result<(), LakeError> {
    let folder = lake.join(FOLDER);
    let text = serde_json::to_vec_pretty(release).map_err(bad(&folder))?;
    replace(&file(lake, &release.id), &text)
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
    let mut ids = written(lake)?;
    ids.retain(|id| *id <= current);
    Ok(ids)
}

/// The ids of all release files, oldest first, whether they ever became current or not.
pub(crate) fn written(lake: &Path) -> Result<Vec<String>, LakeError> {
    let folder = lake.join(FOLDER);
    let entries = match fs::read_dir(&folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(LakeError::io("list", &folder)(error)),
    };
    let mut ids = Vec::new();
    for entry in entries {
        let name = entry.map_err(LakeError::io("list", &folder))?.file_name();
        if let Some(id) = name.to_str().and_then(|name| name.strip_suffix(".json")) {
            ids.push(id.to_owned());
        }
    }
    ids.sort();
    Ok(ids)
}

/// Reads one release by its id.
pub(crate) fn read(lake: &Path, id: &str) -> Result<Release, LakeError> {
    let path = file(lake, id);
    let text = match fs::read(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            return Err(bad(&path)("it is not there"));
        }
        Err(error) => return Err(LakeError::io("read", &path)(error)),
    };
    let release: Release = serde_json::from_slice(&text).map_err(bad(&path))?;
    let of = digest(&release.inputs, &release.parts, &release.counts);
    if release.id != id || !(release.digest.is_empty() || release.digest == of) {
        return Err(bad(&path)("it does not hold what was written"));
    }
    Ok(release)
}

/// Removes a release file. The current one must never be asked for.
pub(crate) fn remove(lake: &Path, id: &str) -> Result<(), LakeError> {
    let path = file(lake, id);
    match fs::remove_file(&path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(LakeError::io("remove", &path)(error))
        }
        _ => Ok(()),
    }
}

/// The id of the current release, whatever can be said of its file.
pub(crate) fn current_id(lake: &Path) -> Result<Option<String>, LakeError> {
    let path = lake.join(FOLDER).join(CURRENT);
    let text = match fs::read(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(LakeError::io("read", &path)(error)),
    };
    let id = String::from_utf8_lossy(&text).trim().to_owned();
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '-';
    if id.is_empty() || !id.chars().all(plain) {
        return Err(bad(&path)("it names no release"));
    }
    Ok(Some(id))
}

fn file(lake: &Path, id: &str) -> PathBuf {
    lake.join(FOLDER).join(format!("{id}.json"))
}

fn bad<E: ToString>(path: &Path) -> impl FnOnce(E) -> LakeError {
    let path = path.to_path_buf();
    move |reason| LakeError::BadRelease {
        path,
        reason: reason.to_string(),
    }
}

/// Replaces a file of the lake at once.
fn replace(path: &Path, content: &[u8]) -> Result<(), LakeError> {
    durable::replace(path, content).map_err(LakeError::io("write", path))
}
