//! The first design, panel association: students of the same teacher in years in which the teacher had taken more or less of
//! a program, compared within their school's year and their grade's year, with the outcome of the year before and what is
//! known of the student.
//!
//! All programs of a study stand in one model, since teachers take several: one at a time, each would collect what its
//! participants also took. A program that reaches a whole school at once has no variation within school × year; it is
//! compared within a teacher's years at one school, and its errors cluster by school.
//!
//! Many students have two teachers in a year: a co-teacher, a substitute until a late hire came, another class after a move. A dose
//! is the mean over them by days, and so is what they are good for: each teacher's effect enters by the same shares
//! (multiple membership, Browne, Goldstein and Rasbash 2001; the partial credit method of Hock and Isenberg 2012). With the effect of the
//! main teacher alone, a good co-teacher's skill is credited to whatever good teachers like to take: in drawn districts,
//! where a quarter of classes were co-taught, that moved a program that did nothing by 0.02 SD.
//!
//! Standard errors are CR1 clustered by whoever the dose is assigned to, with the *effective* number of clusters less one as
//! degrees of freedom (Carter, Schnepel and Steigerwald 2017): 300 teachers of whom 6 took part are not 300. What the removed
//! effects take from residuals is counted by class-year ([`class_years`]). Below 40 clusters CR2 with Satterthwaite's degrees
//! of freedom takes their place.

use std::collections::{BTreeMap, BTreeSet};

use rayon::prelude::*;
use throughline_stats::dist::{t_quantile, t_two_sided};
use throughline_stats::{
    Absorbed, Coefficient, Column as Numbers, Design, Effect, Fit, FitOptions, StatsError, Vcov,
    absorb,
};

use crate::class_years;
use crate::finding::Estimate;
use crate::frame::{Column, Frame, Level};

/// Fewer clusters than this need a small-sample correction.
pub(crate) const FEW_CLUSTERS: usize = 40;

/// Which rows are compared with which.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Comparison {
    /// Within teacher and within school × year; clusters are teachers.
    WithinTeacher,
    /// Within a teacher's time at one school; clusters are schools.
    WithinSchool,
}

impl Comparison {
    pub(crate) fn of(level: Level) -> Self {
        match level {
            Level::Student | Level::Teacher => Self::WithinTeacher,
            Level::School => Self::WithinSchool,
        }
    }

    /// What errors cluster by.
    pub(crate) fn cluster(self) -> &'static str {
        match self {
            Self::WithinTeacher => "teacher",
            Self::WithinSchool => "school",
        }
    }

    /// The effects that are removed, in words.
    pub(crate) fn effects(self) -> &'static str {
        match self {
            Self::WithinTeacher => "teacher, school × year and grade × year effects",
            Self::WithinSchool => "teacher × school and grade × year effects",
        }
    }
}

/// Columns of one sample with the comparison's effects removed.
pub(crate) struct Model<'a> {
    pub(crate) absorbed: Absorbed,
    pub(crate) comparison: Comparison,
    /// Names of the doses that stand together.
    pub(crate) doses: Vec<&'a str>,
    /// Names of the covariates.
    pub(crate) covariates: Vec<&'a str>,
    /// What CR1 variances are multiplied by: see [`class_years`].
    pub(crate) correction: f64,
    /// Whether students count for all their teachers by share of days.
    pub(crate) shared: bool,
}

