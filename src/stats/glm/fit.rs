//! From a design to a fitted Poisson or logit model.

use super::family::{Family, Law};
use super::irls::{Converged, Problem, irls, total_of};
use super::separation::{constant_levels, rectify};
use crate::absorbed::{Absorbed, Variable, without_effects};
use crate::design::{Column, Design};
use crate::error::StatsError;
use crate::fe::Removal;
use crate::linalg::inverse_spd;
use crate::ols::{Fit, FitOptions, Model, Solved, chosen_clusters};
use crate::sample::Sample;

/// What a generalised linear model adds to the options of a fit.
#[derive(Debug, Clone, Copy)]
pub struct GlmOptions<'a> {
    /// The outcome's distribution.
    pub family: Family,
    /// Added to the linear predictor with coefficient one: for counts, the logarithm of exposure. One value a row.
    pub offset: Option<&'a [f64]>,
    /// Reweightings allowed.
    pub max_iterations: usize,
}

impl GlmOptions<'_> {
    /// The family with its defaults: no offset, at most 200 iterations.
    #[must_use]
    pub fn new(family: Family) -> Self {
        Self {
            family,
            offset: None,
            max_iterations: 200,
        }
    }
}

/// Poisson regression with a log link, absorbing the design's effects (pseudo-maximum likelihood).
///
/// # Errors
/// As [`glm`].
///
/// ```
/// use throughline_stats::{Column, Design, FitOptions, Vcov, glm::poisson};
/// let y = [1.0, 0.0, 2.0, 3.0, 5.0, 9.0];
/// let x = [0.0, 1.0, 2.0, 3.0, 4.0, 5.0];
/// let columns = [Column { name: "x", values: &x }];
/// let fit = poisson(
///     &Design::default(),
///     &Column { name: "y", values: &y },
///     &columns,
///     &FitOptions::new(Vcov::Hc1),
/// )?;
/// assert!(fit.converged && fit.coefficient("x").unwrap().estimate > 0.0);
/// # Ok::<(), throughline_stats::StatsError>(())
/// ```
pub fn poisson(
    design: &Design<'_>,
    y: &Column<'_>,
    x: &[Column<'_>],
    options: &FitOptions,
) -> Result<Fit, StatsError> {
    glm(design, y, x, &GlmOptions::new(Family::Poisson), options)
}

/// Logit regression of a yes/no outcome (or of proportions, with trials as weights), absorbing the design's effects.
///
/// # Errors
/// As [`glm`].
///
/// ```
/// use throughline_stats::{Column, Design, FitOptions, Vcov, glm::logit};
/// let passed = [0.0, 0.0, 1.0, 0.0, 1.0, 1.0, 0.0, 1.0];
/// let hours = [0.0, 1.0, 2.0, 2.5, 3.0, 4.0, 4.5, 5.0];
/// let x = [Column { name: "hours", values: &hours }];
/// let y = Column { name: "passed", values: &passed };
/// let fit = logit(&Design::default(), &y, &x, &FitOptions::new(Vcov::Hc1))?;
/// let odds_ratio = fit.coefficient("hours").unwrap().estimate.exp();
/// assert!(odds_ratio > 1.0 && fit.converged);
/// # Ok::<(), throughline_stats::StatsError>(())
/// ```
pub fn logit(
    design: &Design<'_>,
    y: &Column<'_>,
    x: &[Column<'_>],
    options: &FitOptions,
) -> Result<Fit, StatsError> {
    glm(design, y, x, &GlmOptions::new(Family::Logit), options)
}

/// A Poisson or logit model. `r2` is McFadden's; `residual_variance` is Pearson's dispersion.
///
/// # Errors
/// Those of [`crate::absorb`]; an outcome outside the family's range; separation that cannot be resolved by dropping
/// rows; no convergence; a variance other than IID, HC1 or CR1.
///
/// ```
/// use throughline_stats::{Column, Design, FitOptions, Vcov, glm::{Family, GlmOptions, glm}};
/// // Incidents of rooms observed for different numbers of days: a rate a day that doubles with `new`.
/// let days = [10.0_f64, 20.0, 40.0, 10.0, 20.0, 40.0];
/// let incidents = [1.0, 3.0, 4.0, 2.0, 5.0, 9.0];
/// let new = [0.0, 0.0, 0.0, 1.0, 1.0, 1.0];
/// let exposure: Vec<f64> = days.iter().map(|d| d.ln()).collect();
/// let model = GlmOptions { offset: Some(&exposure), ..GlmOptions::new(Family::Poisson) };
/// let (y, x) = (Column { name: "incidents", values: &incidents }, Column { name: "new", values: &new });
/// let fit = glm(&Design::default(), &y, &[x], &model, &FitOptions::new(Vcov::Hc1))?;
/// assert!((fit.coefficient("new").unwrap().estimate.exp() - 2.0).abs() < 1e-9);
/// # Ok::<(), throughline_stats::StatsError>(())
/// ```
pub fn glm(
    design: &Design<'_>,
    y: &Column<'_>,
    x: &[Column<'_>],
    model: &GlmOptions<'_>,
    options: &FitOptions,
) -> Result<Fit, StatsError> {
    let law = match model.family {
        Family::Poisson => Law::Poisson,
        Family::Logit => Law::Logit,
    };
    let prepared = Prepared::new(design, y, x, model.offset, law)?;
    let (prepared, converged) = prepared.fit(design, x, law, model.max_iterations)?;
    let name = match model.family {
        Family::Poisson => "Poisson",
        Family::Logit => "logit",
    };
    prepared.finish(converged, law, name, options)
}

/// A sample with its outcome and independent regressors.
pub(crate) struct Prepared {
    pub(crate) sample: Sample,
    pub(crate) name: String,
    pub(crate) y: Vec<f64>,
    pub(crate) offset: Option<Vec<f64>>,
    /// Regressors kept, an intercept first.
    pub(crate) x: Vec<Variable>,
    pub(crate) intercept: bool,
    pub(crate) collinear: Vec<String>,
    pub(crate) separated: usize,
}

impl Prepared {
    pub(crate) fn new(
        design: &Design<'_>,
        y: &Column<'_>,
        x: &[Column<'_>],
        offset: Option<&[f64]>,
        law: Law,
    ) -> Result<Self, StatsError> {
        let mut columns = vec![*y];
        columns.extend_from_slice(x);
        if let Some(values) = offset {
            columns.push(Column {
                name: "offset",
                values,
            });
        }
        let n = design.check(&columns)?;
        if let Some(shared) = &design.shared {
            return Err(StatsError::unsupported(
                format!("the shared effect `{}` in this model", shared.name),
                "give each row one level",
            ));
        }
        let mut sample = Sample::select(design, n)?;
        let mut values = sample.gather(y.name, y.values)?;
        law.check(y.name, &values, &sample.rows)?;
        let mut separated = 0;
        while let Some(drop) = constant_levels(&sample, law, &values) {
            let count = drop.iter().filter(|d| **d).count();
            if count == values.len() {
                return Err(StatsError::Separation {
                    outcome: y.name.to_owned(),
                    detail: "it does not vary within any level of the effects".to_owned(),
                });
            }
            separated += count;
            let (smaller, kept) = sample.without(&drop, design.keep_singletons);
            values = kept.iter().map(|&i| values[i as usize]).collect();
            sample = smaller;
            if values.is_empty() {
                return Err(StatsError::EmptySample {
                    reason: format!(
                        "{separated} rows lie in levels where `{}` does not vary",
                        y.name
                    ),
                });
            }
        }
        if values.iter().all(|v| *v == values[0]) {
            return Err(StatsError::ZeroVariance {
                name: y.name.to_owned(),
            });
        }
        Self::regressors(design, y.name, values, x, offset, sample, separated)
    }

    fn regressors(
        design: &Design<'_>,
        name: &str,
        y: Vec<f64>,
        x: &[Column<'_>],
        offset: Option<&[f64]>,
        sample: Sample,
        separated: usize,
    ) -> Result<Self, StatsError> {
        let intercept = sample.effects.is_empty() && !design.no_intercept;
        let (variables, _) = without_effects(&sample, x, intercept)?;
        // Independence is judged once, with the prior weights.
        let whole = Absorbed::assemble(
            Sample {
                clusters: Vec::new(),
                ..sample.clone()
            },
            variables,
            intercept,
            None,
        );
        let names: Vec<&str> = x.iter().map(|c| c.name).collect();
        let (kept, collinear) = whole.choose(&names)?;
        let mut slots: Vec<Option<Variable>> = whole.variables.into_iter().map(Some).collect();
        let x = kept.iter().filter_map(|&j| slots[j].take()).collect();
        let offset = offset.map(|o| sample.gather("offset", o)).transpose()?;
        Ok(Self {
            sample,
            name: name.to_owned(),
            y,
            offset,
            x,
            intercept,
            collinear,
            separated,
        })
    }

    pub(crate) fn problem(&self, law: Law, max_iterations: usize, watch: bool) -> Problem<'_> {
        Problem {
            sample: &self.sample,
            law,
            name: &self.name,
            y: &self.y,
            offset: self.offset.as_deref(),
            max_iterations,
            watch,
        }
    }

    pub(crate) fn columns(&self) -> Vec<Vec<f64>> {
        self.x.iter().map(|v| v.values.clone()).collect()
    }

    /// The regressors' values, which `self` no longer needs: whoever iterates works on them in place.
    fn take_columns(&mut self) -> Vec<Vec<f64>> {
        let take = |v: &mut Variable| std::mem::take(&mut v.values);
        self.x.iter_mut().map(take).collect()
    }

    /// The regressors' values once more, from the caller's columns.
    fn columns_again(&self, x: &[Column<'_>]) -> Result<Vec<Vec<f64>>, StatsError> {
        let given: Vec<Column<'_>> = self
            .x
            .iter()
            .filter_map(|v| x.iter().find(|c| c.name == v.name).copied())
            .collect();
        let (variables, _) = without_effects(&self.sample, &given, self.intercept)?;
        // An intercept, if there is one, comes first.
        let ones = (given.len() < self.x.len()).then(|| vec![1.0; self.y.len()]);
        let values = variables.into_iter().map(|v| v.values);
        Ok(ones.into_iter().chain(values).collect())
    }

    /// Iterates; when rows run away, drops the separated ones and iterates again.
    fn fit(
        mut self,
        design: &Design<'_>,
        x: &[Column<'_>],
        law: Law,
        max_iterations: usize,
    ) -> Result<(Self, Converged), StatsError> {
        let mut start: Option<Vec<f64>> = None;
        let mut before = 0;
        for _ in 0..10 {
            let columns = self.take_columns();
            let problem = self.problem(law, max_iterations, true);
            let mut done = irls(&problem, columns, start.take())?;
            done.iterations += before;
            if !done.running.contains(&true) {
                return Ok((self, done));
            }
            let gone = match law {
                Law::Poisson if done.proven => Some(std::mem::take(&mut done.running)),
                Law::Poisson => rectify(&self.sample, &self.y, self.columns_again(x)?),
                _ => None,
            };
            let Some(gone) = gone else {
                // Not separated that way: let the iteration run its course before judging.
                let spent = done.iterations;
                let problem = self.problem(law, max_iterations, false);
                done = irls(&problem, self.columns_again(x)?, Some(done.eta))?;
                done.iterations += spent;
                let running = done.running.iter().filter(|r| **r).count();
                if running == 0 {
                    return Ok((self, done));
                }
                return Err(StatsError::Separation {
                    outcome: self.name,
                    detail: format!("{running} rows are predicted with certainty"),
                });
            };
            let dropped = gone.iter().filter(|d| **d).count();
            let (sample, kept) = self.sample.without(&gone, design.keep_singletons);
            let y = kept.iter().map(|&i| self.y[i as usize]).collect();
            let offset = self
                .offset
                .take()
                .map(|o| kept.iter().map(|&i| o[i as usize]).collect::<Vec<f64>>());
            let separated = self.separated + dropped;
            start = Some(kept.iter().map(|&i| done.eta[i as usize]).collect());
            before = done.iterations;
            drop(done);
            self = Self::regressors(design, &self.name, y, x, None, sample, separated)?;
            self.offset = offset;
        }
        Err(StatsError::NotConverged {
            what: "the search for separated rows".to_owned(),
            iterations: 10,
        })
    }

    /// Attaches a variance to the converged regression.
    pub(crate) fn finish(
        self,
        done: Converged,
        law: Law,
        model: &'static str,
        options: &FitOptions,
    ) -> Result<Fit, StatsError> {
        let n = self.y.len();
        let prior = self.sample.weights.clone();
        let weight = |i: usize| prior.as_ref().map_or(1.0, |w| w[i]);
        let (y, eta) = (&self.y, &done.eta);
        let mean = |i: usize| law.mean(eta[i]);
        let log_likelihood = total_of(n, |i| weight(i) * law.log_likelihood(y[i], mean(i)));
        let total: f64 = (0..n).map(weight).sum();
        let average = (0..n).map(|i| weight(i) * y[i]).sum::<f64>() / total;
        let null = total_of(n, |i| weight(i) * law.log_likelihood(y[i], average));
        let pearson = total_of(n, |i| {
            let (w, r) = law.working(y[i], mean(i));
            weight(i) * w * r * r
        });
        let within: f64 = done
            .z
            .iter()
            .zip(&done.weights)
            .map(|(z, w)| w * z * z)
            .sum();
        drop((self.y, done.eta));
        let mut sample = self.sample;
        sample.weights = Some(done.weights);
        let mut variables = vec![Variable {
            name: self.name,
            values: done.z,
            mean: 0.0,
            total: within,
            removal: Removal::none(within),
        }];
        variables.extend(
            self.x
                .into_iter()
                .zip(done.x)
                .map(|(v, values)| Variable { values, ..v }),
        );
        let p = variables.len() - 1;
        let mut data = Absorbed::assemble(sample, variables, false, None);
        data.intercept = self.intercept;
        let which = chosen_clusters(&data, options)?;
        let x: Vec<usize> = (1..=p).collect();
        let bread =
            inverse_spd(data.gram_of(&x).as_ref()).ok_or_else(|| StatsError::Separation {
                outcome: data.variables[0].name.clone(),
                detail: "the weighted regressors became collinear".to_owned(),
            })?;
        let solved = Solved {
            y: 0,
            x,
            beta: done.beta,
            bread,
            rss: pearson,
        };
        let kind = Model {
            name: model,
            known_dispersion: true,
        };
        let mut fit = data.finish(&solved, self.collinear, options, &which, &kind)?;
        fit.dropped.separated = self.separated;
        fit.log_likelihood = log_likelihood;
        fit.r2 = 1.0 - log_likelihood / null;
        fit.r2_within = f64::NAN;
        fit.residual_variance = pearson / fit.residual_df;
        fit.iterations = done.iterations;
        Ok(fit)
    }
}
