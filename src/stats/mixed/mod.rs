//! Linear mixed models: how much of the differences lies between groups, and what holds within them?
//!
//! `y = Xβ + Zb + ε`, where every level of a group (a school, a teacher) draws its own intercept, and its own slopes if asked, from a normal
//! distribution: `b ~ N(0, σ²ΛΛ')`, `ε ~ N(0, σ²/w)`. Groups may nest or cross. [`mixed()`] finds the variances by REML or
//! maximum likelihood, the coefficients given them, and predicts each level's deviation, shrunk by how little is known of it.
//!
//! Method: the profiled criterion of Bates, Mächler, Bolker and Walker (2015, *J. Stat. Software* 67(1)), which is lme4's. `Λ` is
//! built from `θ`; one sparse Cholesky factor of `Λ'Z'WZΛ + I` gives coefficients, residual variance and criterion; `θ` is found by
//! Newton's method on that criterion. Tests use Satterthwaite's degrees of freedom (as R's lmerTest).
//!
//! Wrong when group effects go with the regressors (the schools with more hours are better schools): then absorb the groups as
//! fixed effects ([`crate::absorb`]), or add the regressor's group means. Variances from fewer than five groups or so are little more
//! than guesses. A variance estimated as zero is a finding ("singular"), not an error.
//!
//! ```
//! use throughline_stats::Column;
//! use throughline_stats::mixed::{mixed, MixedDesign, MixedOptions, RandomTerm};
//! // Six schools with four students each.
//! let school: Vec<u32> = (0..24).map(|i| i / 4).collect();
//! let ses: Vec<f64> = (0..24).map(|i| f64::from(i * 7 % 5) - 2.0).collect();
//! let score: Vec<f64> = (0..24)
//!     .map(|i| f64::from(i / 4 * 5 % 6) + 0.8 * ses[i as usize] + f64::from(i * 11 % 7) / 4.0)
//!     .collect();
//! let design = MixedDesign {
//!     random: vec![RandomTerm::intercept("school", &school)],
//!     ..MixedDesign::default()
//! };
//! let ses = Column { name: "ses", values: &ses };
//! let fit = mixed(&design, &Column { name: "score", values: &score }, &[ses], &MixedOptions::default())?;
//! assert_eq!((fit.n, fit.groups[0].levels, fit.singular), (24, 6, false));
//! let between = fit.random[0].variance;
//! assert!(between / (between + fit.residual_variance) > 0.5);
//! # Ok::<(), throughline_stats::StatsError>(())
//! ```

mod design;
mod fit;
mod optimise;
mod profile;
mod satterthwaite;
mod structure;

pub use design::{MixedDesign, MixedOptions, RandomTerm};
pub use fit::{Covariation, MixedFit, Predicted, mixed};
