//! `throughline synth`: writes a synthetic district whose true effects are known.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use throughline_synth::{Attendance, Messes, Spec};

use super::printer::Printer;
use crate::errors;
use crate::exit::{Exit, Failure};

/// Write a synthetic district whose true effects are known
#[derive(Args, Debug)]
pub(crate) struct Synth {
    /// Students enrolled at a time
    #[arg(long, default_value_t = Spec::default().students)]
    students: u32,
    /// Schools
    #[arg(long, default_value_t = Spec::default().schools)]
    schools: u32,
    /// School years
    #[arg(long, default_value_t = Spec::default().years)]
    years: u32,
    /// The same seed gives the same bytes
    #[arg(long, default_value_t = Spec::default().seed)]
    seed: u64,
    /// Folder to write the exports and `truth.json` to
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// Absences and tardies only, or a row for every student and day
    #[arg(long, value_enum, default_value_t = AttendanceStyle::Exceptions)]
    attendance: AttendanceStyle,
    /// What the exports hold beside the truth, which is the same at every level; `truth.json` counts it
    #[arg(long, value_enum, default_value_t = Level::of(Spec::default().messes))]
    messes: Level,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum AttendanceStyle {
    /// Absences and tardies only
    Exceptions,
    /// A row for every student and day
    Daily,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Level {
    /// Nothing
    None,
    /// A few malformed and repeated rows, and corrected exports
    Rows,
    /// These, and no-shows, nested enrollments, section numbers by school, absences after an exit, retests and the like
    Usual,
}

impl Level {
    fn of(messes: Messes) -> Self {
        match messes {
            Messes::None => Self::None,
            Messes::Rows => Self::Rows,
            Messes::Usual => Self::Usual,
        }
    }

    fn messes(self) -> Messes {
        match self {
            Self::None => Messes::None,
            Self::Rows => Messes::Rows,
            Self::Usual => Messes::Usual,
        }
    }
}

impl Synth {
    pub(crate) fn execute(
        &self,
        _common: &super::Common,
        printer: &Printer,
    ) -> Result<Exit, Failure> {
        let spec = Spec {
            students: self.students,
            schools: self.schools,
            years: self.years,
            seed: self.seed,
            attendance: match self.attendance {
                AttendanceStyle::Exceptions => Attendance::Exceptions,
                AttendanceStyle::Daily => Attendance::Daily,
            },
            messes: self.messes.messes(),
            ..Spec::default()
        };
        let written = throughline_synth::write(&spec, &self.out, printer).map_err(errors::synth)?;
        printer.end_stage();
        for file in &written.files {
            printer.line(format!("{:>12} rows  {}", file.rows, file.path));
        }
        printer.document(&serde_json::json!({ "files": written.files.len(), "rows": written.rows(), "bytes": written.bytes() }))?;
        Ok(Exit::Fine)
    }
}
