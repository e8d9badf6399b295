//! The straight line: simulate a school year, write its exports, go on to the next; then what spans years, then the
//! truth.

use std::path::Path;

use throughline_model::Progress;

use crate::export::{self, Out, Year};
use crate::scale::Scale;
use crate::spec::{Messes, Spec, SynthError, Written};
use crate::truth;
use crate::world::{World, classes, outcomes, pupils, staff, training};

/// Writes a synthetic district's exports and `truth.json` below `out`, which is created where it is missing. Files of
/// the same names are replaced; others are left alone.
///
/// Memory depends on the number of students, not on the rows written. The bytes depend on `spec` alone, not on the number
/// of threads.
///
/// # Errors
/// [`SynthError::Spec`] for numbers out of range, [`SynthError::Io`] for what the file system refuses.
pub fn write(spec: &Spec, out: &Path, progress: &dyn Progress) -> Result<Written, SynthError> {
    spec.check()?;
    let mut world = World::new(spec);
    let mut scale = Scale::default();
    let mut out = Out {
        folder: out,
        progress,
        malformed: spec.messes >= Messes::Rows,
        written: Written::default(),
        planted: Vec::new(),
        messed: Vec::new(),
    };
    for t in 0..spec.years as usize {
        progress.stage(&world.calendar[t].label(), None);
        let year = simulate(&mut world, t);
        scale.observe(&year);
        export::year(&year, &mut out)?;
    }
    progress.stage("crosswalks, catalogues and truth", None);
    export::whole(&world, &mut out)?;
    truth::write(&world, &scale, &mut out)?;
    Ok(out.written)
}

/// Everything that happens in year `t`.
pub(crate) fn simulate(world: &mut World, t: usize) -> Year<'_> {
    pupils::enroll(world, t);
    staff::employ(world, t);
    let classes = classes::place(world, t);
    let outcomes = outcomes::of_year(world, t, &classes);
    let seen = outcomes::seen_gains(world, &classes, &outcomes);
    for (pupil, outcome) in world.pupils.iter_mut().zip(&outcomes) {
        pupil.growth = [0, 1].map(|s| outcome.after[s] - pupil.ability[s]);
    }
    let sessions = training::train(world, t, &seen);
    training::certify(world, t);
    let firsts = (0..world.schools.len())
        .map(|school| classes.sections.partition_point(|s| s.school < school))
        .collect();
    Year {
        world,
        t,
        firsts,
        classes,
        outcomes,
        sessions,
    }
}
