//! How much outcomes differ between the students of the district that was made, measured while it is made: the scale
//! on which a planted effect is so many standard deviations.

use crate::export::Year;
use crate::rng::normal_cdf;

/// Spread of outcomes over students, gathered year by year.
#[derive(Default)]
pub(crate) struct Scale {
    pub(crate) math: Moments,
    pub(crate) reading: Moments,
    pub(crate) attendance: Moments,
    pub(crate) incidents: Moments,
    /// Mean change per 0.01 of attendance.
    pub(crate) chronic: Moments,
    pub(crate) unexcused: Moments,
}

/// Count, sum and sum of squares.
#[derive(Default)]
pub(crate) struct Moments {
    count: f64,
    sum: f64,
    squares: f64,
}

impl Moments {
    fn add(&mut self, value: f64) {
        self.count += 1.0;
        self.sum += value;
        self.squares += value * value;
    }

    pub(crate) fn mean(&self) -> f64 {
        self.sum / self.count.max(1.0)
    }

    pub(crate) fn sd(&self) -> f64 {
        (self.squares / self.count.max(1.0) - self.mean().powi(2))
            .max(0.0)
            .sqrt()
    }
}

/// Students looked at in a year, at most: enough for three digits.
const SAMPLE: usize = 20_000;

impl Scale {
    /// Takes in one year.
    pub(crate) fn observe(&mut self, year: &Year<'_>) {
        let step = year.outcomes.len().div_ceil(SAMPLE);
        let mut grades: Vec<[Moments; 2]> = (0..13).map(|_| Default::default()).collect();
        for outcome in (0..year.outcomes.len()).step_by(step) {
            let pupil = &year.world.pupils[outcome];
            let outcome = &year.outcomes[outcome];
            grades[pupil.grade][0].add(outcome.after[0]);
            grades[pupil.grade][1].add(outcome.after[1]);
            let enrolled: usize = pupil.spells.iter().map(|s| s.end + 1 - s.begin).sum();
            let days = enrolled as f64;
            if enrolled < 45 {
                continue;
            }
            let p = outcome.absent;
            // Spread of the rate that will be seen: of the chances, and of the days drawn from them.
            self.attendance
                .add(1.0 - p + (p * (1.0 - p) / days).sqrt() * quantile(pupil.index));
            let expected = outcome.incidents / crate::days::DAYS as f64 * 100.0;
            self.incidents.add(expected);
            let lower = (p - 0.01).max(0.001);
            self.chronic.add(chronic(lower, days) - chronic(p, days));
            self.unexcused.add(unexcused(lower) - unexcused(p));
        }
        for [math, reading] in grades {
            for (all, grade) in [(&mut self.math, math), (&mut self.reading, reading)] {
                all.count += grade.count;
                all.squares += grade.sd().powi(2) * grade.count;
            }
        }
    }

    /// Standard deviation of the spring score as the MAP-like test shows it, in the units of the true score.
    pub(crate) fn score_sd(&self, moments: &Moments) -> f64 {
        // Measurement error of the MAP-like test: about 3.2 points of 14.
        (moments.sd().powi(2) + (3.2f64 / 14.0).powi(2)).sqrt()
    }

    /// Standard deviation of incidents per 100 enrolled days.
    pub(crate) fn incident_sd(&self) -> f64 {
        // Poisson counts in 100 days around their expectations.
        (self.incidents.sd().powi(2) + self.incidents.mean() / 1.82).sqrt()
    }
}

/// A fixed standard normal deviate for a student, so that spread from drawing days is counted without drawing them.
fn quantile(index: u64) -> f64 {
    crate::rng::Rng::keyed(0, crate::rng::Purpose::Misc, index, 9).normal()
}

fn unexcused(p: f64) -> f64 {
    p * (0.18 + 2.0 * p).min(0.85)
}

/// The chance to miss a tenth of the days or more.
fn chronic(p: f64, days: f64) -> f64 {
    let spread = (p * (1.0 - p) * days).sqrt();
    1.0 - normal_cdf((0.1 * days - 0.5 - p * days) / spread)
}
