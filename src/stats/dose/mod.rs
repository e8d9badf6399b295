//! Dose and response: more hours, more effect?
//!
//! Bins first ([`bins`]): they show the shape and hide nothing. Then a natural cubic spline ([`natural_spline`]) with two tests: whether
//! dose matters at all, and whether the curve is more than a straight line. A penalised spline ([`penalised_spline`]) where the knots should
//! not matter: as bent as the data ask for, with a band that holds along the whole curve. [`bin_indicators`] and [`natural_spline_basis`] give the same
//! columns for a regression with absorbed effects.
//!
//! Wrong when units chose their dose by what they expected from it: effects at different doses are then effects on different units, and
//! even parallel trends do not make their differences causal (Callaway, Goodman-Bacon and Sant'Anna 2024, "strong" parallel trends).
//!
//! ```
//! let dose: Vec<f64> = (0..120).map(|i| f64::from(i % 24)).collect();
//! let y: Vec<f64> = dose.iter().enumerate().map(|(i, d)| 0.05 * d + 0.3 * f64::from((i * 7 % 11) as u32)).collect();
//! let table = throughline_stats::dose::bins(&dose, &[1.0, 8.0, 16.0], &y, &Default::default())?;
//! assert_eq!(table.rows.len(), 4);
//! # Ok::<(), throughline_stats::StatsError>(())
//! ```

mod band;
mod basis;
mod fit;
mod knots;
mod penalised;
mod penalty;
mod response;
mod whole_curve;

pub use band::uniform_multiplier;
pub use basis::{bin_indicators, natural_spline_basis, natural_spline_term};
pub use fit::DoseOptions;
pub use penalised::{
    PenalisedCurve, PenalisedOptions, PenalisedPoint, Smoothing, penalised_spline,
};
pub use response::{
    Bins, DoseBin, DoseCurve, JointTest, bins, natural_spline, natural_spline_knots,
};
