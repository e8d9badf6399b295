//! Removing fixed effects from many columns at once.
//!
//! Least squares with dummies for people, places and years equals least squares on columns from
//! which those effects have been removed (Frisch–Waugh–Lovell). Alternating projections fail when two large effects
//! are joined by few movers. Here the largest effect is eliminated exactly, and the rest is
//! solved by preconditioned conjugate gradients on *cells* (distinct pairs of levels, where rows share them), so an iteration
//! costs what the cells cost, and never more than the rows. Rows are read twice: to sum, and to subtract. Where thousands of
//! right-hand sides share one system, a dense factor of it answers them all.
//!
//! Nothing here knows about outcomes, regressors or variances.

mod by_row;
mod cells;
mod demean;
mod factor;
mod shared;
mod solve;
mod tables;

pub(crate) use cells::{Cells, Reader};
pub(crate) use demean::{Removal, Tolerance, remove};
pub(crate) use factor::{Factor, LARGEST};
pub(crate) use shared::{Joint, Shares};
pub(crate) use solve::{condense, conjugate, expand};
