//! One line of the calibration table: what a district was told about one program and outcome, beside what is true.

use serde::Serialize;
use throughline_model::pipeline::Design;

/// What a program is a case of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Case {
    /// Taken by choice, by better or weaker teachers a little more often.
    Chosen,
    /// Does nothing; better teachers choose it.
    BetterTeachers,
    /// Does nothing; assigned after a bad year.
    AfterBadYear,
    /// Does nothing; taken by most teachers of schools that were improving anyway.
    ImprovingSchools,
    /// Five teachers.
    Pilot,
    /// A trainer in the building, schools in random order.
    Trainer,
    /// Does nothing; a trainer in the building, improving schools first.
    TrainerImproving,
}

impl Case {
    pub(super) const ALL: [Self; 7] = [
        Self::Chosen,
        Self::BetterTeachers,
        Self::AfterBadYear,
        Self::ImprovingSchools,
        Self::Pilot,
        Self::Trainer,
        Self::TrainerImproving,
    ];

    pub(super) fn words(self) -> &'static str {
        match self {
            Self::Chosen => "taken by choice",
            Self::BetterTeachers => "attracts better teachers, does nothing",
            Self::AfterBadYear => "assigned after a bad year, does nothing",
            Self::ImprovingSchools => "teachers of improving schools, does nothing",
            Self::Pilot => "pilot of five teachers",
            Self::Trainer => "trainer in the building, schools in random order",
            Self::TrainerImproving => {
                "trainer in the building, improving schools first, does nothing"
            }
        }
    }
}

/// An interval as it is printed.
#[derive(Clone, Copy, Debug, Serialize)]
pub(crate) struct Interval {
    pub(crate) estimate: f64,
    pub(crate) lower: f64,
    pub(crate) upper: f64,
}

impl Interval {
    pub(super) fn covers(&self, truth: f64) -> bool {
        self.lower <= truth && truth <= self.upper
    }
}

/// One program × outcome of one district.
#[derive(Clone, Debug)]
pub(crate) struct Row {
    pub(crate) district: usize,
    pub(crate) program: String,
    pub(crate) case: Case,
    pub(crate) outcome: String,
    /// The effect that was drawn, SD.
    pub(crate) drawn: f64,
    /// What it is in this district, in SD of its students: [`Row::drawn`] up to the district's own spread.
    pub(crate) truth: f64,
    pub(crate) design: Design,
    pub(crate) verdict: throughline_evidence::finding::Verdict,
    /// More is better.
    pub(crate) adjusted: Option<Interval>,
    pub(crate) df: Option<f64>,
    pub(crate) q: Option<f64>,
    pub(crate) naive: Option<Interval>,
    /// Checks that failed.
    pub(crate) failed: Vec<String>,
}