impl<'a> Model<'a> {
    /// Removes the comparison's effects from all columns on the masked rows.
    pub(crate) fn new(
        frame: &'a Frame<'_>,
        mask: &[bool],
        comparison: Comparison,
        doses: &[&'a Column<'_>],
        covariates: &'a [Column<'_>],
        others: &[&Column<'_>],
    ) -> Result<Self, StatsError> {
        let mut design = design(frame, mask, comparison);
        share_teachers(frame, mask, comparison, &mut design);
        let mut model = Self::absorb(&design, comparison, doses, covariates, others)?;
        if comparison == Comparison::WithinTeacher {
            let rows = model.absorbed.rows();
            let of = |codes: &[u32]| -> Vec<u32> {
                rows.iter().map(|row| codes[*row as usize]).collect()
            };
            let years: Vec<i32> = rows
                .iter()
                .map(|row| frame.panel.school_year[*row as usize])
                .collect();
            model.correction = class_years::correction(
                &of(&frame.panel.teacher.codes),
                &of(&frame.school_year),
                &of(&frame.grade_year),
                &years,
                doses.len() as f64 + helpers(frame, rows, model.shared),
            );
        }
        Ok(model)
    }

    /// The same within student as well.
    pub(crate) fn within_student(
        frame: &'a Frame<'_>,
        mask: &[bool],
        comparison: Comparison,
        doses: &[&'a Column<'_>],
        covariates: &'a [Column<'_>],
        others: &[&Column<'_>],
    ) -> Result<Self, StatsError> {
        let mut design = design(frame, mask, comparison);
        design.effects.push(Effect {
            name: "student",
            codes: &frame.panel.student.codes,
        });
        Self::absorb(&design, comparison, doses, covariates, others)
    }

    fn absorb(
        design: &Design<'_>,
        comparison: Comparison,
        doses: &[&'a Column<'_>],
        covariates: &'a [Column<'_>],
        others: &[&Column<'_>],
    ) -> Result<Self, StatsError> {
        let columns: Vec<&Column<'_>> = doses
            .iter()
            .copied()
            .chain(covariates)
            .chain(others.iter().copied())
            .collect();
        Ok(Self {
            absorbed: absorbed(design, &columns)?,
            comparison,
            doses: doses.iter().map(|dose| dose.name.as_str()).collect(),
            covariates: covariates.iter().map(|c| c.name.as_str()).collect(),
            correction: 1.0,
            shared: design.shared.is_some(),
        })
    }

    /// Adds columns until [`Model::forget`].
    pub(crate) fn push(&mut self, columns: &[&Column<'_>]) -> Result<(), StatsError> {
        with_numbers(columns, |numbers| self.absorbed.push(numbers))
    }

    /// How many columns there are.
    pub(crate) fn columns(&self) -> usize {
        self.absorbed.names().len()
    }

    /// Keeps only the first `columns` columns.
    pub(crate) fn forget(&mut self, columns: usize) {
        self.absorbed.truncate(columns);
    }

    /// The effects that are removed, in words.
    pub(crate) fn removed(&self) -> &'static str {
        match self.shared {
            true => {
                "teacher (all of a student's, by share of days), school × year and grade × year effects"
            }
            false => self.comparison.effects(),
        }
    }

    /// Distinct clusters in the sample.
    pub(crate) fn clusters(&self) -> usize {
        let cluster = self.absorbed.cluster(self.comparison.cluster());
        cluster.map_or(0, |(_, levels)| levels)
    }

