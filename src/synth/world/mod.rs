//! What happens in the district, year by year: who is enrolled where, who teaches whom, who takes which training, and
//! what comes of it. Nothing here knows how a vendor writes it down.

pub(crate) mod attendance;
pub(crate) mod classes;
pub(crate) mod conduct;
pub(crate) mod outcomes;
pub(crate) mod pupils;
pub(crate) mod schools;
pub(crate) mod staff;
pub(crate) mod training;
pub(crate) mod usage;

use crate::days::YearDays;
use crate::ids::StudentNumbers;
use crate::messes;
use crate::program::{Effects, PD, Program, TRAINER};
use crate::spec::{Attendance, Spec};

/// The district and its people as of the school year being simulated.
pub(crate) struct World {
    pub(crate) spec: Spec,
    pub(crate) calendar: Vec<YearDays>,
    pub(crate) schools: Vec<schools::School>,
    pub(crate) positions: Vec<staff::Position>,
    /// Everyone ever employed, in order of hire.
    pub(crate) staff: Vec<staff::Staff>,
    /// One seat a student; a leaver's seat goes to a newcomer the year after.
    pub(crate) pupils: Vec<pupils::Pupil>,
    pub(crate) numbers: StudentNumbers,
    /// PD programs.
    pub(crate) programs: Vec<Program>,
    /// What a certified trainer in the building does.
    pub(crate) trainer: Effects,
    /// Who was chosen for the pilot, once it has begun.
    pub(crate) pilot: Vec<usize>,
    /// For each school whether, in the last year, it keeps attendance in the style that the others do not.
    other_style: Vec<bool>,
}

impl World {
    /// The district in its first school year, before anyone is enrolled or employed.
    pub(crate) fn new(spec: &Spec) -> Self {
        let schools = schools::open(spec);
        let calendar = (0..spec.years as i32)
            .map(|t| YearDays::new(spec.seed, spec.first_year() + t, schools.len()))
            .collect();
        let mut world = Self {
            numbers: StudentNumbers::new(u64::from(spec.students) * u64::from(spec.years)),
            programs: match &spec.plant {
                None => PD.to_vec(),
                Some(plant) => plant.programs(),
            },
            trainer: match &spec.plant {
                None => TRAINER.effects,
                Some(plant) => plant.trainer(),
            },
            pilot: Vec::new(),
            spec: spec.clone(),
            calendar,
            schools,
            positions: Vec::new(),
            staff: Vec::new(),
            pupils: Vec::new(),
            other_style: Vec::new(),
        };
        world.other_style = messes::attendance::other_style(&world);
        world
    }

    /// Whether a school keeps attendance, in year `t`, in the style that the district's others do not.
    pub(crate) fn keeps_other_style(&self, t: usize, school: usize) -> bool {
        self.other_style[school] && t + 1 == self.spec.years as usize
    }

    /// Whether a school's attendance of year `t` has a row for every student and day.
    pub(crate) fn keeps_every_day(&self, t: usize, school: usize) -> bool {
        (self.spec.attendance == Attendance::Daily) != self.keeps_other_style(t, school)
    }
}
