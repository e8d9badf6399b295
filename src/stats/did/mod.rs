//! Staggered adoption: what happened to the units that started at different times, compared with those that had not.
//!
//! When units start treatment in different periods, the two-way fixed-effects coefficient mixes good comparisons (treated against
//! not yet treated) with bad ones (late against early, already treated, units), and can have the wrong sign even when every effect
//! is positive. This module keeps to the good comparisons:
//!
//! - [`group_time`] estimates one effect per cohort g and period t, ATT(g, t) (Callaway and Sant'Anna 2021), by outcome
//!   regression, inverse propensity weighting or both (doubly robust);
//! - [`GroupTime::aggregate`] averages them (simple, by group, by event time, by calendar period) with the influence of the estimated
//!   weights; [`Aggregate::uniform_band`] gives bands that hold for all event times at once;
//! - [`pretrend`] tests the periods before treatment *and says what it could have found*: a test that passes because it is
//!   weak is not evidence. [`crate::honest`] then asks how wrong parallel trends may be before the finding breaks;
//! - [`sun_abraham`], [`imputation`] and [`bacon`] are the interaction-weighted estimator, the imputation estimator and the
//!   decomposition of the two-way estimate, for comparison.
//!
//! Wrong when: treatment can be switched off; units choose when to start because of what they see coming (anticipation must then be
//! declared); outcomes of untreated units respond to treated ones.
//!
//! # Example
//! ```
//! use throughline_stats::did::{group_time, Aggregation, GroupTimeOptions, StaggeredPanel};
//! // 6 units × 3 periods; units 0 to 2 start in period 2 and gain 1, the others never start.
//! let (mut unit, mut time, mut first, mut y) = (vec![], vec![], vec![], vec![]);
//! for i in 0..6_u32 {
//!     for t in 1..=3 {
//!         let treated = i < 3;
//!         unit.push(i);
//!         time.push(t);
//!         first.push(treated.then_some(2));
//!         let wiggle = 0.01 * f64::from((i * 7 + t as u32 * 3) % 5);
//!         y.push(f64::from(i) + 0.5 * f64::from(t) + if treated && t >= 2 { 1.0 } else { 0.0 } + wiggle);
//!     }
//! }
//! let panel = StaggeredPanel::new(&unit, &time, &first, &y);
//! let fit = group_time(&panel, &GroupTimeOptions::default())?;
//! let event = fit.aggregate(Aggregation::Event)?;
//! assert!((event.overall.estimate - 1.0).abs() < 0.05);
//! # Ok::<(), throughline_stats::StatsError>(())
//! ```

mod aggregate;
mod bacon_weights;
mod band;
mod cells;
mod group_time_effects;
mod imputed;
mod influence;
mod interaction_weighted;
mod options;
mod panel;
mod pretrends;
mod two_by_two;

pub use aggregate::{Aggregate, AggregateEffect, Aggregation, EventStudy};
pub use bacon_weights::{Bacon, BaconComparison, BaconKind, bacon};
pub use band::{Band, BandOptions, Multiplier};
pub use group_time_effects::{GroupTime, GroupTimeEffect, NotEstimated, WhyNot, group_time};
pub use imputed::{Imputation, ImputationErrors, ImputationOptions, imputation};
pub use interaction_weighted::{CohortTimeEffect, SunAbraham, sun_abraham};
pub use options::{BasePeriod, ControlGroup, GroupTimeOptions, Method};
pub use panel::{DroppedUnits, PanelSample, StaggeredPanel};
pub use pretrends::{Pretrend, TrendPower, pretrend};
