//! What the table says: coverage, false discoveries and power, for the verdicts and for the plain correlation, and the goals
//! beside what was found. A share's standard error counts districts, not questions: what one district gets wrong, it gets
//! wrong together.

use std::collections::BTreeMap;

use serde::Serialize;
use throughline_evidence::finding::Verdict;

use super::table::{Case, Interval, Row};

/// A share of questions.
#[derive(Clone, Copy, Debug, Serialize)]
pub(crate) struct Share {
    pub(crate) n: usize,
    /// 0–1; `None` where there is no question.
    pub(crate) share: Option<f64>,
    pub(crate) se: f64,
}

impl Share {
    /// The share of `rows` of which `is` holds.
    pub(super) fn of<'r>(rows: impl Iterator<Item = &'r Row>, is: impl Fn(&Row) -> bool) -> Self {
        let mut districts: BTreeMap<usize, (f64, f64)> = BTreeMap::new();
        for row in rows {
            let sums = districts.entry(row.district).or_default();
            sums.0 += f64::from(u8::from(is(row)));
            sums.1 += 1.0;
        }
        let (holds, n) = districts
            .values()
            .fold((0.0, 0.0), |(a, b), (holds, n)| (a + holds, b + n));
        if n == 0.0 {
            return Self {
                n: 0,
                share: None,
                se: 0.0,
            };
        }
        let share = holds / n;
        let squares: f64 = districts
            .values()
            .map(|(holds, n)| (holds - share * n).powi(2))
            .sum();
        let d = districts.len() as f64;
        let small = if d > 1.0 { d / (d - 1.0) } else { 1.0 };
        Self {
            n: n as usize,
            share: Some(share),
            se: (squares * small).sqrt() / n,
        }
    }

    /// `94.8 % ± 0.4`, the standard error behind the sign.
    pub(super) fn words(&self) -> String {
        self.share.map_or("–".to_owned(), |share| {
            format!("{:.1} % ± {:.1}", 100.0 * share, 100.0 * self.se)
        })
    }

    fn at_most(&self, bound: f64) -> bool {
        self.share.is_none_or(|share| share <= bound)
    }

    fn at_least(&self, bound: f64) -> bool {
        self.share.is_some_and(|share| share >= bound)
    }
}

/// A goal and what came of it.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Goal {
    pub(crate) goal: &'static str,
    pub(crate) wanted: &'static str,
    pub(crate) found: Share,
    pub(crate) met: bool,
    /// The same of the plain correlation.
    pub(crate) naive: Option<Share>,
}

/// How estimates of one kind of program lie about the truth.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Accuracy {
    pub(crate) label: String,
    pub(crate) coverage: Share,
    /// Mean of estimate less truth, SD.
    pub(crate) bias: f64,
    /// Root mean square of it.
    pub(crate) error: f64,
    /// Mean half width of the interval.
    pub(crate) reach: f64,
    pub(crate) naive_coverage: Share,
    pub(crate) naive_bias: f64,
}

/// What is found of one true effect.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Power {
    pub(crate) drawn: f64,
    pub(crate) helped: Share,
    pub(crate) helped_or_promising: Share,
    /// The interval leaves out zero on the side of better.
    pub(crate) above_zero: Share,
    pub(crate) worse: Share,
    pub(crate) naive_above_zero: Share,
}

