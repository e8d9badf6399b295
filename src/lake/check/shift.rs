//! Whether counts say that a table's school years are one year off: pure arithmetic on what was found in the year itself and in the years
//! beside it. Where both fit, or neither, nothing is said.

use std::collections::BTreeSet;

use serde::Deserialize;
use throughline_model::SchoolYear;

/// Fewer pairs than these prove nothing.
const LEAST: u64 = 10;
/// Share of grades that must agree in the other year, and below which they do not agree in the year itself. A retained student
/// has one grade in two years, and an enrollment file holds mistakes.
const AGREE: f64 = 0.8;
const DIFFER: f64 = 0.5;
/// Share of what is there that must be listed in the other year: in a right list those who come new are not.
const THERE: f64 = 0.97;
/// And by how much it must be more than in the year itself.
const MORE: f64 = 0.04;

/// Which way a table's school years are off.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Shift {
    /// They are right if they are one later: named by their first year.
    Later,
    /// They are right if they are one earlier.
    Earlier,
}

impl Shift {
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Later => "later",
            Self::Earlier => "earlier",
        }
    }
}

/// How grades of one file and school year fit others.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Fit {
    /// In the same year, more or less.
    Same,
    /// In another.
    Moved(Shift),
    /// In the same year, one grade too high.
    Higher,
    /// In the same year, one grade too low.
    Lower,
    /// There is too little to compare with.
    Unknown,
}

/// Grades of one file and school year beside those of tables with dates.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Graded {
    pub(super) file: String,
    pub(super) year: SchoolYear,
    pub(super) rows: u64,
    pub(super) same_pairs: u64,
    pub(super) same: u64,
    later_pairs: u64,
    later: u64,
    earlier_pairs: u64,
    earlier: u64,
    higher: u64,
    lower: u64,
}

impl Graded {
    /// Whether there is enough to compare with.
    pub(super) fn is_enough(&self) -> bool {
        self.same_pairs
            .max(self.later_pairs)
            .max(self.earlier_pairs)
            >= LEAST
    }

    pub(super) fn fit(&self) -> Fit {
        if !self.is_enough() {
            return Fit::Unknown;
        }
        let agrees = |same: u64, pairs: u64| pairs >= LEAST && same as f64 >= AGREE * pairs as f64;
        if self.same_pairs >= LEAST && self.same as f64 > DIFFER * self.same_pairs as f64 {
            return Fit::Same;
        }
        let later = agrees(self.later, self.later_pairs);
        let earlier = agrees(self.earlier, self.earlier_pairs);
        match (later, earlier) {
            (true, false) => Fit::Moved(Shift::Later),
            (false, true) => Fit::Moved(Shift::Earlier),
            _ if agrees(self.higher, self.same_pairs) => Fit::Higher,
            _ if agrees(self.lower, self.same_pairs) => Fit::Lower,
            _ if self.same_pairs >= LEAST => Fit::Same,
            _ => Fit::Unknown,
        }
    }

    /// How many grades agree as a fit says, and of how many.
    pub(super) fn of(&self, fit: Fit) -> (u64, u64) {
        match fit {
            Fit::Same | Fit::Unknown => (self.same, self.same_pairs),
            Fit::Moved(Shift::Later) => (self.later, self.later_pairs),
            Fit::Moved(Shift::Earlier) => (self.earlier, self.earlier_pairs),
            Fit::Higher => (self.higher, self.same_pairs),
            Fit::Lower => (self.lower, self.same_pairs),
        }
    }
}

/// What tables with dates hold in a school year, and how much of it is listed in that year, in the year before and in the year after.
#[derive(Debug, Default, Deserialize)]
pub(super) struct There {
    pub(super) year: SchoolYear,
    pub(super) pairs: u64,
    pub(super) same: u64,
    pub(super) before: u64,
    pub(super) after: u64,
}

/// What was found about a list without grades.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Found {
    pub(super) shift: Option<Shift>,
    /// Whether only the first and the last year tell.
    pub(super) by_ends: bool,
    /// Share of what is there that is listed in the year itself, and in the other.
    pub(super) now: f64,
    pub(super) then: f64,
}

