//! Messes: rows that are no error of format and still miscount a district, at the rates at which districts have them.
//!
//! Each is written beside what truly happened, drawn from a random stream of its own, so that the world is the same with
//! and without them: who counts the exports right finds the same days, scores, hours and classes. `kind` names every
//! mess, `rates` says how common it is and who reports it, `tally` counts the rows for `truth.json`; the other modules
//! decide, export by export, what is written beside the truth. They know nothing of columns and codes.

pub(crate) mod attendance;
pub(crate) mod conduct;
pub(crate) mod enrollment;
mod kind;
pub(crate) mod people;
pub(crate) mod rates;
pub(crate) mod scores;
mod tally;
pub(crate) mod training;

pub(crate) use kind::{KINDS, Kind};
pub(crate) use tally::{Messed, Tally};

use crate::rng::{Purpose, Rng};
use crate::spec::Messes;
use crate::world::World;

impl World {
    /// Whether the exports hold what districts' exports usually hold.
    pub(crate) fn messy(&self) -> bool {
        self.spec.messes == Messes::Usual
    }

    /// The stream that a mess is drawn from: its own for each kind, person or school, and school year.
    pub(crate) fn mess(&self, kind: Kind, entity: u64, t: usize, nth: usize) -> Rng {
        let context = ((kind as u64) << 32) | ((t as u64) << 24) | nth as u64;
        Rng::keyed(self.spec.seed, Purpose::Mess, entity, context)
    }
}