    /// Regression of an outcome on the given regressors with its priors and the covariates.
    pub(crate) fn fit(
        &self,
        outcome: &str,
        regressors: &[&str],
        priors: &[Column<'_>],
    ) -> Result<Fit, StatsError> {
        let regressors = self.with_adjustment(regressors, priors);
        let few = self.clusters() < FEW_CLUSTERS;
        if few {
            let options = FitOptions::new(Vcov::Cr2);
            match self.absorbed.ols(outcome, &regressors, &options) {
                Err(StatsError::Unsupported { .. }) => {}
                answered => return answered,
            }
        }
        let options = FitOptions::new(Vcov::Crv1);
        let mut fit = self.absorbed.ols(outcome, &regressors, &options)?;
        if self.correction > 1.0 {
            let times = self.correction.sqrt();
            for coefficient in &mut fit.coefficients {
                let reach = coefficient.upper - coefficient.estimate;
                *coefficient = Coefficient {
                    se: coefficient.se * times,
                    statistic: coefficient.statistic / times,
                    p: t_two_sided(coefficient.statistic / times, coefficient.df),
                    lower: coefficient.estimate - reach * times,
                    upper: coefficient.estimate + reach * times,
                    ..coefficient.clone()
                };
            }
            for variance in &mut fit.covariance {
                *variance *= self.correction;
            }
            fit.vcov
                .push_str(", degrees of freedom counted by class-year");
        }
        Ok(fit)
    }

    /// The regressors followed by priors and covariates.
    pub(crate) fn with_adjustment<'n>(
        &'n self,
        regressors: &[&'n str],
        priors: &'n [Column<'_>],
    ) -> Vec<&'n str> {
        regressors
            .iter()
            .copied()
            .chain(priors.iter().map(|prior| prior.name.as_str()))
            .chain(self.covariates.iter().copied())
            .collect()
    }

    /// The effective number of clusters behind a regressor: with shares s of its remaining variation by cluster,
    /// `(Σs)² / Σs²`. `None` where nothing remains of it beside the other doses and the covariates.
    pub(crate) fn effective_clusters(&self, regressor: &str, beside: &[&str]) -> Option<f64> {
        let others: Vec<&str> = beside
            .iter()
            .chain(&self.covariates)
            .copied()
            .filter(|name| *name != regressor)
            .collect();
        let cluster = self.comparison.cluster();
        let shares = self.absorbed.variation(regressor, &others, cluster).ok()?;
        let total: f64 = shares.iter().sum();
        let squares: f64 = shares.iter().map(|s| s * s).sum();
        (squares > 0.0).then(|| total * total / squares)
    }
}

/// The rows, effects and clusters of a comparison.
pub(crate) fn design<'d>(
    frame: &'d Frame<'_>,
    mask: &'d [bool],
    comparison: Comparison,
) -> Design<'d> {
    let panel = frame.panel;
    let effect = |name, codes| Effect { name, codes };
    let teacher = effect("teacher", &panel.teacher.codes);
    let school = effect("school", &panel.school.codes);
    let grade_year = effect("grade × year", &frame.grade_year);
    let (mut effects, cluster) = match comparison {
        Comparison::WithinTeacher => {
            let school_year = effect("school × year", &frame.school_year);
            (vec![teacher, school_year], teacher)
        }
        // Teacher and school as one, so that the effect lies inside the cluster also for those who moved.
        Comparison::WithinSchool => (
            vec![effect("teacher × school", &frame.teacher_school)],
            school,
        ),
    };
    effects.push(grade_year);
    Design {
        sample: Some(mask),
        effects,
        clusters: vec![cluster],
        ..Design::default()
    }
}

/// Lets students count for all their teachers. Where teachers are so few that CR2 is needed, which is not defined for shares, they count
/// for the one with most days.
fn share_teachers<'d>(
    frame: &'d Frame<'_>,
    mask: &[bool],
    comparison: Comparison,
    design: &mut Design<'d>,
) {
    let Some(shared) = frame.teachers() else {
        return;
    };
    let codes = &frame.panel.teacher.codes;
    let used = codes.iter().zip(mask).filter(|(_, used)| **used);
    let teachers: BTreeSet<u32> = used.map(|(code, _)| *code).collect();
    if comparison == Comparison::WithinTeacher && teachers.len() >= FEW_CLUSTERS {
        design.effects.retain(|effect| effect.name != shared.name);
        design.shared = Some(shared);
    }
}

