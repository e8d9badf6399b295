//! From absorbed columns to a fit: choose independent regressors, solve, attach a variance.

use faer::Mat;
use rayon::prelude::*;

use super::options::{FitOptions, Vcov};
use super::parameters::count;
use super::reduced::{Power, reduced};
use super::result::{Dropped, Fit, Levels, coefficient};
use super::scores::Solved;
use super::variance::{chosen_clusters, clustered, heteroskedastic, iid, repair};
use super::weighted::weighted;
use super::wild::{WildOptions, bootstrap};
use crate::absorbed::{Absorbed, INTERCEPT, absorb};
use crate::design::{Column, Design};
use crate::error::StatsError;
use crate::linalg::{COLLINEAR, independent, inverse_spd, multiply, times};
use crate::sample::Dense;

/// A column whose effects take all but this share of its variation has none of its own.
const ABSORBED: f64 = 1e-12;

/// What the last step needs to know about the model it finishes.
pub(crate) struct Model {
    pub(crate) name: &'static str,
    /// The variance of an observation is known given its mean: no residual variance, normal tests.
    pub(crate) known_dispersion: bool,
}

impl Model {
    pub(crate) const LEAST_SQUARES: Self = Self {
        name: "OLS",
        known_dispersion: false,
    };
}

/// One regression among many on the same absorbed columns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Spec<'a> {
    /// Name of the outcome.
    pub outcome: &'a str,
    /// Names of the regressors; when two are collinear the later one is dropped.
    pub regressors: Vec<&'a str>,
}

