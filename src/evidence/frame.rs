//! A panel made ready for estimators, once for all studies and subgroups: outcomes in standard deviations, powers of the
//! prior outcome, doses per `per`, effect codes, and at which level each dose was given. Columns are made of the panel's own
//! numbers when an estimator asks ([`Column`]), so that a frame costs next to no memory beside its panel.
//!
//! The standard deviation is that of all the panel's students in all its years, so that one SD means the same in every
//! subgroup and study. Missing numbers stay NaN; `sample` keeps them away from the estimators.

use throughline_model::measure::MeasureGrain;
use throughline_model::panel::{NO_CODE, Panel};
use throughline_model::pipeline::{Exposure, Outcome, Pipeline, Window};
use throughline_stats::Shared;

use crate::dose::Bins;
use crate::error::EvidenceError;

/// A panel, ready.
pub(crate) struct Frame<'a> {
    pub(crate) panel: &'a Panel,
    /// School × school year; [`NO_CODE`] where there is no school.
    pub(crate) school_year: Vec<u32>,
    /// Grade × school year; [`NO_CODE`] where there is no grade.
    pub(crate) grade_year: Vec<u32>,
    /// Teacher × school; [`NO_CODE`] where there is no teacher or no school.
    pub(crate) teacher_school: Vec<u32>,
    pub(crate) outcomes: Vec<ReadyOutcome<'a>>,
    /// In the order of [`Pipeline::exposures`]; `None` where the panel lacks it.
    pub(crate) exposures: Vec<Option<ReadyExposure<'a>>>,
}

/// An outcome in standard deviations.
pub(crate) struct ReadyOutcome<'a> {
    /// Index into [`Pipeline::outcomes`].
    pub(crate) index: usize,
    /// The outcome's standard deviation in its own unit; 0 where it does not vary.
    pub(crate) sd: f64,
    pub(crate) y: Column<'a>,
    /// Powers of the prior outcome, three for scores and one otherwise; none where no prior is known at all.
    pub(crate) priors: Vec<Column<'a>>,
}

/// A dose per `per`.
pub(crate) struct ReadyExposure<'a> {
    pub(crate) d: Column<'a>,
    /// The dose in its own unit.
    pub(crate) native: &'a [f64],
    /// What came after: the next school year's dose or, for a running total, what was gained on the way there.
    pub(crate) lead: Option<Column<'a>>,
    pub(crate) level: Level,
    pub(crate) bins: Option<Bins>,
}

/// A column with the name the estimators know it by: one number a row of the panel, made when it is asked for.
pub(crate) struct Column<'a> {
    pub(crate) name: String,
    rows: usize,
    at: Box<dyn Fn(usize) -> f64 + Send + Sync + 'a>,
}

impl<'a> Column<'a> {
    /// A column of `rows` numbers, each made of its row's.
    pub(crate) fn new(
        name: String,
        rows: usize,
        at: impl Fn(usize) -> f64 + Send + Sync + 'a,
    ) -> Self {
        Self {
            name,
            rows,
            at: Box::new(at),
        }
    }

    /// A column made of each number of another.
    pub(crate) fn of(
        name: String,
        values: &'a [f64],
        change: impl Fn(f64) -> f64 + Send + Sync + 'a,
    ) -> Self {
        Self::new(name, values.len(), move |row| change(values[row]))
    }

    /// The number of one row.
    pub(crate) fn at(&self, row: usize) -> f64 {
        (self.at)(row)
    }

    /// All numbers.
    pub(crate) fn values(&self) -> Vec<f64> {
        (0..self.rows).map(|row| self.at(row)).collect()
    }
}

/// Who is given a dose: standard errors cluster there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub(crate) enum Level {
    /// Students differ under one teacher in one year; assigned by or through teachers.
    Student,
    Teacher,
    /// Everyone in a school has the same dose in a year.
    School,
}

