//! Rows of one key that say different things, as they are told: judged from what the reader counted of every file, so that
//! `check`, a run and its pages say the same of them. Three things are kept apart: copies (they say the same), rows between which a rule
//! of the mapping, the source or the table decides, and rows between which none does. Only the last fail a check.

use crate::check::Check;
use crate::part::{FileCount, RowConflict};
use crate::quality::{Checkup, FileLine, State};

/// The rule's name, as it stands in the pipeline file.
pub const RULE: &str = "conflicts";
/// What can be done about rows that disagree.
pub const HINT: &str = "have the export corrected, or say which of the rows counts: `conflicts = \"sum\" | \"first\" | \"last\" | \
    \"prefer:WORD,WORD\" | \"smallest:column\" | \"largest:column\" | \"longest:column\"` in the mapping or the source";
/// Conflicts that a sentence names.
const NAMED: usize = 3;
/// Places that a check keeps.
const PLACES: usize = 10;

/// What came of a check of this rule.
pub fn judge(check: &Check, counts: &[FileCount]) -> Checkup {
    let files = || counts.iter().filter(|file| file.table == check.table.name);
    let sum = |part: fn(&FileCount) -> u64| files().map(part).sum::<u64>();
    let rows = sum(|file| file.kept + file.conflict);
    let checkup = Checkup::before(check, rows);
    if rows == 0 {
        return Checkup {
            state: State::NotRun,
            found: "the table has no rows".to_owned(),
            ..checkup
        };
    }
    let broken = sum(|file| file.unsettled);
    let settled = sum(|file| file.conflict - file.unsettled.min(file.conflict));
    let shown = |of_rule: bool| {
        let files = files().flat_map(|file| file.conflicts.iter().map(move |one| (file, one)));
        files
            .filter(|(_, one)| one.settled == of_rule)
            .collect::<Vec<_>>()
    };
    let (open, decided) = (shown(false), shown(true));
    let mut found = Vec::new();
    if broken > 0 {
        found.push(undecided(broken) + &named(&open));
    }
    if settled > 0 {
        found.push(ruled(settled));
    }
    let failed = broken as f64 > check.at_most * rows as f64;
    let from = if broken > 0 { &open } else { &decided };
    Checkup {
        broken,
        state: if failed { State::Failed } else { State::Passed },
        found: found.join("; "),
        places: from
            .iter()
            .flat_map(|(file, one)| places(file, one))
            .take(PLACES)
            .collect(),
        ..checkup
    }
}

/// How all rows of all files stand that are neither kept nor rejected, one clause each; empty where there are none.
pub fn tally(counts: &[FileCount]) -> Vec<String> {
    let sum = |part: fn(&FileCount) -> u64| counts.iter().map(part).sum::<u64>();
    let (conflict, unsettled) = (sum(|file| file.conflict), sum(|file| file.unsettled));
    let not_tested = sum(|file| file.not_tested);
    let mut told = Vec::new();
    if unsettled > 0 {
        told.push(undecided(unsettled));
    }
    if conflict > unsettled {
        told.push(ruled(conflict - unsettled));
    }
    if not_tested > 0 {
        told.push(format!(
            "{} of a student who was not tested",
            several(not_tested, "record is", "records are")
        ));
    }
    told
}

/// The rows of a conflict: `rows 12 and 47`.
pub fn rows(conflict: &RowConflict) -> String {
    let lines = lines(conflict);
    match lines.as_slice() {
        [] => "rows".to_owned(),
        [only] => format!("row {only}"),
        [start @ .., last] => {
            let start: Vec<String> = start.iter().map(u64::to_string).collect();
            format!("rows {} and {last}", start.join(", "))
        }
    }
}

/// Where the rows of a conflict stand.
pub fn places(file: &FileCount, conflict: &RowConflict) -> Vec<FileLine> {
    let at = |line| FileLine {
        file: file.file.clone(),
        line,
    };
    lines(conflict).into_iter().map(at).collect()
}

