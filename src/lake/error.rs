//! What can go wrong in the lake. Each variant is one thing a user can act on; the binary maps them to exit codes.

use std::path::{Path, PathBuf};

use arrow::error::ArrowError;
use datafusion::error::DataFusionError;

use crate::lock::Holder;

/// Why the lake could not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum LakeError {
    /// Another process holds the lake's lock.
    #[error("another run holds the lock `{}`{}", path.display(), held_by(holder.as_ref()))]
    Locked {
        /// The lock's file.
        path: PathBuf,
        /// Who, where that can be told.
        holder: Option<Holder>,
    },
    /// There is no release yet.
    #[error("the lake `{}` has no release yet; run the pipeline first", .0.display())]
    NoRelease(PathBuf),
    /// No release has this id, or several begin with it.
    #[error("no single release is named `{0}`")]
    UnknownRelease(String),
    /// A part to commit names no canonical table, or is not where it says.
    #[error("part `{}` {reason}", path.display())]
    BadPart {
        /// The part, relative to the lake.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// A file or folder of the lake could not be read or written.
    #[error("failed to {what} `{}`: {source}", path.display())]
    Io {
        /// What was tried: `read`, `write`.
        what: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// Why not.
        source: std::io::Error,
    },
    /// A release file is not one, or not as it was written; or none is current that could be.
    #[error(
        "release file `{}` is damaged: {reason}\n  hint: the next run makes a new release from the exports; `throughline runs \
         rollback` goes back to an older one",
        path.display()
    )]
    BadRelease {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// A Delta table could not be read or committed to.
    #[error("failed to commit table `{table}`: {source}")]
    Delta {
        /// The canonical table.
        table: String,
        /// Why not.
        source: Box<deltalake::DeltaTableError>,
    },
    /// A query of the user's is not one that may run.
    #[error("the query cannot run: {0}")]
    BadQuery(String),
    /// A measure or view of the pipeline is wrong.
    #[error("measure `{name}`: {reason}")]
    BadMeasure {
        /// The measure's name, with the id of its use in the pipeline where it has one.
        name: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A query needs more memory than it may use.
    #[error("not enough memory: {0}")]
    Memory(String),
    /// A part cannot be read: it is damaged, gone, or on a disk that fails.
    #[error("a part of the lake cannot be read: {0}")]
    BadData(String),
    /// A query failed while it ran.
    #[error("query failed: {0}")]
    Query(Box<DataFusionError>),
}

fn held_by(holder: Option<&Holder>) -> String {
    holder.map_or_else(String::new, |holder| format!(": {holder}"))
}

impl LakeError {
    pub(crate) fn io(what: &'static str, path: &Path) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.to_path_buf();
        move |source| Self::Io { what, path, source }
    }

    pub(crate) fn measure(name: impl Into<String>, reason: impl ToString) -> Self {
        Self::BadMeasure {
            name: name.into(),
            reason: reason.to_string(),
        }
    }

    /// A failure while the named measure or view was planned or run.
    pub(crate) fn in_measure(name: &str) -> impl FnOnce(DataFusionError) -> Self {
        move |error| match Self::from(error) {
            own @ (Self::Memory(_) | Self::BadData(_)) => own,
            other => Self::measure(name, other),
        }
    }
}

impl From<DataFusionError> for LakeError {
    fn from(error: DataFusionError) -> Self {
        match error.find_root() {
            DataFusionError::ResourcesExhausted(reason) => Self::Memory(reason.clone()),
            DataFusionError::ParquetError(reason) => Self::BadData(reason.to_string()),
            DataFusionError::ObjectStore(reason) => Self::BadData(reason.to_string()),
            DataFusionError::IoError(reason) => Self::BadData(reason.to_string()),
            DataFusionError::ArrowError(reason, _)
                if matches!(
                    **reason,
                    ArrowError::ParquetError(_) | ArrowError::IoError(..)
                ) =>
            {
                Self::BadData(reason.to_string())
            }
            _ => Self::Query(Box::new(error)),
        }
    }
}

impl From<arrow::error::ArrowError> for LakeError {
    fn from(error: arrow::error::ArrowError) -> Self {
        Self::Query(Box::new(error.into()))
    }
}
