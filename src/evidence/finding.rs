//! What a study found, in the shape that is checked for disclosure and then printed. A finding is about a
//! program and a group of students, never about one teacher or one student: no type here can hold either.

use serde::{Deserialize, Serialize};
use throughline_model::pipeline::{Design, Subgroup, Window};

pub use crate::actions::{Action, Kind, ProgramActions};
pub use crate::cost::{Cost, Price, STEP, UnitPrice};
pub use crate::registration::{AddedAfter, Change, Planned};
pub use crate::size::{Amount, Benchmark, DAYS, Interval, Size, Yardstick};

/// Everything a run found.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Findings {
    /// One per study × exposure × outcome × subgroup, in that order of the pipeline file.
    pub findings: Vec<Finding>,
    /// Findings whose numbers may not be shown. Empty until the disclosure border has looked.
    pub withheld: Vec<WithheldFinding>,
    /// How outcomes differ by size of dose, for exposures that are counted and not yes/no.
    pub doses: Vec<DoseCurve>,
    /// How many took part in what, when.
    pub coverage: Vec<Coverage>,
    /// What could be done next, program by program. Empty until the disclosure border has looked: see
    /// [`actions`](crate::actions::actions).
    pub actions: Vec<ProgramActions>,
}

/// Something with an id in the pipeline file and a name for people.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Named {
    /// Id in the pipeline file.
    pub id: String,
    /// For people.
    pub label: String,
}

/// Why a number is not shown. Says which rule, never how small the group is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Rule {
    /// It would be about too few students, or leave too few outside.
    FewStudents,
    /// It would be about too few teachers, or leave too few outside.
    FewTeachers,
    /// It would be about too few schools, or leave too few outside.
    FewSchools,
}

/// What remains of a finding that may not be shown: what was asked, and the rule.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WithheldFinding {
    /// As [`Finding::id`].
    pub id: String,
    /// The study that asked.
    pub study: Named,
    /// The training or tool.
    pub exposure: Named,
    /// What should get better.
    pub outcome: Named,
    /// The students it would have been about.
    pub subgroup: Subgroup,
    /// Why it is withheld.
    pub rule: Rule,
}

/// What went with what, for whom, and how far that can be believed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Finding {
    /// `study.exposure.outcome.subgroup`: stable from run to run, accepted by `throughline explain`.
    pub id: String,
    /// The study that asked.
    pub study: Named,
    /// The training or tool.
    pub exposure: Named,
    /// What should get better.
    pub outcome: Named,
    /// Family for false-discovery control.
    pub domain: String,
    /// The students it is about.
    pub subgroup: Subgroup,
    /// The design that speaks for it: its estimate is [`Finding::adjusted`].
    pub design: Design,
    /// Every other design the study allows, strongest first: what it says, or why it was not run. A design that speaks
    /// in the place of panel association is among them, with what it shows.
    pub designs: Vec<DesignResult>,
    /// When the dose counted.
    pub window: Window,
    /// Effects are per this much dose.
    pub per: f64,
    /// The dose's unit, for people: `hours`.
    pub dose_unit: String,
    /// The outcome's own unit, for people.
    pub outcome_unit: String,
    /// Whether more of the outcome is better.
    pub higher_is_better: bool,
    /// The smallest difference that matters, in SD.
    pub smallest_difference: f64,
    /// What a plain correlation says, in SD of the outcome per `per` of dose.
    pub naive: Option<Estimate>,
    /// What the design says, in SD of the outcome per `per` of dose.
    pub adjusted: Option<Estimate>,
    /// The adjusted estimate in the outcome's own unit.
    pub adjusted_raw: Option<Estimate>,
    /// The same design with this program alone, the study's other programs left out, in SD.
    pub alone: Option<Estimate>,
    /// For a subgroup: the estimate drawn towards the mean of all the study's subgroups by as much as it is noise
    /// (empirical Bayes), in SD per `per`. Print beside the estimate: `0.081 (with what the other groups show: 0.064)`.
    /// `None` for everyone, and where fewer than three subgroups have an estimate.
    pub shrunk: Option<Estimate>,
    /// For a subgroup: its estimate less that of all other students, in SD per `per`, from one model of both with errors
    /// clustered as the estimate's. Print: `0.03 SD more than for other students (−0.01 to 0.07)`. Whether a gap between the
    /// two groups narrowed is its sign read with [`Finding::higher_is_better`]. `None` for everyone.
    pub gap: Option<Estimate>,
    /// After false-discovery control over the run (Benjamini–Hochberg over one-sided p-values): at which rate the estimate could be called
    /// better, or worse, whichever it points to. `None` where nothing may be claimed, since it rests on too few.
    pub q_value: Option<f64>,
    /// The same within the outcome's domain.
    pub q_in_domain: Option<f64>,
    /// Who it rests on.
    pub n: Counts,
    /// What was tried against it.
    pub checks: Vec<Check>,
    /// What can be said.
    pub verdict: Verdict,
    /// Why, in one sentence.
    pub verdict_reason: String,
    /// How strong the evidence is.
    pub grade: Grade,
    /// The smallest true effect (SD per `per`) this design would find with 80 % power.
    pub minimum_detectable: Option<f64>,
    /// The adjusted estimate in words people use.
    pub size: Option<Size>,
    /// What `per` of dose costs and what that buys, where the pipeline says what things cost.
    pub cost: Option<Cost>,
    /// Whether the question stood before outcomes were read.
    pub planned: Planned,
    /// The estimator and its conventions, in words.
    pub estimator: String,
}

