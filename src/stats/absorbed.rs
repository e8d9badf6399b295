//! One sample with its effects removed: the shared starting point of many estimates.
//!
//! [`absorb`] takes outcomes and regressors together, chooses the rows once, removes the effects from
//! all columns in parallel, and keeps cross products. Any outcome on any regressors is
//! then algebra on a small matrix, so a grid of exposures × outcomes costs little more than one estimate.
//! Variances live in [`crate::ols`]; this module knows only columns and rows.

use std::sync::OnceLock;

use rayon::prelude::*;

use crate::design::{Column, Design};
use crate::error::StatsError;
use crate::fe::{Cells, Joint, Removal, Tolerance, remove};
use crate::linalg::{dot, packed};
use crate::sample::{Dense, Sample};

/// The name under which an intercept is reported.
pub const INTERCEPT: &str = "(Intercept)";

/// Rows of a block of cross products; fixed, so that sums do not depend on the number of threads.
pub(crate) const CHUNK: usize = 8192;

/// A column after the effects are gone, with what it was before.
#[derive(Debug)]
pub(crate) struct Variable {
    pub(crate) name: String,
    pub(crate) values: Vec<f64>,
    /// Weighted mean over the sample.
    pub(crate) mean: f64,
    /// Weighted sum of squares about the mean (about zero without effects and intercept).
    pub(crate) total: f64,
    pub(crate) removal: Removal,
}

/// Columns of one sample from which the same effects were removed; made by [`absorb`].
#[derive(Debug)]
pub struct Absorbed {
    pub(crate) sample: Sample,
    pub(crate) variables: Vec<Variable>,
    pub(crate) intercept: bool,
    /// Tables of the effects: kept where they are small, built again when they are asked for where not.
    cells: OnceLock<Cells>,
    /// Normal equations of a shared effect and the plain ones.
    joint: Option<Joint>,
    /// Weighted cross products of all variables, packed.
    pub(crate) gram: Vec<f64>,
    /// Cross products inside each cluster, for each cluster variable, where they take less memory than the columns.
    pub(crate) by_cluster: Vec<Option<ClusterGrams>>,
}

/// Packed cross products of all variables inside each cluster.
#[derive(Debug)]
pub(crate) struct ClusterGrams {
    pub(crate) width: usize,
    pub(crate) data: Vec<f64>,
}

/// Removes the design's effects from all columns at once.
///
/// Rows outside the mask, of weight zero, or alone in a level of an effect are left out (and counted).
/// Without effects, columns are only centred and an intercept named [`INTERCEPT`] is estimated with each
/// specification.
///
/// # Errors
/// Lengths that differ, repeated names, non-finite values or weights, an empty sample, effects so nearly
/// collinear that the iteration does not converge.
///
/// ```
/// use throughline_stats::{absorb, Column, Design, Effect, FitOptions, Vcov};
/// let unit = [0, 0, 0, 1, 1, 1, 2, 2, 2];
/// let hours = [1.0, 2.0, 4.0, 0.0, 3.0, 5.0, 2.0, 2.0, 6.0];
/// let score = [1.2, 1.9, 3.1, 0.2, 1.9, 3.2, 3.0, 3.2, 5.1];
/// let design = Design {
///     effects: vec![Effect { name: "unit", codes: &unit }],
///     clusters: vec![Effect { name: "unit", codes: &unit }],
///     ..Design::default()
/// };
/// let columns = [Column { name: "score", values: &score }, Column { name: "hours", values: &hours }];
/// let fit = absorb(&design, &columns)?.ols("score", &["hours"], &FitOptions::new(Vcov::Crv1))?;
/// assert_eq!((fit.n, fit.coefficients[0].df), (9, 2.0));
/// # Ok::<(), throughline_stats::StatsError>(())
/// ```
pub fn absorb(design: &Design<'_>, columns: &[Column<'_>]) -> Result<Absorbed, StatsError> {
    let n = design.check(columns)?;
    let sample = Sample::select(design, n)?;
    let intercept = sample.effects.is_empty() && !design.no_intercept;
    let joint = sample
        .shared
        .as_ref()
        .map(|shared| Joint::build(shared, &sample.effects, sample.weights.as_deref()))
        .transpose()?;
    let cells = sample.cells();
    let variables =
        without_effects_in(&sample, cells.as_ref(), joint.as_ref(), columns, intercept)?;
    let mut absorbed = Absorbed::assemble(sample, variables, intercept, cells);
    absorbed.joint = joint;
    Ok(absorbed)
}

