//! A panel: the border between Arrow below and numbers above. Plain typed columns, one row a student and
//! school year, with the teacher, the school and every dose already linked. Missing numbers are NaN.

use crate::SchoolYear;

/// Marks a row that has no value in a [`Codes`] column (no teacher could be linked).
pub const NO_CODE: u32 = u32::MAX;

/// A text column as codes into its distinct labels. The order of labels is stable under a change of the
/// pseudonym key (it follows the order of the rows), so nothing that is printed can depend on a key.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Codes {
    /// For each row an index into `labels`, or [`NO_CODE`].
    pub codes: Vec<u32>,
    /// Distinct labels. For students and teachers these are pseudonyms and must not be printed.
    pub labels: Vec<String>,
}

/// A named column of numbers; NaN is missing.
#[derive(Clone, Debug, PartialEq)]
pub struct Values {
    /// Id in the pipeline file (outcome, exposure) or canonical column name (covariate).
    pub name: String,
    /// One number a row.
    pub values: Vec<f64>,
}

/// An outcome with last school year's value of the same outcome.
#[derive(Clone, Debug, PartialEq)]
pub struct OutcomeValues {
    /// Id in the pipeline file.
    pub name: String,
    /// This school year.
    pub values: Vec<f64>,
    /// The school year before, same student; NaN where there was none.
    pub prior: Vec<f64>,
}

/// One row a student × school year, linked for one subject's teacher (or for all teachers).
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Panel {
    /// The subject whose teachers are linked; `None` links all of a student's teachers.
    pub subject: Option<String>,
    /// Student.
    pub student: Codes,
    /// School year.
    pub school_year: Vec<SchoolYear>,
    /// School of the most enrolled days that year.
    pub school: Codes,
    /// Grade level.
    pub grade: Codes,
    /// Teacher with the largest share of the student's days (of this subject).
    pub teacher: Codes,
    /// All of the student's teachers (of this subject) by their share of days, as doses are weighted.
    pub taught: Shares,
    /// Share of the student's teacher days that link to a known staff member, 0–1.
    pub linked: Vec<f64>,
    /// Outcomes of the pipeline that this panel can serve.
    pub outcomes: Vec<OutcomeValues>,
    /// Doses per exposure of the pipeline, in the measure's own unit. A known zero is 0, an unknown dose NaN.
    pub exposures: Vec<Values>,
    /// The same doses one school year later, for the placebo check; same order as `exposures`.
    pub leads: Vec<Values>,
    /// Student covariates as numbers: flags 0/1, dummies for codes.
    pub covariates: Vec<Values>,
}

impl Panel {
    /// Rows.
    pub fn len(&self) -> usize {
        self.school_year.len()
    }

    /// Whether there are no rows.
    pub fn is_empty(&self) -> bool {
        self.school_year.is_empty()
    }

    /// The rows of school years up to `last`.
    pub fn up_to(&self, last: SchoolYear) -> Self {
        let rows: Vec<usize> = (0..self.len())
            .filter(|row| self.school_year[*row] <= last)
            .collect();
        fn picked<T: Copy>(column: &[T], rows: &[usize]) -> Vec<T> {
            rows.iter()
                .filter_map(|row| column.get(*row).copied())
                .collect()
        }
        let codes = |column: &Codes| Codes {
            codes: picked(&column.codes, &rows),
            labels: column.labels.clone(),
        };
        let values = |columns: &[Values]| -> Vec<Values> {
            let one = |column: &Values| Values {
                name: column.name.clone(),
                values: picked(&column.values, &rows),
            };
            columns.iter().map(one).collect()
        };
        Self {
            subject: self.subject.clone(),
            student: codes(&self.student),
            school_year: picked(&self.school_year, &rows),
            school: codes(&self.school),
            grade: codes(&self.grade),
            teacher: codes(&self.teacher),
            taught: self.taught.of(&rows),
            linked: picked(&self.linked, &rows),
            outcomes: self
                .outcomes
                .iter()
                .map(|outcome| OutcomeValues {
                    name: outcome.name.clone(),
                    values: picked(&outcome.values, &rows),
                    prior: picked(&outcome.prior, &rows),
                })
                .collect(),
            exposures: values(&self.exposures),
            leads: values(&self.leads),
            covariates: values(&self.covariates),
        }
    }

    /// The outcome with this id.
    pub fn outcome(&self, name: &str) -> Option<&OutcomeValues> {
        self.outcomes.iter().find(|outcome| outcome.name == name)
    }

    /// The dose of the exposure with this id.
    pub fn exposure(&self, name: &str) -> Option<&Values> {
        self.exposures.iter().find(|exposure| exposure.name == name)
    }

    /// The covariate with this name.
    pub fn covariate(&self, name: &str) -> Option<&Values> {
        self.covariates
            .iter()
            .find(|covariate| covariate.name == name)
    }
}

/// All teachers of each row. Empty where no row has more than one, or where only [`Panel::teacher`] is known.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Shares {
    /// Row `r` has the entries `starts[r]..starts[r + 1]`.
    pub starts: Vec<u32>,
    /// Codes into the labels of [`Panel::teacher`].
    pub teacher: Vec<u32>,
    /// Share of the row's linked teacher days, above 0; those of a row sum to 1.
    pub share: Vec<f64>,
}

impl Shares {
    /// The teachers of these rows.
    fn of(&self, rows: &[usize]) -> Self {
        let mut picked = Self::default();
        if self.starts.is_empty() {
            return picked;
        }
        picked.starts.push(0);
        for row in rows {
            let own = self.starts[*row] as usize..self.starts[row + 1] as usize;
            picked.teacher.extend_from_slice(&self.teacher[own.clone()]);
            picked.share.extend_from_slice(&self.share[own]);
            picked.starts.push(picked.teacher.len() as u32);
        }
        picked
    }
}

/// How many rows found a partner at one hop of the link from student to training.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct LinkRate {
    /// The hop, as a person would say it: `assessment result → student`.
    pub hop: String,
    /// Rows that found a partner.
    pub linked: u64,
    /// Rows that looked for one.
    pub total: u64,
}