/// Everything the report says.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Summary {
    pub(crate) goals: Vec<Goal>,
    pub(crate) accuracy: Vec<Accuracy>,
    /// Programs taken by choice, on scores.
    pub(crate) power: Vec<Power>,
    /// The same on attendance.
    pub(crate) power_attendance: Vec<Power>,
    pub(crate) false_helped: Share,
    pub(crate) small_helped: Share,
    pub(crate) false_promising: Share,
    pub(crate) false_worse: Share,
    pub(crate) false_naive: Share,
    /// Verdicts on scores by case: how many of each.
    pub(crate) verdicts: Vec<(Case, Vec<(&'static str, usize)>)>,
}

/// In the order in which verdicts are shown.
pub(super) const VERDICTS: [Verdict; 6] = [
    Verdict::Helped,
    Verdict::Promising,
    Verdict::NoMeaningfulDifference,
    Verdict::CannotTellYet,
    Verdict::WorseOutcomes,
    Verdict::NotCredible,
];

pub(super) fn is_score(row: &Row) -> bool {
    row.outcome.starts_with("map_")
}

fn covers(row: &Row) -> bool {
    row.adjusted
        .is_some_and(|interval| interval.covers(row.truth))
}

fn naive_covers(row: &Row) -> bool {
    row.naive.is_some_and(|interval| interval.covers(row.truth))
}

fn helped(row: &Row) -> bool {
    row.verdict == Verdict::Helped
}

fn above(interval: &Option<Interval>) -> bool {
    interval.is_some_and(|interval| interval.lower > 0.0)
}

fn useless(row: &Row) -> bool {
    row.truth <= 0.0
}

impl Summary {
    pub(super) fn of(rows: &[Row]) -> Self {
        let estimated = || rows.iter().filter(|row| row.adjusted.is_some());
        let chosen = |row: &&Row| row.case == Case::Chosen;
        Self {
            goals: goals(rows),
            accuracy: std::iter::once(accuracy("all".to_owned(), estimated()))
                .chain(Case::ALL.iter().map(|case| {
                    let own = estimated().filter(|row| row.case == *case);
                    accuracy(case.words().to_owned(), own)
                }))
                .chain(outcomes(rows).into_iter().map(|outcome| {
                    let label = format!("{outcome}, taken by choice");
                    accuracy(
                        label,
                        estimated()
                            .filter(chosen)
                            .filter(|row| row.outcome == outcome),
                    )
                }))
                .collect(),
            power: power(rows.iter().filter(chosen).filter(|row| is_score(row))),
            power_attendance: power(
                rows.iter()
                    .filter(chosen)
                    .filter(|row| row.outcome == "attendance"),
            ),
            false_helped: Share::of(rows.iter().filter(|row| helped(row)), useless),
            small_helped: Share::of(rows.iter().filter(|row| helped(row)), |row| {
                row.drawn < 0.04
            }),
            false_promising: Share::of(
                rows.iter().filter(|row| row.verdict == Verdict::Promising),
                useless,
            ),
            false_worse: Share::of(
                rows.iter()
                    .filter(|row| row.verdict == Verdict::WorseOutcomes),
                |row| row.truth >= 0.0,
            ),
            false_naive: Share::of(rows.iter().filter(|row| above(&row.naive)), useless),
            verdicts: Case::ALL
                .iter()
                .map(|case| {
                    (
                        *case,
                        verdicts(rows.iter().filter(|row| row.case == *case && is_score(row))),
                    )
                })
                .collect(),
        }
    }

    /// The goals, one a line, for the terminal.
    pub(crate) fn lines(&self) -> Vec<String> {
        self.goals
            .iter()
            .map(|goal| {
                let met = if goal.met { "met   " } else { "missed" };
                let naive = goal.naive.map_or(String::new(), |naive| {
                    format!("; plain correlation {}", naive.words())
                });
                format!(
                    "{met}  {}: {} (wanted: {}{naive})",
                    goal.goal,
                    goal.found.words(),
                    goal.wanted
                )
            })
            .collect()
    }
}

fn outcomes(rows: &[Row]) -> Vec<String> {
    let mut outcomes: Vec<String> = Vec::new();
    for row in rows {
        if !outcomes.contains(&row.outcome) {
            outcomes.push(row.outcome.clone());
        }
    }
    outcomes
}

fn verdicts<'r>(rows: impl Iterator<Item = &'r Row>) -> Vec<(&'static str, usize)> {
    let mut counts = VERDICTS.map(|verdict| (verdict.words(), 0));
    for row in rows {
        if let Some(at) = VERDICTS.iter().position(|verdict| *verdict == row.verdict) {
            counts[at].1 += 1;
        }
    }
    counts.to_vec()
}

fn accuracy<'r>(label: String, rows: impl Iterator<Item = &'r Row> + Clone) -> Accuracy {
    let errors = |of: fn(&Row) -> Option<Interval>| -> Vec<f64> {
        rows.clone()
            .filter_map(|row| Some(of(row)?.estimate - row.truth))
            .collect()
    };
    let mean = |values: &[f64]| values.iter().sum::<f64>() / (values.len().max(1) as f64);
    let found = errors(|row| row.adjusted);
    let squares: Vec<f64> = found.iter().map(|e| e * e).collect();
    let reach: Vec<f64> = rows
        .clone()
        .filter_map(|row| row.adjusted)
        .map(|interval| (interval.upper - interval.lower) / 2.0)
        .collect();
    Accuracy {
        label,
        coverage: Share::of(rows.clone(), covers),
        bias: mean(&found),
        error: mean(&squares).sqrt(),
        reach: mean(&reach),
        naive_coverage: Share::of(rows.clone().filter(|row| row.naive.is_some()), naive_covers),
        naive_bias: mean(&errors(|row| row.naive)),
    }
}

