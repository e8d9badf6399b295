//! The district's exports, each the way its vendor writes it: own column names, dates, codes, IDs, line ends and mess.
//! What is in them was decided in `world`; here it is only written down.

mod assess;
mod attendance;
mod badges;
mod by_class;
mod copies;
mod discipline;
pub(crate) mod formats;
mod hr;
mod mess;
mod ops;
mod out;
mod pd;
mod sis;
mod sis_classes;
mod tools;

pub(crate) use out::{Out, Planted};

use crate::spec::{Messes, SynthError};
use crate::world::World;
use crate::world::classes::Classes;
use crate::world::outcomes::Outcome;
use crate::world::training::Session;

/// One simulated school year.
pub(crate) struct Year<'w> {
    pub(crate) world: &'w World,
    /// Index of the year.
    pub(crate) t: usize,
    pub(crate) classes: Classes,
    pub(crate) outcomes: Vec<Outcome>,
    pub(crate) sessions: Vec<Session>,
    /// The first section of each school, as a position in the year's classes.
    pub(crate) firsts: Vec<usize>,
}

impl Year<'_> {
    /// Whether this is the year whose exports were corrected later.
    fn is_corrected(&self) -> bool {
        let years = self.world.spec.years as usize;
        self.world.spec.messes >= Messes::Rows && self.t == years.saturating_sub(2)
    }
}

/// The exports of one school year.
pub(crate) fn year(year: &Year<'_>, out: &mut Out<'_>) -> Result<(), SynthError> {
    sis::students(year, out)?;
    sis::enrollment(year, out)?;
    sis_classes::sections(year, out)?;
    sis_classes::rosters(year, out)?;
    sis_classes::marks(year, out)?;
    attendance::file(year, out)?;
    by_class::file(year, out)?;
    discipline::incidents(year, out)?;
    hr::staff(year, out)?;
    hr::assignments(year, out)?;
    assess::map_growth(year, out)?;
    assess::state(year, out)?;
    pd::transcript(year, out)?;
    tools::usage(year, out)
}

/// The exports that are not about one year, and those that grow from year to year.
pub(crate) fn whole(world: &World, out: &mut Out<'_>) -> Result<(), SynthError> {
    sis::schools(world, out)?;
    sis::terms(world, out)?;
    sis::calendar(world, out)?;
    sis::programs(world, out)?;
    hr::crosswalk(world, out)?;
    assess::crosswalks(world, out)?;
    pd::catalog(world, out)?;
    pd::lottery(world, out)?;
    badges::all(world, out)?;
    tools::tools(out)?;
    tools::licenses(world, out)?;
    ops::all(world, out)
}
