//! School years. A school year is named by the calendar year it ends in (`2025` is 2024-25), as state
//! data systems do, and starts on one month and day for the whole district.

use chrono::{Datelike, NaiveDate};

/// A school year by the calendar year it ends in: `2025` is 2024-25.
pub type SchoolYear = i32;

/// When school years start, and which ones a pipeline is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Calendar {
    /// Month (1–12) and day on which a new school year starts.
    pub year_starts: (u32, u32),
    /// First and last school year of interest, both included.
    pub years: (SchoolYear, SchoolYear),
}

impl Calendar {
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
}
