//! What single groups of rows do to an estimate: leaving some out, the pull of each, and where a regressor varies.
//!
//! All of it is algebra on cross products inside groups ([`Groups`]): a regression without some groups has the
//! cross products of all less those of the groups, so a hundred regressions cost little more than one. Slopes of
//! every regressor are found anew each time. What stays as it was on the full sample are the absorbed effects:
//! exact for levels that lie inside the groups (they leave with them), an approximation for levels that reach beyond.

use faer::Mat;

use super::options::{FitOptions, Vcov};
use super::parameters::count;
use super::variance::parameter_factor;
use crate::absorbed::{Absorbed, ClusterGrams, Variable};
use crate::error::StatsError;
use crate::linalg::{COLLINEAR, dot, independent, inverse_spd, packed, times};
use crate::sample::Dense;

/// A regressor that keeps less than this share of its variation has none once groups are left out.
const GONE: f64 = 1e-9;

/// Cross products of all columns of an [`Absorbed`] inside groups of its rows; made by [`Absorbed::groups`].
#[derive(Debug)]
pub struct Groups {
    grams: ClusterGrams,
    levels: usize,
    columns: usize,
}

impl Groups {
    /// Groups.
    #[must_use]
    pub fn len(&self) -> usize {
        self.levels
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.levels == 0
    }
}

/// The pull of each cluster on each slope.
#[derive(Debug, Clone, PartialEq)]
pub struct Influence {
    /// The regressors kept, in order.
    pub terms: Vec<String>,
    /// Their slopes.
    pub estimates: Vec<f64>,
    /// `(X'WX)⁻¹ X_g'W_g e_g`, cluster by cluster (codes of [`Absorbed::cluster`]), a value a term. They sum to zero; the
    /// sum of their squares times `factor` is the CR1 variance, and leaving a cluster out moves a slope by about minus
    /// its value.
    pub values: Vec<f64>,
    /// CR1's small-sample factor.
    pub factor: f64,
}

impl Influence {
    /// One term's value for each cluster.
    #[must_use]
    pub fn of(&self, term: &str) -> Option<Vec<f64>> {
        let at = self.terms.iter().position(|t| t == term)?;
        let p = self.terms.len();
        Some(self.values.chunks(p).map(|v| v[at]).collect())
    }
}

impl Absorbed {
    /// Cross products inside groups: `codes` are `0..levels`, one for each of [`Absorbed::rows`].
    ///
    /// # Errors
    /// Another number of codes than rows.
    pub fn groups(&self, codes: &[u32]) -> Result<Groups, StatsError> {
        if codes.len() != self.n() {
            return Err(StatsError::Length {
                name: "groups".to_owned(),
                found: codes.len(),
                expected: self.n(),
            });
        }
        let levels = codes.iter().max().map_or(0, |m| *m as usize + 1);
        let dense = Dense {
            name: "groups".to_owned(),
            codes: codes.to_vec().into(),
            levels,
        };
        let all: Vec<&Variable> = self.variables.iter().collect();
        Ok(Groups {
            grams: self.grams_of(&dense, &all),
            levels,
            columns: all.len(),
        })
    }

    /// Slopes of a regression with the groups of `drop` left out, one for each of `regressors`; `None` where nothing of a
    /// regressor is left. With nothing to drop: all slopes, without an error of any.
    ///
    /// # Errors
    /// Unknown names; groups made before columns were added or dropped.
    pub fn without(
        &self,
        groups: &Groups,
        drop: &[u32],
        outcome: &str,
        regressors: &[&str],
    ) -> Result<Vec<Option<f64>>, StatsError> {
        let k = self.variables.len();
        if groups.columns != k {
            return Err(StatsError::unsupported(
                "groups of other columns",
                "make them again after adding or dropping columns",
            ));
        }
        let (y, x) = self.positions(outcome, regressors)?;
        Ok(self.left(y, &x, |i, j| {
            let at = packed(k, i, j);
            drop.iter()
                .map(|g| groups.grams.data[*g as usize * groups.grams.width + at])
                .sum()
        }))
    }

    /// The same with single rows left out: places in [`Absorbed::rows`], each at most once.
    ///
    /// # Errors
    /// Unknown names.
    pub fn without_rows(
        &self,
        drop: &[u32],
        outcome: &str,
        regressors: &[&str],
    ) -> Result<Vec<Option<f64>>, StatsError> {
        let (y, x) = self.positions(outcome, regressors)?;
        let weights = self.weights();
        let mut which = x.clone();
        which.push(y);
        let pick = |v: usize| -> Vec<f64> {
            let values = &self.variables[v].values;
            drop.iter().map(|&r| values[r as usize]).collect()
        };
        let own: Vec<Vec<f64>> = which.iter().map(|&v| pick(v)).collect();
        let w: Option<Vec<f64>> = weights.map(|w| drop.iter().map(|&r| w[r as usize]).collect());
        let place = |v: usize| which.iter().position(|&o| o == v).unwrap_or(0);
        Ok(self.left(y, &x, |i, j| {
            let (a, b) = (&own[place(i)], &own[place(j)]);
            match &w {
                None => dot(a, b),
                Some(w) => a.iter().zip(b).zip(w).map(|((a, b), w)| a * b * w).sum(),
            }
        }))
    }

