//! How large the drawn districts are, and within which bounds the rest of them varies.

/// Bounds of a uniform draw.
pub(super) type Range = [f64; 2];

/// What the drawn districts have in common.
#[derive(Clone, Debug)]
pub(crate) struct Shape {
    /// `default`, `small`, or the release it is taken from.
    pub(crate) name: String,
    /// The release it is taken from, where it is.
    pub(super) release: Option<String>,
    pub(crate) students: u32,
    pub(crate) schools: u32,
    pub(crate) years: u32,
    /// Share of teachers who take each of the chosen programs, and the one that better teachers prefer, in a year.
    pub(super) shares: [f64; 4],
    /// Usual hours of those programs.
    pub(super) hours: [f64; 4],
    /// Multiplies the size of classes.
    pub(super) class_size: f64,
    /// Multiplies how strongly teachers choose programs by how good they are.
    pub(super) selection: Range,
    /// Multiplies how fast three in ten schools improve by themselves (0.05 SD of growth a year).
    pub(super) trend: Range,
    /// Standard deviation of a teacher's good and bad years, in SD of the score.
    pub(super) teacher_years: Range,
    /// Multiplies how often students and teachers leave or move.
    pub(super) mobility: Range,
    /// Share of tests missed for no reason that matters.
    pub(super) missed_tests: Range,
    /// Share of staff whose login in the PD system cannot be told from HR's list.
    pub(super) unlinked_staff: Range,
    /// What was taken over from a release, for the report; empty otherwise.
    pub(super) taken_over: Vec<String>,
}

impl Default for Shape {
    fn default() -> Self {
        Self {
            name: "default".to_owned(),
            release: None,
            students: 6_000,
            schools: 24,
            years: 5,
            shares: [1.0 / 3.0; 4],
            hours: [12.0; 4],
            class_size: 1.0,
            selection: [0.5, 1.5],
            trend: [0.5, 2.0],
            teacher_years: [0.02, 0.10],
            mobility: [0.5, 2.0],
            missed_tests: [0.01, 0.06],
            unlinked_staff: [0.0, 0.04],
            taken_over: Vec::new(),
        }
    }
}

impl Shape {
    /// Enough to run, not to tell.
    pub(crate) fn tiny() -> Self {
        Self {
            name: "tiny".to_owned(),
            students: 600,
            schools: 4,
            years: 4,
            ..Self::default()
        }
    }

    /// Half the students and schools, a year less.
    pub(crate) fn small() -> Self {
        Self {
            name: "small".to_owned(),
            students: 3_000,
            schools: 12,
            years: 4,
            ..Self::default()
        }
    }
}
