//! One writer at a time. The lock is the operating system's on `<lake>/_lock`, so it vanishes with the process that
//! held it, however that ends.

use std::fs::{File, TryLockError};
use std::path::Path;

use crate::error::LakeError;

/// The right to write to a lake, until dropped. Taken before the reader writes its first part.
#[derive(Debug)]
pub struct RunLock {
    _file: File,
}

impl RunLock {
    pub(crate) fn take(folder: &Path) -> Result<Self, LakeError> {
        std::fs::create_dir_all(folder).map_err(LakeError::io("create", folder))?;
        let path = folder.join("_lock");
        let file = File::options()
            .create(true)
            .truncate(false)
            .write(true)
            .open(&path)
            .map_err(LakeError::io("open", &path))?;
        match file.try_lock() {
            Ok(()) => Ok(Self { _file: file }),
            Err(TryLockError::WouldBlock) => Err(LakeError::Locked(path)),
            Err(TryLockError::Error(source)) => Err(LakeError::io("lock", &path)(source)),
        }
    }
}
