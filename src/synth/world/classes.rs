//! Who sits in whose class. An elementary class is one room with one teacher, kept as a homeroom, a math and a reading
//! section; middle and high school students have a teacher for every subject. Stronger students are partly sorted to
//! stronger teachers, and some sections are co-taught.

use rayon::prelude::*;

use super::World;
use super::schools::Level;
use super::staff::{Job, LOAD, Position};
use crate::days::DAYS;
use crate::rng::{Purpose, Rng};

/// Subjects are numbers: 0–4 have teachers of their own in middle and high school (math, reading, science, social
/// studies, an elective); homerooms are elementary.
pub(crate) const MATH: usize = 0;
pub(crate) const READING: usize = 1;
pub(crate) const HOMEROOM: usize = 5;
/// Marks the absence of a section in [`Seats`].
pub(crate) const NONE: u32 = u32::MAX;

/// For each of a student's (at most two) spells, the sections sat in.
pub(crate) type Seats = [[u32; 5]; 2];

/// A class.
#[derive(Clone, Debug)]
pub(crate) struct Section {
    pub(crate) school: usize,
    pub(crate) grade: usize,
    pub(crate) subject: usize,
    /// Which of the grade's sections of this subject.
    pub(crate) rank: usize,
    pub(crate) team: Vec<Assignment>,
}

/// A staff member's time in a section, first and last day included.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Assignment {
    pub(crate) staff: usize,
    pub(crate) begin: usize,
    pub(crate) end: usize,
    /// Share of the teaching on those days.
    pub(crate) share: f64,
    pub(crate) leads: bool,
}

/// All classes of a school year.
pub(crate) struct Classes {
    pub(crate) sections: Vec<Section>,
    /// One for each student, in the order of [`World::pupils`].
    pub(crate) seats: Vec<Seats>,
}

/// A section that students were placed in, before it has its place in the district's list.
type Placement = (usize, usize, [u32; 5]);

const CO_TAUGHT: f64 = 0.25;

/// Places every student of year `t`.
pub(crate) fn place(world: &World, t: usize) -> Classes {
    let mut rooms: Vec<Vec<(usize, usize)>> = vec![Vec::new(); world.schools.len() * 13];
    for (seat, pupil) in world.pupils.iter().enumerate() {
        for (spell, at) in pupil.spells.iter().enumerate() {
            rooms[at.school * 13 + pupil.grade].push((seat, spell));
        }
    }
    let mut staffed: Vec<Vec<&Position>> = vec![Vec::new(); world.schools.len()];
    for position in &world.positions {
        staffed[position.school].push(position);
    }
    let made: Vec<(Vec<Section>, Vec<Placement>)> = (0..world.schools.len())
        .into_par_iter()
        .map(|school| {
            let rooms = &rooms[school * 13..(school + 1) * 13];
            if world.schools[school].level == Level::Elementary {
                elementary(world, t, school, rooms, &staffed[school])
            } else {
                secondary(world, t, school, rooms, &staffed[school])
            }
        })
        .collect();
    let mut classes = Classes {
        sections: Vec::new(),
        seats: vec![[[NONE; 5]; 2]; world.pupils.len()],
    };
    for (sections, placements) in made {
        let offset = classes.sections.len() as u32;
        classes.sections.extend(sections);
        for (seat, spell, sat) in placements {
            classes.seats[seat][spell] = sat.map(|section| match section {
                NONE => NONE,
                section => section + offset,
            });
        }
    }
    classes
}

/// Splits `students` into `groups` of nearly equal size, the stronger in the later groups as far as `weight` lets
/// last year's score speak.
fn sort(
    world: &World,
    t: usize,
    students: &[(usize, usize)],
    groups: usize,
    subject: usize,
    weight: f64,
) -> Vec<usize> {
    let key = |(seat, _): (usize, usize)| {
        let pupil = &world.pupils[seat];
        let mut rng = Rng::keyed(
            world.spec.seed,
            Purpose::Seat,
            pupil.index,
            (t * 8 + subject) as u64,
        );
        let which = subject.min(1);
        weight * (pupil.ability[which] + pupil.growth[which]) + rng.normal()
    };
    let keys: Vec<f64> = students.iter().map(|student| key(*student)).collect();
    let mut order: Vec<usize> = (0..students.len()).collect();
    order.sort_by(|a, b| keys[*a].total_cmp(&keys[*b]).then(a.cmp(b)));
    let mut group = vec![0; students.len()];
    for (place, student) in order.into_iter().enumerate() {
        group[student] = place * groups / students.len();
    }
    group
}

