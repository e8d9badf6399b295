//! What an estimate is run on: borrowed slices with names, and nothing else.
//!
//! A [`Design`] says which rows, weights, fixed effects and clusters are shared; columns (outcomes
//! and regressors alike) are handed beside it, because the point of the crate is to remove the same
//! effects from many columns at once. Codes may be any `u32`: they are renumbered inside, in order
//! of first appearance, so relabelling a group cannot change a result.

use crate::error::StatsError;

/// A categorical variable: one code a row. Used for fixed effects and for clusters.
#[derive(Debug, Clone, Copy)]
pub struct Effect<'a> {
    /// Its name, as it appears in results.
    pub name: &'a str,
    /// One code a row; codes need not be dense or ordered.
    pub codes: &'a [u32],
}

/// A categorical variable of which a row may have several levels at once, each with a share (a pupil's teachers, by days). The effect
/// of a row is the sum of its levels' effects times their shares; a level that is a row's own has share 1 there.
#[derive(Debug, Clone, Copy)]
pub struct Shared<'a> {
    /// Its name, as it appears in results.
    pub name: &'a str,
    /// Row `r` has the levels `codes[starts[r]..starts[r + 1]]`.
    pub starts: &'a [u32],
    /// Codes need not be dense or ordered.
    pub codes: &'a [u32],
    /// One share a code, zero or more.
    pub shares: &'a [f64],
}

impl Shared<'_> {
    /// Where the levels of a row stand.
    pub(crate) fn row(&self, row: usize) -> std::ops::Range<usize> {
        self.starts[row] as usize..self.starts[row + 1] as usize
    }
}

/// A numeric variable: an outcome, a regressor or an instrument.
#[derive(Debug, Clone, Copy)]
pub struct Column<'a> {
    /// Its name, as it appears in results.
    pub name: &'a str,
    /// One finite number a row (only rows inside the sample are looked at).
    pub values: &'a [f64],
}

/// The parts of an estimate that many outcomes and exposures share.
#[derive(Debug, Clone, Default)]
pub struct Design<'a> {
    /// Rows to use; `None` uses all. Subgroups share columns by giving a different mask.
    pub sample: Option<&'a [bool]>,
    /// Analytic weights, zero or more; `None` weighs every row 1. Rows of weight zero are dropped.
    pub weights: Option<&'a [f64]>,
    /// Fixed effects to absorb. Without any, an intercept is estimated (see `no_intercept`).
    pub effects: Vec<Effect<'a>>,
    /// One more effect to absorb, of which rows have several levels at once. Needs a plain effect beside it; IID, HC1 and CR1 errors
    /// only. Rows are not dropped for being alone in one of its levels.
    pub shared: Option<Shared<'a>>,
    /// Cluster variables: one for one-way, several for multi-way clustered errors.
    pub clusters: Vec<Effect<'a>>,
    /// Leave out the intercept when there are no effects. Ignored with effects.
    pub no_intercept: bool,
    /// Keep rows that are alone in a level of an effect. They carry no information about slopes but
    /// count as observations, so the default drops them, recursively.
    pub keep_singletons: bool,
}

impl Design<'_> {
    /// Number of rows the design expects, from whatever it names first, or from `columns`.
    pub(crate) fn rows(&self, columns: &[Column<'_>]) -> usize {
        self.sample
            .map(<[bool]>::len)
            .or_else(|| self.weights.map(<[f64]>::len))
            .or_else(|| columns.first().map(|c| c.values.len()))
            .or_else(|| self.effects.first().map(|e| e.codes.len()))
            .unwrap_or(0)
    }

    /// Checks lengths and names of everything given.
    pub(crate) fn check(&self, columns: &[Column<'_>]) -> Result<usize, StatsError> {
        let n = self.rows(columns);
        let length = |name: &str, found: usize| {
            if found == n {
                Ok(())
            } else {
                Err(StatsError::Length {
                    name: name.to_owned(),
                    found,
                    expected: n,
                })
            }
        };
        if let Some(s) = self.sample {
            length("sample", s.len())?;
        }
        if let Some(w) = self.weights {
            length("weights", w.len())?;
        }
        if let Some(shared) = &self.shared {
            length(shared.name, shared.starts.len().saturating_sub(1))?;
            let last = shared.starts.last().map_or(0, |last| *last as usize);
            let ascending = shared.starts.windows(2).all(|pair| pair[0] <= pair[1]);
            if shared.codes.len() != shared.shares.len() || last > shared.codes.len() || !ascending
            {
                return Err(StatsError::Length {
                    name: shared.name.to_owned(),
                    found: shared.shares.len(),
                    expected: shared.codes.len().max(last),
                });
            }
            if self.effects.is_empty() {
                return Err(StatsError::unsupported(
                    "a shared effect without a plain one beside it",
                    "add an effect of which each row has one level",
                ));
            }
        }
        for e in self.effects.iter().chain(&self.clusters) {
            length(e.name, e.codes.len())?;
        }
        for (i, c) in columns.iter().enumerate() {
            length(c.name, c.values.len())?;
            if columns[..i].iter().any(|d| d.name == c.name) {
                return Err(StatsError::DuplicateName {
                    name: c.name.to_owned(),
                });
            }
        }
        Ok(n)
    }
}
