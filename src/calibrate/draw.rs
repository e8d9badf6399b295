//! One district drawn from the shape: what varies, and which effects its programs have. A draw depends on the seed, the
//! district's number and what is drawn, so that a district is the same whatever is drawn beside it.

use throughline_synth::{Messes, Nature, Plant, Planted, Spec};

use super::Asked;
use super::shape::Range;

/// Effects that teachers' programs are given, in SD of the outcome for the usual hours. Zero is there twice: most programs a district
/// buys do less than their flyers say.
pub(super) const EFFECTS: [f64; 7] = [-0.08, 0.0, 0.0, 0.02, 0.04, 0.08, 0.12];

/// Effects of the pilot, and of a trainer where improving schools do not come first.
const OTHERS: [f64; 4] = [0.0, 0.04, 0.08, 0.12];

/// The district with this number.
pub(super) fn district(asked: &Asked, number: usize) -> Spec {
    let shape = &asked.shape;
    let draw = Draw {
        seed: asked.seed,
        number,
    };
    let among = |what: &str, grid: &[f64]| grid[draw.below(what, grid.len())];
    let planted = |what: &str, grid: &[f64]| Planted {
        math: among(&format!("{what} math"), grid),
        reading: among(&format!("{what} reading"), grid),
        attendance: among(&format!("{what} attendance"), grid),
    };
    let trainers_where_improving = number % 2 == 1;
    Spec {
        students: shape.students,
        schools: shape.schools,
        years: shape.years,
        seed: draw.bits("district"),
        selection: draw.between("selection", shape.selection),
        trend: draw.between("trend", shape.trend),
        messes: if draw.below("mess", 2) == 1 {
            Messes::Rows
        } else {
            Messes::None
        },
        nature: Nature {
            teacher_years: draw.between("teacher years", shape.teacher_years),
            mobility: draw.between("mobility", shape.mobility),
            missed_tests: draw.between("missed tests", shape.missed_tests),
            unlinked_staff: draw.between("unlinked staff", shape.unlinked_staff),
            class_size: shape.class_size,
        },
        plant: Some(Plant {
            chosen: ["a", "b", "c"].map(|which| planted(which, &EFFECTS)),
            pilot: planted("pilot", &OTHERS),
            trainer: if trainers_where_improving {
                Planted::default()
            } else {
                // A trainer works on scores alone.
                Planted {
                    attendance: 0.0,
                    ..planted("trainer", &OTHERS)
                }
            },
            trainers_where_improving,
            shares: shape.shares,
            hours: shape.hours,
            ..Plant::default()
        }),
        ..Spec::default()
    }
}

struct Draw {
    seed: u64,
    number: usize,
}

impl Draw {
    fn bits(&self, what: &str) -> u64 {
        let text = format!("{}/{}/{what}", self.seed, self.number);
        let hash = blake3::hash(text.as_bytes());
        let mut bytes = [0; 8];
        bytes.copy_from_slice(&hash.as_bytes()[..8]);
        u64::from_le_bytes(bytes)
    }

    /// Uniform in `0..1`.
    fn unit(&self, what: &str) -> f64 {
        (self.bits(what) >> 11) as f64 / (1u64 << 53) as f64
    }

    fn between(&self, what: &str, [low, high]: Range) -> f64 {
        low + (high - low) * self.unit(what)
    }

    fn below(&self, what: &str, n: usize) -> usize {
        ((self.unit(what) * n as f64) as usize).min(n - 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::calibrate::Shape;

    #[test]
    fn a_district_is_the_same_whatever_is_drawn_beside_it_and_unlike_its_neighbour() {
        let asked = |districts| Asked {
            shape: Shape::default(),
            districts,
            seed: 3,
        };
        assert_eq!(district(&asked(2), 1), district(&asked(50), 1));
        assert_ne!(district(&asked(2), 0).seed, district(&asked(2), 1).seed);
    }

    #[test]
    fn every_effect_of_the_grid_is_drawn_about_equally_often() {
        let asked = Asked {
            shape: Shape::default(),
            districts: 0,
            seed: 1,
        };
        let mut seen = [0; EFFECTS.len()];
        for number in 0..700 {
            let plant = district(&asked, number).plant.expect("programs");
            let effect = plant.chosen[0].math;
            let at = EFFECTS
                .iter()
                .position(|e| *e == effect)
                .expect("a grid value");
            seen[at] += 1;
        }
        // The two zeros fall on the first; 100 of 700 each, give or take three standard deviations.
        assert!((150..=250).contains(&seen[1]), "{seen:?}");
        for at in [0, 3, 4, 5, 6] {
            assert!((70..=130).contains(&seen[at]), "{seen:?}");
        }
    }
}
