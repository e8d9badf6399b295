//! The district's calendar: instructional days of every school year, and the days a single school was closed.

use chrono::{Datelike, Days, NaiveDate, Weekday};

use crate::rng::{Purpose, Rng};

/// Instructional days of a school year.
pub(crate) const DAYS: usize = 182;

/// The days of one school year, for the whole district.
pub(crate) struct YearDays {
    /// The calendar year it ends in.
    pub(crate) year: i32,
    /// Instructional days, in order.
    pub(crate) days: Vec<NaiveDate>,
    /// Weekdays between the first and the last day without school.
    pub(crate) holidays: Vec<NaiveDate>,
    /// For each school the positions in `days` on which it was closed.
    pub(crate) closures: Vec<Vec<u16>>,
}

impl YearDays {
    pub(crate) fn new(seed: u64, year: i32, schools: usize) -> Self {
        let mut date = on_or_after(ymd(year - 1, 8, 10), Weekday::Mon);
        let off = holidays(year);
        let (mut days, mut holidays) = (Vec::with_capacity(DAYS), Vec::new());
        while days.len() < DAYS {
            if !matches!(date.weekday(), Weekday::Sat | Weekday::Sun) {
                if off.iter().any(|(from, to)| (*from..=*to).contains(&date)) {
                    holidays.push(date);
                } else {
                    days.push(date);
                }
            }
            date = date + Days::new(1);
        }
        let closures = (0..schools)
            .map(|school| {
                let mut rng = Rng::keyed(seed, Purpose::Closure, school as u64, year as u64);
                let mut closed: Vec<u16> = (0..rng.below(3))
                    .map(|_| 60 + rng.below(70) as u16)
                    .collect();
                closed.sort_unstable();
                closed.dedup();
                closed
            })
            .collect();
        Self {
            year,
            days,
            holidays,
            closures,
        }
    }

    /// `2024-25`.
    pub(crate) fn label(&self) -> String {
        throughline_model::Calendar::label(self.year)
    }

    /// Whether `school` was closed on the day at `position`.
    pub(crate) fn closed(&self, school: usize, position: usize) -> bool {
        self.closures[school].contains(&(position as u16))
    }
}

/// A date of the calendar that exists in every year.
pub(crate) fn ymd(year: i32, month: u32, day: u32) -> NaiveDate {
    NaiveDate::from_ymd_opt(year, month, day).unwrap_or_default()
}

fn on_or_after(date: NaiveDate, weekday: Weekday) -> NaiveDate {
    let ahead = (7 + weekday.num_days_from_monday() - date.weekday().num_days_from_monday()) % 7;
    date + Days::new(u64::from(ahead))
}

/// Holidays and breaks, first and last day included.
fn holidays(year: i32) -> Vec<(NaiveDate, NaiveDate)> {
    let week = |date: NaiveDate, days| (date, date + Days::new(days));
    let labor = on_or_after(ymd(year - 1, 9, 1), Weekday::Mon);
    let thanksgiving = on_or_after(ymd(year - 1, 11, 22), Weekday::Thu);
    let king = on_or_after(ymd(year, 1, 15), Weekday::Mon);
    let presidents = on_or_after(ymd(year, 2, 15), Weekday::Mon);
    let spring = on_or_after(ymd(year, 3, 24), Weekday::Mon);
    let memorial = on_or_after(ymd(year, 5, 25), Weekday::Mon);
    vec![
        week(labor, 0),
        week(thanksgiving - Days::new(1), 2),
        (ymd(year - 1, 12, 22), ymd(year, 1, 2)),
        week(king, 0),
        week(presidents, 0),
        week(spring, 4),
        week(memorial, 0),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_school_year_fits_between_two_julys() {
        for year in 2001..=2099 {
            let days = YearDays::new(1, year, 3);
            assert_eq!(days.days.len(), DAYS);
            assert!(days.days[0] >= ymd(year - 1, 8, 1), "{year}");
            assert!(days.days[DAYS - 1] <= ymd(year, 6, 20), "{year}");
            assert!(days.days.windows(2).all(|pair| pair[0] < pair[1]));
        }
    }
}
