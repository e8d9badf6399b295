//! When a dose counts: from what a measure gives by school year to what an outcome's school year sees. The
//! rules are in the documentation of the parent module.

use throughline_model::SchoolYear;
use throughline_model::measure::Absent;
use throughline_model::pipeline::Window;

use super::grid::Grid;

/// The unit that marks a measure whose values mean yes or no, and are not added up over years.
const YES_NO: &str = "yes/no";

/// The school years in which the absence of a value means something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Known {
    /// No year: a source is missing altogether.
    Never,
    /// Every year.
    Always,
    /// From the first to the second, both included.
    Years(SchoolYear, SchoolYear),
}

impl Known {
    pub(super) fn has(self, year: SchoolYear) -> bool {
        match self {
            Self::Never => false,
            Self::Always => true,
            Self::Years(first, last) => (first..=last).contains(&year),
        }
    }

    /// Years known to both.
    pub(super) fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::Never, _) | (_, Self::Never) => Self::Never,
            (Self::Always, known) | (known, Self::Always) => known,
            (Self::Years(a, b), Self::Years(c, d)) if a.max(c) <= b.min(d) => {
                Self::Years(a.max(c), b.min(d))
            }
            _ => Self::Never,
        }
    }
}

/// How an exposure's values are to be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Reading<'m> {
    pub(super) window: Window,
    /// Whether values are states as of the first day of their year, and not flows during it.
    pub(super) is_state: bool,
    pub(super) unit: &'m str,
    pub(super) known: Known,
    /// What nobody's row means in a year that is known.
    pub(super) absent: Absent,
}

/// The first school year whose values can matter to the outcomes of `first`.
pub(super) fn reaches_back(reading: &Reading<'_>, first: SchoolYear) -> SchoolYear {
    match (reading.window, reading.is_state, reading.known) {
        (Window::ToDate, false, Known::Years(known, _)) => known.min(first - 1),
        _ => first - 1,
    }
}

/// The dose that counts for outcomes of each school year from `first` to `last`.
pub(super) fn effective(
    by_year: &Grid,
    reading: &Reading<'_>,
    (first, last): (SchoolYear, SchoolYear),
) -> Grid {
    let mut doses = Grid::empty(by_year.members() as usize, (first, last));
    let nothing = match reading.absent {
        Absent::Zero => 0.0,
        Absent::Unknown => f64::NAN,
    };
    let known_or_absent = |value: f64| if value.is_nan() { nothing } else { value };
    for member in 0..by_year.members() {
        for year in first..=last {
            let source = match (reading.window, reading.is_state) {
                (Window::PriorYear, _) | (Window::ToDate, false) => year - 1,
                (Window::SameYear, _) | (Window::ToDate, true) => year,
            };
            if !reading.known.has(source) {
                continue;
            }
            let dose = match (reading.window, reading.is_state) {
                (Window::ToDate, false) => {
                    let doses = (reaches_back(reading, first)..=source)
                        .map(|year| by_year.get(member, year))
                        .filter(|dose| !dose.is_nan());
                    let is_yes_no = reading.unit == YES_NO;
                    let add = |a: f64, b: f64| if is_yes_no { a.max(b) } else { a + b };
                    doses.reduce(add).unwrap_or(nothing)
                }
                _ => known_or_absent(by_year.get(member, source)),
            };
            doses.set(member, year, dose);
        }
    }
    doses
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One member with a dose of 3 in 2022 and 5 in 2024.
    fn grid() -> Grid {
        let mut grid = Grid::empty(1, (2020, 2026));
        grid.set(0, 2022, 3.0);
        grid.set(0, 2024, 5.0);
        grid
    }

    fn doses(window: Window, is_state: bool, unit: &str) -> Vec<f64> {
        read(window, is_state, unit, Absent::Zero)
    }

    fn read(window: Window, is_state: bool, unit: &str, absent: Absent) -> Vec<f64> {
        let reading = Reading {
            window,
            is_state,
            unit,
            known: Known::Years(2021, 2024),
            absent,
        };
        let doses = effective(&grid(), &reading, (2021, 2026));
        (2021..=2026).map(|year| doses.get(0, year)).collect()
    }

    fn same(found: Vec<f64>, wanted: [f64; 6]) {
        let equal = |(a, b): (&f64, &f64)| a == b || (a.is_nan() && b.is_nan());
        assert!(
            found.iter().zip(&wanted).all(equal),
            "{found:?} is not {wanted:?}"
        );
    }

    const NAN: f64 = f64::NAN;

    #[test]
    fn a_flow_moves_by_its_window_and_is_unknown_outside_the_data() {
        same(
            doses(Window::SameYear, false, "hours"),
            [0.0, 3.0, 0.0, 5.0, NAN, NAN],
        );
        same(
            doses(Window::PriorYear, false, "hours"),
            [NAN, 0.0, 3.0, 0.0, 5.0, NAN],
        );
        same(
            doses(Window::ToDate, false, "hours"),
            [NAN, 0.0, 3.0, 3.0, 8.0, NAN],
        );
        same(
            doses(Window::ToDate, false, "yes/no"),
            [NAN, 0.0, 3.0, 3.0, 5.0, NAN],
        );
    }

    #[test]
    fn who_was_in_no_draw_neither_won_nor_lost() {
        same(
            read(Window::PriorYear, false, "yes/no", Absent::Unknown),
            [NAN, NAN, 3.0, NAN, 5.0, NAN],
        );
        same(
            read(Window::ToDate, false, "yes/no", Absent::Unknown),
            [NAN, NAN, 3.0, 3.0, 5.0, NAN],
        );
    }

    #[test]
    fn a_state_is_taken_as_of_the_first_day() {
        same(
            doses(Window::ToDate, true, "yes/no"),
            [0.0, 3.0, 0.0, 5.0, NAN, NAN],
        );
        same(
            doses(Window::PriorYear, true, "yes/no"),
            [NAN, 0.0, 3.0, 0.0, 5.0, NAN],
        );
    }

    #[test]
    fn years_are_known_only_where_every_table_is() {
        let years = Known::Years(2020, 2023);
        assert_eq!(years.and(Known::Always), years);
        assert_eq!(
            years.and(Known::Years(2022, 2025)),
            Known::Years(2022, 2023)
        );
        assert_eq!(years.and(Known::Years(2024, 2025)), Known::Never);
        assert_eq!(years.and(Known::Never), Known::Never);
    }
}
