//! Who takes which training in a school year, and who earns which credential. What is taken in one school year acts
//! in the next.

use chrono::{Datelike, Days, NaiveDate};

use super::World;
use super::classes::{MATH, READING};
use super::staff::{Draw, Job, Staff};
use crate::days::{DAYS, ymd};
use crate::program::{Audience, CREDENTIALS, MOST, Program, Uptake};
use crate::rng::{Purpose, Rng, logistic};

/// One session of one person.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Session {
    pub(crate) staff: usize,
    /// Position in [`World::programs`].
    pub(crate) program: usize,
    /// Which of the year's two runs of the program.
    pub(crate) run: usize,
    pub(crate) date: NaiveDate,
    pub(crate) status: Status,
    pub(crate) hours: Option<f64>,
}

/// What the PD system says came of a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Status {
    Completed,
    Attended,
    Withdrawn,
    NoShow,
}

/// First and last day, as positions, on which each of a program's two runs meets.
pub(crate) fn runs(program: &Program) -> [(usize, usize); 2] {
    match program.uptake {
        Uptake::AfterBadYear => [(168, 174), (175, 181)],
        Uptake::Required => [(18, 22), (98, 102)],
        _ => [(6, 84), (88, 166)],
    }
}

/// The year's training; adds the hours to the staff. `seen` is [`super::outcomes::seen_gains`].
pub(crate) fn train(world: &mut World, t: usize, seen: &[(f64, f64)]) -> Vec<Session> {
    let bad = bad_year(seen);
    choose_pilot(world, t);
    draw_lots(world, t);
    let mut sessions = Vec::new();
    for index in 0..world.staff.len() {
        let person = &world.staff[index];
        let Some((school, job)) = person.post.filter(|(_, job)| job.teaches()) else {
            continue;
        };
        let mut taken = [0.0; MOST];
        for (which, program) in world.programs.iter().enumerate() {
            let context = (t * 64 + which) as u64;
            let mut rng = Rng::keyed(world.spec.seed, Purpose::Choice, index as u64, context);
            let takes = suits(program.audience, job)
                && match program.uptake {
                    Uptake::Choice {
                        log_odds,
                        selection,
                    } => {
                        let again = if person.hours_before[which] > 0.0 {
                            -0.6
                        } else {
                            0.0
                        };
                        let better = selection * world.spec.selection * person.quality;
                        rng.chance(logistic(log_odds + again + better))
                    }
                    Uptake::Required => true,
                    Uptake::AfterBadYear => {
                        let (sum, weight) = seen.get(index).copied().unwrap_or_default();
                        let was_bad = weight >= 8.0 && sum / weight <= bad;
                        rng.chance(if was_bad { 0.85 } else { 0.02 })
                    }
                    Uptake::ImprovingSchools => {
                        world.schools[school].adopts.is_some_and(|from| from <= t)
                            && rng.chance(0.65)
                    }
                    Uptake::Lottery { .. } => person
                        .draw
                        .filter(|draw| draw.t == t)
                        .is_some_and(|draw| rng.chance(if draw.offered { 0.9 } else { 0.05 })),
                    Uptake::Pilot { .. } => world.pilot.contains(&index),
                };
            if takes {
                taken[which] = attend(world, t, index, which, person, &mut rng, &mut sessions);
            }
        }
        world.staff[index].hours = taken;
    }
    sessions
}

/// In the middle year, draws the pilot's teachers among those of tested classes.
fn choose_pilot(world: &mut World, t: usize) {
    let teachers = world
        .programs
        .iter()
        .find_map(|program| match program.uptake {
            Uptake::Pilot { teachers } => Some(teachers),
            _ => None,
        });
    let Some(teachers) = teachers.filter(|_| t == world.spec.years as usize / 2) else {
        return;
    };
    let tested = |job| matches!(job, Job::Homeroom(2..=5) | Job::Subject(MATH | READING));
    let mut drawn: Vec<(u64, usize)> = world
        .staff
        .iter()
        .enumerate()
        .filter(|(_, person)| person.post.is_some_and(|(_, job)| tested(job)))
        .map(|(index, _)| {
            let mut rng = Rng::keyed(world.spec.seed, Purpose::Choice, index as u64, 1_000_000);
            (rng.next(), index)
        })
        .collect();
    drawn.sort_unstable();
    world.pilot = drawn
        .iter()
        .take(teachers)
        .map(|(_, index)| *index)
        .collect();
}

/// The day on which lots are drawn, as a position in the year: before any program begins.
pub(crate) const DRAW_DAY: usize = 3;

