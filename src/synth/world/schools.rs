//! Schools: where they are in the chain from kindergarten to graduation, and what is true of each as a whole.

use crate::program::TRAINER;
use crate::rng::{Purpose, Rng};
use crate::spec::Spec;

/// Which grades a school has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Level {
    Elementary,
    Middle,
    High,
}

impl Level {
    /// The level that teaches `grade` (0 is kindergarten).
    pub(crate) fn of(grade: usize) -> Self {
        match grade {
            0..=5 => Self::Elementary,
            6..=8 => Self::Middle,
            _ => Self::High,
        }
    }

    /// First and last grade.
    pub(crate) fn grades(self) -> (usize, usize) {
        match self {
            Self::Elementary => (0, 5),
            Self::Middle => (6, 8),
            Self::High => (9, 12),
        }
    }
}

/// One school.
#[derive(Clone, Debug)]
pub(crate) struct School {
    /// Four digits with a leading zero.
    pub(crate) code: String,
    pub(crate) name: String,
    pub(crate) level: Level,
    pub(crate) locale: &'static str,
    /// The school its students go to next (its own position for a high school).
    pub(crate) next: usize,
    /// Relative size.
    pub(crate) size: f64,
    /// Log-odds shift of economic disadvantage.
    pub(crate) poverty: f64,
    /// Lasting effect on a year's growth, standard deviations.
    pub(crate) effect: f64,
    /// Growth in that effect per year.
    pub(crate) trend: f64,
    /// Index of the school year in which it adopts the improving schools' program.
    pub(crate) adopts: Option<usize>,
    /// Index of the first school year that starts with a certified trainer in the building.
    pub(crate) trainer: Option<usize>,
    /// Sections of each grade and subject (classes, in an elementary school).
    pub(crate) sections: [usize; 13],
}

const PLACES: [&str; 24] = [
    "Cedar",
    "Lakeview",
    "Orchard",
    "Summit",
    "Prairie",
    "Harbor",
    "Juniper",
    "Granite",
    "Willow",
    "Meadow",
    "Beacon",
    "Riverbend",
    "Foothill",
    "Heron",
    "Larkspur",
    "Canyon",
    "Maple",
    "Northgate",
    "Sequoia",
    "Sunrise",
    "Valley",
    "Westbrook",
    "Stonebridge",
    "Clover",
];
const LOCALES: [&str; 4] = ["city", "suburb", "town", "rural"];
/// Share of schools that improve by themselves, and by how much a year.
const IMPROVING: f64 = 0.3;
const IMPROVEMENT: f64 = 0.05;

/// Elementary schools first, then middle, then high.
pub(crate) fn open(spec: &Spec) -> Vec<School> {
    let count = spec.schools as usize;
    let share = |part: f64| ((count as f64 * part).round() as usize).max(1);
    let (middle, high) = (share(0.22), share(0.15));
    let elementary = count - middle - high;
    let mut schools: Vec<School> = (0..count)
        .map(|index| {
            let mut rng = Rng::keyed(spec.seed, Purpose::School, index as u64, 0);
            let (level, next, suffix) = if index < elementary {
                let next = elementary + index * middle / elementary;
                (Level::Elementary, next, "Elementary")
            } else if index < elementary + middle {
                let next = elementary + middle + (index - elementary) * high / middle;
                (Level::Middle, next, "Middle School")
            } else {
                (Level::High, index, "High School")
            };
            let place = PLACES[index % PLACES.len()];
            let name = match index / PLACES.len() {
                0 => format!("{place} {suffix}"),
                again => format!("{place} {suffix} No. {}", again + 1),
            };
            School {
                code: format!("{:04}", 101 + index),
                name,
                level,
                locale: LOCALES[rng.below(LOCALES.len())],
                next,
                size: rng.between(0.8, 1.2),
                poverty: rng.normal() * 0.8,
                effect: rng.normal() * 0.05,
                trend: 0.0,
                adopts: None,
                trainer: None,
                sections: [0; 13],
            }
        })
        .collect();
    let years = spec.years as usize;
    let improving = share(IMPROVING);
    for (rank, school) in shuffled(spec, 1, count)
        .into_iter()
        .take(improving)
        .enumerate()
    {
        schools[school].trend = IMPROVEMENT * spec.trend;
        schools[school].adopts = Some(1 + rank % 2).filter(|year| *year < years);
    }
    let trained = share(TRAINER.share);
    // The improving schools are first in the first order.
    let order = match &spec.plant {
        Some(plant) if plant.trainers_where_improving => shuffled(spec, 1, count),
        _ => shuffled(spec, 2, count),
    };
    for (rank, school) in order.into_iter().take(trained).enumerate() {
        schools[school].trainer = (years > 1).then(|| 1 + rank % (years - 1));
    }
    schools
}

/// Schools in random order.
fn shuffled(spec: &Spec, context: u64, count: usize) -> Vec<usize> {
    let key =
        |index: usize| Rng::keyed(spec.seed, Purpose::School, index as u64, 100 + context).next();
    let mut order: Vec<usize> = (0..count).collect();
    order.sort_by_key(|index| key(*index));
    order
}

/// The school of `grade` for students whose elementary school is `home`.
pub(crate) fn school_of(schools: &[School], home: usize, grade: usize) -> usize {
    match Level::of(grade) {
        Level::Elementary => home,
        Level::Middle => schools[home].next,
        Level::High => schools[schools[home].next].next,
    }
}
