//! Exit codes: the contract between Throughline and whatever schedules it. Documented in the README; change
//! them only with a line in the changelog.

use std::process::ExitCode;

/// How a command ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Exit {
    /// Everything was done.
    Fine = 0,
    /// Everything was done, and a check of the data failed: look before you publish.
    ChecksFailed = 1,
    /// The command line or the pipeline file is wrong; nothing was written. (clap exits with 2 as well.)
    Usage = 2,
    /// The data was refused (missing, unreadable format, too many rejected rows); the previous release stands.
    DataRefused = 3,
    /// What was asked for may not be published.
    DisclosureRefused = 4,
    /// Disk, memory or permission.
    System = 5,
    /// A bug in Throughline.
    Bug = 70,
    /// Another run holds the lake's lock; try again later.
    Locked = 75,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        ExitCode::from(exit as u8)
    }
}

/// An error that knows how the command must end.
#[derive(Debug)]
pub(crate) struct Failure {
    /// How the command ends.
    pub exit: Exit,
    /// What is printed, hints included.
    pub message: String,
}

impl Failure {
    pub(crate) fn new(exit: Exit, message: impl Into<String>) -> Self {
        Self {
            exit,
            message: message.into(),
        }
    }

    /// A problem with what was typed.
    pub(crate) fn usage(message: impl Into<String>) -> Self {
        Self::new(Exit::Usage, message)
    }

    /// A problem with disk, memory or permission while doing `what`.
    pub(crate) fn system(what: impl std::fmt::Display, error: &std::io::Error) -> Self {
        Self::new(Exit::System, format!("failed to {what}: {error}"))
    }
}

impl std::fmt::Display for Failure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Failure {}
