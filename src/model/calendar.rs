//! School years. A school year is named by the calendar year it ends in (`2025` is 2024-25), as state
//! data systems do, and starts on one month and day for the whole district.

use chrono::{Datelike, Duration, NaiveDate};
use serde::{Deserialize, Serialize};

/// A school year by the calendar year it ends in: `2025` is 2024-25.
pub type SchoolYear = i32;

/// When school years start, and which ones a pipeline is about.
#[derive(Clone, Debug, PartialEq)]
pub struct Calendar {
    /// Month (1–12) and day on which a new school year starts.
    pub year_starts: (u32, u32),
    /// First and last school year of interest, both included.
    pub years: (SchoolYear, SchoolYear),
    /// The share of a school year, from 0 to 1, that attendance has to reach before the year counts. With 0 every year does.
    pub counts_from: f64,
}

/// The last school year while it is not far enough to count: its outcomes are not all there, and whoever looked at them every
/// night would find, some night, what is not so.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Running {
    /// The school year.
    pub year: SchoolYear,
    /// The newest day of its attendance.
    pub reached: NaiveDate,
    /// The day that attendance has to reach.
    pub counts_from: NaiveDate,
}

impl Calendar {
    /// Where nothing is said, the share of a school year that has to be over before it counts. At nine tenths what is known of a
    /// year goes with what will be known by 0.95, and terms that end some weeks after the last day of school do no harm.
    pub const COUNTS_FROM: f64 = 0.9;

    /// The school year `year`, where attendance up to `reached` is not enough of the days from `first` to `last` for it to count.
    pub fn running(
        &self,
        year: SchoolYear,
        (first, last): (NaiveDate, NaiveDate),
        reached: NaiveDate,
    ) -> Option<Running> {
        let days = (last - first).num_days();
        let wanted = (self.counts_from * days as f64).ceil() as i64;
        let counts_from = first + Duration::days(wanted);
        (self.counts_from > 0.0 && reached < counts_from).then_some(Running {
            year,
            reached,
            counts_from,
        })
    }

    /// The school year that `date` falls in.
    pub fn school_year(&self, date: NaiveDate) -> SchoolYear {
        let (month, day) = self.year_starts;
        if (month, day) == (1, 1) {
            date.year()
        } else {
            date.year() + i32::from((date.month(), date.day()) >= (month, day))
        }
    }

    /// First and last day of a school year; `None` where the calendar has no such day.
    pub fn span(&self, year: SchoolYear) -> Option<(NaiveDate, NaiveDate)> {
        let (month, day) = self.year_starts;
        let first = if (month, day) == (1, 1) {
            year
        } else {
            year - 1
        };
        let begin = NaiveDate::from_ymd_opt(first, month, day)?;
        let end = NaiveDate::from_ymd_opt(first + 1, month, day)?.pred_opt()?;
        Some((begin, end))
    }

    /// How a school year is written for people: `2024-25`.
    pub fn label(year: SchoolYear) -> String {
        format!("{}-{:02}", year - 1, year.rem_euclid(100))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_of_july_starts_the_next_school_year() {
        let calendar = Calendar {
            year_starts: (7, 1),
            years: (2021, 2025),
            counts_from: Calendar::COUNTS_FROM,
        };
        let day = |y, m, d| NaiveDate::from_ymd_opt(y, m, d).expect("a date");
        assert_eq!(calendar.school_year(day(2024, 6, 30)), 2024);
        assert_eq!(calendar.school_year(day(2024, 7, 1)), 2025);
        assert_eq!(
            calendar.span(2025),
            Some((day(2024, 7, 1), day(2025, 6, 30)))
        );
        assert_eq!(Calendar::label(2025), "2024-25");
        assert_eq!(Calendar::label(2000), "1999-00");
    }

    #[test]
    fn a_year_counts_once_attendance_has_come_far_enough() {
        let mut calendar = Calendar {
            year_starts: (7, 1),
            years: (2021, 2025),
            counts_from: 0.9,
        };
        let day = |y, m, d| NaiveDate::from_ymd_opt(y, m, d).expect("a date");
        // 300 days from the first to the last; nine tenths are over on the 271st.
        let span = (day(2024, 8, 14), day(2025, 6, 10));
        let running = calendar.running(2025, span, day(2025, 5, 10));
        assert_eq!(
            running.map(|running| running.counts_from),
            Some(day(2025, 5, 11))
        );
        assert_eq!(calendar.running(2025, span, day(2025, 5, 11)), None);
        calendar.counts_from = 0.0;
        assert_eq!(calendar.running(2025, span, day(2024, 8, 1)), None);
    }
}
