//! The first design, panel association: students of the same teacher in years in which the teacher had taken more or less of
//! a program, compared within their school's year and their grade's year, with the outcome of the year before and what is
//! known of the student.
//!
//! All programs of a study stand in one model, since teachers take several: one at a time, each would collect what its
//! participants also took. A program that reaches a whole school at once has no variation within school × year; it is
//! compared within a teacher's years at one school, and its errors cluster by school.
//!
//! Standard errors are CR1 clustered by whoever the dose is assigned to, with the *effective* number of clusters less one as
//! degrees of freedom (Carter, Schnepel and Steigerwald 2017): 300 teachers of whom 6 took part are not 300. Below 40
//! clusters CR2 with Satterthwaite's degrees of freedom takes their place.

use throughline_stats::dist::{t_quantile, t_two_sided};
use throughline_stats::{
    Absorbed, Coefficient, Column as Numbers, Design, Effect, Fit, FitOptions, StatsError, Vcov,
    absorb,
};

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
}

impl<'a> Model<'a> {
    /// Removes the comparison's effects from all columns on the masked rows.
    pub(crate) fn new(
        frame: &'a Frame<'_>,
        mask: &[bool],
        comparison: Comparison,
        doses: &[&'a Column],
        covariates: &'a [Column],
        others: &[&'a Column],
    ) -> Result<Self, StatsError> {
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
        let design = Design {
            sample: Some(mask),
            effects,
            clusters: vec![cluster],
            ..Design::default()
        };
        let columns: Vec<Numbers<'_>> = doses
            .iter()
            .copied()
            .chain(covariates)
            .chain(others.iter().copied())
            .map(|column| Numbers {
                name: &column.name,
                values: &column.values,
            })
            .collect();
        Ok(Self {
            absorbed: absorb(&design, &columns)?,
            comparison,
            doses: doses.iter().map(|dose| dose.name.as_str()).collect(),
            covariates: covariates.iter().map(|c| c.name.as_str()).collect(),
        })
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
        priors: &[Column],
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
        self.absorbed
            .ols(outcome, &regressors, &FitOptions::new(Vcov::Crv1))
    }

    /// The regressors followed by priors and covariates.
    pub(crate) fn with_adjustment<'n>(
        &'n self,
        regressors: &[&'n str],
        priors: &'n [Column],
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
        let own = if others.is_empty() {
            self.absorbed.column(regressor).ok()?.to_vec()
        } else {
            match self.absorbed.residuals(regressor, &others) {
                Ok(own) => own,
                // The others have no variation of their own: nothing to take out.
                Err(StatsError::AllCollinear { .. }) => {
                    self.absorbed.column(regressor).ok()?.to_vec()
                }
                Err(_) => return None,
            }
        };
        let (codes, levels) = self.absorbed.cluster(self.comparison.cluster())?;
        let mut shares = vec![0.0; levels];
        for (value, code) in own.iter().zip(codes) {
            shares[*code as usize] += value * value;
        }
        let total: f64 = shares.iter().sum();
        let squares: f64 = shares.iter().map(|s| s * s).sum();
        (squares > 0.0).then(|| total * total / squares)
    }
}

/// The estimate of one term, its degrees of freedom no more than the effective clusters allow (CR2 brings its own).
pub(crate) fn judged(fit: &Fit, term: &str, effective: Option<f64>) -> Option<Estimate> {
    let found = fit.coefficient(term)?;
    let df = match effective {
        Some(effective) if !fit.vcov.contains("CR2") => found.df.min((effective - 1.0).max(1.0)),
        _ => found.df,
    };
    Some(with_df(found, df))
}

fn with_df(found: &Coefficient, df: f64) -> Estimate {
    let reach = t_quantile(0.975, df) * found.se;
    Estimate {
        estimate: found.estimate,
        se: found.se,
        lower: found.estimate - reach,
        upper: found.estimate + reach,
        p: t_two_sided(found.statistic, df),
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
        columns: &[&Column],
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
        let columns: Vec<Numbers<'_>> = columns
            .iter()
            .map(|column| Numbers {
                name: &column.name,
                values: &column.values,
            })
            .collect();
        Ok(Self(absorb(&design, &columns)?, cluster))
    }

    pub(crate) fn slope(&self, outcome: &str, dose: &str) -> Option<Estimate> {
        let options = FitOptions::new(Vcov::Crv1);
        let fit = self.0.ols(outcome, &[dose], &options).ok()?;
        debug_assert!(fit.clusters.iter().all(|c| c.name == self.1));
        judged(&fit, dose, None)
    }
}