/// Draws the year's seats of a program that more apply for than it has.
fn draw_lots(world: &mut World, t: usize) {
    let Some((audience, log_odds, selection)) =
        world
            .programs
            .iter()
            .find_map(|program| match program.uptake {
                Uptake::Lottery {
                    log_odds,
                    selection,
                } => Some((program.audience, log_odds, selection)),
                _ => None,
            })
    else {
        return;
    };
    let selection = selection * world.spec.selection;
    let mut applicants: Vec<(u64, usize)> = Vec::new();
    for (index, person) in world.staff.iter().enumerate() {
        let begun = person.since < t || person.first_day <= DRAW_DAY;
        let may = person.post.is_some_and(|(_, job)| suits(audience, job));
        let context = (2_000_000 + t) as u64;
        let mut rng = Rng::keyed(world.spec.seed, Purpose::Choice, index as u64, context);
        let applies = rng.chance(logistic(log_odds + selection * person.quality));
        if may && begun && person.draw.is_none() && applies {
            applicants.push((rng.next(), index));
        }
    }
    applicants.sort_unstable();
    let seats = applicants.len() / 2;
    for (place, (_, index)) in applicants.into_iter().enumerate() {
        let offered = place < seats;
        world.staff[index].draw = Some(Draw { t, offered });
    }
}

fn suits(audience: Audience, job: Job) -> bool {
    match audience {
        Audience::Teachers => true,
        Audience::Math => matches!(job, Job::Homeroom(_) | Job::Subject(MATH) | Job::CoTeacher),
        Audience::Reading => matches!(
            job,
            Job::Homeroom(_) | Job::Subject(READING) | Job::CoTeacher
        ),
    }
}

/// The gain below which a fifth of the teachers fall.
fn bad_year(seen: &[(f64, f64)]) -> f64 {
    let mut means: Vec<f64> = seen
        .iter()
        .filter(|(_, weight)| *weight >= 8.0)
        .map(|(sum, weight)| sum / weight)
        .collect();
    means.sort_by(f64::total_cmp);
    means
        .get(means.len() / 5)
        .copied()
        .unwrap_or(f64::NEG_INFINITY)
}

/// Writes the sessions of one person in one program; returns the hours that count.
fn attend(
    world: &World,
    t: usize,
    staff: usize,
    which: usize,
    person: &Staff,
    rng: &mut Rng,
    sessions: &mut Vec<Session>,
) -> f64 {
    let program = &world.programs[which];
    let days = &world.calendar[t];
    let begin = if person.since == t {
        person.first_day
    } else {
        0
    };
    let mut session = |run, day: usize, status, hours| {
        sessions.push(Session {
            staff,
            program: which,
            run,
            date: days.days[day.min(DAYS - 1)],
            status,
            hours,
        });
    };
    let windows = runs(program);
    if program.uptake == Uptake::Required {
        let mut total = 0.0;
        for (run, (first, last)) in windows.into_iter().enumerate() {
            if first < begin || rng.chance(0.25) {
                continue;
            }
            session(
                run,
                first + rng.below(last + 1 - first),
                Status::Completed,
                Some(3.0),
            );
            total += 3.0;
        }
        return total;
    }
    let run = if windows[0].0 < begin {
        1
    } else {
        rng.below(2)
    };
    let (first, last) = windows[run];
    if rng.chance(0.04) {
        let status = if rng.chance(0.5) {
            Status::Withdrawn
        } else {
            Status::NoShow
        };
        session(run, first + rng.below(5), status, None);
        return 0.0;
    }
    let hours =
        program.usual_hours * rng.between(0.75, 1.25) * if rng.chance(0.12) { 0.5 } else { 1.0 };
    let count = (hours / 4.0).round().clamp(1.0, 5.0) as usize;
    let each = (hours / count as f64 * 2.0).round() / 2.0;
    let gap = (last - first) / count;
    let done = each * count as f64 >= 0.7 * program.usual_hours;
    for number in 0..count {
        let day = first + number * gap + rng.below(gap.max(1));
        let status = if done && number + 1 == count {
            Status::Completed
        } else {
            Status::Attended
        };
        session(run, day, status, Some(each));
    }
    each * count as f64
}

/// Credentials earned in year `t`.
pub(crate) fn certify(world: &mut World, t: usize) {
    let days = &world.calendar[t];
    let (year, seed, selection) = (days.year, world.spec.seed, world.spec.selection);
    let planted = world.spec.plant.is_some();
    for (index, person) in world.staff.iter_mut().enumerate() {
        let Some((school, job)) = person.post else {
            continue;
        };
        let comes = world.schools[school].trainer == Some(t + 1);
        if job == Job::Coach && comes && person.trainer.is_none() {
            person.trainer = Some(ymd(year, 6, 12));
        }
        if !job.teaches() {
            continue;
        }
        if planted {
            continue;
        }
        for (which, credential) in CREDENTIALS.iter().enumerate() {
            let context = (t * 8 + which) as u64;
            let mut rng = Rng::keyed(seed, Purpose::Credential, index as u64, context);
            let odds = credential.log_odds + credential.selection * selection * person.quality;
            if person.credentials[which].is_none() && rng.chance(logistic(odds)) {
                person.credentials[which] = Some(if rng.chance(0.7) {
                    ymd(year, 6, 1) + Days::new(rng.below(25) as u64)
                } else {
                    days.days[70 + rng.below(90)]
                });
            }
        }
    }
}

/// The day a credential awarded on `awarded` is no longer valid.
pub(crate) fn expires(awarded: NaiveDate, years: u64) -> NaiveDate {
    // No award falls on 29 February: all are in June or on a school day, and 29 February becomes 1 March.
    awarded
        .with_year(awarded.year() + years as i32)
        .unwrap_or_else(|| ymd(awarded.year() + years as i32, 3, 1))
}
