//! Wild cluster bootstrap of one coefficient, null imposed (WCR) or not (WCU), with an interval by test inversion.
//!
//! With few clusters a clustered t statistic is not t distributed. The bootstrap asks how often a statistic as large
//! would arise if the coefficient were the null value and each cluster's residuals had kept
//! or flipped their sign together. Everything a draw needs is linear in the cluster weights, so a draw
//! works on cluster sums, never on rows; effects not nested in the clusters are removed anew in every draw
//! through the cells of `fe`. Imposing the null is the better test (it over-rejects less with few or unequal clusters); without
//! it, draws scatter around the estimate and the interval is symmetric. Both use the CR1 statistic (WCR11 and WCU11 of MacKinnon,
//! Nielsen and Webb 2023). References: Cameron, Gelbach and Miller (2008); Webb (2023); Roodman et al. (2019).
//!
//! Tie rule: a draw counts when `|t*| ≥ |t|` up to rounding (weak inequality). Enumerated draws give `p = #/2^G`; random
//! draws give `p = (1 + #)/(1 + B)`, which cannot be zero. Clusters take their weights in an order of their content, so neither
//! sorting the rows nor renaming the clusters changes a p-value.

use rayon::prelude::*;

use super::cluster_sums::Sums;
use super::draws::{BLOCK, Crossed, Draw, Job};
use super::estimate::Spec;
use super::options::WildWeights;
use super::order::by_content;
use super::scores::Solved;
use crate::absorbed::Absorbed;
use crate::error::StatsError;
use crate::fe::Factor;
use crate::linalg::times;
use crate::multiplicity::romano_wolf;

/// A draw this near the sample's statistic counts as a tie.
const TIE: f64 = 1e-9;

/// Options of a wild cluster bootstrap.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct WildOptions {
    /// Draws; all sign combinations are enumerated instead when there are no more than this.
    pub draws: usize,
    /// Seed; draw `i` depends on the seed and `i` only.
    pub seed: u64,
    /// Distribution of the cluster weights.
    pub weights: WildWeights,
    /// Whether residuals are those of the regression without the tested coefficient (WCR) or with it (WCU).
    pub impose_null: bool,
    /// Confidence level of the interval.
    pub level: f64,
}

/// Result of a wild cluster bootstrap.
#[derive(Debug, Clone, PartialEq)]
pub struct WildTest {
    /// The clustered t statistic of the coefficient.
    pub statistic: f64,
    /// Two-sided p-value of the coefficient being zero.
    pub p: f64,
    /// Lower end of the set of null values not rejected.
    pub lower: f64,
    /// Upper end of that set.
    pub upper: f64,
    /// Draws used, and whether they were all there are.
    pub draws: usize,
    /// In words, such as `Rademacher, all 64 sign combinations`.
    pub scheme: String,
}

/// One hypothesis of a Romano–Wolf family.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RomanoWolf {
    /// Wild-bootstrap p-value of the hypothesis alone.
    pub p: f64,
    /// P-value adjusted for the whole family.
    pub adjusted: f64,
}

impl Absorbed {
    /// Wild cluster bootstrap of one regressor's coefficient being zero.
    ///
    /// `cluster` names one of the design's cluster variables.
    ///
    /// # Errors
    /// As [`Absorbed::ols`]; the intercept; a term that was dropped; fewer than two clusters; no draws.
    ///
    /// ```
    /// use throughline_stats::{absorb, Column, Design, Effect, WildOptions, WildWeights};
    /// let site = [0, 0, 0, 1, 1, 1, 2, 2, 2, 3, 3, 3, 4, 4, 4, 5, 5, 5];
    /// let x: Vec<f64> = site.iter().map(|s| f64::from(s % 2)).collect();
    /// let y: Vec<f64> = (0..18).map(|i| f64::from((i * 7) % 10) + 2.0 * x[i as usize]).collect();
    /// let design = Design { clusters: vec![Effect { name: "site", codes: &site }], ..Design::default() };
    /// let data = absorb(&design, &[Column { name: "y", values: &y }, Column { name: "x", values: &x }])?;
    /// let options = WildOptions {
    ///     draws: 999,
    ///     seed: 1,
    ///     weights: WildWeights::Rademacher,
    ///     impose_null: true,
    ///     level: 0.95,
    /// };
    /// let test = data.wild_bootstrap("y", &["x"], "x", "site", &options)?;
    /// // Six clusters have 64 sign combinations: all are used.
    /// assert_eq!(test.draws, 64);
    /// assert!(test.lower < test.upper && test.p >= 2.0 / 64.0);
    /// # Ok::<(), throughline_stats::StatsError>(())
    /// ```
    pub fn wild_bootstrap(
        &self,
        outcome: &str,
        regressors: &[&str],
        term: &str,
        cluster: &str,
        options: &WildOptions,
    ) -> Result<WildTest, StatsError> {
        Ok(self
            .bootstrapped(outcome, regressors, term, cluster, options)?
            .test(options))
    }