fn lines(conflict: &RowConflict) -> Vec<u64> {
    let mut lines: Vec<u64> = conflict
        .kept
        .into_iter()
        .chain(conflict.dropped.clone())
        .collect();
    lines.sort_unstable();
    lines
}

/// `: rows 2 and 3 of a.csv; rows 9 and 12 of b.csv`, and whether there are more.
fn named(conflicts: &[(&FileCount, &RowConflict)]) -> String {
    let some: Vec<String> = conflicts
        .iter()
        .take(NAMED)
        .map(|(file, one)| format!("{} of {}", rows(one), file.file))
        .collect();
    match (some.is_empty(), conflicts.len() > NAMED) {
        (true, _) => String::new(),
        (false, true) => format!(": {}; and others", some.join("; ")),
        (false, false) => format!(": {}", some.join("; ")),
    }
}

fn undecided(count: u64) -> String {
    let rows = several(count, "row disagrees", "rows disagree");
    format!("{rows} with another of the same key, and no rule says which counts")
}

fn ruled(count: u64) -> String {
    let rows = several(count, "row disagreed", "rows disagreed");
    format!("{rows} with another of the same key and a rule decided")
}

fn several(count: u64, one: &str, more: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { more })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::{Rule, Severity};
    use crate::tables;

    fn check(at_most: f64) -> Check {
        Check {
            table: tables::find("section").expect("a table"),
            rule: Rule::Conflicts,
            at_most,
            severity: Severity::Error,
            declared: false,
        }
    }

    fn one(kept: Option<u64>, dropped: &[u64], settled: bool) -> RowConflict {
        RowConflict {
            kept,
            dropped: dropped.to_vec(),
            settled,
        }
    }

    fn file(name: &str, kept: u64, unsettled: u64, conflicts: Vec<RowConflict>) -> FileCount {
        let conflict = conflicts.iter().map(|one| one.dropped.len() as u64).sum();
        FileCount {
            file: name.to_owned(),
            table: "section".to_owned(),
            read: kept + conflict,
            kept,
            conflict,
            unsettled,
            conflicts,
            ..FileCount::default()
        }
    }

    #[test]
    fn rows_that_nothing_decides_between_break_the_check_and_both_are_named() {
        let counts = [
            file("a.csv", 8, 1, vec![one(Some(47), &[12], false)]),
            file("b.csv", 9, 0, vec![one(Some(3), &[2], true)]),
            FileCount {
                table: "staff".to_owned(),
                ..file("c.csv", 5, 1, vec![one(Some(3), &[2], false)])
            },
        ];
        let found = judge(&check(0.0), &counts);
        assert_eq!((found.rows, found.broken), (19, 1));
        assert_eq!(found.state, State::Failed);
        assert_eq!(
            found.found,
            "1 row disagrees with another of the same key, and no rule says which counts: rows 12 and 47 of a.csv; \
             1 row disagreed with another of the same key and a rule decided"
        );
        let places: Vec<String> = found.places.iter().map(ToString::to_string).collect();
        assert_eq!(places, ["a.csv:12", "a.csv:47"]);
        assert_eq!(judge(&check(0.1), &counts).state, State::Passed);
    }

    #[test]
    fn what_a_declared_rule_decides_is_counted_and_fails_nothing() {
        let counts = [file("b.csv", 9, 0, vec![one(Some(9), &[2, 5], true)])];
        let found = judge(&check(0.0), &counts);
        assert_eq!((found.broken, found.state), (0, State::Passed));
        let told = "2 rows disagreed with another of the same key and a rule decided";
        assert_eq!(found.found, told);
        assert_eq!(tally(&counts), [told]);
        assert_eq!(judge(&check(0.0), &[]).state, State::NotRun);
        assert!(tally(&[file("b.csv", 9, 0, Vec::new())]).is_empty());
    }

    #[test]
    fn rows_are_named_in_the_order_of_the_file() {
        assert_eq!(rows(&one(Some(47), &[12], false)), "rows 12 and 47");
        assert_eq!(rows(&one(None, &[5, 7, 9], false)), "rows 5, 7 and 9");
    }
}
