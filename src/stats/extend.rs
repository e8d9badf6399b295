//! More columns on a sample that is already there, for as long as they are needed.
//!
//! A question often needs a few columns beside many that others share: dummies of dose sizes, a curve's
//! basis, an interaction. [`Absorbed::push`] removes the effects from the new columns alone and computes only the cross
//! products they bring; [`Absorbed::truncate`] forgets them again. So one absorption serves every question of a
//! sample, and never holds more columns than the widest of them needs.

use rayon::prelude::*;

use crate::absorbed::{Absorbed, CHUNK, ClusterGrams, without_effects_in};
use crate::design::Column;
use crate::error::StatsError;
use crate::linalg::{dot, packed};
use crate::sample::Dense;

impl Absorbed {
    /// Adds columns to the sample, with the same effects removed.
    ///
    /// # Errors
    /// A design without effects; a length other than the sample's columns had; a name that is there already; non-finite
    /// values on a used row; effects that could not be removed. The columns are then as they were.
    ///
    /// ```
    /// use throughline_stats::{absorb, Column, Design, Effect, FitOptions, Vcov};
    /// let unit = [0, 0, 0, 1, 1, 1, 2, 2, 2];
    /// let hours = [1.0, 2.0, 4.0, 0.0, 3.0, 5.0, 2.0, 2.0, 6.0];
    /// let score = [1.2, 1.9, 3.1, 0.2, 1.9, 3.2, 3.0, 3.2, 5.1];
    /// let any: Vec<f64> = hours.iter().map(|h| f64::from(*h > 1.5)).collect();
    /// let design = Design {
    ///     effects: vec![Effect { name: "unit", codes: &unit }],
    ///     clusters: vec![Effect { name: "unit", codes: &unit }],
    ///     ..Design::default()
    /// };
    /// let columns = [("score", &score[..]), ("hours", &hours), ("any", &any)].map(|(name, values)| Column { name, values });
    /// let options = FitOptions::new(Vcov::Crv1);
    /// let whole = absorb(&design, &columns)?.ols("score", &["any"], &options)?;
    /// let mut grown = absorb(&design, &columns[..2])?;
    /// grown.push(&columns[2..])?;
    /// assert_eq!(grown.ols("score", &["any"], &options)?.coefficients, whole.coefficients);
    /// grown.truncate(2);
    /// assert!(grown.ols("score", &["any"], &options).is_err());
    /// # Ok::<(), throughline_stats::StatsError>(())
    /// ```
    pub fn push(&mut self, columns: &[Column<'_>]) -> Result<(), StatsError> {
        if self.intercept || self.sample.effects.is_empty() {
            return Err(StatsError::unsupported(
                "adding columns to a sample without effects",
                "name all columns at once",
            ));
        }
        let sample = &self.sample;
        let given = sample.rows.len() + sample.outside + sample.zero_weight + sample.singletons;
        for (i, column) in columns.iter().enumerate() {
            if column.values.len() != given {
                return Err(StatsError::Length {
                    name: column.name.to_owned(),
                    found: column.values.len(),
                    expected: given,
                });
            }
            let known = self.variables.iter().any(|v| v.name == column.name);
            if known || columns[..i].iter().any(|c| c.name == column.name) {
                return Err(StatsError::DuplicateName {
                    name: column.name.to_owned(),
                });
            }
        }
        let added = without_effects_in(sample, self.cells(), self.joint(), columns, false)?;
        let before = self.variables.len();
        self.variables.extend(added);
        self.gram = self.grown_gram(before);
        let grown: Vec<Option<ClusterGrams>> = std::mem::take(&mut self.by_cluster)
            .into_iter()
            .zip(&self.sample.clusters)
            .map(|(old, groups)| match old {
                Some(old) if self.affordable(groups) => {
                    Some(self.grown_groups(&old, groups, before))
                }
                _ => None,
            })
            .collect();
        self.by_cluster = grown;
        Ok(())
    }

    /// Keeps only the first `columns` columns.
    pub fn truncate(&mut self, columns: usize) {
        let before = self.variables.len();
        if columns >= before || self.intercept {
            return;
        }
        self.variables.truncate(columns);
        self.gram = relaid(&self.gram, before, columns);
        let before_by_cluster = std::mem::take(&mut self.by_cluster);
        let after: Vec<Option<ClusterGrams>> = before_by_cluster
            .into_iter()
            .zip(&self.sample.clusters)
            .map(|(old, groups)| match old {
                Some(old) => Some(fewer(&old, groups, before, columns)),
                // Too many columns to be afforded a moment ago.
                None => self.affordable_grams(groups),
            })
            .collect();
        self.by_cluster = after;
    }

    /// Cross products of all variables, those among the first `before` copied.
    fn grown_gram(&self, before: usize) -> Vec<f64> {
        let k = self.variables.len();
        let weights = self.sample.weights.as_deref();
        let n = self.n();
        let parts: Vec<Vec<f64>> = (0..n.div_ceil(CHUNK))
            .into_par_iter()
            .map(|chunk| {
                let range = chunk * CHUNK..((chunk + 1) * CHUNK).min(n);
                let mut out = Vec::with_capacity((k - before) * k);
                let mut weighted = vec![0.0; range.len()];
                for new in &self.variables[before..] {
                    let own = &new.values[range.clone()];
                    let left = match weights {
                        Some(w) => {
                            for ((t, v), w) in weighted.iter_mut().zip(own).zip(&w[range.clone()]) {
                                *t = v * w;
                            }
                            &weighted[..]
                        }
                        None => own,
                    };
                    out.extend(
                        self.variables
                            .iter()
                            .map(|v| dot(left, &v.values[range.clone()])),
                    );
                }
                out
            })
            .collect();
        let mut total = vec![0.0; (k - before) * k];
        for part in parts {
            for (t, p) in total.iter_mut().zip(part) {
                *t += p;
            }
        }
        let mut gram = vec![0.0; k * (k + 1) / 2];
        copy(&self.gram, before, &mut gram, k, before);
        for (new, row) in total.chunks(k).enumerate() {
            for (other, value) in row.iter().enumerate() {
                gram[packed(k, other, before + new)] = *value;
            }
        }
        gram
    }

    /// The same inside each group.
    fn grown_groups(&self, old: &ClusterGrams, groups: &Dense, before: usize) -> ClusterGrams {
        let k = self.variables.len();
        let width = k * (k + 1) / 2;
        let (start, order) = groups.grouped();
        let weights = self.sample.weights.as_deref();
        let mut data = vec![0.0; groups.levels * width];
        const BLOCK: usize = 64;
        data.par_chunks_mut(width.max(1) * BLOCK)
            .enumerate()
            .for_each(|(block, out)| {
                let (mut added, mut other) = (Vec::new(), Vec::new());
                for (i, out) in out.chunks_mut(width.max(1)).enumerate() {
                    let g = block * BLOCK + i;
                    let rows = &order[start[g] as usize..start[g + 1] as usize];
                    copy(
                        &old.data[g * old.width..(g + 1) * old.width],
                        before,
                        out,
                        k,
                        before,
                    );
                    added.clear();
                    for new in &self.variables[before..] {
                        added.extend(rows.iter().map(|&r| {
                            new.values[r as usize] * weights.map_or(1.0, |w| w[r as usize])
                        }));
                    }
                    for (a, v) in self.variables.iter().enumerate() {
                        other.clear();
                        other.extend(rows.iter().map(|&r| v.values[r as usize]));
                        for (new, own) in added.chunks(rows.len().max(1)).enumerate() {
                            out[packed(k, a, before + new)] = dot(own, &other);
                        }
                    }
                }
            });
        ClusterGrams { width, data }
    }
}

/// Packed cross products of the first `keep` columns, out of `k`.
fn relaid(old: &[f64], k: usize, keep: usize) -> Vec<f64> {
    let mut new = vec![0.0; keep * (keep + 1) / 2];
    copy(old, k, &mut new, keep, keep);
    new
}

/// The same inside each group.
fn fewer(old: &ClusterGrams, groups: &Dense, k: usize, keep: usize) -> ClusterGrams {
    let width = keep * (keep + 1) / 2;
    let mut data = vec![0.0; groups.levels * width];
    data.par_chunks_mut(width.max(1))
        .zip(old.data.par_chunks(old.width.max(1)))
        .for_each(|(new, old)| copy(old, k, new, keep, keep));
    ClusterGrams { width, data }
}

/// Copies the products among the first `keep` columns from a packed matrix of `k` columns to one of `to`.
fn copy(old: &[f64], k: usize, new: &mut [f64], to: usize, keep: usize) {
    for i in 0..keep {
        let (from, at) = (packed(k, i, i), packed(to, i, i));
        new[at..at + keep - i].copy_from_slice(&old[from..from + keep - i]);
    }
}
