//! What a pipeline file means: every name looked up, every path absolute, every default filled in.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::paths::{PathError, Roots};
use crate::calendar::Calendar;
use crate::check::Check;
use crate::definition::Compared;
use crate::mapping::Mapping;
use crate::measure::{Measure, NumberKind};

/// Parameters of a measure, by name, as text; a measure casts what it needs.
pub type Params = BTreeMap<String, String>;

/// A pipeline, ready to run.
#[derive(Clone, Debug)]
pub struct Pipeline {
    /// File stem: names the report folder and the lake.
    pub name: String,
    /// The pipeline file.
    pub file: PathBuf,
    /// The file's text: part of the key of everything made with it.
    pub text: String,
    /// The folder that relative names of sources are shown from.
    pub root: PathBuf,
    /// The folders the pipeline may read from and write to; a listed file must be judged by where it really lies.
    pub roots: Roots,
    /// Whose data this is.
    pub district: District,
    /// School years.
    pub calendar: Calendar,
    /// What may be published.
    pub privacy: Privacy,
    /// Where tables live.
    pub lake: Lake,
    /// Exports, in the order of the file.
    pub sources: Vec<Source>,
    /// What should get better.
    pub outcomes: Vec<Outcome>,
    /// What might make it better.
    pub exposures: Vec<Exposure>,
    /// What is estimated.
    pub studies: Vec<Study>,
    /// Where reports go.
    pub reports: Reports,
    /// What the rows of a release must meet: the checks that come with Throughline, as far as they are about this pipeline's
    /// tables, and its own.
    pub checks: Vec<Check>,
    /// Every measure the pipeline can use: the ones that come with Throughline, replaced by those of the pipeline's
    /// own `measures` folder.
    pub measures: Vec<Measure>,
    /// Outcomes that authorities define in different ways, and the definitions that stand beside each.
    pub compared: Vec<Compared>,
}

/// Whose data this is.
#[derive(Clone, Debug, PartialEq)]
pub struct District {
    /// Name on the reports.
    pub name: String,
    /// What an hour of a teacher's time costs, in dollars; `None` leaves costs out.
    pub hourly_rate: Option<f64>,
}

/// What may be published.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Privacy {
    /// File of the pseudonym key, outside the lake.
    pub key: PathBuf,
    /// Whether a run may make the key when there is none (the sample does).
    pub create_key: bool,
    /// No number about fewer students.
    pub min_students: u32,
    /// No number about fewer teachers.
    pub min_teachers: u32,
    /// No number about fewer schools.
    pub min_schools: u32,
}

/// Where tables live.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lake {
    /// The lake's folder.
    pub path: PathBuf,
}

/// One kind of export.
#[derive(Clone, Debug)]
pub struct Source {
    /// Id in the file.
    pub id: String,
    /// Folder that is listed, absolute.
    pub folder: PathBuf,
    /// File-name pattern inside the folder, with `*` and `?`.
    pub pattern: String,
    /// The vendor's format.
    pub mapping: Mapping,
    /// Share of rows (0–1) that may be rejected before the run is refused.
    pub max_rejected: f64,
    /// Whether it is fine that no file is there.
    pub optional: bool,
    /// Who can put right what is wrong in it: `registrar`, `HR`, or whatever the pipeline says.
    pub owner: String,
}

/// Something that should get better.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// Id in the file.
    pub id: String,
    /// For people.
    pub label: String,
    /// Measure that computes it.
    pub measure: String,
    /// The measure's parameters, defaults filled in.
    pub params: Params,
    /// Family for false-discovery control: `attendance`, `behavior`, `achievement`, `progress`, or the district's own.
    pub domain: String,
    /// The subject whose teachers it reaches; `None`: all of a student's teachers.
    pub subject: Option<String>,
    /// Whether more is better.
    pub higher_is_better: bool,
    /// What kind of number the measure gives: counts and events are modelled by Poisson regression as well.
    pub kind: NumberKind,
    /// The measure's unit, for people.
    pub unit: String,
    /// The smallest difference that matters, in student-level standard deviations of the outcome.
    pub smallest_difference: f64,
}

/// Something that might make an outcome better.
#[derive(Clone, Debug)]
pub struct Exposure {
    /// Id in the file.
    pub id: String,
    /// For people.
    pub label: String,
    /// Measure that computes its dose.
    pub measure: String,
    /// The measure's parameters, defaults filled in.
    pub params: Params,
    /// When the dose counts.
    pub window: Window,
    /// Effects are reported per this much of the dose (10 hours; 1 for yes/no).
    pub per: f64,
    /// The dose's unit, for people: `hours`.
    pub unit: String,
    /// Provider fees and licences in dollars per unit of dose (not per `per`), beside staff time.
    pub cost_per_unit: Option<f64>,
    /// Whether an hour of dose is an hour of a staff member's paid time.
    pub uses_staff_time: bool,
    /// Where the district drew lots for it: the exposure (index into [`Pipeline::exposures`]) that is 1 for who was offered
    /// a place, 0 for who lost the draw, unknown for everyone else. Such an exposure is asked about by no study.
    pub assignment: Option<usize>,
}

/// When a dose counts, relative to the school year of the outcome. It always ends before the outcome's own
/// window starts, except `SameYear`, which says in the report that it does not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub enum Window {
    /// The school year before.
    PriorYear,
    /// The school year of the outcome itself.
    SameYear,
    /// Everything up to the end of the school year before.
    ToDate,
}