    /// Romano–Wolf step-down p-values of several hypotheses, each that one regressor's coefficient is zero.
    ///
    /// All hypotheses are bootstrapped with the same cluster weights in the same draw, so the dependence between
    /// outcomes that share units and clusters is kept; that is where the gain over Holm comes from. Draws are
    /// those of [`Absorbed::wild_bootstrap`]. Results are in the order of `hypotheses`.
    ///
    /// # Errors
    /// As [`Absorbed::wild_bootstrap`], for any hypothesis.
    ///
    /// Reference: Romano and Wolf (2005), *Econometrica* 73; Clarke, Romano and Wolf (2020).
    ///
    /// ```
    /// use throughline_stats::{absorb, Column, Design, Effect, Spec, WildOptions, WildWeights};
    /// let site = [0, 0, 0, 1, 1, 1, 2, 2, 2, 3, 3, 3, 4, 4, 4, 5, 5, 5];
    /// let x: Vec<f64> = site.iter().map(|s| f64::from(s % 2)).collect();
    /// let one: Vec<f64> = (0..18).map(|i| f64::from((i * 7) % 10) + 9.0 * x[i as usize]).collect();
    /// let two: Vec<f64> = (0..18).map(|i| f64::from((i * 5) % 7)).collect();
    /// let column = |name, values| Column { name, values };
    /// let design = Design { clusters: vec![Effect { name: "site", codes: &site }], ..Design::default() };
    /// let data = absorb(&design, &[column("one", &one[..]), column("two", &two[..]), column("x", &x[..])])?;
    /// let options = WildOptions {
    ///     draws: 999,
    ///     seed: 1,
    ///     weights: WildWeights::Rademacher,
    ///     impose_null: true,
    ///     level: 0.95,
    /// };
    /// let family = ["one", "two"].map(|outcome| (Spec { outcome, regressors: vec!["x"] }, "x"));
    /// let tests = data.romano_wolf(&family, "site", &options)?;
    /// assert!(tests.iter().all(|t| t.adjusted >= t.p));
    /// # Ok::<(), throughline_stats::StatsError>(())
    /// ```
    pub fn romano_wolf(
        &self,
        hypotheses: &[(Spec<'_>, &str)],
        cluster: &str,
        options: &WildOptions,
    ) -> Result<Vec<RomanoWolf>, StatsError> {
        let mut tests = Vec::with_capacity(hypotheses.len());
        let mut draws = Vec::with_capacity(hypotheses.len());
        for (spec, term) in hypotheses {
            let b = self.bootstrapped(spec.outcome, &spec.regressors, term, cluster, options)?;
            draws.push(b.null_statistics());
            tests.push((b.statistic(0.0), b.p_value(0.0), b.enumerated));
        }
        let statistics: Vec<f64> = tests.iter().map(|t| t.0).collect();
        let enumerated = tests.iter().all(|t| t.2);
        let adjusted = romano_wolf(&statistics, &draws, enumerated);
        Ok(tests
            .iter()
            .zip(adjusted)
            .map(|(t, adjusted)| RomanoWolf { p: t.1, adjusted })
            .collect())
    }

    fn bootstrapped(
        &self,
        outcome: &str,
        regressors: &[&str],
        term: &str,
        cluster: &str,
        options: &WildOptions,
    ) -> Result<Bootstrapped, StatsError> {
        let (fit, _) = self.solve(outcome, regressors)?;
        let unknown = |name: &str| StatsError::UnknownColumn {
            name: name.to_owned(),
        };
        let groups = self
            .sample
            .clusters
            .iter()
            .position(|c| c.name == cluster)
            .ok_or_else(|| unknown(cluster))?;
        let at = fit
            .x
            .iter()
            .position(|&x| self.variables[x].name == term)
            .ok_or_else(|| unknown(term))?;
        if term == crate::INTERCEPT {
            return Err(StatsError::unsupported(
                "a wild bootstrap of the intercept",
                "centre the regressors and test the outcome's mean instead",
            ));
        }
        bootstrap(self, &fit, groups, at, options)
    }
}

/// The draws of one coefficient's bootstrap and the sample's own statistic.
pub(crate) struct Bootstrapped {
    beta: f64,
    /// Root of the sandwich without small-sample factor; the factor is the same in every draw and cancels.
    root: f64,
    factor: f64,
    draws: Vec<Draw>,
    enumerated: bool,
}

impl Bootstrapped {
    /// `|t|` of the null value in the sample, on the scale of the draws.
    pub(crate) fn statistic(&self, null: f64) -> f64 {
        ((self.beta - null) / self.root).abs()
    }

    /// `|t*|` of every draw under the null value zero.
    pub(crate) fn null_statistics(&self) -> Vec<f64> {
        self.draws.iter().map(|d| d.statistic(0.0)).collect()
    }

    pub(crate) fn p_value(&self, null: f64) -> f64 {
        let t = self.statistic(null) * (1.0 - TIE);
        let count = self.draws.iter().filter(|d| d.statistic(null) >= t).count() as f64;
        let draws = self.draws.len() as f64;
        if self.enumerated {
            count / draws
        } else {
            (1.0 + count) / (1.0 + draws)
        }
    }

    pub(crate) fn test(&self, options: &WildOptions) -> WildTest {
        let scale = self.root * self.factor.sqrt();
        let alpha = 1.0 - options.level;
        let draws = self.draws.len();
        WildTest {
            statistic: self.beta / scale,
            p: self.p_value(0.0),
            lower: invert(&|null| self.p_value(null), self.beta, -scale, alpha),
            upper: invert(&|null| self.p_value(null), self.beta, scale, alpha),
            draws,
            scheme: match (options.weights, self.enumerated) {
                (WildWeights::Rademacher, true) => {
                    format!("Rademacher, all {draws} sign combinations")
                }
                (WildWeights::Rademacher, false) => format!("Rademacher, {draws} draws"),
                (WildWeights::Webb, _) => format!("Webb, {draws} draws"),
            },
        }
    }
}

pub(crate) fn bootstrap(
    data: &Absorbed,
    fit: &Solved,
    cluster: usize,
    at: usize,
    options: &WildOptions,
) -> Result<Bootstrapped, StatsError> {
    // Preparations too run on a worker thread: what they leave behind (freed memory, buffers for matrix products) is used again
    // by the draws.
    rayon::scope(|_| prepared(data, fit, cluster, at, options))
}

fn prepared(
    data: &Absorbed,
    fit: &Solved,
    cluster: usize,
    at: usize,
    options: &WildOptions,
) -> Result<Bootstrapped, StatsError> {
    if let Some(shared) = &data.sample.shared {
        return Err(StatsError::unsupported(
            format!(
                "the wild bootstrap with the shared effect `{}`",
                shared.name
            ),
            "give each row one level",
        ));
    }
    let groups = &data.sample.clusters[cluster];
    let g = groups.levels;
    if g < 2 {
        return Err(StatsError::TooFewClusters {
            name: groups.name.clone(),
            found: g,
        });
    }
    if options.draws == 0 {
        return Err(StatsError::option("draws", "at least one"));
    }
    if !(options.level > 0.0 && options.level < 1.0) {
        return Err(StatsError::option(
            "level",
            "between 0 and 1, both excluded",
        ));
    }
    let enumerate =
        options.weights == WildWeights::Rademacher && g < 63 && 1usize << g <= options.draws;
    let draws = if enumerate {
        1usize << g
    } else {
        options.draws
    };
    let p = fit.x.len();
    let m: Vec<f64> = (0..p).map(|j| fit.bread[(at, j)]).collect();
    let crossing: Vec<usize> = (0..data.sample.effects.len())
        .filter(|&e| !data.sample.nested[e][cluster])
        .collect();
    let order = by_content(data, groups);
    let sums = Sums::new(data, fit, groups, &crossing);
    // h_g = M X_g'X_g m.
    let mut h = Vec::with_capacity(g * p);
    for own in sums.groups() {
        let moved: Vec<f64> = (0..p)
            .map(|i| (0..p).map(|j| own[sums.at(i, j)] * m[j]).sum())
            .collect();
        h.extend(times(fit.bread.as_ref(), &moved));
    }
    // Residuals first, then regressors.
    let mut only = vec![0.0; p + 1];
    only[0] = 1.0;
    let own = sums.combined(&only, fit.rss);
    // The sample's own statistic, through unrestricted residuals.
    let variance: f64 = own
        .scores
        .chunks(p)
        .map(|s| {
            let a: f64 = s.iter().zip(&m).map(|(s, m)| s * m).sum();
            a * a
        })
        .sum();
    let parts = if options.impose_null {
        // The tested regressor net of the others is its row of the bread over the diagonal; leaving it out of the
        // regression adds its share to the residuals.
        let net = 1.0 / m[at];
        let tested: Vec<f64> = std::iter::once(0.0)
            .chain(m.iter().map(|m| m * net))
            .collect();
        let mut outcome: Vec<f64> = tested.iter().map(|t| t * fit.beta[at]).collect();
        outcome[0] = 1.0;
        let square = fit.rss + fit.beta[at] * fit.beta[at] * net;
        vec![sums.combined(&outcome, square), sums.combined(&tested, net)]
    } else {
        vec![own]
    };
    let z: Vec<f64> = std::iter::once(0.0).chain(m.iter().copied()).collect();
    let z = sums.cells_of(&z);
    let effects = sums.into_effects();
    let crossed = data
        .cells()
        .filter(|_| !crossing.is_empty())
        .map(|cells| Crossed {
            cells,
            effects: &effects,
            factor: Factor::build(cells),
            z,
        });
    let job = Job {
        data,
        groups: g,
        order: &order,
        m: &m,
        h: &h,
        parts,
        crossed,
        options,
        enumerate,
    };
    let results: Vec<Draw> = (0..draws.div_ceil(BLOCK))
        .into_par_iter()
        .map(|block| job.block(block))
        .collect::<Vec<_>>()
        .into_iter()
        .flatten()
        .take(draws)
        .collect();
    Ok(Bootstrapped {
        beta: fit.beta[at],
        root: variance.sqrt(),
        factor: groups_factor(data, cluster, p)?,
        draws: results,
        enumerated: enumerate,
    })
}

/// The CR1 factor with default corrections, only to report the t statistic on its usual scale.
fn groups_factor(data: &Absorbed, cluster: usize, p: usize) -> Result<f64, StatsError> {
    let options = super::FitOptions::new(super::Vcov::Crv1);
    let parameters = super::parameters::count(p, &data.sample, &[cluster], &options.ssc)?;
    let g = data.sample.clusters[cluster].levels as f64;
    Ok(super::variance::parameter_factor(data.n(), &parameters, &options) * g / (g - 1.0))
}

/// The border of the set where `p(null) > alpha`, walking from the estimate in steps of `step`.
fn invert(p: &dyn Fn(f64) -> f64, from: f64, step: f64, alpha: f64) -> f64 {
    let mut inside = from;
    let mut outside = from + 2.0 * step;
    for _ in 0..60 {
        if p(outside) <= alpha {
            for _ in 0..60 {
                let mid = 0.5 * (inside + outside);
                if (outside - inside).abs() <= 1e-10 * step.abs() {
                    break;
                }
                if p(mid) > alpha {
                    inside = mid
                } else {
                    outside = mid
                }
            }
            return 0.5 * (inside + outside);
        }
        inside = outside;
        outside = from + (outside - from) * 1.6;
    }
    // Never rejected: with very few clusters no null value is implausible enough.
    f64::INFINITY.copysign(step)
}
