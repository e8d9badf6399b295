//! Staff: the positions a district of this size has, who fills them, who leaves and who comes late. Quality is for
//! good; what training adds is elsewhere.

use chrono::{Days, NaiveDate};

use super::World;
use super::schools::Level;
use crate::days::{DAYS, ymd};
use crate::program::{CREDENTIALS, Hours, MOST};
use crate::rng::{Purpose, Rng, logistic};

/// What someone is employed to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Job {
    /// An elementary classroom of this grade.
    Homeroom(usize),
    /// A middle or high school subject, numbered as in [`super::classes`].
    Subject(usize),
    /// Co-teaches in others' rooms.
    CoTeacher,
    /// Coaches teachers; the one who becomes a certified trainer.
    Coach,
    Principal,
    Aide,
    /// Stands in until a late hire arrives.
    Substitute,
}

impl Job {
    /// Whether PD for teachers is meant for them.
    pub(crate) fn teaches(self) -> bool {
        matches!(self, Self::Homeroom(_) | Self::Subject(_) | Self::CoTeacher)
    }
}

/// A position of a school.
#[derive(Clone, Debug)]
pub(crate) struct Position {
    pub(crate) school: usize,
    pub(crate) job: Job,
    /// Who fills it, as a position in [`World::staff`].
    pub(crate) holder: usize,
    /// Who stood in for a late hire this year.
    pub(crate) substitute: Option<usize>,
}

/// An entry in a draw for a program's seats.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Draw {
    /// Year of the draw.
    pub(crate) t: usize,
    pub(crate) offered: bool,
}

/// Someone employed now or once.
#[derive(Clone, Debug)]
pub(crate) struct Staff {
    /// School and job of this year; `None` when no longer employed.
    pub(crate) post: Option<(usize, Job)>,
    /// Lasting quality, standard normal.
    pub(crate) quality: f64,
    /// Lasting effect on a year's growth of the students taught: math, reading.
    pub(crate) skill: [f64; 2],
    /// First working day as a position in the days of the first year employed.
    pub(crate) first_day: usize,
    /// Index of the first school year employed here, as far as the exports reach.
    pub(crate) since: usize,
    pub(crate) hired: NaiveDate,
    /// Years of experience in the first exported year.
    pub(crate) experience: f64,
    /// Position in the HR system's degrees.
    pub(crate) degree: usize,
    /// Hours of each PD program in the school year before, and in this one.
    pub(crate) hours_before: Hours,
    pub(crate) hours: Hours,
    /// The one draw for a seat they were in: the year, and whether a place was offered.
    pub(crate) draw: Option<Draw>,
    /// When each credential was awarded.
    pub(crate) credentials: [Option<NaiveDate>; CREDENTIALS.len()],
    /// When the trainer credential was awarded.
    pub(crate) trainer: Option<NaiveDate>,
}

/// How much of growth a standard deviation of teacher quality is.
const SKILL: f64 = 0.13;
const SUBJECT_SKILL: f64 = 0.05;
const TURNOVER: f64 = 0.07;
const LATE: f64 = 0.2;
const TRANSFER: f64 = 0.02;
const CLASS: f64 = 19.0;
const SECTION: f64 = 21.0;
/// Sections a middle or high school teacher has.
pub(crate) const LOAD: usize = 3;

/// Fills the positions for year `t`; in the first, makes them.
pub(crate) fn employ(world: &mut World, t: usize) {
    if t == 0 {
        plan(world);
    } else {
        turn_over(world, t);
    }
    for person in &mut world.staff {
        person.post = None;
        person.hours_before = std::mem::take(&mut person.hours);
    }
    for position in 0..world.positions.len() {
        let Position {
            school,
            job,
            holder,
            ..
        } = world.positions[position];
        world.staff[holder].post = Some((school, job));
        world.positions[position].substitute = None;
        let person = &world.staff[holder];
        if person.since == t && person.first_day > 0 && job.teaches() {
            let substitute = hire(world, t, Job::Substitute, 0);
            world.staff[substitute].post = Some((school, Job::Substitute));
            world.positions[position].substitute = Some(substitute);
        }
    }
}

