//! What a run found out about days of membership: rows that count for nobody because their day is none, and how every school's
//! attendance is exported. Measured with everything else, and so known only once a release is measured.

use serde::{Deserialize, Serialize};

use crate::SchoolYear;
use crate::check::Check;
use crate::quality::{Checkup, FileLine, State};

/// The rule's name, as it stands in the pipeline file.
pub const RULE: &str = "member";
/// Tables whose rows are about days of membership.
pub const TABLES: [&str; 3] = [
    "attendance_event",
    "discipline_incident",
    "discipline_action",
];
/// Places that a check keeps.
const PLACES: usize = 10;

/// Rows of one file and school year that count for nobody, for one reason.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Outside {
    /// Canonical table.
    pub table: String,
    /// The file as the pipeline names it, and the first of the rows.
    pub place: FileLine,
    /// School year.
    pub school_year: SchoolYear,
    /// Why.
    pub reason: Reason,
    /// Rows.
    pub rows: u64,
    /// Absences among them, or days of suspension and expulsion.
    pub days: f64,
}

/// Why a row counts for nobody.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Reason {
    /// The student is not enrolled in that school year.
    NotEnrolled,
    /// The student has not entered yet.
    BeforeEntry,
    /// The student has left.
    AfterExit,
    /// The student has left and has not come back yet.
    BetweenSpells,
    /// A holiday, a weekend, a day in summer.
    NoSchoolDay,
    /// Days of an action after the last day of membership that follows.
    BeyondMembership,
    /// Days of an action that another one of the student takes.
    CountedTwice,
}

impl Reason {
    /// Every reason.
    pub const ALL: [Self; 7] = [
        Self::NotEnrolled,
        Self::BeforeEntry,
        Self::AfterExit,
        Self::BetweenSpells,
        Self::NoSchoolDay,
        Self::BeyondMembership,
        Self::CountedTwice,
    ];

    /// Its name in the views that find it out.
    pub fn name(self) -> &'static str {
        match self {
            Self::NotEnrolled => "not_enrolled",
            Self::BeforeEntry => "before_entry",
            Self::AfterExit => "after_exit",
            Self::BetweenSpells => "between_spells",
            Self::NoSchoolDay => "no_school_day",
            Self::BeyondMembership => "beyond_membership",
            Self::CountedTwice => "counted_twice",
        }
    }

    /// The reason with this name.
    pub fn of(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|reason| reason.name() == name)
    }

    /// For people.
    pub fn words(self) -> &'static str {
        match self {
            Self::NotEnrolled => "the student is not enrolled in that school year",
            Self::BeforeEntry => "before the student’s entry",
            Self::AfterExit => "after the student’s exit",
            Self::BetweenSpells => "between two enrollments of the student",
            Self::NoSchoolDay => "on a day without school",
            Self::BeyondMembership => "days beyond the student’s last day of membership",
            Self::CountedTwice => "days that another action of the student takes already",
        }
    }

    /// Whether the row as a whole counts for nobody; otherwise it does, with fewer days.
    pub fn is_whole(self) -> bool {
        !matches!(self, Self::BeyondMembership | Self::CountedTwice)
    }
}

/// How one school exports attendance in one school year.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Style {
    /// The school's ID; empty for rows that name no school.
    pub school: String,
    /// School year.
    pub school_year: SchoolYear,
    /// Whether rows are about periods; otherwise about whole days.
    pub by_period: bool,
    /// Whether there is a row for every day; otherwise for absences and tardies only.
    pub every_day: bool,
    /// Whether the source says so; otherwise it was judged.
    pub declared: bool,
    /// Rows on days of membership, per day of membership; `None` where there are none, or too few students.
    pub rows_per_day: Option<f64>,
    /// Students with a day of membership.
    pub students: u64,
}

/// What came of a check of this rule, of a table with `rows` rows.
pub fn judge(check: &Check, rows: u64, outside: &[Outside]) -> Checkup {
    let mut found: Vec<&Outside> = outside
        .iter()
        .filter(|one| one.table == check.table.name && one.reason.is_whole())
        .collect();
    found.sort_by_key(|one| (std::cmp::Reverse(one.rows), &one.place));
    let broken: u64 = found.iter().map(|one| one.rows).sum();
    let reasons = Reason::ALL.into_iter().filter_map(|reason| {
        let of_reason = found.iter().filter(|one| one.reason == reason);
        let rows: u64 = of_reason.map(|one| one.rows).sum();
        (rows > 0).then(|| format!("{rows} {}", reason.words()))
    });
    let reasons: Vec<String> = reasons.collect();
    let failed = broken as f64 > check.at_most * rows as f64;
    Checkup {
        broken,
        state: if failed { State::Failed } else { State::Passed },
        found: match broken {
            0 => String::new(),
            _ => format!(
                "{broken} of {rows} rows count for nobody: {}",
                reasons.join(", ")
            ),
        },
        places: found
            .iter()
            .take(PLACES)
            .map(|one| one.place.clone())
            .collect(),
        ..Checkup::before(check, rows)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::{Rule, Severity};
    use crate::tables;

    fn outside(file: &str, reason: Reason, rows: u64) -> Outside {
        Outside {
            table: "attendance_event".to_owned(),
            place: FileLine {
                file: file.to_owned(),
                line: 7,
            },
            school_year: 2025,
            reason,
            rows,
            days: 0.0,
        }
    }

    #[test]
    fn rows_outside_membership_break_the_check_by_their_share_and_files_with_most_come_first() {
        let check = |at_most| Check {
            table: tables::find("attendance_event").expect("a table"),
            rule: Rule::Member,
            at_most,
            severity: Severity::Warn,
            declared: false,
        };
        let found = [
            outside("a.csv", Reason::AfterExit, 20),
            outside("b.csv", Reason::NoSchoolDay, 30),
            outside("a.csv", Reason::CountedTwice, 900),
        ];
        let judged = judge(&check(0.02), 1000, &found);
        assert_eq!((judged.broken, judged.state), (50, State::Failed));
        assert_eq!(
            judged.found,
            "50 of 1000 rows count for nobody: 20 after the student’s exit, 30 on a day without school"
        );
        assert_eq!(judged.places[0].to_string(), "b.csv:7");
        assert_eq!(judge(&check(0.05), 1000, &found).state, State::Passed);
        assert_eq!(judge(&check(0.0), 1000, &[]).state, State::Passed);
    }

    #[test]
    fn every_reason_has_a_name_of_its_own() {
        for reason in Reason::ALL {
            assert_eq!(Reason::of(reason.name()), Some(reason));
        }
        assert_eq!(Reason::of("holiday"), None);
    }
}