    fn positions(
        &self,
        outcome: &str,
        regressors: &[&str],
    ) -> Result<(usize, Vec<usize>), StatsError> {
        let x = regressors.iter().map(|name| self.position(name));
        Ok((self.position(outcome)?, x.collect::<Result<_, _>>()?))
    }

    /// Slopes once `gone` is taken from the cross products.
    fn left(&self, y: usize, x: &[usize], gone: impl Fn(usize, usize) -> f64) -> Vec<Option<f64>> {
        let left = |i: usize, j: usize| self.product(i, j) - gone(i, j);
        let varying: Vec<usize> = (0..x.len())
            .filter(|&i| left(x[i], x[i]) > GONE * self.variables[x[i]].total)
            .collect();
        let mut gram = Mat::<f64>::zeros(varying.len(), varying.len());
        for i in 0..varying.len() {
            for j in 0..=i {
                gram[(i, j)] = left(x[varying[i]], x[varying[j]]);
                gram[(j, i)] = gram[(i, j)];
            }
        }
        let keep = independent(gram.as_ref(), COLLINEAR);
        let kept: Vec<usize> = (0..varying.len()).filter(|i| keep[*i]).collect();
        let mut slopes = vec![None; x.len()];
        if kept.is_empty() {
            return slopes;
        }
        let gram = Mat::from_fn(kept.len(), kept.len(), |i, j| gram[(kept[i], kept[j])]);
        if let Some(bread) = inverse_spd(gram.as_ref()) {
            let xy: Vec<f64> = kept.iter().map(|i| left(x[varying[*i]], y)).collect();
            for (i, slope) in kept.iter().zip(times(bread.as_ref(), &xy)) {
                slopes[varying[*i]] = Some(slope);
            }
        }
        slopes
    }

    /// How much each cluster pulls at each slope.
    ///
    /// # Errors
    /// As [`Absorbed::ols`].
    pub fn influence(
        &self,
        outcome: &str,
        regressors: &[&str],
        cluster: &str,
    ) -> Result<Influence, StatsError> {
        let (fit, _) = self.solve(outcome, regressors)?;
        let which = self.cluster_position(cluster)?;
        let p = fit.x.len();
        let scores = match &self.by_cluster[which] {
            Some(grams) => fit.scores_from_grams(self, grams),
            None => fit.scores_from_rows(self, &self.sample.clusters[which], &fit.residuals(self)),
        };
        let values = scores
            .chunks(p)
            .flat_map(|s| times(fit.bread.as_ref(), s))
            .collect();
        let options = FitOptions::new(Vcov::Crv1);
        let parameters = count(p, &self.sample, &[which], &options.ssc)?;
        let g = self.sample.clusters[which].levels as f64;
        Ok(Influence {
            terms: fit
                .x
                .iter()
                .map(|&x| self.variables[x].name.clone())
                .collect(),
            estimates: fit.beta,
            values,
            factor: parameter_factor(self.n(), &parameters, &options) * g / (g - 1.0),
        })
    }

    /// What is left of a regressor beside others, as a sum of squares inside each cluster: where its slope comes from.
    ///
    /// # Errors
    /// As [`Absorbed::ols`]; others without any variation take nothing away.
    pub fn variation(
        &self,
        regressor: &str,
        others: &[&str],
        cluster: &str,
    ) -> Result<Vec<f64>, StatsError> {
        let which = self.cluster_position(cluster)?;
        let at = self.position(regressor)?;
        let solved = match others.is_empty() {
            true => None,
            false => match self.solve(regressor, others) {
                Ok((fit, _)) => Some(fit),
                Err(StatsError::AllCollinear { .. }) => None,
                Err(error) => return Err(error),
            },
        };
        let mut columns = vec![at];
        let mut weights = vec![1.0];
        if let Some(fit) = &solved {
            columns.extend(&fit.x);
            weights.extend(fit.beta.iter().map(|b| -b));
        }
        let groups = &self.sample.clusters[which];
        let k = self.variables.len();
        if let Some(grams) = &self.by_cluster[which] {
            // Each pair once: what lies off the diagonal counts twice.
            let pairs: Vec<(usize, f64)> = (0..columns.len())
                .flat_map(|i| (i..columns.len()).map(move |j| (i, j)))
                .map(|(i, j)| {
                    let times = if i == j { 1.0 } else { 2.0 };
                    let at = packed(k, columns[i], columns[j]);
                    (at, times * weights[i] * weights[j])
                })
                .collect();
            return Ok(grams
                .groups()
                .map(|g| pairs.iter().map(|(at, w)| g[*at] * w).sum::<f64>().max(0.0))
                .collect());
        }
        let own = match &solved {
            Some(fit) => fit.residuals(self),
            None => self.variables[at].values.clone(),
        };
        let w = self.sample.weights.as_deref();
        let mut sums = vec![0.0; groups.levels];
        for (i, (value, code)) in own.iter().zip(groups.codes.iter()).enumerate() {
            sums[*code as usize] += w.map_or(1.0, |w| w[i]) * value * value;
        }
        Ok(sums)
    }

    fn cluster_position(&self, name: &str) -> Result<usize, StatsError> {
        let found = self.sample.clusters.iter().position(|c| c.name == name);
        found.ok_or_else(|| StatsError::UnknownColumn {
            name: name.to_owned(),
        })
    }
}