fn plan(world: &mut World) {
    let mut enrolled = vec![[0usize; 13]; world.schools.len()];
    for pupil in &world.pupils {
        enrolled[pupil.spells[0].school][pupil.grade] += 1;
    }
    let class_size = world.spec.nature.class_size;
    for (index, enrolled) in enrolled.iter().enumerate() {
        let school = &mut world.schools[index];
        let (first, last) = school.level.grades();
        let mut jobs = vec![Job::Principal, Job::Coach];
        let students: usize = enrolled.iter().sum();
        let average = students as f64 / (last - first + 1) as f64;
        let size = if school.level == Level::Elementary {
            CLASS
        } else {
            SECTION
        };
        let sections = (average / (size * class_size)).round().max(1.0) as usize;
        for grade in first..=last {
            school.sections[grade] = sections;
        }
        if school.level == Level::Elementary {
            jobs.extend((first..=last).flat_map(|grade| vec![Job::Homeroom(grade); sections]));
            jobs.extend(vec![Job::CoTeacher; sections]);
        } else {
            let teachers = (sections * (last - first + 1)).div_ceil(LOAD);
            jobs.extend((0..5).flat_map(|subject| vec![Job::Subject(subject); teachers]));
            jobs.extend(vec![Job::CoTeacher; teachers.div_ceil(3)]);
        }
        jobs.extend(vec![Job::Aide; students.div_ceil(150)]);
        for job in jobs {
            let position = world.positions.len() as u64;
            let mut rng = Rng::keyed(world.spec.seed, Purpose::Position, position, 0);
            let first_day = if rng.chance(0.01) {
                8 + rng.below(50)
            } else {
                0
            };
            let holder = hire(world, 0, job, first_day);
            world.positions.push(Position {
                school: index,
                job,
                holder,
                substitute: None,
            });
        }
    }
}

fn turn_over(world: &mut World, t: usize) {
    let mobility = world.spec.nature.mobility;
    for index in 0..world.positions.len() {
        let mut rng = Rng::keyed(world.spec.seed, Purpose::Turnover, index as u64, t as u64);
        let job = world.positions[index].job;
        if matches!(job, Job::Coach | Job::Principal) {
            continue;
        }
        if rng.chance(TURNOVER * mobility) {
            let first_day = if rng.chance(LATE) {
                8 + rng.below(60)
            } else {
                0
            };
            world.positions[index].holder = hire(world, t, job, first_day);
        } else if rng.chance(TRANSFER * mobility) {
            let other = (index + 1 + rng.below(world.positions.len())) % world.positions.len();
            if world.positions[other].job == job {
                let (here, there) = (world.positions[index].holder, world.positions[other].holder);
                world.positions[index].holder = there;
                world.positions[other].holder = here;
            }
        }
    }
}

fn hire(world: &mut World, t: usize, job: Job, first_day: usize) -> usize {
    let index = world.staff.len();
    let mut rng = Rng::keyed(world.spec.seed, Purpose::Staff, index as u64, 0);
    let quality = rng.normal() - if job == Job::Substitute { 1.0 } else { 0.0 };
    let skill = [0, 1].map(|_| quality * SKILL + rng.normal() * SUBJECT_SKILL);
    let days = &world.calendar[t];
    let served = if t == 0 && first_day == 0 {
        (rng.unit() * rng.unit() * 30.0).floor()
    } else {
        0.0
    };
    let elsewhere = if rng.chance(0.3) {
        (rng.unit() * 12.0).floor()
    } else {
        0.0
    };
    let hired = if served > 0.0 {
        ymd(days.year - 1 - served as i32, 8, 1) + Days::new(rng.below(20) as u64)
    } else if first_day > 0 {
        days.days[first_day.min(DAYS - 1)]
    } else {
        ymd(days.year - 1, 7, 5) + Days::new(rng.below(25) as u64)
    };
    let mut credentials = [None; CREDENTIALS.len()];
    for (held, credential) in credentials.iter_mut().zip(&CREDENTIALS) {
        let odds = credential.log_odds + credential.selection * world.spec.selection * quality;
        if world.spec.plant.is_none() && job.teaches() && rng.chance(logistic(odds)) {
            let ago = 1 + rng.below(2) as i32;
            *held = Some(ymd(days.year - ago, 6, 1) + Days::new(rng.below(25) as u64));
        }
    }
    world.staff.push(Staff {
        post: None,
        quality,
        skill,
        first_day,
        since: t,
        hired,
        experience: served + elsewhere,
        degree: rng.pick(if job == Job::Aide {
            &[0.3, 0.4, 0.3, 0.0, 0.0]
        } else {
            &[0.0, 0.0, 0.5, 0.47, 0.03]
        }),
        hours_before: [0.0; MOST],
        hours: [0.0; MOST],
        draw: None,
        credentials,
        trainer: None,
    });
    index
}