fn power<'r>(rows: impl Iterator<Item = &'r Row> + Clone) -> Vec<Power> {
    let mut effects: Vec<f64> = rows.clone().map(|row| row.drawn).collect();
    effects.sort_by(f64::total_cmp);
    effects.dedup();
    effects
        .into_iter()
        .map(|drawn| {
            let own = || rows.clone().filter(|row| row.drawn == drawn);
            Power {
                drawn,
                helped: Share::of(own(), helped),
                helped_or_promising: Share::of(own(), |row| {
                    matches!(row.verdict, Verdict::Helped | Verdict::Promising)
                }),
                above_zero: Share::of(own(), |row| above(&row.adjusted)),
                worse: Share::of(own(), |row| row.verdict == Verdict::WorseOutcomes),
                naive_above_zero: Share::of(own(), |row| above(&row.naive)),
            }
        })
        .collect()
}

/// One row a district: whether something holds of any of its rows.
fn any(rows: &[Row], of: impl Fn(&Row) -> bool, is: impl Fn(&Row) -> bool) -> Share {
    let mut districts: BTreeMap<usize, (bool, &Row)> = BTreeMap::new();
    for row in rows.iter().filter(|row| of(row)) {
        let known = districts.entry(row.district).or_insert((false, row));
        known.0 |= is(row);
    }
    let holds: Vec<usize> = districts
        .iter()
        .filter(|(_, (is, _))| *is)
        .map(|(d, _)| *d)
        .collect();
    Share::of(districts.values().map(|(_, row)| *row), |row| {
        holds.binary_search(&row.district).is_ok()
    })
}

fn goals(rows: &[Row]) -> Vec<Goal> {
    let estimated = || rows.iter().filter(|row| row.adjusted.is_some());
    let at_eight = || {
        rows.iter()
            .filter(|row| row.case == Case::Chosen && is_score(row) && row.drawn == 0.08)
    };
    let coverage = Share::of(estimated(), covers);
    let false_helped = Share::of(rows.iter().filter(|row| helped(row)), useless);
    let power = Share::of(at_eight(), helped);
    let mut goals = vec![
        Goal {
            goal: "95 % intervals that hold the truth",
            wanted: "93 to 97 %",
            met: coverage.at_least(0.93) && coverage.at_most(0.97),
            found: coverage,
            naive: Some(Share::of(
                rows.iter().filter(|row| row.naive.is_some()),
                naive_covers,
            )),
        },
        Goal {
            goal: "helped, though the truth is nil or harm",
            wanted: "at most 5 % of helped",
            met: false_helped.at_most(0.05),
            found: false_helped,
            naive: Some(Share::of(
                rows.iter().filter(|row| above(&row.naive)),
                useless,
            )),
        },
        Goal {
            goal: "0.08 SD on scores, a third of teachers: called helped",
            wanted: "at least 80 %",
            met: power.at_least(0.8),
            found: power,
            naive: Some(Share::of(at_eight(), |row| above(&row.naive))),
        },
    ];
    for (case, goal) in [
        (
            Case::BetterTeachers,
            "attracts better teachers: helped on any outcome of the district",
        ),
        (
            Case::AfterBadYear,
            "after a bad year: helped on any outcome of the district",
        ),
        (
            Case::ImprovingSchools,
            "teachers of improving schools: helped on any outcome of the district",
        ),
        (
            Case::TrainerImproving,
            "trainers, improving schools first: helped on any outcome of the district",
        ),
    ] {
        let found = any(rows, |row| row.case == case, helped);
        goals.push(Goal {
            goal,
            wanted: "at most 5 % of districts",
            met: found.at_most(0.05),
            found,
            naive: Some(any(rows, |row| row.case == case, |row| above(&row.naive))),
        });
    }
    let pilot = Share::of(
        rows.iter()
            .filter(|row| row.case == Case::Pilot && is_score(row)),
        |row| row.verdict == Verdict::CannotTellYet,
    );
    goals.push(Goal {
        goal: "pilot of five teachers, on scores: cannot tell yet",
        wanted: "at least 95 %",
        met: pilot.at_least(0.95),
        found: pilot,
        naive: None,
    });
    goals
}