impl<'a> Frame<'a> {
    /// Prepares a panel.
    pub(crate) fn new(pipeline: &Pipeline, panel: &'a Panel) -> Result<Self, EvidenceError> {
        check_lengths(panel)?;
        let first = panel.school_year.iter().copied().min().unwrap_or(0);
        let years = panel.school_year.iter().copied().max().unwrap_or(0) - first + 1;
        let by_year = |codes: &[u32]| -> Vec<u32> {
            codes
                .iter()
                .zip(&panel.school_year)
                .map(|(code, year)| match *code {
                    NO_CODE => NO_CODE,
                    code => code * years.unsigned_abs() + (year - first).unsigned_abs(),
                })
                .collect()
        };
        let school_year = by_year(&panel.school.codes);
        let grade_year = by_year(&panel.grade.codes);
        let schools = u32::try_from(panel.school.labels.len()).unwrap_or(u32::MAX);
        let teacher_school = panel
            .teacher
            .codes
            .iter()
            .zip(&panel.school.codes)
            .map(|(teacher, school)| match (*teacher, *school) {
                (NO_CODE, _) | (_, NO_CODE) => NO_CODE,
                (teacher, school) => teacher * schools + school,
            })
            .collect();
        let outcomes = pipeline
            .outcomes
            .iter()
            .enumerate()
            .filter(|(_, outcome)| outcome.subject == panel.subject)
            .filter_map(|(index, outcome)| ready_outcome(index, outcome, panel))
            .collect();
        let exposures = pipeline
            .exposures
            .iter()
            .map(|exposure| ready_exposure(pipeline, exposure, panel, &school_year))
            .collect();
        Ok(Self {
            panel,
            school_year,
            grade_year,
            teacher_school,
            outcomes,
            exposures,
        })
    }

    /// Whether a row has a school, a grade and a teacher.
    pub(crate) fn placed(&self, row: usize) -> bool {
        self.school_year[row] != NO_CODE
            && self.grade_year[row] != NO_CODE
            && self.panel.teacher.codes[row] != NO_CODE
    }

    /// All teachers of each row by share of days, where some row has several.
    pub(crate) fn teachers(&self) -> Option<Shared<'_>> {
        let taught = &self.panel.taught;
        (!taught.starts.is_empty()).then_some(Shared {
            name: "teacher",
            starts: &taught.starts,
            codes: &taught.teacher,
            shares: &taught.share,
        })
    }

    /// The outcome at this index of the pipeline.
    pub(crate) fn outcome(&self, index: usize) -> Option<&ReadyOutcome<'a>> {
        self.outcomes.iter().find(|ready| ready.index == index)
    }

    /// The exposure at this index of the pipeline, which a plan has checked to be there.
    pub(crate) fn exposure(&self, index: usize) -> Option<&ReadyExposure<'a>> {
        self.exposures.get(index).and_then(Option::as_ref)
    }
}

fn ready_outcome<'a>(
    index: usize,
    outcome: &Outcome,
    panel: &'a Panel,
) -> Option<ReadyOutcome<'a>> {
    let found = panel.outcome(&outcome.id)?;
    let (mean, sd) = moments(&found.values);
    let scale = if sd > 0.0 { sd } else { 1.0 };
    // Scores depend on earlier scores in a curve; other outcomes have too many ties for powers to be told apart.
    let powers = match found.prior.iter().any(|p| !p.is_nan()) {
        false => 0,
        true if outcome.domain == "achievement" => 3,
        true => 1,
    };
    Some(ReadyOutcome {
        index,
        sd,
        y: Column::of(format!("outcome {}", outcome.id), &found.values, move |v| {
            v / scale
        }),
        priors: (1..=powers)
            .map(|power| {
                let name = format!("prior {} ^{power}", outcome.id);
                Column::of(name, &found.prior, move |p| {
                    ((p - mean) / scale).powi(power)
                })
            })
            .collect(),
    })
}

