//! One number for each student (or teacher, or school) and school year; NaN where there is none.

use throughline_model::SchoolYear;

/// A dense table of members × school years.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Grid {
    first: SchoolYear,
    years: usize,
    cells: Vec<f64>,
}

impl Grid {
    /// No value for any of `members` in any school year from `first` to `last`.
    pub(super) fn empty(members: usize, (first, last): (SchoolYear, SchoolYear)) -> Self {
        let years = usize::try_from(last - first + 1).unwrap_or(0);
        Self {
            first,
            years,
            cells: vec![f64::NAN; members * years],
        }
    }

    fn place(&self, member: u32, year: SchoolYear) -> Option<usize> {
        let offset = usize::try_from(year - self.first).ok()?;
        (offset < self.years).then(|| member as usize * self.years + offset)
    }

    /// The value; NaN also outside the years of the grid.
    pub(super) fn get(&self, member: u32, year: SchoolYear) -> f64 {
        self.place(member, year)
            .map_or(f64::NAN, |place| self.cells[place])
    }

    /// Sets a value, unless the year is outside the grid; `false` if there already was one.
    pub(super) fn set(&mut self, member: u32, year: SchoolYear, value: f64) -> bool {
        let Some(place) = self.place(member, year) else {
            return true;
        };
        let is_new = self.cells[place].is_nan();
        self.cells[place] = value;
        is_new
    }

    /// Removes every value of a school year.
    pub(super) fn forget(&mut self, year: SchoolYear) {
        for member in 0..self.members() {
            if let Some(place) = self.place(member, year) {
                self.cells[place] = f64::NAN;
            }
        }
    }

    pub(super) fn members(&self) -> u32 {
        (self.cells.len() / self.years.max(1)) as u32
    }
}
