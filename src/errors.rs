//! How the crates' errors end a command: the exit code of each, and what is printed.

use std::error::Error;
use std::io;

use throughline_evidence::EvidenceError;
use throughline_ingest::{IngestError, KeyError};
use throughline_lake::LakeError;
use throughline_report::ReportError;
use throughline_synth::SynthError;

use crate::exit::{Exit, Failure};

pub(crate) fn ingest(error: IngestError) -> Failure {
    let exit = match &error {
        IngestError::NoFiles { .. }
        | IngestError::Emptied { .. }
        | IngestError::Headers(_)
        | IngestError::Refused(_)
        | IngestError::Conflicting(_)
        | IngestError::Changed { .. }
        | IngestError::Undecoded(_) => Exit::DataRefused,
        IngestError::Escapes { .. } => Exit::Usage,
        IngestError::Read { error, .. } if error.kind() == io::ErrorKind::NotADirectory => {
            Exit::DataRefused
        }
        IngestError::Read { .. }
        | IngestError::Write { .. }
        | IngestError::Collision
        | IngestError::Threads(_) => Exit::System,
        IngestError::Unbalanced { .. } | IngestError::Encode { .. } => Exit::Bug,
        IngestError::Key(_) => Exit::System,
    };
    failure(exit, &error)
}

pub(crate) fn key(error: KeyError) -> Failure {
    let mut ended = failure(
        match &error {
            KeyError::Exists(_) | KeyError::Malformed(_) => Exit::Usage,
            KeyError::Read(_, source) if source.kind() == io::ErrorKind::NotFound => Exit::Usage,
            KeyError::Read(..) | KeyError::Write(..) | KeyError::Random(_) => Exit::System,
        },
        &error,
    );
    if let KeyError::Read(_, source) = &error
        && source.kind() == io::ErrorKind::NotFound
    {
        ended
            .message
            .push_str("\n  hint: `throughline key init` makes a key");
    }
    ended
}

pub(crate) fn lake(error: LakeError) -> Failure {
    let exit = match &error {
        LakeError::Locked { .. } => Exit::Locked,
        LakeError::NoRelease(_)
        | LakeError::UnknownRelease(_)
        | LakeError::BadQuery(_)
        | LakeError::BadMeasure { .. } => Exit::Usage,
        LakeError::Io { .. }
        | LakeError::Memory(_)
        | LakeError::BadData(_)
        | LakeError::Delta { .. }
        | LakeError::BadRelease { .. } => Exit::System,
        LakeError::BadPart { .. } | LakeError::Query(_) => Exit::Bug,
    };
    failure(exit, &error)
}

pub(crate) fn evidence(error: EvidenceError) -> Failure {
    failure(Exit::Bug, &error)
}

pub(crate) fn report(error: ReportError) -> Failure {
    let exit = if matches!(error, ReportError::Write { .. }) {
        Exit::System
    } else {
        Exit::Bug
    };
    failure(exit, &error)
}

pub(crate) fn synth(error: SynthError) -> Failure {
    let exit = if matches!(error, SynthError::Spec(_)) {
        Exit::Usage
    } else {
        Exit::System
    };
    failure(exit, &error)
}

/// The error with its causes, each said once.
fn failure(exit: Exit, error: &dyn Error) -> Failure {
    let mut message = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        let text = inner.to_string();
        if !message.contains(&text) {
            message.push_str(": ");
            message.push_str(&text);
        }
        cause = inner.source();
    }
    Failure::new(exit, message)
}
