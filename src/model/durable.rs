//! Replacing a small file so that nobody ever sees half of it: the lake's releases, the reader's state and a run's record are
//! all swapped in this way.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use crate::step;

/// Replaces a file at once: readers see the old content or the new, also after the power fails. The folder is made where it
/// is missing.
///
/// # Errors
/// Whatever keeps the file from being written; the old content then stands, and nothing is left beside it.
pub fn replace(path: &Path, content: &[u8]) -> io::Result<()> {
    let folder = path.parent();
    if let Some(folder) = folder {
        fs::create_dir_all(folder)?;
    }
    let mut beside = path.as_os_str().to_owned();
    beside.push(".tmp");
    let beside = PathBuf::from(beside);
    step::reached();
    File::create(&beside)
        .and_then(|mut file| {
            file.write_all(content)?;
            file.sync_all()
        })
        .and_then(|()| {
            step::reached();
            fs::rename(&beside, path)
        })
        .inspect_err(|_| {
            // The error that is reported is the first one.
            let _ = fs::remove_file(&beside);
        })?;
    // A folder cannot be opened for syncing everywhere; where it can, the rename itself is made durable.
    if let Some(folder) = folder.and_then(|folder| File::open(folder).ok()) {
        let _ = folder.sync_all();
    }
    step::reached();
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::replace;

    #[test]
    fn the_new_content_stands_alone() -> std::io::Result<()> {
        let folder = tempfile::tempdir()?;
        let path = folder.path().join("new/state.json");
        replace(&path, b"one")?;
        replace(&path, b"two")?;
        assert_eq!(std::fs::read(&path)?, b"two");
        assert_eq!(std::fs::read_dir(folder.path().join("new"))?.count(), 1);
        Ok(())
    }

    #[test]
    fn a_failure_leaves_the_old_content_and_nothing_else() -> std::io::Result<()> {
        let folder = tempfile::tempdir()?;
        let path = folder.path().join("taken");
        std::fs::create_dir(&path)?;
        assert!(replace(&path, b"content").is_err());
        assert!(path.is_dir());
        assert_eq!(std::fs::read_dir(folder.path())?.count(), 1);
        Ok(())
    }
}