/// What another design says to the same question.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DesignResult {
    /// Which.
    pub design: Design,
    /// What is compared, for people: `any against none`, `offered a place against not`.
    pub contrast: String,
    /// SD of the outcome for that contrast, comparable from design to design (a count model's factor is turned into SD
    /// at the mean of those without dose); `None` where the design was not run.
    pub estimate: Option<Estimate>,
    /// Why it was not run, or gave no estimate.
    pub not_run: Option<String>,
    /// Who it rests on.
    pub n: Counts,
    /// What was tried against it.
    pub checks: Vec<Check>,
    /// The estimator and its conventions, in words.
    pub estimator: String,
    /// What else it shows.
    pub detail: Detail,
}

/// What a design shows beside its estimate. Numbers in SD of the outcome.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub enum Detail {
    /// Nothing.
    #[default]
    None,
    /// Staggered adoption: years before and after the beginning.
    EventStudy(EventStudy),
    /// A comparison of two groups: how alike they are.
    Balance(Balance),
    /// A lottery: what was offered, what was taken, who left.
    Lottery(Lottery),
    /// A smooth dose-response.
    Curve(Curve),
    /// Training and tool together.
    Joint(Joint),
    /// A factor on a count or a rare event.
    Rate(Rate),
}

/// Effects by year relative to the beginning.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct EventStudy {
    /// Who was compared with: `never treated`, `not yet treated`.
    pub controls: String,
    /// One per relative year, in order; the year before the beginning is the reference and absent.
    pub points: Vec<EventPoint>,
    /// p-value of the joint test that all effects before the beginning are zero (the smaller one of any difference and of a
    /// steady drift, doubled).
    pub pre_trend_p: Option<f64>,
    /// The smallest linear trend (SD a year) that this test finds at 1 % with 80 % power.
    pub pre_trend_detectable: Option<f64>,
    /// Intervals that allow violations after the beginning up to `m` times the largest before it, smallest `m` first, up to
    /// the first that holds zero; none where there is no difference to try.
    pub honest: Vec<HonestInterval>,
    /// The same average effect with the other control group.
    pub other_controls: Option<Estimate>,
}

/// The effect in one year relative to the beginning.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct EventPoint {
    /// 0: the first year; negative: before.
    pub relative_year: i32,
    /// The effect with its pointwise interval.
    pub effect: Estimate,
    /// Lower end of the band that holds all years at once.
    pub band_lower: f64,
    /// Upper end of it.
    pub band_upper: f64,
}

/// An interval that allows some violation of parallel trends (Rambachan and Roth 2023, relative magnitudes).
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct HonestInterval {
    /// How many times the largest violation before the beginning.
    pub m: f64,
    /// Lower end.
    pub lower: f64,
    /// Upper end.
    pub upper: f64,
}

