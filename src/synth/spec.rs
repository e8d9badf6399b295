//! What a synthetic district is asked to be, and what came of it.

use std::path::PathBuf;

use crate::plant::Plant;

/// What to generate. Two equal specs give the same bytes.
#[derive(Clone, Debug, PartialEq)]
pub struct Spec {
    /// Students enrolled in a school year.
    pub students: u32,
    /// Schools; at least 3, and at most one for every 20 students.
    pub schools: u32,
    /// School years, 1–15; the last is `last_year`.
    pub years: u32,
    /// Seed of every random draw.
    pub seed: u64,
    /// The last school year, by the calendar year it ends in.
    pub last_year: i32,
    /// How attendance is exported.
    pub attendance: Attendance,
    /// Multiplies how strongly better teachers choose programs; 0 makes every choice a coin toss.
    pub selection: f64,
    /// Multiplies how fast the improving schools improve by themselves; 0 removes the trend.
    pub trend: f64,
    /// What the exports hold beside the truth.
    pub messes: Messes,
    /// How noisy, mobile and incomplete the district is.
    pub nature: Nature,
    /// Programs with these effects in place of the sample's.
    pub plant: Option<Plant>,
}

/// What differs between districts beside size and programs. The default is the sample's.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Nature {
    /// Standard deviation of a teacher's good and bad years, shared by all their students, in student-level standard
    /// deviations of the score.
    pub teacher_years: f64,
    /// Multiplies how often students and teachers leave or change schools.
    pub mobility: f64,
    /// Share of tests missed for no reason that matters.
    pub missed_tests: f64,
    /// Share of staff whose login in the PD system nobody can tell from HR's list.
    pub unlinked_staff: f64,
    /// Multiplies the size of classes: below 1, more teachers for the same students.
    pub class_size: f64,
}

impl Default for Nature {
    fn default() -> Self {
        Self {
            teacher_years: 0.0,
            mobility: 1.0,
            missed_tests: 0.025,
            unlinked_staff: 0.0,
            class_size: 1.0,
        }
    }
}

impl Default for Spec {
    fn default() -> Self {
        Self {
            students: 2_500,
            schools: 12,
            years: 5,
            seed: 20_250_601,
            last_year: 2025,
            attendance: Attendance::Exceptions,
            selection: 1.0,
            trend: 1.0,
            messes: Messes::Rows,
            nature: Nature::default(),
            plant: None,
        }
    }
}

/// What exports hold beside the truth. What truly happens is the same at every level.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Messes {
    /// Nothing.
    None,
    /// A few malformed rows, repeated rows and corrected re-exports.
    Rows,
    /// These, and what miscounts a district without breaking a format, at usual rates: no-shows, nested enrollments, section
    /// numbers by school, absences after an exit, sessions beside completions, retests and more.
    Usual,
}

/// The two styles in which districts export attendance.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Attendance {
    /// Absences and tardies only; days of membership follow from calendar and enrollment.
    Exceptions,
    /// A row for every enrolled student and instructional day.
    Daily,
}

/// What was written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Written {
    /// Every file, in the order it was written.
    pub files: Vec<WrittenFile>,
}

/// One file that was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WrittenFile {
    /// Path below the output folder, with `/` between folders.
    pub path: String,
    /// Rows below the header (0 for files that are not tables).
    pub rows: u64,
    /// Size.
    pub bytes: u64,
}

impl Written {
    /// Rows of all files together.
    pub fn rows(&self) -> u64 {
        self.files.iter().map(|file| file.rows).sum()
    }

    /// Bytes of all files together.
    pub fn bytes(&self) -> u64 {
        self.files.iter().map(|file| file.bytes).sum()
    }
}

/// Why a district could not be written.
#[derive(Debug, thiserror::Error)]
pub enum SynthError {
    /// A number of the spec is out of range.
    #[error("{0}")]
    Spec(String),
    /// A file or folder could not be written.
    #[error("failed to write `{}`: {source}", path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// What the file system said.
        source: std::io::Error,
    },
}

impl Spec {
    /// Checks every number.
    ///
    /// # Errors
    /// [`SynthError::Spec`] names the first number that is out of range.
    pub fn check(&self) -> Result<(), SynthError> {
        let refuse = |message: String| Err(SynthError::Spec(message));
        if self.schools < 3 || self.schools > 5_000 {
            return refuse("`schools` must lie between 3 and 5000".to_owned());
        }
        if self.students < self.schools * 20 || self.students > 5_000_000 {
            return refuse("`students` must lie between 20 for each school and 5000000".to_owned());
        }
        if !(1..=15).contains(&self.years) {
            return refuse("`years` must lie between 1 and 15".to_owned());
        }
        if !(2000..=2099).contains(&self.last_year) {
            return refuse("`last_year` must lie between 2000 and 2099".to_owned());
        }
        if !(0.0..=10.0).contains(&self.selection) || !(0.0..=10.0).contains(&self.trend) {
            return refuse("`selection` and `trend` must lie between 0 and 10".to_owned());
        }
        let nature = &self.nature;
        let shares = [nature.missed_tests, nature.unlinked_staff];
        if shares.iter().any(|share| !(0.0..=0.9).contains(share)) {
            return refuse("shares of what is missing must lie between 0 and 0.9".to_owned());
        }
        if !(0.0..=5.0).contains(&nature.mobility) || !(0.0..=2.0).contains(&nature.teacher_years) {
            return refuse(
                "`mobility` must lie between 0 and 5, `teacher_years` between 0 and 2".to_owned(),
            );
        }
        if !(0.2..=5.0).contains(&nature.class_size) {
            return refuse("`class_size` must lie between 0.2 and 5".to_owned());
        }
        self.plant.as_ref().map_or(Ok(()), Plant::check)
    }

    /// The first school year.
    pub(crate) fn first_year(&self) -> i32 {
        self.last_year + 1 - self.years as i32
    }
}