fn ready_exposure<'a>(
    pipeline: &Pipeline,
    exposure: &Exposure,
    panel: &'a Panel,
    school_year: &[u32],
) -> Option<ReadyExposure<'a>> {
    let place = panel.exposures.iter().position(|e| e.name == exposure.id)?;
    let dose: &'a [f64] = &panel.exposures[place].values;
    let grain = pipeline.measure(&exposure.measure).map(|m| m.grain);
    let level = match grain {
        Some(MeasureGrain::School) => Level::School,
        _ if constant_within(dose, school_year) => Level::School,
        Some(MeasureGrain::Student) => Level::Student,
        _ => Level::Teacher,
    };
    let lead = panel
        .leads
        .iter()
        .find(|lead| lead.name == exposure.id)
        .map(|lead| {
            let (per, gained) = (exposure.per, exposure.window == Window::ToDate);
            Column::new(format!("next {}", exposure.id), dose.len(), move |row| {
                let before = if gained { dose[row] } else { 0.0 };
                (lead.values[row] - before) / per
            })
        })
        .filter(|lead| (0..dose.len()).any(|row| !lead.at(row).is_nan()));
    let per = exposure.per;
    Some(ReadyExposure {
        bins: Bins::choose(&exposure.id, dose),
        d: Column::of(format!("dose {}", exposure.id), dose, move |d| d / per),
        native: dose,
        lead,
        level,
    })
}

/// Whether every school × year has one dose, while schools or years differ.
fn constant_within(dose: &[f64], groups: &[u32]) -> bool {
    let size = groups.iter().filter(|g| **g != NO_CODE).max();
    let mut seen = vec![f64::NAN; size.map_or(0, |m| *m as usize + 1)];
    let mut differ = None;
    for (d, group) in dose.iter().zip(groups) {
        if *group == NO_CODE || d.is_nan() {
            continue;
        }
        let first = &mut seen[*group as usize];
        if first.is_nan() {
            *first = *d;
        } else if (*first - d).abs() > 1e-9 {
            return false;
        }
        differ = match differ {
            None => Some((*d, false)),
            Some((one, changed)) => Some((one, changed || (one - d).abs() > 1e-9)),
        };
    }
    differ.is_some_and(|(_, changed)| changed)
}

/// Mean and sample standard deviation of the known values.
fn moments(values: &[f64]) -> (f64, f64) {
    let known = || values.iter().filter(|v| !v.is_nan());
    let n = known().count() as f64;
    if n < 2.0 {
        return (0.0, 0.0);
    }
    let mean = known().sum::<f64>() / n;
    let squares: f64 = known().map(|v| (v - mean).powi(2)).sum();
    let sd = (squares / (n - 1.0)).sqrt();
    // A constant column must not come out as a tiny spread of rounding errors.
    if sd <= 1e-12 * mean.abs() {
        (mean, 0.0)
    } else {
        (mean, sd)
    }
}

fn check_lengths(panel: &Panel) -> Result<(), EvidenceError> {
    let expected = panel.len();
    let check = |column: &str, found: usize| {
        if found == expected {
            Ok(())
        } else {
            Err(EvidenceError::Length {
                column: column.to_owned(),
                found,
                expected,
            })
        }
    };
    check("student", panel.student.codes.len())?;
    check("school", panel.school.codes.len())?;
    check("grade", panel.grade.codes.len())?;
    check("teacher", panel.teacher.codes.len())?;
    check("linked", panel.linked.len())?;
    let taught = &panel.taught;
    if !taught.starts.is_empty() {
        check("taught", taught.starts.len() - 1)?;
    }
    for outcome in &panel.outcomes {
        check(&outcome.name, outcome.values.len())?;
        check(&outcome.name, outcome.prior.len())?;
    }
    let columns = panel.exposures.iter().chain(&panel.leads);
    for column in columns.chain(&panel.covariates) {
        check(&column.name, column.values.len())?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dose_is_the_schools_when_all_its_students_share_it() {
        let groups = [0, 0, 1, 1, NO_CODE];
        assert!(constant_within(&[1.0, 1.0, 0.0, f64::NAN, 7.0], &groups));
        assert!(!constant_within(&[1.0, 2.0, 0.0, 0.0, 0.0], &groups));
        // Nobody took part: there is no level to speak of.
        assert!(!constant_within(&[0.0; 5], &groups));
    }

    #[test]
    fn a_constant_outcome_has_no_spread() {
        assert_eq!(moments(&[0.1; 7]).1, 0.0);
        let (mean, sd) = moments(&[1.0, f64::NAN, 3.0]);
        assert_eq!(mean, 2.0);
        assert!((sd - 2.0f64.sqrt()).abs() < 1e-15);
    }
}
