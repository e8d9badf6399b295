//! The HR system: staff, who is assigned to which class, and the crosswalk to the PD system's logins.

use chrono::Days;

use super::{Out, Year, formats, mess};
use crate::bytes::DateStyle::{Iso, Named};
use crate::bytes::Lines;
use crate::days::{DAYS, ymd};
use crate::ids::employee;
use crate::messes::enrollment::rosters_name_schools;
use crate::messes::people::{second_school, typed};
use crate::messes::{Kind, rates};
use crate::names;
use crate::rng::{Purpose, Rng};
use crate::spec::SynthError;
use crate::world::World;
use crate::world::staff::Job;

const SHARD: usize = 1_024;
const DEGREES: [&str; 5] = ["HS", "AA", "BA", "MA", "DR"];

/// First and last name of a staff member.
fn person(world: &World, staff: usize) -> (&'static str, &'static str) {
    names::name(&mut Rng::keyed(
        world.spec.seed,
        Purpose::Misc,
        staff as u64,
        1,
    ))
}

/// The PD system's login: initial, last name and a number; where exports have messes, the e-mail address.
pub(crate) fn login(world: &World, staff: usize) -> String {
    let (first, last) = person(world, staff);
    let last: String = last.chars().filter(char::is_ascii_alphabetic).collect();
    let domain = if world.messy() {
        "@schools.example"
    } else {
        ""
    };
    format!("{}{}{:03}{domain}", &first[..1], last, staff).to_lowercase()
}

impl World {
    /// Writes the login as it stands in other systems' exports, where people typed it. `nth` tells the rows of a person apart.
    pub(crate) fn login(&self, lines: &mut Lines, staff: usize, t: usize, nth: usize) {
        let login = login(self, staff);
        let mut rng = self.mess(Kind::EmailCase, staff as u64, t, nth);
        if self.messy() && rng.chance(rates::EMAIL_CASE) {
            lines.count(Kind::EmailCase, 1).text(&typed(&login));
        } else {
            lines.text(&login);
        }
    }
}

pub(crate) fn staff(year: &super::Year<'_>, out: &mut Out<'_>) -> Result<(), SynthError> {
    let world = year.world;
    let days = &world.calendar[year.t];
    let name = format!("hr/staff_{}.csv", days.label());
    let mut sheet = out.open(&formats::STAFF, &name)?;
    let mut lines = sheet.lines();
    for (index, member) in world.staff.iter().enumerate() {
        let Some((school, job)) = member.post else {
            continue;
        };
        let (first, last) = person(world, index);
        let mut rng = Rng::keyed(world.spec.seed, Purpose::Misc, index as u64, 2);
        let born = ymd(days.year - 28, 1, 1) - Days::new(rng.below(10_000) as u64);
        let unknown = rng.chance(0.02);
        let second = second_school(world, index, year.t);
        for (nth, school) in [Some(school), second].into_iter().flatten().enumerate() {
            lines
                .text(&employee(index))
                .text(last)
                .text(first)
                .date(born, Named);
            lines
                .text(&days.label())
                .text(&world.schools[school].code)
                .text(title(job));
            if unknown {
                lines.empty();
            } else {
                lines.short(member.experience + (year.t - member.since) as f64);
            }
            lines
                .text(DEGREES[member.degree])
                .date(member.hired, Named)
                .count(Kind::TwoSchools, nth as u64)
                .end();
        }
    }
    sheet.append(&lines)?;
    out.close(sheet, &[])
}

fn title(job: Job) -> &'static str {
    match job {
        Job::Homeroom(_) => "Teacher, Elementary",
        Job::Subject(_) => "Teacher, Secondary",
        Job::CoTeacher => "Teacher, Special Education",
        Job::Coach => "Instructional Coach",
        Job::Principal => "Principal",
        Job::Aide => "Paraeducator",
        Job::Substitute => "Substitute, Long-Term",
    }
}

pub(crate) fn assignments(year: &Year<'_>, out: &mut Out<'_>) -> Result<(), SynthError> {
    let world = year.world;
    let days = &world.calendar[year.t];
    let name = format!("hr/assignments_{}.csv", days.label());
    let names_schools = rosters_name_schools(world, year.t);
    let format = if names_schools {
        &formats::ASSIGNMENTS_OF_SCHOOLS
    } else {
        &formats::ASSIGNMENTS
    };
    let mut sheet = out.open(format, &name)?;
    let sections = &year.classes.sections;
    sheet.shards(sections.len(), SHARD, |range, lines| {
        for index in range {
            for assignment in &sections[index].team {
                lines.text(&employee(assignment.staff));
                year.section(lines, index);
                lines.date(days.days[assignment.begin], Iso);
                if assignment.end == DAYS - 1 {
                    lines.empty();
                } else {
                    lines.date(days.days[assignment.end], Iso);
                }
                // Where one person teaches alone, HR often leaves the share blank.
                if assignment.share == 1.0 && index % 3 == 0 {
                    lines.empty();
                } else {
                    lines.fixed(assignment.share * 100.0, 0);
                }
                lines.text(if assignment.leads { "L" } else { "C" });
                if names_schools {
                    lines.text(&world.schools[sections[index].school].code);
                } else if world.messy() {
                    lines.count(Kind::NoSchoolColumn, 1);
                }
                lines.end();
            }
        }
    })?;
    out.close(sheet, mess::ASSIGNMENTS)
}

pub(crate) fn crosswalk(world: &World, out: &mut Out<'_>) -> Result<(), SynthError> {
    let mut sheet = out.open(&formats::STAFF_CROSSWALK, "hr/staff_crosswalk.csv")?;
    let mut lines = sheet.lines();
    let unlinked = world.spec.nature.unlinked_staff;
    for (index, member) in world.staff.iter().enumerate() {
        if Rng::keyed(world.spec.seed, Purpose::Missing, index as u64, 9).chance(unlinked) {
            continue;
        }
        lines
            .text(&employee(index))
            .text(&login(world, index))
            .date(member.hired, Iso)
            .end();
    }
    sheet.append(&lines)?;
    out.close(sheet, &[])
}
