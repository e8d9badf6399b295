//! A scratch project to run the program in, and what a run of it said.

use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, SystemTime};

use tempfile::TempDir;

pub(crate) type Outcome = Result<(), Box<dyn Error>>;

/// What a command said and how it ended.
#[derive(Debug)]
pub(crate) struct Said {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

/// A folder with a pipeline that reads one attendance export.
pub(crate) struct Project {
    folder: TempDir,
}

const PIPELINE: &str = r#"
[district]
name = "Scratch"
[calendar]
first_year = 2024
last_year = 2025
[privacy]
key = "../secret/pseudonym.key"
create_key = true
[lake]
path = "../lake"
[reports]
folder = "../reports"
[[source]]
id = "attendance"
files = "../exports/*.csv"
mapping = "scratch_attendance"
max_rejected = 0.34
"#;

const MAPPING: &str = r#"
vendor = "Scratch"
table = "attendance_event"
[columns]
student_id = { from = "Student" }
date = { from = "Date", format = "%Y-%m-%d" }
school_id = { from = "School" }
category = { from = "Code", codes = { A = "excused_absence", U = "unexcused_absence", T = "tardy" } }
"#;

pub(crate) const HEADER: &str = "Student,Date,School,Code\n";
pub(crate) const GOOD: &str = "Student,Date,School,Code\n\
    0001,2024-09-03,10,A\n0002,2024-09-03,10,U\n0003,2024-09-04,10,T\n";

/// The program that is tested.
pub(crate) fn program() -> Command {
    Command::new(env!("CARGO_BIN_EXE_throughline"))
}

/// Runs a command to its end.
pub(crate) fn said(command: &mut Command) -> Result<Said, Box<dyn Error>> {
    let output = command.output()?;
    Ok(Said {
        code: output.status.code().ok_or("the program was killed")?,
        stdout: String::from_utf8(output.stdout)?,
        stderr: String::from_utf8(output.stderr)?,
    })
}

impl Project {
    pub(crate) fn new() -> Result<Self, Box<dyn Error>> {
        let project = Self {
            folder: tempfile::tempdir()?,
        };
        project.write("pipelines/p.toml", PIPELINE)?;
        project.write("pipelines/mappings/scratch_attendance.toml", MAPPING)?;
        fs::create_dir_all(project.path("exports"))?;
        Ok(project)
    }

    /// A project whose lake already holds a release made from [`GOOD`].
    pub(crate) fn with_release() -> Result<Self, Box<dyn Error>> {
        let project = Self::new()?;
        project.write("exports/day1.csv", GOOD)?;
        let said = project.ingest()?;
        if said.code == 0 {
            Ok(project)
        } else {
            Err(format!("no first release: {said:?}").into())
        }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, content: impl AsRef<[u8]>) -> Outcome {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap_or(Path::new(".")))?;
        fs::write(&path, content)?;
        // A file that was changed just now is looked at twice; these have been there for a while.
        let earlier = SystemTime::now() - Duration::from_secs(3600);
        let file = fs::File::options().write(true).open(path)?;
        Ok(file.set_modified(earlier)?)
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> Result<Said, Box<dyn Error>> {
        said(program().args(arguments).current_dir(self.folder.path()))
    }

    pub(crate) fn ingest(&self) -> Result<Said, Box<dyn Error>> {
        self.run(&["ingest", "pipelines/p.toml"])
    }

    /// One number from the current release.
    pub(crate) fn number(&self, sql: &str) -> Result<i64, Box<dyn Error>> {
        let out = self.path("answer.csv");
        let said = self.run(&["query", sql, "--out", &out.display().to_string()])?;
        if said.code != 0 {
            return Err(format!("{said:?}").into());
        }
        let text = fs::read_to_string(out)?;
        Ok(text.lines().nth(1).ok_or("no row")?.parse()?)
    }

    /// Rows of `attendance_event` in the current release.
    pub(crate) fn events(&self) -> Result<i64, Box<dyn Error>> {
        self.number("SELECT count(*) AS n FROM attendance_event")
    }
}
