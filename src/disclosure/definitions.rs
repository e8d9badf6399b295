//! One outcome by the definitions of several authorities, side by side. Two rules that differ by a few students tell of those few by
//! subtraction where one counts all that the other counts: then the total of the second is not told, only that it lies close to the first.
//! Where each counts some that the other does not, the difference of their totals says how many of neither.

use serde::{Deserialize, Serialize};
use throughline_model::SchoolYear;
use throughline_model::definition::{Definition, Pattern, Patterns};

use crate::report::Rules;

/// An outcome and what each definition makes of it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct SideBySide {
    /// The outcome's id.
    pub outcome: String,
    /// For people.
    pub label: String,
    /// Definitions by school year; in each year the outcome's own comes first.
    pub sides: Vec<Side>,
}

/// What one definition makes of one school year.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Side {
    /// School year.
    pub school_year: SchoolYear,
    /// The definition's id; empty where the outcome's parameters are its own.
    pub id: String,
    /// For people.
    pub label: String,
    /// What is counted.
    pub about: String,
    /// Where it stands written.
    pub source: String,
    /// Whether it is the one that the outcome goes by.
    pub is_chosen: bool,
    /// Students that it counts; `None` where that is not told.
    pub counted: Option<u64>,
    /// Of those, the students who have what the outcome asks for.
    pub yes: Option<u64>,
    /// Their share.
    pub share: Option<f64>,
    /// Students that it counts and the outcome does not.
    pub more: Moved,
    /// Students that the outcome counts and it does not.
    pub fewer: Moved,
    /// Students who have it by this definition and not by the outcome's.
    pub newly: Moved,
    /// Students who have it by the outcome's definition and not by this one.
    pub no_longer: Moved,
}

/// Students whom a definition moves.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Moved {
    /// So many.
    Students(u64),
    /// Some, and fewer than the minimum.
    Few,
    /// Not told.
    #[default]
    Withheld,
}

/// Puts definitions side by side and withholds what would be about too few students.
pub(crate) fn release(found: &Exact, rules: Rules) -> SideBySide {
    let patterns = &found.patterns.patterns;
    let mut years: Vec<SchoolYear> = patterns.iter().map(|one| one.school_year).collect();
    years.dedup();
    let mut sides = Vec::new();
    for year in years {
        let of_year: Vec<&Pattern> = patterns
            .iter()
            .filter(|one| one.school_year == year)
            .collect();
        let year_of = Year {
            patterns: &of_year,
            least: u64::from(rules.min_students),
        };
        sides.extend(year_of.sides(year, definitions(found)));
    }
    SideBySide {
        outcome: found.outcome.clone(),
        label: found.label.clone(),
        sides,
    }
}

type Answer = Option<bool>;
/// Whether an answer belongs to what is counted: to those that a definition counts, or to those who have it.
type Belongs = fn(Answer) -> bool;

/// The students of one school year.
struct Year<'p> {
    patterns: &'p [&'p Pattern],
    least: u64,
}

/// What may be told of a number by one definition.
#[derive(Clone, Copy, Default)]
struct Told {
    total: Option<u64>,
    added: Moved,
    lost: Moved,
}