/// A question put to the data.
#[derive(Clone, Debug)]
pub struct Study {
    /// Id in the file.
    pub id: String,
    /// For people.
    pub label: String,
    /// How it may be answered, strongest first: every design that the data support is run, and the first one that
    /// gives an estimate speaks for the finding. See [`Design::ALL`].
    pub designs: Vec<Design>,
    /// Outcomes (indices into [`Pipeline::outcomes`]) that none of the exposures can plausibly move.
    pub negative_controls: Vec<usize>,
    /// Indices into [`Pipeline::exposures`].
    pub exposures: Vec<usize>,
    /// Indices into [`Pipeline::outcomes`].
    pub outcomes: Vec<usize>,
    /// Groups of students; always starts with everyone.
    pub subgroups: Vec<Subgroup>,
    /// Pairs of exposures (indices into [`Pipeline::exposures`]): does the first go with more where teachers also had the
    /// second? Usually a tool and the training for it.
    pub pairs: Vec<(usize, usize)>,
    /// Names of student covariates to adjust for.
    pub covariates: Vec<String>,
}

/// How a study answers its question.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize,
)]
pub enum Design {
    /// The district drew lots: those offered a place against those who lost the draw.
    Randomised,
    /// Teachers (or schools) before and after they began, against those who had not begun: group-time effects.
    StaggeredAdoption,
    /// Within teacher over time, within school × year, with the prior outcome.
    PanelAssociation,
    /// Participants against others made alike on the baseline.
    MatchedComparison,
    /// How the outcome differs along the size of the dose.
    DoseResponse,
    /// Whether a tool goes with more where teachers were trained.
    TrainingWithTool,
    /// Counts and rare events by Poisson regression with the same effects.
    CountModel,
}

impl Design {
    /// Every design, the strongest first, the ones that only add detail last.
    pub const ALL: [Self; 7] = [
        Self::Randomised,
        Self::StaggeredAdoption,
        Self::PanelAssociation,
        Self::MatchedComparison,
        Self::DoseResponse,
        Self::TrainingWithTool,
        Self::CountModel,
    ];

    /// How the pipeline file names it.
    pub fn id(self) -> &'static str {
        match self {
            Self::Randomised => "randomised",
            Self::StaggeredAdoption => "staggered_adoption",
            Self::PanelAssociation => "panel_association",
            Self::MatchedComparison => "matched_comparison",
            Self::DoseResponse => "dose_response",
            Self::TrainingWithTool => "training_with_tool",
            Self::CountModel => "count_model",
        }
    }
}

/// A group of students: everyone, or those whose covariate is 1 (`english_learner`), or those in these grades.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub enum Subgroup {
    /// Every student.
    All,
    /// Students for whom this flag of table `student` is true.
    Flag(String),
    /// Students in these grades, first and last included, as positions in [`crate::tables::GRADES`].
    Grades(String, String),
}

impl Subgroup {
    /// How the pipeline file names it.
    pub fn id(&self) -> String {
        match self {
            Self::All => "all".to_owned(),
            Self::Flag(flag) => flag.clone(),
            Self::Grades(first, last) => format!("grades {first}-{last}"),
        }
    }
}

/// Where reports go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reports {
    /// Folder of this pipeline's reports.
    pub folder: PathBuf,
}

impl Privacy {
    /// Floors where a pipeline says nothing: students, teachers, schools.
    pub const FLOORS: (u32, u32, u32) = (10, 5, 3);
}

impl Pipeline {
    /// A pipeline without a pipeline file, which asks nothing yet: what tools, tests and benchmarks fill in. It is called as
    /// `file`, which need not exist; its key, lake and reports are `key`, `lake` and `reports` in that file's folder, which
    /// has to. School years are those of 1990 to 2100 and begin on 1 July; floors are the defaults; no key is made.
    ///
    /// # Errors
    /// [`PathError::Unresolved`] where the file's folder cannot be resolved.
    pub fn bare(file: &Path) -> Result<Self, PathError> {
        let roots = Roots::new(file, &[])?;
        let root = roots.project().to_path_buf();
        let name = file.file_stem().unwrap_or_default();
        let (min_students, min_teachers, min_schools) = Privacy::FLOORS;
        Ok(Self {
            name: name.to_string_lossy().into_owned(),
            file: file.to_path_buf(),
            text: String::new(),
            district: District {
                name: "A district".to_owned(),
                hourly_rate: None,
            },
            calendar: Calendar {
                year_starts: (7, 1),
                years: (1990, 2100),
                counts_from: Calendar::COUNTS_FROM,
            },
            privacy: Privacy {
                key: root.join("key"),
                create_key: false,
                min_students,
                min_teachers,
                min_schools,
            },
            lake: Lake {
                path: root.join("lake"),
            },
            sources: Vec::new(),
            outcomes: Vec::new(),
            exposures: Vec::new(),
            studies: Vec::new(),
            reports: Reports {
                folder: root.join("reports"),
            },
            checks: Vec::new(),
            measures: Vec::new(),
            compared: Vec::new(),
            root,
            roots,
        })
    }

    /// The outcome with this id.
    pub fn outcome(&self, id: &str) -> Option<&Outcome> {
        self.outcomes.iter().find(|outcome| outcome.id == id)
    }

    /// The exposure with this id.
    pub fn exposure(&self, id: &str) -> Option<&Exposure> {
        self.exposures.iter().find(|exposure| exposure.id == id)
    }

    /// Whether an exposure (index into [`Pipeline::exposures`]) only says who won a draw for another.
    pub fn is_draw(&self, exposure: usize) -> bool {
        let mut all = self.exposures.iter();
        all.any(|other| other.assignment == Some(exposure))
    }

    /// The measure with this name.
    pub fn measure(&self, name: &str) -> Option<&Measure> {
        self.measures.iter().find(|measure| measure.name == name)
    }
}
