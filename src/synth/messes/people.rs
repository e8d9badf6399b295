//! E-mail addresses in another case, and staff who work at two schools.

use super::{Kind, rates};
use crate::world::World;
use crate::world::staff::Job;

/// The second school of a staff member in year `t`, where there is one. Nobody whose certificate counts for a school is among
/// them, nor who teaches while rosters do not say of which school a class is.
pub(crate) fn second_school(world: &World, staff: usize, t: usize) -> Option<usize> {
    let (school, job) = world.staff[staff].post?;
    let moves = match job {
        Job::Coach => world.schools[school].trainer.is_none(),
        Job::CoTeacher => super::enrollment::rosters_name_schools(world, t),
        Job::Aide => true,
        _ => false,
    };
    let mut rng = world.mess(Kind::TwoSchools, staff as u64, t, 0);
    if !world.messy() || !moves || !rng.chance(rates::TWO_SCHOOLS) {
        return None;
    }
    Some(other_school(school, rng.below(world.schools.len() - 1)))
}

/// The school at this position among all but one.
pub(super) fn other_school(but: usize, position: usize) -> usize {
    position + usize::from(position >= but)
}

/// An e-mail address as its owner might type it: `amurphy012@schools.example` → `AMurphy012@Schools.Example`.
pub(crate) fn typed(address: &str) -> String {
    let mut upper = 2_usize;
    address
        .chars()
        .map(|c| {
            let c = if upper > 0 { c.to_ascii_uppercase() } else { c };
            upper = match c {
                '@' | '.' => 1,
                _ => upper.saturating_sub(1),
            };
            c
        })
        .collect()
}

#[cfg(test)]
mod tests {
    #[test]
    fn another_case_is_the_same_address() {
        let typed = super::typed("amurphy012@schools.example");
        assert_eq!(typed, "AMurphy012@Schools.Example");
    }
}
