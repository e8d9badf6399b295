//! An effect's size in words that people use, beside standard deviations: Hedges' g and the percentile points of the What Works
//! Clearinghouse, days of attendance, students fewer in a thousand, and how the size compares with what other
//! studies of schooling found. Everything here is turned so that plus is better, as all that is written for people.

use serde::{Deserialize, Serialize};
use throughline_model::pipeline::Outcome;
use throughline_stats::effect_size::{clustered_g, improvement_index, small_sample_correction};

use crate::finding::{Counts, Estimate};

/// A school year's days of instruction in most states: what "days of attendance" are counted in.
pub const DAYS: f64 = 180.0;

/// Students of whom "fewer in a thousand" are counted.
const THOUSAND: f64 = 1000.0;

/// A number with the ends of its 95 % interval.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Interval {
    /// Point estimate.
    pub estimate: f64,
    /// Lower end.
    pub lower: f64,
    /// Upper end.
    pub upper: f64,
}

impl Interval {
    /// An estimate's interval, turned so that plus is better.
    pub fn better(of: &Estimate, higher_is_better: bool) -> Self {
        if higher_is_better {
            Self {
                estimate: of.estimate,
                lower: of.lower,
                upper: of.upper,
            }
        } else {
            Self {
                estimate: -of.estimate,
                lower: -of.upper,
                upper: -of.lower,
            }
        }
    }

    /// The same through an increasing function.
    pub fn map(self, f: impl Fn(f64) -> f64) -> Self {
        Self {
            estimate: f(self.estimate),
            lower: f(self.lower),
            upper: f(self.upper),
        }
    }
}

/// What an effect in an outcome's own unit is counted in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Yardstick {
    /// Days attended, a student and school year of [`DAYS`] days.
    DaysAttended,
    /// Days of absence avoided, a student and school year of [`DAYS`] days.
    DaysNotMissed,
    /// Students fewer, of a thousand.
    FewerInThousand,
    /// Students more, of a thousand.
    MoreInThousand,
    /// Events avoided among a hundred students in a school year of [`DAYS`] days.
    FewerAHundredStudents,
}

impl Yardstick {
    /// The yardstick of an outcome, and how many of its units one of the outcome's own units is.
    fn of(outcome: &Outcome) -> Option<(Self, f64)> {
        let unit = outcome.unit.as_str();
        let higher = outcome.higher_is_better;
        if unit.starts_with("share of enrolled days") {
            let days = if higher {
                Self::DaysAttended
            } else {
                Self::DaysNotMissed
            };
            Some((days, DAYS))
        } else if unit.starts_with("share of students") {
            let students = if higher {
                Self::MoreInThousand
            } else {
                Self::FewerInThousand
            };
            Some((students, THOUSAND))
        } else if unit.ends_with("per 100 enrolled days") && !higher {
            Some((Self::FewerAHundredStudents, DAYS))
        } else {
            None
        }
    }

    /// For people, after a number without its sign: `more days attended, a student and year`.
    pub fn words(self, better: bool) -> &'static str {
        match (self, better) {
            (Self::DaysAttended, true) => "more days attended, a student and year",
            (Self::DaysAttended, false) => "fewer days attended, a student and year",
            (Self::DaysNotMissed, true) => "fewer days missed, a student and year",
            (Self::DaysNotMissed, false) => "more days missed, a student and year",
            (Self::FewerInThousand, true) | (Self::MoreInThousand, false) => {
                "fewer students of 1,000"
            }
            (Self::FewerInThousand, false) | (Self::MoreInThousand, true) => {
                "more students of 1,000"
            }
            (Self::FewerAHundredStudents, true) => "fewer a year among 100 students",
            (Self::FewerAHundredStudents, false) => "more a year among 100 students",
        }
    }

    /// For people, after "dollars for each": `day attended`.
    pub fn one(self) -> &'static str {
        match self {
            Self::DaysAttended => "day attended",
            Self::DaysNotMissed => "day not missed",
            Self::FewerInThousand | Self::MoreInThousand => "student",
            Self::FewerAHundredStudents => "event avoided",
        }
    }

    /// How many of one student's units a counted unit is: dollars a student over this are dollars a unit.
    pub(crate) fn students(self) -> f64 {
        match self {
            Self::DaysAttended | Self::DaysNotMissed => 1.0,
            Self::FewerInThousand | Self::MoreInThousand => THOUSAND,
            Self::FewerAHundredStudents => 100.0,
        }
    }
}

/// How a difference in achievement compares with those of 747 randomised trials of education programs (Kraft 2020).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Benchmark {
    /// Below 0.05 SD.
    Small,
    /// 0.05 SD and more, below 0.20.
    Medium,
    /// 0.20 SD and more.
    Large,
}

impl Benchmark {
    /// The benchmark of a difference in SD, either way.
    pub fn of(sd: f64) -> Self {
        match sd.abs() {
            size if size < 0.05 => Self::Small,
            size if size < 0.20 => Self::Medium,
            _ => Self::Large,
        }
    }

    /// The word that is printed.
    pub fn words(self) -> &'static str {
        match self {
            Self::Small => "small",
            Self::Medium => "medium",
            Self::Large => "large",
        }
    }
}