/// Teachers who are nobody's main teacher, each counted by the mean share of the students they teach: their effects take so much of others'
/// class-years.
fn helpers(frame: &Frame<'_>, rows: &[u32], shared: bool) -> f64 {
    let taught = &frame.panel.taught;
    if !shared {
        return 0.0;
    }
    let mut main = BTreeSet::new();
    let mut shares: BTreeMap<u32, (f64, f64)> = BTreeMap::new();
    for row in rows.iter().map(|row| *row as usize) {
        main.insert(frame.panel.teacher.codes[row]);
        let range = taught.starts[row] as usize..taught.starts[row + 1] as usize;
        for (teacher, share) in taught.teacher[range.clone()]
            .iter()
            .zip(&taught.share[range])
        {
            let (sum, count) = shares.entry(*teacher).or_default();
            *sum += share;
            *count += 1.0;
        }
    }
    shares
        .iter()
        .filter(|(teacher, _)| !main.contains(teacher))
        .map(|(_, (sum, count))| sum / count)
        .sum()
}

/// Columns made at a time: enough to keep all cores busy, few enough to take little memory.
const BATCH: usize = 16;

/// Removes the design's effects from all columns, a batch at a time.
pub(crate) fn absorbed(
    design: &Design<'_>,
    columns: &[&Column<'_>],
) -> Result<Absorbed, StatsError> {
    let mut batches = columns.chunks(BATCH);
    let first = batches.next().unwrap_or_default();
    let mut data = with_numbers(first, |numbers| absorb(design, numbers))?;
    for batch in batches {
        with_numbers(batch, |numbers| data.push(numbers))?;
    }
    Ok(data)
}

/// Runs `work` on the numbers of columns, which live as long as it does.
pub(crate) fn with_numbers<T>(
    columns: &[&Column<'_>],
    work: impl FnOnce(&[Numbers<'_>]) -> T,
) -> T {
    let values: Vec<Vec<f64>> = columns.par_iter().map(|column| column.values()).collect();
    let numbers: Vec<Numbers<'_>> = columns
        .iter()
        .zip(&values)
        .map(|(column, values)| Numbers {
            name: &column.name,
            values,
        })
        .collect();
    work(&numbers)
}

/// The estimate of one term, its degrees of freedom no more than the effective clusters allow (CR2 brings its own).
pub(crate) fn judged(fit: &Fit, term: &str, effective: Option<f64>) -> Option<Estimate> {
    let found = fit.coefficient(term)?;
    let df = match effective {
        Some(effective) if !fit.vcov.contains("CR2") => found.df.min((effective - 1.0).max(1.0)),
        _ => found.df,
    };
    Some(with_df(found.estimate, found.se, df))
}

/// An estimate with its 95 % interval and two-sided p-value.
pub(crate) fn with_df(estimate: f64, se: f64, df: f64) -> Estimate {
    let reach = t_quantile(0.975, df) * se;
    Estimate {
        estimate,
        se,
        lower: estimate - reach,
        upper: estimate + reach,
        p: t_two_sided(estimate / se, df),
        df,
    }
}

/// The plain correlation: slopes of outcomes on each dose alone, nothing adjusted for, clustered as the design is.
pub(crate) struct Naive(Absorbed, &'static str);

impl Naive {
    pub(crate) fn new(
        frame: &Frame<'_>,
        mask: &[bool],
        comparison: Comparison,
        columns: &[&Column<'_>],
    ) -> Result<Self, StatsError> {
        let cluster = comparison.cluster();
        let codes = match comparison {
            Comparison::WithinTeacher => &frame.panel.teacher.codes,
            Comparison::WithinSchool => &frame.panel.school.codes,
        };
        let design = Design {
            sample: Some(mask),
            clusters: vec![Effect {
                name: cluster,
                codes,
            }],
            ..Design::default()
        };
        let data = with_numbers(columns, |numbers| absorb(&design, numbers))?;
        Ok(Self(data, cluster))
    }

    pub(crate) fn slope(&self, outcome: &str, dose: &str) -> Option<Estimate> {
        let options = FitOptions::new(Vcov::Crv1);
        let fit = self.0.ols(outcome, &[dose], &options).ok()?;
        debug_assert!(fit.clusters.iter().all(|c| c.name == self.1));
        judged(&fit, dose, None)
    }
}
