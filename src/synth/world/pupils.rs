//! Students: who they are for good, and where they are enrolled this year. A student is drawn from the seed and their
//! own index alone, so years can be simulated for all of them in parallel.

use rayon::prelude::*;

use super::World;
use super::schools::{Level, school_of};
use crate::days::DAYS;
use crate::rng::{Purpose, Rng, logistic};

/// A student, as of this school year.
#[derive(Clone, Debug, Default)]
pub(crate) struct Pupil {
    /// Which student this is, over all years.
    pub(crate) index: u64,
    /// How many students had this seat before.
    pub(crate) generation: u64,
    /// 0 is kindergarten.
    pub(crate) grade: usize,
    /// Elementary school whose chain of schools the student is in.
    pub(crate) home: usize,
    /// 0 female, 1 male, 2 nonbinary.
    pub(crate) gender: usize,
    /// Position in [`RACES`].
    pub(crate) race: usize,
    pub(crate) disadvantaged: bool,
    pub(crate) learner: bool,
    pub(crate) disability: bool,
    pub(crate) homeless: bool,
    /// Lasting part of the math and the reading score, standard deviations.
    pub(crate) ability: [f64; 2],
    /// The part that each year moves.
    pub(crate) growth: [f64; 2],
    /// Lasting log absence rate, relative.
    pub(crate) absence: f64,
    /// Lasting log incident rate, relative.
    pub(crate) conduct: f64,
    /// This year's enrollment, one or two spells.
    pub(crate) spells: Vec<Spell>,
    /// Whether the seat is free next year.
    pub(crate) leaves: bool,
}

/// Enrollment in one school, first and last day included as positions in the year's days.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Spell {
    pub(crate) school: usize,
    pub(crate) begin: usize,
    pub(crate) end: usize,
}

/// The information system's race and ethnicity codes, with their shares.
pub(crate) const RACES: [(&str, f64); 7] = [
    ("W", 0.42),
    ("H", 0.29),
    ("B", 0.12),
    ("A", 0.08),
    ("M", 0.06),
    ("I", 0.02),
    ("P", 0.01),
];

const MID_YEAR_ENTRY: f64 = 0.3;
const MID_YEAR_EXIT: f64 = 0.015;
const LEAVES_AFTER: f64 = 0.045;
const MOVES_SCHOOL: f64 = 0.03;

/// Promotes, fills free seats and enrolls everyone for year `t`.
pub(crate) fn enroll(world: &mut World, t: usize) {
    let mut pupils = std::mem::take(&mut world.pupils);
    if t == 0 {
        pupils = vec![Pupil::default(); world.spec.students as usize];
    }
    let shared: &World = world;
    pupils
        .par_iter_mut()
        .enumerate()
        .for_each(|(seat, pupil)| enroll_one(shared, t, seat, pupil));
    world.pupils = pupils;
}

fn enroll_one(world: &World, t: usize, seat: usize, pupil: &mut Pupil) {
    let (seed, mobility) = (world.spec.seed, world.spec.nature.mobility);
    let mut newcomer = false;
    if t == 0 {
        let mut rng = Rng::keyed(seed, Purpose::Pupil, seat as u64, 1);
        let grade = rng.below(13);
        let sizes: Vec<f64> = elementary(world).map(|school| school.size).collect();
        *pupil = draw(world, seat as u64, 0, grade, rng.pick(&sizes));
    } else if pupil.leaves || pupil.grade == 12 {
        newcomer = pupil.grade < 12;
        let grade = (pupil.grade + 1) % 13;
        let generation = pupil.generation + 1;
        let index = seat as u64 + generation * u64::from(world.spec.students);
        *pupil = draw(world, index, generation, grade, pupil.home);
    } else {
        pupil.grade += 1;
    }
    let mut rng = Rng::keyed(seed, Purpose::PupilYear, pupil.index, t as u64);
    let mut begin = 0;
    if newcomer && rng.chance(MID_YEAR_ENTRY) {
        begin = 10 + rng.below(110);
    }
    let mut end = DAYS - 1;
    if rng.chance(MID_YEAR_EXIT * mobility) {
        end = begin + 20 + rng.below(DAYS - 40 - begin);
        pupil.leaves = true;
    } else {
        pupil.leaves = rng.chance(LEAVES_AFTER * mobility);
    }
    let school = school_of(&world.schools, pupil.home, pupil.grade);
    pupil.spells = vec![Spell { school, begin, end }];
    if end - begin > 60 && rng.chance(MOVES_SCHOOL * mobility) {
        pupil.home = rng.below(elementary(world).count());
        let day = begin + 20 + rng.below(end - begin - 40);
        let other = school_of(&world.schools, pupil.home, pupil.grade);
        if other != school {
            pupil.spells[0].end = day;
            pupil.spells.push(Spell {
                school: other,
                begin: day + 1,
                end,
            });
        }
    }
}

fn elementary(world: &World) -> impl Iterator<Item = &super::schools::School> {
    world
        .schools
        .iter()
        .take_while(|school| school.level == Level::Elementary)
}

pub(crate) fn draw(world: &World, index: u64, generation: u64, grade: usize, home: usize) -> Pupil {
    let mut rng = Rng::keyed(world.spec.seed, Purpose::Pupil, index, 0);
    let gender = rng.pick(&[0.485, 0.505, 0.01]);
    let race = rng.pick(&RACES.map(|(_, share)| share));
    let disadvantaged = rng.chance(logistic(-0.2 + world.schools[home].poverty));
    let learner = rng.chance(if race == 1 || race == 3 { 0.28 } else { 0.03 });
    let disability = rng.chance(0.13);
    let homeless = disadvantaged && rng.chance(0.05);
    let flag = |flag: bool| f64::from(u8::from(flag));
    let shared = rng.normal() * 0.66;
    let ability = [0.50, 0.60].map(|language| {
        shared + rng.normal() * 0.35
            - 0.5 * (flag(disadvantaged) - 0.45)
            - 0.7 * (flag(disability) - 0.13)
            - language * (flag(learner) - 0.12)
    });
    let spread = if grade == 0 { 0.3 } else { 0.5 };
    Pupil {
        index,
        generation,
        grade,
        home,
        gender,
        race,
        disadvantaged,
        learner,
        disability,
        homeless,
        ability,
        growth: [rng.normal() * spread, rng.normal() * spread],
        absence: rng.normal() * 0.7 + 0.35 * (flag(disadvantaged) - 0.45) + 0.5 * flag(homeless),
        conduct: rng.normal()
            + 0.35 * (flag(disadvantaged) - 0.45)
            + 0.4 * (flag(gender == 1) - 0.5)
            - 0.2 * shared,
        spells: Vec::new(),
        leaves: false,
    }
}