/// An amount on a yardstick.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Amount {
    /// What is counted.
    pub unit: Yardstick,
    /// How many.
    pub amount: Interval,
}

/// An effect's size, per `per` of dose; plus is better.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Size {
    /// Hedges' g: the adjusted difference in SD, corrected for few students and for clusters (What Works Clearinghouse 5.0).
    pub hedges_g: Interval,
    /// Percentile points an average student would be further up (the Clearinghouse's improvement index).
    pub improvement: Interval,
    /// In what people count, where the outcome is counted in days, students or events.
    pub amount: Option<Amount>,
    /// For achievement: how it compares with other studies.
    pub benchmark: Option<Benchmark>,
}

/// The size of an adjusted effect, given in SD and in the outcome's own unit. `clusters` are the teachers (or schools) the
/// dose is given to.
pub(crate) fn size(
    outcome: &Outcome,
    adjusted: &Estimate,
    raw: &Estimate,
    n: &Counts,
    clusters: u64,
) -> Size {
    let factor = correction(outcome, n.students as f64, clusters as f64);
    let hedges_g = Interval::better(adjusted, outcome.higher_is_better).map(|sd| factor * sd);
    let own = Interval::better(raw, outcome.higher_is_better);
    Size {
        hedges_g,
        improvement: hedges_g.map(improvement_index),
        amount: Yardstick::of(outcome).map(|(unit, times)| Amount {
            unit,
            amount: own.map(|value| value * times),
        }),
        benchmark: (outcome.domain == "achievement").then(|| Benchmark::of(adjusted.estimate)),
    }
}

/// g over d. The Clearinghouse's default correlation within clusters is 0.20 for achievement and 0.10 otherwise.
fn correction(outcome: &Outcome, students: f64, clusters: f64) -> f64 {
    let icc = if outcome.domain == "achievement" {
        0.20
    } else {
        0.10
    };
    clustered_g(1.0, students, students / clusters, icc).map_or_else(
        |_| {
            // Without clusters to speak of, the plain correction; below four students there is none.
            let omega = small_sample_correction(students);
            if omega.is_finite() && omega > 0.0 {
                omega
            } else {
                1.0
            }
        },
        |clustered| clustered.g,
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use throughline_model::measure::NumberKind;
    use throughline_model::pipeline::Params;

    fn outcome(domain: &str, unit: &str, higher_is_better: bool) -> Outcome {
        Outcome {
            id: "o".to_owned(),
            label: "o".to_owned(),
            measure: "m".to_owned(),
            params: Params::new(),
            domain: domain.to_owned(),
            subject: None,
            higher_is_better,
            unit: unit.to_owned(),
            kind: NumberKind::Amount,
            smallest_difference: 0.05,
        }
    }

    fn estimate(estimate: f64, reach: f64) -> Estimate {
        Estimate {
            estimate,
            se: reach / 2.0,
            lower: estimate - reach,
            upper: estimate + reach,
            p: 0.01,
            df: 100.0,
        }
    }

    fn counts() -> Counts {
        Counts {
            students: 1000,
            ..Counts::default()
        }
    }

    #[test]
    fn an_achievement_effect_in_g_and_percentile_points() {
        let sd = estimate(0.25, 0.05);
        let found = size(
            &outcome("achievement", "SD of the score", true),
            &sd,
            &sd,
            &counts(),
            40,
        );
        // The example of the estimator's documentation: 1,000 students, 25 a cluster, correlation 0.20.
        assert!((found.hedges_g.estimate - 0.248_433).abs() < 1e-6);
        // 100 Φ(0.248433) − 50, by tables of the normal distribution.
        assert!((found.improvement.estimate - 9.81).abs() < 0.01);
        assert_eq!(found.benchmark, Some(Benchmark::Large));
        assert_eq!(found.amount, None);
    }

    #[test]
    fn days_and_students_are_turned_towards_better() {
        let raw = estimate(-0.02, 0.01);
        let sd = estimate(-0.1, 0.05);
        let chronic = size(
            &outcome("attendance", "share of students", false),
            &sd,
            &raw,
            &counts(),
            40,
        );
        let amount = chronic.amount.expect("students are counted");
        assert_eq!(amount.unit, Yardstick::FewerInThousand);
        assert!((amount.amount.estimate - 20.0).abs() < 1e-9);
        assert!((amount.amount.lower - 10.0).abs() < 1e-9);
        assert!((amount.amount.upper - 30.0).abs() < 1e-9);
        assert_eq!(chronic.benchmark, None);
        let rate = size(
            &outcome("attendance", "share of enrolled days", true),
            &sd,
            &raw,
            &counts(),
            40,
        );
        let amount = rate.amount.expect("days are counted");
        assert_eq!(amount.unit, Yardstick::DaysAttended);
        assert!((amount.amount.estimate + 3.6).abs() < 1e-9);
    }

    #[test]
    fn benchmarks_begin_where_kraft_puts_them() {
        assert_eq!(Benchmark::of(0.049), Benchmark::Small);
        assert_eq!(Benchmark::of(-0.05), Benchmark::Medium);
        assert_eq!(Benchmark::of(0.2), Benchmark::Large);
    }
}