impl Year<'_> {
    fn sides(&self, year: SchoolYear, definitions: Vec<Side>) -> Vec<Side> {
        let count = |belongs: Belongs| self.told(definitions.len(), belongs);
        let counted = count(|answer| answer.is_some());
        let yes = count(|answer| answer == Some(true));
        definitions
            .into_iter()
            .enumerate()
            .map(|(place, side)| {
                let (counted, yes) = (counted[place], yes[place]);
                let share = counted.total.zip(yes.total);
                Side {
                    school_year: year,
                    is_chosen: place == 0,
                    counted: counted.total,
                    yes: yes.total,
                    share: share.map(|(all, yes)| yes as f64 / all as f64),
                    more: counted.added,
                    fewer: counted.lost,
                    newly: yes.added,
                    no_longer: yes.lost,
                    ..side
                }
            })
            .collect()
    }

    /// What may be told by every definition, in their order: the first is the outcome's own.
    fn told(&self, definitions: usize, belongs: Belongs) -> Vec<Told> {
        let mut told: Vec<Told> = Vec::new();
        for place in 0..definitions {
            let nested = |other: usize| {
                let (added, lost) = self.moved(place, other, belongs);
                (added == 0 && self.few(lost)) || (lost == 0 && self.few(added))
            };
            let beside_another =
                (1..place).any(|other| told[other].total.is_some() && nested(other));
            let is_small = self.is_small(place);
            let beside_own = told.first().is_some_and(|own| own.total.is_some()) && nested(0);
            let total = (!is_small && !beside_another && !beside_own)
                .then(|| self.total(|answers| belongs(at(answers, place))));
            let (added, lost) = self.moved(place, 0, belongs);
            let (added, lost) = if is_small || beside_another || self.is_small(0) {
                (Moved::Withheld, Moved::Withheld)
            } else {
                self.shown(added, lost)
            };
            told.push(Told { total, added, lost });
        }
        told
    }

    /// Two numbers of which one gives the other away, where both totals are known.
    fn shown(&self, added: u64, lost: u64) -> (Moved, Moved) {
        let one = |students| match self.few(students) {
            true => Moved::Few,
            false => Moved::Students(students),
        };
        match (self.few(added), self.few(lost)) {
            (true, false) if lost > 0 => (Moved::Few, Moved::Withheld),
            (false, true) if added > 0 => (Moved::Withheld, Moved::Few),
            _ => (one(added), one(lost)),
        }
    }

    /// Whether a definition counts too few students, or too few of one kind.
    fn is_small(&self, place: usize) -> bool {
        let of = |wanted: bool| self.total(|answers| at(answers, place) == Some(wanted));
        let (yes, no) = (of(true), of(false));
        yes + no < self.least || self.few(yes) || self.few(no)
    }

    /// Students who belong by one definition and not by the other, and the other way.
    fn moved(&self, place: usize, other: usize, belongs: Belongs) -> (u64, u64) {
        let apart = |one: usize, other: usize| {
            self.total(|answers| belongs(at(answers, one)) && !belongs(at(answers, other)))
        };
        (apart(place, other), apart(other, place))
    }

    fn total(&self, wanted: impl Fn(&[Answer]) -> bool) -> u64 {
        let patterns = self.patterns.iter();
        patterns
            .filter(|pattern| wanted(&pattern.answers))
            .map(|pattern| pattern.students)
            .sum()
    }

    fn few(&self, students: u64) -> bool {
        students > 0 && students < self.least
    }
}

fn at(answers: &[Answer], place: usize) -> Answer {
    answers.get(place).copied().flatten()
}

/// An outcome's exact counts by its definitions. They go into a release and do not come out of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Exact {
    /// The outcome's id.
    pub outcome: String,
    /// For people.
    pub label: String,
    /// How the outcome is measured, where it goes by no definition.
    pub own: String,
    /// Students by what every definition says of them.
    pub patterns: Patterns,
}

