//! Other ways to answer the same question. Panel association is estimated in `answer`; the designs here compare groups:
//! `staggered` follows teachers (or schools) before and after they began; `matched`
//! sets participants beside others made alike; `lottery` reads a draw. Each tells of one exposure × outcome × subgroup
//! what it found and what speaks against it, or why it was not run.
//!
//! What rows have in common is shared: `units` turns a sample into teacher × year or school × year means once for all outcomes
//! and programs; `event` estimates on such a table; `spread` is the small-sample side of its standard errors.
//!
//! `order` says which design speaks.
//!
//! Nothing here chooses by looking at an effect: every rule is written down before, and reads who took part when, nothing else.

mod event;
mod lottery;
mod matched;
mod order;
mod regression;
mod spread;
mod staggered;
mod tell;
mod timeline;
mod told;
mod units;

pub(crate) use event::{Before, LEVEL};
pub(crate) use order::settle;
pub(crate) use tell::tell;
pub(crate) use told::Told;