/// Least squares of one outcome, absorbing the design's effects: [`absorb`] and [`Absorbed::ols`] in one.
///
/// # Errors
/// Those of [`absorb`] and [`Absorbed::ols`].
///
/// ```
/// use throughline_stats::{ols, Column, Design, FitOptions, Vcov};
/// let y = [1.0, 3.0, 2.0, 5.0, 4.0];
/// let x = [0.0, 1.0, 2.0, 3.0, 4.0];
/// let fit = ols(
///     &Design::default(),
///     &Column { name: "y", values: &y },
///     &[Column { name: "x", values: &x }],
///     &FitOptions::new(Vcov::Hc1),
/// )?;
/// let slope = fit.coefficient("x").unwrap();
/// assert!((slope.estimate - 0.8).abs() < 1e-12);
/// # Ok::<(), throughline_stats::StatsError>(())
/// ```
pub fn ols(
    design: &Design<'_>,
    y: &Column<'_>,
    x: &[Column<'_>],
    options: &FitOptions,
) -> Result<Fit, StatsError> {
    let mut columns = vec![*y];
    columns.extend_from_slice(x);
    let regressors: Vec<&str> = x.iter().map(|c| c.name).collect();
    absorb(design, &columns)?.ols(y.name, &regressors, options)
}

impl Absorbed {
    /// Least squares of one column on others.
    ///
    /// # Errors
    /// Unknown or repeated names, an outcome without variation, regressors all collinear, more parameters than
    /// observations, a perfect fit, fewer than two clusters, a variance that is not defined for the design.
    pub fn ols(
        &self,
        outcome: &str,
        regressors: &[&str],
        options: &FitOptions,
    ) -> Result<Fit, StatsError> {
        let clusters = chosen_clusters(self, options)?;
        check_level(options)?;
        let (solved, collinear) = self.solve(outcome, regressors)?;
        self.finish(
            &solved,
            collinear,
            options,
            &clusters,
            &Model::LEAST_SQUARES,
        )
    }

    /// Many specifications in parallel, results in the order asked.
    ///
    /// Each result equals what [`Absorbed::ols`] gives for that specification.
    #[must_use]
    pub fn ols_many(
        &self,
        specs: &[Spec<'_>],
        options: &FitOptions,
    ) -> Vec<Result<Fit, StatsError>> {
        specs
            .par_iter()
            .map(|s| self.ols(s.outcome, &s.regressors, options))
            .collect()
    }

    /// Residuals of a regression, one for each of [`Absorbed::rows`].
    ///
    /// # Errors
    /// As [`Absorbed::ols`].
    pub fn residuals(&self, outcome: &str, regressors: &[&str]) -> Result<Vec<f64>, StatsError> {
        Ok(self.solve(outcome, regressors)?.0.residuals(self))
    }

    /// Refuses an outcome that the effects explain altogether.
    pub(crate) fn must_vary(&self, y: usize) -> Result<(), StatsError> {
        let own = &self.variables[y];
        if own.removal.within <= ABSORBED * own.total {
            return Err(StatsError::ZeroVariance {
                name: own.name.clone(),
            });
        }
        Ok(())
    }

    /// Slopes, bread and residual sum of squares; and the names of regressors dropped as collinear.
    pub(crate) fn solve(
        &self,
        outcome: &str,
        regressors: &[&str],
    ) -> Result<(Solved, Vec<String>), StatsError> {
        let y = self.position(outcome)?;
        if regressors.contains(&outcome) {
            return Err(StatsError::DuplicateName {
                name: outcome.to_owned(),
            });
        }
        self.must_vary(y)?;
        let (kept, collinear) = self.choose(regressors)?;
        let gram = self.gram_of(&kept);
        let bread = inverse_spd(gram.as_ref()).ok_or_else(|| StatsError::AllCollinear {
            names: regressors.join(", "),
        })?;
        let xy: Vec<f64> = kept.iter().map(|&j| self.product(j, y)).collect();
        let beta = times(bread.as_ref(), &xy);
        let yy = self.product(y, y);
        let explained: f64 = beta.iter().zip(&xy).map(|(b, v)| b * v).sum();
        let mut solved = Solved {
            y,
            x: kept,
            beta,
            bread,
            rss: yy - explained,
        };
        // The difference of two near-equal sums has no digits left: take the residuals themselves.
        if solved.rss < 1e-4 * yy {
            let e = solved.residuals(self);
            solved.rss = match self.weights() {
                Some(w) => e.iter().zip(w).map(|(e, w)| w * e * e).sum(),
                None => e.iter().map(|e| e * e).sum(),
            };
            if solved.rss < 1e-20 * yy {
                return Err(StatsError::PerfectFit {
                    outcome: outcome.to_owned(),
                });
            }
        }
        Ok((solved, collinear))
    }

    /// Positions of the independent regressors, an intercept first, and the names of the others.
    pub(crate) fn choose(
        &self,
        regressors: &[&str],
    ) -> Result<(Vec<usize>, Vec<String>), StatsError> {
        let mut x = Vec::with_capacity(regressors.len() + 1);
        if self.intercept {
            x.push(self.variables.len() - 1);
        }
        for name in regressors {
            let at = self.position(name)?;
            if x.contains(&at) {
                return Err(StatsError::DuplicateName {
                    name: (*name).to_owned(),
                });
            }
            x.push(at);
        }
        let varies = |j: &usize| {
            let v = &self.variables[*j];
            v.removal.within > ABSORBED * v.total
        };
        let varying: Vec<usize> = x.iter().copied().filter(varies).collect();
        let keep = independent(self.gram_of(&varying).as_ref(), COLLINEAR);
        let kept: Vec<usize> = varying
            .into_iter()
            .zip(keep)
            .filter(|(_, keep)| *keep)
            .map(|(j, _)| j)
            .collect();
        if kept.is_empty() {
            return Err(StatsError::AllCollinear {
                names: regressors.join(", "),
            });
        }
        let collinear = x
            .iter()
            .filter(|j| !kept.contains(j))
            .map(|&j| self.variables[j].name.clone())
            .collect();
        Ok((kept, collinear))
    }

    pub(crate) fn gram_of(&self, which: &[usize]) -> Mat<f64> {
        Mat::from_fn(which.len(), which.len(), |i, j| {
            self.product(which[i], which[j])
        })
    }

    /// Maps slopes of centred columns to the coefficients reported: only the intercept differs.
    ///
    /// Row `i` gives the weights of reported coefficient `i` on the internal ones.
    pub(crate) fn contrasts(&self, fit: &Solved) -> Mat<f64> {
        let p = fit.x.len();
        let mut t = Mat::<f64>::identity(p, p);
        if self.intercept && self.variables[fit.x[0]].name == INTERCEPT {
            for j in 1..p {
                t[(0, j)] = -self.variables[fit.x[j]].mean;
            }
        }
        t
    }

    /// Attaches a variance and the evidence to a solved specification.
    pub(crate) fn finish(
        &self,
        fit: &Solved,
        collinear: Vec<String>,
        options: &FitOptions,
        which: &[usize],
        model: &Model,
    ) -> Result<Fit, StatsError> {
        let n = self.n();
        let p = fit.x.len();
        let clusters: Vec<&Dense> = which.iter().map(|&w| &self.sample.clusters[w]).collect();
        if let (Some(shared), Vcov::Hc2 | Vcov::Hc3 | Vcov::Cr2 | Vcov::Crv3 | Vcov::Wild { .. }) =
            (&self.sample.shared, options.vcov)
        {
            return Err(StatsError::unsupported(
                format!("this variance with the shared effect `{}`", shared.name),
                "use IID, HC1 or CR1, or give each row one level",
            ));
        }
        let parameters = count(p, &self.sample, which, &options.ssc)?;
        if n <= parameters.counted || n <= parameters.all && which.is_empty() {
            return Err(StatsError::TooFewObservations {
                n,
                parameters: parameters.all,
            });
        }
        let contrasts = self.contrasts(fit);
        let variance = match options.vcov {
            Vcov::Iid => iid(self, fit, &parameters, options, model.known_dispersion),
            Vcov::Hc2 | Vcov::Hc3 | Vcov::Cr2 | Vcov::Crv3 | Vcov::Wild { .. }
                if model.known_dispersion =>
            {
                return Err(StatsError::unsupported(
                    format!("this variance for {}", model.name),
                    "use IID, HC1 or CR1",
                ));
            }
            Vcov::Hc1 => heteroskedastic(self, fit, &parameters, options, 0)?,
            Vcov::Hc2 => heteroskedastic(self, fit, &parameters, options, 1)?,
            Vcov::Hc3 => heteroskedastic(self, fit, &parameters, options, 2)?,
            Vcov::Crv1 => clustered(self, fit, &parameters, options, which),
            Vcov::Cr2 | Vcov::Crv3 => {
                let power = if options.vcov == Vcov::Cr2 {
                    Power::Half
                } else {
                    Power::One
                };
                let one = only_one(&clusters, "CR2 and CR3")?;
                match (self.weights(), power) {
                    (Some(weights), Power::Half) => weighted(self, fit, one, &contrasts, weights)?,
                    _ => reduced(self, fit, options, &parameters, one, &contrasts, power)?,
                }
            }
            Vcov::Wild { .. } => {
                only_one(&clusters, "the wild bootstrap")?;
                clustered(self, fit, &parameters, options, which)
            }
        };
        let half = multiply(contrasts.as_ref(), variance.matrix.as_ref());
        let mut covariance = multiply(half.as_ref(), contrasts.transpose());
        let mut notes = variance.notes;
        if repair(&mut covariance) {
            notes.push(
                "the variance was not positive: negative eigenvalues were replaced".to_owned(),
            );
        }
        let mut estimates = times(contrasts.as_ref(), &fit.beta);
        if self.intercept && self.variables[fit.x[0]].name == INTERCEPT {
            estimates[0] += self.variables[fit.y].mean;
        }
        let mut coefficients: Vec<_> = (0..p)
            .map(|j| {
                let df = if model.known_dispersion {
                    f64::INFINITY
                } else {
                    variance.df[if variance.df.len() == 1 { 0 } else { j }]
                };
                coefficient(
                    &self.variables[fit.x[j]].name,
                    estimates[j],
                    covariance[(j, j)],
                    df,
                    options.level,
                )
            })
            .collect();
        let mut label = variance.label;
        if let Vcov::Wild {
            draws,
            seed,
            weights,
            impose_null,
        } = options.vcov
        {
            let wild = WildOptions {
                draws,
                seed,
                weights,
                impose_null,
                level: options.level,
            };
            for (j, c) in coefficients.iter_mut().enumerate() {
                if c.term == INTERCEPT {
                    notes.push("the intercept keeps its CR1 test".to_owned());
                    continue;
                }
                let test = bootstrap(self, fit, which[0], j, &wild)?.test(&wild);
                (c.p, c.lower, c.upper) = (test.p, test.lower, test.upper);
                label = format!(
                    "wild cluster bootstrap (null {}, {}) by {}",
                    if impose_null {
                        "imposed"
                    } else {
                        "not imposed"
                    },
                    test.scheme,
                    clusters[0].name
                );
            }
        }
        let own = &self.variables[fit.y];
        let residual_df = n as f64 - parameters.all as f64;
        Ok(Fit {
            outcome: own.name.clone(),
            estimator: model.name.to_owned(),
            n,
            dropped: Dropped {
                outside_sample: self.sample.outside,
                zero_weight: self.sample.zero_weight,
                singletons: self.sample.singletons,
                separated: 0,
                collinear,
            },
            effects: parameters.effects,
            clusters: clusters
                .iter()
                .map(|c| Levels {
                    name: c.name.clone(),
                    levels: c.levels,
                    nested: false,
                })
                .collect(),
            vcov: label,
            notes,
            coefficients,
            covariance: (0..p * p).map(|i| covariance[(i / p, i % p)]).collect(),
            parameters: parameters.counted,
            residual_df,
            r2: 1.0 - fit.rss / own.total,
            r2_within: 1.0 - fit.rss / own.removal.within,
            residual_variance: fit.rss / residual_df,
            log_likelihood: f64::NAN,
            iterations: std::iter::once(fit.y)
                .chain(fit.x.iter().copied())
                .map(|j| self.variables[j].removal.iterations)
                .max()
                .unwrap_or(0),
            converged: true,
            level: options.level,
        })
    }
}

fn only_one<'a>(clusters: &[&'a Dense], what: &str) -> Result<&'a Dense, StatsError> {
    match clusters {
        [one] => Ok(one),
        _ => Err(StatsError::unsupported(
            format!("{what} with several cluster variables"),
            "name one cluster variable, or use CR1",
        )),
    }
}

pub(crate) fn check_level(options: &FitOptions) -> Result<(), StatsError> {
    if options.level > 0.0 && options.level < 1.0 {
        Ok(())
    } else {
        Err(StatsError::option(
            "level",
            "between 0 and 1, both excluded",
        ))
    }
}