/// Gathers columns on the sample and removes its effects (or, for an intercept, centres them).
pub(crate) fn without_effects(
    sample: &Sample,
    columns: &[Column<'_>],
    intercept: bool,
) -> Result<(Vec<Variable>, Option<Cells>), StatsError> {
    let cells = sample.cells();
    let variables = without_effects_in(sample, cells.as_ref(), None, columns, intercept)?;
    Ok((variables, cells))
}

/// The same for columns of a sample whose tables are known.
pub(crate) fn without_effects_in(
    sample: &Sample,
    cells: Option<&Cells>,
    joint: Option<&Joint>,
    columns: &[Column<'_>],
    intercept: bool,
) -> Result<Vec<Variable>, StatsError> {
    let weights = sample.weights.as_deref();
    let centre = intercept || cells.is_some();
    let prepared: Vec<(Vec<f64>, f64, f64)> = columns
        .par_iter()
        .map(|c| {
            let mut kept = sample.gather(c.name, c.values)?;
            let (mean, total) = moments(&mut kept, weights, centre);
            Ok((kept, mean, total))
        })
        .collect::<Result<_, StatsError>>()?;
    let totals: Vec<f64> = prepared.iter().map(|p| p.2).collect();
    let means: Vec<f64> = prepared.iter().map(|p| p.1).collect();
    let mut values: Vec<Vec<f64>> = prepared.into_iter().map(|p| p.0).collect();
    let not_removed = |name: &str, iterations| StatsError::NotConverged {
        what: format!("removing the effects from `{name}`"),
        iterations,
    };
    if let (Some(joint), Some(shared)) = (joint, &sample.shared) {
        let steps = joint.subtract(shared, &sample.effects, weights, &mut values, &totals);
        if let Some(bad) = steps.iter().position(Option::is_none) {
            return Err(not_removed(columns[bad].name, 0));
        }
    }
    let removals = match cells {
        None => totals.iter().map(|&within| Removal::none(within)).collect(),
        Some(cells) => remove(
            cells,
            &sample.effects,
            weights,
            &mut values,
            &totals,
            &Tolerance::default(),
        ),
    };
    if let Some(bad) = removals.iter().position(|r| !r.converged) {
        return Err(not_removed(columns[bad].name, removals[bad].iterations));
    }
    Ok(columns
        .iter()
        .zip(values)
        .zip(means.iter().zip(&totals))
        .zip(removals)
        .map(|(((c, values), (&mean, &total)), removal)| Variable {
            name: c.name.to_owned(),
            values,
            mean,
            total,
            removal,
        })
        .collect())
}

impl Absorbed {
    /// Adds the intercept's column if there is one, and computes cross products.
    pub(crate) fn assemble(
        sample: Sample,
        mut variables: Vec<Variable>,
        intercept: bool,
        cells: Option<Cells>,
    ) -> Self {
        let weights = sample.weights.as_deref();
        if intercept {
            let total = weights.map_or(sample.rows.len() as f64, |w| w.iter().sum());
            variables.push(Variable {
                name: INTERCEPT.to_owned(),
                values: vec![1.0; sample.rows.len()],
                mean: 0.0,
                total,
                removal: Removal::none(total),
            });
        }
        // At most half a column.
        let small = |cells: &Cells| cells.bytes() <= size_of::<f32>() * sample.rows.len();
        let cells = cells
            .filter(small)
            .map_or_else(OnceLock::new, OnceLock::from);
        let columns: Vec<&[f64]> = variables.iter().map(|v| &v.values[..]).collect();
        let gram = gram(&columns, weights);
        let mut absorbed = Self {
            sample,
            variables,
            intercept,
            cells,
            joint: None,
            gram,
            by_cluster: Vec::new(),
        };
        absorbed.by_cluster = absorbed
            .sample
            .clusters
            .iter()
            .map(|c| absorbed.affordable_grams(c))
            .collect();
        absorbed
    }

    /// Tables of the effects, if there are any.
    pub(crate) fn cells(&self) -> Option<&Cells> {
        let build = || Cells::build(&self.sample.effects, self.sample.weights.as_deref(), false);
        (!self.sample.effects.is_empty()).then(|| self.cells.get_or_init(build))
    }

    /// Normal equations of a shared effect, if there is one.
    pub(crate) fn joint(&self) -> Option<&Joint> {
        self.joint.as_ref()
    }

    /// Observations in the sample.
    #[must_use]
    pub fn n(&self) -> usize {
        self.sample.rows.len()
    }

    /// Row numbers of the observations, counted from zero in the caller's columns, ascending.
    #[must_use]
    pub fn rows(&self) -> &[u32] {
        self.sample.rows.numbers()
    }

    /// Names of the columns, in the order given (an intercept, if any, last).
    #[must_use]
    pub fn names(&self) -> Vec<&str> {
        self.variables.iter().map(|v| v.name.as_str()).collect()
    }

    /// A column with the effects removed, one value for each of [`Absorbed::rows`].
    ///
    /// # Errors
    /// The name is not among the columns.
    pub fn column(&self, name: &str) -> Result<&[f64], StatsError> {
        Ok(&self.variables[self.position(name)?].values)
    }

    /// Weights of the kept rows, if any were given.
    #[must_use]
    pub fn weights(&self) -> Option<&[f64]> {
        self.sample.weights.as_deref()
    }

    /// A cluster variable on the kept rows: codes `0..levels` by first appearance, and `levels`.
    #[must_use]
    pub fn cluster(&self, name: &str) -> Option<(&[u32], usize)> {
        let c = self.sample.clusters.iter().find(|c| c.name == name)?;
        Some((&c.codes, c.levels))
    }

    pub(crate) fn position(&self, name: &str) -> Result<usize, StatsError> {
        self.variables
            .iter()
            .position(|v| v.name == name)
            .ok_or_else(|| StatsError::UnknownColumn {
                name: name.to_owned(),
            })
    }

    /// Weighted cross product of two variables.
    pub(crate) fn product(&self, i: usize, j: usize) -> f64 {
        self.gram[packed(self.variables.len(), i, j)]
    }

    /// Cross products of all variables inside each cluster, when they take less memory than the columns themselves.
    pub(crate) fn affordable_grams(&self, groups: &Dense) -> Option<ClusterGrams> {
        if !self.affordable(groups) {
            return None;
        }
        let all: Vec<&Variable> = self.variables.iter().collect();
        Some(self.grams_of(groups, &all))
    }

    pub(crate) fn affordable(&self, groups: &Dense) -> bool {
        let k = self.variables.len();
        groups.levels * k * (k + 1) / 2 <= 2 * k * self.n() + 1_000_000
    }

    /// Cross products of the given columns inside each level of `groups`.
    pub(crate) fn grams_of(&self, groups: &Dense, which: &[&Variable]) -> ClusterGrams {
        self.grams_from(&groups.grouped(), which.len(), |v, rows, to| {
            let values = &which[v].values;
            for (t, &r) in to.iter_mut().zip(rows) {
                *t = values[r as usize];
            }
        })
    }

    /// The same of `k` columns, of which `fill` writes one's values on some rows; rows are given by group.
    pub(crate) fn grams_from(
        &self,
        (start, order): &(Vec<u32>, Vec<u32>),
        k: usize,
        fill: impl Fn(usize, &[u32], &mut [f64]) + Sync,
    ) -> ClusterGrams {
        let width = k * (k + 1) / 2;
        let weights = self.sample.weights.as_deref();
        let mut data = vec![0.0; (start.len() - 1) * width];
        data.par_chunks_mut(width.max(1) * 64)
            .enumerate()
            .for_each(|(block, out)| {
                let mut scratch = Scratch::default();
                for (i, out) in out.chunks_mut(width.max(1)).enumerate() {
                    let g = block * 64 + i;
                    let rows = &order[start[g] as usize..start[g + 1] as usize];
                    scratch.load(rows.len(), k, |v, to| fill(v, rows, to));
                    scratch.weigh(|to| match weights {
                        Some(w) => {
                            for (t, &r) in to.iter_mut().zip(rows) {
                                *t = w[r as usize];
                            }
                            true
                        }
                        None => false,
                    });
                    scratch.gram(out);
                }
            });
        ClusterGrams { width, data }
    }
}

impl ClusterGrams {
    pub(crate) fn groups(&self) -> std::slice::Chunks<'_, f64> {
        self.data.chunks(self.width)
    }
}

/// Centres a column (if asked) and returns its weighted mean and sum of squares.
fn moments(values: &mut [f64], weights: Option<&[f64]>, centre: bool) -> (f64, f64) {
    let ones = |v: &[f64]| -> f64 {
        match weights {
            Some(w) => dot(v, w),
            None => v.iter().sum(),
        }
    };
    let mut mean = 0.0;
    if centre {
        let total: f64 = weights.map_or(values.len() as f64, |w| w.iter().sum());
        mean = ones(values) / total;
        // A constant column must come out exactly zero.
        if values.iter().all(|v| *v == values[0]) {
            mean = values[0];
        }
        for v in values.iter_mut() {
            *v -= mean;
        }
    }
    let total = match weights {
        Some(w) => values.iter().zip(w).map(|(v, w)| w * v * v).sum(),
        None => dot(values, values),
    };
    (mean, total)
}

/// Weighted cross products of all columns, packed; summed over fixed chunks in order.
pub(crate) fn gram(columns: &[&[f64]], weights: Option<&[f64]>) -> Vec<f64> {
    let k = columns.len();
    let n = columns.first().map_or(0, |v| v.len());
    let width = k * (k + 1) / 2;
    let parts: Vec<Vec<f64>> = (0..n.div_ceil(CHUNK))
        .into_par_iter()
        .map(|chunk| {
            let range = chunk * CHUNK..((chunk + 1) * CHUNK).min(n);
            let mut out = vec![0.0; width];
            let mut at = 0;
            let mut weighted = vec![0.0; range.len()];
            for i in 0..k {
                let left = &columns[i][range.clone()];
                let left = match weights {
                    Some(w) => {
                        for ((t, v), w) in weighted.iter_mut().zip(left).zip(&w[range.clone()]) {
                            *t = v * w;
                        }
                        &weighted[..]
                    }
                    None => left,
                };
                for v in &columns[i..] {
                    out[at] = dot(left, &v[range.clone()]);
                    at += 1;
                }
            }
            out
        })
        .collect();
    let mut total = vec![0.0; width];
    for part in parts {
        for (t, p) in total.iter_mut().zip(part) {
            *t += p;
        }
    }
    total
}

/// Reusable room for one cluster's rows.
#[derive(Default)]
struct Scratch {
    rows: usize,
    columns: usize,
    values: Vec<f64>,
    weights: Vec<f64>,
    weighted: Vec<f64>,
    use_weights: bool,
}

impl Scratch {
    fn load(&mut self, rows: usize, columns: usize, fill: impl Fn(usize, &mut [f64])) {
        self.rows = rows;
        self.columns = columns;
        self.values.resize(rows * columns, 0.0);
        if rows > 0 {
            for (v, to) in self.values.chunks_mut(rows).take(columns).enumerate() {
                fill(v, to);
            }
        }
    }

    fn weigh(&mut self, fill: impl Fn(&mut [f64]) -> bool) {
        self.weights.resize(self.rows, 0.0);
        self.weighted.resize(self.rows, 0.0);
        self.use_weights = fill(&mut self.weights);
    }

    fn gram(&mut self, out: &mut [f64]) {
        let m = self.rows;
        let mut at = 0;
        for i in 0..self.columns {
            let own = &self.values[i * m..(i + 1) * m];
            let left: &[f64] = if self.use_weights {
                for ((t, v), w) in self.weighted.iter_mut().zip(own).zip(&self.weights) {
                    *t = v * w;
                }
                &self.weighted
            } else {
                own
            };
            for j in i..self.columns {
                out[at] = dot(left, &self.values[j * m..(j + 1) * m]);
                at += 1;
            }
        }
    }
}
