//! What is done with rows of one key that disagree where neither the mapping nor the source declares a rule.
//!
//! Four tables have a rule of their own, because the rows mean the same in every export:
//! - `attendance_event`: one student has one record of a day (or period) at a school, and the more serious one stands: an absence before a
//!   tardy before presence, as Ed-Fi's chronic-absence use case and states' reporting guides count such a day. Among absences the
//!   suspension comes first, because it names its cause, then unexcused before excused, as codes are ranked by student information
//!   systems; which of them stands makes no difference to the days absent. Of two rows of one category the one with more minutes stands.
//! - `discipline_incident`: a major behavior before a minor one, as one student in one incident is reported by the most serious behavior.
//! - `student_school`: two spells at one school from one day on are one: the one that is no no-show stands, then the longest, which holds
//!   the other; one without an exit is still open. So a no-show of the first day never takes the year of a student who came back.
//! - `pd_participation`: rows of attendance that name no session are sessions of one day, and their hours add up (see [`Table::sessions`]).
//!
//! Rows of other tables are left to whoever knows the export: the conflict is told as unsettled.

use crate::settle::ConflictStep;
use crate::table::Table;

/// Reasons of an exit that say that nobody came: the usual ones of those that `pipelines/measures/student_spell.sql` leaves out by a
/// pattern. Whoever changes one list looks at the other; a reason that stands only there is still void, but may win a conflict here.
const NO_SHOW: [&str; 11] = [
    "no show",
    "no-show",
    "no_show",
    "noshow",
    "ns",
    "n/s",
    "never attended",
    "never entered",
    "never arrived",
    "did not attend",
    "did not enter",
];

/// Categories of attendance, the most serious first.
const SEVERITY: [&str; 6] = [
    "suspension_absence",
    "unexcused_absence",
    "excused_absence",
    "tardy",
    "early_departure",
    "present",
];

/// Which rows of a table are parts that add up, also where they are alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sessions {
    /// The column (index into [`Table::columns`]) that says whether a row is such a part.
    pub column: usize,
    /// The word that says so.
    pub word: &'static str,
    /// A row that has a value in this column is told apart by it: rows that are alike are copies.
    pub unless: usize,
}

impl Table {
    /// The steps that settle a conflict where neither mapping nor source declares any.
    pub fn usual_steps(&self) -> Vec<ConflictStep> {
        let prefer = |name: &str, words: &[&str]| {
            let words = words.iter().map(|word| (*word).to_owned()).collect();
            Some(ConflictStep::Prefer(self.position(name)?, words))
        };
        let steps = match self.name {
            "attendance_event" => [
                prefer("category", &SEVERITY),
                self.position("minutes").map(ConflictStep::Largest),
                None,
            ],
            "student_school" => [
                prefer("no_show", &["false"]),
                self.position("exit_reason")
                    .map(|column| ConflictStep::Avoid(column, NO_SHOW.map(str::to_owned).to_vec())),
                self.position("exit_date").map(ConflictStep::Longest),
            ],
            "discipline_incident" => [prefer("severity", &["major", "minor"]), None, None],
            _ => [None, None, None],
        };
        steps.into_iter().flatten().collect()
    }

    /// The rows that are sessions of one day where neither mapping nor source declares a rule: their hours add up.
    pub fn sessions(&self) -> Option<Sessions> {
        (self.name == "pd_participation").then_some(())?;
        Some(Sessions {
            column: self.position("status")?,
            word: "attended",
            unless: self.position("session_id")?,
        })
    }

    /// The index into [`Table::columns`] of the column named `name`.
    pub fn position(&self, name: &str) -> Option<usize> {
        self.columns.iter().position(|column| column.name == name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::table::Kind;
    use crate::tables;

    #[test]
    fn usual_rules_name_words_that_their_columns_accept() {
        let mut with_rules = 0;
        for table in tables::TABLES {
            for step in table.usual_steps() {
                with_rules += 1;
                match step {
                    ConflictStep::Prefer(column, words) => match table.columns[column].kind {
                        Kind::Code(known) => {
                            assert!(words.iter().all(|word| known.contains(&word.as_str())));
                            assert_eq!(words.len(), known.len(), "every word has its place");
                        }
                        Kind::Flag => assert_eq!(words, ["false"]),
                        kind => panic!("{kind:?}"),
                    },
                    ConflictStep::Largest(column) => {
                        assert!(matches!(table.columns[column].kind, Kind::Number(..)));
                    }
                    ConflictStep::Longest(column) => {
                        assert_eq!(table.columns[column].kind, Kind::Date);
                    }
                    ConflictStep::Avoid(column, words) => {
                        assert_eq!(table.columns[column].kind, Kind::Text);
                        assert!(words.iter().all(|word| *word == word.to_lowercase()));
                    }
                    step => panic!("{step:?}"),
                }
            }
        }
        assert_eq!(with_rules, 6);
        let sessions = tables::find("pd_participation").and_then(Table::sessions);
        assert!(sessions.is_some());
        assert_eq!(tables::find("student").and_then(Table::sessions), None);
    }
}
