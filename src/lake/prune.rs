//! Taking old releases away, and the parts that only they needed. First the release files go, then the parts: whatever dies
//! in between leaves parts that no release names, and the next time they are found. Parts of dead runs are found the same way.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use throughline_model::{step, tables};

use crate::error::LakeError;
use crate::release::{self, Release};

/// What was taken away, or would be.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pruned {
    /// Ids of releases, oldest first.
    pub releases: Vec<String>,
    /// Parts, relative to the lake.
    pub parts: Vec<PathBuf>,
    /// Bytes of those parts.
    pub bytes: u64,
}

/// Removes the releases in `ids`, and every part on disk that is in none of those that remain. Where a run died after its
/// parts had reached the Delta tables (`ahead`), only parts of removed releases go: those tables still name the others.
pub(crate) fn prune(
    lake: &Path,
    ids: &BTreeSet<String>,
    ahead: bool,
    dry_run: bool,
) -> Result<Pruned, LakeError> {
    let (mut gone, mut needed) = (BTreeSet::new(), BTreeSet::new());
    let mut pruned = Pruned::default();
    let paths = |release: Release| release.parts.into_iter().map(|part| part.path);
    for id in release::ids(lake)? {
        if ids.contains(&id) {
            // What a damaged release held is found as what no release holds.
            gone.extend(release::read(lake, &id).into_iter().flat_map(paths));
            pruned.releases.push(id);
        } else {
            needed.extend(paths(release::read(lake, &id)?));
        }
    }
    for (path, bytes) in on_disk(lake)? {
        if !needed.contains(&path) && (!ahead || gone.contains(&path)) {
            pruned.bytes += bytes;
            pruned.parts.push(path);
        }
    }
    if dry_run {
        return Ok(pruned);
    }
    for id in &pruned.releases {
        release::remove(lake, id)?;
        step::reached();
    }
    for path in &pruned.parts {
        let path = lake.join(path);
        fs::remove_file(&path).map_err(LakeError::io("remove", &path))?;
        step::reached();
    }
    Ok(pruned)
}

/// Every part in the folders of tables with its size, and what dead runs left half written.
fn on_disk(lake: &Path) -> Result<Vec<(PathBuf, u64)>, LakeError> {
    let mut found = Vec::new();
    for table in tables::TABLES {
        let folder = lake.join(table.name);
        let entries = match fs::read_dir(&folder) {
            Ok(entries) => entries,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => continue,
            Err(error) => return Err(LakeError::io("list", &folder)(error)),
        };
        for entry in entries {
            let entry = entry.map_err(LakeError::io("list", &folder))?;
            let name = entry.file_name();
            let ending = Path::new(&name).extension();
            if ending.is_some_and(|ending| ending == "parquet" || ending == "partial") {
                let about = entry.metadata().map_err(LakeError::io("read", &folder))?;
                found.push((Path::new(table.name).join(name), about.len()));
            }
        }
    }
    found.sort();
    Ok(found)
}