/// The definitions, in the order of the answers, without a year and numbers.
fn definitions(found: &Exact) -> Vec<Side> {
    let side = |definition: &Definition| Side {
        id: definition.id.clone(),
        label: definition.label.clone(),
        about: definition.about.clone(),
        source: definition.source.clone(),
        ..Side::default()
    };
    let compared = &found.patterns.compared;
    let chosen = compared.chosen.as_ref().map_or_else(
        || Side {
            label: "this pipeline".to_owned(),
            about: found.own.clone(),
            ..Side::default()
        },
        side,
    );
    let beside = compared.beside.iter().map(side);
    std::iter::once(chosen).chain(beside).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use throughline_model::definition::Compared;
    use throughline_model::pipeline::Params;

    const RULES: Rules = Rules {
        min_students: 10,
        min_teachers: 5,
        min_schools: 3,
    };

    fn definition(id: &str) -> Definition {
        Definition {
            measure: "chronic_absence".to_owned(),
            id: id.to_owned(),
            label: id.to_owned(),
            about: String::new(),
            source: String::new(),
            params: Params::new(),
        }
    }

    fn found(patterns: &[([Option<bool>; 3], u64)]) -> Exact {
        let beside = ["short", "early"].map(definition).to_vec();
        Exact {
            outcome: "chronic".to_owned(),
            label: "Chronic absence".to_owned(),
            own: "at least 45 days".to_owned(),
            patterns: Patterns {
                compared: Compared {
                    outcome: 0,
                    chosen: None,
                    beside,
                },
                patterns: patterns
                    .iter()
                    .map(|(answers, students)| Pattern {
                        school_year: 2025,
                        answers: answers.to_vec(),
                        students: *students,
                    })
                    .collect(),
            },
        }
    }

    const YES: Option<bool> = Some(true);
    const NO: Option<bool> = Some(false);

    fn told(side: &Side) -> (Option<u64>, Option<u64>, [Moved; 4]) {
        let moved = [side.more, side.fewer, side.newly, side.no_longer];
        (side.counted, side.yes, moved)
    }

    use Moved::{Few, Students, Withheld};

    /// 1000 students whom all count and none calls absent, 100 whom all call absent, 40 of short enrollment who are absent and whom only
    /// the first of the others counts, 30 whom the second leaves out and who are absent.
    #[test]
    fn what_each_definition_moves_is_counted_against_the_outcomes_own() {
        let found = found(&[
            ([NO, NO, NO], 1000),
            ([YES, YES, YES], 100),
            ([None, YES, None], 40),
            ([YES, YES, None], 30),
        ]);
        let sides = release(&found, RULES).sides;
        let moved = |of: [u64; 4]| of.map(Students);
        assert_eq!(told(&sides[0]), (Some(1130), Some(130), moved([0; 4])));
        assert_eq!(
            told(&sides[1]),
            (Some(1170), Some(170), moved([40, 0, 40, 0]))
        );
        assert_eq!(
            told(&sides[2]),
            (Some(1100), Some(100), moved([0, 30, 0, 30]))
        );
        let share = sides[0].share.expect("shown");
        assert!((share - 130.0 / 1130.0).abs() < 1e-12);
        assert!(sides[0].is_chosen && sides[0].label == "this pipeline");
    }

    /// A rule that counts four students more tells of the four by its total, so only that they are few is told.
    #[test]
    fn a_total_that_gives_a_few_students_away_is_not_told() {
        let base = [([NO, NO, NO], 1000), ([YES, YES, YES], 100)];
        let sides = release(&found(&[base[0], base[1], ([None, YES, None], 4)]), RULES).sides;
        let moved = [Few, Students(0), Few, Students(0)];
        assert_eq!(told(&sides[1]), (None, None, moved));
        assert_eq!(told(&sides[2]).0, Some(1100));
        // Neither differs from the outcome's own by few, but they do from each other.
        let sides = release(
            &found(&[
                base[0],
                base[1],
                ([None, YES, YES], 40),
                ([None, None, YES], 3),
            ]),
            RULES,
        )
        .sides;
        assert_eq!(told(&sides[1]).0, Some(1140));
        assert_eq!(told(&sides[2]), (None, None, [Withheld; 4]));
    }

    /// Of two totals that differ both ways, the difference tells of neither group.
    #[test]
    fn totals_that_differ_both_ways_are_told_and_what_differs_is_not() {
        let sides = release(
            &found(&[
                ([NO, NO, NO], 1000),
                ([YES, YES, YES], 100),
                ([YES, None, YES], 60),
                ([None, YES, None], 4),
            ]),
            RULES,
        )
        .sides;
        let moved = [Few, Withheld, Few, Withheld];
        assert_eq!(told(&sides[1]), (Some(1104), Some(104), moved));
    }

    #[test]
    fn too_few_students_with_the_outcome_are_not_told_at_all() {
        let sides = release(&found(&[([NO, NO, NO], 1000), ([YES, YES, YES], 9)]), RULES).sides;
        for side in &sides {
            assert_eq!(told(side), (None, None, [Withheld; 4]));
        }
    }
}