/// How alike two groups are.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Balance {
    /// One per baseline measure, the prior outcome first.
    pub rows: Vec<BalanceRow>,
    /// Effective number of comparison students after weighting.
    pub effective_comparison: f64,
    /// Students with a baseline and no outcome: share of participants …
    pub attrition_exposed: Option<f64>,
    /// … and of the others.
    pub attrition_comparison: Option<f64>,
}

/// One baseline measure in both groups.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct BalanceRow {
    /// For people.
    pub label: String,
    /// Standardised difference (participants less others) before matching or weighting …
    pub before: f64,
    /// … and after.
    pub after: f64,
}

/// What came of a draw.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Lottery {
    /// SD of the outcome among those who took part because they were offered a place (two-stage least squares).
    pub complier: Option<Estimate>,
    /// Share of those offered a place who took part …
    pub taken_offered: f64,
    /// … and of those not offered one.
    pub taken_not_offered: f64,
    /// Share of everyone in the draw without an outcome.
    pub overall_attrition: f64,
    /// Difference of that share between the two groups.
    pub differential_attrition: f64,
    /// Two-sided p-value over re-drawn lots.
    pub randomisation_p: Option<f64>,
    /// How alike the two groups were before.
    pub balance: Vec<BalanceRow>,
}

/// A smooth curve of the outcome against the dose, zero at no dose.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Curve {
    /// Smallest dose first.
    pub points: Vec<CurvePoint>,
    /// p-value of the test against no difference at any dose.
    pub any_p: Option<f64>,
    /// p-value of the test against a straight line.
    pub curved_p: Option<f64>,
    /// The dose from which on more is not shown to go with more: the slope's interval lay above zero before and holds
    /// zero from here to the last dose. `None` where there is no such dose.
    pub stops_paying: Option<f64>,
}

/// One dose on a curve.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct CurvePoint {
    /// In the dose's own unit.
    pub dose: f64,
    /// Against no dose, with its pointwise interval.
    pub effect: Estimate,
    /// Lower end of the band that holds the whole curve.
    pub band_lower: f64,
    /// Upper end of it.
    pub band_upper: f64,
}

/// A tool where teachers were trained and where they were not.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Joint {
    /// The training (or tool) that is asked beside the finding's own exposure.
    pub with: Named,
    /// The tool per `per` without training.
    pub without: Estimate,
    /// The tool per `per` with training.
    pub together: Estimate,
    /// The difference of the two.
    pub difference: Estimate,
}

/// By what factor a count or a rare event differs per `per` of dose. Print in percent, with what it multiplies:
/// `12 % fewer (3 % to 20 % fewer) than the 0.41 incidents per 100 enrolled days without it`.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Rate {
    /// The factor and its interval: 1 is no difference, 0.88 is 12 % fewer. `se` is that of its natural logarithm; p and df
    /// are those of the logarithm's test against zero.
    pub factor: Estimate,
    /// Mean of the outcome among student × school years without dose, in its own unit: what the factor multiplies.
    pub base: f64,
    /// Student × school years that say nothing because nothing ever happened under their teacher, or in their school's or
    /// grade's year. They are not among [`DesignResult::n`]. `None` where they are too few to be shown.
    pub silent: Option<u64>,
}

/// A number with its uncertainty.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Estimate {
    /// Point estimate.
    pub estimate: f64,
    /// Standard error.
    pub se: f64,
    /// Lower end of the 95 % interval.
    pub lower: f64,
    /// Upper end of the 95 % interval.
    pub upper: f64,
    /// Two-sided p-value.
    pub p: f64,
    /// Degrees of freedom of the t distribution.
    pub df: f64,
}

/// Who an estimate rests on. "Exposed" means any dose above zero; "comparison" means a dose of zero. One student
/// can be both, in different school years. `None` where a number may not be shown.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// Student × school years used.
    pub student_years: u64,
    /// Distinct students used.
    pub students: u64,
    /// Distinct teachers used.
    pub teachers: u64,
    /// Distinct schools used.
    pub schools: u64,
    /// Distinct students with any dose.
    pub exposed_students: Option<u64>,
    /// Distinct teachers with any dose among their students.
    pub exposed_teachers: Option<u64>,
    /// Distinct schools with any dose.
    pub exposed_schools: Option<u64>,
    /// Distinct students with a school year without dose.
    pub comparison_students: Option<u64>,
    /// Distinct teachers of such student × school years.
    pub comparison_teachers: Option<u64>,
    /// Distinct schools of such student × school years.
    pub comparison_schools: Option<u64>,
    /// Student × school years that were not used, by reason, in the order they were dropped.
    pub dropped: Vec<Dropped>,
}

