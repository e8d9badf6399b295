//! The files of a Delta log, as far as a crash concerns them: what was committed is flushed to disk before a release names it,
//! and a log that can no longer be read is put aside. What Delta's protocol means is `delta`'s business.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use deltalake::kernel::Action;
use parquet::file::reader::{FileReader as _, SerializedFileReader};
use serde::de::IgnoredAny;
use throughline_model::Table;

use crate::error::LakeError;

const LOG: &str = "_delta_log";

/// Whether `version` is the table's newest: a run that died may have left a newer one that no release names.
pub(crate) fn is_newest(lake: &Path, table: &Table, version: u64) -> bool {
    let folder = lake.join(table.name);
    of(&folder, version).exists() && !of(&folder, version + 1).exists()
}

/// Makes sure that a version, and its name, is on disk.
pub(crate) fn settle(folder: &Path, version: u64) -> Result<(), LakeError> {
    let path = of(folder, version);
    File::options()
        .write(true)
        .open(&path)
        .and_then(|file| file.sync_all())
        .map_err(LakeError::io("write", &path))?;
    if cfg!(unix) {
        let log = folder.join(LOG);
        File::open(&log)
            .and_then(|log| log.sync_all())
            .map_err(LakeError::io("write", &log))?;
    }
    Ok(())
}

/// Whether the log of the table in `folder` is not one: a version is missing, empty or no list of actions, or a checkpoint no Parquet.
///
/// # Errors
/// It cannot be read at all, which says nothing about it.
pub(crate) fn is_damaged(folder: &Path) -> Result<bool, LakeError> {
    let log = folder.join(LOG);
    let mut versions = Vec::new();
    for entry in fs::read_dir(&log).map_err(LakeError::io("list", &log))? {
        let path = entry.map_err(LakeError::io("list", &log))?.path();
        let name = path
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        if name.ends_with(".checkpoint.parquet") {
            let file = File::open(&path).map_err(LakeError::io("read", &path))?;
            if SerializedFileReader::new(file).is_ok_and(|file| file.num_row_groups() > 0) {
                continue;
            }
            return Ok(true);
        }
        let version = name
            .strip_suffix(".json")
            .and_then(|name| name.parse::<u64>().ok());
        if version.is_none() && name != "_last_checkpoint" {
            continue;
        }
        let text = fs::read(&path).map_err(LakeError::io("read", &path))?;
        if version.is_none() {
            if serde_json::from_slice::<IgnoredAny>(&text).is_err() {
                return Ok(true);
            }
            continue;
        }
        let mut actions = text
            .split(|byte| *byte == b'\n')
            .filter(|line| !line.is_empty())
            .map(|line| serde_json::from_slice::<Action>(line).is_ok())
            .peekable();
        if actions.peek().is_none() || actions.any(|fine| !fine) {
            return Ok(true);
        }
        versions.extend(version);
    }
    versions.sort_unstable();
    Ok(versions
        .iter()
        .zip(0..)
        .any(|(version, place)| *version != place))
}

/// Puts the log of the table in `folder` aside, where no reader of Delta tables finds it.
pub(crate) fn set_aside(folder: &Path) -> Result<(), LakeError> {
    let log = folder.join(LOG);
    let aside = (1..)
        .map(|number: u32| folder.join(format!("{LOG}.damaged-{number}")))
        .find(|path| !path.exists())
        .unwrap_or_else(|| folder.join(format!("{LOG}.damaged")));
    fs::rename(&log, aside).map_err(LakeError::io("set aside", &log))
}

fn of(folder: &Path, version: u64) -> PathBuf {
    folder.join(LOG).join(format!("{version:020}.json"))
}