/// Judges a list by who is there in which year; `listed` are the years that it has. `None`: there is too little.
pub(super) fn of_there(there: &[There], listed: &BTreeSet<SchoolYear>) -> Option<Found> {
    // Only years that the list has, or would have, are compared: a list may go further back, or be behind.
    let share = |offset: SchoolYear, hits: fn(&There) -> u64| {
        let years = there
            .iter()
            .filter(|one| listed.contains(&(one.year + offset)));
        let (found, all) = years.fold((0, 0), |sum, one| (sum.0 + hits(one), sum.1 + one.pairs));
        (all >= LEAST).then(|| found as f64 / all as f64)
    };
    let now = share(0, |one| one.same);
    let later = share(-1, |one| one.before);
    let earlier = share(1, |one| one.after);
    if now.is_none() && later.is_none() && earlier.is_none() {
        return None;
    }
    let now_share = now.unwrap_or(0.0);
    let (first, last) = (
        there.iter().map(|one| one.year).min()?,
        there.iter().map(|one| one.year).max()?,
    );
    let ends = (listed.first().copied()?, listed.last().copied()?);
    // Where nobody comes and nobody goes, only the ends can tell: both are one year off.
    let by_ends = |offset: SchoolYear| ends == (first + offset, last + offset);
    let fits = |share: Option<f64>, offset: SchoolYear| {
        share.filter(|share| *share >= THERE && (*share >= now_share + MORE || by_ends(offset)))
    };
    let (shift, then) = match (fits(later, -1), fits(earlier, 1)) {
        (Some(then), None) => (Some(Shift::Later), then),
        (None, Some(then)) => (Some(Shift::Earlier), then),
        _ => (None, now_share),
    };
    Some(Found {
        shift,
        by_ends: then < now_share + MORE,
        now: now_share,
        then,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn graded(same: (u64, u64), later: (u64, u64), earlier: (u64, u64), higher: u64) -> Graded {
        Graded {
            rows: 100,
            same: same.0,
            same_pairs: same.1,
            later: later.0,
            later_pairs: later.1,
            earlier: earlier.0,
            earlier_pairs: earlier.1,
            higher,
            ..Graded::default()
        }
    }

    #[test]
    fn a_year_that_fits_clearly_better_is_named_and_nothing_else() {
        // Named by its first year: next year's grades are its own; two students of 100 are retained.
        assert_eq!(
            graded((2, 90), (98, 100), (0, 90), 88).fit(),
            Fit::Moved(Shift::Later)
        );
        // A single year, of which enrollment has the next one only.
        assert_eq!(
            graded((0, 0), (98, 100), (0, 0), 0).fit(),
            Fit::Moved(Shift::Later)
        );
        assert_eq!(
            graded((0, 0), (0, 0), (28, 28), 0).fit(),
            Fit::Moved(Shift::Earlier)
        );
        // Right, with mistakes.
        assert_eq!(graded((80, 100), (3, 95), (3, 95), 4).fit(), Fit::Same);
        // Exported after roll-over: this year's rows have next year's grades, and next year has not come.
        assert_eq!(graded((2, 100), (0, 0), (0, 95), 95).fit(), Fit::Higher);
        // Too few, or neither.
        assert_eq!(graded((0, 9), (9, 9), (0, 0), 9).fit(), Fit::Unknown);
        assert_eq!(graded((30, 100), (20, 100), (10, 100), 20).fit(), Fit::Same);
    }

    fn there(rows: &[(SchoolYear, u64, u64, u64, u64)]) -> Vec<There> {
        rows.iter()
            .map(|&(year, pairs, same, before, after)| There {
                year,
                pairs,
                same,
                before,
                after,
            })
            .collect()
    }

    #[test]
    fn a_list_without_grades_is_off_where_who_is_there_is_listed_a_year_before() {
        let years = |first, last| (first..=last).collect::<BTreeSet<SchoolYear>>();
        // 2020 to 2023 stand for 2021 to 2024: all are found a year before, 90 of 100 in the year itself, as ten leave.
        let off = there(&[
            (2021, 100, 90, 100, 80),
            (2022, 100, 90, 100, 80),
            (2023, 100, 90, 100, 0),
            (2024, 100, 0, 100, 0),
        ]);
        let found = of_there(&off, &years(2020, 2023)).expect("enough");
        assert_eq!(found.shift, Some(Shift::Later));
        assert!((found.now - 0.9).abs() < 1e-12 && (found.then - 1.0).abs() < 1e-12);
        // A right list that is a year behind: new people are not listed before.
        let behind = there(&[
            (2021, 100, 100, 0, 90),
            (2022, 100, 100, 90, 90),
            (2023, 100, 0, 90, 0),
        ]);
        assert_eq!(
            of_there(&behind, &years(2021, 2022)).map(|f| f.shift),
            Some(None)
        );
        // A right list of this year only, or of more years than there are dates.
        let now = there(&[(2023, 100, 0, 0, 90), (2024, 100, 100, 0, 0)]);
        assert_eq!(
            of_there(&now, &years(2024, 2024)).map(|f| f.shift),
            Some(None)
        );
        let long = there(&[(2023, 100, 100, 90, 90), (2024, 100, 100, 90, 0)]);
        assert_eq!(
            of_there(&long, &years(2010, 2024)).map(|f| f.shift),
            Some(None)
        );
        // Nobody comes and nobody goes: the ends tell.
        let still = there(&[(2023, 20, 20, 20, 0), (2024, 20, 0, 20, 0)]);
        let found = of_there(&still, &years(2022, 2023)).expect("enough");
        assert_eq!((found.shift, found.by_ends), (Some(Shift::Later), true));
        // Too few.
        assert_eq!(
            of_there(&there(&[(2024, 9, 0, 9, 0)]), &years(2023, 2023)),
            None
        );
    }
}