fn elementary(
    world: &World,
    t: usize,
    school: usize,
    rooms: &[Vec<(usize, usize)>],
    positions: &[&Position],
) -> (Vec<Section>, Vec<Placement>) {
    let (mut sections, mut placements) = (Vec::new(), Vec::new());
    let helpers = of_job(positions, Job::CoTeacher);
    for (grade, students) in rooms.iter().enumerate().take(6) {
        let mut teachers = of_job(positions, Job::Homeroom(grade));
        rank_teachers(world, t, &mut teachers);
        let first = sections.len() as u32;
        for (rank, teacher) in teachers.iter().enumerate() {
            for subject in [HOMEROOM, MATH, READING] {
                let mut team = lead(world, t, teacher);
                if subject != HOMEROOM {
                    co_teach(world, t, &mut team, &helpers, teacher, subject);
                }
                sections.push(Section {
                    school,
                    grade,
                    subject,
                    rank,
                    team,
                });
            }
        }
        if students.is_empty() || teachers.is_empty() {
            continue;
        }
        let groups = sort(world, t, students, teachers.len(), HOMEROOM, 0.35);
        for (student, group) in students.iter().zip(groups) {
            let class = first + group as u32 * 3;
            placements.push((
                student.0,
                student.1,
                [class, class + 1, class + 2, NONE, NONE],
            ));
        }
    }
    (sections, placements)
}

fn secondary(
    world: &World,
    t: usize,
    school: usize,
    rooms: &[Vec<(usize, usize)>],
    positions: &[&Position],
) -> (Vec<Section>, Vec<Placement>) {
    let (mut sections, mut placements) = (Vec::new(), Vec::new());
    let helpers = of_job(positions, Job::CoTeacher);
    let (low, high) = world.schools[school].level.grades();
    for (grade, students) in rooms.iter().enumerate().take(high + 1).skip(low) {
        let count = world.schools[school].sections[grade];
        let mut sat = vec![[NONE; 5]; students.len()];
        for subject in 0..5 {
            let teachers = of_job(positions, Job::Subject(subject));
            let first = sections.len() as u32;
            for rank in 0..count {
                // Runs of sections go to one teacher; the start shifts with the year, so no one keeps one grade for good.
                let turn = ((grade - low) * count + rank + t) / LOAD.min(count.max(1));
                let teacher = teachers[turn % teachers.len()];
                let mut team = lead(world, t, teacher);
                if subject <= READING {
                    co_teach(
                        world,
                        t,
                        &mut team,
                        &helpers,
                        teacher,
                        subject * 64 + rank + 1,
                    );
                }
                sections.push(Section {
                    school,
                    grade,
                    subject,
                    rank,
                    team,
                });
            }
            if students.is_empty() {
                continue;
            }
            let weight = if subject == MATH { 0.6 } else { 0.2 };
            for (sat, group) in sat
                .iter_mut()
                .zip(sort(world, t, students, count, subject, weight))
            {
                sat[subject] = first + group as u32;
            }
        }
        placements.extend(
            students
                .iter()
                .zip(sat)
                .map(|(student, sat)| (student.0, student.1, sat)),
        );
    }
    (sections, placements)
}

fn of_job<'p>(positions: &[&'p Position], job: Job) -> Vec<&'p Position> {
    positions
        .iter()
        .copied()
        .filter(|position| position.job == job)
        .collect()
}

/// Weaker teachers first, with much luck.
fn rank_teachers(world: &World, t: usize, teachers: &mut [&Position]) {
    teachers.sort_by(|a, b| {
        let key = |position: &Position| {
            let person = &world.staff[position.holder];
            let mut rng = Rng::keyed(
                world.spec.seed,
                Purpose::Seat,
                position.holder as u64,
                (1_000 + t) as u64,
            );
            0.6 * person.quality + rng.normal()
        };
        key(a).total_cmp(&key(b))
    });
}

/// The position's holder for the whole year, or a substitute until the holder arrives.
fn lead(world: &World, t: usize, position: &Position) -> Vec<Assignment> {
    let person = &world.staff[position.holder];
    let whole = Assignment {
        staff: position.holder,
        begin: 0,
        end: DAYS - 1,
        share: 1.0,
        leads: true,
    };
    match position.substitute {
        Some(substitute) if person.since == t && person.first_day > 0 => vec![
            Assignment {
                staff: substitute,
                end: person.first_day - 1,
                ..whole
            },
            Assignment {
                begin: person.first_day,
                ..whole
            },
        ],
        _ => vec![whole],
    }
}

/// Sometimes adds a co-teacher, from the first day or from later on, who takes part of the lead's share.
fn co_teach(
    world: &World,
    t: usize,
    team: &mut Vec<Assignment>,
    helpers: &[&Position],
    teacher: &Position,
    salt: usize,
) {
    let context = (salt * 64 + t) as u64;
    let mut rng = Rng::keyed(
        world.spec.seed,
        Purpose::Section,
        teacher.holder as u64,
        context,
    );
    if helpers.is_empty() || team.len() > 1 || !rng.chance(CO_TAUGHT) {
        return;
    }
    let helper = helpers[rng.below(helpers.len())];
    let person = &world.staff[helper.holder];
    let part = [0.3, 0.4, 0.5][rng.below(3)];
    let mut begin = if rng.chance(0.2) {
        20 + rng.below(80)
    } else {
        0
    };
    if person.since == t {
        begin = begin.max(person.first_day);
    }
    let whole = team[0];
    team.clear();
    if begin > 0 {
        team.push(Assignment {
            end: begin - 1,
            ..whole
        });
    }
    team.push(Assignment {
        begin,
        share: 1.0 - part,
        ..whole
    });
    team.push(Assignment {
        staff: helper.holder,
        begin,
        share: part,
        leads: false,
        ..whole
    });
}