/// Rows that were not used.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dropped {
    /// Why, for people.
    pub reason: String,
    /// How many student × school years; `None` where they are too few to be shown.
    pub rows: Option<u64>,
}

/// One thing that was tried against a finding.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Check {
    /// What was tried.
    pub name: String,
    /// How it went.
    pub outcome: CheckOutcome,
    /// Why, with the numbers, in one sentence.
    pub reason: String,
}

/// How a check went.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum CheckOutcome {
    /// Nothing against the finding.
    Passed,
    /// The finding does not survive.
    Failed,
    /// The data cannot tell.
    NotRun,
}

/// What can be said of a program and an outcome.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Verdict {
    /// Better outcomes, beyond doubt of sampling.
    Helped,
    /// Points to better outcomes; the evidence is thinner.
    Promising,
    /// The whole interval is smaller than the smallest difference that matters.
    NoMeaningfulDifference,
    /// The interval is too wide.
    CannotTellYet,
    /// Worse outcomes, beyond doubt of sampling.
    WorseOutcomes,
    /// A check failed.
    NotCredible,
}

impl Verdict {
    /// The words that are printed.
    pub fn words(self) -> &'static str {
        match self {
            Self::Helped => "helped",
            Self::Promising => "promising",
            Self::NoMeaningfulDifference => "no meaningful difference",
            Self::CannotTellYet => "cannot tell yet",
            Self::WorseOutcomes => "went with worse outcomes",
            Self::NotCredible => "not credible",
        }
    }
}

/// How strong the evidence is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Grade {
    /// The ESSA tier this finding is a candidate for; a district's own association at most 3; `None` for none.
    pub essa_candidate: Option<u8>,
    /// 0–5.
    pub marks: u8,
    /// Why each lost mark was lost.
    pub lost: Vec<String>,
    /// What would raise it.
    pub raise: Vec<String>,
    /// What the law still asks of the tier it is a candidate for, and of the next one.
    pub law: Vec<String>,
}

/// Adjusted outcome by size of dose, against no dose.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DoseCurve {
    /// The training or tool.
    pub exposure: Named,
    /// What should get better.
    pub outcome: Named,
    /// The dose's unit, for people.
    pub dose_unit: String,
    /// Smallest dose first. The first bin is those without dose (`above` and `up_to` are 0): what the others are
    /// compared with.
    pub bins: Vec<DoseBin>,
}

/// One size of dose. Numbers are `None` where they could not be estimated or may not be shown.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DoseBin {
    /// Smallest dose in it (exclusive), rounded to a number people use.
    pub above: f64,
    /// Largest dose in it (inclusive), rounded; `None` for the last, which is open.
    pub up_to: Option<f64>,
    /// Mean dose in it.
    pub mean_dose: Option<f64>,
    /// SD of the outcome against no dose.
    pub effect: Option<Estimate>,
    /// Distinct students in it.
    pub students: Option<u64>,
    /// Distinct teachers in it.
    pub teachers: Option<u64>,
    /// Distinct schools in it.
    pub schools: Option<u64>,
    /// The rule under which its numbers are withheld, when they are.
    pub withheld: Option<Rule>,
}

/// How many took part in one school year. Numbers are `None` where they may not be shown.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Coverage {
    /// The training or tool.
    pub exposure: Named,
    /// School year.
    pub school_year: i32,
    /// Distinct students with any dose.
    pub students: Option<u64>,
    /// Distinct teachers of such students.
    pub teachers: Option<u64>,
    /// Distinct schools of such students.
    pub schools: Option<u64>,
    /// Distinct students of the year.
    pub all_students: Option<u64>,
    /// Distinct teachers of the year.
    pub all_teachers: Option<u64>,
    /// Distinct schools of the year.
    pub all_schools: Option<u64>,
    /// Share (0–1) of the year's students with any dose.
    pub share: Option<f64>,
    /// The rule under which its numbers are withheld, when they are.
    pub withheld: Option<Rule>,
}
