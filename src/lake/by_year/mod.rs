//! Queries that are answered a school year at a time, and kept: what a night costs follows from what is new in it.
//!
//! Every query is a relation with a name. `apart` finds out which can be answered a year at a time, `slice` tells whether a year's rows
//! changed, `relations` computes what did, `kept` writes and reads it. This module must not know what a query is for: the measures
//! and the checks are both made of it, each with a folder of its own.

mod apart;
mod kept;
mod relations;
mod slice;

pub(crate) use apart::YEAR;
pub(crate) use kept::Kept;
pub(crate) use relations::{Relation, Relations};
pub(crate) use slice::{Slice, hash};
